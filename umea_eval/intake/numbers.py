"""Swedish numbers and amounts."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from umea_eval.intake.values import Correction, Fault, Parsed, parse_each

DecimalMark = Literal[",", "."]

AMOUNT_UNITS = {"": 1, ":-": 1, "kr": 1, "sek": 1, "kronor": 1}
AMOUNT_UNITS |= {"tkr": 1_000, "kkr": 1_000, "mnkr": 1_000_000, "mkr": 1_000_000}
NUMBER_UNITS = {"": 1, "%": 1}

# Where a heading or a line by the table says what its amounts are in; "över 5 tkr" says no such.
_UNIT_IN_WORDS = re.compile(
    r"(?<!\w)(?<!\d\s)(?:(?P<thousands>tkr|kkr|ksek|tusen(?:tals?)?\s+(?:kr|kronor|sek)"
    r"|1\s?000(?:-?tals?)?\s+(?:kr|kronor|sek))"
    r"|(?P<millions>mnkr|mkr|msek|milj(?:oner|\.)?\s+(?:kr|kronor|sek))"
    r"|kr|kronor|sek)(?!\w)",
    re.IGNORECASE,
)
_OWN_UNIT = re.compile(r":-|[^\W\d_]")
_NUMBER = re.compile(
    r"(?P<open>\()? ?(?P<sign>[+-])? ?(?:(?:sek|kr) )?(?P<body>[0-9][0-9 .,'’]*?) ?"
    r"(?P<unit>:-|%|[a-zåäö]+)? ?(?P<close>\))? ?(?P<after>-)?",
    re.IGNORECASE,
)
_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?e\+?[0-9]+", re.IGNORECASE)
_WHOLE = re.compile(r"[0-9]+|[0-9]{1,3}(?P<apart>[ .,'’])[0-9]{3}(?:(?P=apart)[0-9]{3})*")
# One mark with three digits after it: 1,234 may be a thousand or little more than one.
_EITHER = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_FOUR_DIGITS = re.compile("[0-9]{4}")
_DIGITS = re.compile("[0-9]+")
# The usual forms, for Arrow's expressions (RE2: \d is ASCII).
_USUAL = r"^[+-]?\d{1,15}([.,]\d{1,2})?$"
_THOUSAND = r"^([+-]?\d{1,3})[ \x{a0}\x{202f}](\d{3})([.,]\d{1,2})?$"


def parse_numbers(texts: Sequence[str], *, decimal: DecimalMark | None = ",") -> Parsed:
    """Numbers as Swedish systems write them: ``1 234,50``, ``1234.50``, ``1.234,50``, ``-250``.

    Thousands may be apart by spaces of any kind, dots or apostrophes. ``decimal`` says which mark a
    lone one with three digits after it is (``1,234``) when no other text of the column decides;
    None makes such a text ``AMBIGUOUS_NUMBER``. ``X`` is a withheld number (``SUPPRESSED``), and
    ``1,5E+03`` has lost its digits. A percent sign is left out: ``12 %`` is 12.
    Values are floats, missing as NaN.
    """
    return _parse(texts, decimal, NUMBER_UNITS)


def unit_in(text: str) -> int | None:
    """How many kronor one is, where a heading says so: 1 000 of ``Belopp (tkr)``, 1 of ``(kr)``."""
    found = _UNIT_IN_WORDS.search(text)
    if found is None:
        return None
    return 1_000 if found["thousands"] else 1_000_000 if found["millions"] else 1


def without_unit(text: str) -> str:
    """A heading without the unit that ``unit_in`` finds: ``Belopp (tkr)`` and ``Belopp i tkr``."""
    bare = _UNIT_IN_WORDS.sub(" ", text)
    return re.sub(r"(?:\s+i)?[\s(),:\[\]]*$", "", bare) if bare != text else text


def parse_amounts(texts: Sequence[str], *, unit: int = 1) -> Parsed:
    """Amounts in kronor, rounded to öre: ``1 234,50``, ``250-``, ``(250)``, ``1 234 kr``, ``tkr``.

    ``12,5 tkr`` is 12 500 and ``mnkr`` a million; ``unit`` is how many kronor one is where the cell
    does not say (see ``unit_in``), a correction (``UNIT_APPLIED``) where it is more than one. A
    lone ``1.234`` or ``1,234`` is read as the rest of the column writes its numbers, and is
    ``AMBIGUOUS_NUMBER`` where nothing decides. Values are floats, missing as NaN.
    """
    parsed = _parse(texts, None, AMOUNT_UNITS)
    if unit == 1:
        return Parsed(np.round(parsed.distinct, 2), parsed.faults, parsed.corrections)
    bare = np.array([_OWN_UNIT.search(text) is None for text in texts], dtype=bool)
    values = np.where(bare, parsed.distinct * unit, parsed.distinct)
    applied = bare & ~np.isnan(values)
    corrections = np.where(applied, Correction.UNIT_APPLIED, parsed.corrections).astype(np.int8)
    return Parsed(np.round(values, 2), parsed.faults, corrections)


def parse_whole(texts: Sequence[str]) -> Parsed:
    """Whole numbers (counts, years, points): ``3,0`` is 3, ``3,5`` is ``NOT_A_NUMBER``."""
    parsed = parse_numbers(texts, decimal=None)
    whole = np.isnan(parsed.distinct) | (np.mod(parsed.distinct, 1) == 0)
    faults = np.where(whole, parsed.faults, Fault.NOT_A_NUMBER).astype(np.int8)
    values = pd.array(np.where(whole, parsed.distinct, np.nan), dtype="Float64")
    return Parsed(values.astype("int64[pyarrow]"), faults, parsed.corrections)


def _parse(texts: Sequence[str], decimal: DecimalMark | None, units: Mapping[str, int]) -> Parsed:
    values = np.full(len(texts), np.nan)
    faults = np.zeros(len(texts), dtype=np.int8)
    corrections = np.zeros(len(texts), dtype=np.int8)
    column = pa.array(texts, pa.string())
    column = pc.replace_substring_regex(column, _THOUSAND, r"\1\2\3")
    usual = pc.match_substring_regex(column, _USUAL)
    at = usual.to_numpy(zero_copy_only=False)
    values[at] = pc.cast(pc.replace_substring(column.filter(usual), ",", "."), pa.float64())
    rest = [int(i) for i in np.flatnonzero(~at)]
    if rest:
        unsure = any(_EITHER.search(texts[i]) for i in rest)
        mark = (_decimal_mark(texts) if unsure else None) or decimal
        slow = parse_each(
            [texts[i] for i in rest], lambda text: _number(text, mark, units), missing=math.nan
        )
        values[rest], faults[rest] = slow.distinct, slow.faults
        corrections[rest] = slow.corrections
    return Parsed(values, faults, corrections)


def _decimal_mark(texts: Sequence[str]) -> DecimalMark | None:
    """The decimal mark that the column shows, where it shows one only.

    A column that writes at least three numbers as 1.234, and no number of four digits without a
    mark, parts its thousands so; the other mark is then the decimal one.
    """
    shown: set[DecimalMark] = set()
    either: Counter[str] = Counter()
    ungrouped = False
    for text in texts:
        comma, dot = text.rfind(","), text.rfind(".")
        last = max(comma, dot)
        ungrouped |= _FOUR_DIGITS.search(text) is not None
        if last < 0 or text.count(text[last]) > 1:  # a mark that comes twice parts thousands
            continue
        after = _DIGITS.match(text, last + 1)
        if min(comma, dot) >= 0 or (after and len(after[0]) != 3):
            shown.add("," if comma > dot else ".")
        elif after:
            either[text[last]] += 1
    if not shown and len(either) == 1 and either.total() >= 3 and not ungrouped:
        return "." if "," in either else ","
    return shown.pop() if len(shown) == 1 else None


def _number(
    text: str, decimal: DecimalMark | None, units: Mapping[str, int]
) -> tuple[float, Fault, Correction]:
    found = _NUMBER.fullmatch(text)
    unit = units.get((found["unit"] or "").lower()) if found else None
    if found is None or unit is None or (found["open"] is None) != (found["close"] is None):
        fault = Fault.SUPPRESSED if text in ("X", "x") else Fault.NOT_A_NUMBER
        if _SCIENTIFIC.fullmatch(text):
            fault = Fault.DIGITS_LOST
        return math.nan, fault, Correction.NONE
    signs = [sign for sign in (found["sign"], found["open"], found["after"]) if sign]
    size, fault = _size(found["body"].strip(), decimal)
    if len(signs) > 1:
        fault = Fault.NOT_A_NUMBER
    correction = Correction.NONE
    if unit > 1:
        correction = Correction.UNIT_APPLIED
    elif found["open"] or found["after"]:
        correction = Correction.TRAILING_MINUS
    return (-size if signs and signs != ["+"] else size) * unit, fault, correction


def _size(body: str, decimal: DecimalMark | None) -> tuple[float, Fault]:
    """The number without its sign and unit."""
    if _EITHER.fullmatch(body):
        if decimal is None:
            return math.nan, Fault.AMBIGUOUS_NUMBER
        mark: str = decimal if decimal in body else ""
    else:
        last = max(body.rfind(","), body.rfind("."))
        mark = body[last] if last >= 0 and body.count(body[last]) == 1 else ""
    whole, _, decimals = body.rpartition(mark) if mark else (body, "", "0")
    if not _WHOLE.fullmatch(whole) or not re.fullmatch("[0-9]*", decimals):
        return math.nan, Fault.NOT_A_NUMBER
    return float(re.sub("[^0-9]", "", whole) + "." + (decimals or "0")), Fault.NONE
