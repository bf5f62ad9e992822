"""A share with its interval: Wilson's score interval or the exact one of Clopper and Pearson."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from umea_eval.methods.estimates import Estimates, Unit, estimate_table
from umea_eval.methods.inputs import (
    By,
    Interval,
    binomial,
    choice,
    column,
    keys,
    level,
    numbers,
    positive,
    sums,
)

Method = Literal["wilson", "exact"]


@dataclass(frozen=True)
class Proportions(Estimates):
    """Shares (0 to 1), one per row."""

    words: ClassVar[str] = "proportions.share"
    unit: ClassVar[Unit] = "share"


def proportion(
    data: pd.DataFrame,
    x: str,
    n: str,
    *,
    by: By = None,
    confidence: float = 0.95,
    method: Method = "wilson",
) -> Proportions:
    """Share ``x`` of ``n``, with interval, for every row or summed within ``by``.

    ``x`` and ``n`` name columns of whole counts, 0 <= x <= n and n > 0. The table's ``value``,
    ``lower`` and ``upper`` are shares between 0 and 1, followed by the columns of ``by``.

    Raises UserError for missing values, n = 0, counts that are not whole, or x > n.
    Equals R ``prop.test(x, n, correct = FALSE)`` (P01, P03) and ``binom.test`` (P05, P07).

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"area": ["A", "B"], "yes": [56, 48], "asked": [70, 80]})
    >>> result = ue.methods.proportions.proportion(frame, "yes", "asked", by="area")
    >>> result.table[["area", "value", "lower", "upper"]].round(4)
      area  value   lower   upper
    0    A    0.8  0.6918  0.8770
    1    B    0.6  0.4905  0.7004
    """
    choice(method, Method, "method")
    counted, base = binomial(column(data, x), column(data, n), (x, n))
    total = sums(data, {"x": counted, "n": base}, by)
    interval = wilson if method == "wilson" else clopper_pearson
    lower, upper = interval(total["x"], total["n"], confidence=confidence)
    table = estimate_table(
        total.drop(columns=["x", "n"]),
        numerator=total["x"],
        denominator=total["n"],
        value=total["x"] / total["n"],
        lower=lower,
        upper=upper,
        confidence=confidence,
        method="Wilson" if method == "wilson" else "Clopper-Pearson",
    )
    return Proportions(table, label=tuple(keys(by)))


def wilson(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    inflation: npt.ArrayLike = 1.0,
    confidence: float = 0.95,
) -> Interval:
    """Wilson's score interval for ``x`` of ``n`` (scalars or arrays), as shares.

    ``inflation`` is the design effect of persons who are alike (`clustered.design_effect`): the
    interval is that of ``n`` / ``inflation`` persons with the same share.
    Source: Wilson 1927, JASA 22:209-212; without continuity correction.
    Equals R ``prop.test(x, n, correct = FALSE)$conf.int`` (P01, P03).

    >>> import umea_eval as ue
    >>> limits = ue.methods.proportions.wilson(81, 263)
    >>> round(float(limits.lower), 4), round(float(limits.upper), 4)
    (0.2553, 0.3662)
    """
    return _interval(x, n, confidence, "wilson", inflation)


def clopper_pearson(x: npt.ArrayLike, n: npt.ArrayLike, *, confidence: float = 0.95) -> Interval:
    """The exact interval for ``x`` of ``n`` (scalars or arrays), as shares: never too narrow.

    Source: Clopper & Pearson 1934, Biometrika 26:404-413.
    Equals R ``binom.test(x, n)$conf.int`` (P05, P07).

    >>> import umea_eval as ue
    >>> limits = ue.methods.proportions.clopper_pearson(81, 263)
    >>> round(float(limits.lower), 4), round(float(limits.upper), 4)
    (0.2527, 0.3676)
    """
    return _interval(x, n, confidence, "beta")


def _interval(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    confidence: float,
    method: Literal["wilson", "beta"],
    inflation: npt.ArrayLike = 1.0,
) -> Interval:
    counted, base = binomial(x, n)
    fewer = numbers(inflation, "inflation")
    positive(float(fewer.min()), "inflation")
    limits = proportion_confint(
        counted / fewer, base / fewer, alpha=1 - level(confidence), method=method
    )
    lower, upper = (np.asarray(limit, dtype=np.float64) for limit in limits)
    # At 0 and n one limit is exact; the formulas leave a rounding error of 1e-17 there.
    return Interval(
        np.where(counted == 0, 0.0, lower)[()], np.where(counted == base, 1.0, upper)[()]
    )


def with_share(
    table: pd.DataFrame, numerator: str, denominator: str, *, value: str = "share"
) -> pd.DataFrame:
    """The table with the share in column ``value`` and Wilson's limits in ``lower``, ``upper``.

    ``numerator`` and ``denominator`` name columns of whole counts. A row without anybody
    (denominator 0) keeps its place; its share and limits are missing.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"area": ["A", "B"], "yes": [56, 48], "asked": [70, 80]})
    >>> ue.methods.proportions.with_share(frame, "yes", "asked").round(4)
      area  yes  asked  share   lower   upper
    0    A   56     70    0.8  0.6918  0.8770
    1    B   48     80    0.6  0.4905  0.7004
    """
    known = (table[denominator] > 0).to_numpy(dtype=bool)
    share, lower, upper = (np.full(len(table), np.nan) for _ in range(3))
    if known.any():
        x, n = (table.loc[known, name].to_numpy(dtype="int64") for name in (numerator, denominator))
        share[known] = x / n
        lower[known], upper[known] = wilson(x, n)
    return table.assign(**{value: share, "lower": lower, "upper": upper})
