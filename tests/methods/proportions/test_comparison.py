from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from tests.methods.coverage import two_binomial_coverage
from tests.methods.reading import plain
from tests.methods.reference import reference_case
from umea_eval.errors import UserError
from umea_eval.methods.proportions import difference, katz, koopman, newcombe, ratio


def _newcombe(x1: int, n1: int, x2: int, n2: int) -> Mapping[str, float]:
    data = pd.DataFrame({"group": ["a", "b"], "x": [x1, x2], "n": [n1, n2]})
    row = difference(data, "x", "n", group="group", reference="b").table.iloc[0]
    return {"diff": row["value"], "lo": row["lower"], "hi": row["upper"]}


@reference_case("P10", function="proportions.difference")
def test_P10() -> Mapping[str, float]:
    return _newcombe(56, 70, 48, 80)


@reference_case("P12", function="proportions.difference")
def test_P12() -> Mapping[str, float]:
    return _newcombe(10, 10, 0, 20)


def test_newcombe_1998_table_2_further_rows() -> None:
    # Newcombe 1998, Stat Med 17:873-890, table II, method 10, to the printed four decimals.
    lower, upper = newcombe(
        [9, 6, 5, 0, 0, 10], [10, 7, 56, 10, 10, 10], [3, 2, 0, 0, 0, 0], [10, 7, 29, 20, 10, 10]
    )
    assert np.round(lower, 4).tolist() == [0.1705, 0.0582, -0.0381, -0.1611, -0.2775, 0.6075]
    assert np.round(upper, 4).tolist() == [0.8090, 0.8062, 0.1926, 0.2775, 0.2775, 1.0]


@pytest.mark.parametrize(
    "counts", [(56, 70, 48, 80), (5, 56, 1, 29), (9, 10, 3, 10), (29, 29, 20, 30)]
)
def test_ratio_equals_statsmodels(counts: tuple[int, int, int, int]) -> None:
    for ours, theirs in ((koopman, "score"), (katz, "log")):
        expected = confint_proportions_2indep(
            *counts, compare="ratio", method=theirs, correction=False
        )
        assert ours(*counts) == pytest.approx(expected, rel=1e-6)


groups = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(groups, groups)
def test_exchanging_the_groups_turns_the_intervals_over(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    there, back = newcombe(*one, *other), newcombe(*other, *one)
    assert there.lower == pytest.approx(-back.upper, abs=1e-12)
    if one[0] + other[0] == 0:
        return
    for interval in (koopman, katz):
        there, back = interval(*one, *other), interval(*other, *one)
        if there.lower > 0:
            assert there.lower * back.upper == pytest.approx(1.0, rel=1e-9)
        else:
            assert np.isinf(back.upper)
        assert there.lower < there.upper


def test_ratio_at_the_ends() -> None:
    lower, upper = koopman([0, 5, 10], [10, 10, 10], [5, 0, 20], [20, 20, 20])
    assert lower[0] == 0.0
    assert np.isinf(upper[1])
    assert lower[2] < 1 < upper[2]
    with pytest.raises(UserError) as error:
        koopman([1, 0], [10, 10], [1, 0], [20, 20])
    assert error.value.key == "methods.inputs.no_events"
    assert "rad 2" in error.value.message("sv")


@pytest.mark.parametrize(("n1", "n2"), [(10, 10), (10, 30)])
def test_coverage_by_enumeration(n1: int, n2: int) -> None:
    assert 0.94 <= two_binomial_coverage(n1, n2, newcombe, lambda p, q: p - q).mean <= 0.97
    assert 0.94 <= two_binomial_coverage(n1, n2, koopman, lambda p, q: p / q).mean <= 0.97


def _years() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "year": [2022, 2023, 2022, 2023, 2023],
            "sex": ["k", "k", "m", "m", "m"],
            "x": [3, 5, 2, 4, 4],
            "n": [10, 10, 20, 10, 10],
        }
    )


def test_every_group_against_the_reference_within_strata() -> None:
    data = _years()
    table = difference(data, "x", "n", group="year", reference=2022, by="sex").table
    assert table["sex"].tolist() == ["k", "m"]
    assert table["value"].to_numpy() == pytest.approx([0.2, 0.3])
    assert table["numerator"].tolist() == [5.0, 8.0]
    assert table["reference_denominator"].tolist() == [10.0, 20.0]
    turned = difference(data.iloc[::-1], "x", "n", group="year", reference=2022, by="sex").table
    pd.testing.assert_frame_equal(table, turned, check_exact=True)
    pd.testing.assert_frame_equal(data, _years())


def test_an_unknown_reference_is_an_error() -> None:
    with pytest.raises(UserError, match="2022, 2023"):
        difference(_years(), "x", "n", group="year", reference=2021)
    with pytest.raises(UserError, match="2022, 2023"):
        difference(_years().iloc[1:], "x", "n", group="year", reference=2022, by="sex")


def test_text() -> None:
    change = difference(_years(), "x", "n", group="year", reference=2022)
    lower, upper = (f"{100 * limit:.1f}".replace(".", ",") for limit in newcombe(13, 30, 5, 30))
    assert plain(change.text("sv")) == (
        "2023 jämfört med jämförelsegruppen: skillnaden är 26,7 procentenheter "
        f"(95 % konfidensintervall {lower} till {upper})."
    )
    times = ratio(_years(), "x", "n", group="year", reference=2022)
    assert plain(times.text("en")).startswith(
        "2023 compared with the reference group: the ratio is 2.60"
    )
    none = ratio(
        pd.DataFrame({"g": ["a", "b"], "x": [3, 0], "n": [9, 9]}),
        "x",
        "n",
        group="g",
        reference="b",
    )
    assert "the ratio is unbounded (95% confidence interval from" in plain(none.text("en"))
    assert none.plot().get_xlabel() == "Kvot mellan andelar"
