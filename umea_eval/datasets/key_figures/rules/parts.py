"""Does a total agree with its parts, and a "varav" with its whole?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.codes import ERROR, NOT_CHECKABLE
from umea_eval.datasets.key_figures.findings import (
    Controls,
    Digits,
    Finding,
    Sum,
    Unit,
    Value,
    shown,
)
from umea_eval.datasets.key_figures.printed import total, write
from umea_eval.datasets.key_figures.reading import breakdown, dimension, nature, table_of
from umea_eval.datasets.key_figures.schema import KeyFigure, plain

# One person, household or case can be counted in several parts.
_CAN_OVERLAP = re.compile(
    r"person|individ|barn|ungdom|familj|hushåll|brukare|klient|deltagare|medarbetare|föräld|elev|"
    r"ärende|anmälning|utredning|avvikelse"
)
# A net or a deviation is no sum of positive parts.
_NET = re.compile(r"avvikelse\b|resultat|netto|förändring")
_ACCOUNT = re.compile(r"^(budget|utfall|budgetavvikelse|avvikelse|prognos)\b")


def parts(figures: Sequence[KeyFigure]) -> Controls:
    """Counts and amounts of one indicator by its categories, against their total row."""
    usable = [
        f
        for f in figures
        if f.value is not None
        and nature(f) in ("count", "amount")
        and not reading.is_limit(f)
        and not reading.is_accumulated(f)
        and not _ACCOUNT.match(breakdown(f))
    ]
    groups = reading.group(usable, lambda f: (*_table(f), f.sex or "total", dimension(f)))
    complete = _complete_sets(groups.values())
    for members in groups.values():
        whole, categories = _whole_and_parts(members)
        if whole is not None and len(categories) >= 2:
            yield _sum(whole, categories, complete)
        elif whole is None and len(categories) >= 2:
            yield from _sum_of_base(categories)


def of_which(figures: Sequence[KeyFigure]) -> Controls:
    """A "varav" never exceeds what it is a part of.

    Deviations have signs and are not parts; a share "varav" may have the part as its base.
    """
    usable = [f for f in figures if f.value is not None and nature(f) in ("count", "amount")]
    for members in reading.group(
        usable, lambda f: (*_table(f), f.sex or "total", dimension(f))
    ).values():
        wholes = [f for f in members if not reading.is_of_which(f)]
        of_whole = [f for f in members if reading.is_of_which(f)]
        totals = [f for f in wholes if reading.is_total_row(f)] or wholes
        if not of_whole or len(totals) != 1 or any(reading.value(f).value < 0 for f in members):
            continue
        if _NET.search(plain(totals[0].indicator)) and totals[0].unit in reading.MONEY:
            continue
        whole = totals[0]
        for part in of_whole:
            holds = reading.interval(part).low <= reading.interval(whole).high
            yield (
                None
                if holds
                else Finding(
                    "of_which",
                    "exceeds",
                    (part, whole),
                    ERROR,
                    values={
                        "part": shown(reading.value(part)),
                        "whole": shown(reading.value(whole)),
                    },
                )
            )


def of_which_by_name(figures: Sequence[KeyFigure]) -> Controls:
    """An indicator "X, varav Y" against the indicator X of the same table."""
    usable = [f for f in figures if f.value is not None and nature(f) == "count"]
    wholes = reading.group((f for f in usable if not breakdown(f)), _named)
    for figure in usable:
        found = re.match(r"(?P<whole>.+?)[,:]?\s+(var|där)av\b", plain(figure.indicator))
        if found is None or breakdown(figure):
            continue
        same = wholes.get((found["whole"], *_named(figure)[1:]), [])
        if len(same) != 1:
            continue
        whole = same[0]
        holds = reading.interval(figure).low <= reading.interval(whole).high
        values: dict[str, Value] = {
            "part": shown(reading.value(figure)),
            "whole": shown(reading.value(whole)),
        }
        yield (
            None if holds else Finding("of_which", "exceeds", (figure, whole), ERROR, values=values)
        )


def _named(figure: KeyFigure) -> tuple[str, ...]:
    return (
        plain(figure.indicator),
        *table_of(figure),
        plain(figure.period),
        plain(figure.population),
        figure.sex or "total",
        dimension(figure),
    )


def deviations_of_parts(figures: Sequence[KeyFigure]) -> Controls:
    """A board's deviation against the deviations of its branches in the same table.

    A branch may be left out, so a difference is never called an error.
    """
    usable = [
        f
        for f in figures
        if f.value is not None
        and f.unit in reading.MONEY
        and "budgetavvikelse" in plain(f.indicator)
        and not breakdown(f)
        and reading.everybody(f)
    ]
    for members in reading.group(
        usable, lambda f: (*table_of(f), plain(f.period), plain(f.population))
    ).values():
        wholes = [f for f in members if re.search(r"nämnden|totalt|\bsumma", plain(f.indicator))]
        branches = [f for f in members if re.match(r"budgetavvikelse \w", plain(f.indicator))]
        branches = [f for f in branches if f not in wholes]
        if len(wholes) != 1 or len(branches) < 2:
            continue
        whole = wholes[0]
        if total(map(reading.interval, branches)).meets(reading.interval(whole)):
            yield None
            continue
        yield Finding(
            "parts",
            "branches",
            (whole, *branches),
            NOT_CHECKABLE,
            values=_sum_values(whole, branches),
        )


def _table(figure: KeyFigure) -> tuple[str, ...]:
    return (
        *table_of(figure),
        plain(figure.indicator),
        plain(figure.period),
        plain(figure.population),
    )


def _whole_and_parts(
    members: list[KeyFigure],
) -> tuple[KeyFigure | None, list[KeyFigure]]:
    wholes = [f for f in members if not breakdown(f) or reading.is_total_row(f)]
    categories = [
        f for f in members if f not in wholes and not reading.is_of_which(f) and breakdown(f)
    ]
    # Two stems are two ways of dividing the same whole: which sum is meant is not known.
    if len({reading.stem_and_category(f)[0] for f in categories}) > 1:
        return None, []
    return (wholes[0] if len(wholes) == 1 else None), categories


def _complete_sets(groups: Iterable[list[KeyFigure]]) -> set[frozenset[str]]:
    """Sets of categories that make up their total exactly somewhere: there they are exhaustive."""
    complete: set[frozenset[str]] = set()
    for members in groups:
        whole, categories = _whole_and_parts(members)
        if whole is None or len(categories) < 2:
            continue
        if total(map(reading.interval, categories)).meets(reading.interval(whole)):
            complete.add(frozenset(breakdown(f) for f in categories))
    return complete


def _sum(
    whole: KeyFigure, categories: list[KeyFigure], complete: set[frozenset[str]]
) -> Finding | None:
    reached = total(map(reading.interval, categories))
    aim = reading.interval(whole)
    if reached.meets(aim):
        return None
    values = _sum_values(whole, categories)
    above = reached.low > aim.high
    words = frozenset(breakdown(f) for f in categories)
    # Above the total is wrong only where nothing is counted twice: a day, a krona, or categories
    # that add up exactly in another row. Below it only where no row can have been left out.
    if above:
        ages = all(re.search(r"\d.* år\b", word) for word in words)
        people = _CAN_OVERLAP.search(plain(f"{whole.indicator} {whole.unit}"))
        sure = _counted_once(whole) or ages or (words in complete and not people)
    else:
        sure = any(reading.is_rest(word) for word in words)
    if sure and not (_NET.search(plain(whole.indicator)) and whole.unit in reading.MONEY):
        return Finding(
            "parts",
            "sum",
            (whole, *categories),
            ERROR,
            write(_face_sum(whole, categories), reading.value(whole).decimals),
            values,
        )
    variant = "overlap" if above else "left_out"
    return Finding("parts", variant, (whole, *categories), NOT_CHECKABLE, values=values)


def _counted_once(figure: KeyFigure) -> bool:
    """Days and gross amounts are in one part only; a person or a case may be in several."""
    return figure.unit in ("dygn", "vårddygn") or nature(figure) == "amount"


def _sum_of_base(categories: list[KeyFigure]) -> Controls:
    """Counts that state one base ("4 av 7", "1 av 7" …) and no total row."""
    bases = {f.denominator for f in categories}
    base = next(iter(bases))
    if len(bases) != 1 or base is None:
        return
    reached = sum(reading.value(f).value for f in categories)
    if reached == base:
        yield None
    elif reached > base:
        yield Finding(
            "parts",
            "base",
            tuple(categories),
            NOT_CHECKABLE,
            values={
                "parts": Sum(tuple(shown(reading.value(f)) for f in categories)),
                "sum": Digits(Fraction(reached)),
                "base": base,
            },
        )


def _face_sum(whole: KeyFigure, categories: list[KeyFigure]) -> Fraction:
    """The sum of the printed parts in the unit of the whole."""
    scale = Fraction(reading.MONEY.get(whole.unit, 1))
    return (
        sum(
            (reading.value(f).value * reading.MONEY.get(f.unit, 1) for f in categories),
            start=Fraction(0),
        )
        / scale
    )


def _sum_values(whole: KeyFigure, categories: list[KeyFigure]) -> dict[str, Value]:
    face = _face_sum(whole, categories)
    decimals = reading.value(whole).decimals
    return {
        "total": shown(reading.value(whole)),
        "parts": Sum(tuple(shown(reading.value(f)) for f in categories)),
        "sum": Digits(face, decimals),
        "difference": Digits(abs(face - reading.value(whole).value), decimals),
        "unit": Unit(whole.unit),
    }
