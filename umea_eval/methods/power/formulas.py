"""Power of the common designs: the chance that a two-sided test finds a given effect.

Every function counts only findings in the direction of the effect, as R's ``power.*`` functions
do by default, and returns a probability.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import nctdtr, ndtr, ndtri, stdtrit

from umea_eval.errors import UserError
from umea_eval.methods.inputs import positive


class SeriesErrors(NamedTuple):
    """Standard errors of a change in level and in slope (per period) of an interrupted series."""

    level: float
    slope: float


def power_proportions(n1: float, n2: float, p1: float, p2: float, *, alpha: float = 0.05) -> float:
    """Two independent shares: ``n1`` and ``n2`` people, true shares ``p1`` and ``p2``.

    Equals R ``power.prop.test(n, p1, p2)`` for equal groups; the test takes the pooled variance.

    >>> import umea_eval as ue
    >>> round(
    ...     ue.methods.power.power_proportions(50, 50, 0.5, 0.75), 4
    ... )  # R: power.prop.test(50, 0.50, 0.75)
    0.7402
    """
    positive(n1, "n1")
    positive(n2, "n2")
    if not (0 <= p1 <= 1 and 0 <= p2 <= 1):
        raise UserError("methods.power.baseline")
    pooled = (n1 * p1 + n2 * p2) / (n1 + n2)
    null_error = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    error = math.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
    beyond = abs(p1 - p2) - critical(alpha) * null_error
    return float(ndtr(beyond / error)) if error > 0 else float(beyond > 0)


def power_paired_proportions(
    n: float, discordant: float, difference: float, *, alpha: float = 0.05
) -> float:
    """The same ``n`` people twice: share ``discordant`` change, by ``difference`` net.

    Source: Connor 1987, Biometrics 43:207-211 (McNemar's test).

    >>> import umea_eval as ue
    >>> round(ue.methods.power.power_paired_proportions(100, 0.3, 0.15), 2)
    0.79
    """
    positive(n, "n")
    if not 0 <= abs(difference) <= discordant <= 1:
        raise UserError("methods.power.baseline")
    spread = math.sqrt(max(discordant - difference**2, 0.0))
    beyond = math.sqrt(n) * abs(difference) - critical(alpha) * math.sqrt(discordant)
    return float(ndtr(beyond / spread)) if spread > 0 else float(beyond > 0)


def power_means(
    n1: float, n2: float, difference: float, sd: float, *, alpha: float = 0.05
) -> float:
    """Two independent means. Equals R ``power.t.test(n, delta, sd)`` for equal groups.

    >>> import umea_eval as ue
    >>> round(ue.methods.power.power_means(20, 20, 1.0, 1.0), 4)  # R: power.t.test(20, 1)
    0.869
    """
    for given, name in ((n1, "n1"), (n2, "n2"), (sd, "sd")):
        positive(given, name)
    return _t_power(abs(difference) / (sd * math.sqrt(1 / n1 + 1 / n2)), n1 + n2 - 2, alpha)


def power_paired_means(n: float, difference: float, sd: float, *, alpha: float = 0.05) -> float:
    """The same ``n`` people twice; ``sd`` is that of their differences.

    Equals R ``power.t.test(n, delta, sd, type = "paired")``.

    >>> import umea_eval as ue
    >>> round(
    ...     ue.methods.power.power_paired_means(20, 1.0, 1.0), 4
    ... )  # R: power.t.test(20, 1, type = "paired")
    0.9886
    """
    positive(n, "n")
    positive(sd, "sd")
    return _t_power(abs(difference) * math.sqrt(n) / sd, n - 1, alpha)


def power_rates(
    events1: float, events2: float, ratio: float, *, dispersion: float = 1, alpha: float = 0.05
) -> float:
    """Two rates: events expected in each group without an effect, the first then times ``ratio``.

    ``dispersion`` is the variance of a count over its mean (1 for Poisson; more where the same
    people have several events). Wald's test on the log scale.

    >>> import umea_eval as ue
    >>> round(ue.methods.power.power_rates(50, 50, 0.6), 2)
    0.6
    """
    given = {"events1": events1, "events2": events2, "ratio": ratio, "dispersion": dispersion}
    for name, value in given.items():
        positive(value, name)
    error = math.sqrt(dispersion * (1 / (events1 * ratio) + 1 / events2))
    return float(ndtr(abs(math.log(ratio)) / error - critical(alpha)))


def power_hazard_ratio(
    events: float, ratio: float, *, share: float = 0.5, alpha: float = 0.05
) -> float:
    """Time to an event: ``events`` in all, ``share`` of the people in one group.

    Source: Schoenfeld 1981, Biometrika 68:316-319 (log-rank test, proportional hazards).

    >>> import umea_eval as ue
    >>> round(ue.methods.power.power_hazard_ratio(88, 0.55), 2)
    0.8
    """
    positive(events, "events")
    positive(ratio, "ratio")
    if not 0 < share < 1:
        raise UserError("methods.power.rate")
    effect = abs(math.log(ratio)) * math.sqrt(events * share * (1 - share))
    return float(ndtr(effect - critical(alpha)))


def design_effect(cluster_size: float, icc: float, *, size_variation: float = 0) -> float:
    """How many times more people a design with clusters needs than one without.

    ``icc`` is the intracluster correlation, ``size_variation`` the coefficient of variation of the
    cluster sizes. Source: Kish 1965; Eldridge et al. 2006, Int J Epidemiol 35:1292-1300.

    >>> import umea_eval as ue
    >>> round(ue.methods.power.design_effect(20, 0.05), 2)  # 1 + 19 x 0.05
    1.95
    """
    if cluster_size < 1 or not 0 <= icc <= 1 or size_variation < 0:
        raise UserError("methods.power.design_effect")
    return 1 + ((1 + size_variation**2) * cluster_size - 1) * icc


def interrupted_series_errors(
    before: int, after: int, sd: float, *, autocorrelation: float = 0
) -> SeriesErrors:
    """Errors of level and slope in a segmented regression with ``before`` + ``after`` periods.

    ``sd`` is that of a period around the line, ``autocorrelation`` that of one period with the
    next (AR(1)); errors are those of generalised least squares with both known.

    >>> import umea_eval as ue
    >>> errors = ue.methods.power.interrupted_series_errors(24, 12, 2.0)
    >>> round(errors.level, 3), round(errors.slope, 3)
    (1.375, 0.177)
    """
    if before < 2 or after < 2 or not (sd > 0 and -1 < autocorrelation < 1):
        raise UserError("methods.power.series")
    time = np.arange(before + after, dtype=np.float64)
    post = (time >= before).astype(np.float64)
    design = np.column_stack([np.ones_like(time), time, post, post * (time - before)])
    covariance = sd**2 * autocorrelation ** np.abs(np.subtract.outer(time, time))
    variance = np.linalg.inv(design.T @ np.linalg.solve(covariance, design))
    return SeriesErrors(float(np.sqrt(variance[2, 2])), float(np.sqrt(variance[3, 3])))


def smallest_attainable_p(treated: int, units: int) -> float:
    """The smallest p that exact permutation can give: 1 over the ways to choose the treated.

    With 2 of 6 areas it is 1/15, so that no effect, however large, reaches 5 percent.

    >>> import umea_eval as ue
    >>> round(ue.methods.power.smallest_attainable_p(2, 6), 4)  # 1 / 15
    0.0667
    """
    if not 0 < treated < units:
        raise UserError("methods.power.permutation", units=units)
    return 1 / math.comb(units, treated)


def critical(alpha: float) -> float:
    """The normal quantile that a two-sided test at level ``alpha`` compares with."""
    if not 0 < alpha < 1:
        raise UserError("methods.power.alpha")
    return float(-ndtri(alpha / 2))


def _t_power(shift: float, degrees: float, alpha: float) -> float:
    if degrees <= 0:
        raise UserError("methods.power.degrees")
    critical(alpha)
    missed = float(nctdtr(degrees, shift, -stdtrit(degrees, alpha / 2)))
    # SciPy's value is missing here and there where next to nothing is left below the limit: of
    # 738 080 tried, 2 681, all at shifts above 36, and by integration all looked at below 1e-200.
    return 1.0 if math.isnan(missed) and shift > 30 else 1 - missed
