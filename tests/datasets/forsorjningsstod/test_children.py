"""Children and families with children by hand."""

from __future__ import annotations

import pandas as pd

from tests.datasets.forsorjningsstod.register import FIRST, LAST, households, payments
from umea_eval.datasets.forsorjningsstod.measures import (
    benefit_months,
    children_by_month,
    children_by_year,
    family_months,
)

PERIOD = {"first": FIRST, "last": LAST}


def families() -> pd.DataFrame:
    return family_months(benefit_months(payments()), households())


def test_every_benefit_month_has_its_household() -> None:
    found = families()
    assert len(found) == 78
    facts = {
        (str(household), kind): (len(rows), rows["children"].tolist()[0], with_children)
        for (household, kind, with_children), rows in found.groupby(
            ["household", "household_type", "with_children"], dropna=False
        )
    }
    # C by its type, as the number is not filled in; D's type 1 tells nothing; F is in no table.
    assert {key: (n, known) for key, (n, _, known) in facts.items() if key[0] in "ABCE"} == {
        ("A", "6"): (24, True),
        ("B", "5"): (6, False),
        ("C", "8"): (9, True),
        ("E", "4"): (10, True),
    }
    unknown = found[found["with_children"].isna()]
    assert unknown["household"].value_counts().to_dict() == {"F": 10, "D": 6}


def test_months_by_hand() -> None:
    table = children_by_month(families()).set_index("month")
    columns = ["households", "families", "unknown", "children", "children_unknown"]
    assert table.columns.tolist() == columns
    # August 2022: A with 2 children and C with an unknown number, B and J without, D unknown.
    assert table.loc["2022-08-01"].tolist() == [5, 2, 1, 2, 1]
    # January 2023: A with 3, E with 1, F not in the table.
    assert table.loc["2023-01-01"].tolist() == [3, 2, 1, 4, 0]
    # A's two rows of a month, and the three of December 2023, are one household.
    assert table.loc["2023-12-01"].tolist() == [2, 1, 0, 3, 0]


def test_years_by_hand() -> None:
    table = children_by_year(families(), **PERIOD)
    # 2022: eight households; families A and C, unknown D and F; long-term A with two children.
    # 2023: six; A with three and E with one, unknown D and F; both are long-term.
    assert table.to_numpy().tolist() == [
        [2022, 8, 2, 2, 2, 1, 1, 2],
        [2023, 6, 2, 2, 4, 0, 2, 4],
    ]


def test_a_lower_limit_makes_more_long_term_families() -> None:
    table = children_by_year(families(), **PERIOD, least=9)
    # C's nine months of 2022; F's nine of 2023 are of an unknown family.
    assert table["long_term_families"].tolist() == [2, 2]
    # C's children are not known, so the number of children stays.
    assert table["long_term_children"].tolist() == [2, 4]


def test_a_year_in_part_has_no_long_term() -> None:
    months = benefit_months(payments(), last="2023-10")
    found = family_months(months, households())
    table = children_by_year(found, first=FIRST, last="2023-10")
    assert table["long_term_families"].tolist() == [1, pd.NA]
    assert table["families"].tolist() == [2, 2]


def test_the_largest_number_of_the_year_counts() -> None:
    table = households()
    own = (table["household"] == "A") & (table["month"] == "2022-05-01")
    more = table.assign(children=table["children"].where(~own, 5))
    found = family_months(benefit_months(payments()), more)
    assert children_by_year(found, **PERIOD)["children"].tolist() == [5, 4]
    assert children_by_month(found).set_index("month").loc["2022-05-01", "children"] == 5


def test_rows_that_differ() -> None:
    frame = households()
    own = (frame["household"] == "A") & (frame["month"] == "2023-03-01")
    kinds = frame["household_type"].astype("object").mask(own & (frame["person"] == "pA"), "8")
    numbers = frame["children"].mask(own & (frame["person"] == "pA"), 1)
    found = family_months(
        benefit_months(payments()), frame.assign(household_type=kinds, children=numbers)
    ).set_index(["household", "month"])
    row = found.loc[("A", pd.Timestamp("2023-03-01"))]
    assert pd.isna(row["household_type"])
    assert row["children"] == 3


def test_nothing_known_and_nothing_there() -> None:
    months = benefit_months(payments())
    none = family_months(months, households().head(0))
    assert none["with_children"].isna().all()
    assert children_by_month(none)["unknown"].sum() == 78
    assert children_by_year(none, **PERIOD)["families"].sum() == 0
    blank = households()
    blank = blank.assign(
        children=pd.array([pd.NA] * len(blank), dtype="int64[pyarrow]"),
        household_type=pd.Categorical([None] * len(blank), categories=["3"]),
    )
    assert family_months(months, blank)["with_children"].isna().all()
    empty = family_months(months.head(0), households())
    assert children_by_month(empty).empty
    assert children_by_year(empty).empty
    assert len(children_by_month(family_months(months.head(1), households()))) == 1


def test_any_order_of_rows_gives_the_same_tables_and_leaves_the_inputs() -> None:
    months, table = benefit_months(payments()), households()
    found = family_months(
        months.sample(frac=1, random_state=1), table.sample(frac=1, random_state=2)
    )
    pd.testing.assert_frame_equal(found, families())
    shuffled = found.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(children_by_month(shuffled), children_by_month(found))
    pd.testing.assert_frame_equal(
        children_by_year(shuffled, **PERIOD), children_by_year(found, **PERIOD)
    )
    pd.testing.assert_frame_equal(months, benefit_months(payments()))
    pd.testing.assert_frame_equal(table, households())
    pd.testing.assert_frame_equal(found, families())
