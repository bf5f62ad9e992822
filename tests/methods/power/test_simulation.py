from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from tests.methods.reading import plain
from umea_eval.errors import UserError
from umea_eval.methods.power import power_paired_means, simulated_power


def _paired(effect: float, rng: np.random.Generator) -> bool:
    d = rng.normal(effect, 1.0, 20)
    return bool(d.mean() / (d.std(ddof=1) / math.sqrt(20)) > 2.093024)


def test_recovers_the_formula_within_its_own_limits() -> None:
    effects = [0.2, 0.4, 0.6, 0.8]
    result = simulated_power(_paired, effects, seed=3, replicates=2000, confidence=0.999)
    truth = [power_paired_means(20, effect, 1.0) for effect in effects]
    assert (result.table["lower"] <= truth).all()
    assert (truth <= result.table["upper"]).all()
    assert result.smallest == 0.8
    assert result.table["value"].is_monotonic_increasing


def test_the_same_seed_gives_the_same_answer() -> None:
    one, other = (simulated_power(_paired, [0.5], seed=1, replicates=100).table for _ in range(2))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_text_and_nothing_to_simulate() -> None:
    none = simulated_power(_paired, [0.01], seed=1, replicates=50)
    assert math.isnan(none.smallest)
    assert none.text("en").startswith("None of the simulated effects reached a power of 80 percent")
    some = simulated_power(_paired, [0.01, 2.0], seed=1, replicates=50)
    assert "är 2: 100,0 %" in plain(some.text("sv"))
    with pytest.raises(UserError):
        simulated_power(_paired, [], seed=1)
