"""Which files may a run read? Those under protected folders only once the report has them.

A profile judges the inputs that the report object knows. A file that a notebook reads past it would
leave unjudged, so while a report is made the opening of such a file is refused. This catches the
mistake; it is no wall against one who goes round it. What Python opens is seen
(``read_csv``, ``read_excel``, sqlite3); what a library opens in its own C++ or Rust
(``read_parquet``) and what another process reads is not.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from umea_eval.disclosure.profiles import Withheld
from umea_eval.settings import Settings

_registered: set[Path] = set()
_ACCESS = os.O_RDONLY | os.O_WRONLY | os.O_RDWR
_NEW = os.O_CREAT | os.O_EXCL


@contextmanager
def registering(path: Path) -> Iterator[None]:
    """Let ``path``, a resolved file or folder, be read; not if registering it fails."""
    known = path in _registered
    _registered.add(path)
    try:
        yield
    except BaseException:
        if not known:
            _registered.discard(path)
        raise


@contextmanager
def hashing(paths: Iterable[Path]) -> Iterator[None]:
    """Let files be read only now, to see whether they are still those that data came from."""
    new = {path.resolve() for path in paths} - _registered
    _registered.update(new)
    try:
        yield
    finally:
        _registered.difference_update(new)


def refuse_unregistered(settings: Settings) -> None:
    """From now on this process raises Withheld when it opens protected data it may not read."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if flags & _ACCESS != os.O_WRONLY and flags & _NEW != _NEW:
                check(path, settings)
        elif event == "sqlite3.connect":
            check(arguments[0], settings)

    sys.addaudithook(hook)


def check(path: object, settings: Settings) -> None:
    """Raise Withheld if ``path`` is a protected file that no report has registered."""
    if not isinstance(path, str | bytes | os.PathLike):
        return  # an open file's number
    try:
        found = Path(os.path.realpath(os.fsdecode(path)))
    except ValueError:
        return  # no file has a name with NUL in it: opening it fails by itself
    if not _protected(found, settings) or found.is_dir() or _is_registered(found):
        return
    root = settings.root
    shown = found.relative_to(root).as_posix() if found.is_relative_to(root) else found.name
    raise Withheld("disclosure.errors.not_registered", language=settings.language, file=shown)


def _protected(path: Path, settings: Settings) -> bool:
    public = (settings.public.resolve(), settings.example.resolve())
    if any(path.is_relative_to(folder) for folder in public):
        return False
    return any(
        _folded(path).is_relative_to(_folded(folder.resolve()))
        for folder in (settings.raw, settings.processed)
    )


def _folded(path: Path) -> Path:
    # A disk that takes RAW for raw must not open a way round.
    return Path(unicodedata.normalize("NFC", str(path)).casefold())


def _is_registered(path: Path) -> bool:
    if path in _registered:
        return True
    # A folder's hidden files are no part of the input (report.provenance.input_sha256).
    return any(
        folder in _registered
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        for folder in path.parents
    )
