"""The app as its pages are asked in tests, without a browser."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.conftest import Make, command
from tests.projects import ROOT, make_project, small_notebook
from umea_eval.app.server import create_app
from umea_eval.app.site import Site
from umea_eval.app.work import Work
from umea_eval.processed.clean import clean
from umea_eval.processed.example import make_example
from umea_eval.settings import read_settings

PORT = 8765
HOME = f"http://127.0.0.1:{PORT}"
TOKEN = "t0ken-of-the-test"  # noqa: S105 - of no one
DATASET = "forsorjningsstod"
# Two amounts of one file are no numbers.
SPOILED = "payments 2024-02-01.csv"

FORM = """\
from datetime import date
from typing import Literal

year: int = 2023  # Året | The year
since: date = date(2022, 1, 1)  # Första dag | First day
share: float | None = None  # Andel | Share
detailed: bool = True  # Detaljerad | Detailed
levels: list[float] = [1.05, 1.1]  # Gränser | Limits
sexes: list[Literal["women", "men"]] = ["women", "men"]  # Kön | Sexes
count: Literal[1, 2, 3] = 2  # Antal | Number
language: Literal["sv", "en"] = "sv"  # Rapportens språk | The report's language
profile: str = "public"  # Utlämnandeprofil | Disclosure profile"""


@pytest.fixture(scope="session")
def cleaned(made_once: Callable[[str, Make], Path]) -> Path:
    """A project whose example data are cleaned, with a row or more in quarantine."""

    def make(folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        make_project(
            folder,
            {
                "small": small_notebook(),
                "form": small_notebook(parameters=FORM),
            },
        )
        public = Path("data/raw/public")
        shutil.copytree(ROOT / public, folder / public, dirs_exist_ok=True)
        settings = read_settings(folder)
        home, _ = make_example(DATASET, settings, messy=False, n=12)
        lines = (home / SPOILED).read_text("utf-8-sig").splitlines()
        for number in (1, 2):
            cells = lines[number].split(";")
            lines[number] = ";".join([*cells[:4], "okänt", *cells[5:]])
        (home / SPOILED).write_text("\n".join(lines), encoding="utf-8-sig")
        clean(DATASET, settings=settings)

    return made_once("app", make)


@pytest.fixture
def project(cleaned: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    # With the times of the files, by which the app tells what has changed.
    shutil.copytree(cleaned, folder, copy_function=shutil.copy2)
    manifest = folder / f"data/processed/example/{DATASET}/manifest.json"
    manifest.write_bytes(manifest.read_bytes())
    return folder


@pytest.fixture
def site(project: Path) -> Iterator[Site]:
    work = Work(project)
    yield Site(read_settings(project), PORT, TOKEN, work, {"once"})
    work.close()


@pytest.fixture
def stranger(site: Site) -> TestClient:
    """A browser that has not been let in."""
    return TestClient(create_app(site), base_url=HOME, follow_redirects=False)


@pytest.fixture
def user(stranger: TestClient) -> TestClient:
    """A browser that has opened the address with the token, and sends forms of our pages."""
    assert stranger.get(f"/?token={TOKEN}").status_code == 303
    stranger.headers["origin"] = HOME
    return stranger


@pytest.fixture
def address(project: Path) -> Iterator[str]:
    """The app, started as a user starts it, and ended with Ctrl-C."""
    app = subprocess.Popen(
        command("app", "--no-browser"),
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert app.stdout is not None
    yield app.stdout.readline().strip()
    app.send_signal(signal.SIGINT)
    _, said = app.communicate(timeout=60)
    assert app.returncode == 130
    assert "Traceback" not in said
