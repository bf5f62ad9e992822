"""The tables of a survey: questionnaire, frame, responses, coded comments and other places.

The responses of a survey have one row per respondent and one column per question. The questionnaire
says which questions there are, so their columns are made when it has been read (`with_questions`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.schema import Code, CodeList, Column, Rule, Schema, read_code_lists
from umea_eval.intake.values import key

CODES = read_code_lists(Path(__file__).with_name("codes.toml"))
YEARS = (1990, 2100)
DAYS = (dt.date(1990, 1, 1), dt.date(2100, 12, 31))
# What stands in a cell that holds no answer of the questionnaire; the row is kept.
DOUBLE, INVALID = "double", "invalid"
ANSWER = "answer_"
_PARTS = re.compile(r"[0-9]+|[^0-9]+")

Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Question:
    """One question: its key, wording, and answers (code to label, the most positive first).

    Without answers it is an open one.
    """

    key: str
    wording: str
    answers: Mapping[str, str]


def _no_year(frame: pd.DataFrame) -> Rows:
    known = np.zeros(len(frame), dtype=bool)
    for name in ("year", "answered_on"):
        if name in frame:
            known |= frame[name].notna().to_numpy(dtype=bool)
    return ~known


_RESPONDENT = Column(
    "respondent",
    "identifier",
    "Löpnummer",
    "Running number",
    headings=(
        *("Respondent-id", "RespondentID", "Respondent", "Enkät-id", "Enkätnummer", "Svars-id"),
        *("Svarsnummer", "Löpnr", "Id", "ID-nummer", "Response ID", "Formulärnummer"),
    ),
    personal=True,
)
_YEAR = Column(
    "year",
    "whole",
    "År",
    "Year",
    headings=("Enkätår", "Undersökningsår", "Mätår", "Årtal"),
    range=YEARS,
    unit="år",
)
_UNIT = Column(
    "unit",
    "text",
    "Verksamhet",
    "Unit",
    headings=("Enhet", "Verksamhetsområde", "Område", "Insats", "Boende"),
)
_SEX = Column(
    "sex",
    "code",
    "Kön",
    "Sex",
    headings=("Är du", "Kön (självuppgivet)", "Könsidentitet"),
    required=False,
    filled=False,
    codes=CODES["sex"],
)
_AGE = Column(
    "age_group",
    "text",
    "Åldersgrupp",
    "Age group",
    headings=("Ålder", "Ålder i grupper"),
    required=False,
    filled=False,
)
_QUESTION = Column(
    "question",
    "text",
    "Fråga",
    "Question",
    headings=("Frågekod", "Frågenummer", "Fråga nr", "Variabel"),
)

QUESTIONNAIRE = Schema(
    "questionnaire",
    "Frågeformulär",
    "Questionnaire",
    columns=(
        _QUESTION,
        Column(
            *("wording", "text", "Frågetext", "Wording"),
            headings=("Formulering", "Frågeformulering", "Påstående"),
            required=False,
            filled=False,
        ),
        Column(
            *("answer", "text", "Svarskod", "Answer code"),
            headings=("Kod", "Värde"),
            filled=False,
            source="an open question has none",
        ),
        Column(
            *("label", "text", "Svarsalternativ", "Answer"),
            headings=("Svarstext", "Etikett", "Alternativ"),
            filled=False,
        ),
        Column(
            *("step", "whole", "Ordning", "Order"),
            headings=("Skalsteg", "Steg"),
            required=False,
            filled=False,
            range=(1, 100),
            source="1 is the most positive; without it the order of the codes",
        ),
        Column(
            *("positive", "flag", "Positivt svar", "Positive answer"),
            headings=("Positiv", "Räknas som positivt"),
            filled=False,
        ),
        Column(
            *("counted", "flag", "Räknas i basen", "Counts in the base"),
            headings=("I basen", "Ingår i basen"),
            required=False,
            filled=False,
            source="an answer such as “Vet inte” does not; blank is yes",
        ),
        Column(
            *("target", "number", "Målvärde", "Target"),
            headings=("Mål", "Målvärde procent", "Målnivå"),
            required=False,
            filled=False,
            range=(0, 100),
            unit="%",
        ),
    ),
    key=("question", "answer"),
)

FRAME = Schema(
    "frame",
    "Urvalsram",
    "Frame",
    columns=(
        replace(_RESPONDENT, required=False, filled=False),
        _YEAR,
        _UNIT,
        _SEX,
        _AGE,
        Column(
            *("sent", "flag", "Utskickad", "Sent"),
            headings=("Enkät utskickad", "Fick enkäten", "Distribuerad", "Utdelad"),
        ),
        Column(
            *("persons", "whole", "Antal", "Persons"),
            headings=("Antal personer", "Antal brukare"),
            required=False,
            filled=False,
            range=(1, 1_000_000),
            unit="personer",
            source="a row may stand for a group of an anonymous survey; blank is one person",
        ),
    ),
    key=("respondent", "year"),
)

RESPONSES = Schema(
    "responses",
    "Svar",
    "Responses",
    columns=(
        _RESPONDENT,
        replace(_YEAR, required=False, filled=False),
        Column(
            *("answered_on", "date", "Svarsdatum", "Answered on"),
            headings=("Slutförd", "Inlämnad", "Besvarad", "Datum", "End Date", "Tidsstämpel"),
            required=False,
            filled=False,
            range=DAYS,
        ),
        replace(_UNIT, required=False, filled=False),
        _SEX,
        _AGE,
        Column(
            *("mode", "code", "Svarssätt", "Mode"),
            headings=("Insamlingssätt", "Svarsväg", "Collector"),
            required=False,
            filled=False,
            codes=CODES["mode"],
        ),
        Column(
            *("help", "code", "Hjälp att svara", "Help to answer"),
            headings=("Vem svarade", "Fick du hjälp att svara", "Hjälp"),
            required=False,
            filled=False,
            codes=CODES["help"],
        ),
    ),
    key=("respondent", "year"),
    rules=(Rule("no_year", ("respondent",), _no_year),),
)

CODINGS = Schema(
    "codings",
    "Kodade kommentarer",
    "Coded comments",
    columns=(
        replace(
            _RESPONDENT,
            name="comment",
            label_sv="Kommentarsnummer",
            label_en="Comment",
            headings=("Kommentar nr", "Kommentar-id", "Citat nr"),
        ),
        _QUESTION,
        Column(
            *("first", "text", "Kodare 1", "First coder"),
            headings=("Bedömare 1", "Kod 1", "Kategori 1"),
        ),
        Column(
            *("second", "text", "Kodare 2", "Second coder"),
            headings=("Bedömare 2", "Kod 2", "Kategori 2"),
        ),
    ),
    key=("comment", "question"),
)

COMPARISON = Schema(
    "comparison",
    "Andra kommuner",
    "Other municipalities",
    columns=(
        _YEAR,
        _QUESTION,
        Column(
            *("municipality", "text", "Kommun", "Municipality"),
            headings=("Kommunnamn", "Stad", "Jämförelsekommun"),
        ),
        Column(
            *("share", "number", "Andel positiva", "Positive share"),
            headings=("Andel", "Resultat", "Andel procent"),
            range=(0, 100),
            unit="%",
        ),
    ),
    key=("year", "question", "municipality"),
)

SCHEMAS = (RESPONSES, QUESTIONNAIRE, FRAME, CODINGS, COMPARISON)


def answer_column(question: str) -> str:
    """The column of ``responses`` that holds the answers to a question."""
    return ANSWER + "".join(each if each.isalnum() else "_" for each in question.strip().casefold())


def questions_of(questionnaire: pd.DataFrame) -> list[Question]:
    """The questions of a clean questionnaire, in the order of their keys as numbers go."""
    found = []
    keys = sorted(questionnaire["question"].astype("str").unique(), key=_natural)
    for name in keys:
        own = in_steps(questionnaire[questionnaire["question"].astype("str") == name])
        wording = own["wording"].dropna().astype("str").tolist() if "wording" in own else []
        known = own[own["answer"].notna()]
        labels = known["label"].astype("object").where(known["label"].notna(), known["answer"])
        answers = dict(zip(known["answer"].astype("str"), labels.astype("str"), strict=True))
        found.append(Question(name, wording[0] if wording else name, answers))
    return found


def in_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """The answers of one question, the most positive first: by step, else by code."""
    codes = [_natural(str(code)) for code in rows["answer"]]
    steps = rows["step"].astype("float64") if "step" in rows else pd.Series(0.0, rows.index)
    order = sorted(range(len(rows)), key=lambda i: (steps.fillna(99.0).iloc[i], codes[i]))
    return rows.iloc[order]


def with_questions(questions: Sequence[Question]) -> Schema:
    """The table of responses with a column for each question.

    A column is known by the question's key, its wording, or both ("F1", "F1. Bemötande"). An answer
    is known by its code, its label, or both ("1", "Helt", "1 = Helt").
    """
    own = [_column(each) for each in questions]
    return replace(RESPONSES, columns=(*RESPONSES.columns, *own))


def spellings_of(question: Question) -> dict[str, str]:
    """Every text that means an answer to the question, as compared: its key and the code."""
    found: dict[str, str] = {}
    for code, label in question.answers.items():
        for text in (code, label, *_both(code, label)):
            found.setdefault(key(text), code)
    return found


def _column(question: Question) -> Column:
    both = [f"{question.key}{mark} {question.wording}" for mark in ("", ".", ":", ")", " -", " –")]
    open_ = Column(
        answer_column(question.key),
        "filled",
        question.wording,
        question.wording,
        headings=(question.key, question.wording, *both),
        required=False,
        filled=False,
    )
    if not question.answers:
        return open_
    codes = [
        Code(code, label, label, _both(code, label)) for code, label in question.answers.items()
    ]
    codes += [Code(DOUBLE, "dubbelmarkering", "double mark"), Code(INVALID, "ogiltigt", "invalid")]
    known = CodeList(tuple(codes), "the survey's own questionnaire", leading=False)
    return replace(open_, dtype="code", codes=known)


def _both(code: str, label: str) -> tuple[str, ...]:
    marks = (" ", " = ", ". ", " – ", " - ", ": ", ") ")
    whole = (f"{code},0", f"{code}.0") if code.isdigit() else ()
    return (*(f"{code}{mark}{label}" for mark in marks), *whole)


def _natural(text: str) -> list[tuple[int, int, str]]:
    """F2 before F10."""
    parts = _PARTS.findall(text)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]
