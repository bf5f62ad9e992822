"""Overlaps and moves on one day: by hand, and against counting every day of every child."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umea_eval.datasets.placement_days.overlaps import (
    Counting,
    overlap_days,
    overlapping,
    same_day_moves,
)
from umea_eval.errors import UserError

UNTIL = date(2024, 12, 31)


def register(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["person", "starts", "ends"])
    return frame.assign(starts=pd.to_datetime(frame["starts"]), ends=pd.to_datetime(frame["ends"]))


REGISTER = register(
    ("a", "2024-01-01", "2024-01-10"),
    ("a", "2024-01-10", "2024-01-20"),  # a move on one day
    ("a", "2024-01-15", "2024-01-18"),  # an overlap: 3 nights, 4 days
    ("b", "2024-01-01", "2024-01-10"),  # the other child's days are no overlap
    ("b", "2024-01-11", None),  # a move to the day after, open: to 31 December
    ("c", "2024-02-01", "2024-02-01"),  # no night
    ("c", "2024-02-01", "2024-02-05"),  # begins on the day on which the other ends
    ("d", "2025-01-15", None),  # after the extraction
)


def test_overlap_days_by_hand() -> None:
    both = overlap_days(REGISTER, counting="both", until=UNTIL)
    # a: 10 + 11 + 4 days, 1 to 20 January once. b: 10 and 356 days (2024 is a leap year).
    # c: 1 + 5 days, of which 1 February twice.
    assert both.to_numpy().tolist() == [["a", 25, 20, 5], ["b", 366, 366, 0], ["c", 6, 5, 1]]
    nights = overlap_days(REGISTER, counting="first_only", until=UNTIL)
    # a: 9 + 10 + 3 nights, of which 3 twice; an open placement's last day is a night.
    assert nights.to_numpy().tolist() == [["a", 22, 19, 3], ["b", 365, 365, 0], ["c", 4, 4, 0]]


def test_which_placements_by_hand() -> None:
    assert overlapping(REGISTER, until=UNTIL).tolist() == [
        *(False, False, True),
        *(False, False, False, False, False),
    ]
    assert same_day_moves(REGISTER).tolist() == [
        *(False, True, False),
        *(False, False),
        *(False, True),
        False,
    ]


def test_a_long_placement_overlaps_all_that_begin_within_it() -> None:
    frame = register(
        ("a", "2024-01-01", "2024-12-01"),
        ("a", "2024-02-01", "2024-02-05"),
        ("a", "2024-06-01", "2024-06-05"),
        ("a", "2024-12-01", None),
    )
    assert overlapping(frame, until=UNTIL).tolist() == [False, True, True, False]


def test_no_placements() -> None:
    none = REGISTER.head(0)
    assert overlap_days(none, counting="both", until=UNTIL).empty
    assert overlapping(none, until=UNTIL).tolist() == []
    assert same_day_moves(none).tolist() == []


def test_a_placement_without_a_child_is_refused() -> None:
    with pytest.raises(UserError, match="person"):
        overlap_days(REGISTER.assign(person=None), counting="both", until=UNTIL)


STAYS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.dates(date(2024, 11, 1), date(2025, 1, 10)),
        st.one_of(st.none(), st.integers(0, 40)),
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=60)
@given(STAYS, st.sampled_from(["both", "first_only"]))
def test_days_are_those_counted_one_by_one(
    stays: list[tuple[str, date, int | None]], counting: Counting
) -> None:
    frame = pd.DataFrame(
        [(who, start, None if n is None else start + timedelta(n)) for who, start, n in stays],
        columns=["person", "starts", "ends"],
    )
    seen: dict[str, Counter[date]] = {}
    nights: list[set[date]] = []
    for who, start, n in stays:
        end = UNTIL + timedelta(1) if n is None else start + timedelta(n)
        days = [start + timedelta(i) for i in range(max((end - start).days, 0))]
        nights.append({day for day in days if day <= UNTIL})
        if counting == "both" and n is not None:
            days.append(end)
        seen.setdefault(who, Counter()).update(day for day in days if day <= UNTIL)
    expected = [
        [who, days.total(), len(days), days.total() - len(days)]
        for who, days in sorted(seen.items())
        if days
    ]
    assert overlap_days(frame, counting=counting, until=UNTIL).to_numpy().tolist() == expected
    over = overlapping(frame, until=UNTIL)
    for i, (who, start, _) in enumerate(stays):
        earlier = [
            j
            for j, (other, begin, _) in enumerate(stays)
            if other == who and (begin, j) < (start, i)
        ]
        assert over[i] == any(nights[i] and start in nights[j] for j in earlier)
    moved = same_day_moves(frame)
    for i, (who, start, _) in enumerate(stays):
        ends = [
            begin + timedelta(n)
            for j, (other, begin, n) in enumerate(stays)
            if j != i and other == who and n is not None
        ]
        assert moved[i] == (start in ends)


@settings(max_examples=15)
@given(st.permutations(range(len(REGISTER))))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    mixed = REGISTER.iloc[order]
    before = mixed.copy()
    for counting in ("both", "first_only"):
        pd.testing.assert_frame_equal(
            overlap_days(mixed, counting=counting, until=UNTIL),  # type: ignore[arg-type]
            overlap_days(REGISTER, counting=counting, until=UNTIL),  # type: ignore[arg-type]
        )
    assert same_day_moves(mixed).tolist() == same_day_moves(REGISTER)[order].tolist()
    pd.testing.assert_frame_equal(mixed, before)
