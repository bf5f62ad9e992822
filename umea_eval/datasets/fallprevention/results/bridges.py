"""What do two ways of counting give of the same months, to read series across a change?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures.selection import FALLS, chosen, exposure
from umea_eval.datasets.fallprevention.results.register import Register
from umea_eval.methods.series_bridge import series_bridge


def bridges(found: Register) -> pd.DataFrame:
    """The window counted another way, over the report's own way, for the same homes.

    ``way``: "places" (resident-days as places times days instead of presence, in home-months where
    both are known) and "reported" (falls by the month of the report instead of that of the event,
    in months of the window for which data hold the month before: a report is taken to come at most
    a month late; reports without its date are in neither). ``counted`` (days, falls), ``months``
    (text: first and last), ``other`` and ``own``, ``homes`` counted, ``ratio`` with ``lower`` and
    ``upper`` (`methods.series_bridge`), ``chosen`` (False: the report's own way is 1). No row where
    the report's own way counts nothing.

    Nothing bridges the change of record system: no report is in both systems.
    """
    rows = []
    for way, counted, both in (
        ("places", "days", _presence_and_places(found)),
        ("reported", "falls", _happened_and_reported(found)),
    ):
        if not both["own"].sum() > 0:
            continue
        made = series_bridge(both, "other", "own", unit="unit").table.iloc[0]
        span = f"{both['month'].min()}–{both['month'].max()}"
        counts = (both["other"].sum(), both["own"].sum(), made["units"])
        limits = (made["value"], made["lower"], made["upper"])
        rows.append((way, counted, span, *(int(each) for each in counts), *limits))
    names = ["way", "counted", "months", "other", "own", "homes", "ratio", "lower", "upper"]
    table = pd.DataFrame(rows, columns=names)
    return table.astype(dict.fromkeys(names[6:], np.float64)).assign(chosen=False)


def _presence_and_places(found: Register) -> pd.DataFrame:
    time = exposure(found.days, months=found.window, basis="presence")
    places = time["places"].to_numpy(dtype="float64", na_value=np.nan)
    days = pd.PeriodIndex(time["month"], freq="M").days_in_month
    both = pd.DataFrame(
        {
            "unit": time["unit"].astype("object"),
            "month": time["month"].astype("object"),
            "own": time["resident_days"].to_numpy(dtype="float64").round(),
            "other": (places * days).round(),
        }
    )
    return both[both["other"] > 0].reset_index(drop=True)


def _happened_and_reported(found: Register) -> pd.DataFrame:
    """Falls of each home and month by the two dates."""
    falls = chosen(found.deviations, kinds=FALLS)
    falls = falls[falls["reported_on"].notna()]
    known = [*falls["month"].astype(str), *exposure(found.days)["month"].astype(str)]
    names = ["unit", "month", "own", "other"]
    if not known:
        return pd.DataFrame(columns=names)
    first = max(str(pd.Period(min(known), "M") + 1), found.window[0])
    by_report = pd.to_datetime(falls["reported_on"]).dt.to_period("M").astype(str)
    counts = {}
    for name, month in (("own", falls["month"].astype(str)), ("other", by_report)):
        inside = (month >= first) & (month <= found.window[1])
        keys = [falls.loc[inside, "unit"].astype("object"), month[inside].rename("month")]
        counts[name] = falls[inside].groupby(keys).size()
    table = pd.DataFrame(counts).fillna(0).rename_axis(["unit", "month"]).reset_index()
    return table[names] if len(table) else pd.DataFrame(columns=names)
