"""A change of record system: many spells end and as many start on one day."""

from __future__ import annotations

import numpy as np
import pandas as pd

# A fifth of all that is running, and at least twenty: no ordinary first of the month does that.
SHARE = 0.2  # assumption
LEAST = 20  # assumption


def register_breaks(
    starts: pd.Series, ends: pd.Series, *, share: float = SHARE, least: int = LEAST
) -> pd.DataFrame:
    """Days on which at least ``share`` of the running spells end, and as many start.

    ``starts`` and ``ends`` are dates, both days included; a missing end is an open spell. A spell
    counts as ended by day d when its last day is d or the day before. One row per day with
    ``date``, ``running`` (the day before), ``ended`` and ``started``, in the order of days. Such
    ends and starts are no exits and no re-entries (see the definitions of spells).
    """
    first = starts.to_numpy(dtype="datetime64[D]")
    last = ends.to_numpy(dtype="datetime64[D]")
    known = ~np.isnat(first)
    first, last = first[known], last[known]
    days, started = np.unique(first, return_counts=True)
    begun = np.searchsorted(np.sort(first), days)  # before the day
    closed = np.sort(last[~np.isnat(last)])
    gone = np.searchsorted(closed, days - 1)  # before the day before
    ended = np.searchsorted(closed, days, side="right") - gone
    running = begun - gone
    enough = np.maximum(least, share * running)
    found = (np.minimum(ended, started) >= enough) & (running > 0)
    return pd.DataFrame(
        {
            "date": days[found].astype("datetime64[us]"),
            "running": running[found],
            "ended": ended[found],
            "started": started[found],
        }
    )
