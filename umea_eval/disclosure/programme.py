"""Integer programmes by scipy's HiGHS, which are to say nothing.

Now and then HiGHS writes a line of its own to the process's output, past Python and whatever the
options say (seen with scipy 1.17). In a kernel that would be something that a cell shows and the
report did not make, and in a process whose output is read it would be a message that nobody sent.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scipy.optimize import OptimizeResult, milp

_OUTPUT = 1


def solve(*programme: Any, **more: Any) -> OptimizeResult:
    """As `scipy.optimize.milp`, silently."""
    with _silence():
        return milp(*programme, **more)


@contextmanager
def _silence() -> Iterator[None]:
    try:
        kept = os.dup(_OUTPUT)
    except OSError:  # there is no output
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        _flush()
        os.dup2(nowhere, _OUTPUT)
        yield
    finally:
        _flush()  # what C has written and still holds goes nowhere too
        os.dup2(kept, _OUTPUT)
        os.close(nowhere)
        os.close(kept)


def _flush() -> None:
    ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None).fflush(None)
