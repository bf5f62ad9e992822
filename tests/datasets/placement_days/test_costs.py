"""Costs, their change in three parts, purchased care, the budget and the forecast: by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umea_eval.datasets.placement_days.measures import (
    MARKS,
    Mark,
    PriceParts,
    average_price,
    back_test,
    budget_deviation,
    cost_change,
    costs_per_month,
    course,
    days_per_month,
    explanations,
    forecast,
    grouped,
    marks,
    price_segments,
    purchased_share,
)
from umea_eval.datasets.placement_days.schema import GROUPINGS
from umea_eval.errors import UserError

UNTIL = date(2023, 12, 31)


def placements(*rows: tuple[str, str | None, str, str | None, float | None]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["kind", "home", "starts", "ends", "day_price"])
    return frame.assign(
        starts=pd.to_datetime(frame["starts"]),
        ends=pd.to_datetime(frame["ends"]),
        day_price=frame["day_price"].astype("float64"),
    )


def price_list(*rows: tuple[str, str | None, str, str | None, float]) -> pd.DataFrame:
    frame = pd.DataFrame(
        list(rows), columns=["kind", "home", "valid_from", "valid_to", "day_price"]
    )
    return frame.assign(
        valid_from=pd.to_datetime(frame["valid_from"]), valid_to=pd.to_datetime(frame["valid_to"])
    )


TALLEN = placements(("hvb", "h1", "2023-06-29", "2023-07-02", 5_000.0))
PRICES = price_list(
    ("hvb", "h1", "2023-01-01", "2023-06-30", 4_500.0),
    ("hvb", "h1", "2023-07-01", None, 5_500.0),
    ("hvb", None, "2023-01-01", None, 4_000.0),
)


def monthly(frame: pd.DataFrame, prices: pd.DataFrame | None, **choices: object) -> list[object]:
    given = {"counting": "both", "until": UNTIL, "by": [], **choices}
    found = costs_per_month(frame, prices, **given)  # type: ignore[arg-type]
    return list(found[["days", "priced_days", "cost"]].itertuples(index=False, name=None))


def test_a_price_that_changes_within_a_placement() -> None:
    # 29 and 30 June at 4 500, 1 and 2 July at 5 500.
    assert monthly(TALLEN, PRICES) == [(2, 2, 9_000.0), (2, 2, 11_000.0)]
    assert monthly(TALLEN, PRICES, counting="first_only") == [(2, 2, 9_000.0), (1, 1, 5_500.0)]
    # The placement's own price instead.
    own = PriceParts(prices="row")
    assert monthly(TALLEN, PRICES, parts=own) == [(2, 2, 10_000.0), (2, 2, 10_000.0)]
    assert monthly(TALLEN, None) == [(2, 2, 10_000.0), (2, 2, 10_000.0)]


def test_where_the_list_has_no_price_the_placements_own_holds() -> None:
    ended = price_list(("hvb", "h1", "2023-01-01", "2023-06-30", 4_500.0))
    assert monthly(TALLEN, ended) == [(2, 2, 9_000.0), (2, 2, 10_000.0)]
    later = price_list(("hvb", "h1", "2023-07-02", None, 6_000.0))
    assert monthly(TALLEN, later) == [(2, 2, 10_000.0), (2, 2, 11_000.0)]
    # A price holds no longer than to the next one, also where its end is not written.
    open_ended = price_list(
        ("hvb", "h1", "2023-01-01", None, 4_500.0), ("hvb", "h1", "2023-07-02", None, 6_000.0)
    )
    assert monthly(TALLEN, open_ended) == [(2, 2, 9_000.0), (2, 2, 10_500.0)]
    hole = price_list(
        ("hvb", "h1", "2023-01-01", "2023-06-29", 4_500.0),
        ("hvb", "h1", "2023-07-02", None, 6_000.0),
    )
    assert monthly(TALLEN, hole) == [(2, 2, 9_500.0), (2, 2, 11_000.0)]


def test_the_home_then_the_contractor_then_the_kind() -> None:
    other = TALLEN.assign(home="h2")
    assert monthly(other, PRICES) == [(2, 2, 8_000.0), (2, 2, 8_000.0)]  # 4 000 for any HVB
    by_company = price_list(("hvb", "k1", "2023-01-01", None, 4_200.0))
    hired = other.assign(contractor="k1")
    assert monthly(hired, by_company) == [(2, 2, 8_400.0), (2, 2, 8_400.0)]
    # Another kind's price is nobody's.
    assert monthly(other.assign(kind="sis"), PRICES) == [(2, 2, 10_000.0), (2, 2, 10_000.0)]


def test_a_family_home_by_hand() -> None:
    home = placements(("family_home", "h3", "2023-04-01", "2023-04-30", None))
    home = home.assign(fee=9_000.0, expenses=6_000.0, consultant_fee=np.nan)
    # (9 000 · 1.3142 + 6 000) a month, of 365/12 days: 586.12 kronor a day, 30 days.
    day = (9_000 * 1.3142 + 6_000) / (365 / 12)
    assert monthly(home, None) == [(30, 30, round(30 * day, 2))]
    without = PriceParts(employer_rate=0.0)
    assert monthly(home, None, parts=without) == [(30, 30, round(30 * 15_000 * 12 / 365, 2))]
    supported = home.assign(consultant_fee=900.0)
    assert monthly(supported, None) == [(30, 30, round(30 * (day + 900), 2))]


def test_moms_and_the_subsidy_of_sis() -> None:
    sis = placements(("sis", "h6", "2023-04-01", "2023-04-10", 10_000.0)).assign(provider="state")
    assert monthly(sis, None) == [(10, 10, 100_000.0)]
    assert monthly(sis, None, parts=PriceParts(moms=0.06)) == [(10, 10, 106_000.0)]
    assert monthly(sis, None, parts=PriceParts(sis_subsidy=3_000)) == [(10, 10, 70_000.0)]
    own = sis.assign(provider="own", kind="hvb")
    paid = PriceParts(moms=0.06, sis_subsidy=3_000)
    assert monthly(own, None, parts=paid) == [(10, 10, 100_000.0)]


def test_days_without_a_price_are_counted_and_cost_nothing() -> None:
    two = placements(
        ("network_home", "h7", "2023-04-01", "2023-04-10", None),
        ("network_home", "h8", "2023-04-01", "2023-04-05", 300.0),
    )
    assert monthly(two, None) == [(15, 5, 1_500.0)]
    assert price_segments(two, None, counting="both", until=UNTIL)["price"].isna().tolist() == [
        True,
        False,
    ]


def test_costs_of_nothing() -> None:
    none = TALLEN.head(0)
    assert monthly(none, PRICES) == []
    assert list(costs_per_month(none, None, counting="both", until=UNTIL)) == [
        *("kind", "month", "days", "priced_days", "cost")
    ]
    later = placements(("hvb", "h1", "2024-06-29", None, 1.0))
    assert monthly(later, PRICES) == []


SPELLS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.sampled_from(["h1", "h2"])),
    min_size=1,
    max_size=6,
)
LINES = st.lists(
    st.tuples(
        st.sampled_from(["h1", "h2", None]),
        st.integers(0, 60),
        st.one_of(st.none(), st.integers(0, 30)),
        st.integers(1, 9),
    ),
    max_size=5,
)


@settings(max_examples=25)
@given(SPELLS, LINES)
def test_every_day_has_the_price_that_held(
    spells: list[tuple[int, int, str]], lines: list[tuple[str | None, int, int | None, int]]
) -> None:
    start = pd.Timestamp("2023-05-20")

    def day(number: int) -> str:
        return str((start + pd.Timedelta(days=number)).date())

    frame = placements(
        *(("hvb", home, day(first), day(first + length), 100.0) for first, length, home in spells)
    )
    prices = price_list(
        *(
            ("hvb", home, day(first), None if length is None else day(first + length), price * 1.0)
            for home, first, length, price in lines
        )
    )
    expected = 0.0
    for first, length, home in spells:
        own = [line for line in lines if line[0] == home] or [
            line for line in lines if line[0] is None
        ]
        for number in range(first, first + length + 1):
            begun = [(line[1], place) for place, line in enumerate(own) if line[1] <= number]
            _, begins, holds, price = own[max(begun)[1]] if begun else (None, 0, -1, 0)
            expected += price if holds is None or begins + holds >= number else 100.0
    found = costs_per_month(frame, prices, counting="both", until=UNTIL, by=[])
    assert found["cost"].sum() == pytest.approx(expected)
    days = days_per_month(frame, counting="both", until=UNTIL)
    assert found["days"].tolist() == days["days"].tolist() == found["priced_days"].tolist()


COSTS = pd.DataFrame(
    [
        ("hvb", "h1", "2022-03-01", 10, 40_000.0),
        ("family_home", "h3", "2022-03-01", 30, 15_000.0),
        ("hvb", "h1", "2023-03-01", 10, 40_000.0),
        ("hvb", "h2", "2023-03-01", 10, 60_000.0),
        ("family_home", "h3", "2023-03-01", 20, 12_000.0),
    ],
    columns=["kind", "home", "month", "priced_days", "cost"],
).assign(
    month=lambda frame: pd.to_datetime(frame["month"]), days=lambda frame: frame["priced_days"]
)


def test_the_change_of_cost_in_three_parts_by_hand() -> None:
    found = cost_change(COSTS, reference=2022, comparison=2023)
    split = found.set_index(["level", "factor"])["value"]
    assert (found["before"].iloc[0], found["after"].iloc[0]) == (55_000, 112_000)
    # 40 days in both years: no volume. HVB from 1/4 to 1/2 of the days, at 4 500 and 550 kr on
    # average over both years: 40 · (1/4 · 4 500 - 1/4 · 550) = 39 500. Prices + 1 000 and + 100:
    # 40 · (3/8 · 1 000 + 5/8 · 100) = 17 500.
    assert split["kind"].to_dict() == pytest.approx({"volume": 0, "mix": 39_500, "price": 17_500})
    # By home the HVB of h1 costs what it did; h2 is new, so all of that is mix.
    fine = split["kind × home"]
    assert fine.to_dict() == pytest.approx({"volume": 0, "mix": 54_500, "price": 2_500})
    for level in ("kind", "kind × home"):
        assert split[level].sum() == pytest.approx(57_000)


@settings(max_examples=12)
@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 9_000)), min_size=8, max_size=8))
def test_the_parts_always_add_up(cells: list[tuple[int, int]]) -> None:
    labels = [(kind, home) for kind in ("hvb", "sis") for home in ("h1", "h2")]
    rows = [
        (kind, home, f"{year}-05-01", days, float(days * price))
        for (year, (kind, home)), (days, price) in zip(
            [(year, label) for year in (2022, 2023) for label in labels], cells, strict=True
        )
    ]
    costs = pd.DataFrame(rows, columns=["kind", "home", "month", "priced_days", "cost"])
    costs["month"] = pd.to_datetime(costs["month"])
    found = cost_change(costs, reference=2022, comparison=2023)
    for _, rows_of_level in found.groupby("level"):
        change = rows_of_level["after"].iloc[0] - rows_of_level["before"].iloc[0]
        assert rows_of_level["value"].sum() == pytest.approx(change, abs=1e-6)


def test_average_price_holds_the_mix() -> None:
    assert average_price(COSTS)["value"].tolist() == [55_000 / 40, 112_000 / 40]
    # + 104 per cent together, + 25 and + 20 by kind.
    by_kind = average_price(COSTS, by=["kind", "year"])["value"].tolist()
    assert by_kind == [500, 600, 4_000, 5_000]


def test_purchased_share_by_hand() -> None:
    days = pd.DataFrame(
        {
            "provider": ["purchased", "state", "own", None],
            "month": pd.to_datetime(["2023-01-01"] * 4),
            "days": [30, 10, 40, 20],
        }
    )
    (row,) = purchased_share(days).to_dict("records")
    assert (row["numerator"], row["denominator"], row["unknown_days"]) == (40, 80, 20)
    assert (row["value"], row["least"], row["most"]) == (0.5, 0.4, 0.6)
    (without,) = purchased_share(days, purchased=["purchased"]).to_dict("records")
    assert without["value"] == 30 / 80
    (silent,) = purchased_share(days.tail(1)).to_dict("records")
    assert np.isnan(silent["value"])
    assert (silent["least"], silent["most"]) == (0, 1)
    assert purchased_share(days.head(0)).empty


def test_groupings_stand_beside_the_kinds() -> None:
    frame = placements(
        ("hvb", "h1", "2023-01-01", "2023-01-10", None),
        ("sis", "h1", "2023-01-01", "2023-01-05", None),
        ("family_home", "h1", "2023-01-01", "2023-01-20", None),
        ("consultant_family_home", "h1", "2023-01-01", "2023-02-02", None),
        ("emergency_home", "h1", "2023-01-01", "2023-01-03", None),
    )
    days = days_per_month(frame, counting="both", until=UNTIL, by=["kind"])
    papers = grouped(days, GROUPINGS["papers"])
    assert papers[["group", "days"]].to_numpy().tolist() == [
        ["family_homes", 51],  # 20 + 31, of which with consultants 31
        ["family_homes", 2],
        ["consultant_family_homes", 31],
        ["consultant_family_homes", 2],
        ["residential", 15],
    ]
    kolada = grouped(days, GROUPINGS["kolada"])
    assert kolada["days"].tolist() == [54, 2, 10]
    assert grouped(days.head(0), GROUPINGS["papers"]).empty


def test_budget_by_hand() -> None:
    costs = pd.DataFrame(
        {
            "month": ["2023-11-01", "2023-12-01", "2023-12-15", "2024-01-01"],
            "cost": [90, 60, 60, 99],
        }
    )
    budget = pd.DataFrame({"month": pd.date_range("2023-11-01", periods=5, freq="MS")})
    found = budget_deviation(costs, budget.assign(budget=100.0))
    assert found["deviation"].tolist() == [-10, 20, -1]
    assert found["cumulative"].tolist() == [-10, 10, -1]  # a new year begins
    assert found["share"].tolist() == [-0.1, 0.05, -0.01]
    with pytest.raises(UserError, match="budget"):
        budget_deviation(costs, pd.concat([budget, budget]).assign(budget=1.0))
    assert budget_deviation(costs.head(0), budget.assign(budget=1.0)).empty


def months_of(costs: list[float]) -> pd.DataFrame:
    month = pd.date_range("2020-01-01", periods=len(costs), freq="MS")
    return pd.DataFrame({"month": month, "cost": costs})


def test_forecast_by_hand() -> None:
    costs = pd.DataFrame(
        {"month": pd.date_range("2023-01-01", periods=3, freq="MS"), "cost": [3100, 2800, 3100]}
    )
    found = forecast(costs, months=2)
    # 9 000 kronor on 90 days: 100 a day. April has 30 days, May 31.
    assert found[["scope", "horizon", "value"]].to_numpy().tolist() == [
        ["month", 1, 3000],
        ["month", 2, 3100],
        ["total", 1, 3000],
        ["total", 2, 6100],
    ]
    assert found["lower"].isna().all()  # no earlier forecast to learn from
    assert found["month"].tolist()[:2] == [pd.Timestamp("2023-04-01"), pd.Timestamp("2023-05-01")]
    last = forecast(costs, months=1, window=1)
    assert last["value"].tolist()[0] == 3000  # March alone: 100 a day
    with pytest.raises(UserError, match="3"):
        forecast(costs.head(2), months=1)
    with pytest.raises(UserError):
        forecast(costs.drop(index=1), months=1, window=1)


def test_the_interval_is_made_of_the_forecasts_own_misses() -> None:
    # Months of 30 kr a day, one of them twice that: five misses with a window of 1.
    days = pd.date_range("2020-01-01", periods=6, freq="MS").days_in_month
    level = np.array([30, 30, 60, 30, 30, 30])
    costs = months_of((days * level).astype(float).tolist())
    found = forecast(costs, months=1, window=1, confidence=0.5)
    # Actual over forecast: 1, 2, 1/2, 1, 1. The third smallest miss of five ((5 + 1) · 0.5): none.
    (row,) = found[found["scope"] == "month"].to_dict("records")
    assert (row["denominator"], row["lower"], row["value"], row["upper"]) == (5, 930, 930, 930)
    wide = forecast(costs, months=1, window=1, confidence=0.8).iloc[0]  # the fifth: a factor of 2
    assert (wide["lower"], wide["upper"]) == (pytest.approx(465), pytest.approx(1860))
    assert np.isnan(forecast(costs, months=1, window=1, confidence=0.95)["lower"].iloc[0])


def test_back_test_holds_its_rate_on_steady_costs() -> None:
    random = np.random.default_rng(7)
    costs = months_of((1_000_000 * np.exp(random.normal(0, 0.1, 400))).tolist())
    found = back_test(costs, months=3, confidence=0.8)
    assert found["horizon"].tolist() == [1, 2, 3, 1, 2, 3]
    assert found["origins"].tolist() == [397, 396, 395, 397, 396, 395]
    assert (np.abs(found["value"] - 0.8) < 0.06).all()
    assert (found["lower"] < found["value"]).all()
    assert (np.abs(found["bias"]) < 0.05).all()
    # Costs that rise for ever are missed, and the back test says so.
    rising = months_of((1_000.0 * 1.05 ** np.arange(60)).tolist())
    assert (back_test(rising, months=3)["bias"] > 0.05).all()


def test_back_test_of_a_short_series() -> None:
    found = back_test(months_of([1.0, 1.0, 1.0]), months=1)
    assert found["denominator"].tolist() == [0, 0]
    assert found["value"].isna().all()


def test_the_course_has_its_marks_and_no_effect() -> None:
    table = pd.DataFrame({"month": pd.date_range("2023-08-01", periods=8, freq="MS"), "days": 1})
    marked = course(table)
    found = marked["mark"].astype("object")
    assert found.where(found.notna(), None).tolist() == [
        *(None, "measures", None, None, "decision", None, "record_system", None)
    ]
    assert [mark.month for mark in MARKS] == [date(2023, 9, 1), date(2023, 12, 1), date(2024, 2, 1)]
    assert list(marks("sv")["label"]) == [
        *("Åtgärder börjar", "Nämndens beslut", "Nytt verksamhetssystem")
    ]
    own = [Mark(date(2024, 3, 15), "decision", "nämnden")]
    assert course(table, own)["mark"].tolist()[-1] == "decision"
    for language in ("sv", "en"):
        told = " ".join(explanations(language))  # type: ignore[arg-type]
        assert len(explanations(language)) == 6  # type: ignore[arg-type]
        assert "2024" in told


def test_the_same_in_any_order_and_nothing_is_changed() -> None:
    many = placements(
        *(
            ("hvb", f"h{i % 3}", f"2023-0{1 + i % 6}-10", f"2023-09-{10 + i}", 5_000.0 + i)
            for i in range(9)
        )
    )
    before = many.copy()
    one = costs_per_month(many, PRICES, counting="both", until=UNTIL, by=["kind", "home"])
    other = costs_per_month(
        many[::-1], PRICES[::-1], counting="both", until=UNTIL, by=["kind", "home"]
    )
    pd.testing.assert_frame_equal(one, other)
    pd.testing.assert_frame_equal(many, before)
