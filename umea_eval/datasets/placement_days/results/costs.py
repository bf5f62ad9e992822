"""What do the days cost, who is paid, and why does the cost change?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.placement_days import measures
from umea_eval.datasets.placement_days.results.register import TOTAL, UNKNOWN, Choices
from umea_eval.datasets.placement_days.results.sums import levels, ordered, summed

LEVELS = (("kind",), ("kind", "home"))


def providers(table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Purchased against own care: days and kronor of the two years by who provides it.

    ``year``, ``provider`` (``purchased``, ``state``, ``own``, ``unknown``, ``total``),
    ``children``, ``days``, ``known_days`` and ``share`` of those, ``cost``, and the largest. Days
    of a provider that is not told are nobody's: they are in no share.
    """
    own = table[table["year"].isin(choices.years)]
    own = own.assign(provider=own["provider"].fillna(UNKNOWN))
    rows = pd.concat([own, own.assign(provider=TOTAL)], ignore_index=True)
    made = summed(rows, ["year", "provider"], ("days", "cost"))
    known = own[own["provider"] != UNKNOWN].groupby("year")["days"].sum()
    made["known_days"] = made["year"].map(known).astype("float64")
    apart = made["provider"].isin([UNKNOWN, TOTAL])
    base = made["known_days"].where((made["known_days"] > 0) & ~apart)
    made["share"] = made["days"] / base
    order = {code: at for at, code in enumerate(("purchased", "state", "own", UNKNOWN, TOTAL))}
    made["_at"] = made["provider"].map(order)
    return made.sort_values(["year", "_at"]).drop(columns="_at").reset_index(drop=True)


def costs_by_kind(table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Kronor of the two years by group and kind: ``cost``, ``priced_days`` and ``price`` a day."""
    made = summed(levels(table, choices), ["year", "group", "kind"], ("cost", "priced_days"))
    base = made["priced_days"].where(made["priced_days"] > 0)
    return ordered(made.assign(price=made["cost"] / base), choices)


def cost_split(table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """The change of the cost from the year before: volume, mix and price at two levels of detail.

    ``level`` (``kind``, ``kind_home``), ``part`` (the three and ``total``), ``value`` (kronor),
    ``relative`` (of the cost of the year before) and ``children`` in care in either year. Empty
    where one of the years has no priced days or its first month is not in the data.
    """
    names = ["level", "part", "value", "relative", "children"]
    before, year = choices.years
    own = table[table["year"].isin(choices.years) & (table["priced_days"] > 0)]
    if not {before, year} <= set(own["year"]):
        return pd.DataFrame(columns=names)
    split = measures.cost_change(own, reference=before, comparison=year, levels=LEVELS)
    children = own["person"].nunique()
    made = []
    for level, part in split.groupby("level", sort=False):
        code = str(level).replace(" × ", "_")
        base = float(part["before"].iloc[0])
        factors = part["factor"].tolist()
        values = [float(value) for value in part["value"]]
        for factor, value in (*zip(factors, values, strict=True), (TOTAL, sum(values))):
            made.append((code, factor, value, value / base if base else np.nan, children))
    return pd.DataFrame(made, columns=names)


def costs_by_month(table: pd.DataFrame) -> pd.DataFrame:
    """Kronor by month with the children behind them.

    ``year``, ``month`` (a date), ``cost``, ``days``, ``priced_days``, ``children``, the largest.
    """
    return summed(table, ["year", "month"], ("cost", "days", "priced_days"))
