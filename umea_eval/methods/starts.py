"""When did each unit begin?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.methods.inputs import Column, IntArray
from umea_eval.methods.months import Timeline

# Places that are no place: never begun (or after the last period), and begun before the first.
NEVER = -1
BEFORE = -2


def starts(values: Column, units: IntArray, line: Timeline, periods: int) -> IntArray:
    """The place of each unit's first period under the new state, or ``NEVER`` or ``BEFORE``.

    ``values``: one per row, in the same form as the periods (missing for never); ``units``: codes
    of the rows. UserError where a unit has two starts.
    """
    series = pd.Series(values)
    known = series.notna().to_numpy()
    ordinal = np.full(len(series), NEVER, dtype=np.int64)
    # A column of whole numbers with missing values has become floats: 7.0 means period 7.
    for value in series[known].unique():
        name = int(value) if isinstance(value, float) and value.is_integer() else value
        place = line.place(name)
        found = BEFORE if place < 0 else place if place < periods else NEVER
        # Nullable and Arrow columns compare to missing where they are missing.
        ordinal[(series == value).to_numpy(dtype=np.bool_, na_value=False)] = found
    first = np.full(int(units.max()) + 1, NEVER, dtype=np.int64)
    first[units] = ordinal
    wrong = first[units] != ordinal
    if wrong.any():
        raise UserError("methods.starts.differ", units=len(np.unique(units[wrong])))
    return first
