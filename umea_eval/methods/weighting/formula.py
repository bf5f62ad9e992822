"""How a formula becomes the columns of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from formulaic import Formula
from formulaic.errors import FormulaicError

from umea_eval.errors import UserError
from umea_eval.methods.inputs import column, refuse


def model_matrix(terms: str, data: pd.DataFrame) -> Any:
    """The model matrix of the right side of a formula; ``.model_spec`` builds it for other data.

    Missing values, unknown columns, an unreadable formula and collinear columns are UserErrors.
    """
    try:
        formula = Formula(terms)
        for name in sorted(str(variable) for variable in formula.required_variables):
            refuse(column(data, name).isna().to_numpy(), "methods.inputs.missing", name)
        matrix = formula.get_model_matrix(data, na_action="raise", context={})
    except (FormulaicError, SyntaxError) as error:
        raise UserError(
            "methods.weighting.formula", formula=terms, kind=type(error).__name__
        ) from None
    values = np.asarray(matrix, dtype=np.float64)
    scale = np.abs(values).max(axis=0)
    if (scale == 0).any() or np.linalg.matrix_rank(values / scale) < values.shape[1]:
        raise UserError("methods.weighting.collinear")
    return matrix
