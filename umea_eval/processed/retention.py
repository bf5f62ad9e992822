"""Which personal data have been kept past their time, and who has decided that they go?"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from umea_eval.disclosure import project
from umea_eval.errors import UserError
from umea_eval.intake import decisions
from umea_eval.runs.manifest import read_manifests
from umea_eval.settings import Settings

KIND = "deletion"


@dataclass(frozen=True)
class Kept:
    """One file of personal data. ``dataset`` is the folder it lies in; "" beside all of them.

    ``link``: a link to a file or folder elsewhere. The data are there, and are another's to remove.
    """

    path: Path
    dataset: str
    link: bool = False


@dataclass(frozen=True)
class Overdue:
    """What the last day of the project file says of the project's personal data.

    ``files`` have passed it: exports, quarantine, clean tables. ``decided`` are the datasets that a
    recorded decision of the kind ``deletion`` is about; ``reports`` the reports that were made from
    any of the files, and cannot be verified without them.
    """

    until: dt.date
    files: tuple[Kept, ...]
    decided: frozenset[str]
    reports: tuple[str, ...]

    @property
    def removable(self) -> tuple[Kept, ...]:
        """The files that the recorded decisions let go.

        A file beside the datasets (such as the table of changed numbers) may concern all of them,
        so it goes only when all are decided on.
        """
        named = {each.dataset for each in self.files if each.dataset}
        every = bool(self.decided) and named <= self.decided
        return tuple(
            each
            for each in self.files
            if (each.dataset in self.decided if each.dataset else every) and not each.link
        )

    @property
    def links(self) -> int:
        """How many of the files are links: what they lead to is never removed."""
        return sum(each.link for each in self.files)


def overdue(settings: Settings, *, today: dt.date, datasets: Sequence[str] = ()) -> Overdue:
    """The files past the last day of ``project.toml``, the decisions on them and their reports.

    ``datasets`` are the known names; a folder with another name lies beside them. Published and
    example data have no last day. Raises UserError for a project file that is missing or not
    complete, and for a log of decisions that cannot be read.
    """
    until = project.read_project(settings.root / project.FILE).retain_until
    files = tuple(_files(settings, frozenset(datasets))) if today > until else ()
    log = decisions.read_decisions(settings.root / decisions.FILE)
    decided = frozenset(
        name for each in log if each.kind == KIND and each.date <= today for name in each.about
    )
    return Overdue(until, files, decided, tuple(_reports(files, settings)))


def remove(found: Overdue, settings: Settings) -> int:
    """Remove the files that the recorded decisions let go, and return how many.

    Raises UserError where there is no decision, and where a file cannot be removed: what has gone
    by then is gone, and what is left is listed the next time.
    """
    if len(found.files) > found.links and not found.removable:
        raise UserError("processed.errors.no_deletion")
    count = 0
    try:
        for each in found.removable:
            each.path.unlink()
            count += 1
        for folder in sorted({each.path.parent for each in found.removable}, reverse=True):
            _remove_empty(folder, settings)
    except OSError:
        raise UserError("processed.errors.not_removed", n=count) from None
    return count


def _files(settings: Settings, datasets: frozenset[str]) -> Iterator[Kept]:
    free = (settings.public, settings.example, settings.processed_example)
    spared = {folder.resolve() for folder in free}
    for home in (settings.raw, settings.processed):
        for folder, names, files in os.walk(home):
            here = Path(folder)
            names[:] = sorted(name for name in names if (here / name).resolve() not in spared)
            # Links are told of and not followed: what they lead to is another's.
            for name in sorted([*files, *(name for name in names if (here / name).is_symlink())]):
                path = here / name
                own = path.relative_to(home).parts[0]
                yield Kept(path, own if own in datasets else "", link=path.is_symlink())


def _reports(files: Sequence[Kept], settings: Settings) -> Iterator[str]:
    gone = [each.path for each in files]
    for folder, manifest in read_manifests(settings.reports, internal=True):
        inputs = manifest.get("inputs", []) if manifest else []
        paths = [settings.root / str(entry.get("path", "")) for entry in inputs]
        # A folder that was read, or a file that lies behind a link.
        if any(
            file == path or path in file.parents or file in path.parents
            for path in paths
            for file in gone
        ):
            yield folder


def _remove_empty(folder: Path, settings: Settings) -> None:
    while folder not in (settings.raw, settings.processed) and folder.is_dir():
        if any(folder.iterdir()):
            return
        folder.rmdir()
        folder = folder.parent
