"""No figure that holds is called an error: tables that an independent reader made true."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.datasets.key_figures.tables import audited, said
from umea_eval.datasets.key_figures.printed import write

LINES = (Path(__file__).parent / "tables_that_hold.jsonl").read_text(encoding="utf-8").splitlines()
USUAL = json.loads(LINES[0])["usual"]
TABLES = {table["name"]: table["rows"] for table in map(json.loads, LINES[1:])}


@pytest.mark.parametrize("name", TABLES)
def test_a_true_table_has_no_error(tmp_path: Path, name: str) -> None:
    result = audited(tmp_path, *({**USUAL, **row} for row in TABLES[name]))
    assert [finding for finding in said(result) if finding[0] == "fel"] == []


PEOPLE = st.integers(0, 400)
DECIMALS = st.integers(0, 2)
SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)


@SETTINGS
@given(PEOPLE, PEOPLE, PEOPLE, PEOPLE, PEOPLE, DECIMALS)
def test_shares_counted_from_persons_hold(
    tmp_path: Path, women: int, men: int, yes_women: int, yes_men: int, other: int, decimals: int
) -> None:
    counts = {
        "kvinnor": (min(women, yes_women), women),
        "män": (min(men, yes_men), men),
        # Those who state no sex are in the total only.
        "total": (min(women, yes_women) + min(men, yes_men), women + men + other),
    }
    rows = [
        {
            "indicator": "Andel som deltog",
            "unit": "procent",
            "sex": sex,
            "numerator": top,
            "denominator": base,
            "value": write(Fraction(100 * top, base), decimals),
        }
        for sex, (top, base) in counts.items()
        if base
    ]
    if rows:
        found = said(audited(tmp_path, *rows))
        assert [finding for finding in found if finding[0] in ("fel", "avrundning")] == []


@SETTINGS
@given(st.lists(st.integers(-99_999_999, 99_999_999), min_size=2, max_size=2), DECIMALS)
def test_accounts_rounded_from_kronor_hold(
    tmp_path: Path, kronor: list[int], decimals: int
) -> None:
    budget, outcome = kronor
    columns = {"Budget": budget, "Utfall": outcome, "Budgetavvikelse": outcome - budget}
    rows = [
        {
            "indicator": "Nettokostnad",
            "unit": "mnkr",
            "breakdown": name,
            "value": write(Fraction(amount, 1_000_000), decimals),
        }
        for name, amount in columns.items()
    ]
    assert said(audited(tmp_path, *rows)) == []


@SETTINGS
@given(st.integers(1, 5000), st.integers(0, 5000), DECIMALS)
def test_changes_computed_from_counts_hold(
    tmp_path: Path, before: int, now: int, decimals: int
) -> None:
    change = write(Fraction(100 * now, before) - 100, decimals)
    rows = [
        {"indicator": "Antal barn", "period": "2022", "value": before},
        {"indicator": "Antal barn", "period": "2023", "value": now},
        {
            "indicator": "Antal barn, förändring jämfört med 2022",
            "unit": "procent",
            "value": change,
        },
    ]
    assert said(audited(tmp_path, *rows)) == []


@SETTINGS
@given(st.lists(st.integers(0, 60), min_size=3, max_size=3).filter(sum), DECIMALS)
def test_answers_counted_from_persons_hold(
    tmp_path: Path, counts: list[int], decimals: int
) -> None:
    names = ("Delaktig: Helt", "Delaktig: Delvis", "Delaktig: Inte alls")
    rows = [
        {
            "indicator": "Andel delaktiga",
            "unit": "procent",
            "breakdown": name,
            "numerator": count,
            "value": write(Fraction(100 * count, sum(counts)), decimals),
        }
        for name, count in zip(names, counts, strict=True)
    ]
    assert said(audited(tmp_path, *rows)) == []
