"""Who is at risk when: the counts that every survival estimate is made of.

A person is at risk at time t when ``entry < t <= duration`` (R's convention): one who leaves at t
is still at risk at t, one who enters at t is not yet. An entry of 0 means from the start.
Whole-month durations are counted by ``bincount``; others cost one sort.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.methods.inputs import (
    Column,
    FloatArray,
    IntArray,
    labels,
    numbers,
    refuse,
    same_length,
    whole_or_numbers,
)

# Whole durations up to this many times the number of rows are counted; sparser ones are sorted.
_SPARSE = 4
_PIECE = 32_768


@dataclass(frozen=True)
class FollowUp:
    """Checked follow-up of n persons: time until the end, and what ended it (0 = censored).

    Times that are all whole are int64, which is what makes counting them cheap.
    """

    durations: FloatArray | IntArray
    codes: IntArray
    entry: FloatArray | IntArray | None = None
    cluster: IntArray | None = None

    def __len__(self) -> int:
        return len(self.durations)

    @cached_property
    def last_time(self) -> float:
        """The longest follow-up."""
        return float(self.durations.max())

    @cached_property
    def kinds(self) -> int:
        """The largest code: 1 without competing events."""
        return int(self.codes.max())

    def where(self, chosen: np.ndarray[Any, np.dtype[np.bool_]]) -> FollowUp:
        """The follow-up of the chosen persons."""
        entry = None if self.entry is None else self.entry[chosen]
        cluster = None if self.cluster is None else self.cluster[chosen]
        return FollowUp(self.durations[chosen], self.codes[chosen], entry, cluster)


@dataclass(frozen=True)
class EventTimes:
    """Distinct times with an event of any kind; ``events`` has one column per kind."""

    time: FloatArray
    at_risk: FloatArray
    events: FloatArray
    persons: int
    last_time: float
    emptied_at: float | None

    @property
    def any_event(self) -> FloatArray:
        """Events of any kind at each time."""
        return np.asarray(self.events.sum(axis=1), dtype=np.float64)


def follow_up(
    durations: Column,
    events: Column,
    *,
    entry: Column | None = None,
    cluster: Column | None = None,
) -> FollowUp:
    """Check and bring together the columns of follow-up.

    ``events`` is 0 or False for censored, 1 or True for the event, 2 and up for competing events.
    UserError for missing or negative values, for codes that are not whole, and for an entry that
    does not come before the end.
    """
    time = whole_or_numbers(durations, "durations")
    code = whole_or_numbers(events, "events")
    same_length(time, code, ("durations", "events"))
    if _any_negative(time):
        raise UserError("methods.survival.negative", first=int((time < 0).argmax()) + 1)
    if code.dtype.kind != "i" or _any_negative(code):
        wrong = (code < 0) | (code != np.floor(code))
        raise UserError("methods.survival.codes", first=int(wrong.argmax()) + 1)
    begin: FloatArray | IntArray | None = None
    if entry is not None:
        begin = whole_or_numbers(entry, "entry")
        same_length(time, begin, ("durations", "entry"))
        late = (begin >= time) & ~((begin <= 0) & (time == 0))
        if late.any():
            raise UserError(
                "methods.survival.entry", wrong=int(late.sum()), first=int(late.argmax()) + 1
            )
    shared: IntArray | None = None
    if cluster is not None:
        shared, _ = labels(cluster, "cluster")
        same_length(time, shared, ("durations", "cluster"))
    return FollowUp(time, code.astype(np.int64, copy=False), begin, shared)


def _any_negative(values: FloatArray | IntArray) -> bool:
    if values.dtype.kind == "i":
        # Read as unsigned a negative number is the largest of all: one pass, and a fast one.
        return bool(values.view(np.uint64).max() > np.iinfo(np.int64).max)
    return bool(values.min() < 0)


def by_group(persons: FollowUp, groups: Column | None) -> list[tuple[Any, FollowUp]]:
    """The follow-up of each group in sorted order; everyone under None without groups."""
    if groups is None:
        return [(None, persons)]
    codes, names = labels(groups, "groups")
    same_length(persons.durations, codes, ("durations", "groups"))
    return [(name, persons.where(codes == number)) for number, name in enumerate(names)]


def event_times(persons: FollowUp, kinds: int = 1) -> EventTimes:
    """Count events and persons at risk at every time with an event of kinds 1 to ``kinds``."""
    time, begin = persons.durations, persons.entry
    last = persons.last_time
    whole = time.dtype.kind == "i" and (begin is None or begin.dtype.kind == "i")
    if whole and last <= _SPARSE * len(time) + 1000:
        times, at_risk, events = _count_whole(persons, kinds, int(last))
    else:
        times, at_risk, events = _count_sorted(persons, kinds)
    emptied: float | None = None
    if begin is not None:
        gone = times[events.sum(axis=1) == at_risk]
        if len(gone) and bool((begin >= gone[0]).any()):
            emptied = float(gone[0])
    return EventTimes(times, at_risk, events, len(time), last, emptied)


def _count_whole(
    persons: FollowUp, kinds: int, last: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    width = kinds + 1
    time = persons.durations.astype(np.int64, copy=False)
    # One cell per month and kind of end, so that one pass over the persons is enough; in pieces
    # that stay in the processor's cache where the table of counts does too.
    counted = np.zeros((last + 1) * width, dtype=np.int64)
    step = _PIECE if len(counted) <= _PIECE else len(time)
    for start in range(0, len(time), step):
        piece = slice(start, start + step)
        counted += np.bincount(time[piece] * width + persons.codes[piece], minlength=len(counted))
    table = counted.reshape(last + 1, width)
    leaving = table.sum(axis=1)
    at_risk = len(time) - (np.cumsum(leaving) - leaving)
    if persons.entry is not None:
        # Those who enter at month m are at risk from month m + 1 on; from the start if m is 0.
        begin = np.clip(persons.entry, -1, last).astype(np.int64)
        late = np.bincount(begin[begin > 0], minlength=last + 1)
        at_risk = at_risk - (late.sum() - (np.cumsum(late) - late))
    events = table[:, 1:]
    with_event = events.sum(axis=1) > 0
    return (
        np.flatnonzero(with_event).astype(np.float64),
        at_risk[with_event].astype(np.float64),
        events[with_event].astype(np.float64),
    )


def _count_sorted(persons: FollowUp, kinds: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    happened = persons.codes > 0
    distinct, counted = np.unique(persons.durations[happened], return_counts=True)
    times = distinct.astype(np.float64)
    at_risk = number_at_risk(persons, times)
    if kinds == 1:
        return times, at_risk, counted.astype(np.float64)[:, np.newaxis]
    columns = []
    for kind in range(1, kinds + 1):
        place = np.searchsorted(times, persons.durations[persons.codes == kind])
        columns.append(np.bincount(place, minlength=len(times)).astype(np.float64))
    return times, at_risk, np.column_stack(columns)


def number_at_risk(persons: FollowUp, times: FloatArray) -> FloatArray:
    """How many have ``entry < t <= duration`` at each time (not necessarily event times)."""
    left = np.searchsorted(np.sort(persons.durations), times, side="left")
    present = len(persons) - left
    if persons.entry is not None:
        late = np.sort(persons.entry[persons.entry > 0])
        present = present - (len(late) - np.searchsorted(late, times, side="left"))
    return np.asarray(present, dtype=np.float64)


def at_risk_table(
    durations: Column,
    events: Column,
    *,
    times: Sequence[float],
    entry: Column | None = None,
    groups: Column | None = None,
) -> pd.DataFrame:
    """The numbers that stand under a survival curve, as data.

    One row per group and time: ``at_risk`` (``entry < t <= duration``; those who enter at 0 are
    at risk at 0), and ``events`` and ``censored`` up to and including the time.

    >>> import umea_eval as ue
    >>> months, left = [1, 2, 2, 3, 4, 5, 6, 6], [1, 1, 0, 1, 0, 1, 0, 0]
    >>> ue.methods.survival.at_risk_table(months, left, times=[0, 3, 6])[
    ...     ["time", "at_risk", "events", "censored"]
    ... ]
       time  at_risk  events  censored
    0   0.0        8       0         0
    1   3.0        5       3         1
    2   6.0        2       4         4
    """
    rows = []
    asked = np.atleast_1d(numbers(times, "times"))
    refuse(asked < 0, "methods.inputs.negative", "times")
    for name, persons in by_group(follow_up(durations, events, entry=entry), groups):
        happened = persons.codes > 0
        ends = np.searchsorted(np.sort(persons.durations[happened]), asked, side="right")
        stops = np.searchsorted(np.sort(persons.durations[~happened]), asked, side="right")
        present = number_at_risk(persons, asked)
        for place, time in enumerate(asked):
            row = {
                "time": float(time),
                "at_risk": int(present[place]),
                "events": int(ends[place]),
                "censored": int(stops[place]),
            }
            rows.append(row if name is None else {"group": name} | row)
    return pd.DataFrame(rows)
