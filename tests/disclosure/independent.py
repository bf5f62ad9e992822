"""An attack and a best choice that share nothing with the product's.

The product has a variable for every cell of every table and equations between them. Here the only
variables are the inner cells; a margin is a sum of them, and what is known of a margin is a limit
of that sum.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from umea_eval.disclosure.tables import Field, Table

WORDS = {"sv": "x", "en": "x"}
MOST = 5000.0
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cube:
    """A table with all its margins: ``sums`` has one row a cell, one column an inner cell."""

    frame: pd.DataFrame
    sums: npt.NDArray[np.float64]

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        return self.frame["n"].to_numpy(dtype=np.int64)

    def tables(self, *, apart: bool) -> dict[str, tuple[Table, list[int]]]:
        """Each table with the numbers of its rows in the cube.

        ``apart``: one table for each breakdown, without totals and dimensions it does not have.
        """
        names = [name for name in self.frame.columns if name != "n"]
        rows: dict[tuple[str, ...], list[int]] = {}
        for row in range(len(self.frame)):
            kept = [name for name in names if self.frame[name].iloc[row] != "total"]
            rows.setdefault(tuple(kept if apart else names), []).append(row)
        count = Field("n", WORDS, kind="count", measure="persons", persons=False)
        made = {}
        for kept, places in rows.items():
            name = "by_" + "_".join(kept)
            columns = [Field(column, WORDS, kind="id") for column in kept]
            frame = self.frame.iloc[places][[*kept, "n"]]
            made[name] = (Table(name, frame, (*columns, count)), places)
        return made


def random_cube(seed: int, shape: tuple[int, ...]) -> Cube:
    """Sparse as real ones: many small cells, some zeros, a few large ones."""
    random = np.random.default_rng(seed)
    mean = np.exp(random.normal(1.3, 1.3, shape)) * (random.random(shape) < 0.85)
    inner = random.poisson(mean)
    return cube(inner)


def cube(inner: npt.NDArray[np.int64]) -> Cube:
    rows, sums = [], []
    for index in itertools.product(*([*range(size), None] for size in inner.shape)):
        chosen = tuple(slice(None) if place is None else place for place in index)
        mask = np.zeros(inner.shape)
        mask[chosen] = 1.0
        sums.append(mask.ravel())
        codes = ["total" if place is None else f"c{place}" for place in index]
        rows.append([*codes, int(inner[chosen].sum())])
    names = [f"d{number}" for number in range(inner.ndim)]
    return Cube(pd.DataFrame(rows, columns=[*names, "n"]), np.array(sums))


def possible(
    cube: Cube, hidden: Bools, cell: int, value: float | None, *, told: bool, push: int = 0
) -> float | None:
    """A value that ``cell`` can have (``value``, or the lowest, -1, or highest, +1)."""
    truth = cube.counts.astype(float)
    low, high = truth.copy(), truth.copy()
    small = (truth >= 1) & (truth <= 4)
    low[hidden] = np.where(small & told, 1.0, 5.0 if told else 1.0)[hidden]
    high[hidden] = np.where(small & told, 4.0, MOST)[hidden]
    if value is not None:
        if not low[cell] <= value <= high[cell]:
            return None
        low[cell] = high[cell] = value
    found = milp(
        -push * cube.sums[cell],
        integrality=np.ones(cube.sums.shape[1]),
        bounds=Bounds(0, MOST),
        constraints=LinearConstraint(cube.sums, low, high),
    )
    return None if found.x is None else float(np.round(found.x) @ cube.sums[cell])


def opened(cube: Cube, hidden: Bools) -> list[int]:
    """Cells that an outsider can compute too closely.

    One who is told which suppressed cells are 1-4 must find all four possible, if suppressing
    everything but the zeros would leave him in that doubt; one who knows the rule only must find
    four values possible for every suppressed cell.
    """
    doubtful = attainable(cube)
    return [cell for cell in range(len(hidden)) if _is_opened(cube, hidden, cell, doubtful)]


def attainable(cube: Cube) -> set[int]:
    """The small cells that nobody can compute when all but the zeros are suppressed."""
    counts = cube.counts
    small = np.flatnonzero((counts >= 1) & (counts <= 4)).tolist()
    return {cell for cell in small if _all_four(cube, counts > 0, cell)}


def _is_opened(cube: Cube, hidden: Bools, cell: int, doubtful: set[int]) -> bool:
    if not hidden[cell]:
        return 1 <= cube.counts[cell] <= 4
    if cell in doubtful:  # one who is told less finds those four possible too
        return not _all_four(cube, hidden, cell)
    low = possible(cube, hidden, cell, None, told=False, push=-1)
    high = possible(cube, hidden, cell, None, told=False, push=1)
    return low is None or high is None or high - low + 1 < 4


def _all_four(cube: Cube, hidden: Bools, cell: int) -> bool:
    values = {1, 2, 3, 4} - {int(cube.counts[cell])}
    return all(possible(cube, hidden, cell, value, told=True) is not None for value in values)


def fewest(cube: Cube) -> int:
    """The smallest number of suppressed cells that opens none: every choice is tried."""
    counts = cube.counts
    small = (counts >= 1) & (counts <= 4)
    free = np.flatnonzero(counts > 4)
    doubtful = attainable(cube)
    cells = list(range(len(counts)))
    for size in range(len(free) + 1):
        for more in itertools.combinations(free, size):
            hidden = small.copy()
            hidden[list(more)] = True
            leak = next((c for c in cells if _is_opened(cube, hidden, c, doubtful)), None)
            if leak is None:
                return int(hidden.sum())
            # The cell that betrayed this choice betrays most of the next ones too.
            cells.remove(leak)
            cells.insert(0, leak)
    raise LookupError("no choice is safe")


def opened_when_rounded(
    cube: Cube, hidden: Bools, shown: npt.NDArray[np.float64], *, base: int, width: int
) -> list[int]:
    """Suppressed cells with fewer than ``width`` values, where the others are known to ``base``.

    A count that is shown as 25 was 23 to 27 (base 5). A suppressed one can be anything.
    """
    low = np.where(hidden, 0.0, np.maximum(shown - base // 2, 0.0))
    high = np.where(hidden, MOST, shown + base // 2)
    assert (low <= cube.counts).all()
    assert (cube.counts <= high).all()

    def end(cell: int, push: int) -> float:
        found = milp(
            -push * cube.sums[cell],
            integrality=np.ones(cube.sums.shape[1]),
            bounds=Bounds(0, MOST),
            constraints=LinearConstraint(cube.sums, low, high),
        )
        return float(np.round(found.x) @ cube.sums[cell])

    cells = np.flatnonzero(hidden).tolist()
    return [cell for cell in cells if end(cell, 1) - end(cell, -1) + 1 < width]
