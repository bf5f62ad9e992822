"""The tables of ekonomiskt bistånd: payments, households by month, and decisions."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.schema import Column, Rule, Schema, read_code_lists
from umea_eval.intake.usual import PROTECTED, SEX, SEXES_DIFFER

CODES = read_code_lists(Path(__file__).with_name("codes.toml"))
# Household types with children (Socialstyrelsen's codes), and those without.
WITH_CHILDREN = ("4", "6", "8")
WITHOUT_CHILDREN = ("3", "5", "7")
# Wide enough for any single payment; what lies outside is a slip of the pen or of the decimals.
AMOUNT_LIMIT = 500_000.0  # assumption
# Before 1993 there were no municipal registers on file; the upper end only stops typing errors.
MONTHS = (dt.date(1990, 1, 1), dt.date(2100, 12, 31))  # assumption

_PERSON = Column(
    "person",
    "identity",
    "Personnummer",
    "Identity number",
    headings=(
        *("Personnr", "Pnr", "Person-id", "PersonId", "Personnummer/samordningsnummer"),
        *("Identitetsnummer", "Sökande personnummer", "Klientens personnummer"),
        *("PaymentPersonDTOs[1].PersonId", "Registerledare personnummer"),
    ),
    personal=True,
    source="HSLF-FS 2015:30",
)
_HOUSEHOLD = Column(
    "household",
    "identifier",
    "Hushåll",
    "Household",
    headings=(
        *("Hushålls-id", "Hushållsnummer", "Hushållsnr", "Ärendenummer", "Ärendenr", "Ärende"),
        *("Aktnummer", "Aktnr", "Dossiernummer", "HouseholdId", "CaseId"),
    ),
    personal=True,
    source="HSLF-FS 2015:30 (biståndshushåll)",
)
_MONTH = Column(
    "month",
    "month",
    "Månad som biståndet avser",
    "Month that the support concerns",
    headings=("Avser månad", "Avser", "Bidragsmånad", "Avsedd månad", "concernedMonth", "Månad"),
    range=MONTHS,
    source="HSLF-FS 2015:30: the month concerned, not the month of payment",
)


def _children_contradict_type(frame: pd.DataFrame) -> NDArray[np.bool_]:
    children = frame["children"].to_numpy(dtype="float64", na_value=np.nan)
    having = frame["household_type"].isin(WITH_CHILDREN).to_numpy()
    lacking = frame["household_type"].isin(WITHOUT_CHILDREN).to_numpy()
    broken: NDArray[np.bool_] = (having & (children == 0)) | (lacking & (children > 0))
    return broken


def _ends_before_start(frame: pd.DataFrame) -> NDArray[np.bool_]:
    broken: NDArray[np.bool_] = (frame["ends"] < frame["starts"]).to_numpy(dtype=bool)
    return broken


PAYMENTS = Schema(
    "payments",
    "Utbetalningar",
    "Payments",
    columns=(
        _PERSON,
        _HOUSEHOLD,
        _MONTH,
        Column(
            "paid_on",
            "date",
            "Utbetalningsdatum",
            "Date of payment",
            headings=("Utbet.datum", "Utbetalningsdag", "Utbetald", "Utbetalt", "PayDate"),
            required=False,
            filled=False,
            range=MONTHS,
        ),
        Column(
            "amount",
            "sek",
            "Belopp",
            "Amount",
            headings=("Utbetalt belopp", "Amount", "Belopp kr", "Belopp (kr)", "Summa"),
            range=(-AMOUNT_LIMIT, AMOUNT_LIMIT),
            unit="kr",
            source="HSLF-FS 2015:30; repayments are negative",
        ),
        Column(
            "support_kind",
            "code",
            "Typ av bistånd",
            "Kind of support",
            headings=("Biståndstyp", "Ändamål", "Bistånd", "Insats", "Typ av stöd"),
            codes=CODES["support_kind"],
        ),
        Column(
            "obstacle",
            "code",
            "Försörjningshinder",
            "Obstacle to self-support",
            headings=("Hinder", "Hinderkod", "Försörjningshinder kod"),
            required=False,
            filled=False,
            codes=CODES["obstacle"],
        ),
        Column(
            "role",
            "code",
            "Roll i hushållet",
            "Role in the household",
            headings=("Roll", "Personroll"),
            required=False,
            filled=False,
            codes=CODES["role"],
        ),
        Column(
            "legal_basis",
            "code",
            "Lagrum",
            "Legal basis",
            headings=("Lagrum för beslutet", "Laghänvisning"),
            required=False,
            filled=False,
            codes=CODES["legal_basis"],
        ),
        SEX,
        PROTECTED,
        Column(
            "payment",
            "identifier",
            "Utbetalningsnummer",
            "Payment number",
            headings=("Utbetalningsnr", "Utbetalnings-id", "Verifikationsnummer", "PaymentId"),
            required=False,
            filled=False,
            personal=True,
        ),
    ),
    key=("payment",),
    rules=(SEXES_DIFFER,),
)

HOUSEHOLDS = Schema(
    "households",
    "Hushåll",
    "Households",
    columns=(
        _HOUSEHOLD,
        _PERSON,
        _MONTH,
        Column(
            "household_type",
            "code",
            "Hushållstyp",
            "Household type",
            headings=("Typ av hushåll", "Familjetyp"),
            codes=CODES["household_type"],
        ),
        Column(
            "children",
            "whole",
            "Antal barn",
            "Number of children",
            headings=("Barn", "Antal hemmavarande barn", "Antal barn i hushållet"),
            range=(0, 20),
            unit="barn",
        ),
        SEX,
        PROTECTED,
    ),
    key=("household", "person", "month"),
    rules=(
        Rule(
            "children_contradict_household_type",
            ("children", "household_type"),
            _children_contradict_type,
        ),
        SEXES_DIFFER,
    ),
)

DECISIONS = Schema(
    "decisions",
    "Beslut",
    "Decisions",
    columns=(
        _HOUSEHOLD,
        _PERSON,
        Column(
            "decided_on",
            "date",
            "Beslutsdatum",
            "Date of decision",
            headings=("Beslutsdag", "Beslutat", "Datum för beslut"),
            range=MONTHS,
        ),
        Column(
            "decision",
            "code",
            "Beslut",
            "Decision",
            headings=("Beslutstyp", "Utfall", "Beslutsutfall"),
            codes=CODES["decision"],
        ),
        Column(
            "starts",
            "date",
            "Gäller från",
            "Holds from",
            headings=("Fr.o.m.", "Från", "Startdatum", "Från och med", "From"),
            range=MONTHS,
        ),
        Column(
            "ends",
            "date",
            "Gäller till",
            "Holds to",
            headings=("T.o.m.", "Till", "Slutdatum", "Till och med", "Tom", "Avslutsdatum"),
            filled=False,
            range=MONTHS,
            open_end=True,
        ),
        Column(
            "exit_reason",
            "code",
            "Avslutsorsak",
            "Reason for exit",
            headings=("Orsak till avslut", "Avslutningsorsak", "Avslutsanledning"),
            required=False,
            filled=False,
            codes=CODES["exit_reason"],
        ),
        PROTECTED,
    ),
    key=("household", "person", "decided_on", "starts"),
    rules=(Rule("ends_before_start", ("ends", "starts"), _ends_before_start),),
)

SCHEMAS = (PAYMENTS, HOUSEHOLDS, DECISIONS)
