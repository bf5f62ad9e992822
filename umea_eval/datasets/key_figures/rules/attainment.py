"""Does the attainment follow from target and result? Judged on the total row only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.codes import ERROR, NOT_CHECKABLE
from umea_eval.datasets.key_figures.findings import Controls, Finding, Value, Word, shown
from umea_eval.datasets.key_figures.reading import breakdown, table_of
from umea_eval.datasets.key_figures.schema import KeyFigure, plain

Better = Literal["higher", "lower", "unknown"]
Verdict = Literal["met", "not_met", "unknown"]

# The boxes of the planning system, and what it prints when nobody has chosen one.
_ATTAINED = re.compile(r"^(helt )?uppnått$|^uppfyllt$|^målet (är )?(uppnått|nått)$")
_NOT_ATTAINED = re.compile(r"^(ej|inte|delvis) (uppnått|uppfyllt)")
_IMPROVED = re.compile(r"positiv utveckling")
_UNFILLED = re.compile(r"^välj\b|^<.*>$|^\.\.\.$|^fyll i|^ange\b|^\?+$")
_COMMENT = re.compile(r"^se kommentar")

# What is better when the target does not say. A negation turns the word round.
_LOWER = re.compile(
    r"sjukfrånvaro|\bfrånvaro|vräk|suicid|självmord|väntetid|återaktualis|bidragsmånad|"
    r"placeringsdygn|avhopp|sammanbrott|\bfall(olyck|skad)|trycksår|"
    r"uppbär (försörjningsstöd|ekonomiskt bistånd)|övertid"
)
_HIGHER = re.compile(
    r"nöjd|delaktig|lyssna|förbättring|sysselsättning|egen försörjning|självständig|självförsörj|"
    r"uppfölj|genomförandeplan|inom stipulerad|inom \w+ tid|heltid|långtidsfrisk|utbild|"
    r"bemötande|trygg|väljer att delta|avvärj|förhindra"
)
_NEGATED = r"\b(ej|inte|icke|utan|nollvision mot)\s+(\w+\s+){0,1}$"


def attainment(figures: Sequence[KeyFigure]) -> Controls:
    """Each filled attainment against target, result and the year before."""
    tables_with_attainment = {table_of(f) for f in figures if f.attainment}
    for figure in figures:
        if not reading.everybody(figure) or reading.labelled_sex_shares(figure):
            continue
        words = plain(figure.attainment)
        if not words:
            if figure.target.usable and _left_empty(figure, figures, tables_with_attainment):
                yield _finding("empty", figure)
            continue
        if _UNFILLED.match(words):
            yield _unfilled(figure, figures)
        elif _COMMENT.match(words):
            yield _finding("comment", figure)
        elif _ATTAINED.match(words) or _NOT_ATTAINED.match(words):
            yield from _judged(figure, figures, attained=bool(_ATTAINED.match(words)))


def _judged(figure: KeyFigure, figures: Sequence[KeyFigure], *, attained: bool) -> Controls:
    if figure.value is None:
        yield _finding("no_result", figure)
        return
    before = previous(figure, figures)
    if not figure.target.usable:
        yield _finding("no_target", figure, before)
    else:
        verdict = reached(figure, before)
        if verdict == "unknown":
            if figure.target.number is None:
                yield _finding("no_previous", figure, before)
        elif (verdict == "met") == attained:
            yield None
        else:
            yield _finding(
                "contradicts",
                figure,
                before if figure.target.number is None else None,
                error=True,
                would_hold="Uppnått" if verdict == "met" else "Ej uppnått",
            )
    if _IMPROVED.search(plain(figure.attainment)):
        yield _improvement(figure, before)


def reached(figure: KeyFigure, before: KeyFigure | None) -> Verdict:
    """Whether the printed result meets its target; unknown when digits or words do not decide."""
    if figure.target.number is None:
        return _moved(figure, before)
    result = reading.interval(figure)
    aim = figure.target.number * reading.MONEY.get(figure.unit, 1)
    better = direction(figure)
    if result.low == result.high == aim:
        return "met"
    if better == "unknown":
        return "unknown"
    if better == "lower":
        result, aim = -result, -aim
    if result.low >= aim:
        return "met"
    return "not_met" if result.high < aim else "unknown"


def _moved(figure: KeyFigure, before: KeyFigure | None) -> Verdict:
    """A target that is a direction: which way the result went since the year before."""
    if before is None or figure.break_mark or before.break_mark:
        return "unknown"
    new, old = reading.interval(figure), reading.interval(before)
    fell, rose = new.high < old.low, new.low > old.high
    if fell or rose:
        return "met" if fell == (figure.target.direction == "decrease") else "not_met"
    # Two equal counts have not moved; two equal roundings may have.
    return "not_met" if new == old and new.low == new.high else "unknown"


def direction(figure: KeyFigure) -> Better:
    """Which way is better: from the target first, else from the words of the indicator."""
    target = figure.target
    if target.side:
        return "higher" if target.side == "at_least" else "lower"
    if target.direction:
        return "higher" if target.direction == "increase" else "lower"
    if target.number is not None:
        if target.number == 0:
            return "lower"
        if figure.unit in reading.SHARE_UNITS and target.number == 100:
            return "higher"
    return direction_of_words(plain(figure.indicator))


def direction_of_words(words: str) -> Better:
    """What the words of an indicator say is better: "sjukfrånvaro" lower, "nöjda" higher."""
    said: set[Better] = set()
    for pattern, usual, turned in (
        (_LOWER, "lower", "higher"),
        (_HIGHER, "higher", "lower"),
    ):
        for found in pattern.finditer(words):
            negated = re.search(_NEGATED, words[: found.start()])
            # "Nollvision mot vräkning" still wants fewer.
            wanted_away = negated and "nollvision" in negated[0]
            said.add(turned if negated and not wanted_away else usual)  # type: ignore[arg-type]
    return said.pop() if len(said) == 1 else "unknown"


def previous(figure: KeyFigure, figures: Sequence[KeyFigure]) -> KeyFigure | None:
    """The same figure a year earlier; None when it is not printed, or printed in two ways."""
    this_year = reading.year(figure.period)
    if this_year is None:
        return None
    before = plain(reading.in_year(figure.period, this_year - 1))
    found = [
        f
        for f in figures
        if f.value is not None
        and plain(f.indicator) == plain(figure.indicator)
        and plain(f.period) == before
        and plain(f.population) == plain(figure.population)
        and breakdown(f) == breakdown(figure)
        and reading.everybody(f)
        and f.unit == figure.unit
    ]
    return found[0] if len({reading.value(f).value for f in found}) == 1 else None


def _improvement(figure: KeyFigure, before: KeyFigure | None) -> Finding | None:
    """ "Positiv utveckling": closer to the target, or the better way, than the year before."""
    if before is None:
        return _finding("no_development", figure)
    mark = figure.break_mark or before.break_mark
    if mark:
        return _finding("break", figure, before, mark=mark)
    new, old = reading.value(figure).value, reading.value(before).value
    target = figure.target.number
    if new == old:
        return _finding("unchanged", figure, before)
    if target is not None:
        nearer = abs(new - target) < abs(old - target)
    else:
        better = direction(figure)
        if better == "unknown":
            return _finding("development_unclear", figure, before)
        nearer = (new > old) == (better == "higher")
    if nearer:
        return None
    return _finding("worse", figure, before, error=True)


def _unfilled(figure: KeyFigure, figures: Sequence[KeyFigure]) -> Finding:
    before = previous(figure, figures)
    verdict = reached(figure, before) if figure.value and figure.target.usable else "unknown"
    would = {"met": "Uppnått", "not_met": "Ej uppnått", "unknown": None}[verdict]
    return _finding("unfilled", figure, before, would_hold=would)


def _left_empty(
    figure: KeyFigure, figures: Sequence[KeyFigure], tables: set[tuple[str, str]]
) -> bool:
    """An empty box among filled ones; a table without the column has nothing to fill in."""
    if table_of(figure) not in tables or figure.value is None:
        return False
    same = [
        f
        for f in figures
        if plain(f.indicator) == plain(figure.indicator)
        and f.period == figure.period
        and table_of(f) == table_of(figure)
    ]
    return not any(f.attainment for f in same)


def _finding(
    variant: str,
    figure: KeyFigure,
    before: KeyFigure | None = None,
    *,
    error: bool = False,
    would_hold: str | None = None,
    mark: str = "",
) -> Finding:
    unknown = Word("key_figures.audit.unknown")
    values: dict[str, Value] = {
        "attainment": figure.attainment,
        "target": figure.target.text,
        "result": shown(figure.value) if figure.value else unknown,
        "before": shown(reading.value(before)) if before else unknown,
        "earlier": before.period if before else "",
        "mark": mark,
    }
    if before is not None and variant in ("no_target", "unfilled"):
        variant += "_before"
    if would_hold:
        values["would_hold"] = would_hold
    figures = (figure,) if before is None else (figure, before)
    return Finding(
        "attainment", variant, figures, ERROR if error else NOT_CHECKABLE, would_hold, values
    )
