"""The account of a stored dataset as tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from umea_eval.disclosure.rules import RULES
from umea_eval.intake.store import Stored
from umea_eval.processed.quality import ROUGH, kept_rows, roughly, shares


def test_the_account_as_a_table(tmp_path: Path) -> None:
    account = {
        **{"rows_in": 10, "clean": 5, "quarantined": {"check_digit": 1, "masked": 1}},
        **{"duplicates": 1, "superseded": 1, "other_tables": 0, "headings_and_totals": 1},
    }
    stored = Stored({}, {"account": account}, tmp_path)
    table = kept_rows(stored).set_index("fate")["rows"]
    assert table["quarantined"] == 2
    assert table["rows_in"] == table.drop("rows_in").sum()
    # Of ten rows one is a heading: two of nine are in quarantine.
    found = shares(stored)
    assert (found["quarantined"], found["rows"]) == (2, 9)
    assert found["share"] == 100 * 2 / 9
    none = Stored({}, {"account": account | {"rows_in": 1, "quarantined": {}}}, tmp_path)
    assert pd.isna(shares(none)["share"])


def test_a_public_account_is_rounded_so_that_no_small_number_shows() -> None:
    """No profile asks for more values than each of these leaves."""
    assert max(rules.width for rules in RULES.values()) < ROUGH // 2
    frame = pd.DataFrame(
        {"what": list("abcdef"), "rows": [0, 19, 20, 29, 30, 1234], "share": [0.5] * 6}
    )
    made = roughly(frame)
    assert list(made) == ["what", "rows"]
    assert made["rows"].tolist()[2:] == [20, 20, 40, 1240]
    assert made["rows"].isna().tolist() == [True, True, False, False, False, False]
