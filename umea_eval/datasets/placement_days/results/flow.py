"""Who comes into care, moves within it and leaves it?"""

from __future__ import annotations

import pandas as pd

from umea_eval.datasets.placement_days import measures
from umea_eval.datasets.placement_days.results.register import TOTAL, Choices, Register
from umea_eval.datasets.placement_days.schema import KINDS


def flow(found: Register) -> pd.DataFrame:
    """Children who come into care, leave it and are in care, by month (episodes of care).

    ``month`` (text), ``starts``, ``exits``, ``stock`` (when the month ends).
    """
    columns = ["month", "starts", "exits", "stock"]
    end = (found.last + pd.offsets.MonthEnd(0)).date()
    if found.empty or end < found.since:
        return pd.DataFrame(columns=columns).astype(dict.fromkeys(columns[1:], "int64"))
    episodes = measures.care_episodes(found.placements)
    table = measures.flow_per_month(episodes, since=found.since, until=end)
    return table.assign(month=table["month"].dt.strftime("%Y-%m"))[columns]


def new_and_moved(found: Register, choices: Choices) -> pd.DataFrame:
    """Nyplaceringar and omplaceringar of the two years by kind that the child came to, and all.

    A kind without either in both years has no row.
    """
    table = measures.new_and_moved(found.placements)
    table = table[table["year"].isin(choices.years) & (table["year"] >= found.since.year)]
    rows = table.assign(kind=table["kind"].astype("object"))
    total = rows.groupby("year")[["new", "moved"]].sum().reset_index().assign(kind=TOTAL)
    made = pd.concat([rows, total[rows.columns]], ignore_index=True)
    order = {kind: place for place, kind in enumerate((*KINDS, TOTAL))}
    made = made.sort_values(
        ["year", "kind"], key=lambda col: col.map(order) if col.name == "kind" else col
    )
    return made.reset_index(drop=True).astype({"new": "int64", "moved": "int64"})
