"""Other published numbers than the reference cases: the method is right, not only the case."""

from __future__ import annotations

import pandas as pd
import pytest

from umea_eval.methods.agreement import from_crosstab, gwet_ac1
from umea_eval.methods.paired import paired_t, sign_flip, wilcoxon_signed_rank
from umea_eval.methods.power import power_means, power_proportions
from umea_eval.methods.proportions import (
    clopper_pearson,
    cochran_armitage,
    koopman,
    newcombe,
    possible_groups,
    tango,
    wilson,
)
from umea_eval.methods.rates import garwood
from umea_eval.methods.survival import cox, kaplan_meier, log_rank


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


def test_r_power_examples() -> None:
    # power.t.test(n = 20, delta = 1, sd = 1); power.prop.test(n = 50, p1 = .50, p2 = .75)
    assert power_means(20, 20, 1, 1) == pytest.approx(0.8689528, abs=5e-8)
    assert power_proportions(50, 50, 0.5, 0.75) == pytest.approx(0.7401659, abs=5e-6)
