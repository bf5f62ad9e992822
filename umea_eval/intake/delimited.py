"""Delimited text (CSV and its like) to cells: finds the separator, reads, and mends torn rows."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from umea_eval.errors import UserError
from umea_eval.intake.grid import MAX_COLUMNS, Cells, Grid, from_rows

# The comma comes last: it is also the decimal mark of Swedish numbers.
SEPARATORS = (";", "\t", "|", ",")
# No separator at all: one column. The unit separator never stands in a text file.
ONE_COLUMN = "\x1f"
SAMPLE_BYTES = 262_144
SAMPLE_ROWS = 500
CONSISTENT = 0.8
BLOCK = 1 << 22
LINE = re.compile(r"\r\n|\n|\r")
# Excel's own first line: sep=;
EXCEL_SEPARATOR = re.compile(rb"^sep=(.)\r?\n", re.IGNORECASE)


@dataclass(frozen=True)
class Delimited:
    """The cells of a text file, and the separator that they were parted by ("" for none)."""

    grid: Grid
    separator: str


def read_delimited(utf8: bytes, *, file: str) -> Delimited:
    """Read delimited text (UTF-8 without byte order mark); every row of the file is in the grid.

    Rows shorter than the others end in empty cells: Excel leaves out separators after the last
    filled cell. Rows with filled cells beyond the last column are named in the grid's faults as
    ``too_many_cells``; rows with an unpaired quotation mark as ``stray_quote``. Raises UserError
    for more columns than a spreadsheet can have.
    """
    utf8 = utf8.rstrip(b"\x1a")  # the end mark of old DOS files
    separator, width = find_separator(utf8)
    if width > MAX_COLUMNS:
        raise UserError("intake.too_many_columns", file=file, most=MAX_COLUMNS)
    try:
        grid = _read_arrow(utf8, separator, width)
    except pa.ArrowInvalid:  # an empty text, or a row that no block holds
        grid = None
    if grid is None or _swallows_rows(grid, separator):
        grid = _read_lines(utf8, separator, width)
    return Delimited(grid, "" if separator == ONE_COLUMN else separator)


def find_separator(utf8: bytes) -> tuple[str, int]:
    """The separator and the number of columns, from the first rows of the text.

    The separator is the one by which most rows have the same number of cells, at least two; where
    several do, the one that also parts the first row that any of them parts (the heading), and
    then the order of ``SEPARATORS``.
    """
    told = EXCEL_SEPARATOR.match(utf8)
    if told:
        separator = told[1].decode("utf-8", errors="replace")
        if separator in SEPARATORS:
            return separator, max(_usual_width(_sample(utf8, separator)), 1)
    samples = {separator: _sample(utf8, separator) for separator in SEPARATORS}
    parted = [
        next((row for row, width in enumerate(widths) if width > 1), None)
        for widths in samples.values()
    ]
    first = min((row for row in parted if row is not None), default=None)
    best: tuple[tuple[bool, bool, float, int], str, int] | None = None
    for order, (separator, widths) in enumerate(samples.items()):
        usual = _usual_width(widths)
        filled = [width for width in widths if width > 0]
        if usual < 2 or first is None:
            continue
        share = filled.count(usual) / len(filled)
        consistent = share >= CONSISTENT
        rank = (consistent, widths[first] == usual, 0.0 if consistent else share, -order)
        if best is None or rank > best[0]:
            best = (rank, separator, usual)
    return (best[1], best[2]) if best else (ONE_COLUMN, 1)


def _sample(utf8: bytes, separator: str) -> list[int]:
    """How many cells the first rows have, 0 for a blank one."""
    text = utf8[:SAMPLE_BYTES].decode("utf-8", errors="ignore")
    if len(utf8) > SAMPLE_BYTES:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    widths = [
        len(row) if any(cell.strip() for cell in row) else 0
        for row in islice(_records(text, separator), SAMPLE_ROWS)
    ]
    return widths or [0]


def _usual_width(widths: list[int]) -> int:
    counts = Counter(width for width in widths if width > 0)
    # Of equally common widths, the larger: a heading and one row are enough for a table.
    return max(counts, key=lambda width: (counts[width], width)) if counts else 0


def _records(text: str, separator: str) -> Iterator[list[str]]:
    # Over lines that keep their ends: a quoted cell may hold line breaks.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:  # a cell beyond the reader's limit: no sample of use
            yield []


def _read_arrow(utf8: bytes, separator: str, width: int) -> Grid:
    """The quick way. Raises ArrowInvalid where the text cannot be read as a regular table."""
    torn: list[tuple[int, str]] = []

    def keep(row: arrow_csv.InvalidRow) -> str:
        torn.append((row.number, row.text))
        return "skip"

    names = [str(place) for place in range(width)]
    table = arrow_csv.read_csv(
        pa.BufferReader(utf8),
        read_options=arrow_csv.ReadOptions(
            column_names=names,
            # One thread: only then does Arrow know the number of an irregular row.
            use_threads=False,
            # A row must fit in a block.
            block_size=min(max(len(utf8), 1), BLOCK),
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=separator,
            newlines_in_values=b'"' in utf8,
            ignore_empty_lines=False,
            invalid_row_handler=keep,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())),
            strings_can_be_null=False,
        ),
    ).unify_dictionaries()
    columns = []
    for name in names:
        column = table.column(name)
        parts = [chunk.indices.to_numpy() for chunk in column.chunks]
        codes = np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)
        texts = column.chunk(0).dictionary.to_pylist() if parts else []
        columns.append(Cells(codes, texts))
    grid = Grid(columns, table.num_rows)
    return _put_back(grid, torn, separator) if torn else grid


def _put_back(grid: Grid, torn: list[tuple[int, str]], separator: str) -> Grid:
    """Put rows with another number of cells back into their places."""
    total = grid.rows + len(torn)
    places = np.array([number - 1 for number, _ in torn], dtype=np.int64)
    regular = np.ones(total, dtype=bool)
    regular[places] = False
    rows, surplus, stray = [], [], []
    for (_, text), place in zip(torn, places, strict=True):
        cells, whole = _split(text, separator)
        rows.append(cells)
        if not whole:
            if LINE.search(text):  # the quotation mark has swallowed whole rows
                raise pa.ArrowInvalid
            stray.append(place)
        elif any(cell.strip() for cell in cells[len(grid.columns) :]):
            surplus.append(place)
    columns = []
    for column, extra in zip(grid.columns, from_rows(rows, len(grid.columns)), strict=True):
        known = {text: code for code, text in enumerate(column.texts)}
        own = [known.setdefault(text, len(known)) for text in extra.texts]
        codes = np.full(total, -1, dtype=np.int32)
        codes[regular] = column.codes
        codes[places] = np.array([*own, -1], dtype=np.int32)[extra.codes]
        columns.append(Cells(codes, list(known)))
    return Grid(columns, total, _faults(surplus, stray))


def _swallows_rows(grid: Grid, separator: str) -> bool:
    """Whether some quoted cell looks like rows of the table: a quotation mark without its pair."""
    if separator == ONE_COLUMN or not grid.rows:
        return False
    width = len(grid.columns)
    # In a table of two columns one separator may stand in an ordinary text of several lines,
    # except in the last row, where a quotation that is never closed ends up.
    if any(_holds_rows(text, separator, max(width - 1, 1)) for text in grid.row(grid.rows - 1)):
        return True
    return any(
        _holds_rows(text, separator, max(width - 1, 2))
        for column in grid.columns
        if _has_line_breaks("".join(column.texts))
        for text in column.texts
    )


def _holds_rows(text: str, separator: str, enough: int) -> bool:
    return _has_line_breaks(text) and any(
        line.count(separator) >= enough for line in LINE.split(text)
    )


def _has_line_breaks(text: str) -> bool:
    return "\n" in text or "\r" in text


def _read_lines(utf8: bytes, separator: str, width: int) -> Grid:
    """The careful way: every line is a row, so an unpaired quotation mark spoils one row only."""
    lines = LINE.split(utf8.decode("utf-8", errors="replace"))
    if lines and not lines[-1]:
        lines.pop()
    rows, surplus, stray = [], [], []
    for place, line in enumerate(lines):
        cells, whole = _split(line, separator)
        rows.append(cells)
        if not whole:
            stray.append(place)
        elif any(cell.strip() for cell in cells[width:]):
            surplus.append(place)
    return replace(Grid(from_rows(rows, width), len(rows)), faults=_faults(surplus, stray))


def _split(text: str, separator: str) -> tuple[list[str], bool]:
    """One row's cells, and whether its quotation marks come in pairs."""
    if '"' not in text:
        return text.split(separator), True
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False))
        # In strict reading a quotation mark that is never closed is an error.
        list(csv.reader(io.StringIO(text + "\n", newline=""), delimiter=separator, strict=True))
    except csv.Error:
        rows = []
    if len(rows) == 1:
        return rows[0], True
    return text.split(separator), False


def _faults(surplus: list[int], stray: list[int]) -> dict[str, NDArray[np.int64]]:
    named = {"too_many_cells": surplus, "stray_quote": stray}
    return {name: np.array(rows, dtype=np.int64) for name, rows in named.items() if rows}
