"""How much hangs on how a day is counted, and how is a series read across a change of it?"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from umea_eval.datasets.placement_days import measures
from umea_eval.datasets.placement_days.measures import Counting
from umea_eval.datasets.placement_days.results.register import (
    COUNTINGS,
    Choices,
    Register,
    counted_since,
    days_of,
    ran_within,
)
from umea_eval.methods.series_bridge import series_bridge


def counting_rules(found: Register, choices: Choices) -> pd.DataFrame:
    """The year's days under either rule, joined across a change of system or not.

    ``counting``, ``joined`` (yes, no), ``days``, ``distinct_days`` (each child's calendar day
    once), ``overlap_days``, ``children`` and ``overlapping`` (children with such days), with the
    largest. How much hangs on the definition of a day. ``ratio`` with ``lower`` and ``upper``: the
    days over those of the report's own rule, joined (missing in that row itself), for the same
    children: what a series needs to be read across a change of rule or system
    (`methods.series_bridge`). ``own``: the days of that row, with the largest. ``cost`` (kronor,
    with the largest) and ``cost_ratio`` with ``cost_lower`` and ``cost_upper`` likewise, over
    ``own_cost``.
    """
    low, high = days_of(found, choices.year)
    rows: list[dict[str, object]] = []
    by_child: dict[tuple[str, str], pd.Series[int]] = {}
    cost_by_child: dict[tuple[str, str], pd.Series[float]] = {}
    for counting in COUNTINGS:
        for joined, placements in (("yes", found.placements), ("no", found.unjoined)):
            own = counted_since(placements[ran_within(placements, low, high)], low.date())
            days = measures.overlap_days(own, counting=counting, until=high.date())
            row: dict[str, object] = {"counting": counting, "joined": joined}
            for name in ("days", "distinct_days", "overlap_days"):
                largest = days[name].sort_values(ascending=False).tolist()
                row[name] = int(days[name].sum())
                row[f"{name}_1"] = float(sum(largest[:1]))
                row[f"{name}_2"] = float(sum(largest[1:2]))
            row["children"] = len(days)
            row["overlapping"] = int((days["overlap_days"] > 0).sum())
            rows.append(row)
            by_child[counting, joined] = days.set_index("person")["days"]
            cost = _cost_of(own, found, counting, until=high.date())
            largest = cost.sort_values(ascending=False).tolist()
            row |= {"cost": sum(largest), "cost_1": sum(largest[:1]), "cost_2": sum(largest[1:2])}
            cost_by_child[counting, joined] = cost.round()
    own_way = (choices.counting, "yes")
    chosen = next(row for row in rows if (row["counting"], row["joined"]) == own_way)
    whole = {f"own{end}": chosen[f"days{end}"] for end in ("", "_1", "_2")}
    whole |= {f"own_cost{end}": chosen[f"cost{end}"] for end in ("", "_1", "_2")}
    made = []
    for row, way in zip(rows, by_child, strict=True):
        known = way != own_way
        bridge = _bridge(by_child[way], by_child[own_way], known=known)
        cost_bridge = _bridge(cost_by_child[way], cost_by_child[own_way], known=known)
        made.append(
            row | whole | bridge | {f"cost_{name}": each for name, each in cost_bridge.items()}
        )
    return pd.DataFrame(made)


def _cost_of(
    rows: pd.DataFrame, found: Register, counting: Counting, *, until: date
) -> pd.Series[float]:
    """Kronor of each child."""
    table = measures.costs_per_month(
        rows, found.prices, counting=counting, until=until, by=["person"]
    )
    cost: pd.Series[float] = table.groupby(table["person"].astype("object"))["cost"].sum()
    return cost


def _bridge(new: pd.Series[Any], old: pd.Series[Any], *, known: bool) -> dict[str, float]:
    """The ratio of two ways of counting the same children's days, with limits."""
    row = dict.fromkeys(("ratio", "lower", "upper"), np.nan)
    if not known or old.sum() == 0:
        return row
    both = pd.concat({"new": new, "old": old}, axis=1).fillna(0).rename_axis("child").reset_index()
    found = series_bridge(both, "new", "old", unit="child").table.iloc[0]
    return {"ratio": found["value"], "lower": found["lower"], "upper": found["upper"]}
