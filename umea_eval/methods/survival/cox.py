"""How does the hazard depend on covariates?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe, ratios
from umea_eval.methods.estimates import estimate_words
from umea_eval.methods.inputs import (
    Column,
    FloatArray,
    IntArray,
    labels,
    level,
    numbers,
    same_length,
)
from umea_eval.methods.result import Result
from umea_eval.methods.sentences import sentence
from umea_eval.methods.survival.at_risk import FollowUp, follow_up
from umea_eval.style import BLUE, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ITERATIONS = 50
# Log-likelihoods closer than this (relatively) are the same: R coxph.control stops at 1e-9; a
# tighter limit costs one more step and leaves no trace of where the iteration began.
_SAME = 1e-13
# A ratio of hazards beyond exp(20) within the data says that a covariate separates those with the
# event from those without: the coefficient has no finite estimate (R warns there).
_SEPARATED = 20.0


@dataclass(frozen=True)
class Cox(Result):
    """Cox regression. ``table``: one row per covariate: ``value``, ``lower`` and ``upper`` of the
    hazard ratio, ``coefficient`` (its logarithm), ``standard_error``, ``z``, ``p_value``,
    ``naive_standard_error`` (the model's own, without regard to clusters); ``numerator`` events,
    ``denominator`` persons."""

    log_likelihood: float
    covariance: pd.DataFrame
    clusters: int | None

    def text(self, language: Language) -> str:
        """Each hazard ratio with its interval."""
        sentences = [
            sentence(
                "methods.survival.cox",
                language,
                persons=self.table["denominator"].iloc[0],
                events=self.table["numerator"].iloc[0],
            )
        ]
        sentences += [
            sentence(
                "methods.survival.hazard_ratio",
                language,
                term=str(row["term"]),
                **estimate_words(row, language),
            )
            for row in self.table.to_dict("records")
        ]
        return " ".join(sentences)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the hazard ratios with their intervals on a logarithmic axis."""
        ax = axes(ax)
        place = np.arange(len(self.table))[::-1]
        value = self.table["value"]
        error = [value - self.table["lower"], self.table["upper"] - value]
        ax.axvline(1.0, color=GREY, linewidth=1)
        ax.errorbar(value, place, xerr=error, fmt="o", color=BLUE)
        ratios(ax, language)
        ax.set_yticks(place, [str(term) for term in self.table["term"]])
        return describe(ax, language, x="hazard_ratio")


@dataclass(frozen=True)
class _Likelihood:
    """What Efron's partial likelihood needs that does not depend on the coefficients."""

    x: FloatArray
    by_duration: IntArray
    by_entry: IntArray | None
    left: IntArray  # how many have left before each event time, in by_duration
    entered: IntArray | None  # how many of by_entry have entered before each event time
    event_of: IntArray  # the event time of each person with the event
    with_event: IntArray  # those persons
    row_of: IntArray  # one row per event: its event time
    rank: FloatArray  # and its place among the ties, as a share of them


def cox(
    durations: Column,
    events: Column,
    covariates: pd.DataFrame,
    *,
    entry: Column | None = None,
    cluster: Column | None = None,
    confidence: float = 0.95,
) -> Cox:
    """Cox proportional hazards regression with Efron's treatment of ties.

    ``covariates``: numeric columns, one row per person-interval. ``entry``: delayed entry or
    time-varying rows, at risk when ``entry < t <= duration``. ``cluster``: with it the standard
    errors are robust, grouped by cluster (Lin & Wei's sandwich, no small-sample factor).

    Raises UserError where the covariates are collinear or constant, where the events are separated
    (an infinite coefficient), or where the iteration does not converge.
    Equals R ``survival::coxph`` (V07, V08). Source: Efron 1977; Lin & Wei 1989.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> months, left = [1, 2, 2, 3, 4, 5, 6, 6], [1, 1, 0, 1, 0, 1, 0, 0]
    >>> model = ue.methods.survival.cox(
    ...     months, left, pd.DataFrame({"new": [1, 0, 1, 0, 1, 1, 0, 0]})
    ... )
    >>> model.table[["term", "value"]].round(3).to_dict("records")  # a hazard ratio
    [{'term': 'new', 'value': 1.414}]
    """
    level(confidence)
    persons = follow_up(durations, events, entry=entry)
    if persons.kinds > 1:
        raise UserError("methods.survival.competing")
    if not (persons.codes == 1).any():
        raise UserError("methods.survival.no_events")
    if not isinstance(covariates, pd.DataFrame):
        raise UserError("methods.inputs.no_frame", given=type(covariates).__name__)
    if covariates.columns.empty:
        raise UserError("methods.inputs.none_named", name="covariates")
    raw = np.column_stack([numbers(covariates[name], str(name)) for name in covariates.columns])
    same_length(persons.durations, raw[:, 0], ("durations", "covariates"))
    centre, scale = raw.mean(axis=0), raw.std(axis=0)
    standard = (raw - centre) / np.where(scale > 0, scale, 1.0)
    if (scale == 0).any() or np.linalg.matrix_rank(standard) < standard.shape[1]:
        raise UserError("methods.survival.collinear")
    parts = _parts(persons, standard)
    beta, log_likelihood, information = _maximise(parts)
    inverse = np.linalg.inv(information)
    naive = inverse / np.outer(scale, scale)
    variance, clusters = naive, None
    if cluster is not None:
        codes, names = labels(cluster, "cluster")
        same_length(persons.durations, codes, ("durations", "cluster"))
        clusters = len(names)
        moved = _score_residuals(parts, beta) @ inverse
        grouped = np.zeros((clusters, len(beta)))
        np.add.at(grouped, codes, moved)
        variance = grouped.T @ grouped / np.outer(scale, scale)
    names_of = [str(name) for name in covariates.columns]
    table = _table(beta / scale, variance, naive, persons, confidence=confidence)
    table["method"] = "Cox, Efron" + ("" if clusters is None else ", cluster-robust")
    table.insert(0, "term", names_of)
    covariance = pd.DataFrame(variance, index=names_of, columns=names_of)
    return Cox(table, log_likelihood, covariance, clusters)


def _table(
    beta: FloatArray,
    variance: FloatArray,
    naive: FloatArray,
    persons: FollowUp,
    *,
    confidence: float,
) -> pd.DataFrame:
    se = np.sqrt(np.diag(variance))
    z = float(stats.norm.ppf((1 + confidence) / 2))
    return pd.DataFrame(
        {
            "numerator": float((persons.codes == 1).sum()),
            "denominator": float(len(persons)),
            "value": np.exp(beta),
            "lower": np.exp(beta - z * se),
            "upper": np.exp(beta + z * se),
            "confidence": confidence,
            "method": "Cox, Efron",
            "coefficient": beta,
            "standard_error": se,
            "z": beta / se,
            "p_value": 2 * stats.norm.sf(np.abs(beta / se)),
            "naive_standard_error": np.sqrt(np.diag(naive)),
        }
    )


def _parts(persons: FollowUp, x: FloatArray) -> _Likelihood:
    with_event = np.flatnonzero(persons.codes == 1)
    times, event_of = np.unique(persons.durations[with_event], return_inverse=True)
    ties = np.bincount(event_of)
    row_of = np.repeat(np.arange(len(times)), ties)
    starts = np.cumsum(ties) - ties
    rank = (np.arange(len(row_of)) - starts[row_of]) / ties[row_of]
    by_duration = np.argsort(persons.durations, kind="stable")
    left = np.searchsorted(persons.durations[by_duration], times, side="left")
    by_entry = entered = None
    if persons.entry is not None:
        by_entry = np.argsort(persons.entry, kind="stable")
        entered = np.searchsorted(persons.entry[by_entry], times, side="left")
    return _Likelihood(x, by_duration, by_entry, left, entered, event_of, with_event, row_of, rank)


def _over_risk_sets(parts: _Likelihood, values: FloatArray) -> FloatArray:
    """The sum of ``values`` (one per person) over those at risk at each event time."""
    gone = np.concatenate([[0.0], np.cumsum(values[parts.by_duration])])
    if parts.by_entry is None or parts.entered is None:
        return np.asarray(gone[-1] - gone[parts.left], dtype=np.float64)
    come = np.concatenate([[0.0], np.cumsum(values[parts.by_entry])])
    return np.asarray(come[parts.entered] - gone[parts.left], dtype=np.float64)


def _over_events(parts: _Likelihood, values: FloatArray) -> FloatArray:
    """The sum of ``values`` over those with the event at each event time."""
    return np.bincount(parts.event_of, values[parts.with_event]).astype(np.float64)


def _sums(parts: _Likelihood, values: FloatArray) -> FloatArray:
    """Efron's sum for each event: the risk set less the part of the ties already counted."""
    whole, tied = _over_risk_sets(parts, values), _over_events(parts, values)
    return np.asarray(whole[parts.row_of] - parts.rank * tied[parts.row_of], dtype=np.float64)


def _evaluate(parts: _Likelihood, beta: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, gradient and information."""
    eta = parts.x @ beta
    weight = np.exp(eta)
    k = len(beta)
    s0 = _sums(parts, weight)
    mean = np.column_stack([_sums(parts, weight * parts.x[:, j]) / s0 for j in range(k)])
    information = np.empty((k, k))
    for i in range(k):
        for j in range(i + 1):
            second = _sums(parts, weight * parts.x[:, i] * parts.x[:, j]) / s0
            information[i, j] = information[j, i] = float(np.sum(second - mean[:, i] * mean[:, j]))
    events = parts.with_event
    gradient = parts.x[events].sum(axis=0) - mean.sum(axis=0)
    return float(eta[events].sum() - np.log(s0).sum()), gradient, information


def _maximise(parts: _Likelihood) -> tuple[FloatArray, float, FloatArray]:
    """Newton's method; a step that lowers the likelihood is halved."""
    beta = np.zeros(parts.x.shape[1])
    current, gradient, information = _evaluate(parts, beta)
    for _ in range(_ITERATIONS):
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            raise UserError("methods.survival.separated") from None
        for _ in range(_ITERATIONS):
            proposal = beta + step
            new, new_gradient, new_information = _evaluate(parts, proposal)
            if new >= current - _SAME * (1 + abs(current)):
                break
            step = step / 2
        done = abs(new - current) <= _SAME * (1 + abs(new))
        beta, current, gradient, information = proposal, new, new_gradient, new_information
        if np.ptp(parts.x @ beta) > _SEPARATED:
            raise UserError("methods.survival.separated")
        if done:
            return beta, current, information
    raise UserError("methods.survival.not_converged")


def _score_residuals(parts: _Likelihood, beta: FloatArray) -> FloatArray:
    """Each person's part of the score, Efron's weights for those tied (as R residuals.coxph)."""
    weight = np.exp(parts.x @ beta)
    k = len(beta)
    s0 = _sums(parts, weight)
    mean = np.column_stack([_sums(parts, weight * parts.x[:, j]) / s0 for j in range(k)])

    def hazard(share: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The baseline hazard and its product with the mean at each event time."""
        alone = np.bincount(parts.row_of, share / s0).astype(np.float64)
        product = [np.bincount(parts.row_of, weights=share / s0 * mean[:, j]) for j in range(k)]
        return alone, np.column_stack(product)

    alone, product = hazard(np.ones_like(parts.rank))
    people = len(parts.x)
    upto = np.empty(people, dtype=np.int64)
    upto[parts.by_duration] = np.searchsorted(parts.left, np.arange(people), side="right")
    total = np.concatenate([[0.0], np.cumsum(alone)])
    totals = np.vstack([np.zeros(k), np.cumsum(product, axis=0)])
    own, own_product = total[upto], totals[upto]
    if parts.by_entry is not None and parts.entered is not None:
        start = np.empty(people, dtype=np.int64)
        start[parts.by_entry] = np.searchsorted(parts.entered, np.arange(people), side="right")
        own, own_product = own - total[start], own_product - totals[start]
    # A person with the event counts only (1 - rank) at his own time.
    tied, tied_product = hazard(parts.rank)
    events, at = parts.with_event, parts.event_of
    own[events] -= tied[at]
    own_product[events] -= tied_product[at]
    residual = -weight[:, np.newaxis] * (parts.x * own[:, np.newaxis] - own_product)
    ties = np.bincount(parts.row_of)
    average = np.column_stack(
        [np.bincount(parts.row_of, weights=mean[:, j]) / ties for j in range(k)]
    )
    residual[events] += parts.x[events] - average[at]
    return np.asarray(residual, dtype=np.float64)
