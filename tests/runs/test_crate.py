"""RO-Crate metadata: every file described with its checksum, every reference to something there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.projects import FIXTURES, ROOT
from umea_eval.language import Language
from umea_eval.runs.crate import FILE, crate

CRATE = FIXTURES / "crate"
MANIFEST: dict[str, Any] = {
    "title": "Titel",
    "notebook": "small",
    "notebook_sha256": "n" * 64,
    "parameters": {"language": "sv", "period": "2023"},
    "example": False,
    "inputs": [
        {"path": "data/raw/public/a.csv", "sha256": "a" * 64, "size": 3},
        {"path": "data/raw/public/copy.csv", "sha256": "a" * 64, "size": 3},
    ],
    "code": {"version": "0.1.0", "sha256": "c" * 64},
    "python": "3.11.7",
    "started": "2026-01-31T12:00:00+01:00",
    "files": {
        "report.html": {"sha256": "r" * 64, "size": 1},
        "tables/x.csv": {"sha256": "t" * 64, "size": 2},
        "notebook.ipynb": {"sha256": "e" * 64, "size": 3},
    },
}


def graph(language: Language = "sv", **changed: Any) -> dict[str, dict[str, Any]]:
    document = json.loads(crate(MANIFEST | changed, language))
    assert document["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    entities = document["@graph"]
    assert len({entity["@id"] for entity in entities}) == len(entities)
    return {entity["@id"]: entity for entity in entities}


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            yield value["@id"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_what_the_specification_requires() -> None:
    entities = graph()
    descriptor, root = entities[FILE], entities["./"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert root["@type"] == "Dataset"
    for needed in ("name", "description", "datePublished", "license"):
        assert root[needed]
    parts = {part["@id"] for part in root["hasPart"]}
    assert parts == {*MANIFEST["files"], "manifest.json"}
    assert all(entities[name]["@type"] == "File" for name in parts)
    assert entities["tables/x.csv"]["sha256"] == "t" * 64
    assert entities["tables/x.csv"]["encodingFormat"] == "text/csv"


def test_every_reference_is_to_something_that_is_there() -> None:
    entities = graph()
    known = {*entities, "https://w3id.org/ro/crate/1.1"}
    for entity in entities.values():
        assert set(references(entity)) <= known


def test_the_run_names_what_went_in_and_came_out() -> None:
    entities = graph()
    run = entities["#run"]
    assert run["@type"] == "CreateAction"
    went_in = [entities[each["@id"]]["name"] for each in run["object"]]
    # Two inputs of the same bytes are one thing, by its checksum.
    assert set(went_in) == {"data/raw/public/copy.csv", "language", "period"}
    assert entities[run["instrument"]["@id"]]["name"] == "small.ipynb"
    assert {each["@id"] for each in run["result"]} == {*MANIFEST["files"], "manifest.json"}


@pytest.mark.parametrize(("language", "word"), [("sv", "Exempeldata"), ("en", "Example data")])
def test_example_data_says_so(language: Language, word: str) -> None:
    assert graph(language, example=True)["./"]["name"].startswith(word)
    assert graph(language)["./"]["inLanguage"] == language


def test_every_term_of_ours_is_one_of_the_context() -> None:
    """What is no term of the context says nothing to those who read the crate."""
    document = json.loads(crate(MANIFEST, "sv"))
    shipped = json.loads((CRATE / "context-1.1.jsonld").read_text(encoding="utf-8"))
    known = {**shipped["@context"], **document["@context"][1]}
    used = {name for entity in document["@graph"] for name in entity if not name.startswith("@")}
    kinds = {entity["@type"] for entity in document["@graph"] if isinstance(entity["@type"], str)}
    assert {"sha256", "instrument", "hasPart"} <= used
    assert (used | kinds) - set(known) == set()


@pytest.mark.slow
def test_the_validator_finds_nothing_that_must_be_otherwise(demo_reports: Path) -> None:
    """With roc-validator, which `make test-all` installs in an environment of its own."""
    python = ROOT / ".venv/crate/bin/python"
    report = demo_reports / "demo/sv"
    words = [str(python), str(CRATE / "validate.py"), str(report), "REQUIRED"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False, timeout=300)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
