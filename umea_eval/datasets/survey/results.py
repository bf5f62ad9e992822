"""The tables of a survey's report: measures put beside each other for readers.

Each function gives a frame that a report registers as it is. Counts stand beside every share, so
that disclosure control can judge them; ``total`` is the code of all categories together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from umea_eval.datasets.survey import measures
from umea_eval.datasets.survey.measures import Positive
from umea_eval.datasets.survey.measures.participation import TOTAL, By
from umea_eval.datasets.survey.schema import questions_of

RULES: tuple[Positive, ...] = ("questionnaire", "top", "top_two")
GROUPS: tuple[By, ...] = ("unit", "sex", "age_group")


@dataclass(frozen=True)
class Choices:
    """The definitions of the evaluation, each a parameter of the notebook.

    ``before`` is the year that ``year`` is compared with; without one the last year before it that
    has responses. ``unit`` is one of the units (in any case), empty for all.
    """

    year: int
    before: int | None = None
    unit: str = ""
    positive: Positive = "questionnaire"


@dataclass(frozen=True)
class Survey:
    """The selected responses with their questionnaire and frame.

    ``responses`` and ``frame`` are of the year; ``answers`` one row per respondent and question of
    it, ``earlier`` the same of the year before (empty if there is none, and ``before`` is then
    missing). ``comparison`` and ``codings`` are missing where there is no such table.
    """

    questionnaire: pd.DataFrame
    responses: pd.DataFrame
    frame: pd.DataFrame | None
    answers: pd.DataFrame
    earlier: pd.DataFrame
    before: int | None
    comparison: pd.DataFrame | None
    codings: pd.DataFrame | None

    @property
    def empty(self) -> bool:
        """Whether nobody has answered."""
        return self.responses.empty

    @property
    def wordings(self) -> dict[str, str]:
        """What each question asks, by its key."""
        return {each.key: each.wording for each in questions_of(self.questionnaire)}


def survey(tables: Mapping[str, pd.DataFrame], choices: Choices) -> Survey:
    """The survey of a cleaning, limited to the year and the unit of the choices."""
    questionnaire = tables["questionnaire"]
    every = _of_unit(tables["responses"], choices.unit)
    years = every["year"].astype("Int64")
    own = every[(years == choices.year).fillna(False).to_numpy(dtype=bool)]
    earlier_years = [int(year) for year in years.dropna().unique() if year < choices.year]
    before = choices.before if choices.before is not None else max(earlier_years, default=None)
    past = every[(years == before).fillna(False).to_numpy(dtype=bool)] if before else every[:0]
    frame = tables.get("frame")
    if frame is not None:
        frame = _of_unit(frame, choices.unit)
        frame = frame[(frame["year"] == choices.year).to_numpy(dtype=bool)].reset_index(drop=True)
    comparison = tables.get("comparison")
    if comparison is not None:
        comparison = comparison[(comparison["year"] == choices.year).to_numpy(dtype=bool)]
    codings = tables.get("codings")
    if codings is not None and len(codings) and codings["comment"].isin(every["respondent"]).any():
        # Comments that bear their respondent's number follow the selection.
        codings = codings[codings["comment"].isin(own["respondent"]).to_numpy(dtype=bool)]
    return Survey(
        questionnaire,
        own.reset_index(drop=True),
        None if frame is None or frame.empty else frame,
        measures.long_answers(own, questionnaire, positive=choices.positive),
        measures.long_answers(past, questionnaire, positive=choices.positive),
        before if len(past) else None,
        None if comparison is None or comparison.empty else comparison,
        None if codings is None or codings.empty else codings,
    )


def reached(found: Survey) -> pd.DataFrame:
    """The short list for few persons: ``answered``, and the third in which its share lies."""
    row = {"answered": len(found.responses), "sent": 0}
    if found.frame is not None:
        rates = measures.response_rates(found.frame, found.responses, by="sex")
        row["sent"] = int(rates.loc[rates["sex"] == TOTAL, "sent"].iloc[0])
    third = None
    if row["sent"]:
        part = 3 * row["answered"] / row["sent"]
        third = "low" if part < 1 else "high" if part > 2 else "middle"
    return pd.DataFrame([row]).assign(answering=pd.Series([third], dtype="str"))


def rates(found: Survey, by: By) -> pd.DataFrame:
    """Response rates by group with what `dropouts` says beside them (nothing beside the total)."""
    if found.frame is None:
        return pd.DataFrame()
    table = measures.response_rates(found.frame, found.responses, by=by)
    beside = measures.dropouts(table, by=by)[[by, "value", "adjusted"]]
    return table.merge(beside, on=by, how="left")


def helped(found: Survey) -> pd.DataFrame:
    """How many answered alone, with help or by proxy."""
    return measures.helped(found.responses)


def item_nonresponse(found: Survey) -> pd.DataFrame:
    """What became of every question, with its wording."""
    made = measures.states(found.answers)
    return made.assign(wording=made["question"].map(found.wordings))


def shares(found: Survey) -> pd.DataFrame:
    """Share of positive answers per question, with its wording; for a table and a picture."""
    made = measures.shares(found.answers)
    return made.assign(wording=made["question"].map(found.wordings), value=made["share"])


def changes(found: Survey) -> pd.DataFrame:
    """What has changed since the year before; ``base`` is the earlier share."""
    made = measures.changes(measures.shares(found.earlier), measures.shares(found.answers))
    return made.assign(wording=made["question"].map(found.wordings), base=_base(made, "before"))


def by_sex(found: Survey) -> pd.DataFrame:
    """Women, men, the third category and all, per question."""
    if "sex" not in found.answers or found.answers.empty:
        return pd.DataFrame()
    return measures.by_sex(found.answers)


def sex_differences(table: pd.DataFrame, wordings: Mapping[str, str]) -> pd.DataFrame:
    """Women minus men per question; ``base`` is men's share."""
    made = measures.sex_differences(table)
    return made.assign(wording=made["question"].map(wordings), base=_base(made, "men"))


def printed(found: Survey, sexes: pd.DataFrame, changed: pd.DataFrame | None) -> pd.DataFrame:
    """The table of results as the papers print it, with wordings."""
    made = measures.results_as_printed(sexes, found.questionnaire, changed)
    return made.assign(wording=made["question"].map(found.wordings))


def cities(found: Survey) -> pd.DataFrame:
    """Own result beside the unweighted mean of other municipalities."""
    if found.comparison is None or found.answers.empty:
        return pd.DataFrame()
    made = measures.against_cities(measures.shares(found.answers), found.comparison)
    return made.assign(wording=made["question"].map(found.wordings))


def coding(found: Survey) -> pd.DataFrame:
    """Agreement between coders."""
    return pd.DataFrame() if found.codings is None else measures.coder_agreement(found.codings)


def rules(found: Survey, choices: Choices) -> pd.DataFrame:
    """Every question under every rule of what is positive: for a table and a picture.

    ``question``, ``rule``, ``positive``, ``valid``, ``share`` with limits, ``counted`` (what the
    count counts), ``chosen``, ``value``.
    """
    parts = []
    for rule in RULES:
        answers = measures.long_answers(found.responses, found.questionnaire, positive=rule)
        own = measures.shares(answers)
        chosen = rule == choices.positive
        counted = "positive answers" if chosen else f"positive answers, {rule}"
        parts.append(own.assign(rule=rule, chosen=chosen, counted=counted))
    made = pd.concat(parts, ignore_index=True)
    order = {name: place for place, name in enumerate(dict.fromkeys(made["question"]))}
    made = made.assign(place=made["question"].map(order)).sort_values(
        ["place", "rule"],
        key=lambda column: (
            column.map({rule: place for place, rule in enumerate(RULES)})
            if column.name == "rule"
            else column
        ),
        kind="stable",
        ignore_index=True,
    )
    return made.drop(columns="place").assign(value=made["share"])


def _of_unit(rows: pd.DataFrame, unit: str) -> pd.DataFrame:
    if not unit:
        return rows
    if "unit" not in rows:
        return rows[:0]
    alike = rows["unit"].astype("object").map(lambda name: str(name).casefold() == unit.casefold())
    return rows[alike.to_numpy(dtype=bool)]


def _base(table: pd.DataFrame, name: str) -> pd.Series:
    of = table[f"{name}_of"].astype("float64")
    return table[name] / of.where(of > 0)
