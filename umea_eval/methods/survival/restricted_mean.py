"""How long on average, counted no further than a horizon?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from umea_eval import language as words
from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe
from umea_eval.methods.estimates import estimate_words
from umea_eval.methods.inputs import Column, level
from umea_eval.methods.result import COLUMNS, Result
from umea_eval.methods.sentences import sentence
from umea_eval.methods.survival.at_risk import EventTimes, by_group, event_times, follow_up
from umea_eval.methods.survival.kaplan_meier import survival_steps, time_text
from umea_eval.style import BLUE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class RestrictedMean(Result):
    """``table``: the restricted mean per group, then each group's difference from the first.

    ``numerator`` events up to the horizon, ``denominator`` persons (missing for differences),
    ``value``, ``lower`` and ``upper`` in the unit of the durations, ``standard_error``, ``p_value``
    (differences). Where nobody has the event before the horizon there are no limits (missing).
    """

    horizon: float

    def text(self, language: Language) -> str:
        """Each mean and each difference in a sentence."""
        sentences = []
        for row in self.table.to_dict("records"):
            key = "methods.survival.mean" + ("_difference" if row["term"] == "difference" else "")
            group = ""
            if row["group"] is not None:
                group = words.text("methods.survival.group", language, group=str(row["group"]))
            sentences.append(
                sentence(
                    key,
                    language,
                    group=group,
                    reference=str(self.table["group"].iloc[0]),
                    horizon=time_text(self.horizon, language),
                    **estimate_words(row, language),
                )
            )
        return " ".join(sentences)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the mean of each group with its interval."""
        ax = axes(ax)
        means = self.table[self.table["term"] == "mean"]
        place = np.arange(len(means))
        error = [means["value"] - means["lower"], means["upper"] - means["value"]]
        ax.errorbar(means["value"], place, xerr=error, fmt="o", color=BLUE)
        ax.set_yticks(place, ["" if name is None else str(name) for name in means["group"]])
        ax.set_xlim(left=0)
        return describe(ax, language, x="mean_time")


def restricted_mean(
    durations: Column,
    events: Column,
    *,
    horizon: float,
    entry: Column | None = None,
    groups: Column | None = None,
    confidence: float = 0.95,
) -> RestrictedMean:
    """Mean time without the event up to ``horizon``: the area under the Kaplan-Meier curve.

    With groups, also the difference of each from the first (in sorted order). Standard error by
    Greenwood's formula, normal limits.

    Raises UserError where a group's last follow-up ends before the horizon while some are still
    without the event (the area is then not known).
    Equals R ``print(survfit(...), rmean = horizon)`` (V06, L02). Source: Klein & Moeschberger 2003,
    section 4.5.

    >>> import umea_eval as ue
    >>> months, left = [1, 2, 2, 3, 4, 5, 6, 6], [1, 1, 0, 1, 0, 1, 0, 0]
    >>> mean = ue.methods.survival.restricted_mean(months, left, horizon=4)
    >>> round(float(mean.table["value"].iloc[0]), 4)  # 1 + 7/8 + 3/4 + 3/5
    3.225
    """
    level(confidence)
    persons = follow_up(durations, events, entry=entry)
    if persons.kinds > 1:
        raise UserError("methods.survival.competing")
    if not horizon > 0:
        raise UserError("methods.survival.horizon", horizon=str(horizon))
    z = float(stats.norm.ppf((1 + confidence) / 2))
    rows = []
    for name, members in by_group(persons, groups):
        counted = event_times(members)
        mean, se = _area(counted, horizon, name)
        rows.append(
            {
                "term": "mean",
                "group": name,
                "numerator": float(counted.any_event[counted.time <= horizon].sum()),
                "denominator": float(counted.persons),
                "value": mean,
                "standard_error": se,
                "p_value": np.nan,
            }
        )
    first = rows[0]
    for other in rows[1:]:
        difference = other["value"] - first["value"]
        se = float(np.hypot(other["standard_error"], first["standard_error"]))
        rows.append(
            {
                "term": "difference",
                "group": other["group"],
                "numerator": np.nan,
                "denominator": np.nan,
                "value": difference,
                "standard_error": se,
                "p_value": float(2 * stats.norm.sf(abs(difference / se))) if se > 0 else np.nan,
            }
        )
    table = pd.DataFrame(rows)
    table["group"] = table["group"].astype(object)
    # Without events before the horizon there is no spread to estimate: an interval without width
    # would claim too much.
    reach = z * table["standard_error"].where(table["standard_error"] > 0)
    table["lower"], table["upper"] = table["value"] - reach, table["value"] + reach
    table["confidence"] = confidence
    table["method"] = "restricted mean, Greenwood"
    return RestrictedMean(table[["term", "group", *COLUMNS, "standard_error", "p_value"]], horizon)


def _area(counted: EventTimes, horizon: float, name: object) -> tuple[float, float]:
    curve, _ = survival_steps(counted)
    ended = len(curve) > 0 and curve[-1] == 0
    if horizon > counted.last_time and not ended:
        raise UserError(
            "methods.survival.beyond",
            asked=horizon,
            last=counted.last_time,
            group="" if name is None else f" ({name})",
        )
    before = counted.time < horizon
    time, share = counted.time[before], curve[before]
    n, d = counted.at_risk[before], counted.any_event[before]
    edges = np.concatenate([[0.0], time, [horizon]])
    pieces = np.diff(edges) * np.concatenate([[1.0], share])
    # The area to the right of each event: what a change of the curve there would move.
    right = np.cumsum(pieces[::-1])[::-1][1:]
    more = n > d
    variance = float(np.sum(np.where(more, right**2 * d / (n * np.where(more, n - d, 1)), 0.0)))
    return float(pieces.sum()), float(np.sqrt(variance))
