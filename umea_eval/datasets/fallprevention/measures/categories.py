"""Every category's share of all reports, the unknown among the categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.datasets.fallprevention.measures.selection import grouped, labelled, no_rows
from umea_eval.methods.proportions import proportion

Labels = NDArray[Any]


def category_shares(
    frame: pd.DataFrame,
    labels: Labels,
    *,
    name: str,
    categories: Sequence[str],
    by: Sequence[str],
    confidence: float,
) -> pd.DataFrame:
    """One row per group and category (in the column ``name``): its share of the group's reports.

    ``labels`` has the category of each row of ``frame``. Wilson limits.
    """
    masks = {category: labels == category for category in categories}
    sums = grouped(frame, by, {**masks, "n": np.ones(len(frame))})
    if sums.empty:
        return no_rows((*by, name))
    long = sums.melt(
        [*by, "n"], list(categories), var_name=name, value_name="x", ignore_index=False
    )
    long = long.sort_index(kind="stable").reset_index(drop=True)
    return labelled(proportion(long, "x", "n", confidence=confidence).table, long, (*by, name))
