"""How a column becomes an array, and what is refused on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.errors import UserError

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
# What a caller may pass as a column of its own: a Series, an array or a list.
Column: TypeAlias = "pd.Series[Any] | NDArray[Any] | Sequence[Any] | pd.Index[Any]"


def column(data: pd.DataFrame, name: str) -> pd.Series[Any]:
    """The column ``name``; a UserError that lists the columns there are, where it is missing."""
    if name not in data.columns:
        known = ", ".join(str(other) for other in data.columns)
        raise UserError("methods.columns.unknown", column=name, known=known)
    return data[name]


def numbers(values: Column, name: str) -> Floats:
    """A one-dimensional float64 array of finite numbers.

    A missing value is a UserError that says how many there are and where the first is: which rows
    an analysis leaves out is a decision of its own, never a side effect.
    """
    series = pd.Series(values) if not isinstance(values, pd.Series) else values
    if len(series) == 0:
        raise UserError("methods.columns.empty", column=name)
    try:
        array = series.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise UserError("methods.columns.not_numbers", column=name) from None
    wrong = ~np.isfinite(array)
    if wrong.all():
        raise UserError("methods.columns.all_missing", column=name, rows=len(array))
    if wrong.any():
        raise UserError(
            "methods.columns.missing",
            column=name,
            missing=int(wrong.sum()),
            rows=len(array),
            first=int(wrong.argmax()) + 1,
        )
    return array


def whole_or_numbers(values: Column, name: str) -> Ints | Floats:
    """As :func:`numbers`, but whole numbers stay int64 (no copy where they already are)."""
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    is_whole = pd.api.types.is_integer_dtype(series) or pd.api.types.is_bool_dtype(series)
    if is_whole and len(series) and not series.hasnans:
        return series.to_numpy(dtype=np.int64)
    array = numbers(series, name)
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


def counts(values: Column, name: str) -> Floats:
    """Whole numbers from 0 and up, as float64."""
    array = numbers(values, name)
    wrong = (array < 0) | (array != np.floor(array))
    if wrong.any():
        raise UserError("methods.columns.not_counts", column=name, first=int(wrong.argmax()) + 1)
    return array


def exposures(values: Column, name: str) -> Floats:
    """Exposure (resident-days, persons, places): finite and above zero."""
    array = numbers(values, name)
    wrong = array <= 0
    if wrong.any():
        raise UserError(
            "methods.columns.no_exposure",
            column=name,
            wrong=int(wrong.sum()),
            first=int(wrong.argmax()) + 1,
        )
    return array


def yes_or_no(values: Column, name: str) -> Bools:
    """True and False, or 1 and 0."""
    array = numbers(values, name)
    wrong = (array != 0) & (array != 1)
    if wrong.any():
        raise UserError("methods.columns.not_binary", column=name, first=int(wrong.argmax()) + 1)
    yes: Bools = array == 1
    return yes


def labels(values: Column, name: str) -> tuple[Ints, list[Any]]:
    """Codes 0, 1, ... and the labels they stand for, in sorted order; missing is a UserError."""
    codes, unique = pd.factorize(pd.Series(values), sort=True)
    if (codes < 0).any():
        raise UserError(
            "methods.columns.missing",
            column=name,
            missing=int((codes < 0).sum()),
            rows=len(codes),
            first=int((codes < 0).argmax()) + 1,
        )
    return codes.astype(np.int64), list(unique)
