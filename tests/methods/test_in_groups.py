"""Curves that step on groups: life tables of which every value follows from what is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from umea_eval.methods.survival import in_groups, kaplan_meier

TIMES = [1, 2, 2, 3, 4, 4, 6, 7, 8, 8]
EVENTS = [1, 1, 0, 1, 0, 1, 1, 1, 1, 0]


def test_a_group_goes_from_its_first_to_its_last_event() -> None:
    """By hand: events at 1, 2, 3, 4, 6, 7, 8; three and three, and the last goes with them."""
    times, ends = in_groups(TIMES, EVENTS, least=3)
    assert ends.tolist() == [3.0, 8.0]
    assert times.tolist() == [3.0] * 4 + [8.0] * 6


def test_with_given_ends_a_group_begins_where_the_one_before_ended() -> None:
    times, ends = in_groups([0.5, 1.2, 1.8, 2.5, 5.5], [1, 1, 0, 1, 1], least=2, ends=[1, 2, 3, 4])
    assert ends.tolist() == [3.0]  # the third one alone is too few, and goes with them
    assert times.tolist() == [3.0, 3.0, 3.0, 3.0, 5.5]


def test_groups_of_one_leave_everything_as_it_was() -> None:
    times, ends = in_groups(TIMES, EVENTS, least=1)
    assert times.tolist() == TIMES
    assert ends.tolist() == [1.0, 2.0, 3.0, 4.0, 6.0, 7.0, 8.0]
    assert in_groups([3, 4], [0, 0], least=5)[1].size == 0


@given(
    st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=60),
    st.integers(2, 8),
)
def test_every_step_is_of_a_group_and_tells_nothing_else(
    rows: list[tuple[int, bool]], least: int
) -> None:
    given_times, events = np.array(rows, dtype=int).T
    times, ends = in_groups(given_times, events, least=least)
    assert (times >= given_times).all()
    if not events.any():
        assert not len(ends)
        return
    table = kaplan_meier(pd.Series(times), pd.Series(events)).curves
    ended = table["numerator"].diff().fillna(table["numerator"])
    assert table["time"].tolist() == ends.tolist()
    assert (ended >= min(least, events.sum())).all()
    assert np.allclose(table["value"], (1 - ended / table["at_risk"]).cumprod())
