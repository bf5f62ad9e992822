"""Notebooks: their titles and sections, and the copy that is run."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.projects import cell, make_project, notebook, small_notebook
from umea_eval.errors import UserError
from umea_eval.runs.cells import notebook_cells, numbers, sections
from umea_eval.runs.notebooks import find_notebook, list_notebooks, notebook_title, with_parameters
from umea_eval.settings import read_settings


@pytest.fixture
def small(tmp_path: Path) -> Path:
    project = make_project(tmp_path / "p", {"small": small_notebook(), "other": small_notebook()})
    return project / "notebooks/small.ipynb"


def test_titles_and_sections_in_both_languages(small: Path) -> None:
    assert notebook_title(small, "sv") == "Liten rapport"
    assert notebook_title(small, "en") == "Small report"
    cells = notebook_cells(small)
    assert sections(cells, "en")[-1] == "Results"
    assert numbers(cells) == [0, 1, 2, 0, 3, 4]


def test_notebooks_are_found_by_name_and_never_by_path(small: Path) -> None:
    settings = read_settings(small.parent)
    (small.parent / ".ipynb_checkpoints").mkdir()
    (small.parent / ".hidden.ipynb").write_text("{}", encoding="utf-8")
    assert list(list_notebooks(settings)) == ["other", "small"]
    assert find_notebook("small", settings, "sv") == small
    assert find_notebook("small.ipynb", settings, "sv") == small
    for name in ("../notebooks/small", "smal", "", str(small)):
        with pytest.raises(UserError, match="other och small"):
            find_notebook(name, settings, "sv")


def test_the_copy_has_the_values_after_the_parameters_and_the_file_is_unchanged(
    small: Path,
) -> None:
    before = small.read_bytes()
    copy = with_parameters(small, {"period": 2022, "until": date(2023, 1, 31)})
    injected = copy["cells"][2]
    assert injected["metadata"]["tags"] == ["injected-parameters"]
    assert injected["source"] == (
        "from datetime import date\n\nperiod = 2022\nuntil = date(2023, 1, 31)"
    )
    assert numbers(copy["cells"]) == [0, 1, 1, 2, 0, 3, 4]
    assert small.read_bytes() == before
    # Run on its own outcome, it has one cell of values, not two.
    small.write_text(json.dumps(copy), encoding="utf-8")
    again = with_parameters(small, {"period": 2021})
    assert [entry["source"] for entry in again["cells"]].count("period = 2021") == 1
    assert len(again["cells"]) == len(copy["cells"])


def test_cells_have_ids_of_their_own_the_same_each_time(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    cells = [cell("a: int = 1", "parameters"), cell("1"), cell("2")]
    cells[1]["id"] = cells[2]["id"] = "twin"
    del cells[1]["metadata"]
    path.write_text(notebook(*cells), encoding="utf-8")
    first, second = with_parameters(path, {}), with_parameters(path, {})
    ids = [entry["id"] for entry in first["cells"]]
    assert first == second
    assert len(set(ids)) == len(ids)
    assert all("metadata" in entry for entry in first["cells"])


def test_old_outputs_do_not_reach_the_report(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    stale = cell("1")
    stale["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "secret"}]
    path.write_text(notebook(cell("", "parameters"), stale), encoding="utf-8")
    assert "secret" not in json.dumps(with_parameters(path, {}))
