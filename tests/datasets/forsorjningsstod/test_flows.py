"""Inflow, outflow, stock and new recipients by hand; the account adds up whatever the data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets.forsorjningsstod.register import FIRST, LAST, payments
from umea_eval.datasets.forsorjningsstod.measures import (
    benefit_months,
    flows,
    new_recipients,
    spells,
)
from umea_eval.errors import UserError


def account(gap: int, **options: object) -> pd.DataFrame:
    found = spells(benefit_months(payments()), gap=gap, first=FIRST, last=LAST)
    return flows(found, first=FIRST, last=LAST, gap=gap, **options).set_index("month")


def adds_up(table: pd.DataFrame) -> bool:
    end = table["stock_start"] + table["inflow"] - table["outflow"]
    end += table["break_in"] - table["break_out"]
    follows = (table["stock_end"].iloc[:-1].to_numpy() == table["stock_start"].iloc[1:]).all()
    return bool((end == table["stock_end"]).all() and follows and (table["stock_end"] >= 0).all())


def test_some_months_by_hand() -> None:
    table = account(1)
    columns = ["stock_start", "inflow", "running", "outflow", "stock_end"]
    # January 2022: A and G are running; nobody's beginning is seen.
    assert table.loc["2022-01-01", columns].tolist() == [2, 0, 2, 0, 2]
    # February: C and H begin, G has its last month.
    assert table.loc["2022-02-01", columns].tolist() == [2, 2, 4, 1, 3]
    # September: A, C and D run; D has its last month.
    assert table.loc["2022-09-01", columns].tolist() == [3, 0, 3, 1, 2]
    # December 2022: A, C and H run and F begins; C and H have their last month.
    assert table.loc["2022-12-01", columns].tolist() == [3, 1, 4, 2, 2]
    # December 2023: A runs and I begins; no exit can be seen.
    assert table.loc["2023-12-01", columns].tolist() == [1, 1, 2, 0, 2]
    assert table["settled"].tolist() == [False] + [True] * 22 + [False]


@pytest.mark.parametrize(("gap", "inflow", "outflow"), [(1, 13, 13), (2, 10, 12), (3, 8, 9)])
def test_all_of_it_by_hand(gap: int, inflow: int, outflow: int) -> None:
    # G = 1: 15 spells, of which A and G are running at the start, A and I open at the end.
    # G = 2: 14, of which A, C, G and H are running at the start, A and I open at the end.
    # G = 3: 13, of which A, B, C, G and H are running, and A, D, E and I open.
    table = account(gap)
    assert table[["inflow", "outflow"]].sum().tolist() == [inflow, outflow]
    assert adds_up(table)
    carried = {1: 2, 2: 4, 3: 5}[gap]
    assert table["stock_start"].iloc[0] == carried
    assert table["stock_end"].iloc[-1] == carried + inflow - outflow


def test_inflow_is_re_entry_or_not() -> None:
    table = account(1)
    known = table.dropna(subset="re_entries")
    assert known.index[0] == pd.Timestamp("2023-01-01")
    # 2023: E, D (12 months after September 2022), L and I begin; only D comes back.
    assert known["inflow"].sum() == 4
    assert known["re_entries"].sum() == 1
    assert known.loc["2023-09-01", ["re_entries", "others"]].tolist() == [1, 0]
    # Within 11 months D is no re-entry. December 2022 is then known too: F is none either.
    shorter = account(1, within=11).dropna(subset="re_entries")
    assert shorter["re_entries"].sum() == 0
    assert shorter["others"].sum() == 5


def test_a_change_of_record_system_is_neither_inflow_nor_outflow() -> None:
    dates = pd.date_range("2023-01-01", periods=8, freq="MS")
    # a is lost at the break of May, b comes with a new number, c goes on, d had left in March.
    rows = {"a": "01110000", "b": "00001111", "c": "11111111", "d": "01100000"}
    frame = pd.concat(
        [
            pd.DataFrame({"household": name, "month": dates[[m == "1" for m in marks]]})
            for name, marks in rows.items()
        ]
    )
    period = {"first": "2023-01", "last": "2023-08", "gap": 1}
    table = flows(spells(frame, **period, breaks=["2023-05"]), **period).set_index("month")
    assert adds_up(table)
    assert table.loc["2023-04-01", ["break_out", "break_in", "stock_end"]].tolist() == [1, 1, 2]
    assert table[["inflow", "outflow"]].sum().tolist() == [2, 1]
    plain = flows(spells(frame, **period), **period)
    assert plain[["inflow", "outflow"]].sum().tolist() == [3, 2]


@settings(max_examples=40)
@given(
    st.lists(st.text("01", min_size=1, max_size=14), min_size=1, max_size=8),
    st.integers(1, 3),
    st.sampled_from([(), ("2023-05",), ("2023-01", "2023-04", "2023-09")]),
)
def test_the_account_adds_up(marks: list[str], gap: int, breaks: tuple[str, ...]) -> None:
    dates = pd.date_range("2023-01-01", periods=14, freq="MS")
    frame = pd.DataFrame(
        [
            (f"h{n}", dates[at])
            for n, row in enumerate(marks)
            for at, m in enumerate(row)
            if m == "1"
        ],
        columns=["household", "month"],
    ).astype({"household": "str", "month": "datetime64[us]"})
    period = {"first": "2023-01", "last": "2024-02", "gap": gap}
    found = spells(frame, **period, breaks=breaks)
    table = flows(found, **period)
    assert adds_up(table)
    assert table["inflow"].sum() == (found["start"] == "seen").sum()
    assert table["outflow"].sum() == (found["end"] == "exit").sum()
    if gap == 1 and not breaks:
        # Every running spell is a household with support that month, and the other way round.
        months = frame.groupby("month").size()
        assert (table.set_index("month")["running"] == months.reindex(dates, fill_value=0)).all()


def test_new_recipients_by_hand() -> None:
    months = benefit_months(payments())

    def new(look_back: int) -> dict[str, int]:
        table = new_recipients(months, look_back=look_back, first=FIRST, last=LAST)
        known = table[(table["numerator"] > 0).fillna(False)]
        return dict(zip(known["month"].dt.strftime("%y-%m"), known["numerator"], strict=True))

    # 12 months: E, L and I. D's September 2023 comes within 12 months of September 2022; F's
    # December 2022 has only eleven months before it in the data.
    assert new(12) == {"23-01": 1, "23-05": 1, "23-12": 1}
    # 6 months: also J (August 2022), F and D's return; H's October 2022 follows June 2022.
    assert new(6) == {"22-08": 1, "22-12": 1, "23-01": 1, "23-05": 1, "23-09": 1, "23-12": 1}
    # 3 months: also D's May 2022 and H's October 2022, but not C's July after a pause of two.
    assert new(3) == new(6) | {"22-05": 1, "22-10": 1}
    table = new_recipients(months, first=FIRST, last=LAST).set_index("month")
    assert table.loc["2023-05-01"].tolist() == [1, 4, 0.25]  # L of A, E, F and L
    assert table.loc["2022-12-01"].isna().tolist() == [True, False, True]
    assert len(table) == 24


def test_one_row_and_none() -> None:
    months = benefit_months(payments())
    for part in (months.head(1), months.head(0)):
        found = spells(part, gap=2, first=FIRST, last=LAST)
        table = flows(found, first=FIRST, last=LAST, gap=2)
        assert len(table) == 24
        assert adds_up(table)
        assert new_recipients(part, first=FIRST, last=LAST)["denominator"].sum() == len(part)
    assert new_recipients(months.head(0)).empty


def test_any_order_of_rows_gives_the_same_tables() -> None:
    months = benefit_months(payments())
    found = spells(months, gap=1, first=FIRST, last=LAST)
    before = found.copy(deep=True)
    plain = flows(found, first=FIRST, last=LAST, gap=1)
    for order in (found.sample(frac=1, random_state=4), found.iloc[::-1]):
        pd.testing.assert_frame_equal(flows(order, first=FIRST, last=LAST, gap=1), plain)
    pd.testing.assert_frame_equal(found, before)
    shuffled = months.iloc[np.random.default_rng(1).permutation(len(months))]
    pd.testing.assert_frame_equal(new_recipients(shuffled), new_recipients(months))


def test_what_does_not_belong_together_is_refused() -> None:
    found = spells(benefit_months(payments()), gap=1, first=FIRST, last=LAST)
    with pytest.raises(UserError):
        flows(found, first="2022-03", last=LAST, gap=1)
    with pytest.raises(UserError):
        flows(found, first=FIRST, last="2023-06", gap=1)
    with pytest.raises(UserError):
        flows(found, first=LAST, last=FIRST, gap=1)
    with pytest.raises(UserError):
        new_recipients(benefit_months(payments()), look_back=0)
