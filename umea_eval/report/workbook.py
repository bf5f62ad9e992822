"""All tables of a report as one workbook: a cover sheet, and a sheet per table with its notes."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import Any

from umea_eval.disclosure.tables import NUMBERS
from umea_eval.language import Language, text
from umea_eval.report.marking import marking
from umea_eval.report.tables import SUPPRESSED

# A fixed day: the same report gives the same bytes.
LONG_AGO = dt.datetime(1980, 1, 1)  # noqa: DTZ001 - the format holds no time zone
NAME_LENGTH = 31  # the longest name of a sheet
WIDEST = 45
_A4 = 9


def workbook_bytes(record: Mapping[str, Any], tables: Sequence[Mapping[str, Any]]) -> bytes:
    """The workbook of a report: exactly the digits, marks and notes that its page shows.

    ``record`` is that of ``Report.finish``, ``tables`` are as ``ReleasedTable`` was written (see
    ``WrittenTable.data``) with their captions. A number is a number with the decimals of the page;
    a withheld one is the text ``..``. No cell holds a formula, whatever the data.
    """
    import xlsxwriter  # noqa: PLC0415 - only where a workbook is written

    language: Language = record["language"]
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": _title(record), "created": LONG_AGO})
        names = _sheet_names([str(table["name"]) for table in tables])
        _cover(book, record, list(zip(names, tables, strict=True)), language)
        for name, table in zip(names, tables, strict=True):
            _sheet(book, name, table, record, language)
    return buffer.getvalue()


def _cover(
    book: Any,
    record: Mapping[str, Any],
    listed: list[tuple[str, Mapping[str, Any]]],
    language: Language,
) -> None:
    sheet = book.add_worksheet(text("report.workbook.cover", language))
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, 1, 90)
    _printed(sheet, lying=False)
    title = book.add_format({"bold": True, "font_size": 16})
    row = 0
    mark = marking(record)
    if mark:
        sheet.write_string(row, 0, mark, bold)
        sheet.set_header(f"&C{mark}")  # on every printed page
        row += 1
    sheet.write_string(row, 0, str(record["title"]), title)
    facts = [
        ("report.workbook.profile", record["profile"]),
        ("report.record.code", record["code"]["sha256"]),
        ("report.record.version", record["code"]["version"]),
    ]
    for each in record["inputs"]:
        facts += [("report.record.file", each["path"]), ("report.record.checksum", each["sha256"])]
    row += 2
    for key, value in facts:
        sheet.write_string(row, 0, text(key, language), bold)
        sheet.write_string(row, 1, str(value), wrap)
        row += 1
    row += 1
    sheet.write_string(row, 0, text("report.workbook.sheet", language), bold)
    sheet.write_string(row, 1, text("report.workbook.table", language), bold)
    for name, table in listed:
        row += 1
        sheet.write_url(row, 0, f"internal:'{name}'!A1", string=name)
        sheet.write_string(row, 1, str(table["caption"]), wrap)
    row += 2
    for mark in ("suppressed", "missing"):
        sheet.write_string(row, 0, text(f"report.mark.{mark}", language))
        row += 1


def _sheet(
    book: Any, name: str, table: Mapping[str, Any], record: Mapping[str, Any], language: Language
) -> None:
    sheet = book.add_worksheet(name)
    top = book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"})
    right = book.add_format({"align": "right"})
    caption = str(table["caption"])
    mark = marking(record)
    if mark:
        caption = f"{mark}. {caption}"
        sheet.set_header(f"&C{mark}")
    sheet.write_string(0, 0, caption, book.add_format({"bold": True}))
    columns = table["columns"]
    hidden = {tuple(cell) for cell in table["suppressed"]}
    formats: dict[int, Any] = {}
    for place, column in enumerate(columns):
        sheet.write_string(2, place, str(column["heading"]), top)
        shown = [str(row[place] or "") for row in table["rows"]]
        width = max([len(each) for each in shown] + [min(len(str(column["heading"])), 24), 8])
        sheet.set_column(place, place, min(width + 2, WIDEST))
    for number, row in enumerate(table["rows"]):
        for place, value in enumerate(row):
            at = (number + 3, place)
            if (number, place) in hidden:
                sheet.write_string(*at, SUPPRESSED, right)
            elif value is not None and columns[place]["kind"] in NUMBERS:
                decimals = len(value.partition(".")[2])
                if decimals not in formats:
                    digits = "#,##0" + ("." + "0" * decimals if decimals else "")
                    formats[decimals] = book.add_format({"num_format": digits})
                sheet.write_number(*at, float(value), formats[decimals])
            elif value is not None:
                sheet.write_string(*at, str(value))
    last = max(3, 2 + len(table["rows"]))
    # A name for the table, so that formulas elsewhere can use it, and a heading row in print.
    book.define_name(
        f"table_{table['name']}", f"='{name}'!$A$3:${_letters(len(columns))}${last + 1}"
    )
    sheet.freeze_panes(3, 0)
    sheet.repeat_rows(2)
    _printed(sheet, lying=True)
    for row, note in enumerate(_notes(table, language), start=last + 2):
        sheet.write_string(row, 0, str(note))


def _printed(sheet: Any, *, lying: bool) -> None:
    """A4, as wide as one page: no column on a page of its own."""
    sheet.set_paper(_A4)
    if lying:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _notes(table: Mapping[str, Any], language: Language) -> list[str]:
    """What stands below the table on the page: its notes, and what its marks mean."""
    notes = [str(note) for note in table.get("notes", ())]
    if table["suppressed"]:
        notes.append(text("report.mark.suppressed", language))
    return notes


def _title(record: Mapping[str, Any]) -> str:
    mark = marking(record)
    return f"{mark} | {record['title']}" if mark else str(record["title"])


def _sheet_names(names: Sequence[str]) -> list[str]:
    """Names of at most 31 characters, all different."""
    made: list[str] = []
    for name in names:
        short, number = name[:NAME_LENGTH], 2
        while short.casefold() in {each.casefold() for each in made}:
            end = f"_{number}"
            short = name[: NAME_LENGTH - len(end)] + end
            number += 1
        made.append(short)
    return made


def _letters(columns: int) -> str:
    """The letters of the last of so many columns: 1 is A, 27 is AA."""
    letters = ""
    while columns:
        columns, rest = divmod(columns - 1, 26)
        letters = chr(65 + rest) + letters
    return letters or "A"
