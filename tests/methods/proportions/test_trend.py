from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from umea_eval.errors import UserError
from umea_eval.methods.proportions import cochran_armitage, proportion_trend

# R ?prop.trend.test: smokers among patients in four studies (Fleiss 1981).
SMOKERS, PATIENTS = [83, 90, 129, 70], [86, 93, 136, 82]


def test_equals_r_prop_trend_test() -> None:
    trend = cochran_armitage(SMOKERS, PATIENTS)
    assert trend.statistic == pytest.approx(8.2249, abs=5e-5)
    assert trend.p_value == pytest.approx(0.004132, abs=5e-7)
    uneven = cochran_armitage(SMOKERS, PATIENTS, [0, 0, 0, 1])
    assert uneven.statistic == pytest.approx(12.173, abs=5e-4)


def test_slope_is_the_weighted_regression_line() -> None:
    share = np.array(SMOKERS) / PATIENTS
    slope = np.polyfit([1, 2, 3, 4], share, 1, w=np.sqrt(PATIENTS))[0]
    assert cochran_armitage(SMOKERS, PATIENTS).slope == pytest.approx(slope, rel=1e-10)


def test_frame_by_group_in_any_order() -> None:
    data = pd.DataFrame(
        {"year": [2020, 2021, 2022] * 2, "sex": list("kkkmmm"), "x": [1, 2, 3, 5, 5, 5], "n": 10}
    )
    result = proportion_trend(data, "x", "n", score="year", by="sex")
    assert result.table["value"].to_numpy() == pytest.approx([0.1, 0.0])
    assert (result.table["lower"] < result.table["value"]).all()
    turned = proportion_trend(data.iloc[::-1], "x", "n", score="year", by="sex")
    pd.testing.assert_frame_equal(result.table, turned.table, check_exact=True)
    assert "kkk" not in result.text("sv")
    one = proportion_trend(data.iloc[:3], "x", "n", score="year")
    assert one.text("en").startswith("The share changes by 10.0 percentage points per step")


def test_shares_of_none_and_all_still_have_an_interval() -> None:
    data = pd.DataFrame({"x": [0, 5], "n": [5, 5], "s": [0, 1]})
    row = proportion_trend(data, "x", "n", score="s").table.iloc[0]
    assert row["upper"] > row["value"] == 1.0


def test_one_step_has_no_trend() -> None:
    with pytest.raises(UserError) as error:
        cochran_armitage([1, 2], [5, 5], [3, 3])
    assert error.value.key == "methods.proportions.trend.no_spread"
