"""Ekonomiskt bistånd by month in Socialstyrelsen's table: what is published, and what is not.

The table has two of three categories of birth country. Nothing here adds them up: their sum is not
all households, and neither is the sum of municipalities, since a household may be counted in two.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from umea_eval.datasets.official_statistics.schema import MISSING, PUBLISHED, SUPPRESSED
from umea_eval.language import Language, text

BIRTHS = ("native", "one_foreign")
# The last month before a known break in the series, by municipality. Umeå's rise from January to
# February 2017 is a reporting artefact, not a change in the number of households.
BREAK_AFTER = {"2480": "2017-01"}


def month_name(month: str, language: Language) -> str:
    """Write 2017-08 as "augusti 2017"."""
    key = f"official_statistics.month_long.m{month[5:]}"
    return text(key, language, year=month[:4])


def monthly_table(households: pd.DataFrame, municipalities: Sequence[str]) -> pd.DataFrame:
    """One row per municipality and birth country, one pair of columns per month.

    ``2017-01`` … hold the households (missing when not published), ``2017-01 suppressed`` … are
    true where Socialstyrelsen withholds the number. Municipalities in the order of their codes,
    no totals.
    """
    chosen = households[households["municipality_code"].isin(list(municipalities))]
    keys = ["municipality_code", "municipality", "birth"]
    wide = chosen.pivot_table(
        index=keys,
        columns="month",
        values="households",
        aggfunc="first",
        dropna=False,
        observed=True,
    )
    withheld = (
        chosen.assign(withheld=chosen["status"] == SUPPRESSED)
        .pivot_table(index=keys, columns="month", values="withheld", aggfunc="first", observed=True)
        .astype(bool)
    )
    withheld.columns = [f"{month} suppressed" for month in withheld.columns]
    table = wide.join(withheld, how="right").reset_index()
    order = {birth: place for place, birth in enumerate(BIRTHS)}
    return table.sort_values(
        ["municipality_code", "birth"],
        key=lambda column: column.map(order) if column.name == "birth" else column,
        ignore_index=True,
    )


def course(households: pd.DataFrame, municipality: str) -> pd.DataFrame:
    """One municipality month by month: ``month``, ``birth``, ``households``, ``suppressed``.

    ``before_break`` is true up to the last month before a known break in the series.
    """
    chosen = households[households["municipality_code"] == municipality]
    chosen = chosen.sort_values(["birth", "month"], ascending=[False, True], ignore_index=True)
    last = BREAK_AFTER.get(municipality, "")
    return pd.DataFrame(
        {
            "month": chosen["month"],
            "birth": chosen["birth"],
            "households": chosen["households"],
            "suppressed": chosen["status"] == SUPPRESSED,
            "before_break": chosen["month"] <= last,
        }
    )


def availability(households: pd.DataFrame, municipalities: Sequence[str]) -> pd.DataFrame:
    """What each cell is: ``municipality_code``, its name, ``birth``, ``month`` and ``status``."""
    chosen = households[households["municipality_code"].isin(list(municipalities))]
    columns = ["municipality_code", "municipality", "birth", "month", "status"]
    return chosen.sort_values(["municipality_code", "birth", "month"], ignore_index=True)[columns]


def cell_counts(availability: pd.DataFrame) -> dict[str, int]:
    """How many cells are published, suppressed and missing."""
    counts = availability["status"].value_counts()
    found = {status: int(counts.get(status, 0)) for status in (PUBLISHED, SUPPRESSED, MISSING)}
    return {"cells": len(availability), **found}


def cells_by_status(availability: pd.DataFrame) -> pd.DataFrame:
    """The account of the cells by birth country: published, suppressed, missing, and all."""
    counts = pd.crosstab(availability["birth"], availability["status"]).reindex(
        index=list(BIRTHS), columns=[PUBLISHED, SUPPRESSED, MISSING], fill_value=0
    )
    table = counts.assign(cells=counts.sum(axis=1)).reset_index()
    table.columns.name = None
    return table.astype({name: "int64[pyarrow]" for name in table.columns if name != "birth"})


def latest(course: pd.DataFrame, language: Language) -> dict[str, object]:
    """The last month of ``course``: its number for each category, missing when not published."""
    month = course["month"].max()
    last = course[course["month"] == month].set_index("birth")["households"]
    return {
        "month": month_name(str(month), language),
        **{birth: None if pd.isna(last.get(birth)) else int(last[birth]) for birth in BIRTHS},
    }


def across_break(course: pd.DataFrame, language: Language) -> dict[str, object]:
    """The two months on either side of the break, or nothing when there is none."""
    before = course[course["before_break"]]
    if before.empty or bool(course["before_break"].all()):
        return {}
    after = course[~course["before_break"]]
    sides = {"before": before["month"].max(), "after": after["month"].min()}
    values: dict[str, object] = {side: month_name(month, language) for side, month in sides.items()}
    for side, month in sides.items():
        row = course[course["month"] == month].set_index("birth")["households"]
        for birth in BIRTHS:
            values[f"{birth}_{side}"] = None if pd.isna(row.get(birth)) else int(row[birth])
    return values
