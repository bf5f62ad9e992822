"""The rules of ``benchmarks.peers.spells_rules`` as ``umea_eval`` does them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.peers.spells_rules import FIRST, GAP, LAST, LONG_TERM, VERY_LONG_TERM, main
from umea_eval.datasets.forsorjningsstod.measures import spells


def load(person: np.ndarray, month: np.ndarray) -> pd.DataFrame:
    """The rows as a pandas frame."""
    return pd.DataFrame({"person": person, "month": month}, copy=False)


def join(frame: pd.DataFrame) -> pd.DataFrame:
    """Spells, with censoring and all that ours has besides."""
    return spells(
        frame,
        gap=GAP,
        unit="person",
        first=FIRST,
        last=LAST,
        long_term=LONG_TERM,
        very_long_term=VERY_LONG_TERM,
    )


def sums(found: pd.DataFrame) -> list[int]:
    """What all must agree on."""
    return [
        len(found),
        int(found["months"].sum()),
        int(found["benefit_months"].sum()),
        int((found["end"] == "open").sum()),
        int(found["long_term"].sum()),
        int(found["very_long_term"].sum()),
    ]


if __name__ == "__main__":
    main(load, join, sums)
