"""Obstacles to self-support by hand: their groups, their lists, and what is not recorded."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.datasets.forsorjningsstod.register import payments
from umea_eval.datasets.forsorjningsstod.measures import (
    benefit_months,
    obstacle_months,
    obstacle_quality,
    obstacles_by_month,
)
from umea_eval.datasets.forsorjningsstod.measures.obstacles import GROUPS
from umea_eval.datasets.forsorjningsstod.schema import CODES


def register() -> pd.DataFrame:
    return obstacle_months(payments(), benefit_months(payments(), unit="person"))


def month(table: pd.DataFrame, label: str) -> dict[str, tuple[int, int, float | None]]:
    """Numerator, denominator and value of the groups that somebody has."""
    own = table[(table["month"] == label) & (table["numerator"] > 0)]
    return {
        row.group: (row.numerator, row.denominator, None if pd.isna(row.value) else row.value)
        for row in own.itertuples()
    }


def test_one_code_per_person_and_month() -> None:
    found = register()
    assert len(found) == 78
    groups = found.groupby("person")["group"].agg(lambda each: each.value_counts().to_dict())
    assert groups.to_dict() == {
        "pA": {"unemployed": 12, "none": 12},
        "pB": {"not_recorded": 6},
        "pC": {"blank": 9},
        "pD": {"sick_leave": 6},
        "pE": {"unemployed": 10},
        "pF": {"parental_leave": 10},
        "pG": {"social_reasons": 2},
        "pH": {"unemployed": 8},
        "pI": {"social_reasons": 1},
        "pJ": {"unemployed": 1},
        "pL": {"social_reasons": 1},
    }
    # E in January 2023: 112 with 8 000 kronor against 040 with 1 000.
    conflict = found[found["conflict"]]
    assert conflict[["person", "obstacle"]].to_numpy().tolist() == [["pE", "112"]]
    # H's 011 ended with 2016; without a code there is nothing to say.
    assert found.loc[found["valid"] == False, "person"].unique().tolist() == ["pH"]  # noqa: E712
    assert found.loc[found["valid"].isna(), "person"].unique().tolist() == ["pC"]


def test_no_obstacle_is_not_no_record() -> None:
    table = obstacles_by_month(register())
    # August 2022: A and J unemployed, D sick, B's 999 and C's blank are not recorded. Of three.
    assert month(table, "2022-08-01") == {
        "unemployed": (2, 3, 2 / 3),
        "sick_leave": (1, 3, 1 / 3),
        "not_recorded": (1, 3, None),
        "blank": (1, 3, None),
    }
    # January 2023: A's 090 is recorded and counts in the denominator; E and F besides.
    assert month(table, "2023-01-01") == {
        "none": (1, 3, 1 / 3),
        "unemployed": (1, 3, 1 / 3),
        "parental_leave": (1, 3, 1 / 3),
    }


def test_of_everybody_the_shares_are_smaller() -> None:
    table = obstacles_by_month(register(), base="all")
    assert month(table, "2022-08-01") == {
        "unemployed": (2, 5, 2 / 5),
        "sick_leave": (1, 5, 1 / 5),
        "not_recorded": (1, 5, 1 / 5),
        "blank": (1, 5, 1 / 5),
    }
    assert set(table["base"]) == {"all"}
    assert table.groupby("month")["value"].sum().tolist() == pytest.approx([1.0] * 24)


def test_quality_by_hand() -> None:
    table = obstacle_quality(register()).set_index("month")
    # August 2022: five persons; B 999, C blank.
    assert table.loc["2022-08-01"].tolist() == [5, 0, 1, 1, 0, 0]
    # October 2022: A, C and H, whose code did not hold.
    assert table.loc["2022-10-01"].tolist() == [3, 0, 0, 1, 0, 1]
    # January 2023: A without obstacle, E with two codes, F.
    assert table.loc["2023-01-01"].tolist() == [3, 1, 0, 0, 1, 0]


def test_the_code_lists_meet_at_2017() -> None:
    frame = pd.DataFrame(
        {
            "person": ["a", "b", "a", "b"],
            "month": pd.to_datetime(["2016-12-01", "2016-12-01", "2017-01-01", "2017-01-01"]),
            "obstacle": ["011", "080", "111", "035"],
            "amount": 1.0,
        }
    )
    found = obstacle_months(frame, frame)
    assert found["valid"].all()
    table = obstacles_by_month(found)
    groups = {code_list: set(rows["group"]) for code_list, rows in table.groupby("code_list")}
    # Pension is a group of the new list, language one of the old.
    assert "language" in groups[0]
    assert "pension" not in groups[0]
    assert "pension" in groups[2017]
    assert "language" not in groups[2017]


def test_every_code_has_its_group() -> None:
    grouped = [code for codes in GROUPS.values() for code in codes]
    assert sorted(grouped) == sorted(code.code for code in CODES["obstacle"].codes)


def test_which_of_several_codes() -> None:
    def chosen(codes: list[str | None], amounts: list[float]) -> tuple[object, bool]:
        frame = pd.DataFrame(
            {"person": "a", "month": pd.Timestamp("2023-01-01"), "obstacle": codes}
        ).assign(amount=amounts)
        for order in (frame, frame.iloc[::-1]):
            found = obstacle_months(order, frame.head(1))
            assert len(found) == 1
        return found["obstacle"].iloc[0], bool(found["conflict"].iloc[0])

    assert chosen(["111", "021"], [100.0, 200.0]) == ("021", True)
    assert chosen(["111", "021", "111"], [150.0, 200.0, 100.0]) == ("111", True)
    assert chosen(["111", "021"], [100.0, 100.0]) == ("021", True)  # the first code
    assert chosen(["111", "999"], [100.0, 900.0]) == ("111", False)
    assert chosen([None, "111"], [900.0, 100.0]) == ("111", False)
    assert chosen(["090", "090"], [100.0, 100.0]) == ("090", False)


def test_nothing_recorded_and_nothing_there() -> None:
    persons = benefit_months(payments(), unit="person")
    blank = payments().assign(obstacle=pd.Categorical([None] * len(payments()), categories=["111"]))
    found = obstacle_months(blank, persons)
    assert set(found["group"]) == {"blank"}
    table = obstacles_by_month(found)
    assert table["value"].isna().all()
    assert obstacles_by_month(found, base="all").groupby("month")["value"].sum().eq(1).all()
    none = obstacle_months(payments(), persons.head(0))
    assert none.empty
    assert obstacles_by_month(none).empty
    assert obstacle_quality(none).empty
    assert len(obstacle_months(payments(), persons.head(1))) == 1
    assert set(obstacle_months(payments().head(0), persons)["group"]) == {"blank"}


def test_any_order_of_rows_gives_the_same_tables_and_leaves_the_inputs() -> None:
    frame, persons = payments(), benefit_months(payments(), unit="person")
    found = obstacle_months(
        frame.sample(frac=1, random_state=1), persons.sample(frac=1, random_state=2)
    )
    pd.testing.assert_frame_equal(found, register())
    shuffled = found.sample(frac=1, random_state=3)
    for measure in (obstacles_by_month, obstacle_quality):
        pd.testing.assert_frame_equal(measure(shuffled), measure(found))
    pd.testing.assert_frame_equal(frame, payments())
    pd.testing.assert_frame_equal(persons, benefit_months(payments(), unit="person"))
