"""Survival curves of a million persons: ours against lifelines 0.30.3 in an environment of its own.

Kaplan-Meier and cumulative incidence (two causes), with intervals at every event time, on whole
months and on continuous times. Each side computes in a process of its own, in turn; measured is
the call alone, the best of three, without imports and without making the data.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.measure import Result, compare_calls
from benchmarks.peers import ROOT, peers_environment

PERSONS = 1_000_000
RUNS = 3
CURVES = ("kaplan_meier", "incidence")
TIMES = ("months", "continuous")
_JOB = Path(__file__).parent / "survival_job.py"


def run(curve: str, times: str) -> Result:
    """Measure one curve on one kind of times."""
    sides = {
        "ours": sys.executable,
        "lifelines": str(peers_environment("lifelines") / "python"),
    }
    commands = {
        side: [python, str(_JOB), side, curve, times, str(PERSONS)]
        for side, python in sides.items()
    }
    return compare_calls(f"{curve}_{times}", commands, folder=ROOT, runs=RUNS)


BENCHMARKS: dict[str, Callable[[], Result]] = {
    f"{curve}_{times}": partial(run, curve, times) for curve in CURVES for times in TIMES
}
