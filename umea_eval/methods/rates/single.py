"""Counts with exposure: a rate and its interval, exact below 10 events and Byar's from 10."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2, norm

from umea_eval.methods.estimates import Estimates, estimate_table
from umea_eval.methods.inputs import (
    By,
    FloatArray,
    Interval,
    alike,
    choice,
    column,
    counts,
    denominators,
    keys,
    level,
    positive,
    sums,
)

Method = Literal["exact_or_byar", "exact", "byar"]

# Below this count Byar's approximation gives way to the exact limits, as in PHEindicatormethods.
EXACT_BELOW = 10


@dataclass(frozen=True)
class Rates(Estimates):
    """Rates per ``per`` units of exposure, one per row."""

    words: ClassVar[str] = "rates.rate"


def rate(
    data: pd.DataFrame,
    x: str,
    exposure: str,
    *,
    by: By = None,
    per: float = 1000,
    confidence: float = 0.95,
    method: Method = "exact_or_byar",
) -> Rates:
    """Events ``x`` per ``per`` units of ``exposure``, for every row or summed within ``by``.

    ``x`` names a column of whole counts, ``exposure`` one of numbers above 0 in any unit
    (resident-days, inhabitants). ``value``, ``lower`` and ``upper`` are per ``per`` of that unit;
    ``method`` says row by row which limits were used.

    Raises UserError for missing values, no exposure, or counts that are not whole.
    Equals R ``PHEindicatormethods::phe_rate`` (B09).

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> homes = pd.DataFrame({"home": ["A", "B"], "falls": [11, 21], "days": [800, 3011]})
    >>> rates = ue.methods.rates.rate(homes, "falls", "days", by="home")
    >>> rates.table[["home", "value", "lower", "upper"]].round(2)
      home  value  lower  upper
    0    A  13.75   6.85  24.60
    1    B   6.97   4.32  10.66
    """
    positive(per, "per")
    choice(method, Method, "method")
    events, time = read_rate(column(data, x), column(data, exposure), (x, exposure))
    total = sums(data, {"x": events, "exposure": time}, by)
    lower, upper = poisson_interval(total["x"], confidence=confidence, method=method)
    table = estimate_table(
        total.drop(columns=["x", "exposure"]),
        numerator=total["x"],
        denominator=total["exposure"],
        value=total["x"] / total["exposure"] * per,
        lower=lower / total["exposure"] * per,
        upper=upper / total["exposure"] * per,
        confidence=confidence,
        method=interval_method(total["x"].to_numpy(), method),
    )
    return Rates(table, label=tuple(keys(by)), per=per)


def poisson_interval(
    x: npt.ArrayLike, *, confidence: float = 0.95, method: Method = "exact_or_byar"
) -> Interval:
    """Interval for the expected count behind ``x`` events (scalars or arrays).

    Exact below 10 events and Byar's from 10 unless ``method`` says otherwise.

    >>> import umea_eval as ue
    >>> limits = ue.methods.rates.poisson_interval([9, 10])  # exact, then Byar
    >>> limits.lower.round(3).tolist(), limits.upper.round(3).tolist()
    ([4.115, 4.787], [17.085, 18.391])
    """
    choice(method, Method, "method")
    events = counts(x, "x")
    exact, approximate = (f(events, confidence=confidence) for f in (garwood, byar))
    use_exact = _is_exact(events, method)
    return Interval(
        np.where(use_exact, exact.lower, approximate.lower)[()],
        np.where(use_exact, exact.upper, approximate.upper)[()],
    )


def garwood(x: npt.ArrayLike, *, confidence: float = 0.95) -> Interval:
    """The exact interval for a Poisson count: never too narrow.

    Source: Garwood 1936, Biometrika 28:437-442. Equals R ``poisson.test(x)$conf.int`` (B05).

    >>> import umea_eval as ue
    >>> limits = ue.methods.rates.garwood(10)
    >>> round(float(limits.lower), 4), round(float(limits.upper), 4)  # R: poisson.test(10)
    (4.7954, 18.3904)
    """
    events = counts(x, "x")
    tail = (1 - level(confidence)) / 2
    some = np.maximum(events, 1)
    lower = np.where(events > 0, chi2.ppf(tail, 2 * some) / 2, 0.0)
    upper = np.asarray(chi2.isf(tail, 2 * events + 2)) / 2
    return Interval(lower[()], upper[()])


def byar(x: npt.ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Byar's approximation for a Poisson count: the cube root of x below, of x + 1 above.

    Source: Breslow & Day 1987, Statistical methods in cancer research II, p. 69. Equals R
    ``PHEindicatormethods:::byars_lower`` and ``byars_upper`` (B01).

    >>> import umea_eval as ue
    >>> limits = ue.methods.rates.byar(65)
    >>> round(float(limits.lower), 4), round(float(limits.upper), 4)
    (50.1632, 82.8491)
    """
    events = counts(x, "x")
    z = norm.isf((1 - level(confidence)) / 2)
    some, next_up = np.maximum(events, 1), events + 1
    root = np.maximum(1 - 1 / (9 * some) - z / (3 * np.sqrt(some)), 0.0)
    lower = np.where(events > 0, events * root**3, 0.0)
    upper = next_up * (1 - 1 / (9 * next_up) + z / (3 * np.sqrt(next_up))) ** 3
    return Interval(lower[()], upper[()])


def interval_method(events: FloatArray, method: Method) -> list[str]:
    """The name of the limits used for each count."""
    return ["exact" if exact else "Byar" for exact in _is_exact(events, method)]


def read_rate(
    x: npt.ArrayLike | pd.Series,
    exposure: npt.ArrayLike | pd.Series,
    names: tuple[str, str] = ("x", "exposure"),
) -> tuple[FloatArray, FloatArray]:
    """Whole counts, and exposures above 0."""
    events, time = alike(counts(x, names[0]), denominators(exposure, names[1]))
    return events, time


def _is_exact(events: FloatArray, method: Method) -> npt.NDArray[np.bool_]:
    if method == "exact_or_byar":
        return np.asarray(events < EXACT_BELOW)
    return np.full(np.shape(events), method == "exact")
