"""The measures find what ``simulate`` plants, also after export and cleaning."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from umea_eval.datasets.forsorjningsstod.cleaning import clean
from umea_eval.datasets.forsorjningsstod.measures import (
    amounts,
    begun_before,
    benefit_months,
    break_months,
    children_by_month,
    competing_exits,
    exits_by_reason,
    family_months,
    flows,
    long_term_share,
    month_counts,
    months_by_year,
    net_months,
    obstacle_months,
    obstacles_by_month,
    spells,
    with_reasons,
)
from umea_eval.datasets.forsorjningsstod.schema import SCHEMAS
from umea_eval.datasets.forsorjningsstod.synthetic import (
    EXTRACTION,
    PUBLISHED_MEN,
    PUBLISHED_WOMEN,
    Truth,
    simulate,
)
from umea_eval.intake.cleaning import CleaningSettings
from umea_eval.intake.conform import Identification
from umea_eval.intake.example import write_example
from umea_eval.intake.exports import read_export
from umea_eval.intake.pseudonym import Key
from umea_eval.methods.survival import cumulative_incidence, kaplan_meier

PUBLIC = Path(__file__).parents[3] / "data/raw/public"
PERIOD = {"first": "2022-01", "last": "2023-12"}
SETTINGS = CleaningSettings(Identification(Key(bytes(range(32))), "forsorjningsstod"), EXTRACTION)


@dataclass(frozen=True)
class Register:
    """Frames, and what is true of them."""

    frames: Mapping[str, pd.DataFrame]
    truth: Mapping[str, Any]


@pytest.fixture(scope="module", params=["simulated", "cleaned"])
def register(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Register:
    if request.param == "simulated":
        simulated = simulate(seed=3, numbers=PUBLIC)
        return Register(simulated.frames, simulated.truth)
    folder = tmp_path_factory.mktemp("export")
    simulated = simulate(400, seed=3, numbers=PUBLIC)
    write_example(simulated, SCHEMAS, folder, extraction=EXTRACTION, messy=False)
    return Register(clean(read_export(folder), SETTINGS).tables, simulated.truth)


def test_benefit_months_amounts_and_long_term(register: Register) -> None:
    payments, truth = register.frames["payments"], register.truth
    net = net_months(payments)
    year = month_counts(net, per="year").set_index("year").loc[2023]
    assert year["benefit_months"] == truth["benefit_months"]
    assert year["households"] == truth["recipients"]
    assert year["months_without_net"] == truth["voided_months"]
    assert year["mean_months"] == pytest.approx(7.0, abs=0.01)
    kronor = amounts(net, per="year").set_index("year").loc[2023]
    assert kronor["net"] == pytest.approx(truth["net"], abs=0.005)
    share = long_term_share(months_by_year(benefit_months(payments), **PERIOD)).set_index("year")
    assert share.loc[2023, "numerator"] == truth["long_term"]
    assert share.loc[2023, "denominator"] == truth["recipients"]


def test_women_and_men(register: Register) -> None:
    payments, truth = register.frames["payments"], register.truth
    months = benefit_months(payments, first="2023-01", last="2023-12")
    sex = payments.drop_duplicates("household").set_index("household")["sex"].astype("str")
    counted = months["household"].map(sex).value_counts()
    assert counted["women"] == truth["benefit_months_women"]
    assert counted["men"] == truth["benefit_months_men"]


def test_the_published_numbers_come_out() -> None:
    # Umeå 2023: 4 900 benefit months of women and 4 701 of men, 7.0 per case.
    simulated = simulate(seed=1, numbers=PUBLIC)
    months = benefit_months(simulated.frames["payments"], first="2023-01", last="2023-12")
    assert len(months) == PUBLISHED_WOMEN + PUBLISHED_MEN


def test_obstacles(register: Register) -> None:
    payments = register.frames["payments"]
    found = obstacle_months(payments, benefit_months(payments, unit="person"))
    table = obstacles_by_month(found)
    own = table[(table["group"] == "unemployed") & (table["month"].dt.year == 2023)]
    assert own["numerator"].sum() == register.truth["unemployed_months"]
    assert found["valid"].all()


def test_families(register: Register) -> None:
    months = benefit_months(register.frames["payments"])
    households = register.frames["households"]
    table = children_by_month(family_months(months, households))
    assert table["households"].sum() == len(months)
    # One row per household and month with support, so they can be counted plainly.
    assert table["families"].sum() == (households["children"] > 0).sum()
    assert table["children"].sum() == households["children"].sum()
    assert table["unknown"].sum() == 0


def test_a_change_of_record_system_makes_no_exit(register: Register) -> None:
    decisions = register.frames["decisions"]
    months = benefit_months(register.frames["payments"])
    # It shows in the decisions, not in the months that were paid.
    assert break_months(months).empty
    found = spells(months, gap=1, **PERIOD)
    told = spells(months, gap=1, **PERIOD, breaks=[register.truth["migration"]])
    in_september = (found["last"] == "2023-09-01").sum()
    running = ((found["first"] <= "2023-09-01") & (found["last"] >= "2023-09-01")).sum()
    assert in_september < 0.2 * running
    # Told to be one nevertheless, none of them is an exit: joined with what follows, or censored.
    assert 0 < (told["end"] == "register_break").sum() <= in_september
    assert not ((told["last"] == "2023-09-01") & (told["end"] == "exit")).any()
    reasons = exits_by_reason(with_reasons(found, decisions, last="2023-12"))
    assert "migration" not in set(reasons["reason"])
    assert reasons["exits"].sum() == (found["end"] == "exit").sum()


def test_every_exit_has_the_reason_of_its_decision(register: Register) -> None:
    months = benefit_months(register.frames["payments"])
    found = spells(months, gap=1, **PERIOD)
    marked = with_reasons(found, register.frames["decisions"], last="2023-12")
    exits = marked[marked["end"] == "exit"]
    # One decision per spell ends with its last month, save where a voided month lies between or
    # the decision was moved to the new record system, and carries the reason.
    assert (exits["reason"].isin(["work", "benefit", "other"])).mean() > 0.98
    incidence = competing_exits(marked, last="2023-12")
    curve = cumulative_incidence(
        incidence["duration"], incidence["cause"], entry=incidence["entry"], at=[6]
    ).table
    left = kaplan_meier(
        incidence["duration"], incidence["cause"] > 0, entry=incidence["entry"], at=[6]
    ).table
    # The reasons share what has left among them.
    assert curve["value"].sum() == pytest.approx(1 - left["value"].iloc[0])


def test_the_stock_is_that_of_the_payments(register: Register) -> None:
    months = benefit_months(register.frames["payments"])
    table = flows(spells(months, gap=1, **PERIOD), **PERIOD, gap=1)
    assert table["running"].tolist() == months.groupby("month").size().tolist()
    for gap in (1, 2, 3):
        table = flows(spells(months, gap=gap, **PERIOD), **PERIOD, gap=gap)
        end = table["stock_start"] + table["inflow"] - table["outflow"]
        assert end.tolist() == table["stock_end"].tolist()


def test_what_ran_at_the_start_of_data_began_where_the_decisions_say() -> None:
    # The second of two years as data, and the decisions of both: beginnings of 2022 are known,
    # though a new record system of 2022 cut the decisions in two.
    plan = Truth(migration=dt.date(2022, 10, 1), voided=0.0)
    frames = simulate(600, seed=5, truth=plan, numbers=PUBLIC).frames
    months = benefit_months(frames["payments"])
    whole = spells(months, gap=1, **PERIOD)
    begun = begun_before(frames["decisions"], first="2023-01", gap=1)
    late = spells(months, gap=1, first="2023-01", last="2023-12", begun=begun)
    running = late[late["start"] == "running"].set_index("household")
    across = whole[(whole["first"] < "2023-01-01") & (whole["last"] >= "2023-01-01")]
    began = across.set_index("household")["first"]
    known = running["began"].dropna()
    assert len(known) > 100
    assert (known == began.reindex(known.index)).all()
    # Not known is only what begins with the data.
    missing = running.index[running["began"].isna()]
    assert set(missing).isdisjoint(set(began.index))
