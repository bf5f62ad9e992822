"""Verify: what differs between two runs, and which input explains it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.conftest import Run
from tests.projects import make_project, small_notebook, tree
from umea_eval.language import has_text
from umea_eval.report.fragments import METADATA, MIME, Part
from umea_eval.runs import compare
from umea_eval.runs.compare import Difference, differences, same_picture

SVG = '<svg viewBox="0 0 10 10"><path d="M {x} 2 L 3 4" style="stroke: {c}"/><text>{t}</text></svg>'


def shown(part: str, html: str = "", plain: str = "", **data: Any) -> dict[str, Any]:
    return {
        "metadata": {METADATA: {"part": part}},
        "data": {"text/html": html, "text/plain": plain, MIME: {"part": part, **data}},
    }


def executed(*outputs: dict[str, Any], source: str = "1") -> dict[str, Any]:
    return {"cells": [{"cell_type": "code", "source": source, "outputs": list(outputs)}]}


def table(*values: str | None, suppressed: tuple[int, ...] = (), name: str = "t") -> dict[str, Any]:
    return {
        "name": name,
        "columns": [{"heading": "Värde"}],
        "rows": [[value] for value in values],
        "suppressed": [[row, 0] for row in suppressed],
    }


def differing(before: dict[str, Any], now: dict[str, Any]) -> list[Difference]:
    return differences(executed(before), executed(now))


def test_numbers_are_compared_exactly_and_withheld_is_not_missing() -> None:
    one = shown("table", **table("1.50", "2", None, None))
    two = shown("table", **table("1.5", "2", None, None, suppressed=(3,)))
    assert differing(one, one) == []
    assert differing(one, two) == [
        Difference("cell", "table", "t", 1, "Värde", "1.50", "1.5"),
        Difference("cell", "table", "t", 4, "Värde", "–", ".."),
    ]
    fewer = shown("table", **table("1.50"))
    assert differing(one, fewer) == [Difference("rows", "table", "t", before="4", now="1")]


def test_pictures_are_compared_by_what_they_show() -> None:
    plain = SVG.format(x="1.000", c="#0072B2", t="a")
    assert same_picture(plain, plain.replace("1.000", "1.004"))  # under a hundredth of a point
    assert same_picture(plain, plain.replace('d="M', 'id="p1" d="M'))
    for changed in (
        SVG.format(x="1.02", c="#0072B2", t="a"),
        SVG.format(x="1.000", c="#0072B3", t="a"),
        SVG.format(x="1.000", c="#0072B2", t="b"),
        plain.replace("<text>a</text>", ""),
        plain.replace("L 3 4", "L 3 4 L 5 6"),
        "",
    ):
        assert not same_picture(plain, changed)
    figures = [
        shown("figure", html=f"<figure>{svg}</figure>", name="f", data=table("1"))
        for svg in (plain, SVG.format(x="9", c="#0072B2", t="a"))
    ]
    assert differing(*figures) == [Difference("picture", "figure", "f")]


def test_parts_that_come_and_go_and_code_that_changes() -> None:
    title, text = shown("title", title="A"), shown("text", plain="x")
    assert differences(executed(title, text), executed(title)) == [Difference("missing", "text")]
    assert differences(executed(title), executed(title, text)) == [Difference("added", "text")]
    assert differing(text, shown("text", plain="y")) == [
        Difference("text", "text", before="x", now="y")
    ]
    assert differences(executed(title), executed(title, source="2")) == [
        Difference("code", "code", "1")
    ]


def test_of_the_record_only_what_is_said_of_the_report_counts() -> None:
    one = shown("record", title="A", code={"sha256": "1"}, python="3.11", profile="public")
    two = shown("record", title="A", code={"sha256": "2"}, python="3.12", profile="other")
    assert differing(one, two) == [
        Difference("record", "record", "profile", before="public", now="other")
    ]


def test_every_difference_can_be_told() -> None:
    for kind in get_args(compare.Kind):
        assert has_text(f"runs.verify.{kind}")
    for part in (*get_args(Part), "file", "code"):
        assert has_text(f"runs.verify.part_{part}")


@pytest.fixture
def project(tmp_path: Path, umea_eval: Run) -> Path:
    made = make_project(tmp_path / "p", {"small": small_notebook()})
    done = umea_eval(made, "report", "small", "-p", "period=2022")
    assert done.returncode == 0, done.stderr
    return made


def test_a_whole_report_holds_until_its_data_change(project: Path, umea_eval: Run) -> None:
    before = tree(project / "reports")
    done = umea_eval(project, "verify", "reports/small/sv-period-2022")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "small/sv-period-2022: samma resultat, tecken för tecken.\n"

    source = project / "data/raw/public/figures.csv"
    source.write_text(source.read_text("utf-8").replace("1234567.5", "1234567.6"), "utf-8")
    done = umea_eval(project, "verify", "small/sv-period-2022")
    assert done.returncode == 4
    assert "  tabellen figures, rad 1, Värde (kr): var 1234567.5, blev 1234567.6" in done.stdout
    assert done.stdout.endswith("skillnaderna:\n  data: data/raw/public/figures.csv\n")
    assert tree(project / "reports") == before


def test_a_changed_file_and_a_report_that_is_none(project: Path, umea_eval: Run) -> None:
    page = project / "reports/small/sv-period-2022/report.html"
    page.write_text(page.read_text("utf-8") + " ", "utf-8")
    manifest = page.with_name("manifest.json")
    facts = json.loads(manifest.read_text("utf-8"))
    facts["packages"]["pandas"] = "2.0"
    manifest.write_text(json.dumps(facts), "utf-8")
    done = umea_eval(project, "verify", "reports/small/sv-period-2022/report.html")
    assert done.returncode == 4
    assert "Filen report.html är inte den som manifestet beskriver" in done.stdout
    assert "pandas: var 2.0, är 3." in done.stdout
    done = umea_eval(project, "verify", "reports/small")
    assert done.returncode == 2
    assert "small är ingen rapport" in done.stderr
