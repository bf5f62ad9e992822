"""Days per month and kind of a million placements: ours against Polars and DuckDB, one thread each.

Everybody has the placements as they keep them best (pandas with categories and dates; Polars with
an enum and dates; a DuckDB table) and gives days per kind and month. The peers make a row per
placement and month and add up, as such tables are usually made; of several ways of writing that,
the fastest that we found. Each side in a process of its own, in turn; measured is the call alone,
the best of three. Seconds are those of the processor, which on one thread with nothing to wait for
are those of the clock, without what else the machine does. Memory is what the first call takes at
its peak beside its input (``input`` is the size of ours; DuckDB keeps buffers of its own ready).
That all sides give the same days is checked.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Result
from benchmarks.peers import ROOT, peers_environment

NAME = "placement_days"
PLACEMENTS = 1_000_000
RUNS = 5
SIDES = {"ours": "umea_eval", "polars": "Polars, one thread", "duckdb": "DuckDB, one thread"}
_JOB = Path(__file__).parent / "placement_days_job.py"
_ONE_THREAD = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS"), "1")


def run() -> Result:
    """Measure every side ``RUNS`` times."""
    peers = str(peers_environment() / "python")
    commands = {side: sys.executable if side == "ours" else peers for side in SIDES}
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    memory = dict.fromkeys(SIDES, 0.0)
    answers = set()
    for _ in range(RUNS):
        for side, python in commands.items():
            done = subprocess.run(  # noqa: S603
                [python, str(_JOB), side, str(PLACEMENTS)],
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
                env={**os.environ, **_ONE_THREAD},
            )
            told = json.loads(done.stdout)
            seconds[side].append(told["seconds"])
            memory[side] = max(memory[side], told["memory_mb"])
            answers.add((told["rows"], told["days"], told["checksum"]))
            if side == "ours":
                memory["input"] = told["input_mb"]
    if len(answers) > 1:
        raise RuntimeError(f"The sides give different days: {sorted(answers)}")
    medians = {side: statistics.median(each) for side, each in seconds.items()}
    ours = medians.pop("ours")
    return Result(
        name=NAME,
        ours_s=round(ours, 4),
        peers={SIDES[side]: round(median, 4) for side, median in medians.items()},
        ratios={SIDES[side]: round(median / ours, 1) for side, median in medians.items()},
        runs=RUNS,
        memory_mb={
            SIDES.get(side, side) if side != "ours" else side: mb for side, mb in memory.items()
        },
    )


BENCHMARKS: dict[str, Callable[[], Result]] = {NAME: run}
