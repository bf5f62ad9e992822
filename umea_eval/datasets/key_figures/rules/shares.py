"""Can these percentages have been printed from whole numbers of persons?"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import takewhile

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.codes import ERROR, NOT_CHECKABLE, ROUNDING
from umea_eval.datasets.key_figures.findings import (
    Controls,
    Digits,
    Finding,
    Value,
    only_rounding,
    shown,
)
from umea_eval.datasets.key_figures.printed import Interval, Printed, write
from umea_eval.datasets.key_figures.reading import nature, table_of
from umea_eval.datasets.key_figures.rules.sexes import shares_of_one_base
from umea_eval.datasets.key_figures.schema import KeyFigure, plain

# Shares of a plan, a budget or a capacity may pass 100 per cent.
_MAY_PASS_HUNDRED = re.compile(
    r"budget|planera|enligt plan|av plan|belägg|täckning|i förhållande till|beviljad|förbruk|"
    r"nyttjande|kostnad"
)


def counted(figures: Sequence[KeyFigure]) -> Controls:
    """A percentage against the numerator and denominator that stand beside it."""
    for figure in figures:
        if figure.value is None:
            continue
        if nature(figure) == "share":
            yield from _counted_share(figure, figure.value)
        elif figure.numerator is not None and reading.is_exact(figure):
            yield (
                None
                if figure.value.value == figure.numerator
                else Finding(
                    "counted",
                    "count",
                    (figure,),
                    ERROR,
                    str(figure.numerator),
                    {"value": shown(figure.value), "numerator": figure.numerator},
                )
            )


def _counted_share(figure: KeyFigure, printed: Printed) -> Controls:
    top, base = figure.numerator, figure.denominator
    if base is None:
        return
    if base == 0:
        severity = NOT_CHECKABLE if top in (0, None) else ERROR
        yield Finding("counted", "zero_base", (figure,), severity, values={"numerator": top or 0})
    elif top is None:
        if 0 <= printed.value <= 100:
            yield _share_of_base(figure, printed, base)
    else:
        yield _share_of(figure, printed, Fraction(100 * top, base), top, base)


def _share_of(
    figure: KeyFigure, printed: Printed, share: Fraction, top: int, base: int
) -> Finding | None:
    exact = Interval(share, share)
    if exact.meets(printed.rounded_from()):
        return None
    if share > 100 and printed.value <= 100:
        values: dict[str, Value] = {"numerator": top, "denominator": base}
        return Finding("counted", "above_base", (figure,), ERROR, values=values)
    rounding = only_rounding(printed, exact)
    return Finding(
        "counted",
        "rounding" if rounding else "share",
        (figure,),
        ROUNDING if rounding else ERROR,
        write(share, printed.decimals),
        {
            "value": shown(printed),
            "numerator": top,
            "denominator": base,
            "share": Digits(share, printed.decimals),
            "more": Digits(share, max(printed.decimals + 1, 2)),
        },
    )


def _share_of_base(figure: KeyFigure, printed: Printed, base: int) -> Finding | None:
    """A percentage of a stated base: some whole number of persons must give it."""
    if counts_of(figure, base):
        return None
    nearest = round(printed.value * base / 100)
    share = Fraction(100 * nearest, base)
    rounding = only_rounding(printed, Interval(share, share))
    return Finding(
        "counted",
        "base_rounding" if rounding else "stated_base",
        (figure,),
        ROUNDING if rounding else ERROR,
        write(share, printed.decimals),
        {
            "value": shown(printed),
            "base": base,
            "count": nearest,
            "share": Digits(share, printed.decimals),
        },
    )


def within_bounds(figures: Sequence[KeyFigure]) -> Controls:
    """ "Andel" is between 0 and 100."""
    for figure in figures:
        if figure.value is None or nature(figure) != "share":
            continue
        words = plain(f"{figure.indicator} {figure.breakdown}")
        if not words.startswith(("andel ", "andelen ")) or _MAY_PASS_HUNDRED.search(words):
            continue
        holds = 0 <= figure.value.value <= 100
        yield (
            None
            if holds
            else Finding("bounds", "share", (figure,), ERROR, values={"value": shown(figure.value)})
        )


def limits(figures: Sequence[KeyFigure]) -> Controls:
    """A lower limit never exceeds its upper limit."""
    usable = [f for f in figures if f.value is not None and reading.is_limit(f)]

    def without_limit(figure: KeyFigure) -> tuple[str, ...]:
        words = re.sub(
            r"undre|övre|nedre|lägsta|högsta", "", plain(f"{figure.indicator} {figure.breakdown}")
        )
        return (
            *table_of(figure),
            words,
            plain(figure.period),
            plain(figure.population),
            figure.sex,
            figure.unit,
        )

    for pair in reading.group(usable, without_limit).values():
        low = [f for f in pair if re.search(r"undre|nedre|lägsta", _words(f))]
        high = [f for f in pair if re.search(r"övre|högsta", _words(f))]
        if len(low) == len(high) == 1:
            holds = reading.value(low[0]).value <= reading.value(high[0]).value
            yield (
                None
                if holds
                else Finding(
                    "bounds",
                    "limits",
                    (low[0], high[0]),
                    ERROR,
                    values={
                        "low": shown(reading.value(low[0])),
                        "high": shown(reading.value(high[0])),
                    },
                )
            )


def _words(figure: KeyFigure) -> str:
    return plain(f"{figure.indicator} {figure.breakdown}")


def counts_of(figure: KeyFigure, base: int) -> list[int]:
    """Every count that gives the printed percentage of this base."""
    interval = reading.value(figure).rounded_from()
    low = math.ceil(interval.low * base / 100)
    high = math.floor(interval.high * base / 100)
    return list(range(max(low, 0), min(high, base) + 1))


def stated_base(figures: Sequence[KeyFigure]) -> Controls:
    """Percentages of a small group whose size is printed: each must be a whole number of persons.

    The size counts as stated when, for one population and period in one table, it is printed as a
    figure of its own, is the only denominator there (at least twice), and at least two other
    percentages with decimals fit it. Otherwise another base may be meant, and nothing is said.
    """
    of_one_base = shares_of_one_base(figures)
    usable = [f for f in figures if f.value is not None]
    for members in reading.group(
        usable, lambda f: (*table_of(f), plain(f.period), plain(f.population))
    ).values():
        bases = [f.denominator for f in members if f.denominator is not None]
        if len(bases) < 2 or len(set(bases)) != 1:
            continue
        base = bases[0]
        size = [
            f
            for f in members
            if nature(f) == "count"
            and f.denominator is None
            and reading.value(f).value == base
            and reading.everybody(f)
        ]
        shares = [f for f in members if nature(f) == "share" and f.numerator is None]
        telling = [f for f in shares if reading.value(f).decimals and counts_of(f, base)]
        if base == 0 or not size or len(telling) < 2:
            continue
        for figure in shares:
            if figure.sex in ("women", "men") and figure.figure_id not in of_one_base:
                continue
            if not any(_related(figure, other) for other in telling if other is not figure):
                continue
            found = _share_of_base(figure, reading.value(figure), base)
            yield found and replace(found, figures=(figure, size[0]))


def _related(figure: KeyFigure, other: KeyFigure) -> bool:
    """Rows of one question, or of questions whose names begin alike: they share their base."""
    names = plain(figure.indicator), plain(other.indicator)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*names, strict=False)))
    return names[0] == names[1] or (alike >= 20 and 2 * alike >= len(names[0]))
