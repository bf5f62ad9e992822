"""Which rows of a sheet are headings, data, totals, notes and blank?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from umea_eval.intake.grid import Cells, Grid
from umea_eval.intake.values import is_missing

SAMPLE_ROWS = 200  # headings are looked for above and among these
MAX_HEADING_ROWS = 3
MAX_NOTES = 200  # trailing rows that are looked at
# A heading or data row fills at least this share of what the rows below usually fill.
USUAL_SHARE = 0.4

_MONTHS = "jan|feb|mar|apr|maj|may|jun|jul|aug|sep|okt|oct|nov|dec"
_UNITS = "kr|tkr|mnkr|mkr|sek|%|dygn|dagar|dag|st|timmar|min"
_UNIT = re.compile(_UNITS, re.IGNORECASE)
# What stands in data and not in a heading: numbers, dates, amounts, months, identity numbers.
TYPED = re.compile(
    rf"""[\s="'(+\-\u2212\u2013]*\d[\d\s.,:/+\-\u2212\u2013TZ%]*[")]*\s?(?:{_UNITS})?\.?
    |(?:{_MONTHS})[a-zåäö]*[\s.\-]+\d{{2,4}}
    |\d{{6,8}}[\-+]?[A-Z]\d{{3}}
    |\d+[.,]\d+E\+?\d+""",
    re.IGNORECASE | re.VERBOSE,
)
# Years and months as headings of a wide table.
PERIOD = re.compile(
    rf"(?:19|20)\d\d(?:[\s\-]?(?:\d\d|[KQTH]\d|{_MONTHS}))?|(?:{_MONTHS})[a-zåäö]*[\s.\-]+\d{{2,4}}",
    re.IGNORECASE,
)
TOTAL = re.compile(
    r"\W*(?:(?:del|total|slut)?summa|s:a|total|totalt|samtliga|sammanlagt|grand total|sum"
    r"|summa totalt|totalt summa)(?:\s+(?:rader|poster|år)?\s*\d*)?\s*[:=]?\s*",
    re.IGNORECASE,
)
# One of these is part of every total; plain words are found much quicker than a pattern.
TOTAL_HINTS = ("sum", "total", "s:a", "samtliga", "sammanlagt")
NOTE = re.compile(
    r"\W*(?:källa|anm(?:ärkning)?|not|obs|utskriven|utskrivet|uttag|uttaget|uttagen|urval|rapport"
    r"|filter|sida|antal rader|antal poster|skapad|skapat|sekretess|förklaring)\b"
    r"|\s*[*†]|\s*\d\)|\s*\(?\d+ (?:rows?|rader|poster)\b",
    re.IGNORECASE,
)
# Stand in data beside a missing date or number, and never in a heading.
VALUES = frozenset(
    (
        *("j", "n", "ja", "nej", "x", "m", "k", "f", "man", "kvinna", "yes", "no", "true", "false"),
        *("okänd", "okänt", "skyddad", "skyddat", "sekretess", "ej bedömd", "ej aktuellt"),
    )
)
LETTER = re.compile(r"[^\W\d_]")


class RowKind(IntEnum):
    """What a physical row is."""

    DATA = 0
    HEADING = 1
    TOTAL = 2
    NOTE = 3
    BLANK = 4


@dataclass(frozen=True)
class Layout:
    """What every row of a grid is, and the texts that head each column, from top to bottom.

    ``heading_rows`` are the rows that name the columns (positions); title rows above them count as
    headings too but name nothing. ``headings`` has one tuple per column, empty for a column that
    nothing heads; where a group heading spans several columns it is repeated over them.
    """

    kinds: NDArray[np.int8]
    heading_rows: tuple[int, ...]
    headings: tuple[tuple[str, ...], ...]

    def count(self, kind: RowKind) -> int:
        """How many rows are of this kind."""
        return int(np.count_nonzero(self.kinds == kind))


def find_layout(grid: Grid) -> Layout | None:
    """Find headings, totals, notes and blank rows; None where no row heads the columns.

    The heading is the first row of words, as wide as the table, above the first row that has
    numbers or dates in the columns that mostly have them. Groups above it, and a second row below
    it where that is sure (see ``_Headings``), make up to three heading rows. A table without any
    such column has one heading row: its first.
    A total row is one whose first filled cell is a word for total. Notes are rows with one or two
    filled cells of running text after the last data row. A heading that comes back further down
    (a report broken into pages) is a heading there too.
    """
    filled = np.zeros(grid.rows, dtype=np.int32)
    for column in grid.columns:
        filled += ~_blank(column)
    kinds = np.where(filled == 0, RowKind.BLANK, RowKind.DATA).astype(np.int8)
    if grid.headings is not None:
        return Layout(kinds, (), tuple((name,) for name in grid.headings))
    found = _find_headings(grid, filled)
    if found is None:
        return None
    heading_rows, first_data = found
    kinds[:first_data][kinds[:first_data] != RowKind.BLANK] = RowKind.HEADING
    for row in heading_rows:
        kinds[_same_as(grid, row)] = RowKind.HEADING
    kinds[_totals(grid) & (kinds == RowKind.DATA)] = RowKind.TOTAL
    _mark_notes(grid, filled, kinds)
    return Layout(kinds, heading_rows, _headings(grid, heading_rows))


def _blank(column: Cells) -> NDArray[np.bool_]:
    codes = [code for code, text in enumerate(column.texts) if not text or text.isspace()]
    empty: NDArray[np.bool_] = column.codes < 0
    return empty | column.where(codes) if codes else empty


def _find_headings(grid: Grid, filled: NDArray[np.int32]) -> tuple[tuple[int, ...], int] | None:
    """The rows that head the columns, and the first row after them."""
    places = [int(row) for row in np.flatnonzero(filled)[:SAMPLE_ROWS]]
    if not places:
        return None
    rows = [[text.strip() for text in grid.row(place)] for place in places]
    lower_half = rows[len(rows) // 2 :]
    usual = float(np.median([sum(map(bool, row)) for row in lower_half]))
    enough = max(1, USUAL_SHARE * usual)
    typed = _typed_columns(lower_half)
    if _first_data_row(rows, typed, 1) is None:  # words only: the first full row heads the others
        first = next(i for i, row in enumerate(rows) if _width(row) >= enough)
        return (places[first],), places[first] + 1
    # A sparse row of numbers is more likely to stand above the heading than to be the first row of
    # data: it is taken as data only when nothing heads the first full one.
    for least in (enough, 1):
        data = _first_data_row(rows, typed, least)
        if data is None:
            continue
        found = _Headings(rows, places, data, typed).rows(enough)
        if found:
            return tuple(places[i] for i in found), places[found[-1]] + 1
        if _heads_periods(rows[data]):
            return (places[data],), places[data] + 1
    return None


@dataclass(frozen=True)
class _Headings:
    """The search for headings among ``lines`` (the filled rows, at ``places``) above row ``data``.

    One row is the heading; rows above it may be its groups. A row below it is a second heading only
    where that is sure: a row of data that is taken for a heading is lost without a word, while a
    heading that is taken for data is seen in the quarantine.
    """

    lines: list[list[str]]
    places: Sequence[int]
    data: int
    typed: set[int]

    def rows(self, enough: float) -> list[int]:
        """The heading rows from above; none where they head less than ``enough`` columns."""
        main = self._main(enough)
        if main is None:
            return []
        found = self._groups(main)
        for i in range(main + 1, self.data):
            if len(found) == MAX_HEADING_ROWS or self._apart(i) or not self._goes_on(found, i):
                break
            found.append(i)
        return found if len(self._headed(found)) >= enough else []

    def _main(self, enough: float) -> int | None:
        """The heading: the first row that is as wide as any above the data, else wide enough."""
        candidates = [i for i in range(self.data) if _is_heading(self.lines[i])]
        used = self._headed(range(self.data))
        wide = min(2, len(self.lines[0]))
        first_wide = None
        for i in candidates:
            if len(used) >= wide and self._headed([i]) == used:
                if first_wide is None or not self._has_values(i):
                    return i
                break
            if first_wide is None and _width(self.lines[i]) >= max(enough, wide):
                first_wide = i
        # No row is whole: the highest of the rows that stand together right above the data.
        together: list[int] = []
        for i in reversed(range(self.data)):
            if i not in candidates or (together and self._apart(i + 1)):
                break
            together.append(i)
        together = [i for i in together if _width(self.lines[i]) >= wide]
        wider = [i for i in together if _width(self.lines[i]) >= enough]
        return min(wider or together, default=None)

    def _groups(self, main: int) -> list[int]:
        """The heading and the rows of group headings right above it."""
        found = [main]
        for i in range(main - 1, max(main - MAX_HEADING_ROWS, -1), -1):
            row = self.lines[i]
            titles = not _is_heading(row) or _width(row) < min(2, len(row)) or _is_pairs(row)
            if titles or self._apart(i + 1):
                break
            found.insert(0, i)
        return found

    def _apart(self, i: int) -> bool:
        """Whether blank rows part a row from the one above it."""
        return self.places[i] - self.places[i - 1] > 1

    def _headed(self, rows: Iterable[int]) -> set[int]:
        return {j for i in rows for j, text in enumerate(self.lines[i]) if text}

    def _has_values(self, i: int) -> bool:
        """Whether a row has what stands for a value, or what the same column has further down."""
        return any(
            is_missing(text)
            or text.casefold() in VALUES
            or any(text.casefold() == other[j].casefold() for other in self.lines[self.data :])
            for j, text in enumerate(self.lines[i])
            if text
        )

    def _goes_on(self, above: list[int], i: int) -> bool:
        """Whether a row is surely one more heading below those ``above``.

        It has words where the data have numbers or dates, and no value; and either it names every
        column of a group (a heading that is repeated, or followed by blanks) and nothing else, or
        it fills the whole width, or each of its words goes on where the one above breaks off.
        """
        row = self.lines[i]
        filled = self._headed([i])
        if not _is_heading(row) or not filled & self.typed or self._has_values(i):
            return False
        upper = ["" for _ in row]
        for each in above:
            upper = [text or old for text, old in zip(self.lines[each], upper, strict=True)]
        if all(_breaks_off(upper[j], row[j]) for j in filled):
            return True
        groups = _spans(upper, self._headed(range(self.data)))
        grouped = {j for group in groups for j in group}
        distinct = all(len({row[j] for j in group}) == len(group) for group in groups)
        whole = filled == self._headed(range(self.data))
        return bool(groups) and grouped <= filled and distinct and (whole or filled <= grouped)


def _is_pairs(row: Sequence[str]) -> bool:
    """Whether a row is a name and its value (``Handläggare``, ``Anna``), once or more, and blanks.

    Group headings stand apart, each above the first of its columns.
    """
    width = _width(row)
    return width % 2 == 0 and width < len(row) and all(row[:width])


def _breaks_off(upper: str, lower: str) -> bool:
    """Whether two texts in a column are one heading over two rows: broken off, or with its unit."""
    return bool(upper) and (
        _UNIT.fullmatch(lower) is not None
        or upper.endswith(("-", "/", ",", "&", "("))
        or lower.startswith(("/", "(", "-", "–"))
    )


def _spans(upper: Sequence[str], used: set[int]) -> list[list[int]]:
    """The columns of each group: a text with the blanks, or the same text, to the right of it."""
    spans: list[list[int]] = []
    for j in sorted(used):
        text = upper[j]
        if spans and (not text or text == upper[spans[-1][0]]):
            spans[-1].append(j)
        else:
            spans.append([j])
    return [span for span in spans if len(span) > 1 or not upper[span[0]]]


def _heads_periods(row: Sequence[str]) -> bool:
    """Whether a row is the heading of a wide table: words, and then years or months."""
    numbers = [text for text in row if TYPED.fullmatch(text)]
    words = any(LETTER.search(text) for text in row if not PERIOD.fullmatch(text))
    distinct = len(set(numbers)) == len(numbers) > 1
    return words and distinct and all(PERIOD.fullmatch(text) for text in numbers)


def _typed_columns(rows: Sequence[Sequence[str]]) -> set[int]:
    typed = set()
    for place in range(len(rows[0])):
        texts = [row[place] for row in rows if row[place]]
        hits = sum(TYPED.fullmatch(text) is not None for text in texts)
        if texts and hits >= len(texts) / 2:
            typed.add(place)
    return typed


def _first_data_row(rows: list[list[str]], typed: set[int], enough: float) -> int | None:
    for i, row in enumerate(rows):
        if _width(row) >= enough and any(TYPED.fullmatch(row[place]) for place in typed):
            return i
    return None


def _width(row: Sequence[str]) -> int:
    return sum(map(bool, row))


def _is_heading(row: Sequence[str]) -> bool:
    texts = [text for text in row if text]
    # "Period:" and its value: a line above the table, no heading of columns.
    about = texts[0].endswith(":") and len(texts) < len(row)
    return not about and not any(TYPED.fullmatch(text) for text in texts)


def _same_as(grid: Grid, row: int) -> NDArray[np.bool_]:
    same = np.ones(grid.rows, dtype=bool)
    for column in grid.columns:
        code = column.codes[row]
        if code < 0 or not column.texts[code].strip():
            continue
        same &= column.codes == code
        if np.count_nonzero(same) <= 1:
            break
    return same


def _totals(grid: Grid) -> NDArray[np.bool_]:
    totals = np.zeros(grid.rows, dtype=bool)
    before_empty = np.ones(grid.rows, dtype=bool)
    for column in grid.columns:
        words = []
        joined = "\n".join(column.texts).lower()
        if any(hint in joined for hint in TOTAL_HINTS):
            words = [code for code, text in enumerate(column.texts) if TOTAL.fullmatch(text)]
        if words:
            totals |= before_empty & column.where(words)
        before_empty &= _blank(column)
        if not before_empty.any():
            break
    return totals


def _mark_notes(grid: Grid, filled: NDArray[np.int32], kinds: NDArray[np.int8]) -> None:
    """Name the notes below the table in ``kinds``."""
    for row in range(grid.rows - 1, max(grid.rows - 1 - MAX_NOTES, -1), -1):
        if kinds[row] in (RowKind.BLANK, RowKind.TOTAL):
            continue
        if kinds[row] != RowKind.DATA or filled[row] > 2:
            return
        texts = [text for text in grid.row(row) if text.strip()]
        starts = NOTE.match(texts[0]) is not None
        running = " " in texts[0].strip() and LETTER.search(texts[0]) is not None
        # One running text in the first of several columns.
        alone = filled[row] == 1 and len(grid.columns) > 2 and texts[0] == grid.columns[0].at(row)
        if not (starts or (alone and running)) or TYPED.fullmatch(texts[0].strip()):
            return
        kinds[row] = RowKind.NOTE


def _headings(grid: Grid, rows: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    parts: list[list[str]] = [[] for _ in grid.columns]
    for level, row in enumerate(rows):
        texts = [text.strip() for text in grid.row(row)]
        group = ""
        for place, text in enumerate(texts):
            group = text or group
            below = any(grid.columns[place].at(lower).strip() for lower in rows[level + 1 :])
            # A merged heading is written in its first cell only.
            if text or (below and group):
                parts[place].append(text or group)
    return tuple(tuple(each) for each in parts)
