"""A raw table to a typed one: every column parsed and checked, every fault with row and reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.codes import MEN, WOMEN, is_crosses
from umea_eval.intake.dates import DayOrder, day_order
from umea_eval.intake.grid import categorical
from umea_eval.intake.headings import Match
from umea_eval.intake.identity import classify
from umea_eval.intake.numbers import parse_amounts, unit_in
from umea_eval.intake.own_words import Words, read_coded
from umea_eval.intake.personnummer import Kind
from umea_eval.intake.pseudonym import Key, apply_links, pseudonyms
from umea_eval.intake.schema import CodeList, Column, Schema
from umea_eval.intake.tables import FAULTS, SOURCE_COLUMNS
from umea_eval.intake.values import (
    Codes8,
    Fault,
    Parsed,
    distinct_texts,
    is_missing,
    plain,
    read_values,
    row_codes,
    spread,
)
from umea_eval.intake.values import key as spelling

_BORN = "_born"  # within this module only: no frame that leaves it has birth dates
_DAY = "datetime64[D]"
KINDS = tuple(kind.name.lower() for kind in Kind if kind)


@dataclass(frozen=True)
class Identification:
    """What pseudonyms are made of: the key, the dataset they belong to, and changed numbers."""

    key: Key
    dataset: str
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Conformed:
    """A table with the schema's columns and the source columns; one row per data row.

    ``faults`` has one row per fault: ``position`` (row of ``frame``), ``column``, ``reason``, in
    the order of rows and then of columns. ``corrections`` counts rows per rule. ``dropped`` counts
    filled cells per heading that no column of the schema has; ``rest`` is a hash of those cells by
    row, by which rows that differ only there are told apart.
    """

    frame: pd.DataFrame
    faults: pd.DataFrame
    remarks: dict[str, NDArray[np.bool_]]
    corrections: dict[str, int]
    dropped: dict[str, int]
    rest: NDArray[np.uint64]


@dataclass(frozen=True)
class _Reading:
    """How the columns of a file are read: what its other columns show, and the user's words."""

    identification: Identification
    reference: dt.date
    order: DayOrder
    crosses: bool
    words: Mapping[str, Words]


class _Faults:
    """Faults as they are found."""

    def __init__(self) -> None:
        self.found: list[tuple[NDArray[np.int64], str, str]] = []

    def add(self, rows: NDArray[np.bool_], column: str, reason: str) -> None:
        positions = np.flatnonzero(rows)
        if len(positions):
            self.found.append((positions, column, reason))

    def add_codes(self, faults: Codes8, column: str) -> None:
        if faults.any():
            for code in np.unique(faults[faults > 0]).tolist():
                self.add(faults == code, column, Fault(code).name.lower())

    def frame(self) -> pd.DataFrame:
        parts = [
            pd.DataFrame({"position": rows, "column": column, "reason": reason})
            for rows, column, reason in self.found
        ]
        empty = pd.DataFrame({"position": [], "column": [], "reason": []}).astype(
            {"position": "int64", "column": "str", "reason": "str"}
        )
        if not parts:
            return empty
        # The order of columns within a row is the order in which faults were added.
        return pd.concat(parts).sort_values("position", kind="stable", ignore_index=True)


def conform(
    match: Match,
    identification: Identification,
    *,
    reference: dt.date,
    words: Mapping[str, Words] | None = None,
) -> Conformed:
    """Parse and check the columns of a table that fits a schema.

    ``reference`` is the extraction date: the century of ten-digit identity numbers and the years of
    two digits follow from it. ``words`` are the user's own for codes, by column. Checks, in this
    order: how the row was read, each column's parsing, missing values, range and code validity, and
    the rules between columns (on rows where their columns have values). Columns of the schema that
    the file lacks are left out of the frame.
    """
    raw = match.table.frame
    faults = _Faults()
    for number, reason in enumerate(FAULTS):
        faults.add(row_codes(raw["source_fault"]) == number, "", reason)
    reading = _Reading(
        identification, reference, _file_order(match), is_crosses(_flag_texts(match)), words or {}
    )
    values: dict[str, pd.Series] = {}
    born: dict[str, pd.Series] = {}
    corrections = dict(match.table.corrections)
    for column in match.schema.columns:
        if column.name not in match.columns:
            continue
        made, wrong, counts = _column(column, match, reading)
        born |= {name: made.pop(name) for name in [*made] if name.endswith(_BORN)}
        values |= made
        faults.add_codes(wrong, column.name)
        for rule, count in counts.items():
            corrections[rule] = corrections.get(rule, 0) + count
        if column.filled:
            missing = made[column.name].isna().to_numpy(dtype=bool) & (wrong == 0)
            faults.add(missing, column.name, Fault.MISSING_VALUE.name.lower())
        faults.add(_outside(column, made[column.name]), column.name, "out_of_range")
    for column in match.schema.columns:
        if column.codes and column.codes.valid_at in values and column.name in values:
            at = values[column.codes.valid_at]
            faults.add(_invalid(column, values[column.name], at), column.name, "code_not_valid")
    values |= _ages(match.schema, born, values)
    values |= {name: raw[name] for name in SOURCE_COLUMNS[:3]}
    frame = pd.DataFrame(values)
    remarks = {}
    for check in match.schema.rules:
        if all(name in frame for name in check.columns):
            broken = check.broken(frame)
            if check.remark:
                remarks[check.reason] = broken
            else:
                faults.add(broken, check.columns[0], check.reason)
    dropped = {heading: int(raw[heading].notna().sum()) for heading in match.dropped}
    rest = _rest(raw, match.dropped)
    return Conformed(frame, faults.frame(), remarks, corrections, dropped, rest)


def _file_order(match: Match) -> DayOrder:
    """Whether day or month comes first in the file: what its dates show together."""
    dated = [
        match.columns[column.name]
        for column in match.schema.columns
        if column.dtype in ("date", "month") and column.name in match.columns
    ]
    texts = [text for heading in dated for text in distinct_texts(match.table.frame[heading])]
    return day_order(texts)


def _flag_texts(match: Match) -> list[str]:
    """What stands in the file's yes-and-no columns together."""
    return [
        text
        for column in match.schema.columns
        if column.dtype == "flag" and column.name in match.columns
        for text in distinct_texts(match.table.frame[match.columns[column.name]])
    ]


def _coded(
    column: Column, codes: CodeList, match: Match, words: Words
) -> tuple[dict[str, pd.Series], Codes8, dict[str, int]]:
    """A code column with the user's own words, or where an empty cell means something."""
    frame = match.table.frame
    asked = match.columns.get(codes.words_of or "")
    owners = frame[asked] if asked else match.table.file
    found = read_coded(column, frame[match.columns[column.name]], words, owners)
    series, corrections = found.series, found.corrections
    if codes.blank:
        empty = series.isna().to_numpy() & (found.faults == 0)
        if empty.any():
            series = series.where(~empty, codes.blank)
            corrections = {**corrections, "blank_is_code": int(np.count_nonzero(empty))}
    return {column.name: series}, found.faults, corrections


def _rest(raw: pd.DataFrame, headings: Sequence[str]) -> NDArray[np.uint64]:
    """A hash of each row's cells under ``headings``, in any order of columns; 0 for empty ones."""
    rest = np.zeros(len(raw), dtype=np.uint64)
    for heading in headings:
        texts = [f"{spelling(heading)}={plain(text)}" for text in distinct_texts(raw[heading])]
        hashes = pd.util.hash_array(np.array(texts, dtype=object))
        rest += np.append(hashes, np.uint64(0))[row_codes(raw[heading])]
    return rest


def _column(
    column: Column, match: Match, reading: _Reading
) -> tuple[dict[str, pd.Series], Codes8, dict[str, int]]:
    """The values of one column (an identity has several), with faults and corrections by row."""
    raw = match.table.frame[match.columns[column.name]]
    if column.codes is not None and (column.name in reading.words or column.codes.blank):
        return _coded(column, column.codes, match, reading.words.get(column.name, {}))
    if column.dtype == "identity":
        return _identity(column, raw, reading.identification, reading.reference)
    if column.dtype == "filled":
        none = np.zeros(len(raw), dtype=np.int8)
        return {column.name: raw.notna().astype("bool[pyarrow]")}, none, {}
    if column.dtype == "identifier":
        found = read_values(raw, lambda texts: _identifiers(texts, reading.identification))
    elif column.dtype == "sek":
        unit = _unit(match, column)
        found = read_values(raw, lambda texts: parse_amounts(texts, unit=unit))
    else:
        found = read_values(raw, column.parser(reading.reference, reading.order))
    series = found.series
    crossed = False
    if column.dtype == "flag":
        texts = [text for text in distinct_texts(raw) if not is_missing(text)]
        # Where the file's other columns have crosses, a column without any has only noes.
        crossed = is_crosses(texts) if texts else reading.crosses
    if crossed or column.dtype == "protected":
        series = series.fillna(False)  # blank means no
    return {column.name: series}, found.faults, found.corrections


def _unit(match: Match, column: Column) -> int:
    """How many kronor one is in a column: what its heading says, else what the table says."""
    texts = match.table.headings[match.columns[column.name]]
    said = [unit for text in texts if (unit := unit_in(text)) is not None]
    return said[0] if said else match.table.unit


def _identity(
    column: Column, raw: pd.Series, identification: Identification, reference: dt.date
) -> tuple[dict[str, pd.Series], Codes8, dict[str, int]]:
    texts = distinct_texts(raw)
    found = classify(texts, reference=reference)
    canonical = apply_links(found.canonical.tolist(), identification.links)
    if identification.links:  # birth year and sex are the new number's
        now = classify([each or "" for each in canonical], reference=reference)
    else:
        now = found
    codes = row_codes(raw)
    years = pd.array(np.where(now.birth_year > 0, now.birth_year, np.nan), dtype="Float64").astype(
        "int64[pyarrow]"
    )
    kinds = categorical(now.kind - 1, KINDS)
    sexes = categorical(now.man, (WOMEN, MEN))
    own = pseudonyms(canonical, identification.key, dataset=identification.dataset)
    parsed = Parsed(own, found.faults, found.corrections)
    counted = read_values(raw, lambda _: parsed)
    made = {
        column.name: counted.series,
        f"{column.name}_kind": spread(kinds, codes, raw.index),
        f"{column.name}_birth_year": spread(years, codes, raw.index),
        f"{column.name}_sex": spread(sexes, codes, raw.index),
        f"{column.name}{_BORN}": spread(now.birth_date, codes, raw.index),
    }
    return made, counted.faults, counted.corrections


def _ages(
    schema: Schema, born: Mapping[str, pd.Series], values: Mapping[str, pd.Series]
) -> dict[str, pd.Series]:
    """Ages on the dates that the schema's identity columns name."""
    wanted = {
        f"{column.name}_age": (born[column.name + _BORN], values[column.age_at])
        for column in schema.columns
        if column.age_at and column.name + _BORN in born and column.age_at in values
    }
    return {name: _years(*pair) for name, pair in wanted.items()}


def _years(born: pd.Series, at: pd.Series) -> pd.Series:
    """Whole years at a date, negative before birth; missing where either day is unknown.

    Who was born on 29 February turns a year older on 1 March of other years (assumption).
    """
    birth, day = born.to_numpy(dtype="datetime64[D]"), at.to_numpy(dtype="datetime64[D]")
    known = ~(np.isnat(birth) | np.isnat(day))
    months = np.zeros(len(birth), dtype=np.int64)
    birth_month, month = birth[known].astype("datetime64[M]"), day[known].astype("datetime64[M]")
    # A month that has not yet come to its birthday is not a whole one.
    before = (day[known] - month) < (birth[known] - birth_month)
    months[known] = (month - birth_month).astype(np.int64) - before
    years = pd.Series(months // 12, index=born.index).astype("int64[pyarrow]")
    return years.mask(~known)


def _identifiers(texts: Sequence[str], identification: Identification) -> Parsed:
    """Numbers within a system: no form is known, so only blanks and letter case are levelled."""
    levelled = [None if is_missing(text) else plain(text).upper() for text in texts]
    none = np.zeros(len(texts), dtype=np.int8)
    own = pseudonyms(levelled, identification.key, dataset=f"{identification.dataset}:identifier")
    return Parsed(own, none, none.copy())


def _outside(column: Column, series: pd.Series) -> NDArray[np.bool_]:
    if column.range is None:
        return np.zeros(len(series), dtype=bool)
    low, high = column.range
    if isinstance(low, dt.date):
        values = series.to_numpy(dtype="datetime64[us]")
        limits = np.array([low, high], dtype="datetime64[us]")
    else:
        values = series.to_numpy(dtype="float64", na_value=np.nan)
        limits = np.array([low, high], dtype="float64")
    outside = (values < limits[0]) | (values > limits[1])
    result: NDArray[np.bool_] = outside
    return result


def _invalid(column: Column, series: pd.Series, at: pd.Series) -> NDArray[np.bool_]:
    """Rows whose code did not hold on the day ``at`` (a month counts by its first day)."""
    codes = column.codes.codes if column.codes else ()
    known = {each.code: each for each in codes}
    order = [known[code] for code in series.cat.categories]
    # The last place is for missing codes, which are never invalid.
    first = np.array([*(each.valid_from or dt.date.min for each in order), dt.date.min], _DAY)
    last = np.array([*(each.valid_to or dt.date.max for each in order), dt.date.max], _DAY)
    day = at.to_numpy(dtype="datetime64[us]").astype(_DAY)
    place = series.cat.codes.to_numpy()
    invalid = ~np.isnat(day) & ((day < first[place]) | (day > last[place]))
    result: NDArray[np.bool_] = invalid
    return result
