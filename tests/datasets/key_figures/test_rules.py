"""One small table per thing the audit says, and the near miss that holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.datasets.key_figures.tables import Row, audited, said, sexes
from umea_eval.datasets.key_figures import rules
from umea_eval.language import catalogue

SHARE = {"indicator": "Andel nöjda", "unit": "procent"}
SURVEY = {"indicator": "Andel som upplever trygghet", "unit": "procent", "domain": "brukarenkat"}
MONEY = {"unit": "tkr", "domain": "ekonomi"}
YEARS = ("2022", "2023")


def account(budget: int, outcome: int, deviation: int, **more: object) -> list[Row]:
    columns = (("Budget", budget), ("Utfall", outcome), ("Budgetavvikelse", deviation))
    return [{**MONEY, **more, "breakdown": name, "value": value} for name, value in columns]


def two_years(before: object, now: object, **more: object) -> list[Row]:
    return [
        {**more, "period": "2022", "value": before, "attainment": "", "target": ""},
        {**more, "period": "2023", "value": now},
    ]


def months(*values: object, **more: object) -> list[Row]:
    return [
        {"period": f"2023-{month:02d}", "value": value, "indicator": "Ackumulerade dygn", **more}
        for month, value in enumerate(values, start=1)
    ]


def answers(*shares: object, numerators: tuple[int, ...] = ()) -> list[Row]:
    names = ("Delaktig: Helt", "Delaktig: Till stor del", "Delaktig: Till mindre del")
    given = numerators or ("",) * len(shares)
    return [
        {**SHARE, "breakdown": name, "value": share, "numerator": count}
        for name, share, count in zip(names, shares, given, strict=False)
    ]


HOLDS: dict[str, list[Row]] = {
    "sexes add up": sexes(10, 4, 6),
    "one sex is left to be computed": sexes(2, None, 2),
    "full-time posts with decimals add up": sexes("120.5", "80.3", "40.2"),
    "a total inside its sexes": sexes("88.1", "83.5", "91.6", **SHARE),
    "rates that happen to make a hundred": sexes("50", "48", "52", **SHARE),
    "a total at the edge of rounding": sexes("7", "6.9", "7.1", indicator="Genomsnitt", unit="mån"),
    "days on average": sexes(31, 28, 33, indicator="Väntetid", unit="dagar"),
    "rounded money adds up": sexes("2.1", "1.0", "1.0", unit="mnkr"),
    "parts add up": [
        {"value": 11},
        {"breakdown": "HVB", "value": 8},
        {"breakdown": "familjehem", "value": 3},
    ],
    "the same in two scales": [
        {**MONEY, "unit": "mnkr", "value": "-90.2"},
        {**MONEY, "value": "-90202", "document": "Annan rapport"},
    ],
    "share of persons": [{**SHARE, "value": "94.7", "numerator": 36, "denominator": 38}],
    "a half rounded down": [{**SHARE, "value": "12", "numerator": 1, "denominator": 8}],
    "a half rounded up": [{**SHARE, "value": "13", "numerator": 1, "denominator": 8}],
    "answers within rounding": answers("58.3", "33.3", "8.3"),
    "answers with counts": answers("75.7", "16.2", "8.1", numerators=(28, 6, 3)),
    "outcome less budget": account(234099, 266900, 32801),
    "costs without sign, budget less outcome": account(100, 120, -20),
    "a series that grows": months(5, 10, 10, 20),
    "a deviation may turn": months("-4.5", "-12.2", "-10.9", indicator="Ackumulerad avvikelse",
                                   unit="mnkr"),
    "a change that follows": [
        *two_years(775, 628, indicator="Antal barn"),
        {"indicator": "Antal barn, förändring jämfört med 2022", "unit": "procent", "value": -19},
    ],
    "a target that is met": [
        {**SHARE, "value": 92, "target": "90%", "attainment": "Uppnått", "indicator": "Andel nöjda"}
    ],
    "a rounding that may hide a miss": [
        {**SHARE, "value": 90, "target": "90%", "attainment": "Ej uppnått"}
    ],
    "fewer when the aim is fewer": two_years(
        466, 388, indicator="Antal hemlösa", target="Minska", attainment="Uppnått"
    ),
    "closer to the target": two_years(
        22, "23.84", unit="procent", indicator="Andel i praktik", target="34%",
        attainment="Ej uppnått - positiv utveckling",
    ),
    "what is only roughly known": sexes(100, 48, 51, breakdown="ca"),
}  # fmt: skip


@pytest.mark.parametrize("rows", HOLDS.values(), ids=HOLDS.keys())
def test_what_holds_gives_no_finding(tmp_path: Path, rows: list[Row]) -> None:
    assert said(audited(tmp_path, *rows)) == []


ERROR, ROUNDING, MEANING, UNKNOWN = (
    "fel",
    "avrundning",
    "annan innebörd",
    "kan inte kontrolleras",
)
PARTS: list[Row] = [
    {"unit": "dygn", "value": 11},
    {"unit": "dygn", "breakdown": "HVB", "value": 8},
    {"unit": "dygn", "breakdown": "familjehem", "value": 4},
]
FINDINGS: dict[str, tuple[str, str, str | None, list[Row]]] = {
    "sexes.sum": (ERROR, "a1 a2 a3", "9", sexes(10, 4, 5)),
    "sexes.part_exceeds": (ERROR, "a1 a2", None, sexes(2, None, 3)),
    "sexes.sum_others": (UNKNOWN, "a1 a2 a3", None,
                         sexes(10, 4, 5, domain="brukarenkat", indicator="Antal svarande")),
    "sexes.mean_outside": (UNKNOWN, "a1 a2 a3", None,
                           sexes("7.4", "6.9", "7.1", indicator="Genomsnitt", unit="mån")),
    "sexes.outside": (UNKNOWN, "a1 a2 a3", None, sexes("60", "70", "75", **SHARE)),
    "sexes.outside_exhaustive": (ERROR, "a1 a2 a3", None, [
        {**SHARE, "sex": "total", "value": 60, "denominator": 30},
        {**SHARE, "sex": "kvinnor", "value": 70, "denominator": 20},
        {**SHARE, "sex": "män", "value": 80, "denominator": 10}]),
    "sexes.bases": (ERROR, "a1 a2 a3", None, [
        {**SHARE, "sex": "total", "value": 75, "denominator": 28},
        {**SHARE, "sex": "kvinnor", "value": 70, "denominator": 20},
        {**SHARE, "sex": "män", "value": 80, "denominator": 10}]),
    "sexes.numerators": (ERROR, "a1 a2 a3", None, [
        {**SHARE, "sex": "total", "value": 77, "numerator": 23, "denominator": 30},
        {**SHARE, "sex": "kvinnor", "value": 70, "numerator": 14, "denominator": 20},
        {**SHARE, "sex": "män", "value": 80, "numerator": 8, "denominator": 10}]),
    "sexes.distribution": (MEANING, "a2 a3 a1", None, sexes("94", "44", "56", **SHARE)),
    "sexes.shares_of_base": (MEANING, "a2 a3 a1", None, sexes("72", "14.3", "57.7", **SHARE)),
    "sexes.perhaps_distribution": (UNKNOWN, "a1 a2", None, sexes(None, "44", "56", **SHARE)),
    "sexes.above_hundred": (ERROR, "a1 a2", None,
                            sexes(None, "50", "56", breakdown="könsfördelning", **SHARE)),
    "sexes.below_hundred": (UNKNOWN, "a1 a2", None,
                            sexes(None, "40", "56", breakdown="könsfördelning", **SHARE)),
    "sexes.units": (MEANING, "a1 a2 a3", None, [
        {"sex": "total", "value": 3, "unit": "antal familjer"},
        {"sex": "flickor", "value": 5}, {"sex": "pojkar", "value": 3}]),
    "parts.sum": (ERROR, "a1 a2 a3", "12", PARTS),
    "parts.overlap": (UNKNOWN, "a1 a2 a3", None,
                      [{**row, "unit": "antal"} for row in PARTS]),
    "parts.left_out": (UNKNOWN, "a1 a2 a3", None, [{**PARTS[0], "value": 14}, *PARTS[1:]]),
    "parts.base": (UNKNOWN, "a1 a2", None, [
        {"breakdown": "HVB", "value": 5, "numerator": 5, "denominator": 7},
        {"breakdown": "familjehem", "value": 3, "numerator": 3, "denominator": 7}]),
    "parts.branches": (UNKNOWN, "a1 a2 a3", None, [
        {**MONEY, "indicator": "Nämndens budgetavvikelse", "value": -10},
        {**MONEY, "indicator": "Budgetavvikelse skola", "value": -4},
        {**MONEY, "indicator": "Budgetavvikelse vård", "value": -2}]),
    "parts.share_outside": (UNKNOWN, "a1 a2 a3", None, [
        {**SHARE, "breakdown": "totalt", "population": "Väst och Öst", "value": 90},
        {**SHARE, "breakdown": "Väst", "population": "Väst", "value": 70},
        {**SHARE, "breakdown": "Öst", "population": "Öst", "value": 80}]),
    "parts.share_outside_exhaustive": (ERROR, "a1 a2 a3", None, [
        {**SHARE, "breakdown": "totalt", "population": "Väst och Öst", "value": 90,
         "denominator": 30},
        {**SHARE, "breakdown": "Väst", "population": "Väst", "value": 70, "denominator": 10},
        {**SHARE, "breakdown": "Öst", "population": "Öst", "value": 80, "denominator": 20}]),
    "of_which.exceeds": (ERROR, "a2 a1", None,
                         [{"value": 10}, {"breakdown": "varav konsultstödda", "value": 12}]),
    "counted.share": (ERROR, "a1", "97.4",
                      [{**SHARE, "value": "94.7", "numerator": 37, "denominator": 38}]),
    "counted.rounding": (ROUNDING, "a1", "29",
                         [{**SHARE, "value": "28", "numerator": 2, "denominator": 7}]),
    "counted.above_base": (ERROR, "a1", None,
                           [{**SHARE, "value": "88", "numerator": 8, "denominator": 7}]),
    "counted.zero_base": (UNKNOWN, "a1", None,
                          [{**SHARE, "value": "0", "numerator": 0, "denominator": 0}]),
    "counted.count": (ERROR, "a1", "4", [{"value": 5, "numerator": 4, "denominator": 7}]),
    "counted.no_common_base": (ERROR, "a1 a2 a3", "27",
                               answers("75", "19.4", "5.6", numerators=(28, 7, 2))),
    "counted.no_base": (ERROR, "a1 a2", None, answers("60", "40", numerators=(7, 3))),
    "counted.impossible": (ERROR, "a1", None, [{**SHARE, "value": "75", "numerator": 28}]),
    "counted.stated_base": (ERROR, "a6 a1", "57.14", [
        {"indicator": "Antal utflyttade", "value": 7},
        {"breakdown": "eget", "value": 6, "numerator": 6, "denominator": 7},
        {"breakdown": "annat", "value": 1, "numerator": 1, "denominator": 7},
        {**SHARE, "value": "14.29", "breakdown": "x"},
        {**SHARE, "value": "85.71", "breakdown": "y"},
        {**SHARE, "value": "57.71", "breakdown": "z"}]),
    "counted.base_rounding": (ROUNDING, "a6 a1", "71", [
        {"indicator": "Antal utflyttade", "value": 7},
        {"breakdown": "eget", "value": 6, "numerator": 6, "denominator": 7},
        {"breakdown": "annat", "value": 1, "numerator": 1, "denominator": 7},
        {**SHARE, "value": "14.29", "breakdown": "x"},
        {**SHARE, "value": "85.71", "breakdown": "y"},
        {**SHARE, "value": "72", "breakdown": "z"}]),
    "counted.smallest_base": (UNKNOWN, "a1 a2 a3 a4", "36", [
        {**SHARE, "breakdown": "totalt", "population": "Väst och Öst", "value": 78},
        {**SHARE, "breakdown": "Väst", "population": "Väst", "value": 84},
        {**SHARE, "breakdown": "Öst", "population": "Öst", "value": 71},
        {"indicator": "Genomförda besök", "population": "Öst samt Väst", "value": 14}]),
    "bounds.share": (ERROR, "a1", None, [{**SHARE, "value": "104"}]),
    "bounds.limits": (ERROR, "a1 a2", None, [
        {"breakdown": "undre gräns", "value": 9}, {"breakdown": "övre gräns", "value": 7}]),
    "distribution.sum": (ERROR, "a1 a2 a3", None, answers("70", "30", "8")),
    "distribution.left_out": (UNKNOWN, "a1 a2 a3", None, answers("50", "30", "8")),
    "distribution.several": (UNKNOWN, "a1 a2", None, [
        {**SHARE, "breakdown": f"Stöd: {name}", "value": 60} for name in ("Nöjd", "Missnöjd")]),
    "distribution.added_after_rounding": (ROUNDING, "a4 a1 a2", "91.7", [
        *answers("58.3", "33.3", "8.3"), {**SHARE, "sex": "total", "value": "91.6"}]),
    "deviation.sum": (ERROR, "a3 a2 a1", "32801", account(234099, 266900, 32081)),
    "net_cost.gap": (UNKNOWN, "a3 a1 a2", None, [
        {**MONEY, "indicator": "Verksamhetens intäkter", "value": 100},
        {**MONEY, "indicator": "Verksamhetens kostnader", "value": -300},
        {**MONEY, "indicator": "Verksamhetens nettokostnad", "value": -190}]),
    "accumulated.falls": (ERROR, "a2 a3", None, months(5, 20, 10, 30)),
    "accumulated.misprint": (ERROR, "a5 a6", None,
                             months(100, 200, 300, 400, 950, 600, 700, 800, 900)),
    "accumulated.year": (ERROR, "a12 a13", None, [
        *months(*range(10, 130, 10), indicator="Utfall 2023, dygn", breakdown="ackumulerat"),
        {"indicator": "Dygn", "breakdown": "Utfall", "value": 130}]),
    "accumulated.months": (ERROR, "a4 a1 a2 a3", "30", [
        *months(10, 10, 10, indicator="Dygn"),
        {"indicator": "Dygn", "breakdown": "ackumulerat", "period": "2023-03", "value": 31}]),
    "change.differs": (ERROR, "a3 a2 a1", "-19", [
        *two_years(775, 628, indicator="Antal barn"),
        {"indicator": "Antal barn, förändring jämfört med 2022", "unit": "procent",
         "value": -9}]),
    "change.rounding": (ROUNDING, "a3 a2 a1", "-19", [
        *two_years(775, 628, indicator="Antal barn"),
        {"indicator": "Antal barn, förändring jämfört med 2022", "unit": "procent",
         "value": -18}]),
    "change.zero": (UNKNOWN, "a3 a2 a1", None, [
        *two_years(0, 5, indicator="Antal barn"),
        {"indicator": "Antal barn, förändring jämfört med 2022", "unit": "procent",
         "value": 5}]),
    "change.units": (UNKNOWN, "a3 a2 a1", None, [
        *two_years(4, 5, indicator="Insatser"),
        {"indicator": "Insatser, förändring jämfört med 2022", "unit": "tkr", "value": 5}]),
    "change.level": (ERROR, "a2 a3 a1", None, [
        {**MONEY, "unit": "mnkr", "indicator": "Nettokostnader", "value": 144},
        {"indicator": "Nettokostnadsökning jämfört med 2022", "unit": "procent", "value": "9.6"},
        {"indicator": "Nettokostnadsökning jämfört med 2022", "unit": "mnkr", "value": "8"}]),
    "same_figure.differs": (ERROR, "a1 a2", None,
                            [{"value": 10}, {"value": 12, "document": "Annan rapport"}]),
    "same_figure.perhaps": (UNKNOWN, "a1 a2", None, [
        {"value": 10}, {"value": 12, "document": "Annan rapport", "domain": "personal"}]),
    "same_figure.rounding": (ROUNDING, "a1 a2", None, [
        {**MONEY, "unit": "mnkr", "period": "2024-01", "indicator": "Budgetavvikelse hemtjänst",
         "value": "0.8"},
        {**MONEY, "unit": "mnkr", "period": "2024-01", "section": "Bild",
         "indicator": "Ackumulerat resultat: hemtjänst", "value": "0.7"}]),
    "same_figure.renamed": (UNKNOWN, "a1 a2", None, [
        {**MONEY, "unit": "mnkr", "period": "2024-01", "indicator": "Budgetavvikelse hemtjänst",
         "value": "0.8"},
        {**MONEY, "unit": "mnkr", "period": "2024-01", "section": "Bild",
         "indicator": "Ackumulerat resultat: hemtjänst", "value": "0.4"}]),
    "break.invalid": (UNKNOWN, "a2 a1", None, [
        {**SHARE, "period": "2022", "value": 70},
        {**SHARE, "value": 80, "breakdown": "Ny mätmetod 2023"}]),
    "attainment.contradicts": (ERROR, "a1", "Ej uppnått", [
        {**SHARE, "value": 81, "target": "95%", "attainment": "Uppnått"}]),
    "attainment.worse": (ERROR, "a2 a1", None, two_years(
        80, 70, unit="procent", indicator="Andel nöjda", target="95%",
        attainment="Ej uppnått - positiv utveckling")),
    "attainment.unchanged": (UNKNOWN, "a2 a1", None, two_years(
        80, 80, unit="procent", indicator="Andel nöjda", target="95%",
        attainment="Ej uppnått - positiv utveckling")),
    "attainment.no_target": (UNKNOWN, "a1", None, [{"value": 5, "attainment": "Uppnått"}]),
    "attainment.no_target_before": (UNKNOWN, "a2 a1", None,
                                    two_years(120, 106, attainment="Uppnått")),
    "attainment.no_result": (UNKNOWN, "a1", None, [
        {"value": "..", "target": "5", "attainment": "Uppnått"}]),
    "attainment.no_previous": (UNKNOWN, "a1", None, [
        {"value": 5, "target": "Minska", "attainment": "Uppnått"}]),
    "attainment.no_development": (UNKNOWN, "a1", None, [
        {**SHARE, "value": 92, "target": "100%",
         "attainment": "Ej uppnått - positiv utveckling"}]),
    "attainment.unfilled": (UNKNOWN, "a1", None,
                            [{"value": 5, "target": "4", "attainment": "Välj"}]),
    "attainment.unfilled_before": (UNKNOWN, "a2 a1", "Uppnått", two_years(
        466, 388, target="Minska", attainment="Välj")),
    "sexes.sum_net": (UNKNOWN, "a1 a2 a3", None, sexes(-9, -4, 6, **MONEY)),
    "accumulated.year_preliminary": (UNKNOWN, "a3 a4", None, [
        *({"document": "Månadsrapport", "breakdown": "ackumulerat", "indicator": "Dygn",
           "period": f"2023-{month}", "value": value}
          for month, value in ((10, 80), (11, 88), (12, 97))),
        {"indicator": "Dygn", "value": 99}]),
    "attainment.no_direction": (UNKNOWN, "a1", None, [
        {"indicator": "Antal ärenden", "value": 45, "target": "40", "attainment": "Uppnått"}]),
    "attainment.target_not_readable": (UNKNOWN, "a1", None, [
        {"value": 45, "target": "Bättre än riket", "attainment": "Uppnått"}]),
    "attainment.shared": (UNKNOWN, "a2", "Uppnått", [
        {**SHARE, "breakdown": name, "value": value, "target": "minst 90%",
         "attainment": "Ej uppnått"} for name, value in (("Söder", 80), ("Norr", 95))]),
    "attainment.empty": (UNKNOWN, "a2", None, [
        {"value": 0, "target": "0", "attainment": "Uppnått"},
        {"indicator": "Antal beslut", "value": 5, "target": "4"}]),
    "attainment.comment": (UNKNOWN, "a1", None,
                           [{"value": 5, "target": "Minska", "attainment": "Se kommentar"}]),
}  # fmt: skip


@pytest.mark.parametrize("name", FINDINGS)
def test_what_does_not_hold_is_said(tmp_path: Path, name: str) -> None:
    severity, ids, would_hold, rows = FINDINGS[name]
    result = audited(tmp_path, *rows)
    found = [(s, r, " ".join(i)) for s, r, i in said(result)]
    assert (severity, name, ids) in found
    finding = next(f for f in result.findings if f"{f.rule}.{f.variant}" == name)
    assert finding.would_hold == would_hold
    # A table with one planted fault has at most one error.
    assert len(result.of("fel")) <= 1


# These need a break together with another statement: each has its test below.
TOGETHER = {"change.break", "attainment.break", "attainment.development_unclear"}


def test_everything_that_the_catalogue_can_say_has_a_table() -> None:
    sayings = {
        key.removeprefix("key_figures.audit.")
        for key in catalogue("key_figures")
        if key.startswith("key_figures.audit.") and key.count(".") == 3
    }
    assert sayings == set(FINDINGS) | TOGETHER


def test_everything_that_the_rules_say_is_in_the_catalogue() -> None:
    folder = Path(rules.__file__).parent
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    pairs = re.findall(r'Finding\(\s*"(\w+)",\s*"(\w+)"', code)
    assert pairs
    known = catalogue("key_figures")
    for rule, variant in pairs:
        assert f"key_figures.audit.{rule}.{variant}" in known


def test_a_change_across_a_break_is_not_computed(tmp_path: Path) -> None:
    before, now = two_years(775, 628, indicator="Antal barn")
    rows = [
        before,
        {**now, "breakdown": "Ny mätmetod 2023"},
        {"indicator": "Antal barn, förändring jämfört med 2022", "unit": "procent", "value": 40},
    ]
    found = {rule for _, rule, _ in said(audited(tmp_path, *rows))}
    assert found == {"change.break", "break.invalid"}


def test_a_development_across_a_break_is_not_judged(tmp_path: Path) -> None:
    before, now = two_years(80, 70, indicator="Andel nöjda", unit="procent", target="95%")
    now = {**now, "attainment": "Ej uppnått - positiv utveckling", "breakdown": "Nytt 2023"}
    found = {rule for _, rule, _ in said(audited(tmp_path, before, now))}
    assert found == {"attainment.break", "break.invalid"}


def test_a_development_without_a_direction_is_not_judged(tmp_path: Path) -> None:
    rows = two_years(4, 5, indicator="Antal ärenden", attainment="Ej uppnått - positiv utveckling")
    found = {rule for _, rule, _ in said(audited(tmp_path, *rows))}
    assert found == {"attainment.development_unclear", "attainment.no_target_before"}


def test_the_order_of_rows_does_not_change_what_is_found(tmp_path: Path) -> None:
    for name, (_, _, _, table) in FINDINGS.items():
        there = [{**row, "figure_id": f"c{n}"} for n, row in enumerate(table)]
        forwards = audited(tmp_path, *there)
        backwards = audited(tmp_path, *reversed(there))
        one = sorted((s, r, sorted(i)) for s, r, i in said(forwards))
        other = sorted((s, r, sorted(i)) for s, r, i in said(backwards))
        assert one == other, name
