"""Exports in every form that has been seen: what is read, from where, and what is refused."""

from __future__ import annotations

import codecs
import io
import json
import pickle
import shutil
import zipfile
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.intake.office import Date, ods, xlsx
from umea_eval.errors import UserError
from umea_eval.intake import exports, workbook
from umea_eval.intake.exports import read_export
from umea_eval.intake.tables import SOURCE_COLUMNS, RawExport
from umea_eval.language import text as in_words

HEADINGS = "Dossiernummer;Boende;Placeringsdatum;Placeringskostnad"
ROWS = ("D1;Åkergården;2024-01-31;1 234,50", "D2;Västra hemmet;2024-02-01;980,00")
PLACEMENTS = "\r\n".join((HEADINGS, *ROWS)) + "\r\n"


def write(folder: Path, content: bytes | str, name: str = "uttag.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def cells(export: RawExport) -> list[list[object]]:
    """The data rows of the only table with columns, missing as None."""
    (table,) = [each for each in export.tables if each.headings]
    frame = table.frame.drop(columns=list(SOURCE_COLUMNS)).astype("object")
    return frame.where(frame.notna(), None).to_numpy().tolist()


def source_rows(export: RawExport) -> list[int]:
    (table,) = [each for each in export.tables if each.headings]
    return table.frame["source_row"].tolist()


def adds_up(export: RawExport) -> bool:
    return all(
        table.rows == table.data + table.titles + table.totals + table.notes + table.blank
        for table in export.tables
    )


EXPECTED = [
    ["D1", "Åkergården", "2024-01-31", "1 234,50"],
    ["D2", "Västra hemmet", "2024-02-01", "980,00"],
]


@pytest.mark.parametrize(
    ("codec", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp1252", "windows-1252"),
        ("cp850", "cp850"),
        ("mac-roman", "mac-roman"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
    ],
)
def test_encodings_are_found_from_the_content(tmp_path: Path, codec: str, found: str) -> None:
    export = read_export(write(tmp_path, PLACEMENTS.encode(codec)))
    assert cells(export) == EXPECTED
    assert export.tables[0].encoding == found


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_separators_and_line_ends(tmp_path: Path, separator: str, newline: str) -> None:
    text = PLACEMENTS.replace(";", separator).replace("\r\n", newline)
    export = read_export(write(tmp_path, text))
    assert cells(export) == EXPECTED
    assert export.tables[0].separator == separator
    assert source_rows(export) == [2, 3]


@pytest.mark.parametrize(
    ("text", "separator", "expected"),
    [
        ("a,b\n1,2\n3,4\n", ",", [["1", "2"], ["3", "4"]]),
        # Decimal commas do not part a semicolon file.
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";", [["1,5", "2,5"], ["3,5", "4,5"]]),
        # Semicolons within a comma file, quoted and not.
        ('a,b\n1,"x; y"\n2,"x; z"\n', ",", [["1", "x; y"], ["2", "x; z"]]),
        ("a,b,c\n1,p;q,3\n2,p;r,4\n", ",", [["1", "p;q", "3"], ["2", "p;r", "4"]]),
        ("[a];[b]\n1;2\n", ";", [["1", "2"]]),
        ("sep=,\na,b\n1,2\n", ",", [["1", "2"]]),
        ("nummer\n1\n2\n", "", [["1"], ["2"]]),
        ('a;b\n1;"två\nrader"\n2;en\n', ";", [["1", "två\nrader"], ["2", "en"]]),
        ('a;b\n1;"sa ""hej"" då"\n2;5" skruv\n', ";", [["1", 'sa "hej" då'], ["2", '5" skruv']]),
        ('a;b\n="011";\'012\n', ";", [["011", "012"]]),
        ("a;b;c\n1;x\n2;y;z\n", ";", [["1", "x", None], ["2", "y", "z"]]),
        ("a;b;\n1;x;\n2;y;\n", ";", [["1", "x"], ["2", "y"]]),
        ("a;b\n1; \n;x\n", ";", [["1", None], [None, "x"]]),
        ("a;b\n1;x\n\x1a", ";", [["1", "x"]]),
    ],
)
def test_text_files(tmp_path: Path, text: str, separator: str, expected: list[object]) -> None:
    export = read_export(write(tmp_path, text))
    assert cells(export) == expected
    assert export.tables[0].separator == separator
    assert adds_up(export)


def test_row_number_is_the_one_that_excel_shows(tmp_path: Path) -> None:
    text = 'a;b\n1;"x\ny\nz"\n\n;;\n2;y\n3;y;fel\n4;y\n'
    (table,) = read_export(write(tmp_path, text)).tables
    assert table.frame["source_row"].tolist() == [2, 5, 6, 7]
    assert table.blank == 2
    assert table.frame["source_fault"].astype("object").tolist()[2] == "too_many_cells"
    assert table.frame["source_fault"].isna().tolist() == [True, True, False, True]


def test_row_numbers_hold_over_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("umea_eval.intake.delimited.BLOCK", 64)
    rows = [f"{i};{'x' * (i % 7)}" + (";fel" if i % 50 == 0 else "") for i in range(2, 500)]
    (table,) = read_export(write(tmp_path, "\n".join(["nr;text", *rows]))).tables
    assert table.frame["nr"].astype("int64").tolist() == table.frame["source_row"].tolist()
    wrong = table.frame["source_fault"].notna()
    assert table.frame.loc[wrong, "source_row"].tolist() == list(range(50, 500, 50))


def test_a_stray_quotation_mark_spoils_its_own_rows_only(tmp_path: Path) -> None:
    rows = [f"{i};hem {i};2024-01-{i:02};ok" for i in range(1, 21)]
    rows[4] = '5;"hem 5;2024-01-05;ok'
    rows[11] = '12;"hem 12;2024-01-12;ok'
    text = "nr;boende;datum;status\n" + "\n".join(rows) + "\n"
    (table,) = read_export(write(tmp_path, text)).tables
    assert table.data == 20
    assert table.frame.loc[table.frame["source_fault"].notna(), "source_row"].tolist() == [6, 13]
    assert table.frame["nr"].tolist()[5:11] == ["6", "7", "8", "9", "10", "11"]


def test_an_unclosed_quotation_mark_at_the_end(tmp_path: Path) -> None:
    (table,) = read_export(write(tmp_path, 'a;b\n1;x\n2;"y\n3;z\n4;w\n')).tables
    assert table.data == 4
    assert table.frame["source_fault"].astype("object").tolist()[1] == "stray_quote"


@pytest.mark.parametrize(
    ("text", "heading_rows", "names", "titles"),
    [
        # A title, the period and a blank line above the table.
        (
            f"Placeringar;;;\nPeriod:;2024-01-01 - 2024-12-31;;\n\n{PLACEMENTS}",
            (4,),
            HEADINGS.split(";"),
            3,
        ),
        # Group headings above the columns, written once where their cells were merged.
        (
            "Placering;;;Kostnad;\nDossiernummer;Boende;Placeringsdatum;Arvode;Omkostnad\n"
            "D1;Hemmet;2024-01-31;10;5\nD2;Hemmet;2024-02-01;20;5\n",
            (1, 2),
            ["Dossiernummer", "Boende", "Placeringsdatum", "Arvode", "Omkostnad"],
            2,
        ),
        # Two heading rows, the lower one only where the upper is divided.
        (
            "Dossiernummer;Boende;Avtal;\n;;Från;Till\nD1;Hemmet;2024-01-31;2024-02-28\n"
            "D2;Hemmet;2024-02-01;2024-02-28\n",
            (1, 2),
            ["Dossiernummer", "Boende", "Från", "Till"],
            2,
        ),
        # The same heading under two groups takes the group's name.
        (
            "Beslut;;Avtal;\nFrån;Till;Från;Till\n2024-01-01;2024-01-02;2024-01-03;2024-01-04\n"
            "2024-01-01;2024-01-02;2024-01-03;2024-01-04\n",
            (1, 2),
            ["Beslut Från", "Beslut Till", "Avtal Från", "Avtal Till"],
            2,
        ),
        # Years as headings.
        ("Kommun;2021;2022;2023\nUmeå;12;13;14\nVännäs;2;3;4\n", (1,), None, 1),
        # Words only.
        ("Enhet;Svar\nVäst;Ja\nÖst;Nej\n", (1,), ["Enhet", "Svar"], 1),
        # A report in pages repeats its heading.
        (f"{PLACEMENTS}{HEADINGS}\r\nD3;Hemmet;2024-03-01;1,00\r\n", (1,), HEADINGS.split(";"), 2),
        # Only a heading.
        (f"{HEADINGS}\n", (1,), HEADINGS.split(";"), 1),
    ],
)
def test_headings(
    tmp_path: Path, text: str, heading_rows: tuple[int, ...], names: list[str] | None, titles: int
) -> None:
    export = read_export(write(tmp_path, text))
    (table,) = export.tables
    assert table.heading_rows == heading_rows
    assert table.titles == titles
    assert adds_up(export)
    if names:
        assert list(table.headings) == names


EVENTS = "Händelsedatum;Enhet;Typ;Skada J/N;Vad hände;Handläggare\n"
FALLS = "2024-01-01;Ängen;Fall;N;Föll;Bo Berg\n2024-01-02;Ängen;Fall;J;Gled;Bo Berg\n"


@pytest.mark.parametrize(
    "first",
    [
        ";Ängen;Fall;J;Föll i badrummet;Bo Ek\n",
        "okänt;Eken;Hot;J;Slog;Bo Ek\n",
        ";;;;Föll i badrummet;Bo Ek\n",
        ";Eken;Hot;;Slog;Bo Ek\n;Eken;Hot;;Rev;Bo Ek\n",
        ";Eken;Hot;;Slog;Bo Ek\n" * 4,
        "SKYDDAD;;;;;Ja\n",
        "saknas;Eken;Hot;vet ej;Slog;Bo Ek\n",
        "\n;Eken;Hot;;Slog;Bo Ek\n",
    ],
)
def test_a_first_row_without_its_date_is_data(tmp_path: Path, first: str) -> None:
    export = read_export(write(tmp_path, EVENTS + first + FALLS))
    (table,) = export.tables
    assert (table.heading_rows, table.titles) == ((1,), 1)
    assert table.data == len([line for line in first.split("\n") if line]) + 2
    assert list(table.headings) == EVENTS.strip().split(";")
    assert adds_up(export)


def test_a_row_below_a_heading_that_comes_twice_is_data(tmp_path: Path) -> None:
    text = "Datum;Kommentar;Kommentar\n;Ringde;Bo Ek\n2024-01-01;Mejlade;Bo Berg\n" + (
        "2024-01-02;Mejlade;Bo Berg\n"
    )
    (table,) = read_export(write(tmp_path, text)).tables
    assert (table.heading_rows, table.data) == ((1,), 3)
    assert list(table.headings) == ["Datum", "Kommentar", "Kommentar (2)"]


def test_a_name_and_its_value_above_the_headings_name_no_column(tmp_path: Path) -> None:
    text = (
        "Handläggare;Bo Ek;;\nDatum;Belopp;Kommentar;Kommentar\n2024-01-01;1,00;a;b\n"
        "2024-01-02;2,00;a;b\n"
    )
    (table,) = read_export(write(tmp_path, text)).tables
    assert (table.heading_rows, table.titles, table.data) == ((2,), 2, 2)
    assert list(table.headings) == ["Datum", "Belopp", "Kommentar", "Kommentar (2)"]
    assert not any("Bo Ek" in text for texts in table.headings.values() for text in texts)


def test_every_text_that_may_name_a_column_is_kept(tmp_path: Path) -> None:
    text = (
        "Dossiernummer;Avtal familje-;Arvode\n;/jour/nätverkshem utrett;\nD1;2024-01-31;10\n"
        "D2;2024-01-31;10\n"
    )
    (table,) = read_export(write(tmp_path, text)).tables
    assert table.headings["/jour/nätverkshem utrett"] == (
        "/jour/nätverkshem utrett",
        "Avtal familje-",
        "Avtal familje- /jour/nätverkshem utrett",
    )


@pytest.mark.parametrize(
    ("tail", "totals", "notes"),
    [
        ("Summa;;;2 214,50\n", 1, 0),
        ("TOTALT:;;;2 214,50\nKälla: Treserva\n", 1, 1),
        (";;;\n\nUtskriven 2024-03-01 av systemet\n", 0, 1),
        ("* Avser alla lagrum inom angivet datumintervall;;;\n", 0, 1),
        ("Delsumma;;;1,00\nSumma totalt;;;2 214,50\n(2 rader)\n", 2, 1),
    ],
)
def test_totals_and_notes_are_no_data(tmp_path: Path, tail: str, totals: int, notes: int) -> None:
    export = read_export(write(tmp_path, PLACEMENTS + tail))
    (table,) = export.tables
    assert (table.data, table.totals, table.notes) == (2, totals, notes)
    assert cells(export) == EXPECTED
    assert adds_up(export)


@pytest.mark.parametrize("tail", ["D3;;;\n", "D3\n", ";Okänt hem;2024-01-01;\n", ";;;12,00\n"])
def test_a_row_that_was_cut_short_is_still_data(tmp_path: Path, tail: str) -> None:
    (table,) = read_export(write(tmp_path, PLACEMENTS + tail)).tables
    assert (table.data, table.totals, table.notes) == (3, 0, 0)


def test_damaged_letters_are_mended_only_when_certain(tmp_path: Path) -> None:
    rows = ["Ort;Antal", "Ã…sele;1", "UmeÃ¥;2", "Sk„rg†rd;3", "Ume†;4", "São Tomé;5", "Va\ufffds;6"]
    export = read_export(write(tmp_path, "\n".join(rows)))
    assert [row[0] for row in cells(export)] == [
        *("Åsele", "Umeå", "Skärgård", "Umeå", "São Tomé", "Va\ufffds")
    ]
    assert export.tables[0].corrections == {"repaired_text": 4}


def test_a_lone_dagger_is_left_alone(tmp_path: Path) -> None:
    export = read_export(write(tmp_path, "Ort;Antal\nUmeå†;1\n„Hemmet”;2\n"))
    assert [row[0] for row in cells(export)] == ["Umeå†", "„Hemmet”"]
    assert export.tables[0].corrections == {}


def test_one_byte_letters_within_utf_8_are_mended_and_counted(tmp_path: Path) -> None:
    text = "Ort;Antal\nÅsele;1\nVännäs;2\n".encode() + "Malå;3\n".encode("cp1252")
    export = read_export(write(tmp_path, text))
    assert [row[0] for row in cells(export)] == ["Åsele", "Vännäs", "Malå"]
    assert export.tables[0].corrections == {"repaired_bytes": 1}


WORKBOOK = {
    "Försättsblad": [["Placeringar i Umeå"], ["Period:", "2024"], ["Källa: exempel"]],
    "Blad 1": [
        [None, None, None],
        ["Personnummer", "Startdatum", "Belopp", "Beviljad"],
        [199001012385, Date(45322), 1234.5, True],
        ["19900101-2385", "31.1.2024", "1 234,50", False],
        [None, None, None, None],
        [199001012385.0, 45322.75, 1.234, None],
        ["Summa", None, 2469, None],
    ],
    "Dold": [["Kod", "Namn"], ["1", "ett"]],
}


def test_workbook(tmp_path: Path) -> None:
    export = read_export(write(tmp_path, xlsx(WORKBOOK, hidden=["Dold"]), "uttag.xlsx"))
    cover, table, hidden = export.tables
    assert (cover.notes, cover.data, list(cover.headings)) == (3, 0, [])
    assert (table.sheet, table.rows, table.data, table.totals, table.blank) == (
        "Blad 1",
        7,
        3,
        1,
        2,
    )
    assert table.heading_rows == (2,)
    frame = table.frame.astype("object")
    assert frame["Personnummer"].tolist() == ["199001012385", "19900101-2385", "199001012385"]
    assert frame["Startdatum"].tolist() == ["2024-01-31", "31.1.2024", "45322.75"]
    # Three decimals get a fourth: 1.234 could be a thousand.
    assert frame["Belopp"].tolist() == ["1234.5", "1 234,50", "1.2340"]
    assert frame["Beviljad"].tolist()[:2] == ["true", "false"]
    assert frame["source_row"].tolist() == [3, 4, 6]
    assert hidden.hidden
    assert adds_up(export)


def test_the_same_table_as_text_and_as_workbook(tmp_path: Path) -> None:
    rows = [line.split(";") for line in PLACEMENTS.split("\r\n") if line]
    (book,) = read_export(write(tmp_path, xlsx({"A": rows}), "a.xlsx")).tables
    (text,) = read_export(write(tmp_path, PLACEMENTS)).tables
    columns = [name for name in book.frame if name not in SOURCE_COLUMNS] + ["source_row"]
    pd.testing.assert_frame_equal(
        book.frame[columns].astype("object"), text.frame[columns].astype("object")
    )


def test_open_document(tmp_path: Path) -> None:
    def row(*texts: str) -> str:
        inner = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{text}</text:p>'
            "</table:table-cell>"
            for text in texts
        )
        return f"<table:table-row>{inner}</table:table-row>"

    # LibreOffice ends every sheet with a million empty rows.
    empty = (
        '<table:table-row table:number-rows-repeated="1048573">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    data = ods(row("Enhet", "Antal") + row("Väst", "12") + row("Öst", "13") + empty)
    export = read_export(write(tmp_path, data, "uttag.ods"))
    assert cells(export) == [["Väst", "12"], ["Öst", "13"]]


def test_old_workbook(tmp_path: Path) -> None:
    # A public table that statsmodels carries, in the binary format of Excel 97-2003.
    source = files("statsmodels").joinpath("datasets/macrodata/src/macrodata.xls/macrodata.xls")
    target = tmp_path / "macrodata.xls"
    target.write_bytes(source.read_bytes())
    about, monthly, quarterly = read_export(target).tables
    assert (about.data, monthly.data, quarterly.data) == (0, 911, 251)
    assert list(quarterly.headings)[:3] == ["DATE", "DPIC96", "FGCEC96"]
    first = quarterly.frame.iloc[0]
    assert (first["DATE"], first["DPIC96"], first["source_row"]) == ("1947-01-01", "1218.6", 2)


def test_lifecare_json_keeps_one_row_per_payment(tmp_path: Path) -> None:
    pages = [
        {
            "PageNumber": page,
            "Result": [
                {
                    "Amount": 1234.50,
                    "PayDate": "2025-04-01T00:00:00Z",
                    "concernedMonth": "2025-03",
                    "PaymentPersonDTOs": [{"PersonId": "199001012385"}, {"PersonId": None}],
                }
            ],
        }
        for page in (1, 2)
    ]
    for text in (json.dumps(pages), "\n".join(json.dumps(page) for page in pages)):
        (table,) = read_export(write(tmp_path, text, "uttag.json")).tables
        assert table.data == 2
        assert table.frame["Amount"].tolist() == ["1234.5", "1234.5"]
        assert table.frame["PaymentPersonDTOs[1].PersonId"].tolist() == ["199001012385"] * 2
        assert table.frame["PaymentPersonDTOs[2].PersonId"].isna().all()


def zipped(content: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_archive_and_folder(tmp_path: Path) -> None:
    delivery = zipped(
        {
            "b/uttag.csv": PLACEMENTS.encode("cp1252"),
            "a.xlsx": xlsx({"Blad": [["x", "y"], ["1", "2"]]}),
            "__MACOSX/._a.xlsx": b"junk",
            "läs mig.pdf": b"%PDF-1.7",
        }
    )
    (tmp_path / "leverans").mkdir()
    write(tmp_path / "leverans", delivery, "leverans.zip")
    write(tmp_path / "leverans", PLACEMENTS.encode("utf-16"), "uttag.txt")
    write(tmp_path / "leverans", b"%PDF", "beskrivning.pdf")
    (tmp_path / "leverans" / ".quarantine").mkdir()
    write(tmp_path / "leverans" / ".quarantine", PLACEMENTS, "rows.csv")
    export = read_export(tmp_path / "leverans")
    assert [table.file for table in export.tables] == [
        *("leverans.zip/a.xlsx", "leverans.zip/b/uttag.csv", "uttag.txt")
    ]
    assert export.skipped == ("beskrivning.pdf", "leverans.zip/läs mig.pdf")
    assert sorted(export.hashes) == ["leverans.zip", "uttag.txt"]
    assert len(export.frame) == 5
    assert set(export.account["file"]) == {table.file for table in export.tables}


def test_files_and_sheets_named_by_a_person_are_told_apart(tmp_path: Path) -> None:
    sheet = [["x", "y"], ["1", "2"]]
    members = {
        "189001019802.csv": b"a;b\n1;2\n",
        "189001029819.csv": b"a;b\n3;4\n",
        "b_189001029819_x.csv": b"a;b\n5;6\n",
        "book.xlsx": xlsx({"189001019802": sheet, "18900102-9819": sheet}),
    }
    export = read_export(write(tmp_path, zipped(members), "leverans.zip"))
    places = [(table.file, table.sheet) for table in export.tables]
    assert len(set(places)) == 5
    assert not any("1890" in name for place in places for name in place)


def encrypted_zip() -> bytes:
    data = bytearray(zipped({"a.csv": b"a;b\n1;2\n"}))
    data[6] |= 1  # the flag in the member's own header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    return bytes(data)


BAD = {
    "tom.csv": (b"", "intake.empty_file"),
    "blank.csv": (b" \r\n\r\n", "intake.empty_file"),
    "rapport.xlsx": (b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n", "intake.binary_file"),
    "brev.csv": (b"{\\rtf1 Utbetalt;Belopp\n1;2\n}", "intake.binary_file"),
    "bild.csv": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "intake.binary_file"),
    "sida.xls": (b"<html><table><tr><td>1</td></tr></table></html>", "intake.markup_file"),
    "rubriklos.csv": (b"1;2024-01-01;3\n2;2024-01-02;4\n", "intake.no_headings"),
    "avkortad.xlsx": (xlsx({"A": [["a"], ["1"]]})[:400], "intake.damaged_workbook"),
    "ole.xls": (exports.OLE_MAGIC + b"\0" * 600, "intake.damaged_or_protected"),
    "skyddad.xlsx": (
        exports.OLE_MAGIC + b"\0" * 600 + exports.ENCRYPTED_OLE + b"\0" * 99,
        "intake.password",
    ),
    "skyddad.ods": (
        ods(
            "<table:table-row/>",
            manifest='<manifest:file-entry manifest:full-path="content.xml">'
            "<manifest:encryption-data/></manifest:file-entry>",
        ),
        "intake.password",
    ),
    "trasig.xlsx": (xlsx({"A": '<row r="1"><c r="A1"><v>1'}), "intake.damaged_workbook"),
    "blad.xlsb": (zipped({"xl/workbook.bin": b"x"}), "intake.unknown_format"),
    "skyddad.zip": (encrypted_zip(), "intake.password"),
    "avkortad.zip": (zipped({"a.csv": b"a;b\n1;2\n" * 99})[:60], "intake.damaged_archive"),
    "inget.zip": (zipped({"a.pdf": b"%PDF"}), "intake.nothing_readable"),
    "dubbel.zip": (zipped({"inre.zip": zipped({"a.csv": b"a;b\n1;2\n"})}), "intake.nested_archive"),
    "bomb.zip": (zipped({"a.csv": b"a;b\n" * 40_000_000}), "intake.archive_too_large"),
    "horn.xlsx": (
        xlsx({"A": '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'}),
        "intake.sparse_sheet",
    ),
    "horn.ods": (
        ods(
            '<table:table-row table:number-rows-repeated="1000000"><table:table-cell '
            'office:value-type="string" table:number-columns-repeated="16000"><text:p>x</text:p>'
            "</table:table-cell></table:table-row>"
        ),
        "intake.sparse_sheet",
    ),
    "fel.json": (b'{"Result": [', "intake.bad_json"),
    "djup.json": (b"[" * 100_000, "intake.bad_json"),
    "tom.json": (b'{"Result": []}', "intake.no_rows"),
    "marke.csv": (codecs.BOM_UTF8 + b"\r\n", "intake.empty_file"),
    "bred.csv": (b"a;" * 20_000, "intake.too_many_columns"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_gets_one_clear_message(tmp_path: Path, name: str) -> None:
    content, key = BAD[name]
    with pytest.raises(UserError) as caught:
        read_export(write(tmp_path, content, name))
    assert caught.value.key == key
    assert name.partition("/")[0] in caught.value.message("sv")
    assert caught.value.message("en") != caught.value.message("sv")


def test_all_files_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    """Who sends a folder should not have to mend one file to hear of the next."""
    for name in ("tom.csv", "skyddad.zip", "fel.json"):
        write(tmp_path, BAD[name][0], name)
    write(tmp_path, b"a;b\n1;2\n", "bra.csv")
    with pytest.raises(UserError) as caught:
        read_export(tmp_path)
    for fault in (caught.value, pickle.loads(pickle.dumps(caught.value))):  # noqa: S301 - ours
        for language in ("sv", "en"):
            first, *lines = fault.message(language).splitlines()
            assert "3" in first
            assert [line[:2] for line in lines] == ["- "] * 3
            assert all(name in "".join(lines) for name in ("tom.csv", "skyddad.zip", "fel.json"))
        assert "bra.csv" not in fault.message("sv")
        assert fault.code is not None


def test_missing_path_and_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="finns inte"):
        read_export(tmp_path / "saknas.csv")
    with pytest.raises(UserError, match="ingen export"):
        read_export(tmp_path)


def test_a_sheet_just_below_the_limit_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [["a", *[None] * 27, "b"], ["1", *[None] * 27, "2"]]
    path = write(tmp_path, xlsx({"A": rows}), "bred.xlsx")
    monkeypatch.setattr(workbook, "MAX_CELLS", 2 * 29)
    assert cells(read_export(path)) == [["1", "2"]]
    monkeypatch.setattr(workbook, "MAX_CELLS", 2 * 29 - 1)
    with pytest.raises(UserError):
        read_export(path)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode()))
@example(b'"\n"')
@example(b"a;b\r\r\n\n1;2")
@example(b"\xff\xfe\x00\xd8")
@example(b'{"a": "\\ud800"}')
@example(b"PK\x03\x04")
def test_any_bytes_are_read_or_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, content)
    try:
        export = read_export(path)
    except UserError as error:
        assert error.message("sv")
    else:
        assert adds_up(export)


# Anything that a quoted cell may hold. Left out: controls (a text of controls is no text file), the
# separator (a stray quotation mark is known by it), and what is mended on purpose (Ã, =", ').
CELL = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=";ÃÂâ='†„\ufeff")
    | st.sampled_from('\n\t"'),
    max_size=12,
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8))
def test_any_cells_come_back_as_they_were_written(tmp_path: Path, rows: list[list[str]]) -> None:
    quoted = ["nummer;text;mer;slut"] + [
        ";".join([str(i), *('"' + cell.replace('"', '""') + '"' for cell in row)])
        for i, row in enumerate(rows)
    ]
    export = read_export(write(tmp_path, "\r\n".join(quoted).encode("utf-8-sig")))
    (table,) = export.tables
    assert (table.data, table.titles) == (len(rows), 1)
    got = table.frame.reindex(columns=["nummer", "text", "mer", "slut"]).astype("object")
    assert got.where(got.notna(), None).to_numpy().tolist() == [
        [str(i), *(cell if cell.strip() else None for cell in row)] for i, row in enumerate(rows)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_damaged_workbooks_never_crash(tmp_path: Path, seed: int) -> None:
    """Bytes changed at many places, one at a time."""
    sound = xlsx(WORKBOOK)
    for place in range(seed, len(sound), 97):
        data = bytearray(sound)
        data[place] ^= 1 << seed
        try:
            assert adds_up(read_export(write(tmp_path, bytes(data), "skadad.xlsx")))
        except UserError as error:
            assert "skadad.xlsx" in error.message("sv")


def test_a_number_in_a_name_is_shown_nowhere(tmp_path: Path) -> None:
    number = "189001019802"  # an official test number
    for name in (f"{number}.csv", f"akt {number[:8]}-{number[8:]}.csv", f"uttag {number[2:]}.xlsx"):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        sheets = {f"Blad {number}": [["a", "b"], ["1", "2"]]}
        content = xlsx(sheets) if name.endswith("xlsx") else PLACEMENTS.encode()
        write(folder, content, name)
        export = read_export(folder)
        shown = repr(export) + export.account.to_csv() + str(export.hashes)
        assert number[4:] not in shown.replace("-", "")
        write(folder, b"", name)
        with pytest.raises(UserError) as caught:
            read_export(folder)
        assert number[4:] not in caught.value.message("sv").replace("-", "")
    both = tmp_path / "två"
    both.mkdir()
    for each in ("189001019802", "189001029819"):
        write(both, PLACEMENTS, f"{each}.csv")
    assert sorted(read_export(both).hashes) == ["….csv", "….csv (2)"]
    # A time of day is no number of a person.
    assert list(read_export(write(tmp_path, PLACEMENTS, "202401311201.csv")).hashes) == [
        "202401311201.csv"
    ]


def test_a_number_in_a_heading_is_shown_nowhere(tmp_path: Path) -> None:
    text = "Datum;Om 18900101-9802;Belopp\n2024-01-01;a;1\n2024-01-02;b;2\n"
    rows = '[{"Datum": "2024-01-01", "Om 189001019802": "a", "Belopp": 1}]'
    for content in (text, rows):
        (table,) = read_export(write(tmp_path, content)).tables
        assert list(table.headings) == ["Datum", "Om …", "Belopp"]
        assert "9802" not in str(table.headings) + repr(table) + str(list(table.frame))


def page(number: int, *, of: int = 3, count: int = 6, rows: int = 2) -> str:
    result = [{"Id": 10 * number + i, "Datum": "2024-01-01"} for i in range(rows)]
    return json.dumps(
        {"PageNumber": number, "TotalPages": of, "TotalCount": count, "Result": result}
    )


@pytest.mark.parametrize(
    ("files", "remarks"),
    [
        (["\n".join(map(page, (1, 2, 3)))], []),
        ([page(1), page(2), page(3)], []),
        (["\n".join(map(page, (1, 3)))], [("missing_pages", 1)]),
        ([page(1), page(3)], [("missing_pages", 1)]),
        ([page(1, of=1, count=500)], [("missing_results", 498)]),
        # Two whole answers with the same totals, and one of them cut short.
        ([page(1, of=1, count=2), page(1, of=1, count=2)], []),
        ([page(1, of=1, count=2), page(1, of=1, count=2, rows=1)], [("missing_results", 1)]),
        # A month without any does not stop the others.
        ([page(1, of=1, count=2), page(1, of=0, count=0, rows=0)], [("no_results", None)]),
    ],
)
def test_pages_that_are_missing_are_named(
    tmp_path: Path, files: list[str], remarks: list[tuple[str, int | None]]
) -> None:
    for number, text in enumerate(files, start=1):
        write(tmp_path, text, f"{number}.json")
    found = read_export(tmp_path).remarks
    assert [(each.key.split(".")[-1], each.shown.get("n")) for each in found] == remarks
    assert all(
        in_words(each.key, language, **each.shown) for each in found for language in ("sv", "en")
    )


def test_a_cover_page_may_explain_several_units(tmp_path: Path) -> None:
    sheets = {
        "Om": [["Belopp i tkr"], ["och somliga i mnkr"]],
        "A": [["Datum", "Belopp", "Enhet"], ["2024-01-01", "1", "Ek"], ["2024-01-02", "1", "Ek"]],
    }
    cover, table = read_export(write(tmp_path, xlsx(sheets), "uttag.xlsx")).tables
    assert (cover.data, cover.unit, table.data, table.unit) == (0, 1, 2, 1)


def test_a_hidden_sheet_is_named(tmp_path: Path) -> None:
    rows = [["Datum", "Belopp"], ["2024-01-01", "1"]]
    content = xlsx({"Januari": rows, "Gammalt": rows}, hidden=["Gammalt"])
    (remark,) = read_export(write(tmp_path, content, "uttag.xlsx")).remarks
    assert remark.key == "intake.remark.hidden_sheet"
    assert remark.shown == {"file": "uttag.xlsx", "sheet": "Gammalt", "rows": 1}


def test_raw_tables_do_not_show_their_cells(tmp_path: Path) -> None:
    export = read_export(write(tmp_path, "Personnummer;Namn\n189001019802;Testa\n"))
    assert "189001019802" not in repr(export) + str(export)
    assert "Testa" not in repr(export)


def test_reading_is_the_same_every_time(tmp_path: Path) -> None:
    path = write(tmp_path, xlsx(WORKBOOK), "uttag.xlsx")
    copy = tmp_path / "kopia"
    copy.mkdir()
    shutil.copy(path, copy)
    first, second = read_export(path), read_export(copy / "uttag.xlsx")
    for one, other in zip(first.tables, second.tables, strict=True):
        pd.testing.assert_frame_equal(one.frame, other.frame)
    assert first.hashes == second.hashes
