"""What changed for units that began at different times?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from umea_eval.errors import UserError
from umea_eval.language import Language, text
from umea_eval.methods.axes import axes, describe, named
from umea_eval.methods.difference_in_differences import group_time as cells_of
from umea_eval.methods.difference_in_differences.group_time import (
    Aggregate,
    Base,
    Cells,
    Control,
)
from umea_eval.methods.difference_in_differences.panel import Panel, balanced_panel
from umea_eval.methods.difference_in_differences.permutation import (
    Deals,
    deals,
    joint_p,
    permuted,
)
from umea_eval.methods.difference_in_differences.regression import two_way_weights
from umea_eval.methods.estimates import estimate_words, level_text, p_text, value_text
from umea_eval.methods.inputs import FloatArray, IntArray, at_least, choice, level
from umea_eval.methods.result import COLUMNS, Result
from umea_eval.methods.sentences import sentence
from umea_eval.style import BLUE, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Inference = Literal["permutation", "influence"]
Estimator = Literal["two-way", "callaway-santanna"]

# Below this many units the default is the exact permutation: measured in docs/coverage.md.
FEW_UNITS = 40


@dataclass(frozen=True)
class StaggeredAdoption(Result):
    """Effects under staggered starts.

    ``table``: the overall effect, one row per ``aggregation``: "simple" (all group-periods),
    "dynamic" (mean over event times), "group" and "calendar"; ``denominator`` units.
    ``event_study``, ``groups``, ``calendar`` and ``group_time``: the parts, with the same columns.
    ``pre_trend_p``: joint test of no difference before the start; passing it proves nothing.
    ``smallest_p``: the smallest p that a permutation can give, None for influence functions.
    ``exact``: whether every deal of the starts was tried (None for influence functions).
    """

    event_study: pd.DataFrame
    groups: pd.DataFrame
    calendar: pd.DataFrame
    group_time: pd.DataFrame
    pre_trend_p: float
    smallest_p: float | None
    exact: bool | None

    def text(self, language: Language) -> str:
        """The simple overall effect, the pre-trend test, and what they rest on."""
        row = self.table.iloc[0]
        parts = [_estimate_sentence(row, self.smallest_p, self.exact, language)]
        if not np.isnan(self.pre_trend_p):
            parts.append(
                sentence(
                    "methods.difference_in_differences.pre_trend",
                    language,
                    p=p_text(self.pre_trend_p, language),
                )
            )
        parts.append(sentence("methods.difference_in_differences.assumption", language))
        return " ".join(parts)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the event study."""
        ax = axes(ax)
        study = self.event_study
        ax.axhline(0, color=GREY, linewidth=1)
        ax.axvline(-0.5, color=GREY, linestyle=":")
        ax.vlines(study["event_time"], study["lower"], study["upper"], color=BLUE)
        ax.plot(study["event_time"], study["value"], "o", color=BLUE)
        return describe(ax, language, x="event_time", y="difference")


@dataclass(frozen=True)
class PlaceboPermutation(Result):
    """``table``: one row: the estimate, its exact p, and the interval of constant effects (missing
    where the design is too small for the confidence). ``assignments``: deals of the starts, all of
    them if ``exact``; ``smallest_p``: one divided by them."""

    assignments: int
    smallest_p: float
    exact: bool
    distribution: FloatArray

    def text(self, language: Language) -> str:
        """The estimate, its exact p and the smallest p that the design can give."""
        return _estimate_sentence(self.table.iloc[0], self.smallest_p, self.exact, language)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the estimates under all deals, with a line at the observed one."""
        ax = axes(ax)
        ax.hist(self.distribution, bins=min(30, max(5, self.assignments // 3)), color=GREY)
        ax.axvline(
            float(self.table["value"].iloc[0]),
            color=BLUE,
            linewidth=2,
            label=named("observed", language),
        )
        return describe(ax, language, x="difference", y="deals", legend=True)


def staggered_adoption(
    data: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    start: str,
    control: Control = "not yet",
    base: Base = "varying",
    weights: str | None = None,
    inference: Inference | None = None,
    confidence: float = 0.95,
    max_assignments: int = 10_000,
    seed: int = 1,
    parts: bool = True,
) -> StaggeredAdoption:
    """Callaway & Sant'Anna's difference in differences without covariates.

    ``data``: a balanced panel, one row per unit and period; ``start``: the unit's first period
    under the new state, missing for never. ``control``: units that have not begun yet ("not yet",
    default) or only those that never do ("never"). ``base``: the comparison period before the
    start, the one before each ("varying") or the last before the start ("universal").
    ``weights``: size of the units. ``inference``: "permutation" of the starts (the default below
    40 units without weights) or "influence" functions with normal limits. At most
    ``max_assignments`` deals are tried; more are sampled with ``seed``. Without ``parts`` only the
    simple overall effect and the test before the start are worked out: the rest has no rows.

    Raises UserError for an unbalanced panel, a start that differs within a unit, and where no unit
    is left to compare with. Equals R ``did::att_gt`` and ``aggte`` with ``bstrap = FALSE``.
    Source: Callaway & Sant'Anna 2021; permutation: Shaikh & Toulis 2021.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> panel = pd.DataFrame(
    ...     {"area": list("ABCDEF") * 4, "year": [20] * 6 + [21] * 6 + [22] * 6 + [23] * 6}
    ... )
    >>> panel["start"] = panel["area"].map({"A": 22.0, "B": 22.0})  # the others never begin
    >>> panel["now"] = (panel["year"] >= panel["start"]).astype(int)
    >>> noise = [0.1, -0.2, 0.0, 0.2, -0.1, 0.0, -0.1, 0.1, 0.2, -0.2, 0.0, 0.1] * 2
    >>> panel["y"] = panel["year"] + 3 * panel["now"] + noise
    >>> effect = ue.methods.difference_in_differences.staggered_adoption(
    ...     panel, outcome="y", unit="area", time="year", start="start"
    ... )
    >>> round(float(effect.table["value"].iloc[0]), 2), round(effect.smallest_p, 4)  # 3 is planted
    (2.98, 0.0667)
    """
    level(confidence)
    choice(control, Control, "control")
    choice(base, Base, "base")
    if inference is not None:
        choice(inference, Inference, "inference")
    at_least(max_assignments, 1, "max_assignments")
    panel = balanced_panel(
        data, outcome=outcome, unit=unit, time=time, start=start, weights=weights
    )
    if inference is None:
        few = len(panel.units) < FEW_UNITS and weights is None
        inference = "permutation" if few else "influence"
    if inference == "permutation" and weights is not None:
        raise UserError("methods.difference_in_differences.weighted_permutation")
    cells = cells_of.group_time(panel, control=control, base=base)
    dealt = None
    if inference == "permutation":
        dealt = deals(panel.start, largest=max_assignments, seed=seed)
    judge = _Judge(panel, cells, dealt, confidence)
    after = cells.event_time >= 0
    events = [(int(e), cells_of.at_event_time(cells, int(e))) for e in np.unique(cells.event_time)]
    simple = {"aggregation": "simple"} | judge.one(cells_of.simple(cells))
    pre_trend_p = judge.pre_trend([each for e, each in events if e < 0])
    smallest_p, exact = (None, None) if dealt is None else (dealt.smallest_p, dealt.exact)
    if not parts:
        table, none = judge.frame([simple]), judge.frame([simple]).iloc[:0, 1:]
        return StaggeredAdoption(table, none, none, none, none, pre_trend_p, smallest_p, exact)
    groups = [(int(g), cells_of.of_group(cells, int(g))) for g in np.unique(cells.group[after])]
    calendar = [(int(t), cells_of.in_period(cells, int(t))) for t in np.unique(cells.period[after])]
    size = np.array([cells.share[cells.group == g][0] for g, _ in groups])
    later = [each for e, each in events if e >= 0]
    overall = [
        simple,
        {"aggregation": "dynamic"} | judge.mean(later, np.full(len(later), 1 / len(later))),
        {"aggregation": "group"} | judge.mean([e for _, e in groups], size / size.sum(), size),
        {"aggregation": "calendar"}
        | judge.mean([e for _, e in calendar], np.full(len(calendar), 1 / len(calendar))),
    ]
    single = [
        (place, Aggregate(np.array([place]), np.ones(1), by_size=False))
        for place in range(len(cells.effect))
    ]
    named = [
        {"start": panel.periods[cells.group[p]], "time": panel.periods[cells.period[p]]}
        | judge.one(each)
        for p, each in single
    ]
    return StaggeredAdoption(
        table=judge.frame(overall),
        event_study=judge.frame([{"event_time": e} | judge.one(each) for e, each in events]),
        groups=judge.frame([{"start": panel.periods[g]} | judge.one(e) for g, e in groups]),
        calendar=judge.frame([{"time": panel.periods[t]} | judge.one(e) for t, e in calendar]),
        group_time=judge.frame(named),
        pre_trend_p=pre_trend_p,
        smallest_p=smallest_p,
        exact=exact,
    )


def placebo_permutation(
    data: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    start: str,
    estimator: Estimator = "two-way",
    confidence: float = 0.95,
    max_assignments: int = 10_000,
    seed: int = 1,
) -> PlaceboPermutation:
    """Exact test of a difference in differences with few units: deal out the starts again.

    ``data`` and ``start`` as in :func:`staggered_adoption`. ``estimator``: two-way fixed effects,
    or Callaway & Sant'Anna's simple overall effect. With 2 of 6 areas begun at one date there are
    15 deals and the smallest p is 1/15: a 95 % interval does not exist and its limits are missing.
    Source: Fisher 1935; Rosenbaum 2002, section 2; Conley & Taber 2011.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> panel = pd.DataFrame(
    ...     {"area": list("ABCDEF") * 4, "year": [20] * 6 + [21] * 6 + [22] * 6 + [23] * 6}
    ... )
    >>> panel["start"] = panel["area"].map({"A": 22.0, "B": 22.0})  # the others never begin
    >>> panel["now"] = (panel["year"] >= panel["start"]).astype(int)
    >>> noise = [0.1, -0.2, 0.0, 0.2, -0.1, 0.0, -0.1, 0.1, 0.2, -0.2, 0.0, 0.1] * 2
    >>> panel["y"] = panel["year"] + 3 * panel["now"] + noise
    >>> test = ue.methods.difference_in_differences.placebo_permutation(
    ...     panel, outcome="y", unit="area", time="year", start="start"
    ... )
    >>> (
    ...     test.assignments,
    ...     round(test.smallest_p, 4),
    ...     round(float(test.table["p_value"].iloc[0]), 4),
    ... )  # 1 of 15
    (15, 0.0667, 0.0667)
    """
    level(confidence)
    choice(estimator, Estimator, "estimator")
    at_least(max_assignments, 1, "max_assignments")
    panel = balanced_panel(data, outcome=outcome, unit=unit, time=time, start=start)
    dealt = deals(panel.start, largest=max_assignments, seed=seed)
    if estimator == "two-way":
        weights = two_way_weights(panel.start, len(panel.periods))
    else:
        cells = cells_of.group_time(panel, control="not yet", base="varying")
        weights = cells_of.unit_weights(cells, cells_of.simple(cells), panel)
    found = permuted(panel, dealt, weights, confidence)
    table = pd.DataFrame(
        {
            "numerator": [np.nan],
            "denominator": [float(len(panel.units))],
            "value": [found.value],
            "lower": [found.lower],
            "upper": [found.upper],
            "confidence": [confidence],
            "method": [f"{estimator}, permutation"],
            "p_value": [found.p],
        }
    )
    return PlaceboPermutation(
        table, len(dealt.starts), dealt.smallest_p, dealt.exact, found.distribution
    )


@dataclass(frozen=True)
class _Judge:
    """Turns aggregates into rows, by permutation where there are deals, else by influence."""

    panel: Panel
    cells: Cells
    dealt: Deals | None
    confidence: float

    def one(self, aggregate: Aggregate) -> dict[str, Any]:
        """A row for one aggregate."""
        return self.mean([aggregate], np.ones(1))

    def mean(
        self, aggregates: list[Aggregate], share: FloatArray, size: FloatArray | None = None
    ) -> dict[str, Any]:
        """A row for a weighted mean of aggregates; ``size`` where estimated sizes set the mean."""
        if self.dealt is not None:
            weights = [cells_of.unit_weights(self.cells, a, self.panel) for a in aggregates]
            found = permuted(
                self.panel, self.dealt, cells_of.combined(weights, share), self.confidence
            )
            return {
                "value": found.value,
                "lower": found.lower,
                "upper": found.upper,
                "standard_error": np.nan,
                "p_value": found.p,
            }
        values = np.array([cells_of.value(self.cells, a) for a in aggregates])
        psi = (
            np.column_stack([cells_of.influence(self.cells, a, self.panel) for a in aggregates])
            @ share
        )
        if size is not None:
            psi = psi + self._from_sizes(aggregates, size) @ values
        n = len(self.panel.units)
        se = float(np.sqrt(psi @ psi)) / n
        value = float(values @ share)
        z = float(stats.norm.ppf((1 + self.confidence) / 2))
        return {
            "value": value,
            "lower": value - z * se,
            "upper": value + z * se,
            "standard_error": se,
            "p_value": 2 * float(stats.norm.sf(abs(value) / se)) if se > 0 else np.nan,
        }

    def _from_sizes(self, aggregates: list[Aggregate], size: FloatArray) -> FloatArray:
        groups: IntArray = np.array([self.cells.group[a.chosen[0]] for a in aggregates])
        member = (self.panel.start[:, np.newaxis] == groups) * self.panel.weights[:, np.newaxis]
        apart = member - size
        return np.asarray(
            apart / size.sum() - np.outer(apart.sum(axis=1), size / size.sum() ** 2),
            dtype=np.float64,
        )

    def pre_trend(self, before: list[Aggregate]) -> float:
        """Joint test of the differences before the start; missing where there are none."""
        if not before:
            return float("nan")
        if self.dealt is not None:
            weights = [cells_of.unit_weights(self.cells, a, self.panel) for a in before]
            return joint_p(self.panel, self.dealt, weights)
        chosen = np.flatnonzero(self.cells.event_time < 0)
        effect, psi = self.cells.effect[chosen], self.cells.influence[:, chosen]
        n = len(self.panel.units)
        covariance = psi.T @ psi / n**2
        if np.linalg.matrix_rank(covariance) < len(chosen):
            return float("nan")
        wald = float(effect @ np.linalg.solve(covariance, effect))
        return float(stats.chi2.sf(wald, len(chosen)))

    def frame(self, rows: list[dict[str, Any]]) -> pd.DataFrame:
        """Rows with the columns that every result has."""
        table = pd.DataFrame(rows)
        table["numerator"] = np.nan
        table["denominator"] = float(len(self.panel.units))
        table["confidence"] = self.confidence
        kind = "influence functions" if self.dealt is None else "permutation"
        table["method"] = f"Callaway-Sant'Anna, {kind}"
        names = [
            name for name in table.columns if name not in (*COLUMNS, "standard_error", "p_value")
        ]
        return table[[*names, *COLUMNS, "standard_error", "p_value"]]


def _estimate_sentence(
    row: pd.Series[Any], smallest_p: float | None, exact: bool | None, language: Language
) -> str:
    if smallest_p is None:
        key = "estimate"
    elif np.isnan(row["lower"]) or np.isnan(row["upper"]):
        key = "permutation_no_interval"
    else:
        key = "permutation"
    kind = "all" if exact else "drawn"
    return sentence(
        f"methods.difference_in_differences.{key}",
        language,
        **estimate_words(row, language),
        deals=0 if smallest_p is None else round(1 / smallest_p),
        kind=text(f"methods.difference_in_differences.deals_{kind}", language),
        smallest="" if smallest_p is None else value_text(smallest_p, language),
        confidence=level_text(float(row["confidence"]), language),
    )
