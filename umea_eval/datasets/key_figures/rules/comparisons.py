"""Does a stated change follow from the figures, and does a figure say the same in two places?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.codes import ERROR, NOT_CHECKABLE, ROUNDING
from umea_eval.datasets.key_figures.findings import (
    Controls,
    Digits,
    Finding,
    Listed,
    Unit,
    only_rounding,
    shown,
)
from umea_eval.datasets.key_figures.printed import Interval, write
from umea_eval.datasets.key_figures.reading import breakdown, dimension, nature, table_of
from umea_eval.datasets.key_figures.schema import KeyFigure, plain

_COMPARED = re.compile(
    r"^(?P<base>.*?)[,;:]?\s*\(?(?P<word>procentuell förändring|förändring|utveckling|ökning|"
    r"minskning|ändring)?\)?\s*(jämfört med|i förhållande till|mot|sedan|från)\s+"
    r"(?P<reference>((samma|motsvarande) (period|månad|tid)|år(et)?|helår(et)?|utfall(et)?|"
    r"resultat(et)?)?[ ]*(under |år )?(?P<year>\d{4})|"
    r"((samma|motsvarande) (period|månad|tid) )?(föregående|förra) (år|året|period))\b.*$"
)
_OF = re.compile(r"^(?P<word>procentuell förändring|förändring|ökning|minskning) av (?P<base>.+)$")
_LAST_YEAR = re.compile(r"föregående|förra")


def changes(figures: Sequence[KeyFigure]) -> Controls:
    """A stated change ("−19 %", "8 mnkr") against the two figures that it compares."""
    levels = reading.group(
        (f for f in figures if f.value is not None and nature(f) != "change"), _place
    )
    for figure in figures:
        if figure.value is None:
            continue
        words, inside = plain(figure.indicator), False
        if not _COMPARED.match(words):
            words, inside = f"{words}, {breakdown(figure)}", True
        found = _COMPARED.match(words)
        now_year = reading.year(figure.period)
        if found is None or now_year is None or nature(figure) != "change":
            continue
        if found["year"] is None and not _LAST_YEAR.search(found["reference"]):
            continue
        before_year = int(found["year"]) if found["year"] else now_year - 1
        if before_year >= now_year:
            continue
        base, word = found["base"].strip(" ,"), found["word"] or ""
        if of := _OF.match(base):
            base, word = of["base"], of["word"]
        place = "" if inside else breakdown(figure)
        pair = _levels(figure, base, place, before_year, levels.get(_place(figure), []))
        if pair is not None:
            falls = "minskning" in word and figure.value.value > 0
            yield _change(figure, *pair, falls=falls)


def _place(figure: KeyFigure) -> tuple[str, str]:
    return plain(figure.population), figure.sex or "total"


def _levels(
    change: KeyFigure,
    base: str,
    place: str,
    before_year: int,
    levels: Sequence[KeyFigure],
) -> tuple[KeyFigure, KeyFigure] | None:
    """The figures of the two periods: named alike, or with the year in the name."""
    now_period = plain(change.period)
    before_period = plain(reading.in_year(change.period, before_year))
    now_year = reading.year(change.period)
    candidates = [f for f in levels if breakdown(f) == place or not place]
    now = [f for f in candidates if plain(f.period) == now_period and _named(f, base)]
    before = [f for f in candidates if plain(f.period) == before_period and _named(f, base)]
    if not (now and before):
        # "Utfall 2024 jämfört med 2023": the series carry their year in their names.
        stem = base if re.search(rf"\b{now_year}\b", base) else ""
        if not stem:
            return None
        now = [
            f
            for f in candidates
            if plain(f.period) == now_period and plain(f.indicator).startswith(stem)
        ]
        names = {re.sub(rf"\b{now_year}\b", str(before_year), plain(f.indicator)) for f in now}
        before = [
            f
            for f in candidates
            if plain(f.period) == before_period and plain(f.indicator) in names
        ]
    pairs = [
        (a, b)
        for a in now
        for b in before
        if breakdown(a) == breakdown(b) and dimension(a) == dimension(b)
    ]
    # One printed pair, or the same pair printed several times alike; otherwise it is not known.
    values = {(reading.interval(a), reading.interval(b)) for a, b in pairs}
    return pairs[0] if len(values) == 1 else None


def _named(figure: KeyFigure, base: str) -> bool:
    name = plain(figure.indicator)
    return name == base or name.rstrip(":") == base.rstrip(":")


def _change(change: KeyFigure, now: KeyFigure, before: KeyFigure, *, falls: bool) -> Finding | None:
    printed = reading.value(change)
    mark = _break_between(before, now) or change.break_mark
    figures = (change, now, before)
    if mark:
        return Finding("change", "break", figures, NOT_CHECKABLE, values={"mark": mark})
    new, old = reading.interval(now), reading.interval(before)
    possible: list[Interval] = []
    face: list[Fraction] = []
    if change.unit in reading.SHARE_UNITS:
        quotient = new.over(old)
        if quotient is None:
            return Finding("change", "zero", figures, NOT_CHECKABLE)
        possible.append((quotient - Interval(Fraction(1), Fraction(1))) * 100)
        face.append((_face(now) / _face(before) - 1) * 100)
    if change.unit in reading.POINT_UNITS or (
        change.unit in reading.SHARE_UNITS and now.unit in reading.SHARE_UNITS
    ):
        possible.append(new - old)
        face.append(_face(now) - _face(before))
    if not possible and dimension(change) == dimension(now):
        # The sign of a cost says nothing about whether it grew.
        size = -1 if _face(now) < 0 and _face(before) < 0 else 1
        scale = Fraction(1, reading.MONEY.get(change.unit, 1))
        possible.append((new - old) * size * scale)
        face.append((_face(now) - _face(before)) * size * scale)
    if not possible:
        return Finding(
            "change",
            "units",
            figures,
            NOT_CHECKABLE,
            values={"unit": Unit(change.unit), "other": Unit(now.unit)},
        )
    stated = -printed.rounded_from() if falls else printed.rounded_from()
    if any(stated.meets(interval) for interval in possible):
        return None
    computed = -face[0] if falls else face[0]
    nearest = -possible[0] if falls else possible[0]
    rounding = only_rounding(printed, nearest)
    return Finding(
        "change",
        "rounding" if rounding else "differs",
        figures,
        ROUNDING if rounding else ERROR,
        write(computed, printed.decimals),
        {
            "stated": shown(printed),
            "unit": Unit(change.unit),
            "now": shown(reading.value(now)),
            "before": shown(reading.value(before)),
            "computed": Digits(computed, printed.decimals),
        },
    )


def level_and_change(figures: Sequence[KeyFigure]) -> Controls:
    """A change printed both in per cent and in kronor, against the level that it led to."""
    usable = [f for f in figures if f.value is not None and reading.everybody(f)]
    changed = [f for f in usable if nature(f) == "change" and not breakdown(f)]
    for members in reading.group(
        changed, lambda f: (*table_of(f), plain(f.indicator), plain(f.period), plain(f.population))
    ).values():
        relative = [f for f in members if f.unit in reading.SHARE_UNITS]
        absolute = [f for f in members if f.unit in reading.MONEY]
        if not len(relative) == len(absolute) == 1:
            continue
        stem = re.match(r"(\w{6,}?)(s?ökning|s?minskning)\b", plain(members[0].indicator))
        if stem is None:
            continue
        level = [
            f
            for f in usable
            if f.unit in reading.MONEY
            and nature(f) == "amount"
            and not breakdown(f)
            and plain(f.indicator).startswith(stem[1])
            and plain(f.period) == plain(members[0].period)
            and plain(f.population) == plain(members[0].population)
            and table_of(f) == table_of(members[0])
        ]
        if len(level) != 1:
            continue
        sign = -1 if "minskning" in stem[2] and reading.value(absolute[0]).value > 0 else 1
        rise = reading.interval(absolute[0]) * sign
        # A cost may be printed with its sign; a rise is a larger cost.
        size = -1 if reading.value(level[0]).value < 0 < reading.value(absolute[0]).value else 1
        quotient = rise.over(reading.interval(level[0]) * size - rise)
        if quotient is None:
            continue
        stated = reading.interval(relative[0]) * sign
        holds = (quotient * 100).meets(stated)
        yield (
            None
            if holds
            else Finding(
                "change",
                "level",
                (relative[0], absolute[0], level[0]),
                ERROR,
                values={
                    "relative": shown(reading.value(relative[0])),
                    "absolute": shown(reading.value(absolute[0])),
                    "level": shown(reading.value(level[0])),
                    "unit": Unit(level[0].unit),
                },
            )
        )


def same_figure(figures: Sequence[KeyFigure]) -> Controls:
    """One figure printed in two places says the same, within what rounding allows."""
    usable = [f for f in figures if f.value is not None]
    groups = reading.group(
        usable,
        lambda f: (
            plain(f.indicator),
            plain(f.period),
            plain(f.population),
            f.sex or "total",
            breakdown(f),
            dimension(f),
        ),
    )
    for members in groups.values():
        first, *rest = members
        for other in rest:
            if reading.interval(first).meets(reading.interval(other)):
                yield None
                continue
            sure = reading.same_meaning(first, other)
            yield Finding(
                "same_figure",
                "differs" if sure else "perhaps",
                (first, other),
                ERROR if sure else NOT_CHECKABLE,
                values={
                    "first": shown(reading.value(first)),
                    "first_unit": Unit(first.unit),
                    "second": shown(reading.value(other)),
                    "second_unit": Unit(other.unit),
                },
            )


def renamed_deviations(figures: Sequence[KeyFigure]) -> Controls:
    """ "Budgetavvikelse X" and "Ackumulerat resultat: X" of January are the same account."""
    usable = [
        f
        for f in figures
        if f.value is not None
        and f.unit in reading.MONEY
        and f.period.strip().endswith("-01")
        and reading.everybody(f)
    ]
    groups = reading.group(
        (f for f in usable if _account(f)),
        lambda f: (plain(f.document), _account(f), plain(f.period), plain(f.population)),
    )
    for members in groups.values():
        if len({plain(f.indicator) for f in members}) != 2 or len(members) != 2:
            continue
        first, second = members
        low, high = reading.interval(first), reading.interval(second)
        if _face(first) == _face(second):
            yield None
        elif low.meets(high):
            yield Finding(
                "same_figure",
                "rounding",
                (first, second),
                ROUNDING,
                values={
                    "first": shown(reading.value(first)),
                    "second": shown(reading.value(second)),
                    "unit": Unit(first.unit),
                },
            )
        else:
            yield Finding(
                "same_figure",
                "renamed",
                (first, second),
                NOT_CHECKABLE,
                values={
                    "first": shown(reading.value(first)),
                    "second": shown(reading.value(second)),
                    "unit": Unit(first.unit),
                },
            )


def _account(figure: KeyFigure) -> str:
    found = re.match(
        r"(budgetavvikelse|ackumulerat resultat:) (?P<what>.+)$", plain(figure.indicator)
    )
    return "" if found is None or breakdown(figure) else found["what"]


def breaks(figures: Sequence[KeyFigure]) -> Controls:
    """A series with a break ("Ny mätmetod 2023") is not compared across it."""
    usable = [f for f in figures if reading.year(f.period) is not None]
    for members in reading.group(
        usable, lambda f: (*table_of(f), plain(f.indicator), plain(f.population), breakdown(f))
    ).values():
        marked = [f for f in members if f.break_mark]
        if not marked:
            continue
        when = _year_of_break(marked[0])
        compared = [
            f
            for f in members
            if f.value is not None and (reading.everybody(f) or len(members) == 2)
        ]
        before = [f for f in compared if (reading.year(f.period) or 0) < when]
        after = [f for f in compared if (reading.year(f.period) or 0) >= when]
        if before and after:
            yield Finding(
                "break",
                "invalid",
                (after[0], before[-1]),
                NOT_CHECKABLE,
                values={
                    "mark": marked[0].break_mark,
                    "before": before[-1].period,
                    "after": after[0].period,
                    "figures": Listed(
                        tuple(shown(reading.value(f)) for f in (before[-1], after[0]))
                    ),
                },
            )


def _year_of_break(figure: KeyFigure) -> int:
    """The year that the mark names, else the year of its row."""
    named = re.search(r"\b(\d{4})\b", figure.break_mark)
    return int(named[1]) if named else reading.year(figure.period) or 0


def _break_between(before: KeyFigure, now: KeyFigure) -> str:
    """The mark of a break after ``before`` and up to ``now``."""
    first, last = reading.year(before.period) or 0, reading.year(now.period) or 0
    for figure in (now, before):
        if figure.break_mark and first < _year_of_break(figure) <= last:
            return figure.break_mark
    return ""


def _face(figure: KeyFigure) -> Fraction:
    return reading.value(figure).value * reading.MONEY.get(figure.unit, 1)
