"""``cleaning_rows`` with the dates read by pandas, one at a time, as most such scripts do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from benchmarks.peers import cleaning_rows
from benchmarks.peers.cleaning_rules import main


def _day(text: str) -> dt.date:
    day: dt.date = pd.to_datetime(text, format="%Y-%m-%d").date()
    return day


def clean(source: Path, folder: Path) -> tuple[int, dict[str, int], int]:
    """Clean row by row."""
    return cleaning_rows.clean(source, folder, day=_day)


if __name__ == "__main__":
    main(clean)
