from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.methods.coverage import paired_coverage
from tests.methods.reading import plain
from tests.methods.reference import reference_case
from umea_eval.errors import UserError
from umea_eval.methods.proportions import mcnemar, paired_difference, tango


@reference_case("E05", function="proportions.mcnemar")
def test_E05() -> Mapping[str, float]:
    test = mcnemar(150, 86)
    return {
        "p_exact": float(test.p_exact),
        "chi2_cc": float(test.chi2_corrected),
        "chi2": float(test.chi2),
    }


@reference_case("E06", function="proportions.tango")
def test_E06() -> Mapping[str, float]:
    lower, upper = tango(150, 86, 1600)
    return {"lo": float(lower), "hi": float(upper)}


def test_tango_at_the_ends() -> None:
    # Without discordant pairs the limits are z^2 / (n + z^2) either way (Tango 1998).
    z2 = 1.959963984540054**2
    lower, upper = tango([0, 10, 0], [0, 0, 10], [10, 10, 10])
    assert upper[0] == pytest.approx(z2 / (10 + z2), rel=1e-9)
    assert lower[0] == -upper[0]
    assert upper[1] == 1.0
    assert lower[1] == pytest.approx((10 - z2) / (10 + z2), rel=1e-9)
    assert lower[2] == -1.0


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_tango_holds_the_estimate_and_turns_over(b: int, c: int, rest: int) -> None:
    n = b + c + rest
    if n == 0:
        return
    there, back = tango(b, c, n), tango(c, b, n)
    assert -1 <= there.lower <= (b - c) / n <= there.upper <= 1
    assert there.lower == pytest.approx(-back.upper, abs=1e-12)


def test_coverage_by_enumeration() -> None:
    coverage = paired_coverage(20, tango)
    assert 0.94 <= coverage.mean <= 0.97


def test_mcnemar_without_discordant_pairs() -> None:
    assert mcnemar(0, 0).p_exact == 1.0
    assert mcnemar(0, 0).chi2 == 0.0
    # 5 of 5 in one direction: 2 / 2^5
    assert mcnemar(0, 5).p_exact == pytest.approx(0.0625)


def _people() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area": list("aaabbbb"),
            "before": [True, False, False, True, True, False, True],
            "after": [True, True, True, False, True, True, True],
        }
    )


def test_change_per_person() -> None:
    data = _people()
    row = paired_difference(data, "before", "after").table.iloc[0]
    assert (row["no_to_yes"], row["yes_to_no"], row["denominator"]) == (3.0, 1.0, 7.0)
    assert row["value"] == pytest.approx(2 / 7)
    assert (row["lower"], row["upper"]) == tuple(tango(3, 1, 7))
    assert row["p_value"] == mcnemar(3, 1).p_exact
    by_area = paired_difference(data, "before", "after", by="area").table
    assert by_area["value"].to_numpy() == pytest.approx([2 / 3, 0.0])
    pd.testing.assert_frame_equal(data, _people())


def test_text_says_test_and_interval() -> None:
    lower, upper = (f"{100 * limit:.1f}".replace(".", ",") for limit in tango(3, 1, 7))
    assert plain(paired_difference(_people(), "before", "after").text("sv")) == (
        "Förändringen från första till andra tillfället är 28,6 procentenheter "
        f"(95 % konfidensintervall {lower} till {upper}; McNemars exakta test: p = 0,625)."
    )


def test_other_values_than_yes_and_no_are_errors() -> None:
    with pytest.raises(UserError, match="rad 2"):
        paired_difference(pd.DataFrame({"a": [0, 2], "b": [1, 1]}), "a", "b")
    with pytest.raises(UserError) as error:
        paired_difference(pd.DataFrame({"a": [0, np.nan], "b": [1, 1]}), "a", "b")
    assert error.value.key == "methods.inputs.missing"
    with pytest.raises(UserError) as error:
        tango(6, 5, 10)
    assert error.value.key == "methods.inputs.above_denominator"
