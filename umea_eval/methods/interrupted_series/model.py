"""Did the course change when something happened, and what would it have been without?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.stats.stattools import durbin_watson

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe, named
from umea_eval.methods.estimates import estimate_words, p_text, value_text
from umea_eval.methods.inputs import FloatArray, column, level, positive
from umea_eval.methods.interrupted_series.design import Design, Mark, design
from umea_eval.methods.interrupted_series.fit import Errors, Family, Fit, fit
from umea_eval.methods.result import COLUMNS, Result
from umea_eval.methods.sentences import sentence
from umea_eval.style import BLUE, GREY, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class InterruptedSeries(Result):
    """A fitted interrupted series.

    ``table``, one row per ``measure``:
    ``before`` and ``after``: events over exposure in the periods of the model, per ``per`` (a mean
    for a continuous outcome), no limits;
    ``level``: the change at the interruption (rate ratio, or difference for a continuous outcome);
    ``slope``: the change of trend per period (ratio, or difference);
    ``counterfactual``: events (mean) after, had level and trend gone on;
    ``difference``: observed less counterfactual, negative where events were averted.
    ``coefficients``: every term on the scale of the model (logarithms for counts): ``coefficient``,
    ``standard_error``, ``lower``, ``upper``, ``p_value``. ``course``: one row per period of
    the model: observed, fitted, counterfactual. ``diagnostics``: tests of
    autocorrelation, dispersion.
    The design reaches at most "a change that coincides with" the interruption.
    """

    coefficients: pd.DataFrame
    course: pd.DataFrame
    diagnostics: pd.DataFrame
    marks: pd.DataFrame
    family: Family
    errors: Errors
    per: float
    design: Design
    fit: Fit

    def row(self, measure: str) -> pd.Series[Any]:
        """One row of the table."""
        return self.table[self.table["measure"] == measure].iloc[0]

    def text(self, language: Language) -> str:
        """The change, the difference from the counterfactual, and what they may not be called."""
        kind = "ratio" if self.family != "gaussian" else "mean"
        name = self.design.interruption.name(self.design.line)
        without = float(self.row("counterfactual")["value"])
        observed = float(self.row("after")["numerator" if kind == "ratio" else "value"])
        parts = []
        for measure in ("level", "slope", "difference"):
            if measure not in set(self.table["measure"]):
                continue
            row = self.row(measure)
            parts.append(
                sentence(
                    f"methods.interrupted_series.{measure}_{kind}",
                    language,
                    mark=name,
                    **estimate_words(row, language),
                    counterfactual=value_text(without, language, beside=(observed,)),
                    observed=value_text(
                        observed, language, beside=() if kind == "ratio" else (without,)
                    ),
                )
            )
        tests = self.diagnostics.set_index("test")[["statistic", "p_value"]].to_dict("index")
        parts.append(
            sentence(
                "methods.interrupted_series.autocorrelation",
                language,
                value=tests["lag-1 autocorrelation"]["statistic"],
                p=p_text(tests["Ljung-Box"]["p_value"], language),
            )
        )
        parts.append(sentence("methods.interrupted_series.claim", language, mark=name))
        return " ".join(parts)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw observed values, the model and the counterfactual, with a line at each mark."""
        ax = axes(ax)
        place = self.course["place"].to_numpy()
        observed = named("observed", language)
        ax.plot(place, self.course["observed"], "o", color=GREY, markersize=4, label=observed)
        before, after = self.design.before, self.design.after
        model, without = self.course["fitted"], self.course["counterfactual"]
        ax.plot(place[before], model[before], color=BLUE, label=named("model", language))
        ax.plot(place[after], model[after], color=BLUE)
        label = named("counterfactual", language)
        ax.plot(place[after], without[after], color=BLUE, linestyle="--", label=label)
        for mark in self.marks.to_dict("records"):
            colour = VERMILION if mark["kind"] == "intervention" else GREY
            ax.axvline(mark["place"] - 0.5, color=colour, linestyle=":")
        step = max(1, len(self.design.line) // 12)
        ticks = np.arange(0, len(self.design.line), step)
        ax.set_xticks(ticks, [self.design.line.labels[t] for t in ticks], rotation=45, ha="right")
        return describe(ax, language, x="period", y="value", legend=True)


def interrupted_series(
    data: pd.DataFrame,
    *,
    outcome: str,
    interruption: Any,
    exposure: str | None = None,
    time: str = "month",
    family: Family = "quasi-poisson",
    slope: bool = True,
    phase_in: int = 0,
    marks: Sequence[Mark] = (),
    harmonics: int = 0,
    period: int = 12,
    covariates: Sequence[str] = (),
    errors: Errors = "autoregressive",
    lags: int | None = None,
    order: tuple[int, int, int] = (1, 0, 0),
    confidence: float = 0.95,
    per: float = 1000,
) -> InterruptedSeries:
    """Segmented regression of one series around an interruption.

    ``data``: one row per period in the columns ``time`` (months as "2023-01", dates, periods or
    whole numbers; no gap, no duplicate), ``outcome`` and ``exposure`` (resident-days; its logarithm
    is the offset). ``family``: "quasi-poisson" (default), "poisson" or "negative binomial" for
    counts, "gaussian" for a continuous outcome. ``interruption``: the first period of the new
    state, or a :class:`Mark`. ``slope`` and ``phase_in`` belong to it. ``marks``: other events of
    the series, of which breaks are modelled but never called interventions. ``harmonics``: pairs
    of sine and cosine with ``period`` periods a year. ``errors``: "autoregressive" (default;
    uncertainty of the autocorrelation included), "newey-west" (``lags``), "model", or "arima"
    (``order``, continuous outcomes); limits by t with n - p degrees of freedom. Only the default
    keeps its confidence in short series: see docs/coverage.md.

    Raises UserError below 12 comparable points on each side (between the nearest breaks), for a
    break within 6 periods of the interruption, gaps, duplicates, zero exposure, no events on one
    side, more terms than the series carries, and where the fit does not converge.
    Equals R ``glm(..., quasipoisson)``, ``sandwich::NeweyWest`` and ``lm`` (L04, L05, L06, I09).
    Source: Wagner et al. 2002; Bernal, Cummins & Gasparrini 2017; Newey & West 1987.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> months = pd.period_range("2021-01", periods=36, freq="M").astype(str)
    >>> counts = [20 + (7 * i) % 5 for i in range(24)] + [10 + (7 * i) % 5 for i in range(12)]
    >>> series = pd.DataFrame({"month": months, "falls": counts, "days": 1000})
    >>> result = ue.methods.interrupted_series.interrupted_series(
    ...     series, outcome="falls", exposure="days", interruption="2023-01", slope=False
    ... )
    >>> result.coefficients[["term", "coefficient"]].round(3)  # exp(-0.62) is the rate ratio
            term  coefficient
    0  intercept        -3.82
    1      trend         0.00
    2      level        -0.62
    """
    level(confidence)
    positive(per, "per")
    if isinstance(interruption, Mark):
        mark = interruption
    else:
        mark = Mark(interruption, slope=slope, phase_in=phase_in)
    for name in covariates:
        column(data, name)
    plan = design(
        data,
        outcome=column(data, outcome),
        exposure=None if exposure is None else column(data, exposure),
        time=column(data, time),
        interruption=mark,
        marks=marks,
        harmonics=harmonics,
        period=period,
        covariates=covariates,
    )
    return estimate(
        plan, family=family, errors=errors, lags=lags, order=order, confidence=confidence, per=per
    )


def estimate(
    plan: Design,
    *,
    family: Family,
    errors: Errors,
    lags: int | None,
    order: tuple[int, int, int],
    confidence: float,
    per: float,
) -> InterruptedSeries:
    """Fit a design and bring its results together."""
    fitted = fit(plan, family=family, errors=errors, lags=lags, order=order)
    if not fitted.residuals @ fitted.residuals > 1e-20 * max(
        1.0, float(plan.outcome @ plan.outcome)
    ):
        raise UserError("methods.interrupted_series.no_variation")
    log_link = family != "gaussian"
    exposure = np.ones(len(plan.outcome)) if plan.exposure is None else plan.exposure
    eta = plan.without @ fitted.beta
    without = np.exp(eta) * exposure if log_link else eta
    table = _table(plan, fitted, without, log_link=log_link, confidence=confidence, per=per)
    table["confidence"] = confidence
    table["method"] = f"segmented regression, {family}, {errors}"
    scale = per / exposure if log_link and plan.exposure is not None else 1.0
    course = pd.DataFrame(
        {
            "time": [plan.line.labels[row] for row in plan.rows],
            "place": plan.rows,
            "observed": plan.outcome * scale,
            "fitted": fitted.fitted * scale,
            "counterfactual": without * scale,
        }
    )
    return InterruptedSeries(
        table=table[["measure", *COLUMNS, "p_value"]],
        coefficients=_coefficients(plan, fitted, confidence),
        course=course,
        diagnostics=_diagnostics(plan, fitted),
        marks=_marks(plan),
        family=family,
        errors=errors,
        per=per if plan.exposure is not None else 1.0,
        design=plan,
        fit=fitted,
    )


def _table(
    plan: Design, fitted: Fit, without: FloatArray, *, log_link: bool, confidence: float, per: float
) -> pd.DataFrame:
    after = plan.after
    rows: list[dict[str, Any]] = []
    for name, inside in (("before", plan.before), ("after", after)):
        total = float(plan.outcome[inside].sum())
        if log_link:
            days = float(inside.sum() if plan.exposure is None else plan.exposure[inside].sum())
            unit = 1.0 if plan.exposure is None else per
            rows.append(
                {
                    "measure": name,
                    "numerator": total,
                    "denominator": days,
                    "value": unit * total / days,
                }
            )
        else:
            rows.append({"measure": name, "value": total / float(inside.sum())})
    for name, index in (("level", plan.level), ("slope", plan.slope)):
        if index is None:
            continue
        unit_vector = np.eye(len(plan.terms))[index]
        lower, upper, p = fitted.limits(unit_vector, confidence)
        value = float(fitted.beta[index])
        if log_link:
            value, lower, upper = float(np.exp(value)), float(np.exp(lower)), float(np.exp(upper))
        rows.append({"measure": name, "value": value, "lower": lower, "upper": upper, "p_value": p})
    rows += _against_counterfactual(plan, fitted, without, log_link=log_link, confidence=confidence)
    table = pd.DataFrame(rows)
    return table.reindex(columns=["measure", *COLUMNS, "p_value"]).astype(
        dict.fromkeys(
            ("numerator", "denominator", "value", "lower", "upper", "p_value"), np.float64
        )
    )


def _against_counterfactual(
    plan: Design, fitted: Fit, without: FloatArray, *, log_link: bool, confidence: float
) -> list[dict[str, Any]]:
    """Counterfactual events (mean) after the interruption, and the observed less those.

    The limits of the difference are those of fitted less counterfactual by the delta method: the
    chance of the observed counts is in them, since the model fits the level after freely.
    """
    after = plan.after
    if log_link:
        total = float(without[after].sum())
        gradient = without[after] @ plan.without[after]
        lower, upper, _ = fitted.limits(gradient / total, confidence)
        shift = float(gradient @ fitted.beta) / total
        limits = (total * np.exp(lower - shift), total * np.exp(upper - shift))
        with_it = fitted.fitted[after] @ plan.matrix[after]
        observed = float(plan.outcome[after].sum())
    else:
        n = float(after.sum())
        gradient = plan.without[after].sum(axis=0) / n
        total = float(gradient @ fitted.beta)
        limits = fitted.limits(gradient, confidence)[:2]
        with_it = plan.matrix[after].sum(axis=0) / n
        observed = float(plan.outcome[after].mean())
    change = with_it - gradient
    moved = (observed - total) - float(change @ fitted.beta)
    lower, upper, p = fitted.limits(change, confidence, null=-moved)
    return [
        {
            "measure": "counterfactual",
            "value": total,
            "lower": float(limits[0]),
            "upper": float(limits[1]),
        },
        {
            "measure": "difference",
            "value": observed - total,
            "lower": lower + moved,
            "upper": upper + moved,
            "p_value": p,
        },
    ]


def _coefficients(plan: Design, fitted: Fit, confidence: float) -> pd.DataFrame:
    rows = []
    for index, term in enumerate(plan.terms):
        unit_vector = np.eye(len(plan.terms))[index]
        lower, upper, p = fitted.limits(unit_vector, confidence)
        rows.append(
            {
                "term": term,
                "coefficient": float(fitted.beta[index]),
                "standard_error": fitted.standard_error(unit_vector),
                "lower": lower,
                "upper": upper,
                "p_value": p,
            }
        )
    return pd.DataFrame(rows)


def _diagnostics(plan: Design, fitted: Fit) -> pd.DataFrame:
    """Autocorrelation of Pearson residuals and their dispersion."""
    e = fitted.residuals - fitted.residuals.mean()
    n = len(e)
    lag = max(1, min(12, n // 5))
    box = acorr_ljungbox(e, lags=[lag])
    rows: list[dict[str, Any]] = [
        {"test": "lag-1 autocorrelation", "statistic": float(e[1:] @ e[:-1] / (e @ e))},
        {"test": "Durbin-Watson", "statistic": float(durbin_watson(e))},
        {
            "test": "Ljung-Box",
            "statistic": float(box["lb_stat"].iloc[0]),
            "degrees_of_freedom": float(lag),
            "p_value": float(box["lb_pvalue"].iloc[0]),
        },
        {"test": "dispersion", "statistic": fitted.dispersion},
    ]
    if fitted.mixture is not None:
        rows.append(
            {"test": "autocorrelation of the model", "statistic": fitted.mixture.autocorrelation}
        )
    frame = pd.DataFrame(rows)
    return frame.reindex(columns=["test", "statistic", "degrees_of_freedom", "p_value"])


def _marks(plan: Design) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "time": plan.line.labels[plan.line.place(mark.time)],
                "place": plan.line.place(mark.time),
                "kind": mark.kind,
                "label": mark.label,
                "phase_in": mark.phase_in,
            }
            for mark in (plan.interruption, *plan.marks)
        ]
    )
