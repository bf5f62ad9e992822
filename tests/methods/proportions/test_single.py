from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.methods.coverage import binomial_coverage
from tests.methods.reading import plain
from tests.methods.reference import reference_case
from umea_eval.errors import UserError
from umea_eval.methods.inputs import Interval
from umea_eval.methods.proportions import clopper_pearson, proportion, wilson
from umea_eval.methods.result import COLUMNS


def _limits(interval: Interval) -> Mapping[str, float]:
    return {"lo": float(interval.lower), "hi": float(interval.upper)}


@reference_case("P01", function="proportions.wilson")
def test_P01() -> Mapping[str, float]:
    return _limits(wilson(81, 263))


@reference_case("P03", function="proportions.wilson")
def test_P03() -> Mapping[str, float]:
    return _limits(wilson(0, 20))


@reference_case("P05", function="proportions.clopper_pearson")
def test_P05() -> Mapping[str, float]:
    return _limits(clopper_pearson(81, 263))


@reference_case("P07", function="proportions.clopper_pearson")
def test_P07() -> Mapping[str, float]:
    return _limits(clopper_pearson(0, 20))


def test_newcombe_1998_table_1_further_rows() -> None:
    # Newcombe 1998, Stat Med 17:857-872, table I, to the printed four decimals.
    assert np.round(wilson([15, 1], [148, 29]).lower, 4).tolist() == [0.0624, 0.0061]
    assert np.round(wilson([15, 1], [148, 29]).upper, 4).tolist() == [0.1605, 0.1718]
    assert np.round(clopper_pearson([15, 1], [148, 29]).lower, 4).tolist() == [0.0578, 0.0009]
    assert np.round(clopper_pearson([15, 1], [148, 29]).upper, 4).tolist() == [0.1617, 0.1776]


@pytest.mark.parametrize("n", [1, 5, 20, 1000])
def test_limits_at_none_and_all(n: int) -> None:
    for interval in (wilson, clopper_pearson):
        none, every = interval(0, n), interval(n, n)
        assert none.lower == 0.0
        assert every.upper == 1.0
        assert every.lower == pytest.approx(1 - none.upper, abs=1e-14)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_limits_hold_the_share_and_widen_with_confidence(case: tuple[int, int]) -> None:
    x, n = case
    for interval in (wilson, clopper_pearson):
        narrow, wide = interval(x, n, confidence=0.8), interval(x, n, confidence=0.99)
        assert wide.lower <= narrow.lower <= x / n + 1e-12
        assert x / n - 1e-12 <= narrow.upper <= wide.upper


@pytest.mark.parametrize("n", range(5, 51))
def test_coverage_by_enumeration(n: int) -> None:
    exact = binomial_coverage(n, clopper_pearson)
    score = binomial_coverage(n, wilson)
    assert exact.minimum >= 0.95
    assert 0.94 <= score.mean <= 0.97


def _frame() -> pd.DataFrame:
    return pd.DataFrame(
        {"home": ["b", "a", "b"], "falls": [3, 0, 5], "people": [10, 12, 20]},
    ).convert_dtypes(dtype_backend="pyarrow")


def test_rows_keep_their_index_and_groups_are_summed() -> None:
    frame = _frame().set_index(pd.Index([7, 8, 9]))
    by_row = proportion(frame, "falls", "people").table
    assert by_row.index.tolist() == [7, 8, 9]
    assert tuple(by_row.columns) == COLUMNS
    by_home = proportion(frame, "falls", "people", by="home").table
    assert by_home["home"].tolist() == ["a", "b"]
    assert by_home["numerator"].tolist() == [0.0, 8.0]
    assert by_home["upper"].iloc[1] == wilson(8, 30).upper


def test_input_is_unchanged_and_order_does_not_matter() -> None:
    frame, kept = _frame(), _frame()
    first = proportion(frame, "falls", "people", by="home").table
    turned = proportion(frame.iloc[::-1], "falls", "people", by="home").table
    pd.testing.assert_frame_equal(frame, kept)
    pd.testing.assert_frame_equal(first, turned, check_exact=True)


@pytest.mark.parametrize(
    ("x", "n", "key"),
    [
        ([1], [0], "zero_denominator"),
        ([3], [2], "above_denominator"),
        ([1.5], [2], "not_whole"),
        ([-1], [2], "negative"),
        ([None], [2.0], "all_missing"),
        ([1, None], [2, 2], "missing"),
        ([], [], "empty"),
    ],
)
def test_impossible_counts_are_errors(x: list[float], n: list[float], key: str) -> None:
    frame = pd.DataFrame({"x": x, "n": n}, dtype="float64")
    with pytest.raises(UserError) as error:
        proportion(frame, "x", "n")
    assert error.value.key == f"methods.inputs.{key}"
    assert all(len(error.value.message(language)) > 20 for language in ("sv", "en"))


def test_a_misspelt_column_is_suggested() -> None:
    with pytest.raises(UserError, match="Menade du ”people”"):
        proportion(_frame(), "falls", "peopel")


def test_text_and_plot() -> None:
    one = proportion(pd.DataFrame({"x": [81], "n": [263]}), "x", "n")
    assert (
        plain(one.text("sv")) == "81 av 263, 30,8 % (95 % konfidensintervall 25,5 % till 36,6 %)."
    )
    assert plain(one.text("en")) == "81 of 263, 30.8% (95% confidence interval 25.5% to 36.6%)."
    homes = proportion(_frame(), "falls", "people", by="home")
    assert homes.text("en").startswith("2 groups: lowest a with 0.0%")
    ax = homes.plot(language="en")
    assert ax.get_xlabel() == "Share (%)"
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "b"]
    assert ax.lines[0].get_xdata() == pytest.approx(homes.table["value"].to_numpy() * 100)
