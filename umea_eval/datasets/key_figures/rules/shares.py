"""Can these percentages have been printed from whole numbers of persons?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import takewhile

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.codes import ERROR, NOT_CHECKABLE, ROUNDING
from umea_eval.datasets.key_figures.findings import (
    Controls,
    Digits,
    Finding,
    Listed,
    Sum,
    Value,
    only_rounding,
    shown,
)
from umea_eval.datasets.key_figures.printed import Interval, Printed, total, write
from umea_eval.datasets.key_figures.reading import nature, stem_and_category, table_of
from umea_eval.datasets.key_figures.rules.sexes import shares_of_one_base
from umea_eval.datasets.key_figures.schema import KeyFigure, plain
from umea_eval.methods.proportions import possible_groups

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
# Shares of a plan, a budget or a capacity may pass 100 per cent.
_MAY_PASS_HUNDRED = re.compile(
    r"budget|planera|enligt plan|av plan|belägg|täckning|i förhållande till|beviljad|förbruk|"
    r"nyttjande|kostnad"
)
# The search for the smallest base grows in steps and stops: a board's groups are smaller.
_BASES = (50, 100, 200, 400)
_UNBOUNDED = 10**9


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
    if _counts(figure, base):
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
            fitting = [(n, k) for n in agreed for k in _counts(suspect, n)]
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


def _counts(figure: KeyFigure, base: int) -> list[int]:
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
        telling = [f for f in shares if reading.value(f).decimals and _counts(f, base)]
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
        counts = [_counts(figure, base) for figure in members]
        if all(len(fitting) == 1 for fitting in counts):
            only = [fitting[0] for fitting in counts]
            if sum(only) == base:
                found.append((base, only))
    return found


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
