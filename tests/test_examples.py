"""The examples of public docstrings: every public function has one, and it gives what it says.

Public is what the reference in ``docs/reference`` shows. The made-up tables of a dataset are made
once and given to every example.
"""

from __future__ import annotations

import copy
import doctest
import importlib
import inspect
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import umea_eval as ue
from umea_eval import datasets, methods
from umea_eval.processed import example as example_module

REPOSITORY = Path(__file__).parents[1]
MODULES = [
    *(f"umea_eval.methods.{name}" for name in methods.__all__),
    *(f"umea_eval.datasets.{name}.measures" for name in (*datasets.DATASETS, *datasets.PUBLISHED)),
]
OPTIONS = doctest.NORMALIZE_WHITESPACE
Function = Callable[..., Any]


def public(module: ModuleType) -> dict[str, Function]:
    """The functions of a module that the reference shows."""
    named = getattr(module, "__all__", None)
    return {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and (name in named if named is not None else not name.startswith("_"))
        and (named is not None or function.__module__ == module.__name__)
    }


@pytest.fixture
def made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples in the project's own folder, each made-up register made once."""
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setattr(example_module, "example", _example)


@cache
def _stored(name: str, n: int | None) -> Any:
    return _make(name, n=n)


_make = example_module.example


def _example(name: str, *, n: int | None = None) -> Any:
    return copy.deepcopy(_stored(name, n))


def examples(function: Function, name: str) -> doctest.DocTest:
    return doctest.DocTestParser().get_doctest(
        inspect.getdoc(function) or "", {}, name, inspect.getsourcefile(function), 0
    )


@pytest.mark.usefixtures("made_once")
@pytest.mark.parametrize("module", MODULES)
def test_every_public_function_has_an_example_that_holds(module: str) -> None:
    functions = public(importlib.import_module(module))
    tests = {name: examples(function, name) for name, function in functions.items()}
    assert tests
    assert [name for name, test in tests.items() if not any(e.want for e in test.examples)] == []
    said: list[str] = []
    for test in tests.values():
        doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=said.append)
    assert not said, "".join(said)


def test_the_reference_shows_the_modules_that_are_tried() -> None:
    shown = {
        line.split("automodule:: ")[1].strip()
        for page in (REPOSITORY / "docs/reference").glob("*.md")
        for line in page.read_text(encoding="utf-8").splitlines()
        if "automodule:: " in line
    }
    assert set(MODULES) <= shown


@pytest.mark.parametrize("name", ["clean", "load", "example", "Report"])
def test_the_public_api_has_examples(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "umea_eval.toml").touch()
    shutil.copytree(REPOSITORY / "data/raw/public", tmp_path / "data/raw/public")
    monkeypatch.chdir(tmp_path)
    example_module.make_example("survey", ue.read_settings(), messy=False, n=30)
    said: list[str] = []
    test = examples(getattr(ue, name), name)
    assert test.examples
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=said.append)
    assert not said, "".join(said)
