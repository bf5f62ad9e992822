"""The rules of ``cleaning_rules`` row by row, with pandas and the personnummer library."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from personnummer.personnummer import Personnummer, PersonnummerException

from benchmarks.peers.cleaning_rules import EXTRACTION, KINDS, LIMIT, OBSTACLES, main, pseudonym

NAMES = ["identity", "household", "month", "paid_on", "amount", "kind", "obstacle"]


Day = Callable[[str], dt.date]
"""The day that a text of ten characters means; ValueError for none."""


def clean(
    source: Path, folder: Path, day: Day = dt.date.fromisoformat
) -> tuple[int, dict[str, int], int]:
    """Clean with ``iterrows``, as a first script would; ``day`` reads the dates."""
    frame = pd.read_csv(
        source,
        sep=";",
        encoding="latin-1",
        dtype="str",
        keep_default_na=False,
        names=NAMES,
        header=0,
    )
    seen: set[tuple[Any, ...]] = set()
    clean_rows: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    duplicates = 0
    for place, (_, row) in enumerate(frame.iterrows()):
        try:
            values = _values(row, day)
        except ValueError as error:
            bad.append({"row": place + 2, "reason": str(error)})
            continue
        if values in seen:
            duplicates += 1
            continue
        seen.add(values)
        number, household, month, paid_on, amount, kind, obstacle = values
        clean_rows.append(
            {
                "person": pseudonym(number),
                "birth_year": int(number[:4]),
                "sex": "men" if int(number[10]) % 2 else "women",
                "household": pseudonym(household),
                "month": month,
                "paid_on": paid_on,
                "amount": amount,
                "kind": kind,
                "obstacle": obstacle,
                "row": place + 2,
            }
        )
    pd.DataFrame(clean_rows).to_parquet(folder / "payments.parquet", compression="zstd")
    pd.DataFrame(bad).to_parquet(folder / "quarantine.parquet")
    return len(clean_rows), dict(Counter(each["reason"] for each in bad)), duplicates


def _values(row: Any, day: Day) -> tuple[Any, ...]:
    try:
        number = Personnummer(row["identity"])
        canonical = number.format(long_format=True)
    except PersonnummerException:
        raise ValueError("check_digit") from None
    if number.get_date() > dt.date.fromisoformat(EXTRACTION):
        raise ValueError("future_date")
    month = _date(row["month"] + "-01", "not_a_month", day)
    paid = _date(row["paid_on"], "not_a_date", day)
    if not row["amount"]:
        raise ValueError("missing_value")
    try:
        amount = float(row["amount"].replace(" ", "").replace(",", "."))
    except ValueError:
        raise ValueError("not_a_number") from None
    if abs(amount) > LIMIT:
        raise ValueError("out_of_range")
    if row["kind"] not in KINDS or row["obstacle"] not in OBSTACLES:
        raise ValueError("unknown_code")
    return canonical, row["household"], month, paid, amount, KINDS[row["kind"]], row["obstacle"]


def _date(text: str, reason: str, day: Day) -> dt.date:
    try:
        return day(text)
    except ValueError:
        raise ValueError(reason) from None


if __name__ == "__main__":
    main(clean)
