"""How alike are the two groups, before and after weighting or matching?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe, named
from umea_eval.methods.inputs import (
    BoolArray,
    Column,
    FloatArray,
    column,
    in_order,
    numbers,
    refuse,
    same_length,
    yes_or_no,
)
from umea_eval.methods.result import COLUMNS, Result
from umea_eval.methods.sentences import sentence
from umea_eval.style import BLUE, GREY, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Austin 2009: standardised differences below a tenth are held to be negligible.
NEGLIGIBLE = 0.1


@dataclass(frozen=True)
class Balance(Result):
    """``table``: one row per covariate (and level of a categorical one): ``treated`` and
    ``control`` means before, ``treated_after`` and ``control_after`` weighted means, ``before``
    and ``value`` the standardised difference before and after (no limits), ``variance_ratio``."""

    def text(self, language: Language) -> str:
        """How many covariates differ, and the largest difference."""
        worst = self.table.iloc[int(self.table["value"].abs().argmax())]
        return sentence(
            "methods.weighting.balance",
            language,
            covariates=len(self.table),
            before=int((self.table["before"].abs() >= NEGLIGIBLE).sum()),
            after=int((self.table["value"].abs() >= NEGLIGIBLE).sum()),
            worst=str(worst["covariate"]),
            value=worst["value"],
        )

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the absolute standardised differences before (circles) and after (squares)."""
        ax = axes(ax)
        place = np.arange(len(self.table))[::-1]
        ax.axvline(NEGLIGIBLE, color=GREY, linestyle=":")
        ax.plot(
            self.table["before"].abs(), place, "o", color=VERMILION, label=named("before", language)
        )
        ax.plot(self.table["value"].abs(), place, "s", color=BLUE, label=named("after", language))
        ax.set_yticks(place, [str(name) for name in self.table["covariate"]])
        ax.set_xlim(left=0)
        return describe(ax, language, x="standardised", legend=True)


def balance_table(
    data: pd.DataFrame,
    *,
    treatment: str,
    covariates: Sequence[str],
    weights: Column | None = None,
) -> Balance:
    """Standardised differences in means, before and after weighting.

    The difference is divided by the unweighted pooled standard deviation (the root of the mean of
    the two variances), before and after, so that a change is a change of means. Text columns are
    split into their levels.
    UserError for missing values (a missing value is a level of its own or a row left out: decide).
    Source: Austin 2009; Austin & Stuart 2015.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {
    ...         "joined": [1, 1, 1, 0, 0, 0, 0, 1],
    ...         "old": [1, 1, 0, 0, 0, 1, 0, 0],
    ...         "y": [5.0, 6.0, 4.0, 2.0, 3.0, 4.0, 2.0, 4.0],
    ...     }
    ... )
    >>> balance = ue.methods.weighting.balance_table(frame, treatment="joined", covariates=["old"])
    >>> balance.table[["treated", "control"]].iloc[0].tolist()  # shares of old
    [0.5, 0.25]
    """
    treated = yes_or_no(column(data, treatment), treatment)
    weight = np.ones(len(treated))
    if weights is not None:
        weight = numbers(weights, "weights")
        same_length(weight, treated, ("weights", treatment))
        refuse(weight < 0, "methods.inputs.negative", "weights")
    if min(weight[treated].sum(), weight[~treated].sum()) <= 0:
        raise UserError("methods.weighting.one_group")
    rows = []
    for name, values in _columns(data, covariates):
        rows.append({"covariate": name} | _difference(values, treated, weight))
    table = pd.DataFrame(rows)
    table["numerator"] = float(treated.sum())
    table["denominator"] = float(len(treated))
    table["lower"] = table["upper"] = table["confidence"] = np.nan
    table["method"] = "standardised difference"
    more = ["treated", "control", "treated_after", "control_after", "before", "variance_ratio"]
    return Balance(table[["covariate", *COLUMNS, *more]])


def _columns(data: pd.DataFrame, covariates: Sequence[str]) -> list[tuple[str, FloatArray]]:
    found = []
    for name in covariates:
        series = column(data, name)
        if pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
            found.append((name, numbers(series, name)))
            continue
        refuse(series.isna().to_numpy(), "methods.inputs.missing", name)
        found += [
            (f"{name}: {level}", (series == level).to_numpy(dtype=np.float64))
            for level in in_order(series.unique())
        ]
    return found


def _difference(values: FloatArray, treated: BoolArray, weight: FloatArray) -> dict[str, float]:
    plain = [values[treated], values[~treated]]
    # A group of one person has no variance of its own: the other group's is used alone.
    known = [float(part.var(ddof=1)) for part in plain if len(part) > 1]
    spread = float(np.sqrt(np.mean(known))) if known else 0.0
    means = [float(part.mean()) for part in plain]
    after = [float(np.average(values[side], weights=weight[side])) for side in (treated, ~treated)]
    variances = [
        float(np.average((values[side] - mean) ** 2, weights=weight[side]))
        for side, mean in zip((treated, ~treated), after, strict=True)
    ]
    return {
        "treated": means[0],
        "control": means[1],
        "treated_after": after[0],
        "control_after": after[1],
        "before": _over(means[0] - means[1], spread),
        "value": _over(after[0] - after[1], spread),
        "variance_ratio": variances[0] / variances[1] if variances[1] > 0 else float("nan"),
    }


def _over(difference: float, spread: float) -> float:
    if spread > 0:
        return difference / spread
    # The same constant in both groups is perfect balance; two constants are none at all.
    return 0.0 if difference == 0 else float("nan")
