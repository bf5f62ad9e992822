"""Benefit spells (biståndsperioder): which months of support hang together, and for how long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.datasets.forsorjningsstod.measures.unit_months import (
    Bools,
    Ints,
    Month,
    Unit,
    UnitMonths,
    first_days,
    month_column,
    ordinal,
    read_unit_months,
    unit_places,
)
from umea_eval.errors import UserError
from umea_eval.intake.register_breaks import LEAST, SHARE, register_breaks

# 10 of 12 months: långvarigt; 27 of 36: very long-term (definitions of ekonomiskt bistånd).
LONG_TERM = (10, 12)
VERY_LONG_TERM = (27, 36)
# A change of record system can swallow so many months of a household: as long as the longest gap
# that is reported.
BRIDGE = 3  # assumption
STARTS = ("seen", "running", "register_break")
ENDS = ("exit", "open", "register_break")


def spells(
    months: pd.DataFrame,
    *,
    gap: int,
    unit: Unit = "household",
    first: Month | None = None,
    last: Month | None = None,
    breaks: Sequence[Month] = (),
    bridge: int = BRIDGE,
    begun: pd.DataFrame | None = None,
    long_term: tuple[int, int] = LONG_TERM,
    very_long_term: tuple[int, int] = VERY_LONG_TERM,
) -> pd.DataFrame:
    """Join benefit months to spells by the gap rule, with delayed entry and censoring.

    ``months`` has one row per ``unit`` and ``month`` (dates; the day is ignored) with support; rows
    that repeat a month count once. ``first`` and ``last`` are the first and last month that the
    data cover, both included; without them those of the rows. A spell ends when ``gap`` or more
    months pass without support, so with ``gap=1`` it is a run of consecutive months. There is no
    default, as the choice decides the result (Bergmark & Bäckman 2008): report 1, 2 and 3.

    ``breaks`` are months (or days) from which on a new record system was used: the parts of a spell
    on both sides of one are joined when at most ``bridge`` months without support lie between them.
    What then still ends in the month before a break is censored, and what begins in its month has
    an unknown beginning: neither an exit nor a re-entry.

    ``begun`` tells when that which was running at the start of data had begun: ``unit``, ``began``
    and ``until`` (months; see ``begun_before``). It holds for a spell that begins less than
    ``gap`` months after ``until``.

    One row per spell, by unit and time:

    - ``unit``, ``first`` and ``last`` (first days of months, both with support),
      ``benefit_months`` (with support) and ``months`` (from first to last, both included);
      ``began``: ``first``, or earlier by ``begun``; missing where the beginning is not known;
    - ``start``: "seen", "running" (support within the first ``gap`` months of data, so it may have
      begun before) or "register_break"; ``end``: "exit" (``gap`` months without support are seen),
      "open" (at the end of data, or within ``gap`` months of it) or "register_break";
    - for ``methods.survival``: ``entry`` (months that had passed when data begin, at risk after
      it), ``duration`` (months from the beginning to the last of follow-up) and ``event`` (1 exit,
      0 censored). An open spell is followed to the last month in which its exit could be seen,
      ``gap`` months before the end of data. ``entry`` and ``duration`` are missing where there is
      nothing to follow: the beginning is not known, or it came after that month;
    - ``joined``: parts joined across a break; ``long_term`` and ``very_long_term``: whether in some
      month of the spell the unit had support in 10 of the latest 12, or 27 of 36, months
      (``long_term=(10, 12)`` and so on; months before the spell count).

    Raises UserError for ``gap`` below 1, an impossible window, a missing unit or month. Case X01.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> import pandas as pd
    >>> months = pd.DataFrame(
    ...     {
    ...         "household": ["A"] * 4 + ["B"] * 2,
    ...         "month": pd.to_datetime(
    ...             [
    ...                 "2023-01-01",
    ...                 "2023-02-01",
    ...                 "2023-04-01",
    ...                 "2023-05-01",
    ...                 "2023-03-01",
    ...                 "2023-04-01",
    ...             ]
    ...         ),
    ...     }
    ... )
    >>> [len(measures.spells(months, gap=gap, first="2023-01", last="2023-12")) for gap in (1, 2)]
    [3, 2]
    """
    check_gap(gap)
    for least, window in (long_term, very_long_term):
        check_window(least, window)
    margin = max(gap, bridge + 1, long_term[1], very_long_term[1])
    found = read_unit_months(months, unit, first=first, last=last, margin=margin)
    begins = found.begins(gap)
    changes = [month for month in map(ordinal, breaks) if found.first < month <= found.last]
    joins = _joins(found, begins, changes, bridge)
    begins &= ~joins
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(found)) - 1 if len(starts) else starts
    units = found.units(found.keys[starts])
    opened, closed = found.months(found.keys[starts]), found.months(found.keys[ends])
    start = (opened - found.first < gap).astype(np.int8)
    end = (found.last - closed < gap).astype(np.int8)
    for month in changes:
        start[opened == month] = 2
        end[closed == month - 1] = 2
    frame = pd.DataFrame(
        {
            unit: found.named(units),
            "first": first_days(opened),
            "last": first_days(closed),
            "benefit_months": ends - starts + 1,
            "months": closed - opened + 1,
            "start": pd.Categorical.from_codes(start, categories=pd.Index(STARTS)),
            "end": pd.Categorical.from_codes(end, categories=pd.Index(ENDS)),
        }
    )
    began = _beginnings(found, begun, units=units, opened=opened, start=start, gap=gap)
    follow_up = np.where(end == 1, np.minimum(closed, found.last - gap), closed)
    entry = np.where(start == 1, found.first - began, 0)
    duration = follow_up - began + 1
    is_known = began != _UNKNOWN
    followed = is_known & (duration > entry)
    frame["began"] = first_days(np.where(is_known, began, 0)).where(is_known)
    frame["entry"] = pd.arrays.IntegerArray(np.where(followed, entry, 0), ~followed)
    frame["duration"] = pd.arrays.IntegerArray(np.where(followed, duration, 0), ~followed)
    frame["event"] = (end == 0).astype(np.int64)
    frame["joined"] = _joined(joins, starts)
    frame["long_term"] = _any(found.reached(*long_term), starts)
    frame["very_long_term"] = _any(found.reached(*very_long_term), starts)
    return frame


_UNKNOWN = np.iinfo(np.int64).min // 2


def _joins(found: UnitMonths, begins: Bools, breaks: Sequence[int], bridge: int) -> Bools:
    """Where a new part begins that continues, across a break, the one before."""
    joins = np.zeros(len(found), dtype=bool)
    if not breaks:
        return joins
    places = np.flatnonzero(begins[1:]) + 1
    places = places[found.keys[places] - found.keys[places - 1] <= bridge + 1]
    before, after = found.months(found.keys[places - 1]), found.months(found.keys[places])
    for month in breaks:
        joins[places[(before < month) & (after >= month)]] = True
    return joins


def _joined(joins: Bools, starts: Ints) -> Ints:
    """How many joins each spell has."""
    spell = np.searchsorted(starts, np.flatnonzero(joins), side="right") - 1
    return np.bincount(spell, minlength=len(starts)).astype(np.int64)


def _any(marks: Bools, starts: Ints) -> Bools:
    """Whether each spell has a mark."""
    if not len(starts):
        return np.zeros(0, dtype=bool)
    return np.logical_or.reduceat(marks, starts)


def _beginnings(
    found: UnitMonths,
    begun: pd.DataFrame | None,
    *,
    units: Ints,
    opened: Ints,
    start: NDArray[np.int8],
    gap: int,
) -> Ints:
    """The month in which each spell began; unknown where data do not tell."""
    began = np.where(start == 0, opened, _UNKNOWN)
    if begun is None or not len(begun):
        return began
    place = unit_places(found.names, begun, found.unit)
    month = month_column(begun, "began")
    earlier = (place >= 0) & (month < found.first)
    known = np.full(len(found.names), _UNKNOWN, dtype=np.int64)
    until = known.copy()
    known[place[earlier]] = month[earlier]
    until[place[earlier]] = month_column(begun, "until")[earlier]
    joined = (start == 1) & (opened - until[units] <= gap)
    began[joined] = known[units[joined]]
    return began


def break_months(
    months: pd.DataFrame,
    *,
    unit: Unit = "household",
    share: float = SHARE,
    least: int = LEAST,
) -> pd.DataFrame:
    """Months in which a change of record system shows in the benefit months themselves.

    That is where at least ``share`` of the running spells (``gap=1``) end and as many start, as
    when every household gets a new number. One row per month with ``month``, ``running``, ``ended``
    and ``started``; give ``month`` to ``spells`` as ``breaks``. A break that shows in the decisions
    only does not touch the spells of benefit months.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> import pandas as pd
    >>> months = pd.DataFrame(
    ...     {
    ...         "household": ["A"] * 4 + ["B"] * 2,
    ...         "month": pd.to_datetime(
    ...             [
    ...                 "2023-01-01",
    ...                 "2023-02-01",
    ...                 "2023-04-01",
    ...                 "2023-05-01",
    ...                 "2023-03-01",
    ...                 "2023-04-01",
    ...             ]
    ...         ),
    ...     }
    ... )
    >>> len(measures.break_months(months))  # far too few spells to show one
    0
    """
    found = spells(months, gap=1, unit=unit)
    last_day = found["last"] + pd.offsets.MonthEnd(0)
    breaks = register_breaks(found["first"], last_day, share=share, least=least)
    return breaks.rename(columns={"date": "month"})


def begun_before(
    decisions: pd.DataFrame,
    *,
    first: Month,
    gap: int,
    unit: Unit = "household",
    granted: Sequence[str] = ("granted", "partly"),
) -> pd.DataFrame:
    """When the support that was running at the start of data had begun, by the decisions.

    Decisions of the kinds ``granted`` are joined by the same gap rule as months, so that also those
    split by a change of record system hang together. One row per ``unit`` with a decision that
    holds in the month before ``first`` (or less than ``gap`` months before it): ``unit``, ``began``
    (the month of the first of the joined decisions) and ``until`` (of the last, at most ``first``).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> tables = ue.example("forsorjningsstod", n=60)
    >>> found = measures.begun_before(tables["decisions"], first="2022-01", gap=2)
    >>> list(found.columns)
    ['household', 'began', 'until']
    """
    check_gap(gap)
    begin = ordinal(first)
    rows = decisions[decisions["decision"].isin(granted) & decisions["starts"].notna()]
    earlier = rows[month_column(rows, "starts") < begin].reset_index(drop=True)
    starts = month_column(earlier, "starts")
    # An open decision runs on; it is enough that it reaches the start of data.
    ends = month_column(earlier.assign(ends=earlier["ends"].fillna(pd.Timestamp(first))), "ends")
    ends = np.minimum(ends, begin)
    codes, uniques = pd.factorize(earlier[unit], sort=True)
    order = np.lexsort((ends, starts, codes))
    codes, starts, ends = codes[order], starts[order], ends[order]
    new_unit = np.ones(len(codes), dtype=bool)
    new_unit[1:] = codes[1:] != codes[:-1]
    # How far any earlier decision of the unit reaches: raised by unit, so that one pass is enough.
    lift = codes.astype(np.int64) * (1 << 32)
    reach = np.maximum.accumulate(ends + lift) - lift
    begins = new_unit.copy()
    begins[1:] |= starts[1:] - reach[:-1] > gap
    places = np.flatnonzero(begins)
    last = np.append(places[1:], len(codes)) - 1 if len(places) else places
    running = begin - reach[last] <= gap
    names = pd.Series(uniques).take(codes[places[running]]).reset_index(drop=True)
    began, until = starts[places[running]], reach[last[running]]
    return pd.DataFrame({unit: names, "began": first_days(began), "until": first_days(until)})


def check_gap(gap: int) -> None:
    """A UserError unless ``gap`` is at least 1."""
    if gap < 1:
        raise UserError("forsorjningsstod.measures.gap")


def check_window(least: int, window: int) -> None:
    """A UserError unless 1 <= ``least`` <= ``window``."""
    if not 1 <= least <= window:
        raise UserError("forsorjningsstod.measures.window", least=least, window=window)
