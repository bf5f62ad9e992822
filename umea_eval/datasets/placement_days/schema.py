"""The tables of placement days: placements of children and young people, and price lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.schema import Column, Rule, Schema, read_code_lists
from umea_eval.intake.usual import PROTECTED, SEX, SEXES_DIFFER

CODES = read_code_lists(Path(__file__).with_name("codes.toml"))

KINDS = (
    *("family_home", "consultant_family_home", "network_home", "emergency_home"),
    *("hvb", "sis", "supported_housing", "protected_housing"),
)
# Words of older lists that may mean two of the kinds: such rows wait for a person to tell which.
UNSETTLED = ("institution", "transition_housing")
# The papers count familjehem in total, of which konsultstödda, and HVB and SiS together. Whether
# their total holds jourhem and nätverkshem too is not said, so it does not here (assumption);
# Kolada's familjehem (N33812) does.
GROUPINGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "kinds": {kind: (kind,) for kind in KINDS},
    "papers": {
        "family_homes": ("family_home", "consultant_family_home"),
        "consultant_family_homes": ("consultant_family_home",),
        "residential": ("hvb", "sis"),
    },
    "kolada": {
        "family_homes": (
            *("family_home", "consultant_family_home", "network_home", "emergency_home"),
        ),
        "hvb": ("hvb",),
    },
}

SOL = ("sol", "sol_2001", "sol_2025")
LVU = ("lvu_1_3", "lvu_2", "lvu_3", "lvu_2_3", "lvu_6", "lvu_22", "lvu")
# What the grounds come to, for tables with few rows.
LEGAL_GROUPS: Mapping[str, tuple[str, ...]] = {
    "sol": SOL,
    "lvu": LVU,
    "lss": ("lss",),
    "lvm": ("lvm",),
}
NEW_LAW = dt.date(2025, 7, 1)  # socialtjänstlagen (2025:400) came into force

# Ends that nobody planned: the child ran away, the home turned the child away, or it broke down.
UNPLANNED = ("absconded", "turned_away", "breakdown")

# Age on the first day of the placement. Official statistics of children and young people count ages
# 0 to 20 (Kolada N33812); LVU care ends at 21 at the latest. LVM is care of adults at any age.
AGE_GROUPS = ("child", "young", "adult", "unknown")
YOUNG_FROM, ADULT_FROM = 18, 21

# The upper ends only stop slips of the pen and of the decimals.
DAY_PRICE_LIMIT = 40_000.0  # assumption
MONTH_LIMIT = 100_000.0  # assumption
DATES = (dt.date(1990, 1, 1), dt.date(2100, 12, 31))  # assumption

Mask = NDArray[np.bool_]


def _ends_before_start(frame: pd.DataFrame) -> Mask:
    broken: Mask = (frame["ends"] < frame["starts"]).to_numpy(dtype=bool)
    return broken


def _ends_before_valid(frame: pd.DataFrame) -> Mask:
    broken: Mask = (frame["valid_to"] < frame["valid_from"]).to_numpy(dtype=bool)
    return broken


def _kind_unsettled(frame: pd.DataFrame) -> Mask:
    broken: Mask = frame["kind"].isin(UNSETTLED).to_numpy()
    return broken


def _not_a_ground(frame: pd.DataFrame) -> Mask:
    broken: Mask = (frame["legal_basis"] == "lvu_11").to_numpy(dtype=bool)
    return broken


def _ages(frame: pd.DataFrame) -> NDArray[np.float64]:
    return frame["person_age"].to_numpy(dtype="float64", na_value=np.nan)


def _lvm_for_a_child(frame: pd.DataFrame) -> Mask:
    broken: Mask = (frame["legal_basis"] == "lvm").to_numpy(dtype=bool) & (
        _ages(frame) < YOUNG_FROM
    )
    return broken


def _lvu_for_an_adult(frame: pd.DataFrame) -> Mask:
    broken: Mask = frame["legal_basis"].isin(LVU).to_numpy() & (_ages(frame) >= ADULT_FROM)
    return broken


def _starts_before_birth(frame: pd.DataFrame) -> Mask:
    broken: Mask = _ages(frame) < 0
    return broken


def _reason_without_end(frame: pd.DataFrame) -> Mask:
    broken: Mask = (frame["end_reason"].notna() & frame["ends"].isna()).to_numpy(dtype=bool)
    return broken


def _old_law(frame: pd.DataFrame) -> Mask:
    after = frame["starts"] >= pd.Timestamp(NEW_LAW)
    broken: Mask = ((frame["legal_basis"] == "sol_2001") & after).to_numpy(dtype=bool)
    return broken


def _consultant_fee_elsewhere(frame: pd.DataFrame) -> Mask:
    paid = frame["consultant_fee"].to_numpy(dtype="float64", na_value=np.nan) > 0
    broken: Mask = paid & (frame["kind"] == "family_home").to_numpy(dtype=bool)
    return broken


def _stated_days_differ(frame: pd.DataFrame) -> Mask:
    """Neither with the last day nor without it."""
    stated = frame["stated_days"].to_numpy(dtype="float64", na_value=np.nan)
    nights = (frame["ends"] - frame["starts"]).dt.days.to_numpy(dtype="float64", na_value=np.nan)
    known = ~(np.isnan(stated) | np.isnan(nights))
    broken: Mask = known & (stated != nights) & (stated != nights + 1)
    return broken


PLACEMENTS = Schema(
    "placements",
    "Placeringar",
    "Placements",
    columns=(
        Column(
            "person",
            "identity",
            "Personnummer",
            "Identity number",
            headings=(
                *("Personnr", "Personnummer", "Barnets personnummer", "Pnr", "PersonId"),
                *("Person-id", "Personnummer/samordningsnummer", "Identitetsnummer"),
                *("Klientens personnummer", "Födelsedata"),
            ),
            personal=True,
            source="In placement lists under Födelsedata, as YYYY-MM-DD-NNNN",
            age_at="starts",
        ),
        Column(
            "dossier",
            "identifier",
            "Dossiernummer",
            "Dossier number",
            headings=("Dossiernr", "Dossier", "Aktnummer", "Aktnr", "Ärendenummer", "Ärende"),
            required=False,
            filled=False,
            personal=True,
            source="Siblings share a dossier in some systems (assumption)",
        ),
        Column(
            "home",
            "identifier",
            "Boende",
            "Home",
            headings=(
                *("Placeringsställe", "Placerad hos", "Boendets namn", "Namn på boende"),
                *("Placeringshem", "Hem", "Enhet"),
            ),
            required=False,
            filled=False,
            personal=True,
            source="The home's name, often a family's (assumption): leaves as a pseudonym",
        ),
        Column(
            "contractor",
            "identifier",
            "Uppdragstagare",
            "Contractor",
            headings=("Leverantör", "Utförare", "Vårdgivare", "Familjehemsförälder"),
            required=False,
            filled=False,
            personal=True,
        ),
        Column(
            "kind",
            "code",
            "Placeringsform",
            "Kind of placement",
            headings=(
                *("Placeringsspecifikation", "Boendeform", "Placeringstyp", "Typ av placering"),
                *("Typ av boende", "Vårdform", "Insats"),
            ),
            codes=CODES["kind"],
        ),
        Column(
            "legal_basis",
            "code",
            "Lagrum för placeringen",
            "Legal basis",
            headings=(
                *("Lagrum", "Laghänvisning", "Rättslig grund", "Lagstöd"),
                "Alla lagrum inom angivet datumintervall",
            ),
            required=False,
            filled=False,
            codes=CODES["legal_basis"],
        ),
        Column(
            "starts",
            "date",
            "Placeringsdatum",
            "First day",
            headings=(
                *("Fr.o.m.", "Från", "Startdatum", "Från och med", "From"),
                *("Inskrivningsdatum", "Placerad från"),
            ),
            range=DATES,
        ),
        Column(
            "ends",
            "date",
            "Utskrivningsdatum",
            "Last day",
            headings=(
                *("T.o.m.", "Till", "Slutdatum", "Till och med", "Tom"),
                *("Avslutsdatum", "Placerad till"),
            ),
            filled=False,
            range=DATES,
            open_end=True,
            source="Blank while the placement is open",
        ),
        Column(
            "end_reason",
            "code",
            "Anledning till utskrivning",
            "Reason for the end",
            headings=(
                *("Utskrivningsorsak", "Avslutsorsak", "Orsak till avslut"),
                *("Avslutsanledning", "Avslutningsorsak"),
            ),
            required=False,
            filled=False,
            codes=CODES["end_reason"],
        ),
        Column(
            "provider",
            "code",
            "Regi",
            "Own or purchased",
            headings=("Driftsform", "Driftform", "Utförarform", "Köpt eller egen"),
            required=False,
            filled=False,
            codes=CODES["provider"],
        ),
        Column(
            "day_price",
            "sek",
            "Placeringskostnad",
            "Price per day",
            headings=(
                *("Dygnspris", "Dygnskostnad", "Pris per dygn", "Kostnad per dygn"),
                "Vårddygnskostnad",
            ),
            required=False,
            filled=False,
            range=(0, DAY_PRICE_LIMIT),
            unit="kr per dygn",
            source="Placement lists do not say per what: per day (assumption)",
        ),
        Column(
            "fee",
            "sek",
            "Arvode",
            "Fee to the family home",
            headings=("Arvode per månad", "Månadsarvode", "Arvodesersättning"),
            required=False,
            filled=False,
            range=(0, MONTH_LIMIT),
            unit="kr per månad",
            source="Per month, as SKR recommends it (assumption)",
        ),
        Column(
            "expenses",
            "sek",
            "Omkostnad",
            "Expenses of the family home",
            headings=("Omkostnadsersättning", "Omkostnad per månad", "Omkostnader"),
            required=False,
            filled=False,
            range=(0, MONTH_LIMIT),
            unit="kr per månad",
            source="Per month, as SKR recommends it (assumption)",
        ),
        Column(
            "consultant_fee",
            "sek",
            "Konsulentarvode",
            "Fee to the consultants",
            headings=("Konsulentkostnad", "Konsultarvode", "Konsultkostnad"),
            required=False,
            filled=False,
            range=(0, DAY_PRICE_LIMIT),
            unit="kr per dygn",
            source="Per day, beside the family home's own fee (assumption)",
        ),
        Column(
            "stated_days",
            "whole",
            "Total placeringstid (dagar)",
            "Days according to the system",
            headings=("Antal dygn", "Vårddygn", "Antal vårddygn", "Placeringsdygn"),
            required=False,
            filled=False,
            range=(0, 20_000),
            unit="dygn",
        ),
        SEX,
        PROTECTED,
    ),
    key=("person", "starts", "home"),
    rules=(
        Rule("ends_before_start", ("ends", "starts"), _ends_before_start),
        Rule("starts_before_birth", ("starts", "person_age"), _starts_before_birth),
        Rule("kind_unsettled", ("kind",), _kind_unsettled),
        Rule("not_a_ground", ("legal_basis",), _not_a_ground),
        Rule("lvm_for_a_child", ("legal_basis", "person_age"), _lvm_for_a_child),
        SEXES_DIFFER,
        Rule("lvu_for_an_adult", ("legal_basis", "person_age"), _lvu_for_an_adult, remark=True),
        Rule("reason_without_end", ("end_reason", "ends"), _reason_without_end, remark=True),
        Rule("old_law_after_change", ("legal_basis", "starts"), _old_law, remark=True),
        Rule(
            "consultant_fee_elsewhere",
            ("consultant_fee", "kind"),
            _consultant_fee_elsewhere,
            remark=True,
        ),
        Rule(
            "stated_days_differ",
            ("stated_days", "starts", "ends"),
            _stated_days_differ,
            remark=True,
        ),
    ),
)

PRICES = Schema(
    "prices",
    "Prislista",
    "Price list",
    columns=(
        Column(
            "kind",
            "code",
            "Placeringsform",
            "Kind of placement",
            headings=("Boendeform", "Vårdform", "Placeringstyp", "Typ av boende", "Insats"),
            codes=CODES["kind"],
        ),
        Column(
            "home",
            "identifier",
            "Boende",
            "Home, or the contractor of several",
            headings=("Enhet", "Leverantör", "Utförare", "Boendets namn", "Uppdragstagare"),
            required=False,
            filled=False,
            personal=True,
            source="Blank where one price holds for all homes of the kind",
        ),
        Column(
            "valid_from",
            "date",
            "Gäller från",
            "Holds from",
            headings=(
                "Fr.o.m.",
                "Giltig från",
                "Från",
                "Från och med",
                "Startdatum",
                "Avtalsstart",
            ),
            range=DATES,
        ),
        Column(
            "valid_to",
            "date",
            "Gäller till",
            "Holds to",
            headings=("T.o.m.", "Giltig till", "Till", "Till och med", "Slutdatum", "Avtalsslut"),
            required=False,
            filled=False,
            range=DATES,
            open_end=True,
        ),
        Column(
            "day_price",
            "sek",
            "Dygnspris",
            "Price per day",
            headings=("Pris per dygn", "Dygnskostnad", "Pris", "Avtalspris", "Kostnad per dygn"),
            range=(0, DAY_PRICE_LIMIT),
            unit="kr per dygn",
        ),
    ),
    key=("kind", "home", "valid_from"),
    rules=(
        Rule("ends_before_start", ("valid_to", "valid_from"), _ends_before_valid),
        Rule("kind_unsettled", ("kind",), _kind_unsettled),
    ),
)

SCHEMAS = (PLACEMENTS, PRICES)
