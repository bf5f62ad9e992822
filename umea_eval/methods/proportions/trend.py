"""Does a share rise or fall over ordered groups? Cochran and Armitage's test, with the slope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2, norm

from umea_eval.errors import UserError
from umea_eval.methods.estimates import Estimates, Unit, estimate_table
from umea_eval.methods.inputs import By, binomial, column, group_keys, keys, level, numbers


@dataclass(frozen=True)
class ProportionTrends(Estimates):
    """Change in a share per step of the score."""

    words: ClassVar[str] = "proportions.trend"
    unit: ClassVar[Unit] = "points"
    null: ClassVar[float | None] = 0.0


@dataclass(frozen=True)
class Trend:
    """Slope of the share per step, its standard error, and the test that it is 0."""

    slope: float
    standard_error: float
    statistic: float
    p_value: float


def proportion_trend(
    data: pd.DataFrame,
    x: str,
    n: str,
    *,
    score: str,
    by: By = None,
    confidence: float = 0.95,
) -> ProportionTrends:
    """Change in the share ``x`` of ``n`` per unit of ``score`` (a year, a dose), within ``by``.

    The table's ``value`` is the slope, ``statistic`` and ``p_value`` Cochran and Armitage's
    chi-square with one degree of freedom. The interval does not assume that there is no trend.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"year": [2021, 2022, 2023], "yes": [40, 50, 60], "asked": [100, 100, 100]}
    ... )
    >>> trend = ue.methods.proportions.proportion_trend(frame, "yes", "asked", score="year")
    >>> trend.table[["value", "lower", "upper", "statistic"]].round(4).to_dict("records")
    [{'value': 0.1, 'lower': 0.032, 'upper': 0.168, 'statistic': 8.0}]
    """
    binomial(column(data, x), column(data, n), (x, n))
    numbers(column(data, score), score)
    strata = keys(by)
    group_keys(data, by)
    parts = list(data.groupby(strata, sort=True, observed=True)) if strata else [((), data)]
    found = [cochran_armitage(part[x], part[n], part[score]) for _, part in parts]
    slope = np.array([trend.slope for trend in found])
    half = norm.isf((1 - level(confidence)) / 2) * np.array([t.standard_error for t in found])
    table = estimate_table(
        pd.DataFrame([key for key, _ in parts], columns=strata, index=range(len(parts))),
        numerator=[part[x].sum() for _, part in parts],
        denominator=[part[n].sum() for _, part in parts],
        value=slope,
        lower=slope - half,
        upper=slope + half,
        confidence=confidence,
        method="Cochran-Armitage",
        statistic=[trend.statistic for trend in found],
        p_value=[trend.p_value for trend in found],
    )
    return ProportionTrends(table, label=tuple(keys(by)))


def cochran_armitage(
    x: npt.ArrayLike, n: npt.ArrayLike, score: npt.ArrayLike | None = None
) -> Trend:
    """The test for trend in the shares ``x`` of ``n`` over ``score`` (1, 2, 3 ... by default).

    Source: Armitage 1955, Biometrics 11:375-386. The statistic equals R
    ``prop.trend.test(x, n, score)``.

    >>> import umea_eval as ue
    >>> trend = ue.methods.proportions.cochran_armitage([83, 90, 129, 70], [86, 93, 136, 82])
    >>> (
    ...     round(float(trend.statistic), 4),
    ...     round(float(trend.p_value), 6),
    ... )  # R: prop.trend.test, smokers
    (8.2249, 0.004132)
    """
    counted, base = binomial(x, n)
    at = np.arange(1.0, counted.size + 1) if score is None else numbers(score, "score")
    # In order of score, so that the order of rows does not show in the last digit.
    order = np.lexsort((counted, base, at))
    counted, base, at = counted[order], base[order], at[order]
    share, pooled = counted / base, counted.sum() / base.sum()
    centred = at - (base * at).sum() / base.sum()
    spread = (base * centred**2).sum()
    if not spread > 0:
        raise UserError("methods.proportions.trend.no_spread", column="score")
    slope = (base * centred * share).sum() / spread
    null_variance = pooled * (1 - pooled) / spread
    # One of each is added, so that shares of 0 and 1 are not taken as known without error
    # (Agresti & Caffo 2000, Am Stat 54:280-288).
    shrunk = (counted + 1) / (base + 2)
    variance = (base * centred**2 * shrunk * (1 - shrunk)).sum() / spread**2
    # All or none positive: the shares are equal, and nothing speaks for a trend.
    statistic = slope**2 / null_variance if null_variance > 0 else 0.0
    return Trend(
        float(slope), float(np.sqrt(variance)), float(statistic), float(chi2.sf(statistic, 1))
    )
