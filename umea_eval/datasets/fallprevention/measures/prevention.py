"""Had anything been done to prevent the fall? Shares with their base stated, and bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures.categories import Labels, category_shares
from umea_eval.datasets.fallprevention.measures.selection import (
    FALLS,
    REPORTS,
    Kind,
    Months,
    chosen,
    grouped,
    labelled,
    no_rows,
    tidy,
)
from umea_eval.datasets.fallprevention.schema import NOT_ASSESSED
from umea_eval.methods.bounds import Covers, manski_bounds

Base = Literal["falls", "reports"]
BASES: dict[Base, tuple[Kind, ...]] = {"falls": FALLS, "reports": REPORTS}
NOT_STATED = "not_stated"
ANSWERS = ("yes", "no", NOT_ASSESSED, NOT_STATED)


def prevention_before(
    deviations: pd.DataFrame,
    *,
    base: Base = "falls",
    by: Sequence[str] = (),
    months: Months = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Whether measures were taken before: each ``answer``'s share of one ``base`` for all of them.

    ``base="falls"`` (default): only a fall has a before. ``"reports"`` takes the reports of
    fallrisk in too. (The figures published for 2023 change base within a sentence.) Answers are
    "yes", "no", "not_assessed" (somebody said so) and "not_stated" (nobody said anything); they
    add up to the base. Wilson limits. That many fell in spite of measures is no sign that measures
    do not help: they are given to those who are expected to fall.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> deviations = ue.example("fallprevention", n=60)["deviations"]
    >>> answers = measures.prevention_before(deviations)
    >>> answers["answer"].tolist(), round(float(answers["value"].sum()), 6)
    (['yes', 'no', 'not_assessed', 'not_stated'], 1.0)
    """
    frame, answer = _answers(deviations, BASES[base], months)
    table = category_shares(
        frame, answer, name="answer", categories=ANSWERS, by=by, confidence=confidence
    )
    return tidy(table.assign(base=base), (*by, "base", "answer"))


def prevention_bounds(
    deviations: pd.DataFrame,
    *,
    base: Base = "falls",
    by: Sequence[str] = (),
    months: Months = None,
    covers: Covers = "set",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Bounds of the share with measures before: none, or all, of those not known had them.

    Not known are "not_assessed" and "not_stated" together (``unassessed``).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> deviations = ue.example("fallprevention", n=60)["deviations"]
    >>> bounds = measures.prevention_bounds(deviations)
    >>> bool((bounds["least"] <= bounds["most"]).all())
    True
    """
    frame, answer = _answers(deviations, BASES[base], months)
    unknown = np.isin(answer, [NOT_ASSESSED, NOT_STATED])
    sums = grouped(frame, by, {"x": answer == "yes", "n": np.ones(len(frame)), "m": unknown})
    if sums.empty:
        return no_rows((*by, "base"), ("least", "most", "unassessed"))
    found = manski_bounds(sums, "x", "n", "m", covers=covers, confidence=confidence)
    return tidy(labelled(found.table, sums, by).assign(base=base), (*by, "base"))


def _answers(
    deviations: pd.DataFrame, kinds: Sequence[Kind], months: Months
) -> tuple[pd.DataFrame, Labels]:
    frame = chosen(deviations, kinds=kinds, months=months)
    answer = frame["measures_before"].astype("object")
    return frame, answer.where(answer.notna(), NOT_STATED).to_numpy(dtype=object)
