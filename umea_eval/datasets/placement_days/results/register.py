"""What does the evaluation look at: whose placements, which days, by which rules?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from umea_eval.datasets.placement_days import measures
from umea_eval.datasets.placement_days.measures import Counting
from umea_eval.intake.codes import MEN, WOMEN

TOTAL = "total"
OTHER = "other"
UNKNOWN = "unknown"
SEXES = (WOMEN, MEN)
COUNTINGS: tuple[Counting, ...] = ("both", "first_only")
AGES: Mapping[str, tuple[str, ...]] = {
    "children_and_young": ("child", "young"),
    "children": ("child",),
    "young": ("young",),
    "adults": ("adult",),
}
# Twelve months is the variant of placements again (definitions of the field: 24).
SHORTER = 12


@dataclass(frozen=True)
class Choices:
    """The definitions that the evaluation has chosen, each a parameter of the notebook."""

    year: int
    counting: Counting = "both"
    ages: str = "children_and_young"
    grouping: str = "papers"
    since: date = date(2022, 1, 1)
    within: int = 24

    @property
    def years(self) -> tuple[int, int]:
        """The year before and the year, which the report puts beside each other."""
        return self.year - 1, self.year


@dataclass(frozen=True)
class Register:
    """The placements of one age group and the period that the export can tell of.

    ``placements`` are joined where a change of record system cut them; ``unjoined`` are as they
    stand in the export. ``until`` is the extraction date, ``since`` the first day of the data and
    ``last`` the first day of the last whole month.
    """

    placements: pd.DataFrame
    unjoined: pd.DataFrame
    prices: pd.DataFrame | None
    since: date
    until: date
    last: pd.Timestamp
    rows: int

    @property
    def empty(self) -> bool:
        """Whether there is nothing to evaluate."""
        return self.placements.empty

    @property
    def first(self) -> pd.Timestamp:
        """The first whole month."""
        start = pd.Timestamp(self.since)
        return start if start.day == 1 else start + pd.offsets.MonthBegin(1)


def register(
    tables: Mapping[str, pd.DataFrame], provenance: Mapping[str, object], choices: Choices
) -> Register:
    """The register of a cleaning: one age group, joined across changes of record system."""
    placements = tables["placements"]
    own = measures.select(placements, ages=AGES[choices.ages])
    found = provenance.get("register_breaks") or []
    breaks = [date.fromisoformat(str(each["date"])) for each in found]  # type: ignore[attr-defined]
    until = date.fromisoformat(str(provenance["until"]))
    after = pd.Timestamp(until) + pd.Timedelta(days=1)  # the extraction day itself counts
    return Register(
        placements=measures.join_breaks(own, breaks),
        unjoined=own,
        prices=tables.get("prices"),
        since=choices.since,
        until=until,
        last=after.to_period("M").start_time - pd.DateOffset(months=1),
        rows=len(placements),
    )


def daily(found: Register, counting: Counting) -> pd.DataFrame:
    """Days and kronor by month, child, kind, home, provider and ground, from ``since`` on.

    ``year``, ``month``, ``person``, ``sex``, ``kind``, ``home``, ``provider``, ``legal_group``,
    ``days``, ``priced_days`` and ``cost``; whole months only. What all tables of days are made of.
    """
    rows = counted_since(found.placements, found.since)
    by = ["person", "kind"]
    rows = rows.assign(sex=sex_of(rows))
    for name in ("sex", "home", "provider", "legal_group"):
        if name not in rows:
            rows[name] = pd.Series(None, index=rows.index, dtype="object")
        by.append(name)
    rows["home"] = rows["home"].astype("object")
    table = measures.costs_per_month(
        rows, found.prices, counting=counting, until=found.until, by=by
    )
    table = table[(table["month"] >= found.first) & (table["month"] <= found.last)]
    table = table.reset_index(drop=True)
    for name in by:
        table[name] = table[name].astype("object")
    return table.assign(year=table["month"].dt.year.astype("int64"))


def population(found: Register, choices: Choices) -> pd.DataFrame:
    """From clean rows to the placements of the year: ``step`` and ``placements``."""
    rows = found.placements
    running = ran_within(rows, *days_of(found, choices.year))
    steps = {
        "clean": found.rows,
        "other_ages": found.rows - len(found.unjoined),
        "selected": len(found.unjoined),
        "joined": len(found.unjoined) - len(rows),
        "placements": len(rows),
        "in_year": int(running.sum()),
    }
    return pd.DataFrame({"step": list(steps), "placements": list(steps.values())}).astype(
        {"placements": "int64"}
    )


def missing_values(placements: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """How many placements lack each of these columns: ``column``, ``missing``, ``rows``, ``share``.

    A column that the export does not have is missing in every row; a reason for the end is asked
    for only where there is an end.
    """
    made = []
    for name in names:
        rows = placements
        if name == "end_reason":
            rows = placements[placements["ends"].notna()]
        absent = int(rows[name].isna().sum()) if name in rows else len(rows)
        made.append((name, absent, len(rows)))
    found = pd.DataFrame(made, columns=["column", "missing", "rows"])
    return found.assign(share=found["missing"] / found["rows"].where(found["rows"] > 0))


def sex_of(rows: pd.DataFrame) -> pd.Series:
    if "person_sex" not in rows:
        return pd.Series(UNKNOWN, index=rows.index, dtype="object")
    return rows["person_sex"].astype("object").fillna(UNKNOWN)


def counted_since(placements: pd.DataFrame, since: date) -> pd.DataFrame:
    """Placements that ran on ``since`` or later, counted from that day on."""
    low = pd.Timestamp(since)
    rows = placements[~(placements["ends"] < low)]
    return rows.assign(starts=rows["starts"].mask(rows["starts"] < low, low)).reset_index(drop=True)


def days_of(found: Register, year: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The first and the last day of the year in whole months of data; none: the last is first."""
    low = max(pd.Timestamp(year, 1, 1), found.first)
    return low, min(pd.Timestamp(year, 12, 31), found.last + pd.offsets.MonthEnd(0))


def ran_within(rows: pd.DataFrame, low: pd.Timestamp, high: pd.Timestamp) -> pd.Series:
    """Which placements ran at some time from ``low`` to ``high``; none if ``high`` is before."""
    return (rows["starts"] <= high) & ~(rows["ends"] < low) & (low <= high)


def rows_of(table: pd.DataFrame, column: str, codes: Sequence[str]) -> pd.DataFrame:
    """A row for each code, in their order; missing where the table has none."""
    kept = table.assign(**{column: table[column].astype("object")})
    return kept.set_index(column).reindex(list(codes)).reset_index()
