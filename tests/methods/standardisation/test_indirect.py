from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from tests.methods.reference import reference_case
from umea_eval.errors import UserError
from umea_eval.methods.rates import poisson_interval
from umea_eval.methods.standardisation import indirect, smr


@reference_case("S09", function="standardisation.smr")
def test_S09() -> Mapping[str, float]:
    data = pd.DataFrame({"obs": [4], "exp": [3.3]})
    row = smr(data, "obs", "exp", method="byar").table.iloc[0]
    return {"smr": row["value"], "lo": row["lower"], "hi": row["upper"]}


def test_exact_below_10_by_default() -> None:
    row = smr(pd.DataFrame({"o": [4], "e": [3.3]}), "o", "e").table.iloc[0]
    lower, upper = poisson_interval(4)
    assert row["method"] == "exact"
    assert (row["lower"], row["upper"]) == (lower / 3.3, upper / 3.3)


def _area() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area": ["a"] * 2 + ["b"] * 2,
            "age": ["young", "old"] * 2,
            "x": [10, 30, 2, 1],
            "n": [1000, 500, 400, 100],
        }
    )


def _reference(scale: int = 1) -> pd.DataFrame:
    return pd.DataFrame({"age": ["old", "young"], "x": [400, 80], "n": [10000, 20000]}) * [
        1,
        scale,
        scale,
    ]


def test_expected_from_a_reference() -> None:
    table = indirect(_area(), "x", "n", _reference(), stratum="age", by="area").table
    expected = 1000 * 0.004 + 500 * 0.04
    row = table.iloc[0]
    assert row["expected"] == row["denominator"] == pytest.approx(expected)
    assert row["value"] == pytest.approx(40 / expected)
    plain = smr(pd.DataFrame({"o": [40], "e": [expected]}), "o", "e").table.iloc[0]
    assert row["upper"] == pytest.approx(plain["upper"], rel=1e-12)
    assert row["rate"] == pytest.approx(40 / expected * 480 / 30000 * 1000)
    assert row["expected_error"] == 0.0


def test_the_reference_compared_with_itself_is_1() -> None:
    one = indirect(_reference(), "x", "n", _reference(), stratum="age").table.iloc[0]
    assert one["value"] == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["survey_rate", "survey_share"])
def test_a_survey_as_reference_widens_the_limits_the_more_the_smaller_it_is(kind: str) -> None:
    def width(scale: int) -> float:
        table = indirect(
            _area(), "x", "n", _reference(scale), stratum="age", by="area", reference_kind=kind
        ).table
        return float(np.log(table["upper"] / table["lower"]).iloc[0])

    register = indirect(_area(), "x", "n", _reference(), stratum="age", by="area").table
    without = float(np.log(register["upper"] / register["lower"]).iloc[0])
    assert width(1) > width(5) > width(10_000) >= without
    assert width(10_000) == pytest.approx(without, rel=1e-4)


def test_weighted_surveys_bring_their_own_errors() -> None:
    reference = _reference().assign(error=[0.004, 0.001])
    row = indirect(
        _area(), "x", "n", reference, stratum="age", by="area", reference_error="error"
    ).table.iloc[0]
    assert row["expected_error"] == pytest.approx(np.hypot(1000 * 0.001, 500 * 0.004))
    assert row["method"].endswith("reference with error")


def test_no_observed_events() -> None:
    data = _area().assign(x=0)
    table = indirect(
        data, "x", "n", _reference(), stratum="age", by="area", reference_kind="survey_rate"
    ).table
    assert (table["lower"] == 0).all()
    assert np.isfinite(table["upper"]).all()


def test_order_and_input() -> None:
    data, reference = _area(), _reference()
    options = {"stratum": "age", "by": "area", "reference_kind": "survey_rate"}
    first = indirect(data, "x", "n", reference, **options).table
    turned = indirect(data.iloc[::-1], "x", "n", reference.iloc[::-1], **options).table
    pd.testing.assert_frame_equal(first, turned, check_exact=True)
    pd.testing.assert_frame_equal(data, _area())
    pd.testing.assert_frame_equal(reference, _reference())


def test_a_reference_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(UserError) as error:
        indirect(_area(), "x", "n", _reference().iloc[:1], stratum="age", by="area")
    assert error.value.key == "methods.standardisation.indirect.stratum_missing"
    with pytest.raises(UserError) as error:
        indirect(_area(), "x", "n", _reference().assign(x=0), stratum="age", by="area")
    assert error.value.key == "methods.standardisation.indirect.nothing_expected"


@pytest.mark.slow
def test_coverage_with_a_survey_as_reference() -> None:
    # True rates equal: the ratio is 1. A survey of 300 and an area of 900, 2 000 runs.
    rng = np.random.default_rng(20261122)
    rates, sizes, people = np.array([0.05, 0.15]), np.array([150, 150]), np.array([600, 300])
    runs, covered, ignored = 2000, 0, 0
    for _ in range(runs):
        reference = pd.DataFrame({"age": [0, 1], "x": rng.binomial(sizes, rates), "n": sizes})
        area = pd.DataFrame({"age": [0, 1], "x": rng.poisson(people * rates), "n": people})
        if reference["x"].sum() == 0:
            continue
        row = indirect(
            area, "x", "n", reference, stratum="age", reference_kind="survey_share"
        ).table.iloc[0]
        covered += row["lower"] <= 1 <= row["upper"]
        ignored += np.prod(poisson_interval(row["numerator"]) - row["expected"]) <= 0
    # Monte Carlo error 0.5 points: 3 of them either way of 95 percent.
    assert 0.935 <= covered / runs <= 0.975
    # Taking the survey for the truth covers far too seldom, which is why it is not the default.
    assert ignored / runs < 0.85
