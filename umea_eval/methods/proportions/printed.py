"""Which counts can lie behind printed percentages? Exact arithmetic on the printed digits.

A printed percentage stands for every share that rounds to it. A half may have been rounded either
way, so both ends of that range belong to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from umea_eval import style
from umea_eval.errors import UserError
from umea_eval.language import Language, listing, percent, text
from umea_eval.methods.axes import axes, numbered
from umea_eval.methods.estimates import estimate_table
from umea_eval.methods.inputs import BoolArray
from umea_eval.methods.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Printed = str | int | Decimal


@dataclass(frozen=True)
class PossibleCounts(Result):
    """The counts that print as the given percentages, with bases up to ``up_to``.

    ``table`` has one row per possible count (``numerator`` of ``denominator``); ``lower`` and
    ``upper`` bound the shares that print as ``printed``; ``part`` numbers the percentages from 1,
    and 0 is the whole that groups make up. ``smallest`` holds the counts behind the smallest
    possible base, one row per percentage; it is empty when nothing is possible.
    """

    printed: tuple[Decimal, ...]
    up_to: int
    smallest: pd.DataFrame

    @property
    def bases(self) -> list[int]:
        """The possible bases, smallest first."""
        return [int(n) for n in sorted(self.table["denominator"].unique())]

    def text(self, language: Language) -> str:
        """Whether any counts are possible, and the smallest that are."""
        printed = listing([percent(value, language) for value in self.printed], language)
        if self.table.empty:
            return text(
                "methods.proportions.printed.none", language, printed=printed, up_to=self.up_to
            )
        pairs = zip(self.smallest["numerator"], self.smallest["denominator"], strict=True)
        counts = listing(
            [text("methods.proportions.printed.of", language, x=x, n=n) for x, n in pairs], language
        )
        return text(
            "methods.proportions.printed.some",
            language,
            printed=printed,
            up_to=self.up_to,
            counts=counts,
            bases=len(self.bases),
        )

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Each possible base as a point at the shares that it can have."""
        with style.look():
            ax = axes(ax)
            ax.plot(self.table["denominator"], self.table["value"] * 100, ".", color=style.BLUE)
            ax.set_xlim(0, self.up_to)
            ax.set_xlabel(text("methods.proportions.printed.axis", language))
            ax.set_ylabel(text("methods.proportions.share.axis", language))
        return numbered(ax, language)


def possible_counts(
    printed: Printed | Sequence[Printed], *, up_to: int, at_least: int = 1, exhaustive: bool = False
) -> PossibleCounts:
    """The bases n, ``at_least`` <= n <= ``up_to``, that can give every percentage in ``printed``.

    Percentages are written as they were printed: ``"78"``, ``"78.0"`` and ``"78,0 %"`` differ in
    what they say of rounding. ``exhaustive`` says that they are the shares of one whole, so that
    their counts must add up to n. Raises UserError for text that is not a percentage of 0 to 100.

    >>> import umea_eval as ue
    >>> bases = ue.methods.proportions.possible_counts(["78"], up_to=20)
    >>> bases.table["denominator"].drop_duplicates().tolist()
    [9.0, 18.0]
    """
    # A float has lost the digits that were printed: 78.0 and 78.00 are the same number.
    values = _printed([printed] if isinstance(printed, Printed | float) else printed)
    rows = []
    for n in range(max(at_least, 1), up_to + 1):
        ranges = [_range(value, n) for value in values]
        possible = all(low <= high for low, high in ranges)
        if exhaustive:
            lowest, highest = sum(low for low, _ in ranges), sum(high for _, high in ranges)
            possible = possible and lowest <= n <= highest
        if possible:
            for part, (value, (low, high)) in enumerate(zip(values, ranges, strict=True), start=1):
                rows += [(part, value, x, n) for x in range(low, high + 1)]
    table = _table(rows)
    smallest = _table([])
    if rows:
        first = table[table["denominator"] == table["denominator"].min()]
        smallest = first.drop_duplicates("part") if not exhaustive else _adding_up(first)
    return PossibleCounts(table, printed=values, up_to=up_to, smallest=smallest)


def possible_groups(
    parts: Sequence[Printed], total: Printed, *, up_to: int, at_least: int = 1
) -> PossibleCounts:
    """The whole counts that can give ``total`` when its groups give ``parts``.

    Each group has its own base of ``at_least`` or more; together they have at most ``up_to``.
    ``table`` holds the possible counts of the whole, ``smallest`` those of the groups and, last,
    of the whole, at the smallest possible base.

    >>> import umea_eval as ue
    >>> groups = ue.methods.proportions.possible_groups(["84", "71"], "78", up_to=40)
    >>> groups.smallest[["part", "numerator", "denominator"]]  # 16 of 19 and 12 of 17 make 28 of 36
       part  numerator  denominator
    0     1       16.0         19.0
    1     2       12.0         17.0
    2     0       28.0         36.0
    """
    groups, (whole,) = _printed(parts), _printed([total])
    options = [_options(value, up_to, at_least) for value in groups]
    reached = _reachable(options, up_to)
    rows = [
        (0, whole, x, n)
        for n in range(1, up_to + 1)
        for low, high in [_range(whole, n)]
        for x in range(low, high + 1)
        if reached[-1][n, x]
    ]
    table = _table(rows)
    smallest = _table([])
    if rows:
        _, _, x, n = rows[0]
        counts = _trace(options, reached, n, x)
        parts_of = [
            (part, value, *count)
            for part, (value, count) in enumerate(zip(groups, counts, strict=True), start=1)
        ]
        smallest = _table([*parts_of, rows[0]])
    return PossibleCounts(table, printed=(*groups, whole), up_to=up_to, smallest=smallest)


def _printed(values: Sequence[Printed]) -> tuple[Decimal, ...]:
    read = []
    for place, value in enumerate(values, start=1):
        if isinstance(value, float):
            raise UserError("methods.proportions.printed.unreadable", place=place)
        written = str(value).replace("%", "").replace(",", ".").strip()
        try:
            number = Decimal(written)
        except InvalidOperation:
            raise UserError("methods.proportions.printed.unreadable", place=place) from None
        if not (number.is_finite() and 0 <= number <= 100):
            raise UserError("methods.proportions.printed.unreadable", place=place)
        read.append(number)
    return tuple(read)


def _digits(value: Decimal) -> tuple[int, int]:
    """The printed digits as a whole number, and how many of these units make 100 percent."""
    exponent = value.as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    return int(value.scaleb(decimals)), 100 * 10**decimals


def _range(value: Decimal, n: int) -> tuple[int, int]:
    """The counts x with |x/n - printed| <= half a printed unit; empty if low > high."""
    digits, whole = _digits(value)
    low = -((1 - 2 * digits) * n // (2 * whole))
    high = (2 * digits + 1) * n // (2 * whole)
    return max(low, 0), min(high, n)


def _options(value: Decimal, up_to: int, at_least: int) -> list[tuple[int, int]]:
    bases = range(max(at_least, 1), up_to + 1)
    return [(x, n) for n in bases for low, high in [_range(value, n)] for x in range(low, high + 1)]


def _reachable(options: list[list[tuple[int, int]]], up_to: int) -> list[BoolArray]:
    """After each group, the sums (n, x) that its options and those before it can reach."""
    start = np.zeros((up_to + 1, up_to + 1), dtype=np.bool_)
    start[0, 0] = True
    reached = [start]
    for choices in options:
        sums = np.zeros_like(start)
        for x, n in choices:
            sums[n:, x:] |= reached[-1][: up_to + 1 - n, : up_to + 1 - x]
        reached.append(sums)
    return reached


def _trace(
    options: list[list[tuple[int, int]]], reached: list[BoolArray], n: int, x: int
) -> list[tuple[int, int]]:
    """One choice per group that adds up to x of n: the smallest base for the last group first."""
    chosen: list[tuple[int, int]] = []
    for choices, before in zip(reversed(options), reversed(reached[:-1]), strict=True):
        x_part, n_part = next(
            (xi, ni) for xi, ni in choices if ni <= n and xi <= x and before[n - ni, x - xi]
        )
        chosen.append((x_part, n_part))
        x, n = x - x_part, n - n_part
    return chosen[::-1]


def _adding_up(rows: pd.DataFrame) -> pd.DataFrame:
    """Of the possible counts of one whole, one per percentage, that add up to its base."""
    short = rows["denominator"].iloc[0] - rows.groupby("part")["numerator"].min().sum()
    chosen = []
    for _, part in rows.groupby("part"):
        step = min(short, len(part) - 1)
        chosen.append(part.iloc[int(step)])
        short -= step
    return pd.DataFrame(chosen)


def _table(rows: list[tuple[int, Decimal, int, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["part", "printed", "numerator", "denominator"])
    limits = []
    for value in frame["printed"]:
        digits, whole = _digits(value)
        limits.append(((2 * digits - 1) / (2 * whole), (2 * digits + 1) / (2 * whole)))
    return estimate_table(
        frame[["part", "printed"]].astype({"part": np.int64, "printed": "str"}),
        numerator=frame["numerator"],
        denominator=frame["denominator"],
        value=frame["numerator"].astype(np.float64) / frame["denominator"].astype(np.float64),
        lower=[max(low, 0.0) for low, _ in limits],
        upper=[min(high, 1.0) for _, high in limits],
        confidence=None,
        method="possible counts",
    )
