"""What does a notebook's file hold: its cells, their text, numbers and headings?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from umea_eval.errors import UserError
from umea_eval.language import Language

PARAMETERS, INJECTED = "parameters", "injected-parameters"


def notebook_cells(notebook: Path) -> list[dict[str, Any]]:
    """The cells of a notebook file, read as plain JSON."""
    try:
        document = json.loads(notebook.read_text(encoding="utf-8"))
        cells = document["cells"]
        if document["nbformat"] != 4 or not all(_is_cell(cell) for cell in cells):
            raise ValueError(notebook.name)
    except FileNotFoundError:
        raise UserError("runs.errors.notebook_gone", notebook=notebook.name) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        # ValueError includes text that is no UTF-8 and text that is no JSON.
        raise UserError("runs.errors.notebook_unreadable", notebook=notebook.name) from None
    return list(cells)


def _is_cell(cell: Any) -> bool:
    return isinstance(cell, dict) and cell.get("cell_type") in ("code", "markdown", "raw")


def cell_source(cell: Mapping[str, Any]) -> str:
    """A cell's text: notebooks store it as one string or as lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def is_parameters_cell(cell: Mapping[str, Any]) -> bool:
    """Whether the cell declares the notebook's parameters."""
    return cell.get("cell_type") == "code" and PARAMETERS in cell.get("metadata", {}).get(
        "tags", []
    )


def heading_of(cell: Mapping[str, Any], language: Language) -> str:
    """The last heading of a Markdown cell (``# Swedish | English``), or nothing."""
    if cell.get("cell_type") != "markdown":
        return ""
    headings = [line for line in cell_source(cell).splitlines() if line.startswith("#")]
    if not headings:
        return ""
    swedish, _, english = (part.strip() for part in headings[-1].lstrip("#").partition("|"))
    return swedish if language == "sv" else english or swedish


def sections(cells: Sequence[Mapping[str, Any]], language: Language) -> list[str]:
    """For each cell the heading that it stands under."""
    found, current = [], ""
    for cell in cells:
        current = heading_of(cell, language) or current
        found.append(current)
    return found


def numbers(cells: Sequence[Mapping[str, Any]]) -> list[int]:
    """For each cell its number among the code cells, as JupyterLab counts; other cells have 0.

    The cell that we put in has the number of the cell it stands after.
    """
    found, current = [], 0
    for cell in cells:
        code = cell.get("cell_type") == "code"
        current += code and not is_injected(cell)
        found.append(current if code else 0)
    return found


def is_injected(cell: Mapping[str, Any]) -> bool:
    """Whether the cell holds the run's parameters."""
    return INJECTED in cell.get("metadata", {}).get("tags", [])
