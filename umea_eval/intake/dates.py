"""Swedish dates, months and times of day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.values import Correction, Fault, Parsed, parse_each

SWEDEN = ZoneInfo("Europe/Stockholm")
_MONTH_NAMES = (
    *(("jan", "januari", "january"), ("feb", "februari", "february"), ("mar", "mars", "march")),
    *(("apr", "april"), ("maj", "may"), ("jun", "juni", "june"), ("jul", "juli", "july")),
    *(("aug", "augusti", "august"), ("sep", "sept", "september"), ("okt", "oct", "oktober")),
    *(("nov", "november"), ("dec", "december")),
)
MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names}
MONTHS["october"] = 10
# Days that systems write for "no end yet".
OPEN_ENDS = frozenset((dt.date(9999, 12, 31), dt.date(2999, 12, 31), dt.date(2099, 12, 31)))
# Excel counts days from here (its 1900 system, with the day that never was).
SERIAL_START = dt.date(1899, 12, 30)
# Serial numbers between 1950 and 2100: outside them a bare number is no date.
SERIALS = range(18_264, 73_051)

_DAY = dt.timedelta(days=1)
_ISO = re.compile(r"([0-9]{4})[-./]([0-9]{1,2})[-./]([0-9]{1,2})")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
# 31/1 2024, 31.1.2024, 31-01-2024; after a slash or a dot the year may have two digits.
_DAY_FIRST = re.compile(
    r"([0-9]{1,2})(?:[/.] ?([0-9]{1,2})[ /.-]{1,2}([0-9]{4}|[0-9]{2})|-([0-9]{1,2})-([0-9]{4}))"
)
_SHORT = re.compile(r"[0-9]{2}-[0-9]{2}-[0-9]{2}")  # which of the three is the year?
_NAMED = re.compile(r"(?:den )?([0-9]{1,2})[ .:a-]*([a-zå]{3,9})\.?[ -]*([0-9]{4}|[0-9]{2})")
_TIME = re.compile(
    r"(.*?[0-9])(?:t| |, | kl\.? ?)([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2})(?:[.,][0-9]+)?)?"
    r" ?(z|[+-][0-9]{2}:?[0-9]{2})?"
)
_MONTH_FORMS = (
    re.compile(r"(?P<year>[0-9]{4})[-./ ]?(?P<month>[0-9]{2})"),
    re.compile(r"(?P<month>[0-9]{1,2})[-./ ](?P<year>[0-9]{4})"),
    re.compile(r"(?P<name>[a-zå]{3,9})\.?[- ./]*(?P<year>[0-9]{4}|[0-9]{2})"),
    re.compile(r"(?P<year>[0-9]{4})[- ./]*(?P<name>[a-zå]{3,9})\.?"),
)
_SERIAL = re.compile(r"([0-9]{5})(?:[.,][0-9]+)?")
_CLOCK = re.compile(r"(?:kl\.? ?)?([0-9]{1,2})[:.]?([0-9]{2})(?:[:.][0-9]{2})?")


DayOrder = Literal["dmy", "mdy", ""]


def parse_dates(
    texts: Sequence[str], *, reference: dt.date, open_end: bool = False, order: DayOrder = ""
) -> Parsed:
    """Dates: ``2024-01-31``, ``20240131``, ``31/1 2024``, ``31.1.2024``, ``2024-01-31T00:00:00Z``.

    The order of day and month in ``3/4 2024`` is settled by the column: one text with a number over
    12 decides for all. Where none does, ``order`` (what the file's other columns show) decides;
    without it, and where texts contradict each other, each such text is ``AMBIGUOUS_DATE``. A
    point in time with a zone gives the date in Sweden. A bare number may be a spreadsheet's serial
    date. Years of two digits are those nearest before ten years after ``reference`` (the
    extraction date).
    With ``open_end`` the far future (9999-12-31) is no date: the end is open.
    Values are ``datetime64[us]`` at midnight.
    """
    quick = _quick_iso(texts)
    rest = [int(i) for i in np.flatnonzero(np.isnat(quick))]
    values = quick
    faults = np.zeros(len(texts), dtype=np.int8)
    corrections = np.zeros(len(texts), dtype=np.int8)
    own = day_order([texts[i] for i in rest], else_order=order)
    slow = parse_each(
        [texts[i] for i in rest], lambda text: _date(text, own, reference), missing=None
    )
    values[rest] = np.array(slow.distinct, dtype="datetime64[us]")
    faults[rest], corrections[rest] = slow.faults, slow.corrections
    if open_end:
        far = np.isin(values, np.array(sorted(OPEN_ENDS), dtype="datetime64[us]"))
        values[far] = np.datetime64("NaT")
        corrections[far] = Correction.OPEN_END
    return Parsed(values, faults, corrections)


def parse_months(texts: Sequence[str], *, reference: dt.date, order: DayOrder = "") -> Parsed:
    """Months: ``2024-01``, ``202401``, ``jan-24``, ``januari 2024``, ``01/2024``; a date too.

    Years of two digits are read as in ``parse_dates``. Values are ``datetime64[us]``, the first of
    the month.
    """
    own = day_order(texts, else_order=order)
    parsed = parse_each(texts, lambda text: _month(text, own, reference), missing=None)
    values = np.array(parsed.distinct, dtype="datetime64[us]")
    return Parsed(values, parsed.faults, parsed.corrections)


def parse_times(texts: Sequence[str]) -> Parsed:
    """Times of day: ``14:30``, ``14.30``, ``1430``, ``kl 14:30``; minutes after midnight.

    A date before the time is left out. Values are ``int64[pyarrow]``, 0 to 1 439.
    """

    def one(text: str) -> tuple[int | None, Fault, Correction]:
        lower = text.lower()
        dated = _TIME.fullmatch(lower)
        found = _CLOCK.fullmatch(f"{dated[2]}:{dated[3]}" if dated else lower)
        if found is None or int(found[1]) > 23 or int(found[2]) > 59:
            return None, Fault.NOT_A_TIME, Correction.NONE
        return int(found[1]) * 60 + int(found[2]), Fault.NONE, Correction.NONE

    parsed = parse_each(texts, one, missing=None)
    values = pd.array(parsed.distinct, dtype="int64[pyarrow]")
    return Parsed(values, parsed.faults, parsed.corrections)


def _quick_iso(texts: Sequence[str]) -> NDArray[np.datetime64]:
    """2024-01-31 and nothing else, all at once; other texts are NaT."""
    values = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[us]")
    at = [
        i
        for i, text in enumerate(texts)
        if len(text) == 10 and text[4] == "-" == text[7] and text.isascii()
    ]
    if not at:
        return values
    marks = np.array([texts[i] for i in at], dtype="S10").view(np.uint8).reshape(-1, 10)
    digits = marks[:, [0, 1, 2, 3, 5, 6, 8, 9]].astype(np.int32) - ord("0")
    year = digits[:, :4] @ np.array([1000, 100, 10, 1])
    month = digits[:, 4:6] @ np.array([10, 1])
    day = digits[:, 6:] @ np.array([10, 1])
    ok = ((digits >= 0) & (digits <= 9)).all(axis=1) & (year > 0)
    ok &= (month >= 1) & (month <= 12) & (day >= 1) & (day <= days_in_month(year, month))
    start = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]")
    days = (start + (month - 1)).astype("datetime64[D]") + (day - 1)
    values[np.array(at)[ok]] = days[ok].astype("datetime64[us]")
    return values


def days_in_month(year: NDArray[np.integer], month: NDArray[np.integer]) -> NDArray[np.int64]:
    """The number of days of each month; months outside 1–12 have none."""
    table = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    known = np.where((month >= 1) & (month <= 12), month, 0)
    days: NDArray[np.int64] = table[known] + (leap & (month == 2))
    return days


def day_order(texts: Sequence[str], *, else_order: DayOrder = "") -> DayOrder:
    """Whether day or month comes first in ``31/1 2024``: what the texts show.

    ``else_order`` where they show nothing; "" where they show both.
    """
    day_first = month_first = False
    for text in texts:
        found = _DAY_FIRST.match(text.strip())
        if found:
            day_first |= int(found[1]) > 12
            month_first |= int(found[2] or found[4]) > 12
    if day_first and month_first:
        return ""
    if not day_first and not month_first:
        return else_order
    return "dmy" if day_first else "mdy"


def _date(text: str, order: str, reference: dt.date) -> tuple[dt.date | None, Fault, Correction]:
    lower = text.lower()
    timed = _TIME.fullmatch(lower)
    written = timed[1] if timed else lower
    day, fault, correction = _day(written, order, reference)
    if day is None and fault == Fault.NOT_A_DATE and timed and timed[5] is None:
        day, fault, correction = _day(lower, order, reference)  # 31.1 12.30 is no time
    elif day is not None and timed:
        day = _swedish_day(day, timed)
        if day is None:
            fault = Fault.NOT_A_DATE
    if fault == Fault.NOT_A_DATE and _month(text, order, reference)[0] is not None:
        fault = Fault.NO_DAY
    return day, fault, correction


def _day(text: str, order: str, reference: dt.date) -> tuple[dt.date | None, Fault, Correction]:
    if _SHORT.fullmatch(text):
        return None, Fault.AMBIGUOUS_DATE, Correction.NONE
    serial = _SERIAL.fullmatch(text)
    if serial and int(serial[1]) in SERIALS:
        return SERIAL_START + int(serial[1]) * _DAY, Fault.NONE, Correction.SERIAL_DATE
    days = _readings(text, order, reference)
    if len(days) > 1:
        return None, Fault.AMBIGUOUS_DATE, Correction.NONE
    return next(iter(days), None), Fault.NONE if days else Fault.NOT_A_DATE, Correction.NONE


def _readings(text: str, order: str, reference: dt.date) -> set[dt.date]:
    """The days that a text may mean: none, one, or two where day and month may change places."""
    day = None
    if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        day = _calendar(int(found[1]), int(found[2]), int(found[3]))
    elif (found := _NAMED.fullmatch(text)) and found[2] in MONTHS:
        day = _calendar(_year(found[3], reference), MONTHS[found[2]], int(found[1]))
    elif found := _DAY_FIRST.fullmatch(text):
        first, second = int(found[1]), int(found[2] or found[4])
        year = _year(found[3] or found[5], reference)
        day_first, month_first = _calendar(year, second, first), _calendar(year, first, second)
        if day_first and month_first and not order:
            return {day_first, month_first}
        day = month_first if order == "mdy" and month_first else day_first or month_first
    return {day} if day else set()


def _swedish_day(day: dt.date, timed: re.Match[str]) -> dt.date | None:
    """The day in Sweden at a point in time that may carry a zone."""
    hour, minute, second = int(timed[2]), int(timed[3]), int(timed[4] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    zone = timed[5]
    if zone is None:
        return day
    offset = dt.timedelta()
    if zone != "z":
        offset = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        if offset >= _DAY:
            return None
        offset = -offset if zone[0] == "-" else offset
    if not 1 < day.year < 9999:
        return day
    moment = dt.datetime.combine(day, dt.time(hour, minute), dt.timezone(offset))
    return moment.astimezone(SWEDEN).date()


def _month(text: str, order: str, reference: dt.date) -> tuple[dt.date | None, Fault, Correction]:
    lower = text.lower()
    for form in _MONTH_FORMS:
        found = form.fullmatch(lower)
        if not found:
            continue
        parts = found.groupdict()
        number = MONTHS.get(parts.get("name") or "", 0) or int(parts.get("month") or 0)
        month = _calendar(_year(found["year"], reference), number, 1)
        if month is not None:
            return month, Fault.NONE, Correction.NONE
    timed = _TIME.fullmatch(lower)
    day, fault, correction = _day(timed[1] if timed else lower, order, reference)
    if timed and day is not None:
        day = _swedish_day(day, timed)
    if day is not None:
        return day.replace(day=1), Fault.NONE, Correction.DATE_TO_MONTH
    ambiguous = fault == Fault.AMBIGUOUS_DATE
    return None, fault if ambiguous else Fault.NOT_A_MONTH, correction


def _year(text: str, reference: dt.date) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    # 24 is 2024 also in an export from 2023 that plans ahead: ten years into the future count.
    latest = reference.year + 10
    return latest - (latest - year) % 100


def _calendar(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
