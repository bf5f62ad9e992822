"""Spreadsheets (XLSX, XLSM, XLS, ODS) to cells, one grid per sheet."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import python_calamine as calamine

from umea_eval.errors import UserError
from umea_eval.intake.grid import Cells, Grid

# calamine lays a sheet out as a rectangle up to its last filled cell, 32 bytes a cell: one stray
# cell in the far corner asks for 550 GB and ends the process. Excel's largest sheet with 40 columns
# filled to the last row stays below this limit.
MAX_CELLS = 50_000_000

_Value = (
    int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta
)  # what calamine gives

# Any part may be a sheet; these never are.
_XLSX_OTHER = re.compile(r".*/(sharedStrings|styles|theme\d*)\.xml", re.IGNORECASE)
_XLSX_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,9})"')
# Filled cells from column AA on: `<c r="XFD1" ...>` but not the empty `<c r="XFD1" .../>`.
_XLSX_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{2,3})\d+"[^>]*(?<!/)>')
_ODS_MANIFEST = "META-INF/manifest.xml"
_ODS_TAG = re.compile(
    rb"<(/?)table:(table-row|table-cell|covered-table-cell|table)\b([^>]*?)(/?)>", re.DOTALL
)
_ODS_COLUMNS = re.compile(rb'number-columns-repeated="(\d{1,9})"')
_ODS_ROWS = re.compile(rb'number-rows-repeated="(\d{1,9})"')


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook."""

    name: str
    hidden: bool
    grid: Grid


def read_workbook(data: bytes, *, file: str) -> list[Sheet]:
    """Every worksheet of a workbook as text cells, hidden ones too, in the workbook's order.

    Numbers are written with a decimal point and never with exactly three decimals, so that they
    cannot be taken for thousands; dates as 2024-01-31, with the time after ``T`` where there is
    one. Formulas give the value that was saved with them. An error value (#N/A) is an empty cell.
    Row i of a grid is row i + 1 of the sheet. Raises UserError for a protected or damaged workbook
    and for a sheet that is mostly emptiness.
    """
    _look_before_reading(data, file=file)
    try:
        with calamine.load_workbook(io.BytesIO(data)) as book:
            return [
                Sheet(
                    about.name,
                    about.visible != calamine.SheetVisibleEnum.Visible,
                    _grid(book.get_sheet_by_name(about.name)),
                )
                for about in book.sheets_metadata
                if about.typ == calamine.SheetTypeEnum.WorkSheet
            ]
    except calamine.PasswordError:
        raise UserError("intake.password", file=file) from None
    except (calamine.CalamineError, OSError, ValueError):
        # The reader does not tell a protected XLS from a damaged one.
        old = not zipfile.is_zipfile(io.BytesIO(data))
        key = "intake.damaged_or_protected" if old else "intake.damaged_workbook"
        raise UserError(key, file=file) from None


def _grid(sheet: calamine.CalamineSheet) -> Grid:
    rows = sheet.to_python(skip_empty_area=False)
    width = max((len(row) for row in rows), default=0)
    return Grid([_column(rows, place) for place in range(width)], len(rows))


def _column(rows: list[list[_Value]], place: int) -> Cells:
    codes = np.full(len(rows), -1, dtype=np.int32)
    # By type too: for a dictionary True, 1 and 1.0 are the same key.
    of_value: dict[tuple[type, _Value], int] = {}
    of_text: dict[str, int] = {}
    for number, row in enumerate(rows):
        if place >= len(row) or row[place] == "":
            continue
        value = row[place]
        key = (type(value), value)
        code = of_value.get(key)
        if code is None:
            code = of_value[key] = of_text.setdefault(_text(value), len(of_text))
        codes[number] = code
    return Cells(codes, list(of_text))


def _text(value: _Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return _number(value)
        case dt.datetime():
            midnight = value.time() == dt.time()
            return value.date().isoformat() if midnight else value.isoformat(timespec="seconds")
        case dt.timedelta():
            minutes = int(value.total_seconds()) // 60
            return f"{minutes // 60:02}:{minutes % 60:02}"
        case dt.time():
            return value.isoformat(timespec="minutes")
        case _:
            return str(value)


def _number(value: float) -> str:
    if value.is_integer():
        return str(int(value))
    text = f"{Decimal(repr(value)):f}"
    # 1.234 could be read as one thousand two hundred and thirty-four; 1.2340 cannot.
    return text + "0" if len(text.partition(".")[2]) == 3 else text


def _look_before_reading(data: bytes, *, file: str) -> None:
    """Refuse what the reader cannot tell from damage, or would fill the memory with."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if _ODS_MANIFEST in names and b"encryption-data" in archive.read(_ODS_MANIFEST):
                raise UserError("intake.password", file=file)
            if "content.xml" in names:
                sizes = list(_ods_sizes(archive.read("content.xml")))
            else:
                parts = [name for name in names if name.endswith(".xml")]
                sizes = [
                    _xlsx_size(archive, name) for name in parts if not _XLSX_OTHER.fullmatch(name)
                ]
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ):
        return  # XLS is no archive; a damaged one is reported by the reader
    if any(rows * columns > MAX_CELLS for rows, columns in sizes):
        raise UserError("intake.sparse_sheet", file=file)


def _xlsx_size(archive: zipfile.ZipFile, name: str) -> tuple[int, int]:
    """Rows and columns up to the last filled cell, without building the sheet."""
    rows, columns, rest = 0, 26, b""
    with archive.open(name) as file:
        while chunk := file.read(1 << 22):
            chunk = rest + chunk
            # A tag that is cut in two is looked at again with the next piece.
            rest = chunk[-512:]
            rows = max([rows, *(int(row) for row in _XLSX_ROW.findall(chunk))])
            letters = set(_XLSX_CELL.findall(chunk))
            columns = max([columns, *(_column_number(each) for each in letters)])
    return rows, columns


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _ods_sizes(content: bytes) -> Iterator[tuple[int, int]]:
    """Rows and columns up to the last filled cell of each sheet, repeats counted."""
    row = last_row = last_column = column = height = 0
    filled = False
    for tag in _ODS_TAG.finditer(content):
        closing, kind, about, empty = tag.groups()
        if kind == b"table":
            if closing:
                yield last_row, last_column
            row = last_row = last_column = 0
        elif kind == b"table-row":
            if not closing:
                column, filled = 0, False
                height = _repeats(_ODS_ROWS, about)
            if closing or empty:
                row += height
                last_row = row if filled else last_row
        elif not closing:
            column += _repeats(_ODS_COLUMNS, about)
            if not empty or b"office:value" in about:
                filled = True
                last_column = max(last_column, column)


def _repeats(pattern: re.Pattern[bytes], about: bytes) -> int:
    found = pattern.search(about)
    return int(found[1]) if found else 1
