"""The index, its uncertainty and the money shared by it, worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.methods.reference import reaches
from umea_eval.datasets.care_need.measures import (
    WEIGHTS,
    by_need,
    by_size,
    care_need_index,
    compared,
    components,
    indexed,
    largest_remainder,
    over_threshold,
    sensitivity,
    what_if,
    with_limits,
    year_to_year,
)
from umea_eval.errors import UserError

COUNTS = dict(zip(WEIGHTS, (484, 1391, 981, 167, 385, 632, 595), strict=True))
# Sum of the weights: 32.58. Centre A has 10 of each among 100, B 5, C 20 among 400.
THREE = pd.DataFrame(
    [
        {"centre": "A", "year": 2022, "listed": 100, **dict.fromkeys(WEIGHTS, 10)},
        {"centre": "B", "year": 2022, "listed": 100, **dict.fromkeys(WEIGHTS, 5)},
        {"centre": "C", "year": 2022, "listed": 400, **dict.fromkeys(WEIGHTS, 20)},
    ]
)
# 100 * 0.2, 200 * 0.1 and 50 * 0: A and B have the same need, C and D none.
FOUR = pd.DataFrame(
    {"centre": ["A", "B", "C", "D"], "listed": [100, 200, 50, 300], "cni": [1.3, 1.2, 1.1, 0.8]}
)


def test_N01() -> None:
    centre = pd.DataFrame([{"listed": 5912, **COUNTS}])
    found = care_need_index(centre, reference_mean=2.4761).iloc[0]
    reaches(
        "N01",
        {"index": found["weighted_sum"], "cni": found["cni"]},
        function="care_need.care_need_index",
    )


def test_the_reference_is_one_over_all_listed_persons() -> None:
    centres = pd.DataFrame(
        [{"listed": 1000, **dict.fromkeys(WEIGHTS, 10)}, {"listed": 3000, **COUNTS}]
    )
    found = care_need_index(centres)
    assert (found["cni"] * found["listed"]).sum() / found["listed"].sum() == pytest.approx(1)
    assert list(centres.columns) == ["listed", *WEIGHTS]


@pytest.mark.parametrize("fault", [{"listed": 0}, {"unemployed_16_64": -1}, {"moved_in": None}])
def test_what_is_missing_is_said(fault: dict[str, float | None]) -> None:
    with pytest.raises(UserError):
        care_need_index(pd.DataFrame([{"listed": 100, **COUNTS, **fault}]))


def test_both_scales_under_each_reference() -> None:
    # Raw: 3.258, 1.629, 1.629. Over all 600 listed (325.8 + 162.9 + 651.6) / 600 = 1.9005; over
    # the three centres 2.172.
    listed, centres = (indexed(THREE, reference=way) for way in ("listed", "centres"))
    assert listed["raw"].tolist() == pytest.approx([3.258, 1.629, 1.629])
    assert listed["cni"].tolist() == pytest.approx([3.258 / 1.9005, 1.629 / 1.9005, 1.629 / 1.9005])
    assert centres["cni"].tolist() == pytest.approx([1.5, 0.75, 0.75])
    assert indexed(THREE, reference=3.258)["cni"].tolist() == pytest.approx([1, 0.5, 0.5])
    assert indexed(THREE, reference="published")["cni"].iloc[0] == pytest.approx(3.258 / 2.4761)
    again = indexed(THREE.iloc[::-1], reference="listed")
    pd.testing.assert_frame_equal(again, listed)


def test_whatever_was_delivered_is_accepted() -> None:
    # D gives its weighted sum, E its raw index, F the normalised one alone, G nothing.
    more = pd.DataFrame(
        {
            "centre": ["D", "E", "F", "G"],
            "year": 2022,
            "listed": [100, 100, 100, 100],
            "weighted_sum": [325.8, np.nan, np.nan, np.nan],
            "raw": [np.nan, 1.629, np.nan, np.nan],
            "cni": [np.nan, np.nan, 1.25, np.nan],
        }
    )
    found = indexed(pd.concat([THREE, more], ignore_index=True), reference=1.629)
    assert found["basis"].tolist() == ["counts"] * 3 + ["weighted_sum", "raw", "index", "none"]
    assert found["cni"].tolist()[3:6] == pytest.approx([2, 1, 1.25])
    assert np.isnan(found["raw"].iloc[5])
    assert np.isnan(found["cni"].iloc[6])
    # Other weights need the counts.
    equal = indexed(pd.concat([THREE, more]), weights=dict.fromkeys(WEIGHTS, 1.0))
    assert equal["cni"].notna().tolist() == [True] * 3 + [False] * 4


def test_a_centre_twice_and_a_bad_reference_are_refused() -> None:
    with pytest.raises(UserError, match="A"):
        indexed(pd.concat([THREE, THREE.iloc[:1]]))
    with pytest.raises(UserError):
        indexed(THREE, reference=0)


def test_components_add_up_to_the_index() -> None:
    table = indexed(THREE)
    parts = components(table)
    assert parts.groupby("centre")["contribution"].sum().tolist() == pytest.approx(
        table["raw"].tolist()
    )
    above = parts.groupby("centre")["above"].sum()
    assert above.tolist() == pytest.approx((table["cni"] - 1).tolist())
    # Ten of A's hundred live alone: 6.15 * 0.1.
    first = parts[(parts["centre"] == "A") & (parts["variable"] == "living_alone_65")].iloc[0]
    assert first[["count", "share", "contribution"]].tolist() == pytest.approx([10, 0.1, 0.615])


def test_a_small_centre_is_less_certain() -> None:
    table = with_limits(indexed(THREE, reference=1.0))
    # B and C have the same shares (0.05), four times as many are listed at C: half the spread.
    own = table.set_index("centre")["spread"]
    weights = sum(weight**2 for weight in WEIGHTS.values())
    assert own["B"] == pytest.approx((weights * 0.05 * 0.95 / 100) ** 0.5)
    assert own["C"] == pytest.approx(own["B"] / 2)
    row = table.iloc[1]
    assert row["upper"] - row["cni"] == pytest.approx(1.959964 * own["B"], rel=1e-6)
    alone = with_limits(indexed(FOUR.assign(year=2022)))
    assert alone["lower"].isna().all()
    assert (alone["method"] == "none: the index alone").all()


def test_the_spread_is_that_of_draws() -> None:
    random = np.random.default_rng(1)
    listed, shares = 2_000, np.array([0.08, 0.2, 0.1, 0.03, 0.1, 0.1, 0.06])
    draws = random.binomial(listed, shares, (4_000, 7)) @ np.array(list(WEIGHTS.values())) / listed
    counts = dict(zip(WEIGHTS, (listed * shares).tolist(), strict=True))
    one = pd.DataFrame([{"centre": "A", "year": 2022, "listed": listed, **counts}])
    found = with_limits(indexed(one, reference=1.0))["spread"].iloc[0]
    assert found == pytest.approx(draws.std(), rel=0.03)


def test_a_change_beyond_chance_and_one_that_is_not() -> None:
    later = THREE.assign(year=2023)
    later.loc[0, list(WEIGHTS)] = 30  # A: from 10 to 30 of 100
    later.loc[2, list(WEIGHTS)] = 21  # C: from 20 to 21 of 400
    table = with_limits(indexed(pd.concat([THREE, later]), reference=1.629))
    found = year_to_year(table).set_index("centre")
    assert found["value"].tolist() == pytest.approx([4, 0, 0.05])
    assert found["beyond_chance"].tolist() == [True, False, False]
    assert found.loc["A", "chance"] == pytest.approx(
        np.hypot(*table.loc[table["centre"] == "A", "spread"])
    )
    # Two groups: the smaller ones A and B, then C.
    groups = by_size(year_to_year(table), groups=2)
    assert groups["centres"].tolist() == [2, 1]
    assert groups["moved"].tolist() == pytest.approx([(4**2 / 2) ** 0.5, 0.05])


# --- money -----------------------------------------------------------------------------------


def test_shared_over_the_threshold_by_hand() -> None:
    found = over_threshold(FOUR, 1001)
    assert found["excess"].tolist() == pytest.approx([0.2, 0.1, 0, 0])
    assert found["exact"].tolist() == pytest.approx([500.5, 500.5, 0, 0])
    assert found["amount"].sum() == 1001
    assert found["amount"].tolist()[2:] == [0, 0]  # at the threshold: nothing
    assert by_need(FOUR, 665)["amount"].tolist() == [130, 240, 55, 240]


def test_equal_remainders_go_by_the_code() -> None:
    half = [Fraction(1, 2)] * 2 + [Fraction(0)]
    assert largest_remainder(half, 1, ["B", "A", "C"]) == [0, 1, 0]
    alike = FOUR.assign(listed=100, cni=[1.2, 1.2, 1.2, 1.0])
    assert over_threshold(alike, 100)["amount"].tolist() == [34, 33, 33, 0]
    mixed = over_threshold(alike.iloc[[2, 0, 3, 1]], 100)
    assert dict(zip(mixed["centre"], mixed["amount"], strict=True)) == {
        **{"A": 34, "B": 33, "C": 33, "D": 0}
    }


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 20_000), st.floats(0.4, 2.5)), min_size=1, max_size=40),
    st.integers(1, 10**9),
    st.floats(0.9, 1.3),
)
def test_the_sum_is_exact_and_no_part_is_more_than_a_krona_off(
    given_centres: list[tuple[int, float]], budget: int, threshold: float
) -> None:
    centres = pd.DataFrame(given_centres, columns=["listed", "cni"])
    centres["centre"] = [f"C{number:02}" for number in range(len(centres))]
    if not (centres["cni"] > threshold).any():
        with pytest.raises(UserError):
            over_threshold(centres, budget, threshold=threshold)
        return
    found = over_threshold(centres, budget, threshold=threshold)
    assert found["amount"].sum() == budget
    assert (found["amount"] - found["exact"]).abs().max() < 1 + 1e-6
    assert (found.loc[centres["cni"] <= threshold, "amount"] == 0).all()
    back = over_threshold(centres.iloc[::-1], budget, threshold=threshold)
    assert back["amount"].tolist() == found["amount"].tolist()[::-1]


def test_it_is_continuous_at_the_threshold() -> None:
    def of_c(cni: float) -> float:
        centres = FOUR.assign(cni=[1.3, 1.2, cni, 0.8])
        return float(over_threshold(centres, 10**6)["exact"].iloc[2])

    steps = [of_c(1.1 + step) for step in (-1e-3, 0.0, 1e-9, 1e-6, 1e-3)]
    assert steps[:2] == [0, 0]
    assert steps[2] < 0.01
    assert all(a <= b for a, b in pairwise(steps))


@pytest.mark.parametrize(
    ("centres", "budget", "said"),
    [
        (FOUR.assign(cni=[1.1, 1.0, 0.9, 0.8]), 100, "1,10"),
        (FOUR, 0, "budget"),
        (FOUR.assign(cni=[1.3, None, 1.1, 0.8]), 100, "CNI"),
        (FOUR.assign(listed=[100, 0, 50, 300]), 100, "listed"),
        (FOUR.assign(centre=["A", "A", "C", "D"]), 100, "A"),
    ],
)
def test_what_cannot_be_shared_is_said(centres: pd.DataFrame, budget: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        over_threshold(centres, budget)


def test_who_gains_and_who_loses() -> None:
    paid = pd.DataFrame({"centre": ["A", "D"], "amount": [400.0, 600.0]})
    found = compared(FOUR, 1000, special=paid).set_index("centre")
    assert found["amount"].tolist() == [500, 500, 0, 0]
    assert found["special"].tolist() == [400, 0, 0, 600]
    assert found["against_special"].tolist() == [100, 500, 0, -600]
    assert found["against_need"].sum() == 0
    with pytest.raises(UserError, match="X"):
        compared(FOUR, 1000, special=paid.assign(centre=["A", "X"]))


def test_sensitivity_counts_what_is_moved() -> None:
    alone = FOUR.assign(year=2022)
    found = sensitivity(alone, 1000, year=2022, thresholds=(1.1, 1.2, 1.5))
    rows = found.set_index(["definition", "setting"])
    assert rows.loc[("chosen", "1.1"), "moved"] == 0
    # Over 1.2 only A is left: B's 500 move. Over 1.5 nobody is.
    assert rows.loc[("threshold", "1.2"), ["above", "moved", "share"]].tolist() == [1, 500, 0.5]
    assert rows.loc[("threshold", "1.5"), "above"] == 0
    assert np.isnan(rows.loc[("threshold", "1.5"), "moved"])
    # The index alone allows no other weights; with counts there are eight of them.
    assert not {"weights", "without"} & set(found["definition"])
    counted = sensitivity(THREE, 1000, year=2022)
    assert counted["definition"].value_counts()["without"] == 7
    # All three have equal shares of every variable: no weight moves anything.
    assert counted.loc[counted["definition"] == "without", "moved"].tolist() == [0] * 7


def test_what_if_by_hand() -> None:
    found = what_if(FOUR, budgets=[1000, 2000], thresholds=[1.1, 1.5])
    assert found["above"].tolist() == [2, 2, 0, 0]
    assert found["largest"].tolist()[:2] == [500, 1000]
    assert found["per_listed"].tolist()[:2] == pytest.approx([1000 / 300, 2000 / 300])
    assert found[["largest", "smallest", "per_listed"]].iloc[2:].isna().all(axis=None)
