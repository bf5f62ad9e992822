"""Which counts of a curve lie within which."""

from __future__ import annotations

import pandas as pd

from umea_eval.methods.nested import with_later


def test_those_at_risk_later_are_among_those_at_risk() -> None:
    """Of 40 eight ended and two were not followed; 29 of 30 cannot have come from 24."""
    curve = pd.DataFrame({"at_risk": [40, 30, 29], "ended": [8, 6, 5]})
    assert with_later(curve)["later"].tolist() == [30, pd.NA, pd.NA]
    assert with_later(curve.head(0))["later"].empty
