from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from tests.methods.reading import plain
from umea_eval.errors import UserError
from umea_eval.methods.bounds import manski_bounds, manski_difference, tipping_point
from umea_eval.methods.proportions import difference, newcombe, proportion, wilson


def _falls() -> pd.DataFrame:
    """As published: 83 of 179 reports without severity, none of the assessed severe."""
    return pd.DataFrame({"severe": [0], "reports": [179], "unassessed": [83]})


def _years() -> pd.DataFrame:
    return pd.DataFrame(
        {"year": [2022, 2023, 2023], "x": [10, 20, 20], "n": [100, 60, 60], "m": [5, 3, 3]}
    )


def test_none_and_all_of_the_unassessed() -> None:
    row = manski_bounds(_falls(), "severe", "reports", "unassessed").table.iloc[0]
    assert (row["least"], row["most"]) == (0.0, 83 / 179)
    assert row["lower"] == wilson(0, 179).lower
    assert row["upper"] == wilson(83, 179).upper
    assert np.isnan(row["value"])


def test_without_unassessed_it_is_the_plain_share() -> None:
    data = pd.DataFrame({"x": [7], "n": [50], "m": [0]})
    for covers in ("set", "share"):
        row = manski_bounds(data, "x", "n", "m", covers=covers).table.iloc[0]
        plain_row = proportion(data, "x", "n").table.iloc[0]
        assert row["least"] == row["most"] == plain_row["value"]
        assert (row["lower"], row["upper"]) == (plain_row["lower"], plain_row["upper"])


def test_limits_for_the_share_approach_one_sided_ones() -> None:
    # Imbens & Manski: with many unassessed only one end matters, so that 90 percent two-sided do.
    wide = manski_bounds(
        pd.DataFrame({"x": [200], "n": [1000], "m": [300]}), "x", "n", "m", covers="share"
    ).table.iloc[0]
    assert wide["lower"] == pytest.approx(wilson(200, 1000, confidence=0.90).lower, rel=1e-6)
    narrow = manski_bounds(
        pd.DataFrame({"x": [200], "n": [1000], "m": [10]}), "x", "n", "m", covers="share"
    ).table.iloc[0]
    # The critical value solves Phi(c + D/s) - Phi(-c) = 0.95.
    share = np.array([0.2, 0.21])
    s = np.sqrt((share * (1 - share)).max() / 1000)
    c = norm.isf((1 - _level(narrow["lower"], 200, 1000)) / 2)
    assert norm.cdf(c + 0.01 / s) - norm.cdf(-c) == pytest.approx(0.95, abs=1e-6)


def _level(lower: float, x: int, n: int) -> float:
    """The level whose Wilson interval has this lower limit."""
    z = (x / n - lower) / np.sqrt(lower * (1 - lower) / n)
    return float(2 * norm.cdf(z) - 1)


@pytest.mark.parametrize("truth", [0.0, 0.5, 1.0])
def test_the_share_is_covered_wherever_it_lies(truth: float) -> None:
    # 30 of 100 unassessed; among them `truth` have the outcome. 500 draws, error 1 point.
    rng = np.random.default_rng(4)
    runs = 500
    assessed_share, missing_share = 0.2, 0.3
    missing = rng.binomial(100, missing_share, runs)
    x = rng.binomial(100 - missing, assessed_share)
    share = (1 - missing_share) * assessed_share + missing_share * truth
    data = pd.DataFrame({"x": x, "n": 100, "m": missing})
    for covers in ("set", "share"):
        table = manski_bounds(data, "x", "n", "m", covers=covers).table
        covered = ((table["lower"] <= share) & (share <= table["upper"])).mean()
        assert covered >= 0.92


def test_difference_between_the_extremes() -> None:
    row = manski_difference(_years(), "x", "n", "m", group="year", reference=2022).table.iloc[0]
    assert row["least"] == pytest.approx(40 / 120 - 15 / 100)
    assert row["most"] == pytest.approx(46 / 120 - 10 / 100)
    assert row["lower"] == newcombe(40, 120, 15, 100).lower
    assert row["upper"] == newcombe(46, 120, 10, 100).upper


def test_a_conclusion_that_stands_and_one_that_tips() -> None:
    stands = tipping_point(_years(), "x", "n", "m", group="year", reference=2022)
    row = stands.table.iloc[0]
    assert (row["conclusion"], row["tips"]) == ("higher", False)
    assert len(stands.grid) == 6 * 7
    many = _years().assign(m=[40, 15, 15])
    tips = tipping_point(many, "x", "n", "m", group="year", reference=2022)
    row = tips.table.iloc[0]
    assert row["tips"]
    # The nearest case does tip, and one step back towards the assumption does not.
    a, b = row["tip_positive"], row["tip_reference_positive"]
    assert newcombe(40 + a, 120, 10 + b, 100).lower <= 0
    start = (30 * 40 / 90, 40 * 10 / 60)
    near = tips.grid.assign(
        far=lambda g: (g["positive"] - start[0]).abs() + (g["reference_positive"] - start[1]).abs()
    )
    at = near[(near["positive"] == a) & (near["reference_positive"] == b)]["far"].iloc[0]
    assert (near[near["far"] < at - 1e-9]["conclusion"] == row["conclusion"]).all()


def test_order_of_rows_and_input() -> None:
    data = _years()
    for method in (manski_difference, tipping_point):
        one = method(data, "x", "n", "m", group="year", reference=2022).table
        other = method(data.iloc[::-1], "x", "n", "m", group="year", reference=2022).table
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    pd.testing.assert_frame_equal(data, _years())


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (pd.DataFrame({"x": [5], "n": [9], "m": [5]}), "above_denominator"),
        (pd.DataFrame({"x": [5], "n": [9], "m": [-1]}), "negative"),
        (pd.DataFrame({"x": [0], "n": [0], "m": [0]}), "zero_denominator"),
    ],
)
def test_impossible_counts_are_errors(data: pd.DataFrame, key: str) -> None:
    with pytest.raises(UserError) as error:
        manski_bounds(data, "x", "n", "m")
    assert error.value.key == f"methods.inputs.{key}"


def test_text_and_plot() -> None:
    result = manski_bounds(_falls(), "severe", "reports", "unassessed")
    assert plain(result.text("sv")) == (
        "Andelen ligger mellan 0,0 % och 46,4 %, beroende på hur de 83 ej bedömda av 179 hade "
        "bedömts (95 % konfidensintervall 0,0 % till 53,7 %)."
    )
    assert len(result.plot().collections) == 2
    sentence = tipping_point(_years(), "x", "n", "m", group="year", reference=2022).text("en")
    assert sentence == (
        "2023 is higher than the reference group, however the 6 + 5 not assessed would have been "
        "assessed."
    )
    assert difference(_years(), "x", "n", group="year", reference=2022).table["lower"].iloc[0] > 0
