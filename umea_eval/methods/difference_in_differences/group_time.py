"""The change of each group of starters in each period against units not yet (or never) begun.

Callaway & Sant'Anna's group-time effects without covariates, as linear functions of the outcomes:
the same weights serve the estimate, its influence functions and its permutation test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from umea_eval.errors import UserError
from umea_eval.methods.difference_in_differences.panel import Panel
from umea_eval.methods.inputs import BoolArray, FloatArray, IntArray

Control = Literal["not yet", "never"]
Base = Literal["varying", "universal"]


@dataclass(frozen=True)
class Cells:
    """One entry per group and period: the effect, each unit's influence on it, and weights.

    ``weights`` is cells x units x periods: the effect is the sum of weights times outcomes.
    """

    group: IntArray
    period: IntArray
    effect: FloatArray
    influence: FloatArray  # units x cells
    members: tuple[BoolArray, ...]
    controls: tuple[BoolArray, ...]
    base: IntArray
    share: FloatArray  # of each cell's group among all units

    @property
    def event_time(self) -> IntArray:
        """Periods since the start of the group; negative before it."""
        return self.period - self.group


@dataclass(frozen=True)
class Aggregate:
    """A weighted mean of cells: which, with what weights, and whether group sizes set them."""

    chosen: IntArray
    weight: FloatArray
    by_size: bool


def group_time(panel: Panel, *, control: Control, base: Base) -> Cells:
    """Every group-time effect that has a control unit."""
    start, y, w = panel.start, panel.outcome, panel.weights
    n, periods = y.shape
    group, period, bases, effects, influences = [], [], [], [], []
    members, controls = [], []
    for g in sorted({int(value) for value in start if value >= 0}):
        for t in range(1 if base == "varying" else 0, periods):
            before = t - 1 if t < g and base == "varying" else g - 1
            if t == before:
                continue
            never = start < 0
            others = never | ((start > max(t, before)) & (start != g))
            compared = never if control == "never" else others
            inside = start == g
            if not compared.any():
                continue
            change = y[:, t] - y[:, before]
            effect, influence = _contrast(change, inside, compared, w)
            group.append(g)
            period.append(t)
            bases.append(before)
            effects.append(effect)
            influences.append(influence)
            members.append(inside)
            controls.append(compared)
    cells = Cells(
        group=np.array(group, dtype=np.int64),
        period=np.array(period, dtype=np.int64),
        effect=np.array(effects),
        influence=np.column_stack(influences) if influences else np.empty((n, 0)),
        members=tuple(members),
        controls=tuple(controls),
        base=np.array(bases, dtype=np.int64),
        share=np.array([float(w[inside].sum()) / n for inside in members]),
    )
    if not (cells.event_time >= 0).any():
        raise UserError("methods.difference_in_differences.no_control")
    return cells


def _contrast(
    change: FloatArray, inside: BoolArray, compared: BoolArray, w: FloatArray
) -> tuple[float, FloatArray]:
    n = len(change)
    influence = np.zeros(n)
    means = []
    for chosen, sign in ((inside, 1.0), (compared, -1.0)):
        total = float(w[chosen].sum())
        mean = float(w[chosen] @ change[chosen]) / total
        means.append(mean)
        influence[chosen] += sign * n * w[chosen] * (change[chosen] - mean) / total
    return means[0] - means[1], influence


def simple(cells: Cells) -> Aggregate:
    """All periods after the start, weighted by group size."""
    chosen = np.flatnonzero(cells.event_time >= 0)
    return _by_size(cells, chosen)


def at_event_time(cells: Cells, e: int) -> Aggregate:
    """The effect e periods after the start, weighted by group size."""
    return _by_size(cells, np.flatnonzero(cells.event_time == e))


def of_group(cells: Cells, g: int) -> Aggregate:
    """The mean effect of one group over its periods after the start."""
    chosen = np.flatnonzero((cells.group == g) & (cells.event_time >= 0))
    return Aggregate(chosen, np.full(len(chosen), 1 / len(chosen)), by_size=False)


def in_period(cells: Cells, t: int) -> Aggregate:
    """The effect in one period over the groups that have begun, weighted by size."""
    return _by_size(cells, np.flatnonzero((cells.period == t) & (cells.event_time >= 0)))


def _by_size(cells: Cells, chosen: IntArray) -> Aggregate:
    weight = cells.share[chosen] / cells.share[chosen].sum()
    return Aggregate(chosen, weight, by_size=True)


def value(cells: Cells, aggregate: Aggregate) -> float:
    """The aggregated effect."""
    return float(cells.effect[aggregate.chosen] @ aggregate.weight)


def influence(cells: Cells, aggregate: Aggregate, panel: Panel) -> FloatArray:
    """Each unit's influence on the aggregated effect, estimated group sizes included."""
    chosen = aggregate.chosen
    psi = cells.influence[:, chosen] @ aggregate.weight
    if not aggregate.by_size:
        return np.asarray(psi, dtype=np.float64)
    share = cells.share[chosen]
    apart = np.column_stack(
        [panel.weights * cells.members[cell] - cells.share[cell] for cell in chosen]
    )
    own = apart / share.sum()
    all_of = np.outer(apart.sum(axis=1), share / share.sum() ** 2)
    return np.asarray(psi + (own - all_of) @ cells.effect[chosen], dtype=np.float64)


def unit_weights(cells: Cells, aggregate: Aggregate, panel: Panel) -> dict[int, FloatArray]:
    """What the aggregate gives each period of a unit, by the unit's start (equal unit weights)."""
    periods = len(panel.periods)
    found = {int(start): np.zeros(periods) for start in set(panel.start.tolist())}
    first = {start: int(np.flatnonzero(panel.start == start)[0]) for start in found}
    for cell, weight in zip(aggregate.chosen, aggregate.weight, strict=True):
        for chosen, sign in ((cells.members[cell], 1.0), (cells.controls[cell], -1.0)):
            each = sign * weight / chosen.sum()
            for start, unit in first.items():
                if chosen[unit]:
                    found[start][cells.period[cell]] += each
                    found[start][cells.base[cell]] -= each
    return found


def combined(weights: list[dict[int, FloatArray]], share: FloatArray) -> dict[int, FloatArray]:
    """A weighted sum of several aggregates' unit weights."""
    return {
        start: np.asarray(
            sum((s * each[start] for s, each in zip(share, weights, strict=True))),
            dtype=np.float64,
        )
        for start in weights[0]
    }
