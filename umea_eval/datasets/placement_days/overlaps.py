"""The same child in two placements on the same day: how many days, and which placements."""

from __future__ import annotations

from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.errors import UserError

Counting = Literal["both", "first_only"]
Days = NDArray[np.int64]
MISSING = np.iinfo(np.int64).min  # as NaT is kept
# Whole-number division is several times faster than a change of the unit.
_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def counted_days(placements: pd.DataFrame, *, counting: Counting, until: date) -> tuple[Days, Days]:
    """Each placement's first day and the first day that no longer counts, as days since 1970.

    ``placements`` has ``starts`` and ``ends`` (missing while the placement is open).
    ``counting="both"`` counts the first and the last day, ``"first_only"`` all but the last
    (nights). Nothing after ``until`` (the extraction date, itself counted) counts; an open
    placement counts every day up to it. Raises UserError for a placement without a start or that
    ends before it starts.
    """
    starts, ends = dates(placements["starts"]), dates(placements["ends"])
    return count_days(starts, ends, counting=counting, until=until)


def count_days(
    starts: NDArray[np.datetime64],
    ends: NDArray[np.datetime64],
    *,
    counting: Counting,
    until: date,
) -> tuple[Days, Days]:
    """As ``counted_days``, for arrays of dates of any unit."""
    after = int(np.datetime64(until, "D").astype(np.int64)) + 1
    first, stop = day_numbers(starts), day_numbers(ends)
    if len(first) and first.min() == MISSING:
        raise UserError("placement_days.measures.no_start")
    running = stop == MISSING
    np.copyto(stop, after - int(counting == "both"), where=running)
    wrong = stop < first
    if bool(wrong.any()) and bool((wrong & ~running).any()):  # an open one may lie in the future
        raise UserError("placement_days.measures.ends_before_start")
    if counting == "both":
        stop += 1
    return np.minimum(first, after, out=first), np.minimum(stop, after, out=stop)


def dates(column: pd.Series) -> NDArray[np.datetime64]:
    """A column of dates in any form that pandas knows, as they are kept."""
    values: NDArray[np.datetime64] = pd.to_datetime(column).to_numpy()
    return values


def day_numbers(values: NDArray[np.datetime64]) -> Days:
    """Days since 1970, ``MISSING`` where there is no date; an array of its own."""
    unit, count = np.datetime_data(values.dtype)
    if unit not in _PER_DAY:
        return values.astype("datetime64[D]").astype(np.int64)
    numbers: Days = values.view(np.int64) // (_PER_DAY[unit] // count)
    np.copyto(numbers, MISSING, where=np.isnat(values))
    return numbers


def overlap_days(placements: pd.DataFrame, *, counting: Counting, until: date) -> pd.DataFrame:
    """How many days each child has in more than one placement at once.

    Returns one row per child with counted days, in the order of ``person``: ``person``, ``days``
    (summed over the placements, as in ``days_per_month``), ``distinct_days`` (each calendar day
    once) and ``overlap_days``, their difference. Under ``both`` a move on one day makes one overlap
    day; under ``first_only`` it makes none.

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
    >>> until = pd.Timestamp("2023-03-31").date()
    >>> measures.overlap_days(
    ...     placements, counting="both", until=until
    ... )  # the day of the move counts twice
      person  days  distinct_days  overlap_days
    0      a    62             61             1
    1      b    28             28             0
    """
    first, stop = counted_days(placements, counting=counting, until=until)
    codes, names = _children(placements)
    used = stop > first
    first, stop, codes = first[used], stop[used], codes[used]
    points = np.concatenate([first, stop])
    child = np.concatenate([codes, codes])
    change = np.repeat(np.array([1, -1]), len(first))
    order = np.lexsort((points, child))
    points, child, running = points[order], child[order], np.cumsum(change[order])
    # Nobody is in care where one child's points end: the gap to the next child is not counted.
    gap = np.append(np.diff(points), 0)
    gap[running == 0] = 0
    size = len(names)
    days = np.bincount(child, weights=running * gap, minlength=size).round().astype(np.int64)
    distinct = np.bincount(child, weights=gap, minlength=size).round().astype(np.int64)
    frame = pd.DataFrame(
        {"person": names, "days": days, "distinct_days": distinct, "overlap_days": days - distinct}
    )
    return frame[frame["days"] > 0].reset_index(drop=True)


def overlapping(placements: pd.DataFrame, *, until: date) -> NDArray[np.bool_]:
    """Which placements begin while an earlier one of the same child still runs (in nights).

    Of two that begin on the same day it is the later row. A move on one day is no overlap.
    """
    first, stop = counted_days(placements, counting="first_only", until=until)
    codes, _ = _children(placements)
    result = np.zeros(len(first), dtype=bool)
    used = np.flatnonzero(stop > first)
    if not len(used):
        return result
    order = used[np.lexsort((first[used], codes[used]))]
    low = int(first.min())
    span = int(stop.max()) - low + 1
    begins = codes[order] * span + (first[order] - low)
    # The latest stop of the child's earlier placements: another child's lies below every start.
    latest = np.maximum.accumulate(codes[order] * span + (stop[order] - low))
    result[order[1:]] = latest[:-1] > begins[1:]
    return result


def same_day_moves(placements: pd.DataFrame) -> NDArray[np.bool_]:
    """Which placements begin on the day on which another one of the same child ends.

    Under ``both`` that day counts twice.
    """
    starts, ends = pd.to_datetime(placements["starts"]), pd.to_datetime(placements["ends"])
    codes, _ = _children(placements)
    first = starts.to_numpy(dtype="datetime64[D]")
    last = ends.to_numpy(dtype="datetime64[D]")
    known = ~np.isnat(last)
    # One number per child and day.
    day_one = first.astype(np.int64)
    day_last = np.where(known, last, first).astype(np.int64)
    low = int(min(day_one.min(), day_last.min())) if len(first) else 0
    span = int(max(day_one.max(), day_last.max())) - low + 1 if len(first) else 1
    begin, end = codes * span + (day_one - low), codes * span + (day_last - low)
    closed = np.sort(end[known])
    there = np.searchsorted(closed, begin, "right") - np.searchsorted(closed, begin, "left")
    own = known & (begin == end)
    result: NDArray[np.bool_] = there - own > 0
    return result


def _children(placements: pd.DataFrame) -> tuple[NDArray[np.int64], pd.Index]:
    person = placements["person"]
    if bool(person.isna().any()):
        raise UserError("placement_days.measures.no_person")
    codes, names = pd.factorize(person.astype("object"), sort=True)
    return codes.astype(np.int64), pd.Index(names)
