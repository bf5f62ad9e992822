"""An export is taken out of a dataset: never without a question, never without a record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.app.conftest import DATASET, HOME
from umea_eval.app import removing
from umea_eval.intake.decisions import FILE, read_decisions
from umea_eval.processed.retention import KIND

HERE = "/datasets/survey"
# Of the Swedish Tax Agency's published test numbers.
NAME = "enkät 19900102-2384 2024-02-01.csv"
ANSWER = {"by": "FoU-ledare", "why": "Uttaget gällde fel år"}


def put(project: Path, name: str = NAME) -> Path:
    path = project / "data/raw/survey" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("Fråga;Svar\n1;ja\n", encoding="utf-8")
    return path


def links(user: TestClient, page: str = HERE) -> list[str]:
    return re.findall(r'href="(/datasets/\w+/files/[^"]+)"', user.get(page).text)


def test_a_file_is_removed_after_a_question_and_it_is_recorded(
    user: TestClient, project: Path
) -> None:
    path, other = put(project), put(project, "undermapp/svar 2024-02-01.csv")
    addresses = links(user)
    assert len(addresses) == 2
    address = next(each for each in addresses if "enkät" in user.get(each).text)
    assert re.fullmatch(rf"{HERE}/files/[0-9a-f]{{16}}", address)
    page = user.get(address).text
    assert "Ska filen tas bort?" in page
    assert "2384" not in page
    assert path.exists()

    refused = user.post(address, data={**ANSWER, "why": "Gällde 19900102-2384"})
    assert refused.status_code == 422
    assert "identitetsnummer" in refused.text
    assert "2384" not in refused.text
    assert not (project / FILE).exists()
    for missing in ("by", "why"):
        refused = user.post(address, data={**ANSWER, missing: " "})
        assert refused.status_code == 422
        assert f'href="#{missing}"' in refused.text
    assert path.exists()

    done = user.post(address, data=ANSWER)
    assert done.headers["location"] == f"{HERE}?said=removed"
    assert [each.name for each in path.parent.iterdir()] == ["undermapp"]
    assert other.exists()
    assert "antecknat i beslutsloggen" in user.get(done.headers["location"]).text
    assert "finns inte kvar" in user.get(address).text
    (decision,) = read_decisions(project / FILE)
    assert (decision.by, decision.datasets) == ("FoU-ledare", "survey")
    assert "2024-02-01" in decision.choice
    assert "2384" not in (project / FILE).read_text(encoding="utf-8-sig")
    assert decision.kind != KIND  # which would let every file of the dataset go in time


def test_only_exports_below_the_raw_folder_can_be_removed(
    user: TestClient, project: Path, tmp_path: Path
) -> None:
    assert links(user, f"/datasets/{DATASET}") == []  # example data
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "svar 2024-02-01.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    put(project)
    (project / "data/raw/survey/link").symlink_to(outside)
    home = project / "data/raw/survey"
    through = removing.key_of(home / "link/svar 2024-02-01.csv", home)
    for key in (through, "0" * 16, "..%2F..%2Fumea_eval.toml"):
        refused = user.post(f"{HERE}/files/{key}", data=ANSWER)
        assert refused.status_code in (404, 422)
    assert (outside / "svar 2024-02-01.csv").exists()
    assert (home / NAME).exists()


def test_no_file_goes_without_its_record(user: TestClient, project: Path) -> None:
    path = put(project)
    (project / FILE).write_text("a;b\n1;2\n", encoding="utf-8")
    (address,) = links(user)
    refused = user.post(address, data=ANSWER)
    assert refused.status_code == 422
    assert [each.name for each in path.parent.iterdir()] == [NAME]


def test_a_file_that_cannot_be_removed_stays(
    user: TestClient, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(project)
    (address,) = links(user)

    def refuse(*_: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refuse)
        refused = user.post(address, data=ANSWER)
    assert refused.status_code == 422
    assert "gick inte att ta bort" in refused.text
    assert path.exists()
    assert not (project / FILE).exists()


def test_another_page_cannot_remove_a_file(user: TestClient, project: Path) -> None:
    path = put(project)
    (address,) = links(user)
    user.headers["origin"] = HOME.replace("8765", "9999")
    assert user.post(address, data=ANSWER).status_code == 403
    assert path.exists()
