"""How do the homes differ from each other?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures import silent_units, unit_chart, unit_funnel
from umea_eval.datasets.fallprevention.measures.selection import exposure, unit_places
from umea_eval.datasets.fallprevention.results.register import Choices, Register, as_one, counted


def homes(found: Register, choices: Choices) -> pd.DataFrame:
    """How many homes there are in the window: one row.

    ``units``, ``small`` (below ``unit_places``, or of unknown size) and ``silent`` (no report).
    """
    time = exposure(found.days, months=found.window)
    silent = silent_units(found.deviations, found.days, months=found.window)
    small = _small_units(found, choices)
    units = set(time["unit"].astype("object"))
    counts = (len(units), len(units & small), len(silent))
    return pd.DataFrame([counts], columns=["units", "small", "silent"])


def units(found: Register, choices: Choices, *, small: str) -> pd.DataFrame:
    """The window's falls of each home against funnel limits around the rate of all.

    Homes below ``choices.unit_places`` are one row that is called ``small``. They are left out
    where that row would be of one home only, or of fewer places than that by itself.
    ``unit``, ``events``, ``days``, ``value`` (per 1 000), ``centre``, ``lower`` and ``upper`` (99.8
    per cent), ``lower_inner`` and ``upper_inner`` (95 per cent), ``outside`` ("high", "low",
    "inside"). Without limits where there are no falls, or one row only.
    """
    names = ["unit", "events", "days", "value", "centre", "lower", "upper"]
    deviations, days = _pooled(found, choices, small)
    table, funnel = unit_funnel(deviations, days)
    table = table.rename(columns={"numerator": "events", "denominator": "days"})
    table = table.assign(centre=np.nan if funnel is None else funnel.target)
    for name in ("lower_inner", "upper_inner"):
        if name not in table:
            table[name] = np.nan
    table["outside"] = table["outside"].astype("object").replace("", "inside")
    return table[[*names, "lower_inner", "upper_inner", "outside"]]


def unit_charts(found: Register, choices: Choices, *, small: str) -> pd.DataFrame:
    """What a chart of each home can say: ``unit``, ``grain`` and ``reading``.

    ``grain``: "month" or "quarter" where enough falls are expected in each, else "too_few".
    ``reading``: "steady", "signal", or "too_short" for limits that last.
    """
    deviations, days = _pooled(found, choices, small)
    rows = []
    for unit in sorted(set(exposure(days)["unit"].astype("object"))):
        own = unit_chart(deviations, days, unit)
        if own.chart is None or own.grain not in ("month", "quarter"):
            rows.append((unit, "too_few", "too_short"))
            continue
        moved = bool((own.chart.table["signal"] != "").any()) or own.chart.runs.signal
        reading = "signal" if moved else "steady"
        rows.append((unit, own.grain, "too_short" if own.chart.provisional else reading))
    return pd.DataFrame(rows, columns=["unit", "grain", "reading"]).astype("str")


def _small_units(found: Register, choices: Choices) -> set[object]:
    places = unit_places(found.days)
    small = ~(places["places"] >= choices.unit_places) & (choices.unit_places > 0)
    return set(places.loc[small, "unit"])


def _pooled(found: Register, choices: Choices, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The reports and days of the window, with the homes that are too small as one."""
    deviations, days = counted(found, found.window)
    small = _small_units(found, choices)
    few, inside = days["unit"].isin(small), deviations["unit"].isin(small)
    rest = days[~few].assign(month=pd.to_datetime(days.loc[~few, "month"] + "-01"))
    sizes = days[few].groupby("unit")["places"].max()
    if len(sizes) < 2 or not sizes.sum() >= choices.unit_places:
        return deviations[~inside], rest
    together, pooled = as_one(deviations, days[few], inside, name)
    return together, pd.concat([rest, pooled], ignore_index=True)
