"""A report's folder appears whole or not at all, and an older version goes only when it does.

A report is built in ``reports/.building-<random>/`` on the same file system, which is locked as
long as the run lives, and moved into place at the end. What dead runs have left is removed, and a
version that was being replaced when the machine stopped is put back.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from umea_eval.errors import UserError

PREFIX = ".building-"
_NEW, _PREVIOUS, _TARGET = "new", "previous", "target.txt"
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ATTEMPTS = 20


@contextmanager
def writing(reports: Path) -> Iterator[None]:
    """Turn what a disk may refuse into one clear message."""
    try:
        yield
    except OSError as error:
        folder = reports.name
        if error.errno in _NO_SPACE:
            raise UserError("runs.errors.no_space_reports", folder=folder) from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise UserError("runs.errors.read_only", folder=folder) from None
        if error.errno in (errno.ENOTDIR, errno.EEXIST):
            raise UserError("runs.errors.no_folder", folder=folder) from None
        if error.errno == errno.EISDIR:
            name = Path(error.filename2 or error.filename).name
            raise UserError("runs.errors.no_file", folder=folder, name=name) from None
        raise


class Building:
    """A folder under construction: files go to ``new``, ``move_to`` puts it in its place.

    Nobody but the owner sees what is being built.
    """

    def __init__(self, reports: Path, home: Path) -> None:
        self._reports = reports
        self._home = home
        self.new = home / _NEW

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files by their names relative to the report's folder."""
        with writing(self._reports):
            for name, content in files.items():
                path = self.new / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)

    def move_to(self, target: str, *, private: bool = False) -> Path:
        """Replace ``reports/target`` with what was built. Either version is whole at any time.

        ``private``: nobody but the owner can open it, its files, or the folders that it lies in.
        """
        final = self._reports / target
        if not final.resolve().is_relative_to(self._reports.resolve()):
            raise ValueError("a report must lie in the reports folder")
        with writing(self._reports):
            (self._home / _TARGET).write_text(target, encoding="utf-8")
            final.parent.mkdir(parents=True, exist_ok=True)
            if private:
                for path in (self.new, *self.new.rglob("*")):
                    path.chmod(stat.S_IRWXU if path.is_dir() else stat.S_IRUSR | stat.S_IWUSR)
                for folder in Path(target).parents[:-1]:
                    (self._reports / folder).chmod(stat.S_IRWXU)
            previous = self._home / _PREVIOUS
            try:
                # Another run of the same report may put its version there between the two moves.
                for _ in range(_ATTEMPTS):
                    if final.exists():
                        shutil.rmtree(previous, ignore_errors=True)
                        with suppress(FileNotFoundError):
                            final.rename(previous)
                    with suppress(FileExistsError, _NotEmpty):
                        _rename(self.new, final)
                        return final
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            except BaseException:
                if previous.exists() and not final.exists():
                    previous.rename(final)
                raise


class _NotEmpty(OSError):
    """The target folder came back between two moves."""


def _rename(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:
            raise _NotEmpty(*error.args) from None
        raise


@contextmanager
def building(reports: Path) -> Iterator[Building]:
    """A new folder to build a report in. It is removed at the end, whatever happens."""
    with writing(reports):
        reports.mkdir(parents=True, exist_ok=True)
        remove_leftovers(reports)
        home, lock = _claim(reports)
    try:
        yield Building(reports, home)
    finally:
        _remove(home)
        lock.close()
        with suppress(OSError):
            _lock_of(home).unlink()


def take_away(reports: Path, target: str) -> None:
    """Remove the report in ``reports/target``, in one move: nobody sees half of it."""
    with building(reports) as site, writing(reports):
        (reports / target).rename(site.new / "gone")


def remove_leftovers(reports: Path) -> None:
    """Remove what dead runs have left in ``reports``; what a live run builds stays."""
    for lock_file in sorted(reports.glob(f"{PREFIX}*.lock")):
        with suppress(OSError):
            lock = lock_file.open("r+b")
            try:
                if _lock(lock):
                    home = lock_file.with_suffix("")
                    _put_back(reports, home)
                    _remove(home)
                    lock_file.unlink()
            finally:
                lock.close()


def _claim(reports: Path) -> tuple[Path, IO[bytes]]:
    """A new building folder and its lock, which the system gives up when this process ends."""
    for _ in range(_ATTEMPTS):
        home = reports / f"{PREFIX}{secrets.token_hex(6)}"
        lock = _lock_of(home).open("x+b")
        # Another run may have taken the new lock file for a leftover before it was locked.
        if _lock(lock) and _lock_of(home).exists():
            home.mkdir(mode=stat.S_IRWXU)
            (home / _NEW).mkdir()
            return home, lock
        lock.close()
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def _lock_of(home: Path) -> Path:
    return home.with_name(home.name + ".lock")


def _put_back(reports: Path, home: Path) -> None:
    previous, target = home / _PREVIOUS, home / _TARGET
    if previous.is_dir() and target.is_file():
        final = reports / target.read_text(encoding="utf-8")
        if not final.exists():
            previous.rename(final)


def _remove(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> bool:
        try:
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
