"""Days of placement per month, without one row per day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.datasets.placement_days.overlaps import Counting, count_days, dates

Numbers = NDArray[np.int64]
Dates = NDArray[np.datetime64]
# Above so many groups and days together, months are counted instead of days (128 MB).
MOST_CELLS = 16_000_000
ROWS_AT_A_TIME = 1 << 16


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
    >>> measures.days_per_month(placements, counting="both", until=until)
           month  days
    0 2023-01-01     2
    1 2023-02-01    57
    2 2023-03-01    31
    """
    columns = [*by, "month", "days"]
    stays = dates(placements["starts"]), dates(placements["ends"])
    low, high = _span(*stays, until)
    if high <= low:
        count_days(*stays, counting=counting, until=until)  # refuses what cannot be counted
        none = pd.to_datetime(placements["starts"].head(0))
        return placements.head(0).assign(month=none, days=0)[columns]
    codes, keys = group_codes(placements, by)
    months = month_starts(low, high)
    bounds = months.astype("datetime64[D]").astype(np.int64)
    low, span = int(bounds[0]), int(bounds[-1] - bounds[0]) + 1
    if len(keys) * span <= MOST_CELLS:
        count = partial(count_days, counting=counting, until=until)
        change = _changes(stays, codes * span - low, len(keys) * span, count)
        running = change.reshape(len(keys), span).cumsum(axis=1)
        days = np.add.reduceat(running, bounds[:-1] - bounds[0], axis=1)
    else:
        first, stop = count_days(*stays, counting=counting, until=until)
        before = _days_before(first, codes, bounds, len(keys))
        before -= _days_before(stop, codes, bounds, len(keys))
        days = np.diff(before, axis=1).round().astype(np.int64)
    group, month = np.nonzero(days)
    table = keys.iloc[group].reset_index(drop=True)
    return table.assign(
        month=months[month].astype("datetime64[s]"), days=days[group, month].astype(np.int64)
    )[columns]


def _span(starts: Dates, ends: Dates, until: date) -> tuple[int, int]:
    """The first day of all, and the day after the last that can count."""
    after = int(np.datetime64(until, "D").astype(np.int64)) + 1
    if not len(starts):
        return after, after
    # NaT is the lowest of all numbers.
    earliest = starts.view(np.int64).min().view(starts.dtype)
    latest, lowest = (ends.view(np.int64).max(), ends.view(np.int64).min())
    if np.isnat(earliest):
        return after, after
    low = int(earliest.astype("datetime64[D]").astype(np.int64))
    if np.isnat(lowest.view(ends.dtype)):
        return low, after
    return low, min(
        int(latest.view(ends.dtype).astype("datetime64[D]").astype(np.int64)) + 1, after
    )


def grouped(table: pd.DataFrame, grouping: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """A table of days by ``kind`` as one of ``schema.GROUPINGS`` (``papers``, say) adds them up.

    Every column of counts (whole numbers and amounts) is summed; the others stay. A group may hold
    another (family homes, of which with consultants), so groups are not to be added together.
    Returns ``group`` in place of ``kind``, in the order of the grouping.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> import pandas as pd
    >>> days = pd.DataFrame({"kind": ["hvb", "sis", "family"], "days": [16000, 808, 30000]})
    >>> from umea_eval.datasets.placement_days.schema import GROUPINGS
    >>> measures.grouped(days, GROUPINGS["papers"])
                         group   days
    0             family_homes      0
    1  consultant_family_homes      0
    2              residential  16808
    """
    counts = [name for name in table if pd.api.types.is_numeric_dtype(table[name])]
    labels = [name for name in table if name not in ("kind", *counts)]
    parts = []
    for group, kinds in grouping.items():
        own = table[table["kind"].isin(kinds)]
        summed = (
            own.groupby(labels, observed=True, dropna=False)[counts].sum().reset_index()
            if labels
            else own[counts].sum().to_frame().T.astype(own[counts].dtypes)
        )
        summed.insert(0, "group", group)
        parts.append(summed)
    return pd.concat(parts, ignore_index=True)


def group_codes(frame: pd.DataFrame, by: Sequence[str]) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """The group of each row, and a row of labels per group; missing is a group of its own."""
    if not by:
        return np.zeros(len(frame), dtype=np.intp), pd.DataFrame(index=[0])
    if len(by) == 1 and isinstance(frame[by[0]].dtype, pd.CategoricalDtype):
        return _category_codes(frame, by[0])
    groups = frame.groupby(list(by), sort=True, observed=True, dropna=False)
    codes = groups.ngroup().to_numpy().astype(np.intp)
    # The first row of each group: written from the last row to the first.
    at = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.intp)
    at[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes, frame.iloc[at][list(by)]


def _category_codes(frame: pd.DataFrame, name: str) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """As they are: a category without rows has no days and falls out in the end."""
    values = frame[name].cat
    codes = values.codes.to_numpy().astype(np.intp)
    dtype = pd.CategoricalDtype(values.categories, ordered=values.ordered)
    known = pd.Categorical([*values.categories, None], dtype=dtype)
    # Missing comes last, as in a group-by.
    codes[codes < 0] = len(values.categories)
    return codes, pd.DataFrame({name: known})


def month_starts(low: int, high: int) -> NDArray[np.datetime64]:
    """The first days of the months from day ``low`` to the day before ``high``, and the next."""
    first, last = (
        int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64))
        for day in (low, high - 1)
    )
    months: Dates = np.arange(first, last + 2).astype("datetime64[M]")
    return months


def _changes(
    stays: tuple[Dates, Dates],
    offsets: NDArray[np.intp],
    cells: int,
    count: Callable[[Dates, Dates], tuple[Numbers, Numbers]],
) -> Numbers:
    """How many placements more than the day before, for each of ``cells`` (group and day).

    ``offsets`` plus a day's number is its cell. Some rows at a time: what is made of them stays
    near the processor, and takes little memory.
    """
    change = np.zeros(cells, dtype=np.int64)
    for begin in range(0, len(offsets), ROWS_AT_A_TIME):
        rows = slice(begin, begin + ROWS_AT_A_TIME)
        first, stop = count(stays[0][rows], stays[1][rows])
        first += offsets[rows]
        stop += offsets[rows]
        change += np.bincount(first, minlength=cells)
        change -= np.bincount(stop, minlength=cells)
    return change


def _days_before(
    points: Numbers,
    codes: NDArray[np.intp],
    bounds: Numbers,
    groups: int,
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """For each group and bound: the days from every point to the bound, added up.

    The days of placements before a bound are those from their starts less those from their stops,
    so months follow from cumulated counts and sums, whatever the number of days.
    """
    place = np.searchsorted(bounds, points, side="right")
    shape = (groups, len(bounds) + 1)
    cell = np.ravel_multi_index((codes, place), shape)
    size = shape[0] * shape[1]
    counts = np.bincount(cell, weights=weights, minlength=size).reshape(shape)
    # Counted from the first bound, so that the sums stay exact in floating point.
    offsets = (points - bounds[0]).astype(np.float64)
    weighed = offsets if weights is None else offsets * weights
    sums = np.bincount(cell, weights=weighed, minlength=size).reshape(shape)
    reached, added = counts.cumsum(axis=1)[:, :-1], sums.cumsum(axis=1)[:, :-1]
    result: NDArray[np.float64] = reached * (bounds - bounds[0]) - added
    return result


def weighted_per_month(
    stays: tuple[Numbers, Numbers],
    codes: NDArray[np.intp],
    groups: int,
    months: Dates,
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Days times weight (kronor a day) per group and month, for stays from first to before stop."""
    bounds = months.astype("datetime64[D]").astype(np.int64)
    before = _days_before(stays[0], codes, bounds, groups, weights)
    return np.diff(before - _days_before(stays[1], codes, bounds, groups, weights), axis=1)
