"""Does an account add up: budget and outcome, income and cost, month upon month?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.codes import ERROR, NOT_CHECKABLE
from umea_eval.datasets.key_figures.findings import Controls, Digits, Finding, Unit, shown
from umea_eval.datasets.key_figures.printed import Printed, total, write
from umea_eval.datasets.key_figures.reading import breakdown, nature, table_of
from umea_eval.datasets.key_figures.schema import KeyFigure, plain

_DEVIATION = re.compile(r"(budget|prognos)?avvikelse( helår| mot budget)?")
_OUTCOME = re.compile(r"(utfall|bokslut)( helår)?( \d{4})?")
_BUDGET = re.compile(r"budget( helår)?( \d{4})?")
_FORECAST = re.compile(r"(hel)?års?prognos|prognos( helår)?( \d{4})?")
# What is open may be closed again: a stock that is read off each month.
_STOCK = re.compile(r"\b(ej|inte|öppna|pågående|väntande|kö)\b")
_INCOME = re.compile(r"\b\w*intäkter\b")
_COST = re.compile(r"\b(?!netto)\w*kostnader\b")
_NET = re.compile(r"\bnetto(kostnad(er)?|resultat)?\b|^resultat\b")


def deviations(figures: Sequence[KeyFigure]) -> Controls:
    """Outcome less budget is the deviation, in each row of an account."""
    usable = [f for f in figures if f.value is not None]
    rows = reading.group(
        usable,
        lambda f: (*table_of(f), plain(f.indicator), plain(f.period), plain(f.population), f.sex),
    )
    for members in rows.values():
        columns = {breakdown(f): f for f in members}

        def column(
            name: re.Pattern[str], among: dict[str, KeyFigure] = columns
        ) -> KeyFigure | None:
            return next((f for words, f in among.items() if name.fullmatch(words)), None)

        budget, outcome, deviation = column(_BUDGET), column(_OUTCOME), column(_DEVIATION)
        forecast = column(_FORECAST)
        if budget is None or deviation is None or (outcome is None and forecast is None):
            continue
        if len({reading.dimension(f) for f in (budget, deviation)}) > 1:
            continue
        yield _deviation(deviation, budget, [f for f in (outcome, forecast) if f is not None])


def _deviation(
    deviation: KeyFigure, budget: KeyFigure, outcomes: Sequence[KeyFigure]
) -> Finding | None:
    """The deviation of the outcome, or of the forecast where there is one."""
    aim, printed = reading.interval(deviation), reading.value(deviation)
    # Where costs are printed without a sign, a deviation may be budget less outcome.
    signed = reading.value(budget).value < 0
    for outcome in outcomes:
        reached = reading.interval(outcome) - reading.interval(budget)
        if reached.meets(aim) or (not signed and (-reached).meets(aim)):
            return None
    outcome = outcomes[0]
    face = (_face(outcome) - _face(budget)) / reading.MONEY.get(deviation.unit, 1)
    if not signed and (face < 0) != (printed.value < 0):
        face = -face
    return Finding(
        "deviation",
        "sum",
        (deviation, outcome, budget),
        ERROR,
        write(face, printed.decimals),
        {
            "outcome": shown(reading.value(outcome)),
            "budget": shown(reading.value(budget)),
            "printed": shown(printed),
            "computed": Digits(face, printed.decimals),
            "unit": Unit(deviation.unit),
        },
    )


def net_costs(figures: Sequence[KeyFigure]) -> Controls:
    """Income and cost against net cost; a row may be left out, so a gap is no proven error."""
    usable = [
        f
        for f in figures
        if f.value is not None
        and f.unit in reading.MONEY
        and not reading.is_accumulated(f)
        and nature(f) == "amount"
    ]
    by_row = reading.group(
        usable,
        lambda f: (*table_of(f), plain(f.period), plain(f.population), breakdown(f), f.sex),
    )
    for members in by_row.values():
        net = [f for f in members if _NET.search(plain(f.indicator))]
        income = [f for f in members if _INCOME.search(plain(f.indicator))]
        cost = [f for f in members if f not in net and _COST.search(plain(f.indicator))]
        if not len(net) == len(income) == len(cost) == 1:
            continue
        if len({_whose(f) for f in (*net, *income, *cost)} - {""}) > 1:
            continue
        rest = [f for f in members if f not in (*net, *income, *cost)]
        yield _net_cost(net[0], income[0], cost[0], rest)
    # The same account with income, cost and net as columns.
    by_column = reading.group(
        usable,
        lambda f: (
            *table_of(f),
            plain(f.period),
            plain(f.population),
            plain(f.indicator),
            f.sex,
        ),
    )
    for members in by_column.values():
        columns = {breakdown(f): f for f in members}
        net_name = next((name for name in columns if _NET.fullmatch(name)), "")
        if {"intäkter", "kostnader"} <= set(columns) and net_name:
            yield _net_cost(columns[net_name], columns["intäkter"], columns["kostnader"], [])


def _net_cost(
    net: KeyFigure, income: KeyFigure, cost: KeyFigure, rest: Sequence[KeyFigure]
) -> Finding | None:
    added = reading.interval(income) + reading.interval(cost)
    # Costs printed without a sign: net cost is cost less income.
    less = reading.interval(cost) - reading.interval(income)
    aim = reading.interval(net)
    positive = reading.value(cost).value > 0 and not _DEVIATION.fullmatch(breakdown(net))
    if added.meets(aim) or (positive and (less.meets(aim) or (-less).meets(aim))):
        return None
    # Another row of the account, such as depreciation, may close the gap.
    others = [reading.interval(f) for f in rest]
    if others and any((added + gap).meets(aim) for gap in (*others, total(others))):
        return None
    sign = -1 if positive else 1
    face = (_face(cost) + sign * _face(income)) / reading.MONEY[net.unit]
    if positive and reading.value(net).value < 0:
        face = -face
    printed = reading.value(net)
    return Finding(
        "net_cost",
        "gap",
        (net, income, cost),
        NOT_CHECKABLE,
        None,
        {
            "income": shown(reading.value(income)),
            "cost": shown(reading.value(cost)),
            "printed": shown(printed),
            "computed": Digits(face, printed.decimals),
            "gap": Digits(abs(face - printed.value), printed.decimals),
            "unit": Unit(net.unit),
        },
    )


def _whose(figure: KeyFigure) -> str:
    """What an income, cost or net is of: "Intäkter FO" is of "fo"."""
    words = re.sub(
        rf"{_INCOME.pattern}|{_COST.pattern}|{_NET.pattern}|verksamhetens",
        " ",
        plain(figure.indicator),
    )
    return " ".join(re.findall(r"\w+", words))


def accumulated(figures: Sequence[KeyFigure]) -> Controls:
    """A cumulated monthly series of counts or costs only grows, and ends in the year's figure.

    A cumulated deviation may turn and is only held against the year's figure.
    """
    usable = [
        f
        for f in figures
        if f.value is not None
        and reading.is_accumulated(f)
        and re.fullmatch(r"\d{4}-\d{2}", f.period.strip())
        and (f.unit in reading.MONEY or reading.nature(f) == "count")
    ]
    for members in reading.group(
        usable,
        lambda f: (
            *table_of(f),
            plain(f.indicator),
            plain(f.population),
            f.sex,
            f.period.strip()[:4],
            f.unit,
        ),
    ).values():
        series = sorted(members, key=lambda f: f.period)
        if len(series) < 3 or len({f.period for f in series}) != len(series):
            continue
        if not re.search(r"avvikelse|resultat", plain(series[0].indicator)):
            yield from _grows(series)
        if series[-1].period.strip().endswith("-12"):
            yield from _ends_in_year(series[-1], figures)


def _grows(series: list[KeyFigure]) -> Controls:
    values = [reading.value(f) for f in series]
    sign = -1 if values[-1].value < 0 else 1
    steps = [sign * (b.value - a.value) for a, b in pairwise(values)]
    for place, step in enumerate(steps):
        slack = values[place].unit_of_last_digit if series[0].unit in reading.MONEY else 0
        if step + slack >= 0:
            yield None
            continue
        suspect = _misprint(values, steps, place, sign)
        before, after = series[place], series[place + 1]
        pair = (before, after) if suspect != place + 1 else (after, before)
        stock = bool(_STOCK.search(plain(before.indicator)))
        sure = (suspect is not None or before.unit not in reading.MONEY) and not stock
        yield Finding(
            "accumulated",
            "misprint" if suspect is not None and sure else "falls",
            pair,
            ERROR if sure else NOT_CHECKABLE,
            values={
                "before": shown(values[place]),
                "after": shown(values[place + 1]),
                "first": before.period,
                "second": after.period,
                "unit": Unit(before.unit),
            },
        )


def _misprint(values: list[Printed], steps: list[Fraction], place: int, sign: int) -> int | None:
    """The one month whose figure, left out, makes the series grow as evenly as elsewhere."""
    usual = sorted(step for step in steps if step >= 0)
    if len(usual) < 5:
        return None
    step = usual[len(usual) // 2]
    for suspect in (place, place + 1):
        if not 0 < suspect < len(values) - 1:
            continue
        across = sign * (values[suspect + 1].value - values[suspect - 1].value)
        others = [s for i, s in enumerate(steps) if i not in (suspect - 1, suspect)]
        # Without the suspect, two months have passed: about two usual steps.
        if step <= across <= 4 * step and all(other >= 0 for other in others):
            return suspect
    return None


def _ends_in_year(last: KeyFigure, figures: Sequence[KeyFigure]) -> Controls:
    """December's cumulated figure against the same account for the year, wherever it stands."""
    name = _account_name(last)
    for figure in figures:
        if (
            figure.value is not None
            and figure.period.strip() == last.period.strip()[:4]
            and reading.dimension(figure) == reading.dimension(last)
            and plain(figure.population) == plain(last.population)
            and figure.sex == last.sex
            and not reading.is_accumulated(figure)
            and _account_name(figure) == name
        ):
            holds = reading.interval(figure).meets(reading.interval(last))
            final = reading.same_meaning(last, figure)
            yield (
                None
                if holds
                else Finding(
                    "accumulated",
                    "year" if final else "year_preliminary",
                    (last, figure),
                    ERROR if final else NOT_CHECKABLE,
                    values={
                        "december": shown(reading.value(last)),
                        "unit": Unit(last.unit),
                        "year": shown(reading.value(figure)),
                        "year_unit": Unit(figure.unit),
                    },
                )
            )


def months_add_up(figures: Sequence[KeyFigure]) -> Controls:
    """Figures of single months against the cumulated figure of the same account."""
    monthly = [
        f
        for f in figures
        if f.value is not None
        and re.fullmatch(r"\d{4}-\d{2}", f.period.strip())
        and reading.nature(f) in ("count", "amount")
    ]
    for members in reading.group(
        monthly,
        lambda f: (
            *table_of(f),
            _account_name(f),
            plain(f.population),
            f.sex,
            f.period.strip()[:4],
            f.unit,
        ),
    ).values():
        single = {f.period.strip()[5:]: f for f in members if not reading.is_accumulated(f)}
        for figure in (f for f in members if reading.is_accumulated(f)):
            last = int(figure.period.strip()[5:])
            parts = [single.get(f"{month:02d}") for month in range(1, last + 1)]
            known = [part for part in parts if part is not None]
            if last < 2 or len(known) != last:
                continue
            reached, aim = total(map(reading.interval, known)), reading.interval(figure)
            if reached.meets(aim):
                yield None
                continue
            largest = max(reading.value(f).value for f in known)
            once = figure.unit in ("dygn", "vårddygn") or figure.unit in reading.MONEY
            if not once and largest <= reading.value(figure).value <= reached.high:
                # One person counts in several months but once in all of them together.
                yield None
                continue
            printed = reading.value(figure)
            face = sum((reading.value(f).value for f in known), start=Fraction(0))
            yield Finding(
                "accumulated",
                "months",
                (figure, *known),
                ERROR,
                write(face, printed.decimals),
                {
                    "month": figure.period,
                    "sum": Digits(face, printed.decimals),
                    "printed": shown(printed),
                    "unit": Unit(figure.unit),
                },
            )


def _account_name(figure: KeyFigure) -> tuple[str, ...]:
    """A series "Utfall 2023, nettokostnader" and a row "Nettokostnad", "Utfall" are one account."""
    words = re.sub(
        r"\b\d{4}\b|\backumulera\w*( jan\S*)?|\bper månad\b|\bmånad(en)?\b",
        " ",
        plain(f"{figure.indicator} {figure.breakdown}"),
    )
    stems = [re.sub(r"(erna|er|ens|s)$", "", word) for word in re.findall(r"\w+", words)]
    return tuple(sorted(stems))


def _face(figure: KeyFigure) -> Fraction:
    return reading.value(figure).value * reading.MONEY.get(figure.unit, 1)
