"""What came with the introduction, in outcomes registered for all eligible?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from umea_eval.datasets.vhu_lss.measures import (
    detectable_introduction,
    event_course,
    introduction_change,
    registered_panel,
)
from umea_eval.datasets.vhu_lss.measures.introduction import OUTCOMES, Outcome, Started
from umea_eval.datasets.vhu_lss.measures.people import unit_names
from umea_eval.datasets.vhu_lss.results.register import ALPHA, QUESTIONS, Register
from umea_eval.errors import UserError
from umea_eval.methods.claims import shared

# Months of a period, and whether a start within one holds from it or from the next; the report's
# own first.
PERIODS: Mapping[str, tuple[int, Started]] = {
    "half_year": (6, "same"),
    "half_year_next": (6, "next"),
    "year": (12, "same"),
}


@dataclass(frozen=True)
class Introduction:
    """``table``: one row per registered outcome; ``course``: by period around the start.

    ``problems``: why an outcome has no row. ``dates`` counts the dates of introduction and
    ``decided`` says that each has its decision or source.
    """

    table: pd.DataFrame
    course: pd.DataFrame
    problems: tuple[UserError, ...]
    dates: int
    decided: bool

    @property
    def assigned(self) -> bool:
        """Whether others decided on several dates: the design that an effect can be claimed of."""
        return self.dates > 1 and self.decided


def introduced(found: Register, *, course_of: Outcome | None = "examination") -> Introduction:
    """What changed with the staggered introduction, in outcomes registered for all eligible.

    All years of the register, whatever the years of the offer. ``table``: ``outcome``, ``units``,
    ``persons``, ``value`` (Callaway and Sant'Anna's overall mean, a difference of shares) with
    permutation limits that hold together for all outcomes, ``p_value``, ``smallest_p`` (the least
    that the design can give), ``pre_trend_p``, ``detectable``. ``course``: ``event_time`` (periods
    since the start, negative before) with ``value`` and limits, and ``persons``; no rows for no
    ``course_of``.
    """
    names = ["outcome", "units", "persons", "value", "lower", "upper", "confidence", "p_value"]
    names += ["smallest_p", "pre_trend_p", "detectable"]
    rows: list[dict[str, object]] = []
    problems: dict[str, UserError] = {}
    around = pd.DataFrame(columns=["event_time", "value", "lower", "upper", "persons"])
    registered, introductions = found.registered, found.introductions
    if registered is None or introductions is None:
        missing = UserError("vhu_lss.report.introduction.no_tables")
        return Introduction(pd.DataFrame(columns=names), around, (missing,), 0, decided=False)
    for outcome in OUTCOMES:
        named: Outcome = outcome  # type: ignore[assignment]
        try:
            panel = registered_panel(found.everybody, registered, introductions, outcome=named)
            if panel.empty:
                raise UserError("vhu_lss.report.introduction.nobody")
            row = of_panel(panel)
            if outcome == course_of:
                around = _around(panel, len(found.everybody))
        except UserError as error:
            problems.setdefault(error.message(), error)
            continue
        units = {"units": panel["unit"].nunique(), "persons": len(found.everybody)}
        rows.append({"outcome": outcome, **units, **row})
    days, decided = _decisions(found, introductions)
    table = pd.DataFrame(rows, columns=names)
    return Introduction(table, around, tuple(problems.values()), days, decided)


def introduction_variants(found: Register) -> pd.DataFrame:
    """``introduced`` under other definitions of a period and a start: for a forest plot.

    ``outcome``, ``definition`` (a code of ``PERIODS``), ``units``, ``persons``, ``value`` with
    ``lower`` and ``upper`` as in ``introduced``, ``chosen``. No row for what cannot be estimated.
    """
    rows: list[dict[str, object]] = []
    confidence = shared(QUESTIONS * len(OUTCOMES), ALPHA)
    for outcome in OUTCOMES:
        for definition, options in PERIODS.items():
            if found.registered is None or found.introductions is None or found.everybody.empty:
                break
            named: Outcome = outcome  # type: ignore[assignment]
            try:
                panel = registered_panel(
                    *(found.everybody, found.registered, found.introductions),
                    outcome=named,
                    period_months=options[0],
                    started=options[1],
                )
                own = introduction_change(panel, confidence=confidence, parts=False).iloc[0]
            except UserError:
                continue  # ``introduced`` says why
            rows.append(
                {
                    **{"outcome": outcome, "definition": definition},
                    **{"units": panel["unit"].nunique(), "persons": len(found.everybody)},
                    **{name: float(own[name]) for name in ("value", "lower", "upper")},
                    "chosen": definition == next(iter(PERIODS)),
                }
            )
    names = ["outcome", "definition", "units", "persons", "value", "lower", "upper", "chosen"]
    return pd.DataFrame(rows, columns=names)


def of_panel(panel: pd.DataFrame) -> dict[str, float]:
    """The figures of one outcome of ``introduced`` from its panel (`measures.registered_panel`)."""
    confidence = shared(QUESTIONS * len(OUTCOMES), ALPHA)
    own = introduction_change(panel, confidence=confidence, parts=False).iloc[0]
    first = detectable_introduction(panel, alpha=1 - confidence)["value"].iloc[0]
    names = ("value", "lower", "upper", "confidence", "p_value", "smallest_p", "pre_trend_p")
    row = {name: float(own[name]) for name in names}
    # The units of the first start may happen to spread little. What lies within the interval of
    # the whole estimate could not have been shown, whatever they say: the larger holds.
    return row | {"detectable": float(np.fmax(first, of_interval(row)))}


def of_interval(row: Mapping[str, float], *, power: float = 0.8) -> float:
    """The smallest difference that an estimate with such an interval shows with ``power``.

    Half the interval, the wider side, is what is needed to tell the estimate from none half of the
    times; by the normal distribution more is needed for ``power``. Missing without limits.
    """
    half = max(row["value"] - row["lower"], row["upper"] - row["value"])
    limit = norm.ppf(0.5 + row["confidence"] / 2)
    return float(half * (limit + norm.ppf(power)) / limit)


def _around(panel: pd.DataFrame, persons: int) -> pd.DataFrame:
    table = event_course(panel)
    return table[["event_time", "value", "lower", "upper"]].assign(persons=persons)


def _decisions(found: Register, introductions: pd.DataFrame) -> tuple[int, bool]:
    """How many dates the selected units' introductions have, and whether each has its basis."""
    nothing = pd.Series(pd.NA, index=introductions.index, dtype="str")
    names = unit_names(introductions["municipality"], introductions.get("area", nothing))
    own = introductions[names.isin(set(found.everybody["unit"])).to_numpy()]
    own = own[own["introduced_on"].notna()]
    basis = own["basis"] if "basis" in own else nothing.reindex(own.index)
    stated = basis.astype("str").str.strip().fillna("") != ""
    return int(own["introduced_on"].nunique()), bool(stated.all() and len(own))
