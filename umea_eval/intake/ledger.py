"""The row account: every row that came in is clean, quarantined, a duplicate, replaced or no data.

``rows`` = ``clean`` + ``quarantined`` + ``duplicates`` + ``superseded`` + ``other_tables`` +
``headings_and_totals``, per file and sheet and in all; an account that does not add up is a fault
of the program and stops it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.tables import RawTable
from umea_eval.language import Language, listing, text
from umea_eval.style import BLUE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLASSES = ("clean", "quarantined", "duplicates", "superseded", "other_tables")
COLUMNS = ("file", "sheet", "table", "rows", *CLASSES, "headings_and_totals")


class Fate(IntEnum):
    """What became of a data row, in the order of ``CLASSES``."""

    CLEAN = 0
    QUARANTINED = 1
    DUPLICATE = 2
    SUPERSEDED = 3
    OTHER_TABLE = 4


@dataclass(frozen=True)
class Ledger:
    """The account of one cleaning.

    ``table`` has one row per file and sheet with the columns ``COLUMNS``. ``reasons`` counts
    quarantined rows by reason, each row once, by its first fault.
    """

    table: pd.DataFrame
    reasons: Mapping[str, int]

    def __post_init__(self) -> None:
        parts = self.table[[*CLASSES, "headings_and_totals"]].sum(axis=1)
        if (parts != self.table["rows"]).any():
            raise ValueError("the row account does not add up")
        if sum(self.reasons.values()) != self.total("quarantined"):
            raise ValueError("the quarantine does not add up by reason")

    def total(self, column: str) -> int:
        """The sum of one column of the account."""
        return int(self.table[column].sum())

    def as_dict(self, corrections: Mapping[str, int]) -> dict[str, Any]:
        """The account as one object for ``umea-eval clean --json``."""
        return {
            "rows_in": self.total("rows"),
            "clean": self.total("clean"),
            "quarantined": dict(sorted(self.reasons.items())),
            "duplicates": self.total("duplicates"),
            "superseded": self.total("superseded"),
            "other_tables": self.total("other_tables"),
            "headings_and_totals": self.total("headings_and_totals"),
            "corrections": dict(sorted(corrections.items())),
        }

    def text(self, language: Language) -> str:
        """The account as one sentence; kinds of rows that there are none of are left out."""
        names = [*CLASSES, "headings_and_totals"]
        parts = [
            text(f"intake.part.{name}", language, n=self.total(name))
            for name in names
            if self.total(name) or name == "clean"
        ]
        return text(
            "intake.account",
            language,
            rows=self.total("rows"),
            files=self.table["file"].nunique(),
            parts=listing(parts, language),
        )

    def plot(self, ax: Axes, language: Language) -> Axes:
        """The account as one bar per kind of row on ``ax``, with its number."""
        names = [name for name in (*CLASSES, "headings_and_totals") if self.total(name)]
        labels = [text(f"intake.rows.{name}", language) for name in names]
        bars = ax.barh(labels, [self.total(name) for name in names], color=BLUE)
        shown = [text("intake.number", language, n=self.total(n)) for n in names]
        ax.bar_label(bars, shown, padding=4)
        ax.margins(x=0.12)
        ax.invert_yaxis()
        # Every bar has its number beside it: a scale would say it twice.
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(text("intake.rows.axis", language), loc="left")
        return ax


def account(
    tables: Sequence[RawTable],
    names: Mapping[int, str],
    fates: Mapping[int, NDArray[np.int8]],
    reasons: Mapping[str, int],
) -> Ledger:
    """The account of tables (by their place): the schema each went to, and its rows' fates.

    A table without a schema is ``other_tables``.
    """
    rows = []
    for place, table in enumerate(tables):
        counts = np.bincount(
            fates.get(place, np.full(table.data, Fate.OTHER_TABLE)), minlength=len(CLASSES)
        )
        rows.append(
            [
                *(table.file, table.sheet, names.get(place, ""), table.rows),
                *(int(count) for count in counts),
                table.titles + table.totals + table.notes + table.blank,
            ]
        )
    return Ledger(pd.DataFrame(rows, columns=list(COLUMNS)), dict(reasons))
