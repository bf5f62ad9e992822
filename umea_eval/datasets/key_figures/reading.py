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
from functools import lru_cache
from typing import Literal, TypeVar

from umea_eval.datasets.key_figures.printed import Interval, Printed
from umea_eval.datasets.key_figures.schema import KeyFigure, plain

Nature = Literal["count", "amount", "share", "change", "rate", "duration"]
K = TypeVar("K", bound=Hashable)

SHARE_UNITS = frozenset({"procent", "%", "andel (%)"})
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

# Units in which nobody rounds; all other numbers may be rounded, also whole ones.
_COUNTED = frozenset(
    {
        "antal",
        "st",
        "stycken",
        "personer",
        "individer",
        "barn",
        "ungdomar",
        "elever",
        "brukare",
        "hushåll",
        "familjer",
        "ärenden",
        "dygn",
        "vårddygn",
        "platser",
        "beslut",
        "insatser",
        "placeringar",
        "anmälningar",
        "avvikelser",
    }
)
_ROUNDED = re.compile(r"årsarbet|årsanställ|årsverk|\btjänst|tusen|timm|\bton\b")
_SHARED_COUNT = re.compile(r"\bsom en\b|\bper\b|\bvarje\b|\bi snitt\b")

_MEAN = re.compile(
    r"genomsnitt|\bmedel(värde|tal|antal|ålder|tid)?\b|median|\bsnitt|index\b|\bkvot|\bper\b|"
    r"/(ärende|person|barn|hushåll|plats|dygn|månad|år)\b|pris(er|et)?\b|\brv\b|"
    r"tjänstgöringsgrad|meritvärde|\bbetyg|lön\b"
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
_SURVEY = re.compile(r"enkät|svar(ande)?\b|upplever|nöjd|undersökning|respondent|index")
_TOTAL = re.compile(r"(^|\W)(total(t|a|en)?|summa|samtliga|sammanlagt)(\W|$)")
_OF_WHICH = re.compile(r"\bvarav\b|\bdärav\b")
_LIMIT = re.compile(r"\b(undre|övre|nedre|högsta|lägsta) gräns|\b(min|max|lägst|högst)\b")
_ACCUMULATED = re.compile(r"ackumulera|\back\b")
_APPROXIMATE = re.compile(r"\b(ca|cirka|ungefär|omkring|drygt|knappt|uppskatt\w*)\b")
_REST = re.compile(r"övrig(t|a)|annat|okänt|resten|uppgift saknas|ej uppgift")
# A later paper may rightly print another number than an earlier forecast or budget.
_PRELIMINARY = re.compile(
    r"prognos|delår|månads?rapport|revidera|preliminär|\bbudget\b|internbudget|tertial|kvartal|"
    r"\b(per|t\.?o\.?m|till och med) (jan|feb|mars|apr|maj|jun|jul|aug|sep|okt|nov)"
)
# Sections about the whole paper: a figure there is the same as in the section about its subject.
_GENERAL = re.compile(
    r"^$|sammanfattning|missiv|bildspel|inledning|bakgrund|översikt|förord|nyckeltal|resultat|"
    r"måluppfyllelse|ekonomi|bedömning|verksamhetsstatistik|bilaga|redovisning"
)


def group(figures: Iterable[KeyFigure], key: Callable[[KeyFigure], K]) -> dict[K, list[KeyFigure]]:
    """The figures by key, in the order in which the keys first occur."""
    groups: dict[K, list[KeyFigure]] = defaultdict(list)
    for figure in figures:
        groups[key(figure)].append(figure)
    return dict(groups)


@lru_cache(maxsize=20_000)
def table_of(figure: KeyFigure) -> tuple[str, str]:
    """The printed table that a figure stands in."""
    return plain(figure.document), plain(figure.section)


@lru_cache(maxsize=20_000)
def nature(figure: KeyFigure) -> Nature:
    """What kind of number the figure is, from its unit and its words."""
    words, unit = plain(figure.indicator), figure.unit
    if _CHANGE.search(plain(figure.breakdown)):
        words += ", " + plain(figure.breakdown)
    counted = words.startswith(("antal ", "antalet "))
    in_shares = unit in SHARE_UNITS
    whole = figure.value is None or figure.value.value.denominator == 1
    kinds: tuple[tuple[Nature, bool], ...] = (
        ("change", bool(_CHANGE.search(words)) and (in_shares or unit in POINT_UNITS)),
        ("change", bool(_CHANGE.search(words)) and not counted),
        ("change", bool(re.search(r"förändring|jämfört med", words)) and unit != "gånger"),
        ("share", in_shares),
        ("rate", unit in _RATE_UNITS or bool(_MEAN.search(words) or _MEAN.search(unit))),
        ("amount", unit in MONEY),
        # "118.0" in a column of counts is a whole number that a program wrote.
        ("rate", not whole or (figure.value is not None and _has_decimals(figure))),
        ("duration", unit in _DURATIONS and not counted),
    )
    return next((kind for kind, fits in kinds if fits), "count")


@lru_cache(maxsize=20_000)
def interval(figure: KeyFigure) -> Interval:
    """The values that the printed digits can stand for: a count is exact, all else rounded.

    Money is in kronor. Only for figures that have a value.
    """
    printed = value(figure)
    if is_exact(figure):
        return printed.exactly()
    return printed.rounded_from() * Fraction(MONEY.get(figure.unit, 1))


@lru_cache(maxsize=20_000)
def is_exact(figure: KeyFigure) -> bool:
    """Whether the number is a count that nobody rounds: persons, days, decisions."""
    words = plain(f"{figure.indicator} {figure.unit}")
    counted = figure.unit in _COUNTED or figure.unit.startswith("antal ")
    # Benefit months are counted; months of waiting are rounded.
    months = figure.unit == "månader" and words.startswith(("antal ", "antalet "))
    return nature(figure) == "count" and (counted or months) and not _ROUNDED.search(words)


@lru_cache(maxsize=20_000)
def adds_up(figure: KeyFigure) -> bool:
    """Whether the number surely is a sum over persons or things, and no mean under another name."""
    words = plain(figure.indicator)
    return is_exact(figure) and (
        (words.startswith(("antal ", "antalet ")) and not _SHARED_COUNT.search(words))
        or figure.unit in ("dygn", "vårddygn")
    )


def _has_decimals(figure: KeyFigure) -> bool:
    return value(figure).decimals > 0 and figure.unit not in _COUNTED


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


@lru_cache(maxsize=20_000)
def breakdown(figure: KeyFigure) -> str:
    """The breakdown for comparison; words that only say "in total" are no breakdown."""
    words = plain(figure.breakdown)
    return "" if words in ("total", "totalt", "samtliga", "alla", "summa") else words


@lru_cache(maxsize=20_000)
def is_total_row(figure: KeyFigure) -> bool:
    return (
        everybody(figure)
        and (not breakdown(figure) or bool(_TOTAL.search(breakdown(figure))))
        and not is_of_which(figure)
    )


@lru_cache(maxsize=20_000)
def is_of_which(figure: KeyFigure) -> bool:
    return bool(_OF_WHICH.search(plain(f"{figure.indicator} {figure.breakdown}")))


@lru_cache(maxsize=20_000)
def is_limit(figure: KeyFigure) -> bool:
    return bool(_LIMIT.search(plain(f"{figure.indicator} {figure.breakdown}")))


@lru_cache(maxsize=20_000)
def is_accumulated(figure: KeyFigure) -> bool:
    return bool(_ACCUMULATED.search(plain(f"{figure.indicator} {figure.breakdown}")))


def is_rest(words: str) -> bool:
    """Whether the label alone says "övriga" or "okänt": a row that completes the categories."""
    return bool(_REST.fullmatch(plain(words)))


@lru_cache(maxsize=20_000)
def labelled_sex_shares(figure: KeyFigure) -> bool:
    """The row itself says that it is a distribution by sex."""
    return bool(_SEX_SHARES.search(plain(f"{figure.indicator} {figure.breakdown}")))


@lru_cache(maxsize=20_000)
def no_stated_sex(figure: KeyFigure) -> bool:
    """ "Vill inte uppge kön" and its like."""
    return figure.sex == "other" or bool(
        _NO_STATED_SEX.search(plain(f"{figure.indicator} {figure.breakdown}"))
    )


@lru_cache(maxsize=20_000)
def from_survey(figure: KeyFigure) -> bool:
    """Whether people answered for themselves: then some state no or another sex."""
    return bool(_SURVEY.search(plain(f"{figure.domain} {figure.indicator} {figure.section}")))


@lru_cache(maxsize=20_000)
def stem_and_category(figure: KeyFigure) -> tuple[str, str]:
    """Split "Delaktighet: Helt" into question and answer; without a colon there is no question."""
    stem, colon, category = plain(figure.breakdown).partition(":")
    return (stem.strip(), category.strip()) if colon else ("", stem.strip())


@lru_cache(maxsize=20_000)
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


def same_meaning(first: KeyFigure, other: KeyFigure) -> bool:
    """Whether two rows of one name surely mean one thing.

    A section may be about one branch of the population, so two special sections may differ; and a
    forecast, a budget or a part-year report is not the final figure.
    """
    if first.domain != other.domain or first.sex != other.sex:
        return False
    words = [plain(f"{f.document} {f.indicator} {f.breakdown}") for f in (first, other)]
    if first.document != other.document and any(_PRELIMINARY.search(w) for w in words):
        return False
    sections = [plain(f.section) for f in (first, other)]
    return sections[0] == sections[1] or any(_GENERAL.search(section) for section in sections)
