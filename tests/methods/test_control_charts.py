from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.methods import reference
from tests.methods.series import L_DAYS, L_EVENTS
from umea_eval.errors import UserError
from umea_eval.methods.control_charts import (
    anhoej,
    c_chart,
    g_chart,
    p_chart,
    rules,
    t_chart,
    u_chart,
    xmr_chart,
)

Q_SERIES = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
GAPS = [8, 15, 3, 22, 5, 30, 12, 7, 41, 9]


def _lines(*, screen: bool) -> dict[str, float]:
    row = xmr_chart(Q_SERIES, screen=screen).table.iloc[0]
    return {"mean": row["centre"], "lpl": row["lower"], "upl": row["upper"]}


def test_Q01() -> None:
    reference.reaches("Q01", _lines(screen=True), function="control_charts.xmr_chart")


def test_Q02() -> None:
    reference.reaches("Q02", _lines(screen=False), function="control_charts.xmr_chart")


def test_Q11() -> None:
    g, t = g_chart(GAPS).table.iloc[0], t_chart(GAPS).table.iloc[0]
    reached = {f"g_{k}": g[v] for k, v in (("cl", "centre"), ("lcl", "lower"), ("ucl", "upper"))}
    reached |= {f"t_{k}": t[v] for k, v in (("cl", "centre"), ("lcl", "lower"), ("ucl", "upper"))}
    reference.reaches("Q11", reached, function="control_charts.g_chart")


def test_L06_limits() -> None:
    row = u_chart(L_EVENTS, L_DAYS, baseline=24).table.iloc[0]
    wanted = reference.expected("L06")
    assert row["lower"] == pytest.approx(wanted["lcl"], rel=1e-7)
    assert row["upper"] == pytest.approx(wanted["ucl"], rel=1e-7)


def test_outside_is_beyond_the_limit_not_on_it() -> None:
    value = np.array([0.0, 3.0, 3.1, -3.0, -3.1])
    limit = np.full(5, 3.0)
    assert list(rules.outside(value, -limit, limit)) == [False, False, True, False, True]


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        ([1] * 6, [False] * 6),
        ([1] * 7, [True] * 7),
        ([-1] * 8 + [1], [True] * 8 + [False]),
        ([1] * 6 + [0] + [1], [False] * 8),
    ],
)
def test_shift_is_seven_on_one_side(side: list[int], expected: list[bool]) -> None:
    assert list(rules.shift(np.array(side, float), np.zeros(len(side)))) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 2, 3, 4, 5, 6], [False] * 6),
        ([1, 2, 3, 4, 5, 6, 7], [True] * 7),
        ([9, 7, 6, 5, 4, 3, 2, 2], [True] * 7 + [False]),
        ([1, 2, 3, 3, 4, 5, 6, 7], [False] * 8),
    ],
)
def test_trend_is_seven_rising_or_seven_falling(value: list[int], expected: list[bool]) -> None:
    assert list(rules.trend(np.array(value, float))) == expected


def test_two_of_three_must_lie_on_the_same_side() -> None:
    centre = np.zeros(3)
    same, across = np.array([2.5, 0.5, 2.5]), np.array([2.5, -0.5, 2.5])
    close = np.array([True, False, True])
    assert list(rules.two_of_three(same, centre, close)) == [True, False, True]
    assert not rules.two_of_three(across, centre, close).any()


@pytest.mark.parametrize(
    # R: round(log2(n)) + 3 and qbinom(0.05, n - 1, 0.5)
    ("n", "longest", "crossings"),
    [(10, 6, 2), (16, 7, 4), (20, 7, 6), (24, 8, 8), (36, 8, 13)],
)
def test_anhoej_limits(n: int, longest: int, crossings: int) -> None:
    value = np.tile([1.0, -1.0], n // 2)
    runs = anhoej(value, np.zeros(n))
    assert (runs.useful, runs.longest_run_max, runs.crossings_min) == (n, longest, crossings)
    assert not runs.signal
    assert anhoej(np.sort(value), np.zeros(n)).signal


def test_points_on_the_centre_are_not_useful() -> None:
    assert anhoej(np.zeros(8), np.zeros(8)).useful == 0


def test_frozen_baseline_is_untouched_by_what_comes_after() -> None:
    before = np.random.default_rng(3).poisson(20, 24).astype(float)
    calm = xmr_chart(np.concatenate([before, before[:6]]), baseline=24)
    wild = xmr_chart(np.concatenate([before, np.full(6, 60.0)]), baseline=24)
    for column in ("centre", "lower", "upper"):
        assert calm.table[column][0] == wild.table[column][0]
    assert wild.table["outside"][24:].all()
    assert (wild.table["signal"][24:] == "outside").all()


def test_a_break_begins_new_limits_and_ends_a_run() -> None:
    low, high = [5.0, 6.0] * 8, [15.0, 16.0] * 8
    months = pd.period_range("2022-01", periods=32, freq="M").astype(str)
    whole = xmr_chart(low + high, times=months)
    cut = xmr_chart(low + high, times=months, breaks=["2023-05"])
    assert (whole.table["signal"] != "").all()
    assert (cut.table["signal"] == "").all()
    assert list(cut.table["phase"].value_counts().sort_index()) == [16, 16]
    assert cut.table["centre"][31] == 15.5


def test_priority_and_direction() -> None:
    value = [10.0, 11.0] * 6 + [9, 8.5, 8, 7.5, 7, 6.5, 6, 5.5, 2]
    table = xmr_chart(value, baseline=12, improvement="decrease").table
    assert table["signal"].iloc[-1] == "outside"
    both = table["shift"] & table["trend"] & ~table["outside"]
    assert both.any()
    assert (table.loc[both, "signal"] == "shift").all()
    assert (table.loc[both, "variation"] == "improvement").all()
    # A rise below the centre is a step in the wanted direction when more is better.
    rising = np.array([10.0, 11.0] * 6 + [9.0, 9.1, 9.2, 10.6, 10.7, 10.8, 10.9])
    risen = xmr_chart(rising, baseline=12, improvement="increase").table
    assert (risen["variation"][12:] == "improvement").all()


@pytest.mark.parametrize(
    ("target", "improvement", "expected"),
    [(0, "increase", "pass"), (0, "decrease", "fail"), (10.5, "increase", "inconsistent")],
)
def test_assurance(target: float, improvement: Any, expected: str) -> None:
    chart = xmr_chart([10.0, 11.0] * 8, target=target, improvement=improvement)
    assert chart.assurance == expected


def test_laney_equals_plain_chart_times_the_spread_between_periods() -> None:
    rng = np.random.default_rng(8)
    n = rng.integers(200, 400, 30)
    events = rng.binomial(n, rng.beta(20, 80, 30))
    plain, prime = p_chart(events, n).table, p_chart(events, n, prime=True).table
    sigma = (plain["upper"] - plain["centre"]) / 3
    z = (plain["value"] - plain["centre"]) / sigma
    spread = np.abs(np.diff(z)).mean() / 1.128
    assert spread > 1.3
    np.testing.assert_allclose(prime["upper"] - prime["centre"], 3 * sigma * spread, rtol=1e-12)
    days = n * 10.0
    u, u_prime = u_chart(events, days).table, u_chart(events, days, prime=True).table
    assert (u_prime["upper"] > u["upper"]).all()


def test_unit_of_exposure_changes_nothing_but_the_unit() -> None:
    days, years = u_chart(L_EVENTS, L_DAYS), u_chart(L_EVENTS, L_DAYS / 365.25, per=1000 / 365.25)
    columns = ["value", "centre", "lower", "upper"]
    np.testing.assert_allclose(days.table[columns], years.table[columns], rtol=1e-12)
    assert list(days.table["signal"]) == list(years.table["signal"])


def test_order_of_rows_changes_nothing_when_months_are_given() -> None:
    months = pd.period_range("2021-01", periods=36, freq="M")
    frame = pd.DataFrame({"month": months, "falls": L_EVENTS, "days": L_DAYS})
    mixed = frame.sample(frac=1, random_state=1)
    before = mixed.copy(deep=True)
    tables = [u_chart(f["falls"], f["days"], times=f["month"]).table for f in (frame, mixed)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    pd.testing.assert_frame_equal(mixed, before)


def test_rare_events_are_refused_with_advice() -> None:
    for call in (lambda: c_chart([0, 1, 0, 1, 0]), lambda: u_chart([0, 1, 0, 1], [900] * 4)):
        with pytest.raises(UserError, match="använd ett g-diagram"):
            call()
    with pytest.raises(UserError, match="väntas per period"):
        p_chart([0, 0, 0], [10, 10, 10])


def test_refusals() -> None:
    with pytest.raises(UserError, match="är noll"):
        u_chart([3, 4, 5], [900, 0, 900])
    with pytest.raises(UserError, match="lucka: 1 period saknas"):
        xmr_chart([1, 2, 3], times=["2023-01", "2023-02", "2023-04"])
    with pytest.raises(UserError, match="mer än en rad"):
        xmr_chart([1, 2, 3], times=["2023-01", "2023-02", "2023-02"])
    with pytest.raises(UserError, match="Värden saknas"):
        xmr_chart([1, None, 3])
    with pytest.raises(UserError, match="större än antalet möjliga"):
        p_chart([3, 4], [10, 3])
    with pytest.raises(UserError, match="är noll"):
        t_chart([3, 0, 2])
    with pytest.raises(UserError, match="utanför serien"):
        xmr_chart([1, 2, 3, 4], breaks=[9])


def test_expected_false_alarms_of_a_steady_series() -> None:
    """Few steady series of 24 months break a rule: the chart is not trigger-happy."""
    rng = np.random.default_rng(12)
    alarms = [(c_chart(rng.poisson(20, 24)).table["outside"]).any() for _ in range(400)]
    assert np.mean(alarms) < 0.15


def test_words_and_pictures() -> None:
    chart = u_chart(L_EVENTS, L_DAYS, baseline=24, improvement="decrease", target=12.0)
    assert "per 1\u202f000" in chart.text("sv")
    assert "per 1,000" in chart.text("en")
    assert len(chart.plot().lines) >= 4
    assert "preliminära" in g_chart(GAPS).text("sv")
    assert "slumpmässig" in xmr_chart([1.0, 2.0, 1.5] * 6).text("sv")
