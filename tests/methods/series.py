"""The constructed series of 36 months that several reference cases share (L04, L05, L06)."""

from __future__ import annotations

import numpy as np
import pandas as pd

_EVENTS = (
    "12 15 11 14 16 13 12 17 15 14 18 16 13 15 14 17 16 15 19 14 16 18 15 17 "
    "11 12 9 13 10 12 8 11 10 9 12 8"
)
_DAYS = (
    "930 840 930 900 930 900 930 930 900 930 900 930 930 868 930 900 930 900 930 930 900 930 900 "
    "930 961 868 961 930 961 930 961 961 930 961 930 961"
)
L_EVENTS = np.array(_EVENTS.split(), dtype=np.int64)
L_DAYS = np.array(_DAYS.split(), dtype=np.int64)


def falls() -> pd.DataFrame:
    """The series as a frame with the months 2021-01 to 2023-12; the change is in 2023-01."""
    months = pd.period_range("2021-01", periods=36, freq="M")
    return pd.DataFrame({"month": months.astype(str), "falls": L_EVENTS, "days": L_DAYS})
