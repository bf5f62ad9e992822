"""Why is there no interval?"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from umea_eval.datasets.vhu_lss.measures.change import TOO_FEW
from umea_eval.datasets.vhu_lss.measures.prevalence import CANNOT
from umea_eval.datasets.vhu_lss.measures.shares import FEW_HOMES, NOBODY

# What the measures say instead of an interval, as codes of the catalogue.
LIMITS: Mapping[str, str] = {
    NOBODY: "nobody",
    FEW_HOMES: "few_homes",
    TOO_FEW: "few_pairs",
    CANNOT: "no_history",
    "none: too few units": "few_units",
}


def limits_code(methods: pd.Series) -> pd.Series:
    """Why an interval is missing, as a code of the catalogue; ``there`` where it is not."""
    return methods.map(LIMITS).fillna("there").astype("str")
