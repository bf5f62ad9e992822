"""What has left the house? One line for every release, each holding the hash of the one before.

The log is only ever added to. A line that is changed, removed or moved breaks the chain from there
on; lines cut off at the end show when the newest hash has been noted elsewhere (``verify``'s
``head``). It lies in the project's folder, not among the reports, which may be removed and made
again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time as clock
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from umea_eval.errors import UserError
from umea_eval.files import write_whole
from umea_eval.language import Language

FILE = "release_log.jsonl"
FIRST = "0" * 64
"""What stands for the hash before the first line."""

_WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Entry:
    """One release. ``by`` is a role; ``files`` has the SHA-256 of every file that left.

    ``time`` is local with its offset; ``previous`` the hash of the line before, ``hash`` this one's
    own: SHA-256 of all the rest as JSON with sorted keys and no spaces.
    """

    number: int
    time: str
    by: str
    report: str
    edition: str
    profile: str
    example: bool
    files: Mapping[str, str]
    previous: str
    hash: str


@dataclass(frozen=True)
class Verdict:
    """Whether a log holds: its releases up to the first broken line, and that line's number."""

    entries: tuple[Entry, ...]
    broken: int | None
    head_missing: bool = False

    @property
    def holds(self) -> bool:
        """Whether every line is as it was written, and the noted hash is among them."""
        return self.broken is None and not self.head_missing


def append(
    path: Path,
    *,
    time: str,
    by: str,
    report: str,
    edition: str,
    profile: str,
    example: bool,
    files: Mapping[str, str],
    language: Language = "sv",
) -> Entry:
    """Add a release to the log and return its line; the caller is ``alone`` with it.

    The file is replaced whole: whoever is killed midway leaves the old log. Raises UserError for a
    log that does not hold (nothing is added to a broken chain), or that cannot be written.
    """
    known = verify(path, language=language)
    if not known.holds:
        raise UserError(
            "disclosure.errors.log_broken", language=language, file=path.name, line=known.broken
        )
    facts: dict[str, Any] = {
        "number": len(known.entries) + 1,
        "time": time,
        "by": by,
        "report": report,
        "edition": edition,
        "profile": profile,
        "example": example,
        "files": dict(sorted(files.items())),
        "previous": known.entries[-1].hash if known.entries else FIRST,
    }
    entry = Entry(**facts, hash=_hash(facts))
    try:
        before = path.read_bytes() if path.exists() else b""
        write_whole(path, before + _line(asdict(entry)))
    except OSError:
        raise _not_written(path, language) from None
    return entry


def verify(path: Path, *, head: str | None = None, language: Language = "sv") -> Verdict:
    """Read the log and find the first line that is not as it was written.

    ``head`` is a hash that was noted after some release: it must be among the lines, or the log has
    been cut or written anew. A log that does not exist holds, with no releases. Raises UserError
    for one that cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    except OSError:
        raise UserError(
            "disclosure.errors.log_unreadable", language=language, file=path.name
        ) from None
    entries: list[Entry] = []
    broken = None
    lines = content.split(b"\n")
    # A whole log ends with a line's end: what stands after it is a line that was cut.
    for number, line in enumerate(lines[:-1] if not lines[-1] else lines, start=1):
        entry = _read(line)
        expected = entries[-1].hash if entries else FIRST
        cut = number == len(lines)
        if entry is None or cut or entry.number != number or entry.previous != expected:
            broken = number
            break
        entries.append(entry)
    missing = head is not None and head.strip().lower() not in {each.hash for each in entries}
    return Verdict(tuple(entries), broken, head_missing=missing)


def released(entries: Sequence[Entry], report: str) -> Entry | None:
    """The latest release of a report."""
    return next((each for each in reversed(entries) if each.report == report), None)


def _read(line: bytes) -> Entry | None:
    try:
        facts = json.loads(line)
        entry = Entry(**facts)
        own = {name: value for name, value in facts.items() if name != "hash"}
        # The line itself, not only what it says: a space or another order of keys is a change too.
        whole = entry.hash == _hash(own) and _line(facts) == line + b"\n"
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return entry if whole else None


def _line(facts: Mapping[str, Any]) -> bytes:
    return _canonical(facts) + b"\n"


def _hash(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(facts)).hexdigest()


def _canonical(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@contextmanager
def alone(path: Path, *, language: Language = "sv") -> Iterator[None]:
    """Be the only one that releases; the system gives the lock up when a process ends.

    What is released is compared with what has been, so the comparison belongs under the lock too.
    Raises UserError where another one keeps it, or the folder cannot be written in.
    """
    try:
        file = path.with_name(f".{path.name}.lock").open("a+b")
    except OSError:
        raise _not_written(path, language) from None
    with file:
        deadline = clock.monotonic() + _WAIT_SECONDS
        while not _lock(file):
            if clock.monotonic() > deadline:
                raise UserError("disclosure.errors.log_busy", language=language, file=path.name)
            clock.sleep(0.05)
        yield


def _not_written(path: Path, language: Language) -> UserError:
    return UserError("disclosure.errors.log_not_written", language=language, file=path.name)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> bool:
        try:
            file.seek(0, os.SEEK_SET)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
