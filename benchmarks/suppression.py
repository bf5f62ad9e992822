"""Suppressing a table of 100 × 20 cells with its margins, and verifying the answer.

Ours is the whole way through the gate: linking, primary and complementary suppression, the attack,
the released table. The peer is the plain check alone, of the table that ours releases: for each
suppressed cell the lowest and the highest value that the published cells allow, two linear
programmes of scipy's HiGHS, without choosing anything. A ratio of one third or more is the aim.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measure import Result, compare_calls
from benchmarks.peers import ROOT

NAME = "suppression"
RUNS = 3
_JOB = Path(__file__).parent / "suppression_job.py"


def run() -> Result:
    """Measure."""
    sides = {"ours": "ours", "two linear programmes a cell": "plain"}
    commands = {name: [sys.executable, str(_JOB), side] for name, side in sides.items()}
    return compare_calls(NAME, commands, folder=ROOT, runs=RUNS)
