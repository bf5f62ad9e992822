"""How a column of rows, labels or answers becomes an array, and what is refused on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.errors import UserError
from umea_eval.methods.inputs import FloatArray, numbers, refuse

Floats: TypeAlias = FloatArray
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
# What a caller may pass as a column of its own: a Series, an array or a list.
Column: TypeAlias = "pd.Series[Any] | NDArray[Any] | Sequence[Any] | pd.Index[Any]"


def whole_or_numbers(values: Column, name: str) -> Ints | Floats:
    """Finite numbers; whole ones stay int64 (no copy where they already are)."""
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    is_whole = pd.api.types.is_integer_dtype(series) or pd.api.types.is_bool_dtype(series)
    if is_whole and len(series) and not series.hasnans:
        return series.to_numpy(dtype=np.int64)
    # A list of only None is missing, not text: numpy tells the two apart.
    array = numbers(series if isinstance(values, pd.Series) else np.asarray(values), name)
    if bool((array == np.floor(array)).all()) and float(np.abs(array).max()) < 2**53:
        return array.astype(np.int64)
    return array


def same_length(first: NDArray[Any], second: NDArray[Any], names: tuple[str, str]) -> None:
    """A UserError unless both columns have equally many rows."""
    if len(first) != len(second):
        raise UserError(
            "methods.columns.lengths",
            first=names[0],
            second=names[1],
            first_rows=len(first),
            second_rows=len(second),
        )


def yes_or_no(values: Column, name: str) -> Bools:
    """True and False, or 1 and 0."""
    array = numbers(pd.Series(values), name)
    refuse((array != 0) & (array != 1), "methods.columns.not_binary", name)
    yes: Bools = array == 1
    return yes


def labels(values: Column, name: str) -> tuple[Ints, list[Any]]:
    """Codes 0, 1, ... and the labels they stand for, in sorted order; missing is a UserError."""
    codes, unique = pd.factorize(pd.Series(values), sort=True)
    if not len(codes):
        raise UserError("methods.inputs.empty", column=name)
    refuse(codes < 0, "methods.inputs.missing", name)
    return codes.astype(np.int64), list(unique)
