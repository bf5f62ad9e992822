"""Two editions of one notebook: the internal one complete, marked and kept apart."""

from __future__ import annotations

import csv
import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import Run, command
from tests.projects import FINISH, PARAMETERS, cell, make_project, notebook, tree
from umea_eval.runs.index import render_index
from umea_eval.runs.manifest import read_manifests

EDITION = 'edition: Literal["publik", "intern"] = "publik"  # Utgåva | Edition'
MARKING = "Internt arbetsmaterial – omfattas av sekretess, får inte lämnas ut"
# 3 women and 27 men of unit B: the three are protected, and with the total of 30 so are the men.
SEXES = "unit,sex,n\nA,women,18\nA,men,22\nA,total,40\nB,women,3\nB,men,27\nB,total,30\n"
COUNTED = """\
import pandas as pd
import umea_eval as ue

report = ue.Report(
    "units",
    language=language,
    profile=profile,
    edition=edition,
    title={"sv": "Enheter", "en": "Units"},
)
frame = pd.read_csv(report.input("data/example/sexes.csv"))
report.table(
    "sexes",
    frame,
    caption={"sv": "Kön", "en": "Sexes"},
    columns=[
        ue.Field("unit", {"sv": "Enhet", "en": "Unit"}, kind="id"),
        ue.Field("sex", {"sv": "Kön", "en": "Sex"}, kind="id"),
        ue.Field("n", {"sv": "Antal", "en": "Persons"}, kind="count", measure="residents"),
    ],
)
report.release()
report.heading({"sv": "Resultat", "en": "Results"})
report.text(
    {"sv": "I allt {n:n}.", "en": "In all {n:n}."},
    lambda released: {"n": released["sexes"].set_index(["unit", "sex"])["n"][("B", "total")]},
)
report.show("sexes")"""


def units_project(folder: Path, *, data: str = SEXES) -> Path:
    """A project whose notebook shows the residents of two units by sex."""
    document = notebook(
        cell("# Enheter | Units", kind="markdown"),
        cell(f"{PARAMETERS}\n{EDITION}", "parameters"),
        cell(COUNTED),
        cell(FINISH),
    )
    project = make_project(folder, {"units": document})
    (project / "data/example").mkdir()
    (project / "data/example/sexes.csv").write_text(data, encoding="utf-8")
    return project


def counts(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[2] for row in csv.reader(file, delimiter=";")][1:]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """The project, its public and its internal report."""
    project = units_project(tmp_path_factory.mktemp("editions") / "project")
    folders = []
    for edition in ("publik", "intern"):
        words = ("report", "units", "-p", "profile=default", "-p", f"edition={edition}")
        done = subprocess.run(
            command(*words), cwd=project, capture_output=True, encoding="utf-8", check=True
        )
        folders.append((project / done.stdout.strip()).parent)
    return (project, *folders)


def test_the_public_edition_suppresses_and_the_internal_one_is_complete(
    made: Sequence[Path],
) -> None:
    project, public, internal = made
    assert public == project / "reports/units/exempeldata-sv-profile-default"
    assert internal == (
        project / "reports/intern/units/exempeldata-sv-profile-default-edition-intern"
    )
    hidden = counts(public / "tables/sexes.csv")
    complete = counts(internal / "tables/sekretess-sexes.csv")
    assert complete == ["18", "22", "40", "3", "27", "30"]
    assert hidden[3:5] == ["..", ".."]
    # Same notebook, same numbers: what both show is the same.
    assert all(shown in ("..", number) for shown, number in zip(hidden, complete, strict=True))
    manifests = [json.loads((each / "manifest.json").read_bytes()) for each in (public, internal)]
    assert [each["edition"] for each in manifests] == ["publik", "intern"]
    assert manifests[0]["notebook_sha256"] == manifests[1]["notebook_sha256"]


def test_the_internal_edition_is_marked_on_every_page_and_in_every_file(
    made: Sequence[Path],
) -> None:
    _, public, internal = made
    page = (internal / "report.html").read_text(encoding="utf-8")
    assert f"<title>{MARKING} · Exempeldata" in page
    assert f'<p class="example-banner"><strong>{MARKING} · ' in page
    assert f'@top-center {{ content: "{MARKING} · ' in page  # every printed page
    assert "Det här är den interna utgåvan. Inget är dolt" in page
    assert MARKING in (internal / "notebook.ipynb").read_text(encoding="utf-8")
    tables = [name for name in tree(internal) if name.startswith("tables/")]
    assert tables == ["tables/sekretess-sexes.csv"]
    other = b"".join(tree(public).values()).decode(errors="replace")
    assert MARKING not in other
    assert "Antal från 1 till 4 är dolda" in other


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights than modes")
def test_only_its_owner_can_open_the_internal_edition(made: Sequence[Path]) -> None:
    project, public, internal = made
    home = project / "reports/intern"
    for path in (home, *home.rglob("*")):
        wanted = stat.S_IRWXU if path.is_dir() else stat.S_IRUSR | stat.S_IWUSR
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path.name
    assert stat.S_IMODE((public / "report.html").stat().st_mode) & stat.S_IRGRP
    assert internal.is_relative_to(home)


def test_the_internal_edition_stands_in_no_list_of_reports(made: Sequence[Path]) -> None:
    project, *_ = made
    listed = [folder for folder, _ in read_manifests(project / "reports")]
    assert listed == ["units/exempeldata-sv-profile-default"]
    assert "intern" not in render_index(project / "reports", "sv")


def test_a_changed_manifest_does_not_let_the_internal_edition_out(
    made: Sequence[Path], tmp_path: Path, umea_eval: Run
) -> None:
    source, public, internal = made
    project = tmp_path / "project"
    shutil.copytree(source, project)
    copied = project / "reports/units/copied"
    shutil.copytree(internal, copied)
    manifest = copied / "manifest.json"
    written = manifest.read_text(encoding="utf-8")
    manifest.write_text(written.replace('"edition": "intern"', '"edition": "publik"'), "utf-8")
    done = umea_eval(project, "release", "reports/units/copied", "--by", "Chef")
    assert (done.returncode, done.stdout) == (2, "")
    assert "intern utgåva" in done.stderr
    # Nor is anything else believed that only the manifest says.
    manifest = project / public.relative_to(source) / "manifest.json"
    written = manifest.read_text(encoding="utf-8")
    manifest.write_text(written.replace('"example": true', '"example": false'), "utf-8")
    done = umea_eval(project, "release", str(public.relative_to(source)), "--by", "Chef")
    assert (done.returncode, done.stdout) == (2, "")
    assert "inte som när den skapades" in done.stderr
    assert not (project / "release_log.jsonl").exists()


def test_an_edition_that_does_not_exist_is_refused(tmp_path: Path, umea_eval: Run) -> None:
    project = units_project(tmp_path / "project")
    done = umea_eval(project, "report", "units", "-p", "edition=hemlig")
    assert done.returncode == 2
    assert "publik, intern" in done.stderr
    assert not (project / "reports").exists()


def test_the_internal_edition_follows_the_rules_for_inputs(tmp_path: Path, umea_eval: Run) -> None:
    project = units_project(tmp_path / "project")
    (project / "data/raw/sexes.csv").write_text(SEXES, encoding="utf-8")
    path = project / "notebooks/units.ipynb"
    path.write_text(path.read_text("utf-8").replace("data/example/", "data/raw/"), "utf-8")
    done = umea_eval(project, "report", "units", "-p", "profile=public", "-p", "edition=intern")
    assert done.returncode == 3
    assert not (project / "reports/intern").exists()
