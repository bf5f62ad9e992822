"""The report as PDF and Word: what the page shows, accessible, and the same bytes."""

from __future__ import annotations

import hashlib
import io
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import docx
import page
import pandas as pd
import pikepdf
import pytest
import typst

from tests.projects import make_project
from umea_eval.disclosure.scan import scan
from umea_eval.disclosure.scanning.marks import Known
from umea_eval.disclosure.scanning.pdf import pdf_texts
from umea_eval.disclosure.tables import Field
from umea_eval.report.document import (
    Command,
    Document,
    Figure,
    Heading,
    Items,
    Notice,
    Reference,
    Table,
    Text,
    read_document,
)
from umea_eval.report.pdf import pdf_bytes
from umea_eval.report.report import Report
from umea_eval.report.tables import Cell, Column, WrittenTable, read_written
from umea_eval.report.word import word_bytes
from umea_eval.settings import read_settings

MARK = "Exempeldata – inga riktiga personer eller händelser"
SVG = (
    '<svg viewBox="0 0 80 45" role="img" aria-label="a"><path d="M0 0L80 45" stroke="#000000"/>'
    '<text x="5" y="20" style="font: 9px \'DejaVu Sans\'">Åsele</text></svg>'
)
# What would be markup in Typst, Markdown, XML, a field of Word or a formula, were it not text.
MARKUP = '#panic("x") *a* _b_ $c$ @d [e](f) <b>g</b> &amp; // ~ \\ {MERGEFIELD h} =1+1'
WRITTEN = WrittenTable(
    "days",
    (
        Column("unit", "Enhet", "text", lang="en"),
        Column("n", "Antal", "count"),
        Column("share", "Andel (%)", "share"),
    ),
    (
        (Cell("Home", "Home", lang="en"), Cell("1\u202f234", "1234"), Cell("12,50", "12.50")),
        (Cell("12", "12"), Cell("..", None, "suppressed"), Cell("saknas", None, "missing")),
        (Cell(MARKUP, MARKUP, lang="en"), Cell("\u22123", "-3"), Cell("0,0", "0.0")),
    ),
)
TABLE = Table("table-days", "Tabell 1. Dygn", WRITTEN, ("En not.",), "Tabell 1.")
FOLDED = Table("table-long", "Tabell 2. Lång", WRITTEN, (), "Tabell 2.")
BEHIND = Table("figure-course-data", "Underlag till figur 1. Förlopp", WRITTEN, ())
DOCUMENT = Document(
    language="sv",
    title="Liten rapport",
    mark=MARK,
    blocks=(
        Notice("Ingenting är dolt."),
        Heading(2, "Resultat", "s-resultat"),
        Text(("Första stycket.", MARKUP), None),
        Text(("In English.",), "en"),
        Items(("ett", "två"), None),
        TABLE,
        Reference("table-long", "Tabell 2. Lång (3 rader)"),
        replace(TABLE, id="table-last", caption="Tabell 3. Sist", label="Tabell 3."),
        Heading(3, "Förlopp", "s-forlopp"),
        Figure("figure-course", "Figur 1. Förlopp", "Antalet ökar.", SVG, "Figur 1."),
        Reference("figure-course-data", "Siffrorna bakom figuren"),
        Command("umea-eval report small"),
    ),
    appended=(FOLDED, BEHIND),
    version="0.1.0",
)
WIDE = replace(
    TABLE,
    written=WrittenTable(
        "wide",
        tuple(Column(f"c{n}", f"Undersökningar {n}", "count") for n in range(14)),
        (tuple(Cell("1\u202f000\u202f000", "1000000") for _ in range(14)),) * 30,
    ),
)


@cache
def as_pdf() -> bytes:
    return pdf_bytes(DOCUMENT)


@cache
def as_word() -> bytes:
    return word_bytes(DOCUMENT)


@cache  # what has been read of a file lives as long as the file
def opened(content: bytes) -> Any:
    return pikepdf.open(io.BytesIO(content))


def failures(content: bytes) -> list[str]:
    """What an independent checker of PDF/UA-1 has to say."""
    report = page.validate_pdf_bytes(content, profile=page.ValidationProfile.PDF_UA_1)
    return [failure.message for failure in report.failures]


def elements(node: Any) -> Iterator[Any]:
    """The structure elements of a tagged PDF, in order."""
    below = node.get("/K", [])
    for each in below if isinstance(below, pikepdf.Array) else [below]:
        if isinstance(each, pikepdf.Dictionary) and "/S" in each:
            yield each
            yield from elements(each)


def tags(content: bytes) -> list[str]:
    return [str(each.S) for each in elements(opened(content).Root.StructTreeRoot)]


def shown(content: bytes) -> str:
    return "\n".join(pdf_texts(content, 100_000_000))


def untagged(content: bytes) -> int:
    """How often something is drawn that is neither in the structure nor marked as an artifact."""
    found = 0
    for each in opened(content).pages:
        depth = 0
        for operands, operator in pikepdf.parse_content_stream(each):
            name = str(operator)
            depth += {"BDC": 1, "BMC": 1, "EMC": -1}.get(name, 0)
            found += depth == 0 and (name in ("Tj", "TJ", "f", "S", "B") or _draws(name, operands))
    return found


def _draws(name: str, operands: Any) -> bool:
    return name == "Do" and bool(operands)


def test_the_pdf_holds_to_pdf_ua_1() -> None:
    assert failures(as_pdf()) == []
    root = opened(as_pdf()).Root
    assert (bool(root.MarkInfo.Marked), str(root.Lang)) == (True, "sv-SE")
    assert bool(root.ViewerPreferences.DisplayDocTitle)
    assert untagged(as_pdf()) == 0


def test_headings_tables_and_figures_are_what_they_are() -> None:
    found = tags(as_pdf())
    # The contents, a section, a part of it, and the appendix.
    assert [tag for tag in found if tag in ("/H1", "/H2")] == ["/H1", "/H1", "/H2", "/H1"]
    assert found.count("/Table") == 4
    assert found.count("/TH") == 4 * 3
    assert found.count("/TD") == 4 * 3 * 3
    assert found.count("/Caption") == 5
    assert found.count("/L") == 1
    figures = [
        each for each in elements(opened(as_pdf()).Root.StructTreeRoot) if each.S == "/Figure"
    ]
    assert [str(each.Alt) for each in figures] == ["Antalet ökar."]


@pytest.mark.parametrize("alt", ["", "  "])
def test_a_picture_without_its_text_is_refused(alt: str) -> None:
    figure = Figure("figure-a", "Figur 1. A", alt, SVG, "Figur 1.")
    with pytest.raises(ValueError, match="text alternative"):
        pdf_bytes(replace(DOCUMENT, blocks=(figure,)))


def test_the_checks_see_what_is_wrong() -> None:
    picture = b"#image(bytes(\"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>\"))"
    source = b"#set document(date: none)\nText" + picture
    with pytest.raises(typst.TypstError):
        typst.compile(source, format="pdf", pdf_standards=["ua-1"])
    plain = typst.compile(source, format="pdf", pdf_tags=False)
    assert isinstance(plain, bytes)
    assert failures(plain) != []
    assert untagged(plain) > 0


def test_the_mark_is_on_every_page_and_in_the_metadata() -> None:
    pdf = opened(as_pdf())
    assert str(pdf.docinfo.Title) == f"{MARK} | Liten rapport"
    assert MARK.encode() in pdf.Root.Metadata.read_bytes()
    artifacts = [each.Contents.read_bytes().count(b"/Header") for each in pdf.pages]
    assert len(artifacts) > 1
    assert set(artifacts) == {1}
    assert shown(as_pdf()).count(MARK) >= len(artifacts) + 1
    unmarked = pdf_bytes(replace(DOCUMENT, mark=""))
    assert failures(unmarked) == []
    assert MARK not in shown(unmarked)

    word = docx.Document(io.BytesIO(as_word()))
    assert word.core_properties.title == f"{MARK} | Liten rapport"
    assert {section.header.paragraphs[0].text for section in word.sections} == {MARK}
    assert MARK in [paragraph.text for paragraph in word.paragraphs]


def test_what_the_data_hold_is_text() -> None:
    text = shown(as_pdf())
    for part in MARKUP.split():  # lines are broken between words
        assert part in text
    word = docx.Document(io.BytesIO(as_word()))
    assert MARKUP in [paragraph.text for paragraph in word.paragraphs]
    assert word.tables[0].cell(3, 0).text == MARKUP


def test_the_scan_reads_the_documents() -> None:
    number = "18900101-9802"  # an official test number
    hidden = replace(DOCUMENT, blocks=(Text((f"Ett {number} (i text)",), None),), appended=())
    for name, content in (("a.pdf", pdf_bytes(hidden)), ("a.docx", word_bytes(hidden))):
        assert {hit.kind for hit in scan({name: content}, Known())} == {"identity"}


def test_columns_of_numbers_are_no_identity_numbers() -> None:
    draw = random.Random(6)  # noqa: S311 - no secret
    rows = tuple(
        tuple(Cell(str(int(10 ** draw.uniform(0, 7))), "1") for _ in range(8)) for _ in range(200)
    )
    columns = tuple(Column(f"c{place}", f"K {place}", "count") for place in range(8))
    many = replace(TABLE, written=WrittenTable("many", columns, rows))
    content = pdf_bytes(replace(DOCUMENT, blocks=(many,), appended=()))
    assert scan({"a.pdf": content}, Known()) == []


def test_letters_that_no_document_can_hold() -> None:
    odd = replace(DOCUMENT, blocks=(Text(("a\x00b\x0bc\x1b d\ufffe \U0001f600",), None),))
    made = pdf_bytes(odd)
    assert failures(made) == []
    assert "a\ufffdb" in shown(made)
    word = docx.Document(io.BytesIO(word_bytes(odd)))
    assert "a\ufffdb\ufffdc\ufffd d\ufffd \U0001f600" in [
        paragraph.text for paragraph in word.paragraphs
    ]


def test_the_word_file_can_be_written_in() -> None:
    word = docx.Document(io.BytesIO(as_word()))
    styles = [str(paragraph.style.name) for paragraph in word.paragraphs if paragraph.style]
    for name, times in (("Title", 1), ("Heading 1", 2), ("Heading 2", 1), ("List Bullet", 2)):
        assert styles.count(name) == times
    assert styles.count("Caption") == 5
    xml = word.element.xml
    # A heading row in every table, and a text with every picture.
    assert xml.count("<w:tblHeader/>") == len(word.tables) == 4
    assert xml.count('<wp:docPr id="') == xml.count('descr="Antalet ökar."') / 2 == 1
    # The number after a table that stands in the appendix; the appendix counts nothing.
    fields = [each.text.strip() for each in word.element.iter(_w("instrText"))]
    assert [each for each in fields if each.startswith("SEQ")] == [
        "SEQ Tabell \\* ARABIC",
        "SEQ Tabell \\* ARABIC \\r 3",
        "SEQ Figur \\* ARABIC",
    ]
    assert 'w:val="sv-SE"' in word.styles.element.xml
    assert 'w:lang w:val="en-GB"' in xml
    links = {each.get(_w("anchor")) for each in word.element.iter(_w("hyperlink"))}
    assert links <= {each.get(_w("name")) for each in word.element.iter(_w("bookmarkStart"))}


def _w(name: str) -> str:
    return f"{{http://schemas.openxmlformats.org/wordprocessingml/2006/main}}{name}"


def test_a_table_too_wide_for_the_page_lies_down() -> None:
    wide = replace(DOCUMENT, blocks=(TABLE, WIDE), appended=())
    content = pdf_bytes(wide)
    assert failures(content) == []
    boxes = [each.mediabox for each in opened(content).pages]
    assert {box[2] > box[3] for box in boxes} == {True, False}
    sections = docx.Document(io.BytesIO(word_bytes(wide))).sections
    lying = [(section.page_width or 0) > (section.page_height or 0) for section in sections]
    assert lying == [False, True, False]
    assert len(opened(as_pdf()).pages) < 8


def test_the_same_document_gives_the_same_bytes_everywhere() -> None:
    code = (
        "import hashlib, tests.report.test_documents as t\n"
        "for made in (t.as_pdf(), t.as_word()): print(hashlib.sha256(made).hexdigest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "LC_ALL": "C"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert there == [hashlib.sha256(made).hexdigest() for made in (as_pdf(), as_word())]
    assert b"CreationDate" not in as_pdf()
    with zipfile.ZipFile(io.BytesIO(as_word())) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_table_is_read_back_as_it_was_written() -> None:
    assert read_written(WRITTEN.data(), "sv") == WRITTEN


def test_the_document_is_what_the_page_shows(tmp_path: Path) -> None:
    settings = read_settings(make_project(tmp_path / "project", {}))
    report = Report(
        "small", language="sv", profile="public", title={"sv": "Titel"}, settings=settings
    )
    report.input("data/raw/public/figures.csv")
    frame = pd.DataFrame({"unit": ["A", "B"], "n": [1234.5, None]})
    unit = Field("unit", {"sv": "Enhet"}, kind="id")
    number = Field("n", {"sv": "Tal"}, kind="value", missing={"sv": "ej mätt"})
    for name in ("one", "two"):
        caption = {"sv": f"Tabell {name}"}
        report.table(name, frame, caption=caption, columns=[unit, number], note={"sv": "Not."})  # type: ignore[arg-type]
    report.release()
    report.heading({"sv": "Resultat"})
    report.text({"sv": "Ett.\n\nTvå."})
    report.items({"sv": "Tal {n}"}, lambda _: [{"n": 1}, {"n": 2}])
    report.show("one")
    report.show("two", folded=True)
    report.figure("bars", draw=lambda _, ax: ax.plot([1, 2]), table="one", alt={"sv": "Det ökar."})
    report.finish()
    cells = [
        {"outputs": [{"data": each.bundle(), "metadata": each.metadata()}]}
        for each in report.fragments
    ]
    record = report.fragments[-1].data
    made = read_document(
        {"cells": cells},
        record=record,
        parameters=[("period", "", "Året")],
        command="umea-eval report small",
    )
    one = next(block for block in made.blocks if isinstance(block, Table))
    assert [[cell.shown for cell in row] for row in one.written.rows] == [
        ["A", "1\u202f234,5"],
        ["B", "ej mätt"],
    ]
    assert (one.caption, one.label, one.notes) == ("Tabell 1. Tabell one", "Tabell 1.", ("Not.",))
    assert Text(("Ett.", "Två."), None) in made.blocks
    assert Items(("Tal 1", "Tal 2"), None) in made.blocks
    assert [table.caption for table in made.appended] == [
        "Tabell 2. Tabell two",
        "Underlag till figur 1. Tabell one",
    ]
    figure = next(block for block in made.blocks if isinstance(block, Figure))
    assert figure.alt == "Det ökar."
    assert figure.svg.startswith("<svg")
    assert made.blocks[-1] == Command("umea-eval report small")
    assert failures(pdf_bytes(made)) == []
