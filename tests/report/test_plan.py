"""The analysis plan: read before the outcome, whole, and with its deviations told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.projects import make_project
from umea_eval import Report, UserError
from umea_eval.report.plan import items, read_plan
from umea_eval.settings import read_settings

PLAN = """\
date = 2024-01-15
decided_by = "Styrgruppen"

[[questions]]
sv = "Hur många hushåll har långvarigt bistånd?"
en = "How many households have long-term support?"
estimand = { sv = "Andel med 10–12 månader.", en = "Share with 10–12 months." }
comparison = { sv = "Kvinnor och män.", en = "Women and men." }
margin = "2 procentenheter"
family = "main"

[definitions]
gap = 2
support_kind = "livelihood"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "plan.toml"
    file.write_text(PLAN, encoding="utf-8")
    return file


def test_a_plan_and_its_deviations(path: Path) -> None:
    plan = read_plan(path)
    assert (plan.date, plan.decided_by) == (dt.date(2024, 1, 15), "Styrgruppen")
    assert plan.deviations({"gap": 2, "other": 1}) == []
    assert plan.deviations({"gap": 3, "support_kind": "livelihood"}) == [("gap", "2", "3")]
    assert plan.before(dt.date(2024, 1, 16))
    assert not plan.before(dt.date(2024, 1, 15))
    keys = [key for key, _ in items(plan, {"gap": 3}, "sv")]
    assert keys == ["report.plan.made", "report.plan.question_margin", "report.plan.deviation"]


def test_a_margin_is_told_in_the_language_of_the_report(path: Path) -> None:
    both = 'margin = { sv = "2 procentenheter", en = "2 percentage points" }'
    path.write_text(PLAN.replace('margin = "2 procentenheter"', both), encoding="utf-8")
    assert items(read_plan(path), {}, "en")[1][1]["margin"] == "2 percentage points"
    assert items(read_plan(path), {}, "sv")[1][1]["margin"] == "2 procentenheter"


def test_the_hash_is_of_the_words_not_of_the_line_ends(path: Path) -> None:
    before = read_plan(path).sha256
    path.write_bytes(PLAN.replace("\n", "\r\n").encode())
    assert read_plan(path).sha256 == before
    path.write_text(PLAN.replace("gap = 2", "gap = 3"), encoding="utf-8")
    assert read_plan(path).sha256 != before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("date = 2024-01-15", 'date = "januari"', "date"),
        ('decided_by = "Styrgruppen"', "", "decided_by"),
        ('en = "How many households have long-term support?"', "", "questions"),
        ("estimand", "estimat", "estimand"),
        ('margin = "2 procentenheter"', 'margin = { sv = "2 procentenheter" }', "margin"),
        ('margin = "2 procentenheter"', "margin = 2", "margin"),
        ("[[questions]]", "[[questions]", "TOML"),
    ],
)
def test_a_plan_that_is_not_whole_is_refused(path: Path, old: str, new: str, said: str) -> None:
    path.write_text(PLAN.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_plan(path)


def test_the_plan_is_read_before_the_outcome(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", {})
    folder = project / "notebooks/plans"
    folder.mkdir()
    (folder / "small.toml").write_text(PLAN, encoding="utf-8")
    settings = read_settings(project)

    def report() -> Report:
        title = {"sv": "Liten", "en": "Small"}
        return Report("small", language="sv", profile="public", title=title, settings=settings)

    late = report()
    late.input("data/raw/public/figures.csv")
    with pytest.raises(UserError, match="före"):
        late.plan()
    with pytest.raises(UserError, match=r"other\.toml"):
        report().plan("other")
    good = report()
    plan = good.plan()
    good.input("data/raw/public/figures.csv")
    good.release()
    good.show_plan({"gap": 3})
    assert "Avvikelse från planen: gap skulle vara 2 men är 3." in good.fragments[-1].plain
    good.finish()
    assert good.fragments[-1].data["plan"] == {"sha256": plan.sha256}
