"""Survival curves of a million persons: ours against lifelines 0.30.3 in an environment of its own.

Kaplan-Meier and cumulative incidence (two causes), with intervals at every event time, on whole
months and on continuous times. Each side computes in a process of its own, in turn; measured is
the call alone, the best of three, without imports and without making the data.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.measure import Result
from benchmarks.peers import ROOT, peers_environment

PERSONS = 1_000_000
RUNS = 3
CURVES = ("kaplan_meier", "incidence")
TIMES = ("months", "continuous")
_JOB = Path(__file__).parent / "survival_job.py"


def run(curve: str, times: str) -> Result:
    """Measure one curve on one kind of times."""
    commands = {
        "ours": sys.executable,
        "lifelines": str(peers_environment("lifelines") / "python"),
    }
    seconds: dict[str, list[float]] = {side: [] for side in commands}
    memory = dict.fromkeys(commands, 0.0)
    for _ in range(RUNS):
        for side, python in commands.items():
            done = subprocess.run(  # noqa: S603
                [python, str(_JOB), side, curve, times, str(PERSONS)],
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
            )
            told = json.loads(done.stdout)
            seconds[side].append(told["seconds"])
            memory[side] = max(memory[side], told["memory_mb"])
    medians = {side: statistics.median(each) for side, each in seconds.items()}
    return Result(
        name=f"{curve}_{times}",
        ours_s=round(medians["ours"], 4),
        peers={"lifelines": round(medians["lifelines"], 4)},
        ratios={"lifelines": round(medians["lifelines"] / medians["ours"], 1)},
        runs=RUNS,
        memory_mb=memory,
    )


BENCHMARKS: dict[str, Callable[[], Result]] = {
    f"{curve}_{times}": partial(run, curve, times) for curve in CURVES for times in TIMES
}
