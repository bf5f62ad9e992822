"""The project file: asked for, explained, never half written; real data without it are refused."""

from __future__ import annotations

import datetime as dt
import os
import pty
import sys
from pathlib import Path

import pandas as pd
import pytest

import umea_eval as ue
from tests.conftest import Run, command
from tests.projects import make_project
from umea_eval.disclosure import profiles
from umea_eval.disclosure.project import (
    FIELDS,
    FILE,
    Project,
    complete,
    read_project,
    write_project,
)
from umea_eval.errors import UserError
from umea_eval.settings import read_settings

ANSWERS = {
    "controller": 'Äldrenämnden i ”Prov” \\ "kommun"',
    "purpose": "Följa upp\tfallprevention",
    "legal_basis": "artikel 6.1 e och 9.2 h",
    "secrecy_decision": "ÄN-2025/00123",
    "impact_assessment": "ÄN-2025/00124",
    "ethical_approval": "Behövs inte: verksamhetsuppföljning, inte forskning",
    "deletion": "Äldrechefen, ÄN-2025/00125: alla uttag",
    "retain_until": "2027-12-31",
}
OPTIONS = [f"--{name.replace('_', '-')}={value}" for name, value in ANSWERS.items()]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    project = complete(ANSWERS)
    write_project(tmp_path / FILE, project)
    assert read_project(tmp_path / FILE) == project
    assert project.retain_until == dt.date(2027, 12, 31)
    with pytest.raises(UserError, match="skrivs inte över"):
        write_project(tmp_path / FILE, project)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("blank", ["", "  ", "…", "-"])
def test_every_answer_is_needed(name: str, blank: str) -> None:
    with pytest.raises(UserError) as caught:
        complete({**ANSWERS, name: blank})
    assert caught.value.message("en") != caught.value.message("sv")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("date", ["2027-02-30", "31 december 2027", "20271"])
def test_the_last_day_is_a_date(date: str) -> None:
    with pytest.raises(UserError, match="ÅÅÅÅ-MM-DD"):
        complete({**ANSWERS, "retain_until": date})


@pytest.mark.parametrize("answer", ["a\x7fb", "a\udcff", "a\x1b[2J"])
def test_an_answer_is_text(answer: str) -> None:
    with pytest.raises(UserError, match="inte är text"):
        complete({**ANSWERS, "controller": answer})


def test_a_person_is_never_named_by_number() -> None:
    with pytest.raises(UserError) as caught:
        complete({**ANSWERS, "purpose": "Rör 18900101-9802"})
    assert "9802" not in caught.value.message()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"controller = ", "går inte att läsa"),
        (b"\xff\xfe", "går inte"),
        (b"owner = 'a'", "okänt"),
        (b"purpose = false", "går inte"),
        (b"purpose = ['a']", "går inte"),
    ],
)
def test_a_file_that_is_no_project_file(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(UserError, match=said):
        read_project(tmp_path / FILE)


def made(project: Path, where: str) -> ue.Report:
    """A report on a file that lies ``where``, released under a profile for data of any kind."""
    report = ue.Report(
        "r", language="sv", profile="any", title={"sv": "a"}, settings=read_settings(project)
    )
    path = project / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a\n1\n", encoding="utf-8")
    report.input(where)
    frame = pd.DataFrame({"a": [1]})
    report.table("t", frame, caption={"sv": "a"}, columns=[ue.Field("a", {"sv": "a"}, kind="id")])
    report.release()
    return report


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, and a profile that does not look at its inputs."""
    rules = profiles.Profile("any", only_published=False, suppress=lambda tables: {})
    monkeypatch.setitem(profiles.PROFILES, "any", rules)  # type: ignore[arg-type]
    monkeypatch.setattr("umea_eval.report.report.text", lambda key, *_, **__: key)
    return make_project(tmp_path / "project", {})


def test_real_data_need_the_file_and_other_data_never_do(project: Path) -> None:
    real = "data/raw/fallprevention/a.csv"
    with pytest.raises(UserError, match="umea-eval project new") as caught:
        made(project, real)
    assert caught.value.exit_code == 2
    (project / FILE).write_text("controller = 'a'\n", encoding="utf-8")
    with pytest.raises(UserError, match="Ändamål, Rättslig grund"):
        made(project, real)
    for free in ("data/raw/public/b.csv", "data/example/c.csv", "data/processed/example/d.csv"):
        made(project, free)
    (project / FILE).unlink()
    write_project(project / FILE, complete(ANSWERS))
    report = made(project, real)
    report.finish()
    record = report.fragments[-1]
    assert record.data["project"]["controller"] == ANSWERS["controller"]
    assert "artikel 6.1 e och 9.2 h" in record.html
    assert "Rättslig grund" in record.html


def test_the_command_writes_shows_and_never_overwrites(tmp_path: Path, umea_eval: Run) -> None:
    project = make_project(tmp_path / "project", {})
    assert umea_eval(project, "project", "show").returncode == 2
    done = umea_eval(project, "project", "new", *OPTIONS[:-2], stdin=-3)
    assert done.returncode == 2
    assert "--deletion, --retain-until" in done.stderr
    assert not (project / FILE).exists()
    done = umea_eval(project, "project", "new", *OPTIONS)
    assert done.returncode == 0, done.stderr
    written = (project / FILE).read_bytes()
    assert read_project(project / FILE) == complete(ANSWERS)
    shown = umea_eval(project, "project", "show", "--language", "en")
    assert shown.returncode == 0
    assert "Legal basis: artikel 6.1 e" in shown.stdout
    assert umea_eval(project, "project", "new", *OPTIONS).returncode == 2
    assert (project / FILE).read_bytes() == written
    (project / FILE).write_text("purpose = 'a'\n", encoding="utf-8")
    shown = umea_eval(project, "project", "show")
    assert shown.returncode == 2
    assert "Personuppgiftsansvarig: (saknas)" in shown.stdout
    (project / FILE).write_bytes(written.replace(b"artikel 6.1 e", b"18900101-9802"))
    shown = umea_eval(project, "project", "show")
    assert shown.returncode == 2
    assert "9802" not in shown.stdout + shown.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_the_command_asks_and_explains(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", {})
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(project)
        os.execv(sys.executable, command("project", "new", *OPTIONS[1:-1]))  # noqa: S606
    heard = b""
    for wanted, answer in (
        (b"Personuppgiftsansvarig: ", b"\nProvnamnden\n"),
        (b"dag: ", b"2027-01-31\n"),
    ):
        while wanted not in heard.rpartition(b"4.7")[2]:
            heard += os.read(terminal, 4096)
        os.write(terminal, answer)
    while True:
        try:
            more = os.read(terminal, 4096)
        except OSError:  # the end, on Linux
            break
        if not more:
            break
        heard += more
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0, heard.decode()
    os.close(terminal)
    assert "namngiven nämnd" in heard.decode()
    found = read_project(project / FILE)
    assert isinstance(found, Project)
    assert (found.controller, found.retain_until) == ("Provnamnden", dt.date(2027, 1, 31))
