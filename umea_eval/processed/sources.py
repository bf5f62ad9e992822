"""What a cleaning of this project starts from: its files, their dates, the key, the mappings."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from umea_eval.datasets import DATASETS, Dataset, find_dataset
from umea_eval.errors import UserError
from umea_eval.intake.cleaning import DATE_IN_NAME, extraction_date
from umea_eval.intake.exports import IGNORED, files_of
from umea_eval.intake.identity import without_identities
from umea_eval.intake.pseudonym import ENVIRONMENT, Key, new_key, read_key, read_links
from umea_eval.intake.store import MANIFEST, read_manifest
from umea_eval.settings import Settings

MAPPING = "mapping.toml"
CHANGED_NUMBERS = "changed_numbers"
# Example data hold no secret; the same key everywhere gives the same bytes everywhere.
EXAMPLE_KEY = Key(sha256(b"umea_eval: example data have no secret").digest())


@dataclass(frozen=True)
class Sources:
    """The exports of one dataset. ``home`` is the folder beside which the quarantine lies."""

    dataset: Dataset
    paths: tuple[Path, ...]
    home: Path
    example: bool

    def target(self, settings: Settings) -> Path:
        """Where the clean tables lie."""
        home = settings.processed_example if self.example else settings.processed
        return home / self.dataset.name


def find_sources(name: str, settings: Settings, given: Sequence[Path] = ()) -> Sources:
    """The exports of dataset ``name``: those given, else its raw folder, else its example data.

    Raises UserError for an unknown dataset, a path that does not exist, a mixture of example and
    real data, and where there is nothing to clean.
    """
    dataset = find_dataset(name)
    if given:
        return _given(dataset, [path.absolute() for path in given], settings)
    for folder in (settings.raw, settings.example):
        own = folder / name
        if has_files(own):
            return Sources(dataset, (own,), own, example=folder == settings.example)
    raise UserError("processed.errors.no_exports", name=name, raw=_shown(settings.raw, settings))


def datasets_with_exports(settings: Settings) -> list[str]:
    """The datasets that have raw exports; if none has, those that have example data."""
    for folder in (settings.raw, settings.example):
        found = [name for name in DATASETS if has_files(folder / name)]
        if found:
            return found
    raise UserError("processed.errors.nothing", raw=_shown(settings.raw, settings))


def has_files(folder: Path) -> bool:
    """Whether a folder holds any file that is not hidden."""
    return folder.is_dir() and any(
        file.is_file()
        and not any(IGNORED.fullmatch(part) for part in file.relative_to(folder).parts)
        for file in folder.rglob("*")
    )


def default_extraction(sources: Sources) -> tuple[dt.date, list[str]]:
    """The extraction date of files whose name has none, and which they are.

    The latest day on which one of them was changed: what they hold was known then. Where every name
    has a date, it is the latest of those.
    """
    files = files_of(sources.paths)
    undated = [file for file in files if not DATE_IN_NAME.search(file.name)]
    if not undated:
        return max(extraction_date(file.name, dt.date.min) for file in files), []
    latest = max(file.stat().st_mtime for file in undated)
    # The calendar day is the same for everyone who has the file, wherever they are.
    day = dt.datetime.fromtimestamp(latest, tz=dt.UTC).date()
    return day, [without_identities(file.name) for file in undated]


def project_key(settings: Settings, *, example: bool) -> tuple[Key, bool]:
    """The key that pseudonyms are made with, and whether it was made now.

    Raises UserError where clean data were made with another key: two keys in one project would
    give one person two pseudonyms without a word.

    A project without a key gets one the first time that real data are cleaned. Never when clean
    data exist already: then the key has been lost, and a new one would give everybody new
    pseudonyms without a word.
    """
    if example:
        return EXAMPLE_KEY, False
    used = _keys_in_use(settings)
    if ENVIRONMENT in os.environ or settings.key.exists():
        key = read_key(settings.key)
        others = [name for name, fingerprint in used.items() if fingerprint != key.fingerprint]
        if others:
            raise UserError("processed.errors.other_key", name=others[0], file=settings.key.name)
        return key, False
    if used:
        raise UserError("processed.errors.key_lost", file=settings.key.name)
    new_key(settings.key)
    return read_key(settings.key), True


def links_file(settings: Settings) -> Path | None:
    """The table of changed identity numbers, of any format, if the project has one."""
    return next(iter(sorted(settings.raw.glob(f"{CHANGED_NUMBERS}.*"))), None)


def changed_numbers(settings: Settings, *, reference: dt.date) -> dict[str, str]:
    """Old identity numbers and their new ones (see ``read_links``)."""
    path = links_file(settings)
    return read_links(path, reference=reference) if path else {}


def _keys_in_use(settings: Settings) -> dict[str, str]:
    """The mark of the key that each clean dataset of real data was made with."""
    found = {}
    for path in sorted(settings.processed.glob(f"*/{MANIFEST}")):
        provenance = read_manifest(path.parent)["provenance"]
        if not provenance["example"]:
            found[path.parent.name] = str(provenance["key"])
    return found


def _given(dataset: Dataset, paths: list[Path], settings: Settings) -> Sources:
    for path in paths:
        if not path.exists():
            raise UserError("intake.no_file", file=without_identities(path.name))
    inside = [path.resolve().is_relative_to(settings.example.resolve()) for path in paths]
    if any(inside) and not all(inside):
        raise UserError("processed.errors.mixed")
    homes = {path if path.is_dir() else path.parent for path in paths}
    if len(homes) == 1:
        return Sources(dataset, tuple(paths), homes.pop(), example=all(inside))
    # Files from several places: their quarantine lies where the project keeps the dataset's files.
    folder = (settings.example if all(inside) else settings.raw) / dataset.name
    return Sources(dataset, tuple(paths), folder, example=all(inside))


def _shown(folder: Path, settings: Settings) -> str:
    root = settings.root
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else folder.name
