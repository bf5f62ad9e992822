"""Units (households or persons) by month, as one sorted array of whole numbers.

Every unit-month is ``unit * width + month``. The width exceeds the months of the data by a margin
that is larger than any gap or window asked for, so the distance between two neighbours answers
every question: within a unit it is the number of months between them, and between two units it is
always longer than what is asked. One sort, then comparisons (or no sort: see ``read_unit_months``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.errors import UserError

Unit = Literal["household", "person"]
Month = Any
"""Anything that names a month: "2023-01", a date, a timestamp (the day is ignored)."""
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# A table of all possible unit-months costs one byte each; up to so many per row it is cheaper than
# sorting, and smaller than the rows themselves (16 bytes or more).
_TABLE_PER_ROW = 8
# Rows are read in pieces that stay in the processor's cache.
_PIECE = 1 << 16
_DAY = np.dtype("datetime64[D]")
_NEVER = np.iinfo(np.int64).min  # NaT as a number


@dataclass(frozen=True)
class UnitMonths:
    """Distinct unit-months, by unit (in the order of names) and month.

    ``first`` and ``last`` are the first and last month of data, as months since January 1970.
    """

    unit: Unit
    keys: Ints
    width: int
    first: int
    last: int
    names: Any

    def __len__(self) -> int:
        return len(self.keys)

    def units(self, keys: Ints) -> Ints:
        """The number of the unit of each key."""
        return keys // self.width

    def months(self, keys: Ints) -> Ints:
        """The month of each key, as months since January 1970."""
        return keys % self.width + self.first

    def named(self, units: Ints) -> pd.Series[Any]:
        """The units' names, in the type that they came in."""
        return pd.Series(self.names.take(units), name=self.unit)

    def begins(self, gap: int) -> Bools:
        """Where a unit comes for the first time or after ``gap`` or more months without."""
        return self._compare(1, np.greater, gap, otherwise=True)

    def reached(self, least: int, window: int) -> Bools:
        """Where the unit has had ``least`` months among the latest ``window``, this one included.

        With distinct months in order that is so when the ``least``-th latest lies in the window.
        """
        return self._compare(least - 1, np.less, window, otherwise=False)

    def _compare(self, back: int, how: np.ufunc, limit: int, *, otherwise: bool) -> Bools:
        """Compare the distance of each key from the one ``back`` places before with a limit."""
        answer = np.full(len(self.keys), otherwise)
        buffer = np.empty(_PIECE, dtype=np.int64)
        for start in range(back, len(self.keys), _PIECE):
            stop = min(start + _PIECE, len(self.keys))
            distance = buffer[: stop - start]
            np.subtract(self.keys[start:stop], self.keys[start - back : stop - back], out=distance)
            how(distance, limit, out=answer[start:stop])
        return answer


def read_unit_months(
    frame: pd.DataFrame,
    unit: Unit,
    *,
    first: Month | None = None,
    last: Month | None = None,
    margin: int,
) -> UnitMonths:
    """The distinct unit-months of a frame with the columns ``unit`` and ``month``.

    ``first`` and ``last`` are the first and last month that data cover (both included; the
    frame's own where they are not given); rows outside are left out. ``margin`` is the longest gap
    or window that will be asked for. Raises UserError for a missing column, unit or month and for
    a first month after the last.
    """
    codes, names = unit_codes(frame, unit)
    reader = MonthReader.of(frame, "month")
    begin = reader.first if first is None else ordinal(first)
    end = reader.last if last is None else ordinal(last)
    if begin is None or end is None:  # no rows and no period
        return UnitMonths(unit, np.zeros(0, dtype=np.int64), margin + 1, 0, -1, names)
    if end < begin:
        raise UserError("forsorjningsstod.measures.period")
    width = end - begin + 1 + margin
    whole = reader.first is not None and reader.last is not None
    inside = whole and begin <= reader.first and reader.last <= end  # type: ignore[operator]
    size = len(names) * width
    if size <= _TABLE_PER_ROW * max(len(codes), _PIECE):
        present = np.zeros(size, dtype=bool)
        for piece, months in reader.pieces():
            keys = _keys(codes[piece], months, begin, end, width, inside=inside)
            present[keys] = True
        return UnitMonths(unit, np.flatnonzero(present), width, begin, end, names)
    keys = np.empty(len(codes), dtype=np.int64)
    filled = 0
    for piece, months in reader.pieces():
        part = _keys(codes[piece], months, begin, end, width, inside=inside)
        keys[filled : filled + len(part)] = part
        filled += len(part)
    keys = keys[:filled]
    keys.sort()
    new = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    return UnitMonths(unit, keys if new.all() else keys[new], width, begin, end, names)


def _keys(
    codes: NDArray[Any], months: Ints, begin: int, end: int, width: int, *, inside: bool
) -> Ints:
    keys = codes * np.int64(width) + (months - begin)
    if inside:
        return keys
    return keys[(months >= begin) & (months <= end)]


def unit_codes(frame: pd.DataFrame, name: str) -> tuple[NDArray[Any], Any]:
    """The number of each row's unit, and the units' names in sorted order.

    The numbers may be int32. A categorical keeps its type; its categories may come in any order.
    Raises UserError for a missing column or a missing value.
    """
    series = required(frame, name)
    if isinstance(series.dtype, pd.CategoricalDtype):
        categories, codes = series.cat.categories, series.cat.codes.to_numpy()
        _refuse_missing(bool(len(codes)) and int(codes.min()) < 0)
        order = np.argsort(categories.to_numpy(dtype=object), kind="stable")
        names = pd.Categorical.from_codes(order, dtype=series.dtype)
        if (order == np.arange(len(order))).all():
            return codes, names
        rank = np.empty(len(order), dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return rank[codes], names
    if series.dtype.kind in "iu" and isinstance(series.dtype, np.dtype) and len(series):
        values = series.to_numpy()
        low, high = int(values.min()), int(values.max())
        # Running numbers are their own codes.
        if high - low < 2 * len(values) and high <= np.iinfo(np.int64).max:
            numbers = values.astype(np.int64, copy=False)
            running = np.arange(low, high + 1).astype(values.dtype)
            return numbers if low == 0 else numbers - low, running
    codes, distinct = pd.factorize(series, sort=True)
    _refuse_missing(bool(len(codes)) and int(codes.min()) < 0)
    return codes, distinct


@dataclass(frozen=True)
class MonthReader:
    """A column of dates, read as months since January 1970 without turning each date over.

    Calendar arithmetic is done once for each day between the first and the last, not once a row.
    """

    values: NDArray[np.datetime64]
    first_day: int
    table: Ints

    @classmethod
    def of(cls, frame: pd.DataFrame, name: str) -> MonthReader:
        """Read a column; UserError where it is missing, as a whole or in a row."""
        series = required(frame, name)
        known = isinstance(series.dtype, np.dtype) and series.dtype.kind == "M"
        values = series.to_numpy() if known else pd.to_datetime(series).to_numpy("datetime64[us]")
        if not len(values):
            return cls(values, 0, np.zeros(0, dtype=np.int64))
        # NaT is the smallest of all numbers, so one look finds it.
        _refuse_missing(int(values.view(np.int64).min()) == _NEVER)
        low, high = values.min().astype(_DAY), values.max().astype(_DAY)
        table = np.arange(low, high + np.timedelta64(1, "D")).astype("datetime64[M]")
        return cls(values, int(low.astype(np.int64)), table.astype(np.int64))

    @property
    def first(self) -> int | None:
        """The first month."""
        return int(self.table[0]) if len(self.table) else None

    @property
    def last(self) -> int | None:
        """The last month."""
        return int(self.table[-1]) if len(self.table) else None

    def months(self, piece: slice = slice(None)) -> Ints:
        """The months of some rows."""
        days = self.values[piece].astype(_DAY).view(np.int64)
        return self.table[days - self.first_day]

    def pieces(self) -> Iterator[tuple[slice, Ints]]:
        """All rows, piece by piece."""
        for start in range(0, len(self.values), _PIECE):
            piece = slice(start, start + _PIECE)
            yield piece, self.months(piece)


def required(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    """A column; UserError where the frame has none of that name."""
    if name not in frame.columns:
        raise UserError("forsorjningsstod.measures.no_column", column=name)
    return frame[name]


def ordinal(month: Month) -> int:
    """A month as months since January 1970; UserError for what is no month."""
    try:
        stamp = pd.Timestamp(month)
    except (ValueError, TypeError):
        raise UserError("forsorjningsstod.measures.month", month=str(month)) from None
    if pd.isna(stamp):
        raise UserError("forsorjningsstod.measures.month", month=str(month))
    return int((stamp.year - 1970) * 12 + stamp.month - 1)


def first_days(ordinals: Ints) -> pd.Series[pd.Timestamp]:
    """Months since January 1970 as the first day of each month."""
    if not len(ordinals):
        return pd.Series(dtype="datetime64[us]")
    low, high = int(ordinals.min()), int(ordinals.max())
    # Each month once, not each row.
    days = np.arange(low, high + 1).astype("datetime64[M]").astype("datetime64[us]")
    return pd.Series(days[ordinals - low])


def _refuse_missing(missing: bool) -> None:
    if missing:
        raise UserError("forsorjningsstod.measures.missing")


def month_column(frame: pd.DataFrame, name: str) -> Ints:
    """A column of dates as months since January 1970; UserError where one is missing."""
    return MonthReader.of(frame, name).months()


def unit_places(names: Any, frame: pd.DataFrame, unit: Unit) -> Ints:
    """The place among ``names`` of each row's unit; -1 where it is not among them."""
    known = pd.Index(np.asarray(names, dtype=object))
    places: Ints = known.get_indexer(required(frame, unit).to_numpy(dtype=object)).astype(np.int64)
    return places
