"""What the model of an interrupted series is made of, and when there is too little to make one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.methods.inputs import (
    BoolArray,
    FloatArray,
    at_least,
    choice,
    numbers,
    positive,
)
from umea_eval.methods.months import Timeline, timeline

# House rule: at least a year on each side, so that a season is never taken for a change ...
COMPARABLE_POINTS = 12
# ... and no change of measurement so near that the two cannot be told apart.
BREAK_DISTANCE = 6


MarkKind = Literal["intervention", "break"]


@dataclass(frozen=True)
class Mark:
    """Something that happened at a time of the series.

    ``time``: the first period of the new state. ``kind``: "intervention", or "break" for a change
    of measurement or registration. ``slope``: whether the trend may change too (by default for an
    intervention, not for a break). ``phase_in``: periods from the mark on that are left out of the
    model; level and slope then count from the first period after them.
    """

    time: Any
    kind: MarkKind = "intervention"
    label: str = ""
    slope: bool | None = None
    phase_in: int = 0

    def __post_init__(self) -> None:
        choice(self.kind, MarkKind, "kind")

    @property
    def has_slope(self) -> bool:
        """Whether the model lets the trend change at the mark."""
        return self.kind == "intervention" if self.slope is None else self.slope

    def name(self, line: Timeline) -> str:
        """The label, or the period's own name."""
        return self.label or line.labels[line.place(self.time)]


@dataclass(frozen=True)
class Design:
    """A checked series with its model matrix; phase-in periods are not among the rows.

    ``without`` is the matrix had the interruption not happened; ``after`` the rows after it.
    """

    line: Timeline
    rows: np.ndarray[Any, np.dtype[np.int64]]
    outcome: FloatArray
    exposure: FloatArray | None
    matrix: FloatArray
    without: FloatArray
    terms: tuple[str, ...]
    level: int
    slope: int | None
    before: BoolArray
    after: BoolArray
    interruption: Mark
    marks: tuple[Mark, ...]


def design(
    data: pd.DataFrame,
    *,
    outcome: pd.Series[Any],
    exposure: pd.Series[Any] | None,
    time: pd.Series[Any],
    interruption: Mark,
    marks: Sequence[Mark],
    harmonics: int,
    period: int,
    covariates: Sequence[str],
) -> Design:
    """Check the series, refuse what cannot carry the model, and build its matrix.

    Terms: ``intercept``; ``trend`` (1 in the first period); ``level`` and ``slope`` of the
    interruption (slope 0 in the first period after the phase-in); ``level <name>`` and
    ``slope <name>`` of other marks; ``sin k``, ``cos k``; covariates by name.
    """
    at_least(harmonics, 0, "harmonics")
    positive(period, "period")
    line = timeline(time, str(time.name))
    y = numbers(outcome, str(outcome.name))[line.order]
    days = None if exposure is None else numbers(exposure, str(exposure.name))[line.order]
    _refuse(line, interruption, marks)
    place = np.arange(len(line), dtype=np.float64)
    columns: dict[str, FloatArray] = {"intercept": np.ones(len(line)), "trend": place + 1}
    own: list[str] = []
    kept = np.ones(len(line), dtype=np.bool_)
    for mark in (interruption, *marks):
        start = _inside(line, mark)
        first = start + mark.phase_in
        kept &= ~((place >= start) & (place < first))
        suffix = "" if mark is interruption else f" {mark.name(line)}"
        # A second term of the same name would silently take the place of the first.
        if "level" + suffix in columns:
            raise UserError("methods.interrupted_series.same_name", mark=mark.name(line))
        columns["level" + suffix] = (place >= first).astype(np.float64)
        if mark.has_slope:
            columns["slope" + suffix] = np.maximum(place - first, 0.0)
        if mark is interruption:
            own = [name for name in ("level", "slope") if name in columns]
    for k in range(1, harmonics + 1):
        columns[f"sin {k}"] = np.sin(2 * np.pi * k * place / period)
        columns[f"cos {k}"] = np.cos(2 * np.pi * k * place / period)
    for name in covariates:
        if name in columns:
            raise UserError("methods.inputs.reserved", column=name)
        columns[name] = numbers(data[name], name)[line.order]
    terms = tuple(columns)
    matrix = np.column_stack([columns[name] for name in terms])[kept]
    if np.linalg.matrix_rank(matrix) < len(terms) or len(matrix) <= len(terms) + 2:
        raise UserError("methods.interrupted_series.too_many_terms", terms=len(terms))
    without = matrix.copy()
    for name in own:
        without[:, terms.index(name)] = 0.0
    return Design(
        line=line,
        rows=np.flatnonzero(kept),
        outcome=y[kept],
        exposure=None if days is None else days[kept],
        matrix=matrix,
        without=without,
        terms=terms,
        level=terms.index("level"),
        slope=terms.index("slope") if "slope" in terms else None,
        before=(place < line.place(interruption.time))[kept],
        after=(place >= line.place(interruption.time))[kept],
        interruption=interruption,
        marks=tuple(marks),
    )


def _inside(line: Timeline, mark: Mark) -> int:
    place = line.place(mark.time)
    if not 0 < place < len(line):
        raise UserError("methods.interrupted_series.outside", time=str(mark.time))
    if mark.phase_in < 0:
        raise UserError("methods.interrupted_series.phase_in", periods=mark.phase_in)
    return place


def _refuse(line: Timeline, interruption: Mark, marks: Sequence[Mark]) -> None:
    """Refuse a break near the interruption, and too few comparable points between breaks."""
    start = _inside(line, interruption)
    first = start + interruption.phase_in
    left, right = 0, len(line)
    for mark in marks:
        place = _inside(line, mark)
        if mark.kind != "break":
            continue
        if abs(place - start) <= BREAK_DISTANCE or start <= place <= first:
            raise UserError(
                "methods.interrupted_series.break_near",
                mark=mark.name(line),
                interruption=interruption.name(line),
                distance=BREAK_DISTANCE,
            )
        if place < start:
            left = max(left, place + mark.phase_in)
        else:
            right = min(right, place)
    before, after = start - left, right - first
    if min(before, after) < COMPARABLE_POINTS:
        raise UserError(
            "methods.interrupted_series.too_short",
            before=max(before, 0),
            after=max(after, 0),
            needed=COMPARABLE_POINTS,
        )
