"""Rows of text as the files that systems send: CSV, a workbook, an API's JSON, a ZIP of CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Literal

Form = Literal["csv", "xlsx", "json", "zip"]
FORMS: Mapping[Form, str] = {"csv": ".csv", "xlsx": ".xlsx", "json": ".json", "zip": ".zip"}
# The earliest day that a ZIP archive can hold: the same bytes whenever they are written.
LONG_AGO = dt.datetime(1980, 1, 1, tzinfo=dt.UTC)


def file_bytes(
    lines: Sequence[Sequence[str]],
    form: Form,
    *,
    name: str,
    first: int,
    numeric: Sequence[bool],
    encoding: str = "utf-8-sig",
    separator: str = ";",
    newline: str = "\r\n",
) -> bytes:
    """The bytes of a file with these rows; the same for the same rows.

    ``first`` is how many rows stand above the data, the last of them the headings. ``numeric`` says
    which columns a workbook or JSON holds as numbers, where the text is one. ``name`` names the
    sheet, or the file within the archive; the last three are for CSV.
    """
    if form == "xlsx":
        return _workbook(lines, name, first, numeric)
    if form == "json":
        return _json(lines, first, numeric)
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=newline).writerows(lines)
    content = text.getvalue().encode(encoding)
    if form == "csv":
        return content
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(f"{name}.csv", LONG_AGO.timetuple()[:6])
        archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _workbook(
    lines: Sequence[Sequence[str]], name: str, first: int, numeric: Sequence[bool]
) -> bytes:
    import xlsxwriter  # noqa: PLC0415 - only a workbook needs it

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": LONG_AGO.replace(tzinfo=None)})
        sheet = book.add_worksheet(name[:31])
        for row, cells in enumerate(lines):
            for column, cell in enumerate(cells):
                value = _number(cell) if row >= first and numeric[column] else None
                if value is not None:
                    sheet.write_number(row, column, value)
                elif cell:
                    sheet.write_string(row, column, cell)
    return buffer.getvalue()


def _json(lines: Sequence[Sequence[str]], first: int, numeric: Sequence[bool]) -> bytes:
    names = lines[first - 1]
    rows = []
    for cells in lines[first:]:
        made: dict[str, str | float | None] = {}
        for name, cell, number in zip(names, cells, numeric, strict=True):
            value = _number(cell) if number else None
            made[name] = value if value is not None else cell or None
        rows.append(made)
    page = {"PageNumber": 1, "PageSize": len(rows), "Result": rows}
    return json.dumps(page, ensure_ascii=False, indent=0).encode("utf-8")


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
