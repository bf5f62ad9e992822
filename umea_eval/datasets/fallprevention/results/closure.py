"""How long does it take to close a report?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures import time_to_closure
from umea_eval.datasets.fallprevention.measures.selection import REPORTS, chosen
from umea_eval.datasets.fallprevention.results.register import Choices, Register, Start
from umea_eval.methods.survival import in_groups, kaplan_meier

WEEK = 7
CURVE_DAYS = 182  # a curve of closure is drawn for half a year


def closure(found: Register, choices: Choices) -> pd.DataFrame:
    """The share of the window's reports that are closed in time, and how many are open.

    ``closed`` (in time), ``followed``, ``value``, ``lower``, ``upper`` (Kaplan-Meier), ``open``,
    ``overdue`` (open for longer), ``undated``, ``median`` days with the reports
    at it or beyond (``median_beyond``): one row, or none without reports.
    """
    table = time_in(found, choices.start, choices.closed_within)
    table = table.rename(columns={"numerator": "closed", "denominator": "followed"})
    names = ["closed", "followed", "value", "lower", "upper", "open", "overdue", "undated"]
    return table[[*names, "median", "median_beyond"]]


def closure_curve(found: Register, choices: Choices, *, least: int = 1) -> pd.DataFrame:
    """The share of the window's reports that are still open, week by week: for a figure.

    ``week`` since ``choices.start``, ``at_risk``, ``closed`` (since the row before), ``value``,
    ``lower``, ``upper`` at its end. It steps on groups of at least ``least`` closed reports.
    """
    names = ["week", "at_risk", "closed", "value", "lower", "upper"]
    frame = chosen(found.deviations, kinds=REPORTS, months=found.window)
    end = np.datetime64(found.until, "D")
    begun = pd.to_datetime(frame[choices.start]).to_numpy(dtype="datetime64[D]")
    closed = pd.to_datetime(frame["closed_on"]).to_numpy(dtype="datetime64[D]")
    closed = np.where(closed > end, np.datetime64("NaT"), closed)
    said = (frame["status"].astype("object") == "closed").to_numpy(dtype=bool)
    used = ~((said & np.isnat(closed)) | np.isnat(begun) | (begun > end))
    if not used.any():
        return pd.DataFrame(columns=names).astype("float64")
    at_once = np.isin(closed, np.array(found.closed_together, dtype="datetime64[D]"))
    stop = np.where(np.isnat(closed), end, closed)
    lasted = np.maximum((stop - begun).astype(np.float64), 0.0)[used]
    event = (~np.isnat(closed) & ~at_once)[used]
    longest = int(min(lasted.max(), CURVE_DAYS))
    at = list(range(WEEK, longest + 1, WEEK))
    if not at:
        return pd.DataFrame(columns=names).astype("float64")
    if least > 1:
        lasted, ends = in_groups(lasted, event, least=least, ends=at)
        at = [int(day) for day in ends]
    if not at:
        return pd.DataFrame(columns=names).astype("float64")
    table = kaplan_meier(pd.Series(lasted), pd.Series(event), at=[float(day) for day in at]).table
    within = [int((event & (lasted <= day)).sum()) for day in at]
    return pd.DataFrame(
        {
            "week": [day // WEEK for day in at],
            "at_risk": table["at_risk"].astype("int64").to_numpy(),
            "closed": np.diff(within, prepend=0),
            **{name: table[name].to_numpy() for name in ("value", "lower", "upper")},
        }
    )


def time_in(found: Register, start: Start, limit: int) -> pd.DataFrame:
    return time_to_closure(
        found.deviations,
        until=found.until,
        start=start,
        limit=limit,
        closed_together=found.closed_together,
        months=found.window,
    )
