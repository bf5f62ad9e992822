"""The tables of the evaluation, by hand on a small register and against the planted truth."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from umea_eval.datasets.fallprevention import results
from umea_eval.datasets.fallprevention.cleaning import with_exposure
from umea_eval.datasets.fallprevention.synthetic import EXTRACTION, simulate
from umea_eval.errors import UserError

PUBLIC = Path(__file__).parents[3] / "data/raw/public"
UNTIL = dt.date(2024, 2, 1)
Tables = dict[str, pd.DataFrame]

# A has 12 places, B and C 5 each. r1 falls three times. C is silent. Days from the event to
# closure: 31, 89, (open), 12, 30, 31.
REPORTS = pd.DataFrame(
    [
        ("A", "2023-01-10", "fall", True, "none_minor", "yes", "r1", "women", "2023-02-10"),
        ("A", "2023-02-10", "fall", False, "not_assessed", "no", "r1", "women", "2023-05-10"),
        ("A", "2023-03-10", "fall", False, None, None, "r2", "men", None),
        ("B", "2023-03-20", "fall", True, "moderate", "yes", "r3", "men", "2023-04-01"),
        ("B", "2023-04-05", "fall_risk", False, "not_assessed", None, "r3", "men", "2023-05-05"),
        (
            "A",
            "2023-05-01",
            "fall",
            True,
            "significant",
            "not_assessed",
            "r1",
            "women",
            "2023-06-01",
        ),
    ],
    columns=[
        *("unit", "happened_on", "kind", "injury", "severity", "measures_before"),
        *("resident", "resident_sex", "closed_on"),
    ],
)
# r5 cannot be followed for a year, r6 has no score, r7 is of the year before.
ASSESSMENTS = pd.DataFrame(
    [
        ("r1", "2022-12-20", 4.0),
        ("r2", "2023-01-15", 1.0),
        ("r4", "2022-12-25", 5.0),
        ("r5", "2023-06-01", 2.0),
        ("r6", "2022-12-28", None),
        ("r7", "2022-11-01", 9.0),
    ],
    columns=["resident", "assessed_on", "score"],
)
HOMES = {"A": (100.0, 12), "B": (50.0, 5), "C": (50.0, 5)}


def reports(frame: pd.DataFrame = REPORTS) -> pd.DataFrame:
    made = frame.assign(
        municipality="Umeå",
        status=["open" if pd.isna(closed) else "closed" for closed in frame["closed_on"]],
    )
    made["reported_on"] = made["happened_on"]
    for name in ("happened_on", "reported_on", "closed_on"):
        made[name] = pd.to_datetime(made[name])
    return made


def days(first: str = "2023-01", last: str = "2023-12", homes: str = "ABC") -> pd.DataFrame:
    """Resident-days of every month: 100 in A, 50 each in B and C."""
    rows = [
        ("Umeå", unit, month, HOMES[unit][0], HOMES[unit][1])
        for unit in homes
        for month in pd.date_range(f"{first}-01", f"{last}-01", freq="MS")
    ]
    names = ["municipality", "unit", "month", "presence_days", "places"]
    return with_exposure(pd.DataFrame(rows, columns=names))


def tables() -> Tables:
    assessed = ASSESSMENTS.assign(municipality="Umeå", unit="A")
    assessed["assessed_on"] = pd.to_datetime(assessed["assessed_on"])
    return {"deviations": reports(), "resident_days": days(), "assessments": assessed}


CHOICES = results.Choices(2023)


@pytest.fixture
def found() -> results.Register:
    return results.register(tables(), UNTIL, CHOICES)


def test_the_period_is_whole_years_as_far_as_they_had_ended(found: results.Register) -> None:
    assert found.period == found.window == ("2023-01", "2023-12")
    assert not found.empty
    assert not found.divided
    earlier = results.register(tables(), dt.date(2023, 6, 15), CHOICES)
    assert earlier.period == ("2023-01", "2023-05")  # June was not over
    two = results.register(tables(), UNTIL, results.Choices(2023, years=2))
    assert two.period == ("2022-01", "2023-12")
    assert results.phases(two).to_numpy().tolist() == [["before", "2023-01", "2023-12"]]


def test_a_municipality_is_chosen_by_name(found: results.Register) -> None:
    chosen = results.register(tables(), UNTIL, results.Choices(2023, municipality=" umeå "))
    pd.testing.assert_frame_equal(results.rates(chosen), results.rates(found))
    assert results.register(tables(), UNTIL, results.Choices(2023, municipality="Vännäs")).empty


def test_places_times_days_are_counted_in_the_period_only(found: results.Register) -> None:
    assert results.unit_months(found) == {"places": 0, "months": 36}
    given = days()
    later = given["month"] >= pd.Timestamp(2023, 11, 1)
    given.loc[later & (given["unit"] == "A"), "basis"] = "places"
    both = pd.concat([given, days("2022-01", "2022-12").assign(basis="places")])
    own = results.register({**tables(), "resident_days": both}, UNTIL, CHOICES)
    assert results.unit_months(own) == {"places": 2, "months": 36}


def test_rates_by_hand(found: results.Register) -> None:
    table = results.rates(found)
    # Five falls and one fallrisk in 12 * 200 resident-days; three of the falls with an injury.
    assert table[["kind", "counted", "events", "whole", "days"]].to_numpy().tolist() == [
        ["fall", "reports", 5, 5, 2400],
        ["fall", "injured", 3, 5, 2400],
        ["fall_risk", "reports", 1, 1, 2400],
        ["total", "reports", 6, 6, 2400],
    ]
    assert table["value"].tolist() == pytest.approx([5 / 2.4, 3 / 2.4, 1 / 2.4, 6 / 2.4])


def test_months_by_hand(found: results.Register) -> None:
    table = results.months(found).set_index("month")
    assert len(table) == 12
    assert table["events"].tolist() == [1, 1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert table.loc["2023-03", "value"] == pytest.approx(1000 * 2 / 200)
    # Fewer than one fall a month: no limits, and nothing that deviates.
    assert table["centre"].isna().all()
    assert (table["signal"] == "none").all()
    assert table["provisional"].all()


def test_the_chart_has_limits_where_a_fall_a_month_is_expected() -> None:
    often = pd.concat([REPORTS.assign(happened_on=f"2023-{m:02}-05") for m in range(1, 13)])
    often = often.reset_index(drop=True).assign(closed_on=None)
    own = results.register({**tables(), "deviations": reports(often)}, UNTIL, CHOICES)
    table = results.months(own)
    # Five falls in every month of 200 days, and 3 * sqrt(5) / 200 around them.
    assert table["centre"].tolist() == pytest.approx([25.0] * 12)
    assert table["upper"].iloc[0] == pytest.approx(25 + 3000 * 5**0.5 / 200)
    assert not table["provisional"].any()


def test_severity_and_its_bounds_by_hand(found: results.Register) -> None:
    table = results.severity(found).set_index("severity")
    assert table["reports"].to_dict() == {
        **{"none_minor": 1, "moderate": 1, "significant": 1, "catastrophic": 0},
        "not_assessed": 3,  # said so twice, and once without a word
    }
    assert table["share"].sum() == pytest.approx(1)
    (row,) = results.bounds(found, "severity").to_dict("records")
    assert (row["known"], row["unknown"], row["rest"], row["base"]) == (1, 3, 2, 6)
    assert (row["least"], row["most"]) == pytest.approx((1 / 6, 4 / 6))
    # With the moderate one: two of six, or five of six if all three unassessed were.
    (row,) = results.bounds(found, "wider").to_dict("records")
    assert (row["known"], row["unknown"], row["rest"], row["base"]) == (2, 3, 1, 6)
    assert (row["least"], row["most"]) == pytest.approx((2 / 6, 5 / 6))
    grouped = table.groupby("severity_group")["reports"].sum()
    assert grouped.to_dict() == {"severe": 1, "not_severe": 2, "not_assessed": 3}


def test_the_share_assessed_is_a_series_of_falls(found: results.Register) -> None:
    table = results.assessed(found).set_index("month")
    assert len(table) == 12
    assert table.loc["2023-03", ["assessed", "falls", "share"]].tolist() == [1, 2, 0.5]
    # A fallrisk only in April: no fall, no share.
    assert table.loc["2023-04", ["assessed", "falls"]].tolist() == [0, 0]
    assert table.loc["2023-04", "share":].isna().all()


def test_prevention_by_hand(found: results.Register) -> None:
    table = results.prevention(found).set_index("answer")
    assert table["falls"].to_dict() == {"yes": 2, "no": 1, "not_assessed": 1, "not_stated": 1}
    assert table["base"].unique().tolist() == [5]  # the fallrisk has no before
    (row,) = results.bounds(found, "prevention").to_dict("records")
    assert (row["known"], row["unknown"], row["rest"]) == (2, 2, 1)
    assert (row["least"], row["most"]) == pytest.approx((2 / 5, 4 / 5))


def test_downton_by_hand(found: results.Register) -> None:
    states = results.assessments_used(found, CHOICES).set_index("state")["residents"]
    assert states.to_dict() == {"followed": 3, "not_followed": 1, "without_score": 1, "total": 5}
    table = results.downton(found, CHOICES).set_index("risk")
    # High: r1 fell and r4 did not. Low: r2 fell.
    assert table[["residents", "fell"]].to_numpy().tolist() == [[2, 1], [1, 1], [3, 2]]
    lower = results.downton(found, results.Choices(2023, high_risk=1)).set_index("risk")
    assert lower.loc[["high", "low"], "residents"].tolist() == [3, 0]
    assert pd.isna(lower.loc["low", "share"])


def test_closure_by_hand(found: results.Register) -> None:
    (row,) = results.closure(found, CHOICES).to_dict("records")
    assert (row["closed"], row["followed"], row["open"], row["overdue"]) == (4, 6, 1, 1)
    assert row["value"] == pytest.approx(4 / 6)
    curve = results.closure_curve(found, CHOICES).set_index("week")
    assert curve["closed"].loc[[1, 2, 4, 5, 13]].tolist() == [0, 1, 0, 3, 1]
    assert curve["value"].loc[[1, 2, 4, 5, 13]].tolist() == pytest.approx(
        [1, 5 / 6, 5 / 6, 2 / 6, 1 / 6]
    )
    # The first is one of many that an office closed that day: followed to day 31, with four left,
    # of which one is closed: 1 - (5/6)(4/5)(3/4).
    together = results.register(tables(), UNTIL, CHOICES, closed_together=["2023-02-10"])
    (row,) = results.closure(together, CHOICES).to_dict("records")
    assert (row["closed"], row["value"]) == (3, pytest.approx(0.5))
    assert results.closure_curve(together, CHOICES)["value"].iloc[4] == pytest.approx(0.5)


def test_fallers_by_hand(found: results.Register) -> None:
    table = results.fallers(found, CHOICES)
    assert table.set_index("sex")[
        ["fallers", "repeaters", "falls", "falls_of_repeaters"]
    ].to_numpy().tolist() == [[1, 1, 3, 3], [2, 0, 2, 0], [3, 1, 5, 3]]
    row = results.sex_difference(table).iloc[0]
    assert row["value"] == 1
    assert row["lower"] < 1 <= row["upper"]


def test_small_homes_are_one_point_or_none(found: results.Register) -> None:
    assert results.homes(found, CHOICES).to_numpy().tolist() == [[3, 2, 1]]
    table = results.units(found, CHOICES, small="small")
    assert table[["unit", "events", "days"]].to_numpy().tolist() == [
        ["A", 4, 1200],
        ["small", 1, 1200],  # B and C: ten places together
    ]
    assert table["centre"].tolist() == pytest.approx([5 / 2.4] * 2)
    charts = results.unit_charts(found, CHOICES, small="small")
    assert charts.to_numpy().tolist() == [
        ["A", "too_few", "too_short"],
        ["small", "too_few", "too_short"],
    ]
    # The internal edition shows every home.
    internal = results.Choices(2023, unit_places=0)
    assert internal.internal
    assert results.units(found, internal, small="small")["unit"].tolist() == ["A", "B", "C"]
    # B alone would be the one small home: it is left out.
    alone = results.register({**tables(), "resident_days": days(homes="AB")}, UNTIL, CHOICES)
    one = results.units(alone, CHOICES, small="small")
    assert one["unit"].tolist() == ["A"]
    assert one["centre"].isna().all()


def test_counter_measures_by_hand(found: results.Register) -> None:
    table = results.counter_measures(found).set_index("measure")
    assert table[["numerator", "denominator"]].to_numpy().tolist() == [[1, 6], [3, 6], [3, 5]]
    assert table.index.tolist() == ["fall_risk", "assessed", "injured"]


def test_a_year_is_compared_with_a_whole_year_in_the_same_system() -> None:
    before = REPORTS.head(2).assign(happened_on=["2022-03-01", "2022-04-01"], closed_on=None)
    both = reports(pd.concat([before, REPORTS], ignore_index=True))
    own: Tables = {**tables(), "deviations": both, "resident_days": days("2022-01")}
    table = results.change(results.register(own, UNTIL, CHOICES), CHOICES).set_index("kind")
    # Five falls against two in as many resident-days; three with an injury against one.
    assert table["value"].tolist() == [2.5, 3.0]
    assert table.loc["fall", ["events", "before", "units"]].tolist() == [5, 2, 3]
    assert not results.enough_units(table.loc["fall", "units"])
    # A month without resident-days, or the change of system in between: no comparison.
    own["resident_days"] = days("2022-02")
    assert results.change(results.register(own, UNTIL, CHOICES), CHOICES).empty
    own["resident_days"] = days("2022-01", "2025-12")
    later = results.Choices(2024)
    assert results.change(results.register(own, dt.date(2026, 2, 1), later), later).empty


def test_the_change_of_system_divides_the_period() -> None:
    choices = results.Choices(2025, years=3)
    moved = pd.concat(
        [
            REPORTS,
            REPORTS.head(1).assign(happened_on="2024-10-01"),
            REPORTS.head(1).assign(happened_on="2025-08-01"),
        ],
        ignore_index=True,
    ).assign(closed_on=None)
    own: Tables = {**tables(), "deviations": reports(moved)}
    own["resident_days"] = days("2023-01", "2025-12")
    found = results.register(own, dt.date(2026, 2, 1), choices)
    assert results.phases(found).to_numpy().tolist() == [
        ["before", "2023-01", "2024-08"],
        ["during", "2024-09", "2025-05"],
        ["since", "2025-06", "2025-12"],
    ]
    # What is one number is of the twenty months before.
    assert found.window == ("2023-01", "2024-08")
    assert found.divided
    assert results.severity(found)["base"].unique().tolist() == [6]
    table = results.rates(found)
    falls = table[(table["kind"] == "fall") & (table["counted"] == "reports")]
    assert falls[["year", "phase", "events", "days"]].to_numpy().tolist() == [
        ["2023", "before", 5, 2400],
        ["2024", "before", 0, 1600],
        ["2024", "during", 1, 800],
        ["2025", "during", 0, 1000],
        ["2025", "since", 1, 1400],
    ]


def test_every_variant_moves_as_it_must(found: results.Register) -> None:
    shares = results.share_variants(found, CHOICES)
    assert shares["chosen"].sum() == 3  # closure, repeated falls and Downton
    closed = shares[shares["definition"] == "happened_on"]
    assert closed["value"].is_monotonic_increasing
    repeat = shares[shares["measure"] == "repeat"].set_index("setting")["numerator"]
    assert repeat.to_dict() == {"2": 1, "3": 1}
    rates = results.rate_variants(found)
    # Five falls and three with an injury in 2 400 days; presence is known everywhere.
    assert rates["value"].tolist() == pytest.approx([5 / 2.4] * 4 + [3 / 2.4] * 4)
    assert rates["chosen"].tolist() == [True, False, False, False] * 2
    # With an injury are a part of all; on presence are a part of those on both.
    assert rates["whole"].tolist()[2:] == [5, 5, 5, 5, 3, 3]


def test_the_bases_of_the_change_by_hand() -> None:
    before = REPORTS.head(2).assign(happened_on=["2022-03-01", "2022-04-01"], closed_on=None)
    both = reports(pd.concat([before, REPORTS], ignore_index=True))
    time = days("2022-01")
    # B has places only: 5 times 365 days instead of 600; its fall is not on presence.
    alone = (time["unit"] == "B").to_numpy()
    time.loc[alone, "basis"] = "places"
    time.loc[alone, "resident_days"] = 150.0
    own: Tables = {**tables(), "deviations": both, "resident_days": time}
    table = results.change_variants(results.register(own, UNTIL, CHOICES), CHOICES)
    rows = table.set_index(["kind", "basis"])
    assert rows.loc[("fall", "both"), ["events", "before", "value"]].tolist() == [5, 2, 2.5]
    assert rows.loc[("fall", "presence"), ["events", "before", "value"]].tolist() == [4, 2, 2.0]
    assert rows.loc[("fall", "presence"), ["whole", "whole_before"]].tolist() == [5, 2]
    assert rows["chosen"].tolist() == [True, False, False, False]


def test_the_bridges_by_hand(found: results.Register) -> None:
    table = results.bridges(found).set_index("way")
    # A: 12 places over 365 days against 1 200 of presence; B and C: 5 places against 600 each.
    assert table.loc["places", ["other", "own", "homes"]].tolist() == [22 * 365, 2400, 3]
    assert table.loc["places", "ratio"] == pytest.approx(22 * 365 / 2400)
    assert table.loc["places", "lower"] < 22 * 365 / 2400 < table.loc["places", "upper"]
    # January has no month before it in the data: its fall is in neither.
    assert table.loc["reported", ["months", "other", "own"]].tolist() == ["2023-02–2023-05", 4, 4]
    late = reports()
    # The fall of 10 January is reported in February, that of 1 May in January 2024.
    late.loc[0, "reported_on"] = pd.Timestamp("2023-02-01")
    late.loc[5, "reported_on"] = pd.Timestamp("2024-01-02")
    moved = results.register({**tables(), "deviations": late}, UNTIL, CHOICES)
    row = results.bridges(moved).set_index("way").loc["reported"]
    assert (row["own"], row["other"]) == (4, 4)  # one comes in, one goes out
    late.loc[0, "reported_on"] = pd.NaT
    gone = results.register({**tables(), "deviations": late}, UNTIL, CHOICES)
    row = results.bridges(gone).set_index("way").loc["reported"]
    assert (row["own"], row["other"]) == (4, 3)
    # Without presence, or without dates of the report, there is no bridge.
    without = days()
    without["basis"] = "places"
    none = {
        **tables(),
        "resident_days": without,
        "deviations": reports().drop(columns="reported_on"),
    }
    assert results.bridges(results.register(none, UNTIL, CHOICES)).empty


@pytest.mark.parametrize("given", [tables(), {}], ids=["another year", "no tables"])
def test_nothing_in_nothing_out(given: Tables) -> None:
    choices = results.Choices(1999)
    empty = results.register(given, UNTIL, choices)
    assert empty.empty
    assert not empty.divided
    for make in (
        *(results.phases, results.rates, results.months, results.assessed, results.severity),
        *(results.prevention, results.counter_measures, results.rate_variants, results.bridges),
    ):
        assert make(empty).empty
    for what in ("severity", "wider", "prevention"):
        assert results.bounds(empty, what).empty  # type: ignore[arg-type]
    own: Any
    for own in (
        *(results.change, results.change_variants, results.closure, results.closure_curve),
        results.share_variants,
    ):
        assert own(empty, choices).empty
    assert results.units(empty, choices, small="small").empty
    assert results.unit_charts(empty, choices, small="small").empty
    assert results.homes(empty, choices).to_numpy().tolist() == [[0, 0, 0]]
    for own in (results.assessments_used, results.downton, results.fallers):
        assert own(empty, choices).empty
    assert results.sex_difference(results.fallers(empty, choices)).empty


def test_reports_without_resident_days_have_no_rate() -> None:
    own = results.register({"deviations": reports()}, UNTIL, CHOICES)
    table = results.rates(own)
    assert table["value"].isna().all()
    assert table["left_out"].tolist() == [5, 3, 1, 6]
    assert results.severity(own)["base"].unique().tolist() == [6]


def test_the_planted_truth_comes_back_whatever_the_order_of_rows() -> None:
    simulated = simulate(179, 4, numbers=PUBLIC)
    truth = simulated.truth
    frames = dict(simulated.frames)
    frames["resident_days"] = with_exposure(frames["resident_days"])
    shuffled = {
        name: frame.sample(frac=1, random_state=1).reset_index(drop=True)
        for name, frame in frames.items()
    }
    found, mixed = (results.register(own, EXTRACTION, CHOICES) for own in (frames, shuffled))
    table = results.rates(found)
    events = table.set_index(["kind", "counted"])["events"]
    assert events["fall", "reports"] == truth["falls"]
    assert events["fall", "injured"] == truth["injurious"]
    assert events["fall_risk", "reports"] == truth["fall_risk"]
    assert table["days"].iloc[0] == pytest.approx(truth["resident_days"])
    (row,) = results.bounds(found, "severity").to_dict("records")
    assert (row["known"], row["unknown"]) == (0, truth["not_assessed"])
    downton = results.downton(found, CHOICES).set_index("risk")
    assert downton.loc["high", "fell"] == truth["true_positive"]
    assert downton.loc["low", "residents"] == truth["false_negative"] + truth["true_negative"]
    fallers = results.fallers(found, CHOICES).set_index("sex").loc["total"]
    assert fallers[["fallers", "repeaters"]].tolist() == [
        truth["fallers"],
        truth["repeat_fallers"],
    ]
    for make in (results.rates, results.months, results.severity, results.counter_measures):
        pd.testing.assert_frame_equal(make(found), make(mixed))
    for one, other in ((results.units(each, CHOICES, small="small") for each in (found, mixed)),):
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("wrong", [{"years": 0}, {"unit_places": -1}])
def test_a_number_below_what_there_is_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UserError, match="för liten"):
        results.Choices(2023, **wrong)  # type: ignore[arg-type]
