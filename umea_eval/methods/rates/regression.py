"""Rates compared with several characteristics held equal: Poisson and negative binomial models."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from scipy.stats import t as student
from statsmodels.tools.sm_exceptions import (
    ConvergenceWarning,
    DomainWarning,
    PerfectSeparationWarning,
)

from umea_eval.errors import UserError
from umea_eval.language import Language, text
from umea_eval.methods.design import Design, design_matrix
from umea_eval.methods.estimates import Estimates, estimate_table
from umea_eval.methods.inputs import FloatArray, choice, column, group_keys, level
from umea_eval.methods.rates.single import read_rate

Family = Literal["poisson", "quasi_poisson", "negative_binomial"]
_NAMES = {
    "poisson": "Poisson",
    "quasi_poisson": "quasi-Poisson",
    "negative_binomial": "negative binomial",
}
# The dispersion of a negative binomial model is sought between these; at the lower end the model
# is Poisson to 6 digits.
_ALPHA = (1e-8, 1e4)
_ROWS_TOLD = 6
# On the log scale: a factor of 10^13.
_WIDEST = 30.0


@dataclass(frozen=True)
class _Rows:
    """What a model is fitted to: design matrix, events, exposure, and whose row it is."""

    matrix: FloatArray
    events: FloatArray
    time: FloatArray
    codes: npt.NDArray[np.int64] | None


@dataclass(frozen=True, kw_only=True)
class RateRegression(Estimates):
    """Rate ratios of a regression, one row per term (and level).

    ``coefficients`` has every coefficient on the log scale, with the constant first; ``dispersion``
    is Pearson's chi-square over its degrees of freedom, ``alpha`` the negative binomial's extra
    variance (variance = mean + alpha * mean^2; missing in other families).
    """

    coefficients: pd.DataFrame
    dispersion: float
    alpha: float
    observations: int
    clusters: int | None

    words: ClassVar[str] = "rates.regression"
    null: ClassVar[float | None] = 1.0

    def text(self, language: Language) -> str:
        """The ratios (of many the lowest and the highest), and what they rest on."""
        ratios = super().text(language)
        if len(self.table) <= _ROWS_TOLD:
            rows = [self._shown(self.table.iloc[i], language) for i in range(len(self.table))]
            ratios = " ".join(text(f"methods.{self.words}.one", language, **row) for row in rows)
        key = "basis" if self.clusters is None else "basis_clusters"
        basis = text(
            f"methods.{self.words}.{key}",
            language,
            observations=self.observations,
            clusters=self.clusters,
        )
        return f"{ratios} {basis}"


def rate_regression(
    data: pd.DataFrame,
    x: str,
    exposure: str,
    terms: Sequence[str],
    *,
    family: Family = "poisson",
    cluster: str | None = None,
    references: Mapping[str, Any] | None = None,
    confidence: float = 0.95,
) -> RateRegression:
    """Rate ratios of ``terms`` for the events ``x``, with log ``exposure`` as offset.

    Numeric and yes/no columns enter as they are; others as one indicator per level beside the
    reference (``references[term]``, else the first level in order). ``cluster`` names the column
    of those whose rows belong together (the person, the home): standard errors are then robust to
    any dependence within it, multiplied by clusters / (clusters - 1), with t limits on
    clusters - 1 degrees of freedom. Quasi-Poisson uses t on the residual degrees of freedom, the
    other families the normal distribution.

    Raises UserError if the model does not converge, a term has one value only or repeats others,
    a level has no events, or a negative binomial model finds no extra variance (use Poisson).
    Equals R ``glm(x ~ terms + offset(log(exposure)), poisson)``, ``quasipoisson`` and
    ``MASS::glm.nb``; with ``cluster`` R ``sandwich::vcovCL(type = "HC0")``.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> homes = pd.DataFrame(
    ...     {
    ...         "kind": ["old", "old", "new", "new"],
    ...         "falls": [10, 14, 5, 7],
    ...         "days": [1000, 1000, 1000, 1000],
    ...     }
    ... )
    >>> model = ue.methods.rates.rate_regression(
    ...     homes, "falls", "days", ["kind"], references={"kind": "old"}
    ... )
    >>> model.table[["term", "level", "value"]].round(3).to_dict("records")  # 12 falls against 24
    [{'term': 'kind', 'level': 'new', 'value': 0.5}]
    """
    choice(family, Family, "family")
    events, time = read_rate(column(data, x), column(data, exposure), (x, exposure))
    design = design_matrix(data, terms, references=references)
    _refuse_levels_without_events(design, events)
    codes = None
    if cluster is not None:
        codes = pd.factorize(group_keys(data, cluster)[cluster], sort=True)[0]
        if codes.max() < 1:
            raise UserError("methods.rates.regression.one_cluster")
    rows = _in_order(_Rows(design.matrix, events, time, codes))
    alpha = _alpha(rows) if family == "negative_binomial" else np.nan
    fit = _fit(rows, family, alpha)
    error = np.sqrt(np.diag(np.asarray(fit.cov_params())))
    clusters = None if codes is None else len(np.unique(codes))
    degrees: float = np.inf
    if clusters is not None:
        error = error * np.sqrt(clusters / (clusters - 1))
        degrees = clusters - 1
    elif family == "quasi_poisson":
        degrees = float(fit.df_resid)
    coefficients = design.names.assign(
        coefficient=np.asarray(fit.params),
        standard_error=error,
        statistic=np.asarray(fit.params) / error,
        p_value=2 * _sf(np.abs(np.asarray(fit.params) / error), degrees),
    )
    half = _quantile((1 - level(confidence)) / 2, degrees) * error
    shown = coefficients.iloc[1:].reset_index(drop=True)
    table = estimate_table(
        shown[["term", "level"]],
        value=np.exp(shown["coefficient"]),
        lower=np.exp(shown["coefficient"] - half[1:]),
        upper=np.exp(shown["coefficient"] + half[1:]),
        confidence=confidence,
        method=_NAMES[family] + ("" if cluster is None else ", cluster-robust"),
        **{name: shown[name] for name in ("coefficient", "standard_error", "statistic", "p_value")},
    ).assign(label=design.labels[1:])
    return RateRegression(
        table,
        label=("label",),
        coefficients=coefficients,
        dispersion=float(fit.pearson_chi2 / fit.df_resid) if fit.df_resid else np.nan,
        alpha=alpha,
        observations=len(data),
        clusters=clusters,
    )


def _in_order(rows: _Rows) -> _Rows:
    """Sorted, because sums of floats depend on their order: the order of rows must not show."""
    codes = np.zeros(len(rows.events), dtype=np.int64) if rows.codes is None else rows.codes
    columns = [rows.matrix, rows.events[:, None], rows.time[:, None], codes[:, None]]
    order = np.lexsort(np.concatenate(columns, axis=1).T[::-1])
    return _Rows(
        rows.matrix[order],
        rows.events[order],
        rows.time[order],
        None if rows.codes is None else codes[order],
    )


def _fit(rows: _Rows, family: Family, alpha: float) -> Any:
    """The fitted generalised linear model; UserError instead of any warning about it."""
    chosen = (
        sm.families.NegativeBinomial(alpha=alpha)
        if family == "negative_binomial"
        else sm.families.Poisson()
    )
    options: dict[str, Any] = {"scale": "X2" if family == "quasi_poisson" else 1.0}
    if rows.codes is not None:
        options["cov_type"] = "cluster"
        options["cov_kwds"] = {"groups": rows.codes, "use_correction": False}
    model = {"family": chosen, "offset": np.log(rows.time)}
    with warnings.catch_warnings():
        for doubt in (ConvergenceWarning, PerfectSeparationWarning, DomainWarning, RuntimeWarning):
            warnings.simplefilter("error", doubt)
        try:
            fit = sm.GLM(rows.events, rows.matrix, **model).fit(tol=1e-12, maxiter=100, **options)
        except (
            ConvergenceWarning,
            PerfectSeparationWarning,
            DomainWarning,
            RuntimeWarning,
        ) as doubt:
            raise UserError("methods.rates.regression.not_converged") from doubt
    if not fit.converged or _runs_away(fit, rows.matrix):
        raise UserError("methods.rates.regression.not_converged")
    return fit


def _runs_away(fit: Any, matrix: FloatArray) -> bool:
    """Whether a coefficient tends to infinity, which stops the search without an answer.

    Then the likelihood is flat: over the range of its column the model's own error (not the
    robust one, which can be small) spans more than any real rates differ.
    """
    error = np.sqrt(np.diag(np.asarray(fit.normalized_cov_params)))
    reach = error[1:] * np.ptp(matrix[:, 1:], axis=0)
    return not np.isfinite(np.asarray(fit.params)).all() or bool((reach > _WIDEST).any())


def _alpha(rows: _Rows) -> float:
    """The negative binomial's extra variance, by maximum profile likelihood."""
    plain = replace(rows, codes=None)
    mean = np.asarray(_fit(plain, "poisson", np.nan).fittedvalues)
    # The slope of the likelihood at alpha = 0: unless it rises there, its top is a Poisson model.
    if ((rows.events - mean) ** 2 - rows.events).sum() <= 0:
        raise UserError("methods.rates.regression.no_extra_variance")

    def loss(log_alpha: float) -> float:
        fit = _fit(plain, "negative_binomial", float(np.exp(log_alpha)))
        return -float(fit.llf)

    found = minimize_scalar(
        loss,
        bounds=(np.log(_ALPHA[0]), np.log(_ALPHA[1])),
        method="bounded",
        options={"xatol": 1e-10},
    )
    if not found.success:
        raise UserError("methods.rates.regression.not_converged")
    return float(np.exp(found.x))


def _refuse_levels_without_events(design: Design, events: FloatArray) -> None:
    """A level without events has the ratio 0 and no standard error."""
    if events.sum() == 0:
        raise UserError("methods.rates.regression.no_events")
    for place in range(1, design.matrix.shape[1]):
        indicator = design.matrix[:, place]
        if np.isin(indicator, (0.0, 1.0)).all() and (
            events[indicator == 1].sum() == 0 or events[indicator == 0].sum() == 0
        ):
            raise UserError(
                "methods.rates.regression.level_without_events",
                term=design.names["term"].iloc[place],
            )


def _quantile(tail: float, degrees: float) -> float:
    return float(norm.isf(tail) if np.isinf(degrees) else student.isf(tail, degrees))


def _sf(statistic: FloatArray, degrees: float) -> FloatArray:
    tail = norm.sf(statistic) if np.isinf(degrees) else student.sf(statistic, degrees)
    return np.asarray(tail, dtype=np.float64)
