"""Texts to values, each distinct text once: what is common to numbers, dates and codes.

A parser takes the distinct texts of a column and returns one value, fault and correction for each.
``read_values`` maps them back to the rows. Nothing raises for a cell: a text that cannot be read is
a missing value with a fault, and the row account decides what becomes of its row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.grid import TextCategorical, categorical

if TYPE_CHECKING:
    TextSeries = pd.Series[str]
else:
    TextSeries = pd.Series

Codes8 = NDArray[np.int8]


class Fault(IntEnum):
    """Why a text has no value; its name in lower case is the reason code of the row account."""

    NONE = 0
    NOT_A_NUMBER = 1
    AMBIGUOUS_NUMBER = 2  # 1,234 may be a thousand or little more than one
    NOT_A_DATE = 3
    AMBIGUOUS_DATE = 4  # 3/4 2024 where the column does not tell day from month
    NO_DAY = 5  # 2024-01 where a date was expected
    NOT_A_MONTH = 6
    NOT_A_TIME = 7
    NOT_YES_OR_NO = 8
    UNKNOWN_CODE = 9
    SUPPRESSED = 10  # X in published statistics: withheld, of any size
    DAMAGED_TEXT = 11  # holds U+FFFD: a letter was lost before the file came here
    NOT_AN_IDENTITY = 12
    WRONG_LENGTH = 13
    NO_SUCH_DATE = 14  # the date within an identity number
    FUTURE_DATE = 15
    CHECK_DIGIT = 16
    DIGITS_LOST = 17  # 1,99001E+11
    MASKED = 18  # a birth date and XXXX, or 000 for the birth number
    BIRTH_DATE_ONLY = 19
    MISSING_VALUE = 20
    OUT_OF_RANGE = 21
    CODE_NOT_VALID = 22  # the code did not exist at the time
    IDENTITY_IN_TEXT = 23  # an identity number where there should be none (columns shifted)


class Correction(IntEnum):
    """A value that was read after a certain correction; counted per rule in the row account."""

    NONE = 0
    ZEROS_RESTORED = 1  # an identity number or code that a spreadsheet stripped of leading zeros
    TRAILING_MINUS = 2  # 250- and (250)
    UNIT_APPLIED = 3  # tkr, mnkr
    SERIAL_DATE = 4  # a date as the number of days since 1899-12-30
    OPEN_END = 5  # 9999-12-31 for no end
    DATE_TO_MONTH = 6  # a date where a month was expected
    LETTERS_RESTORED = 8  # a text with U+FFFD that one known spelling alone fits
    DECIMALS_DROPPED = 7  # an identity number that a spreadsheet wrote with decimals


@dataclass(frozen=True)
class Parsed:
    """One value, fault and correction per distinct text."""

    distinct: Any  # a numpy array, or a pandas extension array where a value may be missing
    faults: Codes8
    corrections: Codes8


@dataclass(frozen=True)
class Values:
    """A column's values, row by row, with what was wrong and what was put right.

    ``faults`` has one number of ``Fault`` per row. ``corrections`` counts rows per rule.
    """

    series: pd.Series
    faults: Codes8
    corrections: dict[str, int]


Parser = Callable[[Sequence[str]], Parsed]

MISSING = frozenset(
    (
        *("", "-", "--", "..", ".", "—", "–", "?", "*"),
        *("null", "none", "nan", "n/a", "na", "#n/a", "#saknas!", "#värdefel!", "#value!", "#ref!"),
        *("#referens!", "(null)", "(tom)", "saknas", "uppgift saknas", "ej angivet", "ej angiven"),
        *("okänt", "okänd", "vet ej", "uppgift ej tillgänglig"),
    )
)
# Minus signs and dashes that Word and Excel put in place of the hyphen.
DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\u00ad", "-"))
REPLACEMENT = "\ufffd"


def plain(text: str) -> str:
    """The text trimmed, with single spaces, ordinary hyphens and composed letters (NFC)."""
    text = text if text.isascii() else unicodedata.normalize("NFC", text).translate(DASHES)
    return " ".join(text.split())


def key(text: str) -> str:
    """What two spellings of one code or heading share: letters and digits in lower case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum() or letter == REPLACEMENT)


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no value (blank, a dash, "uppgift saknas")."""
    if text[:1].isdigit():  # as most cells do, and no such mark does
        return False
    return plain(text).casefold() in MISSING


def parse_each(
    texts: Sequence[str], one: Callable[[str], tuple[Any, Fault, Correction]], missing: object
) -> Parsed:
    """Parse texts one by one; ``one`` gets text that is plain and not missing."""
    values: list[Any] = []
    faults = np.zeros(len(texts), dtype=np.int8)
    corrections = np.zeros(len(texts), dtype=np.int8)
    for i, text in enumerate(texts):
        trimmed = plain(text)
        if trimmed.casefold() in MISSING:
            values.append(missing)
            continue
        value, faults[i], corrections[i] = one(trimmed)
        if faults[i]:
            value, corrections[i] = missing, Correction.NONE
            if REPLACEMENT in trimmed:
                faults[i] = Fault.DAMAGED_TEXT
        values.append(value)
    return Parsed(values, faults, corrections)


def parse_text(texts: Sequence[str]) -> Parsed:
    """Text as it stands, trimmed; marks for missing are missing.

    A text with lost letters (U+FFFD) takes the spelling of the column's only other text that fits
    it, and is counted; without one it is ``DAMAGED_TEXT``.
    """
    damaged = any(REPLACEMENT in text for text in texts)
    whole = {key(text): plain(text) for text in texts if damaged and REPLACEMENT not in text}

    def one(text: str) -> tuple[str, Fault, Correction]:
        if REPLACEMENT not in text:
            return text, Fault.NONE, Correction.NONE
        fitting = fitting_spellings(key(text), list(whole))
        if len(fitting) == 1:
            return whole[fitting[0]], Fault.NONE, Correction.LETTERS_RESTORED
        return text, Fault.DAMAGED_TEXT, Correction.NONE

    parsed = parse_each(texts, one if damaged else _as_it_is, missing=None)
    return Parsed(as_text(parsed.distinct), parsed.faults, parsed.corrections)


def _as_it_is(text: str) -> tuple[str, Fault, Correction]:
    return text, Fault.NONE, Correction.NONE


def fitting_spellings(word: str, spellings: Sequence[str]) -> list[str]:
    """The spellings that a word with lost letters (U+FFFD, one or more in a row) may have been."""
    if "\ufffd" not in word:
        return []
    parts = re.split("\ufffd+", word)
    if sum(map(len, parts)) < 3:
        return []
    pattern = re.compile(r"\w{1,3}".join(re.escape(part) for part in parts))
    return [spelling for spelling in spellings if pattern.fullmatch(spelling)]


def as_text(values: Sequence[str | None]) -> TextCategorical:
    """Text values, some missing, as categories."""
    codes, distinct = pd.factorize(np.array(list(values), dtype=object))
    return categorical(codes.astype(np.int32), [str(text) for text in distinct])


def read_values(column: TextSeries, parser: Parser) -> Values:
    """Parse a column of categories: each distinct text once, and back to its rows.

    A missing cell is a missing value without a fault.
    """
    parsed = parser(distinct_texts(column))
    codes = row_codes(column)
    corrections = {}
    if parsed.corrections.any():
        counts = np.bincount(_by_row(parsed.corrections, codes), minlength=len(Correction))
        corrections = {
            rule.name.lower(): int(counts[rule]) for rule in Correction if rule and counts[rule]
        }
    faults = np.zeros(len(codes), dtype=np.int8)
    if parsed.faults.any():
        faults = _by_row(parsed.faults, codes)
    return Values(spread(parsed.distinct, codes, column.index), faults, corrections)


def _by_row(marks: Codes8, codes: NDArray[np.integer]) -> Codes8:
    # The last place, which -1 points at, is the missing cell.
    return np.append(marks, np.int8(0)).take(codes, mode="wrap")


def row_codes(column: TextSeries) -> NDArray[np.integer]:
    """The code of each row of a column of categories, -1 for missing; not to be written to."""
    return pd.Categorical(column.array).codes


def distinct_texts(column: TextSeries) -> list[str]:
    """The distinct texts of a column of categories, in the order of their codes."""
    texts: list[str] = column.cat.categories.to_numpy(dtype=object).tolist()
    return texts


def spread(values: Any, codes: NDArray[np.integer], index: pd.Index) -> pd.Series:
    """Values by code to values by row; code -1 is missing."""
    if isinstance(values, pd.Categorical):
        inner = np.append(values.codes, -1).astype(np.int32).take(codes, mode="wrap")
        made = pd.Categorical.from_codes(inner, dtype=values.dtype, validate=False)
        return pd.Series(made, index=index)
    if isinstance(values, np.ndarray):
        missing: Any = np.nan if values.dtype.kind == "f" else np.datetime64("NaT")
        table = np.append(values, np.array([missing], values.dtype))
        return pd.Series(table.take(codes, mode="wrap"), index=index)
    return pd.Series(pd.array(values).take(codes, allow_fill=True), index=index)
