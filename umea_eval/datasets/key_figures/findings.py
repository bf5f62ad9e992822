"""What the audit says: findings with their arithmetic, and how much was checked and held."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from umea_eval.datasets.key_figures.codes import Severity
from umea_eval.datasets.key_figures.printed import Interval, Printed, write
from umea_eval.datasets.key_figures.schema import KeyFigure, plain
from umea_eval.language import Language, has_text, listing, number, text


@dataclass(frozen=True)
class Digits:
    """A number that a message shows with so many decimals."""

    value: Fraction
    decimals: int = 0

    def written(self, language: Language) -> str:
        # Rounded in fractions; the formatter only sets the signs of the language.
        rounded = Fraction(write(self.value, self.decimals))
        return number(float(rounded), language, self.decimals)


@dataclass(frozen=True)
class Sum:
    """Terms added up, as a message shows them: ``10 187 + 6 621``."""

    terms: tuple[Digits, ...]

    def written(self, language: Language) -> str:
        first, *rest = self.terms
        out = first.written(language)
        for term in rest:
            sign = "−" if term.value < 0 else "+"
            out += f" {sign} {Digits(abs(term.value), term.decimals).written(language)}"
        return out


@dataclass(frozen=True)
class Listed:
    """Several values in a row: ``84, 71 och 78``."""

    items: tuple[Digits | str, ...]

    def written(self, language: Language) -> str:
        return listing([_written(item, language) for item in self.items], language)


@dataclass(frozen=True)
class Word:
    """An entry of the catalogue inside a message."""

    key: str

    def written(self, language: Language) -> str:
        return text(self.key, language)


@dataclass(frozen=True)
class Unit:
    """A unit as printed, in the reader's language where the catalogue knows it."""

    printed: str

    def written(self, language: Language) -> str:
        return unit_name(self.printed, language)


def unit_name(printed: str, language: Language) -> str:
    """ "tkr" is "SEK thousand" in English; an unknown unit is shown as printed."""
    key = "key_figures.unit." + plain(printed).replace("å", "a").replace("ä", "a")
    return text(key, language) if has_text(key) else printed


Value = Digits | Sum | Listed | Word | Unit | str | int


def _written(value: Value, language: Language) -> str:
    return str(value) if isinstance(value, str | int) else value.written(language)


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold together, means something else, or cannot be checked.

    ``figures`` are all figures that take part in the arithmetic, the suspected one first when it is
    known. ``would_hold`` is what would hold in place of it, in the notation of the data file; None
    when nothing can be said.
    """

    rule: str
    variant: str
    figures: tuple[KeyFigure, ...]
    severity: Severity
    would_hold: str | None = None
    values: Mapping[str, Value] = field(default_factory=dict, compare=False)

    @property
    def finding_id(self) -> str:
        """Stable between runs: the rule and the figures, whatever else changes in the file."""
        ids = ",".join(sorted(figure.figure_id for figure in self.figures))
        return "f" + hashlib.sha256(f"{self.rule}:{ids}".encode()).hexdigest()[:8]

    @property
    def printed(self) -> tuple[str, ...]:
        return tuple(figure.printed for figure in self.figures)

    def text(self, language: Language) -> str:
        """The finding in plain words with its arithmetic."""
        values = {name: _written(value, language) for name, value in self.values.items()}
        return text(f"key_figures.audit.{self.rule}.{self.variant}", language, **values)

    def about(self, language: Language) -> str:
        """What the first figure is about: indicator, breakdown, period."""
        first = self.figures[0]
        parts = [first.indicator, first.breakdown, first.period]
        return ", ".join(part for part in parts if part)

    def sources(self) -> tuple[str, ...]:
        """Where the figures stand: source file and line, each once, in order."""
        return tuple(dict.fromkeys(figure.source for figure in self.figures if figure.source))


# A control either holds (None) or gives a finding.
Controls = Iterator[Finding | None]


@dataclass(frozen=True)
class Audit:
    """All findings, worst first and then in the file's order; and how many controls were made."""

    figures: tuple[KeyFigure, ...]
    findings: tuple[Finding, ...]
    controls: int
    hold: int

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == severity)


def shown(printed: Printed) -> Digits:
    """A printed number with its own digits."""
    return Digits(printed.value, printed.decimals)


def only_rounding(printed: Printed, possible: Interval) -> bool:
    """Whether cutting or rounding the wrong way explains the difference.

    True when some possible value is less than one unit of the last digit away: then the digits were
    cut off, or rounded up, where they should have been rounded.
    """
    allowed = Interval(printed.value, printed.value).widened(printed.unit_of_last_digit)
    return possible.low < allowed.high and allowed.low < possible.high


def names(figures: Sequence[KeyFigure]) -> Listed:
    return Listed(tuple(figure.figure_id for figure in figures))
