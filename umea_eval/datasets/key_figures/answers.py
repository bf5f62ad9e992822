"""What the owner of the figures answered: a file beside the data, which people edit in Excel.

``published.csv`` has its answers in ``published.answers.csv`` (semicolons, UTF-8 with BOM): one row
per finding with its status and the owner's comment. A finding without a row is open.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from umea_eval.datasets.key_figures.codes import OPEN, STATUSES, Status
from umea_eval.datasets.key_figures.findings import Finding
from umea_eval.datasets.key_figures.schema import plain
from umea_eval.errors import UserError
from umea_eval.files import write_whole
from umea_eval.intake.plain_csv import read_records

_COLUMNS = (
    "finding_id",
    "status",
    "comment",
    "answered_by",
    "answered_on",
    "severity",
    "figures",
    "finding",
)
# A cell that begins like this is a formula to a spreadsheet (CWE-1236).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Answer:
    """The owner's answer to one finding; ``own`` holds the columns that the owner has added."""

    status: Status = OPEN
    comment: str = ""
    answered_by: str = ""
    answered_on: str = ""
    own: Mapping[str, str] = field(default_factory=dict)


def answers_file(data: Path) -> Path:
    """Where the answers to the findings on ``data`` lie."""
    return data.with_name(f"{data.stem}.answers.csv")


def read_answers(data: Path) -> dict[str, Answer]:
    """The answers by finding id; empty when nobody has answered yet.

    Raises UserError for a file without its columns, a status that does not exist, and an id that
    is missing or stands in two rows.
    """
    path = answers_file(data)
    if not path.exists():
        return {}
    answers: dict[str, Answer] = {}
    for row, cells in read_records(path, _COLUMNS[:2]):
        given = {column: _unguarded(cell) for column, cell in cells.items()}
        status = {plain(known): known for known in STATUSES}.get(plain(given["status"]))
        if status is None:
            known = ", ".join(STATUSES)
            raise UserError(
                "key_figures.errors.answers_status", file=path.name, row=row, known=known
            )
        finding_id = given["finding_id"].casefold()
        if not finding_id or finding_id in answers:
            raise UserError("key_figures.errors.answers_id", file=path.name, row=row)
        answers[finding_id] = Answer(
            status,
            given.get("comment", ""),
            given.get("answered_by", ""),
            given.get("answered_on", ""),
            {column: cell for column, cell in given.items() if column and column not in _COLUMNS},
        )
    return answers


def write_answers(data: Path, findings: Sequence[Finding], answers: Mapping[str, Answer]) -> Path:
    """Write one row per finding, and keep the rows of findings that are gone. Whole or not at all.

    Raises UserError when the file cannot be written.
    """
    path = answers_file(data)
    own = list(dict.fromkeys(column for answer in answers.values() for column in answer.own))
    about = {
        finding.finding_id: (
            finding.severity,
            " ".join(figure.figure_id for figure in finding.figures),
            finding.text("sv"),
        )
        for finding in findings
    }
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([*_COLUMNS, *own])
    for finding_id in dict.fromkeys([*about, *answers]):
        given = answers.get(finding_id, Answer())
        cells = [
            finding_id,
            given.status,
            given.comment,
            given.answered_by,
            given.answered_on,
            *about.get(finding_id, ("", "", "")),
            *(given.own.get(column, "") for column in own),
        ]
        writer.writerow([_guarded(cell) for cell in cells])
    try:
        write_whole(path, out.getvalue().encode("utf-8-sig"))
    except OSError:
        raise UserError("key_figures.errors.answers_write", file=path.name) from None
    return path


def answer(
    data: Path,
    findings: Sequence[Finding],
    finding_id: str,
    status: Status,
    *,
    answered_on: date,
    comment: str | None = None,
    answered_by: str | None = None,
) -> Path:
    """Record the owner's answer to one finding and return the file.

    A comment or name that is not given stays as it was. Raises UserError for a finding that does
    not exist.
    """
    finding_id = finding_id.casefold()
    if finding_id not in {finding.finding_id for finding in findings}:
        raise UserError("key_figures.errors.unknown_finding", finding=finding_id, file=str(data))
    answers = read_answers(data)
    before = answers.get(finding_id, Answer())
    answers[finding_id] = replace(
        before,
        status=status,
        answered_on=answered_on.isoformat(),
        comment=before.comment if comment is None else comment,
        answered_by=before.answered_by if answered_by is None else answered_by,
    )
    return write_answers(data, findings, answers)


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
