from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.methods.reference import reaches
from umea_eval.datasets.forsorjningsstod.measures import spells
from umea_eval.errors import UserError


def months(pattern: str, household: str = "h1") -> pd.DataFrame:
    dates = pd.date_range("2023-01-01", periods=len(pattern), freq="MS")
    kept = [day for day, mark in zip(dates, pattern, strict=True) if mark == "1"]
    return pd.DataFrame({"household": household, "month": kept})


def test_X01() -> None:
    frame = months("1101100111")
    reaches("X01", {f"G{gap}": float(len(spells(frame, gap=gap))) for gap in (1, 2, 3)})


def test_a_spell_has_its_ends_and_its_months() -> None:
    found = spells(months("1101100111"), gap=2)
    assert found["first"].dt.strftime("%Y-%m").tolist() == ["2023-01", "2023-08"]
    assert found["last"].dt.strftime("%Y-%m").tolist() == ["2023-05", "2023-10"]
    assert found["benefit_months"].tolist() == [4, 3]


def test_households_are_kept_apart_and_a_repeated_month_counts_once() -> None:
    frame = pd.concat([months("11", "b"), months("11", "a"), months("11", "a")])
    found = spells(frame.sample(frac=1, random_state=1), gap=1)
    assert found["household"].tolist() == ["a", "b"]
    assert found["benefit_months"].tolist() == [2, 2]


@given(st.text("01", min_size=1, max_size=40), st.integers(1, 4))
def test_spells_are_what_splitting_the_pattern_gives(pattern: str, gap: int) -> None:
    frame = months(pattern)
    runs = [run for run in pattern.strip("0").split("0" * gap) if run.strip("0")]
    found = spells(frame, gap=gap)
    assert len(found) == len(runs)
    assert found["benefit_months"].sum() == pattern.count("1")


def test_what_cannot_be_used_is_refused() -> None:
    with pytest.raises(UserError):
        spells(months("11"), gap=0)
    with pytest.raises(UserError):
        spells(months("11").assign(household=None), gap=1)
