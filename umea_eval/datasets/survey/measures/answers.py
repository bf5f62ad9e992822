"""One row per respondent and question: what was answered, and does it count?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd

from umea_eval.datasets.survey.schema import (
    DOUBLE,
    INVALID,
    answer_column,
    in_steps,
    questions_of,
)
from umea_eval.errors import UserError

Positive = Literal["questionnaire", "top", "top_two"]
"""Which answers are positive: those that the questionnaire says, the most positive one, or the two
most positive ones."""
VALID, NOT_COUNTED, BLANK = "valid", "not_counted", "blank"
STATES = (VALID, NOT_COUNTED, BLANK, DOUBLE, INVALID)
ABOUT = ("year", "unit", "sex", "age_group", "help", "mode")


def positive_answers(
    questionnaire: pd.DataFrame, positive: Positive | Mapping[str, Sequence[str]] = "questionnaire"
) -> dict[str, frozenset[str]]:
    """The codes that count as positive, by question; open questions are left out.

    ``positive`` is a rule, or the codes themselves by question (questions not named in it follow
    the questionnaire). Answers that do not count ("Vet inte") are never positive. The most positive
    answer is the first by ``step``, else by code. Raises UserError for a question or code that the
    questionnaire does not have, and for a question without any positive answer.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> positive = measures.positive_answers(tables["questionnaire"])
    >>> sorted(positive)
    ['F1', 'F2', 'F3', 'F4', 'F5', 'F6']
    """
    found = {}
    asked = {} if isinstance(positive, str) else dict(positive)
    rule = positive if isinstance(positive, str) else "questionnaire"
    for question in questions_of(questionnaire):
        if not question.answers:
            continue
        own = in_steps(questionnaire[questionnaire["question"].astype("str") == question.key])
        counted = [str(code) for code in own.loc[_counted(own), "answer"]]
        if question.key in asked:
            chosen = [str(code) for code in asked.pop(question.key)]
            unknown = sorted(set(chosen) - set(question.answers))
            if unknown:
                raise UserError(
                    "survey.errors.unknown_answer",
                    question=question.key,
                    answer=unknown[0],
                    known=", ".join(question.answers),
                )
        elif rule == "questionnaire":
            said = own["positive"].astype("boolean").fillna(False).to_numpy(dtype=bool)
            chosen = [str(code) for code in own.loc[said, "answer"]]
        else:
            # All answers together are never positive: of two, the first alone.
            chosen = counted[: 1 if rule == "top" else min(2, max(len(counted) - 1, 1))]
        found[question.key] = frozenset(chosen) & frozenset(counted)
        if not found[question.key]:
            raise UserError("survey.errors.none_positive", question=question.key)
    if asked:
        raise UserError(
            "survey.errors.unknown_question", question=min(asked), known=", ".join(found)
        )
    return found


def long_answers(
    responses: pd.DataFrame,
    questionnaire: pd.DataFrame,
    *,
    positive: Positive | Mapping[str, Sequence[str]] = "questionnaire",
) -> pd.DataFrame:
    """One row per respondent and closed question, in the order of the questions.

    ``question``, those of ``year``, ``unit``, ``sex``, ``age_group``, ``help`` and ``mode`` that
    the responses have, ``answer`` (code), ``state`` (valid, not_counted, blank, double, invalid)
    and ``positive`` (true only where valid). A question that the responses do not have as a column
    is left out; a sex that is missing is ``not_stated``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> answers = measures.long_answers(tables["responses"], tables["questionnaire"])
    >>> sorted(answers["state"].unique())
    ['blank', 'double', 'invalid', 'not_counted', 'valid']
    """
    codes = positive_answers(questionnaire, positive)
    about = responses[[name for name in ABOUT if name in responses]]
    for name in about.columns.drop("year", errors="ignore"):
        about = about.assign(**{str(name): about[name].astype("object")})
    if "sex" in about:
        about = about.assign(sex=about["sex"].where(about["sex"].notna(), "not_stated"))
    counted = _not_counted(questionnaire)
    parts = []
    for question, good in codes.items():
        name = answer_column(question)
        if name not in responses:
            continue
        answer = responses[name].astype("object")
        state = pd.Series(VALID, index=responses.index, dtype="object")
        state = state.mask(answer.isin(counted.get(question, frozenset())), NOT_COUNTED)
        state = state.mask(answer.isna(), BLANK)
        state = state.mask(answer.isin((DOUBLE, INVALID)), answer)
        parts.append(
            about.assign(
                question=question,
                answer=answer,
                state=state,
                positive=answer.isin(good).to_numpy() & (state == VALID).to_numpy(),
            )
        )
    names = ["question", *about.columns, "answer", "state", "positive"]
    if not parts:
        return pd.DataFrame(columns=names)
    return pd.concat(parts, ignore_index=True)[names]


def states(answers: pd.DataFrame) -> pd.DataFrame:
    """Item non-response: of those who answered the survey, what became of each question.

    One row per ``question``: ``asked`` (respondents), a count for each state, and ``missing``
    (blank, double and invalid together), with ``share`` of the asked.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> answers = measures.long_answers(tables["responses"], tables["questionnaire"])
    >>> states = measures.states(answers)
    >>> int(states["asked"].iloc[0]) == len(tables["responses"])
    True
    """
    counts = pd.crosstab(answers["question"], answers["state"])
    counts = counts.reindex(columns=list(STATES), fill_value=0)
    counts = counts.reindex(list(dict.fromkeys(answers["question"])))
    asked = counts.sum(axis=1)
    missing = counts[[BLANK, DOUBLE, INVALID]].sum(axis=1)
    made = counts.assign(asked=asked, missing=missing, share=missing / asked).reset_index()
    made.columns.name = None
    return made[["question", "asked", *STATES, "missing", "share"]]


def _counted(rows: pd.DataFrame) -> pd.Series:
    known = rows["answer"].notna()
    if "counted" not in rows:
        return known
    return known & rows["counted"].astype("boolean").fillna(True).astype("bool")


def _not_counted(questionnaire: pd.DataFrame) -> dict[str, frozenset[str]]:
    rows = questionnaire[questionnaire["answer"].notna() & ~_counted(questionnaire)]
    own = rows.groupby(rows["question"].astype("str"))["answer"]
    return {str(question): frozenset(map(str, codes)) for question, codes in own}
