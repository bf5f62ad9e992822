"""How is a released table written: its words, its numbers, its marks; on a page and as CSV?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from umea_eval.disclosure.tables import NUMBERS, Field, Released, ReleasedTable
from umea_eval.language import Language, Words, fill, has_text, number, text

Mark = Literal["", "suppressed", "missing"]
# Statistics Sweden's mark for a figure that is withheld or too uncertain to be stated.
SUPPRESSED = ".."
DECIMALS: Mapping[str, int | None] = {
    "count": 0,
    "amount": 0,
    "share": 1,
    "rate": 1,
    "value": None,
}
# A spreadsheet reads a cell that begins with one of these as a formula (OWASP, CSV injection).
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True)
class Cell:
    """``shown`` is what the page says; ``value`` the same figure with a decimal point, or text.

    ``lang`` is the language of its words where it is another than the page's.
    """

    shown: str
    value: str | None
    mark: Mark = ""
    lang: Language | None = None


@dataclass(frozen=True)
class Column:
    """A column that is shown, with its heading (unit included).

    ``missing`` are its own words for a missing value; ``lang`` is the language of its words where
    it is another than the page's.
    """

    name: str
    heading: str
    kind: str
    missing: str | None = None
    lang: Language | None = None

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers, which stand to the right."""
        return self.kind in NUMBERS

    def data(self) -> dict[str, str]:
        """The column as JSON, without what it does not say."""
        said = {"missing": self.missing, "lang": self.lang}
        return {
            "name": self.name,
            "heading": self.heading,
            "kind": self.kind,
            **{name: words for name, words in said.items() if words is not None},
        }


@dataclass(frozen=True)
class WrittenTable:
    """A table in one language, ready for a page."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks that need a note, in a fixed order."""
        used = {cell.mark for row in self.rows for cell in row}
        return tuple(mark for mark in ("suppressed", "missing") if mark in used)

    def data(self) -> dict[str, Any]:
        """The table as JSON: exactly the digits that are shown, null where a value is missing."""
        return {
            "name": self.name,
            "columns": [column.data() for column in self.columns],
            "rows": [[cell.value for cell in row] for row in self.rows],
            "suppressed": [
                [row_number, column_number]
                for row_number, row in enumerate(self.rows)
                for column_number, cell in enumerate(row)
                if cell.mark == "suppressed"
            ],
        }


def write_table(
    released: ReleasedTable, language: Language, *, source_language: Language | None = None
) -> WrittenTable:
    """Write the shown columns of a released table.

    ``source_language`` is that of the data's own text, where a column does not say (``lang``).
    """
    shown = [column for column in released.columns if column.show]
    cells = [_column_cells(released, column, language, source_language) for column in shown]
    return WrittenTable(
        name=released.name,
        columns=tuple(
            Column(
                column.name,
                heading(column, language),
                column.kind,
                fill(column.missing, language) if column.missing else None,
                next((cell.lang for cell in own if cell.lang), None),
            )
            for column, own in zip(shown, cells, strict=True)
        ),
        rows=tuple(zip(*cells, strict=True)),
    )


def read_written(data: Mapping[str, Any], language: Language) -> WrittenTable:
    """The table that ``WrittenTable.data`` was made of: every cell as its page shows it."""
    columns = tuple(
        Column(each["name"], each["heading"], each["kind"], each.get("missing"), each.get("lang"))
        for each in data["columns"]
    )
    hidden = {(row, column) for row, column in data["suppressed"]}
    return WrittenTable(
        name=data["name"],
        columns=columns,
        rows=tuple(
            tuple(
                Cell(SUPPRESSED, None, "suppressed")
                if (row, place) in hidden
                else _read_cell(value, columns[place], language)
                for place, value in enumerate(values)
            )
            for row, values in enumerate(data["rows"])
        ),
    )


def _read_cell(value: str | None, column: Column, language: Language) -> Cell:
    if value is None:
        if column.missing is not None:
            return Cell(column.missing, None)
        return Cell(text("report.missing", language), None, "missing")
    if column.numeric:
        return Cell(number(Decimal(value), language), value)
    spoken = column.lang if any(letter.isalpha() for letter in value) else None
    return Cell(value, value, lang=spoken)


def heading(column: Field, language: Language) -> str:
    """A column's heading with its unit: ``Kostnad (kr)``. A share's unit is per cent."""
    words = fill(column.heading, language)
    unit = column.unit or ("%" if column.kind == "share" else None)
    return f"{words} ({_unit(unit, language)})" if unit else words


def _unit(unit: Words, language: Language) -> str:
    # A unit such as kr or % needs no entry in the catalogue.
    return unit if isinstance(unit, str) and not has_text(unit) else fill(unit, language)


def _column_cells(
    released: ReleasedTable, column: Field, language: Language, source_language: Language | None
) -> list[Cell]:
    values = released.frame[column.name]
    triples = zip(values, values.isna(), released.suppressed[column.name], strict=True)
    decimals = released.decimals.get(column.name, (None,) * len(values))
    missing = fill(column.missing or "report.missing", language)
    mark: Mark = "" if column.missing else "missing"
    cells = []
    for (value, absent, hidden), places in zip(triples, decimals, strict=True):
        if hidden:
            cells.append(Cell(SUPPRESSED, None, "suppressed"))
        elif absent:
            cells.append(Cell(missing, None, mark))
        elif column.kind in NUMBERS:
            cells.append(_number_cell(value, column.kind, places, language))
        else:
            words = _text(value, column, language)
            cells.append(
                Cell(words, words, lang=_foreign(value, column, language, source_language))
            )
    return cells


def _foreign(
    value: Any, column: Field, language: Language, source_language: Language | None
) -> Language | None:
    """The language of a text in the data, if it is not the page's: a year has no language."""
    spoken = column.lang or source_language
    worded = isinstance(value, str) and any(letter.isalpha() for letter in value)
    return spoken if worded and not column.words and spoken != language else None


def as_printed(released: Released) -> Released:
    """The released tables with no more digits than their pages show.

    A picture is drawn from them: a share shown as 33.3 % and drawn at 0.333333 would be 5 of 15
    to one who measures it. A column that no page shows gets the digits that it would have there.
    """
    return Released(
        {name: _as_printed(released.table(name)) for name in released},
        counts=released.counts,
        amounts=released.amounts,
        left_out=released.left_out,
    )


def _as_printed(table: ReleasedTable) -> ReleasedTable:
    import pandas as pd  # noqa: PLC0415 - late: drawing is the exception

    frame = table.frame.copy()
    for column in table.columns:
        kept = frame[column.name]
        if column.kind not in NUMBERS or pd.api.types.is_integer_dtype(kept.dtype):
            continue
        decimals = table.decimals.get(column.name, (None,) * len(frame))
        scale = 100 if column.kind == "share" else 1
        numbers = [
            math.nan
            if pd.isna(value)
            else float(Decimal(_digits(value, column.kind, places)) / scale)
            for value, places in zip(kept, decimals, strict=True)
        ]
        plain = pd.Series(numbers, index=frame.index, dtype="float64")
        frame[column.name] = plain if kept.dtype == plain.dtype else plain.astype("Float64")
    return replace(table, frame=frame)


def _number_cell(value: Any, kind: str, places: int | None, language: Language) -> Cell:
    exact, decimals = _exact(value, kind), DECIMALS[kind] if places is None else places
    return Cell(number(exact, language, decimals), _digits(value, kind, places))


def _digits(value: Any, kind: str, places: int | None) -> str:
    """The number with the digits of the page and a decimal point; a share in per cent."""
    decimals = DECIMALS[kind] if places is None else places
    return number(_exact(value, kind), "en", decimals).replace(",", "").replace("\u2212", "-")


def _exact(value: Any, kind: str) -> Decimal:
    return exact_number(value) * (100 if kind == "share" else 1)


def exact_number(value: Any) -> Decimal:
    """The number as its shortest decimal form writes it; a whole float has no decimals."""
    if isinstance(value, Decimal):
        return value
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    return Decimal(str(plain))


def _text(value: Any, column: Field, language: Language) -> str:
    if column.words:
        return text(f"{column.words}.{value}", language)
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return text("report.true" if value else "report.false", language)
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) == (0, 0, 0):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def csv_bytes(table: Mapping[str, Any]) -> bytes:
    """A table's JSON as a CSV file that Swedish Excel opens by a double click.

    UTF-8 with byte order mark, semicolons, decimal comma, CRLF; the same digits as on the page,
    without thousands separators. A withheld figure is ``..``, a missing one is empty. Text is
    always quoted, and text that a spreadsheet would take for a formula gets an apostrophe before
    it. In pandas: ``read_csv(path, sep=";", decimal=",", na_values="..")``.
    """
    hidden = {(row, column) for row, column in table["suppressed"]}
    kinds = [column["kind"] for column in table["columns"]]
    lines = [";".join(_csv_text(column["heading"]) for column in table["columns"])]
    for row_number, row in enumerate(table["rows"]):
        cells = (
            SUPPRESSED if (row_number, column) in hidden else _csv_cell(value, kinds[column])
            for column, value in enumerate(row)
        )
        lines.append(";".join(cells))
    return ("\ufeff" + "".join(line + "\r\n" for line in lines)).encode("utf-8")


def _csv_cell(value: str | None, kind: str) -> str:
    if value is None:
        return ""
    return value.replace(".", ",") if kind in NUMBERS else _csv_text(value)


def _csv_text(value: str) -> str:
    # Leading spaces do not stop a spreadsheet from seeing the formula.
    guarded = "'" + value if value.lstrip(" \u00a0").startswith(FORMULA) else value
    return '"' + guarded.replace('"', '""') + '"'


def counted(rows: Sequence[object], language: Language) -> str:
    """``12 rader``."""
    return text("report.rows", language, rows=len(rows))
