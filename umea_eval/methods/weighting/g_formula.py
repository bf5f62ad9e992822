"""What if everyone, and what if nobody, had taken part: by a model of the outcome."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
import statsmodels.api as sm

from umea_eval.errors import UserError
from umea_eval.methods.inputs import (
    FloatArray,
    choice,
    column,
    counts,
    labels,
    level,
    numbers,
    yes_or_no,
)
from umea_eval.methods.weighting.formula import model_matrix
from umea_eval.methods.weighting.propensity import WeightedDifference, converged, effect_table

Family = Literal["gaussian", "binomial", "poisson"]
Target = Literal["all", "treated"]


def g_formula(
    data: pd.DataFrame,
    formula: str,
    *,
    treatment: str,
    family: Family = "gaussian",
    target: Target = "all",
    cluster: str | None = None,
    confidence: float = 0.95,
) -> WeightedDifference:
    """Standardisation (the parametric g-formula): predict under both states, and compare.

    ``formula``: ``"outcome ~ treatment + covariates"`` with any interactions of the treatment.
    ``family``: "gaussian" for means, "binomial" for shares, "poisson" for counts. ``target``: over
    whom the predictions are averaged. The error is that of the predictions and of whom they are
    averaged over, by influence functions (robust; by ``cluster`` where given).

    ``table``: terms "treated" and "control" (mean outcomes under both states) and "difference".
    UserError for missing values, a treatment that is not in the formula, non-convergence.
    Equals R ``lm`` and ``predict`` (W02). Source: Robins 1986; Hernan & Robins 2020, chapter 13;
    error: Stefanski & Boos 2002.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {
    ...         "joined": [1, 1, 1, 0, 0, 0, 0, 1],
    ...         "old": [1, 1, 0, 0, 0, 1, 0, 0],
    ...         "y": [5.0, 6.0, 4.0, 2.0, 3.0, 4.0, 2.0, 4.0],
    ...     }
    ... )
    >>> effect = ue.methods.weighting.g_formula(frame, "y ~ joined * old", treatment="joined")
    >>> effect.table[["term", "value"]].round(3)
             term  value
    0     treated  4.563
    1     control  2.958
    2  difference  1.604
    """
    level(confidence)
    choice(family, Family, "family")
    choice(target, Target, "target")
    outcome, _, terms = (part.strip() for part in formula.partition("~"))
    treated = yes_or_no(column(data, treatment), treatment)
    if treated.all() or not treated.any():
        raise UserError("methods.weighting.one_group")
    y = _outcome(data, outcome, family)
    frame = data.assign(**{treatment: treated.astype(np.int64)})
    matrix = model_matrix(terms, frame)
    x = np.asarray(matrix, dtype=np.float64)
    states = [
        np.asarray(
            matrix.model_spec.get_model_matrix(frame.assign(**{treatment: state}), context={}),
            dtype=np.float64,
        )
        for state in (1, 0)
    ]
    if np.array_equal(states[0], states[1]):
        raise UserError("methods.weighting.not_in_formula", treatment=treatment)
    kinds = {
        "gaussian": sm.families.Gaussian(),
        "binomial": sm.families.Binomial(),
        "poisson": sm.families.Poisson(),
    }
    link = kinds[family].link
    beta = _fit(y, x, kinds[family], family)
    mu = np.asarray(link.inverse(x @ beta), dtype=np.float64)
    # With the canonical link the score of a row is its residual times its covariates.
    information = (x * _slope(link, x @ beta)[:, np.newaxis]).T @ x
    influence_of_beta = np.linalg.solve(information, (x * (y - mu)[:, np.newaxis]).T).T * len(y)
    averaged = np.ones(len(y)) if target == "all" else treated / treated.mean()
    means, parts = [], []
    for state in states:
        predicted = np.asarray(link.inverse(state @ beta), dtype=np.float64)
        mean = float(averaged @ predicted / len(y))
        gradient = (averaged * _slope(link, state @ beta)) @ state / len(y)
        means.append(mean)
        parts.append(averaged * (predicted - mean) + influence_of_beta @ gradient)
    change = (parts[0] - parts[1]) / len(y)
    if cluster is not None:
        codes, _ = labels(column(data, cluster), cluster)
        change = np.bincount(codes, weights=change).astype(np.float64)
    sides = (("treated", means[0], treated.sum()), ("control", means[1], (~treated).sum()))
    se = float(np.sqrt(change @ change))
    table = effect_table(sides, se, confidence=confidence, method=f"g-formula, {family}")
    return WeightedDifference(table)


def _outcome(data: pd.DataFrame, outcome: str, family: Family) -> FloatArray:
    values = column(data, outcome)
    if family == "binomial":
        return yes_or_no(values, outcome).astype(np.float64)
    return counts(values, outcome) if family == "poisson" else numbers(values, outcome)


def _fit(y: FloatArray, x: FloatArray, kind: Any, family: Family) -> FloatArray:
    if family == "gaussian":
        return np.asarray(np.linalg.lstsq(x, y)[0], dtype=np.float64)
    return np.asarray(converged(sm.GLM(y, x, family=kind), tol=1e-12).params, dtype=np.float64)


def _slope(link: Any, eta: FloatArray) -> FloatArray:
    """The derivative of the mean by the linear predictor."""
    return np.asarray(link.inverse_deriv(eta), dtype=np.float64)
