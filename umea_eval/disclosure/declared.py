"""Has the writer said enough of every number for it to be protected?

A profile that suppresses cannot guess: two tables that show the same persons under two names would
open each other. So what is not declared is refused, with a word on what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence

from umea_eval.disclosure.tables import NUMBERS, Field, Table
from umea_eval.errors import UserError
from umea_eval.language import Language


def check_declared(tables: Sequence[Table], *, language: Language = "sv") -> None:
    """Raise UserError for the first column that lacks what its kind must say.

    A count: ``measure``. A share or rate: ``numerator`` and ``denominator``, declared columns. An
    amount: ``measure``, ``denominator`` (the persons or households behind it) and ``largest``. Any
    other number: what it follows. A step of a curve needs its ``step`` only, and a number that no
    person's data have gone into is declared with ``personal=False``.
    """
    for table in tables:
        fields = {column.name: column for column in table.columns}
        for column in table.columns:
            missing = _missing(column, fields)
            if missing:
                raise UserError(
                    "disclosure.errors.undeclared",
                    language=language,
                    table=table.name,
                    column=column.name,
                    missing=missing,
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
        asked = {
            "measure": column.measure,
            "denominator": column.denominator if column.denominator in fields else None,
            "largest": column.largest[0] if column.largest else None,
        }
        return ", ".join(name for name, other in asked.items() if not other)
    follows = [other for other in (column.numerator, column.denominator, column.of) if other]
    return "" if follows and all(other in fields for other in follows) else "denominator"


def _counted(column: Field) -> bool:
    return column.measure is not None or not column.personal
