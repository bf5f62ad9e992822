"""Clean tables out of the project's store, refused when they no longer fit what they came from."""

from __future__ import annotations

from pathlib import Path

from umea_eval.datasets import find_dataset
from umea_eval.errors import UserError
from umea_eval.intake.exports import hashes_of
from umea_eval.intake.store import Stored, changes, read_manifest
from umea_eval.intake.store import load as read_store
from umea_eval.processed.clean import choices_sha256
from umea_eval.processed.sources import EXAMPLE, Sources
from umea_eval.settings import Settings, read_settings


def load(name: str, *, settings: Settings | None = None, check: bool = True) -> Stored:
    """The clean tables of dataset ``name``, by table: ``load("placement_days")["placements"]``.

    Real data go before example data. Raises UserError where nothing is cleaned or it is not whole,
    and with ``check`` also where exports, choices or code have changed since. Exports that have
    been deleted, as the decision on retention may ask, are no change.
    """
    settings = settings or read_settings()
    folder = stored_folder(name, settings)
    reasons = stale(name, folder, settings) if check else []
    if reasons:
        raise UserError(f"processed.errors.stale_{reasons[0]}", name=name)
    return read_store(folder)


def stored_folder(name: str, settings: Settings) -> Path:
    """Where the clean tables of a dataset lie: the real ones, else the example's."""
    own = settings.processed / find_dataset(name).name
    return own if own.is_dir() else settings.processed / EXAMPLE / name


def stale(name: str, folder: Path, settings: Settings) -> list[str]:
    """Why a stored dataset is out of date: ``source``, ``schema``, ``code``, ``choices``."""
    dataset, manifest = find_dataset(name), read_manifest(folder)
    provenance = manifest["provenance"]
    paths = tuple(settings.root / path for path in provenance.get("from", []))
    here = bool(paths) and all(path.exists() for path in paths)
    hashes = hashes_of(paths) if here else provenance["files"]
    reasons = changes(manifest, hashes=hashes, schemas=dataset.schemas, code=dataset.code)
    if here:
        home = paths[0] if paths[0].is_dir() else paths[0].parent
        sources = Sources(dataset, paths, home, example=provenance["example"])
        if provenance["choices"] != choices_sha256(sources, settings):
            reasons.append("choices")
    return reasons
