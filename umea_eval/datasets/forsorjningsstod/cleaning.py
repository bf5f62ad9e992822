"""Exports of ekonomiskt bistånd to clean tables."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from umea_eval.datasets.forsorjningsstod.schema import DECISIONS, SCHEMAS
from umea_eval.intake.cleaning import CleaningSettings, CleanResult, clean_tables
from umea_eval.intake.register_breaks import register_breaks
from umea_eval.intake.tables import RawExport


def clean(raw: RawExport, settings: CleaningSettings) -> CleanResult:
    """Clean payments, households and decisions; which table is which follows from its headings.

    Days on which a record system was changed are found in the decisions and stand in the
    provenance as ``register_breaks``; the rows are kept as they are.
    """
    result = clean_tables(raw, SCHEMAS, settings)
    found: list[dict[Hashable, Any]] = []
    if DECISIONS.name in result.tables:
        decisions = result.tables[DECISIONS.name]
        breaks = register_breaks(decisions["starts"], decisions["ends"])
        found = breaks.assign(date=breaks["date"].dt.strftime("%Y-%m-%d")).to_dict("records")
    return replace(
        result,
        provenance={
            **result.provenance,
            "register_breaks": found,
            "findings": [
                {"key": "intake.finding.register_break", "values": each} for each in found
            ],
        },
    )
