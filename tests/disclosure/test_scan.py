"""The release scan: every poisoned file is found, and no real report gives a false alarm."""

from __future__ import annotations

import base64
import bz2
import hashlib
import io
import json
import lzma
import random
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from tests.conftest import Run
from tests.projects import ROOT, make_project, small_notebook
from umea_eval.disclosure.profiles import Withheld
from umea_eval.disclosure.scan import Hit, check_release, is_clean, known_of, read_names, scan
from umea_eval.disclosure.scanning.marks import Known
from umea_eval.disclosure.scanning.numbers import is_identity
from umea_eval.errors import UserError
from umea_eval.settings import read_settings

# Official test numbers (Skatteverket): a personnummer, and a samordningsnummer (day + 60).
TEST = "189001019802"
COORDINATION = "191401682396"
TEN = TEST[2:]
PSEUDONYM = "3f2a9c04d1b57e6680aa41c2b9d03e57"
KEY = "5b" * 20 + "a7c4" * 6
KNOWN = Known(
    names=frozenset(
        {("provsson",), ("test", "testsson"), ("anna", "lisa"), ("åsa",), ("åke", "sprängkullen")}
    ),
    secrets=(KEY, base64.b64encode(bytes.fromhex(KEY)).decode().rstrip("=")),
    places=("/data/project",),
)


def wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if letter.isdigit() else letter for letter in text)


def arabic(text: str) -> str:
    return "".join(chr(0x0660 + int(letter)) for letter in text)


POISONED_TEXT = {
    "twelve digits": TEST,
    "ten digits": TEN,
    "hyphen": f"{TEST[:8]}-{TEST[8:]}",
    "short with hyphen": f"{TEN[:6]}-{TEN[6:]}",
    "plus": f"{TEN[:6]}+{TEN[6:]}",
    "space": f"{TEST[:8]} {TEST[8:]}",
    "spaces around the hyphen": f"{TEST[:8]} - {TEST[8:]}",
    "date with hyphens": f"1890-01-01-{TEST[8:]}",
    "date with hyphens and a space": f"1890-01-01 {TEST[8:]}",
    "date with dots": f"90.01.01-{TEST[8:]}",
    "date with slashes": f"1890/01/01-{TEST[8:]}",
    "parts with spaces": f"1890 01 01 {TEST[8:]}",
    "groups of four": "1890 0101 9802",
    "thousands parted": "189 001 019 802",
    "pairs": "18 90 01 01 98 02",
    "the last four parted": f"{TEST[:8]} 98 02",
    "thin spaces": "189\u2009001\u2009019\u2009802",
    "an underscore before the last four": f"{TEST[:8]}_{TEST[8:]}",
    "ten with an underscore": f"{TEN[:6]}_{TEN[6:]}",
    "digit by digit": " ".join(TEST),
    "samordningsnummer": COORDINATION,
    "samordningsnummer with hyphen": f"{COORDINATION[2:8]}-{COORDINATION[8:]}",
    "in a word": f"id{TEST}x",
    "with underscores": f"utdrag_{TEST}_ny",
    "after a number and a comma": f"3,{TEST}",
    "end of a sentence": f"Personen är {TEN}.",
    "inline markup": f"{TEST[:4]}<b>{TEST[4:8]}</b>-{TEST[8:]}",
    "nested markup": f"<span><i>{TEST[:6]}</i></span><span class='a'>{TEST[6:]}</span>",
    "a comment within": f"{TEST[:7]}<!-- x -->{TEST[7:]}",
    "in a comment": f"<!-- {TEST} -->",
    "in an attribute": f'<img alt="{TEN[:6]}-{TEN[6:]}">',
    "over table cells": f"<tr><td>{TEST[:8]}</td><td>{TEST[8:]}</td></tr>",
    "over table cells, ten": f"<tr>\n<td>{TEN[:6]}</td>\n<td>-{TEN[6:]}</td>\n</tr>",
    "decimal entities": "".join(f"&#{ord(digit)};" for digit in TEST),
    "hexadecimal entities": "".join(f"&#x{ord(digit):x};" for digit in TEST),
    "entity for the hyphen": f"{TEST[:8]}&#8211;{TEST[8:]}",
    "escapes of JSON": "".join(f"\\u{ord(digit):04x}" for digit in TEST),
    "percent encoding": "".join(f"%{ord(digit):02X}" for digit in TEST),
    "zero-width space": "\u200b".join(TEST),
    "soft hyphen": f"{TEST[:6]}\u00ad{TEST[6:]}",
    "non-breaking hyphen": f"{TEST[:8]}\u2011{TEST[8:]}",
    "minus sign": f"{TEST[:8]}\u2212{TEST[8:]}",
    "no-break space": f"{TEST[:8]}\u00a0{TEST[8:]}",
    "full-width digits": wide(TEST),
    "Arabic-Indic digits": arabic(TEST),
    "scientific": "1.89001019802E+11",
    "with decimals of a spreadsheet": f"{TEST}.0",
    "over a line break": f"{TEST[:8]}-\n{TEST[8:]}",
    "before another number": f"12 {TEST[:8]}-{TEST[8:]} 14",
    "after something alike": f"900101 1234 {TEN[:6]}-{TEN[6:]}",
}


@pytest.mark.parametrize("form", POISONED_TEXT)
@pytest.mark.parametrize("name", ["report.html", "tables/a.csv", "a.json", "a.txt", "fig.svg"])
def test_a_number_is_found_in_any_form_and_any_file(form: str, name: str) -> None:
    content = f"<p>Rubrik</p>\n<p>Före {POISONED_TEXT[form]} efter</p>\n"
    if "cells" in form:
        content = f"<table>\n{POISONED_TEXT[form]}\n</table>"
    hits = scan({name: content.encode()}, KNOWN)
    assert [hit.kind for hit in hits] == ["identity"] * len(hits)
    assert hits
    assert hits[0].line in {1, 2, 3, 4}
    assert TEST[-4:] not in hits[0].text("sv") + hits[0].text("en")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_a_number_is_found_in_any_encoding(encoding: str) -> None:
    content = f"år;nummer\n1;{TEST}\n".encode(encoding)
    assert [hit.kind for hit in scan({"a.bin": content}, KNOWN)] == ["identity"]


def test_a_number_is_found_when_two_columns_of_a_csv_make_it() -> None:
    rows = [("189001019802", "a"), ("189001029819", "b"), ("191401682396", "c")]
    lines = [f"{label};{number[:8]};{number[8:]}" for number, label in rows]
    hits = scan({"t.csv": "\n".join(["namn;född;sista", *lines]).encode()}, Known())
    assert [(hit.kind, hit.line) for hit in hits] == [
        ("identity", 2),
        ("identity", 3),
        ("identity", 4),
    ]


POISONED_OTHERWISE = {
    "pseudonym": (PSEUDONYM, PSEUDONYM.upper(), f"{PSEUDONYM[:9]}<b>{PSEUDONYM[9:]}</b>"),
    "key": (
        KEY,
        KEY.upper(),
        base64.b64encode(bytes.fromhex(KEY)).decode(),
        "-----BEGIN RSA PRIVATE KEY-----",
        f"UMEA_EVAL_KEY={'0f' * 32}",
    ),
    "name": (
        "Provsson",
        "PROVSSONS bidrag",
        "Test  Testsson",
        "test_testsson",
        "Test</b> <b>Testsson",
        "Pr<i>ov</i>sson",
        "&Aring;sa",
        "A\u030asa".encode().decode(),
        "Anna-Lisa",
        "Testsson, Test",
        "TESTSSON TEST",
        "Sprängkullen, Åke",
        "ake.sprangkullen@example",
        "sprangkullen_ake.xlsx",
    ),
    "path": (
        "/home/prova/rapport",
        "/Users/prova/x",
        "/tmp/pytest/a",  # noqa: S108 - what must be found
        "C:\\Users\\prova",
        "G:\\Gemensam\\utdrag",
        '"H:\\\\natt\\\\utdrag"',
        "G:/Gemensam/utdrag",
        "\\\\server01\\gemensam$\\utdrag",
        '"\\\\\\\\server01.kommun\\\\gemensam"',
        "/opt/prova",
        "/Volumes/prova",
        "/var/lib/prova",
        '"C:\\\\Users\\\\prova"',
        "file at /data/project/notebooks",
    ),
    "address": (
        "https://example.se/x",
        'HTTP://EXAMPLE.SE"',
        "ftp://example.se",
        '<img src="//example.se/a.png">',
        "background: url(//example.se/a.png)",
        "@import '//example.se/a.css'",
        '<a href="mailto:a@example.se">',
        "file:///etc/passwd",
        '<a href="http://www.w3.org/2000/svg">',
        "http://www.w3.org.example.se/2000/",
        "https://schema.org.example.se/",
        "https:\\/\\/example.se",
    ),
}


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in POISONED_OTHERWISE.items() for text in texts]
)
@pytest.mark.parametrize("name", ["report.html", "a.json"])
def test_everything_else_is_found_too(kind: str, text: str, name: str) -> None:
    hits = scan({name: f"<p>Före {text} efter</p>".encode()}, KNOWN)
    assert kind in {hit.kind for hit in hits}, hits


CLEAN_TEXT = (
    hashlib.sha256(b"a").hexdigest(),
    f"f{TEN}abcde",  # sixteen hexadecimal digits: an identifier
    f"0.{TEN}",
    f"0,{TEN}",
    f"{TEN}.25 kr",
    f'<svg><path d="M {TEST[:4]} {TEST[4:8]} L {TEST[:8]} {TEST[8:]}"/></svg>',
    f"{TEST[:-1]}{(int(TEST[-1]) + 1) % 10}",  # a wrong check digit
    "189013019802",  # no such month
    f"{TEST}5",
    "2023-01-31 12:01:45",
    "1 234 567 890",
    "mellan 2019 och 2023",
    "2023-01-01\u20132023-12-31",
    "2023-01-01 - 2023-12-31",
    "a = b // c",
    "src = 1  # //",
    'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"',
    '{"@context": "https://w3id.org/ro/crate/1.1/context"}',
    "kommunens tmp/home-mapp",
    "testar Testssonsgatan",
    "test ake",
    "for x in y:\\n    z = 1",
    "'\\\\n\\\\n'",
    "re.match(r'\\d:\\w', x)",
    "kl. 12:30, 1:3 och a:b",
    "930a1b3c-1111-4c00-9000-" + "1a" * 6,
)


@pytest.mark.parametrize("text", CLEAN_TEXT)
@pytest.mark.parametrize("name", ["report.html", "a.txt", "a.svg"])
def test_what_only_looks_alike_gives_no_alarm(text: str, name: str) -> None:
    assert scan({name: f"<p>Före {text} efter</p>".encode()}, KNOWN) == []


def test_amounts_beside_years_give_no_alarm_though_one_in_a_hundred_is_valid() -> None:
    choose = random.Random(5)  # noqa: S311
    rows = [
        (f"{choose.randrange(10**6):06}", f"{choose.randrange(1990, 2030)}") for _ in range(4000)
    ]
    valid = sum(is_identity("".join(row)) for row in rows)
    assert valid > 4  # by chance alone: a rule that took each of them would cry wolf
    content = "\n".join(["belopp;år", *(";".join(row) for row in rows)])
    assert scan({"a.csv": content.encode()}, KNOWN) == []


def test_checksums_and_coordinates_by_the_thousand_give_no_alarm() -> None:
    choose = random.Random(7)  # noqa: S311
    hashes = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(4000)]
    numbers = [f"{choose.uniform(-1e4, 1e4):.6f}" for _ in range(20_000)]
    content = json.dumps({"sha256": hashes}) + f'<path d="M {" ".join(numbers)}"/>'
    content += " ".join(f"{choose.random()!r}" for _ in range(5000))
    assert scan({"a.html": content.encode()}, KNOWN) == []


def test_the_real_reports_are_clean(product_reports: Path, demo_reports: Path) -> None:
    for reports in (product_reports, demo_reports):
        known = known_of(read_settings(reports.parent))
        manifests = sorted(reports.glob("*/*/manifest.json"))
        assert manifests
        for folder in (path.parent for path in manifests):
            files = {
                path.relative_to(folder).as_posix(): path.read_bytes()
                for path in folder.rglob("*")
                if path.is_file()
            }
            assert scan(files, known) == []
            # And the same report, poisoned in one place, is not.
            page = files["report.html"].decode()
            spoilt = page.replace("</main>", f"<p>{TEST[:8]}-{TEST[8:]}</p></main>")
            assert spoilt != page
            hits = scan({**files, "report.html": spoilt.encode()}, known)
            assert [(hit.file, hit.kind) for hit in hits] == [("report.html", "identity")]
            assert hits[0].line == spoilt[: spoilt.index(TEST[:8] + "-")].count("\n") + 1


# ------------------------------------------------------------------------------------ documents


def workbook(
    cell: object, *, hidden: bool = False, author: str = "", row: int | None = None
) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Blad")
    sheet.write(0, 0, "Rubrik")
    sheet.write(1, 0, cell)
    other = book.add_worksheet("Andra")
    other.write(0, 0, "a")
    if hidden:
        other.hide()
    if row is not None:
        sheet.set_row(row, None, None, {"hidden": True})
    if author:
        book.set_properties({"author": author})
    book.close()
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (workbook("text"), set()),
        (workbook(1234.5), set()),
        (workbook(TEST), {"identity"}),
        (workbook(int(TEST)), {"identity"}),
        (workbook("text", hidden=True), {"hidden"}),
        (workbook("text", row=3), {"hidden"}),
        (workbook("text", author="Prova"), {"author"}),
        (workbook("text", author="umea_eval 0.1.0"), set()),
        (workbook("https://example.se"), {"address"}),
        (workbook(PSEUDONYM), {"pseudonym"}),
        (b"PK\x03\x04 no archive", {"unreadable"}),
    ],
)
def test_workbooks(content: bytes, kinds: set[str]) -> None:
    assert {hit.kind for hit in scan({"tables.xlsx": content}, KNOWN)} == kinds


def document(body: str, *, core: str = "", others: dict[str, str] | None = None) -> bytes:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    members = {
        "word/document.xml": f"<w:document {space}><w:body>{body}</w:body></w:document>",
        "docProps/core.xml": f"<cp:coreProperties>{core}</cp:coreProperties>",
        **(others or {}),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def run_of(text: str) -> str:
    return f"<w:r><w:rPr><w:b/></w:rPr><w:t>{text}</w:t></w:r>"


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (document(f"<w:p>{run_of('Ingen risk')}</w:p>"), set()),
        (document(f"<w:p>{run_of(TEST[:5])}{run_of(TEST[5:])}</w:p>"), {"identity"}),
        (document(f"<w:p>{run_of('Prov')}{run_of('sson')}</w:p>"), {"name"}),
        (
            document(
                f"<w:tbl><w:tr><w:tc><w:p>{run_of(TEST[:8])}</w:p></w:tc>"
                f"<w:tc><w:p>{run_of(TEST[8:])}</w:p></w:tc></w:tr></w:tbl>"
            ),
            {"identity"},
        ),
        (document("", core="<dc:creator>Prova P</dc:creator>"), {"author"}),
        (document("", core="<cp:lastModifiedBy>x</cp:lastModifiedBy>"), {"author"}),
        (document('<w:ins w:id="1" w:author="Prova P"/>'), {"author"}),
        (document("<w:p><w:r><w:rPr><w:vanish/></w:rPr></w:r></w:p>"), {"hidden"}),
        (
            document("", others={"word/_rels/a.rels": '<R Target="x" TargetMode="External"/>'}),
            {"address"},
        ),
        (document("", others={f"word/media/{TEST}.png": "x"}), {"identity"}),
    ],
)
def test_word_documents(content: bytes, kinds: set[str]) -> None:
    assert {hit.kind for hit in scan({"report.docx": content}, KNOWN)} == kinds


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(*chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (picture(), set()),
        (picture(chunk(b"tEXt", b"Software\0Matplotlib, https://matplotlib.org/")), set()),
        (picture(chunk(b"tEXt", b"Title\0" + TEST.encode())), {"identity"}),
        (picture(chunk(b"tEXt", b"Source\0/home/prova/a.ipynb")), {"path"}),
        (picture(chunk(b"zTXt", b"Title\0\0" + zlib.compress(TEST.encode()))), {"identity"}),
        (
            picture(chunk(b"iTXt", b"Title\0\1\0sv\0\0" + zlib.compress(b"Provsson"))),
            {"name"},
        ),
        (picture(chunk(b"tEXt", b"Author\0Prova P")), {"author"}),
        (picture(chunk(b"prVt", TEST.encode())), {"identity"}),
        (picture() + TEST.encode(), {"identity"}),
        (picture()[:-20], {"unreadable"}),
        (
            b"\xff\xd8\xff\xfe" + struct.pack(">H", 14) + TEST.encode() + b"\xff\xda\0\0",
            {"identity"},
        ),
    ],
)
def test_pictures(content: bytes, kinds: set[str]) -> None:
    assert {hit.kind for hit in scan({"a.png": content}, KNOWN)} == kinds
    within = f'<img src="data:image/png;base64,{base64.b64encode(content).decode()}">'
    assert {hit.kind for hit in scan({"a.html": within.encode()}, KNOWN)} == kinds
    output = json.dumps({"cells": [], "image/png": base64.b64encode(content).decode()})
    assert {hit.kind for hit in scan({"a.ipynb": output.encode()}, KNOWN)} == kinds


def pdf(stream: bytes, *, packed: bool = True, more: bytes = b"") -> bytes:
    data = zlib.compress(stream) if packed else stream
    about = b"<< /Length %d%s >>" % (len(data), b" /Filter /FlateDecode" if packed else b"")
    return b"%PDF-1.7\n1 0 obj\n" + about + b"\nstream\n" + data + b"\nendstream\nendobj\n" + more


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (pdf(b"BT (Ingen risk) Tj ET"), set()),
        (pdf(f"BT ({TEST}) Tj ET".encode()), {"identity"}),
        (pdf(f"BT ({TEST}) Tj ET".encode(), packed=False), {"identity"}),
        (pdf(f"BT [({TEST[:4]})-20({TEST[4:]})] TJ ET".encode()), {"identity"}),
        (pdf(f"BT <{TEST.encode().hex()}> Tj ET".encode()), {"identity"}),
        (pdf(f"BT [(a(b((c)))d)2({TEST[:4]})-20({TEST[4:]})] TJ ET".encode()), {"identity"}),
        (pdf(b"", more=b"2 0 obj << /Author (Prova P) >> endobj"), {"author"}),
        (pdf(b"", more=b"2 0 obj << /URI (https://example.se) >> endobj"), {"address"}),
        (pdf(b"", more=b"trailer << /Encrypt 3 0 R >>"), {"unreadable"}),
        (b"%PDF-1.7\n1 0 obj\n<< /Filter /LZWDecode >>\nstream\nx\nendstream", {"unreadable"}),
    ],
)
def test_pdf(content: bytes, kinds: set[str]) -> None:
    assert {hit.kind for hit in scan({"report.pdf": content}, KNOWN)} == kinds


def test_notebooks_carry_no_trace_of_who_ran_them() -> None:
    clean = {"cells": [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "a"}]}
    assert scan({"n.ipynb": json.dumps({**clean, "metadata": {}}).encode()}, KNOWN) == []
    for about in ({"papermill": {"duration": 1}}, {"authors": [{"name": "x"}]}):
        hits = scan({"n.ipynb": json.dumps({**clean, "metadata": about}).encode()}, KNOWN)
        assert [hit.kind for hit in hits] == ["notebook"]
    source = {"cells": [{"cell_type": "code", "metadata": {}, "source": f"person = '{TEST}'"}]}
    hits = scan({"n.ipynb": json.dumps({**source, "metadata": {}}).encode()}, KNOWN)
    assert [hit.kind for hit in hits] == ["identity"]
    assert [hit.kind for hit in scan({"n.ipynb": b"{"}, KNOWN)] == ["unreadable"]


@pytest.mark.parametrize(
    "text",
    [
        "<svg><metadata><dc:creator><cc:Agent><dc:title>Prova P</dc:title></cc:Agent></dc:creator>",
        '<head><meta name="author" content="Prova P"></head>',
        "<rdf:RDF><dc:creator><rdf:Seq><rdf:li>Prova P</rdf:li></rdf:Seq></dc:creator>",
    ],
)
def test_who_made_a_picture_or_a_page_is_found(text: str) -> None:
    assert [hit.kind for hit in scan({"a.svg": text.encode()}, KNOWN)] == ["author"]
    for made in (text.replace("Prova P", "umea_eval 0.1"), text.replace("Prova P", "")):
        assert scan({"a.svg": made.encode()}, KNOWN) == []
    assert scan({"a.svg": b"<dc:creator/><dc:title>Prova P</dc:title>"}, KNOWN) == []


@pytest.mark.parametrize(
    "part",
    [
        "<x:sheet name='a' state = 'veryHidden'/>",
        '<x:col min="1" max="1" hidden="1"/>',
        '<col min="1" max="1" width="0"/>',
    ],
)
def test_what_is_hidden_in_other_writings_is_found(part: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", f"<x>{part}</x>")
    assert [hit.kind for hit in scan({"a.xlsx": buffer.getvalue()}, KNOWN)] == ["hidden"]


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_what_is_packed_otherwise_is_withheld_unread(pack: Callable[[bytes], bytes]) -> None:
    hits = scan({"a.txt": pack(TEST.encode())}, KNOWN)
    assert [hit.kind for hit in hits] == ["unreadable"]


def test_a_bomb_is_withheld_unread() -> None:
    inner = b"0" * 1000
    for _ in range(7):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.zip", inner)
        inner = buffer.getvalue()
    assert [hit.kind for hit in scan({"a.zip": inner}, KNOWN)] == ["unreadable"]


# ------------------------------------------------------------------------------ names and places


def test_the_list_of_names(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    assert read_names(path) == frozenset()
    path.write_text("# lista\nProva Provsson  # boende\n\nÅsa\n", encoding="utf-8-sig")
    assert read_names(path) == {("prova", "provsson"), ("åsa",)}
    path.write_text(unicodedata.normalize("NFD", "Åsa Ö\u00adberg\n"), encoding="utf-8")
    assert read_names(path) == {("åsa", "öberg")}
    path.write_bytes(b"\xe5sa")
    with pytest.raises(UserError, match=r"names\.txt"):
        read_names(path)


def test_what_the_project_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path / "project", {})
    (project / "umea_eval.key").write_text(KEY + "\n", encoding="ascii")
    monkeypatch.setenv("UMEA_EVAL_KEY", "ab" * 32)
    known = known_of(read_settings(project))
    assert KEY not in repr(known)
    assert str(project) not in repr(known)
    for content in (KEY, "ab" * 32, "AB" * 32, str(project / "notebooks")):
        assert scan({"a.txt": content.encode()}, known), content
    assert scan({"a.txt": hashlib.sha256(b"").hexdigest().encode()}, known) == []


def test_names_of_files_and_folders_are_read_and_never_repeated(tmp_path: Path) -> None:
    hits = scan({f"tables/{TEST}.csv": b"a;b\n1;2\n", "tables/provsson.csv": b"a;b\n"}, KNOWN)
    assert {hit.kind for hit in hits} == {"identity", "name"}
    assert {hit.file for hit in hits} == {"….csv"}
    settings = read_settings(make_project(tmp_path / "project", {}))
    with pytest.raises(Withheld) as caught:
        check_release({}, settings, folder=f"small/sv-person-{TEST}")
    assert TEST not in caught.value.message("sv") + caught.value.message("en")
    check_release({}, settings, folder="small/sv-period-2022")
    assert is_clean("sv-period-2022", KNOWN)
    assert not is_clean(f"sv-{TEST}", KNOWN)


def test_a_message_names_the_first_hits_and_counts_the_rest(tmp_path: Path) -> None:
    settings = read_settings(make_project(tmp_path / "project", {}))
    files = {f"{n}.txt": TEST.encode() for n in range(9)}
    with pytest.raises(Withheld) as caught:
        check_release(files, settings)
    assert caught.value.exit_code == 3
    for language in ("sv", "en"):
        message = caught.value.message(language)
        assert TEST not in message
        assert "4.txt" in message
        assert "5.txt" not in message
        assert "9" in message


def test_hits_can_be_told_in_both_languages() -> None:
    hit = Hit("a.pdf", 3, "hidden", "#2")
    assert "a.pdf, del #2, rad 3" in hit.text("sv")
    assert "a.pdf, part #2, line 3" in hit.text("en")


def test_every_official_test_number_is_found() -> None:
    lines = (ROOT / "data/raw/public/test_personnummer.csv").read_text().splitlines()[1::400]
    numbers = [line.split(",")[0].strip().strip('"') for line in lines]
    numbers = [number for number in numbers if number.isdigit() and len(number) == 12]
    assert len(numbers) > 90
    for number in numbers:
        forms = (number, number[2:], f"{number[:8]}-{number[8:]}", f"{number[2:8]}-{number[8:]}")
        for form in forms:
            assert is_identity(form), form
            assert scan({"a.html": f"<p>{form}</p>".encode()}, Known()), form


def test_a_report_that_shows_a_number_is_withheld_and_never_gets_its_place(
    tmp_path: Path, umea_eval: Run
) -> None:
    shown = f'report.text({{"sv": "Den som heter {TEST} bor här.", "en": "-"}})'
    project = make_project(tmp_path / "project", {"small": small_notebook(shown)})
    done = umea_eval(project, "report", "small")
    assert done.returncode == 3, done.stderr
    assert "report.html, rad" in done.stderr
    assert TEST not in done.stdout + done.stderr
    assert not (project / "reports/small").exists()
    for path in (project / "reports").rglob("*"):
        assert not path.is_file() or TEST not in path.read_text(encoding="utf-8")
