"""Which further cells must be suppressed, so that no protected one can be computed?

Fewest cells, then the smallest sum of them. A protected cell is safe when worlds exist (`worlds`)
in which it has its lowest and its highest wanted value while every cell that is shown keeps its
own. The choice is a mixed-integer programme that is tightened by what the worlds lack: its master
chooses cells, a linear programme measures how far a protected cell can move under that choice, and
where it is too little its dual prices give a cut that every safe choice obeys. Source: Fischetti &
Salazar 2001, Management Science 47:1008-1027, with the attacker's knowledge of the rule added.

In large parts (`EFFORTS`) the master is only a start: the cells that are still open are then
protected one after the other along the cheapest way (Castro 2012, Eur J Oper Res 216:257-269). The
limits are numbers of cells, rounds and branches, not seconds, so that every machine chooses alike.
Whatever is chosen, the attack decides whether it leaves.

The headline of a report (``Problem.rank``) is first taken to be shown: before anything is chosen,
it is found out which of its cells nothing else can stand in for, and only those may be suppressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components

from umea_eval.disclosure.linked import BoolArray, FloatArray
from umea_eval.disclosure.worlds import Worlds

IntArray = npt.NDArray[np.int64]

# Branches within the cheapest way of one cell.
WAY_NODES = 5_000
# So many complementary cells at most are tried without, where the choice is not the best.
POLISH = 150
# How many other cells a cell of the headline costs for each rank, where it must be let go.
_DEARER = 10
_TINY = 1e-7
_REPAIRS = 3


@dataclass(frozen=True)
class Effort:
    """How much is tried for a part of up to ``cells`` cells that may be suppressed: rounds of cuts,
    branches of each master, and how far from the best a master may stop."""

    cells: float
    rounds: int
    nodes: int
    gap: float


# The first that the part fits in. Only the first two end with a choice known to be the best, or
# within 5 % of it.
EFFORTS = (
    Effort(40, rounds=60, nodes=5_000, gap=0.0),
    Effort(150, rounds=8, nodes=50, gap=0.05),
    Effort(np.inf, rounds=3, nodes=20, gap=0.05),
)


@dataclass(frozen=True)
class Target:
    """A cell that must be able to have the values ``low`` and ``high``.

    ``told``: even for an outsider who is told which of the suppressed cells are protected ones.
    """

    cell: int
    low: float
    high: float
    told: bool = True

    def ends(self, truth: FloatArray) -> tuple[float, ...]:
        """The values that worlds must be found for."""
        return tuple(sorted({self.low, self.high} - {float(truth[self.cell])}))


@dataclass(frozen=True)
class Problem:
    """A linked set as the choice sees it; arrays have one entry a cell.

    ``sums``        rows whose product with any world is zero
    ``truth``       the values
    ``protected``   must be suppressed
    ``candidates``  may be suppressed too
    ``rank``        of two candidates the one with the higher rank only where the other cannot help
    ``shown``       what an outsider knows of a cell that is shown: lowest and highest value
    ``told``        and of a suppressed one, if he is told whether it is protected
    ``rule``        and if he knows no more than the rule
    ``targets``     what must stay possible
    ``width``       how many values must stay possible for every suppressed cell
    ``whole``       values are whole numbers
    """

    sums: sparse.csr_array
    truth: FloatArray
    protected: BoolArray
    candidates: BoolArray
    rank: IntArray
    shown: tuple[FloatArray, FloatArray]
    told: tuple[FloatArray, FloatArray]
    rule: tuple[FloatArray, FloatArray]
    targets: tuple[Target, ...]
    width: int
    whole: bool = True

    def limits(self, hidden: BoolArray, *, told: bool) -> tuple[FloatArray, FloatArray]:
        """What an outsider knows of every cell when ``hidden`` are suppressed."""
        known = self.told if told else self.rule
        return (
            np.where(hidden, known[0], self.shown[0]),
            np.where(hidden, known[1], self.shown[1]),
        )

    def worlds(self, hidden: BoolArray, *, told: bool) -> Worlds:
        """The worlds that he thinks possible."""
        return Worlds(self.sums, *self.limits(hidden, told=told), whole=self.whole)

    @property
    def everything(self) -> BoolArray:
        """All that can be suppressed."""
        return self.protected | self.candidates


@dataclass(frozen=True)
class Choice:
    """``hidden``: the cells to suppress. ``targets``: what is possible for them at best.
    ``worlds``: proofs, which the attack may try first."""

    hidden: BoolArray
    targets: tuple[Target, ...]
    worlds: tuple[FloatArray, ...]


def choose(problem: Problem) -> Choice:
    """The cells to suppress: the protected ones and their complements."""
    problem = replace(problem, targets=_attainable(problem))
    hidden = problem.protected.copy()
    worlds: list[FloatArray] = []
    for part in _parts(problem):
        chosen, found = _of_part(part.problem)
        hidden[part.cells] |= chosen
        for world in found:
            whole = problem.truth.copy()
            whole[part.cells] = world
            worlds.append(whole)
    return Choice(hidden, problem.targets, tuple(worlds))


def _attainable(problem: Problem) -> tuple[Target, ...]:
    """The targets that suppressing everything can reach.

    An outsider who is told which cells are protected can know more than any suppression can hide:
    of 1 + 3 = 4, all protected, that the first is at most 3. Such a cell is to keep ``width``
    values for an outsider who knows the rule only.
    """
    found: dict[int, set[float]] = {}
    worlds = {told: problem.worlds(problem.everything, told=told) for told in (True, False)}
    for told, each in worlds.items():
        asked = [target for target in problem.targets if target.told is told]
        found |= each.explore({target.cell: target.ends(problem.truth) for target in asked})
    return tuple(
        target
        if found[target.cell] >= set(target.ends(problem.truth))
        else _by_rule(problem, target, worlds[False])
        for target in problem.targets
    )


def _by_rule(problem: Problem, target: Target, worlds: Worlds) -> Target:
    truth = float(problem.truth[target.cell])
    least, most = _ends(worlds, target.cell, truth)
    low = min(truth, max(target.low, least))
    if not problem.whole:
        return Target(target.cell, low, target.high, told=False)
    return _wide(target.cell, max(low, truth - problem.width + 1), most, problem.width)


def _ends(worlds: Worlds, cell: int, truth: float) -> tuple[float, float]:
    """The lowest and highest value that was found for ``cell``; ``truth`` is one of them."""
    least, most = worlds.extreme(cell, -1), worlds.extreme(cell, 1)
    return (truth if least is None else least, truth if most is None else most)


def _wide(cell: int, least: float, most: float, width: int) -> Target:
    """``width`` values from ``least`` on, or the last up to ``most``."""
    high = min(most, least + width - 1)
    return Target(cell, high - width + 1, high, told=False)


def _of_part(problem: Problem) -> tuple[BoolArray, list[FloatArray]]:
    """The choice for one connected part, and worlds that prove it."""
    ways = (_without_headline(problem), problem) if problem.rank.any() else (problem,)
    for way in ways:
        chooser = _Chooser(way)
        hidden, safe = chooser.run()
        if safe:
            return hidden, chooser.worlds
    # The search has failed, which does not say that nothing protects.
    everything = problem.everything
    return (chooser.fewer(everything) if chooser.safe(everything) else hidden), chooser.worlds


def _without_headline(problem: Problem) -> Problem:
    """The problem with only those candidates of a rank that are needed, the highest rank first.

    A rank's cells are tried with all of the lower ranks suppressed: what is still open then, no
    choice among those can close.
    """
    ranks = np.where(problem.candidates & ~problem.protected, problem.rank, 0)
    candidates = problem.candidates & (ranks == 0)
    for rank in sorted(set(ranks[ranks > 0].tolist()), reverse=True):
        own = ranks == rank
        lower = problem.candidates & (ranks < rank)
        chooser = _Chooser(replace(problem, candidates=candidates | lower | own))
        candidates |= chooser.needed(candidates | lower | problem.protected) & own
    return replace(problem, candidates=candidates)


@dataclass(frozen=True)
class _PartOf:
    cells: np.ndarray[tuple[int], np.dtype[np.int64]]
    problem: Problem


def _parts(problem: Problem) -> list[_PartOf]:
    """The connected parts that have a target, each as a problem of its own."""
    movable = problem.everything | (problem.shown[1] > problem.shown[0])
    columns = abs(problem.sums[:, np.flatnonzero(movable)])
    _, found = connected_components(columns.T @ columns, directed=False)
    label = np.full(len(movable), -1)
    label[movable] = found
    parts = []
    for number in sorted({int(label[target.cell]) for target in problem.targets}):
        cells = np.flatnonzero(label == number)
        place = {int(cell): index for index, cell in enumerate(cells)}
        rows = problem.sums[:, cells]
        parts.append(
            _PartOf(
                cells,
                Problem(
                    # What is fixed keeps its part of every sum: only moves matter below.
                    sums=rows[np.flatnonzero(np.diff(rows.indptr))],
                    truth=problem.truth[cells],
                    protected=problem.protected[cells],
                    candidates=problem.candidates[cells],
                    rank=problem.rank[cells],
                    shown=_pick(problem.shown, cells),
                    told=_pick(problem.told, cells),
                    rule=_pick(problem.rule, cells),
                    targets=tuple(
                        replace(target, cell=place[target.cell])
                        for target in problem.targets
                        if target.cell in place
                    ),
                    width=problem.width,
                    whole=problem.whole,
                ),
            )
        )
    return parts


def _pick(
    limits: tuple[FloatArray, FloatArray], cells: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[FloatArray, FloatArray]:
    return limits[0][cells], limits[1][cells]


class _Chooser:
    """The choice for one connected part, in moves away from the truth."""

    def __init__(self, problem: Problem) -> None:
        # A part's sums need not be zero (fixed cells stand outside); those of the moves are.
        self.problem = problem
        self.truth = problem.truth
        self.free = np.flatnonzero(problem.candidates & ~problem.protected)
        self.effort = next(effort for effort in EFFORTS if len(self.free) <= effort.cells)
        total = 1 + float(np.abs(self.truth[self.free]).sum())
        self.cost = np.zeros(len(self.truth))
        self.cost[self.free] = 1 + np.abs(self.truth[self.free]) / total
        self.cost[self.free] *= 1 + _DEARER * problem.rank[self.free]
        self.cuts: list[tuple[sparse.csr_array, float]] = []
        self.worlds: list[FloatArray] = []

    def run(self) -> tuple[BoolArray, bool]:
        """The choice, and whether it is safe."""
        best, proven = self._by_cuts()
        if not proven:
            best = self._repair(best, self.problem.targets)
        if self.effort.gap:
            best = self._polish(best)
        for _ in range(_REPAIRS):
            narrow = self._narrow(best)
            if not narrow:
                break
            best = self._repair(best, narrow)
        return best, self.safe(best)

    def safe(self, hidden: BoolArray) -> bool:
        """Whether all that is asked for stays possible."""
        return not self._narrow(hidden) and not self._failing(hidden, self.problem.targets)

    def fewer(self, hidden: BoolArray) -> BoolArray:
        """What is left of a safe choice: the headline is shown again first, then the largest."""
        rank, size = self.problem.rank, np.abs(self.truth)
        added = np.flatnonzero(hidden & ~self.problem.protected)
        for cell in sorted(added, key=lambda c: (-rank[c], -size[c], c))[:POLISH]:
            without = hidden.copy()
            without[cell] = False
            if self.safe(without):
                hidden = without
        return hidden

    def needed(self, hidden: BoolArray) -> BoolArray:
        """Candidates that must be suppressed besides ``hidden``: none of them can be left out."""
        more = self._repair(hidden, self.problem.targets)
        for cell in sorted(np.flatnonzero(more & ~hidden), key=lambda c: (-abs(self.truth[c]), c)):
            without = more.copy()
            without[cell] = False
            if not self._failing(without, self.problem.targets):
                more = without
        return more & ~hidden

    # --- the master and its cuts -------------------------------------------------------------

    def _by_cuts(self) -> tuple[BoolArray, bool]:
        """The best choice for the cuts so far; whether it is safe."""
        self._first_cuts()
        hidden = self.problem.protected.copy()
        for _ in range(self.effort.rounds):
            chosen = self._master()
            if chosen is None:
                return hidden, False
            hidden = chosen
            failing = self._failing(hidden, self.problem.targets)
            if not failing:
                return hidden, True
            kept = [self._cut(hidden, target, value) for target, value in failing]
            if not any(kept):
                break  # no choice is safe: the attack will withhold the report
        return hidden, False

    def _master(self) -> BoolArray | None:
        constraints = []
        if self.cuts:
            rows = sparse.csr_array(sparse.vstack([row for row, _ in self.cuts], format="csr"))
            least = np.array([at_least for _, at_least in self.cuts])
            constraints = [LinearConstraint(rows[:, self.free], least, np.inf)]
        if not len(self.free):
            return self.problem.protected.copy()
        found = milp(
            self.cost[self.free],
            integrality=np.ones(len(self.free), dtype=np.int64),
            bounds=Bounds(0, 1),
            constraints=constraints,
            options={
                "node_limit": self.effort.nodes,
                "mip_rel_gap": self.effort.gap,
            },
        )
        if found.x is None:
            return None
        hidden = self.problem.protected.copy()
        hidden[self.free[found.x > 0.5]] = True
        return hidden

    def _first_cuts(self) -> None:
        """Sum by sum: what a protected cell moves, other cells of the sum must take up; and a
        complement that stands alone in a sum protects nothing."""
        for target in self.problem.targets:
            for value in target.ends(self.truth):
                move = value - self.truth[target.cell]
                room = self._room(told=target.told)
                column = self.problem.sums[:, [target.cell]].tocoo()
                for row, sign in zip(column.row, column.data, strict=True):
                    self._sum_cut(int(row), target.cell, sign * move, room)
        movable = self.problem.shown[1] > self.problem.shown[0]
        for line in range(self.problem.sums.shape[0]):
            cells = self.problem.sums[[line]].indices
            if self.problem.protected[cells].any() or movable[cells].any():
                continue
            for cell in cells.tolist():
                cut = np.zeros(len(self.truth))
                cut[cells] = 1.0
                cut[cell] = -1.0
                if self.problem.candidates[cell]:
                    kept = np.where(self.problem.candidates, cut, 0.0)
                    self.cuts.append((sparse.csr_array(kept[np.newaxis]), 0.0))

    def _room(self, *, told: bool) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """How far down and up: when shown, and when suppressed."""
        least, most = self.problem.shown
        lower, upper = self.problem.told if told else self.problem.rule
        must = self.problem.protected
        return (
            self.truth - np.where(must, lower, least),
            np.where(must, upper, most) - self.truth,
            self.truth - lower,
            upper - self.truth,
        )

    def _sum_cut(
        self,
        row: int,
        cell: int,
        move: float,
        room: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    ) -> None:
        line = self.problem.sums[[row]]
        fixed, cut = 0.0, np.zeros(len(self.truth))
        for other, sign in zip(line.indices, line.data, strict=True):
            if other == cell:
                continue
            up = sign * move < 0
            fixed += room[1][other] if up else room[0][other]
            if self.cost[other] > 0:
                more = (room[3] - room[1] if up else room[2] - room[0])[other]
                cut[other] = more
        self._add(cut, abs(move) - fixed)

    def _add(self, cut: FloatArray, least: float) -> bool:
        """Keep a cut; a single cell can never give more than all that is asked."""
        if least <= _TINY:
            return False
        row = np.minimum(np.maximum(cut, 0.0), least) / least
        if not row.any():
            return False
        self.cuts.append((sparse.csr_array(np.where(row < _TINY, 0.0, row)[np.newaxis]), 1.0))
        return True

    def _cut(self, hidden: BoolArray, target: Target, value: float) -> bool:
        """A linear programme's dual prices say which cells would let ``target`` move further."""
        move = value - self.truth[target.cell]
        lower, upper = self.problem.limits(hidden, told=target.told)
        low, high = lower - self.truth, upper - self.truth
        cost = np.zeros(len(self.truth))
        cost[target.cell] = -np.sign(move)
        low[target.cell], high[target.cell] = min(move, 0.0) * 2, max(move, 0.0) * 2
        found = linprog(
            cost,
            A_eq=self.problem.sums.toarray(),
            b_eq=np.zeros(self.problem.sums.shape[0]),
            bounds=list(zip(low.tolist(), high.tolist(), strict=True)),
            method="highs",
        )
        if found.x is not None and -float(found.fun or 0.0) < abs(move) - _TINY:
            price = cost - self.problem.sums.T @ found.eqlin.marginals
            price[np.abs(price) < _TINY] = 0.0
            down, up = np.maximum(price, 0.0), np.maximum(-price, 0.0)
            room = self._room(told=target.told)
            fixed = room[0] * down + room[1] * up
            more = np.where(
                self.cost > 0, (room[2] - room[0]) * down + (room[3] - room[1]) * up, 0.0
            )
            fixed[target.cell] = more[target.cell] = 0.0
            if self._add(more, abs(move) - float(fixed.sum())):
                return True
        # Only whole numbers fail here: then any safe choice has some other cell.
        other = np.zeros(len(self.truth))
        other[self.free[~hidden[self.free]]] = 1.0
        return self._add(other, 1.0)

    # --- what is still open ----------------------------------------------------------------------

    def _worlds_of(self, hidden: BoolArray, *, told: bool) -> Worlds:
        lower, upper = self.problem.limits(hidden, told=told)
        # Moves: the sums of a part are what the fixed cells leave, so worlds are shifted by truth.
        return Worlds(
            self.problem.sums, lower - self.truth, upper - self.truth, whole=self.problem.whole
        )

    def _failing(self, hidden: BoolArray, targets: Sequence[Target]) -> list[tuple[Target, float]]:
        failing: list[tuple[Target, float]] = []
        for told in (True, False):
            asked = [target for target in targets if target.told is told]
            if not asked:
                continue
            worlds = self._worlds_of(hidden, told=told)
            wanted = {
                target.cell: [value - self.truth[target.cell] for value in target.ends(self.truth)]
                for target in asked
            }
            found: list[FloatArray] = []
            seen = worlds.explore(wanted, [world - self.truth for world in self.worlds], found)
            self.worlds += [self.truth + move for move in found]
            for target in asked:
                failing += [
                    (target, value)
                    for value in target.ends(self.truth)
                    if value - self.truth[target.cell] not in seen[target.cell]
                ]
        return failing

    def _narrow(self, hidden: BoolArray) -> list[Target]:
        """Suppressed cells with too few values for an outsider who knows the rule."""
        aimed = {target.cell for target in self.problem.targets}
        cells = [int(cell) for cell in np.flatnonzero(hidden) if int(cell) not in aimed]
        if not self.problem.whole or not cells:
            return []
        worlds = self._worlds_of(hidden, told=False)
        # Worlds that were found while more was suppressed prove nothing of this choice.
        proofs = worlds.holding([np.zeros_like(self.truth), *(w - self.truth for w in self.worlds)])
        reach = proofs.max(axis=0) - proofs.min(axis=0) + 1
        narrow = []
        for cell in cells:
            if reach[cell] >= self.problem.width:
                continue
            least, most = _ends(worlds, cell, 0.0)
            if most - least + 1 < self.problem.width:
                # Up or down, whichever suppressing more can reach.
                truth = float(self.truth[cell])
                top = _ends(self.widest, cell, 0.0)[1]
                narrow.append(_wide(cell, truth + least, truth + top, self.problem.width))
        return narrow

    @cached_property
    def widest(self) -> Worlds:
        """The worlds of an outsider who knows the rule, when all that can be is suppressed."""
        return self._worlds_of(self.problem.everything, told=False)

    # --- one cell after the other ----------------------------------------------------------------

    def _repair(self, hidden: BoolArray, targets: Sequence[Target]) -> BoolArray:
        hidden = hidden.copy()
        for target, value in self._failing(hidden, targets):
            move = self._cheapest(hidden, target, value - self.truth[target.cell])
            if move is None:
                continue
            beyond = (move < self.problem.shown[0] - self.truth - _TINY) | (
                move > self.problem.shown[1] - self.truth + _TINY
            )
            hidden |= beyond & self.problem.everything
            self.worlds.append(self.truth + move)
        return hidden

    def _cheapest(self, hidden: BoolArray, target: Target, move: float) -> FloatArray | None:
        """The moves that let the target move, with the fewest further cells to suppress."""
        for whole in (False, True):
            found = self._way(hidden, target, move, whole=whole)
            if found is None or not self.problem.whole:
                return found
            if np.allclose(found, np.round(found), atol=1e-6, rtol=0):
                return np.asarray(np.round(found))
        return None

    def _way(
        self, hidden: BoolArray, target: Target, move: float, *, whole: bool
    ) -> FloatArray | None:
        size = len(self.truth)
        lower, upper = self.problem.limits(hidden, told=target.told)
        free_down, free_up = self.truth - lower, upper - self.truth
        every = self.problem.limits(self.problem.everything | hidden, told=target.told)
        more_down = self.truth - every[0] - free_down
        more_up = every[1] - self.truth - free_up
        price = np.where(hidden, 0.0, self.cost)
        asked = abs(move)
        cost = np.concatenate(
            [
                np.full(2 * size, _TINY),
                price / np.clip(more_up, 1e-3, asked),
                price / np.clip(more_down, 1e-3, asked),
            ]
        )
        bounds = np.zeros((4 * size, 2))
        bounds[:, 1] = np.maximum(np.concatenate([free_up, free_down, more_up, more_down]), 0.0)
        keep = bounds[:, 1] > 0
        place = target.cell
        for offset, at in ((0, max(move, 0.0)), (size, max(-move, 0.0))):
            bounds[offset + place] = at
            keep[offset + place] = True
            bounds[offset + 2 * size + place] = 0.0
        sums = sparse.hstack([self.problem.sums, -self.problem.sums] * 2, format="csr")
        columns = np.flatnonzero(keep)
        found = milp(
            cost[columns],
            integrality=np.full(len(columns), int(whole)),
            bounds=Bounds(bounds[columns, 0], bounds[columns, 1]),
            constraints=LinearConstraint(sums[:, columns], 0.0, 0.0),
            options={"node_limit": WAY_NODES},
        )
        if found.x is None:
            return None
        values = np.zeros(4 * size)
        values[columns] = found.x
        up, down, further_up, further_down = values.reshape(4, size)
        return np.asarray(up - down + further_up - further_down)

    def _polish(self, hidden: BoolArray) -> BoolArray:
        """Show complements again that nothing needs, the largest first."""
        added = np.flatnonzero(hidden & ~self.problem.protected)
        if len(added) > POLISH:
            return hidden
        for cell in sorted(added, key=lambda index: (-abs(self.truth[index]), index)):
            without = hidden.copy()
            without[cell] = False
            if not self._failing(without, self.problem.targets):
                hidden = without
        return hidden
