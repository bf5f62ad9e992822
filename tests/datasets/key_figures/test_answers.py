from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.datasets.key_figures.tables import audited, sexes
from umea_eval.datasets.key_figures.answers import answer, answers_file, read_answers
from umea_eval.datasets.key_figures.findings import Audit
from umea_eval.errors import UserError

DAY = date(2026, 11, 22)


@pytest.fixture
def result(tmp_path: Path) -> Audit:
    return audited(tmp_path, *sexes(10, 4, 5))


def test_a_finding_is_open_until_its_owner_has_answered(tmp_path: Path, result: Audit) -> None:
    data = tmp_path / "table.csv"
    assert read_answers(data) == {}
    finding = result.findings[0].finding_id
    answer(
        data,
        result.findings,
        finding,
        "bekräftad",
        comment="=rätt: 9",
        answered_by="chef",
        answered_on=DAY,
    )
    known = read_answers(data)[finding]
    assert (known.status, known.comment, known.answered_on) == (
        "bekräftad",
        "=rätt: 9",
        "2026-11-22",
    )


def test_the_file_opens_in_swedish_excel_and_holds_no_formula(
    tmp_path: Path, result: Audit
) -> None:
    data = tmp_path / "table.csv"
    answer(
        data,
        result.findings,
        result.findings[0].finding_id,
        "avfärdad",
        comment="@SUM(A1)",
        answered_by="",
        answered_on=DAY,
    )
    raw = answers_file(data).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbffinding_id;status")
    assert b";'@SUM(A1);" in raw


def test_an_answer_to_a_finding_that_is_gone_is_kept(tmp_path: Path, result: Audit) -> None:
    data = tmp_path / "table.csv"
    finding = result.findings[0].finding_id
    answer(data, result.findings, finding, "besvarad", comment="", answered_by="", answered_on=DAY)
    again = audited(tmp_path, *sexes(10, 4, 6), *sexes(7, 1, 1, indicator="Antal beslut"))
    other = again.findings[0].finding_id
    answer(data, again.findings, other, "öppen", comment="", answered_by="", answered_on=DAY)
    assert {finding, other} <= set(read_answers(data))


def test_a_finding_keeps_its_id_when_other_rows_change(tmp_path: Path, result: Audit) -> None:
    more = audited(tmp_path, *sexes(10, 4, 5), {"indicator": "Annat", "value": 3})
    assert more.findings[0].finding_id == result.findings[0].finding_id


def test_unknown_finding_and_unknown_status(tmp_path: Path, result: Audit) -> None:
    data = tmp_path / "table.csv"
    with pytest.raises(UserError):
        answer(
            data, result.findings, "f00000000", "öppen", comment="", answered_by="", answered_on=DAY
        )
    answers_file(data).write_text("finding_id;status\nf1;kanske\n", encoding="utf-8")
    with pytest.raises(UserError, match="rad 2"):
        read_answers(data)


def test_nothing_half_written_where_the_file_cannot_be(tmp_path: Path, result: Audit) -> None:
    data = tmp_path / "table.csv"
    answers_file(data).mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError):
        answer(
            data,
            result.findings,
            result.findings[0].finding_id,
            "öppen",
            comment="",
            answered_by="",
            answered_on=DAY,
        )
    assert sorted(tmp_path.iterdir()) == before


def test_what_the_owner_wrote_is_kept(tmp_path: Path, result: Audit) -> None:
    data = tmp_path / "table.csv"
    finding = result.findings[0].finding_id
    answer(
        data,
        result.findings,
        finding,
        "besvarad",
        comment="Lång förklaring",
        answered_by="chef",
        answered_on=DAY,
    )
    text = answers_file(data).read_text(encoding="utf-8-sig")
    head, row = text.splitlines()
    answers_file(data).write_text(f"{head};diarienummer\n{row};2024/17\n", encoding="utf-8")
    answers_file(data).chmod(0o664)
    answer(data, result.findings, finding.upper(), "bekräftad", answered_on=DAY)
    known = read_answers(data)[finding]
    assert (known.status, known.comment, known.answered_by) == (
        "bekräftad",
        "Lång förklaring",
        "chef",
    )
    assert known.own == {"diarienummer": "2024/17"}
    assert answers_file(data).stat().st_mode & 0o777 == 0o664


@pytest.mark.parametrize("rows", ["f1;öppen\nF1;bekräftad\n", ";öppen;x\n"])
def test_two_answers_to_one_finding_and_an_answer_to_none(
    tmp_path: Path, result: Audit, rows: str
) -> None:
    data = tmp_path / "table.csv"
    heading = "finding_id;status" + (";comment" if ";x" in rows else "")
    answers_file(data).write_text(f"{heading}\n{rows}", encoding="utf-8")
    with pytest.raises(UserError, match=r"rad [23]"):
        read_answers(data)
    assert result.findings
