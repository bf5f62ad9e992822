"""Exports of fallprevention to clean tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.schema import (
    DEVIATIONS,
    RESIDENT_DAYS,
    SCHEMAS,
    SYSTEM_CHANGE,
    days_in,
)
from umea_eval.intake.cleaning import CleaningSettings, CleanResult, clean_tables
from umea_eval.intake.grid import categorical
from umea_eval.intake.tables import RawExport
from umea_eval.intake.values import as_text, plain

BASES = ("presence", "places")
# As of the running cases in a change of record system: a fifth of the open, and at least twenty.
SHARE, LEAST = 0.2, 20  # assumption


def clean(raw: RawExport, settings: CleaningSettings) -> CleanResult:
    """Clean deviations, assessments and resident-days; which is which follows from the headings.

    A unit written in several ways (case, spaces) gets its most common spelling in all tables,
    counted in ``corrections`` as ``unit_spelling``. ``resident_days`` gets the column of that name,
    from presence where it is known and else places times the days of the month, and ``basis``,
    which says which of the two ("presence" or "places").

    The provenance tells what a reader of the figures must know, as far as the tables are there:
    ``other_kinds`` (deviations that are neither fall nor fallrisk), ``system_change`` (the reports
    before, within and after it), ``closed_together`` (days on which at least 20 and a fifth of the
    open cases were closed: an office's doing, not the time that an investigation takes),
    ``exposure`` (unit-months by basis), ``units_without_days`` and ``repeated_unit_months``; and in
    ``findings`` those of them that change how the figures are to be read, for the account to say.
    """
    result = clean_tables(raw, SCHEMAS, settings)
    tables, levelled = _levelled(result.tables)
    corrections = dict(result.corrections)
    if levelled:
        corrections["unit_spelling"] = levelled
    found: dict[str, Any] = {}
    days, reports = tables.get(RESIDENT_DAYS.name), tables.get(DEVIATIONS.name)
    if days is not None:
        tables[RESIDENT_DAYS.name] = days = with_exposure(days)
        counts = days["basis"].value_counts()
        found["exposure"] = {basis: int(counts[basis]) for basis in BASES}
        found["repeated_unit_months"] = int(days.duplicated(["unit", "month"]).sum())
    if reports is not None:
        falls = reports["kind"].isin(["fall", "fall_risk"])
        found["other_kinds"] = int((~falls).sum())
        found["system_change"] = _system_change(reports["happened_on"])
        found["closed_together"] = closed_together(reports)
        if days is not None:
            known = set(days["unit"].astype("object"))
            units = set(reports.loc[falls, "unit"].astype("object"))
            found["units_without_days"] = sorted(units - known)
    return replace(
        result,
        tables=tables,
        corrections=dict(sorted(corrections.items())),
        provenance={**result.provenance, **found, "findings": _findings(found)},
    )


def _findings(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What changes how the figures are to be read: a key of the catalogue, and its values."""
    told: list[tuple[str, dict[str, Any]]] = []
    exposure = found.get("exposure")
    if exposure and exposure["places"]:
        told.append(("places", exposure))
    counted = ("repeated_unit_months", "other_kinds")
    told += [(name, {"n": found[name]}) for name in counted if found.get(name)]
    units = found.get("units_without_days")
    if units:
        told.append(("units_without_days", {"n": len(units), "units": ", ".join(units)}))
    change = found.get("system_change")
    if change and change["reports_within"] + change["reports_after"]:
        told.append(("system_change", change))
    told += [("closed_together", each) for each in found.get("closed_together", [])]
    return [
        {"key": f"fallprevention.finding.{name}", "values": dict(values)} for name, values in told
    ]


def with_exposure(days: pd.DataFrame) -> pd.DataFrame:
    """Add ``resident_days`` and ``basis``: presence where it is known, else places × days."""
    missing = pd.Series(np.nan, index=days.index)
    presence = days.get("presence_days", missing).to_numpy(dtype="float64", na_value=np.nan)
    places = days.get("places", missing).to_numpy(dtype="float64", na_value=np.nan)
    present = ~np.isnan(presence)
    basis = categorical(np.where(present, 0, 1).astype(np.int32), BASES)
    return days.assign(
        resident_days=np.where(present, presence, places * days_in(days["month"])),
        basis=pd.Series(basis, index=days.index),
    )


def closed_together(reports: pd.DataFrame) -> list[dict[str, Any]]:
    """Days on which at least 20 and a fifth of the open cases were closed.

    One entry per day with ``date``, ``open`` (that morning: happened before the day, and not
    closed before it) and ``closed``.
    """
    if "closed_on" not in reports:
        return []
    closed = np.sort(reports["closed_on"].dropna().to_numpy(dtype="datetime64[D]"))
    begun = np.sort(reports["happened_on"].to_numpy(dtype="datetime64[D]"))
    days, counts = np.unique(closed, return_counts=True)
    running = np.searchsorted(begun, days) - np.searchsorted(closed, days)
    many = counts >= np.maximum(LEAST, SHARE * running)
    return [
        {"date": str(day), "open": int(open_), "closed": int(count)}
        for day, open_, count in zip(days[many], running[many], counts[many], strict=True)
    ]


def _system_change(dates: pd.Series) -> dict[str, Any]:
    first, last = (np.datetime64(day, "D") for day in SYSTEM_CHANGE)
    on = dates.to_numpy(dtype="datetime64[D]")
    return {
        "first": str(first),
        "last": str(last),
        "reports_before": int((on < first).sum()),
        "reports_within": int(((on >= first) & (on <= last)).sum()),
        "reports_after": int((on > last).sum()),
    }


def _levelled(tables: Mapping[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], int]:
    """The tables with one spelling per unit, and how many rows were written otherwise."""
    written: Counter[str] = Counter()
    for frame in tables.values():
        written.update(frame["unit"].astype("object").tolist())
    chosen: dict[str, str] = {}
    # The most common spelling; of equally common ones the first in order.
    for spelling, _ in sorted(written.items(), key=lambda each: (-each[1], each[0])):
        chosen.setdefault(plain(spelling).casefold(), spelling)
    made, changed = {}, 0
    for name, frame in tables.items():
        units = frame["unit"].astype("object").tolist()
        levelled = [chosen[plain(unit).casefold()] for unit in units]
        changed += sum(a != b for a, b in zip(units, levelled, strict=True))
        made[name] = frame.assign(unit=pd.Series(as_text(levelled), index=frame.index))
    return made, changed
