"""Reports that are made together: one that would open an earlier one is withheld, both named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.test_editions import COUNTED, EDITION, SEXES
from tests.conftest import Run
from tests.projects import FINISH, PARAMETERS, cell, make_project, notebook, tree

# The men of both units by age, with the men of unit B that `units` suppresses: 15 + 12 = 27, and
# of its 30 residents 3 are women.
AGES = "unit,age,n\nA,young,12\nA,old,10\nB,young,15\nB,old,12\n"
MEN = (
    COUNTED.replace("sexes.csv", "ages.csv")
    .replace('"units"', '"men"')
    .replace('ue.Field("sex", {"sv": "Kön", "en": "Sex"}', 'ue.Field("age", {"sv": "A", "en": "A"}')
    .replace('measure="residents")', 'measure="residents", where={"sex": "men"})')
    .replace('{"n": released["sexes"].set_index(["unit", "sex"])["n"][("B", "total")]}', '{"n": 1}')
)
BATCH = "notebook;profile;edition;period\nmen;default;;\nunits;default;;\nunits;default;intern;\n"


def project_of(folder: Path) -> Path:
    """Two evaluations of the same residents, each safe by itself."""
    documents = {
        name: notebook(
            cell(f"# {name} | {name}", kind="markdown"),
            cell(f"{PARAMETERS}\n{EDITION}".replace('"public"', '"default"'), "parameters"),
            cell(source),
            cell(FINISH),
        )
        for name, source in (("men", MEN), ("units", COUNTED))
    }
    project = make_project(folder, documents)
    (project / "data/example").mkdir()
    (project / "data/example/sexes.csv").write_text(SEXES, encoding="utf-8")
    (project / "data/example/ages.csv").write_text(AGES, encoding="utf-8")
    return project


def folders(project: Path) -> list[str]:
    found = project.glob("reports/**/manifest.json")
    return sorted(path.parent.relative_to(project / "reports").as_posix() for path in found)


@pytest.mark.parametrize("first", ["men", pytest.param("units", marks=pytest.mark.slow)])
def test_a_batch_withholds_the_later_of_two(tmp_path: Path, umea_eval: Run, first: str) -> None:
    project = project_of(tmp_path / "project")
    lines = BATCH.splitlines(keepends=True)
    rows = lines if first == "men" else [lines[0], lines[2], lines[3], lines[1]]
    (project / "batch.csv").write_text("".join(rows), encoding="utf-8")
    later = "units" if first == "men" else "men"

    done = umea_eval(project, "batch", "run", "batch.csv")
    assert done.returncode == 3, done.stderr
    assert folders(project) == [
        "intern/units/exempeldata-sv-edition-intern",
        f"{first}/exempeldata-sv",
    ]
    assert f"{later}/sv: HÅLLS INNE" in done.stderr
    assert f"Rapporten {later}/exempeldata-sv hålls inne: tillsammans med {first}/" in done.stderr
    assert "2 klara, 1 misslyckades" in done.stderr
    failures = [json.loads(path.read_text()) for path in (project / "reports/.failed").iterdir()]
    assert [(failure["notebook"], failure["slug"]) for failure in failures] == [(later, "sv")]
    index = (project / "reports/index.html").read_text(encoding="utf-8")
    assert f"{later}/exempeldata-sv hålls inne" in index
    assert not list(project.glob("reports/.building-*"))

    # The same again: what clashed is made, and withheld, again; the others stay as they are.
    again = umea_eval(project, "batch", "run", "batch.csv")
    assert again.returncode == 3
    assert "0 klara, 1 misslyckades, 2 var redan aktuella" in again.stderr

    # By itself it is safe.
    for folder in project.glob(f"reports/{first}"):
        (folder / "exempeldata-sv/manifest.json").unlink()
    (project / "batch.csv").write_text(f"notebook\n{later}\n", encoding="utf-8")
    alone = umea_eval(project, "batch", "run", "batch.csv")
    assert (alone.returncode, alone.stdout) == (0, "reports/index.html\n"), alone.stderr


@pytest.mark.slow
def test_reports_made_one_by_one_are_compared_by_the_next_batch(
    tmp_path: Path, umea_eval: Run
) -> None:
    project = project_of(tmp_path / "project")
    for name in ("men", "units"):
        assert umea_eval(project, "report", name).returncode == 0
    (project / "batch.csv").write_text("notebook\nunits\nmen\n", encoding="utf-8")
    done = umea_eval(project, "batch", "run", "batch.csv")
    assert done.returncode == 3
    assert folders(project) == ["units/exempeldata-sv"]
    assert "0 klara, 1 misslyckades, 1 var redan aktuell" in done.stderr


@pytest.mark.slow
def test_all_reports_are_compared_too(tmp_path: Path, umea_eval: Run) -> None:
    project = project_of(tmp_path / "project")
    done = umea_eval(project, "reports")
    assert done.returncode == 3
    assert folders(project) == ["men/example-data-en", "men/exempeldata-sv"]
    assert "Rapporten units/example-data-en hålls inne: tillsammans med men/" in done.stderr
    assert "2 rapporter klara, 2 misslyckades" in done.stderr
    assert all(
        b"27" not in page for name, page in tree(project / "reports").items() if "csv" in name
    )


def test_a_released_report_withholds_the_release_of_another(tmp_path: Path, umea_eval: Run) -> None:
    """What a batch would have compared is compared when each is released by itself."""
    project = project_of(tmp_path / "project")
    for name in ("men", "units"):
        assert umea_eval(project, "report", name).returncode == 0
    out = "--by", "FoU-ledare"
    assert umea_eval(project, "release", "reports/men/exempeldata-sv", *out).returncode == 0
    log = (project / "release_log.jsonl").read_bytes()
    done = umea_eval(project, "release", "reports/units/exempeldata-sv", *out)
    assert done.returncode == 3
    assert "Rapporten units/exempeldata-sv släpps inte" in done.stderr
    assert "tillsammans med men/exempeldata-sv, som lämnades ut 20" in done.stderr
    assert "tabellen sexes, rad" in done.stderr
    assert (project / "release_log.jsonl").read_bytes() == log
    # The same again is no news.
    assert umea_eval(project, "release", "reports/men/exempeldata-sv", *out).returncode == 0
