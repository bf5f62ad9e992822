"""Exports of ekonomiskt bistånd to clean tables."""

from __future__ import annotations

from umea_eval.datasets.forsorjningsstod.schema import SCHEMAS
from umea_eval.intake.cleaning import CleaningSettings, CleanResult, clean_tables
from umea_eval.intake.tables import RawExport


def clean(raw: RawExport, settings: CleaningSettings) -> CleanResult:
    """Clean payments, households and decisions; which table is which follows from its headings."""
    return clean_tables(raw, SCHEMAS, settings)
