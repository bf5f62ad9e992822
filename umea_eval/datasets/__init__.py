"""The datasets: one folder each, and one line here.

A dataset that is cleaned from exports has, in its folder: ``schema.py`` with ``SCHEMAS``,
``cleaning.py`` with ``clean(raw, settings)``, ``synthetic.py`` with ``EXTRACTION`` and
``simulate(n, seed, truth, *, numbers)``, and its measures. Nothing is imported until it is used::

    import umea_eval as ue

    ue.datasets.forsorjningsstod.measures.spells(months)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from umea_eval.errors import UserError

if TYPE_CHECKING:
    import datetime as dt

    # So that type checkers know what ``__getattr__`` finds.
    import umea_eval.datasets.care_need.measures
    import umea_eval.datasets.fallprevention.measures
    import umea_eval.datasets.forsorjningsstod.measures
    import umea_eval.datasets.key_figures.measures
    import umea_eval.datasets.official_statistics.measures
    import umea_eval.datasets.placement_days.measures
    import umea_eval.datasets.survey.measures
    import umea_eval.datasets.vhu_lss.measures  # noqa: F401
    from umea_eval.intake.cleaning import CleaningSettings, CleanResult
    from umea_eval.intake.example import Simulated
    from umea_eval.intake.schema import Schema
    from umea_eval.intake.tables import RawExport

DATASETS = (
    "forsorjningsstod",
    "placement_days",
    "fallprevention",
    "vhu_lss",
    "care_need",
    "survey",
)
# Published figures: read, not cleaned.
PUBLISHED = ("key_figures", "official_statistics")


def __getattr__(name: str) -> object:
    if name not in (*DATASETS, *PUBLISHED):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_module(f"{__name__}.{name}.measures")
    return import_module(f"{__name__}.{name}")


@dataclass(frozen=True)
class Dataset:
    """One dataset of the registry; its modules are imported when they are first needed."""

    name: str

    @property
    def schemas(self) -> Sequence[Schema]:
        """One schema per table, the main one first."""
        found: Sequence[Schema] = self._module("schema").SCHEMAS
        return found

    @property
    def clean(self) -> Callable[[RawExport, CleaningSettings], CleanResult]:
        """Exports to clean tables."""
        found: Callable[[RawExport, CleaningSettings], CleanResult] = self._module("cleaning").clean
        return found

    @property
    def simulate(self) -> Callable[..., Simulated]:
        """Made-up tables with a planted truth."""
        found: Callable[..., Simulated] = self._module("synthetic").simulate
        return found

    @property
    def extraction(self) -> dt.date:
        """The extraction date of the made-up tables."""
        found: dt.date = self._module("synthetic").EXTRACTION
        return found

    @property
    def code(self) -> list[Path]:
        """The dataset's own files whose change may change its clean tables."""
        folder = Path(__file__).parent / self.name
        wanted = ("schema.py", "cleaning.py", "codes.toml")
        return [folder / name for name in wanted if (folder / name).is_file()]

    def _module(self, name: str) -> Any:
        return import_module(f"umea_eval.datasets.{self.name}.{name}")


def find_dataset(name: str) -> Dataset:
    """The dataset of that name. Raises UserError for an unknown one."""
    if name not in DATASETS:
        raise UserError("errors.dataset", name=name, known=", ".join(DATASETS))
    return Dataset(name)
