"""How much more did the outcome change for those under the new state than for the others?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe, named
from umea_eval.methods.difference_in_differences.least_squares import (
    Coefficient,
    Errors,
    coefficient,
)
from umea_eval.methods.estimates import estimate_words
from umea_eval.methods.inputs import FloatArray, column, labels, level, numbers, yes_or_no
from umea_eval.methods.months import timeline
from umea_eval.methods.result import COLUMNS, Result
from umea_eval.methods.sentences import sentence
from umea_eval.style import BLUE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class DifferenceInDifferences(Result):
    """``table``: one row, ``value`` in the unit of the outcome, with ``standard_error``,
    ``p_value`` and ``degrees_of_freedom``; ``denominator`` rows used. ``means``: the mean
    outcome by state and period. ``staggered``: whether units began at different times, where
    two-way fixed effects mix early and late and :func:`staggered_adoption` is the method."""

    means: pd.DataFrame
    clusters: int | None
    staggered: bool

    def text(self, language: Language) -> str:
        """The estimate with its interval and what it rests on."""
        row = self.table.iloc[0]
        parts = [
            sentence(
                "methods.difference_in_differences.estimate",
                language,
                **estimate_words(row, language),
            ),
            sentence("methods.difference_in_differences.assumption", language),
        ]
        if self.staggered:
            parts.append(sentence("methods.difference_in_differences.mixes", language))
        return " ".join(parts)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the mean outcome over time of those who change and those who do not."""
        ax = axes(ax)
        for treated, colour in ((False, BLUE), (True, VERMILION)):
            part = self.means[self.means["treated"] == treated]
            ax.plot(
                np.arange(len(part)),
                part["value"],
                color=colour,
                marker="s" if treated else "o",
                label=named("new_state" if treated else "old_state", language),
            )
        times = self.means["time"].drop_duplicates().astype(str).tolist()
        step = max(1, len(times) // 12)
        ax.set_xticks(range(0, len(times), step), times[::step], rotation=45, ha="right")
        return describe(ax, language, x="period", y="mean_outcome", legend=True)


def two_by_two(
    data: pd.DataFrame,
    *,
    outcome: str,
    treated: str,
    post: str,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    errors: Errors | None = None,
    confidence: float = 0.95,
) -> DifferenceInDifferences:
    """Two groups, two periods: the change in one less the change in the other.

    ``treated`` and ``post``: 1 or 0 on every row (persons or units). ``errors``: "hc1" by default,
    "cr2" with ``cluster``; "model" for equal variances, "cluster" for the plain cluster sandwich.
    UserError where one of the four cells is empty.
    Equals R ``lm(y ~ treated * post)`` with ``vcovHC(type = "HC1")`` (D03, D04).

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {
    ...         "treated": [0, 0, 0, 0, 1, 1, 1, 1],
    ...         "post": [0, 0, 1, 1, 0, 0, 1, 1],
    ...         "y": [10.0, 12.0, 11.0, 13.0, 20.0, 22.0, 25.0, 27.0],
    ...     }
    ... )
    >>> effect = ue.methods.difference_in_differences.two_by_two(
    ...     frame, outcome="y", treated="treated", post="post"
    ... )
    >>> round(float(effect.table["value"].iloc[0]), 2)  # (26 - 21) - (12 - 11)
    4.0
    """
    level(confidence)
    y = numbers(column(data, outcome), outcome)
    group = yes_or_no(column(data, treated), treated)
    after = yes_or_no(column(data, post), post)
    if len(np.unique(2 * group + after)) < 4:
        raise UserError("methods.difference_in_differences.empty_cell")
    terms = [np.ones(len(y)), group, after, group & after]
    terms += [numbers(column(data, name), name) for name in covariates]
    clusters, count = None, None
    if cluster is not None:
        clusters, names = labels(column(data, cluster), cluster)
        count = len(names)
    kind = errors or ("hc1" if cluster is None else "cr2")
    x = np.column_stack(terms).astype(np.float64)
    found = coefficient(x, y, 3, errors=kind, clusters=clusters)
    means = (
        pd.DataFrame({"treated": group, "time": after.astype(np.int64), "value": y})
        .groupby(["treated", "time"], sort=True, as_index=False)
        .mean()
    )
    table = _one_row(found, len(y), confidence, f"difference in differences, {kind}")
    return DifferenceInDifferences(table, means, count, staggered=False)


def two_way_fixed_effects(
    data: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    treated: str,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    errors: Errors = "cr2",
    confidence: float = 0.95,
) -> DifferenceInDifferences:
    """Regression on unit and period effects and an indicator of being under the new state.

    ``data``: one row per unit and period (duplicates are an error; missing rows are allowed).
    ``treated``: 1 in the periods under the new state. ``cluster``: the unit by default, or
    something that units are nested in. ``errors``: "cr2" (default), "cluster" or "model".
    With few units use :func:`placebo_permutation`; with different starts whose effect may change
    over time, :func:`staggered_adoption`.
    Equals R ``lm(y ~ treated + factor(unit) + factor(time))`` with
    ``vcovCL(type = "HC1", cluster = unit)`` (D05).

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> panel = pd.DataFrame(
    ...     {"area": list("ABCDEF") * 4, "year": [20] * 6 + [21] * 6 + [22] * 6 + [23] * 6}
    ... )
    >>> panel["start"] = panel["area"].map({"A": 22.0, "B": 22.0})  # the others never begin
    >>> panel["now"] = (panel["year"] >= panel["start"]).astype(int)
    >>> noise = [0.1, -0.2, 0.0, 0.2, -0.1, 0.0, -0.1, 0.1, 0.2, -0.2, 0.0, 0.1] * 2
    >>> panel["y"] = panel["year"] + 3 * panel["now"] + noise
    >>> effect = ue.methods.difference_in_differences.two_way_fixed_effects(
    ...     panel, outcome="y", unit="area", time="year", treated="now"
    ... )
    >>> round(float(effect.table["value"].iloc[0]), 2), effect.clusters  # 3 is planted
    (3.0, 6)
    """
    level(confidence)
    y = numbers(column(data, outcome), outcome)
    units, names = labels(column(data, unit), unit)
    times, unique = labels(column(data, time), time)
    line = timeline(unique, time)
    state = yes_or_no(column(data, treated), treated)
    if len(np.unique(units * len(unique) + times)) < len(y):
        raise UserError(
            "methods.difference_in_differences.twice",
            extra=len(y) - len(np.unique(units * len(unique) + times)),
        )
    if cluster is None or cluster == unit:
        clusters = units
    else:
        clusters, _ = labels(column(data, cluster), cluster)
        if len(np.unique(np.stack([units, clusters]), axis=1).T) > len(names):
            raise UserError(
                "methods.difference_in_differences.not_nested", unit=unit, cluster=cluster
            )
    periods = (times[:, np.newaxis] == np.arange(1, len(unique))[np.newaxis, :]).astype(np.float64)
    more = [numbers(column(data, name), name) for name in covariates]
    x = np.column_stack([state.astype(np.float64), *more, periods])
    found = coefficient(x, y, 0, errors=errors, clusters=clusters, absorbed=units)
    ever = np.bincount(units, weights=state) > 0
    means = (
        pd.DataFrame({"treated": ever[units], "place": times, "value": y})
        .groupby(["treated", "place"], sort=True, as_index=False)
        .mean()
    )
    means.insert(1, "time", [line.labels[place] for place in means.pop("place")])
    first = np.full(len(names), len(unique))
    np.minimum.at(first, units[state], times[state])
    table = _one_row(found, len(y), confidence, f"two-way fixed effects, {errors}")
    return DifferenceInDifferences(
        table,
        means,
        int(clusters.max()) + 1,
        staggered=len(np.unique(first[first < len(unique)])) > 1,
    )


def two_way_weights(start: FloatArray | Any, periods: int) -> dict[int, FloatArray]:
    """What two-way fixed effects give each period of a unit, by its start (balanced panel)."""
    starts = np.asarray(start)
    state = (starts[:, np.newaxis] >= 0) & (np.arange(periods) >= starts[:, np.newaxis])
    d = state.astype(np.float64)
    residual = d - d.mean(axis=1, keepdims=True) - d.mean(axis=0, keepdims=True) + d.mean()
    weights = residual / (residual**2).sum()
    return {int(value): weights[int(np.flatnonzero(starts == value)[0])] for value in set(starts)}


def _one_row(found: Coefficient, rows: int, confidence: float, method: str) -> pd.DataFrame:
    lower, upper = found.limits(confidence)
    return pd.DataFrame(
        {
            "numerator": [np.nan],
            "denominator": [float(rows)],
            "value": [found.value],
            "lower": [lower],
            "upper": [upper],
            "confidence": [confidence],
            "method": [method],
            "standard_error": [found.se],
            "p_value": [found.p],
            "degrees_of_freedom": [found.degrees_of_freedom],
        }
    )[[*COLUMNS, "standard_error", "p_value", "degrees_of_freedom"]]
