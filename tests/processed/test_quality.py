"""The account of a stored dataset as tables."""

from __future__ import annotations

from pathlib import Path

from umea_eval.intake.store import Stored
from umea_eval.processed.quality import kept_rows


def test_the_account_as_a_table(tmp_path: Path) -> None:
    account = {
        **{"rows_in": 10, "clean": 5, "quarantined": {"check_digit": 1, "masked": 1}},
        **{"duplicates": 1, "superseded": 1, "other_tables": 0, "headings_and_totals": 1},
    }
    stored = Stored({}, {"account": account}, tmp_path)
    table = kept_rows(stored).set_index("fate")["rows"]
    assert table["quarantined"] == 2
    assert table["rows_in"] == table.drop("rows_in").sum()
