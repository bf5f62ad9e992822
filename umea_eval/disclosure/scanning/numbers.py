"""Which texts hold a valid Swedish identity number, in whatever form it is written?"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from umea_eval.disclosure.scanning.texts import CELL, ROW, TABLE, classes

# All centuries of persons who live; a day of birth after today is no reason to let a number out.
_REFERENCE = dt.date(2099, 12, 31)
_YEAR = r"(?:(?:1[89]|20)[0-9]{2}|[0-9]{2})"
_MONTH, _DAY = r"(?:0[0-9]|1[0-2])", r"(?:[0-3]|[6-9])[0-9]"  # samordningsnummer: day + 60
_LAST = r"(?: {0,2}[-+/_][ \r\n]{0,2}|[ \t\r\n]{0,3})[0-9]{4}(?![0-9])"
# A number begins where no digit stands before it, nor the whole part of a decimal number. Each
# place is tried by itself, so that what looks like one number cannot swallow the next.
_BEGINS = r"(?<![0-9])(?<![0-9]\.)"
_WRITTEN = re.compile(rf"{_BEGINS}(?=({_YEAR}(?P<parted>[-/. ]?){_MONTH}(?P=parted){_DAY}{_LAST}))")
_FOURS = re.compile(
    rf"{_BEGINS}(?=((?:1[89]|20)[0-9]{{2}}[- ]{_MONTH}{_DAY}[- ][0-9]{{4}}(?![0-9])))"
)
_SPACED = re.compile(r"(?<![0-9])(?<![0-9] )(?=([0-9](?: [0-9]){9}(?:(?: [0-9]){2})?(?! ?[0-9])))")
# Twelve digits in groups of any size, as a spreadsheet parts thousands: no count or amount of a
# municipality has twelve.
_GROUPS = re.compile(
    r"(?<![0-9])(?<![0-9][ _.])(?=((?:1 ?[89]|2 ?0)(?: ?[0-9]){10}(?![ _.,]?[0-9])))"
)
# As a spreadsheet or a program writes a large number.
_SCIENTIFIC = re.compile(r"(?<![0-9.,])([1-9])[.,]([0-9]{6,11})[eE]\+?0?(9|11)(?![0-9])")
# Sixteen and more hexadecimal digits with a letter among them are a checksum or an identifier.
_HEXADECIMAL, _CHECKSUM = frozenset("0123456789abcdefABCDEF"), 16
# Where digits stand, with what may part them: nothing else can hold a number.
_DIGITS_AND_SIGNS = bytes(
    ord("0")
    if chr(byte).isdigit() and byte < 128
    else ord("-")
    if chr(byte) in " -+./_\t\r\n"
    else 0
    for byte in range(256)
)
_RUN = re.compile(rb"0[0-]{6,}0")
_PERIOD = re.compile(
    r"(?:19|20)[0-9]{2}(?:-[0-9]{2}){2} ?- ?(?:19|20)[0-9]{2}(?:-[0-9]{2}){2}(?![0-9-])"
)
_FRACTION = re.compile(r"[.,][0-9]*[1-9]")
_BIRTH, _FOUR = (
    re.compile(r"(?:(?:1[89]|20)[0-9]{2}|[0-9]{2})[0-9]{4}"),
    re.compile(r"[-+]?[0-9]{4}"),
)
_DIGITS = re.compile(r"[^0-9]+")
# Of two columns that only look like date and last four, one row in a hundred is valid by chance.
_SHARE_OF_ROWS = 0.5


def identity_numbers(
    text: str, *, comma_parts: bool = False, spared: frozenset[str] = frozenset()
) -> Iterator[int]:
    """The positions of valid identity numbers in plain text.

    Forms: ten or twelve digits with no sign, a hyphen, a plus or spaces before the last four; the
    date parted by hyphens, dots, slashes or spaces; groups of four, and of twelve digits groups of
    any size; one digit at a time; in scientific notation. Digits of a checksum, decimals and a
    period from date to date are none. ``comma_parts``: a comma parts cells (as in CSV and JSON);
    otherwise it is also the decimal sign. ``spared`` are numbers that are passed over, as their
    ten digits.
    """
    runs = [each.span() for each in _RUN.finditer(classes(text, _DIGITS_AND_SIGNS))]
    for first, last in runs:
        for pattern in (_WRITTEN, _FOURS, _SPACED, _GROUPS):
            for found in pattern.finditer(text, first, last):
                if is_identity(found[1], spared) and not _is_other(
                    text, *found.span(1), comma_parts
                ):
                    yield found.start(1)
        if text[last : last + 1] in ("e", "E"):
            found_large = _SCIENTIFIC.search(text, max(first - 2, 0), last + 6)
            if found_large and _is_large_identity(found_large, spared):
                yield found_large.start()


def split_numbers(
    rows: Sequence[Sequence[str]], spared: frozenset[str] = frozenset()
) -> Iterator[int]:
    """The rows of a table where a number lies in two neighbouring cells: date, last four.

    A sum beside a year looks like that too, and is valid by chance once in a hundred times, so at
    least half of the rows that two columns have in this form must be valid.
    """
    pairs: dict[int, list[tuple[int, str]]] = {}
    for number, row in enumerate(rows):
        for column, (first, last) in enumerate(pairwise(row)):
            if len(first) in (6, 8) and _BIRTH.fullmatch(first) and _FOUR.fullmatch(last):
                pairs.setdefault(column, []).append((number, first + last))
    for found in pairs.values():
        valid = [number for number, written in found if is_identity(written, spared)]
        if len(valid) >= len(found) * _SHARE_OF_ROWS:
            yield from valid


def tables_of(text: str) -> Iterator[tuple[list[int], list[list[str]]]]:
    """The tables of a text without its markup: where rows begin, and their cells.

    Empty cells are left out.
    """
    begins = 0
    for table in text.split(TABLE):
        places, rows = [], []
        for row in table.split(ROW):
            cells = [cell for part in row.split(CELL) if (cell := part.strip())]
            if len(cells) > 1:
                places.append(begins + len(row) - len(row.lstrip()))
                rows.append(cells)
            begins += len(row) + 1
        if rows:
            yield places, rows


def is_identity(written: str, spared: frozenset[str] = frozenset()) -> bool:
    """Whether a text of ten or twelve digits is a valid personnummer or samordningsnummer."""
    digits = _DIGITS.sub("", written)
    if len(digits) not in (10, 12) or (len(digits) == 12 and digits[:2] not in ("18", "19", "20")):
        return False
    if not _luhn(digits[-10:]) or digits[-10:] in spared:
        return False
    # Late: nine of ten are no number already, and pandas takes longer to import than a scan.
    from umea_eval.intake.personnummer import Kind, check  # noqa: PLC0415

    plus = "+" if "+" in written and len(digits) == 10 else ""
    bare = digits[:-4] + plus + digits[-4:]
    return bool(check([bare], _REFERENCE).kind[0] in (Kind.PERSONNUMMER, Kind.SAMORDNINGSNUMMER))


def _luhn(ten: str) -> bool:
    doubled = [2 * int(digit) for digit in ten[::2]]
    return (sum(each // 10 + each % 10 for each in doubled) + sum(map(int, ten[1::2]))) % 10 == 0


def _is_large_identity(found: re.Match[str], spared: frozenset[str]) -> bool:
    size = int(found[3]) + 1
    digits = (found[1] + found[2]).ljust(size, "0")
    return len(digits) == size and is_identity(digits, spared)


def _is_other(text: str, start: int, end: int, comma_parts: bool) -> bool:
    """Whether digits are a part of a period from date to date, or, without any sign between them,
    of a checksum or a decimal number.
    """
    if _PERIOD.match(text, start) and text[start:end][-4:].isdigit():
        return True
    if not text[start:end].isdigit():
        return False
    return _in_checksum(text, start, end) or _is_decimal(text, start, end, comma_parts)


def _in_checksum(text: str, start: int, end: int) -> bool:
    while start and text[start - 1] in _HEXADECIMAL:
        start -= 1
    while text[end : end + 1] and text[end] in _HEXADECIMAL:
        end += 1
    return end - start >= _CHECKSUM and not text[start:end].isdigit()


def _is_decimal(text: str, start: int, end: int, comma_parts: bool) -> bool:
    """Whether ten digits without any sign between them are a part of a decimal number.

    Twelve digits never are: no such number is printed, and rather an alarm than a leak.
    """
    if end - start != 10:
        return False
    fraction = _FRACTION.match(text, end)
    if fraction:
        return fraction[0][0] == "." or not comma_parts
    before = text[max(start - 2, 0) : start]
    return not comma_parts and before[:1].isdigit() and before[1:] == ","
