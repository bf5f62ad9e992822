"""What the rows of a printed table are: decided before anything is added up.

A row by sex can be a count, a rate within that sex, or that sex's share of one base; a row with a
breakdown can be a part, a "varav", one answer of a scale, a lower limit, or a budget. Each rule
asks here, so that all rules read a table alike.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from fractions import Fraction
from typing import Literal, TypeVar

from umea_eval.datasets.key_figures.printed import Interval, Printed
from umea_eval.datasets.key_figures.schema import KeyFigure, plain

Nature = Literal["count", "amount", "share", "change", "rate", "duration"]
K = TypeVar("K", bound=Hashable)

SHARE_UNITS = frozenset({"procent", "%", "andel (%)", "andel"})
POINT_UNITS = frozenset({"procentenheter", "procentenhet", "%-enheter"})
# How many kronor one unit is.
MONEY = {
    "kr": 1,
    "kronor": 1,
    "sek": 1,
    "tkr": 1_000,
    "kkr": 1_000,
    "tusen kronor": 1_000,
    "ksek": 1_000,
    "mnkr": 1_000_000,
    "mkr": 1_000_000,
    "milj. kr": 1_000_000,
    "miljoner kronor": 1_000_000,
    "msek": 1_000_000,
    "mdkr": 1_000_000_000,
}
_RATE_UNITS = frozenset({"index", "cni", "gånger", "kvot", "poäng", "riskvärde", "betyg"})
_DURATIONS = frozenset({"dagar", "veckor", "månader", "år", "timmar", "minuter", "halvdagar"})

_MEAN = re.compile(
    r"genomsnitt|\bmedel(värde|tal|antal|ålder|tid)?\b|median|\bsnitt|index\b|\bkvot|\bper\b|"
    r"/(ärende|person|barn|hushåll|plats|dygn|månad|år)\b|pris(er|et)?\b|\brv\b|tjänstgöringsgrad"
)
_CHANGE = re.compile(r"förändring|jämfört med|\wökning\b|\bökning|minskning\b|förbättring av")
_SEX_SHARES = re.compile(
    r"könsandel|könsfördelning|fördelning (på|efter|mellan|av) kön|andel av (de |samtliga )?"
    r"(svarande|deltagare|respondenter)|av de svarande"
)
_NO_STATED_SEX = re.compile(
    r"(uppger?|ange[rs]?|angivit|svara[rt]?).{0,8} kön|annat kön|annan könsidentitet|icke-?binär|"
    r"okänt kön|kön okänt|annat alternativ"
)
_SURVEY = re.compile(r"enkät|svarande|upplever|nöjd|undersökning|respondent")
_TOTAL = re.compile(r"(^|\W)(total(t|a|en)?|summa|samtliga|sammanlagt)(\W|$)")
_OF_WHICH = re.compile(r"\bvarav\b|\bdärav\b")
_LIMIT = re.compile(r"\b(undre|övre|nedre|högsta|lägsta) gräns|\b(min|max|lägst|högst)\b")
_ACCUMULATED = re.compile(r"ackumulera|\back\b")
_APPROXIMATE = re.compile(r"\b(ca|cirka|ungefär|omkring|drygt|knappt|uppskatt\w*)\b")
_REST = re.compile(r"övrig|annat|annan|okän|vet (ej|inte)|resten|ej uppgift")


def group(figures: Iterable[KeyFigure], key: Callable[[KeyFigure], K]) -> dict[K, list[KeyFigure]]:
    """The figures by key, in the order in which the keys first occur."""
    groups: dict[K, list[KeyFigure]] = defaultdict(list)
    for figure in figures:
        groups[key(figure)].append(figure)
    return dict(groups)


def table_of(figure: KeyFigure) -> tuple[str, str]:
    """The printed table that a figure stands in."""
    return plain(figure.document), plain(figure.section)


def nature(figure: KeyFigure) -> Nature:
    """What kind of number the figure is, from its unit and its words."""
    words, unit = plain(figure.indicator), figure.unit
    counted = words.startswith(("antal ", "antalet "))
    in_shares = unit in SHARE_UNITS
    kinds: tuple[tuple[Nature, bool], ...] = (
        ("change", bool(_CHANGE.search(words)) and (in_shares or unit in POINT_UNITS)),
        ("change", bool(_CHANGE.search(words)) and not counted),
        ("share", in_shares),
        ("rate", unit in _RATE_UNITS or bool(_MEAN.search(words) or _MEAN.search(unit))),
        ("amount", unit in MONEY),
        ("rate", figure.value is not None and bool(figure.value.decimals)),
        ("duration", unit in _DURATIONS and not counted),
    )
    return next((kind for kind, fits in kinds if fits), "count")


def interval(figure: KeyFigure) -> Interval:
    """The values that the printed digits can stand for: a whole count is exact, all else rounded.

    Money is in kronor. Only for figures that have a value.
    """
    printed = value(figure)
    if nature(figure) == "count" and printed.decimals == 0:
        return printed.exactly()
    return printed.rounded_from() * Fraction(MONEY.get(figure.unit, 1))


def value(figure: KeyFigure) -> Printed:
    """The figure's number; the rules only ask for it where there is one."""
    if figure.value is None:
        raise ValueError(f"{figure.figure_id} has no value")
    return figure.value


def dimension(figure: KeyFigure) -> str:
    """Units that can be compared have one dimension: kr, tkr and mnkr are all "kr"."""
    if figure.unit in MONEY:
        return "kr"
    return "procent" if figure.unit in SHARE_UNITS else figure.unit


def everybody(figure: KeyFigure) -> bool:
    """Whether the row is about all sexes together."""
    return figure.sex in ("", "total")


def breakdown(figure: KeyFigure) -> str:
    """The breakdown for comparison; words that only say "in total" are no breakdown."""
    words = plain(figure.breakdown)
    return "" if words in ("total", "totalt", "samtliga", "alla", "summa") else words


def is_total_row(figure: KeyFigure) -> bool:
    return (
        everybody(figure)
        and (not breakdown(figure) or bool(_TOTAL.search(breakdown(figure))))
        and not is_of_which(figure)
    )


def is_of_which(figure: KeyFigure) -> bool:
    return bool(_OF_WHICH.search(plain(f"{figure.indicator} {figure.breakdown}")))


def is_limit(figure: KeyFigure) -> bool:
    return bool(_LIMIT.search(plain(f"{figure.indicator} {figure.breakdown}")))


def is_accumulated(figure: KeyFigure) -> bool:
    return bool(_ACCUMULATED.search(plain(f"{figure.indicator} {figure.breakdown}")))


def is_rest(words: str) -> bool:
    """ "Övriga", "okänt": a row that makes the categories complete."""
    return bool(_REST.search(plain(words)))


def labelled_sex_shares(figure: KeyFigure) -> bool:
    """The row itself says that it is a distribution by sex."""
    return bool(_SEX_SHARES.search(plain(f"{figure.indicator} {figure.breakdown}")))


def no_stated_sex(figure: KeyFigure) -> bool:
    """ "Vill inte uppge kön" and its like."""
    return figure.sex == "other" or bool(
        _NO_STATED_SEX.search(plain(f"{figure.indicator} {figure.breakdown}"))
    )


def from_survey(figure: KeyFigure) -> bool:
    """Whether people answered for themselves: then some state no or another sex."""
    return bool(_SURVEY.search(plain(f"{figure.domain} {figure.indicator} {figure.section}")))


def stem_and_category(figure: KeyFigure) -> tuple[str, str]:
    """Split "Delaktighet: Helt" into question and answer; without a colon there is no question."""
    stem, colon, category = plain(figure.breakdown).partition(":")
    return (stem.strip(), category.strip()) if colon else ("", stem.strip())


def is_approximate(figure: KeyFigure) -> bool:
    """ "Ca", "drygt": the digits are no rounding of anything known, so nothing is computed."""
    return bool(_APPROXIMATE.search(plain(f"{figure.indicator} {figure.breakdown}")))


def year(period: str) -> int | None:
    """The year that a period begins with; None for "våren" and the like."""
    found = re.match(r"(\d{4})(?!\d)", period.strip())
    return int(found[1]) if found else None


def in_year(period: str, other: int) -> str:
    """The same period of another year: 2024-01 becomes 2023-01."""
    return re.sub(r"^\s*\d{4}", str(other), period)
