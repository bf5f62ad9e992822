"""VHU i LSS from export to clean tables: registers made by hand, and a simulated one."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umea_eval.datasets import find_dataset
from umea_eval.datasets.vhu_lss.cleaning import clean
from umea_eval.datasets.vhu_lss.schema import CODES, SCHEMAS, hba1c_from_percent
from umea_eval.datasets.vhu_lss.synthetic import EXTRACTION, UNITS, Truth, simulate
from umea_eval.errors import UserError
from umea_eval.intake.cleaning import CleaningSettings, CleanResult
from umea_eval.intake.conform import Identification
from umea_eval.intake.example import Simulated, write_example
from umea_eval.intake.exports import read_export
from umea_eval.intake.plain_csv import read_records
from umea_eval.intake.pseudonym import Key, pseudonyms
from umea_eval.intake.quarantine import reason_text
from umea_eval.intake.schema import codebook
from umea_eval.processed.account import findings

PUBLIC = Path(__file__).parents[3] / "data/raw/public"
KEY = Key(bytes(range(32)))
SETTINGS = CleaningSettings(Identification(KEY, "vhu_lss"), EXTRACTION)
# Official test numbers (Skatteverket): women, but for Bo, Dag and Fri.
ADA, BO, CIM, DAG = "198501012382", "197402259274", "198301012384", "196201082697"
EVA, FRI, GUN, HUR = "198301022383", "196501022773", "198301032382", "198201012385"


def read_clean(path: Path, settings: CleaningSettings = SETTINGS) -> CleanResult:
    return clean(read_export(path), settings)


def texts(frame: pd.DataFrame, *columns: str) -> list[list[object]]:
    chosen = frame[list(columns)].astype("object")
    return chosen.where(chosen.notna(), None).to_numpy().tolist()


def test_the_numbers_above_are_official() -> None:
    official = set((PUBLIC / "test_personnummer.csv").read_text().split())
    assert {ADA, BO, CIM, DAG, EVA, FRI, GUN, HUR} <= official


# A list of offers as a municipality would keep it in Excel: Windows-1252, a title, a group heading
# above the columns, areas and answers in several spellings, a sum and a note. Free text is dropped.
PERSONS = f"""\
VHU i LSS-boende;;;;;;;;;
Uttag 2026-02-01;;;;;;;;;

Person;;;;;;Erbjudande;;;
Personnummer;Kommun;Område;Boende;Född år;Kön;Inbjudningsdatum;Svar;Orsak;Anteckning
{ADA[:8]}-{ADA[8:]};Umeå;Väst;Ekbacken;1985;K;2025-01-10;Ja;;ring Ada hemma
{BO[2:8]}-{BO[8:]};Umeå kommun;område väst;Ekbacken;1974;K;15/1 2024;Tackade nej;Stickrädd;
{CIM};2480;Väst;ekbacken ;1983;K;2023-03-01;Ej svarat;Ej nådd;
{CIM};2480;Väst;Ekbacken;1983;K;1/3 2023;Ej svarat;Ej nådd;
{DAG};Vännäs;;Björken;1962;M;20220915;J;;
{EVA};Vännäs;;Björken;1984;K;9999-12-31;;Ej infört i området;
{FRI};2409 Robertsfors;;Granen;1965;M;;Nej;God man avböjde;
{GUN[:-1]}3;Umeå;Öst;Tallen;1983;K;2024-02-01;Ja;;
{GUN};Luleå;Öst;Tallen;1983;K;2024-02-01;Ja;;
{GUN};Umeå;Öst;Tallen;1883;K;2024-02-01;Ja;;
{HUR};Umeå;Öst;Tallen;1982;K;2024-02-30;Ja;;
{HUR};Umeå;Öst;Tallen;1982;K;2024-02-01;Kanske;;
{HUR};Umeå;Öst;Tallen;1982;K;2024-02-01;Ja;Vägrar;
Summa;;;;13;;;;;
Källa: enhetens lista
"""


@pytest.fixture
def persons(tmp_path: Path) -> CleanResult:
    path = tmp_path / "vhu personer 2026-02-01.csv"
    path.write_bytes(PERSONS.replace("\n", "\r\n").encode("cp1252"))
    return read_clean(path)


def test_persons_by_hand(persons: CleanResult) -> None:
    frame = persons.clean
    day = pd.Timestamp
    columns = ("source_row", "municipality", "area", "birth_year", "sex", "invited_on", "answer")
    assert texts(frame, *columns) == [
        [6, "2480", "Väst", 1985, "women", day("2025-01-10"), "accepted"],
        [7, "2480", "Väst", 1974, "women", day("2024-01-15"), "declined"],
        [8, "2480", "Väst", 1983, "women", day("2023-03-01"), "no_answer"],
        [10, "2460", None, 1962, "men", day("2022-09-15"), "accepted"],
        [11, "2460", None, 1984, "women", None, None],
        [12, "2409", None, 1965, "men", None, "declined"],
    ]
    assert frame["reason"].astype("object").where(frame["reason"].notna(), None).tolist() == [
        *(None, "fear", "not_reached", None, "not_introduced", "representative")
    ]
    own = pseudonyms([ADA, BO], KEY, dataset="vhu_lss").tolist()
    assert frame["person"].tolist()[:2] == own
    # Ekbacken three times (blanks and letter case levelled), Björken twice, Granen.
    assert frame["home"].astype("str").value_counts().tolist() == [3, 2, 1]


def test_persons_quarantine_by_hand(persons: CleanResult) -> None:
    assert texts(persons.quarantine, "row", "column", "reason") == [
        [13, "person", "check_digit"],
        [14, "municipality", "unknown_code"],  # not in the region
        [15, "birth_year", "out_of_range"],
        [16, "invited_on", "not_a_date"],
        [17, "answer", "unknown_code"],
        [18, "reason", "unknown_code"],
    ]


def test_persons_account_by_hand(persons: CleanResult) -> None:
    # 20 rows: 3 above the table with the blank one, 2 headings, 13 rows, a sum and a note.
    assert persons.ledger.as_dict(persons.corrections) == {
        "rows_in": 20,
        "clean": 6,
        "quarantined": {
            "check_digit": 1,
            "not_a_date": 1,
            "out_of_range": 1,
            "unknown_code": 3,
        },
        "duplicates": 1,  # row 9 is row 8 in another spelling
        "superseded": 0,
        "other_tables": 0,
        "headings_and_totals": 7,
        "corrections": {"area_spelling": 1, "open_end": 1},  # "område väst"
    }
    # Bo is a man by the number; Eva is born in 1983 by hers; Fri answered what nobody had asked.
    # Rows 15 and 16 are in quarantine, and have their reasons there.
    assert persons.remarks == {
        "sex_contradicts_identity": 1,
        "birth_year_contradicts_identity": 1,
        "answer_without_invitation": 1,
    }
    assert texts(persons.dropped, "heading", "filled") == [["Anteckning", 1]]


# Visits out of a record system: UTF-16 and tabs, blood pressure in one cell, HbA1c in per cent in
# one column and in mmol/mol in another, height in metres, crosses for drugs, follow-ups in between.
EXAMINATIONS = f"""\
Personnr\tDatum\tBesökstyp\tInbjuden\tVHU-ålder\tÅlder\tMidja (cm)\tLängd (m)\tVikt (kg)\tBMI\t\
Blodtryck (mm Hg)\tTG (mmol/l)\tHDL (mmol/l)\tfP-Glukos (mmol/l)\tHbA1c (mmol/mol)\tHbA1c (%)\t\
OGTT\tBlodtrycksmedicin\tKänd diabetes\tHälsosamtal
{ADA}\t1.3.2025\tVHU\t2025-01-10\t40 år\t39\t88\t1,70\t72,5\t25,1\t132/84\t\
1,9\t1,2\t5,7\t41\t\t8,1\t\tN\tJa
{DAG}\t20.10.2022\tVHU\t2022-09-15\t60\t60\t104\t1,80\t97,2\t30,0\t145/95 mm Hg\t\
2,3\t0,9\t7,4\t\t6,8\t\
\tX\tJ\tJa
{DAG}\t25.10.2023\tUppföljning\t\t60\t61\t102\t1,80\t95,0\t\t138/88\t\t\t6,9\t50\t6,7\t\tX\tJ\tNej
{BO}\t2.5.2024\tVHU\t2024-01-15\t50\t49\t95\t1,75\t\t\tuppmätt ej\t1,2\t1,1\t5,1\t36\t\t\t\tN\t
{CIM}\t2.2.2023\tVHU\t2023-03-01\t40\t40\t81\t1,62\t60,0\t22,9\t118/76\t0,9\t1,5\t5,0\t34\t\t\t\tN\tJa
{EVA}\t2.2.2024\tVHU\t\t40\t40\t81\t1,62\t60,0\t29,9\t118/76\t0,9\t1,5\t5,0\t34\t\t\t\tN\tJa
{FRI}\t14.2.2025\tVHU\t\t60\t59\t99\t1,81\t88,0\t\t84/132\t1,1\t1,2\t5,4\t38\t\t\t\tN\tJa
{GUN}\t14.2.2025\tVHU\t\t40\t41\t79\t170\t70,0\t\t120/80\t1,1\t1,4\t5,4\t5,6\t\t\t\tN\tJa
{HUR}\t14.2.2025\tVHU\t\t40\t55\t80\t1,66\t70,0\t\t120/80\t1,1\t1,4\t5,4\t37\t7,5\t\t\tN\tJa
{HUR}\t14.2.2035\tVHU\t\t40\t52\t80\t1,66\t70,0\t\t120/80\t<0,5\t1,4\t5,4\t37\t\t\t\tN\tJa
{HUR}\t15.2.2029\tVHU\t\t40\t55\t80\t1,66\t70,0\t\t120/80\t0,8\t1,4\t5,4\t37\t\t\t\tN\tJa
"""


@pytest.fixture
def visits(tmp_path: Path) -> CleanResult:
    path = tmp_path / "besök.txt"
    path.write_bytes(EXAMINATIONS.encode("utf-16"))
    return read_clean(path)


def test_examinations_by_hand(visits: CleanResult) -> None:
    day = pd.Timestamp
    columns = ("source_row", "examined_on", "waist", "height", "weight", "systolic", "diastolic")
    assert texts(visits.tables["examinations"], *columns) == [
        [2, day("2025-03-01"), 88.0, 170.0, 72.5, 132.0, 84.0],
        [3, day("2022-10-20"), 104.0, 180.0, 97.2, 145.0, 95.0],
        [12, day("2029-02-15"), 80.0, 166.0, 70.0, 120.0, 80.0],
    ]
    columns = ("triglycerides", "hdl", "glucose", "hba1c", "ogtt", "drug_blood_pressure")
    assert texts(visits.tables["examinations"], *columns) == [
        [1.9, 1.2, 5.7, 41.0, 8.1, False],  # the column has crosses only: blank is no
        # 10.93 * 6.8 - 23.50 = 74.324 - 23.5 = 50.824
        [2.3, 0.9, 7.4, 50.8, None, True],
        [0.8, 1.4, 5.4, 37.0, None, False],
    ]
    assert visits.tables["examinations"]["known_diabetes"].tolist() == [False, True, False]
    assert visits.tables["examinations"]["round"].tolist() == ["40", "60", "40"]


def test_follow_ups_in_the_same_list_by_hand(visits: CleanResult) -> None:
    assert list(visits.tables) == ["examinations", "follow_ups"]
    columns = ("source_row", "waist", "systolic", "triglycerides", "hba1c", "health_talk")
    # 10.93 * 6.7 - 23.5 = 49.7 agrees with 50, which stands.
    assert texts(visits.tables["follow_ups"], *columns) == [[4, 102.0, 138.0, None, 50.0, False]]
    assert "visit" not in visits.tables["follow_ups"]
    assert visits.provenance["moved_follow_ups"] == 1
    # Heights of the three sound examinations and the follow-up; one percentage.
    assert visits.provenance["converted"] == {"hba1c_percent": 1, "height_m": 4}
    assert visits.provenance["across_tables"] == {
        "examined_again": 0,
        "followed_up_not_after_examination": 0,
        "followed_up_without_examination": 0,
    }


def test_examinations_quarantine_by_hand(visits: CleanResult) -> None:
    assert texts(visits.quarantine, "row", "column", "reason") == [
        [5, "systolic", "not_a_number"],
        [6, "examined_on", "examined_before_invited"],  # 2 February, invited 1 March
        [7, "bmi", "bmi_contradicts_measures"],  # 60 / 1.62^2 = 22.9, and 29.9 is stated
        [8, "systolic", "diastolic_not_below_systolic"],
        [9, "height_m", "out_of_range"],  # 170 m
        [9, "hba1c", "out_of_range"],  # 5.6 mmol/mol is a percentage
        [10, "hba1c", "hba1c_units_contradict"],  # 7.5 % is 58.5 mmol/mol
        [11, "triglycerides", "not_a_number"],  # "<0,5" says less than a number does
    ]


def test_examinations_account_by_hand(visits: CleanResult) -> None:
    # A heading and 11 rows: 3 examinations and a follow-up are clean, 7 rows have a fault.
    account = visits.ledger.as_dict(visits.corrections)
    assert (account["rows_in"], account["clean"], account["headings_and_totals"]) == (12, 4, 1)
    assert sum(account["quarantined"].values()) == 7
    # Row 9 counts once, by its first fault.
    assert account["quarantined"]["out_of_range"] == 1
    # Hur, born on 1 January 1982, was 43 in 2025 (55 in row 10), 53 in 2035 (52 in row 11) and 47
    # in 2029 (55 in row 12). The others' ages: Ada 1985-01-01 is 40 on 2025-03-01, and 39 is said;
    # Bo 1974-02-25 is 50 and 49 is said; Eva and Gun, 1983-01, are 41 and 42: 40 and 41 are said;
    # Fri 1965-01-02 is 60 and 59 is said. Dag (1962-01) and Cim (1983-01) have theirs right.
    # The offer at 40 was long ago in 2035 and in 2029. Only rows that are kept are remarked on:
    # two of the eight ages, and one of the two offers.
    assert visits.remarks == {"age_contradicts_identity": 2, "round_contradicts_birth_year": 1}


def test_a_percentage_under_two_heading_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        f";;HbA1c;HbA1c\nPersonnummer;Undersökningsdatum;%;mmol/mol\n{ADA};2025-03-01;5,2;\n"
        f"{BO};2025-03-02;;40\n",
        encoding="utf-8",
    )
    # 10.93 * 5.2 - 23.5 = 33.336
    assert read_clean(path).clean["hba1c"].tolist() == [33.3, 40.0]


@pytest.mark.parametrize(("percent", "mmol"), [(5.0, 31.2), (6.5, 47.5), (7.0, 53.0), (10.0, 85.8)])
def test_hba1c_by_the_master_equation(percent: float, mmol: float) -> None:
    """The usual conversion table has 31, 48, 53 and 86."""
    assert hba1c_from_percent(np.array([percent]))[0] == pytest.approx(mmol, abs=0.051)


# A small municipality has everything in one list, a follow-up as a second row of its person.
ONE_LIST = f"""\
Personnummer;Kommun;Boende;Inbjuden;Svar;Orsak;VHU-datum;Besök;Midja;Blodtryck;HbA1c (%);Hälsosamtal
{ADA};Vännäs;Eken;2025-01-10;Ja;;2025-03-01;VHU;88;132/84;5,2;Ja
{ADA};Vännäs;Eken;2025-01-10;Ja;;2026-01-20;Uppföljning;86;128/82;;Ja
{BO};Vännäs;Eken;2024-01-15;Nej;Stickrädd;;;;;;
{CIM};Vännäs;Granen;2023-01-15;Ja;;2023-03-01;VHU;81;76/118;;Ja
{DAG};Vännäs;Granen;2022-09-15;Ja;Flyttat;;;;;;
"""


def test_persons_and_examinations_in_one_list(tmp_path: Path) -> None:
    path = tmp_path / "allt.csv"
    path.write_text(ONE_LIST, encoding="utf-8")
    result = read_clean(path)
    assert list(result.tables) == ["persons", "examinations", "follow_ups"]
    persons = texts(result.clean, "source_row", "answer", "reason")
    assert persons == [
        [2, "accepted", None],
        [3, "accepted", None],
        [4, "declined", "fear"],
        [6, "accepted", "moved"],
    ]
    columns = ("source_row", "waist", "systolic", "diastolic", "hba1c")
    assert texts(result.tables["examinations"], *columns) == [[2, 88.0, 132.0, 84.0, 33.3]]
    assert texts(result.tables["follow_ups"], *columns) == [[3, 86.0, 128.0, 82.0, None]]
    assert texts(result.quarantine, "row", "reason") == [[5, "diastolic_not_below_systolic"]]
    assert not {"examined_on", "waist", "person_age", "visit"} & set(result.clean)
    assert result.tables["examinations"]["person_age"].tolist() == [40]
    # The account counts rows of the list, each once.
    assert (result.ledger.total("rows"), result.ledger.total("clean")) == (6, 4)
    assert result.provenance["examinations_apart"] == 2
    assert result.provenance["across_tables"]["persons_twice"] == 1


FOLLOW_UPS = f"""\
Personnummer,Uppföljningsdatum,Midjemått,Systoliskt,Diastoliskt,Skyddad identitet
{ADA},2026-01-20,86,128,82,
{BO},2024-05-02,94.5,141,90,
{CIM},2024-06-01,80,,,Ja
{CIM},2024-13-01,80,,,Ja
{DAG},2024-06-01,300,120,80,
"""


def test_follow_ups_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "uppföljning.csv"
    path.write_text(FOLLOW_UPS, encoding="utf-8-sig")
    result = read_clean(path)
    frame = result.tables["follow_ups"]
    assert texts(frame, "source_row", "waist", "systolic", "diastolic", "protected") == [
        [2, 86.0, 128.0, 82.0, False],
        [3, 94.5, 141.0, 90.0, False],
        [4, 80.0, None, None, True],
    ]
    assert texts(result.quarantine, "row", "column", "reason") == [
        [5, "examined_on", "not_a_date"],
        [6, "waist", "out_of_range"],
    ]
    assert {row for _, _, row in result.protected_places} == {5}


def test_visits_from_three_files_come_together(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ONE_LIST, encoding="utf-8")
    (tmp_path / "b.txt").write_bytes(EXAMINATIONS.encode("utf-16"))
    (tmp_path / "c.csv").write_text(FOLLOW_UPS, encoding="utf-8-sig")
    tables = read_clean(tmp_path).tables
    assert list(tables) == ["persons", "examinations", "follow_ups"]
    files = ("source_file", "source_row", "waist")
    assert sorted(map(tuple, texts(tables["examinations"], *files))) == [
        ("a.csv", 2, 88.0),
        ("b.txt", 2, 88.0),
        ("b.txt", 3, 104.0),
        ("b.txt", 12, 80.0),
    ]
    assert sorted(map(tuple, texts(tables["follow_ups"], *files))) == [
        ("a.csv", 3, 86.0),
        ("b.txt", 4, 102.0),
        ("c.csv", 2, 86.0),
        ("c.csv", 3, 94.5),
        ("c.csv", 4, 80.0),
    ]
    # A protected person is so wherever they stand: Cim, in the list of follow-ups, is in no other.
    assert int(tables["follow_ups"]["protected"].sum()) == 1


REGISTERED = f"""\
Personnummer;Period;Hälsoundersökt i vården;Ny diagnos;Uthämtade läkemedel
{ADA};2024-01;1;0;1
{ADA};jul-24;0;0;1
{ADA};2024-07-01;0;0;1
{BO};202401;J;N;Nej
{BO};2024-07;1;0;kanske
{BO};2024-19;1;0;1
"""


def test_registered_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_text(REGISTERED, encoding="utf-8")
    result = read_clean(path)
    frame = result.tables["registered"]
    january, july = pd.Timestamp(2024, 1, 1), pd.Timestamp(2024, 7, 1)
    assert texts(frame, "source_row", "month", "examination", "diagnosis", "drugs") == [
        [2, january, True, False, True],
        [3, july, False, False, True],
        [5, january, True, False, False],
    ]
    assert result.ledger.total("duplicates") == 1  # row 4 is row 3
    assert texts(result.quarantine, "row", "column", "reason") == [
        [6, "drugs", "not_yes_or_no"],
        [7, "month", "not_a_month"],
    ]


def test_introductions_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "införande.json"
    rows = [
        {"Kommun": "Umeå", "Område": "Väst", "Infört": "2022-07-01T00:00:00Z", "Beslut": "IFN 12"},
        {"Kommun": "Vännäs", "Område": None, "Infört": "2022-07-01", "Beslut": None},
        {"Kommun": "Umeå", "Område": "Söder", "Infört": None, "Beslut": None},
        {"Kommun": "Umeå", "Område": "Norr", "Infört": "våren", "Beslut": None},
    ]
    path.write_text(json.dumps({"Result": rows}), encoding="utf-8")
    result = read_clean(path)
    frame = result.tables["introductions"]
    day = pd.Timestamp(2022, 7, 1)
    assert texts(frame, "municipality", "area", "introduced_on", "basis") == [
        ["2480", "Väst", day, "IFN 12"],
        ["2460", None, day, None],
        ["2480", "Söder", None, None],
    ]
    assert result.quarantine["reason"].tolist() == ["not_a_date"]


def test_tables_that_contradict_each_other_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(PERSONS.encode("cp1252"))
    (tmp_path / "b.csv").write_text(
        "Personnummer;Undersökningsdatum\n"
        f"{ADA};2025-01-09\n"  # the day before the invitation
        f"{ADA};2025-03-01\n"
        f"{BO};2024-03-01\n"  # declined
        f"{GUN};2024-03-01\n",  # not among the clean persons
        encoding="utf-8",
    )
    (tmp_path / "c.csv").write_text(
        f"Personnummer;Uppföljningsdatum\n{ADA};2025-01-09\n{BO};2025-03-01\n{DAG};2025-03-01\n",
        encoding="utf-8",
    )
    (tmp_path / "d.csv").write_text(
        f"Personnummer;Period;Ny diagnos\n{ADA};2025-01;1\n{HUR};2025-01;0\n", encoding="utf-8"
    )
    result = read_clean(tmp_path)
    assert result.provenance["across_tables"] == {
        "examined_again": 1,
        "examined_before_invited": 1,
        "examined_not_in_persons": 1,
        "examined_without_acceptance": 1,
        "followed_up_not_after_examination": 1,
        "followed_up_without_examination": 1,
        "persons_twice": 0,
        "registered_not_in_persons": 1,
    }
    assert len(result.tables["examinations"]) == 4  # counted, and kept
    sentences = findings(result, "sv")
    assert len(sentences) == 7
    assert any("1 undersökning är daterad före inbjudan" in each for each in sentences)
    assert all("." in each for each in findings(result, "en"))


def test_an_answer_in_a_newer_extraction_replaces_the_older(tmp_path: Path) -> None:
    heading = "Personnummer;Kommun;Inbjuden;Svar"
    older, newer = "2024-01-31", "2024-02-29"
    (tmp_path / f"a {older}.csv").write_text(
        f"{heading}\n{ADA};Umeå;2024-01-10;Inget svar\n{BO};Umeå;2024-01-10;Nej\n", encoding="utf-8"
    )
    (tmp_path / f"a {newer}.csv").write_text(
        f"{heading}\n{ADA};Umeå;2024-01-10;Ja\n{BO};Umeå;2024-01-10;Nej\n", encoding="utf-8"
    )
    result = read_clean(tmp_path)
    assert sorted(result.clean["answer"]) == ["accepted", "declined"]
    assert (result.ledger.total("superseded"), result.ledger.total("duplicates")) == (1, 1)


def test_a_missing_column_is_named_with_its_headings(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"Personnummer;Komun;Inbjuden;Svar\n{ADA};Umeå;2024-01-10;Ja\n", "utf-8")
    with pytest.raises(UserError, match="Komun"):
        read_clean(path)


def test_no_number_and_no_name_leaves_the_cleaning(
    persons: CleanResult, visits: CleanResult
) -> None:
    for result in (persons, visits):
        shown = [
            *(table.to_csv() for table in result.tables.values()),
            result.quarantine.to_csv(),
            result.dropped.to_csv(),
            result.ledger.table.to_csv(),
            json.dumps(result.provenance),
            repr(result),
        ]
        for text in shown:
            for number in (ADA, BO, CIM, DAG, EVA, FRI, GUN, HUR):
                assert number not in text
                assert number[2:] not in text
                assert f"{number[:8]}-{number[8:]}" not in text
            assert "Ekbacken" not in text
            assert "ring Ada" not in text


def test_a_word_before_other_words_is_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        f"Personnummer;Kommun;Inbjuden;Svar\n{ADA};Umeå;2024-01-10;Ja men inte nu\n", "utf-8"
    )
    assert read_clean(path).quarantine["reason"].tolist() == ["unknown_code"]


CELLS = st.text(st.characters(exclude_characters=';\n\r"', exclude_categories=("Cs", "Cc")))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[CELLS | st.just("120/80")] * 5), min_size=1, max_size=5))
def test_any_cells_are_accounted_for(rows: list[tuple[str, ...]]) -> None:
    """Never a traceback: each row is clean, or in quarantine with a reason (or no data at all)."""
    heading = "Personnummer;Datum;Blodtryck;HbA1c (%);Längd (m);Besökstyp"
    lines = [";".join((ADA, *row)) for row in rows]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_text("\n".join([heading, f"{BO};2024-01-02;120/80;;;", *lines]), "utf-8")
        result = read_clean(path)
    assert result.ledger.total("rows") >= len(rows)
    assert len(result.quarantine.drop_duplicates(["file", "row"])) == result.ledger.total(
        "quarantined"
    )
    kept = sum(len(table) for table in result.tables.values())
    assert kept == result.ledger.total("clean") >= 1


def test_every_reason_has_words_in_both_languages() -> None:
    for schema in SCHEMAS:
        for rule in schema.rules:
            for language in ("sv", "en"):
                words = reason_text(rule.reason, language, dataset="vhu_lss")  # type: ignore[arg-type]
                assert words != rule.reason


def test_the_municipalities_are_those_of_the_region() -> None:
    path = PUBLIC / "municipalities_and_regions.csv"
    official = {
        record["id"]: record["title"]
        for _, record in read_records(path, ("id", "title"))
        if record["id"].startswith("24")
    }
    assert {code.code: code.label_sv for code in CODES["municipality"].codes} == official
    assert len(official) == 15


def test_the_codebook_has_every_column_with_unit_and_source() -> None:
    book = codebook(SCHEMAS)
    values = book[(book["dtype"] == "number")]
    assert (values["unit"] != "").all()
    assert (values["range"] != "").all()
    assert values["source"].str.contains("assumption|Hoelzel").all()
    assert set(book["table"]) == {schema.name for schema in SCHEMAS}
    assert book.loc[
        book["column"].isin(("person", "home")) & (book["code"] == ""), "personal"
    ].all()


# ------------------------------------------------------------------------------- simulated register

SIZE = 250  # examinations: enough spoiled rows in every table


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulated, pd.DataFrame, CleanResult]:
    folder = tmp_path_factory.mktemp("messy")
    simulated = simulate(SIZE, numbers=PUBLIC)
    marks = write_example(simulated, SCHEMAS, folder, extraction=EXTRACTION, messy=True)
    return simulated, marks, read_clean(folder)


def test_every_spoiled_row_is_found_with_its_reason_and_no_sound_one(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    _, marks, result = messy
    spoiled = marks[marks["fate"] == "quarantined"]
    first = result.quarantine.drop_duplicates(["file", "row"])
    columns = ["file", "row", "column", "reason"]
    expected = spoiled[columns].sort_values(["file", "row"], ignore_index=True)
    found = first[columns].sort_values(["file", "row"], ignore_index=True)
    assert len(expected) > 70
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    for fate in ("duplicates", "superseded"):
        assert result.ledger.total(fate) == (marks["fate"] == fate).sum() > 3


def test_cleaning_gives_back_what_was_simulated(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    simulated, _, result = messy
    for schema in SCHEMAS:
        given, got = simulated.frames[schema.name], result.tables[schema.name]
        assert len(got) == len(given)
        for column in schema.columns:
            if column.name not in given or column.personal:
                continue
            was, became = given[column.name], got[column.name]
            if column.dtype in ("number", "whole", "date", "month"):
                assert sorted(was.dropna()) == sorted(became.dropna())
            elif column.dtype in ("flag", "protected"):
                assert int(was.sum()) == int(became.fillna(False).sum())
            else:
                counts = became.astype("object").value_counts().to_dict()
                assert was.value_counts().to_dict() == counts
    assert result.clean["person"].nunique() == len(simulated.frames["persons"])


def test_the_planted_truth_comes_back(messy: tuple[Simulated, pd.DataFrame, CleanResult]) -> None:
    simulated, _, result = messy
    truth, persons = simulated.truth, result.clean
    assert len(persons) == truth["eligible"]
    assert int(persons["invited_on"].notna().sum()) == truth["invited"]
    assert int((persons["answer"] == "accepted").sum()) == truth["accepted"]
    assert len(result.tables["examinations"]) == truth["examined"] == SIZE
    assert int(result.tables["examinations"]["known_diabetes"].sum()) == truth["known_diabetes"]
    assert truth["known_diabetes"] == round(0.08 * SIZE)
    assert truth["metabolic_syndrome"] == round(0.45 * SIZE)


def test_the_published_shares_of_the_offered() -> None:
    truth = simulate(numbers=PUBLIC).truth
    offered, accepted = truth["invited_by_municipality"], truth["accepted_by_municipality"]
    shares = {code: round(100 * accepted[code] / offered[code]) for code in ("2480", "2460")}
    assert shares == {"2480": 84, "2460": 71}


# Messy, fourteen examinations lie in some thirty files of a few rows.
@pytest.mark.parametrize("messy", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_fourteen_examinations(tmp_path: Path, messy: bool) -> None:
    simulated = simulate(14, numbers=PUBLIC)
    marks = write_example(simulated, SCHEMAS, tmp_path, extraction=EXTRACTION, messy=messy)
    result = read_clean(tmp_path)
    assert len(result.tables["examinations"]) == simulated.truth["examined"] == 14
    assert len(result.clean) == simulated.truth["eligible"]
    assert result.ledger.total("quarantined") == (marks["fate"] == "quarantined").sum()


@pytest.mark.parametrize("n", [0, 1])
def test_hardly_anybody(n: int) -> None:
    simulated = simulate(n, numbers=PUBLIC)
    assert len(simulated.frames["examinations"]) == n
    assert simulated.truth["examined"] == n


def test_two_measurements_correlate_and_change_as_planted() -> None:
    """Of 2 000 examined, in whom nothing is missing."""
    plan = Truth(no_blood=0, no_waist=0, followed_up=1)
    frames = simulate(2000, 4, plan, numbers=PUBLIC).frames
    pairs = frames["examinations"].merge(frames["follow_ups"], on="person", suffixes=("", "_2"))
    assert len(pairs) > 600
    first, second = pairs["systolic"], pairs["systolic_2"]
    # One standard error of the mean change is about 13.4 * sqrt(0.4 / 600) = 0.35.
    assert float((second - first).mean()) == pytest.approx(plan.change["systolic"], abs=1.2)
    assert float(first.corr(second)) == pytest.approx(plan.correlation, abs=0.06)
    # Those chosen for a high first value fall further, without any more effect.
    high = first >= 140
    assert float((second - first)[high].mean()) < plan.change["systolic"] - 1.5


def test_the_introductions_stand_as_the_papers_have_them() -> None:
    first = {(unit.municipality, unit.area) for unit in UNITS if unit.introduced.year == 2022}
    assert first == {("2480", "Väst"), ("2460", None)}
    assert all(unit.introduced.year >= 2024 for unit in UNITS if unit.introduced.year != 2022)
    assert {unit.municipality for unit in UNITS} == {"2480", "2460", "2409", "2421"}


def test_everybody_eligible_is_in_the_registers_of_every_period() -> None:
    frames = simulate(30, 2, numbers=PUBLIC).frames
    counts = frames["registered"].groupby("person")["month"].nunique()
    assert set(counts) == {12}
    assert set(counts.index) == set(frames["persons"]["person"])


def test_simulation_is_the_same_for_the_same_seed() -> None:
    one, same, other = (simulate(20, seed, numbers=PUBLIC) for seed in (1, 1, 2))
    for name, frame in one.frames.items():
        pd.testing.assert_frame_equal(frame, same.frames[name])
    assert one.truth == same.truth
    assert not one.frames["examinations"].equals(other.frames["examinations"])


def test_the_same_files_in_another_order_of_rows_give_the_same_tables(tmp_path: Path) -> None:
    simulated = simulate(30, 3, numbers=PUBLIC)
    results = []
    for name, seed in (("a", None), ("b", 5)):
        frames = {
            table: frame if seed is None else frame.sample(frac=1, random_state=seed)
            for table, frame in simulated.frames.items()
        }
        write_example(
            Simulated(frames), SCHEMAS, tmp_path / name, extraction=EXTRACTION, messy=False
        )
        results.append(read_clean(tmp_path / name))
    for table in simulated.frames:
        keys = [
            each
            for each in ("person", "month", "municipality", "area")
            if each in results[0].tables[table]
        ]
        one, other = (
            result.tables[table]
            .drop(columns="source_row")
            .astype(dict.fromkeys(keys, "str"))
            .sort_values(keys, ignore_index=True)
            for result in results
        )
        for column in one:
            assert texts(one, str(column)) == texts(other, str(column))


def test_only_official_test_numbers_are_used() -> None:
    official = set((PUBLIC / "test_personnummer.csv").read_text().split())
    official |= set((PUBLIC / "test_samordningsnummer.csv").read_text().split())
    for frame in simulate(200, 3, numbers=PUBLIC).frames.values():
        if "person" in frame:
            assert set(frame["person"]) <= official
    assert dt.date(2026, 2, 1) == EXTRACTION


def test_more_persons_than_test_numbers() -> None:
    with pytest.raises(UserError, match="testpersonnummer"):
        simulate(10_000, 0, numbers=PUBLIC)


def test_the_registry_finds_the_dataset() -> None:
    dataset = find_dataset("vhu_lss")
    assert dataset.schemas[0].name == "persons"
    assert dataset.extraction == EXTRACTION
    assert {path.name for path in dataset.code} == {"schema.py", "cleaning.py", "codes.toml"}
