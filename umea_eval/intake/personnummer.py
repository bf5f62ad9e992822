"""Check digit, century and date of birth of personnummer and samordningsnummer, many at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from umea_eval.intake.dates import days_in_month
from umea_eval.intake.values import Codes8, Fault

Integers = NDArray[np.integer]

# A coordination number's day is the day of birth plus this (folkbokföringslagen 1991:481, 18 a §).
COORDINATION = 60
EARLIEST_YEAR = 1800
# Luhn's check digit: every second digit is doubled, from the first of ten (SKV 704).
_WEIGHTS = np.array([2, 1, 2, 1, 2, 1, 2, 1, 2, 1])
_SEPARATORS = str.maketrans("", "", "-+ ")


class Kind(IntEnum):
    """The kind of an identity; only the first two have a check digit and tell the sex."""

    NONE = 0
    PERSONNUMMER = 1
    SAMORDNINGSNUMMER = 2
    INTERIM = 3
    RESERVE = 4
    LOCAL = 5


@dataclass(frozen=True)
class Checked:
    """What each number says; arrays of the same length."""

    canonical: NDArray[np.object_]
    kind: Codes8
    faults: Codes8
    birth_date: NDArray[np.datetime64]
    birth_year: NDArray[np.int16]
    man: Codes8


def check(numbers: Sequence[str], reference: dt.date) -> Checked:
    """Check numbers of ten or twelve digits (ASCII), with or without separators.

    A samordningsnummer may hold month 00 or day 60 where the date of birth is not known, and days
    that the calendar lacks: Skatteverket's own test numbers do. It then has no ``birth_date``.
    Faults, the first that applies: no such date, birth after ``reference``, birth number 000
    (never given: a placeholder), wrong check digit. Twelve digits that begin with 99 and a century
    are a reserve number.
    """
    bare = [_bare(number) for number in numbers]
    # "/" comes just before "0": a century that is not written has the digits -1.
    marks = np.array([number.rjust(12, "/") for number in bare], dtype="S12")
    digits = marks.view(np.uint8).reshape(-1, 12).astype(np.int64) - ord("0")
    month = digits[:, 4] * 10 + digits[:, 5]
    day = digits[:, 6] * 10 + digits[:, 7]
    coordination = day >= COORDINATION
    day = np.where(coordination, day - COORDINATION, day)
    short = digits[:, 0] < 0
    plus = np.array(["+" in number for number in numbers], dtype=bool)
    year = np.where(
        short,
        latest_century(digits[:, 2] * 10 + digits[:, 3], month, day, plus, reference),
        digits[:, :4] @ np.array([1000, 100, 10, 1]),
    )
    reserve = ~short & (year >= 9918) & (year <= 9920)
    in_calendar = (month > 0) & (day > 0) & (day <= days_in_month(year, month))
    possible = in_calendar | (coordination & (month <= 12) & (day <= 31))
    possible &= year >= EARLIEST_YEAR
    ahead = (year * 100 + month) * 100 + day > int(f"{reference:%Y%m%d}")
    given = (digits[:, 8:11] > 0).any(axis=1)
    faults = np.select(
        [reserve, ~possible, ahead, ~given, ~_agrees(digits[:, 2:])],
        [0, Fault.NO_SUCH_DATE, Fault.FUTURE_DATE, Fault.MASKED, Fault.CHECK_DIGIT],
    ).astype(np.int8)
    kind = np.where(coordination, Kind.SAMORDNINGSNUMMER, Kind.PERSONNUMMER)
    kind = np.where(reserve, Kind.RESERVE, np.where(faults > 0, Kind.NONE, kind))
    person = (faults == 0) & ~reserve
    return Checked(
        canonical=_canonical(digits, year, faults),
        kind=kind.astype(np.int8),
        faults=faults,
        birth_date=_dates(year, month, day, person & in_calendar),
        birth_year=np.where(person, year, 0).astype(np.int16),
        man=np.where(person, digits[:, 10] % 2, -1).astype(np.int8),
    )


def _bare(number: str) -> str:
    if len(number) in (10, 12):
        return number
    if len(number) in (11, 13):  # one separator, before the last four
        return number[:-5] + number[-4:]
    return number.translate(_SEPARATORS)


def latest_century(
    year: Integers, month: Integers, day: Integers, plus: NDArray[np.bool_], reference: dt.date
) -> NDArray[np.int64]:
    """Years of four digits for years of two: the latest with the birth on or before ``reference``.

    A plus sign takes another hundred years away (the person turns at least 100 that year). Month
    or day 0 is not known, and never puts a birth after ``reference``.
    """
    full = reference.year - (reference.year - year) % 100
    later = (full == reference.year) & (month * 100 + day > reference.month * 100 + reference.day)
    later &= month * 100 + day > 0
    result: NDArray[np.int64] = full - 100 * (later.astype(np.int64) + plus)
    return result


def _agrees(ten: Integers) -> NDArray[np.bool_]:
    products = ten * _WEIGHTS
    agrees: NDArray[np.bool_] = (products // 10 + products % 10).sum(axis=1) % 10 == 0
    return agrees


def _canonical(digits: Integers, year: Integers, faults: Codes8) -> NDArray[np.object_]:
    full = digits.copy()
    full[:, 0], full[:, 1] = year // 1000, year // 100 % 10
    marks = np.ascontiguousarray(full + ord("0"), dtype=np.uint8)
    texts = marks.view("S12").ravel().astype("U12").astype(object)
    texts[faults > 0] = None
    return texts


def _dates(
    year: Integers, month: Integers, day: Integers, known: NDArray[np.bool_]
) -> NDArray[np.datetime64]:
    dates = np.full(len(year), np.datetime64("NaT"), dtype="datetime64[us]")
    months = (year[known] - 1970).astype("datetime64[Y]").astype("datetime64[M]")
    months = months + (month[known] - 1)
    dates[known] = (months.astype("datetime64[D]") + (day[known] - 1)).astype("datetime64[us]")
    return dates
