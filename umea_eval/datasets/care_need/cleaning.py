"""Deliveries of the Care Need Index to clean tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from umea_eval.datasets.care_need.schema import CENTRES, SCHEMAS
from umea_eval.intake.cleaning import CleaningSettings, CleanResult, clean_tables, counted_findings
from umea_eval.intake.headings import match
from umea_eval.intake.tables import RawExport, RawTable, with_year_of_name

# The raw index is about 2.5 and the normalised one about 1: half-way between, on a log scale, no
# whole region has its centres (assumption).
RAW_FROM = 1.6
# One centre's index may be anything; a region's middle may not.
FEWEST_CENTRES = 3


def clean(raw: RawExport, settings: CleaningSettings) -> CleanResult:
    """Clean health centres and payments; which table is which follows from its headings.

    A table without a column of years takes the year from the name of its sheet, else of its file,
    where exactly one stands there ("CNI 2023.xlsx"). An index of three centres or more in a year
    whose median is 1.6 or more is the raw one, whatever its heading says: it moves to ``raw``.

    The provenance has ``dated_by_name`` (tables) and ``index_was_raw`` (rows), and both in
    ``findings`` where there are any, for the account to say.
    """
    own = dict(settings.mappings.get(CENTRES.name, {}))
    tables = [_dated(table, own) for table in raw.tables]
    dated = sum(new is not old for new, old in zip(tables, raw.tables, strict=True))
    result = clean_tables(replace(raw, tables=tuple(tables)), SCHEMAS, settings)
    cleaned = dict(result.tables)
    moved = 0
    if "cni" in cleaned.get(CENTRES.name, ()):
        cleaned[CENTRES.name], moved = on_its_scale(cleaned[CENTRES.name])
    told = {"dated_by_name": dated, "index_was_raw": moved}
    return replace(
        result,
        tables=cleaned,
        provenance={
            **result.provenance,
            **told,
            "findings": counted_findings("care_need", told),
        },
    )


def on_its_scale(centres: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The centres with a raw index out of ``cni`` and in ``raw``; and how many rows that were."""
    index = centres["cni"].to_numpy(dtype=np.float64, na_value=np.nan)
    years = centres["year"].to_numpy(dtype=np.float64)
    raw = (
        centres["raw"].to_numpy(dtype=np.float64, na_value=np.nan)
        if "raw" in centres
        else np.full(len(centres), np.nan)
    )
    wrong = np.zeros(len(centres), dtype=bool)
    for year in np.unique(years):
        own = (years == year) & ~np.isnan(index)
        if np.count_nonzero(own) >= FEWEST_CENTRES and np.median(index[own]) >= RAW_FROM:
            wrong |= own
    if not wrong.any():
        return centres, 0
    kept = np.where(np.isnan(raw) & wrong, index, raw)
    return centres.assign(raw=kept, cni=np.where(wrong, np.nan, index)), int(wrong.sum())


def _dated(table: RawTable, mapping: dict[str, str]) -> RawTable:
    """The table with a column of the year in its name, if it has none and looks like centres."""
    if not table.headings:
        return table
    found = match(table, CENTRES, mapping)
    if [column.name for column in found.missing] != ["year"]:
        return table
    return with_year_of_name(table)
