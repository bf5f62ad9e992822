"""A regression's design matrix from named columns: numbers as they are, levels as indicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.methods.inputs import FloatArray, column, group_keys, in_order, numbers


@dataclass(frozen=True)
class Design:
    """The matrix (rows x coefficients, the constant first) and what its columns mean."""

    matrix: FloatArray
    names: pd.DataFrame  # term and level, one row per coefficient

    @property
    def labels(self) -> list[str]:
        """``term`` or ``term: level``."""
        pairs = zip(self.names["term"], self.names["level"], strict=True)
        return [term if not level else f"{term}: {level}" for term, level in pairs]


def design_matrix(
    data: pd.DataFrame, terms: Sequence[str], *, references: Mapping[str, Any] | None = None
) -> Design:
    """Columns for ``terms``: numeric and yes/no as they are, others one per level but one.

    The level left out is ``references[term]``, else the first in order (of the categories, where
    the column is categorical). Raises UserError for
    missing values, a term with one value, or columns that repeat each other.
    """
    references = references or {}
    columns: list[FloatArray] = [np.ones(len(data))]
    names: list[tuple[str, str]] = [("constant", "")]
    for term in terms:
        values = column(data, term)
        is_number = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)
        if is_number and term not in references:
            columns.append(numbers(values, term))
            names.append((term, ""))
            continue
        levels = _levels(group_keys(data, term)[term])
        left_out = references.get(term, levels[0])
        if left_out not in levels:
            known = ", ".join(map(str, levels))
            raise UserError("methods.inputs.no_group", column=term, known=known)
        for one in levels:
            if one != left_out:
                columns.append((values == one).to_numpy(dtype=np.float64, na_value=0.0))
                names.append((term, str(one)))
        if len(levels) < 2:
            raise UserError("methods.inputs.one_group", column=term)
    matrix = np.stack(columns, axis=1)
    # Columns of very different size (days beside shares) are put on one scale before the check.
    scaled = matrix / np.maximum(np.abs(matrix).max(axis=0), 1e-300)
    if np.linalg.matrix_rank(scaled) < matrix.shape[1]:
        raise UserError("methods.design.collinear", terms=", ".join(terms))
    return Design(matrix, pd.DataFrame(names, columns=["term", "level"]).astype("str"))


def _levels(values: pd.Series[Any]) -> list[Any]:
    """The levels that occur, in the order of the categories if there is one, else sorted."""
    found = values.unique()
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [level for level in values.cat.categories if level in set(found)]
    return in_order(found)
