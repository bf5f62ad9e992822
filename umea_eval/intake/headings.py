"""Which column of a file is which column of a schema? By headings, never by position."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from umea_eval.errors import UserError
from umea_eval.intake.codes import nearest
from umea_eval.intake.encoding import decode
from umea_eval.intake.identity import without_identities
from umea_eval.intake.numbers import without_unit
from umea_eval.intake.schema import Column, Schema
from umea_eval.intake.tables import RawTable
from umea_eval.intake.values import fitting_spellings, key


@dataclass(frozen=True)
class Match:
    """How a table fits a schema: column name → heading, and what is left over on either side."""

    schema: Schema
    table: RawTable
    columns: dict[str, str]
    missing: tuple[Column, ...]
    dropped: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether every required column was found."""
        return not self.missing


def match(table: RawTable, schema: Schema, mapping: Mapping[str, str] | None = None) -> Match:
    """Match a table's headings with a schema's columns.

    The user's ``mapping`` (heading → column) goes first, then the known headings in their order of
    preference, in any case and without marks; a heading with lost letters (U+FFFD) counts where it
    fits one known heading alone, and one of amounts without its unit. Of a heading in two rows,
    each row and both together are tried.
    Raises UserError for a mapping to a column that the schema lacks.
    """
    # Tables show no identity number in a heading either.
    told = {key(without_identities(heading)): column for heading, column in (mapping or {}).items()}
    unknown = set(told.values()) - {column.name for column in schema.columns}
    if unknown:
        raise UserError(
            "intake.mapping_unknown",
            column=min(unknown),
            table=schema.name,
            known=", ".join(column.name for column in schema.columns),
        )
    names: dict[str, str] = {}
    # A column's own heading goes before a group heading above it, which may be the same word.
    for nearest_first in (True, False):
        for heading, texts in table.headings.items():
            for text in texts[:1] if nearest_first else texts[1:]:
                names.setdefault(key(text), heading)
    unitless = _without_units(table)
    found: dict[str, str] = {}
    for word, heading in names.items():
        if word in told:
            found.setdefault(told[word], heading)
    for column in schema.columns:
        if column.name in found:
            continue
        taken = set(found.values())
        for known in (*column.headings, column.label_sv, column.name):
            fitting = names.get(key(known)) or _damaged(known, names)
            if fitting is None and column.dtype == "sek":
                fitting = unitless.get(key(known))
            if fitting is not None and fitting not in taken and key(fitting) not in told:
                found[column.name] = fitting
                break
    return Match(
        schema,
        table,
        found,
        tuple(column for column in schema.columns if column.required and column.name not in found),
        tuple(heading for heading in table.headings if heading not in set(found.values())),
    )


def assign(
    tables: Sequence[RawTable],
    schemas: Sequence[Schema],
    mappings: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[list[Match], list[Match]]:
    """Give each table to the schema that it fits best; also the tables that fit none.

    A table that fits several goes to the one with most columns found. Tables without headings of
    their own (cover pages) are in neither list. Raises UserError for a mapping of no table.
    """
    names = [schema.name for schema in schemas]
    unknown = sorted(set(mappings or {}) - set(names))
    if unknown:
        raise UserError("intake.mapping_table", table=unknown[0], known=", ".join(names))
    matches: list[Match] = []
    misfits: list[Match] = []
    for table in tables:
        if not table.headings:
            continue
        tried = [match(table, schema, (mappings or {}).get(schema.name)) for schema in schemas]
        best = max(tried, key=lambda each: (each.fits, len(each.columns)))
        (matches if best.fits else misfits).append(best)
    return matches, misfits


def explain(misfit: Match) -> UserError:
    """The error for a table without its required columns: which, and the nearest headings."""
    wanted = misfit.missing[0]
    # A heading that is like the wanted one is no person's name.
    near = nearest(wanted.label_sv, misfit.dropped)
    for known in wanted.headings:
        near = near or nearest(known, misfit.dropped)
    return UserError(
        "intake.column_missing_near" if near else "intake.column_missing",
        file=misfit.table.file,
        sheet=misfit.table.sheet or "1",  # a text file is one sheet to Excel
        column=wanted.label_sv,
        known=", ".join(dict.fromkeys((wanted.label_sv, *wanted.headings))),
        near=", ".join(near),
        table=misfit.schema.label_sv,
        name=wanted.name,
        section=misfit.schema.name,
        missing=len(misfit.missing),
    )


def read_mapping(path: Path) -> dict[str, dict[str, dict[str, str]]]:
    """The user's mapping file: dataset → table → heading → column.

    ::

        [forsorjningsstod.payments]
        "Utbet. dag" = "paid_on"

    Words for codes (``read_words``) may stand in the same file. Raises UserError for a file that is
    no TOML of that form. A missing file is an empty mapping.
    """
    if not path.exists():
        return {}
    try:
        tree = read_toml(path)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise UserError("intake.bad_mapping", file=path.name) from None
    for tables in tree.values():
        for each in tables.values() if isinstance(tables, dict) else [None]:
            if isinstance(each, dict) and isinstance(each.get("words"), dict):
                del each["words"]
            if not isinstance(each, dict) or not all(isinstance(to, str) for to in each.values()):
                raise UserError("intake.bad_mapping", file=path.name)
    return tree


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file in the encoding that a text editor gave it, with or without a mark."""
    return tomllib.loads(decode(path.read_bytes()).utf8.decode("utf-8").removeprefix("\ufeff"))


def _without_units(table: RawTable) -> dict[str, str]:
    """Headings without the unit of their amounts, which ``conform`` applies."""
    found: dict[str, str] = {}
    for heading, texts in table.headings.items():
        for text in texts:
            if without_unit(text) != text:
                found.setdefault(key(without_unit(text)), heading)
    return found


def _damaged(known: str, names: Mapping[str, str]) -> str | None:
    word = key(known)
    fitting = {heading for damaged, heading in names.items() if fitting_spellings(damaged, [word])}
    return fitting.pop() if len(fitting) == 1 else None
