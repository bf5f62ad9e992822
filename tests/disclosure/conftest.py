"""A project with a made-up population, for the tests that look at whole evaluations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import pytest

from tests.projects import make_product
from umea_eval.processed.clean import clean
from umea_eval.processed.example import make_example
from umea_eval.settings import read_settings

Population = Callable[[str, int, int], None]


@pytest.fixture
def population(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Population:
    """Go to a project; what is given puts a population (dataset, seed, persons) into it."""
    mpl.use("agg")
    make_product(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")

    def make(name: str, seed: int, n: int) -> None:
        make_example(name, read_settings(), messy=False, seed=seed, n=n)
        clean(name)

    return make
