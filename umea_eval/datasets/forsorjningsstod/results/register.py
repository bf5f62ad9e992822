"""What does the evaluation look at: which payments, which months, by which definitions?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures import ECONOMIC_SUPPORT
from umea_eval.intake.codes import MEN, WOMEN

TOTAL = "total"
SEXES = (WOMEN, MEN)
GAPS = (1, 2, 3)
SUPPORT: Mapping[str, tuple[str, ...]] = {
    "ekonomiskt_bistand": ECONOMIC_SUPPORT,
    "forsorjningsstod": ("livelihood",),
}


@dataclass(frozen=True)
class Choices:
    """The definitions that the evaluation has chosen, each a parameter of the notebook."""

    year: int
    gap: int = 2
    support: str = "ekonomiskt_bistand"
    least: int = 10
    within: int = 12

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of support that count."""
        return SUPPORT[self.support]


@dataclass(frozen=True)
class Register:
    """The clean tables and the period that they cover; ``last`` is the last whole month."""

    payments: pd.DataFrame
    households: pd.DataFrame | None
    decisions: pd.DataFrame | None
    first: pd.Timestamp
    last: pd.Timestamp

    @property
    def empty(self) -> bool:
        """Whether there is nothing to evaluate."""
        return self.payments.empty


def register(tables: Mapping[str, pd.DataFrame], extraction: pd.Timestamp) -> Register:
    """The register of a cleaning. A month that the extraction day lies in, or after, is not whole.

    Support is also paid ahead: months after the extraction say nothing of who will have had it.
    """
    payments = tables["payments"]
    before = extraction.to_period("M").start_time
    whole = payments[payments["month"] < before]
    months = whole["month"]
    none = before - pd.DateOffset(months=1)
    return Register(
        whole.reset_index(drop=True),
        tables.get("households"),
        tables.get("decisions"),
        pd.Timestamp(months.min()) if len(whole) else none,
        pd.Timestamp(months.max()) if len(whole) else none,
    )


def missing_values(tables: Mapping[str, pd.DataFrame], names: Sequence[str]) -> pd.DataFrame:
    """How many rows lack each of these columns (``payments.obstacle``): ``column``, counts."""
    rows = []
    for name in names:
        home, _, column = name.partition(".")
        if home in tables and column in tables[home]:
            values = tables[home][column]
            rows.append((name, int(values.isna().sum()), len(values)))
    found = pd.DataFrame(rows, columns=["column", "missing", "rows"])
    return found.assign(share=found["missing"] / found["rows"].where(found["rows"] > 0))
