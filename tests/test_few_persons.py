"""Fewer than 20 persons: each evaluation's public edition is its short list, the internal one all.

The cells of the notebooks are run here, in this process: what a report shows is what it tells its
fragments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

from tests.projects import ROOT, make_product
from umea_eval.language import text
from umea_eval.processed.clean import clean
from umea_eval.processed.example import make_example
from umea_eval.report.fragments import Fragment
from umea_eval.report.report import Report
from umea_eval.report.tables import SUPPRESSED
from umea_eval.settings import read_settings

# The cells of a whole evaluation take many seconds: one of them is enough for every day.
EVALUATIONS = (
    "forsorjningsstod",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("placement_days", "fallprevention", "vhu_lss")
    ),
)
PERSONS = 14


def run_cells(name: str, **parameters: str | int) -> Report:
    """The report of an evaluation, from the project that is the current folder."""
    notebook = json.loads((ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), name, "exec"), names)  # noqa: S102 - ours
            if "parameters" in cell["metadata"].get("tags", []):
                names |= parameters
    report: Report = names["report"]
    return report


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Go to a project with an example export of so few persons, cleaned."""

    def make(name: str) -> None:
        mpl.use("agg")
        make_product(tmp_path / "project")
        monkeypatch.chdir(tmp_path / "project")
        make_example(name, read_settings(), messy=False, n=PERSONS)
        clean(name)

    return make


def rows_of(part: Fragment) -> Iterator[str]:
    for row in part.data["rows"]:
        yield from map(str, row)


@pytest.mark.parametrize("name", EVALUATIONS)
def test_few_persons_give_the_short_list_and_inside_everything(
    name: str, few: Callable[[str], None]
) -> None:
    few(name)
    report = run_cells(name)
    shown = [part.data for part in report.fragments if part.part == "table"]
    assert [table["name"] for table in shown] == ["reached"]
    assert [part for part in report.fragments if part.part == "figure"] == []
    (row,) = shown[0]["rows"]
    reached, third = row
    assert 0 < int(reached) < 20
    assert third is None or not re.search(r"\d", str(third))  # in words, or withheld
    record = report.fragments[-1].data
    assert [table["name"] for table in record["released"]["tables"]] == ["reached"]

    inside = run_cells(name, edition="intern")
    names = {part.data["name"] for part in inside.fragments if part.part == "table"}
    assert {"rows", "missing"} < names
    assert len(names) > 8
    assert any(part.part == "figure" for part in inside.fragments)
    cells = [cell for part in inside.fragments if part.part == "table" for cell in rows_of(part)]
    assert len(cells) > 100
    assert SUPPRESSED not in cells


# Years of which no example has anything.
NOBODY: dict[str, dict[str, str | int]] = {
    "forsorjningsstod": {"year": 2019},
    "placement_days": {"year": 2012},
    "fallprevention": {"year": 2012},
    "vhu_lss": {"first_year": 2040, "last_year": 2041},
}


@pytest.mark.parametrize("name", EVALUATIONS)
@pytest.mark.parametrize("edition", ["publik", pytest.param("intern", marks=pytest.mark.slow)])
def test_an_empty_selection_is_a_report_that_says_so(
    name: str, edition: str, few: Callable[[str], None]
) -> None:
    few(name)
    report = run_cells(name, edition=edition, **NOBODY[name])
    said = [str(part.data) for part in report.fragments if part.part == "text"]
    # The words before the first number of the sentence are those of the catalogue.
    begin = text(f"{name}.report.summary.empty", "sv", year="|", period="|").split("|")[0]
    assert any(begin in each for each in said)
    assert report.fragments[-1].part == "record"
