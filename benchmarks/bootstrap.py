"""2 000 bootstrap replicates of a rate ratio: ours in one pass against SciPy and a loop in pandas.

Two groups of persons with their falls and resident-days, whole persons drawn within each group.
SciPy's ``bootstrap`` draws both groups' persons by their index, vectorised (percentiles, the same
number of replicates); the loop draws them by ``DataFrame.sample``, as is often done by hand.
Each side computes in a process of its own, in turn; measured is the call alone, the best of three.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measure import Result, compare_calls, memory_mb
from benchmarks.peers import ROOT

NAME = "bootstrap_rate_ratio"
PERSONS = 2_000
REPLICATES = 2_000
RUNS = 3
SIDES = {"ours": "ours", "SciPy, vectorised": "scipy", "pandas, a loop": "pandas"}


def run() -> Result:
    """Measure."""
    commands = {
        name: [sys.executable, "-m", "benchmarks.bootstrap", side] for name, side in SIDES.items()
    }
    return compare_calls(NAME, commands, folder=ROOT, runs=RUNS)


def data() -> pd.DataFrame:
    """One row per person: half in each group, days in care from 1 to 365, falls that cluster."""
    rng = np.random.default_rng(0)
    days = rng.integers(1, 366, PERSONS)
    falls = rng.poisson(rng.gamma(0.6, 1 / 0.6, PERSONS) * days * 0.004)
    group = np.where(np.arange(PERSONS) % 2, "new", "old")
    return pd.DataFrame({"falls": falls, "days": days, "group": group})


def ours(frame: pd.DataFrame) -> Callable[[], Any]:
    """Our call."""
    from umea_eval.methods.rates import bootstrap_rate_ratio  # noqa: PLC0415

    return lambda: bootstrap_rate_ratio(
        frame,
        "falls",
        "days",
        group="group",
        reference="old",
        seed=1,
        replicates=REPLICATES,
    )


def scipy(frame: pd.DataFrame) -> Callable[[], Any]:
    """The peer's call: persons are drawn by their place."""
    from scipy.stats import bootstrap  # noqa: PLC0415

    parts = {name: part[["falls", "days"]].to_numpy() for name, part in frame.groupby("group")}

    def ratio(new: Any, old: Any, axis: int = -1) -> Any:
        sums = [parts[name][each].sum(axis=axis - 1) for name, each in (("new", new), ("old", old))]
        rates = [each[..., 0] / each[..., 1] for each in sums]
        return rates[0] / rates[1]

    places = tuple(np.arange(len(part)) for part in (parts["new"], parts["old"]))
    return lambda: bootstrap(
        places,
        ratio,
        n_resamples=REPLICATES,
        method="percentile",
        rng=np.random.default_rng(1),
    )


def pandas(frame: pd.DataFrame) -> Callable[[], Any]:
    """One replicate at a time."""
    parts = [frame[frame["group"] == name] for name in ("new", "old")]

    def draw(rng: np.random.Generator) -> float:
        sums = [part.sample(frac=1, replace=True, random_state=rng) for part in parts]
        rates = [each["falls"].sum() / each["days"].sum() for each in sums]
        return float(rates[0] / rates[1])

    def call() -> Any:
        rng = np.random.default_rng(1)
        return np.quantile([draw(rng) for _ in range(REPLICATES)], [0.025, 0.975])

    return call


def main(side: str) -> None:
    """Time the best of three, after one that warms up."""
    call = {"ours": ours, "scipy": scipy, "pandas": pandas}[side](data())
    call()
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    sys.stdout.write(json.dumps({"seconds": min(seconds), "memory_mb": memory_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
