"""``umea-eval attack``: a finished report is tried as it lies in its folder."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_editions import units_project
from tests.conftest import Run, command
from tests.projects import small_notebook

REPORT = "units/exempeldata-sv-profile-default"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a report of two units, of which one has three women."""
    folder = units_project(tmp_path_factory.mktemp("attack") / "project")
    (folder / "notebooks/small.ipynb").write_text(small_notebook(), encoding="utf-8")
    for words in (
        ("report", "units", "-p", "profile=default"),
        ("report", "units", "-p", "profile=default", "-p", "edition=intern"),
        ("report", "small"),
    ):
        subprocess.run(command(*words), cwd=folder, capture_output=True, check=True)
    return folder


def edited(project: Path, to: Path, edit: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of the project whose report has an edited notebook."""
    shutil.copytree(project, to)
    path = to / "reports" / REPORT / "notebook.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            edit(output["data"]["application/vnd.umea-eval+json"])
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    return to


def test_a_report_that_holds(project: Path, umea_eval: Run) -> None:
    for name in (f"reports/{REPORT}", f"reports/{REPORT}/report.html", REPORT):
        done = umea_eval(project, "attack", name)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("2 dolda uppgifter har prövats.")
        assert "varje dolt antal kan vara minst 4 olika tal" in done.stdout


def test_a_number_that_opens_another_is_told_by_its_place(
    project: Path, tmp_path: Path, umea_eval: Run
) -> None:
    def show_the_men(part: dict[str, Any]) -> None:
        # 30 residents, 27 men: the women follow.
        if "released" in part:
            counts = part["released"]["tables"][0]["columns"][2]
            counts["values"][4], counts["hidden"] = 27, [3]

    copy = edited(project, tmp_path / "copy", show_the_men)
    done = umea_eval(copy, "--language", "en", "attack", REPORT)
    assert done.returncode == 3
    assert "the table sexes, row 4 (B, women), column n" in done.stderr
    assert "27" not in done.stderr + done.stdout
    assert done.stdout == ""


def test_a_suppressed_number_written_back_into_a_file_is_found(
    project: Path, tmp_path: Path, umea_eval: Run
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(project, copy)
    table = copy / "reports" / REPORT / "tables/sexes.csv"
    lines = table.read_text(encoding="utf-8-sig").splitlines()
    lines[4] = lines[4].replace("..", "3")
    table.write_text("\n".join(lines), encoding="utf-8")
    done = umea_eval(copy, "attack", REPORT)
    assert done.returncode == 3
    assert "tabellen sexes, rad 4 (B, women), kolumnen n" in done.stderr


def test_reports_that_cannot_be_tried(project: Path, tmp_path: Path, umea_eval: Run) -> None:
    done = umea_eval(project, "attack", "small/sv")
    assert (done.returncode, done.stdout[:32]) == (0, "Rapporten döljer inga uppgifter,")
    internal = umea_eval(
        project, "attack", "intern/units/exempeldata-sv-profile-default-edition-intern"
    )
    assert internal.returncode == 2
    assert "interna utgåvan döljer inget" in internal.stderr
    gone = umea_eval(project, "attack", "units/nowhere")
    assert gone.returncode == 2
    assert "ingen färdig rapport" in gone.stderr

    def older(part: dict[str, Any]) -> None:
        part.pop("released", None)

    copy = edited(project, tmp_path / "older", older)
    done = umea_eval(copy, "attack", REPORT)
    assert done.returncode == 2
    assert "äldre version" in done.stderr
