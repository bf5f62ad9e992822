"""Do the answers of one question hold together, and with the share that sums them up?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.codes import ERROR, NOT_CHECKABLE, ROUNDING
from umea_eval.datasets.key_figures.findings import (
    Controls,
    Digits,
    Finding,
    Listed,
    Sum,
    shown,
)
from umea_eval.datasets.key_figures.printed import Interval, Printed, total, write
from umea_eval.datasets.key_figures.reading import nature, stem_and_category, table_of
from umea_eval.datasets.key_figures.rules.shares import counts_of
from umea_eval.datasets.key_figures.schema import KeyFigure, plain

# Answers of a scale where one person gives one answer: whole labels only, since "Ja, barn" and
# "Mycket nöjda, hemtjänst" are groups of people and "helt eller delvis" is a sum.
_SCALE = re.compile(
    r"helt|delvis|till (stor|viss|mindre|liten|ganska stor|mycket stor|ganska liten) del|"
    r"inte alls|ja|nej|vet (ej|inte)|ingen åsikt|vill (ej|inte) svara|nöjd|missnöjd|"
    r"(mycket|ganska) (nöjd|missnöjd|bra|dålig|dåligt|trygg|otrygg|viktigt|lätt|svårt)|"
    r"bra|dåligt?|varken .+ eller .+|alltid|oftast|ibland|sällan|aldrig|bättre|sämre|"
    r"oförändrad|oförändrat|instämmer( helt| delvis| inte| inte alls)?"
)
_DIVISION = re.compile(r"^(fördelning|så fördelar sig)")
_UNBOUNDED = 10**9


def distributions(figures: Sequence[KeyFigure]) -> Controls:
    """The answers of one question against 100, within what rounding allows."""
    for members in _answer_groups(figures):
        reached = _sum(members)
        if reached.meets(Interval(Fraction(100), Fraction(100))):
            yield None
            continue
        above = reached.low > 100
        answers = {stem_and_category(f)[1] for f in members}
        sure = above and (len(members) >= 3 or {"ja", "nej"} <= answers or _is_division(members[0]))
        variant = "sum" if sure else ("several" if above else "left_out")
        yield Finding(
            "distribution",
            variant,
            tuple(members),
            ERROR if sure else NOT_CHECKABLE,
            values={
                "parts": Sum(tuple(shown(reading.value(f)) for f in members)),
                "sum": Digits(
                    sum((reading.value(f).value for f in members), start=Fraction(0)),
                    max(reading.value(f).decimals for f in members),
                ),
            },
        )


def _is_division(figure: KeyFigure) -> bool:
    """ "Fördelning av …": the categories divide one whole."""
    return bool(_DIVISION.match(plain(figure.indicator)))


def _answer_groups(figures: Sequence[KeyFigure]) -> Iterator[list[KeyFigure]]:
    """The rows of one question: same stem before the colon, at least two answers, no total."""
    usable = [
        f
        for f in figures
        if f.value is not None
        and nature(f) == "share"
        and f.sex in ("", "total", "women", "men")
        and stem_and_category(f)[1]
        and not reading.labelled_sex_shares(f)
        and not reading.no_stated_sex(f)
        and not reading.is_limit(f)
        and not reading.is_of_which(f)
        and not reading.is_accumulated(f)
    ]
    groups = reading.group(
        usable,
        lambda f: (
            *table_of(f),
            plain(f.indicator),
            plain(f.period),
            plain(f.population),
            f.sex or "total",
            stem_and_category(f)[0],
        ),
    )
    for members in groups.values():
        answers = [stem_and_category(f)[1] for f in members]
        one_each = all(_SCALE.fullmatch(answer) for answer in answers)
        if len(set(answers)) == len(answers) >= 2 and (one_each or _is_division(members[0])):
            yield members


def _sum(members: Sequence[KeyFigure]) -> Interval:
    return total(reading.value(f).rounded_from() for f in members)


def counts_without_base(figures: Sequence[KeyFigure]) -> Controls:
    """Answers printed as percentage and count: is there one base that gives them all?"""
    grouped: set[str] = set()
    for members in _answer_groups(figures):
        given = [f for f in members if f.numerator is not None and f.denominator is None]
        if len(given) < 2 or len(given) != len(members):
            continue
        grouped.update(f.figure_id for f in given)
        bases = {f.figure_id: _bases(f) for f in given}
        if _common(bases.values()):
            yield None
            continue
        # When all but one agree on a base, that one is the suspect.
        for suspect in given:
            others = [f for f in given if f is not suspect]
            agreed = _common(bases[f.figure_id] for f in others)
            fitting = [(n, k) for n in agreed for k in counts_of(suspect, n)]
            # Together the counts make up the base when every one has given one answer.
            rest = sum(f.numerator or 0 for f in others)
            exact = [(n, k) for n, k in fitting if k + rest == n] or fitting
            if len(given) > 2 and exact:
                n, k = exact[0]
                yield Finding(
                    "counted",
                    "no_common_base",
                    (suspect, *others),
                    ERROR,
                    str(k),
                    {
                        "value": shown(reading.value(suspect)),
                        "numerator": suspect.numerator or 0,
                        "base": n,
                        "count": k,
                        "others": Listed(tuple(shown(reading.value(f)) for f in others)),
                    },
                )
                break
        else:
            yield Finding(
                "counted",
                "no_base",
                tuple(given),
                ERROR,
                values={
                    "shares": Listed(tuple(shown(reading.value(f)) for f in given)),
                    "counts": Listed(tuple(str(f.numerator) for f in given)),
                },
            )
    for figure in figures:
        if (
            figure.value is not None
            and nature(figure) == "share"
            and figure.numerator is not None
            and figure.denominator is None
            and figure.figure_id not in grouped
        ):
            yield (
                None
                if _bases(figure)
                else Finding(
                    "counted",
                    "impossible",
                    (figure,),
                    ERROR,
                    values={"value": shown(figure.value), "numerator": figure.numerator},
                )
            )


def _bases(figure: KeyFigure) -> range:
    """Every base for which the count gives the printed percentage: they are consecutive."""
    top = figure.numerator or 0
    interval = reading.value(figure).rounded_from()
    if top == 0:
        return range(1, _UNBOUNDED) if interval.low <= 0 <= interval.high else range(0)
    if interval.high <= 0:
        return range(0)
    low = math.ceil(100 * top / interval.high)
    high = math.floor(100 * top / interval.low) if interval.low > 0 else _UNBOUNDED
    return range(max(low, top, 1), high + 1)


def _common(bases: Iterable[range]) -> range:
    ranges = list(bases)
    return range(max(r.start for r in ranges), min(r.stop for r in ranges))


def top_boxes(figures: Sequence[KeyFigure]) -> Controls:
    """A share that was added up from rounded answers: "helt" and "till stor del" together.

    The answers tell which bases are possible; when none of them gives the printed sum, it was added
    up after rounding.
    """
    wholes = reading.group(
        (f for f in figures if f.value is not None and nature(f) == "share"), _question
    )
    for members in _answer_groups(figures):
        bases = _bases_of_answers(members)
        summaries = [f for f in wholes[_question(members[0])] if _summary_of(f, members)]
        # The best answers stand first, or last.
        runs = [range(n) for n in range(2, len(members))]
        runs += [range(n, len(members)) for n in range(1, len(members) - 1)]
        for run in runs if bases else ():
            added = [members[place] for place in run]
            face = sum((reading.value(f).value for f in added), start=Fraction(0))
            shares = [Fraction(100 * sum(counts[i] for i in run), n) for n, counts in bases]
            for whole in summaries:
                printed = reading.value(whole)
                if printed.value == face:
                    yield _added(whole, printed, added, shares, bases[0][0])


def _added(
    whole: KeyFigure,
    printed: Printed,
    added: list[KeyFigure],
    shares: list[Fraction],
    smallest: int,
) -> Finding | None:
    if any(Interval(share, share).meets(printed.rounded_from()) for share in shares):
        return None
    return Finding(
        "distribution",
        "added_after_rounding",
        (whole, *added),
        ROUNDING,
        write(shares[0], printed.decimals),
        {
            "value": shown(printed),
            "base": smallest,
            "parts": Sum(tuple(shown(reading.value(f)) for f in added)),
            "share": Digits(shares[0], printed.decimals),
        },
    )


def _question(figure: KeyFigure) -> tuple[str, ...]:
    return (
        *table_of(figure),
        plain(figure.indicator),
        plain(figure.period),
        plain(figure.population),
    )


def _summary_of(whole: KeyFigure, members: Sequence[KeyFigure]) -> bool:
    return (
        reading.everybody(whole)
        and whole not in members
        and not stem_and_category(whole)[0]
        and not reading.labelled_sex_shares(whole)
    )


def _bases_of_answers(
    members: Sequence[KeyFigure], largest: int = 150
) -> list[tuple[int, list[int]]]:
    """The bases up to ``largest`` that give every answer, each person having given one."""
    found: list[tuple[int, list[int]]] = []
    for base in range(1, largest + 1):
        counts = [counts_of(figure, base) for figure in members]
        if all(len(fitting) == 1 for fitting in counts):
            only = [fitting[0] for fitting in counts]
            if sum(only) == base:
                found.append((base, only))
    return found
