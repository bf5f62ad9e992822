"""Measures of fallprevention on a register of a dozen rows, worked out by hand."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from umea_eval.datasets.fallprevention import measures
from umea_eval.datasets.fallprevention.cleaning import clean
from umea_eval.datasets.fallprevention.measures.rates import FEW_REPEATED, NO_DAYS, UNKNOWN
from umea_eval.datasets.fallprevention.measures.selection import unit_places
from umea_eval.datasets.fallprevention.schema import SCHEMAS
from umea_eval.datasets.fallprevention.synthetic import EXTRACTION, simulate
from umea_eval.errors import UserError
from umea_eval.intake.cleaning import CleaningSettings
from umea_eval.intake.conform import Identification
from umea_eval.intake.example import Simulated, write_example
from umea_eval.intake.exports import read_export
from umea_eval.intake.pseudonym import Key
from umea_eval.language import LANGUAGES, text
from umea_eval.methods.result import COLUMNS

PUBLIC = Path(__file__).parents[3] / "data/raw/public"
UNTIL = dt.date(2023, 5, 1)
NAMES = [
    "unit",
    "kind",
    "happened_on",
    "resident",
    "injury",
    "severity",
    "measures_before",
    "status",
    "closed_on",
]
FALL, RISK = "fall", "fall_risk"
YES, NO, NOT = "yes", "no", "not_assessed"
REGISTER: list[list[Any]] = [
    ["A", FALL, "2023-01-05", "r1", True, "moderate", YES, "closed", "2023-01-25"],
    ["A", FALL, "2023-01-20", "r1", False, "none_minor", NOT, "closed", "2023-04-20"],
    ["A", FALL, "2023-02-03", "r1", True, NOT, None, "open", None],
    ["A", FALL, "2023-02-10", "r2", False, NOT, NO, "closed", "2023-02-10"],
    ["A", RISK, "2023-02-11", "r2", False, "none_minor", None, "closed", "2023-03-01"],
    ["B", FALL, "2023-01-31", "r3", False, "none_minor", YES, "closed", "2023-03-20"],
    ["B", FALL, "2023-02-01", None, None, "significant", NO, "open", None],
    ["B", RISK, "2023-02-15", "r4", False, NOT, None, "closed", None],
    ["B", RISK, "2023-02-16", None, False, None, None, None, None],
    ["C", FALL, "2023-01-15", "r5", True, NOT, NOT, "closed", "2023-02-14"],
    ["B", FALL, "2023-03-03", "r3", False, NOT, None, "open", None],
    ["A", "medication", "2023-01-07", "r1", None, NOT, None, "closed", "2023-01-08"],
]
# A and B in January and February: 150 + 150 + 12 × 31 + 12 × 28 = 1 008 resident-days. C was empty.
DAYS = [
    ["A", "2023-01-01", 150.0, "presence", 5],
    ["A", "2023-02-01", 150.0, "presence", 5],
    ["B", "2023-01-01", 372.0, "places", 12],
    ["B", "2023-02-01", 336.0, "places", 12],
    ["C", "2023-01-01", 0.0, "presence", 8],
]


def reports(rows: list[list[Any]] | None = None) -> pd.DataFrame:
    """Rows as the cleaning types them."""
    frame = pd.DataFrame(REGISTER if rows is None else rows, columns=NAMES)
    return frame.astype(
        {
            **dict.fromkeys(("unit", "kind", "severity", "measures_before", "status"), "category"),
            **dict.fromkeys(("happened_on", "closed_on"), "datetime64[us]"),
            "resident": "category",
            "injury": "bool[pyarrow]",
        }
    )


def resident_days(rows: list[list[Any]] | None = None) -> pd.DataFrame:
    columns = ["unit", "month", "resident_days", "basis", "places"]
    frame = pd.DataFrame(DAYS if rows is None else rows, columns=columns)
    return frame.astype(
        {
            **dict.fromkeys(("unit", "basis"), "category"),
            "month": "datetime64[us]",
            "resident_days": "float64",
            "places": "int64[pyarrow]",
        }
    )


def cells(frame: pd.DataFrame, *columns: str) -> list[list[object]]:
    chosen = frame[list(columns)].astype("object")
    return chosen.where(chosen.notna(), None).to_numpy().tolist()


def wilson(x: float, n: float) -> tuple[float, float]:
    """Wilson's limits from its formula (1927)."""
    z = 1.959963984540054
    middle, reach = x + z * z / 2, z * math.sqrt(x * (n - x) / n + z * z / 4)
    return (middle - reach) / (n + z * z), (middle + reach) / (n + z * z)


# -------------------------------------------------------------------------------------------- rates


def test_fall_rate_by_hand() -> None:
    # Rows 1–4, 6 and 7 have resident-days; C had none (row 10), nor had B in March (row 11).
    row = measures.fall_rates(reports(), resident_days()).iloc[0]
    assert (row["numerator"], row["denominator"]) == (6, 1008)
    assert row["value"] == pytest.approx(1000 * 6 / 1008)
    assert (row["left_out"], row["unnamed"], row["residents"]) == (2, 1, 3)
    assert row["places_share"] == pytest.approx(708 / 1008)
    # r1 fell three times, and there are fewer than ten residents: no limits.
    assert np.isnan([row["lower"], row["upper"]]).all()
    assert row["method"] == FEW_REPEATED


def test_every_fall_by_itself_has_exact_limits() -> None:
    row = measures.fall_rates(reports(), resident_days(), repeats="independent").iloc[0]
    # Exact limits of 6 events: 2.20189 and 13.05948 (R poisson.test(6)).
    assert row["lower"] == pytest.approx(1000 * 2.20189 / 1008, rel=1e-5)
    assert row["upper"] == pytest.approx(1000 * 13.05948 / 1008, rel=1e-5)
    assert row["method"] == "exact"


def test_rates_by_group_and_no_days_is_missing_and_never_zero() -> None:
    table = measures.fall_rates(reports(), resident_days(), by=["unit"])
    assert cells(table, "unit", "numerator", "denominator", "left_out") == [
        ["A", 4, 300, 0],
        ["B", 2, 708, 1],
        ["C", 0, 0, 1],
    ]
    assert table["value"].tolist()[:2] == pytest.approx([1000 * 4 / 300, 1000 * 2 / 708])
    assert np.isnan(table.loc[2, ["value", "lower", "upper"]].to_numpy(dtype=float)).all()
    assert table["method"].tolist() == [FEW_REPEATED, "exact", NO_DAYS]
    months = measures.fall_rates(reports(), resident_days(), by=["month"])
    assert cells(months, "month", "numerator", "denominator", "left_out") == [
        ["2023-01", 3, 522, 1],
        ["2023-02", 3, 486, 0],
        ["2023-03", 0, 0, 1],
    ]
    both = measures.fall_rates(reports(), resident_days(), by=["unit", "quarter"])
    assert cells(both, "unit", "quarter", "numerator") == [
        ["A", "2023Q1", 4],
        ["B", "2023Q1", 2],
        ["C", "2023Q1", 0],
    ]


def test_the_municipality_is_that_of_the_days() -> None:
    days = resident_days().assign(municipality=["Umeå", "Umeå", "Vännäs", "Vännäs", None])
    table = measures.fall_rates(reports(), days, by=["municipality"])
    assert cells(table, "municipality", "numerator", "left_out") == [
        ["Umeå", 4, 0],
        ["Vännäs", 2, 0],
        [None, 0, 2],  # reports where nobody knows whose days they are
    ]


def test_what_lies_around_the_change_of_record_system_is_told_apart() -> None:
    frame, days = series([2] * 3 + [1] * 9 + [4] * 2, "2024-06")  # June 2024 to July 2025
    table = measures.fall_rates(frame, days, by=["phase"])
    assert cells(table, "phase", "numerator", "denominator") == [
        ["before", 6, 900],
        ["during", 9, 2700],
        ["since", 8, 600],
    ]


def test_fall_risk_and_both_kinds() -> None:
    risk = measures.fall_rates(reports(), resident_days(), kinds=[RISK]).iloc[0]
    both = measures.fall_rates(reports(), resident_days(), kinds=[FALL, RISK]).iloc[0]
    assert (risk["numerator"], both["numerator"]) == (3, 9)
    # Three reports of fallrisk, nobody twice: exact limits of 3 events, 0.61867 and 8.76727.
    assert risk["lower"] == pytest.approx(1000 * 0.61867 / 1008, rel=1e-5)


def test_injurious_falls_by_hand() -> None:
    row = measures.fall_rates(reports(), resident_days(), injured=True, by=["unit"])
    # Rows 1 and 3 in A; in B row 6 had none and row 7 is unknown; C's has no days.
    assert cells(row, "unit", "numerator", "unknown", "left_out") == [
        ["A", 2, 0, 0],
        ["B", 0, 1, 0],
        ["C", 0, 0, 1],
    ]
    blind = reports().assign(injury=pd.Series([None] * 12, dtype="bool[pyarrow]"))
    row = measures.fall_rates(blind, resident_days(), injured=True).iloc[0]
    assert (row["numerator"], row["unknown"], row["method"]) == (0, 6, UNKNOWN)
    assert np.isnan(row["value"])
    lacking = measures.fall_rates(reports().drop(columns="injury"), resident_days(), injured=True)
    assert lacking["unknown"].tolist() == [6]


def test_each_choice_moves_the_rate_as_it_must() -> None:
    def value(**choice: Any) -> float:
        return float(measures.fall_rates(reports(), resident_days(), **choice)["value"].iloc[0])

    usual = value()
    assert value(basis="presence") == pytest.approx(1000 * 4 / 300)  # A alone
    assert value(injured=True) < usual < value(kinds=[FALL, RISK])
    assert value(months=("2023-02", "2023-02")) == pytest.approx(1000 * 3 / 486)
    assert value(per=1) == pytest.approx(usual / 1000)
    with pytest.raises(UserError, match="municipality"):
        value(by=["ward"])
    with pytest.raises(UserError, match="rad per enhet"):
        twice = pd.concat([resident_days(), resident_days().head(1)])
        measures.fall_rates(reports(), twice)


def falls_of(counts: list[int]) -> pd.DataFrame:
    """One fall a day in A, resident i with counts[i] of them."""
    who = [f"r{i}" for i, count in enumerate(counts) for _ in range(count)]
    rows = [
        ["A", FALL, f"2023-01-{1 + n:02}", r, True, NOT, NOT, "open", None]
        for n, r in enumerate(who)
    ]
    return reports(rows)


def test_repeat_fallers_widen_the_interval_by_hand() -> None:
    days = resident_days([["A", "2023-01-01", 8000.0, "presence", 250]])
    # One resident with 4 falls, two with 2 and eight with 1: 16 falls of 11 residents, and the
    # sum of squares is 16 + 8 + 8 = 32. Byar's limits of 16:
    #   16 (1 - 1/144 - 1.959964 / 12)^3 = 9.13936
    #   17 (1 - 1/153 + 1.959964 / 12.36932)^3 = 25.98387
    # Dobson: 16 + sqrt(32 / 16) (9.13936 - 16) = 6.29758, and 16 + sqrt(2) (25.98387 - 16)
    row = measures.fall_rates(falls_of([4, 2, 2, *[1] * 8]), days).iloc[0]
    lower = 16 * (1 - 1 / 144 - 1.959963985 / 12) ** 3
    upper = 17 * (1 - 1 / 153 + 1.959963985 / (3 * math.sqrt(17))) ** 3
    assert (row["numerator"], row["residents"]) == (16, 11)
    assert row["value"] == pytest.approx(2.0)
    assert row["lower"] == pytest.approx((16 + math.sqrt(2) * (lower - 16)) / 8)
    assert row["upper"] == pytest.approx((16 + math.sqrt(2) * (upper - 16)) / 8)
    alone = measures.fall_rates(falls_of([1] * 16), days).iloc[0]
    assert alone["lower"] == pytest.approx(lower / 8)
    assert row["lower"] < alone["lower"] < alone["upper"] < row["upper"]


def test_limits_are_never_below_zero() -> None:
    days = resident_days([["A", "2023-01-01", 8000.0, "presence", 250]])
    row = measures.fall_rates(falls_of([20, *[1] * 9]), days).iloc[0]
    assert row["lower"] == 0
    few = measures.fall_rates(falls_of([20, *[1] * 8]), days).iloc[0]
    assert np.isnan(few["lower"])
    assert few["method"] == FEW_REPEATED


# ----------------------------------------------------------------------------------------- severity


def test_severity_counts_by_hand() -> None:
    table = measures.severity_counts(reports())
    # Eleven reports; row 9 is blank, which is not assessed.
    assert cells(table, "severity", "numerator", "denominator") == [
        ["none_minor", 3, 11],
        ["moderate", 1, 11],
        ["significant", 1, 11],
        ["catastrophic", 0, 11],
        ["not_assessed", 6, 11],
    ]
    assert table["value"].sum() == pytest.approx(1)
    assert table.loc[4, ["lower", "upper"]].tolist() == pytest.approx(wilson(6, 11))
    units = measures.severity_counts(reports(), by=["unit"])
    assert units["numerator"].sum() == 11
    assert units["unit"].tolist() == [name for name in "ABC" for _ in range(5)]


def test_assessed_share_by_hand() -> None:
    table = measures.assessed_share(reports())
    # January: rows 1, 2, 6 and 10, of which 10 not. February: 5 and 7 of six. March: row 11 not.
    assert cells(table, "month", "numerator", "denominator") == [
        ["2023-01", 3, 4],
        ["2023-02", 2, 6],
        ["2023-03", 0, 1],
    ]
    assert table.loc[1, ["lower", "upper"]].tolist() == pytest.approx(wilson(2, 6))


def test_severity_bounds_by_hand() -> None:
    row = measures.severity_bounds(reports()).iloc[0]
    # One of eleven is severe, six are not assessed: between 1/11 and 7/11.
    assert (row["least"], row["most"]) == pytest.approx((1 / 11, 7 / 11))
    assert row["unassessed"] == 6
    assert np.isnan(row["value"])
    assert row["lower"] == pytest.approx(wilson(1, 11)[0])
    assert row["upper"] == pytest.approx(wilson(7, 11)[1])
    wider = measures.severity_bounds(reports(), severe=["moderate", "significant"]).iloc[0]
    assert (wider["least"], wider["most"]) == pytest.approx((2 / 11, 8 / 11))
    falls = measures.severity_bounds(reports(), kinds=[FALL]).iloc[0]
    assert (falls["least"], falls["most"]) == pytest.approx((1 / 8, 5 / 8))
    narrow = measures.severity_bounds(reports(), covers="share").iloc[0]
    assert narrow["upper"] < row["upper"]
    for unknown in ("hög", "not_assessed"):
        with pytest.raises(UserError, match="catastrophic"):
            measures.severity_bounds(reports(), severe=[unknown])


# --------------------------------------------------------------------------------------- prevention


def test_prevention_before_by_hand() -> None:
    table = measures.prevention_before(reports())
    # Eight falls: yes 1 and 6, no 4 and 7, not assessed 2 and 10, nothing said 3 and 11.
    expected = [["yes", 2, 8], ["no", 2, 8], ["not_assessed", 2, 8], ["not_stated", 2, 8]]
    assert cells(table, "answer", "numerator", "denominator") == expected
    assert set(table["base"]) == {"falls"}
    assert table["value"].sum() == pytest.approx(1)
    # The three reports of fallrisk have no answer, and make every share of another base smaller.
    wide = measures.prevention_before(reports(), base="reports")
    assert cells(wide, "base", "answer", "numerator", "denominator")[0] == ["reports", "yes", 2, 11]
    assert wide["numerator"].tolist() == [2, 2, 2, 5]


def test_prevention_bounds_by_hand() -> None:
    row = measures.prevention_bounds(reports()).iloc[0]
    assert (row["least"], row["most"], row["unassessed"]) == pytest.approx((2 / 8, 6 / 8, 4))
    wide = measures.prevention_bounds(reports(), base="reports").iloc[0]
    assert (wide["least"], wide["most"]) == pytest.approx((2 / 11, 9 / 11))


# ------------------------------------------------------------------------------------------ Downton


ASSESSED = [
    ["r1", "2023-01-01", 5],  # fell on day 4: high, fell
    ["r2", "2023-01-20", 4],  # fell on day 21: high, fell
    ["r3", "2023-01-31", 1],  # fell the same day, which is not after it, and on day 31
    ["r4", "2023-02-01", 3],  # a report of fallrisk is no fall
    ["r5", "2023-01-16", 2],  # fell the day before
    ["r6", "2023-02-01", 0],
    ["r7", "2023-04-15", 6],  # 30 days end after the data
    ["r8", "2023-02-01", None],
]


def assessments(rows: list[list[Any]] | None = None) -> pd.DataFrame:
    frame = pd.DataFrame(
        ASSESSED if rows is None else rows, columns=["resident", "assessed_on", "score"]
    )
    return frame.astype(
        {"resident": "category", "assessed_on": "datetime64[us]", "score": "int64[pyarrow]"}
    )


def predicted(**choice: Any) -> dict[str, list[object]]:
    chosen = {"until": UNTIL, "horizon": 30, **choice}
    table = measures.predictive_values(assessments(), reports(), **chosen)
    return {str(row[0]): row[1:] for row in cells(table, "measure", "numerator", "denominator")}


def test_predictive_values_by_hand() -> None:
    assert predicted() == {
        "positive_predictive": [2, 3],
        "negative_predictive": [3, 3],
        "sensitivity": [2, 2],
        "specificity": [3, 4],
    }
    table = measures.predictive_values(assessments(), reports(), until=UNTIL, horizon=30)
    assert table.loc[0, ["lower", "upper"]].tolist() == pytest.approx(wilson(2, 3))
    assert set(table["not_followed"]) == {1}
    assert set(table["without_score"]) == {1}
    exact = measures.predictive_values(
        assessments(), reports(), until=UNTIL, horizon=30, method="exact"
    )
    assert exact.loc[0, "lower"] < table.loc[0, "lower"]


def test_each_choice_moves_the_predictive_values_as_it_must() -> None:
    # A day more, and r3's fall on day 31 counts among the low.
    assert predicted(horizon=31)["negative_predictive"] == [2, 3]
    assert predicted(threshold=5)["positive_predictive"] == [1, 1]
    assert predicted(threshold=5)["sensitivity"] == [1, 2]
    assert predicted(threshold=0)["specificity"] == [0, 4]
    assert predicted(until=dt.date(2023, 6, 1))["positive_predictive"] == [2, 4]
    assert predicted(until=dt.date(2023, 1, 15)) == {
        name: [0, 0]
        for name in predicted()  # nobody was followed: no value, not zero
    }
    none = measures.predictive_values(assessments(), reports(), until=dt.date(2023, 1, 15))
    assert none["value"].isna().all()
    with pytest.raises(UserError, match="horizon"):
        predicted(horizon=0)


def test_of_several_assessments_one_with_a_whole_follow_up_counts() -> None:
    rows = [["r1", "2023-01-10", 2], ["r1", "2023-03-01", 7], ["r1", "2023-04-25", 9]]

    def score(which: Any) -> list[list[object]]:
        people = measures.downton_outcomes(
            assessments(rows), reports(), until=UNTIL, horizon=30, which=which
        )
        return cells(people, "score", "fell", "followed")

    assert score("first") == [[2, True, True]]  # the fall of 20 January
    assert score("last") == [[7, False, True]]
    only = measures.downton_outcomes(assessments(rows[2:]), reports(), until=UNTIL, horizon=30)
    assert cells(only, "score", "followed") == [[9, False]]


# ------------------------------------------------------------------------------------------ closure


def closed(**choice: Any) -> pd.Series:
    return measures.time_to_closure(reports(), **{"until": UNTIL, **choice}).iloc[0]


def test_time_to_closure_by_hand() -> None:
    # Days, closed: 0 (row 4), 18 (5), 20 (1), 30 (10), 48 (6), 90 (2). Open: 59 (11), 74 (9),
    # 87 (3), 89 (7). Row 8 is closed without a date. Ten cases, so the share still open is
    # .9, .8, .7, .6, .5 and, when the last at risk is closed on day 90, 0.
    row = closed()
    assert (row["numerator"], row["denominator"], row["undated"]) == (5, 10, 1)
    assert row["value"] == pytest.approx(0.5)
    assert (row["open"], row["overdue"]) == (4, 3)
    # At one half from day 48 to day 90: the middle of that stretch, as in R.
    assert row["median"] == 69
    assert row["lower"] < 0.5 < row["upper"]


def test_each_choice_moves_the_closure_as_it_must() -> None:
    assert closed(limit=30)["value"] == pytest.approx(0.4)
    assert closed(limit=17)["value"] == pytest.approx(0.1)
    assert closed(limit=90)["value"] == pytest.approx(1.0)
    # Row 10 was closed by the office on 14 February: followed for 30 days. Six are then at risk on
    # day 48: 0.7 × 5/6 are still open.
    office = closed(closed_together=[dt.date(2023, 2, 14)])
    assert office["value"] == pytest.approx(1 - 0.7 * 5 / 6)
    assert office["open"] == 4
    # Counted from a report five days later, everything takes five days less: day 59 comes in time.
    late = reports()
    late["reported_on"] = late["happened_on"] + pd.Timedelta(days=5)
    table = measures.time_to_closure(late, until=UNTIL, start="reported_on", limit=43)
    assert table["value"].tolist() == pytest.approx([0.5])
    falls = measures.time_to_closure(reports(), until=UNTIL, kinds=[FALL]).iloc[0]
    assert falls["denominator"] == 8
    with pytest.raises(UserError, match="limit"):
        closed(limit=-1)


def test_what_was_not_followed_for_so_long_has_no_share() -> None:
    # On 20 February nobody has been followed for 61 days; and what is closed later is open then.
    row = closed(until=dt.date(2023, 2, 20))
    assert np.isnan(row["value"])
    assert row["numerator"] == 3
    assert row["median"] == 30
    by = measures.time_to_closure(reports(), until=UNTIL, by=["unit"])
    assert by["unit"].tolist() == ["A", "B", "C"]
    assert by["denominator"].tolist() == [5, 4, 1]
    assert by["value"].isna().tolist() == [False, False, False]


# ------------------------------------------------------------------------------------------- repeat


def test_repeat_fallers_by_hand() -> None:
    # r1 has three falls, r3 two (one in March), r2 and r5 one; one fall has no resident.
    row = measures.repeat_fallers(reports()).iloc[0]
    assert (row["numerator"], row["denominator"]) == (2, 4)
    assert (row["falls"], row["falls_of_repeaters"], row["unnamed"]) == (7, 5, 1)
    assert (row["lower"], row["upper"]) == pytest.approx(wilson(2, 4))
    assert measures.repeat_fallers(reports(), at_least=3)["numerator"].tolist() == [1]
    early = measures.repeat_fallers(reports(), months=("2023-01", "2023-02"))
    assert early["numerator"].tolist() == [1]
    nobody = measures.repeat_fallers(reports().drop(columns="resident")).iloc[0]
    assert np.isnan(nobody["value"])
    assert nobody["unnamed"] == 8
    units = measures.repeat_fallers(reports(), by=["unit"])
    assert cells(units, "unit", "numerator", "denominator", "unnamed") == [
        ["A", 1, 2, 0],
        ["B", 1, 1, 1],
        ["C", 0, 1, 0],
    ]
    with pytest.raises(UserError, match="at_least"):
        measures.repeat_fallers(reports(), at_least=1)


# -------------------------------------------------------------------------------------------- units


def series(counts: list[int], start: str = "2023-01") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Unit A with 300 days and so many falls a month."""
    months = pd.period_range(start, periods=len(counts), freq="M")
    rows = [
        ["A", FALL, f"{month}-{1 + n:02}", None, True, NOT, NOT, "open", None]
        for month, count in zip(months, counts, strict=True)
        for n in range(count)
    ]
    days = [["A", f"{month}-01", 300.0, "presence", 10] for month in months]
    return reports(rows), resident_days(days)


def test_control_chart_by_month_by_hand() -> None:
    frame, days = series([2, 3, 1, 2, 9, 2, 1, 3, 2, 2, 3, 2])
    table = measures.unit_charts(frame, days)
    # 32 falls in 3 600 days: 8.889 per 1 000. Sigma of a month: sqrt(0.0088889 / 300) = 0.005443.
    assert set(table["grain"]) == {"month"}
    assert table["centre"].tolist() == pytest.approx([1000 * 32 / 3600] * 12)
    upper = 1000 * (32 / 3600 + 3 * math.sqrt(32 / 3600 / 300))
    assert table["upper"].tolist() == pytest.approx([upper] * 12)
    assert table.loc[table["outside"].eq(True), "time"].tolist() == ["2023-05"]  # 30 > 25.2
    assert table["internal_only"].eq(False).all()
    assert table["provisional"].eq(False).all()


def test_rare_events_are_charted_by_quarter_or_by_the_days_between() -> None:
    # Fewer than one a month, at least one a quarter, eight quarters.
    frame, days = series([1, 0, 0, 0, 2, 0, 0, 1, 0, 1, 0, 0] * 2, "2022-01")
    table = measures.unit_charts(frame, days)
    assert table["grain"].tolist() == ["quarter"] * 8
    assert table["numerator"].tolist() == [1, 2, 1, 1] * 2
    assert table["time"].tolist()[0] == "2022Q1"
    # The same with too few quarters: the days between the falls.
    gaps = measures.unit_charts(frame, days, fewest_points=9)
    assert set(gaps["grain"]) == {"gaps"}
    # 2022-01-01, 05-01, 05-02, 08-01, 10-01, and the next year's five.
    assert gaps["value"].tolist() == [120, 1, 91, 61, 92, 120, 1, 91, 61]
    assert gaps["time"].tolist()[:2] == ["2022-05-01", "2022-05-02"]
    assert gaps["provisional"].eq(True).all()
    # Two falls have one time between them: no chart, and said so.
    few, days = series([1, 0, 0, 1])
    none = measures.unit_charts(few, days)
    assert cells(none, "unit", "grain", "left_out") == [["A", "none", 1]]
    assert none["value"].isna().all()


def test_the_change_of_record_system_starts_the_series_anew() -> None:
    # 20 months before September 2024, nine within the change, three after it.
    frame, days = series([3] * 20 + [1] * 9 + [6] * 3)
    table = measures.unit_charts(frame, days)
    assert table["phase"].tolist() == [1] * 20 + [2] * 9 + [3] * 3
    assert table["signal"].eq("").all()
    whole = measures.unit_charts(frame, days, breaks=())
    assert not whole["signal"].eq("").all()  # the shift in reporting would have been a finding
    # A month alone after a break is compared with nothing.
    frame, days = series([3] * 20 + [9])
    alone = measures.unit_charts(frame, days)
    assert (len(alone), set(alone["left_out"])) == (20, {1})


def test_a_quarter_across_the_break_is_of_neither_phase() -> None:
    # Two falls in every quarter of 2023 and 2024; the system changes within the third of 2024.
    frame, days = series([2, 0, 0] * 8)
    table = measures.unit_charts(frame, days, fewest_points=6)
    assert set(table["grain"]) == {"quarter"}
    assert table["time"].tolist() == [f"2023Q{n}" for n in range(1, 5)] + ["2024Q1", "2024Q2"]
    assert set(table["left_out"]) == {2}  # the third quarter, and the fourth, which is alone


def test_a_month_without_days_is_left_out_of_the_chart() -> None:
    frame, days = series([2] * 12)
    days.loc[3, "resident_days"] = 0.0
    table = measures.unit_charts(frame, days)
    assert "2023-04" not in table["time"].tolist()
    assert set(table["left_out"]) == {1}


def many_units(count: int, *, places: int = 12) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Units with 1, 2, 3, ... falls in as many days."""
    names = [f"U{number:02}" for number in range(count)]
    rows = [
        [name, FALL, f"2023-01-{1 + n:02}", None, True, NOT, NOT, "open", None]
        for number, name in enumerate(names)
        for n in range(1 + number % 5)
    ]
    days = [[name, "2023-01-01", 372.0, "presence", places] for name in names]
    return reports(rows), resident_days(days)


def test_funnel_by_hand() -> None:
    table, found = measures.unit_funnel(*many_units(5))
    # 15 falls in 5 × 372 days.
    assert found is not None
    assert found.target == pytest.approx(1000 * 15 / 1860)
    assert table["value"].tolist() == pytest.approx([1000 * n / 372 for n in range(1, 6)])
    assert set(table["method"]) == {"exact limits"}
    assert table["internal_only"].eq(False).all()
    small, _ = measures.unit_funnel(*many_units(5, places=9))
    assert small["internal_only"].eq(True).all()


def test_overdispersion_only_from_ten_units() -> None:
    methods = {
        count: set(measures.unit_funnel(*many_units(count))[0]["method"]) for count in (9, 10)
    }
    assert methods[9] == {"exact limits"}
    assert methods[10] == {"normal limits, multiplicative overdispersion"}
    with pytest.raises(UserError, match="10"):
        measures.unit_funnel(*many_units(9), overdispersion="multiplicative")
    chosen, _ = measures.unit_funnel(*many_units(10), overdispersion="none")
    assert set(chosen["method"]) == {"exact limits"}


def test_funnel_without_events_or_with_one_unit() -> None:
    table, found = measures.unit_funnel(reports([]), resident_days())
    assert found is None
    assert cells(table, "unit", "value", "lower") == [["A", 0, None], ["B", 0, None]]
    table, found = measures.unit_funnel(*many_units(1))
    assert found is None
    assert table["value"].tolist() == pytest.approx([1000 / 372])


def test_places_by_hand() -> None:
    assert cells(unit_places(resident_days()), "unit", "places", "internal_only") == [
        ["A", 5, True],
        ["B", 12, False],
        ["C", 8, True],
    ]
    unknown = unit_places(resident_days().drop(columns="places"))
    assert unknown["internal_only"].eq(True).all()


# ------------------------------------------------------------------------------------------ culture


def test_reporting_culture_by_hand() -> None:
    table = measures.reporting_culture(reports(), resident_days())
    assert cells(table, "unit", "measure", "numerator", "denominator") == [
        ["A", "fall_risk_share", 1, 5],
        ["A", "reports", 5, 300],
        ["B", "fall_risk_share", 2, 5],
        ["B", "reports", 4, 708],  # not that of March
        ["C", "fall_risk_share", 0, 1],
        ["C", "reports", 0, 0],
    ]
    assert table.loc[0, ["lower", "upper"]].tolist() == pytest.approx(wilson(1, 5))
    assert np.isnan(table.loc[5, "value"])


def test_silent_units_are_named() -> None:
    days = resident_days([*DAYS, ["D", "2023-01-01", 310.0, "presence", 10]])
    assert cells(measures.silent_units(reports(), days), "unit", "resident_days") == [["D", 310]]
    for language in LANGUAGES:
        said = text("fallprevention.culture.what_cannot_be_concluded", language)
        assert "W00–W19" in said


# ------------------------------------------------------------------------------ all of them at once


ALL: dict[str, Callable[[pd.DataFrame, pd.DataFrame, pd.DataFrame], pd.DataFrame]] = {
    "fall_rates": lambda d, a, r: measures.fall_rates(d, r, by=["unit"]),
    "injured": lambda d, a, r: measures.fall_rates(d, r, injured=True),
    "severity_counts": lambda d, a, r: measures.severity_counts(d, by=["unit"]),
    "assessed_share": lambda d, a, r: measures.assessed_share(d),
    "severity_bounds": lambda d, a, r: measures.severity_bounds(d),
    "prevention_before": lambda d, a, r: measures.prevention_before(d, by=["quarter"]),
    "prevention_bounds": lambda d, a, r: measures.prevention_bounds(d),
    "predictive_values": lambda d, a, r: measures.predictive_values(a, d, until=EXTRACTION),
    "time_to_closure": lambda d, a, r: measures.time_to_closure(d, until=EXTRACTION, by=["unit"]),
    "repeat_fallers": lambda d, a, r: measures.repeat_fallers(d, by=["unit"]),
    "unit_charts": lambda d, a, r: measures.unit_charts(d, r),
    "unit_funnel": lambda d, a, r: measures.unit_funnel(d, r)[0],
    "reporting_culture": lambda d, a, r: measures.reporting_culture(d, r),
}
every = pytest.mark.parametrize("measure", ALL.values(), ids=ALL)
OPTIONAL = ["resident", "injury", "severity", "measures_before", "status", "closed_on"]


@every
def test_empty_frames(measure: Callable[..., pd.DataFrame]) -> None:
    made = measure(reports([]), assessments([]), resident_days([]))
    assert made.empty
    assert set(COLUMNS) <= set(made.columns)


@every
def test_one_row_of_each(measure: Callable[..., pd.DataFrame]) -> None:
    made = measure(reports(REGISTER[:1]), assessments(ASSESSED[:1]), resident_days(DAYS[:1]))
    assert len(made) >= 1


@every
def test_columns_that_are_missing_or_not_in_the_export(
    measure: Callable[..., pd.DataFrame],
) -> None:
    frame = reports()
    lacking = measure(frame.drop(columns=OPTIONAL), assessments(), resident_days())
    blank = frame.assign(
        **{name: pd.Series([None] * len(frame), dtype=frame[name].dtype) for name in OPTIONAL}
    )
    pd.testing.assert_frame_equal(measure(blank, assessments(), resident_days()), lacking)


@every
def test_the_order_of_rows_does_not_matter_and_nothing_is_changed(
    measure: Callable[..., pd.DataFrame],
) -> None:
    frames = (reports(), assessments(), resident_days())
    before = [frame.copy(deep=True) for frame in frames]
    made = measure(*frames)
    for frame, copy in zip(frames, before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)
    mixed = (frame.sample(frac=1, random_state=3) for frame in frames)
    pd.testing.assert_frame_equal(measure(*mixed), made)


# ------------------------------------------------------------------------------- simulated register


def cleaned(n: int, folder: Path) -> tuple[Simulated, list[pd.DataFrame]]:
    simulated = simulate(n, 1, numbers=PUBLIC)
    write_example(simulated, SCHEMAS, folder, extraction=EXTRACTION, messy=False)
    settings = CleaningSettings(
        Identification(Key(bytes(range(32))), "fallprevention"), EXTRACTION, example=True
    )
    result = clean(read_export(folder), settings)
    return simulated, [result.tables[schema.name] for schema in SCHEMAS]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulated, list[pd.DataFrame]]:
    return cleaned(1790, tmp_path_factory.mktemp("year"))


def test_the_planted_truth_comes_back(year: tuple[Simulated, list[pd.DataFrame]]) -> None:
    simulated, (frame, assessed, days) = year
    truth = simulated.truth
    rate = measures.fall_rates(frame, days).iloc[0]
    assert (rate["numerator"], rate["denominator"]) == (truth["falls"], truth["resident_days"])
    assert rate["left_out"] == 0
    assert measures.fall_rates(frame, days, injured=True)["numerator"].item() == truth["injurious"]
    presence = measures.fall_rates(frame, days, basis="presence")["denominator"].item()
    assert presence == truth["presence_days"]
    bounds = measures.severity_bounds(frame).iloc[0]
    assert (bounds["numerator"], bounds["unassessed"]) == (0, truth["not_assessed"])
    answers = measures.prevention_before(frame)["numerator"].tolist()
    planted = ["prevented", "not_carried_out", "prevention_not_assessed"]
    assert answers[:3] == [truth[name] for name in planted]
    repeat = measures.repeat_fallers(frame).iloc[0]
    assert [repeat["numerator"], repeat["denominator"]] == [
        truth["repeat_fallers"],
        truth["fallers"],
    ]
    values = measures.predictive_values(assessed, frame, until=EXTRACTION).set_index("measure")
    positive, false = truth["true_positive"], truth["false_positive"]
    assert values.loc["positive_predictive", "numerator"] == positive
    assert values.loc["positive_predictive", "denominator"] == positive + false
    assert values.loc["sensitivity", "value"] == pytest.approx(0.75, abs=0.05)  # as planted
    assert values.loc["specificity", "value"] == pytest.approx(0.60, abs=0.05)
    closure = measures.time_to_closure(frame, until=EXTRACTION, start="reported_on").iloc[0]
    assert closure["lower"] < truth["within_61_days"] < closure["upper"]
    # The naive share leaves out that the last months have not had their two months.
    assert closure["value"] > closure["numerator"] / closure["denominator"]
    assert closure["open"] == truth["open"]


def test_reports_follow_the_culture_that_was_planted(
    year: tuple[Simulated, list[pd.DataFrame]],
) -> None:
    simulated, (frame, _, days) = year
    table = measures.reporting_culture(frame, days)
    rates = table[table["measure"] == "reports"].set_index("unit")["value"]
    culture = pd.Series(simulated.truth["culture"])
    assert rates.corr(culture.reindex(rates.index), method="spearman") > 0.7
    # Homes fall alike; the funnel only sees that they report unlike.
    funnel, found = measures.unit_funnel(frame, days)
    assert found is not None
    assert found.phi > 2
    exact, _ = measures.unit_funnel(frame, days, overdispersion="none")
    assert (exact["outside"] != "").sum() > (funnel["outside"] != "").sum()


@pytest.mark.parametrize("n", [1, 14])
def test_a_very_small_register(n: int, tmp_path: Path) -> None:
    _, frames = cleaned(n, tmp_path)
    for measure in ALL.values():
        assert len(measure(*frames)) >= 1


def test_intervals_hold_with_repeat_fallers_and_not_without_them() -> None:
    """2 000 units of 400 residents, whose own rates are gamma-distributed with mean 0.35 a year."""
    random = np.random.default_rng(20240201)
    units, residents = 2000, 400
    falls = random.poisson(0.35 * random.gamma(0.8, 1 / 0.8, (units, residents)))
    unit, resident = np.divmod(np.repeat(np.arange(falls.size), falls.ravel()), residents)
    frame = pd.DataFrame(
        {
            "unit": pd.Series(unit).astype("str"),
            "kind": FALL,
            "happened_on": pd.Timestamp("2023-01-15"),
            "resident": pd.Series(unit * residents + resident).astype("str"),
        }
    )
    days = resident_days(
        [[str(name), "2023-01-01", residents * 365.0, "presence", 400] for name in range(units)]
    )
    true = 1000 * 0.35 / 365
    held = {}
    for repeats in ("resident", "independent"):
        table = measures.fall_rates(frame, days, by=["unit"], repeats=repeats)  # type: ignore[arg-type]
        assert len(table) == units
        inside = (table["lower"] <= true) & (true <= table["upper"])
        held[repeats] = float(inside.mean())
    # Measured: 0.972 and 0.907. Falls have the variance 0.35 + 0.35^2 / 0.8 = 0.503 per resident;
    # Dobson's limits take E(x^2) = 0.626 for it, as the number of residents is not known to be
    # fixed: their errors are sqrt(0.626 / 0.503) = 1.12 times too long, which covers 0.971.
    assert held["resident"] == pytest.approx(0.971, abs=3 * math.sqrt(0.971 * 0.029 / units))
    # Each fall by itself: sqrt(0.35 / 0.503) = 0.83 times, which covers 0.898.
    assert held["independent"] == pytest.approx(0.898, abs=3 * math.sqrt(0.898 * 0.102 / units))
