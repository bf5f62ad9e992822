"""Fixtures that several tests use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.projects import make_demo, make_product, make_project, small_notebook

# The same examples every time, however slow the machine is.
settings.register_profile("umea_eval", deadline=None, derandomize=True)
settings.load_profile("umea_eval")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def command(*arguments: str) -> list[str]:
    """The command line of this very environment."""
    return [sys.executable, "-m", "umea_eval.cli", *arguments]


@pytest.fixture
def umea_eval() -> Run:
    """Run a whole command in a folder and return what it said."""

    def run(folder: Path, *arguments: str, **kwargs: object) -> subprocess.CompletedProcess[str]:
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


@pytest.fixture
def small_project(tmp_path: Path) -> Path:
    """A project with one small notebook."""
    return make_project(tmp_path / "project", {"small": small_notebook()})


@pytest.fixture(scope="session")
def demo_reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's reports in both languages and the index, made once."""
    project = make_demo(tmp_path_factory.mktemp("demo") / "project")
    subprocess.run(command("reports"), cwd=project, check=True, capture_output=True, timeout=300)
    return project / "reports"


@pytest.fixture(scope="session")
def example_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on example data beside one that failed, made once."""
    project = make_demo(tmp_path_factory.mktemp("example") / "project", example=True)
    (project / "notebooks/broken.ipynb").write_text("{}", encoding="utf-8")
    done = subprocess.run(
        command("reports"), cwd=project, check=False, capture_output=True, timeout=300
    )
    assert done.returncode == 4
    return project / "reports"


@pytest.fixture(scope="session")
def product_reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product's own notebooks, in both languages, on published and example data: made once."""
    project = make_product(tmp_path_factory.mktemp("product") / "project")
    for words in (
        ("example", "--messy"),
        ("clean", "--all"),
        ("codebook", "forsorjningsstod"),
        ("reports",),
    ):
        subprocess.run(command(*words), cwd=project, check=True, capture_output=True, timeout=600)
    return project / "reports"
