"""The tables of VHU i LSS: persons, examinations, follow-ups, what registers hold, introductions.

Ranges of measured values are wide enough for any adult and only stop slips of the pen and of the
unit (assumption): an HbA1c of 5.6 in mmol/mol is a percentage, a height of 1.72 in cm is in metres.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.schema import Column, Rule, Schema, read_code_lists
from umea_eval.intake.usual import PROTECTED, SEX, SEXES_DIFFER

CODES = read_code_lists(Path(__file__).with_name("codes.toml"))
# Health examinations of this kind began in the region in the 1980s; the upper end only stops typing
# errors.
DAYS = (dt.date(1985, 1, 1), dt.date(2100, 12, 31))  # assumption
# A stated BMI may be reckoned from a height and a weight that were rounded or measured another day.
BMI_TOLERANCE = 1.0  # kg/m², assumption
# IFCC to NGSP: the master equation (Hoelzel et al. 2004, Clin Chem 50:166-174). Swedish percentages
# until 2010 were Mono-S, which gives others; VHU i LSS is younger (assumption).
NGSP_FACTOR, NGSP_SHIFT = 10.93, -23.50
HBA1C_TOLERANCE = 3.0  # mmol/mol between two statements of one value, assumption
# A person is examined at the age of the round, or some time later where the start was later.
LATEST_AFTER_ROUND = 4  # years, assumption

Rows = NDArray[np.bool_]


def hba1c_from_percent(percent: NDArray[np.float64]) -> NDArray[np.float64]:
    """HbA1c in mmol/mol (IFCC), to one decimal, from per cent (NGSP)."""
    return np.round(NGSP_FACTOR * percent + NGSP_SHIFT, 1)


def _in(unit: str, *headings: str) -> tuple[str, ...]:
    """Headings with and without the unit. The preferred one, with it, is the column's label."""
    return tuple(each for name in headings for each in (name, f"{name} ({unit})"))


def _numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _years(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    years: NDArray[np.float64] = frame[name].dt.year.to_numpy(dtype=np.float64, na_value=np.nan)
    return years


def _birth_years_differ(frame: pd.DataFrame) -> Rows:
    apart = np.abs(_numbers(frame, "birth_year") - _numbers(frame, "person_birth_year"))
    broken: Rows = apart > 0
    return broken


def _answer_without_invitation(frame: pd.DataFrame) -> Rows:
    broken: Rows = (frame["answer"].notna() & frame["invited_on"].isna()).to_numpy(dtype=bool)
    return broken


def _diastolic_too_high(frame: pd.DataFrame) -> Rows:
    broken: Rows = _numbers(frame, "systolic") <= _numbers(frame, "diastolic")
    return broken


def _examined_before_invited(frame: pd.DataFrame) -> Rows:
    broken: Rows = (frame["examined_on"] < frame["invited_on"]).to_numpy(dtype=bool)
    return broken


def _bmi_differs(frame: pd.DataFrame) -> Rows:
    return _bmi_apart(frame, _numbers(frame, "height") / 100)


def _bmi_differs_in_metres(frame: pd.DataFrame) -> Rows:
    return _bmi_apart(frame, _numbers(frame, "height_m"))


def _bmi_apart(frame: pd.DataFrame, metres: NDArray[np.float64]) -> Rows:
    reckoned = _numbers(frame, "weight") / metres**2
    broken: Rows = np.abs(_numbers(frame, "bmi") - reckoned) > BMI_TOLERANCE
    return broken


def _hba1c_units_differ(frame: pd.DataFrame) -> Rows:
    reckoned = hba1c_from_percent(_numbers(frame, "hba1c_percent"))
    broken: Rows = np.abs(_numbers(frame, "hba1c") - reckoned) > HBA1C_TOLERANCE
    return broken


def _age_differs(frame: pd.DataFrame) -> Rows:
    broken: Rows = np.abs(_numbers(frame, "age") - _numbers(frame, "person_age")) > 0
    return broken


def _round_differs(frame: pd.DataFrame) -> Rows:
    reached = _years(frame, "examined_on") - _numbers(frame, "person_birth_year")
    after = reached - frame["round"].astype("float64").to_numpy()
    broken: Rows = (after < 0) | (after > LATEST_AFTER_ROUND)
    return broken


_PERSON = Column(
    "person",
    "identity",
    "Personnummer",
    "Identity number",
    headings=("Personnr", "Pnr", "Person-id", "PersonId", "Identitetsnummer", "Brukare", "Patient"),
    personal=True,
)
_MUNICIPALITY = Column(
    "municipality",
    "code",
    "Kommun",
    "Municipality",
    headings=("Kommunkod", "Kommunnamn", "Hemkommun"),
    codes=CODES["municipality"],
)
_AREA = Column(
    "area",
    "text",
    "Område",
    "Area",
    headings=("Geografiskt område", "Distrikt", "Verksamhetsområde", "Stadsdel"),
    required=False,
    filled=False,
    source="smaller municipalities have no areas",
)
_ROUND = Column(
    "round",
    "code",
    "VHU-ålder",
    "Age of the offer",
    headings=("Åldersomgång", "VHU-omgång", "Erbjudandeålder", "Undersökningsålder"),
    required=False,
    filled=False,
    codes=CODES["round"],
)
_INVITED = Column(
    "invited_on",
    "date",
    "Inbjuden datum",
    "Invited on",
    headings=("Inbjudningsdatum", "Erbjudandedatum", "Datum för inbjudan", "Inbjuden", "Erbjuden"),
    filled=False,
    range=DAYS,
    open_end=True,  # some systems write the far future for "not yet"
    source="Återrapportering Nära vård 2023, Umeå kommun",
)


def _value(
    name: str,
    label: tuple[str, str],
    unit: str,
    limits: tuple[float, float],
    *headings: str,
    source: str = "range: assumption",
) -> Column:
    """A measured value; the label carries the unit, the headings come with and without it."""
    return Column(
        name,
        "number",
        f"{label[0]} ({unit})",
        f"{label[1]} ({unit})",
        headings=_in(unit, *headings),
        required=False,
        filled=False,
        range=limits,
        unit=unit,
        source=source,
    )


def _flag(name: str, label_sv: str, label_en: str, *headings: str, source: str = "") -> Column:
    return Column(
        name,
        "flag",
        label_sv,
        label_en,
        headings=headings,
        required=False,
        filled=False,
        source=source,
    )


_VALUES = (
    _value(
        *("waist", ("Midjemått", "Waist"), "cm", (40, 250)),
        *("Midjemått", "Midja", "Midjeomfång", "Bukomfång"),
    ),
    _value("height", ("Längd", "Height"), "cm", (100, 230), "Längd", "Kroppslängd"),
    _value(
        *("height_m", ("Kroppslängd", "Height"), "m", (1.0, 2.3)),
        *("Längd i meter", "Längd m"),
        source="becomes height; range: assumption",
    ),
    _value("weight", ("Vikt", "Weight"), "kg", (25, 350), "Vikt", "Kroppsvikt"),
    _value(
        *("bmi", ("BMI", "BMI"), "kg/m²", (10, 90)),
        *("BMI", "Body mass index"),
        source="is to agree with height and weight; range: assumption",
    ),
    _value(
        *("systolic", ("Systoliskt blodtryck", "Systolic blood pressure"), "mm Hg", (60, 280)),
        *("Systoliskt blodtryck", "Systoliskt", "Blodtryck systoliskt", "SBT", "BT sys"),
        *("Övertryck", "Blodtryck övre"),
    ),
    _value(
        *("diastolic", ("Diastoliskt blodtryck", "Diastolic blood pressure"), "mm Hg", (30, 180)),
        *("Diastoliskt blodtryck", "Diastoliskt", "Blodtryck diastoliskt", "DBT", "BT dia"),
        *("Undertryck", "Blodtryck nedre"),
    ),
    _value(
        *("triglycerides", ("Triglycerider", "Triglycerides"), "mmol/l", (0.1, 60)),
        *("Triglycerider", "TG", "fS-Triglycerider", "fP-Triglycerider", "P-Triglycerider"),
    ),
    _value(
        *("hdl", ("HDL-kolesterol", "HDL cholesterol"), "mmol/l", (0.1, 6)),
        *("HDL-kolesterol", "HDL", "P-HDL-kolesterol", "S-HDL"),
    ),
    _value(
        *("cholesterol", ("Totalkolesterol", "Total cholesterol"), "mmol/l", (1, 25)),
        *("Totalkolesterol", "Kolesterol", "P-Kolesterol", "S-Kolesterol"),
    ),
    _value(
        *("ldl", ("LDL-kolesterol", "LDL cholesterol"), "mmol/l", (0.1, 20)),
        *("LDL-kolesterol", "LDL", "P-LDL-kolesterol"),
    ),
    _value(
        *("glucose", ("Fasteblodsocker", "Fasting glucose"), "mmol/l", (1, 50)),
        *("Fasteblodsocker", "Fasteglukos", "fP-Glukos", "fB-Glukos", "Fastesocker", "Glukos"),
        *("P-Glukos fasta",),
    ),
    _value(
        *("hba1c", ("HbA1c", "HbA1c"), "mmol/mol", (15, 200)),
        *("HbA1c", "B-HbA1c", "Långtidssocker"),
        source="IFCC; below 15 the value is a percentage; range: assumption",
    ),
    _value(
        *("hba1c_percent", ("HbA1c i procent", "HbA1c"), "%", (3, 20)),
        *("HbA1c procent", "B-HbA1c procent"),
        source="NGSP (assumption); becomes hba1c; Hoelzel et al. 2004",
    ),
    _value(
        *("ogtt", ("Glukosbelastning 2 timmar, kapillärt", "Capillary 2-hour OGTT"), "mmol/l"),
        (1, 60),
        *("OGTT", "OGTT 2 h", "2-timmarsvärde", "Glukosbelastning", "OGTT 2h kapillär"),
    ),
    _flag("fasting", "Fastande", "Fasting", "Fasta", "Fastat", source="blank: as the value's name"),
    _flag(
        *("drug_blood_pressure", "Läkemedel mot högt blodtryck", "Drug for high blood pressure"),
        *("Blodtrycksmedicin", "Blodtryckssänkande läkemedel", "Blodtryckssänkande"),
    ),
    _flag(
        *("drug_lipids", "Läkemedel mot triglycerider eller lågt HDL"),
        "Drug for triglycerides or low HDL",
        *("Fibrat eller nikotinsyra", "Fibrat"),
        source="joint interim statement 2009: fibrates, nicotinic acid, omega-3 in high dose",
    ),
    _flag(
        *("drug_statin", "Statin", "Statin"),
        *("Blodfettssänkande läkemedel", "Blodfettsmedicin", "Blodfettssänkande", "Statiner"),
    ),
    _flag(
        *("drug_glucose", "Läkemedel mot diabetes", "Drug for diabetes"),
        *("Diabetesmedicin", "Diabetesläkemedel", "Glukossänkande läkemedel", "Insulin/tabletter"),
    ),
    _flag(
        *("known_diabetes", "Känd diabetes", "Known diabetes"),
        *("Diabetesdiagnos", "Tidigare diabetes", "Diabetes sedan tidigare"),
        source="an earlier diagnosis, from the region",
    ),
    _flag(
        *("known_hypertension", "Känt högt blodtryck", "Known hypertension"),
        *("Hypertonidiagnos", "Känd hypertoni", "Tidigare hypertoni"),
        source="an earlier diagnosis, from the region",
    ),
    _flag(
        *("known_hyperlipidaemia", "Kända höga blodfetter", "Known hyperlipidaemia"),
        *("Hyperlipidemidiagnos", "Känd hyperlipidemi", "Känd blodfettsrubbning"),
        source="an earlier diagnosis, from the region",
    ),
    _flag(
        *("questionnaire", "Enkät besvarad", "Questionnaire answered"),
        *("Hälsoenkät", "Enkät", "Enkät ifylld"),
    ),
    _flag("health_talk", "Hälsosamtal", "Health talk", "Hälsosamtal genomfört", "Samtal"),
)

_RULES = (
    Rule("diastolic_not_below_systolic", ("systolic", "diastolic"), _diastolic_too_high),
    Rule("examined_before_invited", ("examined_on", "invited_on"), _examined_before_invited),
    Rule("bmi_contradicts_measures", ("bmi", "height", "weight"), _bmi_differs),
    Rule("bmi_contradicts_measures", ("bmi", "height_m", "weight"), _bmi_differs_in_metres),
    Rule("hba1c_units_contradict", ("hba1c", "hba1c_percent"), _hba1c_units_differ),
    Rule(
        "age_contradicts_identity",
        ("age", "person_age"),
        _age_differs,
        remark=True,
    ),
    Rule(
        "round_contradicts_birth_year",
        ("round", "examined_on", "person_birth_year"),
        _round_differs,
        remark=True,
    ),
)


_AGE = Column(
    "age",
    "whole",
    "Ålder vid undersökningen",
    "Age at the examination",
    headings=("Ålder", "Ålder vid besöket"),
    required=False,
    filled=False,
    range=(18, 110),
    unit="år",
)
_EXAMINED = Column(
    "examined_on",
    "date",
    "Undersökningsdatum",
    "Examined on",
    headings=("Datum för undersökning", "Datum för VHU", "VHU-datum", "Besöksdatum", "Datum"),
    range=DAYS,
)
_VISIT = Column(
    "visit",
    "code",
    "Typ av besök",
    "Kind of visit",
    headings=("Besökstyp", "Besök"),
    required=False,
    filled=False,
    codes=CODES["visit"],
    source="follow-ups in the same list become the table of follow-ups",
)
# What a row says of a visit: also in a list of persons, where a small municipality has all in one.
VISIT_COLUMNS = (_AGE, _VISIT, *_VALUES)


def _examinations(
    name: str, label_sv: str, label_en: str, date: Column, *more: Column, rules: tuple[Rule, ...]
) -> Schema:
    columns = (
        replace(_PERSON, age_at=date.name),
        date,
        *more,
        replace(_INVITED, required=False),
        _AGE,
        _ROUND,
        *_VALUES,
        PROTECTED,
    )
    return Schema(
        name, label_sv, label_en, columns=columns, key=("person", "examined_on"), rules=rules
    )


PERSONS = Schema(
    "persons",
    "Personer",
    "Persons",
    columns=(
        replace(_PERSON, age_at="examined_on"),
        _MUNICIPALITY,
        _AREA,
        Column(
            "home",
            "identifier",
            "Boende",
            "Home",
            headings=("LSS-boende", "Bostad", "Enhet", "Gruppbostad", "Boendeenhet"),
            required=False,
            filled=False,
            personal=True,
        ),
        Column(
            "birth_year",
            "whole",
            "Födelseår",
            "Birth year",
            headings=("Född år", "Född", "Årgång"),
            required=False,
            filled=False,
            range=(1900, 2100),
            unit="år",
        ),
        SEX,
        _ROUND,
        _INVITED,
        Column(
            "answer",
            "code",
            "Svar",
            "Answer",
            headings=("Svar på erbjudandet", "Svar på inbjudan", "Deltagande", "Tackat ja/nej"),
            filled=False,
            codes=CODES["answer"],
        ),
        Column(
            "reason",
            "code",
            "Orsak",
            "Reason",
            headings=(
                "Skäl",
                "Orsak till nej",
                "Orsak till bortfall",
                "Anledning",
                "Skäl till nej",
            ),
            required=False,
            filled=False,
            codes=CODES["reason"],
        ),
        replace(
            _EXAMINED,
            # In a list of persons a bare "Datum" may be the date of anything.
            headings=("Datum för undersökning", "Datum för VHU", "VHU-datum"),
            required=False,
            filled=False,
            source="a list with the examinations in it becomes two tables",
        ),
        *VISIT_COLUMNS,
        PROTECTED,
    ),
    # Ten years lie between two offers: within the years of VHU i LSS a person has one.
    key=("person",),
    rules=(
        SEXES_DIFFER,
        Rule(
            "birth_year_contradicts_identity",
            ("birth_year", "person_birth_year"),
            _birth_years_differ,
            remark=True,
        ),
        Rule(
            "answer_without_invitation",
            ("answer", "invited_on"),
            _answer_without_invitation,
            remark=True,
        ),
        *_RULES,
    ),
)

EXAMINATIONS = _examinations(
    *("examinations", "Undersökningar", "Examinations"),
    _EXAMINED,
    _VISIT,
    rules=_RULES,
)

FOLLOW_UPS = _examinations(
    *("follow_ups", "Uppföljningar", "Follow-ups"),
    replace(
        _EXAMINED,
        label_sv="Uppföljningsdatum",
        label_en="Followed up on",
        headings=("Datum för uppföljning", "Återbesöksdatum", "Uppföljd"),
    ),
    # A follow-up is some years after the round, by its nature.
    rules=_RULES[:-1],
)

REGISTERED = Schema(
    "registered",
    "Registrerade utfall",
    "Registered outcomes",
    columns=(
        _PERSON,
        Column(
            "month",
            "month",
            "Period",
            "Period",
            headings=("Månad", "Periodens första månad", "Registermånad"),
            range=DAYS,
            source="the first month of the period that the row is about",
        ),
        _flag("examination", "Hälsoundersökt i vården", "Examined in health care", "Undersökt"),
        _flag("diagnosis", "Ny diagnos", "New diagnosis", "Diagnos", "Nydiagnos"),
        _flag("drugs", "Uthämtade läkemedel", "Dispensed drugs", "Läkemedelsuttag", "Uttag"),
        PROTECTED,
    ),
    key=("person", "month"),
)

INTRODUCTIONS = Schema(
    "introductions",
    "Införanden",
    "Introductions",
    columns=(
        _MUNICIPALITY,
        _AREA,
        Column(
            "introduced_on",
            "date",
            "Infört datum",
            "Introduced on",
            headings=("Införandedatum", "Startdatum", "Datum för införande", "Infört"),
            filled=False,
            range=DAYS,
            open_end=True,
            source="Återrapportering Nära vård 2023, Umeå kommun; missing: not introduced",
        ),
        Column(
            "basis",
            "text",
            "Underlag",
            "Basis",
            headings=("Beslut", "Källa", "Diarienummer"),
            required=False,
            filled=False,
            source="who decided, or where it stands",
        ),
    ),
    key=("municipality", "area"),
)

SCHEMAS = (PERSONS, EXAMINATIONS, FOLLOW_UPS, REGISTERED, INTRODUCTIONS)
