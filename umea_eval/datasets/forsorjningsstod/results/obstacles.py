"""What stands in the way of self-support, in the year and over time?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures.obstacles import GROUPS, LIST_YEARS, UNRECORDED
from umea_eval.datasets.forsorjningsstod.results.register import TOTAL


def obstacles_in(months: pd.DataFrame, year: int) -> pd.DataFrame:
    """Person-months of a year by group of obstacle, in the order of the code list, and of all last.

    An order by size would tell of numbers that are suppressed.

    ``months`` is from ``measures.obstacle_months``. ``group``, ``persons`` (person-months),
    ``of_recorded`` (those with a recorded obstacle; missing for groups that are none) and ``share``
    of them.
    """
    return _groups(months[months["month"].dt.year == year])


def obstacles_over_time(months: pd.DataFrame, year: int) -> pd.DataFrame:
    """The groups of ``obstacles_in`` quarter by quarter, in the year and the year before.

    ``year`` and ``quarter`` (text 2023:1) and the columns of ``obstacles_in``; the groups stand in
    the same order in every quarter. The year before is left out where another list of codes held
    then: its groups are not the same.
    """
    lists = np.searchsorted(LIST_YEARS, [year - 1, year], side="right")
    years = [year] if lists[0] != lists[1] else [year - 1, year]
    own = months[months["month"].dt.year.isin(years)]
    made = []
    for quarter, part in own.groupby(own["month"].dt.to_period("Q"), sort=True):
        label = f"{quarter.year}:{quarter.quarter}"
        made.append(_groups(part).assign(year=str(quarter.year), quarter=label))
    names = ["year", "quarter", "group", "persons", "of_recorded", "share"]
    return pd.concat(made, ignore_index=True)[names] if made else pd.DataFrame(columns=names)


def _groups(own: pd.DataFrame) -> pd.DataFrame:
    counted = own["group"].astype(object).value_counts(sort=False)
    table = pd.DataFrame({"group": counted.index, "persons": counted.to_numpy(dtype=np.int64)})
    place = {group: at for at, group in enumerate(GROUPS)}
    at = table["group"].map(place).fillna(len(place))
    table = table.assign(_at=at).sort_values(["_at", "group"]).drop(columns="_at")
    table = table[table["persons"] > 0]
    outside = table["group"].isin(UNRECORDED)
    recorded = int(table.loc[~outside, "persons"].sum())
    table["of_recorded"] = pd.Series(recorded, table.index, dtype="Int64").mask(outside)
    total = pd.DataFrame({"group": [TOTAL], "persons": [int(table["persons"].sum())]})
    whole = pd.concat([table, total.assign(of_recorded=pd.array([pd.NA], "Int64"))])
    share = whole["persons"].astype(float) / whole["of_recorded"].astype("Float64")
    return whole.assign(share=share).reset_index(drop=True)
