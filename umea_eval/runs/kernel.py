"""The process that runs a report's cells: IPython's kernel, with errors told as facts.

Started as ``python -m umea_eval.runs.kernel -f CONNECTION_FILE``. An exception leaves it as JSON
instead of a coloured traceback: the frames, and for a ``UserError`` its key and values, so that the
message can be shown in the user's language and an exception's own text, which may quote data, is
kept apart.
"""

from __future__ import annotations

import json
import logging
import traceback
from types import TracebackType
from typing import Any

from umea_eval.disclosure.reading import refuse_unregistered
from umea_eval.errors import UserError
from umea_eval.settings import read_settings

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


def main() -> None:
    """Run the kernel until it is told to stop, or its parent dies."""
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415 - tests read `describe` alone

    for name in ("matplotlib", "matplotlib.font_manager"):
        logging.getLogger(name).addFilter(_no_cache_news)
    app = IPKernelApp.instance()
    app.initialize()
    shell: Any = app.shell
    shell.set_custom_exc((Exception,), _handler)
    refuse_unregistered(read_settings())
    app.start()


if __name__ == "__main__":
    main()
