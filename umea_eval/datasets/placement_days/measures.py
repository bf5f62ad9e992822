"""Days of placement per month, without one row per day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.errors import UserError

Counting = Literal["both", "first_only"]


def days_per_month(
    placements: pd.DataFrame,
    *,
    counting: Counting,
    until: date,
    by: Sequence[str] = (),
) -> pd.DataFrame:
    """Days of placement per calendar month and group.

    ``placements`` has ``starts`` and ``ends`` (dates; ``ends`` missing while the placement is open)
    and the columns in ``by``. ``counting="both"`` counts the first and the last day,
    ``"first_only"`` all but the last (nights). Days after ``until`` (the extraction date, itself
    counted) are left out; an open placement counts every day up to it.

    Returns one row per group and month with days: the columns in ``by``, ``month`` (its first day)
    and ``days``, in order. Raises UserError for a placement without a start or that ends before it
    starts. Case X02.
    """
    starts = pd.to_datetime(placements["starts"])
    ends = pd.to_datetime(placements["ends"])
    if bool(starts.isna().any()):
        raise UserError("placement_days.measures.no_start")
    if bool((ends < starts).any()):
        raise UserError("placement_days.measures.ends_before_start")
    columns = [*by, "month", "days"]
    after = np.datetime64(until, "D").astype(np.int64) + 1
    first = starts.to_numpy(dtype="datetime64[D]").astype(np.int64)
    last = ends.to_numpy(dtype="datetime64[D]").astype(np.int64)
    # The first day that no longer counts.
    stop = np.where(ends.isna().to_numpy(), after, last + int(counting == "both")).astype(np.int64)
    first, stop = np.minimum(first, after), np.minimum(stop, after)
    if not len(first) or not bool((stop > first).any()):
        return placements.head(0).assign(month=starts.head(0), days=0)[columns]
    if by:
        groups = placements.groupby(list(by), sort=True, observed=True, dropna=False)
        codes = groups.ngroup().to_numpy().astype(np.int64)
        keys = groups.head(1).assign(_code=groups.ngroup()).sort_values("_code")[list(by)]
    else:
        codes, keys = np.zeros(len(first), dtype=np.int64), pd.DataFrame(index=[0])
    months = np.arange(
        first.min().astype("datetime64[D]").astype("datetime64[M]"),
        (stop.max() - 1).astype("datetime64[D]").astype("datetime64[M]") + 2,
    )
    bounds = months.astype("datetime64[D]").astype(np.int64)
    before = _days_before(first, codes, bounds, len(keys)) - _days_before(
        stop, codes, bounds, len(keys)
    )
    days = np.diff(before, axis=1)
    group, month = np.nonzero(days)
    table = keys.iloc[group].reset_index(drop=True)
    return table.assign(
        month=months[month].astype("datetime64[s]"), days=days[group, month].astype(np.int64)
    )[columns]


def _days_before(
    points: NDArray[np.int64],
    codes: NDArray[np.int64],
    bounds: NDArray[np.int64],
    groups: int,
) -> NDArray[np.int64]:
    """For each group and bound: the days from every point to the bound, added up.

    The days of placements before a bound are those from their starts less those from their stops,
    so months follow from cumulated counts and sums, whatever the number of days.
    """
    place = np.searchsorted(bounds, points, side="right")
    shape = (groups, len(bounds) + 1)
    cell = np.ravel_multi_index((codes, place), shape)
    counts = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    # Counted from the first bound, so that the sums stay exact in floating point.
    offsets = (points - bounds[0]).astype(np.float64)
    sums = np.bincount(cell, weights=offsets, minlength=shape[0] * shape[1]).reshape(shape)
    reached = counts.cumsum(axis=1)[:, :-1]
    added = sums.cumsum(axis=1)[:, :-1].round().astype(np.int64)
    result: NDArray[np.int64] = reached * (bounds - bounds[0]) - added
    return result
