"""What may be said: the design's ceiling, lowered by interval, margin, plan and diagnostics."""

from __future__ import annotations

import itertools
import math

import pytest

from umea_eval.language import LANGUAGES
from umea_eval.methods.claims import CEILING, Design, Diagnostic, Level, Outcome, conclude

SUBJECT = {"sv": "Andelen med långvarigt bistånd", "en": "The share with long-term support"}
EVENT = {"sv": "arbetssättet infördes", "en": "the way of working was introduced"}


@pytest.mark.parametrize(
    ("design", "planned", "level"),
    [
        ("description", True, Level.LEVEL),
        ("comparison", True, Level.CHANGE),
        ("single_series", True, Level.COINCIDES),
        ("comparison_group", False, Level.COINCIDES),
        ("comparison_group", True, Level.EFFECT),
        ("assigned", False, Level.COINCIDES),
        ("assigned", True, Level.EFFECT),
    ],
)
def test_the_design_sets_the_ceiling(design: Design, planned: bool, level: Level) -> None:
    assert conclude(1, 0.5, 1.5, design=design, planned=planned).level == level


@pytest.mark.parametrize(
    ("numbers", "margin", "outcome"),
    [
        ((0.10, 0.01, 0.19), None, "higher"),
        ((-0.10, -0.19, -0.01), None, "lower"),
        ((0.10, -0.01, 0.21), None, "undetermined"),
        ((0.10, 0.0, 0.20), None, "undetermined"),  # zero itself is not excluded
        ((0.00, -0.01, 0.01), None, "undetermined"),  # narrow, but no margin was set in advance
        ((0.00, -0.01, 0.01), 0.02, "unchanged"),
        ((0.015, 0.01, 0.02), 0.02, "unchanged"),  # significant, but within the margin
        ((0.02, -0.01, 0.05), 0.02, "undetermined"),
        ((math.nan, 0.0, 1.0), None, "withheld"),
    ],
)
def test_the_outcome_follows_from_interval_and_margin(
    numbers: tuple[float, float, float], margin: float | None, outcome: Outcome
) -> None:
    assert conclude(*numbers, design="comparison", margin=margin).outcome == outcome


def test_a_ratio_is_compared_with_one() -> None:
    assert conclude(1.3, 1.1, 1.5, design="comparison", scale="ratio").outcome == "higher"
    assert conclude(0.9, 0.7, 1.2, design="comparison", scale="ratio").outcome == "undetermined"
    claim = conclude(1.0, 0.9, 1.1, design="comparison", scale="ratio", margin=1.25)
    assert claim.outcome == "unchanged"  # within 0.8 to 1.25
    claim = conclude(0.85, 0.79, 0.9, design="comparison", scale="ratio", margin=1.25)
    assert claim.outcome == "lower"


def test_a_failed_diagnostic_lowers_and_a_passed_one_changes_nothing() -> None:
    words = {"sv": "Serien är autokorrelerad.", "en": "The series is autocorrelated."}
    failed, passed = Diagnostic(False, words), Diagnostic(True, words)
    plain = conclude(1, 0.5, 1.5, design="assigned", planned=True)
    assert conclude(1, 0.5, 1.5, design="assigned", planned=True, diagnostics=[passed]) == plain
    lowered = conclude(1, 0.5, 1.5, design="assigned", planned=True, diagnostics=[failed, passed])
    assert lowered.level == Level.CHANGE
    assert "autokorrelerad" in lowered.text("sv", subject=SUBJECT)
    # Nothing raises a claim above its design.
    for design, level in CEILING.items():
        for planned, check in itertools.product((True, False), ([], [passed], [failed])):
            claim = conclude(1, 0.5, 1.5, design=design, planned=planned, diagnostics=check)
            assert claim.level <= level


def test_every_claim_has_words_and_only_an_effect_speaks_of_one() -> None:
    for design, planned, numbers in itertools.product(
        CEILING, (True, False), [(1, 0.5, 1.5), (-1, -1.5, -0.5), (0, -1, 1), (0, -0.1, 0.1)]
    ):
        claim = conclude(*numbers, design=design, planned=planned, margin=0.2, detectable=0.3)
        for language in LANGUAGES:
            said = claim.text(language, subject=SUBJECT, event=EVENT)
            assert SUBJECT[language] in said
            assert "{" not in said
            effect = {"sv": "insatsen", "en": "the measure"}[language]
            assert (effect in said) == (claim.level == Level.EFFECT)


def test_the_sentence_in_swedish() -> None:
    claim = conclude(0.042, 0.01, 0.074, design="comparison")
    assert claim.text("sv", subject=SUBJECT, unit="points") == (
        "Andelen med långvarigt bistånd: högre, med 4,2 procentenheter (95 procents "
        "konfidensintervall 1,0 till 7,4)."
    )
    claim = conclude(0.02, -0.03, 0.07, design="comparison", detectable=0.08)
    said = claim.text("sv", subject=SUBJECT, unit="points")
    assert said.endswith("Den minsta skillnad som dessa data kunde ha visat är 8,0 procentenheter.")
    claim = conclude(math.nan, math.nan, math.nan, design="comparison")
    assert "kan inte redovisas" in claim.text("sv", subject=SUBJECT)


def test_limits_that_do_not_lie_around_the_value_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="limits"):
        conclude(2, 0, 1, design="comparison")
