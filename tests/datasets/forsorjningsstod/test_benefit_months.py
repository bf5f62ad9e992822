"""Benefit months by hand: nets, kinds of support, households and persons."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.datasets.forsorjningsstod.register import PATTERNS, households, payments, when
from umea_eval.datasets.forsorjningsstod.measures import (
    amounts,
    amounts_by_kind,
    benefit_months,
    month_counts,
    net_months,
    of_age,
)
from umea_eval.errors import UserError


def by_label(frame: pd.DataFrame, label: object, period: str = "month") -> pd.Series:
    """The one row of a period."""
    key = pd.Timestamp(str(label)) if period == "month" else label
    (place,) = frame.index[frame[period] == key]
    return frame.loc[place]


def test_every_month_with_support_is_a_benefit_month() -> None:
    found = benefit_months(payments())
    listed = {
        str(household): rows["month"].dt.strftime("%Y-%m").tolist()
        for household, rows in found.groupby("household", observed=True)
    }
    expected = {household: when(pattern) for household, pattern in PATTERNS.items()}
    assert listed == expected | {"J": ["2022-08"], "L": ["2023-05"]}


def test_repayments_are_netted_and_what_is_left_of_nothing_is_told_apart() -> None:
    net = net_months(payments())
    own = net[net["household"] == "J"]
    # June: 5 000 paid and repaid; July: 3 000 paid, 3 500 repaid; August: 4 000 + 1 000, and not
    # the 6 000 of förmedlingsmedel.
    columns = ["paid", "repaid", "net", "rows", "benefit_month"]
    assert own[columns].to_numpy().tolist() == [
        [5000.0, 5000.0, 0.0, 2, False],
        [3000.0, 3500.0, -500.0, 2, False],
        [5000.0, 0.0, 5000.0, 2, True],
    ]
    counts = month_counts(net, per="year")
    # 43 and 35 benefit months of 8 and 6 households; two months without net, both J's.
    assert counts.to_numpy().tolist() == [[2022, 8, 43, 2, 43 / 8], [2023, 6, 35, 0, 35 / 6]]
    june = by_label(month_counts(net), "2022-06")
    assert june[["households", "benefit_months", "months_without_net"]].tolist() == [3, 3, 1]


def test_nets_are_exact_to_the_ore() -> None:
    frame = payments().head(3).assign(household="a", month=pd.Timestamp("2022-01-01"))
    # 0.1 + 0.2 - 0.3 is above 0 in binary numbers.
    found = net_months(frame.assign(amount=[0.1, 0.2, -0.3]))
    assert found[["net", "benefit_month"]].to_numpy().tolist() == [[0.0, False]]


def test_the_kind_of_support_moves_the_number() -> None:
    # Försörjningsstöd alone: without L's only month; J keeps August by its 4 000.
    livelihood = benefit_months(payments(), support_kind=("livelihood",))
    assert len(livelihood) == 77
    assert "L" not in set(livelihood["household"])
    # Livsföring i övrigt alone: E in January 2023, J in August 2022, L in May 2023.
    other = benefit_months(payments(), support_kind=("other_living",))
    assert other["household"].tolist() == ["E", "J", "L"]
    # Förmedlingsmedel never are support by default: K is in no table.
    assert "K" not in set(net_months(payments())["household"])


def test_the_month_that_counts_is_that_of_the_data() -> None:
    found = benefit_months(payments(), first="2022-12", last="2023-01")
    # December 2022: A, C, F, H; January 2023: A, E, F.
    assert found["household"].tolist() == ["A", "A", "C", "E", "F", "F", "H"]


def test_persons_are_those_on_the_payments_and_in_the_household() -> None:
    heads = benefit_months(payments(), unit="person")
    assert len(heads) == 78  # one person on the payments of each household
    everybody = benefit_months(payments(), unit="person", households=households())
    # And A's son in the twelve months of 2023. I's person lives in A too in December 2023, and
    # counts once.
    assert len(everybody) == 78 + 12
    own = everybody[everybody["person"] == "pI"]
    assert own[["households", "birth_year"]].to_numpy().tolist() == [[2, 1980]]
    assert (everybody["households"] > 1).sum() == 1
    # Listed in the household without a benefit month: nobody.
    assert not (heads["person"] == "pK").any()


def test_of_age_by_year_of_birth() -> None:
    everybody = benefit_months(payments(), unit="person", households=households())
    assert len(of_age(everybody)) == 78  # the son is 13
    assert len(of_age(everybody, least_age=13)) == 90
    assert len(of_age(everybody, least_age=14)) == 78
    # Not known is not of age.
    unknown = everybody.assign(birth_year=pd.array([pd.NA] * len(everybody), dtype="Int64"))
    assert of_age(unknown).empty


def test_a_person_with_two_years_of_birth_has_none() -> None:
    frame = payments().query("household == 'A'").head(2)
    frame = frame.assign(month=frame["month"].iloc[0], person_birth_year=[1980, 1981])
    found = benefit_months(frame, unit="person")
    assert found["birth_year"].isna().tolist() == [True]
    without = benefit_months(frame.drop(columns="person_birth_year"), unit="person")
    assert without["birth_year"].isna().tolist() == [True]


def test_amounts_by_hand() -> None:
    table = amounts(net_months(payments()))
    # June 2022: A, B and H 8 000 each; J 5 000 paid and repaid.
    assert by_label(table, "2022-06").tolist()[1:] == [24e3, 29e3, 5e3, 3, 24e3, 8e3, 8e3]
    # July: A, B, C and D; J's net of -500 lowers the sum, but is no benefit month.
    assert by_label(table, "2022-07").tolist()[1:] == [31.5e3, 35e3, 3.5e3, 4, 32e3, 8e3, 8e3]
    # August: the same four and J's 5 000: 37 000 / 5 = 7 400, the middle one 8 000.
    assert by_label(table, "2022-08").tolist()[1:] == [37e3, 37e3, 0.0, 5, 37e3, 7.4e3, 8e3]
    # 2023: 34 months of 8 000, E's further 1 000 and L's 1 500.
    year = by_label(amounts(net_months(payments()), per="year"), 2023, "year")
    assert year[["net", "benefit_months"]].tolist() == [34 * 8e3 + 1e3 + 1.5e3, 35]


def test_each_kind_apart() -> None:
    table = amounts_by_kind(payments())
    august = table[table["month"] == "2022-08-01"].set_index("support_kind")
    # Four households with 8 000 and J's 4 000; J's 6 000 and K's 7 000 are their own money.
    assert august.drop(columns="month").to_numpy().tolist() == [
        [5, 36e3, 0.0, 36e3],
        [1, 1e3, 0.0, 1e3],
        [2, 13e3, 0.0, 13e3],
        [1, 0.0, 2e3, -2e3],
        [1, 3e3, 0.0, 3e3],
    ]
    assert august.index.tolist() == [
        "livelihood",
        "other_living",
        "mediated",
        "recovery",
        "advance",
    ]
    years = amounts_by_kind(payments(), per="year")
    assert years.groupby("year")["rows"].sum().tolist() == [42 + 10, 34 + 2]


def test_any_order_of_rows_gives_the_same_tables() -> None:
    frame = payments()
    shuffled = frame.sample(frac=1, random_state=5)
    for measure in (net_months, benefit_months, amounts_by_kind):
        pd.testing.assert_frame_equal(measure(frame), measure(shuffled))
    own = benefit_months(frame, unit="person", households=households())
    other = households().sample(frac=1, random_state=6)
    pd.testing.assert_frame_equal(own, benefit_months(shuffled, unit="person", households=other))


def test_no_rows_give_empty_tables_with_their_columns() -> None:
    none = payments().head(0)
    for measure in (net_months, benefit_months, amounts_by_kind):
        assert len(measure(none)) == 0
        assert measure(none).columns.tolist() == measure(payments()).columns.tolist()
    for per in ("month", "year"):
        assert amounts(net_months(none), per=per).columns[0] == per
        assert month_counts(net_months(none), per=per).columns[0] == per
    assert len(benefit_months(none, unit="person", households=households())) == 0
    assert len(of_age(benefit_months(none, unit="person"))) == 0


def test_the_inputs_are_not_changed() -> None:
    frame, table = payments(), households()
    benefit_months(frame, unit="person", households=table)
    amounts(net_months(frame))
    amounts_by_kind(frame)
    pd.testing.assert_frame_equal(frame, payments())
    pd.testing.assert_frame_equal(table, households())


def test_what_cannot_be_used_is_refused() -> None:
    frame = payments()
    with pytest.raises(UserError, match="pension"):
        net_months(frame, support_kind=("pension",))
    with pytest.raises(UserError):
        net_months(frame.assign(amount=float("nan")))
    with pytest.raises(UserError):
        net_months(frame.assign(household=frame["household"].where(frame.index > 0)))
    with pytest.raises(UserError):
        benefit_months(frame.drop(columns="person"), unit="person")
