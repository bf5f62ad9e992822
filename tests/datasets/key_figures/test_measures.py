from __future__ import annotations

import pytest

from tests.datasets.key_figures.tables import PUBLISHED
from umea_eval.datasets.key_figures import measures
from umea_eval.datasets.key_figures.audit import audit
from umea_eval.datasets.key_figures.findings import Audit
from umea_eval.datasets.key_figures.schema import read_key_figures
from umea_eval.errors import UserError


@pytest.fixture(scope="module")
def printed() -> Audit:
    return audit(read_key_figures(PUBLISHED))


def test_attainment_is_counted_on_total_rows(printed: Audit) -> None:
    counts = measures.judged(measures.attainment_overview(printed, 2023))
    assert counts == {
        "n": 28,
        "attained": 9,
        "improved": 5,
        "not_attained": 10,
        "missed": 15,
        "open": 4,
        "holds": 14,
        "disputed": 2,
        "unknown": 12,
    }


def test_a_year_without_judgements_says_which_years_there_are(printed: Audit) -> None:
    with pytest.raises(UserError, match="2023"):
        measures.attainment_overview(printed, 2019)


def test_results_by_sex_leave_out_what_is_no_result(printed: Audit) -> None:
    frame = measures.by_sex(printed, 2023).set_index("indicator")
    hvb = frame.loc["Antal placeringsdygn för barn och ungdomar på HVB"]
    assert (hvb["women"], hvb["men"], hvb["difference"]) == (10187, 6621, 3566)
    assert not any("uppföljda beslut" in name for name in frame.index)
    assert not any("Nollvision mot vräkning" in name for name in frame.index)
    left_out = measures.not_results(printed, 2023, "sv")
    assert any("vräkning" in name for name in left_out["indicator"])


def test_the_controls_add_up(printed: Audit) -> None:
    counts = measures.control_counts(measures.controls(printed, {}))
    kinds = ("hold", "errors", "rounding", "meaning", "unknown")
    assert sum(counts[kind] for kind in kinds) == counts["controls"]


def test_every_row_is_in_the_row_account(printed: Audit) -> None:
    account = measures.row_account(measures.documents(printed.figures, 2023))
    assert account["rows"] == 422
    assert account["of_year"] + account["other"] == 422
    figures = measures.all_figures(printed.figures, 2023, "sv")
    assert len(figures) == account["of_year"]


def test_changes_are_the_difference_of_two_printed_numbers(printed: Audit) -> None:
    frame = measures.changes(printed, 2023).set_index("indicator")
    homeless = frame.loc["Antal personer i hemlöshetssituation"]
    assert (homeless["before"], homeless["now"], homeless["change"]) == (466, 388, -78)


def test_dismissed_findings_leave_the_report_and_confirmed_ones_say_so(printed: Audit) -> None:
    from umea_eval.datasets.key_figures.answers import Answer

    first, second = printed.of("fel")[:2]
    answers = {
        first.finding_id: Answer("avfärdad"),
        second.finding_id: Answer("bekräftad"),
    }
    frame = measures.findings_table(printed, answers, "sv")
    kept = measures.findings_of(frame, "fel")
    counts = measures.control_counts(measures.controls(printed, answers))
    assert (counts["errors"], counts["dismissed"]) == (len(kept), 1)
    assert len(kept) == len(printed.of("fel")) - 1
    assert [finding["confirmed"] for finding in kept].count(True) == 1
