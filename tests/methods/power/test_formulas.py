from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.power import TTestIndPower, TTestPower

from umea_eval.errors import UserError
from umea_eval.methods.power import (
    design_effect,
    interrupted_series_errors,
    power_hazard_ratio,
    power_means,
    power_paired_means,
    power_paired_proportions,
    power_proportions,
    power_rates,
    smallest_attainable_p,
)


def test_equals_r_power_t_test() -> None:
    # R ?power.t.test: n = 20, delta = 1, sd = 1; and power = .90, delta = 1 gives n = 22.02110.
    assert power_means(20, 20, 1, 1) == pytest.approx(0.8689528, abs=5e-8)
    assert power_means(22.02110, 22.02110, 1, 1) == pytest.approx(0.90, abs=1e-6)


def test_equals_r_power_prop_test() -> None:
    # R ?power.prop.test: n = 50, p1 = .50, p2 = .75 gives power = 0.740; power = .90 n = 76.7.
    assert power_proportions(50, 50, 0.5, 0.75) == pytest.approx(0.740, abs=5e-4)
    assert power_proportions(76.7, 76.7, 0.5, 0.75) == pytest.approx(0.90, abs=5e-4)


def test_t_tests_equal_statsmodels() -> None:
    ours = power_means(30, 50, 4.0, 8.0)
    theirs = TTestIndPower().power(0.5, 30, 0.05, ratio=5 / 3, alternative="larger")
    one_sided = TTestIndPower().power(0.5, 30, 0.025, ratio=5 / 3, alternative="larger")
    assert ours == pytest.approx(one_sided, rel=1e-9)
    assert ours < theirs
    assert power_paired_means(15, 1.2, 2.0) == pytest.approx(
        TTestPower().power(0.6, 15, 0.025, alternative="larger"), rel=1e-9
    )


def test_mcnemar_by_simulation() -> None:
    # 20 percent change, net 5 points, 600 people: large enough for the test's own normal form.
    # 20 000 draws, error 0.3 points.
    rng = np.random.default_rng(1)
    yes, no, _ = rng.multinomial(600, [0.125, 0.075, 0.80], 20_000).T
    found = (yes - no) / np.sqrt(np.maximum(yes + no, 1)) > 1.959964
    assert power_paired_proportions(600, 0.2, 0.05) == pytest.approx(found.mean(), abs=0.015)


def test_rates_by_simulation() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.poisson(60 * 1.5, 20_000), rng.poisson(80, 20_000)
    z = np.log((a / 60) / (b / 80)) / np.sqrt(1 / a + 1 / b)
    assert power_rates(60, 80, 1.5) == pytest.approx((z > 1.959964).mean(), abs=0.02)
    assert power_rates(60, 80, 1.5, dispersion=2) == pytest.approx(power_rates(30, 40, 1.5))


def test_schoenfeld() -> None:
    # 4 (1.96 + 0.8416)^2 / ln(0.5)^2 = 65.3 events give 80 percent at a hazard ratio of 0.5.
    assert power_hazard_ratio(65.35, 0.5) == pytest.approx(0.80, abs=1e-3)


def test_interrupted_series_errors_equal_least_squares_without_autocorrelation() -> None:
    x = np.arange(36.0)
    post = (x >= 24).astype(float)
    design = np.column_stack([np.ones(36), x, post, post * (x - 24)])
    expected = np.sqrt(np.diag(np.linalg.inv(design.T @ design))) * 2.5
    errors = interrupted_series_errors(24, 12, 2.5)
    assert (errors.level, errors.slope) == pytest.approx((expected[2], expected[3]))
    assert interrupted_series_errors(24, 12, 2.5, autocorrelation=0.3).level > errors.level


def test_design_effect_and_permutation() -> None:
    assert design_effect(21, 0.05) == pytest.approx(2.0)
    assert design_effect(1, 0.5) == 1.0
    assert design_effect(21, 0.05, size_variation=0.5) > 2.0
    assert smallest_attainable_p(2, 6) == pytest.approx(1 / 15)


def test_impossible_designs_are_errors() -> None:
    for call in (
        lambda: power_means(1, 1, 1, 1),
        lambda: power_proportions(10, 10, 0.1, 0.2, alpha=1.5),
        lambda: design_effect(0.5, 0.1),
        lambda: interrupted_series_errors(1, 12, 1),
        lambda: smallest_attainable_p(6, 6),
    ):
        with pytest.raises(UserError) as error:
            call()
        assert all(error.value.message(language) for language in ("sv", "en"))
