"""A table's columns, each declared once: heading, parsing, checks, codebook and example data."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.codes import parse_codes, parse_flags, parse_sex
from umea_eval.intake.dates import DayOrder, parse_dates, parse_months, parse_times
from umea_eval.intake.identity import parse_plain_text, parse_protected
from umea_eval.intake.numbers import parse_amounts, parse_numbers, parse_whole
from umea_eval.intake.values import Parser

Dtype = Literal[
    "text",
    "code",
    "sek",  # an amount in kronor, float64
    "number",
    "whole",
    "date",
    "month",
    "time",  # minutes after midnight
    "flag",
    "sex",
    "identity",  # an identity number: leaves as a pseudonym, birth year, sex and kind
    "identifier",  # a number within a system (household, case): leaves as a pseudonym
    "protected",
    "filled",  # of a free text, only whether it is filled
]


@dataclass(frozen=True)
class Code:
    """One code of a list: what it means, how else it is written, and from when to when it holds.

    Both days are included.
    """

    code: str
    label_sv: str
    label_en: str
    spellings: tuple[str, ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    @property
    def validity(self) -> str:
        """From when to when in words: whole years as years, and "" for always."""
        first = _short(self.valid_from, (1, 1))
        last = _short(self.valid_to, (12, 31))
        return f"{first}–{last}" if first or last else ""


@dataclass(frozen=True)
class CodeList:
    """The codes that a column may hold. ``digits`` is the length of a number code (0: no number).

    ``valid_at`` names the date or month column that decides whether a code holds, ``words_of`` the
    column that says whose own words a row is written in. ``blank`` is the code of an empty cell.
    ``leading`` says that a text may begin with its code (``011 Arbetslös``); where words are codes,
    as in ``LVU`` before any section, the whole text must be known.
    """

    codes: tuple[Code, ...]
    source: str
    digits: int = 0
    valid_at: str | None = None
    words_of: str | None = None
    blank: str | None = None
    leading: bool = True

    @property
    def spellings(self) -> dict[str, str]:
        """Every text that means a code, with the code itself and its Swedish label."""
        return {
            text: each.code
            for each in self.codes
            for text in (*each.spellings, each.label_sv, each.code)
        }


@dataclass(frozen=True)
class Column:
    """One column of a cleaned table.

    ``headings`` are the known headings, the preferred first; the name and the Swedish label count
    too. ``required`` says that a file must have the column, ``filled`` that every row must. The
    ``range`` includes both ends. An ``identity`` column ``person`` gives ``person`` (pseudonym),
    ``person_kind``, ``person_birth_year`` and ``person_sex``; with ``age_at`` (the name of a date
    column) also ``person_age``, whole years on that date. The birth date itself never leaves.
    """

    name: str
    dtype: Dtype
    label_sv: str
    label_en: str
    headings: tuple[str, ...] = ()
    required: bool = True
    filled: bool = True
    range: tuple[float, float] | tuple[dt.date, dt.date] | None = None
    codes: CodeList | None = None
    personal: bool = False
    unit: str = ""
    source: str = ""
    open_end: bool = False
    age_at: str | None = None

    def __post_init__(self) -> None:
        if (self.dtype == "code") != (self.codes is not None):
            raise ValueError(f"{self.name}: a code column has codes, and no other has")

    def parser(self, reference: dt.date, order: DayOrder = "") -> Parser:
        """How the column's distinct texts become values.

        ``reference`` is the extraction date, ``order`` what the file's other dates show.
        """
        if self.codes is not None:
            codes = self.codes
            known = [each.code for each in codes.codes]
            return lambda texts: parse_codes(
                texts, codes.spellings, order=known, zeros=codes.digits, leading=codes.leading
            )
        dated: dict[Dtype, Parser] = {
            "date": lambda texts: parse_dates(
                texts, reference=reference, open_end=self.open_end, order=order
            ),
            "month": lambda texts: parse_months(texts, reference=reference, order=order),
        }
        return dated.get(self.dtype) or PARSERS[self.dtype]


PARSERS: Mapping[Dtype, Parser] = {
    "text": parse_plain_text,
    "sek": parse_amounts,
    "number": parse_numbers,
    "whole": parse_whole,
    "time": parse_times,
    "flag": parse_flags,
    "sex": parse_sex,
    "protected": parse_protected,
}


@dataclass(frozen=True)
class Rule:
    """What must hold between columns. ``broken`` gives the rows (a mask) that break it.

    ``reason`` is the reason code. A row that breaks a rule is quarantined, unless the rule is only
    ``remark``: then the row stays, and the account counts it. The rule is left out where a column
    of ``columns`` is not in the data; missing values never break a rule.
    """

    reason: str
    columns: tuple[str, ...]
    broken: Callable[[pd.DataFrame], NDArray[np.bool_]]
    remark: bool = False


@dataclass(frozen=True)
class Schema:
    """One table of a dataset.

    ``key`` names the columns that identify a row over time: the same key in a newer extraction
    replaces the row. Without a key, nothing is replaced. ``version`` changes with every change that
    gives other values.
    """

    name: str
    label_sv: str
    label_en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = field(default=())
    version: int = 1

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        unknown = set(self.key) - set(names)
        if len(set(names)) < len(names) or unknown:
            raise ValueError(f"{self.name}: columns named twice, or a key that is no column")

    def column(self, name: str) -> Column:
        """The column of this name."""
        return next(column for column in self.columns if column.name == name)


def codebook(schemas: Sequence[Schema]) -> pd.DataFrame:
    """One row per column and, for codes, one per code: what a codebook page shows.

    Columns: ``table``, ``column``, ``dtype``, ``label_sv``, ``label_en``, ``required``, ``filled``,
    ``personal``, ``unit``, ``range``, ``code``, ``valid``, ``headings``, ``source``. Personal
    columns leave the cleaning as pseudonyms or not at all.
    """
    rows = []
    for schema in schemas:
        for column in schema.columns:
            rows.append(
                {
                    "table": schema.name,
                    "column": column.name,
                    "dtype": column.dtype,
                    "label_sv": column.label_sv,
                    "label_en": column.label_en,
                    "required": column.required,
                    "filled": column.filled,
                    "personal": column.personal,
                    "unit": column.unit,
                    "range": "–".join(map(str, column.range)) if column.range else "",
                    "code": "",
                    "valid": "",
                    "headings": "; ".join(column.headings),
                    "source": column.source or (column.codes.source if column.codes else ""),
                }
            )
            for code in column.codes.codes if column.codes else ():
                rows.append(
                    {
                        **dict.fromkeys(rows[-1], ""),
                        "table": schema.name,
                        "column": column.name,
                        "label_sv": code.label_sv,
                        "label_en": code.label_en,
                        "code": code.code,
                        "valid": code.validity,
                    }
                )
    return pd.DataFrame(rows)


def read_code_lists(path: Path) -> dict[str, CodeList]:
    """Code lists from a TOML file of the product: one table per list.

    ``codes`` has ``code``, ``sv``, ``en`` and, where needed, ``spellings``, ``from`` and ``to``:
    the first and the last day on which a code holds, or a year for its first or its last day.
    """
    lists = {}
    for name, given in tomllib.loads(path.read_text(encoding="utf-8")).items():
        codes = tuple(
            Code(
                each["code"],
                each["sv"],
                each["en"],
                tuple(each.get("spellings", ())),
                _day(each.get("from"), (1, 1)),
                _day(each.get("to"), (12, 31)),
            )
            for each in given["codes"]
        )
        options = {
            option: given[option]
            for option in ("digits", "valid_at", "words_of", "blank", "leading")
            if option in given
        }
        lists[name] = CodeList(codes, given["source"], **options)
    return lists


def _day(given: dt.date | int | None, of_year: tuple[int, int]) -> dt.date | None:
    return dt.date(given, *of_year) if isinstance(given, int) else given


def _short(day: dt.date | None, of_year: tuple[int, int]) -> str:
    if day is None:
        return ""
    return str(day.year) if (day.month, day.day) == of_year else day.isoformat()
