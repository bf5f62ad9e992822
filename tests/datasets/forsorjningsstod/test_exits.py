"""Exits with their reasons, and re-entries, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.datasets.forsorjningsstod.register import FIRST, LAST, decisions, payments
from umea_eval.datasets.forsorjningsstod.measures import (
    REASONS,
    begun_before,
    benefit_months,
    competing_exits,
    exits_by_reason,
    re_entries,
    re_entry_share,
    spells,
    with_reasons,
)
from umea_eval.errors import UserError
from umea_eval.methods.survival import cumulative_incidence


def register(gap: int = 1, **options: object) -> pd.DataFrame:
    return spells(benefit_months(payments()), gap=gap, first=FIRST, last=LAST, **options)


def reasons(late: int = 4) -> list[object]:
    found = with_reasons(register(), decisions(), last=LAST, late=late)
    exits = found[found["end"] == "exit"]
    return list(
        zip(exits["household"], exits["last"].dt.strftime("%y-%m"), exits["reason"], strict=True)
    )


def test_reasons_by_hand() -> None:
    assert reasons() == [
        ("B", "22-08", "work"),  # the decision ends two months later
        ("C", "22-04", "studies"),
        ("C", "22-12", "not_recorded"),  # five months later is too late
        ("D", "22-05", "not_recorded"),  # the one that ends in July ends after the return
        ("D", "22-09", "work"),  # of two for one exit the one decided last
        ("D", "23-10", "pending"),  # two months before the end of data
        ("E", "23-10", "work"),
        ("F", "23-09", "moved"),
        ("G", "22-02", "deceased"),
        ("H", "22-06", "not_recorded"),
        ("H", "22-12", "not_recorded"),  # a move to a new record system is no reason
        ("J", "22-08", "not_recorded"),
        ("L", "23-05", "not_recorded"),
    ]


def test_waiting_longer_finds_more_reasons() -> None:
    found = {late: dict.fromkeys(REASONS, 0) for late in (0, 1, 2, 4, 5)}
    for late, counts in found.items():
        for _, _, reason in reasons(late):
            if reason in counts:
                counts[str(reason)] += 1
    # B's reason comes after 2 months, C's second after 5. In the month itself: C, D, E, F, G.
    known = [13 - counts["not_recorded"] for counts in found.values()]
    assert [counts["work"] for counts in found.values()] == [2, 2, 3, 3, 4]
    # D's last exit, two months before the end, is pending from a delay of 3 on.
    assert known == [5, 5, 6, 7, 8]


def test_the_rows_and_the_index_stay() -> None:
    found = register().sample(frac=1, random_state=1)
    marked = with_reasons(found, decisions().sample(frac=1, random_state=2), last=LAST)
    pd.testing.assert_frame_equal(marked.drop(columns="reason"), found)
    plain = with_reasons(register(), decisions(), last=LAST)
    pd.testing.assert_frame_equal(marked.sort_index(), plain)
    # What is open has no reason.
    assert plain.loc[plain["end"] == "open", "reason"].isna().all()


def test_competing_exits_by_hand() -> None:
    marked = with_reasons(register(), decisions(), last=LAST)
    found = competing_exits(marked, last=LAST)
    work, studies = REASONS.index("work") + 1, REASONS.index("studies") + 1
    none = REASONS.index("not_recorded") + 1
    rows = found[["household", "entry", "duration", "cause"]].to_numpy().tolist()
    # Followed to August 2023, four months before the end: E for 8 and F for 9 months, censored,
    # although their reasons have come. D's last spell begins after it; A, G and I have no
    # follow-up as it is.
    assert rows == [
        ["B", 0, 6, work],
        ["C", 0, 3, studies],
        ["C", 0, 6, none],
        ["D", 0, 1, none],
        ["D", 0, 3, work],
        ["E", 0, 8, 0],
        ["F", 0, 9, 0],
        ["H", 0, 5, none],
        ["H", 0, 3, none],
        ["J", 0, 1, none],
        ["L", 0, 1, none],
    ]
    # All 11 are at risk in month 1. Work takes 1 of the 8 in month 3 and 1 of the 4 in month 6:
    # alive before month 3 are 8/11; 8/11 * 1/8 = 1/11; three leave in month 3, one in month 5, so
    # 4/11 before month 6, of which 1/4 for work: 2/11 in all.
    curve = cumulative_incidence(
        found["duration"], found["cause"], entry=found["entry"], at=[6]
    ).table.set_index("cause")
    assert curve.loc[work, "value"] == pytest.approx(2 / 11)


def test_late_entry_stays_in_competing_exits() -> None:
    begun = begun_before(decisions(), first=FIRST, gap=1)
    marked = with_reasons(register(begun=begun), decisions(), last=LAST)
    own = competing_exits(marked, last=LAST).iloc[0]
    # A from July 2021, seen from January 2022 (6 months gone) to August 2023 (26 months).
    assert own[["household", "entry", "duration", "cause"]].tolist() == ["A", 6, 26, 0]


def test_exits_by_reason_by_hand() -> None:
    marked = with_reasons(register(), decisions(), last=LAST)
    table = exits_by_reason(marked, per="year")
    counted = {
        (row.year, row.reason): (row.exits, row.share) for row in table.itertuples() if row.exits
    }
    # 2022: nine exits; 2023: D (pending), E, F and L.
    assert counted == {
        (2022, "work"): (2, 2 / 9),
        (2022, "studies"): (1, 1 / 9),
        (2022, "deceased"): (1, 1 / 9),
        (2022, "not_recorded"): (5, 5 / 9),
        (2023, "work"): (1, 1 / 4),
        (2023, "moved"): (1, 1 / 4),
        (2023, "not_recorded"): (1, 1 / 4),
        (2023, "pending"): (1, 1 / 4),
    }
    months = exits_by_reason(marked)
    assert months["exits"].sum() == 13
    assert months["month"].nunique() == 10


def test_re_entries_by_hand() -> None:
    found = re_entries(register(), last=LAST)
    rows = [
        (row.household, f"{row.exit:%y-%m}", row.duration, row.event, row.followed)
        for row in found.itertuples()
    ]
    assert rows == [
        ("B", "22-08", 12, 0, True),  # followed for 16 months, of which 12 count
        ("C", "22-04", 3, 1, True),  # July
        ("C", "22-12", 12, 0, True),  # December 2023 is the twelfth month
        ("D", "22-05", 2, 1, True),
        ("D", "22-09", 12, 1, True),  # September 2023: the twelfth month counts
        ("D", "23-10", 2, 0, False),
        ("E", "23-10", 2, 0, False),
        ("F", "23-09", 3, 0, False),
        ("G", "22-02", 12, 0, True),
        ("H", "22-06", 4, 1, True),  # October
        ("H", "22-12", 12, 0, True),
        ("J", "22-08", 12, 0, True),
        ("L", "23-05", 7, 0, False),
    ]
    assert found["re_entry"].dropna().dt.strftime("%y-%m").tolist() == [
        "22-07",
        "22-07",
        "23-09",
        "22-10",
    ]
    # 2022: 4 of 9; of 2023 nobody is followed for 12 months.
    table = re_entry_share(found)
    assert table["numerator"].tolist() == [4, 0]
    assert table["denominator"].tolist() == [9, 0]
    assert table["not_followed"].tolist() == [0, 4]
    assert table["value"].iloc[0] == 4 / 9
    assert pd.isna(table["value"].iloc[1])


@pytest.mark.parametrize(("gap", "back", "exits"), [(1, 4, 9), (2, 3, 8), (3, 2, 7)])
def test_a_larger_gap_gives_fewer_re_entries(gap: int, back: int, exits: int) -> None:
    # G = 2 takes away D's pause of a month, G = 3 also C's of two.
    table = re_entry_share(re_entries(register(gap), last=LAST))
    assert table.iloc[0][["numerator", "denominator"]].tolist() == [back, exits]


def test_a_shorter_time_gives_fewer_re_entries() -> None:
    def back(within: int) -> int:
        return int(re_entries(register(), last=LAST, within=within)["event"].sum())

    # After 2, 3, 4 and 12 months.
    assert [back(within) for within in (1, 2, 3, 4, 11, 12)] == [0, 1, 2, 3, 3, 4]
    # And more exits that are followed long enough: E, F, D and L within two months.
    table = re_entry_share(re_entries(register(), last=LAST, within=2))
    assert table["denominator"].tolist() == [9, 4]


def test_who_has_died_or_moved_is_not_at_risk() -> None:
    marked = with_reasons(register(), decisions(), last=LAST)
    found = re_entries(marked, last=LAST)
    # Without G, who has died, and F, who has moved.
    assert len(found) == 11
    assert re_entry_share(found).iloc[0][["numerator", "denominator"]].tolist() == [4, 8]
    assert len(re_entries(marked, last=LAST, cannot_return=())) == 13


def test_a_change_of_record_system_is_no_re_entry() -> None:
    dates = pd.date_range("2023-01-01", periods=10, freq="MS")
    marks = "0110000111"
    frame = pd.DataFrame({"household": "a", "month": dates[[mark == "1" for mark in marks]]})
    options = {"gap": 1, "first": "2023-01", "last": "2023-10"}
    plain = re_entries(spells(frame, **options), last="2023-10", within=6)
    assert plain[["duration", "event"]].to_numpy().tolist() == [[5, 1]]
    # What begins in the month of the break may not be new: followed to the month before it.
    found = re_entries(spells(frame, **options, breaks=["2023-08"]), last="2023-10", within=6)
    assert found[["duration", "event", "followed"]].to_numpy().tolist() == [[4, 0, False]]


def test_one_row_and_none() -> None:
    months = benefit_months(payments())
    for part in (months.head(1), months.head(0)):
        found = spells(part, gap=1, first=FIRST, last=LAST)
        for table in (decisions(), decisions().head(0)):
            marked = with_reasons(found, table, last=LAST)
            assert len(marked) == len(found)
            assert competing_exits(marked, last=LAST).empty
            assert exits_by_reason(marked).empty == (len(part) == 0)
            assert re_entries(marked, last=LAST).empty == (len(part) == 0)
            assert re_entry_share(re_entries(marked, last=LAST)).empty == (len(part) == 0)


def test_without_any_reason_all_are_not_recorded_or_pending() -> None:
    blank = decisions().assign(exit_reason=pd.Categorical([None] * 12, categories=["work"]))
    marked = with_reasons(register(), blank, last=LAST)
    assert marked["reason"].dropna().value_counts().loc[lambda n: n > 0].to_dict() == {
        "not_recorded": 10,
        "pending": 3,
    }


def test_the_inputs_are_not_changed() -> None:
    found, table = register(), decisions()
    marked = with_reasons(found, table, last=LAST)
    before = marked.copy(deep=True)
    competing_exits(marked, last=LAST)
    exits_by_reason(marked)
    re_entry_share(re_entries(marked, last=LAST))
    pd.testing.assert_frame_equal(found, register())
    pd.testing.assert_frame_equal(table, decisions())
    pd.testing.assert_frame_equal(marked, before)


def test_what_cannot_be_used_is_refused() -> None:
    with pytest.raises(UserError):
        re_entries(register(), last=LAST, within=0)
    # Followed for longer than the reasons were waited for.
    marked = with_reasons(register(), decisions(), last=LAST)
    with pytest.raises(ValueError, match="larger late"):
        competing_exits(marked, last=LAST, late=0)
