"""Yes and no, sex, and code lists, in the spellings that exports have."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from umea_eval.intake.grid import categorical
from umea_eval.intake.values import (
    Correction,
    Fault,
    Parsed,
    fitting_spellings,
    key,
    parse_each,
)

_YES = frozenset(("j", "ja", "1", "y", "yes", "true", "sant", "x", "xx", "kryss"))
_NO = frozenset(("n", "nej", "0", "no", "false", "falskt"))
_CROSS = frozenset(("x", "xx", "kryss"))

WOMEN, MEN = "women", "men"
# 1 and 2 as in official statistics (1 man, 2 kvinna).
_SEX = {
    **dict.fromkeys(("k", "kv", "kvinna", "kvinnor", "kvinnligt", "kvinnlig", "2"), WOMEN),
    **dict.fromkeys(("f", "flicka", "flickor", "w", "woman", "women", "female"), WOMEN),
    **dict.fromkeys(("m", "man", "män", "manligt", "manlig", "1", "male", "men"), MEN),
    **dict.fromkeys(("p", "pojke", "pojkar"), MEN),
}
_LEADING_CODE = re.compile(r"([0-9A-Za-zÅÄÖåäö]{1,6})(?:\s*[-–:.]\s+|\s+)\S")


def parse_flags(texts: Sequence[str]) -> Parsed:
    """Yes and no: J/N, Ja/Nej, 1/0, true/false. Values are ``bool[pyarrow]``.

    In a column of crosses (X or nothing) only the crosses are here to be read: where ``is_crosses``
    says so, a blank cell means no.
    """

    def one(text: str) -> tuple[bool | None, Fault, Correction]:
        word = key(text)
        if word in _YES or word in _NO:
            return word in _YES, Fault.NONE, Correction.NONE
        return None, Fault.NOT_YES_OR_NO, Correction.NONE

    parsed = parse_each(texts, one, missing=None)
    values = pd.array(parsed.distinct, dtype="bool[pyarrow]")
    return Parsed(values, parsed.faults, parsed.corrections)


def is_crosses(texts: Sequence[str]) -> bool:
    """Whether a column has crosses and no other yes or no, so that a blank cell means no.

    A stray word (``kanske``) is the fault of its own row: it says nothing about the blanks.
    """
    read = {key(text) for text in texts} & (_YES | _NO)
    return bool(read) and read <= _CROSS


def parse_sex(texts: Sequence[str]) -> Parsed:
    """Sex: K/M, Kvinna/Man, Kv/M, F/P (flicka, pojke), 1/2 (1 is man); women or men."""
    return parse_codes(texts, _SEX, order=(WOMEN, MEN))


def parse_codes(
    texts: Sequence[str],
    codes: Mapping[str, str],
    *,
    order: Sequence[str] = (),
    zeros: int = 0,
    leading: bool = True,
) -> Parsed:
    """Codes of a list: ``codes`` gives every spelling (in any case, marks left out) its code.

    ``011 Arbetslös, …`` is read by its leading code, unless ``leading`` is false. A text with lost
    letters (U+FFFD) is read where one code alone fits it. With ``zeros`` a shorter number gets back
    the leading zeros that a spreadsheet took (11 is 011). Both are counted. Values are categories,
    those in ``order`` first.
    """
    spellings = {key(spelling): code for spelling, code in codes.items()}

    def one(text: str) -> tuple[str | None, Fault, Correction]:
        word = key(text)
        if word in spellings:
            return spellings[word], Fault.NONE, Correction.NONE
        padded = word.zfill(zeros)
        if zeros and word.isdigit() and padded in spellings:
            return spellings[padded], Fault.NONE, Correction.ZEROS_RESTORED
        first = _LEADING_CODE.match(text) if leading else None
        if first and key(first[1]) in spellings:
            return spellings[key(first[1])], Fault.NONE, Correction.NONE
        fitting = {spellings[each] for each in fitting_spellings(word, list(spellings))}
        if len(fitting) == 1:
            return fitting.pop(), Fault.NONE, Correction.LETTERS_RESTORED
        return None, Fault.UNKNOWN_CODE, Correction.NONE

    parsed = parse_each(texts, one, missing=None)
    known = [*dict.fromkeys((*order, *codes.values()))]
    place = {code: i for i, code in enumerate(known)}
    numbers = np.array([place.get(value, -1) for value in parsed.distinct], dtype=np.int32)
    return Parsed(categorical(numbers, known), parsed.faults, parsed.corrections)


def nearest(word: str, spellings: Sequence[str], *, most: int = 3) -> list[str]:
    """The spellings that are most like a word, for messages."""
    by_key = {key(spelling): spelling for spelling in spellings}
    return [by_key[each] for each in difflib.get_close_matches(key(word), by_key, most, 0.6)]
