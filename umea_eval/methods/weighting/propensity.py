"""What if everyone, and what if nobody, had taken part: by weighting those who did."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe, named
from umea_eval.methods.estimates import estimate_words
from umea_eval.methods.inputs import (
    Column,
    choice,
    column,
    labels,
    level,
    numbers,
    same_length,
    yes_or_no,
)
from umea_eval.methods.result import COLUMNS, Result
from umea_eval.methods.sentences import sentence
from umea_eval.methods.weighting.formula import model_matrix
from umea_eval.style import BLUE, GREY, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Estimand = Literal["ate", "att", "overlap"]


@dataclass(frozen=True)
class PropensityWeights(Result):
    """Weights from a model of who takes part.

    ``weights`` and ``propensity``: one per row of the data, in its order and with its index.
    ``table``: one row per group: ``denominator`` persons, ``value`` the effective sample size
    (sum of weights squared over sum of squared weights; no limits), ``mean_weight``, ``largest``.
    """

    weights: pd.Series[float]
    propensity: pd.Series[float]
    treated: pd.Series[bool]
    estimand: Estimand

    def text(self, language: Language) -> str:
        """What the weights do to the sample, and how large the largest is."""
        return sentence(
            "methods.weighting.weights",
            language,
            treated=self.table["denominator"].iloc[0],
            control=self.table["denominator"].iloc[1],
            effective_treated=self.table["value"].iloc[0],
            effective_control=self.table["value"].iloc[1],
            largest=float(self.table["largest"].max()),
        )

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the propensities of both groups: where they do not overlap nothing is known."""
        ax = axes(ax)
        bins = np.linspace(0, 1, 31).tolist()
        others, those = (named(word, language) for word in ("not_part", "took_part"))
        ax.hist(self.propensity[~self.treated], bins=bins, color=GREY, alpha=0.6, label=others)
        ax.hist(
            self.propensity[self.treated],
            bins=bins,
            histtype="step",
            color=VERMILION,
            label=those,
        )
        return describe(ax, language, x="propensity", y="persons", legend=True)


@dataclass(frozen=True)
class WeightedDifference(Result):
    """``table``: rows "treated" and "control" (weighted means) and "difference" in ``term``, the
    last with limits, ``standard_error`` and ``p_value``; ``denominator`` persons."""

    def text(self, language: Language) -> str:
        """The weighted difference with its interval and what it rests on."""
        row = self.table.iloc[-1]
        return " ".join(
            [
                sentence(
                    "methods.weighting.difference",
                    language,
                    **estimate_words(row, language),
                ),
                sentence("methods.weighting.assumption", language),
            ]
        )

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the difference with its limits."""
        ax = axes(ax)
        row = self.table.iloc[-1]
        error = [[row["value"] - row["lower"]], [row["upper"] - row["value"]]]
        ax.axvline(0, color=GREY, linewidth=1)
        ax.errorbar([row["value"]], [0], xerr=error, fmt="o", color=BLUE)
        ax.set_yticks([])
        return describe(ax, language, x="difference")


def propensity_weights(
    data: pd.DataFrame,
    formula: str,
    *,
    estimand: Estimand = "ate",
    stabilised: bool = False,
    truncate: float | None = None,
) -> PropensityWeights:
    """Inverse probability weights from logistic regression.

    ``formula``: ``"treatment ~ covariates"`` with a treatment of 0 and 1; ``C(x)`` for categories,
    ``I(x**2)`` for squares. ``estimand``: the effect in everyone ("ate"), in those who took part
    ("att"), or where both groups overlap ("overlap"). ``stabilised``: multiply by the share of the
    group ("ate"). ``truncate``: a percentile (0.99) beyond which weights are cut, both ends.

    UserError for missing values in the formula's columns, where the covariates tell exactly who
    takes part, and where the model does not converge.
    Equals R ``glm(binomial)`` weights (W01). Source: Rosenbaum & Rubin 1983; Hernan & Robins 2020,
    chapter 12; overlap weights: Li, Morgan & Zaslavsky 2018.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {
    ...         "joined": [1, 1, 1, 0, 0, 0, 0, 1],
    ...         "old": [1, 1, 0, 0, 0, 1, 0, 0],
    ...         "y": [5.0, 6.0, 4.0, 2.0, 3.0, 4.0, 2.0, 4.0],
    ...     }
    ... )
    >>> model = ue.methods.weighting.propensity_weights(frame, "joined ~ old")
    >>> [round(float(share), 3) for share in model.propensity[:4]]  # 2 of 3 old, 2 of 5 others
    [0.667, 0.667, 0.4, 0.4]
    """
    choice(estimand, Estimand, "estimand")
    if truncate is not None and not 0.5 < truncate < 1:
        raise UserError("methods.weighting.truncate", value=str(truncate))
    name, _, terms = (part.strip() for part in formula.partition("~"))
    treated = yes_or_no(column(data, name), name)
    x = np.asarray(model_matrix(terms, data), dtype=np.float64)
    model = sm.GLM(treated.astype(np.float64), x, family=sm.families.Binomial())
    propensity = np.asarray(converged(model).fittedvalues, dtype=np.float64)
    if min(propensity.min(), 1 - propensity.max()) < 1e-9:
        raise UserError("methods.weighting.separated")
    if estimand == "ate":
        weight = np.where(treated, 1 / propensity, 1 / (1 - propensity))
        if stabilised:
            share = float(treated.mean())
            weight = weight * np.where(treated, share, 1 - share)
    elif estimand == "att":
        weight = np.where(treated, 1.0, propensity / (1 - propensity))
    else:
        weight = np.where(treated, 1 - propensity, propensity)
    if truncate is not None:
        weight = np.clip(weight, *np.quantile(weight, [1 - truncate, truncate]))
    table = pd.DataFrame(
        [
            {
                "group": group,
                "numerator": np.nan,
                "denominator": float(side.sum()),
                "value": float(weight[side].sum() ** 2 / (weight[side] ** 2).sum()),
                "lower": np.nan,
                "upper": np.nan,
                "confidence": np.nan,
                "method": f"propensity weights, {estimand}",
                "mean_weight": float(weight[side].mean()),
                "largest": float(weight[side].max()),
            }
            for group, side in (("treated", treated), ("control", ~treated))
        ]
    )
    return PropensityWeights(
        table,
        pd.Series(weight, index=data.index, name="weight"),
        pd.Series(propensity, index=data.index, name="propensity"),
        pd.Series(treated, index=data.index, name=name),
        estimand,
    )


def weighted_difference(
    data: pd.DataFrame,
    *,
    outcome: str,
    treatment: str,
    weights: Column,
    cluster: str | None = None,
    confidence: float = 0.95,
) -> WeightedDifference:
    """Difference of weighted means with a robust error (HC0; by ``cluster`` where given).

    The error takes the weights as known, which for "ate" weights is on the safe side.
    Equals R ``lm(y ~ a, weights = w)`` with ``vcovHC(type = "HC0")`` (W01).
    Source: Hernan & Robins 2020, technical point 12.1; Lunceford & Davidian 2004.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {
    ...         "joined": [1, 1, 1, 0, 0, 0, 0, 1],
    ...         "old": [1, 1, 0, 0, 0, 1, 0, 0],
    ...         "y": [5.0, 6.0, 4.0, 2.0, 3.0, 4.0, 2.0, 4.0],
    ...     }
    ... )
    >>> model = ue.methods.weighting.propensity_weights(frame, "joined ~ old")
    >>> effect = ue.methods.weighting.weighted_difference(
    ...     frame, outcome="y", treatment="joined", weights=model.weights
    ... )
    >>> round(float(effect.table["value"].iloc[0]), 3)  # 3/8 x 1.5 + 5/8 x 1.667
    4.563
    """
    level(confidence)
    y = numbers(column(data, outcome), outcome)
    treated = yes_or_no(column(data, treatment), treatment)
    w = numbers(weights, "weights")
    same_length(y, w, (outcome, "weights"))
    if (w < 0).any() or w[treated].sum() <= 0 or w[~treated].sum() <= 0:
        raise UserError("methods.weighting.one_group")
    means, parts = [], np.zeros(len(y))
    for side, sign in ((treated, 1.0), (~treated, -1.0)):
        mean = float(np.average(y[side], weights=w[side]))
        means.append(mean)
        parts[side] = sign * w[side] * (y[side] - mean) / w[side].sum()
    if cluster is not None:
        codes, _ = labels(column(data, cluster), cluster)
        parts = np.bincount(codes, weights=parts).astype(np.float64)
    sides = (("treated", means[0], treated.sum()), ("control", means[1], (~treated).sum()))
    method = "weighted difference, robust" if cluster is None else "weighted difference, by cluster"
    return WeightedDifference(
        effect_table(sides, float(np.sqrt(parts @ parts)), confidence=confidence, method=method)
    )


def effect_table(
    sides: tuple[tuple[str, float, Any], ...], se: float, *, confidence: float, method: str
) -> pd.DataFrame:
    """Two means and their difference with normal limits."""
    difference = sides[0][1] - sides[1][1]
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * se
    rows: list[dict[str, Any]] = [
        {"term": name, "value": mean, "denominator": float(persons)}
        for name, mean, persons in sides
    ]
    rows.append(
        {
            "term": "difference",
            "value": difference,
            "denominator": float(sum(persons for _, _, persons in sides)),
            "lower": difference - reach,
            "upper": difference + reach,
            "standard_error": se,
            "p_value": 2 * float(stats.norm.sf(abs(difference) / se)) if se > 0 else np.nan,
        }
    )
    table = pd.DataFrame(rows).assign(confidence=confidence, method=method, numerator=np.nan)
    return table[["term", *COLUMNS, "standard_error", "p_value"]]


def converged(model: Any, **options: Any) -> Any:
    """Fit a model; non-convergence and perfect separation are errors."""
    with warnings.catch_warnings():
        for kind in (ConvergenceWarning, PerfectSeparationWarning, RuntimeWarning):
            warnings.simplefilter("error", kind)
        try:
            return model.fit(**options)
        except PerfectSeparationWarning:
            raise UserError("methods.weighting.separated") from None
        except (ConvergenceWarning, RuntimeWarning, np.linalg.LinAlgError):
            raise UserError("methods.weighting.not_converged") from None
