"""Long-term support by hand: calendar year, 10 of 12 months, 27 of 36 months."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.datasets.forsorjningsstod.register import FIRST, LAST, households, payments
from umea_eval.datasets.forsorjningsstod.measures import (
    benefit_months,
    long_term_by_month,
    long_term_months,
    long_term_share,
    months_by_year,
    of_age,
    very_long_term_months,
)
from umea_eval.errors import UserError

PERIOD = {"first": FIRST, "last": LAST}


def pattern(marks: str) -> pd.DataFrame:
    dates = pd.date_range("2020-01-01", periods=len(marks), freq="MS")
    kept = [day for day, mark in zip(dates, marks, strict=True) if mark == "1"]
    return pd.DataFrame({"household": "h", "month": kept})


def flags(frame: pd.DataFrame) -> str:
    """One mark per benefit month: 1 long-term, 0 not, ? not known."""
    return "".join("?" if pd.isna(flag) else str(int(flag)) for flag in frame["long_term"])


def test_months_of_the_calendar_year_by_hand() -> None:
    found = months_by_year(benefit_months(payments()), **PERIOD)
    rows = found.drop(columns=["long_term", "complete"]).to_numpy().tolist()
    assert rows == [
        *(["A", 2022, 12], ["A", 2023, 12], ["B", 2022, 6], ["C", 2022, 9], ["D", 2022, 4]),
        *(["D", 2023, 2], ["E", 2023, 10], ["F", 2022, 1], ["F", 2023, 9], ["G", 2022, 2]),
        *(["H", 2022, 8], ["I", 2023, 1], ["J", 2022, 1], ["L", 2023, 1]),
    ]
    long = found[found["long_term"].fillna(False)]
    assert long[["household", "year"]].to_numpy().tolist() == [
        ["A", 2022],
        ["A", 2023],
        ["E", 2023],
    ]


def test_the_share_names_its_denominator() -> None:
    by_year = months_by_year(benefit_months(payments()), **PERIOD)
    table = long_term_share(by_year)
    # 2022: A of eight; 2023: A and E of six.
    assert table.drop(columns="denominator_name").to_numpy().tolist() == [
        [2022, 1, 8, 1 / 8],
        [2023, 2, 6, 2 / 6],
    ]
    assert set(table["denominator_name"]) == {"recipients"}
    people = {2022: 1_000, 2023: 1_050}
    table = long_term_share(by_year, denominator="population", population=people)
    assert table["denominator"].tolist() == [1_000, 1_050]
    assert table["value"].tolist() == [1 / 1_000, 2 / 1_050]
    assert set(table["denominator_name"]) == {"population"}
    with pytest.raises(UserError, match="2023"):
        long_term_share(by_year, denominator="population", population={2022: 1_000})


def test_persons_of_age_are_another_denominator() -> None:
    persons = benefit_months(payments(), unit="person", households=households())
    everybody = long_term_share(months_by_year(persons, unit="person", **PERIOD))
    adults = long_term_share(months_by_year(of_age(persons), unit="person", **PERIOD))
    # A's son has support in all of 2023: three of seven, and of those of age two of six.
    assert everybody[["numerator", "denominator"]].to_numpy().tolist() == [[1, 8], [3, 7]]
    assert adults[["numerator", "denominator"]].to_numpy().tolist() == [[1, 8], [2, 6]]


def test_fewer_months_make_more_long_term() -> None:
    months = benefit_months(payments())
    counts = [
        long_term_share(months_by_year(months, least=least, **PERIOD))["numerator"].tolist()
        for least in (12, 10, 9, 8)
    ]
    # 9 months: C in 2022 and F in 2023 as well; 8: H in 2022.
    assert counts == [[1, 1], [1, 2], [2, 3], [3, 3]]


def test_a_year_in_part_tells_only_what_it_has() -> None:
    months = benefit_months(payments(), last="2023-10")
    found = months_by_year(months, first=FIRST, last="2023-10")
    own = found[found["year"] == 2023].set_index("household")
    assert not own["complete"].any()
    # A and E have their ten months already; F's nine could become ten.
    assert own["long_term"].tolist() == [True, pd.NA, True, pd.NA, pd.NA]
    assert own.index.tolist() == ["A", "D", "E", "F", "L"]
    assert long_term_share(found)["year"].tolist() == [2022]


def test_ten_of_the_latest_twelve_by_hand() -> None:
    found = long_term_months(benefit_months(payments()), **PERIOD)
    own = {str(name): flags(rows) for name, rows in found.groupby("household", observed=True)}
    # A: not known in the first nine months, reached with the tenth.
    assert own["A"] == "?" * 9 + "1" * 15
    # E: ten months from January 2023; the twelve to October hold all of them. F: December 2022 to
    # September 2023 are ten.
    assert own["E"] == "0" * 9 + "1"
    assert own["F"] == "0" * 9 + "1"
    # C: February-April and July-December 2022 are nine.
    assert own["C"] == "?" * 8 + "0"
    assert own["B"] == "?" * 6
    table = long_term_by_month(found).set_index("month")
    assert table.loc["2022-12-01"].tolist() == [1, 4, 0.25]  # A of A, C, F, H
    assert table.loc["2023-09-01"].tolist() == [2, 4, 0.5]  # A and F of A, D, E, F
    assert table.loc["2023-10-01"].tolist() == [2, 3, 2 / 3]  # A and E of A, D, E
    # Before December 2022 nobody's latest twelve months are all in the data.
    assert table.loc["2022-11-01"].isna().tolist() == [True, False, True]


def test_a_longer_window_or_fewer_months_make_more_long_term() -> None:
    months = benefit_months(payments())

    def reached(**options: int) -> int:
        return int(long_term_months(months, **PERIOD, **options)["long_term"].sum())

    assert reached(least=9) > reached(least=10) > reached(least=11) > reached(least=12)
    # C reaches nine of 12 with December 2022, and within 11 months too (February to December).
    assert reached(least=9, window=11) == reached(least=9)
    assert reached(least=9, window=10) < reached(least=9)


def test_very_long_term_by_hand() -> None:
    # 27 months without a break: reached with the 27th, in data that go back far enough or not.
    assert flags(very_long_term_months(pattern("1" * 27))) == "?" * 26 + "1"
    # A break of two months, after which the 27th comes in the 29th month: within 36.
    broken = pattern("1" * 20 + "00" + "1" * 7)
    assert flags(very_long_term_months(broken)) == "?" * 26 + "1"
    # A break of three months is one too many; without that rule it would be reached in the 30th.
    longer = pattern("1" * 20 + "000" + "1" * 7)
    assert flags(very_long_term_months(longer)) == "?" * 27
    assert flags(very_long_term_months(longer, longest_break=3)) == "?" * 26 + "1"
    assert flags(long_term_months(longer, least=27, window=36)) == "?" * 26 + "1"
    # Several breaks of two: nine months of break in all make 27 of 36, ten make 27 of 37.
    some = ("11111100" * 4)[:-2] + "0" + "111"  # 24 months, breaks 2 + 2 + 2 + 1, and 3 = 34 months
    assert flags(very_long_term_months(pattern(some))) == "?" * 26 + "1"
    many = "11100" * 4 + "11101" + "1" * 11  # 12 with 4 breaks of 2, 3 + 1 with a break of 1, 11
    assert many.count("1") == 27
    assert len(many) == 36
    assert flags(very_long_term_months(pattern(many))) == "?" * 26 + "1"
    # 27 months over 37: known not to be in the 36th month (26 of 36) and the 37th (26 of 36).
    more = "11100" * 5 + "1" * 12
    assert flags(very_long_term_months(pattern(more))) == "?" * 25 + "00"


def test_one_row_and_none() -> None:
    one = pattern("1")
    assert flags(long_term_months(one)) == "?"
    assert flags(long_term_months(one, least=1)) == "1"
    assert months_by_year(one)["long_term"].isna().tolist() == [True]
    none = one.head(0)
    for found in (long_term_months(none), very_long_term_months(none), months_by_year(none)):
        assert len(found) == 0
    assert long_term_by_month(long_term_months(none)).empty
    assert long_term_share(months_by_year(none)).empty


def test_any_order_of_rows_gives_the_same_tables() -> None:
    months = benefit_months(payments())
    shuffled = months.sample(frac=1, random_state=2)
    for measure in (months_by_year, long_term_months, very_long_term_months):
        pd.testing.assert_frame_equal(measure(months), measure(shuffled))
    pd.testing.assert_frame_equal(months, benefit_months(payments()))


def test_what_cannot_be_counted_is_refused() -> None:
    for least, window in ((0, 12), (13, 12)):
        with pytest.raises(UserError):
            long_term_months(pattern("1"), least=least, window=window)
    with pytest.raises(UserError):
        months_by_year(pattern("1"), least=13)
