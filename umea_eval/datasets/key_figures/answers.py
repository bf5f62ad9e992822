"""What the owner of the figures answered: a file beside the data, which people edit in Excel.

``published.csv`` has its answers in ``published.answers.csv`` (semicolons, UTF-8 with BOM): one row
per finding with its status and the owner's comment. A finding without a row is open.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from umea_eval.datasets.key_figures.codes import OPEN, STATUSES, Status
from umea_eval.datasets.key_figures.findings import Finding
from umea_eval.datasets.key_figures.schema import plain
from umea_eval.errors import UserError
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
    """The owner's answer to one finding."""

    status: Status = OPEN
    comment: str = ""
    answered_by: str = ""
    answered_on: str = ""


def answers_file(data: Path) -> Path:
    """Where the answers to the findings on ``data`` lie."""
    return data.with_name(f"{data.stem}.answers.csv")


def read_answers(data: Path) -> dict[str, Answer]:
    """The answers by finding id; empty when nobody has answered yet.

    Raises UserError for a file without its columns or with a status that does not exist.
    """
    path = answers_file(data)
    if not path.exists():
        return {}
    answers: dict[str, Answer] = {}
    for row, given in read_records(path, _COLUMNS[:2]):
        status = {plain(known): known for known in STATUSES}.get(plain(given.get("status", "")))
        if status is None:
            raise UserError(
                "key_figures.errors.answers_status",
                file=path.name,
                row=row,
                known=", ".join(STATUSES),
            )
        answers[given.get("finding_id", "")] = Answer(
            status,
            _unguarded(given.get("comment", "")),
            _unguarded(given.get("answered_by", "")),
            given.get("answered_on", ""),
        )
    return answers


def write_answers(data: Path, findings: Sequence[Finding], answers: Mapping[str, Answer]) -> Path:
    """Write one row per finding, and keep the rows of findings that are gone. Whole or not at all.

    Raises UserError when the file cannot be written.
    """
    path = answers_file(data)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    known = [finding.finding_id for finding in findings]
    rows: list[tuple[str, str, str, str]] = [
        (
            finding.finding_id,
            finding.severity,
            " ".join(figure.figure_id for figure in finding.figures),
            finding.text("sv"),
        )
        for finding in findings
    ]
    rows += [(gone, "", "", "") for gone in answers if gone not in known]
    for finding_id, severity, figures, sentence in rows:
        answer = answers.get(finding_id, Answer())
        cells = (
            finding_id,
            answer.status,
            answer.comment,
            answer.answered_by,
            answer.answered_on,
            severity,
            figures,
            sentence,
        )
        writer.writerow([_guarded(cell) for cell in cells])
    try:
        with tempfile.NamedTemporaryFile(
            "wb", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(out.getvalue().encode("utf-8-sig"))
        temporary.replace(path)
    except OSError:
        raise UserError("key_figures.errors.answers_write", file=path.name) from None
    return path


def answer(
    data: Path,
    findings: Sequence[Finding],
    finding_id: str,
    status: Status,
    *,
    comment: str,
    answered_by: str,
    answered_on: date,
) -> Path:
    """Record the owner's answer to one finding and return the file.

    Raises UserError for a finding that does not exist.
    """
    if finding_id not in {finding.finding_id for finding in findings}:
        raise UserError("key_figures.errors.unknown_finding", finding=finding_id, file=data.name)
    answers = read_answers(data)
    answers[finding_id] = Answer(status, comment, answered_by, answered_on.isoformat())
    return write_answers(data, findings, answers)


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
