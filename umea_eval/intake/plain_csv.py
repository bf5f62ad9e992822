"""A CSV file whose columns are known: its rows with their numbers, whatever its encoding.

For tables of published figures and for files that people edit beside them. Exports of systems, with
several heading rows, totals and sheets, are read by ``exports``.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from umea_eval.errors import UserError
from umea_eval.intake.encoding import decode, is_binary

Row = tuple[int, list[str]]
_SEPARATOR_LINE = re.compile(r"sep=([,;\t])", re.IGNORECASE)


def read_rows(path: Path) -> list[Row]:
    """All rows, the heading first, each with its number as Excel counts it.

    Encoding and separator (comma, semicolon, tab) are found from the content. Raises UserError for
    a file that is missing, a folder, unreadable, empty, binary or broken.
    """
    name = path.name
    if not path.exists():
        raise UserError("csv.no_file", file=name)
    if path.is_dir():
        raise UserError("csv.folder", file=name)
    try:
        content = path.read_bytes()
    except OSError:
        raise UserError("csv.unreadable", file=name) from None
    if not content.strip():
        raise UserError("csv.empty", file=name)
    if is_binary(content):
        raise UserError("csv.no_text", file=name)
    text = decode(content).utf8.decode("utf-8")
    lines = [line for line in text.splitlines() if line.strip()]
    named = _SEPARATOR_LINE.fullmatch(lines[0].strip()) if lines else None
    separator = named[1] if named else max(",;\t", key=lines[0].count if lines else text.count)
    # A long cell of free text is no fault of its own.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error:
        raise UserError("csv.broken", file=name) from None
    numbered = list(enumerate(rows, start=1))
    while numbered and not any(cell.strip() for cell in numbered[0][1]):
        del numbered[0]
    # Excel's own first line that names the separator.
    if numbered and _SEPARATOR_LINE.fullmatch(separator.join(numbered[0][1]).strip()):
        del numbered[0]
    if not numbered:
        raise UserError("csv.empty", file=name)
    return numbered


def read_records(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """The rows as column → trimmed text, without empty rows.

    Raises UserError also for a missing column, a row with too many or too few fields, and a file
    with no rows below its heading.
    """
    name = path.name
    (_, first), *rows = read_rows(path)
    names = {column.casefold(): column for column in columns}
    heading = [names.get(cell.strip().casefold(), cell.strip()) for cell in first]
    twice = sorted({column for column in heading if column and heading.count(column) > 1})
    if twice:
        raise UserError("csv.twice", file=name, columns=", ".join(twice))
    missing = [column for column in columns if column not in heading]
    if len(missing) == len(columns):
        raise UserError("csv.no_table", file=name, columns=", ".join(columns))
    if missing:
        raise UserError("csv.missing_columns", file=name, columns=", ".join(missing))
    records: list[tuple[int, dict[str, str]]] = []
    for row, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(heading):
            raise UserError(
                "csv.ragged", file=name, row=row, found=len(cells), expected=len(heading)
            )
        records.append((row, dict(zip(heading, (cell.strip() for cell in cells), strict=True))))
    if not records:
        raise UserError("csv.no_rows", file=name)
    return records
