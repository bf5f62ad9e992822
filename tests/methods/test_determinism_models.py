"""The models of survival, series, panels and clusters under any hash seed, locale and time zone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import numpy as np, pandas as pd
from tests.methods.series import falls
from tests.methods.test_clustered import FALLS, RATE, residents
from tests.methods.test_difference_in_differences import ADOPTION, PANEL, areas
from umea_eval.methods import clustered, control_charts, difference_in_differences as did
from umea_eval.methods import interrupted_series as series, survival, weighting

rng = np.random.default_rng(5)
n = 300
spells = pd.DataFrame({
    "months": rng.integers(1, 30, n), "cause": rng.integers(0, 3, n),
    "home": rng.choice(["Åsen", "Berget", "Älven", "Östra"], n), "person": rng.integers(0, 90, n),
    "age": rng.normal(50, 9, n), "took_part": rng.integers(0, 2, n), "y": rng.normal(0, 1, n),
})
time, event = spells["months"], spells["cause"] == 1
whole = falls()
fitted = series.interrupted_series(whole, outcome="falls", exposure="days", interruption="2023-01")
panel, homes = areas([7, 7, 13, 13, 0, 0], seed=2), residents(20, seed=1)
weights = weighting.propensity_weights(spells, "took_part ~ age + C(home)")
results = [
    survival.kaplan_meier(time, event, groups=spells["home"], cluster=spells["person"]),
    survival.cumulative_incidence(time, spells["cause"], groups=spells["home"], at=[6, 12]),
    survival.log_rank(time, event, spells["home"]),
    survival.restricted_mean(time, event, horizon=12, groups=spells["home"]),
    survival.cox(time, event, spells[["age", "took_part"]], cluster=spells["person"]),
    fitted,
    series.placebo_dates(whole, fitted, outcome="falls", exposure="days"),
    control_charts.u_chart(whole["falls"], whole["days"], times=whole["month"], baseline=24),
    did.two_way_fixed_effects(panel, **ADOPTION),
    did.staggered_adoption(panel, **PANEL),
    did.placebo_permutation(panel, max_assignments=50, **PANEL),
    clustered.gee(homes, cluster="home", **FALLS),
    clustered.bootstrap_ratio(homes, cluster="home", group="arm", replicates=300, **RATE),
    clustered.design_effect(homes["falls"], homes["home"]),
    weights,
    weighting.weighted_difference(
        spells, outcome="y", treatment="took_part", weights=weights.weights
    ),
    weighting.g_formula(spells, "y ~ took_part * C(home) + age", treatment="took_part"),
    weighting.balance_table(spells, treatment="took_part", covariates=["age", "home"]),
]
for result in results:
    for column in result.table.columns:
        values = result.table[column].tolist()
        print(column, [value.hex() if isinstance(value, float) else value for value in values])
    print(result.text("sv"), result.text("en"))
"""


def _said(**environment: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env=os.environ | environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.slow
def test_hash_seeds_locale_and_time_zone() -> None:
    first = _said(PYTHONHASHSEED="0", PYTHONIOENCODING="utf-8")
    assert len(first) > 5000
    for seed, zone in (("1", "Europe/Stockholm"), ("2", "Asia/Tokyo")):
        assert _said(PYTHONHASHSEED=seed, PYTHONIOENCODING="utf-8", TZ=zone, LC_ALL="C") == first
