"""What stands in the way of self-support?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures.obstacles import UNRECORDED
from umea_eval.datasets.forsorjningsstod.results.register import TOTAL


def obstacles_in(months: pd.DataFrame, year: int) -> pd.DataFrame:
    """Person-months of a year by group of obstacle, the largest first, with all of them last.

    ``months`` is from ``measures.obstacle_months``. ``group``, ``persons`` (person-months),
    ``of_recorded`` (those with a recorded obstacle; missing for groups that are none) and ``share``
    of them.
    """
    own = months[months["month"].dt.year == year]
    counted = own["group"].astype(object).value_counts(sort=False)
    table = pd.DataFrame({"group": counted.index, "persons": counted.to_numpy(dtype=np.int64)})
    table = table[table["persons"] > 0].sort_values(["persons", "group"], ascending=[False, True])
    outside = table["group"].isin(UNRECORDED)
    recorded = int(table.loc[~outside, "persons"].sum())
    table["of_recorded"] = pd.Series(recorded, table.index, dtype="Int64").mask(outside)
    total = pd.DataFrame({"group": [TOTAL], "persons": [int(table["persons"].sum())]})
    whole = pd.concat([table, total.assign(of_recorded=pd.array([pd.NA], "Int64"))])
    share = whole["persons"].astype(float) / whole["of_recorded"].astype("Float64")
    return whole.assign(share=share).reset_index(drop=True)
