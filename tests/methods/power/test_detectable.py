from __future__ import annotations

import math

import numpy as np
import pytest

from tests.methods.reading import plain
from umea_eval.errors import UserError
from umea_eval.methods.power import (
    detectable_difference_in_differences,
    detectable_hazard_ratio,
    detectable_interrupted_series,
    detectable_means,
    detectable_paired_means,
    detectable_paired_proportions,
    detectable_proportions,
    detectable_rates,
    interrupted_series_errors,
    power_hazard_ratio,
    power_means,
    power_paired_means,
    power_paired_proportions,
    power_proportions,
    power_rates,
)


def _values(result: object) -> tuple[float, float]:
    return tuple(result.table["value"])


def test_the_smallest_effect_has_exactly_the_wanted_power() -> None:
    up, down = _values(detectable_proportions(80, 120, 0.3))
    for effect in (up, down):
        assert power_proportions(80, 120, 0.3 + effect, 0.3) == pytest.approx(0.8, abs=1e-9)
    assert up > 0 > down
    up, down = _values(detectable_means(30, 50, 8.0, power=0.9))
    assert power_means(30, 50, up, 8.0) == pytest.approx(0.9, abs=1e-9)
    assert down == -up
    up, _ = _values(detectable_paired_means(14, 5.0))
    assert power_paired_means(14, up, 5.0) == pytest.approx(0.8, abs=1e-9)
    up, _ = _values(detectable_paired_proportions(200, 0.3))
    assert power_paired_proportions(200, 0.3, up) == pytest.approx(0.8, abs=1e-9)
    for ratio in _values(detectable_rates(9000, 16000, 8.2)):
        assert power_rates(73.8, 131.2, ratio) == pytest.approx(0.8, abs=1e-9)
    for ratio in _values(detectable_hazard_ratio(60, share=0.4)):
        assert power_hazard_ratio(60, ratio, share=0.4) == pytest.approx(0.8, abs=1e-9)
    up, _ = _values(detectable_difference_in_differences(2, 4, 1.5))
    assert power_means(2, 4, up, 1.5) == pytest.approx(0.8, abs=1e-9)


@pytest.mark.parametrize("n", range(4, 41))
def test_the_search_goes_through_effects_that_are_too_large_for_the_distribution(n: int) -> None:
    # With 14 pairs and 5 per cent scipy has no value at an effect of 15.26: the search stopped.
    for alpha in (0.01, 0.025, 0.05, 0.1):
        (up, down) = _values(detectable_paired_means(n, 1.0, alpha=alpha))
        assert power_paired_means(n, up, 1.0, alpha=alpha) == pytest.approx(0.8, abs=1e-9)
        assert down == -up


def test_14_people_can_show_only_large_changes() -> None:
    # The pilot of 14: (t + z) gives a standardised change of about 0.81.
    effect = _values(detectable_paired_means(14, 1.0))[0]
    assert effect == pytest.approx(0.81, abs=0.01)


def test_too_few_people_can_show_nothing() -> None:
    result = detectable_proportions(8, 8, 0.1)
    up, down = _values(result)
    assert up < 0.9
    assert math.isnan(down)
    assert "nedåt saknas (ingen möjlig effekt är stor nog)" in result.text("sv")
    assert math.isnan(_values(detectable_rates(10, 10, 100))[1])
    assert len(result.plot().patches) == 2


def test_clusters_shrink_the_groups() -> None:
    plain_effect = _values(detectable_means(100, 100, 1.0))[0]
    clustered = _values(detectable_means(100, 100, 1.0, inflation=2))[0]
    assert clustered == _values(detectable_means(50, 50, 1.0))[0] > plain_effect


def test_interrupted_series_level_and_slope() -> None:
    errors = interrupted_series_errors(24, 12, 0.25, autocorrelation=0.3)
    level, slope = _values(detectable_interrupted_series(24, 12, 0.25, autocorrelation=0.3))
    assert level == pytest.approx((1.959964 + 0.841621) * errors.level, rel=1e-6)
    assert slope == pytest.approx((1.959964 + 0.841621) * errors.slope, rel=1e-6)
    ratio = detectable_interrupted_series(24, 12, 0.25, autocorrelation=0.3, scale="ratio")
    assert _values(ratio) == pytest.approx((np.exp(level), np.exp(slope)))
    assert "i nivå kvoten" in ratio.text("sv")


@pytest.mark.parametrize(
    "call",
    [
        lambda: detectable_means(10, 10, 0.0),
        lambda: detectable_means(0, 10, 1.0),
        lambda: detectable_proportions(10, 10, 0.0),
        lambda: detectable_rates(0, 10, 5),
        lambda: detectable_hazard_ratio(0),
        lambda: detectable_paired_means(20, 1.0, power=1.0),
        lambda: detectable_paired_proportions(20, 0.0),
        lambda: detectable_difference_in_differences(0, 5, 1.0),
    ],
)
def test_impossible_designs_are_errors(call: object) -> None:
    with pytest.raises(UserError):
        call()


def test_text() -> None:
    assert plain(detectable_paired_means(14, 1.0).text("sv")) == (
        "Med 80 procents styrka och signifikansnivån 5 procent är den minsta effekt som kan "
        "upptäckas uppåt 0,810 och nedåt 0,810."
    )
    assert "percentage points" in detectable_proportions(80, 80, 0.3).text("en")
