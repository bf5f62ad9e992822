"""The same people measured twice: the change, and how much of it is to be expected anyway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, wilcoxon
from scipy.stats import t as student

from umea_eval.errors import UserError
from umea_eval.methods.estimates import Estimates, estimate_table
from umea_eval.methods.inputs import FloatArray, Interval, choice, column, level, numbers

Alternative = Literal["two-sided", "greater", "less"]
Direction = Literal["above", "below"]

# All sign patterns of this many differences are listed by joining two halves of 2^20 sums each.
MOST_ENUMERATED = 40
# Subset means are listed one by one for the interval: 2^20 of them.
_MOST_SUBSETS = 20
# The exact distribution of the signed ranks takes this squared times its half steps.
MOST_RANKED = 500
_RANDOM_SIGNS = 200_000
_UNBOUNDED = np.array([-np.inf, np.inf])


@dataclass(frozen=True)
class PairedChange(Estimates):
    """Difference between two measurements of the same people, in their own unit."""

    words: ClassVar[str] = "paired.change"
    null: ClassVar[float | None] = 0.0


def paired_t(
    data: pd.DataFrame, first: str, second: str, *, confidence: float = 0.95
) -> PairedChange:
    """Mean of ``first`` minus ``second`` with Student's interval; one row of ``data`` per person.

    For a change, name the later measurement first. ``denominator`` is the number of pairs,
    ``statistic`` t on ``degrees`` of freedom, ``p_value`` two-sided and ``effect_size`` Cohen's
    d_z (mean over standard deviation of the differences). Pairs with a missing value are an error:
    they are to be counted apart. So are differences that are all equal.
    Equals R ``t.test(first, second, paired = TRUE)`` (C01).

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> sleep = pd.DataFrame(
    ...     {
    ...         "one": [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    ...         "two": [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    ...     }
    ... )  # Student 1908
    >>> change = ue.methods.paired.paired_t(sleep, "two", "one")
    >>> change.table[["value", "lower", "upper", "statistic", "p_value"]].round(4).to_dict(
    ...     "records"
    ... )
    [{'value': 1.58, 'lower': 0.7001, 'upper': 2.4599, 'statistic': 4.0621, 'p_value': 0.0028}]
    """
    d = differences(data, first, second)
    _refuse_fewer_than(2, d)
    mean, sd, n = float(d.mean()), float(d.std(ddof=1)), len(d)
    if sd == 0:
        raise UserError("methods.paired.no_spread")
    error = sd / np.sqrt(n)
    half = student.isf((1 - level(confidence)) / 2, n - 1) * error
    table = estimate_table(
        pd.DataFrame(index=range(1)),
        denominator=n,
        value=mean,
        lower=mean - half,
        upper=mean + half,
        confidence=confidence,
        method="paired t",
        statistic=mean / error,
        degrees=n - 1,
        p_value=2 * student.sf(abs(mean / error), n - 1),
        effect_size=mean / sd,
    )
    return PairedChange(table)


def wilcoxon_signed_rank(
    data: pd.DataFrame,
    first: str,
    second: str,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
) -> PairedChange:
    """Wilcoxon's signed rank test of ``first`` minus ``second``, with Hodges and Lehmann's shift.

    ``value`` is the median of all means of two differences (and of each with itself), ``lower``
    and ``upper`` its exact limits; a limit is infinite when too few pairs can give the confidence.
    ``statistic`` is V, the sum of the ranks of the positive differences. Differences of 0 say
    nothing of the direction and are left out (``denominator`` counts the others). The p-value is
    exact, also with ties (given the ties); above 500 pairs it is normal.
    Equals R ``wilcox.test(first, second, paired = TRUE, conf.int = TRUE)`` where that is exact
    (C03), and ``exactRankTests::wilcox.exact`` with ties.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> sleep = pd.DataFrame(
    ...     {
    ...         "one": [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    ...         "two": [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    ...     }
    ... )  # Student 1908
    >>> change = ue.methods.paired.wilcoxon_signed_rank(sleep, "two", "one")
    >>> change.table[["denominator", "value", "statistic", "p_value"]].round(4).to_dict(
    ...     "records"
    ... )  # one pair is equal
    [{'denominator': 9.0, 'value': 1.4, 'statistic': 45.0, 'p_value': 0.0039}]
    """
    choice(alternative, Alternative, "alternative")
    d = differences(data, first, second)
    d = d[d != 0]
    _refuse_fewer_than(1, d)
    walsh = walsh_averages(d)
    v = float(_midranks(np.abs(d))[d > 0].sum())
    limits = _shift_limits(walsh, len(d), level(confidence))
    table = estimate_table(
        pd.DataFrame(index=range(1)),
        denominator=len(d),
        value=float(np.median(walsh)),
        lower=limits.lower,
        upper=limits.upper,
        confidence=confidence,
        method="Wilcoxon signed rank, Hodges-Lehmann",
        statistic=v,
        p_value=signed_rank_p(d, alternative=alternative),
    )
    return PairedChange(table)


def sign_flip(
    data: pd.DataFrame,
    first: str,
    second: str,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
    seed: int | None = None,
) -> PairedChange:
    """Mean of ``first`` minus ``second``, tested by changing the sign of each difference.

    Exact for up to 40 pairs: the p-value is the share of all 2^n sign patterns with a mean at
    least as far out. For more, 200 000 patterns are drawn with ``seed`` (then required) and the
    observed one is added. The limits are those of all means of subsets of the differences, listed
    for up to 20 pairs and drawn for more; they are infinite below 6 pairs at 95 percent.
    Source: Fisher 1935, The design of experiments, 21; Hartigan 1969, JASA 64:1303-1317 (limits).

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> sleep = pd.DataFrame(
    ...     {
    ...         "one": [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    ...         "two": [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    ...     }
    ... )  # Student 1908
    >>> change = ue.methods.paired.sign_flip(sleep, "two", "one")
    >>> change.table[["value", "p_value"]].round(4).to_dict("records")
    [{'value': 1.58, 'p_value': 0.0039}]
    """
    choice(alternative, Alternative, "alternative")
    d = differences(data, first, second)
    if seed is None and len(d) > _MOST_SUBSETS:
        raise UserError("methods.paired.seed", most=_MOST_SUBSETS)
    rng = np.random.default_rng(seed)
    spread = float(d.std(ddof=1)) if len(d) > 1 else np.nan
    limits = _subset_limits(d, level(confidence), rng)
    table = estimate_table(
        pd.DataFrame(index=range(1)),
        denominator=len(d),
        value=float(d.mean()),
        lower=limits.lower,
        upper=limits.upper,
        confidence=confidence,
        method="sign flip, " + ("exact" if len(d) <= MOST_ENUMERATED else "random"),
        p_value=sign_flip_p(d, alternative=alternative, rng=rng),
        effect_size=float(d.mean()) / spread if spread > 0 else np.nan,
    )
    return PairedChange(table)


def differences(data: pd.DataFrame, first: str, second: str) -> FloatArray:
    """``first`` minus ``second``, sorted, so that the order of rows never shows.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"before": [5, 7, 6], "after": [4, 7, 3]})
    >>> ue.methods.paired.differences(frame, "after", "before").tolist()
    [-3.0, -1.0, 0.0]
    """
    return np.sort(numbers(column(data, first), first) - numbers(column(data, second), second))


def walsh_averages(d: FloatArray) -> FloatArray:
    """The means of all pairs of differences, each also with itself, sorted.

    >>> import umea_eval as ue
    >>> import numpy as np
    >>> ue.methods.paired.walsh_averages(np.array([1.0, 2.0, 4.0])).tolist()
    [1.0, 1.5, 2.0, 2.5, 3.0, 4.0]
    """
    i, j = np.triu_indices(len(d))
    return np.asarray(np.sort((d[i] + d[j]) / 2), dtype=np.float64)


def signed_rank_p(d: npt.ArrayLike, *, alternative: Alternative = "two-sided") -> float:
    """The p-value of the signed ranks of ``d`` (no zeros): exact, given the ties.

    >>> import umea_eval as ue
    >>> round(ue.methods.paired.signed_rank_p([1.0, 2.0, 3.0, 4.0, 5.0]), 4)  # 2 of the 32 patterns
    0.0625
    """
    choice(alternative, Alternative, "alternative")
    values = np.asarray(d, dtype=np.float64)
    if len(values) > MOST_RANKED:
        # Untyped here only: the stubs do not know "asymptotic", the present name of "approx".
        test: Any = wilcoxon
        return float(test(values, alternative=alternative, method="asymptotic").pvalue)
    ranks = np.rint(2 * _midranks(np.abs(values))).astype(np.int64)
    at = int(ranks[values > 0].sum())
    probability = _signed_rank_distribution(ranks)
    less, greater = float(probability[: at + 1].sum()), float(probability[at:].sum())
    return _two_or_one_sided(less, greater, alternative)


def sign_flip_p(
    d: npt.ArrayLike,
    *,
    alternative: Alternative = "two-sided",
    rng: np.random.Generator | None = None,
) -> float:
    """The share of sign patterns whose sum is at least as far out as that of ``d``.

    Two-sided means at least as far from 0 in either direction. Equals
    ``mean(abs(signs %*% abs(d)) >= abs(sum(d)))`` over all patterns (C02).

    >>> import umea_eval as ue
    >>> round(ue.methods.paired.sign_flip_p([1.0, 2.0, 3.0, 4.0, 5.0]), 4)  # 2 of the 32 patterns
    0.0625
    """
    choice(alternative, Alternative, "alternative")
    values = np.sort(np.abs(np.asarray(d, dtype=np.float64)))
    observed = float(np.asarray(d, dtype=np.float64).sum())
    # Sums that are equal on paper may differ in the last digits.
    slack = 1e-9 * max(float(values.sum()), 1e-300)
    if len(values) <= MOST_ENUMERATED:
        greater = _share_at_least(values, observed - slack)
        less = _share_at_least(values, -observed - slack)
        both = 2 * _share_at_least(values, abs(observed) - slack)
    else:
        rng = rng or np.random.default_rng(0)
        signs = rng.integers(0, 2, size=(_RANDOM_SIGNS, len(values)), dtype=np.int8) * 2.0 - 1
        sums = signs @ values
        greater, less, both = (
            (1 + (a >= b).sum()) / (1 + _RANDOM_SIGNS)
            for a, b in (
                (sums, observed - slack),
                (-sums, -observed - slack),
                (np.abs(sums), abs(observed) - slack),
            )
        )
    chosen = {"greater": greater, "less": less, "two-sided": min(both, 1.0)}
    return float(chosen[alternative])


class RegressionToTheMean(NamedTuple):
    """What selection on one high (or low) measurement alone makes of the next."""

    selected_mean: float
    expected_next: float
    expected_change: float


def regression_to_the_mean(
    *,
    mean: float,
    sd: float,
    correlation: float,
    cutoff: float,
    direction: Direction = "above",
    measurements: int = 1,
) -> RegressionToTheMean:
    """Change to expect, without any effect, in people chosen beyond ``cutoff``.

    ``mean`` and ``sd`` are those of one measurement in the population that people were chosen
    from, ``correlation`` that between two measurements without any intervention. If people were
    chosen by the mean of several, ``measurements`` says of how many.
    Source: Davis 1976, Am J Epidemiol 104:493-498; Barnett et al. 2005, Int J Epidemiol 34:215-220.

    >>> import umea_eval as ue
    >>> expected = ue.methods.paired.regression_to_the_mean(
    ...     mean=130, sd=15, correlation=0.7, cutoff=140
    ... )
    >>> round(expected.selected_mean, 1), round(expected.expected_change, 1)
    (149.0, -5.7)
    """
    choice(direction, Direction, "direction")
    if not (sd > 0 and 0 <= correlation <= 1 and measurements >= 1):
        raise UserError("methods.paired.regression_to_the_mean")
    between, within = correlation * sd**2, (1 - correlation) * sd**2 / measurements
    spread = np.sqrt(between + within)
    z = (cutoff - mean) / spread * (1 if direction == "above" else -1)
    # The mean of a normal variable beyond z: Mills' ratio turned over, stable far out.
    beyond = np.exp(norm.logpdf(z) - norm.logsf(z)) * (1 if direction == "above" else -1)
    selected = mean + spread * beyond
    change = -within / spread * beyond
    return RegressionToTheMean(float(selected), float(selected + change), float(change))


def expected_change(
    data: pd.DataFrame, first: str, *, mean: float, correlation: float
) -> RegressionToTheMean:
    """Change to expect from regression to the mean in those of ``data``, by their own ``first``.

    Each is expected to keep ``correlation`` of the distance to the population's ``mean``.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> chosen = pd.DataFrame({"before": [150.0, 160.0, 145.0]})
    >>> expected = ue.methods.paired.expected_change(chosen, "before", mean=130, correlation=0.7)
    >>> round(expected.expected_change, 2)  # 30 percent of the way back from 151.67 to 130
    -6.5
    """
    if not 0 <= correlation <= 1:
        raise UserError("methods.paired.regression_to_the_mean")
    own = float(np.sort(numbers(column(data, first), first)).mean())
    change = -(1 - correlation) * (own - mean)
    return RegressionToTheMean(own, own + change, change)


def _refuse_fewer_than(fewest: int, d: FloatArray) -> None:
    if len(d) < fewest:
        raise UserError("methods.paired.few_pairs", fewest=fewest, pairs=len(d))


def _midranks(values: FloatArray) -> FloatArray:
    # Differences that are equal on paper (0.3 - 0.1 and 0.2) share a rank.
    rounded = pd.Series(values).map(lambda v: float(f"{v:.12g}"))
    return np.asarray(rounded.rank(), dtype=np.float64)


def _signed_rank_distribution(ranks: npt.NDArray[np.int64]) -> FloatArray:
    """Probabilities of the sums of ``ranks`` over all sign patterns, one rank at a time."""
    probability = np.zeros(int(ranks.sum()) + 1)
    probability[0] = 1.0
    for rank in ranks:
        shifted = np.concatenate([np.zeros(rank), probability[: len(probability) - rank]])
        probability = (probability + shifted) / 2
    return np.asarray(probability, dtype=np.float64)


def _two_or_one_sided(less: float, greater: float, alternative: Alternative) -> float:
    if alternative == "two-sided":
        return min(1.0, 2 * min(less, greater))
    return greater if alternative == "greater" else less


def _shift_limits(walsh: FloatArray, n: int, confidence: float) -> Interval:
    """The Walsh averages that cut off at most half of 1 - confidence on either side."""
    tail = (1 - confidence) / 2
    if n > MOST_RANKED:
        # Without ties V has mean m/2 and this variance (m = n(n+1)/2).
        spread = np.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        drop = int(np.floor(n * (n + 1) / 4 - norm.isf(tail) * spread))
    else:
        cumulative = np.cumsum(_signed_rank_distribution(np.arange(1, n + 1)))
        drop = int(np.searchsorted(cumulative, tail * (1 - 1e-12), side="left"))
    if drop == 0:
        return Interval(*_UNBOUNDED)
    return Interval(walsh[drop - 1], walsh[len(walsh) - drop])


def _share_at_least(values: FloatArray, limit: float) -> float:
    """The share of all sign patterns of ``values`` whose sum is at least ``limit``."""
    half = len(values) // 2
    one, other = _signed_sums(values[:half]), np.sort(_signed_sums(values[half:]))
    # For each sum of the first half, count the sums of the second that are large enough.
    short = np.searchsorted(other, limit - one, side="left")
    return float((len(other) - short).sum() / (len(one) * len(other)))


def _signed_sums(values: FloatArray) -> FloatArray:
    sums: FloatArray = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums - value, sums + value])
    return np.asarray(sums, dtype=np.float64)


def _subset_limits(d: FloatArray, confidence: float, rng: np.random.Generator) -> Interval:
    """The k-th smallest and largest of the means of non-empty subsets, k = tail * their number."""
    tail = (1 - confidence) / 2
    if len(d) <= _MOST_SUBSETS:
        sums, sizes = np.zeros(1), np.zeros(1)
        for value in d:
            sums, sizes = np.concatenate([sums, sums + value]), np.concatenate([sizes, sizes + 1])
        means = sums[1:] / sizes[1:]
        drop = int(np.floor(tail * (len(means) + 1) * (1 + 1e-12)))
    else:
        kept = rng.integers(0, 2, size=(_RANDOM_SIGNS, len(d)), dtype=np.int8)
        kept = kept[kept.any(axis=1)]
        means = (kept @ d) / kept.sum(axis=1)
        drop = int(np.floor(tail * (len(means) + 1)))
    if drop == 0:
        return Interval(*_UNBOUNDED)
    means = np.sort(means)
    return Interval(means[drop - 1], means[len(means) - drop])
