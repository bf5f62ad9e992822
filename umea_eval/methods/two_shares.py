"""Two groups' shares beside each other: the difference, its interval, and what could have shown."""

from __future__ import annotations

import numpy as np

from umea_eval.methods.power import smallest_differences
from umea_eval.methods.proportions import newcombe


def two_shares(x1: int, n1: int, x2: int, n2: int, *, confidence: float = 0.95) -> dict[str, float]:
    """The share of the first group minus that of the second: a row of a table.

    ``value``, ``lower``, ``upper`` (Newcombe), ``confidence`` and ``detectable``: the difference
    from the second group's share that groups of this size show with 80 per cent power, upwards as
    well as downwards (in the only direction that there is room for, where there is one), at the
    same confidence. Missing where a group is empty; ``detectable`` also where the second group has
    nobody or everybody.
    """
    row = dict.fromkeys(("value", "lower", "upper", "detectable"), np.nan)
    row["confidence"] = confidence
    if not (n1 and n2):
        return row
    lower, upper = newcombe(x1, n1, x2, n2, confidence=confidence)
    row |= {"value": x1 / n1 - x2 / n2, "lower": float(lower), "upper": float(upper)}
    if 0 < x2 < n2:
        least = smallest_differences(n1, n2, x2 / n2, alpha=1 - confidence)
        row["detectable"] = float(np.fmax(*least))
    return row
