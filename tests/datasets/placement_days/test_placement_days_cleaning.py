"""Placements from export to clean tables: registers made by hand, and a large one."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umea_eval.datasets.placement_days import measures
from umea_eval.datasets.placement_days.cleaning import age_groups, clean
from umea_eval.datasets.placement_days.schema import (
    CODES,
    GROUPINGS,
    KINDS,
    LEGAL_GROUPS,
    SCHEMAS,
    UNSETTLED,
)
from umea_eval.datasets.placement_days.synthetic import (
    EXTRACTION,
    KINDS_OF,
    PUBLISHED,
    SINCE,
    Truth,
    simulate,
)
from umea_eval.errors import UserError
from umea_eval.intake.cleaning import CleaningSettings, CleanResult
from umea_eval.intake.conform import Identification
from umea_eval.intake.example import Simulated, write_example
from umea_eval.intake.exports import read_export
from umea_eval.intake.headings import match
from umea_eval.intake.pseudonym import Key, pseudonyms
from umea_eval.intake.quarantine import reason_text

PUBLIC = Path(__file__).parents[3] / "data/raw/public"
KEY = Key(bytes(range(32)))
SETTINGS = CleaningSettings(Identification(KEY, "placement_days"), EXTRACTION)
# Official test numbers (Skatteverket): a girl, a boy, a girl, and a man born in 1985.
ANNA, BO, CIM, DAN = "201002012381", "201205012394", "201512022383", "198504012397"


def iso(number: str) -> str:
    return f"{number[:4]}-{number[4:6]}-{number[6:8]}-{number[8:]}"


def read_clean(path: Path, settings: CleaningSettings = SETTINGS) -> CleanResult:
    return clean(read_export(path), settings)


def texts(frame: pd.DataFrame, *columns: str) -> list[list[object]]:
    chosen = frame[list(columns)].astype("object")
    return chosen.where(chosen.notna(), None).to_numpy().tolist()


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


# A placement list as a municipality sends it: out of Excel, UTF-8 with BOM, CRLF, two heading rows,
# semicolons with a quoted one, decimal commas, identity numbers as YYYY-MM-DD-NNNN, a note below.
LIST = f"""\
Akt;;Placering;;;;;Kostnad;Avtal;;;;;
Dossiernummer;Boende;Placeringsdatum;Utskrivningsdatum;Anledning till utskrivning;\
Placeringsspecifikation;Lagrum för placeringen;Placeringskostnad;\
Avtal familje-/-jour/nätverkshem utrett;Slutdatum Avtal;Arvode;Omkostnad;Uppdragstagare;Födelsedata
1;Tallen;2023-01-10;2023-02-10;Avvek;HVB;LVU 3 §;5 500,00;;;;;"Tallen; Omsorg AB";{iso(ANNA)}
1;Hos Asp;2023-02-10;;;Konsultstött familjehem;3 § LVU;2 100,50;J;2024-12-31;;;Stödet;{iso(ANNA)}
2;Hos Björk;2023-03-01;2023-05-31;Avskriven;Jour;SoL;;J;;9 000;5 000,00;Björk;{iso(BO)}
2;Hos Ek;2023-05-20;2024-01-31;Avisad;Familjehem;4 kap. 1 § SoL;;J;;12 500,50;6 000;Ek;{iso(BO)}
2;Ekgården;2024-02-01;;;Stödboende;LVU 1 § tredje stycket;1 700;;;;;Ekgården;{iso(BO)}
3;Lugnet;2023-04-01;;;Institution;LVU 2 §;;;;;;;{iso(CIM)}
3;Lugnet;2023-06-01;2023-08-31;18 år;Utsluss;SoL;;;;;;;{iso(CIM)}
3;Lugnet;2023-09-01;2023-10-01;;HVB;LVU 11 §;;;;;;;{iso(CIM)}
3;Hos Alm;2023-10-01;2023-09-30;;Nätverkshem;LVU 6 §;;;;;;;{iso(CIM)}
4;Norr;2023-01-01;2023-03-01;Avskriven;SiS;LVM;9 000,00;;;;;;{iso(DAN)}
3;Norr;2023-11-01;;;SiS;LVM;9 000,00;;;;;;{iso(CIM)}
1;Hos Asp;2023-12-01;;;Familjehem;SoL;;;;;;;2010-02-01-XXXX
2;Hos Björk;2023-03-01;2023-05-31;Avskriven;Jourhem;SoL;;J;;9 000,00;5 000;Björk;{iso(BO)}
3;Hos Alm;2024-01-01;;;Lägenhet;SoL;;;;;;;{iso(CIM)}
3;Hos Alm;2015-01-01;2016-01-01;;Familjehem;SoL;;;;;;;{iso(CIM)}
3;Hos Alm;2024-02-01;;;Familjehem;LVU 5 §;;;;;;;{iso(CIM)}
3;Hemligt;2024-03-01;;;Skyddat boende;SoL;;;;;;;{iso(CIM)}
Antal rader: 17
"""


def as_csv(text: str, separator: str) -> bytes:
    """The list with CRLF and BOM, and the separator of the system."""
    buffer = io.StringIO()
    rows = csv.reader(io.StringIO(text), delimiter=";")
    csv.writer(buffer, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode("utf-8-sig")


@pytest.fixture(params=[";", "\t"])
def placements(request: pytest.FixtureRequest, tmp_path: Path) -> CleanResult:
    path = tmp_path / "placeringar 2024-06-30.csv"
    path.write_bytes(as_csv(LIST, request.param))
    return read_clean(path)


def test_placements_by_hand(placements: CleanResult) -> None:
    columns = ("source_row", "kind", "legal_basis", "starts", "ends", "end_reason", "age_group")
    closed_to_bo = ("turned_away", "child")
    assert texts(placements.clean, *columns) == [
        [3, "hvb", "lvu_3", day("2023-01-10"), day("2023-02-10"), "absconded", "child"],
        [4, "consultant_family_home", "lvu_3", day("2023-02-10"), None, None, "child"],
        [5, "emergency_home", "sol", day("2023-03-01"), day("2023-05-31"), "closed", "child"],
        [6, "family_home", "sol_2001", day("2023-05-20"), day("2024-01-31"), *closed_to_bo],
        [7, "supported_housing", "lvu_1_3", day("2024-02-01"), None, None, "child"],
        [12, "sis", "lvm", day("2023-01-01"), day("2023-03-01"), "closed", "adult"],
        [19, "protected_housing", "sol", day("2024-03-01"), None, None, "child"],
    ]
    # Born 2010-02-01: 12 on 10 January 2023, and 13 from 1 February.
    ages = [12, 13, 10, 11, 11, 37, 8]
    assert texts(placements.clean, "person_age") == [[age] for age in ages]
    assert texts(placements.clean, "day_price", "fee", "expenses") == [
        [5500.0, None, None],
        [2100.5, None, None],
        [None, 9000.0, 5000.0],
        [None, 12500.5, 6000.0],
        [1700.0, None, None],
        [9000.0, None, None],
        [None, None, None],
    ]
    own = pseudonyms([ANNA, BO, CIM, DAN], KEY, dataset="placement_days").tolist()
    assert placements.clean["person"].tolist() == [own[i] for i in (0, 0, 1, 1, 1, 3, 2)]


def test_placements_quarantine_by_hand(placements: CleanResult) -> None:
    assert texts(placements.quarantine, "row", "column", "reason") == [
        [8, "kind", "kind_unsettled"],
        [9, "kind", "kind_unsettled"],
        [10, "legal_basis", "not_a_ground"],
        [11, "ends", "ends_before_start"],
        [13, "legal_basis", "lvm_for_a_child"],
        [14, "person", "masked"],
        [16, "kind", "unknown_code"],
        [17, "starts", "starts_before_birth"],
        [18, "legal_basis", "unknown_code"],  # not read as "LVU" with something behind it
    ]


def test_placements_account_by_hand(placements: CleanResult) -> None:
    # 20 rows: 2 headings, 17 rows and a note.
    assert placements.ledger.as_dict(placements.corrections) == {
        "rows_in": 20,
        "clean": 7,
        "quarantined": {
            "ends_before_start": 1,
            "kind_unsettled": 2,
            "lvm_for_a_child": 1,
            "masked": 1,
            "not_a_ground": 1,
            "starts_before_birth": 1,
            "unknown_code": 2,
        },
        "duplicates": 1,  # row 15 is row 5 with the kind and the amounts in another spelling
        "superseded": 0,
        "other_tables": 0,
        "headings_and_totals": 3,
        "corrections": {},
    }
    assert texts(placements.dropped, "heading", "filled") == [
        ["Avtal familje-/-jour/nätverkshem utrett", 4],
        ["Slutdatum Avtal", 1],
    ]


def test_what_is_odd_between_placements_by_hand(placements: CleanResult) -> None:
    found = placements.provenance
    assert found["until"] == "2024-06-30"  # the date in the file's name
    assert found["age_groups"] == {"child": 6, "young": 0, "adult": 1, "unknown": 0}
    # Bo is in two homes from 20 to 31 May 2023: 11 nights, 12 days. Anna moves on 10 February: one
    # day more where both days count.
    assert found["overlaps"] == {
        "placements": 1,
        "children": 1,
        "days_first_only": 11,
        "days_both": 13,
        "same_day_moves": 1,
        "children_moved_the_same_day": 1,
        "without_a_night": 0,
    }
    assert found["register_breaks"] == []
    assert found["dates"] == {"starts_after_extraction": 0, "ends_after_extraction": 0}


# An overview from another system: Windows-1252, a title, days as the system counts them, dates in
# two forms, the sex beside the number, an interim number and one of the system's own.
OVERVIEW = f"""\
Placeringar under perioden;;;;;;;;
Uttag 2025-09-01;;;;;;;;

Personnr;Kön;Boendeform;Från;Till;Total placeringstid (dagar);\
Alla lagrum inom angivet datumintervall;Konsultarvode;Köpt eller egen
{ANNA[2:8]}-{ANNA[8:]};F;Konsulentstödd familjehemsvård;1/1 2024;31/1 2024;31;2 och 3 §§ LVU;900;\
Köpt
{ANNA[2:8]}-{ANNA[8:]};F;Familjehem;31.1.2024;29.2.2024;29;SoL 4:1;900;Kommunal
{BO};F;HVB;1/7 2025;15/7 2025;20;4 kap. 1 § SoL;;Privat
{BO};P;SiS ungdomshem;15/7 2025;31/12 9999;;11 kap. 1 § SoL;;Statlig
{DAN[2:8]}-{DAN[8:]};;HVB;1/3 2024;30/9 2025;;LVU;;Extern
T1234;;Nätverkshem;1/4 2024;1/4 2024;0;LSS;;Egen
{CIM};;HVB;1/10 2025;;;Omedelbart omhändertagande;;Köpt
Summa;;;;;80;;;
"""


def test_an_overview_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "översikt 2025-09-01.csv"
    path.write_bytes(OVERVIEW.encode("cp1252"))
    result = read_clean(path)
    assert result.quarantine.empty
    columns = ("kind", "legal_basis", "provider", "person_age", "age_group")
    assert texts(result.clean, *columns) == [
        ["consultant_family_home", "lvu_2_3", "purchased", 13, "child"],
        ["family_home", "sol_2001", "own", 13, "child"],
        ["hvb", "sol_2001", "purchased", 13, "child"],
        ["sis", "sol_2025", "state", 13, "child"],
        ["hvb", "lvu", "purchased", 38, "adult"],
        ["network_home", "lss", "own", None, "unknown"],  # the number tells no age
        ["hvb", "lvu_6", "purchased", 9, "child"],
    ]
    assert result.corrections == {"open_end": 1}
    assert result.remarks == {
        "consultant_fee_elsewhere": 1,  # 900 kr for Anna's family home without consultants
        "lvu_for_an_adult": 1,  # Dan
        "old_law_after_change": 1,  # Bo, on the first day of the new law
        "sex_contradicts_identity": 1,  # Bo as a girl
        "stated_days_differ": 1,  # 1 to 15 July is 14 nights or 15 days, not 20
    }
    found = result.provenance
    # 31 days in January with the last; 29 nights from 31 January; no night on 1 April.
    assert found["stated_days"] == {"both": 1, "first_only": 2, "neither": 1}
    # Dan's end and Cim's start lie after the extraction.
    assert found["dates"] == {"starts_after_extraction": 1, "ends_after_extraction": 1}
    assert found["overlaps"]["same_day_moves"] == 2
    assert found["overlaps"]["days_both"] == 2
    assert found["overlaps"]["days_first_only"] == 0
    assert found["overlaps"]["without_a_night"] == 1


PRICE_LIST = """\
Boendeform\tLeverantör\tFr.o.m.\tT.o.m.\tPris per dygn
HVB\tTallen\t2022-01-01\t2023-09-30\t4 500 kr
HVB\tTallen\t2023-10-01\t\t5 500,50
HVB\tGranen\t2022-01-01\t2023-09-30\t4 000
HVB\tGranen\t2023-09-01\t\t4 900
Konsulentstött familjehem\t\t2022-01-01\t\t2 000
SiS\t\t2023-06-30\t2023-01-01\t9 000
Institution\tLugnet\t2023-01-01\t\t7 000
HVB\tTallen\t2024-01-01\t\tenligt avtal
"""


def test_a_price_list_by_hand(tmp_path: Path) -> None:
    (tmp_path / "priser.txt").write_bytes(PRICE_LIST.encode("utf-16"))
    (tmp_path / "placeringar 2024-06-30.csv").write_bytes(as_csv(LIST, ";"))
    result = read_clean(tmp_path)
    prices = result.tables["prices"]
    assert texts(prices, "kind", "valid_from", "valid_to", "day_price") == [
        ["hvb", day("2022-01-01"), day("2023-09-30"), 4500.0],
        ["hvb", day("2023-10-01"), None, 5500.5],
        ["hvb", day("2022-01-01"), day("2023-09-30"), 4000.0],
        ["hvb", day("2023-09-01"), None, 4900.0],
        ["consultant_family_home", day("2022-01-01"), None, 2000.0],
    ]
    own = result.quarantine[result.quarantine["file"] == "priser.txt"]
    assert texts(own, "row", "column", "reason") == [
        [7, "valid_to", "ends_before_start"],
        [8, "kind", "kind_unsettled"],
        [9, "day_price", "not_a_number"],
    ]
    assert result.provenance["price_overlaps"] == 1  # Granen, September 2023
    # Tallen of the price list is Tallen of the placements.
    assert prices["home"].iloc[0] == result.clean["home"].iloc[0]


def test_an_older_extraction_is_replaced(tmp_path: Path) -> None:
    heading = "Personnummer;Boende;Placeringsform;Placeringsdatum;Utskrivningsdatum\n"
    older = f"{heading}{ANNA};Tallen;HVB;2024-01-01;\n{BO};Tallen;HVB;2024-01-15;\n"
    newer = f"{heading}{ANNA};Tallen;HVB;2024-01-01;2024-03-01\n"
    (tmp_path / "a 2024-02-01.csv").write_text(older, encoding="utf-8")
    (tmp_path / "b 2024-04-01.csv").write_text(newer, encoding="utf-8")
    result = read_clean(tmp_path)
    assert result.ledger.total("superseded") == 1
    assert texts(result.clean, "source_row", "ends") == [[3, None], [2, day("2024-03-01")]]
    assert result.provenance["until"] == "2024-04-01"


@pytest.mark.parametrize(
    ("age", "birth_year", "legal_basis", "group"),
    [
        (17, 2006, "sol", "child"),
        (18, 2005, "sol", "young"),
        (20, 2003, "lvu_3", "young"),
        (21, 2002, "sol", "adult"),
        (19, 2004, "lvm", "adult"),  # LVM is care of adults
        (None, 2010, "sol", "child"),  # 12 or 13
        (None, 2005, "sol", "unknown"),  # 17 or 18
        (None, None, "sol", "unknown"),
    ],
)
def test_age_groups(age: int | None, birth_year: int | None, legal_basis: str, group: str) -> None:
    frame = pd.DataFrame(
        {
            "person_age": pd.array([age], dtype="int64[pyarrow]"),
            "person_birth_year": pd.array([birth_year], dtype="int64[pyarrow]"),
            "starts": pd.to_datetime(["2023-06-01"]),
            "legal_basis": [legal_basis],
        }
    )
    assert age_groups(frame).tolist() == [group]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(("Jour", "emergency_home"), ("jourhem", "emergency_home")),
        *(("Konsultstödda familjehem", "consultant_family_home"), ("HVB-hem", "hvb")),
        *(("§ 12-hem", "sis"), ("Institution", "institution"), ("Utsluss", "transition_housing")),
        ("Jour på HVB", None),  # no jourhem: a person must tell
        ("HVB eller SiS", None),
    ],
)
def test_kinds_as_they_are_written(text: str, kind: str | None) -> None:
    spellings = {re.sub(r"\W", "", each.casefold()): code for each, code in _spelled("kind")}
    assert spellings.get(re.sub(r"\W", "", text.casefold())) == kind
    assert not CODES["kind"].leading


def _spelled(name: str) -> list[tuple[str, str]]:
    return list(CODES[name].spellings.items())


def test_no_text_means_two_codes() -> None:
    for name, codes in CODES.items():
        seen: dict[str, str] = {}
        for each in codes.codes:
            for text in (each.code, each.label_sv, *each.spellings):
                key = re.sub(r"[\W_]", "", text.casefold())
                assert seen.setdefault(key, each.code) == each.code, (name, text)


def test_groupings_and_grounds_are_made_of_the_codes() -> None:
    kinds = [code.code for code in CODES["kind"].codes]
    assert kinds == [*KINDS, *UNSETTLED]
    for grouping in GROUPINGS.values():
        assert {kind for group in grouping.values() for kind in group} <= set(KINDS)
    grounds = [code.code for code in CODES["legal_basis"].codes if code.code != "lvu_11"]
    assert sorted(grounds) == sorted(code for group in LEGAL_GROUPS.values() for code in group)


def test_every_reason_is_told_in_words() -> None:
    for rule in (rule for schema in SCHEMAS for rule in schema.rules):
        for language in ("sv", "en"):
            told = reason_text(rule.reason, language, dataset="placement_days")  # type: ignore[arg-type]
            assert told != rule.reason


def test_no_number_and_no_name_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "placeringar 2024-06-30.csv"
    path.write_bytes(as_csv(LIST, ";"))
    result = read_clean(path)
    shown = "\n".join(
        [
            *(frame.to_csv() for frame in result.tables.values()),
            *(frame.to_csv() for frame in (result.quarantine, result.dropped)),
            repr(result),
            str(result.provenance),
        ]
    )
    for number in (ANNA, BO, CIM, DAN):
        assert not re.search(rf"{number[:4]}.?{number[4:6]}.?{number[6:8]}.?{number[8:]}", shown)
        assert number[2:] not in shown
    for name in ("Tallen", "Björk", "Asp", "Ekgården", "Stödet", "Lugnet", "Hemligt"):
        assert name not in shown
    assert "2010-02-01" not in shown  # nobody's birth date


def test_without_the_childs_number_the_message_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Boendeform;Från;Till;Barn\nHVB;2024-01-01;2024-02-01;Testa Testsson\n")
    with pytest.raises(UserError, match=r"Personnummer") as caught:
        read_clean(path)
    assert "Testsson" not in str(caught.value)


CELLS = st.text(st.characters(min_codepoint=32, blacklist_categories=["Cs"]), max_size=6)
ODD = st.sampled_from(
    [iso(BO), CIM, "Institution", "LVM", "LVU 11 §", "2024-02-30", "3/4 2024", ""]
)
SOUND = [ANNA, "HVB", "2024-01-01", "2024-02-01", "SoL", "1"]


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 5), CELLS | ODD), max_size=8))
def test_any_cells_give_an_account_that_adds_up(
    tmp_path_factory: pytest.TempPathFactory, changed: list[tuple[int, str]]
) -> None:
    buffer = io.StringIO()
    heading = ["Personnummer", "Boendeform", "Från", "Till", "Lagrum", "Arvode"]
    rows = [[cell if i == at else own for i, own in enumerate(SOUND)] for at, cell in changed]
    csv.writer(buffer, delimiter=";").writerows([heading, SOUND, *rows])
    path = tmp_path_factory.mktemp("any") / "a.csv"
    path.write_bytes(buffer.getvalue().encode("utf-8"))
    result = read_clean(path)
    told = result.ledger.as_dict(result.corrections)
    parts = ("clean", "duplicates", "superseded", "other_tables", "headings_and_totals")
    assert told["rows_in"] == sum(told[part] for part in parts) + sum(told["quarantined"].values())
    assert told["clean"] == len(result.clean) >= 1


# ------------------------------------------------------------------------------- simulated register


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulated, pd.DataFrame, CleanResult]:
    folder = tmp_path_factory.mktemp("messy")
    simulated = simulate(numbers=PUBLIC)
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
    assert len(expected) > 20
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    for fate in ("duplicates", "superseded"):
        assert result.ledger.total(fate) == (marks["fate"] == fate).sum() > 5


@pytest.mark.parametrize("seed", [1, 2])
def test_every_spoiled_row_is_found_under_other_seeds(tmp_path: Path, seed: int) -> None:
    simulated = simulate(130, seed, numbers=PUBLIC)
    marks = write_example(
        simulated, SCHEMAS, tmp_path, extraction=EXTRACTION, messy=True, seed=seed
    )
    result = read_clean(tmp_path)
    spoiled = marks[marks["fate"] == "quarantined"]
    first = result.quarantine.drop_duplicates(["file", "row"])
    assert sorted(zip(first["file"], first["row"], first["reason"], strict=True)) == sorted(
        zip(spoiled["file"], spoiled["row"], spoiled["reason"], strict=True)
    )


def test_cleaning_gives_back_what_was_simulated(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    simulated, _, result = messy
    for schema in SCHEMAS:
        given, got = simulated.frames[schema.name], result.tables[schema.name]
        assert len(got) == len(given)
        for column in schema.columns:
            if column.name not in given or column.dtype in ("identity", "identifier", "protected"):
                continue
            if column.dtype in ("sek", "whole", "date"):
                kind = "datetime64[us]" if column.dtype == "date" else "float64"
                both = [
                    np.sort(frame[column.name].to_numpy(dtype=kind, na_value=np.nan))
                    if kind == "float64"
                    else np.sort(frame[column.name].to_numpy(dtype=kind))
                    for frame in (given, got)
                ]
                assert np.array_equal(*both, equal_nan=True), column.name
            else:
                counts = got[column.name].value_counts()
                assert given[column.name].value_counts().to_dict() == {
                    code: count for code, count in counts.items() if count
                }, column.name
    given, got = simulated.frames["placements"], result.clean
    for column_name in ("person", "dossier", "home"):
        assert got[column_name].nunique() == given[column_name].nunique()


def days_of_2023(frame: pd.DataFrame, *, both: bool) -> pd.Series:
    """One by one: no shortcut that the measures take."""
    last = frame["ends"].fillna(pd.Timestamp(EXTRACTION) + pd.Timedelta(days=1))
    stop = last + pd.Timedelta(days=int(both))
    low, high = pd.Timestamp("2023-01-01"), pd.Timestamp("2024-01-01")
    return (stop.clip(upper=high) - frame["starts"].clip(lower=low)).dt.days.clip(lower=0)


def test_the_published_figures_and_the_planted_truth_come_back(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    simulated, _, result = messy
    truth = simulated.truth
    children = result.clean[result.clean["age_group"].isin(["child", "young"])]
    girls = (children["person_sex"] == "women").to_numpy()
    found: dict[str, int] = {}
    nights: dict[str, int] = {}
    for group in PUBLISHED:
        own = children["kind"].isin(KINDS_OF[group]).to_numpy()
        for name, rows in (("", own), ("_girls", own & girls), ("_boys", own & ~girls)):
            found[group + name] = int(days_of_2023(children[rows], both=True).sum())
            nights[group + name] = int(days_of_2023(children[rows], both=False).sum())
    assert truth["counting"] == "both"
    assert found == truth["days"]
    assert nights == truth["nights"]
    # HVB and SiS; familjehem in all, of which konsultstödda.
    assert (found["residential"], found["residential_girls"]) == (16_808, 10_187)
    assert found["residential_boys"] == 6_621
    assert found["family"] + found["consultant"] == 61_276
    assert found["consultant"] == 30_263
    assert children["person"].nunique() == truth["children"]
    adults = result.clean[result.clean["age_group"] == "adult"]
    assert adults["person"].nunique() == truth["adults"] > 10
    assert "lvm" in adults["legal_basis"].tolist()
    assert not (children["legal_basis"] == "lvm").any()
    siblings = children.drop_duplicates("person")["dossier"].duplicated(keep=False)
    assert siblings.sum() == truth["siblings"] > 50


def test_planted_overlaps_and_moves_are_found(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    simulated, _, result = messy
    found, truth = result.provenance["overlaps"], simulated.truth
    assert found["placements"] == truth["overlaps"] > 5
    assert found["days_first_only"] == truth["overlap_nights"]
    assert found["same_day_moves"] == truth["same_day_moves"] > 50
    # Under both rules a short stay counts its last day too, and each move on one day one more.
    twice = truth["overlap_nights"] + truth["overlaps"] + truth["same_day_moves"]
    assert found["days_both"] == twice
    ended = int(result.clean["ends"].notna().sum())
    assert result.provenance["stated_days"] == {"both": ended, "first_only": 0, "neither": 0}
    assert result.provenance["price_overlaps"] == 0


def test_the_change_of_record_system_is_found(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    simulated, _, result = messy
    (found,) = result.provenance["register_breaks"]
    assert found["date"] == simulated.truth["migration"] == "2024-02-01"
    assert min(found["ended"], found["started"]) > 100


def test_measures_of_what_was_cleaned(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    simulated, _, result = messy
    truth, until = simulated.truth, dt.date.fromisoformat(result.provenance["until"])
    breaks = [dt.date.fromisoformat(each["date"]) for each in result.provenance["register_breaks"]]
    children = measures.select(result.clean)
    by = ["kind", "person_sex"]
    days = measures.days_per_month(children, counting="both", until=until, by=by)
    papers = measures.grouped(days[days["month"].dt.year == 2023], GROUPINGS["papers"])
    totals = papers.groupby("group")["days"].sum()
    assert totals.to_dict() == {
        "family_homes": 61_276,
        "consultant_family_homes": 30_263,
        "residential": 16_808,
    }
    women = papers[papers["person_sex"] == "women"].groupby("group")["days"].sum()
    assert women["residential"] == 10_187
    # A change of record system joined again: no placement runs out of it.
    joined = measures.join_breaks(children, breaks)
    assert len(children) - len(joined) > 200
    assert not (joined["end_reason"] == "migration").any()
    flow = measures.flow_per_month(joined, since=dt.date(2022, 1, 1), until=until)
    cut = measures.flow_per_month(children, since=dt.date(2022, 1, 1), until=until)
    january = flow["month"] == pd.Timestamp("2024-01-01")
    assert cut.loc[january, "exits"].item() - flow.loc[january, "exits"].item() > 200
    before = (flow["month"] < pd.Timestamp("2024-01-01")).to_numpy()
    assert flow.loc[before, "stock"].tolist() == cut.loc[before, "stock"].tolist()
    # Moves on one day were planted, and are moves.
    assert measures.with_episodes(joined)["moved"].sum() >= truth["same_day_moves"]
    costs = measures.costs_per_month(
        joined,
        result.tables["prices"],
        counting="both",
        until=until,
        by=["kind", "home"],
    )
    assert (costs["days"] == costs["priced_days"]).mean() > 0.9
    # In 2022 and 2023 as many come as go, but in HVB: the care is more of the same, and dearer.
    split = measures.cost_change(costs, reference=2022, comparison=2023)
    change = (split["after"] - split["before"]).iloc[0]
    assert split.groupby("level")["value"].sum().tolist() == pytest.approx([change, change])
    prices = split[split["factor"] == "price"].set_index("level")["value"]
    assert (prices > 0).all()  # the agreements of October 2023


def test_fourteen_children() -> None:
    """The smallest real group: everything is counted, and nothing is made up."""
    frame = simulate(14, 5, numbers=PUBLIC).frames["placements"]
    frame = frame.assign(age_group="child", person_sex=frame["sex"])
    until = EXTRACTION
    for found in (
        measures.durations(frame, until=until, by="kind"),
        measures.placed_again(frame, until=until, by="person_sex"),
        measures.breakdowns(frame, until=until),
    ):
        known = found.dropna(subset=["value", "lower", "upper"])
        assert len(found) > 0
        assert (known["lower"] <= known["value"]).all()
        assert (known["value"] <= known["upper"]).all()


def test_without_a_change_of_system_none_is_found(tmp_path: Path) -> None:
    simulated = simulate(200, 3, Truth(migration=None), numbers=PUBLIC)
    write_example(simulated, SCHEMAS, tmp_path, extraction=EXTRACTION, messy=False)
    result = read_clean(tmp_path)
    assert result.provenance["register_breaks"] == []
    assert result.quarantine.empty


def test_starts_follow_the_seasons_and_prices_rise() -> None:
    simulated = simulate(numbers=PUBLIC)
    placements, prices = simulated.frames["placements"], simulated.frames["prices"]
    first = placements.drop_duplicates("person")
    usual = first[first["starts"].dt.year.isin([2022, 2023]) & ~first["kind"].isin(["hvb", "sis"])]
    months = usual["starts"].dt.month
    assert months.isin([6, 7]).sum() < months.isin([9, 10]).sum()
    before, after = (prices[prices["valid_to"].isna() == is_open] for is_open in (False, True))
    rise = after["day_price"].to_numpy() / before["day_price"].to_numpy() - 1
    hvb = (before["kind"] == "hvb").to_numpy()
    assert rise[hvb].min() >= 0.199
    assert rise[hvb].max() <= 0.251
    starts = simulated.truth["hvb_starts"]
    assert starts["2023"] > 2 * starts["2022"]


def test_simulation_is_the_same_for_the_same_seed() -> None:
    one, same, other = (simulate(60, seed, numbers=PUBLIC) for seed in (1, 1, 2))
    for name, frame in one.frames.items():
        pd.testing.assert_frame_equal(frame, same.frames[name])
    assert one.truth == same.truth
    assert not one.frames["placements"].equals(other.frames["placements"])


@pytest.mark.parametrize("n", [1, 14, 100])
def test_small_simulations(n: int) -> None:
    simulated = simulate(n, 4, numbers=PUBLIC)
    placements = simulated.frames["placements"]
    assert placements["person"].nunique() == n + simulated.truth["adults"]
    # The export has what ran since its first day; what began before that enters late.
    assert not (placements["ends"] < pd.Timestamp(SINCE)).any()
    assert not (placements["ends"] < placements["starts"]).any()
    assert (placements["starts"] < pd.Timestamp(EXTRACTION)).all()


def test_more_children_than_test_numbers() -> None:
    with pytest.raises(UserError, match="testpersonnummer"):
        simulate(100_000, 0, numbers=PUBLIC)


def test_only_official_test_numbers_are_used() -> None:
    official = set((PUBLIC / "test_personnummer.csv").read_text().split())
    frame = simulate(200, 3, numbers=PUBLIC).frames["placements"]
    assert set(frame["person"]) <= official
    assert dt.date(2024, 7, 1) == EXTRACTION


def test_the_lists_headings_are_known(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(as_csv(LIST, ";"))
    found = match(read_export(path).tables[0], SCHEMAS[0])
    assert found.fits
    assert set(found.columns) == {
        *("person", "dossier", "home", "contractor", "kind", "legal_basis", "starts", "ends"),
        *("end_reason", "day_price", "fee", "expenses"),
    }
