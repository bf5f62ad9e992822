"""Exports of survey tools and forms typed in by hand to clean tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from umea_eval.datasets.survey.schema import (
    ANSWER,
    CODINGS,
    COMPARISON,
    DOUBLE,
    FRAME,
    INVALID,
    QUESTIONNAIRE,
    RESPONSES,
    SCHEMAS,
    Question,
    answer_column,
    questions_of,
    spellings_of,
    with_questions,
)
from umea_eval.errors import UserError
from umea_eval.intake.cleaning import CleaningSettings, CleanResult, clean_tables, counted_findings
from umea_eval.intake.headings import Match, assign, match
from umea_eval.intake.schema import Schema
from umea_eval.intake.tables import RawExport, RawTable, with_year_of_name
from umea_eval.intake.values import distinct_texts, is_missing, key

# What parts two answers that somebody has given to one question.
_APART = re.compile(r"\s*(?:[,;/+&|]|\boch\b|\beller\b)\s*", re.IGNORECASE)
_KINDS = frozenset(
    key(text) for text in ("Response", "Open-Ended Response", "Svar", "Fritext", "Öppet svar")
)


def clean(raw: RawExport, settings: CleaningSettings) -> CleanResult:
    """Clean a survey; which table is which follows from its headings.

    The questionnaire is read first: it says which columns of the responses are questions, and which
    answers they have. A cell that holds two answers (a form with two boxes ticked) or none of them
    does not put its row aside: the answer is ``double`` or ``invalid``, which no share counts. A
    table of responses without year and date takes the year from the name of its sheet, else of its
    file, where exactly one stands there. Comments are never kept, only whether there is one.

    The provenance has ``double_marks`` and ``invalid_answers`` (cells), and both in ``findings``
    where there are any, for the account to say. Raises UserError without a questionnaire, and for
    two questions whose keys differ in marks only.
    """
    questions = read_questions(raw, settings)
    responses = with_questions(questions)
    schemas = (responses, QUESTIONNAIRE, FRAME, CODINGS, COMPARISON)
    counts: Counter[str] = Counter()
    mapping = settings.mappings.get(RESPONSES.name)
    own = {id(each.table) for each in _fitting(raw, schemas, settings, responses)}
    tables = []
    for table in raw.tables:
        if id(table) in own:
            headed = _without_kinds(table, match(table, responses, mapping).columns["respondent"])
            dated = _dated(headed, responses, mapping)
            marked, found = _marked(dated, responses, questions, mapping)
            counts.update(found)
            tables.append(marked)
        else:
            tables.append(table)
    result = clean_tables(replace(raw, tables=tuple(tables)), schemas, settings)
    cleaned = dict(result.tables)
    if RESPONSES.name in cleaned:
        cleaned[RESPONSES.name] = _with_year(cleaned[RESPONSES.name])
    told = {"double_marks": counts[DOUBLE], "invalid_answers": counts[INVALID]}
    return replace(
        result,
        tables=cleaned,
        provenance={
            **result.provenance,
            **told,
            "findings": counted_findings("survey", told),
        },
    )


def read_questions(raw: RawExport, settings: CleaningSettings) -> list[Question]:
    """The questions of the questionnaires in an export."""
    # The user's own headings of questions name columns that are made below.
    known = {column.name for column in RESPONSES.columns}
    mappings = {
        table: {
            heading: column
            for heading, column in own.items()
            if table != RESPONSES.name or column in known or not column.startswith(ANSWER)
        }
        for table, own in settings.mappings.items()
    }
    found = _fitting(raw, SCHEMAS, replace(settings, mappings=mappings), QUESTIONNAIRE)
    if not found:
        raise UserError("survey.errors.no_questionnaire")
    # Its own cleaning, before that of all: the columns of the responses depend on it.
    alone = replace(raw, tables=tuple(each.table for each in found))
    own = {name: each for name, each in mappings.items() if name == QUESTIONNAIRE.name}
    only = replace(settings, mappings=own, words={})
    questions = questions_of(clean_tables(alone, (QUESTIONNAIRE,), only).clean)
    names = Counter(answer_column(each.key) for each in questions)
    for each in questions:
        if names[answer_column(each.key)] > 1:
            raise UserError("survey.errors.same_key", question=each.key)
    return questions


def _fitting(
    raw: RawExport, schemas: Sequence[Schema], settings: CleaningSettings, wanted: Schema
) -> list[Match]:
    matches, _ = assign(raw.tables, schemas, settings.mappings)
    return [each for each in matches if each.schema is wanted]


def _without_kinds(table: RawTable, respondent: str) -> RawTable:
    """The table without a first row that says what kind of answer each column has: a heading.

    SurveyMonkey and others write it below the questions; it bears no respondent's number.
    """
    if not table.data:
        return table
    row = table.frame.iloc[0]
    filled = [key(str(row[name])) for name in table.headings if pd.notna(row[name])]
    if pd.notna(row[respondent]) or not filled or not set(filled) <= _KINDS:
        return table
    return replace(
        table,
        frame=table.frame.iloc[1:].reset_index(drop=True),
        heading_rows=(*table.heading_rows, int(row["source_row"])),
        titles=table.titles + 1,
    )


def _marked(
    table: RawTable,
    schema: Schema,
    questions: Sequence[Question],
    mapping: Mapping[str, str] | None,
) -> tuple[RawTable, Counter[str]]:
    """The table with every cell that is no answer called what it is; and how many of each."""
    found = match(table, schema, mapping).columns
    frame, counts = table.frame, Counter[str]()
    for question in questions:
        heading = found.get(answer_column(question.key))
        if heading is None or not question.answers:
            continue
        known = spellings_of(question)
        said = {
            text: code
            for text in distinct_texts(frame[heading])
            if (code := _read(text, known)) is not None
        }
        if not said:
            continue
        cells = frame[heading].astype("object")
        counts.update(cells.map(said).dropna())
        frame = frame.assign(**{heading: cells.replace(said).astype("category")})
    return (replace(table, frame=frame), counts) if frame is not table.frame else (table, counts)


def _read(text: str, known: Mapping[str, str]) -> str | None:
    """``double`` or ``invalid`` for a text that is no answer; None for one that is, or is blank."""
    if is_missing(text) or key(text) in known:
        return None
    parts = [part for part in _APART.split(text) if part.strip()]
    several = len(parts) > 1 and all(key(part) in known for part in parts)
    return DOUBLE if several and len({known[key(part)] for part in parts}) > 1 else INVALID


def _dated(table: RawTable, schema: Schema, mapping: Mapping[str, str] | None) -> RawTable:
    """The table with a column of the year in its name, if it has neither year nor date."""
    found = match(table, schema, mapping).columns
    if {"year", "answered_on"} & set(found):
        return table
    return with_year_of_name(table)


def _with_year(responses: pd.DataFrame) -> pd.DataFrame:
    if "answered_on" not in responses:
        return responses
    dated = responses["answered_on"].dt.year.astype("int64[pyarrow]")
    year = (
        responses["year"].where(responses["year"].notna(), dated) if "year" in responses else dated
    )
    return responses.assign(year=year)
