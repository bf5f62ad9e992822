"""What does an executed notebook hold: is it only the report, and the same every time?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.report.fragments import FORMS, METADATA, MIME
from umea_eval.runs.cells import numbers, sections

# What Jupyter and papermill write of times, machines and users.
_VOLATILE = ("papermill", "execution", "widgets", "signature")


def cleaned(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """The notebook without what differs from run to run: times, paths, execution data."""
    metadata = {key: value for key, value in notebook["metadata"].items() if key not in _VOLATILE}
    return {
        **notebook,
        "metadata": metadata,
        "cells": [_cleaned_cell(cell) for cell in notebook["cells"]],
    }


def _cleaned_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in cell["metadata"].items() if key not in _VOLATILE}
    if not metadata.get("tags", True):
        del metadata["tags"]  # papermill gives every cell an empty list
    return {**cell, "metadata": metadata}


def check_outputs(notebook: Mapping[str, Any], *, name: str, language: Language) -> None:
    """Refuse a notebook that shows anything past the report, or that never finished it.

    What a cell prints, a stray figure or value, and a warning are outputs that disclosure control
    has not seen; so is a form of output beside those of a fragment. The message names the cell,
    never the output.
    """
    cells = notebook["cells"]
    for cell, number, section in zip(cells, numbers(cells), sections(cells, language), strict=True):
        for output in cell.get("outputs", []):
            if not _is_ours(output):
                raise UserError(
                    f"runs.errors.stray_{_kind(output)}",
                    language=language,
                    notebook=name,
                    cell=number,
                    section=section or "–",
                )
    found = [part["part"] for part in parts(notebook)]
    if found.count("title") != 1 or found.count("record") != 1:
        raise UserError("runs.errors.unfinished", language=language, notebook=name)


def _is_ours(output: Mapping[str, Any]) -> bool:
    """Whether an output is a fragment and nothing besides."""
    data = output.get("data", {})
    if output["output_type"] != "display_data" or set(data) != set(FORMS):
        return False
    own = data[MIME]
    part = own.get("part") if isinstance(own, Mapping) else None
    return part is not None and output.get("metadata") == {METADATA: {"part": part}}


def parts(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The data of every part of the report, in order."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if METADATA in output.get("metadata", {}):
                yield output["data"][MIME]


def tables(notebook: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The tables that a reader sees, by name: those behind figures too."""
    found: dict[str, Mapping[str, Any]] = {}
    for part in parts(notebook):
        if part["part"] == "table":
            found[part["name"]] = part
        elif part["part"] == "figure":
            found.setdefault(part["table"], {"caption": part["caption"], **part["data"]})
    return found


def record(notebook: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record that ``report.finish()`` made."""
    return next(part for part in parts(notebook) if part["part"] == "record")


def _kind(output: Mapping[str, Any]) -> str:
    if output["output_type"] == "stream":
        return "warning" if output.get("name") == "stderr" else "print"
    return "figure" if any("image" in kind for kind in output.get("data", {})) else "value"
