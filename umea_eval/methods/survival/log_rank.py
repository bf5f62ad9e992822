"""Do the curves of the groups differ?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe, named
from umea_eval.methods.estimates import p_text
from umea_eval.methods.inputs import Column, FloatArray, labels, same_length
from umea_eval.methods.result import Result
from umea_eval.methods.sentences import sentence
from umea_eval.methods.survival.at_risk import FollowUp, event_times, follow_up, number_at_risk
from umea_eval.style import BLUE, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class LogRank(Result):
    """Log-rank test. ``table``: per group ``numerator`` observed events, ``denominator`` persons,
    ``expected`` events if the curves were the same, ``value`` observed / expected (no limits)."""

    statistic: float
    degrees_of_freedom: int
    p_value: float

    def text(self, language: Language) -> str:
        """The test in one sentence."""
        return sentence(
            "methods.survival.log_rank",
            language,
            groups=len(self.table),
            statistic=self.statistic,
            df=self.degrees_of_freedom,
            p=p_text(self.p_value, language),
        )

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Observed events beside those expected under equal curves."""
        ax = axes(ax)
        place = np.arange(len(self.table))
        ax.bar(
            place - 0.2,
            self.table["numerator"],
            width=0.4,
            color=BLUE,
            label=named("observed", language),
        )
        ax.bar(
            place + 0.2,
            self.table["expected"],
            width=0.4,
            color=GREY,
            label=named("expected", language),
        )
        ax.set_xticks(place, [str(group) for group in self.table["group"]])
        return describe(ax, language, y="events", legend=True)


def log_rank(
    durations: Column,
    events: Column,
    groups: Column,
    *,
    entry: Column | None = None,
    strata: Column | None = None,
) -> LogRank:
    """Log-rank test of equal curves in two or more groups, stratified where asked.

    Raises UserError for fewer than two groups, or where no event separates them.
    Equals R ``survival::survdiff`` (V04, L02). Source: Mantel 1966; Peto & Peto 1972.

    >>> import umea_eval as ue
    >>> months, left = [1, 2, 2, 3, 4, 5, 6, 6], [1, 1, 0, 1, 0, 1, 0, 0]
    >>> test = ue.methods.survival.log_rank(months, left, list("aabbabab"))
    >>> round(test.statistic, 3), test.degrees_of_freedom, round(test.p_value, 3)
    (0.119, 1, 0.73)
    """
    persons = follow_up(durations, events, entry=entry)
    if persons.kinds > 1:
        raise UserError("methods.survival.competing")
    codes, names = labels(groups, "groups")
    same_length(persons.durations, codes, ("durations", "groups"))
    if len(names) < 2:
        raise UserError("methods.survival.one_group")
    layers = np.zeros(len(codes), dtype=np.int64)
    if strata is not None:
        layers, _ = labels(strata, "strata")
        same_length(persons.durations, layers, ("durations", "strata"))
    observed, expected = np.zeros(len(names)), np.zeros(len(names))
    covariance = np.zeros((len(names), len(names)))
    for layer in range(int(layers.max()) + 1):
        inside = layers == layer
        if not (persons.codes[inside] > 0).any():
            continue
        o, e, v = _layer(persons.where(inside), codes[inside], len(names))
        observed, expected, covariance = observed + o, expected + e, covariance + v
    # The rows of the covariance add to zero: one group is left out of the quadratic form.
    difference = (observed - expected)[1:]
    rest = covariance[1:, 1:]
    if np.linalg.matrix_rank(rest) < len(rest):
        raise UserError("methods.survival.no_contrast")
    statistic = float(difference @ np.linalg.solve(rest, difference))
    df = len(names) - 1
    p = float(stats.chi2.sf(statistic, df))
    table = pd.DataFrame(
        {
            "group": names,
            "numerator": observed,
            "denominator": np.bincount(codes, minlength=len(names)).astype(np.float64),
            "value": observed / expected,
            "lower": np.nan,
            "upper": np.nan,
            "confidence": np.nan,
            "method": "log-rank",
            "expected": expected,
        }
    )
    return LogRank(table, statistic, df, p)


def _layer(
    persons: FollowUp, codes: np.ndarray[Any, np.dtype[np.int64]], groups: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Observed and expected events and their hypergeometric covariance in one stratum."""
    all_times = event_times(persons)
    time, n, d = all_times.time, all_times.at_risk, all_times.any_event
    at_risk = np.empty((len(time), groups))
    observed = np.empty(groups)
    for group in range(groups):
        members = persons.where(codes == group)
        observed[group] = float((members.codes > 0).sum())
        at_risk[:, group] = number_at_risk(members, time)
    share = at_risk / n[:, np.newaxis]
    more = n > 1
    spread = np.where(more, d * (n - d) / np.where(more, n - 1, 1.0), 0.0)
    covariance = np.diag(spread @ share) - (share * spread[:, np.newaxis]).T @ share
    return observed, d @ share, covariance
