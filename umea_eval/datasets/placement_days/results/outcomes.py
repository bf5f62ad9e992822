"""Are children moved, placed again, or is their placement broken off?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from umea_eval.datasets.placement_days import measures
from umea_eval.datasets.placement_days.results.register import (
    SEXES,
    SHORTER,
    TOTAL,
    Choices,
    Register,
    days_of,
    rows_of,
    sex_of,
)
from umea_eval.datasets.placement_days.schema import UNPLANNED

# Days between two homes of the same care: the day after, or within a week.
GAPS = (1, 7)
READ_AT = (6, 12, 24)


def moves(found: Register, choices: Choices) -> pd.DataFrame:
    """Omplaceringar per year in care, in the year: ``sex``, ``moves``, ``days``, ``rate``, limits.

    And ``children`` who moved of ``children_in_care``.
    """
    low, high = days_of(found, choices.year)
    rows = found.placements.assign(sex=sex_of(found.placements))
    rows = rows if low <= high else rows.head(0)
    tables = []
    for by in (("sex",), ()):
        table = measures.moves(rows, since=low.date(), until=high.date(), by=by)
        tables.append(table if by else table.assign(sex=TOTAL))
    made = pd.concat(tables, ignore_index=True)
    made = rows_of(made, "sex", (*SEXES, TOTAL))
    made = made.rename(columns={"numerator": "moves", "denominator": "days", "value": "rate"})
    names = ["sex", "moves", "days", "rate", "lower", "upper", "children", "children_in_care"]
    counts = ["moves", "days", "children", "children_in_care"]
    made[counts] = made[counts].fillna(0).astype("int64")
    return made[names].astype({"rate": float, "lower": float, "upper": float})


def placed_again(found: Register, choices: Choices) -> pd.DataFrame:
    """Återplacering within the chosen months and within twelve, by sex.

    ``sex``, ``within``, ``returns`` (home), ``again``, ``value`` with limits, ``chosen``. For
    disclosure control: what the returns are (``returns_of``).
    """
    rows = found.placements.assign(sex=sex_of(found.placements))
    made = [
        again_within(found, rows, within, GAPS[0]).assign(within=within)
        for within in sorted({SHORTER, choices.within})
    ]
    table = pd.concat(made, ignore_index=True)
    names = ["sex", "within", "returns", "again", "value", "lower", "upper", "chosen", "returns_of"]
    table = table.assign(chosen=table["within"] == choices.within)
    return _named(table, "returns", "within", "returns home")[names]


def breakdowns(found: Register) -> pd.DataFrame:
    """Sammanbrott: the share of placements that have ended unplanned, by sex and months.

    ``sex``, ``months``, ``placements``, ``unplanned``, ``value`` with limits, ``no_reason``. For
    disclosure control: what the two are (``placements_of``, ``no_reason_of``).
    """
    table = breakdowns_at(found, UNPLANNED, READ_AT)
    table = _named(table, "placements", "months", "placements followed")
    return _named(table, "no_reason", "months", "ends without a reason")


def _named(rows: pd.DataFrame, name: str, limit: str, measure: str) -> pd.DataFrame:
    """With what is counted in ``name``: one number where it is the same for all of ``limit``."""
    alike = rows.groupby("sex")[name].transform("nunique") == 1
    named = measure + (" " + rows[limit].astype("str")).mask(alike, "")
    return rows.assign(**{f"{name}_of": named.astype("object")})


def again_within(found: Register, rows: pd.DataFrame, within: int, gap: int) -> pd.DataFrame:
    tables = []
    for by in ("sex", None):
        table = measures.placed_again(
            rows,
            until=found.until,
            since=found.since,
            within_months=within,
            gap_days=gap,
            by="person_sex" if by and "person_sex" in rows else None,
        )
        if by:
            if "person_sex" not in table:
                continue
            tables.append(table.rename(columns={"person_sex": "sex"}))
        else:
            tables.append(table.assign(sex=TOTAL))
    made = rows_of(pd.concat(tables, ignore_index=True), "sex", (*SEXES, TOTAL))
    made = made.rename(columns={"numerator": "again", "denominator": "returns"})
    made[["again", "returns"]] = made[["again", "returns"]].fillna(0).astype("int64")
    values = made[["value", "lower", "upper"]].astype("float64")
    return made[["sex", "returns", "again"]].join(values)


def breakdowns_at(
    found: Register, reasons: Sequence[str], at_months: Sequence[float]
) -> pd.DataFrame:
    rows = found.placements.assign(sex=sex_of(found.placements))
    tables = []
    for sex in (*SEXES, TOTAL):
        own = rows if sex == TOTAL else rows[rows["sex"] == sex]
        table = measures.breakdowns(
            own, until=found.until, since=found.since, unplanned=reasons, at_months=at_months
        )
        tables.append(table.assign(sex=sex))
    made = pd.concat(tables, ignore_index=True)
    made = made.rename(columns={"numerator": "unplanned", "denominator": "placements"})
    names = ["sex", "months", "placements", "unplanned", "value", "lower", "upper", "no_reason"]
    whole = ["months", "placements", "unplanned", "no_reason"]
    made[whole] = made[whole].fillna(0).astype("int64")
    return made[names].astype({"value": float, "lower": float, "upper": float})
