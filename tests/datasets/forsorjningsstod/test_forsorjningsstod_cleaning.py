"""Ekonomiskt bistånd from export to clean tables: a register made by hand, and a large one."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from umea_eval.datasets.forsorjningsstod.cleaning import clean
from umea_eval.datasets.forsorjningsstod.schema import CODES, SCHEMAS
from umea_eval.datasets.forsorjningsstod.synthetic import EXTRACTION, Truth, simulate
from umea_eval.errors import UserError
from umea_eval.intake.cleaning import CleaningSettings, CleanResult
from umea_eval.intake.conform import Identification
from umea_eval.intake.example import Simulated, write_example
from umea_eval.intake.exports import read_export
from umea_eval.intake.plain_csv import read_records
from umea_eval.intake.pseudonym import Key, pseudonyms
from umea_eval.intake.register_breaks import register_breaks

PUBLIC = Path(__file__).parents[3] / "data/raw/public"
KEY = Key(bytes(range(32)))
SETTINGS = CleaningSettings(Identification(KEY, "forsorjningsstod"), EXTRACTION)
# Official test numbers (Skatteverket): a woman, a man, and a coordination number.
ANNA, BO, CIM = "189001019802", "189001029819", "191401682396"


def read_clean(path: Path, settings: CleaningSettings = SETTINGS) -> CleanResult:
    return clean(read_export(path), settings)


def texts(frame: pd.DataFrame, *columns: str) -> list[list[object]]:
    chosen = frame[list(columns)].astype("object")
    return chosen.where(chosen.notna(), None).to_numpy().tolist()


# A payment list as a municipality would send it: out of Excel, Windows-1252, two title rows, a
# group heading above the columns, amounts and months in several spellings, a sum and a note.
PAYMENTS = f"""\
Utbetalningar ekonomiskt bistånd;;;;;;;;
Uttag 2024-02-01;;;;;;;;

Person;;Ärende;Utbetalning;;;;;
Personnummer;Kön;Ärendenummer;Avser månad;Utbetalningsdatum;Belopp;Biståndstyp;Hinder;Lagrum
{ANNA[:8]}-{ANNA[8:]};K;100;2023-01;2022-12-27;8 450,00;Försörjningsstöd;111;4 kap. 1 § SoL
{ANNA[2:8]}+{ANNA[8:]};K;100;jan-23;2023-01-10;1 200,50;Livsföring i övrigt;111;SoL 4:2
{ANNA};K;100;2023-01;2023-02-03;450,00-;Försörjningsstöd;111;4 kap. 1 § SoL
{BO};M;200;februari 2023;2023-01-27;9 100;Försörjningsstöd;111 Arbetslös, otillräcklig;SoL 4:1
{BO};M;200;2023-02;2023-01-27;9 100,00;Försörjningsstöd;111;SoL 4:1
{BO};K;200;2023-03;2023-02-27;9 100,00;Försörjningsstöd;011;SoL 4:1
{BO};K;200;2023-04;2023-03-27;9 100,00;Försörjningsstöd;21;SoL 4:1
{CIM};;300;2023-02;2023-02-30;7 000,00;Försörjningsstöd;999;SoL 4:1
{CIM};;300;2023-03;;7 000,00;Fickpengar;999;SoL 4:1
{CIM[:-1]}7;;300;2023-04;;7 000,00;Försörjningsstöd;;SoL 4:1
{CIM};;300;2023-05;;7 0000,00;Försörjningsstöd;;SoL 4:1
{CIM};;300;2023-06;;7 000,00;Förmedlingsmedel;;SoL 4:1;ring Anna
Summa;;;;;58 950,50;;;
Källa: Exempelsystemet
"""


@pytest.fixture
def payments(tmp_path: Path) -> CleanResult:
    path = tmp_path / "utbetalningar 2024-02-01.csv"
    path.write_bytes(PAYMENTS.replace("\n", "\r\n").encode("cp1252"))
    return read_clean(path)


def test_payments_by_hand(payments: CleanResult) -> None:
    frame = payments.clean
    columns = ("source_row", "month", "amount", "support_kind", "obstacle", "legal_basis")
    month = {number: pd.Timestamp(2023, number, 1) for number in range(1, 13)}
    assert texts(frame, *columns) == [
        [6, month[1], 8450.0, "livelihood", "111", "sol_2001_4_1"],
        [7, month[1], 1200.5, "other_living", "111", "sol_2001_4_2"],
        [8, month[1], -450.0, "livelihood", "111", "sol_2001_4_1"],
        [9, month[2], 9100.0, "livelihood", "111", "sol_2001_4_1"],
        [12, month[4], 9100.0, "livelihood", "021", "sol_2001_4_1"],
    ]
    assert frame["paid_on"].tolist()[0] == pd.Timestamp("2022-12-27")
    own = pseudonyms([ANNA, BO], KEY, dataset="forsorjningsstod").tolist()
    assert frame["person"].tolist() == [own[0]] * 3 + [own[1]] * 2
    assert len(set(frame["household"])) == 2
    assert frame["person_sex"].tolist() == ["women"] * 3 + ["men"] * 2
    assert frame["person_birth_year"].tolist() == [1890] * 5


def test_payments_quarantine_by_hand(payments: CleanResult) -> None:
    assert texts(payments.quarantine, "row", "column", "reason") == [
        [11, "obstacle", "code_not_valid"],  # 011 ended with 2016
        [13, "paid_on", "not_a_date"],
        [14, "support_kind", "unknown_code"],
        [15, "person", "check_digit"],
        [16, "amount", "not_a_number"],
        [17, "", "too_many_cells"],
    ]


def test_payments_account_by_hand(payments: CleanResult) -> None:
    # 19 rows: 3 above the table with the blank one, 2 headings, 12 rows, a sum and a note.
    assert payments.ledger.as_dict(payments.corrections) == {
        "rows_in": 19,
        "clean": 5,
        "quarantined": {
            "check_digit": 1,
            "code_not_valid": 1,
            "not_a_date": 1,
            "not_a_number": 1,
            "too_many_cells": 1,
            "unknown_code": 1,
        },
        "duplicates": 1,  # row 10 is row 9 in another spelling
        "superseded": 0,
        "other_tables": 0,
        "headings_and_totals": 7,
        "corrections": {"trailing_minus": 1, "zeros_restored": 1},
    }
    # The man of household 200 is said to be a woman twice: one of the rows is kept, and counted.
    assert payments.remarks == {"sex_contradicts_identity": 1}


HOUSEHOLDS = f"""\
Hushållsnr;Personnummer;Månad;Hushållstyp;Antal barn;Skyddad identitet
100;{ANNA};2023-01;Ensamstående kvinna med barn;2;
100;{ANNA};2023-02;6;2;
200;{BO};2023-02;Ensam man utan barn;0;Ja
200;{BO};2023-03;3;1;Ja
200;{BO};2023-04;4;0;
300;{CIM};2023-02;Sambo;0;
300;{CIM};2023-03;Sammanboende par med barn;21;
300;{CIM};2023-04;Sammanboende par med barn;1;
"""


def test_households_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "hushåll.csv"
    path.write_text(HOUSEHOLDS, encoding="utf-8")
    result = read_clean(path)
    frame = result.tables["households"]
    assert texts(frame, "source_row", "household_type", "children", "protected") == [
        [2, "6", 2, False],
        [3, "6", 2, False],
        [4, "3", 0, True],
        [9, "8", 1, False],
    ]
    assert texts(result.quarantine, "row", "column", "reason") == [
        [5, "children", "children_contradict_household_type"],
        [6, "children", "children_contradict_household_type"],
        [7, "household_type", "unknown_code"],
        [8, "children", "out_of_range"],
    ]


DECISIONS = f"""\
Ärende\tPersonnr\tBeslutsdatum\tBeslut\tFr.o.m.\tT.o.m.\tAvslutsorsak
100\t{ANNA}\t20.12.2022\tBifall\t1.1.2023\t31.3.2023\tArbete
200\t{BO}\t1.2.2023\tBeviljat\t1.2.2023\t31.12.9999\t
300\t{CIM}\t1.2.2023\tAvslag\t1.2.2023\t28.2.2023\tFlytt
300\t{CIM}\t5.3.2023\tBeviljat\t1.4.2023\t31.3.2023\tAnnat
"""


def test_decisions_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "beslut.txt"
    path.write_bytes(DECISIONS.encode("utf-16"))
    result = read_clean(path)
    day = pd.Timestamp
    assert texts(result.tables["decisions"], "decision", "starts", "ends", "exit_reason") == [
        ["granted", day("2023-01-01"), day("2023-03-31"), "work"],
        ["granted", day("2023-02-01"), None, None],
        ["refused", day("2023-02-01"), day("2023-02-28"), "moved"],
    ]
    assert texts(result.quarantine, "row", "column", "reason") == [[5, "ends", "ends_before_start"]]


def test_the_same_persons_have_the_same_pseudonyms_in_every_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(PAYMENTS.encode("cp1252"))
    (tmp_path / "b.csv").write_text(HOUSEHOLDS, encoding="utf-8")
    result = read_clean(tmp_path)
    assert list(result.tables) == ["payments", "households"]
    payments, households = result.tables.values()
    assert set(payments["person"]) <= set(households["person"])
    assert set(payments["household"]) <= set(households["household"])


def test_lifecare_json(tmp_path: Path) -> None:
    page = {
        "PageNumber": 1,
        "Result": [
            {
                "CaseId": "100",
                "Amount": 8450.0,
                "PayDate": "2024-12-31T23:00:00Z",
                "concernedMonth": "2025-01",
                "Biståndstyp": "Försörjningsstöd",
                "PaymentPersonDTOs": [
                    {"Name": "Testa Testsson", "PersonId": ANNA},
                    {"Name": "Prova Testsson", "PersonId": BO},
                ],
            }
        ],
    }
    path = tmp_path / "payments.json"
    path.write_text(json.dumps(page), encoding="utf-8")
    result = read_clean(path)
    assert result.clean["amount"].tolist() == [8450]
    assert result.clean["paid_on"].tolist() == [pd.Timestamp("2025-01-01")]  # in Sweden
    assert "Testsson" not in result.dropped.to_csv() + result.clean.to_csv()


def test_an_old_code_is_good_in_its_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(PAYMENTS.replace("2023-03;2023-02-27", "2016-03;2016-02-27").encode("cp1252"))
    assert 11 in read_clean(path).clean["source_row"].tolist()


def test_the_law_changed_in_the_middle_of_a_year(tmp_path: Path) -> None:
    path = tmp_path / "uttag 2026-01-01.csv"
    months = [(month, law) for law in ("4 kap. 1 § SoL", "12 kap. 1 § SoL") for month in (6, 7)]
    lines = [f"{ANNA};1;2025-0{month};100;Försörjningsstöd;{law}" for month, law in months]
    head = "Personnummer;Hushåll;Avser månad;Belopp;Typ av bistånd;Lagrum"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    result = read_clean(path)
    assert texts(result.quarantine, "row", "column", "reason") == [
        [3, "legal_basis", "code_not_valid"],  # the old law in July
        [4, "legal_basis", "code_not_valid"],  # the new one in June
    ]


def test_the_obstacle_codes_are_those_of_socialstyrelsen() -> None:
    path = PUBLIC / "code_list_forsorjningshinder.csv"
    official = {}
    for _, record in read_records(path, ("vad", "name")):
        if record["vad"] == "enskild":
            code, _, name = record["name"].partition(" ")
            name, _, years = (
                name.rstrip(")").rpartition(" (") if name[-2:] in ("-)", "6)") else (name, "", "")
            )
            official[code] = (name or years, years)
    codes = {code.code: code for code in CODES["obstacle"].codes}
    assert set(codes) == set(official)
    for code, (name, years) in official.items():
        assert codes[code].label_sv.casefold() == name.casefold()
        assert years == codes[code].validity.replace("–", "-")


def test_the_household_types_are_those_of_socialstyrelsen() -> None:
    path = PUBLIC / "code_list_hushallstyp.csv"
    official = {
        record["hushallstyp"]: record["name"]
        for _, record in read_records(path, ("hushallstyp", "name"))
    }
    assert {code.code: code.label_sv for code in CODES["household_type"].codes} == official


# ------------------------------------------------------------------------------- simulated register


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulated, pd.DataFrame, CleanResult]:
    folder = tmp_path_factory.mktemp("messy")
    simulated = simulate(numbers=PUBLIC)
    marks = write_example(simulated, SCHEMAS, folder, extraction=EXTRACTION, messy=True)
    return simulated, marks, read_clean(folder)


def benefit_months(payments: pd.DataFrame) -> pd.Series:
    """Net per household and month of 2023, where it is above zero."""
    counted = payments[
        payments["support_kind"].isin(["livelihood", "other_living"])
        & (payments["month"].dt.year == 2023)
    ]
    net = counted.groupby(["household", "month"], observed=True)["amount"].sum().round(2)
    return net[net > 0]


def test_every_spoiled_row_is_found_with_its_reason_and_no_sound_one(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    _, marks, result = messy
    spoiled = marks[marks["fate"] == "quarantined"]
    first = result.quarantine.drop_duplicates(["file", "row"])
    columns = ["file", "row", "column", "reason"]
    expected = spoiled[columns].sort_values(["file", "row"], ignore_index=True)
    found = first[columns].sort_values(["file", "row"], ignore_index=True)
    assert len(expected) > 500
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    for fate in ("duplicates", "superseded"):
        assert result.ledger.total(fate) == (marks["fate"] == fate).sum() > 100
    assert set(expected["reason"]) >= {"check_digit", "code_not_valid", "not_a_month", "masked"}


def test_cleaning_gives_back_what_was_simulated(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    simulated, _, result = messy
    for schema in SCHEMAS:
        given = simulated.frames[schema.name]
        assert len(result.tables[schema.name]) == len(given)
    given, got = simulated.frames["payments"], result.clean
    for column in ("amount", "month", "paid_on"):
        assert np.array_equal(np.sort(given[column].to_numpy()), np.sort(got[column].to_numpy()))
    for column in ("support_kind", "obstacle", "sex", "legal_basis"):
        assert given[column].value_counts().to_dict() == {
            code: count for code, count in got[column].value_counts().items() if count
        }
    assert got["person"].nunique() == given["person"].nunique()


def test_the_published_figures_and_the_planted_truth_come_back(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    simulated, _, result = messy
    truth = simulated.truth
    months = benefit_months(result.clean)
    sex = result.clean.drop_duplicates("household").set_index("household")["person_sex"]
    by_sex = sex.loc[months.index.get_level_values("household")].value_counts()
    assert (len(months), by_sex["women"], by_sex["men"]) == (9601, 4900, 4701)
    assert (truth["benefit_months"], truth["benefit_months_women"]) == (9601, 4900)
    per_household = months.groupby("household", observed=True).size()
    assert round(per_household.mean(), 1) == 7.0  # published: mean of the cases
    assert (per_household >= 10).sum() == truth["long_term"]
    assert len(per_household) == truth["recipients"] == 1372


def test_the_change_of_record_system_is_found(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    simulated, _, result = messy
    (found,) = result.provenance["register_breaks"]
    assert found["date"] == simulated.truth["migration"]
    assert min(found["ended"], found["started"]) > 200


def test_without_a_change_of_system_none_is_found() -> None:
    decisions = simulate(600, 1, Truth(migration=None), numbers=PUBLIC).frames["decisions"]
    assert register_breaks(decisions["starts"], decisions["ends"]).empty


def test_register_breaks_by_hand() -> None:
    day = pd.Timestamp("2024-02-01")
    starts = pd.Series([pd.Timestamp("2023-01-01")] * 30 + [day] * 25)
    ends = pd.Series([day - pd.Timedelta(days=1)] * 25 + [pd.NaT] * 30)
    assert register_breaks(starts, ends).to_numpy().tolist() == [[day, 30, 25, 25]]
    assert register_breaks(starts, ends, least=26).empty
    assert register_breaks(starts, ends, share=0.9).empty


def test_simulation_is_the_same_for_the_same_seed() -> None:
    one, same, other = (simulate(50, seed, numbers=PUBLIC) for seed in (1, 1, 2))
    for name, frame in one.frames.items():
        pd.testing.assert_frame_equal(frame, same.frames[name])
    assert one.truth == same.truth
    assert not one.frames["payments"].equals(other.frames["payments"])


def test_more_households_than_test_numbers() -> None:
    with pytest.raises(UserError, match="testpersonnummer"):
        simulate(100_000, 0, numbers=PUBLIC)


def test_only_official_test_numbers_are_used() -> None:
    official = set((PUBLIC / "test_personnummer.csv").read_text().split())
    official |= set((PUBLIC / "test_samordningsnummer.csv").read_text().split())
    for frame in simulate(200, 3, numbers=PUBLIC).frames.values():
        assert set(frame["person"]) <= official
    assert dt.date(2024, 2, 1) == EXTRACTION
