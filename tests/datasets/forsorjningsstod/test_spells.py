"""Spells: the gap rule, delayed entry, censoring, and a change of record system."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.datasets.forsorjningsstod.register import FIRST, LAST, decisions, payments, when
from tests.methods.reference import reaches
from umea_eval.datasets.forsorjningsstod.measures import (
    begun_before,
    benefit_months,
    break_months,
    spells,
)
from umea_eval.errors import UserError
from umea_eval.methods.survival import kaplan_meier


def months(pattern: str, household: str = "h1") -> pd.DataFrame:
    dates = pd.date_range("2023-01-01", periods=len(pattern), freq="MS")
    kept = [day for day, mark in zip(dates, pattern, strict=True) if mark == "1"]
    return pd.DataFrame({"household": household, "month": kept})


def test_X01() -> None:
    frame = months("1101100111")
    counted = {f"G{gap}": float(len(spells(frame, gap=gap))) for gap in (1, 2, 3)}
    reaches("X01", counted, function="forsorjningsstod.spells")


def test_a_spell_has_its_ends_and_its_months() -> None:
    found = spells(months("1101100111"), gap=2)
    assert found["first"].dt.strftime("%Y-%m").tolist() == ["2023-01", "2023-08"]
    assert found["last"].dt.strftime("%Y-%m").tolist() == ["2023-05", "2023-10"]
    assert found["benefit_months"].tolist() == [4, 3]


def test_households_are_kept_apart_and_a_repeated_month_counts_once() -> None:
    frame = pd.concat([months("11", "b"), months("11", "a"), months("11", "a")])
    found = spells(frame.sample(frac=1, random_state=1), gap=1)
    assert found["household"].tolist() == ["a", "b"]
    assert found["benefit_months"].tolist() == [2, 2]


@given(st.text("01", min_size=1, max_size=40), st.integers(1, 4))
def test_spells_are_what_splitting_the_pattern_gives(pattern: str, gap: int) -> None:
    frame = months(pattern)
    runs = [run for run in pattern.strip("0").split("0" * gap) if run.strip("0")]
    found = spells(frame, gap=gap)
    assert len(found) == len(runs)
    assert found["benefit_months"].sum() == pattern.count("1")


def test_what_cannot_be_used_is_refused() -> None:
    with pytest.raises(UserError):
        spells(months("11"), gap=0)
    with pytest.raises(UserError):
        spells(months("11").assign(household=None), gap=1)
    with pytest.raises(UserError):
        spells(months("11").assign(month=pd.NaT), gap=1)
    with pytest.raises(UserError):
        spells(months("11").drop(columns="month"), gap=1)
    with pytest.raises(UserError):
        spells(months("11"), gap=1, first="2023-05", last="2023-04")
    with pytest.raises(UserError):
        spells(months("11"), gap=1, first="in May")
    with pytest.raises(UserError):
        spells(months("11"), gap=1, long_term=(13, 12))


def register(gap: int, **options: object) -> pd.DataFrame:
    found = benefit_months(payments())
    return spells(found, gap=gap, first=FIRST, last=LAST, **options)


def listed(frame: pd.DataFrame) -> list[tuple[str, str, str, str, str, int | None, int]]:
    """Household, first, last, start, end, duration and event of each spell."""
    return [
        (
            row.household,
            f"{row.first:%y-%m}",
            f"{row.last:%y-%m}",
            row.start,
            row.end,
            None if pd.isna(row.duration) else row.duration,
            row.event,
        )
        for row in frame.itertuples()
    ]


# By hand from the register; data end in December 2023. With G = 1 an exit can be seen up to
# November 2023: A, open, is followed to then, but its beginning is not known; I begins after it.
WITH_GAP_1 = [
    ("A", "22-01", "23-12", "running", "open", None, 0),
    ("B", "22-03", "22-08", "seen", "exit", 6, 1),
    ("C", "22-02", "22-04", "seen", "exit", 3, 1),
    ("C", "22-07", "22-12", "seen", "exit", 6, 1),
    ("D", "22-05", "22-05", "seen", "exit", 1, 1),
    ("D", "22-07", "22-09", "seen", "exit", 3, 1),
    ("D", "23-09", "23-10", "seen", "exit", 2, 1),
    ("E", "23-01", "23-10", "seen", "exit", 10, 1),
    ("F", "22-12", "23-09", "seen", "exit", 10, 1),
    ("G", "22-01", "22-02", "running", "exit", None, 1),
    ("H", "22-02", "22-06", "seen", "exit", 5, 1),
    ("H", "22-10", "22-12", "seen", "exit", 3, 1),
    ("I", "23-12", "23-12", "seen", "open", None, 0),
    ("J", "22-08", "22-08", "seen", "exit", 1, 1),
    ("L", "23-05", "23-05", "seen", "exit", 1, 1),
]
# C and H begin in February 2022: January 2022 without support is no proof that they were new.
WITH_GAP_2 = [
    ("A", "22-01", "23-12", "running", "open", None, 0),
    ("B", "22-03", "22-08", "seen", "exit", 6, 1),
    ("C", "22-02", "22-04", "running", "exit", None, 1),
    ("C", "22-07", "22-12", "seen", "exit", 6, 1),
    ("D", "22-05", "22-09", "seen", "exit", 5, 1),
    ("D", "23-09", "23-10", "seen", "exit", 2, 1),
    ("E", "23-01", "23-10", "seen", "exit", 10, 1),
    ("F", "22-12", "23-09", "seen", "exit", 10, 1),
    ("G", "22-01", "22-02", "running", "exit", None, 1),
    ("H", "22-02", "22-06", "running", "exit", None, 1),
    ("H", "22-10", "22-12", "seen", "exit", 3, 1),
    ("I", "23-12", "23-12", "seen", "open", None, 0),
    ("J", "22-08", "22-08", "seen", "exit", 1, 1),
    ("L", "23-05", "23-05", "seen", "exit", 1, 1),
]
# D and E end in October 2023, two months before the end: open. Followed to September, the last
# month whose exit can be seen: E for 9 months, D for 1. C's pause of two months is joined.
WITH_GAP_3 = [
    ("A", "22-01", "23-12", "running", "open", None, 0),
    ("B", "22-03", "22-08", "running", "exit", None, 1),
    ("C", "22-02", "22-12", "running", "exit", None, 1),
    ("D", "22-05", "22-09", "seen", "exit", 5, 1),
    ("D", "23-09", "23-10", "seen", "open", 1, 0),
    ("E", "23-01", "23-10", "seen", "open", 9, 0),
    ("F", "22-12", "23-09", "seen", "exit", 10, 1),
    ("G", "22-01", "22-02", "running", "exit", None, 1),
    ("H", "22-02", "22-06", "running", "exit", None, 1),
    ("H", "22-10", "22-12", "seen", "exit", 3, 1),
    ("I", "23-12", "23-12", "seen", "open", None, 0),
    ("J", "22-08", "22-08", "seen", "exit", 1, 1),
    ("L", "23-05", "23-05", "seen", "exit", 1, 1),
]


@pytest.mark.parametrize(("gap", "expected"), [(1, WITH_GAP_1), (2, WITH_GAP_2), (3, WITH_GAP_3)])
def test_the_register_by_hand(gap: int, expected: list[object]) -> None:
    assert listed(register(gap)) == expected


def test_a_larger_gap_gives_fewer_and_longer_spells() -> None:
    found = [register(gap) for gap in (1, 2, 3)]
    assert [len(each) for each in found] == [15, 14, 13]
    # The same 78 benefit months in all; the months between parts are counted as of the spell.
    assert [each["benefit_months"].sum() for each in found] == [78] * 3
    # June 2022 of D; with G = 3 also May and June 2022 of C.
    assert [each["months"].sum() for each in found] == [78, 79, 81]
    assert [(each["end"] == "exit").sum() for each in found] == [13, 12, 9]


def test_what_had_begun_before_enters_late() -> None:
    # A's support began in July 2021: six months had passed when data begin. Followed to November
    # 2023 (G = 1): July 2021 to November 2023 is 29 months.
    begun = begun_before(decisions(), first=FIRST, gap=1)
    assert begun["household"].tolist() == ["A"]
    assert begun["began"].tolist() == [pd.Timestamp("2021-07-01")]
    own = register(1, begun=begun).iloc[0]
    assert (own["entry"], own["duration"], own["event"]) == (6, 29, 0)
    assert own["began"] == pd.Timestamp("2021-07-01")
    # The other one that was running stays unknown.
    assert register(1, begun=begun)["duration"].isna().sum() == 2


def test_earlier_decisions_hang_together_by_the_gap_rule() -> None:
    frame = pd.DataFrame(
        {
            "household": ["a", "a", "a", "b", "b", "c", "d"],
            "decision": ["granted"] * 6 + ["refused"],
            # a: January-March, then a pause of one month, May-June, July-; b: ended in September;
            # c: to November, one month before the data; d was refused.
            "starts": pd.to_datetime(
                [
                    *("2021-05-01", "2021-01-01", "2021-07-01", "2021-01-01", "2021-08-01"),
                    *("2021-10-01", "2021-01-01"),
                ]
            ),
            "ends": pd.to_datetime(
                ["2021-06-30", "2021-03-31", None, "2021-02-28", "2021-09-30", "2021-11-30", None]
            ),
        }
    )

    def began(gap: int) -> dict[str, str]:
        found = begun_before(frame, first="2022-01", gap=gap)
        months = found["began"].dt.strftime("%Y-%m")
        return dict(zip(found["household"], months, strict=True))

    assert began(1) == {"a": "2021-05"}
    assert began(2) == {"a": "2021-01", "c": "2021-10"}
    assert began(4) == {"a": "2021-01", "b": "2021-08", "c": "2021-10"}


def test_what_had_ended_before_does_not_run_on() -> None:
    # With G = 2 a spell from February may have begun before January. The decisions say to November:
    # December and January without support, so it did not; to December: it did.
    frame = months("0111", "a")
    for until, entry in (("2022-11", pd.NA), ("2022-12", 8)):
        begun = pd.DataFrame({"household": ["a"], "began": ["2022-05"], "until": [until]})
        begun = begun.assign(
            began=pd.to_datetime(begun["began"]), until=pd.to_datetime(begun["until"])
        )
        found = spells(frame, gap=2, first="2023-01", last="2023-12", begun=begun)
        assert found["entry"].tolist() == [entry]


def test_a_decision_within_another_does_not_cut_it_short() -> None:
    frame = pd.DataFrame(
        {
            "household": "a",
            "decision": "granted",
            "starts": pd.to_datetime(["2021-01-01", "2021-02-01", "2021-09-01"]),
            "ends": pd.to_datetime(["2021-08-31", "2021-03-31", "2021-12-31"]),
        }
    )
    found = begun_before(frame, first="2022-01", gap=1)
    assert found["began"].tolist() == [pd.Timestamp("2021-01-01")]


def broken() -> pd.DataFrame:
    """A new record system from July 2023 that lost its first month of every household but d's.

    a and b go on in August; c had left in June, e comes in July with a new number, d is untouched.
    """
    return pd.concat(
        [
            months("1111110111", "a"),
            months("0111110111", "b"),
            months("0011110000", "c"),
            months("0111111100", "d"),
            months("0000001111", "e"),
        ]
    )


def test_spells_are_joined_across_a_change_of_record_system() -> None:
    frame = broken()
    apart = spells(frame, gap=1, first="2023-01", last="2023-10")
    joined = spells(frame, gap=1, first="2023-01", last="2023-10", breaks=["2023-07-01"])
    # Without the break a and b leave in June and come back: 7 spells of 5 households.
    assert len(apart) == 7
    assert joined["household"].tolist() == ["a", "b", "c", "d", "e"]
    assert joined["joined"].tolist() == [1, 1, 0, 0, 0]
    # c may have left or been lost: no exit. e may have begun before: no beginning.
    assert joined["start"].tolist() == ["running", "seen", "seen", "seen", "register_break"]
    assert joined["end"].tolist() == ["open", "open", "register_break", "exit", "open"]
    assert joined["event"].tolist() == [0, 0, 0, 1, 0]
    # b: February to September (G = 1, followed to the month before the last); c: March to June.
    assert joined["duration"].tolist() == [pd.NA, 8, 4, 7, pd.NA]


def test_only_a_short_pause_is_bridged() -> None:
    frame = months("1110001", "a")
    options = {"first": "2023-01", "last": "2023-12", "breaks": ["2023-05"]}
    assert len(spells(frame, gap=1, bridge=3, **options)) == 1
    assert len(spells(frame, gap=1, bridge=2, **options)) == 2
    # The break lies before the pause, or after it: nothing to join.
    for month in ("2023-02", "2023-09"):
        assert len(spells(frame, gap=1, first="2023-01", last="2023-12", breaks=[month])) == 2


def test_a_break_shows_where_all_households_change_number() -> None:
    # 30 households to June and 30 others from July.
    old = [months("111111000000", f"a{n:02}") for n in range(30)]
    new = [months("000000111111", f"b{n:02}") for n in range(30)]
    found = break_months(pd.concat(old + new))
    assert found["month"].tolist() == [pd.Timestamp("2023-07-01")]
    assert found[["running", "ended", "started"]].to_numpy().tolist() == [[30, 30, 30]]
    assert break_months(benefit_months(payments())).empty


def test_long_term_within_spells() -> None:
    # Nine months, a pause of three, and two more: in the 13th month the latest 12 hold February to
    # September and the 13th, 9 in all, and in the 14th again 9.
    assert spells(months("11111111100011"), gap=1)["long_term"].tolist() == [False, False]
    # A pause of two: in the 12th month the latest 12 hold 9 before the pause and this one.
    frame = months("111111111001")
    assert spells(frame, gap=1)["long_term"].tolist() == [False, True]
    assert spells(frame, gap=3)["long_term"].tolist() == [True]
    assert spells(frame, gap=1, long_term=(9, 12))["long_term"].tolist() == [True, True]
    assert not spells(frame, gap=1)["very_long_term"].any()
    assert spells(months("1" * 27), gap=1)["very_long_term"].tolist() == [True]
    assert spells(months("1" * 26), gap=1)["very_long_term"].tolist() == [False]


def test_the_frame_may_come_in_any_order_type_and_size() -> None:
    frame = benefit_months(payments())[["household", "month"]]
    expected = register(2)
    shuffled = frame.sample(frac=1, random_state=3)
    # Categories in another order, text, and numbers that sort as the letters do.
    other = shuffled["household"].cat.set_categories(list("LKJIHGFEDCBA"))
    options = {"gap": 2, "first": FIRST, "last": LAST}
    columns = [name for name in expected if name != "household"]
    for household in (
        shuffled["household"],
        other,
        shuffled["household"].astype("str"),
        shuffled["household"].astype("string[pyarrow]"),
        shuffled["household"].astype("str").map(ord),
        # So far apart that a table of all of them would be too large.
        shuffled["household"].astype("str").map(ord) * 10**15,
        (shuffled["household"].astype("str").map(ord)).astype("uint64"),
        (shuffled["household"].astype("str").map(ord)).astype("int64[pyarrow]"),
    ):
        found = spells(shuffled.assign(household=household), **options)
        pd.testing.assert_frame_equal(found[columns], expected[columns])
        assert found["household"].dtype == household.dtype
    again = spells(shuffled.assign(household=other), **options)
    assert again["household"].astype("str").tolist() == expected["household"].tolist()


def test_months_may_come_in_any_type_of_date() -> None:
    frame = benefit_months(payments())[["household", "month"]]
    expected = register(1)
    for dtype in ("datetime64[s]", "datetime64[ns]", "date32[pyarrow]", "timestamp[us][pyarrow]"):
        other = frame.assign(month=frame["month"].astype(dtype))
        pd.testing.assert_frame_equal(spells(other, gap=1, first=FIRST, last=LAST), expected)
    within = frame.assign(month=frame["month"] + pd.Timedelta(days=27, hours=23))
    pd.testing.assert_frame_equal(spells(within, gap=1, first=FIRST, last=LAST), expected)


def test_sorting_gives_what_the_table_of_all_months_gives() -> None:
    random = np.random.default_rng(0)
    persons, at = random.integers(0, 400, 4_000), random.integers(0, 60, 4_000)
    dates = (np.datetime64("2019-01", "M") + at).astype("datetime64[us]")
    frame = pd.DataFrame({"person": persons, "month": dates})
    sparse = pd.concat(
        [frame, pd.DataFrame({"person": [10**7], "month": frame["month"].iloc[:1]})],
        ignore_index=True,
    )
    dense = spells(frame, gap=2, unit="person", first="2019-01", last="2023-12")
    sorted_ = spells(sparse, gap=2, unit="person", first="2019-01", last="2023-12")
    pd.testing.assert_frame_equal(sorted_.iloc[:-1], dense)


def test_one_row_and_none() -> None:
    one = spells(months("1"), gap=1)
    assert listed(one) == [("h1", "23-01", "23-01", "running", "open", None, 0)]
    none = spells(months("0"), gap=1, first="2023-01", last="2023-12")
    assert len(none) == 0
    assert none.columns.tolist() == one.columns.tolist()
    assert none.drop(columns="household").dtypes.equals(one.drop(columns="household").dtypes)
    assert len(spells(months("0"), gap=1)) == 0


def test_the_input_is_not_changed() -> None:
    frame = benefit_months(payments())
    before = frame.copy(deep=True)
    spells(frame, gap=2, breaks=["2023-01"], begun=begun_before(decisions(), first=FIRST, gap=2))
    pd.testing.assert_frame_equal(frame, before)


def test_censoring_and_delayed_entry_recover_the_monthly_risk_of_leaving() -> None:
    """Support that ends with probability 0.1 a month, seen through a window of 18 months.

    Whatever the gap, survival to month t is 0.9**t. Spells open at the end and those that had begun
    before, with their beginnings known, belong to the answer; left out or taken for exits they
    would not give it.
    """
    random = np.random.default_rng(11)
    n = 6_000
    lengths = random.geometric(0.1, n)
    begins = random.integers(0, 48, n)
    window = slice(24, 42)
    at = begins[:, np.newaxis] + np.arange(lengths.max())
    on = np.arange(lengths.max()) < lengths[:, np.newaxis]
    inside = on & (at >= window.start) & (at < window.stop)
    person, place = np.nonzero(inside)
    month = (np.datetime64("2020-01", "M") + at[person, place]).astype("datetime64[us]")
    frame = pd.DataFrame({"person": person, "month": month})
    begun = pd.DataFrame(
        {
            "person": np.arange(n),
            "began": (np.datetime64("2020-01", "M") + begins).astype("datetime64[us]"),
            "until": (np.datetime64("2020-01", "M") + begins + lengths - 1).astype(
                "datetime64[us]"
            ),
        }
    )
    for gap in (1, 3):
        found = spells(
            frame, gap=gap, unit="person", first="2022-01", last="2023-06", begun=begun
        ).dropna(subset="duration")
        times = [3, 6, 12, 24]
        curve = kaplan_meier(
            found["duration"], found["event"], entry=found["entry"], at=times
        ).table
        expected = 0.9 ** np.array(times)
        # Four standard errors.
        assert (np.abs(curve["value"] - expected) < 4 * curve["standard_error"]).all()
        assert (found["entry"] > 0).sum() > 100
        assert (found["event"] == 0).sum() > 100


def test_the_patterns_of_the_register_are_read_as_written() -> None:
    assert when("*.* ...") == ["2022-01", "2022-03"]
