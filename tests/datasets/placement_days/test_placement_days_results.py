"""The tables of the evaluation, by hand on a small register and against the planted truth."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.datasets.placement_days.registers import BREAK, UNTIL, register
from umea_eval.datasets.placement_days import results
from umea_eval.datasets.placement_days.schema import KINDS
from umea_eval.datasets.placement_days.synthetic import EXTRACTION, simulate

PUBLIC = Path(__file__).parents[3] / "data/raw/public"
CHOICES = results.Choices(2023)
PROVENANCE = {"until": UNTIL.isoformat(), "register_breaks": [{"date": BREAK.isoformat()}]}


def placements() -> pd.DataFrame:
    """Anna's HVB costs 5 000 kronor a day and her family home 2 000; Bo's has no price."""
    rows = register()
    price = {"h1": 5_000.0, "h2": 2_000.0, "h5": 1_000.0}
    provider = {"h1": "purchased", "h2": "purchased", "h3": "own", "h5": "own"}
    return rows.assign(
        day_price=rows["home"].map(price),
        provider=rows["home"].map(provider),
        dossier=rows["person"].map({"a": "D1", "b": "D1", "c": "D2", "d": "D3"}),
    )


@pytest.fixture
def found() -> results.Register:
    return results.register({"placements": placements()}, PROVENANCE, CHOICES)


@pytest.fixture
def daily(found: results.Register) -> pd.DataFrame:
    return results.daily(found, "both")


def test_the_register_is_one_age_group_joined_across_the_break(found: results.Register) -> None:
    assert set(found.placements["person"]) == {"a", "b", "c"}  # Dan is grown up
    steps = results.population(found, CHOICES).set_index("step")["placements"].to_dict()
    # Ten rows, Dan's not; Bo's two are one: eight. Two of those begin in 2024: six ran in 2023.
    assert steps == {
        **{"clean": 10, "other_ages": 1, "selected": 9, "joined": 1, "placements": 8},
        "in_year": 6,
    }
    # 30 June is the extraction day and counts, so June is a whole month; on the 29th it is not.
    assert found.last == pd.Timestamp("2024-06-01")
    earlier = results.register(
        {"placements": placements()}, {**PROVENANCE, "until": "2024-06-29"}, CHOICES
    )
    assert earlier.last == pd.Timestamp("2024-05-01")
    grown = results.register(
        {"placements": placements()}, PROVENANCE, results.Choices(2023, ages="adults")
    )
    assert grown.placements["person"].tolist() == ["d"]


def test_days_by_kind_under_both_rules_by_hand(
    found: results.Register, daily: pd.DataFrame
) -> None:
    nights = results.daily(found, "first_only")
    table = results.days_by_kind(daily, nights, CHOICES)
    table = table[table["year"] == 2023].set_index(["group", "kind"])
    # HVB: Anna 10 January to 10 February, 32 days or 31 nights.
    assert table.loc[("residential", "hvb"), ["days", "other_days"]].tolist() == [32, 31]
    # Consultants: 10 February to 30 June, 19 + 31 + 30 + 31 + 30 = 141 days, 140 nights.
    assert table.loc[("family_homes", "consultant_family_home"), "days"] == 141
    # Family home: Bo all 365, by both rules since he stays; Cim 16 March to 31 December, 291 days.
    own = table.loc[("family_homes", "family_home")]
    assert own[["days", "other_days", "children"]].tolist() == [365 + 291, 365 + 290, 2]
    assert own[["days_1", "days_2"]].tolist() == [365, 291]
    # Emergency: Bo 1 to 8 July, 8 days; Cim 1 to 15 March, 15 days.
    assert table.loc[("other", "emergency_home"), ["days", "other_days"]].tolist() == [23, 21]
    assert table.loc[("total", "total"), "days"] == 32 + 141 + 656 + 23
    groups = table[table.index.get_level_values("kind") == "total"]["days"]
    assert groups.drop(("total", "total")).sum() == groups["total", "total"]


def test_days_by_sex_and_ground_add_up(daily: pd.DataFrame) -> None:
    for column in ("group", "legal_group"):
        table = results.days_by_sex(daily, CHOICES, column).set_index([column, "sex"])["days"]
        # Girls: Anna 32 + 141, Cim 15 + 291. Boys: Bo 365 + 8.
        assert table["total", "women"] == 479
        assert table["total", "men"] == 373
        parts = table.drop("total", level=0).drop("total", level="sex")
        assert parts.sum() == table["total", "total"] == 852
    assert table["sol", "women"] == 306  # Cim, the only one by SoL in 2023
    assert table["sol", "men"] == 0  # a row that says so


def test_days_by_age_by_hand(daily: pd.DataFrame) -> None:
    # Anna turns 12 in 2023 (173 days), Bo 13 (373), Cim 18 (306).
    born = {"a": 2011, "b": 2010, "c": 2005, "d": 1980}
    rows = placements().assign(person_birth_year=placements()["person"].map(born))
    found = results.register({"placements": rows}, PROVENANCE, CHOICES)
    table = results.days_by_age(found, daily, CHOICES).set_index("age")
    assert table["days"].to_dict() == {"7_12": 173, "13_17": 373, "18_20": 306, "total": 852}
    assert table["children"].tolist() == [1, 1, 1, 3]
    unknown = results.register({"placements": placements()}, PROVENANCE, CHOICES)
    assert results.days_by_age(unknown, daily, CHOICES)["age"].tolist() == ["unknown", "total"]


def test_the_bridges_by_hand(found: results.Register) -> None:
    table = results.counting_rules(found, CHOICES).set_index(["counting", "joined"])
    # Nights: Anna 31 + 140, Bo 365 + 7, Cim 14 + 290 = 847 of 852 days.
    nights = table.loc[("first_only", "yes")]
    assert nights["days"] == 847
    assert nights["ratio"] == pytest.approx(847 / 852)
    assert nights["lower"] < 847 / 852 < nights["upper"]
    # With a price: Anna 32 days at 5 000 and 141 at 2 000, Cim 291 at 1 000; a night less of each.
    own = table.loc[("both", "yes")]
    assert own["cost"] == 733_000
    assert nights["cost"] == 733_000 - 5_000 - 2_000 - 1_000
    assert nights["cost_ratio"] == pytest.approx(725 / 733)
    # The report's own way has no ratio; the other way round the ratio is the inverse.
    assert own[["ratio", "cost_ratio"]].isna().all()
    other = results.counting_rules(found, results.Choices(2023, counting="first_only"))
    ratios = other.set_index(["counting", "joined"])["ratio"]
    assert ratios["both", "yes"] == pytest.approx(852 / 847)


def test_days_counted_twice_by_hand(found: results.Register) -> None:
    table = results.counting_rules(found, CHOICES).set_index(["counting", "joined"])
    # Both: Anna's move on 10 February, Bo's eight days elsewhere. Nights: Bo's seven.
    assert table["overlap_days"].tolist() == [9, 9, 7, 7]
    assert table["overlapping"].tolist() == [2, 2, 1, 1]
    assert table["days"].tolist()[0] == 852
    # In 2024 the change of system takes the night of 31 January away, unless it is joined.
    later = results.counting_rules(found, results.Choices(2024)).set_index(["counting", "joined"])
    both, nights = later["days"]["both"], later["days"]["first_only"]
    assert both["yes"] == both["no"]
    assert nights["yes"] == nights["no"] + 1


def test_flow_moves_and_ends_by_hand(found: results.Register, daily: pd.DataFrame) -> None:
    flow = results.flow(found).set_index("month")
    # Bo came in December 2022, Anna in January, Cim in March; Anna left in June, Cim in December.
    assert flow.loc["2023-03", ["starts", "exits", "stock"]].tolist() == [1, 0, 3]
    assert flow.loc["2023-12", "stock"] == 1
    assert flow.loc["2024-02", ["starts", "exits"]].tolist() == [0, 0]  # the change of system
    years = results.by_year(found, daily).set_index("year")
    # 2023: Anna and Cim new, one move each; Anna's first and Cim's second home left unplanned.
    assert years.loc[2023, ["children", "new", "moved", "unplanned"]].tolist() == [3, 2, 2, 2]
    # 2024: both again within a year; Cim's left as planned.
    assert years.loc[2024, ["new", "again", "ended", "unplanned"]].tolist() == [2, 2, 1, 0]
    table = results.new_and_moved(found, CHOICES)
    assert table[(table["kind"] == "total") & (table["year"] == 2023)]["moved"].item() == 2


def test_outcomes_and_their_difference_by_hand(
    found: results.Register, daily: pd.DataFrame
) -> None:
    table = results.outcomes_by_sex(found, daily, CHOICES)
    rows = table.set_index(["outcome", "sex"])["having"]
    # Anna was in HVB; Anna and Cim moved and had a breakdown; Bo had none of it.
    assert rows["residential"].to_dict() == {"women": 1, "men": 0, "total": 1}
    assert rows["moved"].to_dict() == {"women": 2, "men": 0, "total": 2}
    assert rows["unplanned"].to_dict() == {"women": 2, "men": 0, "total": 2}
    difference = results.sex_differences(table).set_index("outcome")
    assert difference["value"].to_dict() == {"residential": 0.5, "moved": 1.0, "unplanned": 1.0}
    assert (difference["lower"] < difference["value"]).all()
    moves = results.moves(found, CHOICES).set_index("sex")
    # Calendar days of girls: Anna 10 January to 30 June, 172; Cim 1 March to 31 December, 306.
    assert moves.loc["women", ["moves", "days"]].tolist() == [2, 172 + 306]
    assert moves.loc["women", "rate"] == pytest.approx(2 / 478 * 365)


def test_siblings_by_hand(found: results.Register) -> None:
    # Cim leaves on 31 December 2023, so Bo is in care when that day ends; no sibling is. In June
    # 2024 Anna and Bo are, apart.
    (row,) = results.siblings(found, CHOICES).to_dict("records")
    assert (row["children"], row["with_sibling"]) == (1, 0)
    (later,) = results.siblings(found, results.Choices(2024)).to_dict("records")
    assert (later["with_sibling"], later["together"], later["share"]) == (2, 0, 0)


def test_costs_providers_and_the_split_by_hand(daily: pd.DataFrame) -> None:
    costs = results.costs_by_kind(daily, CHOICES)
    costs = costs[costs["year"] == 2023].set_index(["group", "kind"])
    # 32 days at 5 000, 141 at 2 000, 291 at 1 000; Bo's days have no price and are in no cost.
    total = costs.loc[("total", "total")]
    assert total[["cost", "priced_days"]].tolist() == [160_000 + 282_000 + 291_000, 464]
    assert total["price"] == pytest.approx(733_000 / 464)
    assert total[["cost_1", "cost_2"]].tolist() == [442_000, 291_000]
    rows = results.providers(daily, CHOICES)
    rows = rows[rows["year"] == 2023].set_index("provider")
    # Purchased: Anna's 173 days; own: Bo's 365 and Cim's 291; the emergency home does not tell.
    assert rows["days"].to_dict() == {"purchased": 173, "own": 656, "unknown": 23, "total": 852}
    assert rows.loc["purchased", "share"] == pytest.approx(173 / 829)
    # 2024: Anna 15 January to 30 June, 168 days, Cim 5 January to 1 March, 57, at 5 000 kronor.
    split = results.cost_split(daily, results.Choices(2024)).set_index(["level", "part"])["value"]
    for level in ("kind", "kind_home"):
        parts = split[level]
        assert parts["total"] == pytest.approx(225 * 5_000 - 733_000)
        assert parts.drop("total").sum() == pytest.approx(parts["total"])
        assert parts["price"] == pytest.approx(0)  # no home has changed its price
    assert results.cost_split(daily, CHOICES).empty  # 2022 has no priced days


def test_the_budget_follows_the_days_of_the_months(daily: pd.DataFrame) -> None:
    table = results.budget(daily, CHOICES, 365_000).set_index("month")
    assert table.loc["2023-01", "budget"] == 31_000
    # January: 22 days at 5 000.
    assert table.loc["2023-01", ["cost", "deviation"]].tolist() == [110_000, 79_000]
    assert table["cumulative"].iloc[-1] == pytest.approx(733_000 - 365_000)
    assert results.budget(daily, CHOICES, None).empty


def test_every_variant_moves_as_it_must(found: results.Register, daily: pd.DataFrame) -> None:
    table = results.sensitivity(found, daily, CHOICES)
    assert table["chosen"].sum() == 4  # moved, left, placed again, breakdowns
    again = table[table["measure"] == "again"].set_index(["definition", "setting"])
    # Cim's HVB five days later is the same care where a week may lie between two homes.
    assert (
        again.loc[("gap_1", "12"), ["numerator", "denominator"]].tolist()[1]
        > again.loc[("gap_7", "12"), "denominator"]
    )
    broken = table[table["measure"] == "breakdown"].set_index("definition")["numerator"]
    assert broken["breakdown_only"] < broken["unplanned"]
    # Of Anna, Bo and Cim, Anna and Cim moved, under either gap, and left unplanned: Anna ran away,
    # and only Cim's home broke down.
    own = table[table["measure"].isin(["moved", "left"])].set_index("definition")
    assert own["denominator"].tolist() == [3, 3, 3, 3]
    assert own["numerator"].to_dict() == {
        **{"moved_gap_7": 2, "moved_gap_1": 2},
        **{"left_unplanned": 2, "left_breakdown": 1},
    }
    # Each lies within the milder one above it, and the mildest within all children.
    assert own["numerator_wider"].tolist() == [3, 2, 3, 2]
    assert own.loc["left_breakdown", "numerator_wider_of"] == "unplanned"
    # In 2024 Cim's HVB began five days after the family home: a move only where a week may lie
    # between.
    later = results.sensitivity(found, daily, results.Choices(2024)).set_index("definition")
    assert later.loc[["moved_gap_7", "moved_gap_1"], "numerator"].tolist() == [1, 0]


def test_groups_never_share_a_kind_and_leave_none_out() -> None:
    for grouping in ("papers", "kolada", "kinds"):
        kinds = [kind for group in results.hierarchy(grouping).values() for kind in group]
        assert sorted(kinds) == sorted(set(KINDS))


@pytest.mark.parametrize("case", ["no rows", "another year"])
def test_nothing_in_nothing_out(case: str) -> None:
    rows, choices = placements(), CHOICES
    if case == "no rows":
        rows = rows.iloc[:0]
    else:
        choices = results.Choices(2019)
    found = results.register({"placements": rows}, PROVENANCE, choices)
    daily = results.daily(found, "both")
    assert found.empty == (case == "no rows")
    assert results.days_by_kind(daily, daily, choices).empty
    assert results.days_by_sex(daily, choices).empty
    assert results.counting_rules(found, choices)["days"].eq(0).all()
    assert results.new_and_moved(found, choices).empty
    assert results.moves(found, choices)["rate"].isna().all()
    outcomes = results.outcomes_by_sex(found, daily, choices)
    assert outcomes["children"].eq(0).all()
    assert results.sex_differences(outcomes)["value"].isna().all()
    assert results.siblings(found, choices).empty
    assert results.providers(daily, choices).empty
    assert results.costs_by_kind(daily, choices).empty
    assert results.cost_split(daily, choices).empty
    assert results.budget(daily, choices, 1_000.0).empty
    if case == "no rows":
        assert results.flow(found).empty
        assert results.days_by_month(daily, choices).empty
        assert results.durations(found)["median"].isna().all()
        assert results.duration_curve(found).empty
        assert results.placed_again(found, choices)["value"].isna().all()
        assert results.breakdowns(found).empty
        assert results.forecast(daily).empty
        assert results.back_test(daily).empty
        assert results.sensitivity(found, daily, choices)["value"].isna().all()


def test_the_planted_truth_comes_back_whatever_the_order_of_rows() -> None:
    simulated = simulate(numbers=PUBLIC)
    rows = simulated.frames["placements"].assign(age_group="child")
    rows = rows.assign(person_sex=rows["sex"])
    rows = rows[~(rows["legal_basis"] == "lvm")]
    rows.loc[rows["person"].str[:4].astype(int) < 2000, "age_group"] = "adult"
    provenance = {
        "until": date.fromisoformat(str(EXTRACTION)).isoformat(),
        "register_breaks": [{"date": simulated.truth["migration"]}],
    }
    tables = []
    for frame in (rows, rows.sample(frac=1, random_state=1).reset_index(drop=True)):
        frames = {"placements": frame, "prices": simulated.frames["prices"]}
        found = results.register(frames, provenance, CHOICES)
        daily = results.daily(found, "both")
        tables.append(
            (
                results.days_by_kind(daily, results.daily(found, "first_only"), CHOICES),
                results.costs_by_kind(daily, CHOICES),
                results.by_year(found, daily),
                results.sensitivity(found, daily, CHOICES),
            )
        )
    for one, other in zip(*tables, strict=True):
        pd.testing.assert_frame_equal(one, other)
    kinds = tables[0][0]
    own = kinds[kinds["year"] == 2023].set_index(["group", "kind"])
    truth = simulated.truth
    assert own.loc[("residential", "total"), "days"] == truth["days"]["residential"] == 16_808
    assert own.loc[("residential", "total"), "other_days"] == truth["nights"]["residential"]
    assert own.loc[("family_homes", "consultant_family_home"), "days"] == 30_263


def test_missing_values_ask_for_a_reason_only_where_there_is_an_end() -> None:
    table = results.missing_values(register(), ("end_reason", "legal_basis", "provider"))
    # Two placements are open; one has no ground; there is no column of providers.
    assert table["missing"].tolist() == [0, 1, 10]
    assert table["rows"].tolist() == [8, 10, 10]
