"""Does the share of a whole area agree with those of its places, and from how many persons?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.codes import ERROR, NOT_CHECKABLE
from umea_eval.datasets.key_figures.findings import (
    Controls,
    Finding,
    Listed,
    shown,
)
from umea_eval.datasets.key_figures.printed import Interval, Printed, total
from umea_eval.datasets.key_figures.reading import nature, stem_and_category, table_of
from umea_eval.datasets.key_figures.schema import KeyFigure, plain
from umea_eval.methods.proportions import possible_groups

# The search for the smallest base grows in steps and stops: a board's groups are smaller.
_BASES = (50, 100, 200, 400)


def totals_of_shares(figures: Sequence[KeyFigure]) -> Controls:
    """A total share lies between the shares of its parts, when the parts are all there are."""
    for whole, parts in _wholes_and_places(figures):
        shares = [reading.interval(f) for f in parts]
        aim = reading.interval(whole)
        hull = Interval(min(s.low for s in shares), max(s.high for s in shares))
        if aim.meets(hull) or total(shares).meets(aim):
            yield None
            continue
        bases = [f.denominator for f in parts]
        exhaustive = None not in bases and sum(b or 0 for b in bases) == whole.denominator
        ordered = sorted((reading.value(f) for f in parts), key=lambda printed: printed.value)
        yield Finding(
            "parts",
            "share_outside_exhaustive" if exhaustive else "share_outside",
            (whole, *parts),
            ERROR if exhaustive else NOT_CHECKABLE,
            values={
                "total": shown(reading.value(whole)),
                "low": shown(ordered[0]),
                "high": shown(ordered[-1]),
            },
        )


def _wholes_and_places(
    figures: Sequence[KeyFigure],
) -> Iterator[tuple[KeyFigure, list[KeyFigure]]]:
    """A share printed for a whole area and for at least two places within it."""
    usable = [
        f
        for f in figures
        if f.value is not None
        and nature(f) == "share"
        and reading.everybody(f)
        and not stem_and_category(f)[0]
    ]
    for members in reading.group(
        usable, lambda f: (*table_of(f), plain(f.indicator), plain(f.period))
    ).values():
        wholes = [f for f in members if reading.is_total_row(f)]
        if len(wholes) != 1:
            continue
        area = _places(wholes[0].population)
        parts = [
            f
            for f in members
            if f is not wholes[0] and _places(f.population) and _places(f.population) < area
        ]
        if len(parts) >= 2:
            yield wholes[0], parts


def smallest_base(figures: Sequence[KeyFigure]) -> Controls:
    """A total share and its parts without any counts: how many persons it takes at least.

    Said only where the same report states a smaller number for the same places: then the base must
    be another one, and it is not printed.
    """
    for whole, parts in _wholes_and_places(figures):
        if len(parts) != 2 or any(f.denominator is not None for f in (whole, *parts)):
            continue
        if not all(0 <= reading.value(f).value <= 100 for f in (whole, *parts)):
            continue
        needed = smallest_total(reading.value(whole), [reading.value(f) for f in parts])
        if needed is None:
            continue
        top, base = needed
        counts = [
            f
            for f in figures
            if f.value is not None
            and nature(f) == "count"
            and plain(f.document) == plain(whole.document)
            and f.domain == whole.domain
            and reading.year(f.period) == reading.year(whole.period)
            and "plan" not in plain(f.period)
            and _places(f.population)
            and _places(whole.population) <= _places(f.population)
            and reading.value(f).value < base
        ]
        if not counts:
            yield None
            continue
        yield Finding(
            "counted",
            "smallest_base",
            (whole, *parts, counts[0]),
            NOT_CHECKABLE,
            f"{base}",
            {
                "shares": Listed(tuple(shown(reading.value(f)) for f in (*parts, whole))),
                "base": base,
                "count": top,
                "stated": shown(reading.value(counts[0])),
                "about": counts[0].indicator,
            },
        )


def smallest_total(whole: Printed, parts: Sequence[Printed]) -> tuple[int, int] | None:
    """The smallest base of a total and its parts that gives all the printed percentages.

    Returns (count, base) of the total, or None when no base up to the largest of ``_BASES`` does.
    """
    for up_to in _BASES:
        possible = possible_groups([str(part) for part in parts], str(whole), up_to=up_to)
        if possible.bases:
            total_row = possible.smallest.iloc[-1]
            return int(total_row["numerator"]), int(total_row["denominator"])
    return None


def _places(population: str) -> frozenset[str]:
    """The names of places in a population, without the words that only bind them."""
    words = re.findall(r"\w+", plain(population))
    binding = {
        "och",
        "i",
        "samt",
        "kommun",
        "kommuner",
        "område",
        "området",
        "av",
        "för",
        "m",
        "fl",
    }
    return frozenset(word for word in words if word not in binding)
