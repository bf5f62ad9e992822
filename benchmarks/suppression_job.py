"""One side of the suppression benchmark: ``python suppression_job.py ours|plain``.

Measured is the work alone, without imports and without making the data. The plain check is of the
table that ours releases, so that both look at the same suppressed cells.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog

from benchmarks.survival_job import memory_mb
from umea_eval.disclosure.profiles import release
from umea_eval.disclosure.tables import Field, Table
from umea_eval.language import Language

ROWS, COLUMNS = 100, 20
WORDS: dict[Language, str] = {"sv": "x", "en": "x"}


def table() -> Table:
    """Areas by age groups: counts from a skewed distribution, about one in six from 1 to 4."""
    random = np.random.default_rng(0)
    counts = random.poisson(np.exp(random.normal(2.6, 1.1, (ROWS, COLUMNS))))
    bordered = np.zeros((ROWS + 1, COLUMNS + 1), dtype=np.int64)
    bordered[:ROWS, :COLUMNS] = counts
    bordered[ROWS] = bordered.sum(axis=0)
    bordered[:, COLUMNS] = bordered.sum(axis=1)
    areas = [*(f"area {row}" for row in range(ROWS)), "total"]
    ages = [*(f"age {column}" for column in range(COLUMNS)), "total"]
    frame = pd.DataFrame(
        [(a, b, bordered[i, j]) for i, a in enumerate(areas) for j, b in enumerate(ages)],
        columns=["area", "age", "persons"],
    )
    fields = (
        Field("area", WORDS, kind="id"),
        Field("age", WORDS, kind="id"),
        Field("persons", WORDS, kind="count", measure="persons"),
    )
    return Table("persons", frame, fields)


def plain(made: Table, hidden: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """The check: how many cells have fewer than four values between their extremes."""
    counts = made.frame["persons"].to_numpy(dtype=np.float64)
    place = np.arange(counts.size).reshape(ROWS + 1, COLUMNS + 1)
    sums = sparse.lil_array((ROWS + COLUMNS + 2, counts.size))
    for row in range(ROWS + 1):
        sums[row, place[row, :COLUMNS]] = 1.0
        sums[row, place[row, COLUMNS]] = -1.0
    for column in range(COLUMNS + 1):
        sums[ROWS + 1 + column, place[:ROWS, column]] = 1.0
        sums[ROWS + 1 + column, place[ROWS, column]] = -1.0
    equations, zero = sums.tocsr(), np.zeros(ROWS + COLUMNS + 2)
    bounds = np.column_stack(
        [np.where(hidden, 1.0, counts), np.where(hidden, counts.max() + 1000, counts)]
    )
    narrow = 0
    for cell in np.flatnonzero(hidden):
        ends = []
        for sign in (1.0, -1.0):
            cost = np.zeros(counts.size)
            cost[cell] = sign
            found = linprog(cost, A_eq=equations, b_eq=zero, bounds=bounds, method="highs")  # type: ignore[call-overload]
            ends.append(sign * found.fun)
        narrow += ends[1] - ends[0] < 3
    return narrow


def main(side: str) -> None:
    """Time one side; the plain one on what ours has released."""
    made = table()
    start = time.perf_counter()
    released = release([made], "default", ())
    seconds = time.perf_counter() - start
    if side == "plain":
        hidden = released.suppressed("persons")["persons"].to_numpy(dtype=np.bool_)
        start = time.perf_counter()
        plain(made, hidden)
        seconds = time.perf_counter() - start
    sys.stdout.write(json.dumps({"seconds": seconds, "memory_mb": memory_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
