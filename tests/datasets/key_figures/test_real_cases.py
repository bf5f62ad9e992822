"""The figures that the board printed in 2023–2024: what holds, and what does not."""

from __future__ import annotations

import pytest

from tests.datasets.key_figures.tables import PUBLISHED
from umea_eval.datasets.key_figures.audit import audit
from umea_eval.datasets.key_figures.findings import Audit
from umea_eval.datasets.key_figures.schema import read_key_figures


@pytest.fixture(scope="module")
def printed() -> Audit:
    return audit(read_key_figures(PUBLISHED))


def about(result: Audit, *ids: str) -> set[tuple[str, str]]:
    """(severity, rule.variant) of every finding that names all these figures."""
    return {
        (f.severity, f"{f.rule}.{f.variant}")
        for f in result.findings
        if set(ids) <= {figure.figure_id for figure in f.figures}
    }


def test_every_figure_is_read_and_most_controls_hold(printed: Audit) -> None:
    assert len(printed.figures) == 422
    assert printed.controls == printed.hold + len(printed.findings)
    assert printed.hold >= 200


@pytest.mark.parametrize(
    "ids",
    [
        ("k0117", "k0118", "k0119"),  # HVB: 10 187 + 6 621 = 16 808
        ("k0120", "k0121", "k0122"),  # familjehem: 35 787 + 25 489 = 61 276
        ("k0123", "k0124", "k0125"),  # varav konsultstödda: 16 717 + 13 546 = 30 263
        ("k0120", "k0123"),  # varav is less than its whole
        ("k0211", "k0212", "k0215"),  # 775 to 628 is −19 %
        ("k0216", "k0217", "k0218"),  # 489 to 420 is −14 %
        ("k0084", "k0085", "k0086"),  # 266 900 − 234 099 = 32 801
        ("k0094", "k0095", "k0096"),
        ("k0084", "k0089", "k0094"),  # budget 2023: income and cost give the net
        ("k0375", "k0376", "k0380"),  # 3 + 3 + 3 + 1 + 1 = 11
        ("k0261", "k0262", "k0266"),  # branches give the board's −3.4
        ("k0267", "k0268", "k0269"),  # 5.6 % and 8 mnkr on 144
        ("k0308", "k0095"),  # December cumulated and the year's outcome
        ("k0200", "k0201", "k0202"),
        ("k0135",),  # 36 of 38 is 94.7
        ("k0414", "k0415"),
    ],
)
def test_what_holds_is_no_finding(printed: Audit, ids: tuple[str, ...]) -> None:
    arithmetic = {(s, r) for s, r in about(printed, *ids) if not r.startswith("attainment")}
    assert arithmetic == set()


def test_94_7_per_cent_of_38_is_97_4(printed: Audit) -> None:
    finding = next(f for f in printed.findings if f.printed == ("94.7",) and f.rule == "counted")
    assert finding.severity == "fel"
    assert finding.figures[0].figure_id == "k0136"
    assert finding.would_hold == "97.4"
    assert "37/38 är 97,4 procent" in finding.text("sv")


def test_57_71_cannot_occur_among_seven_though_it_adds_up(printed: Audit) -> None:
    finding = next(f for f in printed.findings if f.figures[0].figure_id == "k0168")
    assert (finding.severity, finding.would_hold) == ("fel", "57.14")
    assert ("annan innebörd", "sexes.shares_of_base") in about(printed, "k0166", "k0167", "k0168")


@pytest.mark.parametrize(("net", "gap"), [("k0095", "3"), ("k0097", "16")])
def test_net_cost_that_a_left_out_row_may_explain_is_no_error(
    printed: Audit, net: str, gap: str
) -> None:
    finding = next(f for f in printed.findings if f.figures[0].figure_id == net)
    assert (finding.severity, finding.rule) == ("kan inte kontrolleras", "net_cost")
    assert f"Skillnaden {gap} tkr" in finding.text("sv")


def test_10_5_against_5_6_per_cent(printed: Audit) -> None:
    assert ("fel", "same_figure.differs") in about(printed, "k0322", "k0323")
    change = next(f for f in printed.findings if f.rule == "change")
    assert (change.figures[0].figure_id, change.severity) == ("k0322", "fel")
    same = next(f for f in printed.findings if f.rule == "same_figure" and f.severity == "fel")
    assert same.would_hold == "5.6"


def test_evictions_count_families_in_the_total_and_children_by_sex(printed: Audit) -> None:
    assert about(printed, "k0227", "k0228", "k0229") == {("annan innebörd", "sexes.units")}


def test_attained_without_a_target_cannot_be_checked(printed: Audit) -> None:
    assert about(printed, "k0191") == {("kan inte kontrolleras", "attainment.no_target_before")}


def test_positive_development_from_95_to_88_1(printed: Audit) -> None:
    assert ("fel", "attainment.worse") in about(printed, "k0208", "k0207")


@pytest.mark.parametrize("ids", [("k0137", "k0138", "k0145"), ("k0179", "k0180", "k0178")])
def test_shares_of_respondents_are_no_results(printed: Audit, ids: tuple[str, ...]) -> None:
    assert about(printed, *ids) == {("annan innebörd", "sexes.distribution")}


def test_84_71_and_78_per_cent_need_36_persons(printed: Audit) -> None:
    finding = next(f for f in printed.findings if f.variant == "smallest_base")
    assert [f.figure_id for f in finding.figures] == ["k0408", "k0409", "k0410", "k0405"]
    assert (finding.severity, finding.would_hold) == ("kan inte kontrolleras", "36")


def test_nothing_else_is_called_an_error(printed: Audit) -> None:
    errors = {f.figures[0].figure_id for f in printed.of("fel")}
    assert errors == {"k0136", "k0139", "k0168", "k0208", "k0322"}


def test_an_unfilled_box_says_what_would_stand_there(printed: Audit) -> None:
    finding = next(f for f in printed.findings if f.figures[0].figure_id == "k0187")
    assert (finding.variant, finding.would_hold) == ("unfilled_before", "Uppnått")


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_finding_can_be_read_in_both_languages(printed: Audit, language: str) -> None:
    for finding in printed.findings:
        sentence = finding.text("sv" if language == "sv" else "en")
        assert sentence.endswith(".")
        assert "{" not in sentence
