"""How far has each dataset come: are there files, are they cleaned, has something changed since?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from umea_eval.errors import UserError
from umea_eval.intake.exports import files_of
from umea_eval.intake.quarantine import correction_files
from umea_eval.intake.store import MANIFEST, read_manifest
from umea_eval.processed.sources import has_files
from umea_eval.settings import Settings

Step = Literal["empty", "uncleaned", "changed", "cleaned"]


@dataclass(frozen=True)
class DatasetState:
    """A dataset's state. ``home`` is the folder of its exports, ``folder`` that of its tables.

    ``step`` is ``empty`` without files, ``uncleaned`` before the first cleaning, ``changed`` where
    files or corrections are newer than it, and ``cleaned``. ``account`` is the row account.
    ``example``: the files are generated.
    """

    name: str
    step: Step
    home: Path
    folder: Path
    files: tuple[Path, ...]
    example: bool
    cleaned: datetime | None
    account: Mapping[str, Any]

    @property
    def clean(self) -> int:
        """Clean rows."""
        return int(self.account.get("clean", 0))

    @property
    def quarantined(self) -> int:
        """Rows in quarantine."""
        return sum(self.account.get("quarantined", {}).values())


def dataset_state(name: str, settings: Settings) -> DatasetState:
    """The state of a dataset, by the times of its files.

    Nothing is read but the manifest: whether a file's content has changed is known for certain only
    by ``load``. Real exports go before example data, as in a cleaning.
    """
    example = not has_files(settings.raw / name) and not (settings.processed / name).is_dir()
    home = (settings.example if example else settings.raw) / name
    folder = (settings.processed_example if example else settings.processed) / name
    files = tuple(files_of([home])) if has_files(home) else ()
    manifest = _manifest(folder)
    cleaned = (folder / MANIFEST).stat().st_mtime if manifest else None
    if cleaned is None or manifest is None:
        step: Step = "uncleaned" if files else "empty"
    elif files and _changed(files, home, manifest, cleaned):
        step = "changed"
    else:  # also where the exports have been deleted since, as retention may ask
        step = "cleaned"
    return DatasetState(
        name,
        step,
        home,
        folder,
        files,
        example and bool(files or manifest),
        None if cleaned is None else datetime.fromtimestamp(cleaned).astimezone(),
        manifest["account"] if manifest else {},
    )


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        return read_manifest(folder)
    except UserError:
        return None


def _changed(
    files: tuple[Path, ...], home: Path, manifest: Mapping[str, Any], cleaned: float
) -> bool:
    if len(files) != len(manifest["provenance"]["files"]):
        return True
    # A file that was copied here keeps the time of its content; the other time is the copy's.
    own = [path.stat() for path in (*files, *correction_files(home))]
    return any(max(each.st_mtime, each.st_ctime) > cleaned for each in own)
