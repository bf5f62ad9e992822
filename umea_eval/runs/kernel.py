"""The process that runs a report's cells: IPython's kernel, with errors told as facts.

Started as ``python -m umea_eval.runs.kernel -f CONNECTION_FILE``, or forked (``runs.warm``). An
exception leaves it as JSON instead of a coloured traceback: the frames, and for a ``UserError`` its
key and values, so that the message can be shown in the user's language and an exception's own text,
which may quote data, is kept apart.
"""

from __future__ import annotations

import json
import logging
import os
import random
import sys
import traceback
from types import TracebackType
from typing import Any

from umea_eval.disclosure.reading import refuse_unregistered
from umea_eval.errors import UserError
from umea_eval.settings import Settings, read_settings

# What every process that runs cells has in its environment.
ENVIRONMENT = {
    # Sums do not depend on how many threads a machine has.
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # The same encoding on every system.
    "PYTHONUTF8": "1",
    # No news about frozen modules from the debugger, which nobody uses here.
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
# What ipykernel says unless the user does. Matplotlib reads it when it is imported.
BACKEND = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
# How the process that starts the kernel tells it the seed and the most memory it may have.
SEED, MEMORY = "UMEA_EVAL_SEED", "UMEA_EVAL_MEMORY_BYTES"

# What matplotlib logs about its own cache the first time on a machine: nothing about the report.
CACHE_NEWS = ("building the font cache", "created a temporary cache directory")


def describe(error: BaseException, tb: TracebackType | None) -> dict[str, Any]:
    """An exception as JSON: type, frames (file, line, function), text; a UserError's parts."""
    facts: dict[str, Any] = {
        "type": type(error).__name__,
        "text": str(error),
        "frames": [
            [frame.filename, frame.lineno, frame.name] for frame in traceback.extract_tb(tb)
        ],
    }
    if isinstance(error, UserError):
        facts["user"] = {
            "key": error.key,
            "values": {name: _plain(value) for name, value in error.values.items()},
            "language": error.language,
            "exit_code": error.exit_code,
        }
    if isinstance(error, OSError):
        facts["errno"] = error.errno
    if isinstance(error, MemoryError):  # numpy has a kind of its own
        facts["memory"] = True
    return facts


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | str) else str(value)


def _handler(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    tb: TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:
    del kind, tb_offset
    stack = [json.dumps(describe(error, tb), ensure_ascii=False)]
    shell._showtraceback(type(error), error, stack)
    return stack


def _no_cache_news(record: logging.LogRecord) -> bool:
    return not any(news in str(record.msg) for news in CACHE_NEWS)


def start_random(seed: int) -> None:
    """Start the random numbers of Python and numpy: a report's are its own and always the same."""
    import numpy  # noqa: PLC0415 - tests read `describe` alone

    random.seed(seed)
    numpy.random.seed(seed % 2**32)  # noqa: NPY002 - what a notebook without a generator uses


def limit_memory(most: int) -> None:
    """Refuse this process more than ``most`` bytes of private memory, where the system can.

    A larger request is a MemoryError in the cell that makes it. Memory shared with the process that
    this one was forked from counts once it has been written to.
    """
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - Unix only

        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def prepare(shell: Any, settings: Settings) -> None:
    """Make IPython's shell one for reports: errors as facts, no data past the report object."""
    for name in ("matplotlib", "matplotlib.font_manager"):
        logging.getLogger(name).addFilter(_no_cache_news)
    # IPython draws a random tip for each client that asks what it is, however often that is.
    shell.enable_tip = False
    shell.set_custom_exc((Exception,), _handler)
    refuse_unregistered(settings)


def main() -> None:
    """Run the kernel until it is told to stop, or its parent dies."""
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415 - tests read `describe` alone

    app = IPKernelApp.instance()
    app.initialize()
    start_random(int(os.environ.pop(SEED, "0")))
    prepare(app.shell, read_settings())
    memory = os.environ.pop(MEMORY, "")
    if memory:
        limit_memory(int(memory))
    app.start()


if __name__ == "__main__":
    main()
