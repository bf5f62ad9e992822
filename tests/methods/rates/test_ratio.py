from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

from tests.methods.reading import plain
from tests.methods.reference import reference_case
from umea_eval.errors import UserError
from umea_eval.methods.rates import (
    bootstrap_rate_ratio,
    exact_rate_ratio,
    rate_ratio,
    rate_regression,
)


def _two(x1: int, e1: float, x2: int, e2: float) -> pd.DataFrame:
    return pd.DataFrame({"group": ["new", "old"], "x": [x1, x2], "exposure": [e1, e2]})


@reference_case("E02", function="rates.rate_ratio")
def test_E02() -> Mapping[str, float]:
    data = _two(11, 800, 21, 3011)
    row = rate_ratio(data, "x", "exposure", group="group", reference="old").table.iloc[0]
    return {"irr": row["value"], "lo": row["lower"], "hi": row["upper"], "p": row["p_value"]}


def test_limits_and_p_agree_with_the_conditional_distribution() -> None:
    # At the limits each tail of the binomial distribution of x1 given the sum is 2.5 percent.
    ratio, lower, upper, p = exact_rate_ratio(12, 100, 30, 150)
    assert lower < ratio < upper
    # Given 42 events, brute force over pairs of Poisson counts with the sum 42.
    for limit, tail in ((lower, range(12, 43)), (upper, range(13))):
        weight = [poisson.pmf(k, limit * 100) * poisson.pmf(42 - k, 150) for k in range(43)]
        assert sum(weight[k] for k in tail) / sum(weight) == pytest.approx(0.025, abs=1e-9)
    assert 0 < p < 1


def test_turning_the_groups_over_turns_the_limits_over() -> None:
    there, back = exact_rate_ratio(5, 40.0, 9, 70.0), exact_rate_ratio(9, 70.0, 5, 40.0)
    assert there.lower == pytest.approx(1 / back.upper, rel=1e-12)
    assert there.p_value == pytest.approx(back.p_value, rel=1e-12)


def test_no_events_in_one_or_both() -> None:
    one = exact_rate_ratio([0, 4], [10, 10], [4, 0], [10, 10])
    assert (one.ratio[0], one.lower[0]) == (0.0, 0.0)
    assert np.isinf(one.ratio[1])
    assert np.isinf(one.upper[1])
    with pytest.raises(UserError) as error:
        exact_rate_ratio(0, 10, 0, 10)
    assert error.value.key == "methods.inputs.no_events"


def test_the_unit_of_exposure_does_not_matter() -> None:
    days = exact_rate_ratio(11, 800, 21, 3011)
    years = exact_rate_ratio(11, 800 / 365.25, 21, 3011 / 365.25)
    for one, other in zip(days, years, strict=True):
        assert one == pytest.approx(other, rel=1e-10)


def _people(seed: int, n: int = 80, ratio: float = 1.0) -> pd.DataFrame:
    """People with their own risk (repeat fallers) and time, in two groups."""
    rng = np.random.default_rng(seed)
    days = rng.integers(30, 366, 2 * n)
    risk = rng.gamma(0.5, 2.0, 2 * n) * np.repeat([1.0, ratio], n)
    falls = rng.poisson(risk * days / 200)
    return pd.DataFrame({"group": np.repeat(["old", "new"], n), "falls": falls, "days": days})


def _bootstrap(data: pd.DataFrame, **options: int) -> pd.Series:
    settings = {"seed": 7, **options}
    result = bootstrap_rate_ratio(data, "falls", "days", group="group", reference="old", **settings)
    return result.table.iloc[0]


def test_bootstrap_does_not_see_the_order_of_rows_nor_change_its_input() -> None:
    data = _people(1)
    kept = data.copy()
    first = _bootstrap(data)
    pd.testing.assert_series_equal(first, _bootstrap(data.sample(frac=1, random_state=2)))
    pd.testing.assert_frame_equal(data, kept)
    assert first["lower"] != _bootstrap(data, seed=8)["lower"]


def test_bootstrap_error_equals_the_linearised_one() -> None:
    # The delta method's variance of a log ratio of totals, per group: sum (x - r e)^2 / x^2.
    data = _people(2, n=400)
    variance = 0.0
    for _, part in data.groupby("group"):
        r = part["falls"].sum() / part["days"].sum()
        variance += ((part["falls"] - r * part["days"]) ** 2).sum() / part["falls"].sum() ** 2
    assert _bootstrap(data)["standard_error"] == pytest.approx(np.sqrt(variance), rel=0.06)


def test_repeat_fallers_make_the_interval_wider_than_the_exact_one() -> None:
    data = _people(3)
    clustered = _bootstrap(data)
    exact = rate_ratio(data, "falls", "days", group="group", reference="old").table.iloc[0]
    assert clustered["value"] == exact["value"]
    assert clustered["lower"] < exact["lower"] < exact["upper"] < clustered["upper"]


def test_bootstrap_with_a_reference_without_events() -> None:
    data = pd.DataFrame(
        {"group": ["a"] * 4 + ["b"] * 4, "falls": [1, 0, 2, 1, 0, 0, 0, 0], "days": [10] * 8}
    )
    table = bootstrap_rate_ratio(data, "falls", "days", group="group", reference="b", seed=1).table
    assert np.isinf(table["upper"].iloc[0])
    assert np.isnan(table["standard_error"].iloc[0])


def _covers(row: pd.Series, truth: float) -> bool:
    return bool(row["lower"] <= truth <= row["upper"])


@pytest.mark.slow
def test_coverage_with_repeat_fallers_in_5000_runs() -> None:
    runs, truth = 5_000, 0.7
    hits = {"bootstrap": 0, "regression": 0, "exact": 0}
    for seed in range(runs):
        data = _people(seed, n=80, ratio=truth)
        hits["bootstrap"] += _covers(_bootstrap(data, replicates=1000), truth)
        regression = rate_regression(
            data.assign(person=np.arange(len(data))),
            "falls",
            "days",
            ["group"],
            cluster="person",
            references={"group": "old"},
        )
        hits["regression"] += _covers(regression.table.iloc[0], truth)
        exact = rate_ratio(data, "falls", "days", group="group", reference="old")
        hits["exact"] += _covers(exact.table.iloc[0], truth)
    reached = {method: hit / runs for method, hit in hits.items()}
    print("rate ratio of 160 people:", reached)  # noqa: T201 - for docs/coverage.md
    assert 0.93 <= reached["bootstrap"] <= 0.97
    assert 0.93 <= reached["regression"] <= 0.97
    # Events of one person are not independent: why the exact ratio is for independent events only.
    assert reached["exact"] < 0.85


def test_text() -> None:
    result = rate_ratio(_two(11, 800, 21, 3011), "x", "exposure", group="group", reference="old")
    assert plain(result.text("sv")) == (
        "new jämfört med jämförelsegruppen: frekvenskvoten är 1,97 "
        "(95 % konfidensintervall 0,86 till 4,28)."
    )
