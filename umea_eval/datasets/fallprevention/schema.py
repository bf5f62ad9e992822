"""The tables of fallprevention: deviations, Downton assessments, and resident-days by month."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.schema import Column, Rule, Schema, read_code_lists
from umea_eval.intake.usual import PROTECTED

CODES = read_code_lists(Path(__file__).with_name("codes.toml"))
# Of a severity that harms for long, or kills; what "high" means in the published figures.
HIGH_SEVERITY = ("significant", "catastrophic")
NOT_ASSESSED = "not_assessed"
# The record system is changed "hösten 2024–våren 2025" (papers of the board): both ends included.
# Which months autumn and spring are is an assumption.
SYSTEM_CHANGE = (dt.date(2024, 9, 1), dt.date(2025, 5, 31))
DATES = (dt.date(1990, 1, 1), dt.date(2100, 12, 31))  # assumption: stops slips of the pen only
MOST_PLACES = 500  # assumption: more than any home has
# Downton Fall Risk Index: one point each, 0 to 11 in all. From memory, so an assumption.
ITEMS = (
    *("previous_falls", "sedatives", "diuretics", "antihypertensives", "antiparkinson"),
    *("antidepressants", "vision", "hearing", "limbs", "cognition", "gait"),
)
_ITEMS_SOURCE = "Downton Fall Risk Index, the eleven items from memory (assumption)"

Rows = NDArray[np.bool_]

_RESIDENT = Column(
    "resident",
    "identity",
    "Personnummer",
    "Identity number",
    headings=(
        *("Personnr", "Pnr", "Person-id", "PersonId", "Brukarens personnummer"),
        *("Brukare personnummer", "Patientens personnummer", "Personnummer/samordningsnummer"),
    ),
    required=False,
    filled=False,
    personal=True,
    source="The resident, where the municipality has chosen to deliver it",
)
_UNIT = Column(
    "unit",
    "text",
    "Enhet",
    "Unit",
    headings=("Boende", "Boendeenhet", "Avdelning", "Gruppbostad", "Enhetsnamn", "Arbetsställe"),
    source="The unit as the municipality names it; case and spaces are levelled",
)
_MUNICIPALITY = Column(
    "municipality",
    "text",
    "Kommun",
    "Municipality",
    headings=("Kommunnamn", "Huvudman"),
    required=False,
    filled=False,
)


def known(frame: pd.DataFrame, column: str, value: object) -> Rows:
    """Rows in which the column has this value; a missing one has none."""
    same: Rows = (frame[column] == value).fillna(False).to_numpy(dtype=bool)
    return same


def _closed_before(frame: pd.DataFrame) -> Rows:
    broken: Rows = (frame["closed_on"] < frame["happened_on"]).to_numpy(dtype=bool)
    return broken


def _reported_before(frame: pd.DataFrame) -> Rows:
    broken: Rows = (frame["reported_on"] < frame["happened_on"]).to_numpy(dtype=bool)
    return broken


def _risk_with_injury(frame: pd.DataFrame) -> Rows:
    return known(frame, "kind", "fall_risk") & known(frame, "injury", True)


def _severe_without_injury(frame: pd.DataFrame) -> Rows:
    severe = frame["severity"].isin(HIGH_SEVERITY).to_numpy(dtype=bool)
    broken: Rows = severe & known(frame, "injury", False)
    return broken


def _status_contradicts_date(frame: pd.DataFrame) -> Rows:
    dated = frame["closed_on"].notna().to_numpy(dtype=bool)
    closed = known(frame, "status", "closed")
    stated = frame["status"].notna().to_numpy(dtype=bool)
    broken: Rows = stated & (closed != dated)
    return broken


def _score_contradicts_items(frame: pd.DataFrame) -> Rows:
    """The sum is below the items that are ticked, or above them and the unknown together.

    An item without a column of its own is unknown.
    """
    known = [name for name in ITEMS if name in frame]
    items = frame[known].astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
    score = frame["score"].to_numpy(dtype="float64", na_value=np.nan)
    ticked = np.nansum(items, axis=1)
    unknown = np.isnan(items).sum(axis=1) + len(ITEMS) - len(known)
    broken: Rows = (score < ticked) | (score > ticked + unknown)
    return broken


def _no_exposure(frame: pd.DataFrame) -> Rows:
    broken = np.ones(len(frame), dtype=bool)
    for name in ("presence_days", "places"):
        if name in frame:
            broken &= frame[name].isna().to_numpy(dtype=bool)
    return broken


def _more_days_than_places(frame: pd.DataFrame) -> Rows:
    days = frame["presence_days"].to_numpy(dtype="float64", na_value=np.nan)
    places = frame["places"].to_numpy(dtype="float64", na_value=np.nan)
    broken: Rows = days > places * days_in(frame["month"])
    return broken


def days_in(months: pd.Series) -> NDArray[np.float64]:
    """The number of days of each month, missing for a missing one."""
    first = months.to_numpy(dtype="datetime64[M]")
    days = (first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")
    return np.where(np.isnat(first), np.nan, days.astype(np.int64))


DEVIATIONS = Schema(
    "deviations",
    "Avvikelser",
    "Deviations",
    columns=(
        Column(
            "deviation",
            "identifier",
            "Avvikelsenummer",
            "Deviation number",
            headings=("Avvikelsenr", "Avvikelse-id", "AvvikelseId", "Ärendenummer", "Löpnummer"),
            required=False,
            filled=False,
            personal=True,
        ),
        Column(
            "happened_on",
            "date",
            "Händelsedatum",
            "Date of the event",
            headings=("Datum för händelsen", "Händelsedag", "Datum", "Inträffat", "Inträffade"),
            range=DATES,
        ),
        Column(
            "time",
            "time",
            "Tid",
            "Time of day",
            headings=("Klockslag", "Tid för händelsen", "Händelsetid", "Tidpunkt", "Kl"),
            required=False,
            filled=False,
            unit="minuter efter midnatt",
        ),
        Column(
            "reported_on",
            "date",
            "Rapporterat datum",
            "Date of the report",
            headings=("Registreringsdatum", "Registrerad", "Rapportdatum", "Skapad", "Inkom"),
            required=False,
            filled=False,
            range=DATES,
        ),
        _MUNICIPALITY,
        _UNIT,
        Column(
            "kind",
            "code",
            "Typ",
            "Kind",
            headings=("Avvikelsetyp", "Typ av avvikelse", "Händelsetyp", "Kategori"),
            codes=CODES["kind"],
        ),
        Column(
            "place",
            "code",
            "Plats",
            "Place",
            headings=("Plats för händelsen", "Var", "Var inträffade händelsen"),
            required=False,
            filled=False,
            codes=CODES["place"],
        ),
        Column(
            "injury",
            "flag",
            "Skada",
            "Injury",
            headings=("Skada J/N", "Skada Ja/Nej", "Personskada", "Skadad", "Fallskada"),
            required=False,
            filled=False,
        ),
        Column(
            "severity",
            "code",
            "Allvarlighetsgrad",
            "Severity",
            headings=("Allvarlighet", "Allvarlighetsbedömning", "Bedömd allvarlighetsgrad"),
            required=False,
            filled=False,
            codes=CODES["severity"],
        ),
        Column(
            "cause",
            "code",
            "Orsak",
            "Cause",
            headings=("Orsakskod", "Bakomliggande orsak", "Fallorsak"),
            required=False,
            filled=False,
            codes=CODES["cause"],
        ),
        Column(
            "measures_before",
            "code",
            "Fallpreventiva åtgärder före fallet",
            "Preventive measures before the fall",
            headings=(
                *("Åtgärder före fallet", "Åtgärd före", "Förebyggande åtgärder vidtagna"),
                *("Fallprevention före", "Fallpreventiva insatser", "Fallpreventiva åtgärder"),
            ),
            required=False,
            filled=False,
            codes=CODES["measures_before"],
        ),
        Column(
            "described",
            "filled",
            "Beskrivning",
            "Described in free text",
            headings=("Händelsebeskrivning", "Beskrivning av händelsen", "Vad hände"),
            required=False,
            filled=False,
            personal=True,
            source="Of the free text, only whether there is any",
        ),
        Column(
            "followed_up",
            "filled",
            "Åtgärd",
            "Measures written in free text",
            headings=("Åtgärder", "Vidtagna åtgärder", "Åtgärdsbeskrivning"),
            required=False,
            filled=False,
            personal=True,
            source="Of the free text, only whether there is any",
        ),
        Column(
            "status",
            "code",
            "Status",
            "Status",
            headings=("Ärendestatus", "Avvikelsestatus"),
            required=False,
            filled=False,
            codes=CODES["status"],
        ),
        Column(
            "closed_on",
            "date",
            "Avslutsdatum",
            "Date of closure",
            headings=("Avslutad", "Avslutat", "Avslutad datum", "Datum för avslut", "Stängd"),
            required=False,
            filled=False,
            range=DATES,
            open_end=True,
        ),
        _RESIDENT,
        PROTECTED,
    ),
    # Two municipalities' systems may give the same number: a unit belongs to one of them.
    key=("deviation", "unit"),
    rules=(
        Rule("closed_before_event", ("closed_on", "happened_on"), _closed_before),
        Rule("reported_before_event", ("reported_on", "happened_on"), _reported_before),
        Rule("injury_without_fall", ("injury", "kind"), _risk_with_injury),
        Rule(
            "severity_contradicts_injury",
            ("severity", "injury"),
            _severe_without_injury,
            remark=True,
        ),
        Rule(
            "status_contradicts_date",
            ("status", "closed_on"),
            _status_contradicts_date,
            remark=True,
        ),
    ),
)


def _item(name: str, label_sv: str, label_en: str, *headings: str) -> Column:
    return Column(
        name,
        "flag",
        label_sv,
        label_en,
        headings=headings,
        required=False,
        filled=False,
        personal=True,
        unit="poäng (0–1)",
        source=_ITEMS_SOURCE,
    )


ASSESSMENTS = Schema(
    "assessments",
    "Riskbedömningar (Downton)",
    "Risk assessments (Downton)",
    columns=(
        replace(_RESIDENT, required=True, filled=True),
        Column(
            "assessed_on",
            "date",
            "Bedömningsdatum",
            "Date of assessment",
            headings=("Datum för bedömning", "Bedömd", "Riskbedömningsdatum", "Datum"),
            range=DATES,
        ),
        _MUNICIPALITY,
        _UNIT,
        _item("previous_falls", "Tidigare fall", "Known previous falls", "Tidigare fallolyckor"),
        _item(
            *("sedatives", "Lugnande läkemedel", "Tranquillisers or sedatives"),
            *("Lugnande/sömnmedel/neuroleptika", "Lugnande", "Sömnmedel/neuroleptika"),
        ),
        _item("diuretics", "Diuretika", "Diuretics", "Vätskedrivande"),
        _item(
            *("antihypertensives", "Blodtryckssänkande", "Antihypertensives"),
            *("Antihypertensiva", "Blodtryckssänkande läkemedel"),
        ),
        _item(
            *("antiparkinson", "Parkinsonläkemedel", "Antiparkinsonian drugs"),
            *("Antiparkinsonmedel", "Parkinson"),
        ),
        _item("antidepressants", "Antidepressiva", "Antidepressants", "Antidepressiva läkemedel"),
        _item("vision", "Synnedsättning", "Impaired vision", "Nedsatt syn", "Syn"),
        _item("hearing", "Hörselnedsättning", "Impaired hearing", "Nedsatt hörsel", "Hörsel"),
        _item(
            *("limbs", "Nedsatt motorik", "Impaired limbs"),
            *("Motorik", "Motorisk nedsättning", "Nedsatt rörlighet"),
        ),
        _item(
            *("cognition", "Kognitiv nedsättning", "Not orientated"),
            *("Ej orienterad", "Nedsatt kognition", "Kognition"),
        ),
        _item("gait", "Osäker gång", "Unsafe gait", "Osäker gångförmåga", "Gångförmåga"),
        Column(
            "score",
            "whole",
            "Downtonpoäng",
            "Downton score",
            headings=(
                *("Downton poäng", "Downton", "DFRI", "DFRI poäng", "Totalpoäng", "Poängsumma"),
                *("Poäng", "Summa poäng", "Summa"),
            ),
            range=(0, len(ITEMS)),
            unit="poäng",
            source=_ITEMS_SOURCE,
        ),
        PROTECTED,
    ),
    key=("resident", "assessed_on"),
    rules=(Rule("score_contradicts_items", ("score",), _score_contradicts_items),),
)

RESIDENT_DAYS = Schema(
    "resident_days",
    "Boendedygn",
    "Resident-days",
    columns=(
        _MUNICIPALITY,
        _UNIT,
        Column(
            "month",
            "month",
            "Månad",
            "Month",
            headings=("Period", "Avser månad", "År och månad", "År-månad"),
            range=DATES,
        ),
        Column(
            "presence_days",
            "number",
            "Boendedygn",
            "Days of presence",
            headings=("Närvarodygn", "Närvarodagar", "Vårddygn", "Boendedagar", "Antal dygn"),
            required=False,
            filled=False,
            range=(0, MOST_PLACES * 31),
            unit="dygn",
            source="Counted from presence; preferred to places times days",
        ),
        Column(
            "places",
            "whole",
            "Antal platser",
            "Number of places",
            headings=("Platser", "Boendeplatser", "Lägenheter", "Antal lägenheter"),
            required=False,
            filled=False,
            range=(0, MOST_PLACES),
            unit="platser",
            source="Times the days of the month where there is no presence",
        ),
    ),
    key=("unit", "month"),
    rules=(
        Rule("no_exposure", ("unit",), _no_exposure),
        Rule(
            "more_days_than_places",
            ("presence_days", "places", "month"),
            _more_days_than_places,
            remark=True,
        ),
    ),
)

SCHEMAS = (DEVIATIONS, ASSESSMENTS, RESIDENT_DAYS)
