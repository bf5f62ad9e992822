"""Selection, joining over a change of system, episodes, and the three outcomes: by hand."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets.placement_days.registers import BREAK, UNTIL, register
from umea_eval.datasets.placement_days.measures import (
    breakdowns,
    care_episodes,
    days_per_month,
    durations,
    flow_per_month,
    join_breaks,
    moves,
    new_and_moved,
    placed_again,
    select,
    unplanned_ends,
    with_episodes,
)
from umea_eval.errors import UserError

MONTH = 365.25 / 12


@pytest.fixture
def care() -> pd.DataFrame:
    """Children and young people, Bo's placement whole again: eight placements."""
    return join_breaks(select(register()), [BREAK])


def test_children_and_adults_are_never_pooled() -> None:
    assert set(select(register())["person"]) == {"a", "b", "c"}
    assert set(select(register(), ages=["child"])["person"]) == {"a", "b"}
    assert select(register(), ages=["adult"])["person"].tolist() == ["d"]
    with pytest.raises(UserError, match="vuxna"):
        select(register(), ages=["child", "adult"])


def test_grounds_in_groups() -> None:
    groups = select(register())["legal_group"].astype("object")
    assert groups.where(groups.notna(), None).tolist() == [
        *("lvu", "lvu", "sol"),
        *("lvu", "lvu", "lvu"),
        *("sol", "sol", None),
    ]


def test_a_change_of_record_system_is_joined(care: pd.DataFrame) -> None:
    whole = select(register())
    assert (len(whole), len(care)) == (9, 8)
    bo = care[(care["person"] == "b") & (care["kind"] == "family_home")]
    assert bo["starts"].tolist() == [pd.Timestamp("2022-12-01")]
    assert bo["ends"].isna().all()
    assert bo["end_reason"].isna().all()
    # The night to 1 February comes back; where both days count nothing is lost or won.
    for counting, more in (("first_only", 1), ("both", 0)):
        before, after = (
            int(days_per_month(frame, counting=counting, until=UNTIL)["days"].sum())  # type: ignore[arg-type]
            for frame in (whole, care)
        )
        assert after - before == more


def test_only_the_same_home_is_joined() -> None:
    frame = register()
    other = frame.assign(home=frame["home"].mask(frame["starts"] == pd.Timestamp(BREAK), "h9"))
    assert len(join_breaks(other, [BREAK])) == len(other)
    assert len(join_breaks(frame, [date(2024, 3, 1)])) == len(frame)
    assert len(join_breaks(frame.drop(columns="home"), [BREAK])) == len(frame) - 1


def test_two_changes_of_system_after_each_other() -> None:
    frame = pd.DataFrame(
        {
            "person": ["a"] * 3,
            "kind": ["hvb"] * 3,
            "starts": pd.to_datetime(["2023-01-01", "2023-05-01", "2023-09-01"]),
            "ends": pd.to_datetime(["2023-05-01", "2023-08-31", "2023-12-31"]),
            "end_reason": ["migration", "migration", "planned"],
        }
    )
    joined = join_breaks(frame, [date(2023, 9, 1), date(2023, 5, 1)])
    assert joined["starts"].tolist() == [pd.Timestamp("2023-01-01")]
    assert joined["ends"].tolist() == [pd.Timestamp("2023-12-31")]
    assert joined["end_reason"].tolist() == ["planned"]


def test_episodes_by_hand(care: pd.DataFrame) -> None:
    rows = with_episodes(care)
    marks = ["person", "new", "moved", "within"]
    assert rows[marks].to_numpy().tolist() == [
        ["a", True, False, False],
        ["a", False, True, False],  # on the same day
        ["a", True, False, False],  # after 199 days at home
        ["b", True, False, False],
        ["b", False, False, True],  # a week elsewhere while the place is kept
        ["c", True, False, False],
        ["c", False, True, False],  # the day after
        ["c", True, False, False],  # five days later
    ]
    assert rows.loc[rows["moved"], "kind_before"].tolist() == ["hvb", "emergency_home"]
    columns = ["person", "placements", "moves", "kind", "last_kind"]
    assert care_episodes(care)[columns].to_numpy().tolist() == [
        ["a", 2, 1, "hvb", "consultant_family_home"],
        ["a", 1, 0, "hvb", "hvb"],
        ["b", 2, 0, "family_home", "family_home"],
        ["c", 2, 1, "emergency_home", "family_home"],
        ["c", 1, 0, "hvb", "hvb"],
    ]
    assert care_episodes(care)["ends"].isna().tolist() == [False, True, True, False, False]


def test_a_week_between_homes_joins_them(care: pd.DataFrame) -> None:
    wide = care_episodes(care, gap_days=7)
    # Cim's HVB is now a move within ongoing care, and no new placement.
    assert wide[["person", "moves"]].to_numpy().tolist() == [["a", 1], ["a", 0], ["b", 0], ["c", 2]]
    assert len(care_episodes(care, gap_days=200)) == 3
    # On the last day itself only: Cim's move the day after is then a new episode.
    assert len(care_episodes(care, gap_days=0)) == 6
    with pytest.raises(UserError, match="gap_days"):
        care_episodes(care, gap_days=-1)


def test_where_the_home_is_unknown_another_kind_is_another_home(care: pd.DataFrame) -> None:
    unknown = with_episodes(care.assign(home=None))
    assert unknown["moved"].sum() == 2
    same = care.assign(home=None, kind="hvb")
    assert with_episodes(same)["moved"].sum() == 0
    assert with_episodes(care.drop(columns="home"))["moved"].sum() == 2


def test_another_row_of_the_same_home_is_no_move() -> None:
    whole = with_episodes(select(register()))  # not joined
    assert whole["new"].sum() == 5
    assert whole["moved"].sum() == 2


def test_new_and_moved_by_hand(care: pd.DataFrame) -> None:
    assert new_and_moved(care).astype("object").to_numpy().tolist() == [
        [2022, "family_home", 1, 0],
        [2023, "family_home", 0, 1],
        [2023, "consultant_family_home", 0, 1],
        [2023, "emergency_home", 1, 0],
        [2023, "hvb", 1, 0],
        [2024, "hvb", 2, 0],
    ]


def test_moves_by_hand(care: pd.DataFrame) -> None:
    year = {"since": date(2023, 1, 1), "until": date(2023, 12, 31)}
    (row,) = moves(care, **year).to_dict("records")  # type: ignore[arg-type]
    # Anna 10 January to 30 June: 22 + 28 + 31 + 30 + 31 + 30 = 172 days, the day of the move once.
    # Bo the whole year, 365. Cim 1 March to 31 December: 306. In all 843 days.
    assert (row["numerator"], row["denominator"]) == (2, 843)
    assert row["value"] == pytest.approx(2 / 843 * 365)
    assert row["lower"] < row["value"] < row["upper"]
    assert (row["children"], row["children_in_care"]) == (2, 3)
    by_sex = moves(care, **year, by=["person_sex"])  # type: ignore[arg-type]
    assert by_sex[["person_sex", "numerator", "denominator"]].to_numpy().tolist() == [
        ["men", 0, 365],
        ["women", 2, 478],
    ]
    assert moves(care, **year, gap_days=0)["numerator"].tolist() == [1]  # type: ignore[arg-type]


def test_placed_again_by_hand(care: pd.DataFrame) -> None:
    # Returns: Anna on 30 June 2023 (again after 199 days, 6.5 months), Cim on 31 December 2023
    # (again after 5 days) and on 1 March 2024 (followed for 121 days, 4.0 months).
    found = placed_again(care, until=UNTIL, within_months=6)
    assert found[["numerator", "denominator", "months"]].to_numpy().tolist() == [[1, 3, 6]]
    assert found["value"].tolist() == [pytest.approx(1 / 3)]
    assert found["lower"].iloc[0] < 1 / 3 < found["upper"].iloc[0]
    # Nobody has been followed for 24 months; then there is no share.
    longer = placed_again(care, until=UNTIL)
    assert longer[["numerator", "denominator", "months"]].to_numpy().tolist() == [[2, 3, 24]]
    assert longer["value"].isna().all()
    # Two years later all three have been; Cim's second return has not been followed by another.
    later = placed_again(care, until=date(2026, 6, 30))
    assert later["value"].tolist() == [pytest.approx(2 / 3)]


def test_each_choice_of_placed_again_moves_the_share(care: pd.DataFrame) -> None:
    wide = placed_again(care, until=date(2026, 6, 30), gap_days=7)
    assert wide[["numerator", "denominator"]].to_numpy().tolist() == [[1, 2]]
    shorter = placed_again(care, until=date(2026, 6, 30), within_months=6)
    assert shorter["value"].tolist() == [pytest.approx(1 / 3)]
    stricter = placed_again(care, until=date(2026, 6, 30), not_home=["breakdown"])
    assert stricter[["numerator", "denominator"]].to_numpy().tolist() == [[1, 2]]
    recent = placed_again(care, until=date(2026, 6, 30), since=date(2023, 12, 1))
    assert recent[["numerator", "denominator"]].to_numpy().tolist() == [[1, 2]]
    girls = placed_again(care, until=date(2026, 6, 30), by="person_sex")
    assert girls[["person_sex", "denominator"]].to_numpy().tolist() == [["women", 3]]


def test_breakdowns_by_hand(care: pd.DataFrame) -> None:
    # Days in the home, both days counted: planned ends after 8 (Bo), 15, 57 and 141 days, unplanned
    # after 32 (Anna ran away) and 291 (Cim's family home); open after 168 (Anna) and 578 (Bo).
    # At 32 days 6 of 8 are left: 6/8 · 1/6 = 1/8. At 291 days 2 are, of 3/8: 3/8 · 1/2 = 3/16.
    found = breakdowns(care, until=UNTIL, at_months=[1, 6, 12, 36])
    assert found["months"].tolist() == [1, 6, 12]  # nobody has been followed for three years
    assert found["value"].tolist() == pytest.approx([0, 1 / 8, 1 / 8 + 3 / 16])
    assert found["denominator"].tolist() == [8, 8, 8]
    assert found["no_reason"].tolist() == [0, 0, 0]
    only = breakdowns(care, until=UNTIL, at_months=[12], unplanned=["breakdown"])
    assert only["value"].tolist() == pytest.approx([3 / 16])
    none = breakdowns(care.assign(end_reason=None), until=UNTIL, at_months=[12])
    assert none[["value", "no_reason"]].to_numpy().tolist() == [[0, 6]]


def test_unplanned_ends_by_hand(care: pd.DataFrame) -> None:
    found = unplanned_ends(care)
    assert found[["year", "numerator", "denominator"]].to_numpy().tolist() == [
        [2023, 2, 5],
        [2024, 0, 1],
    ]
    assert found["lower"].iloc[0] < 0.4 < found["upper"].iloc[0]
    wider = unplanned_ends(care, unplanned=["absconded", "breakdown", "moved"])
    assert wider["numerator"].tolist() == [3, 0]
    silent = unplanned_ends(care.assign(end_reason=care["end_reason"].mask(care["person"] == "a")))
    assert silent[["numerator", "denominator", "no_reason"]].to_numpy().tolist() == [
        [1, 3, 2],
        [0, 1, 0],
    ]


def test_durations_by_hand(care: pd.DataFrame) -> None:
    found = durations(care, until=UNTIL, at_months=[6, 12])
    # Ends after 8, 15, 32, 57 and 141 days leave 3 of 8; of the two still followed at 291 one ends.
    assert found["value"].tolist()[1:] == pytest.approx([3 / 8, 3 / 16])
    # Half are left from 57 to 141 days: the median is the middle, as in R.
    assert found["value"].iloc[0] == pytest.approx((57 + 141) / 2 / MONTH)
    assert np.isnan(found["months"].iloc[0])


def test_delayed_entry(care: pd.DataFrame) -> None:
    late = durations(care, until=UNTIL, since=date(2023, 1, 1), at_months=[6])
    # Bo's placement enters after 31 days: 6/7 · 5/7 · … until then 7 are at risk, then he is too:
    # 6/7 · 5/6 · 5/6 · 4/5 · 3/4 = 5/14.
    assert late["value"].iloc[1] == pytest.approx(6 / 7 * 5 / 6 * 5 / 6 * 4 / 5 * 3 / 4)
    # What ended before the data begin is not in them.
    after = durations(care, until=UNTIL, since=date(2023, 4, 1), at_months=[1])
    assert after["denominator"].tolist()[0] == 6


def test_durations_of_episodes_by_kind(care: pd.DataFrame) -> None:
    found = durations(care_episodes(care), until=UNTIL, by="kind", at_months=[1])
    assert found["kind"].drop_duplicates().tolist() == ["family_home", "emergency_home", "hvb"]
    # Cim's 306 days and Anna's 172 go on after a month in all.
    assert found.loc[found["months"] == 1, "value"].tolist() == [1, 1, 1]


def test_flow_by_hand(care: pd.DataFrame) -> None:
    found = flow_per_month(care, since=date(2023, 1, 1), until=date(2023, 6, 30))
    assert found[["starts", "exits", "stock"]].to_numpy().tolist() == [
        [1, 0, 2],  # Bo was there; Anna comes
        [1, 1, 2],  # Anna moves
        [2, 1, 3],  # Cim comes and moves
        [0, 0, 3],
        [0, 0, 3],
        [0, 1, 2],  # Anna goes home on the last of June
    ]
    episodes = flow_per_month(care_episodes(care), since=date(2023, 1, 1), until=date(2023, 6, 30))
    assert episodes["starts"].tolist() == [1, 0, 1, 0, 0, 0]
    by_kind = flow_per_month(care, since=date(2023, 1, 1), until=UNTIL, by=["kind"])
    assert by_kind.groupby("month")["stock"].sum().iloc[5] == 2


def test_a_change_of_system_is_neither_exit_nor_start() -> None:
    months = {"since": date(2024, 1, 1), "until": date(2024, 2, 29)}
    cut = flow_per_month(select(register()), **months)
    whole = flow_per_month(join_breaks(select(register()), [BREAK]), **months)
    assert cut[["starts", "exits"]].to_numpy().tolist() == [[2, 1], [1, 0]]
    assert whole[["starts", "exits"]].to_numpy().tolist() == [[2, 0], [0, 0]]


STAYS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.integers(0, 60),
        st.one_of(st.none(), st.integers(0, 30)),
        st.sampled_from("xyz"),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=40)
@given(STAYS, st.integers(0, 5))
def test_episodes_are_those_of_the_calendar(
    stays: list[tuple[str, int, int | None, str]], gap_days: int
) -> None:
    start = pd.Timestamp("2024-01-01")
    frame = pd.DataFrame(
        {
            "person": [who for who, *_ in stays],
            "kind": "hvb",
            "home": [home for *_, home in stays],
            "starts": [start + pd.Timedelta(days=first) for _, first, _, _ in stays],
            "ends": pd.to_datetime(
                [
                    pd.NaT if length is None else start + pd.Timedelta(days=first + length)
                    for _, first, length, _ in stays
                ]
            ),
        }
    )
    expected = 0
    for child in "ab":
        days: set[int] = set()
        for who, first, length, _ in stays:
            if who == child:
                days |= set(range(first, 200 if length is None else first + length + 1))
        order = sorted(days)
        expected += bool(order)
        expected += sum(b - a > max(gap_days, 1) for a, b in pairwise(order))
    rows = with_episodes(frame, gap_days=gap_days)
    if gap_days >= 1:
        assert rows["episode"].nunique() == expected == rows["new"].sum()
    assert not (rows["moved"] & (rows["new"] | rows["within"])).any()
    mixed = with_episodes(frame.iloc[::-1], gap_days=gap_days)
    assert mixed["new"].sum() == rows["new"].sum()


def test_measures_of_nothing_and_of_one() -> None:
    none, one = select(register()).head(0), select(register()).head(1)
    assert care_episodes(none).empty
    assert join_breaks(none, [BREAK]).empty
    assert new_and_moved(none).empty
    period = {"since": date(2023, 1, 1), "until": UNTIL}
    assert moves(none, **period).empty  # type: ignore[arg-type]
    for measure in (durations, placed_again, breakdowns):
        assert measure(none, until=UNTIL).empty  # type: ignore[operator]
    assert unplanned_ends(none).empty
    assert moves(one, **period)["numerator"].tolist() == [0]  # type: ignore[arg-type]
    assert durations(one, until=UNTIL, at_months=[1])["value"].tolist() == pytest.approx(
        [32 / MONTH, 1.0]
    )
    assert durations(one, until=UNTIL, at_months=[36])["months"].isna().tolist() == [True]
    assert unplanned_ends(one)["value"].tolist() == [1.0]


def test_nothing_is_changed(care: pd.DataFrame) -> None:
    before = care.copy()
    for measure in (care_episodes, new_and_moved, unplanned_ends):
        measure(care)  # type: ignore[operator]
    join_breaks(care, [BREAK])
    durations(care, until=UNTIL)
    pd.testing.assert_frame_equal(care, before)
