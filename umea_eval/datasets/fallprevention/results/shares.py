"""A share with its interval, beside the counts that it is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.methods.proportions import wilson


def categories(table: pd.DataFrame, name: str, counted: str) -> pd.DataFrame:
    table = table.rename(columns={"numerator": counted, "denominator": "base", "value": "share"})
    return table[[name, counted, "base", "share", "lower", "upper"]].astype({name: "str"})


def with_share(
    table: pd.DataFrame, numerator: str = "fell", denominator: str = "residents"
) -> pd.DataFrame:
    """The table with a share and Wilson's interval; missing where nobody is counted."""
    known = (table[denominator] > 0).to_numpy(dtype=bool)
    lower, upper = np.full(len(table), np.nan), np.full(len(table), np.nan)
    if known.any():
        own = table[known]
        lower[known], upper[known] = wilson(
            own[numerator].astype("int64"), own[denominator].astype("int64")
        )
    share = table[numerator] / table[denominator].where(table[denominator] > 0)
    return table.assign(share=share.astype("float64"), lower=lower, upper=upper)
