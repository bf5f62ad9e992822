"""Clean tables out of the project's store, refused when they no longer fit what they came from."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from umea_eval.datasets import find_dataset
from umea_eval.disclosure.reading import hashing
from umea_eval.errors import UserError
from umea_eval.intake.exports import hashes_of
from umea_eval.intake.quarantine import FOLDER
from umea_eval.intake.store import MANIFEST, Stored, changes, read_manifest
from umea_eval.intake.store import load as read_store
from umea_eval.processed.clean import choices_sha256
from umea_eval.processed.file_names import shown_files
from umea_eval.processed.sources import Sources, links_file
from umea_eval.settings import Settings, read_settings


class Registering(Protocol):
    """What a report does with its inputs: it must know them before they are read."""

    def input(self, path: str | Path) -> Path:
        """Register a file or folder."""


def load(
    name: str,
    *,
    report: Registering | None = None,
    settings: Settings | None = None,
    check: bool = True,
) -> Stored:
    """The clean tables of dataset ``name``, by table: ``load("placement_days")["placements"]``.

    In a notebook that makes a report, ``report`` is its report object, which then knows where its
    figures come from (and that they are example data, if they are). Real data go before example
    data. Raises UserError where nothing is cleaned or it is not whole, and with ``check`` also
    where exports, choices or code have changed since. Exports that have been deleted, as the
    decision on retention may ask, are no change.

    >>> import umea_eval as ue
    >>> cleaned = ue.clean("survey")
    >>> tables = ue.load("survey")
    >>> sorted(tables), tables.example
    (['codings', 'comparison', 'frame', 'questionnaire', 'responses'], True)
    """
    settings = settings or read_settings()
    folder = stored_folder(name, settings)
    if not (folder / MANIFEST).is_file():
        raise UserError("processed.errors.not_cleaned", name=name)
    if report is not None:
        report.input(folder)
    reasons = stale(name, folder, settings) if check else []
    if reasons:
        raise UserError(f"processed.errors.stale_{reasons[0]}", name=name)
    return read_store(folder)


def stored_folder(name: str, settings: Settings) -> Path:
    """Where the clean tables of a dataset lie: the real ones, else the example's."""
    own = settings.processed / find_dataset(name).name
    return own if own.is_dir() else settings.processed_example / name


def stale(name: str, folder: Path, settings: Settings) -> list[str]:
    """Why a stored dataset is out of date: ``source``, ``schema``, ``code``, ``choices``."""
    dataset, manifest = find_dataset(name), read_manifest(folder)
    provenance = manifest["provenance"]
    paths = tuple(settings.root / path for path in provenance.get("from", []))
    here = bool(paths) and all(path.exists() for path in paths)
    if not here:
        return changes(
            manifest, hashes=provenance["files"], schemas=dataset.schemas, code=dataset.code
        )
    home = paths[0] if paths[0].is_dir() else paths[0].parent
    sources = Sources(dataset, paths, home, example=provenance["example"])
    links = links_file(settings)
    with hashing([*paths, home / FOLDER, *([links] if links else [])]):
        given = hashes_of(paths)
        choices = choices_sha256(sources, settings)
    shown = shown_files(given)
    hashes = {shown[file]: sha256 for file, sha256 in given.items()}
    reasons = changes(manifest, hashes=hashes, schemas=dataset.schemas, code=dataset.code)
    return reasons if provenance["choices"] == choices else [*reasons, "choices"]
