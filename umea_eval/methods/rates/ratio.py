"""Two rates: their ratio, exact for independent events, by bootstrap where people repeat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binomtest

from umea_eval.methods.estimates import Estimates, estimate_table
from umea_eval.methods.groups import against
from umea_eval.methods.inputs import (
    By,
    FloatArray,
    alike,
    at_least,
    column,
    group_keys,
    keys,
    level,
    refuse,
)
from umea_eval.methods.proportions.single import clopper_pearson
from umea_eval.methods.rates.single import read_rate

# As many resampled cells as are worked at a time: more of them leave the processor's cache.
_CELLS = 300_000
# To draw how often a kind comes costs as much as to draw this many units (measured).
_KIND_COSTS = 10


@dataclass(frozen=True)
class RateRatios(Estimates):
    """Ratios of rates, each group over the reference."""

    words: ClassVar[str] = "rates.ratio"
    null: ClassVar[float | None] = 1.0


class ExactRatio(NamedTuple):
    """Ratio of two rates, its limits and the two-sided p-value, of the same shape as the input."""

    ratio: FloatArray
    lower: FloatArray
    upper: FloatArray
    p_value: FloatArray


def rate_ratio(
    data: pd.DataFrame,
    x: str,
    exposure: str,
    *,
    group: str,
    reference: Any,
    by: By = None,
    confidence: float = 0.95,
) -> RateRatios:
    """Every group's rate over the reference group's, exact given the number of events.

    Rows of the same ``group`` (within ``by``) are summed first. ``numerator`` and ``denominator``
    are the group's own events and exposure, ``reference_numerator`` and ``reference_denominator``
    those it is compared with; ``p_value`` is two-sided. Events must be independent: where the same
    people have several, use `bootstrap_rate_ratio` or a regression with clusters.
    Equals R ``poisson.test`` (E02).

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> homes = pd.DataFrame({"home": ["A", "B"], "falls": [11, 21], "days": [800, 3011]})
    >>> ratio = ue.methods.rates.rate_ratio(homes, "falls", "days", group="home", reference="B")
    >>> ratio.table[["value", "lower", "upper", "p_value"]].round(4).to_dict("records")
    [{'value': 1.9715, 'lower': 0.8584, 'upper': 4.2773, 'p_value': 0.0797}]
    """
    pairs = against(data, x, exposure, group=group, reference=reference, by=by, read=read_rate)
    exact = exact_rate_ratio(*pairs.counts, confidence=confidence)
    table = estimate_table(
        pairs.labels,
        numerator=pairs.x,
        denominator=pairs.n,
        value=exact.ratio,
        lower=exact.lower,
        upper=exact.upper,
        confidence=confidence,
        method="exact conditional",
        p_value=exact.p_value,
        **pairs.reference_columns,
    )
    return RateRatios(table, label=(*keys(by), group))


def exact_rate_ratio(
    x1: npt.ArrayLike,
    exposure1: npt.ArrayLike,
    x2: npt.ArrayLike,
    exposure2: npt.ArrayLike,
    *,
    confidence: float = 0.95,
) -> ExactRatio:
    """(x1/exposure1) / (x2/exposure2) for scalars or arrays, exact given x1 + x2.

    The upper limit is infinite when x2 = 0; without any events there is no ratio (UserError).
    Source: Lehmann & Romano 2005, Testing statistical hypotheses, 4.5: x1 is binomial given the
    sum. The p-value sums the outcomes that are no more likely. Equals R ``poisson.test`` (E02).

    >>> import umea_eval as ue
    >>> ratio = ue.methods.rates.exact_rate_ratio(11, 800, 21, 3011)
    >>> round(float(ratio.ratio), 4), round(float(ratio.p_value), 5)  # R: ?poisson.test
    (1.9715, 0.07967)
    """
    first = read_rate(x1, exposure1, ("x1", "exposure1"))
    second = read_rate(x2, exposure2, ("x2", "exposure2"))
    a, time_a, b, time_b = alike(*first, *second)
    refuse((a == 0) & (b == 0), "methods.inputs.no_events", "x1, x2")
    lower, upper = clopper_pearson(a, a + b, confidence=confidence)
    to_ratio = time_b / time_a
    share = np.broadcast_to(time_a / (time_a + time_b), a.shape)
    p_value = np.array(
        [
            binomtest(int(k), int(n), p).pvalue
            for k, n, p in zip(a.ravel(), (a + b).ravel(), share.ravel(), strict=True)
        ]
    ).reshape(a.shape)
    return ExactRatio(
        _ratio_of(a / time_a, b / time_b)[()],
        (_odds(lower) * to_ratio)[()],
        (_odds(upper) * to_ratio)[()],
        p_value[()],
    )


def bootstrap_rate_ratio(
    data: pd.DataFrame,
    x: str,
    exposure: str,
    *,
    group: str,
    reference: Any,
    seed: int,
    replicates: int = 2000,
    confidence: float = 0.95,
) -> RateRatios:
    """Every group's rate over the reference group's, resampling whole rows within each group.

    One row of ``data`` is one independent unit (a person, a home) with its events and exposure:
    repeat events stay together. Limits are percentiles of ``replicates`` resamplings, drawn with
    ``seed``; ``standard_error`` is that of the log ratio (missing if a resampling had no events).
    The order of rows does not matter.

    Source: Efron & Tibshirani 1993, An introduction to the bootstrap, 13.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> people = pd.DataFrame(
    ...     {
    ...         "home": ["A"] * 5 + ["B"] * 5,
    ...         "falls": [3, 1, 2, 1, 4, 0, 1, 1, 2, 1],
    ...         "days": [100] * 10,
    ...     }
    ... )
    >>> ratio = ue.methods.rates.bootstrap_rate_ratio(
    ...     people, "falls", "days", group="home", reference="B", seed=1, replicates=500
    ... )
    >>> round(float(ratio.table["value"].iloc[0]), 2)  # 11 falls against 5
    2.2
    """
    level(confidence)
    at_least(replicates, 1, "replicates")
    pairs = against(data, x, exposure, group=group, reference=reference, by=None, read=read_rate)
    refuse((pairs.x == 0) & (pairs.reference_x == 0), "methods.inputs.no_events", x)
    events, time = read_rate(column(data, x), column(data, exposure), (x, exposure))
    labels = group_keys(data, group)[group]
    resampled = {
        name: _resampled_rates(
            events[rows], time[rows], replicates, np.random.default_rng([seed, i])
        )
        for i, name in enumerate([reference, *pairs.labels[group]])
        for rows in [(labels == name).to_numpy()]
    }
    ratios = np.array(
        [_ratio_of(resampled[name], resampled[reference]) for name in pairs.labels[group]]
    )
    tail = (1 - confidence) / 2
    # A resampling without any events says nothing: it may lie at either end.
    lower = np.quantile(np.nan_to_num(ratios, nan=0, posinf=np.inf), tail, axis=1, method="lower")
    upper = np.quantile(
        np.where(np.isnan(ratios), np.inf, ratios), 1 - tail, axis=1, method="higher"
    )
    usable = np.where((ratios > 0) & np.isfinite(ratios), ratios, 1.0)
    complete = ((ratios > 0) & np.isfinite(ratios)).all(axis=1)
    table = estimate_table(
        pairs.labels,
        numerator=pairs.x,
        denominator=pairs.n,
        value=_ratio_of(pairs.x / pairs.n, pairs.reference_x / pairs.reference_n),
        lower=lower,
        upper=upper,
        confidence=confidence,
        method="bootstrap percentile",
        standard_error=np.where(complete, np.log(usable).std(axis=1, ddof=1), np.nan),
        replicates=replicates,
        **pairs.reference_columns,
    )
    return RateRatios(table, label=(group,))


def _resampled_rates(
    events: FloatArray, time: FloatArray, replicates: int, rng: np.random.Generator
) -> FloatArray:
    """Rates of ``replicates`` resamplings, as many at once as memory allows.

    Units with the same events and exposure are one kind. Where they are few beside the units it is
    drawn how often each kind comes, otherwise which units come; `numpy.unique` sorts the kinds, so
    that the order of rows does not matter in either way.
    """
    kinds, count = np.unique(np.stack([events, time], axis=1), axis=0, return_counts=True)
    units, by_kind = len(events), _KIND_COSTS * len(count) < len(events)
    ordered = np.repeat(kinds, count, axis=0).T.copy()
    batch = max(1, _CELLS // (len(count) if by_kind else units))
    totals = []
    for start in range(0, replicates, batch):
        some = min(batch, replicates - start)
        if by_kind:
            totals.append((rng.multinomial(units, count / units, size=some) @ kinds).T)
        else:
            drawn = rng.integers(0, units, (some, units), dtype=np.int32)
            totals.append(np.stack([each.take(drawn).sum(axis=1) for each in ordered]))
    sums = np.concatenate(totals, axis=1)
    return np.asarray(sums[0] / sums[1], dtype=np.float64)


def _ratio_of(one: FloatArray, other: FloatArray) -> FloatArray:
    """one / other: infinite over 0, missing for 0/0."""
    safe = np.where(other > 0, other, 1.0)
    return np.where(other > 0, one / safe, np.where(one > 0, np.inf, np.nan))


def _odds(share: npt.ArrayLike) -> FloatArray:
    p = np.asarray(share, dtype=np.float64)
    safe = np.where(p < 1, p, 0.0)
    return np.where(p < 1, safe / (1 - safe), np.inf)
