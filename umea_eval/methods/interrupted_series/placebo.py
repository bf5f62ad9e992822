"""How large a change does the method find where nothing happened?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.language import Language, number
from umea_eval.methods.axes import axes, describe, named
from umea_eval.methods.inputs import column
from umea_eval.methods.interrupted_series.design import COMPARABLE_POINTS
from umea_eval.methods.interrupted_series.model import InterruptedSeries, interrupted_series
from umea_eval.methods.result import COLUMNS, Result
from umea_eval.methods.sentences import sentence
from umea_eval.style import BLUE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class PlaceboDates(Result):
    """The level change at invented dates before the interruption.

    ``table``: one row per date, the real one last (``real``): ``value`` with limits, ``p_value``.
    ``share`` of all dates (the real one counted) whose change is at least as far from none: at
    least 1 / number of dates; neighbouring dates share data, so it is no exact p-value.
    """

    share: float

    def text(self, language: Language) -> str:
        """The share, and in how many invented dates the interval excludes no change."""
        placebo = self.table[~self.table["real"]]
        return sentence(
            "methods.interrupted_series.placebo",
            language,
            dates=len(placebo),
            found=int((placebo["p_value"] < 1 - placebo["confidence"]).sum()),
            share=number(self.share, language, 3),
        )

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the change at each date with its limits, the real one in its own colour."""
        ax = axes(ax)
        places = np.arange(len(self.table))
        for real, colour, mark in ((False, BLUE, "o"), (True, VERMILION, "s")):
            part = self.table[self.table["real"] == real]
            place = places[self.table["real"] == real]
            ax.vlines(place, part["lower"], part["upper"], color=colour)
            label = named("real" if real else "placebo", language)
            ax.plot(place, part["value"], mark, color=colour, label=label)
        ax.set_xticks(
            range(len(self.table)), [str(t) for t in self.table["time"]], rotation=45, ha="right"
        )
        return describe(ax, language, x="period", y="change", legend=True)


def placebo_dates(
    data: pd.DataFrame,
    result: InterruptedSeries,
    *,
    outcome: str,
    exposure: str | None = None,
    time: str = "month",
    harmonics: int = 0,
    period: int = 12,
    covariates: Sequence[str] = (),
    lags: int | None = None,
    order: tuple[int, int, int] = (1, 0, 0),
) -> PlaceboDates:
    """Move the interruption to every possible date before the real one.

    Only the periods before the real interruption, and after the last break before it, are used, so
    that no real change is among them; both sides of each date have 12 periods. ``result`` is the
    fitted series, the other arguments those that it was fitted with. UserError where there are
    fewer than 24 such periods, and where seasons or covariates are other than those of ``result``.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> months = pd.period_range("2021-01", periods=36, freq="M").astype(str)
    >>> counts = [20 + (7 * i) % 5 for i in range(24)] + [10 + (7 * i) % 5 for i in range(12)]
    >>> series = pd.DataFrame({"month": months, "falls": counts, "days": 1000})
    >>> result = ue.methods.interrupted_series.interrupted_series(
    ...     series, outcome="falls", exposure="days", interruption="2023-01", slope=False
    ... )
    >>> placebo = ue.methods.interrupted_series.placebo_dates(
    ...     series, result, outcome="falls", exposure="days"
    ... )
    >>> len(placebo.table), round(placebo.share, 2)  # one date leaves 12 months on both sides
    (2, 0.5)
    """
    plan = result.design
    season = {f"{wave} {k}" for k in range(1, harmonics + 1) for wave in ("sin", "cos")}
    own = {"intercept", "trend", "level"} | ({"slope"} if plan.slope is not None else set())
    marks = {f"{kind} {mark.name(plan.line)}" for mark in plan.marks for kind in ("level", "slope")}
    if set(plan.terms) - marks != own | season | set(covariates):
        raise UserError("methods.interrupted_series.placebo_differs")
    start = plan.line.place(plan.interruption.time)
    first = max(
        [
            plan.line.place(mark.time) + mark.phase_in
            for mark in plan.marks
            if plan.line.place(mark.time) < start
        ],
        default=0,
    )
    places = range(first + COMPARABLE_POINTS, start - COMPARABLE_POINTS + 1)
    if not places:
        raise UserError(
            "methods.interrupted_series.no_placebo",
            periods=start - first,
            needed=2 * COMPARABLE_POINTS,
        )
    column(data, outcome)
    before = data.iloc[plan.line.order[first:start]]
    numbered = before.assign(**{time: np.arange(first, start)})
    rows = []
    for place in places:
        fitted = interrupted_series(
            numbered,
            outcome=outcome,
            exposure=exposure,
            time=time,
            interruption=place,
            family=result.family,
            slope=plan.slope is not None,
            harmonics=harmonics,
            period=period,
            covariates=covariates,
            errors=result.errors,
            lags=lags,
            order=order,
            confidence=float(result.table["confidence"].iloc[0]),
        )
        rows.append(
            {"time": plan.line.labels[place], "real": False}
            | {str(k): v for k, v in fitted.row("level").items()}
        )
    rows.append(
        {"time": plan.line.labels[start], "real": True}
        | {str(k): v for k, v in result.row("level").items()}
    )
    table = pd.DataFrame(rows)[["time", "real", *COLUMNS, "p_value"]]
    value = table["value"].to_numpy()
    distance = np.abs(np.log(value) if result.family != "gaussian" else value)
    return PlaceboDates(table, float((distance >= distance[-1]).mean()))
