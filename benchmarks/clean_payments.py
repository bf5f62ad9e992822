"""Cleaning 1 000 000 payment rows: read, check, pseudonymise, duplicates, account, Parquet.

The peers do the same rules without the account (``benchmarks/peers/cleaning_rules.py``): Polars by
hand on one thread, vectorised pandas on text columns, and row by row with the ``personnummer``
library (the dates read by pandas, and by the standard library, which is quicker), on a twentieth of
the rows with its time times twenty. Seconds are those after the imports
of each process, memory the peak above it. All must agree on every count.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import RUNS, Result
from benchmarks.payments import write_payments
from benchmarks.peers import ROOT, peers_environment

NAME = "clean_payments"
ROWS = 1_000_000
PART = 20  # the slow peer cleans one row in so many
ONE_THREAD = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "ARROW_NUM_THREADS")


def run() -> Result:
    """Measure."""
    python = str(peers_environment() / "python")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source, part = folder / "payments.csv", folder / "part.csv"
        write_payments(source, ROWS)
        write_payments(part, ROWS // PART)
        jobs = {
            "ours": ([sys.executable, "-m", "benchmarks.clean_payments_ours"], source, 1),
            "Polars, one thread": ([python, "-m", "benchmarks.peers.cleaning_polars"], source, 1),
            "pandas, vectorised": ([python, "-m", "benchmarks.peers.cleaning_pandas"], source, 1),
            "pandas, row by row": (
                *([python, "-m", "benchmarks.peers.cleaning_rows_pandas"], part, PART),
            ),
            "pandas, row by row, dates by the standard library": (
                *([python, "-m", "benchmarks.peers.cleaning_rows"], part, PART),
            ),
        }
        facts: dict[str, list[dict[str, Any]]] = {name: [] for name in jobs}
        for turn in range(RUNS + 1):
            for name, (command, export, times) in jobs.items():
                if times > 1 and turn > 2:
                    continue  # minutes: two runs are enough for a ratio of a hundred
                found = _clean(command, export, folder)
                found["seconds"] *= times
                facts[name].append(found)
    _agree(facts)
    # The first turn warms up.
    seconds = {
        name: round(statistics.median(each["seconds"] for each in found[1:]), 3)
        for name, found in facts.items()
    }
    own = seconds.pop("ours")
    return Result(
        name=NAME,
        ours_s=own,
        peers=seconds,
        ratios={name: round(each / own, 2) for name, each in seconds.items()},
        runs=RUNS,
        memory_mb={
            name: round(max(each["memory_mb"] for each in found), 1)
            for name, found in facts.items()
        },
    )


def _clean(command: list[str], export: Path, folder: Path) -> dict[str, Any]:
    target = folder / "out"
    target.mkdir(exist_ok=True)
    done = subprocess.run(  # noqa: S603
        [*command, str(export), str(target)],
        cwd=ROOT,
        env={**os.environ, **dict.fromkeys(ONE_THREAD, "1")},
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _agree(facts: dict[str, list[dict[str, Any]]]) -> None:
    counts = ("clean", "quarantined", "duplicates")
    ours = {count: facts["ours"][0][count] for count in counts}
    for name in ("Polars, one thread", "pandas, vectorised"):
        theirs = {count: facts[name][0][count] for count in counts}
        if theirs != ours:
            raise RuntimeError(f"{name} does not agree: {theirs} and {ours}")
