"""Example exports write no date that only chance could read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from umea_eval.intake.example import Style, write_export
from umea_eval.intake.schema import Column, Schema

VISITS = Schema("visits", "Besök", "Visits", (Column("visited_on", "date", "Datum", "Date"),))


@pytest.mark.parametrize(
    ("days", "written"),
    [
        # No day over 12: 1.7.2022 may be 7 January, so the file gets ISO dates.
        (["2022-07-01", "2024-01-05"], ["2022-07-01", "2024-01-05"]),
        (["2022-07-01", "2024-01-15"], ["1.7.2022", "15.1.2024"]),
        (["2022-07-13", None], ["13.7.2022", ""]),
    ],
)
def test_dotted_dates_are_written_where_the_file_settles_their_order(
    tmp_path: Path, days: list[str | None], written: list[str]
) -> None:
    frame = pd.DataFrame({"visited_on": pd.to_datetime(pd.Series(days))})
    path = tmp_path / "visits.csv"
    write_export(frame, VISITS, path, Style(date="dotted", encoding="utf-8"))
    lines = path.read_text(encoding="utf-8").split("\n")[1:3]
    assert sorted(line.strip().strip('"') for line in lines) == sorted(written)
