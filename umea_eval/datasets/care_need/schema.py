"""The tables of the Care Need Index: health centres by year, and what an assignment paid them.

A centre is known by its code or name. Nobody is identified: all numbers are counts of a listed
population, or an index of them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.datasets.care_need.measures.index import WEIGHTS, weighted_sum
from umea_eval.intake.schema import Column, Rule, Schema

# Wide enough for any health centre and any index; they only stop slips of the pen (assumption).
MOST_LISTED = 200_000
MOST_INDEX = 10.0
YEARS = (1990, 2100)
# An index given beside its counts is rounded, most coarsely to one decimal (assumption).
RAW_TOLERANCE = 0.05

Rows = NDArray[np.bool_]
SCB = "Sundquist et al. 2003; headings as in SCB's product table (assumption)"


def _numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _count_above_listed(frame: pd.DataFrame) -> Rows:
    listed = _numbers(frame, "listed")
    above: Rows = np.zeros(len(frame), dtype=bool)
    for name in WEIGHTS:
        above |= _numbers(frame, name) > listed
    return above


def _nothing_to_index(frame: pd.DataFrame) -> Rows:
    known = [~np.isnan(_numbers(frame, name)) for name in ("weighted_sum", "raw", "cni")]
    whole = np.all([~np.isnan(_numbers(frame, name)) for name in WEIGHTS], axis=0)
    nothing: Rows = ~np.any([*known, whole], axis=0)
    return nothing


def _raw_differs(frame: pd.DataFrame) -> Rows:
    if not set(WEIGHTS) <= set(frame):
        return np.zeros(len(frame), dtype=bool)
    reckoned = weighted_sum(frame) / _numbers(frame, "listed")
    differs: Rows = np.abs(reckoned - _numbers(frame, "raw")) > RAW_TOLERANCE
    return differs


_CENTRE = Column(
    "centre",
    "text",
    "Hälsocentral",
    "Health centre",
    headings=(
        "Vårdcentral",
        "Hälsocentralskod",
        "Enhet",
        "Enhetskod",
        "HC",
        "Mottagning",
        "Utförare",
    ),
)
_YEAR = Column(
    "year",
    "whole",
    "År",
    "Year",
    headings=("Kalenderår", "Mätår", "Avser år", "Årtal"),
    range=YEARS,
    unit="år",
)


def _count(name: str, label_sv: str, label_en: str, *headings: str) -> Column:
    return Column(
        name,
        "whole",
        label_sv,
        label_en,
        headings=headings,
        required=False,
        filled=False,
        range=(0, MOST_LISTED),
        unit="personer",
        source=SCB,
    )


def _index(name: str, label_sv: str, label_en: str, most: float, *headings: str) -> Column:
    return Column(
        name,
        "number",
        label_sv,
        label_en,
        headings=headings,
        required=False,
        filled=False,
        range=(0, most),
        source="often only the index is delivered",
    )


CENTRES = Schema(
    "centres",
    "Hälsocentraler",
    "Health centres",
    columns=(
        _CENTRE,
        _YEAR,
        Column(
            "listed",
            "whole",
            "Listade",
            "Listed persons",
            headings=(
                *("Antal listade", "Listade personer", "Listad befolkning", "Listning"),
                *("Befolkning", "Antal invånare", "Population"),
            ),
            range=(1, MOST_LISTED),
            unit="personer",
        ),
        _count(
            *("living_alone_65", "Ensamboende 65 år och äldre", "Living alone, 65 and older"),
            *("Ensamboende 65+", "Ensamstående 65+", "Ålder över 65 och ensamboende"),
            *("Ensamstående äldre", "Ålder 65 år och äldre ensamboende"),
        ),
        _count(
            "born_in_listed_regions",
            "Födda i Östeuropa (utanför EU), Asien, Afrika eller Sydamerika",
            "Born in Eastern Europe (outside the EU), Asia, Africa or South America",
            *("Utlandsfödda", "Född i Östeuropa, Asien, Afrika eller Sydamerika", "Utrikes födda"),
        ),
        _count(
            *("unemployed_16_64", "Arbetslösa 16–64 år", "Unemployed, 16 to 64"),
            *("Arbetslösa", "Arbetslös eller i åtgärd 16-64 år", "Arbetslösa 16-64"),
        ),
        _count(
            *("single_parent", "Ensamstående föräldrar", "Single parents"),
            *("Ensamstående förälder med barn 17 år eller yngre", "Ensamstående med barn"),
        ),
        _count(
            *("moved_in", "Inflyttade under året", "Moved in within a year"),
            *("Inflyttade", "Person 1 år eller äldre som flyttat in i området", "Nyinflyttade"),
        ),
        _count(
            *("low_education_25_64", "Lågutbildade 25–64 år", "Low education, 25 to 64"),
            *("Lågutbildade", "Lågutbildad 25-64 år", "Låg utbildning 25-64"),
        ),
        _count(
            *("under_five", "Barn under fem år", "Children under five"),
            *("Ålder under 5 år", "Barn under 5 år", "Barn 0-4 år"),
        ),
        _index(
            *("weighted_sum", "Viktad summa", "Weighted sum", MOST_LISTED * 10.0),
            *("Index", "CNI-poäng", "CNI-summa"),
        ),
        _index(
            *("raw", "CNI, råtal", "CNI, raw", MOST_INDEX),
            *("CNI per listad", "Råindex", "CNI rå", "CNI-tal"),
        ),
        _index(
            *("cni", "CNI", "CNI", MOST_INDEX),
            *("Care Need Index", "CNI-index", "CNI, normerat", "CNI normerat", "Normerat CNI"),
        ),
    ),
    key=("centre", "year"),
    rules=(
        Rule("count_above_listed", ("listed",), _count_above_listed),
        Rule("nothing_to_index", ("centre",), _nothing_to_index),
        Rule("raw_contradicts_counts", ("raw", "listed"), _raw_differs, remark=True),
    ),
)

PAYMENTS = Schema(
    "payments",
    "Ersättning för tilläggsuppdraget",
    "Payments for the special assignment",
    columns=(
        _CENTRE,
        _YEAR,
        Column(
            "amount",
            "sek",
            "Ersättning",
            "Payment",
            headings=("Utbetald ersättning", "Utbetalt", "Belopp", "Ersättning tilläggsuppdrag"),
            unit="kr",
        ),
    ),
    key=("centre", "year"),
)

SCHEMAS = (CENTRES, PAYMENTS)
