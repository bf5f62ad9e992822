"""Files that a browser sends: names, kinds, sizes, days, and what is there already."""

from __future__ import annotations

import re
import stat
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.app.conftest import HOME
from umea_eval.app import receiving
from umea_eval.app.receiving import safe_name

RAW = "data/raw/survey"
CSV = b"Fr\xe5ga;Svar\r\n1;ja\r\n"


def send(user: TestClient, *names: str, content: bytes = CSV) -> object:
    files = [("file", (name, content)) for name in names]
    return user.post("/datasets/survey/files", files=files)


def kept(project: Path) -> list[str]:
    folder = project / RAW
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_dated_file_is_saved_as_it_came(user: TestClient, project: Path) -> None:
    saved = user.post("/datasets/survey/files", files={"file": ("svar 2024-02-01.csv", CSV)})
    assert saved.headers["location"] == "/datasets/survey?said=uploaded"
    assert (project / RAW / "svar 2024-02-01.csv").read_bytes() == CSV
    assert kept(project) == ["svar 2024-02-01.csv"]
    page = user.get("/datasets/survey?said=uploaded").text
    assert "Filerna är sparade" in page
    assert "1 fil, inte rensad" in page


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights than modes")
def test_only_its_owner_can_open_what_was_sent(user: TestClient, project: Path) -> None:
    send(user, "svar 2024-02-01.csv")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (project / RAW).iterdir()]
    assert modes == [stat.S_IRUSR | stat.S_IWUSR]
    assert stat.S_IMODE((project / RAW).stat().st_mode) == stat.S_IRWXU


def test_a_file_without_a_day_is_asked_about(user: TestClient, project: Path) -> None:
    asked = user.post("/datasets/survey/files", files={"file": ("svar.csv", CSV)})
    address = asked.headers["location"]
    assert re.fullmatch("/datasets/survey/incoming/[0-9a-f]{16}", address)
    assert "Vilken dag gjordes uttaget?" in user.get(address).text
    assert "Inga filer" in user.get("/datasets/survey").text  # nothing is decided yet
    for day in ("", "2024-02-30", "i går"):
        again = user.post(address, data={"day-0": day})
        assert again.status_code == 422
        assert 'href="#day-0"' in again.text
    user.post(address, data={"day-0": "2024-02-01"})
    assert kept(project) == ["svar 2024-02-01.csv"]
    assert "finns inte kvar" in user.get(address).text


def test_what_must_be_answered_is_asked_first(user: TestClient, project: Path) -> None:
    dated = [f"a{number} 2024-02-01.csv" for number in range(3)]
    files = [("file", (name, CSV)) for name in (*dated, "svar.csv")]
    address = user.post("/datasets/survey/files", files=files).headers["location"]
    page = user.get(address).text
    assert page.count("<fieldset>") == 1
    assert "3 filer läggs in som de är" in page
    user.post(address, data={"day-3": "2024-02-01"})
    assert kept(project) == [*dated, "svar 2024-02-01.csv"]


def test_a_file_of_the_same_name_is_replaced_only_when_asked(
    user: TestClient, project: Path
) -> None:
    name = "svar 2024-02-01.csv"
    send(user, name)
    for answer, content in ((None, CSV), ("replace", b"ny;fil\n1;2\n")):
        asked = user.post("/datasets/survey/files", files={"file": (name, b"ny;fil\n1;2\n")})
        address = asked.headers["location"]
        assert "Det finns redan en fil" in user.get(address).text
        user.post(address, data={"asked-0": "1", **({"replace-0": "1"} if answer else {})})
        assert (project / RAW / name).read_bytes() == content
    # The day makes the name that of another file, which nobody has been asked about.
    address = user.post(
        "/datasets/survey/files", files={"file": ("svar.csv", b"sist;av\n1;2\n")}
    ).headers["location"]
    again = user.post(address, data={"day-0": "2024-02-01"})
    assert "Det finns redan en fil" in again.text
    user.post(address, data={"cancel": "1"})
    assert kept(project) == [name]


def test_what_cannot_be_read_is_refused_at_once(user: TestClient, project: Path) -> None:
    for names, said in (
        (("virus.exe",), "går att läsa"),
        (("ok 2024-01-01.csv", "bild.png"), "bild.png"),
        (("utan ändelse",), "går att läsa"),
    ):
        refused = user.post(
            "/datasets/survey/files", files=[("file", (name, CSV)) for name in names]
        )
        assert refused.status_code == 422
        assert said.replace("går att läsa", "inte går att läsa") in refused.text
    back = user.post(
        "/datasets/survey/files",
        files={"file": ("x.exe", CSV)},
        headers={"referer": f"{HOME}/datasets/survey?said=removed"},
    )
    # The address of the form is no page: neither the way back nor the other language leads there.
    assert '<a class="action" href="/datasets/survey">Tillbaka</a>' in back.text
    assert 'name="back" value="/datasets/survey"' in back.text
    assert kept(project) == []


def test_limits_are_told(user: TestClient, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MAX_FILES", 2)
    monkeypatch.setattr(receiving, "MAX_FILE_BYTES", 3_000_000)
    many = [("file", (f"{n} 2024-01-01.csv", CSV)) for n in range(3)]
    refused = user.post("/datasets/survey/files", files=many)
    assert refused.status_code == 413
    assert "fler än 2 filer" in refused.text
    large = {"file": ("stor 2024-01-01.csv", b"x" * 3_000_001)}
    refused = user.post("/datasets/survey/files", files=large)
    assert refused.status_code == 413
    assert "större än 3 MB" in refused.text
    assert kept(project) == []


@pytest.mark.parametrize(
    "kwargs",
    [
        {"data": {"file": "text"}},
        {"files": {"other": ("", b"")}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"nonsense", "headers": {"content-type": "multipart/form-data; boundary=x"}},
    ],
)
def test_a_form_without_files_is_told(
    user: TestClient, project: Path, kwargs: dict[str, object]
) -> None:
    refused = user.post("/datasets/survey/files", **kwargs)
    assert refused.status_code == 422
    assert "Det gick inte" in refused.text
    assert kept(project) == []


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("../../umea_eval.toml.csv", "umea_eval.toml.csv"),
        ("..\\..\\x.csv", "x.csv"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\x\\uttag.xlsx", "uttag.xlsx"),
        (".quarantine", "quarantine"),
        ("~$uttag.xlsx", "uttag.xlsx"),
        ("a\x00b:c?.csv", "a_b_c_.csv"),
        ("nul.csv", "_nul.csv"),
        ("uttag\u202egpj.csv", "uttag_gpj.csv"),
        ("a\u030angstro\u0308m.csv", "ångström.csv"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
        ("\U0001f600" * 300 + ".csv", "\U0001f600" * 59 + ".csv"),
        ("..", ""),
    ],
)
def test_names_are_names_on_every_system(given: str, wanted: str) -> None:
    assert safe_name(given) == wanted


def test_a_path_in_a_name_goes_nowhere(user: TestClient, project: Path) -> None:
    before = (project / "umea_eval.toml").read_bytes()
    send(user, "../../../umea_eval.toml 2024-01-01.csv", "..\\x 2024-01-01.csv")
    assert (project / "umea_eval.toml").read_bytes() == before
    assert kept(project) == ["umea_eval.toml 2024-01-01.csv", "x 2024-01-01.csv"]


@pytest.mark.parametrize("number", ["0" * 15, "g" * 16, "%2e%2e%2f%2e%2e"])
def test_a_number_in_an_address_is_a_number(user: TestClient, number: str) -> None:
    assert user.get(f"/datasets/survey/incoming/{number}").status_code in (404, 422)


def test_an_identity_number_in_a_name_is_shown_nowhere(user: TestClient, project: Path) -> None:
    name = "19900102-2384 2024-02-01.csv"
    send(user, name)
    assert kept(project) == [name]
    assert "2384" not in user.get("/datasets/survey").text
