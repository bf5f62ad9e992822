"""Counts rounded so that a small difference does not show."""

from __future__ import annotations

import pandas as pd


def round_midpoint(counts: pd.Series[int], *, base: int = 6) -> pd.Series[int]:
    """Round each count to the middle of its class of ``base`` numbers; zero stays zero.

    With base 6 the counts 1–6 become 3 and 7–12 become 9. Missing stays missing; raises ValueError
    for a negative count. Source: OpenSAFELY, statistical disclosure control; case X03.
    """
    if bool((counts < 0).any()):
        raise ValueError("a count is negative")
    classes = -(-counts // base)
    return classes * base - (base // 2) * (counts != 0).astype(classes.dtype)
