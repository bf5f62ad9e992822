"""The user's own words for codes: "Gul" is moderate in all files, or in those of one municipality.

They stand in ``mapping.toml`` beside the headings::

    [fallprevention.deviations.words.severity]
    "Gul" = "moderate"

    [fallprevention.deviations.words.severity."Vännäs"]
    "3" = "significant"
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.errors import UserError
from umea_eval.intake.codes import parse_codes
from umea_eval.intake.grid import categorical
from umea_eval.intake.headings import read_toml
from umea_eval.intake.schema import Column, Schema
from umea_eval.intake.values import TextSeries, Values, distinct_texts, read_values, row_codes

# Whose words ("" is everybody's) → text → code.
Words = Mapping[str, Mapping[str, str]]
_APART = re.compile(r"[\W\d_]+")


def read_words(path: Path) -> dict[str, dict[str, dict[str, dict[str, dict[str, str]]]]]:
    """The words of the user's mapping file: dataset → table → column → whose → text → code.

    Raises UserError for a file that is no TOML of that form. A missing file has no words.
    """
    if not path.exists():
        return {}
    try:
        tree = read_toml(path)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise UserError("intake.bad_mapping", file=path.name) from None
    found: dict[str, dict[str, dict[str, dict[str, dict[str, str]]]]] = {}
    for dataset, tables in tree.items():
        for table, lines in tables.items() if isinstance(tables, dict) else ():
            words = lines.get("words") if isinstance(lines, dict) else None
            if isinstance(words, dict):
                own = {column: _words(given, path) for column, given in words.items()}
                found.setdefault(dataset, {})[table] = own
    return found


def _words(given: Any, path: Path) -> dict[str, dict[str, str]]:
    if not isinstance(given, dict):
        raise UserError("intake.bad_mapping", file=path.name)
    words = {"": {text: code for text, code in given.items() if not isinstance(code, dict)}}
    words |= {whose: each for whose, each in given.items() if isinstance(each, dict)}
    for each in words.values():
        if not all(isinstance(code, str) for code in each.values()):
            raise UserError("intake.bad_mapping", file=path.name)
    return words


def check_words(schema: Schema, words: Mapping[str, Words]) -> None:
    """Raise UserError for words of a column without codes, or for a code that it does not have."""
    coded = {column.name: column.codes for column in schema.columns if column.codes}
    for name, own in words.items():
        codes = coded.get(name)
        if codes is None:
            raise UserError(
                "intake.words_column", column=name, table=schema.name, known=", ".join(coded)
            )
        known = [each.code for each in codes.codes]
        unknown = {code for each in own.values() for code in each.values()} - set(known)
        if unknown:
            raise UserError(
                "intake.words_code", column=name, code=min(unknown), known=", ".join(known)
            )


def read_coded(column: Column, raw: TextSeries, words: Words, owners: TextSeries | str) -> Values:
    """Read a code column with the user's own words beside those of its list.

    ``owners`` says whose each row is: a column (the municipality), or one text for all rows (the
    file's name). Words of somebody hold where that name stands in it as a word of its own.
    """
    if column.codes is None:
        raise ValueError(f"{column.name} has no codes")
    spellings, digits = column.codes.spellings, column.codes.digits
    order = [each.code for each in column.codes.codes]
    named = sorted((whose for whose in words if whose), key=len)
    which = _whose(named, owners, len(raw))
    numbers = np.full(len(raw), -1, dtype=np.int32)
    faults = np.zeros(len(raw), dtype=np.int8)
    corrections: Counter[str] = Counter()
    for place in np.unique(which).tolist():
        rows = which == place
        own = {**words.get("", {}), **(words[named[place]] if place >= 0 else {})}
        found = read_values(
            raw[rows],
            lambda texts, own=own: parse_codes(  # type: ignore[misc]
                texts, spellings | dict(own), order=order, zeros=digits
            ),
        )
        numbers[rows] = found.series.cat.codes
        faults[rows] = found.faults
        corrections.update(found.corrections)
    series = pd.Series(categorical(numbers, order), index=raw.index)
    return Values(series, faults, dict(corrections))


def _whose(named: list[str], owners: TextSeries | str, rows: int) -> NDArray[np.int64]:
    """The place in ``named`` of the owner of each row, -1 for nobody; the longest name wins."""
    texts = [owners] if isinstance(owners, str) else distinct_texts(owners)
    places = np.full(len(texts) + 1, -1, dtype=np.int64)  # the last is for missing cells
    for place, whose in enumerate(named):
        for number, text in enumerate(texts):
            if _level(whose) in _level(text):
                places[number] = place
    codes = np.zeros(rows, dtype=np.int64) if isinstance(owners, str) else row_codes(owners)
    return places.take(codes, mode="wrap")


def _level(text: str) -> str:
    return f" {_APART.sub(' ', text.casefold()).strip()} "
