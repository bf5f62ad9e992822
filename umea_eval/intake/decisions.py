"""The decision log: who chose what about the data, when and why. Reports print it.

A CSV file that can be filled in with Excel, one row per decision. It names roles, never a person
whose data are studied.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal, get_args

from umea_eval.errors import UserError
from umea_eval.files import write_whole
from umea_eval.intake.encoding import decode

Kind = Literal["cleaning", "mapping", "definition", "correction", "link", "deletion"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FILE = "decisions.csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Decision:
    """One decision. ``datasets`` are parted by commas; ``reference`` is its diarienummer."""

    date: dt.date
    by: str
    datasets: str
    kind: Kind
    choice: str
    why: str
    reference: str = ""

    @property
    def about(self) -> frozenset[str]:
        """The datasets that the decision is about."""
        return frozenset(name.strip() for name in self.datasets.split(",") if name.strip())


COLUMNS = tuple(field.name for field in fields(Decision))


def read_decisions(path: Path) -> list[Decision]:
    """All decisions of a log, in the order of the file; a missing file has none.

    Raises UserError, by row, for a heading row that is not ``COLUMNS``, a date that is no
    YYYY-MM-DD, an unknown kind, a row without who, what or why, and one with an identity number.
    """
    if not path.exists():
        return []
    try:
        content = decode(path.read_bytes()).utf8.decode("utf-8")
    except OSError:
        raise UserError("intake.unreadable", file=path.name) from None
    separator = ";" if content.partition("\n")[0].count(";") else ","
    rows = list(csv.DictReader(io.StringIO(content, newline=""), delimiter=separator))
    if rows and not set(COLUMNS) <= set(rows[0]):
        raise UserError("intake.decision_columns", file=path.name, columns=", ".join(COLUMNS))
    return [
        _decision({name: (row[name] or "").strip().removeprefix("'") for name in COLUMNS}, path, n)
        for n, row in enumerate(rows, start=2)
        if any(row.values())
    ]


def add_decision(path: Path, decision: Decision) -> None:
    """Write a decision below the others, which are kept as they are.

    Raises UserError for a log that cannot be read or written, and for a decision that lacks who,
    what or why, or holds an identity number.
    """
    known = read_decisions(path)
    _complete(decision, path, len(known) + 2)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in (*known, decision):
        writer.writerow([_cell(str(value)) for value in astuple(each)])
    try:
        write_whole(path, buffer.getvalue().encode("utf-8-sig"))
    except OSError:
        raise UserError("intake.decision_not_written", file=path.name) from None


def about(decisions: Sequence[Decision], dataset: str) -> list[Decision]:
    """The decisions about a dataset, oldest first."""
    return sorted((each for each in decisions if dataset in each.about), key=lambda d: d.date)


def _decision(row: dict[str, str], path: Path, number: int) -> Decision:
    try:
        date = dt.date.fromisoformat(row["date"])
    except ValueError:
        raise UserError("intake.decision_date", file=path.name, row=number) from None
    kind = next((known for known in KINDS if known == row["kind"]), None)
    if kind is None:
        known = ", ".join(KINDS)
        raise UserError("intake.decision_kind", file=path.name, row=number, known=known)
    rest = {name: row[name] for name in ("by", "datasets", "choice", "why", "reference")}
    decision = Decision(date=date, kind=kind, **rest)
    _complete(decision, path, number)
    return decision


def _complete(decision: Decision, path: Path, number: int) -> None:
    for name in ("by", "datasets", "choice", "why"):
        if not getattr(decision, name).strip():
            raise UserError("intake.decision_empty", file=path.name, row=number, column=name)
    from umea_eval.intake.identity import without_identities  # noqa: PLC0415 - brings pandas

    for name in ("by", "choice", "why"):
        # It would be printed in every report of the dataset, and withhold them all.
        if without_identities(getattr(decision, name)) != getattr(decision, name):
            raise UserError("intake.decision_identity", file=path.name, row=number, column=name)


def _cell(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
