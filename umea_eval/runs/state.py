"""What is known of the reports between two batches, so that a thousand are looked over at once.

The truth lies in each report's own folder: its manifest. The database (``reports/.batch``) only
remembers what manifests and source files said, with their times and sizes, so that unchanged ones
need not be read. It may be removed at any time, and is made anew if it is damaged.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from umea_eval.runs.cache import Known, Sources
from umea_eval.runs.folders import writing
from umea_eval.runs.manifest import FILE, read_manifest

FOLDER = ".batch"
DATABASE = "state.sqlite3"
_WAIT_SECONDS = 60
_TABLES = """
create table if not exists sources (
    path text primary key, mtime_ns integer, size integer, inode integer, sha256 text, imports text
);
create table if not exists reports (
    folder text primary key, notebook text, mtime_ns integer, size integer,
    cache text, files text, seconds real
);
"""


@dataclass(frozen=True)
class Made:
    """A report that exists: what it depended on, its files with their sizes, how long it took."""

    notebook: str
    cache: Mapping[str, Any]
    files: Mapping[str, int]
    seconds: float


class State:
    """The memory of one reports folder. Several batches may use it at once."""

    def __init__(self, root: Path, reports: Path, *, create: bool) -> None:
        """Read what is remembered. With ``create`` the folder is made if it does not exist.

        Raises UserError if the folder cannot be written to.
        """
        self.folder = reports / FOLDER
        self._path = self.folder / DATABASE
        self._writable = create
        if create:
            with writing(reports):
                self.folder.mkdir(parents=True, exist_ok=True)
        known: dict[str, Known] = {}
        self._reports: dict[str, tuple[tuple[int, int], Made]] = {}
        self._new: dict[str, tuple[tuple[int, int], Made]] = {}
        try:
            self._read(known)
        except (sqlite3.Error, ValueError):
            known.clear()
            self._reports.clear()
            if create:
                with suppress(OSError):
                    self._path.unlink()
        self._before = dict(known)
        self.sources = Sources(root, known)

    def made(self, folder: Path) -> Made | None:
        """The report in ``folder``, if there is a whole one."""
        path = folder / FILE
        try:
            facts = path.stat()
        except OSError:
            return None
        stamp, name = (facts.st_mtime_ns, facts.st_size), str(folder)
        kept = self._reports.get(name)
        if kept is None or kept[0] != stamp:
            made = _from_manifest(path)
            if made is None:
                return None
            kept = (stamp, made)
            self._reports[name] = self._new[name] = kept
        made = kept[1]
        return (
            made if all(_size(folder / name) == size for name, size in made.files.items()) else None
        )

    def seconds(self, notebook: str) -> float | None:
        """How long a report of ``notebook`` takes: the median of those that exist."""
        times = [made.seconds for _, made in self._reports.values() if made.notebook == notebook]
        return median(times) if times else None

    def save(self) -> None:
        """Remember what has been read since. A disk that refuses takes nothing but time."""
        sources = {
            path: facts
            for path, facts in self.sources.known.items()
            if self._before.get(path) != facts
        }
        if not self._writable or not (sources or self._new):
            return
        with suppress(sqlite3.Error), closing(self._connect()) as database, database:
            database.executescript(_TABLES)
            database.executemany(
                "insert or replace into sources values (?, ?, ?, ?, ?, ?)",
                [
                    (path, *stamp, sha256, json.dumps(imports))
                    for path, (stamp, sha256, imports) in sources.items()
                ],
            )
            database.executemany(
                "insert or replace into reports values (?, ?, ?, ?, ?, ?, ?)",
                list(_rows(self._new.items())),
            )
            self._before = dict(self.sources.known)
            self._new.clear()

    def _read(self, known: dict[str, Known]) -> None:
        if not self._path.is_file():
            return
        with closing(self._connect()) as database:
            for path, mtime, size, inode, sha256, imports in database.execute(
                "select path, mtime_ns, size, inode, sha256, imports from sources"
            ):
                names = json.loads(imports)
                known[path] = (mtime, size, inode), sha256, names and tuple(names)
            for folder, notebook, mtime, size, cache, files, seconds in database.execute(
                "select folder, notebook, mtime_ns, size, cache, files, seconds from reports"
            ):
                made = Made(notebook, json.loads(cache), json.loads(files), seconds)
                self._reports[folder] = ((mtime, size), made)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_WAIT_SECONDS)


def _rows(reports: Iterable[tuple[str, tuple[tuple[int, int], Made]]]) -> Iterable[tuple[Any, ...]]:
    for folder, (stamp, made) in reports:
        cache, files = json.dumps(made.cache), json.dumps(made.files)
        yield folder, made.notebook, *stamp, cache, files, made.seconds


def _from_manifest(path: Path) -> Made | None:
    manifest = read_manifest(path)
    if manifest is None:
        return None
    files = {name: facts["size"] for name, facts in manifest.get("files", {}).items()}
    return Made(
        manifest["notebook"], manifest.get("cache", {}), files, float(manifest["duration_s"])
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
