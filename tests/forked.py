"""Commands of tests in processes forked from one that has imported everything.

A command is a process of its own with its own folder, environment, streams and exit code, as a user
starts it; only the second of imports is saved, several hundred times over. What an interpreter
reads when it starts (PYTHONHASHSEED) or when a library loads cannot be given: such a test starts
its own.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

# Arrow's memory pools start a thread of their own, which no fork would have.
SAFE = {
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class Forks:
    """The process that forks; started on first use."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forked"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **SAFE},
            cwd=Path(__file__).parents[1],
        )

    def run(
        self, folder: Path, arguments: tuple[str, ...], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """One command in ``folder``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # Open files and not pipes: what a command leaves running would hold a pipe open.
        with tempfile.TemporaryDirectory() as spoken:
            asked = {"folder": str(folder), "arguments": arguments, "spoken": spoken}
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()
            pid = int(self._process.stdout.readline())
            with selectors.DefaultSelector() as selector:
                selector.register(self._process.stdout, selectors.EVENT_READ)
                if not selector.select(timeout):
                    os.killpg(pid, signal.SIGKILL)
                    self._process.stdout.readline()
                    raise subprocess.TimeoutExpired(arguments, timeout)
            code = int(self._process.stdout.readline())
            out, err = (Path(spoken, name).read_text(encoding="utf-8") for name in ("out", "err"))
        return subprocess.CompletedProcess(arguments, code, out, err)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def main() -> None:
    """Serve until the input ends."""
    import matplotlib.figure  # noqa: F401
    import nbformat  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    import umea_eval.cli
    import umea_eval.processed.clean
    import umea_eval.runs.produce  # noqa: F401

    for line in sys.stdin.buffer:
        asked = json.loads(line)
        pid = os.fork()
        if not pid:
            _command(asked)
        print(pid, flush=True)  # noqa: T201
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _command(asked: dict[str, str]) -> None:
    """Be the command, and never come back."""
    code = 1
    try:
        os.setsid()
        for number, name, flags in (
            (0, "/dev/null", os.O_RDONLY),
            (1, f"{asked['spoken']}/out", os.O_WRONLY | os.O_CREAT),
            (2, f"{asked['spoken']}/err", os.O_WRONLY | os.O_CREAT),
        ):
            descriptor = os.open(name, flags, 0o600)
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.chdir(asked["folder"])
        for name in SAFE:
            os.environ.pop(name)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        from umea_eval.cli import run

        sys.argv = ["umea-eval", *asked["arguments"]]
        code = run(asked["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - as an interpreter does
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
