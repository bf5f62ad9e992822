"""The peers' own environments, apart from ours: each locked in a file beside this one."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

# The peers that run notebooks of ours; the others only compute.
_OUR_CELLS = (None, "jupyterlab", "ploomber")
HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@cache
def peers_environment(peer: str | None = None) -> Path:
    """The folder of the peers' commands. It is installed once for each lock file.

    ``peer``: one that cannot share an environment with the others, nor with us.
    """
    lock = HERE / f"{peer or 'requirements'}.txt"
    venv = ROOT / "benchmarks" / (".venv-peers" if peer is None else f".venv-peers-{peer}")
    commands = venv / ("Scripts" if os.name == "nt" else "bin")
    done = venv / ".done"
    if done.exists() and done.read_bytes() == lock.read_bytes():
        return commands
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)  # noqa: S603
    pip = [
        str(commands / "python"),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--quiet",
    ]
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)  # noqa: S603
    if peer in _OUR_CELLS:
        # The benchmarked notebooks use our library: the peers run the very same cells.
        own = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
        subprocess.run([*pip, *own], check=True)  # noqa: S603
    done.write_bytes(lock.read_bytes())
    return commands
