"""Two independent shares: their difference (Newcombe) and their ratio (Koopman, Katz)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from umea_eval.methods.estimates import Estimates, Unit, estimate_table
from umea_eval.methods.groups import against
from umea_eval.methods.inputs import (
    By,
    FloatArray,
    Interval,
    alike,
    binomial,
    choice,
    keys,
    level,
    refuse,
)
from umea_eval.methods.proportions.single import wilson
from umea_eval.methods.roots import crossing

RatioMethod = Literal["koopman", "katz"]


@dataclass(frozen=True)
class ProportionDifferences(Estimates):
    """Differences between shares (-1 to 1), each group minus the reference."""

    words: ClassVar[str] = "proportions.difference"
    unit: ClassVar[Unit] = "points"
    null: ClassVar[float | None] = 0.0


@dataclass(frozen=True)
class ProportionRatios(Estimates):
    """Ratios of shares, each group over the reference."""

    words: ClassVar[str] = "proportions.ratio"
    null: ClassVar[float | None] = 1.0


def difference(
    data: pd.DataFrame,
    x: str,
    n: str,
    *,
    group: str,
    reference: Any,
    by: By = None,
    confidence: float = 0.95,
) -> ProportionDifferences:
    """Every group's share minus the reference group's, with Newcombe's interval.

    ``x`` and ``n`` name columns of whole counts; rows of the same ``group`` (within ``by``) are
    summed first. The table has one row per group other than ``reference``; ``numerator`` and
    ``denominator`` are the group's own, ``reference_numerator`` and ``reference_denominator``
    those it is compared with. Values are differences of shares between -1 and 1.

    Raises UserError as `proportion`, and if the reference group does not exist.
    Equals statsmodels ``confint_proportions_2indep(method="newcomb")`` (P10, P12).

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"area": ["A", "B"], "yes": [56, 48], "asked": [70, 80]})
    >>> result = ue.methods.proportions.difference(
    ...     frame, "yes", "asked", group="area", reference="B"
    ... )
    >>> result.table[["value", "lower", "upper"]].round(4).to_dict("records")
    [{'value': 0.2, 'lower': 0.0524, 'upper': 0.3339}]
    """
    pairs = against(data, x, n, group=group, reference=reference, by=by, read=binomial)
    lower, upper = newcombe(*pairs.counts, confidence=confidence)
    table = estimate_table(
        pairs.labels,
        numerator=pairs.x,
        denominator=pairs.n,
        value=pairs.x / pairs.n - pairs.reference_x / pairs.reference_n,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method="Newcombe",
        **pairs.reference_columns,
    )
    return ProportionDifferences(table, label=(*keys(by), group))


def ratio(
    data: pd.DataFrame,
    x: str,
    n: str,
    *,
    group: str,
    reference: Any,
    by: By = None,
    confidence: float = 0.95,
    method: RatioMethod = "koopman",
) -> ProportionRatios:
    """Every group's share divided by the reference group's, with interval.

    Columns and rows as in `difference`. The ratio is infinite when the reference has no events;
    it does not exist when neither group has any, which is an error.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"area": ["A", "B"], "yes": [56, 48], "asked": [70, 80]})
    >>> result = ue.methods.proportions.ratio(frame, "yes", "asked", group="area", reference="B")
    >>> result.table[["value", "lower", "upper"]].round(4).to_dict("records")
    [{'value': 1.3333, 'lower': 1.0798, 'upper': 1.6708}]
    """
    choice(method, RatioMethod, "method")
    pairs = against(data, x, n, group=group, reference=reference, by=by, read=binomial)
    interval = koopman if method == "koopman" else katz
    lower, upper = interval(*pairs.counts, confidence=confidence)
    table = estimate_table(
        pairs.labels,
        numerator=pairs.x,
        denominator=pairs.n,
        value=_ratio(*pairs.counts),
        lower=lower,
        upper=upper,
        confidence=confidence,
        method="Koopman" if method == "koopman" else "Katz",
        **pairs.reference_columns,
    )
    return ProportionRatios(table, label=(*keys(by), group))


def newcombe(
    x1: npt.ArrayLike,
    n1: npt.ArrayLike,
    x2: npt.ArrayLike,
    n2: npt.ArrayLike,
    *,
    inflation: tuple[npt.ArrayLike, npt.ArrayLike] = (1.0, 1.0),
    confidence: float = 0.95,
) -> Interval:
    """Interval for x1/n1 - x2/n2 (scalars or arrays): the hybrid score interval.

    ``inflation``: the design effect of each group, as in `wilson`.
    Source: Newcombe 1998, Stat Med 17:873-890, method 10; without continuity correction.

    >>> import umea_eval as ue
    >>> limits = ue.methods.proportions.newcombe(56, 70, 48, 80)
    >>> round(float(limits.lower), 4), round(float(limits.upper), 4)
    (0.0524, 0.3339)
    """
    (x1, n1), (x2, n2) = _two(x1, n1, x2, n2)
    p1, p2 = x1 / n1, x2 / n2
    lower1, upper1 = wilson(x1, n1, inflation=inflation[0], confidence=confidence)
    lower2, upper2 = wilson(x2, n2, inflation=inflation[1], confidence=confidence)
    lower = p1 - p2 - np.hypot(p1 - lower1, upper2 - p2)
    upper = p1 - p2 + np.hypot(upper1 - p1, p2 - lower2)
    return Interval(lower, upper)


def katz(
    x1: npt.ArrayLike,
    n1: npt.ArrayLike,
    x2: npt.ArrayLike,
    n2: npt.ArrayLike,
    *,
    confidence: float = 0.95,
) -> Interval:
    """Interval for (x1/n1) / (x2/n2) on the log scale.

    It has no bounds when a count is 0, nor when everyone in both groups is counted (the formula
    would give an interval of no width).

    Source: Katz et al. 1978, Biometrics 34:469-474.

    >>> import umea_eval as ue
    >>> limits = ue.methods.proportions.katz(56, 70, 48, 80)
    >>> round(float(limits.lower), 4), round(float(limits.upper), 4)
    (1.0766, 1.6512)
    """
    (x1, n1), (x2, n2) = _two(x1, n1, x2, n2)
    estimate = _ratio(x1, n1, x2, n2)
    usable = (x1 > 0) & (x2 > 0) & (x1 + x2 < n1 + n2)
    safe1, safe2 = np.where(usable, x1, 1), np.where(usable, x2, 1)
    half = norm.isf((1 - level(confidence)) / 2) * np.sqrt(1 / safe1 - 1 / n1 + 1 / safe2 - 1 / n2)
    safe = np.where(usable, estimate, 1.0)
    lower = np.where(usable, safe * np.exp(-half), 0.0)
    upper = np.where(usable, safe * np.exp(half), np.inf)
    return Interval(lower[()], upper[()])


def koopman(
    x1: npt.ArrayLike,
    n1: npt.ArrayLike,
    x2: npt.ArrayLike,
    n2: npt.ArrayLike,
    *,
    confidence: float = 0.95,
) -> Interval:
    """Interval for (x1/n1) / (x2/n2) by inverting the score test; works with counts of 0.

    The lower limit is 0 when x1 = 0, the upper one infinite when x2 = 0.
    Source: Koopman 1984, Biometrics 40:513-517.

    >>> import umea_eval as ue
    >>> limits = ue.methods.proportions.koopman(56, 70, 48, 80)
    >>> round(float(limits.lower), 4), round(float(limits.upper), 4)
    (1.0798, 1.6708)
    """
    (x1, n1), (x2, n2) = _two(x1, n1, x2, n2)
    _ratio(x1, n1, x2, n2)
    z = float(norm.isf((1 - level(confidence)) / 2))
    # Turning the ratio over turns the limits over.
    with np.errstate(divide="ignore"):
        lower = 1 / _koopman_upper(x2, n2, x1, n1, z)
    return Interval(lower[()], _koopman_upper(x1, n1, x2, n2, z)[()])


def _koopman_upper(
    x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray, z: float
) -> FloatArray:
    """Where Koopman's chi-square reaches z^2 above the estimate; infinite when x2 = 0."""
    upper = np.full(x1.shape, np.inf)
    finite = x2 > 0
    counts = tuple(array[finite] for array in (x1, n1, x2, n2))
    if not counts[0].size:
        return upper
    # The statistic is 0 at the estimate. Where that is 0 (x1 = 0), start far below half an event.
    start = np.log(np.maximum(counts[0], 0.5) / counts[1] / (counts[2] / counts[3]))
    inside = np.where(counts[0] > 0, start, start - _FAR)
    upper[finite] = np.exp(
        crossing(
            lambda log_ratio, *c: _koopman_score(np.exp(log_ratio), *c) - z**2,
            inside,
            start + _FAR,
            *counts,
        )
    )
    return upper


_FAR = 40.0  # on the log scale: a factor of 1e17


def _koopman_score(
    ratio: FloatArray, x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray
) -> FloatArray:
    """Koopman's chi-square for p1 = ratio * p2, at the constrained maximum likelihood of p1."""
    n, x = n1 + n2, x1 + x2
    b = ratio * (n1 + x2) + x1 + n2
    root = np.sqrt(np.maximum(b**2 - 4 * ratio * n * x, 0.0))
    # The smaller root of n p1^2 - b p1 + ratio x = 0, in the form that loses no digits.
    p1 = np.minimum(2 * ratio * x / (b + root), 1.0)
    return _pearson(x1, n1, p1) + _pearson(x2, n2, np.minimum(p1 / ratio, 1.0))


def _pearson(x: FloatArray, n: FloatArray, p: FloatArray) -> FloatArray:
    variance = n * p * (1 - p)
    safe = np.where(variance > 0, variance, 1.0)
    return np.where(variance > 0, (x - n * p) ** 2 / safe, 0.0)


def _ratio(x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray) -> FloatArray:
    """(x1/n1) / (x2/n2), infinite when x2 = 0; an error when neither group has any events."""
    refuse((x1 == 0) & (x2 == 0), "methods.inputs.no_events", "x1, x2")
    safe = np.where(x2 > 0, x2, 1.0)
    return np.where(x2 > 0, (x1 / n1) / (safe / n2), np.inf)


def _two(
    x1: npt.ArrayLike, n1: npt.ArrayLike, x2: npt.ArrayLike, n2: npt.ArrayLike
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    first, second = binomial(x1, n1, ("x1", "n1")), binomial(x2, n2, ("x2", "n2"))
    a, b, c, d = alike(*first, *second)
    return (a, b), (c, d)
