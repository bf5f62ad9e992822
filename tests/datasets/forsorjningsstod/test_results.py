"""The tables of the evaluation, by hand on a small register and against the planted truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from umea_eval.datasets.forsorjningsstod import measures, results
from umea_eval.datasets.forsorjningsstod.synthetic import EXTRACTION, simulate

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


def test_every_variant_moves_as_it_must(found: results.Register) -> None:
    table = results.sensitivity(found, results.Choices(2023))
    assert table["chosen"].sum() == 2  # one long-term share, one share of returns
    long_term = table[table["definition"] == "household_ekonomiskt_bistand"]
    assert long_term["value"].is_monotonic_decreasing
    returned = table[table["measure"] == "returned"].set_index(["definition", "setting"])
    for gap in (1, 2, 3):
        rows = returned.loc[f"gap_{gap}"]
        assert rows.loc["12", "denominator"] <= rows.loc["6", "denominator"]


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
