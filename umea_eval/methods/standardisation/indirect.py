"""Observed against expected: the standardised ratio, also when the reference is a survey."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from umea_eval.errors import UserError
from umea_eval.methods.estimates import Estimates, estimate_table
from umea_eval.methods.inputs import (
    By,
    FloatArray,
    binomial,
    choice,
    column,
    group_keys,
    keys,
    level,
    no_duplicates,
    numbers,
    positive,
    refuse,
    sums,
)
from umea_eval.methods.rates.single import Method, interval_method, poisson_interval, read_rate

Reference = Literal["register", "survey_rate", "survey_share"]


@dataclass(frozen=True)
class StandardisedRatios(Estimates):
    """Observed over expected events, one per group."""

    words: ClassVar[str] = "standardisation.ratio"
    null: ClassVar[float | None] = 1.0


def smr(
    data: pd.DataFrame,
    observed: str,
    expected: str,
    *,
    by: By = None,
    confidence: float = 0.95,
    method: Method = "exact_or_byar",
) -> StandardisedRatios:
    """Observed over expected events (SMR), for every row or summed within ``by``.

    ``expected`` is taken as known without error. Limits are exact below 10 observed events and
    Byar's from 10, unless ``method`` says otherwise.
    Equals R ``epiR::epi.smr(method = "byar")`` with ``method="byar"`` (S09) and
    ``PHEindicatormethods::calculate_ISRatio`` by default.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> ratio = ue.methods.standardisation.smr(
    ...     pd.DataFrame({"observed": [4], "expected": [3.3]}),
    ...     "observed",
    ...     "expected",
    ...     method="byar",
    ... )
    >>> ratio.table[["value", "lower", "upper"]].round(2).to_dict("records")  # R: ?epi.smr
    [{'value': 1.21, 'lower': 0.33, 'upper': 3.1}]
    """
    choice(method, Method, "method")
    events, expectation = read_rate(
        column(data, observed), column(data, expected), (observed, expected)
    )
    total = sums(data, {"o": events, "e": expectation}, by)
    lower, upper = poisson_interval(total["o"], confidence=confidence, method=method)
    table = estimate_table(
        total.drop(columns=["o", "e"]),
        numerator=total["o"],
        denominator=total["e"],
        value=total["o"] / total["e"],
        lower=lower / total["e"],
        upper=upper / total["e"],
        confidence=confidence,
        method=interval_method(total["o"].to_numpy(), method),
    )
    return StandardisedRatios(table, label=tuple(keys(by)))


def indirect(
    data: pd.DataFrame,
    x: str,
    n: str,
    reference: pd.DataFrame,
    *,
    stratum: str,
    reference_x: str = "x",
    reference_n: str = "n",
    reference_kind: Reference = "register",
    reference_error: str | None = None,
    by: By = None,
    per: float = 1000,
    confidence: float = 0.95,
) -> StandardisedRatios:
    """Observed events ``x`` against those expected from the rates of a ``reference``.

    ``data`` has one row per group (``by``) and ``stratum``, ``reference`` one per stratum with its
    events ``reference_x`` in ``reference_n``. ``expected`` events, the standard error that the
    reference gives them (``expected_error``) and the indirectly standardised rate per ``per``
    (``rate``, ``rate_lower``, ``rate_upper``: the ratio times the reference's crude rate) follow.

    ``reference_kind`` says what the reference is. A "register" has no error. A survey does: its
    events are then respondents, counted as a rate ("survey_rate", Poisson) or a share
    ("survey_share", binomial); or ``reference_error`` names the standard error of each stratum's
    rate, for surveys with weights. The interval then holds both sources of error.

    Raises UserError for a stratum that the reference lacks or has twice.
    Source: Breslow & Day 1987, Statistical methods in cancer research II, 2.3; the two errors are
    joined on the log scale as in Zou & Donner 2008, Stat Med 27:1693-1702.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> area = pd.DataFrame({"age": ["0-64", "65+"], "events": [30, 45], "people": [10000, 4000]})
    >>> country = pd.DataFrame(
    ...     {"age": ["0-64", "65+"], "events": [2000, 8000], "people": [1000000, 800000]}
    ... )
    >>> ratio = ue.methods.standardisation.indirect(
    ...     area,
    ...     "events",
    ...     "people",
    ...     country,
    ...     stratum="age",
    ...     reference_x="events",
    ...     reference_n="people",
    ... )
    >>> ratio.table[["numerator", "expected", "value"]].round(3).to_dict("records")
    [{'numerator': 75.0, 'expected': 60.0, 'value': 1.25}]
    """
    choice(reference_kind, Reference, "reference_kind")
    positive(per, "per")
    group_keys(reference, stratum)
    no_duplicates(reference, [stratum])
    names = (reference_x, reference_n)
    read = binomial if reference_kind == "survey_share" else read_rate
    counted = read(column(reference, reference_x), column(reference, reference_n), names)
    crude = math.fsum(counted[0]) / math.fsum(counted[1])
    if reference_error is None:
        rate_error = _error(*counted, reference_kind)
    else:
        rate_error = numbers(column(reference, reference_error), reference_error)
        refuse(rate_error < 0, "methods.inputs.negative", reference_error)
    rates = pd.DataFrame(
        {
            stratum: reference[stratum].to_numpy(),
            "_rate": counted[0] / counted[1],
            "_error": rate_error,
        }
    )
    try:
        strata = group_keys(data, stratum).merge(rates, on=stratum, how="left")
    except ValueError:  # text in one table and numbers in the other are no common strata
        strata = None
    if strata is None or strata["_rate"].isna().any():
        raise UserError("methods.standardisation.indirect.stratum_missing", stratum=stratum)
    events, people = read_rate(column(data, x), column(data, n), (x, n))
    no_duplicates(data, [*keys(by), stratum])
    parts = {
        "o": events,
        "e": people * strata["_rate"].to_numpy(),
        # The strata of the reference are independent of each other.
        "v": (people * strata["_error"].to_numpy()) ** 2,
    }
    total = sums(data.assign(_all=0), parts, by if by is not None else "_all")
    if (total["e"] <= 0).any():
        raise UserError("methods.standardisation.indirect.nothing_expected")
    error = np.sqrt(total["v"].to_numpy())
    lower, upper = _both_errors(
        total["o"].to_numpy(), total["e"].to_numpy(), error, confidence=level(confidence)
    )
    ratio = (total["o"] / total["e"]).to_numpy()
    limits = interval_method(total["o"].to_numpy(), "exact_or_byar")
    table = estimate_table(
        total.drop(columns=["_all", *parts], errors="ignore"),
        numerator=total["o"],
        denominator=total["e"],
        value=ratio,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method=[m if not error.any() else f"{m}, reference with error" for m in limits],
        expected=total["e"],
        expected_error=error,
        rate=ratio * crude * per,
        rate_lower=lower * crude * per,
        rate_upper=upper * crude * per,
    )
    return StandardisedRatios(table, label=tuple(keys(by)))


def _error(events: FloatArray, people: FloatArray, kind: Reference) -> FloatArray:
    """The standard error of each stratum's rate in the reference."""
    if kind == "register":
        return np.zeros(events.shape)
    # One of each is added, so that a stratum without events is not taken as free from error.
    rate = (events + 1) / (people + 2)
    variance = rate * (1 - rate) if kind == "survey_share" else rate
    return np.asarray(np.sqrt(variance / people), dtype=np.float64)


def _both_errors(
    observed: FloatArray, expected: FloatArray, error: FloatArray, *, confidence: float
) -> tuple[FloatArray, FloatArray]:
    """Limits of observed/expected from the limits of each, joined on the log scale."""
    low, high = poisson_interval(observed, confidence=confidence)
    spread = norm.isf((1 - confidence) / 2) * error / expected
    some = observed > 0
    safe, safe_low = np.where(some, observed, 1.0), np.where(some, low, 1.0)
    ratio = safe / expected
    lower = np.where(some, ratio * np.exp(-np.hypot(np.log(safe / safe_low), spread)), 0.0)
    # Without observed events there is no log: both errors are then taken in full.
    upper = np.where(
        some,
        ratio * np.exp(np.hypot(np.log(high / safe), spread)),
        high / expected * np.exp(spread),
    )
    return lower, upper
