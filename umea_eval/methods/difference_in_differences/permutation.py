"""How often would chance alone, in who began when, give a difference as large?

With few units no standard error can be trusted. The starts of the units are dealt out again in
every possible way; where the order of introduction was as good as random (or the units are
exchangeable), the share of deals with an estimate at least as far from zero is an exact p-value.
The interval holds every constant effect that the test does not reject.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import factorial, prod
from typing import Any

import numpy as np

from umea_eval.methods.difference_in_differences.panel import Panel
from umea_eval.methods.inputs import FloatArray, IntArray

_SAME = 1e-9


@dataclass(frozen=True)
class Deals:
    """Ways of dealing out the starts: one row per deal, the observed one first."""

    starts: IntArray
    exact: bool

    @property
    def smallest_p(self) -> float:
        """The smallest p-value that the design can give."""
        return 1 / len(self.starts)


def deals(start: IntArray, *, largest: int, seed: int) -> Deals:
    """All distinct deals, or a random sample (with the observed one) where there are too many."""
    sizes = np.unique(start, return_counts=True)[1]
    ways = factorial(len(start)) // prod(factorial(int(size)) for size in sizes)
    if ways <= largest:
        every = _all_deals(tuple(sorted(start.tolist())))
        others = every[(every != start).any(axis=1)]
        return Deals(np.concatenate([start[np.newaxis], others]), exact=True)
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(start) for _ in range(largest - 1)]
    return Deals(np.array([start, *drawn], dtype=np.int64), exact=False)


@lru_cache(maxsize=4)
def _all_deals(starts: tuple[int, ...]) -> IntArray:
    """Every distinct deal of the sorted starts: several outcomes of a design share them."""
    made: IntArray = np.array(list(_distinct(list(starts))), dtype=np.int64)
    made.setflags(write=False)
    return made


def _distinct(items: list[int]) -> Iterator[list[int]]:
    """All distinct orders of a sorted list, in lexicographic order (Knuth's algorithm L)."""
    order = list(items)
    while True:
        yield list(order)
        at = len(order) - 2
        while at >= 0 and order[at] >= order[at + 1]:
            at -= 1
        if at < 0:
            return
        other = len(order) - 1
        while order[other] <= order[at]:
            other -= 1
        order[at], order[other] = order[other], order[at]
        order[at + 1 :] = reversed(order[at + 1 :])


@dataclass(frozen=True)
class Permuted:
    """Estimate, exact p and the interval of constant effects; limits are missing where there are
    none (too few deals for the confidence, or no effect can be told from the rest)."""

    value: float
    lower: float
    upper: float
    p: float
    distribution: FloatArray


def permuted(
    panel: Panel, dealt: Deals, weights: dict[int, FloatArray], confidence: float
) -> Permuted:
    """Test and interval of an estimator that is linear in the outcomes.

    ``weights``: by start, what the estimator gives each period of a unit with that start.
    """
    estimate = _estimates(panel.outcome, dealt, weights)
    effect = _estimates(panel.treated, dealt, weights)
    far = np.abs(estimate)
    scale = _SAME * (1.0 + far.max())
    p = float((far >= far[0] - scale).mean())
    lower = upper = float("nan")
    if abs(effect[0]) > _SAME:
        lower, upper = _invert(estimate, effect, 1 - confidence)
    return Permuted(float(estimate[0]), lower, upper, p, estimate)


def joint_p(panel: Panel, dealt: Deals, weights: list[dict[int, FloatArray]]) -> float:
    """Exact p of several estimators being zero, by the sum of their squares."""
    squares = np.sum([_estimates(panel.outcome, dealt, each) ** 2 for each in weights], axis=0)
    return float((squares >= squares[0] - _SAME * (1.0 + squares.max())).mean())


def _estimates(values: FloatArray, dealt: Deals, weights: dict[int, FloatArray]) -> FloatArray:
    """The estimate under every deal: each unit gives what its dealt start makes of its course."""
    starts = sorted(weights)
    parts = values @ np.column_stack([weights[start] for start in starts])
    which = np.searchsorted(starts, dealt.starts)
    units: np.ndarray[Any, np.dtype[np.int64]] = np.arange(len(values))
    return np.asarray(parts[units, which].sum(axis=1), dtype=np.float64)


def _invert(a: FloatArray, b: FloatArray, alpha: float) -> tuple[float, float]:
    """The effects x with share(|a - x b| >= |a0 - x b0|) above alpha, in closed form.

    For each deal the set of such x lies between or outside the roots of two linear equations.
    """
    a0, b0 = a[0], b[0]
    near = _SAME * (1.0 + np.abs(a).max())
    same = (np.abs(np.abs(b) - abs(b0)) < _SAME) & (np.abs(a * b0 - a0 * b) < near * abs(b0))
    lows, highs = [np.full(int(same.sum()), -np.inf)], [np.full(int(same.sum()), np.inf)]
    rest = ~same
    with np.errstate(divide="ignore", invalid="ignore"):
        roots = np.sort(np.stack([(a - a0) / (b - b0), (a + a0) / (b + b0)])[:, rest], axis=0)
    flat = np.abs(np.abs(b[rest]) - abs(b0)) < _SAME
    steeper = np.abs(b[rest]) > abs(b0)
    between, outside = ~flat & ~steeper, ~flat & steeper
    lows.append(roots[0, between])
    highs.append(roots[1, between])
    lows += [np.full(int(outside.sum()), -np.inf), roots[1, outside]]
    highs += [roots[0, outside], np.full(int(outside.sum()), np.inf)]
    # Equal steepness: one equation has no root, the set is a half-line.
    for ak, bk in zip(a[rest][flat], b[rest][flat], strict=True):
        # (ak - x bk)^2 - (a0 - x b0)^2 with bk = +-b0 is linear in x.
        slope, level = -2 * (ak * bk - a0 * b0), ak**2 - a0**2
        root = -level / slope
        lows.append(np.array([root if slope > 0 else -np.inf]))
        highs.append(np.array([np.inf if slope > 0 else root]))
    low, high = np.sort(np.concatenate(lows)), np.sort(np.concatenate(highs))
    points = np.unique(np.concatenate([low, high]))
    points = points[np.isfinite(points)]
    near_points = _SAME * (1.0 + np.abs(points))
    held = np.searchsorted(low, points + near_points, side="right") - np.searchsorted(
        high, points - near_points, side="left"
    )
    accepted = points[held > alpha * len(a) + _SAME]
    lowest = -np.inf if (low == -np.inf).sum() > alpha * len(a) + _SAME else None
    highest = np.inf if (high == np.inf).sum() > alpha * len(a) + _SAME else None
    lower = float(accepted.min()) if lowest is None and len(accepted) else float("nan")
    upper = float(accepted.max()) if highest is None and len(accepted) else float("nan")
    return lower, upper
