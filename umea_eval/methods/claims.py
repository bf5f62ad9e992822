"""How much may be said? The design sets the ceiling; interval, margin and diagnostics can lower it.

The four levels are those of the product's definitions ("How much may be claimed"): (1) a level,
(2) a difference or change, (3) a change that coincides with an event, (4) an effect. A sentence is
chosen by rule, so that the same numbers always give the same words.

A report that makes several claims makes them as one family, named in its plan: ``shared`` gives the
confidence at which all its intervals hold together (Bonferroni), so that at most one report in
twenty says of anything that it differs, or that it does not, when that is false.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal

import pandas as pd

from umea_eval.language import Language, Words, fill, text
from umea_eval.language import number as format_number


class Level(IntEnum):
    """What is claimed, from least to most."""

    LEVEL = 1
    CHANGE = 2
    COINCIDES = 3
    EFFECT = 4


Design = Literal["description", "comparison", "single_series", "comparison_group", "assigned"]
"""``description``: one group at one time. ``comparison``: groups or times beside each other.
``single_series``: one series with an event in it. ``comparison_group``: a credible one that did not
get what is studied. ``assigned``: the introduction was decided by somebody else, at several dates.
"""
CEILING: dict[Design, Level] = {
    "description": Level.LEVEL,
    "comparison": Level.CHANGE,
    "single_series": Level.COINCIDES,
    "comparison_group": Level.EFFECT,
    "assigned": Level.EFFECT,
}
Outcome = Literal["stated", "higher", "lower", "unchanged", "undetermined", "withheld"]
Scale = Literal["difference", "ratio"]
Unit = Literal["points", "number"]


@dataclass(frozen=True)
class Diagnostic:
    """A check that lowers what may be claimed when it fails; ``words`` say what it found.

    ``caps`` is the highest level that is left when it has failed. One that passes changes nothing:
    a passed test never raises a claim.
    """

    passed: bool
    words: Words
    caps: Level = Level.CHANGE


@dataclass(frozen=True)
class Claim:
    """A conclusion: its level, its outcome, the numbers it rests on, and why it is not higher."""

    level: Level
    outcome: Outcome
    value: float
    lower: float
    upper: float
    confidence: float
    scale: Scale
    margin: float | None
    detectable: float | None
    reasons: tuple[Words, ...]

    def text(
        self,
        language: Language,
        *,
        subject: Words,
        event: Words | None = None,
        unit: Unit = "number",
        decimals: int = 1,
    ) -> str:
        """The sentence, and a sentence for each reason why no more is said.

        ``subject`` begins the sentence ("Andelen … bland kvinnor jämfört med män"); ``event`` is
        needed at level 3. ``unit`` ``points``: the numbers are shares, shown in percentage points.
        """
        if self.outcome == "withheld":
            return text("methods.claims.withheld", language, subject=fill(subject, language))
        points = unit == "points" and self.scale == "difference"

        def shown(number: float) -> str:  # a share is a number from 0 to 1
            return format_number(100 * number if points else number, language, decimals)

        written: dict[str, str] = {"lower": shown(self.lower), "upper": shown(self.upper)}
        for name in ("value", "margin", "detectable"):
            number = getattr(self, name)
            if number is not None:
                key = "methods.claims.points" if points else "methods.claims.number"
                written[name] = text(key, language, number=shown(number))
        words = {
            **written,
            "subject": fill(subject, language),
            "event": fill(event, language) if event else "",
            "confidence": _percentage(self.confidence, language),
        }
        key = f"methods.claims.{self.level.name.lower()}_{self.outcome}"
        sentences = [text(key, language, **words)]
        if self.outcome == "undetermined" and "detectable" in words:
            key = "detectable_ratio" if self.scale == "ratio" else "detectable"
            sentences.append(text(f"methods.claims.{key}", language, **words))
        sentences += [fill(reason, language) for reason in self.reasons]
        return " ".join(sentences)


@dataclass(frozen=True)
class Statement:
    """A claim with what it is said of: all that a sentence needs but the language.

    ``subject`` begins the sentence, with ``inserted`` words (keys, or words in each language)
    filled in by name; the rest is as in ``Claim.text``.
    """

    claim: Claim
    subject: Words
    inserted: Mapping[str, Words] = field(default_factory=dict)
    event: Words | None = None
    unit: Unit = "number"
    decimals: int = 1

    def text(self, language: Language) -> str:
        """The sentences, made of nothing but the numbers of the claim."""
        own = {name: fill(words, language) for name, words in self.inserted.items()}
        subject = fill(self.subject, language, **own)
        return self.claim.text(
            language,
            subject={language: subject.replace("{", "{{").replace("}", "}}")},
            event=self.event,
            unit=self.unit,
            decimals=self.decimals,
        )


def shared(claims: int, alpha: float = 0.05) -> float:
    """The confidence of each of so many ``claims`` at which all hold together: 1 - alpha / claims.

    The interval decides both what is called different and what is called unchanged, so that one
    bound holds for false claims of either kind. Source: Bonferroni; Dunn 1961, JASA 56:52-64.
    """
    return 1 - alpha / max(claims, 1)


def estimate(row: Mapping[Any, Any]) -> tuple[float, float, float]:
    """``value``, ``lower`` and ``upper`` of a row; nan where it is missing, that is withheld."""
    found = [known(row[name]) for name in ("value", "lower", "upper")]
    value, lower, upper = (math.nan if each is None else each for each in found)
    return value, lower, upper


def known(number: Any) -> float | None:
    """The number as a float, None where it is missing."""
    return None if pd.isna(number) else float(number)


def conclude(
    value: float,
    lower: float,
    upper: float,
    *,
    design: Design,
    planned: bool = False,
    scale: Scale = "difference",
    margin: float | None = None,
    detectable: float | None = None,
    diagnostics: Sequence[Diagnostic] = (),
    confidence: float = 0.95,
) -> Claim:
    """What may be claimed of an estimate with its interval.

    ``scale``: no difference is 0, or 1 for a ratio. ``planned``: an analysis plan is dated before
    the outcome was read; without one the ceiling is level 3. ``margin``: set in advance; only an
    interval that lies wholly within it is called unchanged (for a ratio within 1 / margin to
    margin). ``detectable``: the smallest difference that the data could have shown. A number that
    is missing has been withheld, and nothing is claimed.

    Raises ValueError for limits on the wrong side of the value, or a ratio that is not positive.
    """
    level, reasons = CEILING[design], list[Words]()
    outcome: Outcome = "stated"
    if any(math.isnan(number) for number in (value, lower, upper)):
        level, outcome = Level.LEVEL, "withheld"
    elif not lower <= value <= upper or (scale == "ratio" and lower < 0):
        raise ValueError("the limits do not lie around the value")
    else:
        if level == Level.EFFECT and not planned:
            level = Level.COINCIDES
            reasons.append("methods.claims.no_plan")
        for check in diagnostics:
            if not check.passed:
                level = min(level, check.caps)
                reasons.append(check.words)
        if level > Level.LEVEL:
            outcome = _outcome(lower, upper, scale, margin)
    return Claim(
        level=level,
        outcome=outcome,
        value=value,
        lower=lower,
        upper=upper,
        confidence=confidence,
        scale=scale,
        margin=margin,
        detectable=detectable,
        reasons=tuple(reasons),
    )


def _percentage(confidence: float, language: Language) -> str:
    percentage = round(100 * confidence, 1)
    return format_number(percentage, language, 0 if percentage.is_integer() else 1)


def _outcome(lower: float, upper: float, scale: Scale, margin: float | None) -> Outcome:
    none = 1.0 if scale == "ratio" else 0.0
    if margin is not None:
        low, high = (1 / margin, margin) if scale == "ratio" else (-margin, margin)
        if low <= lower and upper <= high:
            return "unchanged"
    if lower > none:
        return "higher"
    return "lower" if upper < none else "undetermined"
