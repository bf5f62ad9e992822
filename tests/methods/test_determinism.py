"""The same numbers and words whatever Python's hash seed, locale or time zone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
import numpy as np, pandas as pd
from umea_eval.methods import agreement, bounds, decomposition, multiplicity, paired, power
from umea_eval.methods import proportions, rates, standardisation

rng = np.random.default_rng(5)
n = 240
data = pd.DataFrame({
    "home": rng.choice(["Åsen", "Berget", "Älven", "Östra"], n),
    "age": rng.choice(["18-64", "65-79", "80-"], n),
    "person": rng.integers(0, 60, n),
    "year": np.arange(n) % 2,
    "days": rng.uniform(10, 365, n),
    "falls": rng.poisson(2, n),
    "first": rng.normal(0.2, 1, n),
    "second": rng.normal(0, 1, n),
    "before": rng.random(n) < 0.3,
    "after": rng.random(n) < 0.5,
})
if "arrow" in sys.argv:
    data = data.convert_dtypes(dtype_backend="pyarrow")
strata = data.groupby(["home", "age"], as_index=False)[["falls", "days"]].sum().assign(w=1.0)
people = data.assign(n=1)
homes = data.groupby("home", as_index=False)[["falls", "days"]].sum()
unassessed = pd.DataFrame({"y": [1, 2], "x": [9, 15], "n": [40, 40], "m": [6, 8]})
compare = {"group": "home", "reference": "Berget"}
results = [
    proportions.difference(people.assign(x=data["after"]), "x", "n", **compare),
    proportions.ratio(people.assign(x=data["after"]), "x", "n", **compare),
    proportions.paired_difference(data, "before", "after", by="home"),
    proportions.possible_groups(["84", "71"], "78", up_to=60),
    rates.rate(data, "falls", "days", by=["home", "age"]),
    rates.rate_ratio(data, "falls", "days", **compare),
    rates.bootstrap_rate_ratio(data, "falls", "days", seed=1, replicates=200, **compare),
    rates.rate_regression(data, "falls", "days", ["home", "age"], cluster="person"),
    rates.funnel(homes, "falls", "days", unit="home"),
    standardisation.direct_rate(strata, "falls", "days", "w", stratum="age", by="home"),
    paired.sign_flip(data, "first", "second", seed=2),
    paired.wilcoxon_signed_rank(data, "first", "second"),
    agreement.gwet_ac1(data, "before", "after"),
    bounds.tipping_point(unassessed, "x", "n", "m", group="y", reference=1),
    decomposition.volume_mix_price(
        data, "days", "falls", category="home", period="year", reference=0, comparison=1
    ),
    power.detectable_proportions(40, 60, 0.3),
]
for result in results:
    for column in result.table.columns:
        values = result.table[column].tolist()
        print(column, [value.hex() if isinstance(value, float) else value for value in values])
    print(result.text("sv"), result.text("en"))
"""


def _said(*arguments: str, **environment: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, *arguments],
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


def test_arrow_backed_frames() -> None:
    assert _said("arrow", PYTHONIOENCODING="utf-8") == _said(PYTHONIOENCODING="utf-8")
