"""Yes, no and not known: a visit's values as 1, 0 and missing, and what follows from several."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MissingFlag = Literal["unknown", "none"]
Values = NDArray[np.float64]

YES, NO, UNDETERMINED = "yes", "no", "undetermined"


def numbers(visits: pd.DataFrame, name: str) -> Values:
    """A column as floats; one that is not there is all missing."""
    if name not in visits:
        return np.full(len(visits), np.nan)
    values: Values = visits[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def flags(visits: pd.DataFrame, name: str, missing: MissingFlag) -> Values:
    """A flag as 1, 0 or missing (with "none", missing is 0); as ``numbers`` for no column."""
    values = numbers(visits, name)
    return np.where(np.isnan(values), 0.0, values) if missing == "none" else values


def fasting_glucose(visits: pd.DataFrame) -> Values:
    """The fasting glucose (mmol/l), missing where the person is said not to have fasted."""
    fasted = flags(visits, "fasting", "unknown")
    return np.where(fasted == 0, np.nan, numbers(visits, "glucose"))


def body_mass_index(visits: pd.DataFrame) -> Values:
    """Weight over height squared (kg/m²), else the stated BMI."""
    metres = numbers(visits, "height") / 100
    reckoned = numbers(visits, "weight") / metres**2
    return np.where(np.isnan(reckoned), numbers(visits, "bmi"), reckoned)


def at_least(values: Values, limit: float | Values) -> Values:
    """Whether values reach a limit (included)."""
    return np.where(np.isnan(values), np.nan, (values >= limit).astype(np.float64))


def below(values: Values, limit: float | Values) -> Values:
    """Whether values lie below a limit (not included)."""
    return 1 - at_least(values, limit)


def either(one: Values, other: Values) -> Values:
    """Yes if either is, no if both are not, else not known."""
    yes, no = (one == 1) | (other == 1), (one == 0) & (other == 0)
    return np.select([yes, no], [1.0, 0.0], np.nan)


def as_status(yes: NDArray[np.bool_], no: NDArray[np.bool_], index: pd.Index) -> pd.Series:
    """``yes``, ``no`` or ``undetermined`` by row."""
    return pd.Series(np.select([yes, no], [YES, NO], UNDETERMINED), index=index, dtype="str")
