"""Exports of placements and price lists to clean tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from umea_eval.datasets.placement_days.overlaps import (
    overlap_days,
    overlapping,
    same_day_moves,
)
from umea_eval.datasets.placement_days.schema import (
    ADULT_FROM,
    AGE_GROUPS,
    PLACEMENTS,
    PRICES,
    SCHEMAS,
    YOUNG_FROM,
)
from umea_eval.intake.cleaning import (
    CleaningSettings,
    CleanResult,
    clean_tables,
    extraction_date,
)
from umea_eval.intake.grid import categorical
from umea_eval.intake.register_breaks import register_breaks
from umea_eval.intake.tables import RawExport


def clean(raw: RawExport, settings: CleaningSettings) -> CleanResult:
    """Clean placements and price lists; which table is which follows from its headings.

    Placements get ``age_group`` (``child``, ``young``, ``adult``, ``unknown``) by the age on the
    first day. What is odd between rows is kept and stands in the provenance: ``until`` (the last
    extraction date of the placements), ``age_groups`` (rows), ``register_breaks``, ``overlaps``,
    ``stated_days`` (which rule of counting the system's own number of days follows), ``dates`` (in
    the future) and, of the price list, ``price_overlaps``.
    """
    result = clean_tables(raw, SCHEMAS, settings)
    tables, found = dict(result.tables), dict(result.provenance)
    if PLACEMENTS.name in tables:
        placements = tables[PLACEMENTS.name]
        placements = placements.assign(age_group=age_groups(placements))
        tables[PLACEMENTS.name] = placements
        found |= _about_placements(placements, settings.extraction_date)
    if PRICES.name in tables:
        found["price_overlaps"] = _price_overlaps(tables[PRICES.name])
    return replace(result, tables=tables, provenance={**found, "findings": _findings(found)})


def _findings(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the account says in words of the counts in the provenance; zeros are not told."""
    said: list[dict[str, Any]] = [
        {"key": "intake.finding.register_break", "values": each}
        for each in found.get("register_breaks", ())
    ]
    own = found.get("overlaps", {})
    groups = found.get("age_groups", {})
    counted = {
        "overlaps": own.get("placements", 0),
        "same_day_moves": own.get("same_day_moves", 0),
        "without_a_night": own.get("without_a_night", 0),
        "adults": groups.get("adult", 0),
        "unknown_age": groups.get("unknown", 0),
        "stated_days": found.get("stated_days", {}).get("neither", 0),
        "after_extraction": sum(found.get("dates", {}).values()),
        "price_overlaps": found.get("price_overlaps", 0),
    }
    said += [
        {"key": f"placement_days.finding.{name}", "values": {"n": count, **own}}
        for name, count in counted.items()
        if count
    ]
    return said


def age_groups(placements: pd.DataFrame) -> pd.Series:
    """``child`` (0–17), ``young`` (18–20), ``adult`` (21 and above, and LVM) or ``unknown``.

    By ``person_age`` on the first day. Where the identity number tells the year of birth but not
    the day, both ages that the year leaves must fall in one group.
    """
    age = placements["person_age"].to_numpy(dtype="float64", na_value=np.nan)
    birth = placements["person_birth_year"].to_numpy(dtype="float64", na_value=np.nan)
    oldest = placements["starts"].dt.year.to_numpy(dtype="float64") - birth
    low, high = np.where(np.isnan(age), oldest - 1, age), np.where(np.isnan(age), oldest, age)
    groups = [np.select([at < YOUNG_FROM, at < ADULT_FROM], [0, 1], 2) for at in (low, high)]
    settled = (groups[0] == groups[1]) & ~np.isnan(high)
    codes = np.where(settled, groups[0], AGE_GROUPS.index("unknown")).astype(np.int32)
    if "legal_basis" in placements:
        lvm = (placements["legal_basis"] == "lvm").to_numpy(dtype=bool)
        codes[lvm] = AGE_GROUPS.index("adult")
    return pd.Series(categorical(codes, AGE_GROUPS), index=placements.index)


def _about_placements(placements: pd.DataFrame, default: dt.date) -> dict[str, Any]:
    files = placements["source_file"].astype("str").drop_duplicates().tolist()
    until = max([extraction_date(file, default) for file in files], default=default)
    breaks = register_breaks(placements["starts"], placements["ends"])
    dated: list[dict[Hashable, Any]] = breaks.assign(
        date=breaks["date"].dt.strftime("%Y-%m-%d")
    ).to_dict("records")
    counts = placements["age_group"].value_counts()
    latest = pd.Timestamp(until)
    return {
        "until": until.isoformat(),
        "age_groups": {group: int(counts.get(group, 0)) for group in AGE_GROUPS},
        "register_breaks": dated,
        "overlaps": _overlaps(placements, until),
        "stated_days": _stated_days(placements),
        "dates": {
            "starts_after_extraction": int((placements["starts"] > latest).sum()),
            "ends_after_extraction": int((placements["ends"] > latest).sum()),
        },
    }


def _overlaps(placements: pd.DataFrame, until: dt.date) -> dict[str, int]:
    """Placements and children that overlap, and the days that count twice under either rule."""
    over, moved = overlapping(placements, until=until), same_day_moves(placements)
    return {
        "placements": int(np.count_nonzero(over)),
        "children": int(placements.loc[over, "person"].nunique()),
        "days_first_only": int(
            overlap_days(placements, counting="first_only", until=until)["overlap_days"].sum()
        ),
        "days_both": int(
            overlap_days(placements, counting="both", until=until)["overlap_days"].sum()
        ),
        "same_day_moves": int(np.count_nonzero(moved)),
        "children_moved_the_same_day": int(placements.loc[moved, "person"].nunique()),
        "without_a_night": int((placements["starts"] == placements["ends"]).sum()),
    }


def _stated_days(placements: pd.DataFrame) -> Mapping[str, int]:
    """Ended placements whose own number of days counts the last day, leaves it out, or neither."""
    if "stated_days" not in placements:
        return {}
    stated = placements["stated_days"].to_numpy(dtype="float64", na_value=np.nan)
    nights = (placements["ends"] - placements["starts"]).dt.days.to_numpy(dtype="float64")
    known = ~(np.isnan(stated) | np.isnan(nights))
    both, first_only = known & (stated == nights + 1), known & (stated == nights)
    return {
        "both": int(np.count_nonzero(both)),
        "first_only": int(np.count_nonzero(first_only)),
        "neither": int(np.count_nonzero(known & ~both & ~first_only)),
    }


def _price_overlaps(prices: pd.DataFrame) -> int:
    """Rows of the price list that begin before an earlier price of the same home has ended.

    A price without a stated end holds until the next one begins.
    """
    if "valid_to" not in prices:
        return 0
    keys = [name for name in ("kind", "home") if name in prices]
    home = prices[keys].astype("object").fillna("").agg("|".join, axis=1)
    rows = prices.assign(_home=home).sort_values(["_home", "valid_from"], kind="stable")
    latest = rows.groupby("_home")["valid_to"].cummax().groupby(rows["_home"]).shift()
    return int((latest >= rows["valid_from"]).sum())
