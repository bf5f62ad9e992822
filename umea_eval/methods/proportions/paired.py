"""The same people twice: change in a share (Tango) and McNemar's test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom, chi2, norm

from umea_eval.methods.estimates import Estimates, Unit, estimate_table
from umea_eval.methods.inputs import (
    By,
    FloatArray,
    Interval,
    alike,
    column,
    counts,
    denominators,
    keys,
    level,
    numbers,
    refuse,
    sums,
)
from umea_eval.methods.roots import crossing


@dataclass(frozen=True)
class PairedProportions(Estimates):
    """Changes in a share among the same people (-1 to 1), second occasion minus first."""

    words: ClassVar[str] = "proportions.paired"
    unit: ClassVar[Unit] = "points"
    null: ClassVar[float | None] = 0.0


class McNemar(NamedTuple):
    """McNemar's test of b against c, exact and by chi-square (1 degree of freedom)."""

    p_exact: FloatArray
    chi2: FloatArray
    p_chi2: FloatArray
    chi2_corrected: FloatArray
    p_corrected: FloatArray


def paired_difference(
    data: pd.DataFrame, first: str, second: str, *, by: By = None, confidence: float = 0.95
) -> PairedProportions:
    """Share yes in ``second`` minus share yes in ``first``, one row of ``data`` per person.

    ``first`` and ``second`` name columns of yes and no (True and False, or 1 and 0). In the table
    ``numerator`` is those who changed to yes minus those who changed to no, ``denominator`` the
    number of people; ``yes_to_no`` and ``no_to_yes`` are the changes, ``p_value`` McNemar's exact
    one. Raises UserError for missing values: pairs that are not complete are to be counted apart.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"before": [1] * 30 + [0] * 20, "after": [1] * 28 + [0] * 2 + [1] * 9 + [0] * 11}
    ... )
    >>> change = ue.methods.proportions.paired_difference(frame, "before", "after")
    >>> change.table[["value", "yes_to_no", "no_to_yes", "p_value"]].round(4).to_dict("records")
    [{'value': 0.14, 'yes_to_no': 2.0, 'no_to_yes': 9.0, 'p_value': 0.0654}]
    """
    before, after = _yes_no(data, first), _yes_no(data, second)
    strata = pd.DataFrame({"all": 0}, index=data.index) if by is None else data
    changes = {
        "yes_to_no": before * (1 - after),
        "no_to_yes": (1 - before) * after,
        "n": np.ones_like(before),
    }
    total = sums(strata, changes, "all" if by is None else by)
    b, c, n = (total[name] for name in ("no_to_yes", "yes_to_no", "n"))
    lower, upper = tango(b, c, n, confidence=confidence)
    table = estimate_table(
        total.drop(columns=["all", "n", *changes], errors="ignore"),
        numerator=b - c,
        denominator=n,
        value=(b - c) / n,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method="Tango",
        yes_to_no=c,
        no_to_yes=b,
        p_value=mcnemar(b, c).p_exact,
    )
    return PairedProportions(table, label=tuple(keys(by)))


def tango(
    b: npt.ArrayLike, c: npt.ArrayLike, n: npt.ArrayLike, *, confidence: float = 0.95
) -> Interval:
    """Interval for (b - c) / n of ``n`` pairs, ``b`` and ``c`` discordant (scalars or arrays).

    ``b`` pairs are yes in the first of the two shares and no in the second, ``c`` the other way.
    Source: Tango 1998, Stat Med 17:891-908. Equals R ``PropCIs::scoreci.mp(c, b, n)`` to the
    precision of its search (E06).

    >>> import umea_eval as ue
    >>> limits = ue.methods.proportions.tango(86, 150, 1600)
    >>> round(float(limits.lower), 4), round(float(limits.upper), 4)  # approval fell (Agresti 1990)
    (-0.059, -0.0214)
    """
    b, c, n = _discordant(b, c, n)
    z = float(norm.isf((1 - level(confidence)) / 2))
    # Exchanging b and c turns the interval around 0.
    return Interval((-_tango_upper(c, b, n, z))[()], _tango_upper(b, c, n, z)[()])


def mcnemar(b: npt.ArrayLike, c: npt.ArrayLike) -> McNemar:
    """McNemar's test of the discordant pairs ``b`` and ``c`` (scalars or arrays).

    Without discordant pairs nothing speaks against equality: every p is 1. The corrected
    chi-square is ``(|b - c| - 1)^2 / (b + c)``, never with a negative difference.
    Equals R ``mcnemar.test`` and ``binom.test(b, b + c)`` (E05).

    >>> import umea_eval as ue
    >>> test = ue.methods.proportions.mcnemar(86, 150)
    >>> round(float(test.chi2_corrected), 2)  # Agresti 1990
    16.82
    """
    b, c = alike(counts(b, "b"), counts(c, "c"))
    total = b + c
    exact = np.minimum(1.0, 2 * binom.cdf(np.minimum(b, c), total, 0.5))
    safe = np.where(total > 0, total, 1.0)
    plain = (b - c) ** 2 / safe
    corrected = np.maximum(np.abs(b - c) - 1, 0.0) ** 2 / safe
    return McNemar(
        *(np.asarray(a)[()] for a in (exact, plain, chi2.sf(plain, 1))),
        *(np.asarray(a)[()] for a in (corrected, chi2.sf(corrected, 1))),
    )


def _tango_upper(b: FloatArray, c: FloatArray, n: FloatArray, z: float) -> FloatArray:
    # At b = n the whole scale above the estimate is used up.
    upper = np.ones(b.shape)
    below = b < n
    b, c, n = (array[below] for array in (b, c, n))
    if b.size:
        upper[below] = crossing(
            lambda d, *counts: _tango_score(d, *counts) + z, (b - c) / n, 1.0, b, c, n
        )
    return upper


def _tango_score(d: FloatArray, b: FloatArray, c: FloatArray, n: FloatArray) -> FloatArray:
    """Tango's statistic at the difference ``d``, with the constrained estimate of c's share."""
    linear = (2 * n - b + c) * d - b - c
    root = np.sqrt(np.maximum(linear**2 + 8 * n * c * d * (1 - d), 0.0))
    share = (root - linear) / (4 * n)
    variance = n * (2 * share + d * (1 - d))
    gap = b - c - n * d
    safe = np.sqrt(np.where(variance > 0, variance, 1.0))
    # Without variance any gap is infinitely many standard errors.
    return np.where(variance > 0, gap / safe, np.where(gap == 0, 0.0, np.sign(gap) * 1e9))


def _discordant(
    b: npt.ArrayLike, c: npt.ArrayLike, n: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    discordant_b, discordant_c, pairs = alike(
        counts(b, "b"), counts(c, "c"), denominators(counts(n, "n"), "n")
    )
    refuse(discordant_b + discordant_c > pairs, "methods.inputs.above_denominator", "b + c", "n")
    return discordant_b, discordant_c, pairs


def _yes_no(data: pd.DataFrame, name: str) -> FloatArray:
    values = numbers(column(data, name), name)
    refuse(~np.isin(values, (0, 1)), "methods.proportions.paired.not_yes_no", name)
    return values
