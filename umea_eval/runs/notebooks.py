"""Which notebooks does the project have, and what are they called in words?"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from umea_eval.errors import UserError
from umea_eval.language import Language, listing
from umea_eval.runs.cells import (
    INJECTED,
    cell_source,
    heading_of,
    is_injected,
    is_parameters_cell,
    notebook_cells,
)
from umea_eval.runs.parameters import Value, as_code, suggestion
from umea_eval.settings import Settings


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


def existing_notebooks(settings: Settings, language: Language) -> dict[str, Path]:
    """The same; raises UserError if there are none."""
    found = list_notebooks(settings)
    if not found:
        folder = _shown(settings.notebooks, settings)
        raise UserError("runs.errors.no_notebooks", language=language, folder=folder)
    return found


def find_notebook(name: str, settings: Settings, language: Language) -> Path:
    """The notebook of that name. Raises UserError, with the nearest names, if there is none."""
    notebooks = existing_notebooks(settings, language)
    wanted = unicodedata.normalize("NFC", name).removesuffix(".ipynb")
    if wanted in notebooks:
        return notebooks[wanted]
    raise UserError(
        "runs.errors.no_notebook",
        language=language,
        name=name,
        folder=_shown(settings.notebooks, settings),
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


def with_parameters(path: Path, values: Mapping[str, Value]) -> dict[str, Any]:
    """The notebook without outputs, with a cell after the parameters that assigns ``values``.

    Every cell has an id, the same each time. The file is not changed.
    """
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    cells: list[dict[str, Any]] = []
    for number, cell in enumerate(notebook_cells(path)):
        if is_injected(cell):
            continue
        own = cell.get("id")
        taken = own is None or own in (earlier["id"] for earlier in cells)
        kept = {"metadata": {}, **cell, "source": cell_source(cell)}
        kept["id"] = f"cell-{number}" if taken else own
        if kept.get("cell_type") == "code":
            kept |= {"outputs": [], "execution_count": None}
        cells.append(kept)
        if is_parameters_cell(cell):
            cells.append(_injected(values))
    document |= {"cells": cells, "metadata": document.get("metadata", {})}
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
