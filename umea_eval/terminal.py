"""Writing to the terminal: never a crash for want of a letter, never noise when a pipe closes."""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from contextlib import suppress
from typing import TextIO

from umea_eval.errors import UserError
from umea_eval.settings import NAMES, find_root

_MAYBE_A_NUMBER = re.compile(r"[0-9]{6}[-+ ]?[0-9]{4}|(?:-[0-9]{2}){2}[- ][0-9]{4}")
# What stands for a letter that the terminal's encoding does not have.
_STAND_INS = {"\u202f": " ", "\u00a0": " ", "\u2212": "-", "–": "-", "”": '"', "…": "..."}


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    encoding = error.encoding
    return "".join(_nearest(letter, encoding) for letter in letters), error.end


def _nearest(letter: str, encoding: str) -> str:
    stand_in = _STAND_INS.get(letter, "?")
    try:
        stand_in.encode(encoding)
    except UnicodeEncodeError:
        return "?"
    return stand_in


def prepare_streams() -> None:
    """Let both streams write any text, whatever their encoding (cp1252, ASCII)."""
    codecs.register_error("umea_eval", _stand_in)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="umea_eval")


def tell(message: str) -> None:
    """One message to the standard error stream, at once; where there is none, nobody listens.

    What somebody mistyped may be quoted in it, but never a valid identity number, nor a name of the
    project's list.
    """
    if sys.stderr is None:
        return
    if _MAYBE_A_NUMBER.search(message):
        # Late: a message seldom holds so many digits, and telling one number from another is slow
        # to import.
        from umea_eval.intake.identity import without_identities  # noqa: PLC0415

        message = without_identities(message)
    message = _without_names(message)
    try:
        sys.stderr.write(message + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        raise
    except OSError:
        _close_quietly(sys.stderr)


def _without_names(message: str) -> str:
    try:
        names = find_root() / NAMES
        if not names.is_file():
            return message
        from umea_eval.disclosure.scan import read_names  # noqa: PLC0415 - few projects have a list
        from umea_eval.disclosure.scanning.marks import without_names  # noqa: PLC0415

        return without_names(message, read_names(names))
    except (UserError, OSError):
        return message  # no project, or a list that cannot be read: told where it is needed


def say(message: str) -> None:
    """One line of result to the standard output stream.

    Raises UserError where the stream is closed or its disk full: a result that nobody gets is no
    success.
    """
    if sys.stdout is None:
        raise UserError("cli.errors.output")
    try:
        sys.stdout.write(message + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError:
        close_quietly()
        raise UserError("cli.errors.output") from None


def close_quietly() -> None:
    """After a reader has gone (``| head``): let Python end without a word about it."""
    _close_quietly(sys.stdout)


def _close_quietly(stream: TextIO) -> None:
    with (
        suppress(OSError),
        open(os.devnull, "w", encoding="utf-8") as nowhere,  # noqa: PTH123 - a device
    ):
        os.dup2(nowhere.fileno(), stream.fileno())
