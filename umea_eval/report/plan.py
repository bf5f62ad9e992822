"""The analysis plan of an evaluation: what was decided before the outcome was read.

A TOML file in ``notebooks/plans``, one per notebook::

    date = 2024-01-15
    decided_by = "Styrgruppen"

    [[questions]]
    sv = "Hur många hushåll har långvarigt bistånd?"
    en = "How many households have long-term support?"
    estimand = { sv = "…", en = "…" }
    comparison = { sv = "…", en = "…" }
    margin = { sv = "2 procentenheter", en = "2 percentage points" }
    family = "main"

    [definitions]
    gap = 2

Its hash stands in the report; every parameter that differs from ``definitions`` is printed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from umea_eval.errors import UserError
from umea_eval.language import LANGUAGES, Language, Words

FOLDER = "plans"


@dataclass(frozen=True)
class Question:
    """One question with what answers it. ``family`` names the tests that are judged together.

    ``margin`` is empty where none was set. In the file it may be one string for both languages.
    """

    words: Mapping[Language, str]
    estimand: Mapping[Language, str]
    comparison: Mapping[Language, str]
    margin: Mapping[Language, str]
    family: str


@dataclass(frozen=True)
class Plan:
    """An analysis plan and the hash of its file."""

    date: dt.date
    decided_by: str
    questions: tuple[Question, ...]
    definitions: Mapping[str, Any]
    sha256: str

    def deviations(self, used: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        """(parameter, planned, used) for every definition that was used otherwise."""
        return [
            (name, str(planned), str(used[name]))
            for name, planned in self.definitions.items()
            if name in used and used[name] != planned
        ]

    def before(self, outcome_read: dt.date) -> bool:
        """Whether the plan is dated before the day on which the outcome could first be read."""
        return self.date < outcome_read


def read_plan(path: Path) -> Plan:
    """Read a plan.

    Raises UserError for a file that does not exist, is no TOML, or lacks its date, who decided, or
    a question in both languages.
    """
    if not path.is_file():
        raise UserError("report.errors.plan_missing", file=path.name)
    content = path.read_bytes()
    try:
        given = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise UserError("report.errors.plan_unreadable", file=path.name) from None
    date = given.get("date")
    if not isinstance(date, dt.date) or isinstance(date, dt.datetime):
        raise UserError("report.errors.plan_part", file=path.name, part="date")
    if not isinstance(given.get("decided_by"), str) or not given["decided_by"].strip():
        raise UserError("report.errors.plan_part", file=path.name, part="decided_by")
    questions = tuple(_question(each, path) for each in given.get("questions", []))
    if not questions:
        raise UserError("report.errors.plan_part", file=path.name, part="questions")
    # Line ends differ between checkouts; the plan is the same.
    digest = hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()
    return Plan(date, given["decided_by"], questions, given.get("definitions", {}), digest)


def _question(given: Mapping[str, Any], path: Path) -> Question:
    parts = {
        "questions": given,
        "estimand": given.get("estimand", {}),
        "comparison": given.get("comparison", {}),
    }
    for part, words in parts.items():
        if not isinstance(words, dict) or any(not words.get(each) for each in LANGUAGES):
            raise UserError("report.errors.plan_part", file=path.name, part=part)
    margin = given.get("margin", "")
    if isinstance(margin, str):
        margin = dict.fromkeys(LANGUAGES, margin) if margin else {}
    elif not isinstance(margin, dict) or any(not margin.get(each) for each in LANGUAGES):
        raise UserError("report.errors.plan_part", file=path.name, part="margin")
    both = {name: {each: str(words[each]) for each in LANGUAGES} for name, words in parts.items()}
    return Question(
        both["questions"],
        both["estimand"],
        both["comparison"],
        {each: str(words) for each, words in margin.items()},
        str(given.get("family", "")),
    )


def items(
    plan: Plan, used: Mapping[str, Any], language: Language
) -> list[tuple[Words, dict[str, object]]]:
    """The plan and its deviations as items of a list, for ``Report.items``."""
    made: dict[str, object] = {
        "date": plan.date.isoformat(),
        "by": plan.decided_by,
        "sha256": plan.sha256[:16],
    }
    listed: list[tuple[Words, dict[str, object]]] = [("report.plan.made", made)]
    for number, question in enumerate(plan.questions, start=1):
        words = {
            "number": number,
            "question": question.words[language],
            "estimand": question.estimand[language],
            "comparison": question.comparison[language],
            "margin": question.margin.get(language, ""),
        }
        key = "report.plan.question_margin" if question.margin else "report.plan.question"
        listed.append((key, words))
    deviations = plan.deviations(used)
    listed += [
        ("report.plan.deviation", {"name": name, "planned": planned, "used": value})
        for name, planned, value in deviations
    ]
    if not deviations:
        listed.append(("report.plan.no_deviation", {}))
    return listed
