"""The workbook of a report: the page's digits and marks, no formula, the same bytes."""

from __future__ import annotations

import io
import zipfile

from python_calamine import CalamineWorkbook

from umea_eval.report.workbook import workbook_bytes

RECORD = {
    "title": "Liten rapport",
    "language": "sv",
    "profile": "default",
    "example": True,
    "inputs": [{"path": "data/x.csv", "sha256": "ab" * 32, "size": 1}],
    "code": {"version": "0.1.0", "sha256": "cd" * 32},
}
TABLE = {
    "name": "days",
    "caption": "Dygn per månad",
    "columns": [
        {"name": "unit", "heading": "Enhet", "kind": "id"},
        {"name": "n", "heading": "Antal", "kind": "count"},
        {"name": "share", "heading": "Andel (%)", "kind": "share"},
    ],
    "rows": [["=1+1", "1234", "12.50"], ["B", None, None], ["C", "0", "0.0"]],
    "suppressed": [[1, 1], [1, 2]],
    "notes": ["En not."],
}


def read(data: bytes) -> dict[str, list[list[object]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_the_numbers_the_marks_and_the_notes() -> None:
    sheets = read(workbook_bytes(RECORD, [TABLE]))
    assert list(sheets) == ["Om rapporten", "days"]
    rows = sheets["days"]
    assert rows[0][0] == "Exempeldata – inga riktiga personer eller händelser. Dygn per månad"
    assert rows[2:6] == [
        ["Enhet", "Antal", "Andel (%)"],
        ["=1+1", 1234.0, 12.5],
        ["B", "..", ".."],
        ["C", 0.0, 0.0],
    ]
    notes = [row[0] for row in rows[6:] if row[0]]
    assert notes == ["En not.", ".. uppgiften är dold av sekretesskäl"]
    cover = str(sheets["Om rapporten"])
    for words in ("Liten rapport", "Dygn per månad", "ab" * 32, "dold av sekretesskäl"):
        assert words in cover


def test_no_formula_no_hidden_sheet_and_a_name_for_the_table() -> None:
    with zipfile.ZipFile(io.BytesIO(workbook_bytes(RECORD, [TABLE]))) as archive:
        parts = {name: archive.read(name).decode("utf-8") for name in archive.namelist()}
    assert not any("<f>" in part for name, part in parts.items() if "worksheets" in name)
    assert "hidden" not in parts["xl/workbook.xml"].replace("_xlnm", "")
    assert "table_days" in parts["xl/workbook.xml"]
    assert "Exempeldata" in parts["docProps/core.xml"]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert workbook_bytes(RECORD, [TABLE]) == workbook_bytes(RECORD, [TABLE])


def test_long_and_equal_names_of_sheets() -> None:
    long = "a" * 40
    tables = [{**TABLE, "name": long}, {**TABLE, "name": long + "b"}, {**TABLE, "name": "Days"}]
    names = list(read(workbook_bytes({**RECORD, "example": False}, tables)))[1:]
    assert len(set(names)) == 3
    assert all(len(name) <= 31 for name in names)


def test_an_empty_table_has_its_headings() -> None:
    sheets = read(workbook_bytes(RECORD, [{**TABLE, "rows": [], "suppressed": []}]))
    assert sheets["days"][2] == ["Enhet", "Antal", "Andel (%)"]


def test_the_internal_edition_is_marked_on_every_sheet_and_every_printed_page() -> None:
    marking = "Internt arbetsmaterial – omfattas av sekretess, får inte lämnas ut"
    data = workbook_bytes({**RECORD, "example": False, "edition": "intern"}, [TABLE])
    sheets = read(data)
    assert sheets["Om rapporten"][0][0] == marking
    assert sheets["days"][0][0] == f"{marking}. Dygn per månad"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name).decode("utf-8") for name in archive.namelist()}
    pages = [part for name, part in parts.items() if name.startswith("xl/worksheets/sheet")]
    assert len(pages) == 2
    assert all(f"<oddHeader>&amp;C{marking}</oddHeader>" in page for page in pages)
    assert f"<dc:title>{marking} | Liten rapport" in parts["docProps/core.xml"]
