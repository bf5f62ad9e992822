"""The peers' own environment, apart from ours: locked in ``requirements.txt`` beside this file."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
VENV = ROOT / "benchmarks" / ".venv-peers"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")


@cache
def peers_environment() -> Path:
    """The folder of the peers' commands. It is installed once for each lock file."""
    lock = HERE / "requirements.txt"
    done = VENV / ".done"
    if done.exists() and done.read_bytes() == lock.read_bytes():
        return BIN
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)  # noqa: S603
    pip = [str(BIN / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)  # noqa: S603
    # The benchmarked notebooks use our library: the peers run the very same cells.
    own = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    subprocess.run([*pip, *own], check=True)  # noqa: S603
    done.write_bytes(lock.read_bytes())
    return BIN
