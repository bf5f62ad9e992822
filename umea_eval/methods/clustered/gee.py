"""How does an outcome depend on covariates when persons share a home, or rows a person?"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.tools.sm_exceptions import (
    ConvergenceWarning,
    HessianInversionWarning,
    IterationLimitWarning,
)

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe, ratios
from umea_eval.methods.estimates import estimate_words
from umea_eval.methods.inputs import (
    FloatArray,
    IntArray,
    choice,
    column,
    counts,
    denominators,
    labels,
    level,
    numbers,
    yes_or_no,
)
from umea_eval.methods.result import COLUMNS, Result
from umea_eval.methods.sentences import sentence
from umea_eval.style import BLUE, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Family = Literal["poisson", "binomial", "gaussian"]
Correlation = Literal["exchangeable", "independence"]
Errors = Literal["bias-reduced", "robust", "naive"]


_AXES = {"poisson": "rate_ratio", "binomial": "odds_ratio", "gaussian": "difference"}


@dataclass(frozen=True)
class GEE(Result):
    """Generalised estimating equations.

    ``table``: one row per covariate: ``value`` with limits (rate ratio, odds ratio, or difference
    for a continuous outcome), ``coefficient``, ``standard_error``, ``p_value``;
    ``numerator`` the sum of the outcome and ``denominator`` of the exposure (rows without one).
    ``intercept`` stands apart.
    ``within``: the estimated correlation within clusters (0 for independence).
    """

    intercept: float
    within: float
    clusters: int
    family: Family
    covariance: pd.DataFrame

    def text(self, language: Language) -> str:
        """Each estimate with its interval, and how many clusters it rests on."""
        parts = [
            sentence(
                f"methods.clustered.gee_{self.family}",
                language,
                term=str(row["term"]),
                **estimate_words(row, language),
            )
            for row in self.table.to_dict("records")
        ]
        parts.append(
            sentence(
                "methods.clustered.rests_on", language, clusters=self.clusters, within=self.within
            )
        )
        return " ".join(parts)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the estimates with their limits."""
        ax = axes(ax)
        place = np.arange(len(self.table))[::-1]
        value = self.table["value"]
        ax.axvline(0.0 if self.family == "gaussian" else 1.0, color=GREY, linewidth=1)
        error = [value - self.table["lower"], self.table["upper"] - value]
        ax.errorbar(value, place, xerr=error, fmt="o", color=BLUE)
        if self.family != "gaussian":
            ratios(ax, language)
        ax.set_yticks(place, [str(term) for term in self.table["term"]])
        return describe(ax, language, x=_AXES[self.family])


def gee(
    data: pd.DataFrame,
    *,
    outcome: str,
    covariates: Sequence[str],
    cluster: str,
    exposure: str | None = None,
    family: Family = "poisson",
    correlation: Correlation = "exchangeable",
    errors: Errors = "bias-reduced",
    confidence: float = 0.95,
) -> GEE:
    """Regression for clustered rows: a population-averaged effect with robust errors.

    ``data``: one row per person (or person-period); ``covariates`` numeric; ``cluster``: the home,
    or the person where rows repeat. ``exposure``: resident-days of counts, its logarithm is the
    offset. ``errors``: "bias-reduced" (Mancl & DeRouen, default: with few clusters the plain
    sandwich is too small), "robust" or "naive"; limits by t with clusters - terms degrees of
    freedom.

    Raises UserError for missing values, zero exposure, no more clusters than terms, collinear
    covariates, and where the fit does not converge.
    Equals R ``geepack::geeglm`` for "robust". Source: Liang & Zeger 1986; Mancl & DeRouen 2001.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> homes = pd.DataFrame(
    ...     {
    ...         "home": list("aabbccddee"),
    ...         "new": [0, 0, 1, 1, 0, 0, 1, 1, 0, 1],
    ...         "falls": [3, 2, 1, 0, 4, 2, 1, 2, 3, 1],
    ...         "days": [300, 310, 290, 305, 280, 300, 310, 295, 300, 300],
    ...     }
    ... )
    >>> model = ue.methods.clustered.gee(
    ...     homes,
    ...     outcome="falls",
    ...     covariates=["new"],
    ...     cluster="home",
    ...     exposure="days",
    ...     correlation="independence",
    ... )
    >>> model.table[["term", "value"]].round(3).to_dict("records")  # the rate ratio
    [{'term': 'new', 'value': 0.355}]
    """
    level(confidence)
    choice(family, Family, "family")
    choice(correlation, Correlation, "correlation")
    choice(errors, Errors, "errors")
    y = _outcome(data, outcome, family)
    codes, names = labels(column(data, cluster), cluster)
    days = None if exposure is None else denominators(column(data, exposure), exposure)
    x = np.column_stack(
        [np.ones(len(y)), *(numbers(column(data, name), name) for name in covariates)]
    )
    if np.linalg.matrix_rank(x / np.abs(x).max(axis=0)) < x.shape[1]:
        raise UserError("methods.clustered.collinear")
    df = len(names) - x.shape[1]
    if df < 1:
        raise UserError("methods.clustered.too_few_clusters", clusters=len(names), terms=x.shape[1])
    result = _fit(y, x, codes, days, family=family, correlation=correlation, errors=errors)
    terms = ["intercept", *covariates]
    beta = np.asarray(result.params, dtype=np.float64)
    covariance = np.asarray(result.cov_params(), dtype=np.float64)
    table = _table(beta, covariance, df, family=family, confidence=confidence).iloc[1:]
    table.insert(0, "term", list(covariates))
    table["numerator"] = float(y.sum())
    table["denominator"] = float(len(y) if days is None else days.sum())
    table["method"] = f"GEE, {family}, {correlation}, {errors}"
    within = 0.0 if correlation == "independence" else float(result.cov_struct.dep_params)
    return GEE(
        table[["term", *COLUMNS, "coefficient", "standard_error", "p_value"]].reset_index(
            drop=True
        ),
        intercept=float(beta[0]),
        within=within,
        clusters=len(names),
        family=family,
        covariance=pd.DataFrame(covariance, index=terms, columns=terms),
    )


def _outcome(data: pd.DataFrame, outcome: str, family: Family) -> FloatArray:
    if family == "poisson":
        return counts(column(data, outcome), outcome)
    if family == "binomial":
        return yes_or_no(column(data, outcome), outcome).astype(np.float64)
    return numbers(column(data, outcome), outcome)


def _fit(
    y: FloatArray,
    x: FloatArray,
    codes: IntArray,
    days: FloatArray | None,
    *,
    family: Family,
    correlation: Correlation,
    errors: Errors,
) -> Any:
    kinds = {
        "poisson": sm.families.Poisson(),
        "binomial": sm.families.Binomial(),
        "gaussian": sm.families.Gaussian(),
    }
    structures = {
        "exchangeable": sm.cov_struct.Exchangeable(),
        "independence": sm.cov_struct.Independence(),
    }
    # One order of rows for every order of the input: sums then have the same last digits.
    keys = [*x.T[::-1], y, codes] if days is None else [*x.T[::-1], days, y, codes]
    order = np.lexsort(keys)
    model = sm.GEE(
        y[order],
        x[order],
        groups=codes[order],
        family=kinds[family],
        cov_struct=structures[correlation],
        exposure=None if days is None else days[order],
    )
    cov_type = {"bias-reduced": "bias_reduced", "robust": "robust", "naive": "naive"}[errors]
    with warnings.catch_warnings():
        for kind in (
            ConvergenceWarning,
            IterationLimitWarning,
            HessianInversionWarning,
            RuntimeWarning,
        ):
            warnings.simplefilter("error", kind)
        try:
            return model.fit(maxiter=200, ctol=1e-10, cov_type=cov_type)
        except (
            ConvergenceWarning,
            IterationLimitWarning,
            HessianInversionWarning,
            RuntimeWarning,
            np.linalg.LinAlgError,
        ):
            raise UserError("methods.clustered.not_converged") from None


def _table(
    beta: FloatArray, covariance: FloatArray, df: int, *, family: Family, confidence: float
) -> pd.DataFrame:
    se = np.sqrt(np.diag(covariance))
    reach = float(stats.t.ppf((1 + confidence) / 2, df)) * se
    shown = [beta, beta - reach, beta + reach]
    if family != "gaussian":
        shown = [np.exp(part) for part in shown]
    return pd.DataFrame(
        {
            "value": shown[0],
            "lower": shown[1],
            "upper": shown[2],
            "confidence": confidence,
            "coefficient": beta,
            "standard_error": se,
            "p_value": 2 * stats.t.sf(np.abs(beta / se), df),
        }
    )
