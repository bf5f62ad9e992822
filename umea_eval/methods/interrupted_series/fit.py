"""How are the coefficients of an interrupted series estimated, and how uncertain are they?"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import statsmodels.api as sm
from scipy import optimize, stats
from statsmodels.tools.sm_exceptions import (
    ConvergenceWarning,
    HessianInversionWarning,
    PerfectSeparationWarning,
)
from statsmodels.tsa.arima.model import ARIMA

from umea_eval.errors import UserError
from umea_eval.methods.inputs import FloatArray, at_least, choice
from umea_eval.methods.interrupted_series.autoregressive import Mixture, mixture
from umea_eval.methods.interrupted_series.design import Design

Family = Literal["gaussian", "poisson", "quasi-poisson", "negative binomial"]
Errors = Literal["autoregressive", "newey-west", "model", "arima"]

_ITERATIONS = 100
# Overdispersion from none that matters to one that no count series of a municipality has.
_LOG_ALPHA = (-14.0, 4.0)


@dataclass(frozen=True)
class Fit:
    """A fitted model. ``limits(gradient)`` gives lower, upper and p of a linear combination."""

    beta: FloatArray
    covariance: FloatArray
    degrees_of_freedom: int
    fitted: FloatArray
    residuals: FloatArray  # Pearson's, not scaled by the dispersion
    dispersion: float
    mixture: Mixture | None

    def limits(
        self, gradient: FloatArray, confidence: float, null: float = 0.0
    ) -> tuple[float, float, float]:
        """Lower and upper limit, and two-sided p against ``null``."""
        if self.mixture is not None:
            return self.mixture.limits(gradient, confidence, null)
        centre, se = float(gradient @ self.beta), self.standard_error(gradient)
        reach = float(stats.t.ppf((1 + confidence) / 2, self.degrees_of_freedom)) * se
        p = (
            2 * float(stats.t.sf(abs(centre - null) / se, self.degrees_of_freedom))
            if se > 0
            else 1.0
        )
        return centre - reach, centre + reach, p

    def standard_error(self, gradient: FloatArray) -> float:
        """The standard error of a linear combination."""
        return float(np.sqrt(gradient @ self.covariance @ gradient))


def fit(
    plan: Design,
    *,
    family: Family,
    errors: Errors,
    lags: int | None,
    order: tuple[int, int, int] = (1, 0, 0),
) -> Fit:
    """Fit the model by the family's likelihood, then its errors.

    ``model``: the family's own (quasi-Poisson: Pearson's chi2 over its degrees of freedom).
    ``newey-west``: HAC with Bartlett weights over ``lags`` periods, no small-sample factor (as R's
    ``NeweyWest(prewhite = FALSE, adjust = FALSE)``). ``autoregressive``: see that module; for
    counts the model is linearised at its own fit (a GEE with one series).
    """
    choice(family, Family, "family")
    choice(errors, Errors, "errors")
    log_link = family != "gaussian"
    if not log_link and plan.exposure is not None:
        raise UserError("methods.interrupted_series.exposure_of_mean")
    if lags is not None:
        at_least(lags, 0, "lags")
        if lags >= len(plan.outcome):
            raise UserError("methods.interrupted_series.lags", lags=lags, n=len(plan.outcome))
    if errors == "arima":
        return _arima(plan, family, order)
    if errors == "autoregressive":
        return _autoregressive(plan, family) if log_link else _linear_autoregressive(plan)
    model = _model(plan, family)
    options: dict[str, Any] = {}
    if errors == "newey-west":
        options = {
            "cov_type": "HAC",
            "cov_kwds": {
                "maxlags": default_lags(len(plan.outcome)) if lags is None else lags,
                "use_correction": False,
            },
        }
    elif family == "quasi-poisson":
        options = {"scale": "X2"}
    elif log_link:
        options = {"scale": 1.0}
    result = _converged(model, options)
    mu = np.asarray(result.fittedvalues, dtype=np.float64)
    residuals = _pearson(plan.outcome, mu, _variance(model, mu))
    df = len(plan.outcome) - plan.matrix.shape[1]
    return Fit(
        beta=np.asarray(result.params, dtype=np.float64),
        covariance=np.asarray(result.cov_params(), dtype=np.float64),
        degrees_of_freedom=df,
        fitted=mu,
        residuals=residuals,
        dispersion=float(residuals @ residuals / df),
        mixture=None,
    )


def default_lags(n: int) -> int:
    """Newey & West's rule of thumb, 4 (n / 100)^(2/9), rounded down."""
    return int(np.floor(4 * (n / 100) ** (2 / 9)))


def _model(plan: Design, family: Family) -> Any:
    if family == "gaussian":
        return sm.OLS(plan.outcome, plan.matrix)
    wrong = (plan.outcome < 0) | (plan.outcome != np.floor(plan.outcome))
    if wrong.any():
        raise UserError(
            "methods.interrupted_series.not_counts",
            period=plan.line.labels[plan.rows[int(wrong.argmax())]],
        )
    if not plan.outcome[plan.before].any() or not plan.outcome[plan.after].any():
        raise UserError("methods.interrupted_series.no_events")
    exposure = np.ones(len(plan.outcome)) if plan.exposure is None else plan.exposure
    if (exposure <= 0).any():
        raise UserError(
            "methods.interrupted_series.no_exposure",
            period=plan.line.labels[plan.rows[int((exposure <= 0).argmax())]],
        )
    kind = sm.families.Poisson()
    if family == "negative binomial":
        kind = sm.families.NegativeBinomial(alpha=_alpha(plan, exposure))
    return sm.GLM(plan.outcome, plan.matrix, family=kind, exposure=exposure)


def _alpha(plan: Design, exposure: FloatArray) -> float:
    """The overdispersion, by maximum likelihood; a tiny one where the counts show none."""
    poisson = sm.GLM(plan.outcome, plan.matrix, family=sm.families.Poisson(), exposure=exposure)
    mu = np.asarray(_converged(poisson, {"scale": 1.0}).fittedvalues)
    # Without overdispersion the likelihood is largest at zero, where no iteration can stop.
    score_at_zero = float(np.sum((plan.outcome - mu) ** 2 - plan.outcome))
    if score_at_zero <= 0:
        return 1e-8

    def less_likely(logarithm: float) -> float:
        family = sm.families.NegativeBinomial(alpha=float(np.exp(logarithm)))
        model = sm.GLM(plan.outcome, plan.matrix, family=family, exposure=exposure)
        return -float(_converged(model, {"scale": 1.0}).llf)

    # The profile likelihood has one parameter, whatever the scale of the terms (as R's glm.nb).
    best = optimize.minimize_scalar(
        less_likely, bounds=_LOG_ALPHA, method="bounded", options={"xatol": 1e-8}
    )
    return float(np.exp(best.x))


def _converged(model: Any, options: dict[str, Any]) -> Any:
    """Fit; a warning that the iteration did not converge is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("error", HessianInversionWarning)
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            return model.fit(**options)
        except PerfectSeparationWarning:
            raise UserError("methods.interrupted_series.no_variation") from None
        except (ConvergenceWarning, HessianInversionWarning, RuntimeWarning, np.linalg.LinAlgError):
            raise UserError("methods.interrupted_series.not_converged") from None


def _variance(model: Any, mu: FloatArray) -> FloatArray:
    if isinstance(model, sm.OLS):
        return np.ones(len(mu))
    return np.asarray(model.family.variance(mu), dtype=np.float64)


def _pearson(outcome: FloatArray, mu: FloatArray, variance: FloatArray) -> FloatArray:
    return np.asarray((outcome - mu) / np.sqrt(variance), dtype=np.float64)


def _linear_autoregressive(plan: Design) -> Fit:
    weighed = mixture(plan.matrix, plan.outcome, plan.rows)
    mu = plan.matrix @ weighed.mean
    return _from_mixture(weighed, mu, plan.outcome - mu)


def _autoregressive(plan: Design, family: Family) -> Fit:
    model = _model(plan, family)
    offset = np.zeros(len(plan.outcome)) if plan.exposure is None else np.log(plan.exposure)
    mu = np.asarray(_converged(model, {}).fittedvalues, dtype=np.float64)
    beta = np.full(plan.matrix.shape[1], np.inf)
    for _ in range(_ITERATIONS):
        # The variance of the working response, log(mu) + (y - mu) / mu, is V(mu) / mu^2.
        root = mu / np.sqrt(_variance(model, mu))
        working = np.log(mu) - offset + (plan.outcome - mu) / mu
        weighed = mixture(plan.matrix * root[:, np.newaxis], working * root, plan.rows)
        moved = float(np.abs(weighed.mean - beta).max())
        beta = weighed.mean
        mu = np.exp(plan.matrix @ beta + offset)
        if moved < 1e-9:
            return _from_mixture(weighed, mu, _pearson(plan.outcome, mu, _variance(model, mu)))
    raise UserError("methods.interrupted_series.not_converged")


def _arima(plan: Design, family: Family, order: tuple[int, int, int]) -> Fit:
    """Regression with ARIMA errors; periods left out of the model are missing, not joined."""
    if family != "gaussian":
        raise UserError("methods.interrupted_series.arima_counts")
    rows = plan.rows - plan.rows[0]
    outcome = np.full(rows[-1] + 1, np.nan)
    matrix = np.zeros((len(outcome), plan.matrix.shape[1]))
    # Columns of one size: the optimiser knows nothing of a trend of hundreds beside a step of one.
    size = np.abs(plan.matrix).max(axis=0)
    outcome[rows], matrix[rows] = plan.outcome, plan.matrix / size
    # ARIMA and not SARIMAX, whose own constant beside a step did not converge.
    # The observed information, as R uses; the default (outer products of scores) is another one.
    options: dict[str, Any] = {"cov_type": "oim", "method_kwargs": {"maxiter": 500}}
    result = _converged(ARIMA(outcome, exog=matrix, order=order, trend="n"), options)
    k = matrix.shape[1]
    beta = np.asarray(result.params, dtype=np.float64)[:k] / size
    if not np.isfinite(result.bse).all():
        raise UserError("methods.interrupted_series.not_converged")
    mu = plan.matrix @ beta
    return Fit(
        beta=beta,
        covariance=np.asarray(result.cov_params(), dtype=np.float64)[:k, :k] / np.outer(size, size),
        degrees_of_freedom=len(rows) - len(result.params) + 1,
        fitted=mu,
        residuals=np.asarray(result.resid, dtype=np.float64)[rows],
        dispersion=float(result.params[-1]),
        mixture=None,
    )


def _from_mixture(weighed: Mixture, mu: FloatArray, residuals: FloatArray) -> Fit:
    return Fit(
        beta=weighed.mean,
        covariance=weighed.variance,
        degrees_of_freedom=weighed.degrees_of_freedom,
        fitted=mu,
        residuals=residuals,
        dispersion=float(residuals @ residuals / weighed.degrees_of_freedom),
        mixture=weighed,
    )
