"""Does the total agree with the rows by sex, and are those rows results at all?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.codes import ERROR, NOT_CHECKABLE, OTHER_MEANING, Severity
from umea_eval.datasets.key_figures.findings import (
    Controls,
    Digits,
    Finding,
    Sum,
    Unit,
    Value,
    shown,
)
from umea_eval.datasets.key_figures.printed import Interval, total, write
from umea_eval.datasets.key_figures.reading import breakdown, nature, table_of
from umea_eval.datasets.key_figures.schema import KeyFigure, plain

HUNDRED = Interval(Fraction(100), Fraction(100))
# Counted in the total without a sex: a couple is one household, an unborn child one notification.
_WITHOUT_SEX = re.compile(r"hushåll|familj|anmälning|ärende|\bpar\b")
_GROUPS_OF_PEOPLE = re.compile(r"hushåll|familj")


@dataclass(frozen=True)
class _Table:
    """The figures that rows by sex are held against, found by what they are about."""

    totals: Mapping[tuple[str, ...], list[KeyFigure]]
    thirds: Mapping[tuple[str, ...], list[KeyFigure]]
    by_sex: frozenset[str]


def sexes(figures: Sequence[KeyFigure]) -> Controls:
    """Every group of rows that differ only in sex: total, women, men, those who state neither."""
    printed = [figure for figure in figures if figure.value is not None]
    table = _Table(
        totals=reading.group((f for f in printed if reading.everybody(f)), _about),
        thirds=reading.group((f for f in printed if reading.no_stated_sex(f)), _place),
        by_sex=frozenset(plain(f.indicator) for f in printed if f.sex in ("women", "men")),
    )
    groups = reading.group(
        (f for f in printed if f.sex in ("women", "men", "other")), lambda f: (*_row(f), f.unit)
    )
    for rows in groups.values():
        by_sex = [f for f in rows if f.sex in ("women", "men")]
        others = [f for f in rows if f.sex == "other"]
        if not by_sex or len({f.sex for f in by_sex}) < len(by_sex):
            continue
        whole = _total_row(by_sex[0], table)
        if nature(by_sex[0]) == "share":
            yield from _shares(by_sex, others, whole, table)
        elif whole is not None:
            yield from _whole(by_sex, others or list(_third_group(by_sex[0], table)), whole)


def shares_of_one_base(figures: Sequence[KeyFigure]) -> frozenset[str]:
    """The ids of the rows by sex that are shares of one base and no rates within a sex."""
    return frozenset(
        figure.figure_id
        for finding in sexes(figures)
        if finding is not None and finding.variant in ("distribution", "shares_of_base")
        for figure in finding.figures
    )


def _place(figure: KeyFigure) -> tuple[str, ...]:
    return (*table_of(figure), plain(figure.period), plain(figure.population))


def _about(figure: KeyFigure) -> tuple[str, ...]:
    return (*_place(figure), plain(figure.indicator))


def _row(figure: KeyFigure) -> tuple[str, ...]:
    # "könsandel (kolumn kvinnor)" and "könsandel (kolumn män)" are one breakdown.
    labelled = reading.labelled_sex_shares(figure) and figure.sex
    return (*_about(figure), "könsandel" if labelled else breakdown(figure))


def _total_row(row: KeyFigure, table: _Table) -> KeyFigure | None:
    """The row for everybody that belongs to a row by sex: same breakdown, else no breakdown."""
    same = table.totals.get(_about(row), [])
    exact = [f for f in same if breakdown(f) == breakdown(row)]
    if exact:
        # "total" before a row without any sex: the latter may be another thing.
        return min(exact, key=lambda f: f.sex != "total")
    if reading.labelled_sex_shares(row):
        without = [f for f in same if not breakdown(f)]
        return without[0] if without else None
    return None


def _third_group(row: KeyFigure, table: _Table) -> Iterator[KeyFigure]:
    """The "vill inte uppge kön" of the same table, nearest: first with the same indicator."""
    candidates = [
        f
        for f in table.thirds.get(_place(row), [])
        if nature(f) == nature(row) and f.unit == row.unit
    ]
    same = [f for f in candidates if plain(f.indicator) == plain(row.indicator)]
    # A third group whose own indicator has rows by sex belongs to those.
    mine = same or [f for f in candidates if plain(f.indicator) not in table.by_sex]
    if mine:
        yield min(mine, key=lambda f: abs(f.row - row.row))


def _whole(by_sex: list[KeyFigure], others: list[KeyFigure], whole: KeyFigure) -> Controls:
    """Counts, amounts, means and durations."""
    if _different_units(whole, by_sex[0]):
        yield _other_units(by_sex, whole)
        return
    parts = [*by_sex, *others]
    reached = total(map(reading.interval, parts))
    aim = reading.interval(whole)
    if len(by_sex) == 1:
        # One sex alone: the other is left to be computed, but a part never exceeds a whole.
        if reading.adds_up(whole) and reached.low > aim.high:
            yield _unequal("part_exceeds", ERROR, whole, parts)
        elif reading.adds_up(whole):
            yield None
        return
    low, high = sorted(reading.value(f).value for f in by_sex)
    inside = aim.meets(_hull([reading.interval(f) for f in by_sex]))
    if reached.meets(aim):
        yield None
    elif nature(whole) in ("rate", "change", "duration"):
        if inside:
            yield None
        elif nature(whole) != "change":
            yield Finding(
                "sexes",
                "mean_outside",
                (whole, *by_sex),
                NOT_CHECKABLE,
                values={"total": shown(reading.value(whole)), **_low_high(by_sex)},
            )
    elif inside and not reading.adds_up(whole):
        # A sum is never inside its parts, so this is a mean: whole kronor, days, points.
        yield None
    elif low < 0 < high or not _is_gross(whole):
        yield _unequal("sum_net", NOT_CHECKABLE, whole, parts)
    elif reached.high < aim.low and not others and _may_lack_sex(whole):
        yield _unequal("sum_others", NOT_CHECKABLE, whole, parts)
    else:
        yield _unequal("sum", ERROR, whole, parts)


def _unequal(
    variant: str, severity: Severity, whole: KeyFigure, parts: Sequence[KeyFigure]
) -> Finding:
    scale = reading.MONEY.get(whole.unit, 1)
    decimals = reading.value(whole).decimals
    added = [reading.value(f).value * reading.MONEY.get(f.unit, 1) for f in parts]
    reached = sum(added, start=Fraction(0)) / scale
    return Finding(
        "sexes",
        variant,
        (whole, *parts),
        severity,
        write(reached, decimals) if variant == "sum" else None,
        {
            "total": shown(reading.value(whole)),
            "parts": Sum(tuple(shown(reading.value(f)) for f in parts)),
            "sum": Digits(reached, decimals),
            "difference": Digits(abs(reached - reading.value(whole).value), decimals),
        },
    )


def _is_gross(figure: KeyFigure) -> bool:
    """Whether the figure is a plain count or amount, and neither a net nor a deviation."""
    return not re.search(r"avvikelse\b|resultat|netto", plain(figure.indicator)) or (
        nature(figure) == "count"
    )


def _may_lack_sex(figure: KeyFigure) -> bool:
    """Whether somebody can be counted in the total without a sex."""
    words = plain(f"{figure.indicator} {figure.unit}")
    return reading.from_survey(figure) or bool(_WITHOUT_SEX.search(words))


def _different_units(whole: KeyFigure, part: KeyFigure) -> bool:
    """Households or families against persons; "st", "antal" and "personer" are the same."""
    if reading.dimension(whole) == reading.dimension(part):
        return False
    if nature(whole) == nature(part) == "count":
        groups = [bool(_GROUPS_OF_PEOPLE.search(plain(f.unit))) for f in (whole, part)]
        return groups[0] != groups[1]
    return True


def _other_units(by_sex: list[KeyFigure], whole: KeyFigure) -> Finding:
    return Finding(
        "sexes",
        "units",
        (whole, *by_sex),
        OTHER_MEANING,
        values={
            "total_unit": Unit(whole.unit),
            "sex_unit": Unit(by_sex[0].unit),
            "total": shown(reading.value(whole)),
            "parts": Sum(tuple(shown(reading.value(f)) for f in by_sex)),
        },
    )


def _shares(
    by_sex: list[KeyFigure],
    others: list[KeyFigure],
    whole: KeyFigure | None,
    table: _Table,
) -> Controls:
    """Percentages: rates within each sex, or shares of one base? That is decided first."""
    if len(by_sex) != 2:
        return
    if whole and whole.unit not in reading.SHARE_UNITS:
        yield _other_units(by_sex, whole)
        return
    rates = [reading.interval(f) for f in by_sex]
    labelled = any(reading.labelled_sex_shares(f) for f in by_sex)
    aim = reading.interval(whole) if whole else None
    inside = aim is not None and aim.meets(_hull([*rates, *map(reading.interval, others)]))
    if whole and not labelled and (inside or _own_bases(by_sex, whole.denominator)):
        yield from _rates(by_sex, whole, inside=inside)
        return
    third = others or list(_third_group(by_sex[0], table))
    parts = [*by_sex, *third]
    everyone = total(map(reading.interval, parts))
    adds_to_hundred = everyone.meets(HUNDRED)
    adds_to_total = aim is not None and total(rates).meets(aim)
    values: dict[str, Value] = {
        "parts": Sum(tuple(shown(reading.value(f)) for f in parts)),
        "sum": Digits(
            sum((reading.value(f).value for f in parts), start=Fraction(0)),
            max(reading.value(f).decimals for f in parts),
        ),
    }
    if labelled or adds_to_total or (adds_to_hundred and (aim or third)):
        if _heading_says_so(by_sex[0]):
            yield None
        else:
            variant = "distribution" if labelled or adds_to_hundred else "shares_of_base"
            head = [whole] if whole else []
            yield Finding("sexes", variant, (*parts, *head), OTHER_MEANING, values=values)
        if adds_to_hundred or not adds_to_total:
            yield _against_hundred(parts, everyone, values)
    elif aim is None:
        if adds_to_hundred and not _own_bases(by_sex, None):
            yield Finding(
                "sexes", "perhaps_distribution", tuple(parts), NOT_CHECKABLE, values=values
            )
    elif whole is not None:
        yield _total_outside(by_sex, whole)


def _heading_says_so(figure: KeyFigure) -> bool:
    """The indicator itself is a distribution by sex: the columns mean what they say."""
    return bool(
        re.search(
            r"könsfördelning|efter kön|av alla|fördelning (på|mellan) kön|könsandel",
            plain(figure.indicator),
        )
    )


def _own_bases(by_sex: list[KeyFigure], base: int | None) -> bool:
    """Each sex has a base of its own that gives its percentage: then both are rates."""
    for figure in by_sex:
        if figure.numerator is None or not figure.denominator:
            return False
        share = Fraction(100 * figure.numerator, figure.denominator)
        if not reading.value(figure).rounded_from().meets(Interval(share, share)):
            return False
    bases = {figure.denominator for figure in by_sex}
    one_base = len(bases) == 1 and sum(f.numerator or 0 for f in by_sex) in bases
    return not one_base or (base is not None and base not in bases)


def _against_hundred(
    parts: list[KeyFigure], everyone: Interval, values: Mapping[str, Value]
) -> Finding | None:
    if everyone.meets(HUNDRED):
        return None
    above = everyone.low > 100
    return Finding(
        "sexes",
        "above_hundred" if above else "below_hundred",
        tuple(parts),
        ERROR if above else NOT_CHECKABLE,
        values=values,
    )


def _total_outside(by_sex: list[KeyFigure], whole: KeyFigure) -> Finding:
    bases = [f.denominator for f in by_sex]
    counted = (
        whole.denominator is not None
        and None not in bases
        and sum(base or 0 for base in bases) == whole.denominator
    )
    # Every employee has a sex in the payroll system; a respondent need not state one.
    employees = whole.domain == "personal" and not reading.from_survey(whole)
    sure = counted or employees
    return Finding(
        "sexes",
        "outside_exhaustive" if sure else "outside",
        (whole, *by_sex),
        ERROR if sure else NOT_CHECKABLE,
        values={"total": shown(reading.value(whole)), **_low_high(by_sex)},
    )


def _rates(by_sex: list[KeyFigure], whole: KeyFigure, *, inside: bool) -> Controls:
    """A total inside its groups holds; stated counts must add up as well."""
    yield None if inside else _total_outside(by_sex, whole)
    bases = [f.denominator for f in by_sex]
    counts = [f.numerator for f in by_sex]
    if whole.denominator is None or None in bases:
        return
    base = sum(value or 0 for value in bases)
    if base > whole.denominator:
        yield Finding(
            "sexes",
            "bases",
            (whole, *by_sex),
            ERROR,
            values={"sum": base, "total": whole.denominator},
        )
    elif base == whole.denominator and whole.numerator is not None and None not in counts:
        count = sum(value or 0 for value in counts)
        yield (
            None
            if count == whole.numerator
            else Finding(
                "sexes",
                "numerators",
                (whole, *by_sex),
                ERROR,
                values={"sum": count, "total": whole.numerator},
            )
        )


def _hull(intervals: Sequence[Interval]) -> Interval:
    return Interval(min(i.low for i in intervals), max(i.high for i in intervals))


def _low_high(rows: list[KeyFigure]) -> dict[str, Digits]:
    ordered = sorted((reading.value(f) for f in rows), key=lambda printed: printed.value)
    return {"low": shown(ordered[0]), "high": shown(ordered[-1])}
