"""Does the total agree with the rows by sex, and are those rows results at all?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.codes import ERROR, NOT_CHECKABLE, OTHER_MEANING
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
from umea_eval.datasets.key_figures.reading import breakdown, dimension, nature, table_of
from umea_eval.datasets.key_figures.schema import KeyFigure, plain

HUNDRED = Interval(Fraction(100), Fraction(100))


def sexes(figures: Sequence[KeyFigure]) -> Controls:
    """Every group of rows that differ only in sex: total, women, men, those who state neither."""
    printed = [figure for figure in figures if figure.value is not None]
    groups = reading.group(
        (f for f in printed if f.sex), lambda f: (*_row(f), f.unit if f.sex != "total" else "")
    )
    seen: set[tuple[str, ...]] = set()
    for key, members in groups.items():
        rows = [f for f in members if f.sex in ("women", "men", "other")]
        by_sex = [f for f in rows if f.sex in ("women", "men")]
        if not by_sex or key in seen:
            continue
        seen.add(key)
        whole = _total_row(by_sex[0], printed)
        if whole is None and nature(by_sex[0]) != "share":
            continue
        if nature(by_sex[0]) == "share":
            yield from _shares(by_sex, [f for f in rows if f.sex == "other"], whole, printed)
        elif whole is not None and len(_women_and_men(by_sex)) == len(by_sex):
            yield from _whole(by_sex, [f for f in rows if f.sex == "other"], whole)


def _row(figure: KeyFigure) -> tuple[str, ...]:
    return (
        *table_of(figure),
        plain(figure.indicator),
        plain(figure.period),
        plain(figure.population),
        # "könsandel (kolumn kvinnor)" and "könsandel (kolumn män)" are one breakdown.
        "könsandel" if reading.labelled_sex_shares(figure) and figure.sex else breakdown(figure),
    )


def _women_and_men(rows: Sequence[KeyFigure]) -> dict[str, KeyFigure]:
    return {figure.sex: figure for figure in rows}


def _total_row(row: KeyFigure, figures: Sequence[KeyFigure]) -> KeyFigure | None:
    """The row for everybody that belongs to a row by sex: same breakdown, else no breakdown."""
    same = [f for f in figures if reading.everybody(f) and _row(f)[:-1] == _row(row)[:-1]]
    exact = [f for f in same if breakdown(f) == breakdown(row)]
    if exact:
        # "total" before a row without any sex: the latter may be another thing.
        return min(exact, key=lambda f: f.sex != "total")
    if reading.labelled_sex_shares(row):
        without = [f for f in same if not breakdown(f)]
        return without[0] if without else None
    return None


def _whole(by_sex: list[KeyFigure], others: list[KeyFigure], whole: KeyFigure) -> Controls:
    """Counts, amounts, means and durations."""
    if dimension(whole) != dimension(by_sex[0]):
        yield _other_units(by_sex, whole)
        return
    parts = [*by_sex, *others]
    intervals = [reading.interval(f) for f in parts]
    aim = reading.interval(whole)
    values: dict[str, Value] = {
        "total": shown(reading.value(whole)),
        "parts": Sum(tuple(shown(reading.value(f)) for f in parts)),
    }
    kind = nature(whole)
    complete = len(by_sex) == 2
    if kind in ("rate", "change", "duration"):
        if not complete:
            return
        # A number with decimals may still be a count (full-time posts): then it adds up.
        if aim.meets(intervals[0].hull(intervals[1])) or total(intervals).meets(aim):
            yield None
        elif kind != "change":
            yield Finding(
                "sexes",
                "mean_outside",
                (whole, *by_sex),
                NOT_CHECKABLE,
                values={"total": shown(reading.value(whole)), **_low_high(by_sex)},
            )
        return
    reached = total(intervals)
    decimals = reading.value(whole).decimals
    if not complete:
        # One sex alone: the other is left to be computed, but a part never exceeds a whole.
        if kind == "count" and reached.low > aim.high:
            yield Finding("sexes", "part_exceeds", (whole, *by_sex), ERROR, values=values)
        else:
            yield None
        return
    if reached.meets(aim):
        yield None
        return
    scale = reading.MONEY.get(whole.unit, 1)
    sum_of_parts = (
        sum(
            (reading.value(f).value * reading.MONEY.get(f.unit, 1) for f in parts),
            start=Fraction(0),
        )
        / scale
    )
    values["sum"] = Digits(sum_of_parts, decimals)
    values["difference"] = Digits(abs(sum_of_parts - reading.value(whole).value), decimals)
    missing_others = reached.high < aim.low and not others and reading.from_survey(whole)
    yield Finding(
        "sexes",
        "sum_others" if missing_others else "sum",
        (whole, *parts),
        NOT_CHECKABLE if missing_others else ERROR,
        None if missing_others else write(sum_of_parts, decimals),
        values,
    )


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


def shares_of_one_base(figures: Sequence[KeyFigure]) -> frozenset[str]:
    """The ids of the rows by sex that are shares of one base and no rates within a sex."""
    return frozenset(
        figure.figure_id
        for finding in sexes(figures)
        if finding is not None and finding.variant in ("distribution", "shares_of_base")
        for figure in finding.figures
    )


def _shares(
    by_sex: list[KeyFigure],
    others: list[KeyFigure],
    whole: KeyFigure | None,
    figures: Sequence[KeyFigure],
) -> Controls:
    """Percentages: rates within each sex, or shares of one base? That is decided first."""
    if len(by_sex) != 2:
        return
    rates = [reading.interval(f) for f in by_sex]
    labelled = any(reading.labelled_sex_shares(f) for f in by_sex)
    if whole and whole.unit not in reading.SHARE_UNITS:
        yield _other_units(by_sex, whole)
        return
    aim = reading.interval(whole) if whole else None
    third = others or list(_third_group(by_sex[0], figures))
    if aim and not labelled and aim.meets(_hull([*rates, *map(reading.interval, others)])):
        yield from _counts_of_rates(by_sex, whole)
        return
    parts = [*by_sex, *third]
    everyone = total(map(reading.interval, parts))
    adds_to_hundred = everyone.meets(HUNDRED)
    adds_to_total = aim is not None and total(rates).meets(aim)
    head = [whole] if whole else []
    values: dict[str, Value] = {
        "parts": Sum(tuple(shown(reading.value(f)) for f in parts)),
        "sum": Digits(
            sum((reading.value(f).value for f in parts), start=Fraction(0)),
            max(reading.value(f).decimals for f in parts),
        ),
    }
    if labelled or adds_to_total or (adds_to_hundred and (aim or third)):
        yield Finding(
            "sexes",
            "distribution" if labelled or adds_to_hundred else "shares_of_base",
            (*parts, *head),
            OTHER_MEANING,
            values=values,
        )
        if adds_to_total and not adds_to_hundred:
            return
        yield from _against_hundred(parts, everyone, values)
    elif aim is None:
        if adds_to_hundred:
            yield Finding(
                "sexes", "perhaps_distribution", tuple(parts), NOT_CHECKABLE, values=values
            )
    elif whole is not None:
        yield _total_outside(by_sex, whole)


def _against_hundred(
    parts: list[KeyFigure], everyone: Interval, values: dict[str, Value]
) -> Controls:
    if everyone.meets(HUNDRED):
        yield None
    elif everyone.low > 100:
        yield Finding("sexes", "above_hundred", tuple(parts), ERROR, values=dict(values))
    else:
        yield Finding("sexes", "below_hundred", tuple(parts), NOT_CHECKABLE, values=dict(values))


def _total_outside(by_sex: list[KeyFigure], whole: KeyFigure) -> Finding:
    bases = [f.denominator for f in by_sex]
    exhaustive = (
        whole.denominator is not None
        and None not in bases
        and sum(base or 0 for base in bases) == whole.denominator
    )
    return Finding(
        "sexes",
        "outside_exhaustive" if exhaustive else "outside",
        (whole, *by_sex),
        ERROR if exhaustive else NOT_CHECKABLE,
        values={"total": shown(reading.value(whole)), **_low_high(by_sex)},
    )


def _counts_of_rates(by_sex: list[KeyFigure], whole: KeyFigure | None) -> Controls:
    """A total inside its groups holds; stated counts must add up as well."""
    yield None
    if whole is None:
        return
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


def _third_group(row: KeyFigure, figures: Sequence[KeyFigure]) -> Iterator[KeyFigure]:
    """ "Vill inte uppge kön" in the same table, nearest below: first with the same indicator."""
    candidates = [
        f
        for f in figures
        if reading.no_stated_sex(f)
        and nature(f) == "share"
        and table_of(f) == table_of(row)
        and plain(f.population) == plain(row.population)
        and plain(f.period) == plain(row.period)
    ]
    same = [f for f in candidates if plain(f.indicator) == plain(row.indicator)]
    mine = same or [f for f in candidates if not _belongs_elsewhere(f, row, figures)]
    if mine:
        yield min(mine, key=lambda f: abs(f.row - row.row))


def _belongs_elsewhere(third: KeyFigure, row: KeyFigure, figures: Sequence[KeyFigure]) -> bool:
    """A third group whose own indicator has rows by sex belongs to those."""
    return any(
        f.sex in ("women", "men") and plain(f.indicator) == plain(third.indicator)
        for f in figures
        if f is not row
    )


def _hull(intervals: list[Interval]) -> Interval:
    hull = intervals[0]
    for interval in intervals[1:]:
        hull = hull.hull(interval)
    return hull


def _low_high(rows: list[KeyFigure]) -> dict[str, Digits]:
    ordered = sorted((reading.value(f) for f in rows), key=lambda printed: printed.value)
    return {"low": shown(ordered[0]), "high": shown(ordered[-1])}
