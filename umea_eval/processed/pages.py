"""Pages about the data themselves (the row account, a codebook), in the look of the reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from umea_eval.language import Language, number
from umea_eval.report.fragments import template_environment
from umea_eval.report.page import POLICY
from umea_eval.report.tables import Cell, Column, WrittenTable

TEMPLATES = Path(__file__).parent / "templates"


def page(title: str, parts: Sequence[str], language: Language, *, example: bool, kind: str) -> str:
    """A whole page of ``parts``, which are the HTML of report fragments; ``kind`` says what it is.

    Self-contained and without scripts, like a report's page.
    """
    template = template_environment(language, TEMPLATES).get_template("page.html.j2")
    html: str = template.render(
        title=title, parts=parts, example=example, kind=kind, policy=POLICY, language=language
    )
    return html.strip() + "\n"


def table_of(
    name: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str | int | float]],
    language: Language,
) -> WrittenTable:
    """Rows of words and numbers as a table; a column is numeric where all its cells are."""
    numeric = [
        bool(rows) and all(isinstance(row[place], int | float) for row in rows)
        for place in range(len(headings))
    ]
    return WrittenTable(
        name=name,
        columns=tuple(
            Column(f"c{place}", heading, "count" if is_number else "text")
            for place, (heading, is_number) in enumerate(zip(headings, numeric, strict=True))
        ),
        rows=tuple(tuple(_cell(value, language) for value in row) for row in rows),
    )


def _cell(value: str | float, language: Language) -> Cell:
    shown = value if isinstance(value, str) else number(value, language)
    return Cell(shown, str(value))
