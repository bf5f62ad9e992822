"""Counts rounded so that a small difference does not show."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]


def round_midpoint(counts: pd.Series[int], *, base: int = 6) -> pd.Series[int]:
    """Round each count to the middle of its class of ``base`` numbers; zero stays zero.

    With base 6 the counts 1–6 become 3 and 7–12 become 9. Missing stays missing; raises ValueError
    for a negative count. Source: OpenSAFELY, statistical disclosure control; case X03.
    """
    if bool((counts < 0).any()):
        raise ValueError("a count is negative")
    classes = -(-counts // base)
    return classes * base - (base // 2) * (counts != 0).astype(classes.dtype)


def rounded(counts: FloatArray, base: int | None) -> FloatArray:
    """Each count rounded to the nearest multiple of ``base`` (halves up); None: as it is."""
    return counts if base is None else np.floor(counts / base + 0.5) * base


def rounded_from(shown: FloatArray, base: int | None) -> tuple[FloatArray, FloatArray]:
    """The lowest and the highest whole count that `rounded` shows so."""
    if base is None:
        return shown, shown
    return np.maximum(shown - base // 2, 0.0), shown + (base - 1) // 2
