"""One run at a time makes a report, whichever batch it belongs to.

All locks of a reports folder are ranges of one file: a report's number is found from its name. The
system gives a lock up when the process that holds it ends, however it ends.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FILE = "locks"


def number_of(notebook: str, slug: str) -> int:
    """A report's place in the file; two reports share one about never (60 bits)."""
    digest = hashlib.sha256(f"{notebook}/{slug}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 4


@contextmanager
def locked(folder: Path, number: int) -> Iterator[None]:
    """Hold the lock ``number`` of ``folder``, waiting for it as long as another has it."""
    descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, number)
        try:
            yield
        finally:
            _unlock(descriptor, number)
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt
    import time

    def _lock(descriptor: int, number: int) -> None:
        os.lseek(descriptor, number, os.SEEK_SET)
        while True:
            with suppress(OSError):  # it gives up after ten seconds
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
                return
            time.sleep(0.1)

    def _unlock(descriptor: int, number: int) -> None:
        os.lseek(descriptor, number, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int, number: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_EX, 1, number)

    def _unlock(descriptor: int, number: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, number)
