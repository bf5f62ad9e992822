"""A made-up survey of two years with a planted truth.

Nobody in these data exists: respondents have running numbers, and the other municipalities are
named A, B, C and D. The questions are like those of municipal surveys; no result is a real one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from umea_eval.datasets.survey.schema import (
    CODINGS,
    COMPARISON,
    FRAME,
    QUESTIONNAIRE,
    RESPONSES,
    answer_column,
)
from umea_eval.intake.example import Simulated
from umea_eval.intake.schema import Column, Schema

EXTRACTION = dt.date(2024, 2, 1)
PERSONS = 420  # in the frame of each year
YEARS = (2022, 2023)
UNITS = ("Boendestöd", "Daglig verksamhet", "Familjebehandling")
AGES = ("18–29 år", "30–49 år", "50–64 år", "65 år och äldre")
MUNICIPALITIES = ("Kommun A", "Kommun B", "Kommun C", "Kommun D")
CATEGORIES = ("Bemötande", "Tillgänglighet", "Inflytande", "Annat")
OPEN = ("F7", "Vad skulle kunna bli bättre?")
# Answers, the most positive first; the third is whether it is positive, the last whether it counts.
SCALE = (
    ("1", "Helt", True, True),
    ("2", "Till stor del", True, True),
    ("3", "Till mindre del", False, True),
    ("4", "Inte alls", False, True),
    ("9", "Vet inte", False, False),
)
# What stands where two boxes are ticked, and what is none of the answers; by year.
DOUBLES, STRAYS = ("1, 2", "Helt; Till stor del"), ("7", "Kanske")
WORDINGS: Mapping[str, tuple[str, float]] = {  # with their targets in per cent
    "F1": ("Personalen bemöter mig bra", 95.0),
    "F2": ("Jag får vara med och bestämma om mitt stöd", 80.0),
    "F3": ("Personalen lyssnar på mig", 90.0),
    "F4": ("Jag vet vem jag kan prata med om något är fel", 80.0),
    "F5": ("Stödet har gjort mitt liv bättre", 75.0),
    "F6": ("Jag känner mig trygg där jag bor", 90.0),
}


def _positive() -> dict[str, tuple[float, float]]:
    same = {"F1": 0.90, "F2": 0.72, "F3": 0.84, "F5": 0.75, "F6": 0.88}
    return {"F4": (0.79, 0.59)} | {name: (share, share) for name, share in same.items()}


def _answering() -> dict[str, float]:
    return {"women": 0.66, "men": 0.54, "other": 0.60, "not_stated": 0.60}


@dataclass(frozen=True)
class Truth:
    """What ``simulate`` plants (assumptions).

    ``positive``: share of positive answers among men, by question and year; women have ``women``
    more in F2. ``answering``: response rate by sex. ``third``: share who state another sex or none.
    ``helped`` and ``proxy``: of those who answer. ``blank``, ``double``, ``invalid`` and ``unsure``
    (Vet inte): of the answers. ``agreeing``: comments that both coders put in one category.
    """

    positive: Mapping[str, tuple[float, float]] = field(default_factory=_positive)
    answering: Mapping[str, float] = field(default_factory=_answering)
    women: float = 0.10
    third: float = 0.10
    helped: float = 0.25
    proxy: float = 0.10
    blank: float = 0.04
    double: float = 0.01
    invalid: float = 0.01
    unsure: float = 0.05
    comments: int = 90
    agreeing: float = 0.85


def simulate(
    n: int = PERSONS, seed: int = 0, truth: Truth | None = None, *, numbers: Path
) -> Simulated:
    """Questionnaire, frame and responses of two years, coded comments and other municipalities.

    ``n`` is the number of persons in the frame of each year; ``numbers`` is not used. Answers of
    the first year are written as codes, those of the second as texts; some cells are blank, hold
    two answers, or one that the questionnaire does not have.

    The truth has ``positive`` (planted shares by question and year), ``women`` (points more in F2),
    ``answering`` (planted rates), ``answered`` (by year), ``double_marks`` and ``invalid_answers``
    (cells), ``agreeing`` (comments) and ``comments``.
    """
    plan = truth or Truth()
    random = np.random.default_rng(seed)
    frames = [_frame(n, year, random, plan) for year in YEARS]
    answered = [_answered(frame, step, random, plan) for step, frame in enumerate(frames)]
    responses = pd.concat(answered, ignore_index=True)
    codings, agreeing = _codings(responses, random, plan)
    columns = [answer_column(name) for name in WORDINGS]
    texts = responses[columns]
    frame = pd.concat(frames, ignore_index=True).drop(columns="answers")
    return Simulated(
        {
            "responses": responses,
            "questionnaire": _questionnaire(),
            "frame": frame,
            "codings": codings,
            "comparison": _comparison(random, plan),
        },
        {
            "positive": {
                name: dict(zip(YEARS, plan.positive[name], strict=True)) for name in WORDINGS
            },
            "women": plan.women,
            "answering": dict(plan.answering),
            "answered": {year: len(own) for year, own in zip(YEARS, answered, strict=True)},
            "double_marks": int(texts.isin(DOUBLES).to_numpy().sum()),
            "invalid_answers": int(texts.isin(STRAYS).to_numpy().sum()),
            "agreeing": agreeing,
            "comments": len(codings),
        },
        schemas=(_written(), QUESTIONNAIRE, FRAME, CODINGS, COMPARISON),
    )


def _written() -> Schema:
    """The responses as a survey tool writes them: each question under its key and wording."""
    wordings = {name: wording for name, (wording, _) in WORDINGS.items()} | {OPEN[0]: OPEN[1]}
    own = [
        Column(
            answer_column(name),
            "text",
            f"{name}. {wording}",
            f"{name}. {wording}",
            headings=(wording,),
            required=False,
            filled=False,
        )
        for name, wording in wordings.items()
    ]
    return replace(RESPONSES, columns=(*RESPONSES.columns, *own))


def _questionnaire() -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "question": name,
            "wording": wording,
            "answer": code,
            "label": label,
            "step": step,
            "positive": positive,
            "counted": counted,
            "target": target,
        }
        for name, (wording, target) in WORDINGS.items()
        for step, (code, label, positive, counted) in enumerate(SCALE, start=1)
    ]
    rows.append({"question": OPEN[0], "wording": OPEN[1]})
    frame = pd.DataFrame(rows)
    return frame.astype({"step": "Int64", "positive": "boolean", "counted": "boolean"})


def _frame(n: int, year: int, random: np.random.Generator, plan: Truth) -> pd.DataFrame:
    third = plan.third
    sexes = random.choice(
        ["women", "men", "other", "not_stated"],
        n,
        p=[0.48 * (1 - third), 0.52 * (1 - third), 0.3 * third, 0.7 * third],
    )
    rate = np.array([plan.answering[sex] for sex in sexes])
    sent = random.random(n) < 0.96  # some have moved or have no address
    return pd.DataFrame(
        {
            "respondent": [f"{year}-{number:04}" for number in range(1, n + 1)],
            "year": year,
            "unit": random.choice(UNITS, n, p=[0.4, 0.35, 0.25]),
            "sex": sexes,
            "age_group": random.choice(AGES, n, p=[0.25, 0.35, 0.25, 0.15]),
            "sent": sent,
            "answers": sent & (random.random(n) < rate),
        }
    )


def _answered(
    frame: pd.DataFrame, step: int, random: np.random.Generator, plan: Truth
) -> pd.DataFrame:
    own = frame[frame["answers"]].drop(columns=["answers", "sent"]).reset_index(drop=True)
    n = len(own)
    days = pd.Timestamp(YEARS[step], 9, 1) + pd.to_timedelta(random.integers(0, 60, n), unit="D")
    help_ = [plan.helped, plan.proxy]
    own = own.assign(
        answered_on=days.as_unit("us"),
        mode=random.choice(["web", "paper", "interview"], n, p=[0.5, 0.35, 0.15]),
        help=random.choice(["helped", "proxy", "self"], n, p=[*help_, 1 - sum(help_)]),
    )
    women = (own["sex"] == "women").to_numpy()
    for name in WORDINGS:
        share = plan.positive[name][step] + (plan.women * women if name == "F2" else 0.0)
        positive = random.random(n) < share
        step_one = random.random(n) < 0.6
        place = np.where(positive, np.where(step_one, 0, 1), np.where(step_one, 2, 3))
        place = np.where(random.random(n) < plan.unsure, 4, place)
        written = pd.Series(np.array([row[step] for row in SCALE], dtype=object)[place])
        # A cell has one fault at most.
        luck = random.random(n)
        edges = np.cumsum([plan.blank, plan.double, plan.invalid])
        fault = np.searchsorted(edges, luck, side="right")
        for number, text in enumerate((None, DOUBLES[step], STRAYS[step])):
            written = written.mask(fault == number, text)
        own[answer_column(name)] = written
    told = random.random(n) < 0.4
    own[answer_column(OPEN[0])] = pd.Series("Fri text", index=own.index).where(told)
    return own


def _codings(
    responses: pd.DataFrame, random: np.random.Generator, plan: Truth
) -> tuple[pd.DataFrame, int]:
    latest = responses[responses["year"] == YEARS[-1]]
    told = latest[latest[answer_column(OPEN[0])].notna()]
    n = min(plan.comments, len(told))
    first = random.integers(0, len(CATEGORIES), n)
    other = (first + random.integers(1, len(CATEGORIES), n)) % len(CATEGORIES)
    second = np.where(random.random(n) < plan.agreeing, first, other)
    names = np.array(CATEGORIES)
    return pd.DataFrame(
        {
            "comment": told["respondent"].to_numpy()[:n],
            "question": OPEN[0],
            "first": names[first],
            "second": names[second],
        }
    ), int(np.count_nonzero(first == second))


def _comparison(random: np.random.Generator, plan: Truth) -> pd.DataFrame:
    rows = [
        (YEARS[-1], name, place, round(100 * float(np.clip(random.normal(share, 0.04), 0, 1)), 1))
        for name, (_, share) in plan.positive.items()
        for place in MUNICIPALITIES
    ]
    made = pd.DataFrame(rows, columns=["year", "question", "municipality", "share"])
    return made.sort_values(["question", "municipality"], ignore_index=True)
