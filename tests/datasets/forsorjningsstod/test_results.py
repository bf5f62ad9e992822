"""The tables of the evaluation, by hand on a small register and against the planted truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.datasets.forsorjningsstod import register as dozen
from umea_eval.datasets.forsorjningsstod import measures, results
from umea_eval.datasets.forsorjningsstod.measures.exits import REASONS
from umea_eval.datasets.forsorjningsstod.measures.obstacles import GROUPS
from umea_eval.datasets.forsorjningsstod.synthetic import EXTRACTION, simulate
from umea_eval.methods.nested import with_months

PUBLIC = Path(__file__).parents[3] / "data/raw/public"


def payments(rows: list[tuple[str, str, str, float]]) -> pd.DataFrame:
    """Payments of livelihood support: household, month, the head's sex, amount."""
    frame = pd.DataFrame(rows, columns=["household", "month", "person_sex", "amount"])
    frame["month"] = pd.to_datetime(frame["month"] + "-01")
    return frame.assign(person=frame["household"], support_kind="livelihood", role="head")


def year_of(household: str, sex: str, months: range) -> list[tuple[str, str, str, float]]:
    return [(household, f"2023-{month:02}", sex, 1000.0) for month in months]


# A: twelve months (long-term), B: ten with a gap in June and July (long-term), C: three months;
# D: January to April, and again in December: eight months later.
REGISTER = payments(
    [
        *year_of("A", "women", range(1, 13)),
        *year_of("B", "women", range(1, 6)),
        *year_of("B", "women", range(8, 13)),
        *year_of("C", "men", range(2, 5)),
        *year_of("D", "men", range(1, 5)),
        ("D", "2023-12", "men", 5000.0),
    ]
)


@pytest.fixture
def found() -> results.Register:
    return results.register({"payments": REGISTER}, pd.Timestamp("2024-01-10"))


def test_the_period_holds_whole_months_only(found: results.Register) -> None:
    assert (found.first, found.last) == (pd.Timestamp("2023-01-01"), pd.Timestamp("2023-12-01"))
    earlier = results.register({"payments": REGISTER}, pd.Timestamp("2023-12-31"))
    assert earlier.last == pd.Timestamp("2023-11-01")  # December was not over


def test_by_sex_by_hand(found: results.Register) -> None:
    table = results.by_sex(found, results.Choices(2023)).set_index("sex")
    names = ["households", "benefit_months", "long_term"]
    assert table[names].to_numpy().tolist() == [
        [2, 22, 2],  # A 12 + B 10
        [2, 8, 0],  # C 3 + D 5
        [4, 30, 2],
    ]
    assert table["mean_months"].tolist() == [11, 4, 7.5]
    assert table["share"].tolist() == [1, 0, 0.5]
    # Wilson of 2 of 4: centre 1/2, half width z/2 * sqrt(1/(n + z^2)).
    z = 1.959963984540054
    half = z / 2 * np.sqrt(1 / (4 + z**2))
    assert table.loc["total", ["lower", "upper"]].tolist() == pytest.approx(
        [0.5 - half, 0.5 + half]
    )
    # With 11 months as the limit B is not long-term; with 13 nobody can be.
    assert results.by_sex(found, results.Choices(2023, least=11)).set_index("sex")[
        "long_term"
    ].tolist() == [1, 0, 1]


def test_the_difference_is_of_the_table_above(found: results.Register) -> None:
    row = results.sex_difference(results.by_sex(found, results.Choices(2023))).iloc[0]
    assert row["value"] == 1
    assert row["lower"] < 1 <= row["upper"]


@pytest.fixture(scope="module")
def two_years() -> results.Register:
    """The dozen households of `register`, two years of data."""
    rows = dozen.payments().assign(person_sex="women", role="head")
    return results.register({"payments": rows}, pd.Timestamp("2024-01-10"))


def test_the_age_is_that_of_the_year(two_years: results.Register) -> None:
    # All heads were born in 1980. In 2022 eight households had 43 months, in 2023 six had 35.
    for year, expected in ((2022, [8, 43]), (2023, [6, 35])):
        table = results.by_age(two_years, results.Choices(year)).set_index("age")
        assert table.loc["25_44", ["households", "benefit_months"]].tolist() == expected
        assert table.loc["total", ["households", "benefit_months"]].tolist() == expected
        assert table.loc["65_over", "households"] == 0
    older = two_years.payments.assign(person_birth_year=1978)  # 45 in 2023, 44 in 2022
    moved = results.register({"payments": older}, pd.Timestamp("2024-01-10"))
    assert results.by_age(moved, results.Choices(2023)).set_index("age")["households"]["45_64"] == 6
    assert results.by_age(moved, results.Choices(2022)).set_index("age")["households"]["45_64"] == 0
    unborn = two_years.payments.drop(columns="person_birth_year")
    unknown = results.register({"payments": unborn}, pd.Timestamp("2024-01-10"))
    assert (
        results.by_age(unknown, results.Choices(2023)).set_index("age")["households"]["unknown"]
        == 6
    )


def test_new_households_by_hand(two_years: results.Register) -> None:
    table = results.new_in_year(two_years, results.Choices(2023)).set_index("look_back")
    # Of A, D, E, F, I and L: E, I and L after twelve months; D's September 2023 too after six.
    assert table["numerator"].tolist() == [4, 4, 3]
    assert table["denominator"].tolist() == [6, 6, 6]
    assert table["share"].tolist() == pytest.approx([4 / 6, 4 / 6, 3 / 6])
    # What lies within what: those of twelve months within those of six, the mildest within all.
    assert table["numerator_wider"].tolist() == [6, 4, 4]
    # Data begin with 2022: nobody can be known to be new in all of that year.
    earlier = results.new_in_year(two_years, results.Choices(2022))
    assert earlier["numerator"].isna().all()
    assert earlier["share"].isna().all()


def test_the_latest_months_by_hand(two_years: results.Register) -> None:
    table = results.rolling(two_years, results.Choices(2023)).set_index("definition")
    # December 2023: A with twelve of twelve, I with one.
    assert table.loc["rolling", ["month", "households", "long_term"]].tolist() == ["2023-12", 2, 1]
    # Thirty-six months do not lie in two years of data.
    assert pd.isna(table.loc["very_long", "long_term"])
    assert pd.isna(table.loc["very_long", "share"])
    # December 2022: A, C, F and H; C has nine of the twelve months, A twelve.
    for least, long_term in ((10, 1), (9, 2)):
        own = results.rolling(two_years, results.Choices(2022, least=least))
        assert own.set_index("definition").loc["rolling", "long_term"] == long_term
    longer = [("A", f"{month:%Y-%m}", "women", 1.0) for month in months(36)]
    longer += [("B", f"{month:%Y-%m}", "men", 1.0) for month in months(36)[10:]]
    whole = results.register({"payments": payments(longer)}, pd.Timestamp("2024-01-10"))
    own = results.rolling(whole, results.Choices(2023)).set_index("definition")
    assert own.loc["very_long", ["households", "long_term"]].tolist() == [2, 1]  # B has 26 months


def months(count: int) -> pd.DatetimeIndex:
    """So many months that end with December 2023."""
    return pd.date_range(end="2023-12-01", periods=count, freq="MS")


def test_the_bridges_by_hand(two_years: results.Register) -> None:
    table = results.bridges(two_years, results.Choices(2023)).set_index("way")
    # L's May is livsföring i övrigt only: 34 of 35 months. No record system changed.
    assert table.loc["support", ["other", "own"]].tolist() == [34, 35]
    assert table.loc["support", "ratio"] == pytest.approx(34 / 35)
    assert table.loc["support", "lower"] < 34 / 35 < table.loc["support", "upper"]
    assert table.loc["unjoined", "ratio"] == 1
    assert "paid" not in table.index  # no dates of payment
    # Paid on the last day of the month before: the months of payment are one earlier. February to
    # November have the month before and after in the data; A and B have both ways alike there, C's
    # February to April become January to March, and D's January to April December to March.
    paid = REGISTER["month"] - pd.Timedelta(days=1)
    dated = results.register(
        {"payments": REGISTER.assign(paid_on=paid)}, pd.Timestamp("2024-01-10")
    )
    row = results.bridges(dated, results.Choices(2023)).set_index("way").loc["paid"]
    assert row["months"] == "2023-02–2023-11"
    # Concerned: A 10, B 8, C 3, D 3 = 24. Paid: A 10, B January-April and July-November: 3 + 5 = 8,
    # C 2 (February, March), D 2 and its December, paid in November: 3.
    assert (row["own"], row["other"]) == (24, 23)


def test_a_change_of_numbers_is_bridged() -> None:
    rows = [*year_of("A", "women", range(1, 7)), *year_of("C", "men", range(2, 5))]
    renamed = [
        (f"new {number}", f"2023-{month:02}", "women", 1000.0)
        for number in range(30)
        for month in range(7, 13)
    ]
    before = [
        (f"old {number}", f"2023-{month:02}", "women", 1000.0)
        for number in range(30)
        for month in range(1, 7)
    ]
    found = results.register(
        {"payments": payments([*rows, *renamed, *before])}, pd.Timestamp("2024-01-10")
    )
    row = results.bridges(found, results.Choices(2023)).set_index("way").loc["unjoined"]
    # All thirty old numbers, and A, end in June with the change: no exits. C leaves in April.
    assert (row["own"], row["other"]) == (1, 32)


def test_obstacles_quarter_by_quarter_by_hand() -> None:
    people = measures.benefit_months(dozen.payments(), unit="person")
    by_person = measures.obstacle_months(dozen.payments(), people)
    table = results.obstacles_over_time(by_person, 2023).set_index(["quarter", "group"])
    # April to June 2022: A and H three months each, B three not recorded, C one and D one.
    assert table["persons"]["2022:2", "total"] == 11
    assert table["persons"]["2022:2", "unemployed"] == 6
    assert table["of_recorded"]["2022:2", "unemployed"] == 7  # D's month on sick leave
    # From 2023 A has no obstacle, which is recorded.
    assert table["persons"]["2023:1", "none"] == 3
    years = results.obstacles_in(by_person, 2023).set_index("group")["persons"]
    own = table[table["year"] == "2023"].groupby("group")["persons"].sum()
    assert own.to_dict() == years.to_dict()
    # Another list of codes held in 2016.
    assert set(
        results.obstacles_over_time(
            by_person.assign(month=by_person["month"] - pd.DateOffset(years=6)), 2017
        )["year"]
    ) == {"2017"}


def test_obstacles_and_reasons_stand_in_a_fixed_order(found: results.Register) -> None:
    """An order by size would tell which of two suppressed numbers is the larger one."""
    people = measures.benefit_months(dozen.payments(), unit="person")
    by_person = measures.obstacle_months(dozen.payments(), people)
    order = [*GROUPS, "total"]
    over_time = results.obstacles_over_time(by_person, 2023)
    tables = [results.obstacles_in(by_person, 2023)]
    tables += [part for _, part in over_time.groupby("quarter")]
    for table in tables:
        places = [order.index(group) for group in table["group"]]
        assert places == sorted(places)
    reasons = results.exit_reasons(found, results.Choices(2023))["reason"].tolist()
    assert reasons == sorted(reasons, key=REASONS.index)


def test_durations_and_returns_by_hand(found: results.Register) -> None:
    # Gap 1: A; B twice (June and July without); C; D twice. Gap 2 and 3: B's gap of two months
    # parts it under 1 and 2, and not under 3.
    spells = results.durations(found, results.Choices(2023)).set_index("gap")["spells"]
    assert spells.tolist() == [6, 6, 5]
    # Followed for four months are exits in January to August: under gap 1 B (May), C and D (April).
    own = results.returns(found, results.Choices(2023, within=4)).set_index("gap")
    assert own["exits"].tolist() == [3, 3, 2]
    # B came back after two months without, its third month; C never; D after more than four.
    assert own["returned"].tolist() == [1, 1, 0]


def test_amounts_and_who_gives_most_by_hand(found: results.Register) -> None:
    (row,) = results.amounts_by_year(measures.net_months(found.payments)).to_dict("records")
    # A 12 000, B 10 000, D 4 000 + 5 000, C 3 000.
    assert (row["net"], row["households"]) == (34_000, 4)
    assert (row["net_1"], row["net_2"]) == (12_000, 10_000)
    (kind,) = results.kinds_in(found.payments, 2023).to_dict("records")
    assert (kind["paid"], kind["paid_1"], kind["repaid_1"]) == (34_000, 12_000, 0)


def test_who_pays_all_back_has_had_no_support() -> None:
    rows = payments([*year_of("A", "women", range(1, 4)), *year_of("B", "men", range(1, 2))])
    back = rows[rows["household"] == "B"].assign(amount=-1000.0)
    found = results.register({"payments": pd.concat([rows, back])}, pd.Timestamp("2024-01-10"))
    (row,) = results.amounts_by_year(measures.net_months(found.payments)).to_dict("records")
    assert (row["households"], row["recipients"]) == (2, 1)
    sexes = results.by_sex(found, results.Choices(2023)).set_index("sex")
    assert sexes.loc["total", "households"] == row["recipients"]


def test_what_the_months_of_the_flow_add_up_to_is_known(found: results.Register) -> None:
    choices = results.Choices(2023, within=4)
    spells = results.found_spells(found, choices)
    flows = measures.flows(spells, first=found.first, last=found.last, gap=choices.gap)
    flows = flows.assign(month=flows["month"].dt.strftime("%Y-%m"))
    table = results.returns(found, choices)
    chosen = table["gap"] == choices.gap
    # Exits followed for four months are those of January to August.
    more = with_months(table, chosen, "exits", flows, "outflow", prefix="out", last="2023-08")
    months = [name for name in more if name.startswith("out ")]
    assert len(months) == 8
    assert more.loc[chosen, months].sum(axis=1).tolist() == more.loc[chosen, "exits"].tolist()
    assert more.loc[~chosen, months].isna().all(axis=None)
    # All that begin, and the one that ran before, are the spells.
    lasting = results.durations(found, choices)
    own = lasting["gap"] == choices.gap
    given = {"prefix": "new", "before": "stock_start"}
    more = with_months(lasting, own, "spells", flows, "inflow", **given)
    assert "new before" in more
    # Other months are not that sum, and then say nothing.
    short = with_months(table, chosen, "exits", flows, "outflow", prefix="out", last="2023-03")
    assert short is table


def test_the_last_month_of_another_year_is_not_this_years(found: results.Register) -> None:
    assert not results.rolling(found, results.Choices(2023)).empty
    assert results.rolling(found, results.Choices(2024)).empty


def test_every_variant_moves_as_it_must(found: results.Register) -> None:
    table = results.sensitivity(found, results.Choices(2023))
    assert table["chosen"].sum() == 2  # one long-term share, one share of returns
    long_term = table[table["definition"] == "household_ekonomiskt_bistand"]
    assert long_term["value"].is_monotonic_decreasing
    returned = table[table["measure"] == "returned"].set_index(["definition", "setting"])
    for gap in (1, 2, 3):
        rows = returned.loc[f"gap_{gap}"]
        assert rows.loc["12", "denominator"] <= rows.loc["6", "denominator"]


def test_short_data_say_how_far_exits_by_reason_are_followed() -> None:
    """Reasons are waited for until August. C ends in its third month, by its decision; B's second
    spell is followed in August only, and D's second begins later: no spell is followed for long."""
    ended = {"household": "C", "starts": "2023-02-01", "ends": "2023-04-30", "exit_reason": "work"}
    decisions = pd.DataFrame([ended | {"decided_on": "2023-02-01", "decision": "granted"}])
    days = ["starts", "ends", "decided_on"]
    decisions[days] = decisions[days].apply(pd.to_datetime)
    tables = {"payments": REGISTER, "decisions": decisions}
    short = results.register(tables, pd.Timestamp("2024-01-10"))
    row = results.exit_reasons(short, results.Choices(2023, gap=1)).iloc[0]
    # In the third month C is the only one followed, and ends.
    assert (row["reason"], row["exits"], row["value"], row["months"]) == ("work", 1, 1.0, 3)


def test_nothing_in_nothing_out() -> None:
    empty = results.register({"payments": REGISTER.iloc[:0]}, pd.Timestamp("2024-01-10"))
    choices = results.Choices(2023)
    assert empty.empty
    assert results.by_sex(empty, choices)["households"].tolist() == [0, 0, 0]
    assert results.sex_difference(results.by_sex(empty, choices))["value"].isna().all()
    assert results.durations(empty, choices)["median"].isna().all()
    assert results.duration_curve(empty, choices).empty
    assert results.exit_reasons(empty, choices).empty
    assert results.returns(empty, choices)["share"].isna().all()
    assert results.sensitivity(empty, choices)["value"].isna().all()
    assert results.by_age(empty, choices)["households"].sum() == 0
    assert results.new_in_year(empty, choices)["share"].isna().all()
    assert results.rolling(empty, choices).empty
    assert results.bridges(empty, choices).empty


def test_the_planted_truth_comes_back_whatever_the_order_of_rows() -> None:
    simulated = simulate(300, 4, numbers=PUBLIC)
    frames = dict(simulated.frames)
    frames["payments"] = frames["payments"].assign(person_sex=frames["payments"]["sex"])
    shuffled = frames["payments"].sample(frac=1, random_state=1).reset_index(drop=True)
    choices = results.Choices(2023)
    tables = [
        results.by_sex(results.register({"payments": rows}, pd.Timestamp(EXTRACTION)), choices)
        for rows in (frames["payments"], shuffled)
    ]
    pd.testing.assert_frame_equal(*tables)
    total = tables[0].set_index("sex").loc["total"]
    assert total["benefit_months"] == simulated.truth["benefit_months"]
    assert total["households"] == simulated.truth["recipients"]
    assert total["long_term"] == simulated.truth["long_term"]
