"""Coverage of intervals by exact enumeration: no simulation, no grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import betainc
from scipy.stats import binom, multinomial, poisson

from umea_eval.methods.inputs import FloatArray, Interval


class Coverage(NamedTuple):
    minimum: float
    mean: float


def binomial_coverage(n: int, interval: Callable[..., Interval]) -> Coverage:
    """Smallest and mean coverage over all p in (0, 1) for samples of ``n``.

    Coverage as a function of p jumps only at the limits themselves. Between them it is the
    probability of a fixed run of counts, which rises and then falls: so the infimum is found just
    beside the limits. The mean is an integral of binomial probabilities in closed form.
    """
    x = np.arange(n + 1)
    lower, upper = interval(x, np.full(n + 1, n))
    ends = np.unique(np.concatenate([lower, upper]))
    beside = np.concatenate([ends - 1e-10, ends, ends + 1e-10])
    p = beside[(beside > 0) & (beside < 1)]
    inside = (lower <= p[:, None]) & (p[:, None] <= upper)
    covered = np.where(inside, binom.pmf(x, n, p[:, None]), 0.0).sum(axis=1)
    share = betainc(x + 1, n - x + 1, upper) - betainc(x + 1, n - x + 1, lower)
    return Coverage(float(covered.min()), float(share.sum() / (n + 1)))


def two_binomial_coverage(
    n1: int, n2: int, interval: Callable[..., Interval], truth: Callable[..., FloatArray]
) -> Coverage:
    """Smallest and mean coverage over p1 and p2 in 0.01, 0.02 ... 0.99, by enumeration.

    ``truth`` gives the estimated quantity from p1 and p2. Pairs without any event are left out
    where a ratio does not exist, and the rest weighed up to 1.
    """
    x1, x2 = (a.ravel() for a in np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij"))
    exists = np.ones(x1.shape, dtype=bool) if truth(0.5, 0.5) == 0 else (x1 + x2) > 0
    x1, x2 = x1[exists], x2[exists]
    lower, upper = interval(x1, np.full(x1.shape, n1), x2, np.full(x2.shape, n2))
    p = np.arange(1, 100) / 100
    f1, f2 = binom.pmf(x1, n1, p[:, None]), binom.pmf(x2, n2, p[:, None])
    covered = np.array(
        [
            np.where(
                (lower <= truth(q, p2) + 1e-12) & (truth(q, p2) - 1e-12 <= upper),
                f1[i] * f2[j],
                0.0,
            ).sum()
            / (f1[i] * f2[j]).sum()
            for i, q in enumerate(p)
            for j, p2 in enumerate(p)
        ]
    )
    return Coverage(float(covered.min()), float(covered.mean()))


def paired_coverage(n: int, interval: Callable[..., Interval]) -> Coverage:
    """Smallest and mean coverage of (b - c)/n over shares of b and c in steps of 0.02."""
    b, c = (a.ravel() for a in np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij"))
    b, c = b[b + c <= n], c[b + c <= n]
    lower, upper = interval(b, c, np.full(b.shape, n))
    grid = np.arange(1, 50) / 50
    counts = np.stack([b, c, n - b - c], axis=1)
    covered = []
    for share_b in grid:
        for share_c in grid[grid + share_b < 0.999]:
            weight = multinomial.pmf(counts, n, [share_b, share_c, 1 - share_b - share_c])
            d = share_b - share_c
            covered.append(weight[(lower <= d + 1e-12) & (d - 1e-12 <= upper)].sum())
    return Coverage(float(min(covered)), float(np.mean(covered)))


def poisson_coverage(largest: float, interval: Callable[..., Interval]) -> Coverage:
    """Smallest and mean coverage over all expected counts in (0, ``largest``)."""
    x = np.arange(int(largest + 12 * np.sqrt(largest)) + 40)
    lower, upper = interval(x)
    ends = np.unique(np.concatenate([lower, upper]))
    beside = np.concatenate([ends - 1e-10, ends, ends + 1e-10])
    mean = beside[(beside > 0) & (beside < largest)]
    inside = (lower <= mean[:, None]) & (mean[:, None] <= upper)
    covered = np.where(inside, poisson.pmf(x, mean[:, None]), 0.0).sum(axis=1)
    # The integral of a Poisson probability over its mean is a gamma distribution function.
    cut = np.minimum(np.stack([lower, upper]), largest)
    share = poisson.sf(x, cut[1]) - poisson.sf(x, cut[0])
    return Coverage(float(covered.min()), float(share.sum() / largest))
