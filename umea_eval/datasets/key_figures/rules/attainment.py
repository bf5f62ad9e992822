"""Does the attainment follow from target and result? Judged on the total row only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.codes import ERROR, NOT_CHECKABLE
from umea_eval.datasets.key_figures.findings import Controls, Finding, Value, Word, shown
from umea_eval.datasets.key_figures.reading import breakdown, table_of
from umea_eval.datasets.key_figures.schema import KeyFigure, plain

Better = Literal["higher", "lower", "unknown"]
Verdict = Literal["met", "not_met", "unknown"]

# The boxes of the planning system, and what it prints when nobody has chosen one.
_ATTAINED = re.compile(r"^(helt )?uppnå(tt|s|dd)$|^uppfyll[ts]$|^målet (är )?(uppnått|nått)$")
_NOT_ATTAINED = re.compile(r"^(ej|inte|delvis) (uppnå(tt|s|dd)|uppfyll[ts])")
_IMPROVED = re.compile(r"positiv utveckling")
_UNFILLED = re.compile(r"^välj\b|^<.*>$|^\.\.\.$|^fyll i|^ange\b|^\?+$")
_COMMENT = re.compile(r"^se kommentar")
# Words in the place of a target that say that there is none.
_NO_TARGET = re.compile(r"|-|nyckeltal|ej satt|inget mål|saknas")

# What is better where the target does not say: only indicators whose direction the papers and
# Kolada state. A word that may turn the meaning leaves the direction unknown.
_LOWER = re.compile(
    r"^(sjukfrånvaro\b|(nollvision (mot )?)?(vräkning|suicid)|"
    r"antal(et)? (bidragsmånader|placeringsdygn|vräkningar|vräkta|suicid)\b|"
    r"antal(et)? (personer|barn|familjer|hushåll) (i hemlöshet|som (är hemlösa|vräkts)|"
    r".*uppbär (försörjningsstöd|ekonomiskt bistånd)))"
)
_HIGHER = re.compile(
    r"^andel(en)? .*\b(nöjda|delaktiga|lyssnade på|upplever förbättring|långtidsfriska|"
    r"heltidsanställda|tillsvidareanställda|genomförandeplan|sysselsättning och egen försörjning|"
    r"inom stipulerad tid)\b|^(andel )?ej återaktualiserade\b|^alla .* ska ha\b"
)
_TURNS = re.compile(
    r"\b(inte|utan|saknar|saknas|ofrivillig|behov av|förebygg\w*|minska\w*|avvärj\w*|förhindr\w*|"
    r"kostnad\w*|under \d+|högst \d+|avslutad sysselsättning)\b"
)
_SIGNED = re.compile(r"avvikelse\b|resultat|netto")
_PART_OF_PLAN = re.compile(r"budget|kostnad|belägg|nyttjande|förbruk|i förhållande till")


def attainment(figures: Sequence[KeyFigure]) -> Controls:
    """Each filled attainment against target, result and the year before."""
    earlier = earlier_figures(figures)
    tables_with_attainment = {table_of(f) for f in figures if f.attainment}
    filled = {_indicator(f) for f in figures if f.attainment}
    shared = _judged_together(figures)
    for figure in figures:
        if not reading.everybody(figure) or reading.labelled_sex_shares(figure):
            continue
        words = plain(figure.attainment)
        if not words:
            # An empty box among filled ones; a table without the column has nothing to fill in.
            usable = figure.target.usable and figure.value is not None
            if usable and table_of(figure) in tables_with_attainment:
                empty = _indicator(figure) not in filled
                yield _finding("empty", figure) if empty else None
            continue
        before = earlier.get(_series(figure, -1))
        if _UNFILLED.match(words):
            yield _unfilled(figure, before)
        elif _COMMENT.match(words):
            yield _finding("comment", figure)
        elif _ATTAINED.match(words) or _NOT_ATTAINED.match(words):
            alone = shared.get(_indicator(figure), 1) == 1
            yield from _judged(figure, before, attained=bool(_ATTAINED.match(words)), alone=alone)


Series = tuple[str, ...]


def earlier_figures(figures: Sequence[KeyFigure]) -> Mapping[Series, KeyFigure]:
    """The figures for everybody by series and period; one printed in two ways is left out."""
    found: dict[Series, KeyFigure | None] = {}
    for figure in figures:
        if figure.value is None or not reading.everybody(figure):
            continue
        key = _series(figure, 0)
        known = found.get(key, figure)
        same = known is not None and reading.value(known).value == figure.value.value
        found[key] = known if same else None
    return {key: figure for key, figure in found.items() if figure is not None}


def previous(figure: KeyFigure, earlier: Mapping[Series, KeyFigure]) -> KeyFigure | None:
    """The same figure a year earlier, from ``earlier_figures``; None when it is not printed."""
    return earlier.get(_series(figure, -1))


def _series(figure: KeyFigure, years: int) -> Series:
    year = reading.year(figure.period)
    period = figure.period if year is None else reading.in_year(figure.period, year + years)
    # Without a year there is no year before.
    lost = "" if year is not None or years == 0 else "-"
    return (
        plain(figure.indicator),
        plain(period) + lost,
        plain(figure.population),
        breakdown(figure),
        figure.unit,
    )


def _indicator(figure: KeyFigure) -> tuple[str, ...]:
    return (*table_of(figure), plain(figure.indicator), plain(figure.period))


def _judged_together(figures: Sequence[KeyFigure]) -> dict[tuple[str, ...], int]:
    """How many rows of one indicator carry its attainment: several may be judged together."""
    rows: dict[tuple[str, ...], int] = {}
    for figure in figures:
        if figure.attainment and reading.everybody(figure):
            rows[_indicator(figure)] = rows.get(_indicator(figure), 0) + 1
    return rows


def _judged(
    figure: KeyFigure, before: KeyFigure | None, *, attained: bool, alone: bool
) -> Controls:
    if figure.value is None:
        yield _finding("no_result", figure)
        return
    if not figure.target.usable:
        none = _NO_TARGET.fullmatch(plain(figure.target.text))
        yield _finding("no_target" if none else "target_not_readable", figure, before)
    else:
        verdict = reached(figure, before)
        if verdict == "unknown":
            yield _unknown(figure, before, attained=attained)
        elif (verdict == "met") == attained:
            yield None
        else:
            yield _finding(
                "contradicts" if alone else "shared",
                figure,
                before if figure.target.number is None else None,
                error=alone,
                would_hold="Uppnått" if verdict == "met" else "Ej uppnått",
            )
    if _IMPROVED.search(plain(figure.attainment)):
        yield _improvement(figure, before)


def _unknown(figure: KeyFigure, before: KeyFigure | None, *, attained: bool) -> Finding | None:
    """Why result and target do not decide; rounding that hides the answer holds.

    A missed target that the result differs from is plausible, whichever way is better.
    """
    if figure.target.number is None:
        return _finding("no_previous", figure, before)
    if not _same_unit(figure) or (attained and direction(figure) == "unknown"):
        return _finding("no_direction", figure)
    return None


def reached(figure: KeyFigure, before: KeyFigure | None) -> Verdict:
    """Whether the printed result meets its target; unknown when digits or words do not decide."""
    target = figure.target
    if target.number is None:
        return _moved(figure, before)
    if not _same_unit(figure):
        return "unknown"
    result = reading.interval(figure)
    aim = target.number * reading.MONEY.get(target.unit or figure.unit, 1)
    better = direction(figure)
    if result.low == result.high == aim:
        return "not_met" if target.strict else "met"
    if better == "unknown":
        return "unknown"
    if better == "lower":
        result, aim = -result, -aim
    if result.low >= aim:
        return "unknown" if target.strict and result.low == aim else "met"
    return "not_met" if result.high < aim else "unknown"


def _same_unit(figure: KeyFigure) -> bool:
    """Whether the target's own unit is the result's: "inom 3 dagar" is no percentage."""
    unit = figure.target.unit
    if not unit or unit == figure.unit:
        return True
    if unit == "procent":
        return figure.unit in reading.SHARE_UNITS
    if unit in reading.MONEY:
        return figure.unit in reading.MONEY
    return {unit, figure.unit} <= {"antal", "personer", "st"}


def _moved(figure: KeyFigure, before: KeyFigure | None) -> Verdict:
    """A target that is a direction: which way the result went since the year before."""
    if before is None or figure.break_mark or before.break_mark:
        return "unknown"
    new, old = reading.interval(figure), reading.interval(before)
    if figure.unit in reading.MONEY and new.high < 0 and old.high < 0:
        if re.search(r"avvikelse\b|resultat", plain(figure.indicator)):
            return "unknown"
        # A cost with its sign: -420 is more than -400.
        new, old = -new, -old
    fell, rose = new.high < old.low, new.low > old.high
    if fell or rose:
        return "met" if fell == (figure.target.direction == "decrease") else "not_met"
    # Two equal counts have not moved; two equal roundings may have.
    return "not_met" if new == old and new.low == new.high else "unknown"


def direction(figure: KeyFigure) -> Better:
    """Which way is better: from the target first, else from an indicator that is known."""
    target, words = figure.target, plain(figure.indicator)
    if target.side:
        return "higher" if target.side == "at_least" else "lower"
    if target.direction:
        return "higher" if target.direction == "increase" else "lower"
    if target.number == 0 and reading.nature(figure) == "count" and not _SIGNED.search(words):
        return "lower"
    in_full = target.number == 100 and figure.unit in reading.SHARE_UNITS
    if in_full and not _PART_OF_PLAN.search(words):
        return "higher"
    return direction_of_words(words)


def direction_of_words(words: str) -> Better:
    """What the words of an indicator say is better; unknown unless the indicator is known."""
    lower, higher = bool(_LOWER.search(words)), bool(_HIGHER.search(words))
    if lower == higher or _TURNS.search(words):
        return "unknown"
    return "lower" if lower else "higher"


def _improvement(figure: KeyFigure, before: KeyFigure | None) -> Finding | None:
    """Whether it is true: closer to the target, or the better way, than the year before."""
    if before is None:
        return _finding("no_development", figure)
    mark = figure.break_mark or before.break_mark
    if mark:
        return _finding("break", figure, before, mark=mark)
    new, old = reading.value(figure).value, reading.value(before).value
    if new == old:
        return _finding("unchanged", figure, before)
    if reading.interval(figure).meets(reading.interval(before)):
        return None
    target = figure.target.number if _same_unit(figure) else None
    if target is not None and figure.target.unit not in reading.MONEY:
        nearer = abs(new - target) < abs(old - target)
    else:
        better = direction(figure)
        if better == "unknown":
            return _finding("development_unclear", figure, before)
        nearer = (new > old) == (better == "higher")
    return None if nearer else _finding("worse", figure, before, error=True)


def _unfilled(figure: KeyFigure, before: KeyFigure | None) -> Finding:
    verdict = reached(figure, before) if figure.value and figure.target.usable else "unknown"
    would = {"met": "Uppnått", "not_met": "Ej uppnått", "unknown": None}[verdict]
    return _finding("unfilled", figure, before, would_hold=would)


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
        "target": figure.target.text or unknown,
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
