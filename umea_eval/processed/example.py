"""Example exports of every dataset: made-up persons, in the forms that real exports have."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from umea_eval.datasets import find_dataset
from umea_eval.errors import UserError
from umea_eval.intake.example import write_example
from umea_eval.intake.store import Stored
from umea_eval.intake.store import load as read_store
from umea_eval.processed.clean import clean
from umea_eval.runs.folders import building
from umea_eval.settings import Settings, read_settings

MARKS_FILE = ".marks.csv"


def example(
    name: str, *, n: int | None = None, seed: int = 0, settings: Settings | None = None
) -> Stored:
    """Clean tables of made-up persons, to try measures on: ``example("survey")["answers"]``.

    ``n`` is how many persons, households or centres (default: the size of the published figures).
    The example exports are written and cleaned in a temporary folder, as ``umea-eval example`` and
    ``umea-eval clean`` do in the project; the project is left as it is. The same ``n`` and ``seed``
    give the same tables. Raises UserError for an unknown dataset, and outside a project, which has
    the official test numbers.

    >>> import umea_eval as ue
    >>> tables = ue.example("forsorjningsstod", n=20)
    >>> sorted(tables), tables.example
    (['decisions', 'households', 'payments'], True)
    """
    settings = settings or read_settings()
    with tempfile.TemporaryDirectory(prefix="umea-eval-") as temporary:
        apart = replace(
            settings,
            example=(Path(temporary) / "example").resolve(),
            processed=(Path(temporary) / "processed").resolve(),
        )
        exports, _ = make_example(name, apart, messy=False, seed=seed, n=n)
        return read_store(clean(name, [exports], settings=apart).folder)


def make_example(
    name: str, settings: Settings, *, messy: bool, seed: int = 0, n: int | None = None
) -> tuple[Path, pd.DataFrame]:
    """Write example exports of dataset ``name`` to ``data/example/<name>``, replacing older ones.

    Returns the folder and where faults were planted: one row per spoiled, repeated or replaced row
    (``intake.example.MARKS``), which also lies in the folder's ``.marks.csv``. The same seed gives
    the same bytes. Raises UserError for an unknown dataset, more persons than there are test
    numbers, and a folder that cannot be written to.
    """
    dataset = find_dataset(name)
    size = {} if n is None else {"n": n}
    if n is not None and n < 1:
        raise UserError("processed.errors.size", n=n)
    if seed < 0:
        raise UserError("processed.errors.seed")
    numbers = settings.public
    if not numbers.is_dir():
        raise UserError("processed.errors.no_numbers", folder="data/raw/public")
    simulated = dataset.simulate(seed=seed, numbers=numbers, **size)
    with building(settings.example) as new:
        marks = write_example(
            simulated,
            simulated.schemas or dataset.schemas,
            new.new,
            extraction=dataset.extraction,
            messy=messy,
            seed=seed,
        )
        new.write({MARKS_FILE: marks.to_csv(index=False).encode("utf-8")})
        _keep_corrections(settings.example / name, new.new)
        return new.move_to(name), marks


def _keep_corrections(old: Path, new: Path) -> None:
    # What somebody has corrected by hand is theirs, also in an exercise.
    corrected = old / ".quarantine"
    if corrected.is_dir():
        shutil.copytree(corrected, new / corrected.name)
