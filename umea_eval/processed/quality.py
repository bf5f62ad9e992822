"""The account of a stored dataset as tables and sentences: what the data quality report shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from umea_eval.datasets import find_dataset
from umea_eval.intake.ledger import CLASSES, Ledger
from umea_eval.intake.quarantine import reason_text
from umea_eval.intake.store import ACCOUNT, Stored
from umea_eval.language import Language, Words, text
from umea_eval.processed.account import correction_text

FATES = (*CLASSES, "headings_and_totals")
# Rows are persons in some tables, and their numbers can equal what a report suppresses. Rounded to
# this base, and nothing below it shown, each leaves more values than any profile asks for.
ROUGH = 20


def tables(stored: Stored, language: Language) -> dict[str, pd.DataFrame]:
    """Frames: ``rows``, ``quarantine``, ``corrections``, ``remarks``, ``missing`` and ``files``.

    Labels are in ``language``. ``missing`` has the columns of the schemas that the files had.
    """
    manifest, name = stored.manifest, _name(stored)
    account = manifest["account"]
    reasons = {
        reason_text(reason, language, dataset=name): count
        for reason, count in account["quarantined"].items()
    }
    corrections = {correction_text(rule, language): n for rule, n in account["corrections"].items()}
    remarks = {
        reason_text(reason, language, dataset=name): count
        for reason, count in manifest["remarks"].items()
        if count
    }
    ledger = _ledger(stored)
    rows = {text(f"intake.rows.{fate}", language): ledger.total(fate) for fate in FATES}
    return {
        "rows": _counted(rows, "what", ordered=False),
        "quarantine": _counted(reasons, "reason"),
        "corrections": _counted(corrections, "rule"),
        "remarks": _counted(remarks, "remark"),
        "missing": _missing(stored, language),
        "files": ledger.table.assign(
            table=[_table(name, table, language) for table in ledger.table["table"]]
        ),
    }


def sentence(stored: Stored, language: Language) -> str:
    """The account as one sentence."""
    return _ledger(stored).text(language)


def shares(stored: Stored) -> dict[str, object]:
    """How many rows are in quarantine, of all rows of the exports but headings, totals and blank.

    ``quarantined``, ``rows`` and ``share`` (per cent; missing without rows).
    """
    account = stored.manifest["account"]
    quarantined = sum(account["quarantined"].values())
    base = account["rows_in"] - account["headings_and_totals"]
    share = 100 * quarantined / base if base else float("nan")
    return {"quarantined": quarantined, "rows": base, "share": share}


def kept_rows(stored: Stored) -> pd.DataFrame:
    """The row account as a table: ``fate`` and ``rows``, in the order in which rows leave."""
    account = stored.manifest["account"]
    counts = {
        "rows_in": account["rows_in"],
        "headings_and_totals": account["headings_and_totals"],
        "other_tables": account["other_tables"],
        "quarantined": sum(account["quarantined"].values()),
        "duplicates": account["duplicates"],
        "superseded": account["superseded"],
        "clean": account["clean"],
    }
    return pd.DataFrame({"fate": list(counts), "rows": list(counts.values())}).astype(
        {"rows": "int64"}
    )


def roughly(table: pd.DataFrame) -> pd.DataFrame:
    """A table of the account for a reader who must not see everything.

    Counts are rounded to the nearest ``ROUGH`` (halves up), those below it are missing, and shares
    are left out.
    """
    made = table.drop(columns="share", errors="ignore")
    for name in made.select_dtypes("integer").columns:
        counts = made[name].astype("Int64")
        made[name] = ((counts + ROUGH // 2) // ROUGH * ROUGH).mask(counts < ROUGH)
    return made


def findings(stored: Stored) -> list[tuple[Words, Mapping[str, Any]]]:
    """What the cleaning has found between the rows, as items of a list."""
    return [
        (each["key"], each["values"]) for each in stored.manifest["provenance"].get("findings", [])
    ]


def _name(stored: Stored) -> str:
    return str(stored.manifest["provenance"]["dataset"])


def _ledger(stored: Stored) -> Ledger:
    frame = pd.read_parquet(stored.folder / f"{ACCOUNT}.parquet")
    return Ledger(frame, stored.manifest["account"]["quarantined"])


def _counted(counts: Mapping[str, int], name: str, *, ordered: bool = True) -> pd.DataFrame:
    frame = pd.DataFrame({name: list(counts), "rows": list(counts.values())})
    frame = frame.astype({name: "str", "rows": "int64"})
    if not ordered:
        return frame
    return frame.sort_values(["rows", name], ascending=[False, True], ignore_index=True)


def _missing(stored: Stored, language: Language) -> pd.DataFrame:
    rows = []
    for schema in find_dataset(_name(stored)).schemas:
        if schema.name not in stored:
            continue
        frame = stored[schema.name]
        for column in schema.columns:
            # An open end is no missing value.
            if column.name in frame and column.dtype != "protected" and not column.open_end:
                label = column.label_sv if language == "sv" else column.label_en
                gone = int(frame[column.name].isna().sum())
                rows.append((_table(_name(stored), schema.name, language), label, gone, len(frame)))
    found = pd.DataFrame(rows, columns=["table", "column", "missing", "rows"])
    found["share"] = found["missing"] / found["rows"].where(found["rows"] > 0)
    return found[found["missing"] > 0].reset_index(drop=True)


def _table(dataset: str, name: str, language: Language) -> str:
    for schema in find_dataset(dataset).schemas:
        if schema.name == name:
            return schema.label_sv if language == "sv" else schema.label_en
    return ""
