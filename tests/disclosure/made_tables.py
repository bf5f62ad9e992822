"""Small tables for the tests of what is suppressed, and how they come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from umea_eval.disclosure.profiles import release
from umea_eval.disclosure.tables import Field, ReleasedTable, Table
from umea_eval.language import Language

WORDS: dict[Language, str] = {"sv": "x", "en": "x"}


def ident(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, WORDS, kind="id") for name in names)


def count(name: str, measure: str = "persons", **more: Any) -> Field:
    return Field(name, WORDS, kind="count", measure=measure, **more)


def table(name: str, data: Mapping[str, Sequence[object]], *columns: Field, **more: Any) -> Table:
    return Table(name, pd.DataFrame(data), columns, **more)


def shown(tables: Sequence[Table], profile: str = "default") -> dict[str, dict[str, list[Any]]]:
    """By table and column: what is shown, ``..`` for what is suppressed."""
    released = release(tables, profile, ())
    return {
        name: {
            column: [
                ".." if hidden else value
                for value, hidden in zip(
                    released[name][column], released.suppressed(name)[column], strict=True
                )
            ]
            for column in released[name]
        }
        for name in released
    }


def published(made: Table, hide: Mapping[str, Sequence[int]]) -> ReleasedTable:
    """A table as somebody else may publish it, with ``hide`` (rows by column) suppressed."""
    mask = pd.DataFrame(False, index=made.frame.index, columns=made.frame.columns)
    for column, rows in hide.items():
        mask.loc[list(rows), column] = True
    return ReleasedTable(
        made.name,
        made.frame.astype(object).mask(mask),
        mask,
        {column.name: (column.decimals,) * len(mask) for column in made.columns},  # type: ignore[misc]
        made.columns,
        dimensions=made.broken_down_by(),
        total=made.total,
    )


SEXES = table(
    "sexes",
    {"unit": ["A", "A", "B", "B"], "sex": ["men", "women"] * 2, "n": [14, 20, 3, 27]},
    *ident("unit", "sex"),
    count("n"),
)
UNITS = table("units", {"unit": ["A", "B", "total"], "n": [34, 30, 64]}, *ident("unit"), count("n"))


def flows(came: Sequence[int], went: Sequence[int], *, declared: bool = True) -> Table:
    """The stock at the end of each month, with those who came and went in it."""
    stock = (40 + np.cumsum(np.array(came) - np.array(went))).tolist()
    more: dict[str, Any] = {
        "sums": {"in the month": [("before", "came"), ("stock", "went")]},
        "follows": {"before": "stock"},
    }
    return table(
        "flows",
        {
            "month": [str(month) for month in range(len(came))],
            "stock": stock,
            "before": [np.nan, *stock[:-1]],
            "came": list(came),
            "went": list(went),
        },
        *ident("month"),
        count("stock", "stock"),
        count("before", "stock before", show=False),
        count("came", "came", persons=False),
        count("went", "went", persons=False),
        **(more if declared else {}),
    )
