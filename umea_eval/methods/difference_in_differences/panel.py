"""Which unit was under which state when?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.methods.inputs import (
    Column,
    FloatArray,
    IntArray,
    column,
    denominators,
    labels,
    numbers,
)
from umea_eval.methods.months import timeline
from umea_eval.methods.starts import BEFORE, NEVER, starts


@dataclass(frozen=True)
class Panel:
    """A balanced panel: ``outcome`` is units x periods.

    ``start``: the place of each unit's first period under the new state, or -1 for never.
    """

    units: tuple[Any, ...]
    periods: tuple[str, ...]
    outcome: FloatArray
    start: IntArray
    weights: FloatArray

    @property
    def treated(self) -> FloatArray:
        """1 in every unit and period under the new state, 0 otherwise."""
        places = np.arange(len(self.periods))
        return ((self.start[:, np.newaxis] >= 0) & (places >= self.start[:, np.newaxis])).astype(
            np.float64
        )


def balanced_panel(
    data: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    start: str,
    weights: str | None = None,
) -> Panel:
    """Check a panel with one row per unit and period and a start per unit.

    ``time``: months, periods or whole numbers without a gap; ``start``: the unit's first period
    under the new state in the same form, missing (or a period after the last) for never. UserError
    for a duplicated or missing unit-period, a start that differs within a unit, a unit under the
    new state from the first period, and where no unit changes.
    """
    codes, names = labels(column(data, unit), unit)
    times, unique = labels(column(data, time), time)
    line = timeline(unique, time)
    place = np.empty(len(unique), dtype=np.int64)
    place[line.order] = np.arange(len(unique))
    cell = codes * len(unique) + place[times]
    counted = np.bincount(cell, minlength=len(names) * len(unique))
    if (counted > 1).any():
        raise UserError(
            "methods.difference_in_differences.twice", extra=int((counted[counted > 1] - 1).sum())
        )
    if (counted == 0).any():
        raise UserError(
            "methods.difference_in_differences.unbalanced",
            missing=int((counted == 0).sum()),
            units=len(names),
            periods=len(unique),
        )
    values = np.empty(len(cell))
    values[cell] = numbers(data[outcome] if outcome in data else column(data, outcome), outcome)
    begun = starts(column(data, start), codes, line, len(unique))
    always = (begun == 0) | (begun == BEFORE)
    if always.any():
        raise UserError("methods.difference_in_differences.always", units=int(always.sum()))
    if (begun == NEVER).all():
        raise UserError("methods.difference_in_differences.none_treated")
    weight = np.ones(len(names))
    if weights is not None:
        weight = _per_unit(column(data, weights), codes, len(names), weights)
        weight = weight / weight.mean()
    return Panel(tuple(names), line.labels, values.reshape(len(names), len(unique)), begun, weight)


def _per_unit(values: Column, codes: IntArray, units: int, name: str) -> FloatArray:
    """One value per unit: the mean over its rows."""
    array = denominators(values, name)
    return np.asarray(
        np.bincount(codes, weights=array, minlength=units) / np.bincount(codes, minlength=units),
        dtype=np.float64,
    )
