"""The ratio of two ways of counting the same period."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from umea_eval.errors import UserError
from umea_eval.methods.rates import bootstrap_rate_ratio
from umea_eval.methods.series_bridge import series_bridge


def _placements(seed: int = 1, n: int = 200) -> pd.DataFrame:
    """Stays of children, counted with both end days and by nights."""
    rng = np.random.default_rng(seed)
    stays = rng.integers(1, 4, n)
    days = rng.integers(5, 200, n) + stays
    child = np.char.add("c", np.arange(n).astype(str))
    return pd.DataFrame({"child": child, "both": days, "nights": days - stays})


def test_ratio_and_limits_by_hand() -> None:
    # Residuals new - R old with R = 60/62: 1, -0.645, -0.355; Cochran 1977, 6.4.
    data = pd.DataFrame({"child": [1, 2, 3], "both": [31, 11, 20], "nights": [31, 10, 19]})
    row = series_bridge(data, "nights", "both", unit="child").table.iloc[0]
    residuals = np.array([31 - 60 / 62 * 31, 10 - 60 / 62 * 11, 19 - 60 / 62 * 20])
    error = np.sqrt((residuals**2).sum() * 3 / 2) / 60
    assert row["value"] == pytest.approx(60 / 62)
    assert row["standard_error"] == pytest.approx(error)
    # t with 2 degrees of freedom at 97.5 per cent.
    assert row["upper"] == pytest.approx(60 / 62 * np.exp(4.302652730 * error))
    assert row["units"] == 3


def test_rows_of_a_unit_are_summed_and_their_order_does_not_show() -> None:
    data = _placements()
    less = data.assign(both=data["both"] - 1, nights=data["nights"] - 1)
    split = pd.concat([less, data.assign(both=1, nights=1)])
    whole = series_bridge(data, "nights", "both", unit="child").table
    mixed = series_bridge(split.sample(frac=1, random_state=3), "nights", "both", unit="child")
    pd.testing.assert_frame_equal(mixed.table, whole, check_exact=True)


def test_two_ways_that_agree_leave_nothing_to_chance() -> None:
    data = _placements().assign(nights=lambda frame: frame["both"])
    row = series_bridge(data, "nights", "both", unit="child").table.iloc[0]
    assert (row["value"], row["lower"], row["upper"]) == (1, 1, 1)


def test_paired_units_give_a_narrower_interval_than_two_samples() -> None:
    data = _placements()
    bridge = series_bridge(data, "nights", "both", unit="child").table.iloc[0]
    apart = pd.concat(
        [
            pd.DataFrame({"way": way, "days": data[way], "one": 1}).reset_index(drop=True)
            for way in ("both", "nights")
        ]
    )
    loose = bootstrap_rate_ratio(apart, "days", "one", group="way", reference="both", seed=1)
    width = bridge["upper"] - bridge["lower"]
    assert width < 0.1 * float((loose.table["upper"] - loose.table["lower"]).iloc[0])


def test_coverage_of_a_planted_ratio() -> None:
    # A unit loses a day for each of its stays: the truth is (E days - 2) / E days.
    truth = 1 - 2 / (np.mean(np.arange(5, 200)) + 2)
    hits = 0
    for seed in range(400):
        row = series_bridge(_placements(seed, 60), "nights", "both", unit="child").table.iloc[0]
        hits += row["lower"] <= truth <= row["upper"]
    assert 0.92 <= hits / 400 <= 0.975


def test_groups_and_units_without_anything() -> None:
    data = pd.DataFrame(
        {
            "kind": ["a", "a", "b", "b", "b"],
            "child": [1, 2, 1, 2, 3],
            "old": [4, 6, 3, 0, 5],
            "new": [5, 6, 0, 0, 0],
        }
    )
    table = series_bridge(data, "new", "old", unit="child", by="kind").table
    assert table["kind"].tolist() == ["a", "b"]
    assert table["value"].tolist() == [1.1, 0]
    assert table["units"].tolist() == [2, 2]
    assert table["lower"].isna().tolist() == [False, True]


def test_nothing_counted_the_old_way_is_told() -> None:
    data = pd.DataFrame({"child": [1, 2], "old": [0, 0], "new": [1, 2]})
    with pytest.raises(UserError) as told:
        series_bridge(data, "new", "old", unit="child")
    assert told.value.key == "methods.bridge.none"


def test_sentence() -> None:
    result = series_bridge(_placements(), "nights", "both", unit="child")
    assert result.text("sv").startswith("Samma period räknad på det nya sättet ger 0,98")
    assert result.text("en").startswith("The same period counted the new way gives 0.98")
    assert result.plot().get_xlabel() == "Kvot mellan nytt och gammalt sätt att räkna"
