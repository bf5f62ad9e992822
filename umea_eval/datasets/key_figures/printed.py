"""Exact arithmetic on printed digits: a printed number is the interval that it was rounded from.

``94.7`` can have been any value from 94.65 to 94.75. Both ends belong to the interval, since halves
are rounded up by some programs and to even by others; so two figures are only said to disagree when
no rounding convention reconciles them. All arithmetic is in fractions: there are no tolerances.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]")
_NUMBER = re.compile(
    r"(?P<sign>[-+−–]?)(?P<whole>\d{1,18})(?:[.,](?P<decimals>\d{1,9}))?(?:%|procent)?"
)


@dataclass(frozen=True)
class Interval:
    """All values from ``low`` to ``high``, both included."""

    low: Fraction
    high: Fraction

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Interval) -> Interval:
        return self + -other

    def __mul__(self, factor: Fraction | int) -> Interval:
        ends = sorted((self.low * factor, self.high * factor))
        return Interval(ends[0], ends[1])

    def over(self, other: Interval) -> Interval | None:
        """The quotients of the two intervals; None when the divisor may be zero."""
        if other.low <= 0 <= other.high:
            return None
        ends = [a / b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    def meets(self, other: Interval) -> bool:
        """Whether some value lies in both."""
        return self.low <= other.high and other.low <= self.high

    def hull(self, other: Interval) -> Interval:
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def widened(self, by: Fraction) -> Interval:
        return Interval(self.low - by, self.high + by)

    @property
    def middle(self) -> Fraction:
        return (self.low + self.high) / 2


def total(intervals: Iterable[Interval]) -> Interval:
    """The interval of the sum."""
    return sum(intervals, start=Interval(Fraction(0), Fraction(0)))


@dataclass(frozen=True)
class Printed:
    """A number exactly as it was printed: its value and how many decimals it shows."""

    value: Fraction
    decimals: int

    @property
    def unit_of_last_digit(self) -> Fraction:
        return Fraction(1, 10**self.decimals)

    def rounded_from(self) -> Interval:
        """Every value that rounds to these digits."""
        half = self.unit_of_last_digit / 2
        return Interval(self.value - half, self.value + half)

    def exactly(self) -> Interval:
        """The value itself: for whole counts, which nobody rounds."""
        return Interval(self.value, self.value)

    def __str__(self) -> str:
        return write(self.value, self.decimals)


def write(value: Fraction, decimals: int) -> str:
    """Round half away from zero and write with a decimal point, as the data file does."""
    scaled = abs(value) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    digits = f"{whole:0{decimals + 1}d}"
    body = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return f"-{body}" if value < 0 and whole else body


def parse(text: str) -> Printed | None:
    """Read a printed number (``16 808``, ``94,7``, ``-90.2``, ``100 %``); None when it is none.

    Spaces of every kind separate thousands; comma and point are both decimal signs.
    """
    found = _NUMBER.fullmatch(_SPACES.sub("", text))
    if found is None:
        return None
    decimals = found["decimals"] or ""
    value = Fraction(int(found["whole"] + decimals), 10 ** len(decimals))
    return Printed(-value if found["sign"] in ("-", "−", "–") else value, len(decimals))
