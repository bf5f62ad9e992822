"""Curves at their edges: groups without events, numbers at risk where they are asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.methods.reading import plain
from umea_eval.errors import UserError
from umea_eval.methods.survival import (
    at_risk_table,
    cumulative_incidence,
    kaplan_meier,
    restricted_mean,
)

# Nobody in "a" has the event; "b" has one of each kind.
TIME, KIND, GROUP = [5, 5, 6, 1, 2, 9], [0, 0, 0, 1, 2, 0], list("aaabbb")
EVENT = [int(kind > 0) for kind in KIND]


def test_a_group_without_events_keeps_its_name_and_its_persons() -> None:
    found = kaplan_meier(TIME, EVENT, groups=GROUP, at=[3])
    assert found.table["group"].tolist() == ["a", "b"]
    assert found.table["value"].tolist() == pytest.approx([1, 1 / 3])
    assert found.table["denominator"].tolist() == [3, 3]
    assert found.medians["denominator"].tolist() == [3, 3]
    assert found.quantile(0.25)["denominator"].tolist() == [3, 3]
    assert "0 händelser bland 3 personer" in plain(found.text("sv"))
    incidence = cumulative_incidence(TIME, KIND, groups=GROUP, at=[3]).table
    assert incidence["group"].tolist() == ["a", "a", "b", "b"]
    assert incidence["value"].tolist() == pytest.approx([0, 0, 1 / 3, 1 / 3])


def test_a_curve_without_events_is_not_passed_over_in_silence() -> None:
    said = cumulative_incidence(TIME, KIND, groups=GROUP).text("sv")
    assert said.startswith("A: ingen av 3 personer har haft någon av händelserna. B: ")
    alone = cumulative_incidence([5, 6], [0, 0]).text("en")
    assert alone == "None of 2 persons has had any of the events."


def test_at_risk_is_counted_at_the_asked_time_as_in_r_summary_survfit() -> None:
    time, entry = np.array([2, 4, 7, 7, 9, 12]), np.array([0, 0, 3, 0, 6, 5])
    event, asked = np.array([1, 0, 1, 0, 0, 1]), [0, 1, 5, 8, 12]
    wanted = [int(((entry < t) & (time >= t)).sum()) for t in asked[1:]]
    found = kaplan_meier(time, event, entry=entry, at=asked).table["at_risk"].tolist()
    assert found == [3, *wanted]
    beside = at_risk_table(time, event, entry=entry, times=asked)["at_risk"].tolist()
    assert found == beside
    causes = cumulative_incidence(time, event * 2, entry=entry, at=asked).table
    assert causes["at_risk"].tolist() == [*found, *found]


def test_without_events_before_the_horizon_a_mean_has_no_interval() -> None:
    found = restricted_mean([5, 6, 7, 8], [0, 0, 1, 1], groups=list("aabb"), horizon=5)
    assert found.table["value"].tolist() == [5, 5, 0]
    assert found.table[["lower", "upper"]].isna().all(axis=None)
    assert "inget konfidensintervall" in found.text("sv")
    assert found.plot().get_yticks().tolist() == [0, 1]


def test_what_is_asked_beyond_the_follow_up_names_the_group() -> None:
    with pytest.raises(UserError) as error:
        kaplan_meier(TIME, EVENT, groups=GROUP, at=[8])
    assert "slutar vid 6,0 (a). " in error.value.message("sv")
    with pytest.raises(UserError) as error:
        restricted_mean([5, 6], [1, 0], horizon=9)
    assert "slutar vid 6,0. " in error.value.message("sv")


def test_persons_who_leave_at_once_are_counted_in_both_ways_of_counting() -> None:
    # Whole durations are counted, others sorted; entry 0 and a duration of 0 are no contradiction.
    whole = kaplan_meier([0, 0, 3], [1, 0, 1], entry=[0, 0, 0]).curves
    sorted_ = kaplan_meier([0, 0, 3.5], [1, 0, 1], entry=[0, 0, 0]).curves
    pd.testing.assert_frame_equal(whole.drop(columns="time"), sorted_.drop(columns="time"))
    assert whole["value"].tolist() == pytest.approx([2 / 3, 0])
