"""How many days are there, in which homes, on which grounds and for whom?"""

from __future__ import annotations

import pandas as pd

from umea_eval.datasets.placement_days.results.register import (
    SEXES,
    TOTAL,
    UNKNOWN,
    Choices,
    Register,
)
from umea_eval.datasets.placement_days.results.sums import hierarchy, levels, ordered, summed
from umea_eval.datasets.placement_days.schema import LEGAL_GROUPS

# The youngest of each group: before school, school years, upper secondary school, grown up.
AGE_GROUPS = {
    "0_6": 0,
    "7_12": 7,
    "13_17": 13,
    "18_20": 18,
    "21_39": 21,
    "40_64": 40,
    "65_over": 65,
}


def days_by_kind(table: pd.DataFrame, other: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Days of the two years by group and kind under both rules of counting.

    ``table`` and ``other`` are ``daily`` under the chosen rule and under the other one. ``year``,
    ``group``, ``kind``, ``children``, ``days``, ``other_days`` and the largest of each.
    """
    keys = ["year", "group", "kind"]
    chosen = summed(levels(table, choices), keys, ("days",))
    second = summed(levels(other, choices), keys, ("days",))
    second = second.drop(columns="children").rename(columns=lambda name: _renamed(name, "days"))
    both = chosen.merge(second, on=keys, how="left").fillna({"other_days": 0})
    return ordered(both.fillna({"other_days_1": 0.0, "other_days_2": 0.0}), choices)


def days_by_sex(table: pd.DataFrame, choices: Choices, column: str = "group") -> pd.DataFrame:
    """Days of the year by ``column`` (``group`` of kinds, or ``legal_group``) and sex.

    ``total`` for all of either. ``year``, ``column``, ``sex``, ``children``, ``days`` and the
    largest. Every code that anybody has stands with every sex that anybody has: where a row is
    missing the reader has to know that it is nobody.
    """
    own = table[table["year"] == choices.year]
    groups = hierarchy(choices.grouping)
    group_of = {kind: name for name, kinds in groups.items() for kind in kinds}
    own = own.assign(group=own["kind"].map(group_of))
    own = own.assign(**{column: own[column].fillna(UNKNOWN)})
    rows = pd.concat(
        [
            own.assign(**{column: code or own[column], "sex": sex or own["sex"]})
            for code in (None, TOTAL)
            for sex in (None, TOTAL)
        ],
        ignore_index=True,
    )
    made = summed(rows, ["year", column, "sex"], ("days",))
    keys = pd.MultiIndex.from_product(
        [[choices.year], made[column].unique(), made["sex"].unique()], names=["year", column, "sex"]
    )
    made = made.set_index(keys.names).reindex(keys, fill_value=0).reset_index()
    codes = [*groups, *LEGAL_GROUPS, UNKNOWN, TOTAL]
    made = made.assign(
        _code=made[column].map({code: at for at, code in enumerate(codes)}),
        _sex=made["sex"].map({code: at for at, code in enumerate((*SEXES, UNKNOWN, TOTAL))}),
    )
    return (
        made.sort_values(["_code", "_sex"]).drop(columns=["_code", "_sex"]).reset_index(drop=True)
    )


def days_by_age(found: Register, table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Days of the year by the age that the person reaches in it.

    ``year``, ``age`` (a code of ``AGE_GROUPS``, unknown, or total), ``children``, ``days`` and the
    largest; no row for an age without anybody.
    """
    own = table[table["year"] == choices.year]
    rows = found.placements
    born = pd.Series(pd.NA, index=rows.index, dtype="Float64")
    if "person_birth_year" in rows:
        born = rows["person_birth_year"].astype("Float64")
    birth_year = born.groupby(rows["person"].astype("object")).first()
    years = choices.year - own["person"].map(birth_year).astype("float64")
    age = pd.Series(UNKNOWN, index=own.index, dtype="object")
    for code, least in AGE_GROUPS.items():
        age = age.mask(years >= least, code)
    both = pd.concat([own.assign(age=age), own.assign(age=TOTAL)], ignore_index=True)
    made = summed(both, ["year", "age"], ("days",))
    order = [*AGE_GROUPS, UNKNOWN, TOTAL]
    return made.sort_values("age", key=lambda codes: codes.map(order.index), ignore_index=True)


def days_by_month(table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Days by month and group (the outer groups of the grouping): for the course.

    ``year``, ``month`` (text), ``group``, ``children``, ``days`` and the largest; no row where
    there are none.
    """
    rows = levels(table, choices)
    rows = rows[(rows["kind"] == TOTAL) & (rows["group"] != TOTAL)]
    made = summed(
        rows.assign(month=rows["month"].dt.strftime("%Y-%m")), ["year", "month", "group"], ("days",)
    )
    order = list(hierarchy(choices.grouping))
    made = made.assign(_at=made["group"].map(order.index)) if len(made) else made.assign(_at=0)
    return made.sort_values(["month", "_at"]).drop(columns="_at").reset_index(drop=True)


def wide_course(released: pd.DataFrame, found: Register) -> pd.DataFrame:
    """The released ``days_by_month`` as one column per group, a row for every month: for a figure.

    A month without days in a group has none (0); what is withheld is missing.
    """
    months = pd.date_range(found.first, found.last, freq="MS").strftime("%Y-%m")
    made = pd.DataFrame({"month": months})
    for group in pd.unique(released["group"].dropna()):
        own = released[released["group"] == group].set_index("month")["days"].astype("Float64")
        known = own.reindex(months)
        known[~known.index.isin(own.index)] = 0
        made[str(group)] = known.to_numpy()
    return made


def _renamed(name: str, prefix: str) -> str:
    return f"other_{name}" if name.startswith(prefix) else name
