"""Spells of 10 000 000 person-months, with long-term flags: ours against Polars, DuckDB, pandas.

The rows lie in the order of months, as a register gives them, in the memory of each library before
the clock starts. Out comes one row per spell (``benchmarks/peers/spells_rules.py``), in memory. One
thread each, in turn, in a process of its own: the best of three calls, after a warm-up on few rows.
Seconds are those of the processor, which on one thread with nothing to wait for are those of the
clock, without what else the machine does. Polars twice: sorted and grouped, as one would write it,
and by differences of sorted numbers alone, as we do. The peers may trust that no month repeats; we
look.

Memory is the peak of the process from before the rows were there: rows, work and answer. All must
agree on every sum.
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

import numpy as np

from benchmarks.measure import RUNS, Result
from benchmarks.peers import ROOT, peers_environment

NAME = "spells"
ROWS = 10_000_000
MONTHS = 72
ONE_THREAD = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "ARROW_NUM_THREADS")


def write_person_months(folder: Path, rows: int = ROWS, seed: int = 1) -> None:
    """Write ``person.npy`` and ``month.npy``: six years of persons who come and go."""
    random = np.random.default_rng(seed)
    # Somewhat less than half of the persons have support in a month.
    persons = round(rows / MONTHS / 0.46)
    has = random.random(persons) < 0.45
    people, months = [], []
    for month in range(MONTHS):
        present = random.permutation(np.flatnonzero(has))
        people.append(present)
        months.append(np.full(len(present), month))
        draw = random.random(persons)
        # A twelfth leaves each month, and not quite as many come.
        has = np.where(has, draw >= 0.08, draw < 0.07)
    first = np.datetime64("2018-01", "M")
    np.save(folder / "person.npy", np.concatenate(people).astype(np.int64))
    np.save(folder / "month.npy", (first + np.concatenate(months)).astype("datetime64[us]"))


def run() -> Result:
    """Measure."""
    python = str(peers_environment() / "python")
    jobs = {
        "ours": [sys.executable, "-m", "benchmarks.spells_ours"],
        "Polars, groups": [python, "-m", "benchmarks.peers.spells_polars"],
        "Polars, neighbours": [python, "-m", "benchmarks.peers.spells_polars", "neighbours"],
        "DuckDB": [python, "-m", "benchmarks.peers.spells_duckdb"],
        "pandas, groupby": [python, "-m", "benchmarks.peers.spells_pandas"],
    }
    facts: dict[str, list[dict[str, Any]]] = {name: [] for name in jobs}
    with tempfile.TemporaryDirectory() as temporary:
        write_person_months(Path(temporary))
        for _ in range(RUNS):
            for name, command in jobs.items():
                facts[name].append(_spells([*command, temporary]))
    sums = {name: found[0]["sums"] for name, found in facts.items()}
    if any(each != sums["ours"] for each in sums.values()):
        raise RuntimeError(f"not all agree: {sums}")
    seconds = {
        name: round(statistics.median(each["seconds"] for each in found), 3)
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


def _spells(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603
        command,
        cwd=ROOT,
        env={**os.environ, **dict.fromkeys(ONE_THREAD, "1")},
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
