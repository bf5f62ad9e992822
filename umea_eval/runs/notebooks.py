"""Which notebooks does the project have, and what are they called in words?"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from umea_eval.errors import UserError
from umea_eval.language import Language, listing
from umea_eval.runs.parameters import (
    Value,
    as_code,
    cell_source,
    is_parameters_cell,
    notebook_cells,
    suggestion,
)
from umea_eval.settings import Settings

INJECTED = "injected-parameters"


def list_notebooks(settings: Settings) -> dict[str, Path]:
    """The project's notebooks by name, in the names' order."""
    if not settings.notebooks.is_dir():
        return {}
    found = {
        unicodedata.normalize("NFC", path.stem): path
        for path in settings.notebooks.glob("*.ipynb")
        if not path.name.startswith(".") and path.is_file()
    }
    return dict(sorted(found.items()))


def find_notebook(name: str, settings: Settings, language: Language) -> Path:
    """The notebook of that name. Raises UserError, with the nearest names, if there is none."""
    notebooks = list_notebooks(settings)
    wanted = unicodedata.normalize("NFC", name).removesuffix(".ipynb")
    if wanted in notebooks:
        return notebooks[wanted]
    folder = _shown(settings.notebooks, settings)
    if not notebooks:
        raise UserError("runs.errors.no_notebooks", language=language, folder=folder)
    raise UserError(
        "runs.errors.no_notebook",
        language=language,
        name=name,
        folder=folder,
        suggestion=suggestion(wanted, notebooks, language),
        known=listing(list(notebooks), language),
    )


def notebook_title(path: Path, language: Language) -> str:
    """The notebook's first heading, or its name."""
    for cell in notebook_cells(path):
        words = heading_of(cell, language)
        if words:
            return words
    return path.stem


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


def with_parameters(path: Path, values: Mapping[str, Value]) -> dict[str, Any]:
    """The notebook without outputs, with a cell after the parameters that assigns ``values``.

    Every cell has an id, the same each time. The file is not changed.
    """
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    cells = []
    for number, cell in enumerate(notebook_cells(path)):
        if is_injected(cell):
            continue
        kept = {**cell, "id": cell.get("id") or f"cell-{number}", "source": cell_source(cell)}
        if kept.get("cell_type") == "code":
            kept |= {"outputs": [], "execution_count": None}
        cells.append(kept)
        if is_parameters_cell(cell):
            cells.append(_injected(values))
    document["cells"] = cells
    document["nbformat_minor"] = max(document.get("nbformat_minor", 0), 5)
    return document


def _injected(values: Mapping[str, Value]) -> dict[str, Any]:
    return {
        "id": INJECTED,
        "cell_type": "code",
        "metadata": {"tags": [INJECTED]},
        "source": as_code(values),
        "outputs": [],
        "execution_count": None,
    }


def _shown(path: Path, settings: Settings) -> str:
    return (
        path.relative_to(settings.root).as_posix()
        if path.is_relative_to(settings.root)
        else path.name
    )
