"""Which reports does a batch file ask for?

Two forms say the same. ``batch.toml``, for those who write by hand::

    workers = 2                  # all four may be left out
    timeout_minutes = 30
    memory_mb = 2000

    [[report]]
    notebook = "key_figures"
    parameters = { language = ["sv", "en"], period = [2022, 2023] }   # every combination
    sets = [{ area = "A" }, { area = "B", period = 2021 }]            # each with every combination
    exclude = [{ language = "en", period = 2022 }]                    # but not these

And a CSV file that Excel writes (semicolon; UTF-8 or Latin-1), one row for each report or, with
``|`` between values, for every combination of them. An empty cell leaves a parameter at its
default. A row marked in the column ``exclude`` takes away the reports of other rows that have its
values::

    notebook
    language
    period
    exclude
    key_figures
    sv | en
    2022 | 2023
    key_figures
    en
    2022
    x

A value of several parts (a parameter that is a list) is written with commas in CSV, and as a list
within the list in TOML.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

from umea_eval.errors import UserError
from umea_eval.intake.plain_csv import read_rows
from umea_eval.runs.parameters import as_text

NOTEBOOK = ("notebook", "utvärdering")
EXCLUDE = ("exclude", "uteslut")
_ALTERNATIVES = "|"
_REPORT_LINE = re.compile(r"\s*\[\[\s*report\s*\]\]")
_OPTIONS = {"workers": int, "timeout_minutes": float, "memory_mb": int}
_REPORT = ("notebook", "parameters", "sets", "exclude")


@dataclass(frozen=True)
class Entry:
    """One wanted report, or one exclusion: ``assignments`` are ``name=value``."""

    notebook: str
    assignments: tuple[str, ...]
    row: int


@dataclass(frozen=True)
class Fault:
    """A row that cannot be used, and why."""

    row: int
    error: UserError


@dataclass
class BatchFile:
    """What a batch file says, row by row."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    exclusions: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    workers: int | None = None
    timeout_minutes: float | None = None
    memory_mb: int | None = None


def read_batch(path: Path) -> BatchFile:
    """Read a batch file (``.toml``, else CSV). A row that is no order is a fault of its own.

    Raises UserError for a file that cannot be read at all.
    """
    return _read_toml(path) if path.suffix.casefold() == ".toml" else _read_csv(path)


# --- CSV -----------------------------------------------------------------------------------------


def _read_csv(path: Path) -> BatchFile:
    batch = BatchFile(path.name)
    (_, first), *rows = read_rows(path)
    heading = [cell.strip() for cell in first]
    folded = [cell.casefold() for cell in heading]
    notebook = _column(folded, NOTEBOOK)
    if notebook is None:
        raise UserError("runs.batch.errors.no_notebook_column", file=path.name)
    twice = sorted({name for name in heading if name and heading.count(name) > 1})
    if twice:
        raise UserError("csv.twice", file=path.name, columns=", ".join(twice))
    exclude = _column(folded, EXCLUDE)
    for row, cells in rows:
        values = [cell.strip() for cell in cells]
        if not any(values):
            continue
        stray = [
            value
            for place, value in enumerate(values)
            if value and (place >= len(heading) or not heading[place])
        ]
        if stray:
            batch.faults.append(Fault(row, UserError("runs.batch.errors.stray_cell")))
            continue
        values += [""] * (len(heading) - len(values))
        if not values[notebook]:
            batch.faults.append(Fault(row, UserError("runs.batch.errors.no_notebook")))
            continue
        given = {
            name: [part.strip() for part in values[place].split(_ALTERNATIVES)]
            for place, name in enumerate(heading)
            if place not in (notebook, exclude) and values[place]
        }
        marked = exclude is not None and bool(values[exclude])
        where = batch.exclusions if marked else batch.entries
        where += [Entry(values[notebook], chosen, row) for chosen in _combinations(given)]
    return batch


def _column(heading: Sequence[str], names: Sequence[str]) -> int | None:
    return next((place for place, name in enumerate(heading) if name in names), None)


def _combinations(given: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    for values in product(*given.values()):
        yield tuple(f"{name}={value}" for name, value in zip(given, values, strict=True))


# --- TOML ----------------------------------------------------------------------------------------


def _read_toml(path: Path) -> BatchFile:
    text = _toml_text(path)
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = str(error).rpartition("line ")[2].split(",")[0].rstrip(")")
        raise UserError("runs.batch.errors.toml", file=path.name, line=line) from None
    batch = BatchFile(path.name)
    known = (*_OPTIONS, "report")
    for name, value in given.items():
        if name not in known:
            raise UserError(
                "runs.batch.errors.unknown", file=path.name, name=name, known=", ".join(known)
            )
        if name in _OPTIONS:
            setattr(batch, name, _option(path.name, name, value))
    reports = given.get("report", [])
    if not isinstance(reports, list) or not reports:
        raise UserError("runs.batch.errors.no_reports", file=path.name)
    rows = [row for row, line in enumerate(text.splitlines(), 1) if _REPORT_LINE.match(line)]
    # Written in another way (report = [{...}]), the reports are counted instead.
    places = rows if len(rows) == len(reports) else range(1, len(reports) + 1)
    for row, report in zip(places, reports, strict=True):
        try:
            entries, exclusions = _entries(report, row)
        except UserError as error:
            batch.faults.append(Fault(row, error))
        else:
            batch.entries += entries
            batch.exclusions += exclusions
    return batch


def _toml_text(path: Path) -> str:
    if path.is_dir() or not path.exists():
        raise UserError("runs.batch.errors.no_file", file=path.name)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError("errors.settings_encoding", file=path.name) from None
    except OSError:
        raise UserError("errors.settings_closed", file=path.name) from None


def _option(file: str, name: str, value: object) -> int | float:
    kind = _OPTIONS[name]
    number = isinstance(value, int) or (kind is float and isinstance(value, float))
    if not number or isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise UserError("runs.batch.errors.option", file=file, name=name)
    return int(value) if kind is int else float(value)


def _entries(report: object, row: int) -> tuple[list[Entry], list[Entry]]:
    if not isinstance(report, dict) or not isinstance(report.get("notebook"), str):
        raise UserError("runs.batch.errors.no_notebook")
    for name in report:
        if name not in _REPORT:
            known = ", ".join(_REPORT)
            raise UserError("runs.batch.errors.unknown_here", name=name, known=known)
    notebook = report["notebook"]
    parameters = _texts(report.get("parameters", {}))
    sets = [_texts(each) for each in _tables(report.get("sets", [{}]))]
    wanted = [
        Entry(notebook, chosen, row)
        for each in sets
        # What a set says goes before what all say.
        for chosen in _combinations(parameters | each)
    ]
    exclusions = [
        Entry(notebook, chosen, row)
        for each in _tables(report.get("exclude", []))
        for chosen in _combinations(_texts(each))
    ]
    return wanted, exclusions


def _tables(value: object) -> list[object]:
    if not isinstance(value, list):
        raise UserError("runs.batch.errors.tables")
    return value


def _texts(table: object) -> dict[str, list[str]]:
    """Each parameter with its alternatives, as they would be written after ``-p name=``."""
    if not isinstance(table, dict):
        raise UserError("runs.batch.errors.tables")
    return {
        name: [_text(each, name) for each in (value if isinstance(value, list) else [value])]
        for name, value in table.items()
    }


def _text(value: Any, name: str) -> str:
    parts = value if isinstance(value, list) else [value]
    # A time of day is a date to Python, and no parameter's type.
    if not all(isinstance(part, str | int | float) or type(part) is date for part in parts):
        raise UserError("runs.batch.errors.value", name=name)
    return as_text(value)
