"""Has the writer said enough of every number for it to be protected?

A profile that suppresses cannot guess: two tables that show the same persons under two names would
open each other. So what is not declared is refused, with a word on what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number

from umea_eval.disclosure.linked import category
from umea_eval.disclosure.tables import NUMBERS, Field, Table
from umea_eval.errors import UserError
from umea_eval.language import Language

# What people, pandas and spreadsheets call the row of all.
_TOTALS = ("total", "totalt", "all", "alla", "samtliga", "sum", "summa", "grand total")


def check_declared(tables: Sequence[Table], *, language: Language = "sv") -> None:
    """Raise UserError for the first column that lacks what its kind must say.

    A count: ``measure``. A share or rate: ``numerator`` and ``denominator``, declared columns. An
    amount: ``measure``, ``denominator`` (the persons or households behind it) and ``largest``. Any
    other number: what it follows, a number about persons. A step of a curve needs its ``step``
    only, and a number that no person's data have gone into is declared with ``personal=False``.
    Numbers in a column of text lack their ``kind``, which is text where nothing is said. And a row
    that is called a total as people call it, but not as the table does (``total``), would be taken
    for a category.
    """
    for table in tables:
        _check_total(table, language)
        fields = {column.name: column for column in table.columns}
        for column in table.columns:
            missing = "kind" if _numbers_as_text(table, column) else _missing(column, fields)
            if missing:
                raise UserError(
                    "disclosure.errors.undeclared",
                    language=language,
                    table=table.name,
                    column=column.name,
                    missing=missing,
                )


def _check_total(table: Table, language: Language) -> None:
    if not any(column.measure and column.personal for column in table.columns):
        return
    for name in table.broken_down_by():
        for code in sorted({category(value) for value in table.frame[name]}):
            if code.casefold() in _TOTALS and code != category(table.total):
                raise UserError(
                    "disclosure.errors.total",
                    language=language,
                    table=table.name,
                    column=name,
                    code=code,
                    total=table.total,
                )


def _numbers_as_text(table: Table, column: Field) -> bool:
    return (
        column.kind == "text"
        and column.personal
        and any(
            isinstance(value, Number) and not isinstance(value, bool)
            for value in table.frame[column.name].dropna()
        )
    )


def _missing(column: Field, fields: dict[str, Field]) -> str:
    if column.kind not in NUMBERS or not column.personal or column.step:
        return ""
    if column.kind == "count":
        return "" if column.measure else "measure"
    if column.kind in ("share", "rate"):
        asked = {"numerator": column.numerator, "denominator": column.denominator}
        lacking = [name for name, other in asked.items() if other not in fields]
        if not lacking and not _counted(fields[str(column.numerator)]):
            lacking = ["numerator"]
        return ", ".join(lacking)
    if column.kind == "amount":
        given = {
            "measure": bool(column.measure),
            "denominator": _about_persons(fields.get(str(column.denominator))),
            "largest": bool(column.largest),
        }
        return ", ".join(name for name, is_given in given.items() if not is_given)
    follows = [other for other in (column.numerator, column.denominator, column.of) if other]
    known = all(other in fields for other in follows)
    follows = [other for other in follows if _about_persons(fields.get(other))]
    return "" if follows and known else "denominator"


def _about_persons(column: Field | None) -> bool:
    """Whether a number that follows this column is hidden when few persons are behind it."""
    return column is not None and column.kind in NUMBERS and column.personal


def _counted(column: Field) -> bool:
    return column.measure is not None or not column.personal
