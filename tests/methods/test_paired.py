from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from tests.methods.reading import plain
from tests.methods.reference import cases, reference_case
from umea_eval.errors import UserError
from umea_eval.methods.paired import (
    expected_change,
    paired_t,
    regression_to_the_mean,
    sign_flip,
    sign_flip_p,
    signed_rank_p,
    wilcoxon_signed_rank,
)


def _inputs(case_id: str, one: str, other: str) -> pd.DataFrame:
    """Two series of a case, written in it as ``one=...; other=...``."""
    text = cases()[case_id].inputs
    series = {}
    for name in (one, other):
        values = text.split(f"{name}=")[1].split(";")[0].split("(")[0]
        series[name] = [float(value) for value in values.split(",")]
    return pd.DataFrame(series)


@reference_case("C01", function="paired.paired_t")
def test_C01() -> Mapping[str, float]:
    row = paired_t(_inputs("C01", "a", "b"), "a", "b").table.iloc[0]
    names = {"t": "statistic", "p": "p_value", "diff": "value", "lo": "lower", "hi": "upper"}
    return {name: row[column] for name, column in names.items()}


@reference_case("C02", function="paired.sign_flip")
def test_C02() -> Mapping[str, float]:
    row = sign_flip(_inputs("C01", "a", "b"), "a", "b").table.iloc[0]
    return {"p": row["p_value"], "dz": row["effect_size"]}


@reference_case("C03", function="paired.wilcoxon_signed_rank")
def test_C03() -> Mapping[str, float]:
    data = _inputs("C03", "x", "y")
    row = wilcoxon_signed_rank(data, "x", "y").table.iloc[0]
    greater = wilcoxon_signed_rank(data, "x", "y", alternative="greater").table.iloc[0]
    return {
        "V": row["statistic"],
        "p_greater": greater["p_value"],
        "p_two": row["p_value"],
        "HL": row["value"],
        "lo": row["lower"],
        "hi": row["upper"],
    }


def _flipped(d: np.ndarray) -> np.ndarray:
    return np.array(list(itertools.product([-1.0, 1.0], repeat=len(d)))) @ np.abs(d)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=9))
def test_sign_flip_equals_listing_every_pattern(values: list[int]) -> None:
    d = np.array(values, dtype=float)
    sums = _flipped(d)
    assert sign_flip_p(d) == pytest.approx((np.abs(sums) >= abs(d.sum())).mean(), abs=1e-12)
    assert sign_flip_p(d, alternative="greater") == pytest.approx((sums >= d.sum()).mean())
    assert sign_flip_p(d, alternative="less") == pytest.approx((sums <= d.sum()).mean())


@given(st.lists(st.integers(-9, 9).filter(bool), min_size=1, max_size=9))
def test_signed_ranks_with_ties_equal_listing_every_pattern(values: list[int]) -> None:
    d = np.array(values, dtype=float)
    ranks = pd.Series(np.abs(d)).rank().to_numpy()
    signs = np.array(list(itertools.product([0.0, 1.0], repeat=len(d))))
    sums, v = signs @ ranks, ranks[d > 0].sum()
    assert signed_rank_p(d, alternative="greater") == pytest.approx((sums >= v).mean())
    expected = min(1.0, 2 * min((sums >= v).mean(), (sums <= v).mean()))
    assert signed_rank_p(d) == pytest.approx(expected)


def test_without_ties_equals_scipy_and_large_samples_near_the_normal() -> None:
    d = np.random.default_rng(1).normal(0.2, 1, 40)
    assert signed_rank_p(d) == pytest.approx(wilcoxon(d, method="exact").pvalue, rel=1e-10)
    many = np.random.default_rng(2).normal(0.05, 1, 600)
    assert signed_rank_p(many) == pytest.approx(wilcoxon(many, method="asymptotic").pvalue)


def _frame(d: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"after": d, "before": np.zeros(len(d))})


@pytest.mark.parametrize("method", [wilcoxon_signed_rank, sign_flip])
def test_the_limits_are_where_the_test_turns(method: object) -> None:
    # Just inside a limit a one-sided test no longer reaches 2.5 percent, just outside it does.
    d = np.random.default_rng(8).normal(1, 2, 12)
    p = signed_rank_p if method is wilcoxon_signed_rank else sign_flip_p
    row = method(_frame(d), "after", "before").table.iloc[0]
    for limit, side, out in ((row["lower"], "greater", -1e-6), (row["upper"], "less", 1e-6)):
        assert p(d - limit - out, alternative=side) <= 0.025
        assert p(d - limit + out, alternative=side) > 0.025


def test_few_pairs_have_no_bounded_interval() -> None:
    five = _frame(np.array([1.0, 2.0, 3.0, 4.0, 5.5]))
    for method in (wilcoxon_signed_rank, sign_flip):
        result = method(five, "after", "before")
        assert result.table["p_value"].iloc[0] == pytest.approx(2 / 2**5)
        assert np.isinf(result.table[["lower", "upper"]].to_numpy()).all()
        assert "för få uppgifter" in result.text("sv")
        assert result.plot().get_xlabel() == "Skillnad"


def test_more_pairs_than_can_be_listed_need_a_seed() -> None:
    rng = np.random.default_rng(3)
    data = _frame(rng.normal(0.5, 1, 60))
    with pytest.raises(UserError) as error:
        sign_flip(data, "after", "before")
    assert error.value.key == "methods.paired.seed"
    drawn = sign_flip(data, "after", "before", seed=1).table.iloc[0]
    t = paired_t(data, "after", "before").table.iloc[0]
    assert drawn["p_value"] == pytest.approx(t["p_value"], abs=0.003)
    assert drawn["lower"] == pytest.approx(t["lower"], abs=0.02)
    turned = sign_flip(data.iloc[::-1], "after", "before", seed=1).table.iloc[0]
    pd.testing.assert_series_equal(drawn, turned)


def test_equal_on_paper_shares_a_rank() -> None:
    d = np.array([0.3 - 0.1, 0.2, -0.2, 0.5, 0.7, 0.9])
    assert signed_rank_p(d) == signed_rank_p(np.round(d, 6))


def test_order_of_rows_and_input() -> None:
    data = pd.DataFrame({"a": np.random.default_rng(1).normal(size=15), "b": 0.1})
    kept = data.copy()
    for method in (paired_t, wilcoxon_signed_rank, sign_flip):
        table = method(data, "a", "b").table
        turned = method(data.sample(frac=1, random_state=1), "a", "b").table
        pd.testing.assert_frame_equal(table, turned, check_exact=True)
    pd.testing.assert_frame_equal(data, kept)


def test_what_has_no_answer_is_an_error() -> None:
    for data, key in (
        (pd.DataFrame({"a": [1.0, 2.0], "b": [0.0, 1.0]}), "paired.no_spread"),
        (pd.DataFrame({"a": [1.0], "b": [0.0]}), "paired.few_pairs"),
        (pd.DataFrame({"a": [1.0, None], "b": [0.0, 1.0]}), "inputs.missing"),
        (pd.DataFrame({"a": ["x", "y"], "b": [0.0, 1.0]}), "inputs.not_number"),
    ):
        with pytest.raises(UserError) as error:
            paired_t(data, "a", "b")
        assert error.value.key == f"methods.{key}"
    with pytest.raises(UserError) as error:
        wilcoxon_signed_rank(pd.DataFrame({"a": [1.0], "b": [1.0]}), "a", "b")
    assert error.value.key == "methods.paired.few_pairs"


def test_regression_to_the_mean_recovers_simulated_truth() -> None:
    rng = np.random.default_rng(20261122)
    person = rng.normal(140, np.sqrt(0.6) * 20, 1_000_000)
    first, second = (person + rng.normal(0, np.sqrt(0.4) * 20, len(person)) for _ in range(2))
    expected = regression_to_the_mean(mean=140, sd=20, correlation=0.6, cutoff=160)
    high = first > 160
    assert first[high].mean() == pytest.approx(expected.selected_mean, abs=0.15)
    assert (second - first)[high].mean() == pytest.approx(expected.expected_change, abs=0.15)
    low = regression_to_the_mean(mean=140, sd=20, correlation=0.6, cutoff=120, direction="below")
    assert low.expected_change == pytest.approx(-expected.expected_change)
    data = pd.DataFrame({"first": first[high][:5000]})
    own = expected_change(data, "first", mean=140, correlation=0.6)
    assert own.expected_change == pytest.approx(-0.4 * (data["first"].mean() - 140))


def test_the_mean_of_several_measurements_regresses_less() -> None:
    one, four = (
        regression_to_the_mean(mean=0, sd=1, correlation=0.5, cutoff=1, measurements=m)
        for m in (1, 4)
    )
    assert one.expected_change < four.expected_change < 0
    far = regression_to_the_mean(mean=0, sd=1, correlation=0.5, cutoff=50)
    assert np.isfinite(far.selected_mean)
    with pytest.raises(UserError):
        regression_to_the_mean(mean=0, sd=0, correlation=0.5, cutoff=1)


def test_text() -> None:
    result = paired_t(_inputs("C01", "a", "b"), "a", "b")
    assert plain(result.text("sv")) == (
        "Skillnaden är -1,58 (95 % konfidensintervall -2,46 till -0,70; p = 0,003) bland 10 par."
    )
