"""Obstacles to self-support (försörjningshinder) over time, as their code lists allow."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures.benefit_months import to_ore
from umea_eval.datasets.forsorjningsstod.measures.unit_months import (
    first_days,
    month_column,
    required,
)
from umea_eval.datasets.forsorjningsstod.schema import CODES
from umea_eval.intake.schema import Code

Base = Literal["recorded", "all"]

# Socialstyrelsen's groups of the monthly statistics (data/raw/public/code_list_forsorjningshinder).
# Their contents changed with 2017, so a group of one list is not the same group of the other.
GROUPS = {
    "unemployed": ("011", "012", "013", "014", "111", "112", "113", "114", "115"),
    "sick_leave": ("021", "022", "023"),
    "sickness_compensation": ("031", "032", "033"),
    "pension": ("035", "036"),
    "social_reasons": ("040", "041"),
    "parental_leave": ("051", "052", "053"),
    "part_time": ("061", "062"),
    "full_time": ("071", "072"),
    "language": ("080",),
    "none": ("090",),  # recorded: there is no obstacle
    "not_recorded": ("999",),  # the obstacle is not recorded
    "blank": (),  # the export has no code
}
UNRECORDED = ("not_recorded", "blank")
_GROUP_OF = {code: group for group, codes in GROUPS.items() for code in codes}
# Years with which a new code list begins.
LIST_YEARS = tuple(
    sorted(
        {code.valid_from.year for code in CODES["obstacle"].codes if code.valid_from is not None}
    )
)


def obstacle_months(payments: pd.DataFrame, person_months: pd.DataFrame) -> pd.DataFrame:
    """The obstacle of each person and month with support: one code per person and month.

    ``person_months`` has one row per ``person`` and ``month`` with support (``benefit_months`` with
    ``unit="person"``, of those of age where only they have obstacles). ``payments`` has the codes.
    Where the rows of a person and month have several codes, that of the largest total amount counts
    (then the first code), and ``conflict`` is true; 999 and blank give way to any code.

    One row per person and month, by person and time: ``person``, ``month``, ``obstacle`` (missing
    where no row has one), ``group`` (see ``GROUPS``), ``conflict`` and ``valid``: whether the code
    held in that month (missing without a code).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> tables = ue.example("forsorjningsstod", n=60)
    >>> people = measures.benefit_months(tables["payments"], unit="person")
    >>> obstacles = measures.obstacle_months(tables["payments"], people)
    >>> len(obstacles) == len(people)
    True
    """
    rows = pd.DataFrame(
        {
            "person": required(payments, "person").to_numpy(dtype=object),
            "month": first_days(month_column(payments, "month")),
            "obstacle": required(payments, "obstacle").to_numpy(dtype=object),
            "ore": to_ore(payments["amount"]),
        }
    )
    rows = rows[rows["obstacle"].notna()]
    keys = ["person", "month"]
    codes = rows.groupby([*keys, "obstacle"], sort=True)["ore"].sum().reset_index()
    codes["weak"] = codes["obstacle"] == "999"
    codes = codes.sort_values(
        [*keys, "weak", "ore", "obstacle"], ascending=[True, True, True, False, True]
    )
    strong = codes[~codes["weak"]].groupby(keys).size().rename("codes")
    chosen = codes.drop_duplicates(keys).merge(strong.reset_index(), on=keys, how="left")
    own = pd.DataFrame(
        {
            "person": required(person_months, "person").to_numpy(dtype=object),
            "month": first_days(month_column(person_months, "month")),
        }
    ).drop_duplicates()
    joined = own.merge(chosen[[*keys, "obstacle", "codes"]], on=keys, how="left")
    obstacle = joined["obstacle"].astype("object")
    joined["group"] = obstacle.map(_GROUP_OF).astype("object").fillna("blank")
    joined["conflict"] = (joined.pop("codes") > 1).to_numpy(dtype=bool)
    joined["valid"] = _valid(obstacle, joined["month"].dt.year)
    return joined.sort_values(keys, ignore_index=True)


def obstacles_by_month(months: pd.DataFrame, *, base: Base = "recorded") -> pd.DataFrame:
    """Persons by group of obstacle, month by month.

    ``months`` is from ``obstacle_months``. ``base``: "recorded" takes shares of those whose
    obstacle is recorded, with 090 (no obstacle) and without 999 and blank; "all" of everybody.
    "Not recorded" grows with the registration, not with the need, so report it beside.

    One row per month with support and group that the code list of the month has: ``month``,
    ``group``, ``numerator``, ``denominator``, ``value`` (missing for a denominator of 0, and for
    999 and blank with ``base="recorded"``), ``base``, and ``code_list``, the year from which the
    list holds (0 for the first): no line is drawn from one list to the next.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> tables = ue.example("forsorjningsstod", n=60)
    >>> people = measures.benefit_months(tables["payments"], unit="person")
    >>> obstacles = measures.obstacle_months(tables["payments"], people)
    >>> monthly = measures.obstacles_by_month(obstacles, base="all")
    >>> int(monthly["numerator"].sum()) == len(people)
    True
    """
    month = pd.DatetimeIndex(sorted(months["month"].unique()))
    year = month.year.to_numpy()
    counted = pd.crosstab(months["month"], months["group"]).reindex(
        index=month, columns=list(GROUPS), fill_value=0
    )
    everybody = counted.sum(axis=1)
    recorded = everybody - counted[list(UNRECORDED)].sum(axis=1)
    denominator = recorded if base == "recorded" else everybody
    parts = []
    for group, codes in GROUPS.items():
        holds = np.ones(len(month), dtype=bool) if not codes else _in_list(codes, year)
        part = pd.DataFrame(
            {
                "month": month,
                "group": group,
                "numerator": counted[group].to_numpy(dtype=np.int64),
                "denominator": denominator.to_numpy(dtype=np.int64),
            }
        )
        share = part["numerator"] / part["denominator"].where(part["denominator"] > 0)
        outside = base == "recorded" and group in UNRECORDED
        part["value"] = np.nan if outside else share
        # A code that did not hold is still counted where somebody has it.
        parts.append(part[holds | (part["numerator"] > 0)])
    table = pd.concat(parts).sort_values("month", kind="stable", ignore_index=True)
    table["base"] = pd.Series(base, index=table.index, dtype="str")
    years = np.array([0, *LIST_YEARS])
    place = np.searchsorted(years, table["month"].dt.year.to_numpy(), side="right") - 1
    table["code_list"] = years[place]
    return table


def obstacle_quality(months: pd.DataFrame) -> pd.DataFrame:
    """How well obstacles are recorded, month by month.

    One row per month: ``month``, ``persons``, ``no_obstacle`` (090), ``not_recorded`` (999),
    ``blank`` (no code in the export), ``conflict`` (several codes) and ``not_valid`` (a code that
    did not hold that month).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> tables = ue.example("forsorjningsstod", n=60)
    >>> people = measures.benefit_months(tables["payments"], unit="person")
    >>> quality = measures.obstacle_quality(measures.obstacle_months(tables["payments"], people))
    >>> int(quality["persons"].sum()) == len(people)
    True
    """
    grouped = pd.DataFrame(
        {
            "month": months["month"],
            "persons": 1,
            "no_obstacle": months["group"] == "none",
            "not_recorded": months["group"] == "not_recorded",
            "blank": months["group"] == "blank",
            "conflict": months["conflict"],
            "not_valid": ~months["valid"].fillna(True).to_numpy(dtype=bool),
        }
    ).groupby("month", sort=True)
    return grouped.sum().astype("int64").reset_index()


def _valid(codes: pd.Series, years: pd.Series) -> pd.Series[bool]:
    limits = {code.code: _years(code) for code in CODES["obstacle"].codes}
    lowest = codes.map({code: low for code, (low, _) in limits.items()}).astype("Float64")
    highest = codes.map({code: high for code, (_, high) in limits.items()}).astype("Float64")
    return ((lowest <= years) & (years <= highest)).astype("boolean")


def _in_list(codes: tuple[str, ...], years: np.ndarray) -> np.ndarray:
    """Whether any of the codes holds in each year."""
    holds = np.zeros(len(years), dtype=bool)
    for code in CODES["obstacle"].codes:
        if code.code in codes:
            first, last = _years(code)
            holds |= (years >= first) & (years <= last)
    return holds


def _years(code: Code) -> tuple[int, int]:
    """The first and the last year in which a code of the list holds."""
    first, last = code.valid_from, code.valid_to
    return first.year if first else 0, last.year if last else 9999
