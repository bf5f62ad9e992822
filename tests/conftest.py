"""Fixtures that several tests use."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.forked import Forks
from tests.projects import make_demo, make_product, make_project, small_notebook
from umea_eval.runs.locks import locked, number_of

# Where the tests are started in the background, Ctrl-C is ignored by all that they start; a user's
# is not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples every time, however slow the machine is.
settings.register_profile("umea_eval", deadline=None, derandomize=True)
settings.load_profile("umea_eval")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def command(*arguments: str) -> list[str]:
    """The command line of this very environment."""
    return [sys.executable, "-m", "umea_eval.cli", *arguments]


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks | None]:
    """What runs commands without importing everything again, where processes can fork."""
    if sys.platform != "linux":
        yield None
        return
    started = Forks()
    yield started
    started.close()


@pytest.fixture
def umea_eval(forks: Forks | None) -> Run:
    """Run a whole command in a folder and return what it said."""
    before = _environment()

    def run(folder: Path, *arguments: str, **kwargs: object) -> subprocess.CompletedProcess[str]:
        if forks is not None and not kwargs and _environment() == before:
            return forks.run(folder, arguments, timeout=180)
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            command(*arguments),
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=180,
            **kwargs,
        )

    return run


def _environment() -> dict[str, str]:
    """The environment but for what pytest itself writes there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


@pytest.fixture
def small_project(tmp_path: Path) -> Path:
    """A project with one small notebook."""
    return make_project(tmp_path / "project", {"small": small_notebook()})


Make = Callable[[Path], None]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Make], Path]:
    """Make a folder by name once for all tests, on however many cores they run."""
    base = tmp_path_factory.getbasetemp()
    # Workers have a folder each within that of the whole run.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def get(name: str, make: Make) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with locked(shared, number_of("tests", name)):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                done.touch()
        return folder

    return get


@pytest.fixture(scope="session")
def demo_reports(made_once: Callable[[str, Make], Path]) -> Path:
    """The demo's reports in both languages and the index."""

    def make(folder: Path) -> None:
        project = make_demo(folder)
        subprocess.run(
            command("reports"), cwd=project, check=True, capture_output=True, timeout=300
        )

    return made_once("demo", make) / "reports"


@pytest.fixture(scope="session")
def example_report(made_once: Callable[[str, Make], Path]) -> Path:
    """A report on example data beside one that failed."""

    def make(folder: Path) -> None:
        project = make_demo(folder, example=True)
        (project / "notebooks/broken.ipynb").write_text("{}", encoding="utf-8")
        done = subprocess.run(
            command("reports"), cwd=project, check=False, capture_output=True, timeout=300
        )
        assert done.returncode == 4

    return made_once("example", make) / "reports"


@pytest.fixture(scope="session")
def product_reports(made_once: Callable[[str, Make], Path]) -> Path:
    """The product's own notebooks, in both languages, on published and example data."""

    def make(folder: Path) -> None:
        project = make_product(folder)
        for words in (
            ("example", "--messy"),
            ("clean", "--all"),
            ("codebook", "forsorjningsstod"),
            ("reports",),
        ):
            subprocess.run(
                command(*words), cwd=project, check=True, capture_output=True, timeout=900
            )

    return made_once("product", make) / "reports"
