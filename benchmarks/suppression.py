"""Suppressing a table of 100 × 20 cells with its margins, and verifying the answer.

Ours is the whole way through the gate: linking, primary and complementary suppression, the attack,
the released table. The peer is the plain check alone, of the table that ours releases: for each
suppressed cell the lowest and the highest value that the published cells allow, two linear
programmes of scipy's HiGHS, without choosing anything. A ratio of one third or more is the aim.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Result
from benchmarks.peers import ROOT

NAME = "suppression"
RUNS = 3
_JOB = Path(__file__).parent / "suppression_job.py"


def run() -> Result:
    """Measure."""
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    memory = dict.fromkeys(seconds, 0.0)
    for _ in range(RUNS):
        for side, taken in seconds.items():
            done = subprocess.run(  # noqa: S603
                [sys.executable, str(_JOB), side],
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
            )
            told = json.loads(done.stdout)
            taken.append(told["seconds"])
            memory[side] = max(memory[side], told["memory_mb"])
    medians = {side: statistics.median(taken) for side, taken in seconds.items()}
    peer = "two linear programmes a cell"
    return Result(
        name=NAME,
        ours_s=round(medians["ours"], 2),
        peers={peer: round(medians["plain"], 2)},
        ratios={peer: round(medians["plain"] / medians["ours"], 2)},
        runs=RUNS,
        memory_mb={"ours": memory["ours"], peer: memory["plain"]},
    )
