"""How serious the reports are, with the unassessed in their own category everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures.categories import Labels, category_shares
from umea_eval.datasets.fallprevention.measures.selection import (
    REPORTS,
    Kind,
    Months,
    chosen,
    grouped,
    labelled,
    no_rows,
)
from umea_eval.datasets.fallprevention.schema import CODES, HIGH_SEVERITY, NOT_ASSESSED
from umea_eval.errors import UserError
from umea_eval.methods.bounds import Covers, manski_bounds
from umea_eval.methods.proportions import proportion

LEVELS = tuple(code.code for code in CODES["severity"].codes)


def severity_counts(
    deviations: pd.DataFrame,
    *,
    kinds: Sequence[Kind] = REPORTS,
    by: Sequence[str] = (),
    months: Months = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Each level's share of all reports, "not_assessed" among the levels (``severity``).

    The base is every report, assessed or not: the share of severe among the assessed is not given.
    Shares have Wilson limits.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> deviations = ue.example("fallprevention", n=60)["deviations"]
    >>> counts = measures.severity_counts(deviations)
    >>> int(counts["numerator"].sum()) == int(
    ...     counts["denominator"].iloc[0]
    ... )  # not assessed is one of them
    True
    """
    frame, level = _levels(deviations, kinds, months)
    return category_shares(
        frame, level, name="severity", categories=LEVELS, by=by, confidence=confidence
    )


def assessed_share(
    deviations: pd.DataFrame,
    *,
    kinds: Sequence[Kind] = REPORTS,
    by: Sequence[str] = ("month",),
    months: Months = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The share of reports of which the severity has been assessed: a series of its own.

    A routine that demands assessment raises it, and raises reporting too. Wilson limits.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> deviations = ue.example("fallprevention", n=60)["deviations"]
    >>> share = measures.assessed_share(deviations, by=())
    >>> share[["numerator", "denominator"]].to_dict("records")
    [{'numerator': 32.0, 'denominator': 60.0}]
    """
    frame, level = _levels(deviations, kinds, months)
    sums = grouped(frame, by, {"x": level != NOT_ASSESSED, "n": np.ones(len(frame))})
    if sums.empty:
        return no_rows(by)
    return labelled(proportion(sums, "x", "n", confidence=confidence).table, sums, by)


def severity_bounds(
    deviations: pd.DataFrame,
    *,
    severe: Sequence[str] = HIGH_SEVERITY,
    kinds: Sequence[Kind] = REPORTS,
    by: Sequence[str] = (),
    months: Months = None,
    covers: Covers = "set",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Bounds of the share of ``severe`` reports: none, or all, of the unassessed are severe.

    ``least`` and ``most`` are the bounds, ``lower`` and ``upper`` hold sampling error too;
    ``unassessed`` of ``denominator`` reports. ``value`` is missing: the data do not give one.
    Raises UserError for a level that there is not.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> deviations = ue.example("fallprevention", n=60)["deviations"]
    >>> bounds = measures.severity_bounds(deviations)
    >>> bool((bounds["least"] <= bounds["most"]).all())
    True
    """
    for name in severe:
        if name not in LEVELS or name == NOT_ASSESSED:
            known = ", ".join(level for level in LEVELS if level != NOT_ASSESSED)
            raise UserError("fallprevention.measures.level", name=name, known=known)
    frame, level = _levels(deviations, kinds, months)
    sums = grouped(
        frame,
        by,
        {"x": np.isin(level, list(severe)), "n": np.ones(len(frame)), "m": level == NOT_ASSESSED},
    )
    if sums.empty:
        return no_rows(by, ("least", "most", "unassessed"))
    found = manski_bounds(sums, "x", "n", "m", covers=covers, confidence=confidence)
    return labelled(found.table, sums, by)


def _levels(
    deviations: pd.DataFrame, kinds: Sequence[Kind], months: Months
) -> tuple[pd.DataFrame, Labels]:
    """The reports, and the level of each; without any word on it, it is not assessed."""
    frame = chosen(deviations, kinds=kinds, months=months)
    level = frame["severity"].astype("object")
    return frame, level.where(level.notna(), NOT_ASSESSED).to_numpy(dtype=object)
