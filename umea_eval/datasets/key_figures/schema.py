"""Published key figures, typed: value, unit, period, sex, and target as number or direction.

The file has one row per printed figure, exactly as printed, errors included.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pandas as pd

from umea_eval.datasets.key_figures.printed import Printed, parse
from umea_eval.errors import UserError
from umea_eval.intake.plain_csv import read_records

COLUMNS = (
    "figure_id",
    "document",
    "section",
    "domain",
    "indicator",
    "period",
    "population",
    "sex",
    "breakdown",
    "value",
    "unit",
    "target",
    "attainment",
    "numerator",
    "denominator",
    "source_file",
    "source_line",
)

Sex = Literal["total", "women", "men", "other", ""]
Direction = Literal["decrease", "increase", ""]

# As printed in board papers; "" is a row about everybody, or about no persons at all.
_SEXES: dict[str, Sex] = {
    "": "",
    "total": "total",
    "totalt": "total",
    "samtliga": "total",
    "alla": "total",
    "båda könen": "total",
    "kvinnor": "women",
    "kvinna": "women",
    "flickor": "women",
    "flicka": "women",
    "kvinnor/flickor": "women",
    "k": "women",
    "kv": "women",
    "f": "women",
    "män": "men",
    "man": "men",
    "pojkar": "men",
    "pojke": "men",
    "män/pojkar": "men",
    "m": "men",
    "p": "men",
}

# What a cell says in place of a number. None of them is a value, and none is ever read as zero.
# "<5" and "färre än 5" are suppressed; "ca 118" and "3–5" are no number to compute with.
_NO_VALUE = re.compile(
    r"|[-–.]{1,2}|x|nytt \d{4}|uppgift saknas|saknas|i\.? ?u\.?|ej mätt|[<≤] ?\d+|"
    r"(färre|mindre) än \w+|(ca|cirka|drygt|knappt|omkring) ?[\d ,.]+%?|\d+ ?- ?\d+|"
    r".*(för få|går (ej|inte) att redovisa|redovisas (ej|inte)|mätmetod).*"
)
# A footnote's mark behind a number is no part of it.
_FOOTNOTE = re.compile(r"(?<=\d)\s*(\*+|\s\d\)|[¹²³])$")

_DIRECTIONS: dict[str, Direction] = {
    "minska": "decrease",
    "minskar": "decrease",
    "minskning": "decrease",
    "minskande": "decrease",
    "ska minska": "decrease",
    "sänka": "decrease",
    "öka": "increase",
    "ökar": "increase",
    "ökning": "increase",
    "ökande": "increase",
    "ska öka": "increase",
    "höja": "increase",
}
_AT_MOST = re.compile(
    r"(högst|max|maximalt|inte fler än|ej fler än|inte mer än|inom|≤|<=|‹=|"
    r"(?P<strict>under|färre än|lägre än|mindre än|<)) ?(?P<rest>.+)"
)
_AT_LEAST = re.compile(
    r"(minst|lägst|≥|>=|(?P<strict>över|fler än|mer än|högre än|>)) ?(?P<rest>.+)"
)
# A break in the series, written wherever there was room: "Ny mätmetod 2023", "Nytt 2023".
_BREAK = re.compile(
    r"ny mätmetod|nytt mätsätt|ändra[dt] (mätmetod|mätsätt|metod|definition|beräkning\w*)|"
    r"ny (metod|definition|beräkning\w*)|metodbyte|tidsseriebrott|\bnytt \d{4}\b",
    re.IGNORECASE,
)
# In brackets, or after the last comma.
_ASIDES = (re.compile(r"\s*\([^()]*\)"), re.compile(r"[,;–-]\s*[^,;()–-]*$"))
_TRAILING_UNIT = re.compile(
    r"^(?P<number>[-−–]?[\d\s\u00a0\u202f]*\d(?:[.,]\d+)?)\s*(?P<unit>%|procent|dagar|veckor|"
    r"månader|år|timmar|personer|antal|kr|tkr|mnkr|st)?$"
)


@dataclass(frozen=True)
class Target:
    """A target as it can be used: a number with its side, a direction, or neither.

    ``side`` is "at_most" or "at_least" where the words say so, else ""; ``strict`` when the number
    itself does not meet it ("under 10"). ``unit`` is the target's own, if it has one. "Nyckeltal"
    (a figure that is only followed) and other text have neither number nor direction.
    """

    text: str
    number: Fraction | None = None
    side: Literal["at_most", "at_least", ""] = ""
    direction: Direction = ""
    unit: str = ""
    strict: bool = False

    @property
    def usable(self) -> bool:
        return self.number is not None or bool(self.direction)


@dataclass(frozen=True, eq=False)
class KeyFigure:
    """One printed figure. ``value`` is None where the cell holds a mark in place of a number.

    ``break_mark`` holds the words that say that the series breaks here ("Ny mätmetod 2023"); they
    are taken out of ``indicator``, ``period`` and ``breakdown``, so that the series keeps its name.
    """

    row: int
    figure_id: str
    document: str
    section: str
    domain: str
    indicator: str
    period: str
    population: str
    sex: Sex
    breakdown: str
    printed: str
    value: Printed | None
    unit: str
    target: Target
    attainment: str
    numerator: int | None
    denominator: int | None
    source: str
    break_mark: str


@lru_cache(maxsize=100_000)
def plain(text: str) -> str:
    """Lower case, one kind of space and dash: for comparing what people typed."""
    text = unicodedata.normalize("NFC", text).casefold()
    text = re.sub(r"[‐‑–—−]", "-", text)
    return " ".join(text.split())


def parse_target(text: str) -> Target:
    """Read a printed target: "95%", "Minska", "inte fler än 30", "Nyckeltal"."""
    words = plain(text)
    if words in _DIRECTIONS:
        return Target(text, direction=_DIRECTIONS[words])
    side: Literal["at_most", "at_least", ""] = ""
    strict = False
    for pattern, name in ((_AT_MOST, "at_most"), (_AT_LEAST, "at_least")):
        if found := pattern.fullmatch(words):
            side = "at_most" if name == "at_most" else "at_least"
            strict, words = bool(found["strict"]), found["rest"]
            break
    number = _TRAILING_UNIT.fullmatch(words)
    printed = parse(number["number"]) if number else None
    if number is None or printed is None:
        return Target(text)
    unit = {"%": "procent", None: ""}.get(number["unit"], number["unit"])
    return Target(text, printed.value, side, unit=unit or "", strict=strict)


def read_key_figures(path: Path) -> list[KeyFigure]:
    """Read a CSV with the columns in ``COLUMNS`` (more columns are allowed: they are remarks).

    Encoding (UTF-8, UTF-16 or Windows-1252) and separator (comma, semicolon, tab) are found from
    the content. Raises UserError, with the row as Excel counts it, for a file that is missing,
    empty or no table, a missing column, text where a number is expected, and an id that is missing
    or not unique.
    """
    name = path.name
    figures: list[KeyFigure] = []
    seen: dict[str, int] = {}
    for row, cells in read_records(path, COLUMNS):
        figure = _figure(name, row, cells)
        if figure.figure_id in seen:
            raise UserError(
                "key_figures.errors.duplicate_id", file=name, row=row, first=seen[figure.figure_id]
            )
        seen[figure.figure_id] = row
        figures.append(figure)
    return figures


def load_key_figures(path: Path) -> pd.DataFrame:
    """The figures as a typed frame: one row per printed figure, in the file's order.

    Columns: those of the file as text, and ``value`` (number, as printed), ``sex`` (total, women,
    men, other or empty), ``target_number``, ``target_direction`` (decrease, increase),
    ``numerator`` and ``denominator`` (whole numbers). A mark in place of a number is missing.
    """
    figures = read_key_figures(path)
    frame = pd.DataFrame(
        {
            "figure_id": [f.figure_id for f in figures],
            "document": [f.document for f in figures],
            "section": [f.section for f in figures],
            "domain": [f.domain for f in figures],
            "indicator": [f.indicator for f in figures],
            "period": [f.period for f in figures],
            "population": [f.population for f in figures],
            "sex": [f.sex for f in figures],
            "breakdown": [f.breakdown for f in figures],
            "printed": [f.printed for f in figures],
            "unit": [f.unit for f in figures],
            "target": [f.target.text for f in figures],
            "target_direction": [f.target.direction for f in figures],
            "attainment": [f.attainment for f in figures],
            "source": [f.source for f in figures],
        },
        dtype="string[pyarrow]",
    )
    numbers = {
        "value": [None if f.value is None else float(f.value.value) for f in figures],
        "target_number": [
            None if f.target.number is None else float(f.target.number) for f in figures
        ],
    }
    for column, values in numbers.items():
        frame[column] = pd.array(values, dtype="double[pyarrow]")
    frame["numerator"] = pd.array([f.numerator for f in figures], dtype="int64[pyarrow]")
    frame["denominator"] = pd.array([f.denominator for f in figures], dtype="int64[pyarrow]")
    return frame


def _figure(file: str, row: int, cells: dict[str, str]) -> KeyFigure:
    cells = dict(cells)

    def number(column: str) -> Printed | None:
        printed = parse(_FOOTNOTE.sub("", cells[column]))
        if printed is None and not _NO_VALUE.fullmatch(plain(cells[column])):
            raise UserError("key_figures.errors.no_number", file=file, row=row, column=column)
        return printed

    def count(column: str) -> int | None:
        printed = number(column)
        if printed is None:
            return None
        if printed.value.denominator != 1:
            raise UserError("key_figures.errors.no_count", file=file, row=row, column=column)
        return int(printed.value)

    if not cells["figure_id"]:
        raise UserError("key_figures.errors.no_id", file=file, row=row)
    marks = [cells[column] for column in ("target", "attainment", "value")]
    # Columns of the user's own may hold a comment.
    marks += [cell for column, cell in cells.items() if column not in COLUMNS]
    break_mark = next((mark[:80] for mark in marks if _BREAK.search(mark)), "")
    for column in ("period", "breakdown", "indicator"):
        cells[column], words = _without_break(cells[column])
        break_mark = break_mark or words
    return KeyFigure(
        row=row,
        figure_id=cells["figure_id"],
        document=cells["document"],
        section=cells["section"],
        domain=cells["domain"],
        indicator=cells["indicator"],
        period=cells["period"],
        population=cells["population"],
        sex=_SEXES.get(plain(cells["sex"]), "other"),
        breakdown=cells["breakdown"],
        printed=cells["value"],
        value=number("value"),
        unit=plain(cells["unit"]),
        target=parse_target(cells["target"]),
        attainment=cells["attainment"],
        numerator=count("numerator"),
        denominator=count("denominator"),
        source=":".join(part for part in (cells["source_file"], cells["source_line"]) if part),
        break_mark=break_mark,
    )


def _without_break(cell: str) -> tuple[str, str]:
    """The cell without the aside that marks a break, and that aside."""
    if not _BREAK.search(cell):
        return cell, ""
    for aside in (found for pattern in _ASIDES for found in pattern.finditer(cell)):
        if _BREAK.search(aside[0]):
            rest = (cell[: aside.start()] + cell[aside.end() :]).strip()
            return rest, aside[0].strip(" ()[],;–-")
    return "", cell
