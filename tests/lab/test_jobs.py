"""The form "Create job" of JupyterLab makes our reports: what it takes, refuses, stops and offers.

A whole JupyterLab is started as a user starts it, and asked as its form asks it.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from tests.acceptance.test_editions import units_project
from tests.conftest import command
from tests.projects import small_notebook

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("jupyter_scheduler") is None, reason="JupyterLab is not installed (make lab)"
    ),
]

SECONDS = 120
ENDED = ("COMPLETED", "FAILED", "STOPPED")
# Of the Swedish Tax Agency's published test numbers.
TEST_NUMBER = "19900102-2384"
BUG = f"raise ValueError('{TEST_NUMBER}')"
BEGUN = "import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(600)"


class Form:
    """What the form asks of the server."""

    def __init__(self, project: Path, address: str, token: str) -> None:
        self.project = project
        self._address = urlsplit(address).netloc
        self._headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        connection = HTTPConnection(self._address, timeout=SECONDS)
        sent = None if body is None else json.dumps(body)
        connection.request(method, f"/scheduler/{path}", sent, self._headers)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        return answer.status, json.loads(said) if said else None

    def create(self, notebook: str, **chosen: Any) -> tuple[int, Any]:
        asked = {
            "name": "job",
            "input_uri": f"notebooks/{notebook}.ipynb",
            "runtime_environment_name": "umea_eval",
            "output_formats": [],
        }
        return self.ask("POST", "jobs", asked | chosen)

    def begin(self, notebook: str, **chosen: Any) -> str:
        status, answer = self.create(notebook, **chosen)
        assert status == 200, answer
        number: str = answer["job_id"]
        return number

    def job(self, number: str) -> dict[str, Any]:
        status, job = self.ask("GET", f"jobs/{number}")
        assert status == 200
        found: dict[str, Any] = job
        return found

    def end_of(self, number: str) -> dict[str, Any]:
        until = time.monotonic() + SECONDS
        while (job := self.job(number))["status"] not in ENDED:
            assert time.monotonic() < until, job
            time.sleep(0.2)
        return job

    def wait_for_begun(self) -> None:
        until = time.monotonic() + SECONDS
        while not (self.project / "begun").exists():
            assert time.monotonic() < until
            time.sleep(0.1)
        (self.project / "begun").unlink()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Jupyter keeps what is the user's; tests may run as root."""
    home = tmp_path_factory.mktemp("jupyter")
    (home / "config").mkdir()
    (home / "config/jupyter_server_config.json").write_text(
        '{"ServerApp": {"allow_root": true}}', encoding="utf-8"
    )
    return home


@pytest.fixture(scope="module")
def form(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Form]:
    """JupyterLab, and a notebook in four forms: right, with a bug, long, and with two editions."""
    project = units_project(tmp_path_factory.mktemp("lab") / "project")
    for name, between in (("small", ()), ("bug", (BUG,)), ("long", (BEGUN,))):
        document = small_notebook(*between)
        (project / f"notebooks/{name}.ipynb").write_text(document, encoding="utf-8")
    variables = {f"JUPYTER_{each}_DIR": str(home / each.lower()) for each in ("RUNTIME", "DATA")}
    with (home / "log").open("wb") as log:
        lab = subprocess.Popen(
            command("lab", "--no-browser"),
            cwd=project,
            env={**os.environ, **variables, "JUPYTER_CONFIG_DIR": str(home / "config")},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + SECONDS
        while not (known := list((home / "runtime").glob("jpserver-*.json"))):
            assert lab.poll() is None and time.monotonic() < until, (home / "log").read_text()
            time.sleep(0.2)
        time.sleep(0.2)
        server = json.loads(known[0].read_text(encoding="utf-8"))
        yield Form(project, server["url"], server["token"])
    finally:
        lab.send_signal(signal.SIGTERM)
        lab.wait(SECONDS)
    assert "Traceback" not in (home / "log").read_text(encoding="utf-8")


def test_a_report_is_made_and_offered_where_it_lies(form: Form, home: Path) -> None:
    job = form.end_of(
        form.begin("small", parameters={"period": "2022"}, output_formats=["pdf", "xlsx"])
    )
    assert (job["status"], job["status_message"], job["downloaded"]) == ("COMPLETED", None, True)
    folder = "reports/small/sv-period-2022"
    assert {each["file_format"]: each["file_path"] for each in job["job_files"]} == {
        "html": f"{folder}/report.html",
        "pdf": f"{folder}/report.pdf",
        "files": folder,
        "input": "notebooks/small.ipynb",
    }
    assert (form.project / folder / "tables.xlsx").is_file()
    manifest = json.loads((form.project / folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["period"] == "2022"
    assert "Värden 2022" in (form.project / folder / "report.html").read_text(encoding="utf-8")
    status, _ = form.ask("GET", f"jobs/{job['job_id']}/download_files")
    assert status == 204
    for place in (form.project, home):
        copies = [
            each for each in place.rglob("report.html") if each.parent.name != "sv-period-2022"
        ]
        assert copies == []


@pytest.mark.parametrize(
    ("notebook", "chosen", "words"),
    [
        ("small", {"parameters": {"perod": "2022"}}, "Menade du ”period”?"),
        ("small", {"parameters": {"period": TEST_NUMBER}}, "ett årtal från 1900 till 2100"),
        ("small", {"output_formats": ["exe"]}, "html, pdf, docx, xlsx"),
        ("other", {"input_uri": "umea_eval.toml"}, "Det finns ingen notebook"),
        ("small", {"input_uri": "small.ipynb"}, "Filen small.ipynb ligger inte där"),
    ],
)
def test_what_cannot_be_a_report_is_refused_in_the_form(
    form: Form, notebook: str, chosen: dict[str, Any], words: str
) -> None:
    (form.project / "small.ipynb").write_bytes(
        (form.project / "notebooks/small.ipynb").read_bytes()
    )
    before = form.ask("GET", "jobs")[1]["total_count"]
    status, answer = form.create(notebook, **chosen)
    assert status == 500
    assert words in answer["message"]
    assert "umea-eval help E" in answer["message"]
    assert TEST_NUMBER not in answer["message"]
    assert form.ask("GET", "jobs")[1]["total_count"] == before


def test_a_notebook_that_fails_is_shown_as_failed(form: Form) -> None:
    job = form.end_of(form.begin("bug"))
    assert job["status"] == "FAILED"
    assert "Feltyp: ValueError" in job["status_message"]
    assert TEST_NUMBER not in json.dumps(job)
    assert [each["file_format"] for each in job["job_files"]] == ["input"]
    assert not list((form.project / "reports/bug").glob("*"))


def test_a_stopped_job_is_shown_as_stopped_and_leaves_nothing(form: Form) -> None:
    number = form.begin("long")
    form.wait_for_begun()
    started = time.monotonic()
    assert form.ask("PATCH", f"jobs/{number}", {"status": "STOPPED"})[0] == 204
    assert time.monotonic() - started < 10
    job = form.job(number)
    assert (job["status"], job["status_message"]) == ("STOPPED", None)
    assert not list((form.project / "reports").glob(".building-*"))
    assert form.ask("DELETE", f"jobs/{number}")[0] == 204
    assert not (form.project / "reports/.jobs" / number).exists()


def test_a_process_that_dies_is_shown_as_failed(form: Form) -> None:
    number = form.begin("long")
    form.wait_for_begun()
    jobs = [
        each
        for each in psutil.process_iter(["cmdline", "cwd"])
        if each.info["cwd"] == str(form.project)
        and "multiprocessing.spawn" in " ".join(each.info["cmdline"] or ())
    ]
    assert len(jobs) == 1
    jobs[0].kill()
    job = form.end_of(number)
    assert job["status"] == "FAILED"
    assert job["status_message"].startswith("Arbetet avbröts av datorn")


def test_the_internal_edition_is_in_no_folder_that_others_can_open(form: Form, home: Path) -> None:
    chosen = {"edition": "intern", "profile": "default"}
    job = form.end_of(form.begin("units", parameters=chosen, package_input_folder=True))
    assert job["status"] == "COMPLETED", job["status_message"]
    page = form.project / next(
        each["file_path"] for each in job["job_files"] if each["file_format"] == "html"
    )
    secret = form.project / "reports/intern"
    assert page.is_relative_to(secret)
    assert stat.S_IMODE(page.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    for folder in (secret, secret / "units", page.parent, form.project / "reports/.jobs"):
        assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IRWXU, folder
    kept = {each.name for each in (form.project / "reports/.jobs" / job["job_id"]).iterdir()}
    assert kept == {"units.ipynb", "report_folder"}
    assert not (form.project / "jobs").exists()
    assert not list(home.rglob("*sekretess*"))


def test_a_job_by_the_clock_is_about_the_notebook_of_that_day(form: Form) -> None:
    results = {"output_type": "stream", "name": "stdout", "text": TEST_NUMBER}
    document = json.loads(small_notebook())
    document["cells"][2]["outputs"] = [results]
    path = form.project / "notebooks/clock.ipynb"
    path.write_text(json.dumps(document), encoding="utf-8")
    asked = {
        "name": "clock",
        "input_uri": "notebooks/clock.ipynb",
        "runtime_environment_name": "umea_eval",
        "schedule": "0 4 1 1 *",
        "timezone": "Europe/Stockholm",
        "parameters": {"period": "2021"},
    }
    status, answer = form.ask("POST", "job_definitions", asked)
    assert status == 200, answer
    for kept in (form.project / "reports/.jobs").rglob("clock.ipynb"):
        assert TEST_NUMBER not in kept.read_text(encoding="utf-8")

    def run() -> dict[str, Any]:
        address = f"job_definitions/{answer['job_definition_id']}/jobs"
        status, begun = form.ask("POST", address, {"parameters": {"period": "2021"}})
        assert status == 200, begun
        return form.end_of(begun["job_id"])

    assert run()["status"] == "COMPLETED"
    path.write_text(small_notebook("1 + 1;"), encoding="utf-8")
    job = run()
    assert job["status"] == "FAILED"
    assert "har ändrats sedan jobbet skapades" in job["status_message"]
