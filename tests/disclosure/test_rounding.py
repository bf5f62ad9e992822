from __future__ import annotations

import pandas as pd
import pytest

from tests.methods.reference import reaches
from umea_eval.disclosure.rounding import round_midpoint


def test_X03() -> None:
    counts = [0, 1, 6, 7, 12, 13]
    rounded = round_midpoint(pd.Series(counts))
    reached = {str(count): float(value) for count, value in zip(counts, rounded, strict=True)}
    reaches("X03", reached, function="disclosure.round_midpoint")


def test_missing_stays_missing_and_negative_is_refused() -> None:
    counts = pd.Series([None, 4], dtype="int64[pyarrow]")
    assert round_midpoint(counts).isna().tolist() == [True, False]
    with pytest.raises(ValueError, match="negative"):
        round_midpoint(pd.Series([-1]))


def test_steps_of_another_base() -> None:
    assert round_midpoint(pd.Series(range(11)), base=5).tolist() == [0, *[3] * 5, *[8] * 5]
