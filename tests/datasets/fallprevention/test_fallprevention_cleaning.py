"""Fallprevention from export to clean tables: registers made by hand, and a large one."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from umea_eval.datasets import find_dataset
from umea_eval.datasets.fallprevention.cleaning import clean, closed_together
from umea_eval.datasets.fallprevention.schema import CODES, ITEMS, SCHEMAS
from umea_eval.datasets.fallprevention.synthetic import EXTRACTION, Truth, simulate
from umea_eval.errors import UserError
from umea_eval.intake.cleaning import CleaningSettings, CleanResult
from umea_eval.intake.conform import Identification
from umea_eval.intake.example import Simulated, write_example
from umea_eval.intake.exports import read_export
from umea_eval.intake.own_words import read_words
from umea_eval.intake.pseudonym import Key, pseudonyms
from umea_eval.intake.schema import codebook
from umea_eval.language import LANGUAGES, has_text, text

PUBLIC = Path(__file__).parents[3] / "data/raw/public"
KEY = Key(bytes(range(32)))
SETTINGS = CleaningSettings(Identification(KEY, "fallprevention"), EXTRACTION)
# Official test numbers (Skatteverket): a woman, a man, and a coordination number.
ANNA, BO, CIM = "189001019802", "189001029819", "191401682396"
DASHED, PLUS = f"{ANNA[:8]}-{ANNA[8:]}", f"{BO[2:8]}+{BO[8:]}"


def read_clean(path: Path, settings: CleaningSettings = SETTINGS) -> CleanResult:
    return clean(read_export(path), settings)


def texts(frame: pd.DataFrame, *columns: str) -> list[list[object]]:
    chosen = frame[list(columns)].astype("object")
    return chosen.where(chosen.notna(), None).to_numpy().tolist()


# A list of deviations as out of a municipality's system: Windows-1252, a title, a group heading
# above the columns, free text with names, levels and dates in several spellings, a sum and a note.
DEVIATIONS = f"""\
Avvikelser fall;;;;;;;;;;;;
Uttag 2024-02-01;;;;;;;;;;;;

Händelse;;;;;;Bedömning;;;Ärende;;;
Löpnummer;Datum;Tid;Enhet;Typ;Skada J/N;Allvarlighet;Åtgärd före;Orsak;Status;Avslutad;Vad hände;Pnr
1;2023-01-31;14.30;Björken;Fall;J;Måttlig;J;Halka;Klar;2023-02-20;Testa Testsson föll;{DASHED}
2;2023-02-01;0905;BJÖRKEN;Fall;N;Ingen skada;Ej bedömt;Yrsel;Avslutat;2023-05-02;;{ANNA}
3;2023-02-01;;Björken;Fallrisk;N;;;;Pågående;;;
4;2023-02-03 08:15;kl 8:15;Eken;Fall utan skada;N;Ej bedömd;N;Okänd orsak;Ny;9999-12-31;;{PLUS}
5;2023-03-01;23:59;Eken;Läkemedel;;3 - Betydande;;;Avslutad;2023-03-02;;
6;2023-03-02;10:00;Eken;Fall;N;Katastrofal;Nej;;Avslutad;;;{BO}
7;2023-03-03;25:10;Eken;Fall;N;Låg;Nej;;Ny;;;{BO}
8;2023-03-04;10:00;Eken;Fallrisk;J;Låg;;;Ny;;;{BO}
9;2023-03-05;10:00;Eken;Fall;J;Låg;Ja;;Avslutad;2023-03-04;;{BO}
10;2023-03-06;10:00;Eken;Fall;J;3;Ja;;Ny;;;{BO}
11;2023-03-07;10:00;;Fall;J;Hög;Ja;;Ny;;;{BO}
12;2023-03-08;10:00;Eken;Fall;kanske;Hög;Ja;;Ny;;;{BO}
13;2023-03-09;10:00;Eken;Fall;J;Hög;Ja;Testa Testsson;Ny;;;{BO[:-1]}0
4;3 februari 2023;08:15;Eken;Fall;Nej;ej bedömt;Nej;Oklart;Registrerad;;;{BO}
Summa;14;;;;;;;;;;;
Källa: Exempelsystemet
"""


@pytest.fixture
def deviations(tmp_path: Path) -> CleanResult:
    path = tmp_path / "avvikelser Umeå 2024-02-01.csv"
    path.write_bytes(DEVIATIONS.replace("\n", "\r\n").encode("cp1252"))
    return read_clean(path)


def test_deviations_by_hand(deviations: CleanResult) -> None:
    columns = ("source_row", "unit", "kind", "injury", "severity", "measures_before", "cause")
    assert texts(deviations.clean, *columns) == [
        [6, "Björken", "fall", True, "moderate", "yes", "slip"],
        [7, "Björken", "fall", False, "none_minor", "not_assessed", "balance"],
        [8, "Björken", "fall_risk", False, "not_assessed", None, None],  # blank is not assessed
        [9, "Eken", "fall", False, "not_assessed", "no", "unknown"],
        [10, "Eken", "medication", None, "significant", None, None],
        [11, "Eken", "fall", False, "catastrophic", "no", None],
    ]
    day = pd.Timestamp
    columns = ("happened_on", "time", "closed_on", "status", "described")
    assert texts(deviations.clean, *columns) == [
        [day("2023-01-31"), 14 * 60 + 30, day("2023-02-20"), "closed", True],
        [day("2023-02-01"), 9 * 60 + 5, day("2023-05-02"), "closed", False],
        [day("2023-02-01"), None, None, "investigating", False],
        [day("2023-02-03"), 8 * 60 + 15, None, "open", False],
        [day("2023-03-01"), 23 * 60 + 59, day("2023-03-02"), "closed", False],
        [day("2023-03-02"), 600, None, "closed", False],
    ]
    own = pseudonyms([ANNA, BO], KEY, dataset="fallprevention").tolist()
    residents = texts(deviations.clean, "resident")
    assert residents == [[own[0]], [own[0]], [None], [own[1]], [None], [own[1]]]


def test_deviations_quarantine_by_hand(deviations: CleanResult) -> None:
    assert texts(deviations.quarantine, "row", "column", "reason") == [
        [12, "time", "not_a_time"],  # 25:10
        [13, "injury", "injury_without_fall"],
        [14, "closed_on", "closed_before_event"],
        [15, "severity", "unknown_code"],  # a bare number means what the municipality says
        [16, "unit", "missing_value"],
        [17, "injury", "not_yes_or_no"],
        [18, "cause", "unknown_code"],
        [18, "resident", "check_digit"],
    ]


def test_deviations_account_by_hand(deviations: CleanResult) -> None:
    # 21 rows: 3 above the table with the blank one, 2 headings, 14 rows, a sum and a note.
    assert deviations.ledger.as_dict(deviations.corrections) == {
        "rows_in": 21,
        "clean": 6,
        "quarantined": {
            "closed_before_event": 1,
            "injury_without_fall": 1,
            "missing_value": 1,
            "not_a_time": 1,
            "not_yes_or_no": 1,
            "unknown_code": 2,  # the row with two faults counts by its first
        },
        "duplicates": 1,  # row 19 is row 9 in another spelling
        "superseded": 0,
        "other_tables": 0,
        "headings_and_totals": 7,
        # Rows 8 has no severity; rows 9 has 9999-12-31; BJÖRKEN in row 7.
        "corrections": {"blank_is_code": 1, "open_end": 1, "unit_spelling": 1},
    }
    # Row 11: a catastrophe without injury, and closed without a date. Rows that are quarantined
    # count too: row 7, 9 and 14 to 19 agree.
    assert deviations.remarks == {"severity_contradicts_injury": 1, "status_contradicts_date": 1}
    assert deviations.provenance["other_kinds"] == 1
    assert deviations.provenance["system_change"] == {
        "first": "2024-09-01",
        "last": "2025-05-31",
        "reports_before": 6,
        "reports_within": 0,
        "reports_after": 0,
    }


def test_no_name_and_no_number_leaves(deviations: CleanResult) -> None:
    told = "".join(
        (
            *(frame.to_csv() for frame in deviations.tables.values()),
            *(deviations.quarantine.to_csv(), deviations.dropped.to_csv()),
            *(json.dumps(dict(deviations.provenance)), deviations.ledger.text("sv")),
            repr(deviations),
        )
    )
    for secret in ("Testsson", ANNA[2:8], ANNA[8:], BO[8:], "föll"):
        assert secret not in told.replace("source_", "")


def test_a_municipality_has_its_own_words(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        '[fallprevention.deviations.words.severity."Umeå"]\n"3" = "significant"\n'
        '[fallprevention.deviations.words.severity."Vännäs"]\n"3" = "moderate"\n'
        '[fallprevention.deviations.words.measures_before]\n"Ej aktuellt" = "not_assessed"\n',
        encoding="utf-8",
    )
    settings = CleaningSettings(
        Identification(KEY, "fallprevention"),
        EXTRACTION,
        words=read_words(mapping)["fallprevention"],
    )
    path = tmp_path / "avvikelser.csv"
    path.write_text(
        "Kommun;Enhet;Datum;Typ;Allvarlighet;Åtgärder före fallet\n"
        "Umeå kommun;A;2023-01-31;Fall;3;Ej aktuellt\n"
        "Vännäs;B;2023-01-31;Fall;3;Ja\n"
        "Åsele;C;2023-01-31;Fall;3;Ja\n",
        encoding="utf-8",
    )
    result = read_clean(path, settings)
    assert texts(result.clean, "severity", "measures_before") == [
        ["significant", "not_assessed"],
        ["moderate", "yes"],
    ]
    assert texts(result.quarantine, "row", "reason") == [[4, "unknown_code"]]


FOUR = ["X", "X", "", "", "", "X", "", "", "X", "", ""]  # previous falls, sedatives, ...
ASSESSMENTS: list[list[object]] = [
    *[["Riskbedömning Downton"], ["Period:", "2023"], []],
    [
        *("Personnummer", "Bedömd", "Enhet", "Tidigare fall", "Lugnande", "Diuretika"),
        *("Antihypertensiva", "Parkinson", "Antidepressiva", "Syn", "Hörsel", "Motorik"),
        *("Kognition", "Osäker gång", "Totalpoäng", "Skyddad identitet"),
    ],
    [ANNA, "2023-01-10", "Björken", *FOUR, 4, ""],
    [BO, "2023-01-11", "Eken", *[""] * 11, 0, "Ja"],
    [CIM, "2023-01-12", "Eken", *["X"] * 11, 11, ""],
    [CIM, "2023-06-12", "Eken", *["X"] * 11, 10, ""],
    [BO, "2023-06-12", "Eken", *["X"] * 3, *[""] * 8, 12, ""],
    [BO, "2023-06-13", "Eken", *["X"] * 3, *[""] * 8, "tre", ""],
    ["", "2023-06-13", "Eken", *["X"] * 3, *[""] * 8, 3, ""],
    [ANNA, "2023-02-30", "Eken", *["X"] * 3, *[""] * 8, 3, ""],
    [ANNA, "2023-01-10", "Björken", *(each.lower() for each in FOUR), 4, ""],
    ["Summa", "", "", *[""] * 11, 47, ""],
]


def workbook(path: Path, rows: list[list[object]]) -> Path:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("Bedömningar")
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, cells)
    path.write_bytes(buffer.getvalue())
    return path


def test_assessments_by_hand(tmp_path: Path) -> None:
    result = read_clean(workbook(tmp_path / "downton.xlsx", ASSESSMENTS))
    frame = result.tables["assessments"]
    assert texts(frame, "source_row", "score", "protected") == [
        [5, 4, False],
        [6, 0, True],
        [7, 11, False],
    ]
    # A blank cell among crosses is a no.
    assert texts(frame, *ITEMS)[0] == [cell == "X" for cell in FOUR]
    assert [sum(row) for row in texts(frame, *ITEMS)] == [4, 0, 11]
    assert texts(result.quarantine, "row", "column", "reason") == [
        [8, "score", "score_contradicts_items"],  # eleven crosses are not 10
        [9, "score", "out_of_range"],
        [9, "score", "score_contradicts_items"],
        [10, "score", "not_a_number"],
        [11, "resident", "missing_value"],
        [12, "assessed_on", "not_a_date"],
    ]
    assert result.ledger.total("duplicates") == 1  # row 13 is row 5 with small crosses
    assert result.ledger.total("headings_and_totals") == 5  # three above, the heading, the sum


@pytest.mark.parametrize(
    ("items", "score", "sound"),
    [
        # Three ticked, one no, seven unknown: anything from 3 to 10 can be right.
        (["J", "J", "J", "N", *[""] * 7], 2, False),
        (["J", "J", "J", "N", *[""] * 7], 3, True),
        (["J", "J", "J", "N", *[""] * 7], 10, True),
        (["J", "J", "J", "N", *[""] * 7], 11, False),
    ],
)
def test_unknown_items_leave_room_for_the_score(
    tmp_path: Path, items: list[str], score: int, sound: bool
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        f"Personnr;Bedömningsdatum;Enhet;{';'.join(ITEMS)};Poäng\n"
        f"{ANNA};2023-01-01;A;{';'.join(items)};{score}\n",
        encoding="utf-8",
    )
    result = read_clean(path)
    assert len(result.tables["assessments"]) == sound
    assert result.quarantine["reason"].tolist() == ([] if sound else ["score_contradicts_items"])


def test_assessments_without_items_have_only_the_score(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        f"Personnr;Bedömningsdatum;Enhet;DFRI\n{ANNA};2023-01-01;A;5\n", encoding="utf-8"
    )
    assert texts(read_clean(path).tables["assessments"], "score") == [[5]]


@pytest.mark.parametrize(("score", "sound"), [(1, False), (2, True), (10, True), (11, False)])
def test_the_items_that_there_are_bound_the_score(tmp_path: Path, score: int, sound: bool) -> None:
    path = tmp_path / "a.csv"
    path.write_text(  # three of eleven items: two ticked, one not
        f"Personnr;Bedömningsdatum;Enhet;Syn;Hörsel;Motorik;DFRI\n{ANNA};2023-01-01;A;J;J;N;{score}\n",
        encoding="utf-8",
    )
    assert len(read_clean(path).tables["assessments"]) == sound


DAYS = """\
Enhet\tMånad\tBoendedygn\tAntal platser
Björken\t2023-01\t180,5\t6
Björken\tfeb-23\t\t6
björken \tmars 2023\t190\t6
Eken\t202301\t0\t
Eken\t2023-02\t\t
Eken\t2023-03\t-3\t8
Eken\t2023-13\t100\t8
Eken\t2024-02\t\t8
"""


def test_resident_days_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "boendedygn.txt"
    path.write_bytes(DAYS.encode("utf-16"))
    result = read_clean(path)
    frame = result.tables["resident_days"]
    assert texts(frame, "source_row", "unit", "resident_days", "basis") == [
        [2, "Björken", 180.5, "presence"],
        [3, "Björken", 6 * 28, "places"],
        [4, "Björken", 190, "presence"],
        [5, "Eken", 0, "presence"],  # nobody there: no days, which is known
        [9, "Eken", 8 * 29, "places"],  # a leap year
    ]
    assert texts(result.quarantine, "row", "column", "reason") == [
        [6, "unit", "no_exposure"],
        [7, "presence_days", "out_of_range"],
        [8, "month", "not_a_month"],
    ]
    assert result.remarks == {"more_days_than_places": 1}  # 190 > 6 × 31
    assert result.provenance["exposure"] == {"presence": 3, "places": 2}
    assert result.provenance["repeated_unit_months"] == 0
    assert result.corrections == {"unit_spelling": 1}


def test_a_file_may_have_places_only(tmp_path: Path) -> None:
    path = tmp_path / "platser.csv"
    path.write_text("Enhet;Månad;Platser\nA;2023-04;6\nA;2023-05;\n", encoding="utf-8")
    result = read_clean(path)
    assert texts(result.clean, "resident_days", "basis") == [[180.0, "places"]]
    assert texts(result.quarantine, "row", "reason") == [[3, "no_exposure"]]


def test_a_closed_deviation_replaces_the_open_one(tmp_path: Path) -> None:
    heading = "Avvikelsenr;Enhet;Datum;Typ;Status;Avslutsdatum\n"
    (tmp_path / "a 2023-03-01.csv").write_text(
        heading + "1;A;2023-01-31;Fall;Ny;\n1;B;2023-01-31;Fall;Ny;\n", encoding="utf-8"
    )
    (tmp_path / "a 2023-04-01.csv").write_text(
        heading + "1;A;2023-01-31;Fall;Avslutad;2023-03-15\n", encoding="utf-8"
    )
    result = read_clean(tmp_path)
    # B's deviation has the same number in another unit's system, and stays.
    assert texts(result.clean, "unit", "status") == [["B", "open"], ["A", "closed"]]
    assert result.ledger.total("superseded") == 1


def test_the_same_resident_and_unit_in_every_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(DEVIATIONS.encode("cp1252"))
    workbook(tmp_path / "b.xlsx", ASSESSMENTS)
    (tmp_path / "c.txt").write_bytes(DAYS.replace("Eken", "Granen").encode("utf-16"))
    result = read_clean(tmp_path)
    assert list(result.tables) == ["deviations", "assessments", "resident_days"]
    known = set(result.tables["deviations"]["resident"].dropna())
    assert len(known & set(result.tables["assessments"]["resident"])) == 2
    assert result.provenance["units_without_days"] == ["Eken"]
    # Bo is protected in the assessments, and so in his deviations.
    deviations = result.tables["deviations"]
    assert deviations.loc[deviations["protected"], "source_row"].tolist() == [9, 11]


CELL = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["2023-01-31", "Fall", "Fallrisk", "J", "N", "X", "3", "Eken", ANNA, "Låg"]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(range(len(SCHEMAS))),
    rows=st.lists(st.lists(CELL, min_size=20, max_size=20), max_size=4),
)
def test_any_cells_are_accounted_for(tmp_path: Path, kind: int, rows: list[list[str]]) -> None:
    columns = SCHEMAS[kind].columns
    sound = {"date": "2023-01-31", "month": "2023-01", "whole": "1", "identity": ANNA}
    first = [sound.get(column.dtype, "") for column in columns]
    file = io.StringIO(newline="")
    lines = [[column.label_sv for column in columns], first]
    csv.writer(file, delimiter=";").writerows([*lines, *(row[: len(columns)] for row in rows)])
    path = tmp_path / "a.csv"
    path.write_text(file.getvalue(), encoding="utf-8", newline="")
    try:
        result = read_clean(path)
    except UserError as refused:  # rows of words alone may hide which row is the heading
        assert ANNA not in str(refused)
        return
    table = result.ledger.table
    assert table["rows"].sum() == sum(result.ledger.total(name) for name in table.columns[4:])
    assert len(result.tables[SCHEMAS[kind].name]) == result.ledger.total("clean")


def test_closed_together_by_hand() -> None:
    # 40 open reports from January, 25 of them closed on 1 June, 15 one by one after it.
    first = pd.date_range("2023-01-01", periods=40)
    closed = [pd.Timestamp("2023-06-01")] * 25 + list(pd.date_range("2023-07-01", periods=15))
    frame = pd.DataFrame({"happened_on": first, "closed_on": closed})
    assert closed_together(frame) == [{"date": "2023-06-01", "open": 40, "closed": 25}]
    assert closed_together(frame.iloc[6:]) == []  # 19 are too few to be told from a good day
    assert closed_together(frame.drop(columns="closed_on")) == []
    assert closed_together(frame.iloc[:0]) == []


def test_the_findings_are_said_in_both_languages(tmp_path: Path) -> None:
    rows = [f"{n};Eken;2024-10-{1 + n % 28:02};Fall;2025-01-15" for n in range(30)]
    text_of = "Avvikelsenr;Enhet;Datum;Typ;Avslutsdatum\n" + "\n".join(
        [*rows, "99;Asken;2024-01-02;Läkemedel;"]
    )
    (tmp_path / "a.csv").write_text(text_of, encoding="utf-8")
    (tmp_path / "b.csv").write_text(
        "Enhet;Månad;Platser\nBjörken;2024-10;6\nBjörken;2024-10;7\n", encoding="utf-8"
    )
    found = read_clean(tmp_path).provenance["findings"]
    said = {
        language: [text(each["key"], language, **each["values"]) for each in found]
        for language in LANGUAGES
    }
    assert said["en"] == [
        "2 unit-months have no presence. There the resident-days are places times days"
        " (0 unit-months have presence).",
        "1 unit-month stands in more than one row with different resident-days. Mend the source:"
        " the measures refuse to count them.",
        "1 deviation is neither a fall nor a fall risk and is left out of the measures.",
        "1 unit has deviations but no resident-days, so that rates per 1,000 resident-days cannot"
        " be computed there: Eken.",
        "The system for deviations changes from 2024-09-01 to 2025-05-31. Reports before: 1,"
        " within the change: 30, after: 0. Series before and after are not comparable.",
        "On 2025-01-15, 30 of 31 open deviations were closed at once. That does not say how long"
        " the investigations took.",
    ]
    assert said["sv"][4].startswith("Systemet för avvikelser byts 2024-09-01 till 2025-05-31")


def test_the_words_of_all_faults_are_there() -> None:
    for schema in SCHEMAS:
        for rule in schema.rules:
            assert has_text(f"fallprevention.fault.{rule.reason}")
            for language in LANGUAGES:
                assert text(f"fallprevention.fault.{rule.reason}", language)


def test_the_codebook_says_what_is_assumed() -> None:
    book = codebook(SCHEMAS)
    items = book[book["column"].isin(ITEMS)]
    assert len(items) == len(ITEMS) == 11
    assert items["source"].str.contains("assumption").all()
    severity = [code.code for code in CODES["severity"].codes]
    assert severity == ["none_minor", "moderate", "significant", "catastrophic", "not_assessed"]
    spelled = set(CODES["severity"].spellings)
    assert not any(word.isdigit() for word in spelled)


# ------------------------------------------------------------------------------- simulated register


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulated, pd.DataFrame, CleanResult]:
    folder = tmp_path_factory.mktemp("messy")
    simulated = simulate(1790, numbers=PUBLIC)
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
    assert len(expected) > 100
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    for fate in ("duplicates", "superseded"):
        assert result.ledger.total(fate) == (marks["fate"] == fate).sum() > 10
    assert set(expected["reason"]) >= {"unknown_code", "not_a_date", "not_yes_or_no", "masked"}


def test_cleaning_gives_back_what_was_simulated(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    simulated, _, result = messy
    for schema in SCHEMAS:
        assert len(result.tables[schema.name]) == len(simulated.frames[schema.name])
    given, got = simulated.frames["deviations"], result.clean
    given = given.assign(severity=given["severity"].fillna("not_assessed"))
    for column in ("happened_on", "closed_on", "reported_on"):
        assert given[column].value_counts().to_dict() == got[column].value_counts().to_dict()
    for column in ("kind", "severity", "measures_before", "status", "cause", "unit", "injury"):
        assert given[column].value_counts().to_dict() == {
            code: count for code, count in got[column].value_counts().items() if count
        }
    assert got["resident"].nunique() == given["resident"].nunique()
    items, clean_items = simulated.frames["assessments"], result.tables["assessments"]
    for name in (*ITEMS, "score"):
        assert int(items[name].sum()) == int(clean_items[name].sum())
        assert clean_items[name].notna().all()


def test_the_planted_truth_comes_back(
    messy: tuple[Simulated, pd.DataFrame, CleanResult],
) -> None:
    simulated, _, result = messy
    truth, frame = simulated.truth, result.clean
    fall = frame["kind"] == "fall"
    assert [fall.sum(), (~fall).sum()] == [truth["falls"], truth["fall_risk"]] == [1380, 410]
    assert (frame["severity"] == "not_assessed").sum() == truth["not_assessed"] == 830
    assert frame["injury"].sum() == truth["injurious"]
    assert frame["closed_on"].isna().sum() == truth["open"]
    days = result.tables["resident_days"]
    assert days["resident_days"].sum() == truth["resident_days"]
    presence = days.loc[days["basis"] == "presence", "resident_days"].sum()
    assert presence == truth["presence_days"] < truth["resident_days"]
    counts = frame[fall].groupby("resident", observed=True).size()
    assert (counts >= 2).sum() == truth["repeat_fallers"]
    assert result.provenance["units_without_days"] == []
    assert result.provenance["closed_together"] == []


def test_the_published_figures() -> None:
    simulated = simulate(numbers=PUBLIC)
    truth = simulated.truth
    frame = simulated.frames["deviations"]
    assert (truth["falls"], truth["fall_risk"], truth["not_assessed"]) == (138, 41, 83)
    # "20 % in spite of prevention, 50 % not assessed, 9 % not carried out": the bases change.
    assert round(100 * truth["prevented"] / 138) == 20
    assert round(100 * truth["prevention_not_assessed"] / 179) == 50
    assert round(100 * truth["not_carried_out"] / 179) == 9
    assert not frame["severity"].isin(["significant", "catastrophic"]).any()
    assert not frame.loc[frame["kind"] == "fall_risk", "injury"].any()
    assert truth["repeat_fallers"] > 5


def test_the_truth_is_a_choice() -> None:
    few = Truth(culture=0.0, frailty=100.0, sensitivity=1.0, specificity=1.0, unnamed=0.0)
    truth = simulate(1000, 2, few, numbers=PUBLIC).truth
    assert truth["false_positive"] == truth["false_negative"] == 0
    assert set(truth["culture"].values()) == {1.0}
    usual = simulate(1000, 2, numbers=PUBLIC).truth
    assert usual["repeat_fallers"] < truth["fallers"]
    assert usual["fallers"] < truth["fallers"]  # the same falls, of fewer residents
    culture = simulate(1790, 0, numbers=PUBLIC).truth["culture"].values()
    assert max(culture) / min(culture) > 100  # reports vary a hundredfold between homes


@pytest.mark.parametrize("n", [1, 2, 14])
def test_small_registers(n: int) -> None:
    frames = simulate(n, 1, numbers=PUBLIC).frames
    assert len(frames["deviations"]) == n
    assert len(frames["resident_days"]) == 24


def test_simulation_is_the_same_for_the_same_seed() -> None:
    one, same, other = (simulate(50, seed, numbers=PUBLIC) for seed in (1, 1, 2))
    for name, frame in one.frames.items():
        pd.testing.assert_frame_equal(frame, same.frames[name])
    assert one.truth == same.truth
    assert not one.frames["deviations"].equals(other.frames["deviations"])


def test_more_residents_than_test_numbers() -> None:
    with pytest.raises(UserError, match="testpersonnummer"):
        simulate(100_000, 0, numbers=PUBLIC)


def test_only_official_test_numbers_are_used() -> None:
    official = set((PUBLIC / "test_personnummer.csv").read_text().split())
    frames = simulate(200, 3, numbers=PUBLIC).frames
    for name in ("deviations", "assessments"):
        assert set(frames[name]["resident"].dropna()) <= official


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    simulated = simulate(60, 4, numbers=PUBLIC)
    results = []
    for number, seed in enumerate((None, 1)):
        folder = tmp_path / str(number)
        frames = {
            name: frame if seed is None else frame.sample(frac=1, random_state=seed)
            for name, frame in simulated.frames.items()
        }
        write_example(Simulated(frames), SCHEMAS, folder, extraction=EXTRACTION, messy=False)
        result = read_clean(folder)
        results.append(
            {
                name: frame.drop(columns="source_row")
                .astype("object")
                .sort_values(list(frame.columns[:4]), ignore_index=True)
                for name, frame in result.tables.items()
            }
        )
    for name, frame in results[0].items():
        pd.testing.assert_frame_equal(frame, results[1][name])


def test_the_registry_finds_it() -> None:
    dataset = find_dataset("fallprevention")
    assert dataset.schemas is SCHEMAS
    assert dataset.extraction == EXTRACTION == dt.date(2024, 2, 1)
    assert {path.name for path in dataset.code} == {"schema.py", "cleaning.py", "codes.toml"}
    assert np.all([callable(dataset.clean), callable(dataset.simulate)])
