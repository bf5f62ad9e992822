"""The course with its marks: what happened when, and why none of it can be called an effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from umea_eval.language import Language, text


@dataclass(frozen=True)
class Mark:
    """Something that happened in a month; ``name`` is its word in the catalogue."""

    month: date
    name: str
    source: str


# Measures began in the autumn and orders fell from September to December 2023; the board decided in
# December; the record system was changed in February 2024.
MARKS = (
    Mark(date(2023, 9, 1), "measures", "IFN verksamhetsrapport 2023, r. 1354–1361"),
    Mark(date(2023, 12, 1), "decision", "IFN verksamhetsrapport 2023, r. 1354–1361"),
    Mark(date(2024, 2, 1), "record_system", "IFN: nytt verksamhetssystem februari 2024"),
)
# What else could lie behind a change in the autumn of 2023; the words stand in the catalogue.
EXPLANATIONS = ("measurement", "starts", "season", "agreements", "few_months", "record_system")


def marks(language: Language, given: Sequence[Mark] = MARKS) -> pd.DataFrame:
    """The marks as a table: ``month``, ``name``, ``label`` and ``source``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> measures.marks("en")["name"].tolist()
    ['measures', 'decision', 'record_system']
    """
    return pd.DataFrame(
        {
            "month": pd.to_datetime([mark.month for mark in given]),
            "name": [mark.name for mark in given],
            "label": [text(f"placement_days.mark.{mark.name}", language) for mark in given],
            "source": [mark.source for mark in given],
        }
    )


def explanations(language: Language) -> list[str]:
    """The competing explanations of the course, one sentence each.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> len(measures.explanations("en")) > 1
    True
    """
    return [text(f"placement_days.explanation.{name}", language) for name in EXPLANATIONS]


def course(table: pd.DataFrame, given: Sequence[Mark] = MARKS) -> pd.DataFrame:
    """A table of months (``month`` and whatever is measured) with ``mark``, the month's name.

    Missing where nothing is marked. A mark says what happened that month and nothing more: no
    effect is identified in the published course (too few months after, the record system changed,
    and the measurement with it).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"month": pd.to_datetime(["2023-08-01", "2023-09-01"]), "days": [100, 90]}
    ... )
    >>> measures.course(table)["mark"].notna().tolist()
    [False, True]
    """
    names = {pd.Timestamp(mark.month.replace(day=1)): mark.name for mark in given}
    months = pd.to_datetime(table["month"]).dt.to_period("M").dt.to_timestamp()
    return table.assign(mark=months.map(names).astype("str"))
