"""Which numbers can an outsider still think possible for cells that are not shown?

A world is one value for every cell. An outsider thinks it possible if every sum holds and every
cell lies within what is known of it. Integer programmes (HiGHS) find such worlds; each one found is
checked again by plain arithmetic before it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from umea_eval.disclosure.linked import BoolArray, FloatArray, Sum

# A programme that needs more branches than this counts as having found no world, so the cell
# counts as opened: a limit of nodes and not of time, so that every machine decides alike.
NODES = 20_000
_WHOLE = 1e-6
_IDLE_ROUNDS = 3

Wanted = Mapping[int, Iterable[float]]
Seen = dict[int, set[float]]
_Aim = tuple[float, tuple[float, float] | None]


def matrix(sums: Sequence[Sum], cells: int) -> sparse.csr_array:
    """One row a sum: its parts less the whole, which is zero."""
    rows, columns, signs = [], [], []
    for row, equation in enumerate(sums):
        for index in (equation.whole, *equation.parts):
            rows.append(row)
            columns.append(index)
            signs.append(-1.0 if index == equation.whole else 1.0)
    return sparse.csr_array((signs, (rows, columns)), shape=(len(sums), cells))


class Worlds:
    """The worlds within ``lower`` and ``upper`` (inclusive) in which ``sums`` (rows @ cells = 0)
    hold. ``whole``: values are whole numbers. ``more``: further rows with their limits."""

    def __init__(
        self,
        sums: sparse.csr_array,
        lower: FloatArray,
        upper: FloatArray,
        *,
        whole: bool = True,
        more: tuple[sparse.csr_array, FloatArray, FloatArray] | None = None,
    ) -> None:
        self.lower, self.upper, self.whole = lower, upper, whole
        size = sums.shape[0]
        self.rows = sums
        self.row_lower, self.row_upper = np.zeros(size), np.zeros(size)
        if more is not None:
            self.rows = sparse.csr_array(sparse.vstack([sums, more[0]], format="csr"))
            self.row_lower = np.concatenate([self.row_lower, more[1]])
            self.row_upper = np.concatenate([self.row_upper, more[2]])
        self.open = upper > lower
        self._parts: dict[int, _Part] = {}
        self._label = self._components()

    def holding(self, worlds: Sequence[FloatArray]) -> FloatArray:
        """Those of ``worlds`` that are among these worlds, one a row, by plain arithmetic."""
        if not len(worlds):
            return np.empty((0, len(self.open)))
        each = np.asarray(worlds, dtype=np.float64)
        good = _fits(
            each,
            (self.lower, self.upper),
            (self.rows, self.row_lower, self.row_upper),
            whole=self.whole,
        )
        if self.whole:
            good &= np.all(each == np.round(each), axis=1)
        return np.asarray(each[good])

    def find(self, cell: int, value: float) -> FloatArray | None:
        """A world in which ``cell`` has ``value``. Only the cells that hang together with it
        (``part``) have a value that means something. None if no such world was found."""
        if not self.open[cell] or not self.lower[cell] <= value <= self.upper[cell]:
            return None
        return self.part(cell).push({}, {cell: (value, value)})

    def extreme(self, cell: int, direction: float) -> float | None:
        """The lowest (-1) or highest (+1) value of ``cell``; None if no world was found."""
        if not self.open[cell]:
            return float(self.lower[cell])
        world = self.part(cell).push({cell: direction})
        return None if world is None else float(world[cell])

    def explore(
        self,
        wanted: Wanted,
        worlds: Sequence[FloatArray] = (),
        found: list[FloatArray] | None = None,
    ) -> Seen:
        """Of the ``wanted`` values of each cell those that a world has.

        ``worlds`` are tried first (each is checked); then worlds are looked for in which many
        cells at once have a wanted value, and last each value by itself. Worlds that were useful
        are appended to ``found``.
        """
        search = _Search(self, wanted, found)
        search.tick_all(self.holding(worlds))
        search.run()
        return search.seen

    def part(self, cell: int) -> _Part:
        """The programme of the cells that hang together with ``cell``."""
        label = int(self._label[cell])
        if label not in self._parts:
            cells = np.flatnonzero((self._label == label) & self.open)
            self._parts[label] = _Part(self, cells)
        return self._parts[label]

    def _components(self) -> npt.NDArray[np.int32]:
        open_columns = self.rows[:, np.flatnonzero(self.open)]
        graph = abs(open_columns.T) @ abs(open_columns)
        _, labels = connected_components(graph, directed=False)
        label = np.full(len(self.open), -1, dtype=np.int32)
        label[self.open] = labels
        return label


class _Part:
    """One connected part of the open cells."""

    def __init__(self, worlds: Worlds, cells: npt.NDArray[np.int64]) -> None:
        self.worlds, self.cells = worlds, cells
        base = np.where(worlds.open, 0.0, worlds.lower)
        columns = worlds.rows[:, cells]
        self.used = np.flatnonzero(np.diff(columns.indptr))
        self.rows = columns[self.used]
        known = (worlds.rows @ base)[self.used]
        self.low = worlds.row_lower[self.used] - known
        self.high = worlds.row_upper[self.used] - known
        self.base = base
        rows = sparse.csc_array(self.rows)
        self.constraints = [LinearConstraint(rows, self.low, self.high)] if len(self.used) else []
        self.integrality = np.full(len(cells), int(worlds.whole))
        self.place = {int(cell): place for place, cell in enumerate(cells)}

    def push(
        self, weights: Mapping[int, float], limits: Mapping[int, tuple[float, float]] | None = None
    ) -> FloatArray | None:
        """A world with the cells of positive weight as high as can be, of negative as low.

        ``limits`` narrow what cells may be. None if there is none, if it was not found within
        `NODES`, or if plain arithmetic does not confirm it.
        """
        cost = np.zeros(len(self.cells))
        for cell, weight in weights.items():
            cost[self.place[cell]] = -weight
        lower, upper = self.worlds.lower[self.cells], self.worlds.upper[self.cells]
        for cell, (least, most) in (limits or {}).items():
            lower[self.place[cell]], upper[self.place[cell]] = least, most
        found = milp(
            cost,
            integrality=self.integrality,
            bounds=Bounds(lower, upper),
            constraints=self.constraints,
            options={"node_limit": NODES},
        )
        if found.x is None:
            return None
        world = self.base.copy()
        world[self.cells] = np.round(found.x) if self.worlds.whole else found.x
        return world if self.confirms(world) else None

    def confirms(self, world: FloatArray) -> bool:
        """By plain arithmetic: limits and sums of this part."""
        limits = self.worlds.lower[self.cells], self.worlds.upper[self.cells]
        rows = self.rows, self.low, self.high
        return bool(_fits(world[np.newaxis, self.cells], limits, rows, whole=self.worlds.whole)[0])


def _fits(
    worlds: FloatArray,
    limits: tuple[FloatArray, FloatArray],
    rows: tuple[sparse.csr_array, FloatArray, FloatArray],
    *,
    whole: bool,
) -> BoolArray:
    """Which of ``worlds`` (one a row) lie within the limits of the cells and of the rows."""
    (lower, upper), (matrix_of_rows, low, high) = limits, rows
    # Each by its own size: beside kronor in millions a count has no room.
    loose = 0.0 if whole else 1e-6
    slack = loose * (1 + np.abs(worlds))
    sums = (matrix_of_rows @ worlds.T).T
    room = loose * (1 + (abs(matrix_of_rows) @ np.abs(worlds).T).T) + _WHOLE
    return np.asarray(
        np.all(worlds >= lower - slack, axis=1)
        & np.all(worlds <= upper + slack, axis=1)
        & np.all(sums >= low - room, axis=1)
        & np.all(sums <= high + room, axis=1)
    )


class _Search:
    """What has been seen so far, and what is left to look for."""

    def __init__(self, worlds: Worlds, wanted: Wanted, found: list[FloatArray] | None) -> None:
        self.worlds, self.found = worlds, found
        self.left = {cell: set(values) for cell, values in wanted.items()}
        self.seen: Seen = {cell: set() for cell in self.left}
        self.random = np.random.default_rng(0)

    def run(self) -> None:
        parts: dict[int, list[int]] = {}
        for cell, values in self.left.items():
            if self.worlds.open[cell]:
                if values:
                    parts.setdefault(int(self.worlds.part(cell).cells[0]), []).append(cell)
            elif self.worlds.lower[cell] in values:
                self.seen[cell].add(float(self.worlds.lower[cell]))
        for cells in parts.values():
            part = self.worlds.part(cells[0])
            self._many(part, cells, self._ends)
            self._many(part, cells, self._between)
            for cell in cells:
                for value in sorted(self.left[cell]):
                    if value in self.left[cell]:
                        self._keep(part, self.worlds.find(cell, value), cells)

    def tick_all(self, worlds: FloatArray) -> None:
        """Note the wanted values that any of ``worlds`` (whole ones, one a row) has."""
        for cell, values in self.left.items():
            had = values & set(worlds[:, cell].tolist())
            values.difference_update(had)
            self.seen[cell] |= had

    def tick(self, world: FloatArray, cells: Iterable[int]) -> int:
        """Note the wanted values that ``world`` has for ``cells``; how many they were."""
        ticked = 0
        for cell in cells:
            value = float(world[cell])
            if value in self.left[cell]:
                self.left[cell].remove(value)
                self.seen[cell].add(value)
                ticked += 1
        return ticked

    def _many(self, part: _Part, cells: Sequence[int], aim: Callable[[int], _Aim | None]) -> None:
        idle = 0
        while idle < _IDLE_ROUNDS:
            aims = {cell: aimed for cell in cells if (aimed := aim(cell))}
            if len(aims) < 2:
                return
            weights = {cell: weight for cell, (weight, _) in aims.items()}
            limits = {cell: limit for cell, (_, limit) in aims.items() if limit}
            ticked = self._keep(part, part.push(weights, limits), cells)
            idle = 0 if ticked > len(aims) / 20 else idle + 1

    def _keep(self, part: _Part, world: FloatArray | None, cells: Sequence[int]) -> int:
        if world is None:
            return 0
        ticked = self.tick(world, cells)
        if ticked and self.found is not None:
            self.found.append(world)
        return ticked

    def _ends(self, cell: int) -> _Aim | None:
        """Up or down, where a wanted value lies beyond those seen."""
        left, seen = self.left[cell], self.seen[cell]
        if not left:
            return None
        ways = [
            *([1.0] if not seen or max(left) > max(seen) else []),
            *([-1.0] if not seen or min(left) < min(seen) else []),
        ]
        return (ways[int(self.random.integers(len(ways)))], None) if ways else None

    def _between(self, cell: int) -> _Aim | None:
        """Up to a wanted value and no further, for about half of the cells at a time."""
        if not self.left[cell] or self.random.random() < 0.5:
            return None
        return 1.0, (float(self.worlds.lower[cell]), min(self.left[cell]))
