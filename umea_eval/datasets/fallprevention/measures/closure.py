"""How long reports stay open, against the rule of two months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures.selection import (
    REPORTS,
    Kind,
    Months,
    check_groups,
    chosen,
    no_rows,
    tidy,
)
from umea_eval.errors import UserError
from umea_eval.methods.survival import kaplan_meier

# "Två månader": two months in a row have 59 to 62 days, most often 61.
TWO_MONTHS = 61
TOO_SHORT = "not computed: nobody was followed for so long"
_MEDIAN = ("median", "median_lower", "median_upper", "median_beyond")
_MORE = ("open", "overdue", "undated", *_MEDIAN)


def time_to_closure(
    deviations: pd.DataFrame,
    *,
    until: dt.date,
    start: Literal["happened_on", "reported_on"] = "happened_on",
    limit: int = TWO_MONTHS,
    closed_together: Sequence[dt.date] = (),
    kinds: Sequence[Kind] = REPORTS,
    by: Sequence[str] = (),
    months: Months = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The share of reports closed within ``limit`` days of ``start``, open ones censored.

    Kaplan-Meier: a report that is open on ``until`` (the extraction date) is followed to that day.
    Reports closed on a day of ``closed_together`` (an office's doing: see the provenance of the
    cleaning) are followed to it and no further. ``undated`` reports are closed without a date, or
    have no ``start`` by ``until``: they are left out. ``start="happened_on"`` is there in every
    export; the rule may be meant to run from the report.

    One row per group: ``numerator`` closed in time, ``denominator`` reports followed, ``value`` and
    limits of the share; ``open`` on ``until``, of which ``overdue`` longer than ``limit``; and the
    ``median`` number of days with its limits (missing where half are never closed);
    ``median_beyond``, how many reports lie at it or beyond, on the side with fewer.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> import datetime as dt
    >>> deviations = ue.example("fallprevention", n=60)["deviations"]
    >>> closure = measures.time_to_closure(deviations, until=dt.date(2024, 1, 31))
    >>> bool((closure["numerator"] + closure["open"] <= closure["denominator"]).all())
    True
    """
    check_groups(by)
    if limit < 0:
        raise UserError("fallprevention.measures.limit")
    frame = chosen(deviations, kinds=kinds, months=months)
    end = np.datetime64(until, "D")
    begun = pd.to_datetime(frame[start]).to_numpy(dtype="datetime64[D]")
    closed = pd.to_datetime(frame["closed_on"]).to_numpy(dtype="datetime64[D]")
    said = (frame["status"].astype("object") == "closed").to_numpy(dtype=bool)
    undated = (said & np.isnat(closed)) | np.isnat(begun) | (begun > end)
    closed = np.where(closed > end, np.datetime64("NaT"), closed)
    at_once = np.isin(closed, np.array(list(closed_together), dtype="datetime64[D]"))
    stop = np.where(np.isnat(closed), end, closed)
    # Closed before it was reported: on the day.
    durations = np.maximum((stop - begun).astype(np.float64), 0.0)
    cases = (
        frame[list(by)]
        .astype("object")
        .assign(
            _all=0,
            days=durations,
            closed=~np.isnat(closed) & ~at_once,
            open=np.isnat(closed),
            undated=undated,
        )
    )
    if cases.empty:
        return no_rows(by, _MORE)
    rows = []
    for key, own in cases.groupby(["_all", *by], sort=True, dropna=False):
        rows.append(dict(zip(by, key[1:], strict=True)) | _one(own, limit, confidence))
    return tidy(pd.DataFrame(rows), by)


def _one(cases: pd.DataFrame, limit: int, confidence: float) -> dict[str, Any]:
    used = cases[~cases["undated"]]
    late = used["days"].to_numpy() > limit
    row: dict[str, Any] = {
        "numerator": float((used["closed"] & ~late).sum()),
        "denominator": float(len(used)),
        "value": np.nan,
        "lower": np.nan,
        "upper": np.nan,
        "confidence": confidence,
        "method": TOO_SHORT,
        "open": float(used["open"].sum()),
        "overdue": float((used["open"] & late).sum()),
        "undated": float(cases["undated"].sum()),
        **dict.fromkeys(_MEDIAN, np.nan),
    }
    if used.empty:
        return row
    longest = float(used["days"].max())
    last = bool(used.loc[used["days"] == longest, "closed"].all())
    curve = kaplan_meier(
        used["days"],
        used["closed"],
        at=[float(limit)] if limit <= longest or last else None,
        confidence=confidence,
    )
    median = curve.medians.iloc[0]
    row |= {
        "median": float(median["value"]),
        "median_lower": float(median["lower"]),
        "median_upper": float(median["upper"]),
        "median_beyond": float(median["value_beyond"]),
    }
    if curve.asked:
        found = curve.table.iloc[0]
        row |= {
            "value": 1 - float(found["value"]),
            "lower": 1 - float(found["upper"]),
            "upper": 1 - float(found["lower"]),
            "method": str(found["method"]),
        }
    return row
