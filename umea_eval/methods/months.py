"""How a column of months (or other equal periods) becomes a checked, gapless order of time."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.methods.inputs import Column, IntArray, refuse


@dataclass(frozen=True)
class Timeline:
    """Consecutive periods. ``ordinals``: 0, 1, ... in sorted order; ``labels``: their names;
    ``order``: which row of the input stands at each place."""

    labels: tuple[str, ...]
    order: IntArray
    first: int
    frequency: str | None

    def __len__(self) -> int:
        return len(self.labels)

    def place(self, time: Any) -> int:
        """The place of a period, counted from 0; it may lie outside the series."""
        try:
            if self.frequency is None:
                return int(time) - self.first
            return int(_period(time, self.frequency).ordinal) - self.first
        except (ValueError, TypeError):
            raise UserError("methods.months.unreadable", time=str(time)) from None


def timeline(values: Column, name: str) -> Timeline:
    """Check a time index: one row per period, no gap, no duplicate; any order of rows.

    Months as "2023-01", dates (the month they lie in), pandas periods of any length, or whole
    numbers. UserError for what is missing, cannot be read, comes twice or is left out.
    """
    series = pd.Series(values)
    if len(series) == 0:
        raise UserError("methods.inputs.empty", column=name)
    refuse(series.isna().to_numpy(), "methods.inputs.missing", name)
    frequency: str | None = None
    if pd.api.types.is_integer_dtype(series) or _whole_floats(series):
        ordinals = series.to_numpy(dtype=np.int64)
        named = [str(value) for value in ordinals]
    else:
        periods = _periods(series, name)
        frequency = str(periods.freqstr)
        ordinals = np.asarray(periods.astype("int64"), dtype=np.int64)
        named = [str(period) for period in periods]
    order = np.argsort(ordinals, kind="stable")
    steps = np.diff(ordinals[order])
    if (steps == 0).any():
        raise UserError(
            "methods.months.twice", column=name, period=named[order[int((steps == 0).argmax())]]
        )
    if (steps > 1).any():
        raise UserError(
            "methods.months.gap",
            column=name,
            missing=int((steps - 1).sum()),
            after=named[order[int((steps > 1).argmax())]],
        )
    return Timeline(tuple(named[row] for row in order), order, int(ordinals[order[0]]), frequency)


def _whole_floats(series: pd.Series[Any]) -> bool:
    """Whole numbers that have become floats on the way (7.0 means period 7)."""
    return pd.api.types.is_float_dtype(series) and bool((series % 1 == 0).all())


def _periods(series: pd.Series[Any], name: str) -> pd.PeriodIndex:
    if isinstance(series.dtype, pd.PeriodDtype):
        return pd.PeriodIndex(series)
    try:
        return pd.PeriodIndex([_period(value, "M") for value in series], freq="M")
    except (ValueError, TypeError):
        raise UserError("methods.months.unreadable_column", column=name) from None


def _period(time: Any, frequency: str) -> pd.Period:
    if isinstance(time, pd.Period):
        return time.asfreq(frequency)
    # A bare number is no month: pandas would take it for a year.
    if isinstance(time, Real) or pd.isna(time):
        raise ValueError(frequency)
    return pd.Period(time, freq=frequency)
