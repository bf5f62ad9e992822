"""What may go into a method: counts, exposures and shares, checked once and in one way.

Every check raises `UserError` and says which column and which rows (numbered from 1, in the order
given) are at fault, never the value itself.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from umea_eval.errors import UserError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
By = str | Sequence[str] | None
# What a caller may pass as a column of its own: a Series, an array or a list.
Column: TypeAlias = "pd.Series[Any] | npt.NDArray[Any] | Sequence[Any] | pd.Index[Any]"

# As many row numbers as a message can hold and still be read.
_ROWS_SHOWN = 5


class Interval(NamedTuple):
    """Lower and upper limits, of the same shape as the input."""

    lower: FloatArray
    upper: FloatArray


def numbers(values: npt.ArrayLike | pd.Series, name: str) -> FloatArray:
    """``values`` as float64, whatever type they came in; missing or infinite values are errors."""
    if isinstance(values, pd.Series):
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            array = values.to_numpy(dtype=np.float64, na_value=np.nan)
        elif values.dtype == object or (len(values) and values.isna().all()):
            # Whole numbers or Decimals kept as objects, or a column that nothing was ever put into.
            array = _as_float(values.to_numpy(dtype=object, na_value=np.nan), name)
        else:
            raise UserError("methods.inputs.not_number", column=name)
    else:
        array = _as_float(values, name)
    if array.size == 0:
        raise UserError("methods.inputs.empty", column=name)
    if np.isnan(array).all():
        raise UserError("methods.inputs.all_missing", column=name)
    refuse(~np.isfinite(array), "methods.inputs.missing", name)
    return array


def _as_float(values: npt.ArrayLike, name: str) -> FloatArray:
    """Lists and arrays as float64: text and dates are no numbers, even where numpy reads them."""
    raw = np.asarray(values)
    text = raw.dtype.kind == "O" and any(isinstance(value, str) for value in raw.ravel())
    if text or raw.dtype.kind not in "biufO":
        raise UserError("methods.inputs.not_number", column=name)
    try:
        return raw.astype(np.float64)
    except (TypeError, ValueError):
        raise UserError("methods.inputs.not_number", column=name) from None


def whole_or_numbers(values: Column, name: str) -> IntArray | FloatArray:
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


def same_length(first: npt.NDArray[Any], second: npt.NDArray[Any], names: tuple[str, str]) -> None:
    """A UserError unless both columns have equally many rows."""
    if len(first) != len(second):
        raise UserError(
            "methods.inputs.lengths",
            first=names[0],
            second=names[1],
            first_rows=len(first),
            second_rows=len(second),
        )


def yes_or_no(values: Column, name: str) -> BoolArray:
    """True and False, or 1 and 0."""
    array = numbers(pd.Series(values), name)
    refuse((array != 0) & (array != 1), "methods.inputs.not_binary", name)
    yes: BoolArray = array == 1
    return yes


def labels(values: Column, name: str) -> tuple[IntArray, list[Any]]:
    """Codes 0, 1, ... and the labels they stand for, in sorted order; missing is a UserError."""
    codes, unique = pd.factorize(pd.Series(values), sort=True)
    if not len(codes):
        raise UserError("methods.inputs.empty", column=name)
    refuse(codes < 0, "methods.inputs.missing", name)
    return codes.astype(np.int64), list(unique)


def counts(values: npt.ArrayLike | pd.Series, name: str) -> FloatArray:
    """Whole numbers, 0 or larger."""
    array = numbers(values, name)
    refuse(array < 0, "methods.inputs.negative", name)
    refuse(array != np.floor(array), "methods.inputs.not_whole", name)
    return array


def denominators(values: npt.ArrayLike | pd.Series, name: str) -> FloatArray:
    """Numbers larger than 0: an exposure, an expected count, a weight."""
    array = numbers(values, name)
    refuse(array < 0, "methods.inputs.negative", name)
    refuse(array == 0, "methods.inputs.zero_denominator", name)
    return array


def binomial(
    x: npt.ArrayLike | pd.Series,
    n: npt.ArrayLike | pd.Series,
    names: tuple[str, str] = ("x", "n"),
) -> tuple[FloatArray, FloatArray]:
    """Counts ``x`` of ``n``, broadcast against each other: 0 <= x <= n and n > 0."""
    numerator, denominator = counts(x, names[0]), counts(n, names[1])
    refuse(denominator == 0, "methods.inputs.zero_denominator", names[1])
    numerator, denominator = alike(numerator, denominator)
    refuse(numerator > denominator, "methods.inputs.above_denominator", *names)
    return numerator, denominator


def alike(*arrays: FloatArray) -> tuple[FloatArray, ...]:
    """The arrays broadcast to one shape, each its own (pandas warns of numpy's shared ones)."""
    return tuple(array.copy() for array in np.broadcast_arrays(*arrays))


def level(confidence: float) -> float:
    """A confidence level, between 0 and 1."""
    if not 0 < confidence < 1:
        raise UserError("methods.inputs.confidence")
    return confidence


def choice(given: object, allowed: object, name: str) -> None:
    """Refuse what is not among the values of the Literal ``allowed``: a misspelt option."""
    if given not in get_args(allowed):
        known = ", ".join(str(value) for value in get_args(allowed))
        raise UserError("methods.inputs.choice", given=str(given), name=name, known=known)


def positive(given: float, name: str) -> float:
    """A finite number above 0, such as the unit of a rate."""
    if not 0 < given < math.inf:
        raise UserError("methods.inputs.not_positive", given=str(given), name=name)
    return given


def at_least(given: float, least: int, name: str) -> int:
    """A whole number of at least ``least``, such as a number of replicates."""
    if not least <= given < math.inf or given != int(given):
        raise UserError("methods.inputs.not_enough", given=str(given), name=name, least=least)
    return int(given)


def column(data: pd.DataFrame, name: str) -> pd.Series:
    """One column of ``data``; an unknown name is an error that suggests the nearest one.

    A name that several columns share is an error too.
    """
    if not isinstance(data, pd.DataFrame):
        raise UserError("methods.inputs.no_frame", given=type(data).__name__)
    if name not in data.columns:
        known = [str(label) for label in data.columns]
        near = difflib.get_close_matches(name, known, n=1)
        key = "methods.inputs.no_column_near" if near else "methods.inputs.no_column"
        raise UserError(key, column=name, near="".join(near), known=", ".join(known))
    columns = int((data.columns == name).sum())
    if columns > 1:
        raise UserError("methods.inputs.column_twice", column=name, columns=columns)
    return data[name]


def in_order(values: Iterable[Any]) -> list[Any]:
    """Labels sorted; of different types (1 and "x"), which have no order, by type and text."""
    found = list(values)
    try:
        return sorted(found)
    except TypeError:
        return sorted(found, key=lambda value: (type(value).__name__, str(value)))


def keys(by: By) -> list[str]:
    """The grouping columns as a list."""
    if by is None:
        return []
    return [by] if isinstance(by, str) else list(by)


def group_keys(data: pd.DataFrame, by: By) -> pd.DataFrame:
    """The grouping columns, none of them missing."""
    for name in keys(by):
        refuse(column(data, name).isna().to_numpy(), "methods.inputs.missing", name)
    return data[keys(by)]


def sums(data: pd.DataFrame, columns: dict[str, FloatArray], by: By) -> pd.DataFrame:
    """``columns`` summed within ``by``, ordered by it; without ``by`` one row per row of ``data``.

    Sums are correctly rounded (`math.fsum`), so that the order of rows never shows.
    """
    if by is None:
        return pd.DataFrame(columns, index=data.index)
    for name in columns:
        if name in keys(by):
            raise UserError("methods.inputs.reserved", column=name)
    frame = group_keys(data, by).assign(**columns)
    grouped = frame.groupby(keys(by), sort=True, observed=True)
    totals = {name: grouped[name].agg(math.fsum).astype(np.float64) for name in columns}
    return pd.DataFrame(totals).reset_index()


def no_duplicates(data: pd.DataFrame, by: Sequence[str]) -> None:
    """At most one row per combination of ``by``."""
    refuse(data.duplicated(list(by)).to_numpy(), "methods.inputs.duplicates", ", ".join(by))


def refuse(wrong: BoolArray, key: str, name: str, other: str = "") -> None:
    """Raise ``key`` if anything is wrong, with the rows where it is."""
    if not wrong.any():
        return
    rows = np.flatnonzero(np.atleast_1d(wrong)) + 1
    shown = ", ".join(str(row) for row in rows[:_ROWS_SHOWN])
    more = ", …" if len(rows) > _ROWS_SHOWN else ""
    raise UserError(key, column=name, other=other, rows=shown + more, count=len(rows))
