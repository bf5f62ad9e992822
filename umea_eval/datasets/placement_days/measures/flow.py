"""Starts, exits and stock by month: how many come, go, and are in care."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from umea_eval.datasets.placement_days.measures.days import group_codes, month_starts
from umea_eval.datasets.placement_days.overlaps import MISSING, dates, day_numbers


def flow_per_month(
    stays: pd.DataFrame, *, since: date, until: date, by: Sequence[str] = ()
) -> pd.DataFrame:
    """Starts, exits and stock of placements or episodes, per month and group.

    ``stays`` has ``starts``, ``ends`` (missing while open) and the columns in ``by``: placements
    (``join_breaks`` first, or a change of record system counts as exits and starts), or
    ``care_episodes``. An exit belongs to the month of its last day. ``since`` and ``until`` (both
    included) are the first and the last day of data; stays that run before ``since`` are stock and
    no starts. Every group has a row for every month, the last one up to ``until``.

    Returns the columns in ``by``, ``month``, ``starts``, ``exits`` and ``stock`` (in care when the
    month ends), so that each month's stock is the one before plus starts less exits.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> import pandas as pd
    >>> placements = pd.DataFrame(
    ...     {
    ...         "person": ["a", "a", "b"],
    ...         "home": ["h1", "h2", "h3"],
    ...         "kind": ["emergency", "family", "hvb"],
    ...         "starts": pd.to_datetime(["2023-01-30", "2023-02-10", "2023-02-01"]),
    ...         "ends": pd.to_datetime(["2023-02-10", None, "2023-02-28"]),
    ...         "end_reason": ["planned", None, "absconded"],
    ...     }
    ... )
    >>> measures.flow_per_month(
    ...     placements,
    ...     since=pd.Timestamp("2023-01-01").date(),
    ...     until=pd.Timestamp("2023-03-31").date(),
    ... )[["starts", "exits", "stock"]]
       starts  exits  stock
    0       1      0      1
    1       2      2      1
    2       0      0      1
    """
    first, last = day_numbers(dates(stays["starts"])), day_numbers(dates(stays["ends"]))
    low, high = (int(np.datetime64(day, "D").astype(np.int64)) for day in (since, until))
    gone = (last != MISSING) & (last < low)
    used = (first <= high) & ~gone
    part = stays[used]
    first, last = first[used], last[used]
    codes, keys = group_codes(part, by)
    months = month_starts(low, high + 1)[:-1]
    bounds = months.astype("datetime64[D]").astype(np.int64)
    groups, size = len(keys), len(months)

    def counted(days: np.ndarray, rows: np.ndarray) -> np.ndarray:
        place = np.searchsorted(bounds, days[rows], side="right") - 1
        cells = codes[rows] * size + place
        return np.bincount(cells, minlength=groups * size).reshape(groups, size)

    starts = counted(first, first >= low)
    exits = counted(last, (last != MISSING) & (last <= high))
    initial = np.bincount(codes[first < low], minlength=groups)[:, None]
    stock = initial + np.cumsum(starts - exits, axis=1)
    table = keys.iloc[np.repeat(np.arange(groups), size)].reset_index(drop=True)
    return table.assign(
        month=np.tile(months.astype("datetime64[s]"), groups),
        starts=starts.ravel(),
        exits=exits.ravel(),
        stock=stock.ravel(),
    )[[*by, "month", "starts", "exits", "stock"]]
