"""What does the evaluation look at: who, from which places and years, by which definitions?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from umea_eval.datasets.vhu_lss.measures import (
    bmi_classes,
    first_visits,
    high_blood_pressure,
    hyperlipidaemia,
    metabolic_syndrome,
    people,
    type_2_diabetes,
    with_persons,
)
from umea_eval.datasets.vhu_lss.measures.metabolic_syndrome import Definition, Waist
from umea_eval.datasets.vhu_lss.measures.participation import Taking
from umea_eval.datasets.vhu_lss.measures.three_valued import YES
from umea_eval.datasets.vhu_lss.schema import CODES, EXAMINATIONS, FOLLOW_UPS, PERSONS
from umea_eval.intake.codes import MEN, WOMEN
from umea_eval.language import Language

TOTAL, UNKNOWN = "total", "unknown"
SEXES = (WOMEN, MEN)
ALPHA = 0.05
# The plan's questions with claims: participation, change and introduction. Each has its part of
# ``ALPHA``, and deals it out over its own comparisons (Bonferroni), so that all intervals of the
# report that carry a claim hold together.
QUESTIONS = 3
_OF_VISITS = (EXAMINATIONS, FOLLOW_UPS)
_PERSONS: Mapping[str, str] = {
    "person": "str",
    "municipality": "str",
    "invited_on": "datetime64[us]",
    "answer": "str",
}
_VISITS: Mapping[str, str] = {"person": "str", "examined_on": "datetime64[us]"}


@dataclass(frozen=True)
class Choices:
    """The definitions and the selection of the evaluation, each a parameter of the notebook.

    ``municipality`` is a code or a name and ``area`` a name; empty is all. Years are those of the
    offer (see ``offer_year``), both included.
    """

    first_year: int
    last_year: int
    municipality: str = ""
    area: str = ""
    definition: Definition = "joint"
    waist: Waist = "94/80"
    taking_part: Taking = "accepted"
    correlation: float = 0.8


@dataclass(frozen=True)
class Register:
    """The selected persons and their visits.

    ``people`` is what ``measures.people`` gives for the years, ``everybody`` the same for all
    years; ``visits`` are first examinations with a column per condition, ``examinations`` and
    ``follow_ups`` all visits. ``registered`` and ``introductions`` are missing where the data have
    no such table. ``undated``: selected persons of whom no year of the offer is known, who are in
    ``everybody`` only.
    """

    people: pd.DataFrame
    everybody: pd.DataFrame
    visits: pd.DataFrame
    examinations: pd.DataFrame
    follow_ups: pd.DataFrame
    registered: pd.DataFrame | None
    introductions: pd.DataFrame | None
    undated: int

    @property
    def empty(self) -> bool:
        """Whether there is nobody to evaluate."""
        return self.people.empty


def municipality_code(name: str) -> str:
    """The code of a municipality given by code or name; a text that is neither is its own code."""
    known = {text.casefold(): code for text, code in CODES["municipality"].spellings.items()}
    return known.get(name.strip().casefold(), name.strip())


def municipality_names() -> dict[str, str]:
    """The municipalities' names by code (the same in both languages)."""
    return {each.code: each.label_sv for each in CODES["municipality"].codes}


def offer_year(persons: pd.DataFrame, examinations: pd.DataFrame) -> pd.Series:
    """The year of each row's offer, missing where nothing tells.

    The year of the invitation; without a date that of the first examination; for those who were
    not invited, the year in which they reach the age of the offer.
    """
    year: pd.Series = persons["invited_on"].dt.year.astype("float64")
    first = examinations.groupby(examinations["person"].astype("str"))["examined_on"].min()
    examined = persons["person"].astype("str").map(first.dt.year.astype("float64"))
    year = year.where(year.notna(), examined)
    born = next((name for name in ("person_birth_year", "birth_year") if name in persons), None)
    if born is None or "round" not in persons:
        return year
    age = persons["round"].astype("object").astype("float64")
    filled: pd.Series = year.where(year.notna(), persons[born].astype("float64") + age)
    return filled


def register(tables: Mapping[str, pd.DataFrame], extraction: dt.date, choices: Choices) -> Register:
    """The register of a cleaning, limited to the choices' places and years."""
    persons = tables.get("persons", _nothing(_PERSONS))
    examinations = tables.get("examinations", _nothing(_VISITS))
    follow_ups = tables.get("follow_ups", _nothing(_VISITS))
    own = persons.drop_duplicates("person")
    if choices.municipality:
        code = municipality_code(choices.municipality)
        own = own[(own["municipality"].astype("object") == code).to_numpy()]
    if choices.area:
        area = own["area"] if "area" in own else pd.Series(pd.NA, own.index, dtype="str")
        alike = area.astype("str").str.casefold() == choices.area.strip().casefold()
        own = own[alike.fillna(value=False).to_numpy(dtype=bool)]
    year = offer_year(own, examinations)
    dated = own[year.between(choices.first_year, choices.last_year).to_numpy()]
    chosen = set(dated["person"].astype("str"))

    def of_chosen(visits: pd.DataFrame) -> pd.DataFrame:
        return visits[visits["person"].astype("str").isin(chosen)].reset_index(drop=True)

    examined = of_chosen(examinations)
    return Register(
        people=people(dated, examinations, follow_ups, until=extraction),
        everybody=people(own, examinations, follow_ups, until=extraction),
        visits=with_conditions(with_persons(first_visits(examined), dated), choices),
        examinations=examined,
        follow_ups=of_chosen(follow_ups),
        registered=tables.get("registered"),
        introductions=tables.get("introductions"),
        undated=int(year.isna().sum()),
    )


def _nothing(columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})


def with_conditions(visits: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """The visits with ``yes``, ``no`` or ``undetermined`` for every condition."""
    made = metabolic_syndrome(visits, definition=choices.definition, waist=choices.waist)
    made = hyperlipidaemia(high_blood_pressure(type_2_diabetes(made)))
    return made.assign(obesity=_obesity(made))


def _obesity(visits: pd.DataFrame) -> pd.Series:
    found = bmi_classes(visits)["bmi_class"]
    return found.replace({"obesity": YES, "overweight": "no", "below": "no"})


def missing_of_persons(table: pd.DataFrame, language: Language) -> pd.DataFrame:
    """The missing values of the tables with a row per person or visit.

    ``table`` has a column ``table`` of labels in ``language``. The register of outcomes has a row
    per person and period: its counts would say nothing of how many persons are concerned.
    """
    labels = [
        each.label_sv if language == "sv" else each.label_en for each in (PERSONS, *_OF_VISITS)
    ]
    return table[table["table"].isin(labels)].reset_index(drop=True)
