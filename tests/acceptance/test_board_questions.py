"""What a board member asks of each report, and that the page has the section which answers."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from tests.projects import ROOT

QUESTIONS = ROOT / "docs/board_questions.md"
_HEADING = re.compile(r"<h[2-6] id=\"[^\"]+\">(.*?)</h[2-6]>")
_ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def asked(name: str) -> list[tuple[str, str]]:
    """The questions of one evaluation, each with the section that answers it."""
    parts = re.split(r"^## ", QUESTIONS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    part = next(part for part in parts if part.startswith(f"{name}\n"))
    return [(question, section) for question, section, _ in _ROW.findall(part)[1:]]


@pytest.mark.parametrize(
    "name", ["forsorjningsstod", "placement_days", "fallprevention", "vhu_lss"]
)
def test_ten_questions_and_a_section_for_each(product_reports: Path, name: str) -> None:
    page = (product_reports / name / "exempeldata-sv/report.html").read_text(encoding="utf-8")
    sections = {html.unescape(heading) for heading in _HEADING.findall(page)}
    questions = asked(name)
    assert len(questions) == len({question for question, _ in questions}) == 10
    assert [section for _, section in questions if section not in sections] == []
