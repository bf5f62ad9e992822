from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from tests.methods.reading import plain
from umea_eval.errors import UserError
from umea_eval.methods.agreement import from_crosstab, gwet_ac1, kappa

# irrCAC cont3x3abstractors: two abstractors, 100 pregnancies (Gwet 2014).
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]


def test_kappa_equals_irrcac_and_statsmodels() -> None:
    row = kappa(from_crosstab(ABSTRACTORS), "first", "second").table.iloc[0]
    assert row["value"] == pytest.approx(0.7964094, abs=5e-8)
    assert row["standard_error"] == pytest.approx(0.05891072, abs=5e-9)
    theirs = cohens_kappa(ABSTRACTORS)
    assert (row["lower"], row["upper"]) == pytest.approx((theirs.kappa_low, theirs.kappa_upp))


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
def test_weighted_kappa_equals_statsmodels(weights: str) -> None:
    row = kappa(from_crosstab(ABSTRACTORS), "first", "second", weights=weights).table.iloc[0]
    theirs = cohens_kappa(ABSTRACTORS, wt=weights)
    assert row["value"] == pytest.approx(theirs.kappa, rel=1e-12)
    assert row["standard_error"] == pytest.approx(theirs.std_kappa, rel=1e-10)


def test_an_ordered_categorical_brings_its_order() -> None:
    # In alphabetical order "high" and "low" would be neighbours.
    order = ["none", "low", "high"]
    pairs = from_crosstab(pd.DataFrame([[20, 5, 1], [4, 9, 3], [0, 2, 6]], columns=order))
    typed = pairs.astype(pd.CategoricalDtype(order, ordered=True))
    said = kappa(pairs, "first", "second", weights="linear", categories=order).table
    pd.testing.assert_frame_equal(kappa(typed, "first", "second", weights="linear").table, said)
    assert kappa(pairs, "first", "second", weights="linear").table["value"][0] != said["value"][0]


def test_ac1_equals_irrcac() -> None:
    row = gwet_ac1(from_crosstab(ABSTRACTORS), "first", "second").table.iloc[0]
    assert row["value"] == pytest.approx(0.8493305, abs=5e-8)
    assert row["standard_error"] == pytest.approx(0.04321747, abs=5e-9)
    assert np.round([row["lower"], row["upper"]], 3).tolist() == [0.764, 0.935]


def test_ac1_holds_where_kappa_collapses() -> None:
    # 118 of 125 pairs agree, nearly all in one category (the paradox of Feinstein and Cicchetti).
    pairs = from_crosstab([[118, 5], [2, 0]])
    assert kappa(pairs, "first", "second").table["value"].iloc[0] < 0
    assert gwet_ac1(pairs, "first", "second").table["value"].iloc[0] > 0.9


def test_a_category_nobody_used_counts_for_chance() -> None:
    pairs = from_crosstab([[10, 2], [3, 9]])
    two = gwet_ac1(pairs, "first", "second").table["value"].iloc[0]
    three = gwet_ac1(pairs, "first", "second", categories=[0, 1, 2]).table["value"].iloc[0]
    assert three > two


def test_full_agreement_has_no_interval() -> None:
    for coefficient in (kappa, gwet_ac1):
        result = coefficient(from_crosstab([[4, 0], [0, 5]]), "first", "second")
        row = result.table.iloc[0]
        assert row["value"] == 1.0
        assert np.isnan(row["lower"])
        assert "inget konfidensintervall kan beräknas" in result.text("sv")


def test_one_category_is_an_error() -> None:
    same = pd.DataFrame({"a": ["x"] * 5, "b": ["x"] * 5})
    for coefficient in (kappa, gwet_ac1):
        with pytest.raises(UserError) as error:
            coefficient(same, "a", "b")
        assert error.value.key == "methods.agreement.one_category"
    # With the possible categories named, AC1 exists.
    assert gwet_ac1(same, "a", "b", categories=["x", "y"]).table["value"].iloc[0] == 1.0


def test_order_of_rows_and_input_and_unknown_category() -> None:
    pairs = from_crosstab(ABSTRACTORS)
    kept = pairs.copy()
    for coefficient in (kappa, gwet_ac1):
        one = coefficient(pairs, "first", "second").table
        other = coefficient(pairs.sample(frac=1, random_state=1), "first", "second").table
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    pd.testing.assert_frame_equal(pairs, kept)
    with pytest.raises(UserError) as error:
        kappa(pairs, "first", "second", categories=[0, 1])
    assert error.value.key == "methods.agreement.unknown_category"
    with pytest.raises(UserError):
        from_crosstab([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(UserError) as error:
        kappa(pd.DataFrame({"a": ["x", None], "b": ["x", "y"]}), "a", "b")
    assert error.value.key == "methods.inputs.missing"


@pytest.mark.slow
def test_coverage() -> None:
    # 100 pairs, three categories, kappa 0.6; Monte Carlo error 0.3 points of 5 000 runs.
    rng = np.random.default_rng(20261122)
    margin = np.array([0.2, 0.3, 0.5])
    share = 0.4 * np.outer(margin, margin) + 0.6 * np.diag(margin)
    truth = {kappa: 0.6, gwet_ac1: None}
    chance = (margin * (1 - margin)).sum() / 2
    truth[gwet_ac1] = (np.trace(share) - chance) / (1 - chance)
    covered = dict.fromkeys(truth, 0)
    runs = 5000
    for _ in range(runs):
        pairs = from_crosstab(rng.multinomial(100, share.ravel()).reshape(3, 3))
        for coefficient, value in truth.items():
            row = coefficient(pairs, "first", "second").table.iloc[0]
            covered[coefficient] += row["lower"] <= value <= row["upper"]
    for hits in covered.values():
        assert 0.93 <= hits / runs <= 0.97


def test_text() -> None:
    assert plain(gwet_ac1(from_crosstab(ABSTRACTORS), "first", "second").text("en")) == (
        "The assessments are equal in 89 of 100 pairs. "
        "Agreement beyond chance is 0.849 (95% confidence interval 0.764 to 0.935)."
    )
