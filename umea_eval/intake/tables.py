"""What reading an export gives: text tables in which every row knows where it stood."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.errors import UserError
from umea_eval.intake.encoding import repair
from umea_eval.intake.grid import Cells, Grid, TextCategorical, categorical, merge_texts
from umea_eval.intake.identity import without_identities
from umea_eval.intake.json_export import Page
from umea_eval.intake.layout import Layout, RowKind
from umea_eval.intake.numbers import unit_in

Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
"""What calls a function with each item and gives the results in their order: ``map``, or one that
has other processes do it."""
SOURCE_COLUMNS = ("source_file", "source_sheet", "source_row", "source_fault")
MAX_ABOUT = 400  # lines above and below a table that are looked through
FAULTS = ("too_many_cells", "stray_quote")
# Ways to make Excel keep leading zeros: ="011" and '011.
EXCEL_TEXT = re.compile(r'="([^"]*)"|\'(\d[^\']*)', re.DOTALL)
SUSPECT = re.compile(r'[^\x00-\x7f]|="|\'')
YEAR_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)(?![\d-])")
YEAR_HEADING = "År"


@dataclass(frozen=True)
class RawTable:
    """One table: a text file's, or a worksheet's.

    ``frame`` has one row per data row: the file's columns as text (categories, so that each
    distinct text is kept once; an empty cell is missing) and then ``source_file``,
    ``source_sheet``, ``source_row`` (the number that Excel shows; where cells hold line breaks it
    is the row, not the line) and ``source_fault`` (missing for a sound row, else one of
    ``FAULTS``). ``headings`` gives every text that may name a column, nearest to the data first.
    A cover page has no columns of its own and no data. ``unit`` is how many kronor one is where a
    line above or below the table says so ("Belopp i tkr": 1 000). ``pages`` are those of JSON.

    The counts add up: ``rows`` = ``data`` + ``titles`` + ``totals`` + ``notes`` + ``blank``, where
    ``titles`` are the headings and what stands above them.
    """

    file: str
    sheet: str
    format: str
    encoding: str
    separator: str
    hidden: bool
    frame: pd.DataFrame = field(repr=False)
    headings: dict[str, tuple[str, ...]] = field(repr=False)
    heading_rows: tuple[int, ...]
    rows: int
    titles: int
    totals: int
    notes: int
    blank: int
    corrections: dict[str, int]
    unit: int = 1
    pages: tuple[Page, ...] = ()

    @property
    def data(self) -> int:
        """The number of data rows."""
        return len(self.frame)


@dataclass(frozen=True)
class Remark:
    """Something the user should know: a key of the catalogue and the values that it shows."""

    key: str
    shown: Mapping[str, object]


@dataclass(frozen=True)
class RawExport:
    """Everything that was read from a path, in a fixed order (by file name, then by sheet).

    ``hashes`` has the SHA-256 of each file on disk; ``skipped`` names files of other kinds;
    ``remarks`` say what is odd in the files but stops nothing.
    """

    tables: tuple[RawTable, ...]
    hashes: dict[str, str]
    skipped: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def frame(self) -> pd.DataFrame:
        """All tables below each other; a column that a table lacks is missing there."""
        return pd.concat([table.frame for table in self.tables], ignore_index=True)

    @property
    def account(self) -> pd.DataFrame:
        """One row per file and sheet: what was chosen, and how many rows there are of each kind."""
        columns = (
            *("file", "sheet", "format", "encoding", "separator", "hidden", "heading_rows"),
            *("rows", "data", "titles", "totals", "notes", "blank"),
        )
        return pd.DataFrame(
            [[getattr(table, name) for name in columns] for table in self.tables],
            columns=list(columns),
        )


@dataclass(frozen=True)
class Part:
    """A grid on its way to a table, with what was chosen to read it."""

    grid: Grid = field(repr=False)
    format: str
    sheet: str = ""
    encoding: str = ""
    separator: str = ""
    hidden: bool = False
    repaired: int = 0
    pages: tuple[Page, ...] = ()


def make_table(file: str, part: Part, layout: Layout | None) -> RawTable:
    """Turn a grid and what its rows are into a table; without a layout it is a cover page."""
    grid = part.grid
    if layout is None:
        layout = Layout(np.full(grid.rows, RowKind.NOTE, dtype=np.int8), (), ())
    keep = layout.kinds == RowKind.DATA
    columns, corrections = _mended(grid.columns[: len(layout.headings)], keep)
    if part.repaired:
        corrections["repaired_bytes"] = part.repaired
    frame: dict[str, object] = {}
    headings = {}
    taken = set(SOURCE_COLUMNS)
    chosen = _whole_block(keep)
    titles = _mended_titles(layout.headings)
    for place, (column, texts) in enumerate(zip(columns, titles, strict=True), start=1):
        cells = _categorical(column, chosen)
        if not texts and not len(cells.categories):
            continue  # nothing heads it and nothing fills it: the width of another row
        name = _name(texts, place, titles, taken)
        taken.add(name)
        frame[name] = cells
        headings[name] = tuple(dict.fromkeys((*reversed(texts), " ".join(texts)))) if texts else ()
    rows = np.flatnonzero(keep)
    only = np.zeros(len(rows), dtype=np.int8)
    frame["source_file"] = categorical(only, [file])
    frame["source_sheet"] = categorical(only, [part.sheet])
    frame["source_row"] = (rows + 1).astype(np.int32)
    frame["source_fault"] = categorical(_faults(grid)[rows], FAULTS)
    return RawTable(
        file=file,
        sheet=part.sheet,
        format=part.format,
        encoding=part.encoding,
        separator=part.separator,
        hidden=part.hidden,
        frame=pd.DataFrame(frame),
        headings=headings,
        heading_rows=tuple(row + 1 for row in layout.heading_rows),
        rows=grid.rows,
        titles=layout.count(RowKind.HEADING),
        totals=layout.count(RowKind.TOTAL),
        notes=layout.count(RowKind.NOTE),
        blank=layout.count(RowKind.BLANK),
        corrections=corrections,
        unit=_unit(file, part, layout),
        pages=part.pages,
    )


def with_year_of_name(table: RawTable) -> RawTable:
    """The table with a column ``År``: the year in its sheet's name, else in its file's.

    The table itself where neither name holds exactly one year ("CNI 2023.xlsx" does; a date is no
    year).
    """
    for name in (table.sheet, table.file):
        years = set(YEAR_IN_NAME.findall(name))
        if len(years) == 1:
            rows = pd.Series(years.pop(), index=table.frame.index).astype("category")
            frame = table.frame.assign(**{YEAR_HEADING: rows})
            headings = {**table.headings, YEAR_HEADING: (YEAR_HEADING,)}
            return replace(table, frame=frame, headings=headings)
    return table


def _unit(file: str, part: Part, layout: Layout) -> int:
    """How many kronor one is by the lines above and below the table (1 where none says more)."""
    if not layout.headings:
        return 1
    about = np.isin(layout.kinds, (RowKind.HEADING, RowKind.NOTE))
    about[list(layout.heading_rows)] = False
    rows = np.flatnonzero(about)
    texts = {text for row in rows[:MAX_ABOUT].tolist() for text in part.grid.row(row)}
    units = {unit for text in texts if (unit := unit_in(text)) and unit > 1}
    if len(units) > 1:
        raise UserError("intake.units", file=file, sheet=part.sheet or "1")
    return units.pop() if units else 1


def _name(
    texts: tuple[str, ...], place: int, titles: Iterable[tuple[str, ...]], taken: set[str]
) -> str:
    """A name that no other column has: its lowest heading, else all of them, else a number."""
    if not texts:
        name = f"column {place}"
    else:
        lowest = [each[-1] for each in titles if each]
        name = texts[-1] if lowest.count(texts[-1]) == 1 else " ".join(texts)
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name} ({number})"
    return unique


def _mended(columns: list[Cells], keep: NDArray[np.bool_]) -> tuple[list[Cells], dict[str, int]]:
    """The columns with certain damage mended, and the number of data cells that were."""
    suspects = [
        (place, code, text)
        for place, column in enumerate(columns)
        if SUSPECT.search("\n".join(column.texts))
        for code, text in enumerate(column.texts)
    ]
    mended = {
        suspects[i][:2]: ("repaired_text", text)
        for i, text in repair([text for _, _, text in suspects]).items()
    }
    for place, code, text in suspects:
        found = EXCEL_TEXT.fullmatch(text)
        if found:
            mended[place, code] = ("excel_text", found[1] if found[1] is not None else found[2])
    corrections: dict[str, int] = {}
    columns = list(columns)
    for place in sorted({place for place, _ in mended}):
        column = columns[place]
        texts = list(column.texts)
        for code in range(len(texts)):
            rule, texts[code] = mended.get((place, code), ("", texts[code]))
            if rule:
                count = np.count_nonzero((column.codes == code) & keep)
                corrections[rule] = corrections.get(rule, 0) + int(count)
        columns[place] = merge_texts(column.codes, texts)
    return columns, {rule: count for rule, count in sorted(corrections.items()) if count}


def _mended_titles(headings: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    flat = [text for texts in headings for text in texts]
    mended = repair(flat)
    better = iter([mended.get(i, text) for i, text in enumerate(flat)])
    return [tuple(_title(next(better)) for _ in texts) for texts in headings]


def _title(text: str) -> str:
    """A heading on one line, without marks that no one sees and without identity numbers."""
    sound = text.encode("utf-8", errors="replace").decode("utf-8")
    return without_identities(" ".join(sound.replace("\ufeff", "").replace("\u00ad", "").split()))


def _categorical(column: Cells, keep: NDArray[np.bool_] | slice) -> TextCategorical:
    """The data rows of a column: blank cells missing, texts that only other rows had left out."""
    codes = column.codes[keep]
    left_out = {code for code, text in enumerate(column.texts) if not text or text.isspace()}
    for code in np.unique(_others(column, keep)).tolist():
        if code >= 0 and not (codes == code).any():
            left_out.add(code)
    if not left_out:
        return categorical(codes, column.texts)
    used = np.ones(len(column.texts) + 1, dtype=bool)
    used[[*left_out, -1]] = False
    table = np.where(used, np.cumsum(used) - 1, -1).astype(np.int32)
    texts = [text for text, kept in zip(column.texts, used[:-1], strict=True) if kept]
    return categorical(table.take(codes, mode="wrap"), texts)


def _others(column: Cells, keep: NDArray[np.bool_] | slice) -> NDArray[np.int32]:
    """The codes of the rows that are no data."""
    if isinstance(keep, slice):
        return np.concatenate([column.codes[: keep.start], column.codes[keep.stop :]])
    return column.codes[~keep]


def _whole_block(keep: NDArray[np.bool_]) -> NDArray[np.bool_] | slice:
    """The rows as a slice where they lie together: no copy is needed then."""
    places = np.flatnonzero(keep)
    if len(places) and places[-1] - places[0] + 1 == len(places):
        return slice(int(places[0]), int(places[-1]) + 1)
    return keep


def _faults(grid: Grid) -> NDArray[np.int8]:
    codes = np.full(grid.rows, -1, dtype=np.int8)
    for number, reason in enumerate(FAULTS):
        codes[grid.faults.get(reason, np.empty(0, dtype=np.int64))] = number
    return codes
