"""The tables of the evaluation, by hand on a small register and against the planted truth."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from umea_eval.datasets.vhu_lss import results
from umea_eval.datasets.vhu_lss.measures.people import STEPS
from umea_eval.datasets.vhu_lss.results.reach import REASON_GROUPS
from umea_eval.datasets.vhu_lss.schema import CODES
from umea_eval.datasets.vhu_lss.synthetic import EXTRACTION, simulate

PUBLIC = Path(__file__).parents[3] / "data/raw/public"
Tables = dict[str, pd.DataFrame]
LAST = dt.date(2025, 12, 31)
CHOICES = results.Choices(2022, 2023)

# Umeå (2480): A to D invited, of whom A, B and C accept and A and B are examined; E is not invited
# and reaches 40 in 2023. Vännäs (2460): F and G invited, F accepts and is examined. H was invited
# in 2024. Follow-up: A only.
PERSONS = pd.DataFrame(
    [
        ("A", "2480", "Väst", "h1", "women", "50", 1972, "2022-03-01", "accepted", None),
        ("B", "2480", "Väst", "h1", "men", "60", 1962, "2022-03-01", "accepted", None),
        ("C", "2480", "Öst", "h2", "women", "40", 1983, "2023-02-01", "accepted", "illness"),
        ("D", "2480", "Öst", "h3", "men", "40", 1983, "2023-02-01", "declined", "no_wish"),
        ("E", "2480", "Öst", "h3", "men", "40", 1983, None, None, "staffing"),
        ("F", "2460", None, "h4", "women", "60", 1962, "2022-05-01", "accepted", None),
        ("G", "2460", None, "h4", None, "60", 1962, "2022-05-01", "declined", None),
        ("H", "2460", None, "h5", "men", "40", 1984, "2024-05-01", "accepted", None),
    ],
    columns=[
        *("person", "municipality", "area", "home", "sex", "round", "birth_year"),
        *("invited_on", "answer", "reason"),
    ],
).assign(invited_on=lambda frame: pd.to_datetime(frame["invited_on"]))
# A: waist, triglycerides and pressure are high: three of five. B: only the pressure is, and the
# blood is missing (triglycerides, HDL, glucose unknown): undetermined. F: nothing is.
EXAMINATIONS = pd.DataFrame(
    {
        "person": ["A", "B", "F"],
        "examined_on": pd.to_datetime(["2022-04-01", "2022-04-01", "2022-06-01"]),
        "waist": [85.0, 90.0, 75.0],
        "triglycerides": [1.8, np.nan, 1.0],
        "hdl": [1.5, np.nan, 1.6],
        "systolic": [150.0, 135.0, 120.0],
        "diastolic": [80.0, 80.0, 75.0],
        "glucose": [5.0, np.nan, 5.0],
        "drug_blood_pressure": [False, False, False],
        "drug_glucose": [False, False, False],
        "drug_lipids": [False, False, False],
        "known_hypertension": [False, True, False],
    }
)
FOLLOW_UPS = pd.DataFrame(
    {
        "person": ["A"],
        "examined_on": pd.to_datetime(["2023-04-01"]),
        "waist": [83.0],
        "systolic": [140.0],
    }
)
TABLES: Tables = {"persons": PERSONS, "examinations": EXAMINATIONS, "follow_ups": FOLLOW_UPS}


@pytest.fixture
def found() -> results.Register:
    return results.register(TABLES, LAST, CHOICES)


def test_the_selection_by_year_and_place(found: results.Register) -> None:
    # H was invited in 2024; E has no invitation, and 1983 + 40 is 2023.
    assert found.people["person"].tolist() == list("ABCDEFG")
    assert found.everybody["person"].tolist() == list("ABCDEFGH")
    chosen = {
        name: results.register(TABLES, LAST, results.Choices(2022, 2024, *name.split("/")))
        for name in ("Vännäs/", "2460/", "umeå/väst", "Okänd/")
    }
    people = {name: "".join(each.people["person"]) for name, each in chosen.items()}
    assert people == {"Vännäs/": "FGH", "2460/": "FGH", "umeå/väst": "AB", "Okänd/": ""}
    assert chosen["umeå/väst"].visits["person"].tolist() == ["A", "B"]


def test_a_person_of_no_year_is_counted_apart() -> None:
    frame = PERSONS.assign(birth_year=PERSONS["birth_year"].where(PERSONS["person"] != "E"))
    own = results.register({**TABLES, "persons": frame}, LAST, CHOICES)
    assert own.undated == 1
    assert "E" not in own.people["person"].tolist()
    assert "E" in own.everybody["person"].tolist()


def test_the_flow_and_its_losses_add_up(found: results.Register) -> None:
    steps = results.steps(found).set_index("step")
    # 7 eligible; all but E invited; A, B, C, F accepted; A, B, F examined; A followed up.
    assert steps["numerator"].tolist() == [7, 6, 4, 3, 1]
    assert steps["lost"].tolist()[1:] == [1, 2, 1, 2]
    assert steps["before"].tolist() == ["none", "eligible", "invited", "accepted", "examined"]
    reasons = results.reasons(found)
    assert reasons.groupby("lost_at")["persons"].sum().to_dict() == {
        row["lost_at"]: row["lost"] for row in steps.iloc[1:].to_dict("records")
    }
    lost = {(row["step"], row["reason"]): row["persons"] for row in reasons.to_dict("records")}
    assert lost["invited", "staffing"] == 1  # E
    assert lost["accepted", "no_wish"] == 1  # D
    assert lost["examined", "illness"] == 1  # C


def test_reasons_in_wide_classes_add_up_to_all_who_were_not_examined(
    found: results.Register,
) -> None:
    steps = results.steps(found).set_index("step")
    # C, D, E and G of 7 were not examined, B and F of the examined not followed up.
    assert steps.loc["examined", ["eligible", "missed"]].tolist() == [7, 4]
    assert steps.drop("examined")[["eligible", "missed"]].isna().all(axis=None)
    table = results.reason_groups(found).set_index("reason")
    assert table["persons"].groupby(table["lost_at"]).sum().to_dict() == {
        "not examined": 4,
        "lost before followed_up": 2,
    }
    assert table.loc[["declined", "circumstances", "organisation"], "persons"].tolist() == [1, 1, 1]
    # Every reason has a class, and only one.
    known = {code.code for code in CODES["reason"].codes}
    known |= {"pending", "no_answer", "answer_missing", "not_stated"}
    classed = [reason for group in REASON_GROUPS.values() for reason in group]
    assert sorted(classed) == sorted(known)


def test_the_order_of_rows_does_not_tell_which_number_is_larger(found: results.Register) -> None:
    """Reasons stand by name and areas by place: an order by size tells of suppressed numbers."""
    reasons = results.reasons(found)
    for _, part in reasons.groupby("step"):
        assert part["reason"].tolist() == sorted(part["reason"])
    assert reasons["step"].drop_duplicates().tolist() == [*STEPS[1:]]
    units = results.units(found, CHOICES)[["municipality", "unit"]]
    assert units.to_numpy().tolist() == sorted(units.to_numpy().tolist())


def test_by_sex_and_their_difference(found: results.Register) -> None:
    table = results.described(found, "sex").set_index("sex")
    assert table.loc["women", ["eligible", "invited", "accepted"]].tolist() == [3, 3, 3]
    assert table.loc["men", ["eligible", "invited", "accepted"]].tolist() == [3, 2, 1]
    assert table.loc["unknown", ["eligible", "invited", "accepted"]].tolist() == [1, 1, 0]
    counts = ["eligible", "invited", "accepted", "examined"]
    assert (table.loc["total", counts] == table.drop(index="total")[counts].sum()).all()
    row = results.sex_difference(results.described(found, "sex"), found).iloc[0]
    assert row["value"] == 1 - 1 / 2
    assert row["lower"] < 0.5 < row["upper"]


def test_places_and_whom_the_share_is_of(found: results.Register) -> None:
    table = results.places(found, CHOICES).set_index("municipality")
    assert table.loc["Umeå", ["share", "share_eligible"]].tolist() == [3 / 4, 3 / 5]
    assert table.loc["Vännäs", ["share", "share_eligible"]].tolist() == [1 / 2, 1 / 2]
    assert results.reference_place(found) == "2480"
    rows = results.place_differences(found, CHOICES).set_index("base")
    assert rows["municipality"].tolist() == ["Vännäs", "Vännäs"]
    assert rows.loc["offered", "value"] == pytest.approx(1 / 2 - 3 / 4)
    assert rows.loc["eligible", "value"] == pytest.approx(1 / 2 - 3 / 5)
    # One comparison of places and one of the sexes, in one of three questions.
    assert rows["confidence"].tolist() == pytest.approx([1 - 0.05 / 6] * 2)
    units = results.units(found, CHOICES).set_index("unit")
    assert units["invited"].to_dict() == {"Umeå, Väst": 2, "Umeå, Öst": 2, "Vännäs": 2}
    assert (units["all_share"] == 4 / 6).all()


def test_more_municipalities_make_wider_intervals() -> None:
    persons = PERSONS.assign(home=None)  # else more persons change how alike they are in homes
    more = persons[persons["municipality"] == "2460"].assign(
        municipality="2409", person=["P", "Q", "R"]
    )
    three = results.register(
        {**TABLES, "persons": pd.concat([persons, more], ignore_index=True)}, LAST, CHOICES
    )
    rows = results.place_differences(three, CHOICES)
    assert rows["confidence"].tolist() == pytest.approx([1 - 0.05 / 9] * 4)
    two = results.register({**TABLES, "persons": persons}, LAST, CHOICES)
    alone = results.place_differences(two, CHOICES)
    own = rows[rows["municipality"] == "Vännäs"].reset_index(drop=True)
    assert (own["lower"] < alone["lower"]).all()
    assert (own["upper"] > alone["upper"]).all()


def test_prevalence_keeps_the_undetermined(found: results.Register) -> None:
    table = results.found_conditions(found).set_index("condition")
    row = table.loc["metabolic_syndrome"]
    assert row[["positive", "undetermined", "examined"]].tolist() == [1, 1, 3]
    assert row[["least", "most"]].tolist() == pytest.approx([1 / 3, 2 / 3])
    # A has 150/80; B has an earlier diagnosis.
    assert table.loc["high_blood_pressure", ["positive", "undetermined"]].tolist() == [2, 0]
    # No heights and no BMI: obesity cannot be told for anyone.
    assert table.loc["obesity", ["least", "most"]].tolist() == [0, 1]
    by_sex = results.syndrome_by_sex(found)
    difference = results.syndrome_difference(by_sex).iloc[0]
    # Women A and F: 1 of 2. Men: B, who may or may not have it.
    assert difference[["least", "most"]].tolist() == [1 / 2 - 1, 1 / 2 - 0]
    assert difference["lower"] <= -1 / 2
    assert difference["upper"] >= 1 / 2


def test_a_wider_waist_finds_no_more(found: results.Register) -> None:
    table = results.definitions(found, CHOICES).set_index("condition")
    assert table["chosen"].sum() == 1
    # A's 85 cm is large by 80 and not by 88: two of five are left.
    assert table.loc["joint_94_80_unknown", "positive"] == 1
    assert table.loc["joint_102_88_unknown", "positive"] == 0
    other = results.Choices(2022, 2023, definition="idf", waist="102/88")
    assert results.definitions(found, other).set_index("condition")["chosen"].sum() == 1


def test_detection_says_where_it_cannot(found: results.Register) -> None:
    table = results.detected(found).set_index("condition")
    # Of A and F without an earlier diagnosis A has 150/80; nobody's diabetes is recorded.
    pressure = table.loc["high_blood_pressure"]
    assert pressure[["positive", "undiagnosed"]].tolist() == [1, 2]
    assert pressure["least"] == 1 / 2
    assert table.loc["type_2_diabetes", "cannot"]
    assert pd.isna(table.loc["type_2_diabetes", "positive"])


def test_whoever_takes_a_drug_for_lipids_is_not_newly_found() -> None:
    high = EXAMINATIONS.assign(
        cholesterol=7.0,
        known_hyperlipidaemia=False,
        drug_statin=False,
        drug_lipids=[True, False, False],
    )
    found = results.register({"persons": PERSONS, "examinations": high}, LAST, CHOICES)
    row = results.detected(found).set_index("condition").loc["hyperlipidaemia"]
    # A has a drug, though no statin: B and F are left, and both are high.
    assert row[["positive", "undiagnosed"]].tolist() == [2, 2]


def test_what_lies_within_the_interval_could_not_be_shown() -> None:
    row = {"value": 0.1, "lower": -0.1, "upper": 0.4, "confidence": 0.95}
    # The wider side is 0.3; at 80 per cent power (1.96 + 0.84) / 1.96 of it.
    assert results.of_interval(row) == pytest.approx(0.3 * (1.959964 + 0.841621) / 1.959964)
    assert np.isnan(results.of_interval({**row, "lower": np.nan, "upper": np.nan}))


def test_change_stands_beside_what_was_to_be_expected(found: results.Register) -> None:
    table = results.changes(found, CHOICES).set_index("measure")
    # One pair, A: 140 - 150, and no interval. All first means: (150 + 135 + 120) / 3 = 135; with a
    # correlation of 0.8 A's 150 is expected to fall by 0.2 * 15 = 3.
    row = table.loc["systolic"]
    assert row[["pairs", "unpaired"]].tolist() == [1, 2]
    assert row["value"] == -10
    assert row["expected"] == pytest.approx(-3)
    assert row["beyond"] == pytest.approx(-7)
    assert row["limits"] == "few_pairs"
    assert np.isnan(row["lower"])
    weaker = results.changes(found, results.Choices(2022, 2023, correlation=0.5))
    assert weaker.set_index("measure").loc["systolic", "expected"] == pytest.approx(-7.5)


def test_the_assumptions_of_the_change_by_hand(found: results.Register) -> None:
    table = results.change_variants(found, CHOICES)
    rows = table[table["measure"] == "systolic"].set_index(["follow_up", "correlation"])["value"]
    # A fell by 10 from 150. With 0.6, 0.8 and 0.9 a fall of 6, 3 and 1.5 is expected.
    expected = {0.6: -4 / 1.5, 0.8: -7 / 1.5, 0.9: -8.5 / 1.5}
    assert rows["last"].to_dict() == pytest.approx(expected)
    assert rows["first", 0.8] == rows["last", 0.8]  # one follow-up: the first is the last
    assert table["chosen"].sum() == len(results.FOLLOWED)
    other = results.change_variants(found, results.Choices(2022, 2023, correlation=0.5))
    assert sorted(other["correlation"].unique()) == [0.5, 0.6, 0.9]


def test_the_start_of_a_period_moves_the_estimate() -> None:
    months = pd.to_datetime(["2021-07-01", "2022-01-01", "2022-07-01"])
    persons = TABLES["persons"]
    west = set(persons.loc[persons["area"].astype("str") == "Väst", "person"])
    # Those of Väst are examined from 2022 on; VHU began there in February that year.
    registered = pd.DataFrame(
        [
            (person, month, person in west and month.year == 2022, False, True)
            for person in "ABCDEFGH"
            for month in months
        ],
        columns=["person", "month", "examination", "diagnosis", "drugs"],
    )
    introductions = pd.DataFrame(
        {
            "municipality": ["2480", "2480", "2460"],
            "area": ["Väst", "Öst", None],
            "introduced_on": pd.to_datetime(["2022-02-01", None, None]),
            "basis": ["beslut", None, None],
        }
    ).astype({"area": "str", "basis": "str"})
    tables = {**TABLES, "registered": registered, "introductions": introductions}
    found = results.register(tables, LAST, CHOICES)
    table = results.introduction_variants(found).set_index(["outcome", "definition"])
    # From the same half-year: all of Väst against none elsewhere. From the next: nothing is new.
    assert table.loc[("examination", "half_year"), "value"] == pytest.approx(1.0)
    assert table.loc[("examination", "half_year_next"), "value"] == pytest.approx(0.0)
    assert table.loc[("drugs", "half_year"), "value"] == 0  # everybody has, in all periods
    assert table["chosen"].groupby("definition").all().to_dict()["half_year"]
    whole = results.introduced(found).table.set_index("outcome")["value"]
    assert table.xs("half_year", level="definition")["value"].to_dict() == whole.to_dict()
    assert results.introduction_variants(results.register(TABLES, LAST, CHOICES)).empty


def test_the_introduction_says_why_it_cannot_be_followed(found: results.Register) -> None:
    none = results.introduced(found)
    assert [problem.key for problem in none.problems] == ["vhu_lss.report.introduction.no_tables"]
    months = pd.to_datetime(["2021-07-01", "2022-01-01", "2022-07-01"])
    registered = pd.DataFrame(
        [(person, month, False, False, True) for person in "ABCDEFGH" for month in months],
        columns=["person", "month", "examination", "diagnosis", "drugs"],
    )
    introductions = pd.DataFrame(
        {
            "municipality": ["2480", "2480", "2460"],
            "area": ["Väst", "Öst", None],
            "introduced_on": pd.to_datetime(["2022-01-01", "2022-07-01", None]),
            "basis": ["beslut", None, None],
        }
    ).astype({"area": "str", "basis": "str"})
    tables = {**TABLES, "registered": registered, "introductions": introductions}
    whole = results.introduced(results.register(tables, LAST, CHOICES))
    assert whole.dates == 2
    assert not whole.decided  # the second has no decision
    assert whole.table["units"].tolist() == [3, 3, 3]
    one = results.introduced(
        results.register(tables, LAST, results.Choices(2022, 2023, "Umeå", "Väst"))
    )
    assert one.table.empty
    assert len(one.problems) == 1
    for language in ("sv", "en"):
        assert one.problems[0].message(language)
    short = {**tables, "registered": registered.iloc[1:]}
    lacking = results.introduced(results.register(short, LAST, CHOICES))
    assert [problem.key for problem in lacking.problems] == ["vhu_lss.measures.not_all_periods"]


def test_nothing_in_nothing_out() -> None:
    for tables in ({}, {name: frame.iloc[:0] for name, frame in TABLES.items()}):
        empty = results.register(tables, LAST, CHOICES)
        assert empty.empty
        assert results.steps(empty)["numerator"].tolist() == [0] * 5
        assert results.reasons(empty).empty
        assert results.reached(empty)["accepting"].isna().all()
        assert results.described(empty, "round")["eligible"].tolist() == [0, 0, 0, 0]
        assert results.sex_difference(results.described(empty, "sex"), empty)["value"].isna().all()
        assert results.places(empty, CHOICES)["eligible"].tolist() == [0]
        assert results.place_differences(empty, CHOICES).empty
        assert results.units(empty, CHOICES).empty
        assert results.found_conditions(empty)["least"].isna().all()
        assert results.syndrome_difference(results.syndrome_by_sex(empty))["least"].isna().all()
        assert results.detected(empty)["cannot"].all()
        assert results.changes(empty, CHOICES)["value"].isna().all()
        assert results.definitions(empty, CHOICES)["examined"].eq(0).all()
        variants = results.participation_variants(empty, CHOICES)
        assert set(variants["limits"]) == {"nobody"}
        assert len(results.introduced(empty).problems) == 1
        assert results.change_variants(empty, CHOICES)["value"].isna().all()
        assert results.introduction_variants(empty).empty


def test_the_share_in_words_is_a_third(found: results.Register) -> None:
    assert results.reached(found)["accepting"].tolist() == ["middle"]  # 4 of 6 is not above 2/3
    umea = results.register(TABLES, LAST, results.Choices(2022, 2023, "Umeå"))
    assert results.reached(umea)["accepting"].tolist() == ["high"]  # 3 of 4
    nay = {**TABLES, "persons": PERSONS.assign(answer="declined"), "examinations": EXAMINATIONS[:0]}
    assert results.reached(results.register(nay, LAST, CHOICES))["accepting"].tolist() == ["low"]


def test_every_reason_has_words() -> None:
    for language in ("sv", "en"):
        for code in ("no_wish", "pending", "no_answer", "answer_missing", "not_due", "not_stated"):
            assert results.reason_label(code, language)


@pytest.mark.parametrize("n", [14, 108])
def test_the_planted_truth_comes_back_whatever_the_order_of_rows(n: int) -> None:
    simulated = simulate(n, 4, numbers=PUBLIC)
    choices = results.Choices(2022, 2025)
    made = []
    for seed in (None, 1):
        frames = {
            name: frame
            if seed is None
            else frame.sample(frac=1, random_state=seed).reset_index(drop=True)
            for name, frame in simulated.frames.items()
        }
        own = results.register(frames, EXTRACTION, choices)
        made.append(
            [
                results.steps(own),
                results.reasons(own),
                results.described(own, "sex"),
                results.places(own, choices),
                results.place_differences(own, choices),
                results.units(own, choices),
                results.found_conditions(own),
                results.changes(own, choices),
            ]
        )
    for one, other in zip(*made, strict=True):
        pd.testing.assert_frame_equal(one, other)
    counts = made[0][0].set_index("step")["numerator"].to_dict()
    assert counts == {step: simulated.truth[step] for step in counts}
    row = made[0][6].set_index("condition").loc["metabolic_syndrome"]
    true = simulated.truth["metabolic_syndrome"]
    assert row["positive"] <= true <= row["positive"] + row["undetermined"]
    named = results.municipality_names()
    places = made[0][3].set_index("municipality")
    for code, invited in simulated.truth["invited_by_municipality"].items():
        assert places.loc[named[code], "invited"] == invited
