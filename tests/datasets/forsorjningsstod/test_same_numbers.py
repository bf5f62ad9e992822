"""The same numbers whatever the types of the columns, Python's hash seed, locale or time zone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.datasets.forsorjningsstod.every_measure import printed, tables
from umea_eval.datasets.forsorjningsstod import measures

ROOT = Path(__file__).parents[3]


def said(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.datasets.forsorjningsstod.every_measure"],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout


def test_every_public_measure_is_among_them() -> None:
    source = (ROOT / "tests/datasets/forsorjningsstod/every_measure.py").read_text("utf-8")
    functions = [name for name in measures.__all__ if name.islower()]
    assert len(functions) > 20
    assert [name for name in functions if f"m.{name}" not in source] == []
    assert all(len(table) for name, table in tables().items() if name != "breaks")


@pytest.mark.parametrize("types", ["text", "arrow"])
def test_whatever_the_types(types: str) -> None:
    assert printed(types) == printed()


def test_whatever_the_seed_the_locale_and_the_time_zone() -> None:
    first = printed()
    for seed, zone in (("0", "Europe/Stockholm"), ("1", "UTC"), ("2", "Pacific/Auckland")):
        assert said(PYTHONHASHSEED=seed, TZ=zone, LC_ALL="C") == first
