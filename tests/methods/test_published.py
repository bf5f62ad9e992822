"""Other published numbers than the reference cases: the method is right, not only the case."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.methods import reference
from umea_eval.methods.agreement import from_crosstab, gwet_ac1, kappa
from umea_eval.methods.clustered import design_effect
from umea_eval.methods.paired import paired_t, sign_flip, wilcoxon_signed_rank
from umea_eval.methods.power import (
    detectable_hazard_ratio,
    detectable_means,
    detectable_proportions,
    power_means,
    power_proportions,
)
from umea_eval.methods.proportions import (
    clopper_pearson,
    cochran_armitage,
    koopman,
    newcombe,
    possible_groups,
    tango,
    wilson,
)
from umea_eval.methods.rates import exact_rate_ratio, garwood, rate_regression
from umea_eval.methods.survival import cox, kaplan_meier, log_rank
from umea_eval.methods.weighting import propensity_weights, weighted_difference


@pytest.mark.parametrize(
    ("x", "n", "score", "exact"),
    [(15, 148, (0.0624, 0.1605), (0.0578, 0.1617)), (1, 29, (0.0061, 0.1718), (0.0009, 0.1776))],
)
def test_newcombe_1998_shares_table_1(
    x: int, n: int, score: tuple[float, float], exact: tuple[float, float]
) -> None:
    assert tuple(wilson(x, n)) == pytest.approx(score, abs=5e-5)
    assert tuple(clopper_pearson(x, n)) == pytest.approx(exact, abs=5e-5)


@pytest.mark.parametrize(
    ("counts", "limits"),
    [
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((0, 10, 0, 10), (-0.2775, 0.2775)),
        ((10, 10, 0, 10), (0.6075, 1.0)),
    ],
)
def test_newcombe_1998_differences_table_2(
    counts: tuple[int, int, int, int], limits: tuple[float, float]
) -> None:
    assert tuple(newcombe(*counts)) == pytest.approx(limits, abs=5e-5)


def test_koopman_1984_example() -> None:
    assert tuple(koopman(36, 40, 16, 80)) == pytest.approx((2.940, 7.152), rel=1e-3)


def test_pairs_without_change_are_as_uncertain_as_a_wilson_interval_of_none() -> None:
    # Tango 1998: for b = c = 0 the limits are +- z^2 / (n + z^2), Wilson's upper limit of 0/n.
    assert tuple(tango(0, 0, 20)) == pytest.approx((-0.1611, 0.1611), abs=5e-5)


def test_r_poisson_test_example() -> None:
    # poisson.test(137, 24.19893)
    lower, upper = garwood(137)
    assert lower / 24.19893 == pytest.approx(4.753125, abs=5e-7)
    assert upper / 24.19893 == pytest.approx(6.692709, abs=5e-7)


def test_r_prop_trend_test_example() -> None:
    # prop.trend.test(c(83, 90, 129, 70), c(86, 93, 136, 82))
    trend = cochran_armitage([83, 90, 129, 70], [86, 93, 136, 82])
    assert trend.statistic == pytest.approx(8.2249, abs=5e-5)
    assert trend.p_value == pytest.approx(0.004132, abs=5e-7)


def test_shares_that_the_pilot_printed() -> None:
    # 84 % and 71 % with 78 % in all: the smallest are 16/19 + 12/17 = 28/36.
    smallest = possible_groups(["84", "71"], "78", up_to=40).smallest
    assert smallest["numerator"].tolist() == [16, 12, 28]
    assert smallest["denominator"].tolist() == [19, 17, 36]


# Freireich et al. 1963, Blood 21:699-716: weeks in remission, 6-MP and placebo.
WEEKS = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
RELAPSE = [1] * 9 + [0] * 12 + [1] * 21
ARM = ["6-MP"] * 21 + ["placebo"] * 21


def test_freireich_remission() -> None:
    weeks = WEEKS + PLACEBO
    assert kaplan_meier(weeks, RELAPSE, groups=ARM).medians["value"].tolist() == [23, 8]
    test = log_rank(weeks, RELAPSE, ARM)
    assert test.statistic == pytest.approx(16.79, abs=5e-3)
    assert test.table["expected"].tolist() == pytest.approx([19.25, 10.75], abs=5e-3)
    placebo = pd.DataFrame({"placebo": [0] * 21 + [1] * 21})
    fitted = cox(weeks, RELAPSE, placebo).table
    assert fitted["coefficient"][0] == pytest.approx(1.5721, abs=5e-5)
    assert fitted["standard_error"][0] == pytest.approx(0.4124, abs=5e-5)


# Miller 1981, Survival analysis, p. 49: weeks in remission, acute myelogenous leukaemia (R aml).
MAINTAINED = [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161]
NOT_MAINTAINED = [5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45]
AML_EVENT = [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]


def test_r_aml_examples() -> None:
    weeks, arm = MAINTAINED + NOT_MAINTAINED, ["maintained"] * 11 + ["not"] * 12
    curves = kaplan_meier(weeks, AML_EVENT, groups=arm, method="log")
    assert curves.medians["value"].tolist() == [31, 23]
    assert curves.medians["lower"].tolist() == [18, 8]
    assert curves.medians["upper"].isna().all()
    steps = curves.curves[curves.curves["group"] == "maintained"]
    share = [0.909, 0.818, 0.716, 0.614, 0.491, 0.368, 0.184]
    assert steps["value"].tolist() == pytest.approx(share, abs=5e-4)
    error = [0.0867, 0.1163, 0.1397, 0.1526, 0.1642, 0.1627, 0.1535]
    assert steps["standard_error"].tolist() == pytest.approx(error, abs=5e-5)
    test = log_rank(weeks, AML_EVENT, arm)
    assert test.table["expected"].tolist() == pytest.approx([10.69, 7.31], abs=5e-3)
    assert test.statistic == pytest.approx(3.4, abs=5e-2)
    assert test.p_value == pytest.approx(0.0653, abs=5e-5)
    fitted = cox(weeks, AML_EVENT, pd.DataFrame({"x": [0] * 11 + [1] * 12})).table.iloc[0]
    assert fitted["coefficient"] == pytest.approx(0.9155, abs=5e-5)
    assert fitted["standard_error"] == pytest.approx(0.5119, abs=5e-5)


def test_therneau_and_grambsch_2000_appendix_e() -> None:
    # Test data 1 with heavy ties, and test data 2 with delayed entry: Efron's approximation.
    one = cox([1, 1, 6, 6, 8, 9], [1, 0, 1, 1, 0, 1], pd.DataFrame({"x": [1, 1, 1, 0, 0, 0]}))
    assert one.table["coefficient"][0] == pytest.approx(1.676857, abs=1e-6)
    assert one.log_likelihood == pytest.approx(-3.358975, abs=1e-6)
    two = cox(
        [2, 3, 6, 7, 8, 9, 9, 9, 14, 17],
        [1, 1, 1, 1, 1, 1, 1, 0, 0, 0],
        pd.DataFrame({"x": [1, 0, 0, 1, 0, 1, 1, 1, 0, 0]}),
        entry=[1, 2, 5, 2, 1, 7, 3, 4, 8, 8],
    )
    assert two.table["coefficient"][0] == pytest.approx(-0.02110521, abs=1e-8)


def test_rothman_breast_cancer_and_fluoroscopy() -> None:
    # Stata ir: 41 in 28 010 woman-years against 15 in 19 017.
    found = exact_rate_ratio(41, 28010, 15, 19017)
    assert found[:3] == pytest.approx((1.85576, 1.00568, 3.60930), abs=5e-6)


def test_doll_and_hill_british_doctors() -> None:
    # Stata poisson: coronary deaths of smokers, ages 35-44 to 75-84 held equal.
    data = pd.DataFrame(
        {
            "deaths": [32, 104, 206, 186, 102, 2, 12, 28, 28, 31],
            "years": [52407, 43248, 28612, 12663, 5317, 18790, 10673, 5710, 2585, 1462],
            "smokes": [1] * 5 + [0] * 5,
            "age": ["35", "45", "55", "65", "75"] * 2,
        }
    )
    table = rate_regression(data, "deaths", "years", ["smokes", "age"]).table
    ratios = [1.425519, 4.410584, 13.8392, 28.51678, 40.45121]
    assert table["value"].tolist() == pytest.approx(ratios, rel=1e-6)
    assert table["lower"][0] == pytest.approx(1.154984, abs=1e-6)
    assert table["upper"][0] == pytest.approx(1.759421, abs=1e-6)


def test_shrout_and_fleiss_1979() -> None:
    # Six targets, four judges: ICC(1,1) = 0.17, limits -0.13 and 0.72.
    ratings = [9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7]
    row = design_effect(ratings, [target for target in range(6) for _ in range(4)]).table.iloc[0]
    assert row["value"] == pytest.approx(0.17, abs=5e-3)
    assert (row["lower"], row["upper"]) == pytest.approx((-0.13, 0.72), abs=5e-3)


def test_what_if_program_12_3() -> None:
    # Stabilised weights: mean 0.9988, from 0.33 to 4.30; the difference is 3.44 (2.4 to 4.5).
    data = reference.data("nhefs_complete.csv")
    squares = "".join(f" + {x} + I({x}**2)" for x in ("age", "smokeintensity", "smokeyrs", "wt71"))
    formula = f"qsmk ~ sex + race + C(education) + C(exercise) + C(active){squares}"
    weights = propensity_weights(data, formula, stabilised=True).weights
    assert weights.mean() == pytest.approx(0.9988, abs=5e-5)
    assert (weights.min(), weights.max()) == pytest.approx((0.3312, 4.2977), abs=5e-5)
    row = weighted_difference(data, outcome="wt82_71", treatment="qsmk", weights=weights).table
    last = row.iloc[-1]
    assert last["value"] == pytest.approx(3.44, abs=5e-3)
    assert (last["lower"], last["upper"]) == pytest.approx((2.4, 4.5), abs=5e-2)


def test_darwins_maize() -> None:
    # Fisher 1935, The design of experiments, 17 and 21: t = 2.148, and 1 726 of 32 768 patterns.
    difference = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    data = pd.DataFrame({"crossed": difference, "selfed": 0})
    student = paired_t(data, "crossed", "selfed").table.iloc[0]
    assert student["statistic"] == pytest.approx(2.148, abs=5e-4)
    assert student["p_value"] == pytest.approx(0.0497, abs=5e-5)
    flipped = sign_flip(data, "crossed", "selfed").table.iloc[0]
    assert flipped["p_value"] == pytest.approx(1726 / 32768, rel=1e-12)
    ranked = wilcoxon_signed_rank(data, "crossed", "selfed").table.iloc[0]
    assert ranked["statistic"] == 96
    assert ranked["p_value"] == pytest.approx(0.04126, abs=5e-6)


def test_gwet_2008_example() -> None:
    # 118 and 0 agreements of 125: kappa is below zero, AC1 0.94.
    pairs = from_crosstab([[118, 5], [2, 0]])
    assert gwet_ac1(pairs, "first", "second").table["value"][0] == pytest.approx(0.941, abs=5e-4)


def test_fleiss_1981_two_psychiatrists() -> None:
    pairs = from_crosstab([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
    row = kappa(pairs, "first", "second").table.iloc[0]
    assert (row["value"], row["standard_error"]) == pytest.approx((0.676, 0.088), abs=5e-4)


def test_r_power_examples_turned_over() -> None:
    # power.t.test(power = .90, delta = 1) has n = 22.02110; power.prop.test(n = 50, p1 = .5,
    # power = .9) has p2 = 0.8026. Schoenfeld: 88 events find a halved hazard with power 0.9.
    means = detectable_means(22.02110, 22.02110, 1, power=0.9).table["value"]
    assert means.tolist() == pytest.approx([1, -1], abs=1e-6)
    shares = detectable_proportions(50, 50, 0.5, power=0.9).table["value"]
    assert shares[0] == pytest.approx(0.3026, abs=5e-5)
    assert detectable_hazard_ratio(88, power=0.9).table["value"][1] == pytest.approx(0.5, abs=2e-3)


def test_r_power_examples() -> None:
    # power.t.test(n = 20, delta = 1, sd = 1); power.prop.test(n = 50, p1 = .50, p2 = .75)
    assert power_means(20, 20, 1, 1) == pytest.approx(0.8689528, abs=5e-8)
    assert power_proportions(50, 50, 0.5, 0.75) == pytest.approx(0.7401659, abs=5e-6)
