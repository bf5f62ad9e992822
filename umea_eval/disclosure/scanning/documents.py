"""What lies inside a file that is no plain text: office files, PDF, pictures, archives."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from umea_eval.disclosure.scanning.marks import Kind
from umea_eval.disclosure.scanning.pdf import pdf_texts
from umea_eval.disclosure.scanning.texts import CELL, ROW, TABLE, decoded

# A file that unpacks to more than this is no report; it is withheld unread.
LARGEST = 400_000_000
_DEEPEST = 4
_PNG, _JPEG, _PDF, _ZIP, _GZIP = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"%PDF-",
    b"PK\x03\x04",
    b"\x1f\x8b",
)
_EMBEDDED = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.-]+)*;base64,([A-Za-z0-9+/\\n=]+)")
_IMAGE_OUTPUT = re.compile(
    r'"(?:image/(?:png|jpeg|gif|webp)|application/pdf)"\s*:\s*"([A-Za-z0-9+/\\n=]+)"'
)
_PERSONS = re.compile(
    r"<(?:\w+:)?(creator|lastModifiedBy|manager|company|initial-creator|printed-by)\b[^>]*>([^<]+)<",
    re.IGNORECASE,
)
_AUTHORED = re.compile(
    r"<(?:w:ins|w:del|w:comment)\b[^>]*?\bw:author=\"[^\"]|<author>[^<]", re.IGNORECASE
)
_HIDDEN = re.compile(
    r"<(?:\w+:)?sheet\b[^>]*\bstate\s*=\s*[\"'](?:hidden|veryHidden)[\"']"
    r"|<(?:\w+:)?(?:col|row)\b[^>]*\b"
    r"(?:hidden\s*=\s*[\"'](?:1|true)|(?:width|ht)\s*=\s*[\"']0(?:\.0*)?)[\"']"
    r"|<w:vanish\b"
    r"|\btable:visibility=\"(?:collapse|filter)\"|\btable:display=\"false\""
)
_EXTERNAL = re.compile(r"TargetMode=\"External\"|<externalReference\b")
# Who made a picture or a document, as its metadata say it; with the elements that it is wrapped in.
_MAKER = re.compile(
    r"<(?:\w+:)?creator\b(?![^>]*/>)[^>]*>(?:\s*<[^/][^>]*>)*\s*([^<\s][^<]*)"
    r"|<meta\s[^>]*\bname\s*=\s*[\"']?author\b[^>]*\bcontent\s*=\s*[\"']?\s*([^\"'>]+)",
    re.IGNORECASE,
)
_OURS = ("umea_eval", "Matplotlib")
# Packed or encrypted in a way that is not undone here: nobody can say that it may leave.
_PACKED = (
    b"BZh",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",
    b"PAR1",
    b"ARROW1",
    b"\x89HDF",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # Office before 2007, and with a password
)
_PIXELS = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
# What Jupyter and papermill write of machines, times and people.
_NOTEBOOK = ("papermill", "authors", "signature", "widgets", "execution", "collapsed_by", "user")


@dataclass(frozen=True)
class Reading:
    """One text inside a file; ``inside`` says where (a member of an archive, a page), or nothing.

    ``comma_parts``: a comma in it parts cells. ``found`` are marks that lie in the file's build
    rather than in its text, with their positions in it.
    """

    text: str
    inside: str = ""
    comma_parts: bool = False
    found: tuple[tuple[Kind, int], ...] = ()


def readings(name: str, content: bytes, *, depth: int = 0) -> Iterator[Reading]:
    """Every text of a file. What cannot be read gives a reading with the mark ``unreadable``."""
    try:
        if depth > _DEEPEST:
            raise ValueError("archives within archives")
        yield from _readings(name, content, depth)
    except (
        ValueError,
        OSError,
        EOFError,
        zlib.error,
        zipfile.BadZipFile,
        struct.error,
        RuntimeError,
        NotImplementedError,
    ):
        yield Reading("", found=(("unreadable", 0),))


def _readings(name: str, content: bytes, depth: int) -> Iterator[Reading]:
    if content.startswith(_ZIP):
        yield from _archive(content, depth)
    elif content.startswith(_PDF) or b"%PDF-" in content[:1024]:
        for number, text in enumerate(pdf_texts(content, LARGEST), start=1):
            yield Reading(text, inside=f"#{number}", found=tuple(_pdf_persons(text)))
    elif content.startswith(_PNG):
        text = "\n".join(_png_texts(content))
        yield Reading(text, found=tuple(_png_makers(text)))
    elif content.startswith(_PACKED):
        raise ValueError("packed")
    elif content.startswith(_JPEG):
        yield Reading("\n".join(_jpeg_texts(content)))
    elif content.startswith(_GZIP):
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            inner = file.read(LARGEST + 1)
        if len(inner) > LARGEST:
            raise ValueError("too large")
        yield from readings(name.removesuffix(".gz"), inner, depth=depth + 1)
    else:
        yield from _text(name, decoded(content), depth)


def _text(name: str, text: str, depth: int) -> Iterator[Reading]:
    suffix = name.rpartition(".")[2].lower()
    if suffix == "csv":
        semicolons = ";" in text.partition("\n")[0]
        separator = ";" if semicolons else ","
        rows = text.replace('"', "").replace("\t", CELL).replace(separator, CELL)
        yield Reading(text, comma_parts=not semicolons)
        # As a table: a number in two neighbouring cells. Lines stay lines.
        yield Reading(TABLE + rows.replace("\n", ROW + "\n"), comma_parts=not semicolons)
        return
    found = (*_makers(text), *(_notebook_marks(text) if suffix == "ipynb" else ()))
    yield Reading(text, comma_parts=suffix in ("json", "jsonl", "ipynb"), found=found)
    for pattern in (_EMBEDDED, _IMAGE_OUTPUT):
        for embedded in pattern.finditer(text):
            try:
                inner = base64.b64decode(embedded[1].replace("\\n", ""), validate=True)
            except binascii.Error:
                continue
            yield from readings("", inner, depth=depth + 1)


def _archive(content: bytes, depth: int) -> Iterator[Reading]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > LARGEST:
            raise ValueError("too large")
        # Names of members are texts too: a picture called after a person.
        yield Reading("\n".join(member.filename for member in members))
        if archive.comment:
            yield Reading(decoded(archive.comment))
        for number, member in enumerate(members, start=1):
            if member.is_dir():
                continue
            inner = archive.read(member)
            for reading in readings(member.filename, inner, depth=depth + 1):
                marks = tuple(_office_marks(member.filename, reading.text))
                inside = reading.inside or f"#{number}"
                yield Reading(reading.text, inside, reading.comma_parts, (*reading.found, *marks))


def _office_marks(member: str, text: str) -> Iterator[tuple[Kind, int]]:
    if not member.endswith((".xml", ".rels")):
        return
    for person in _PERSONS.finditer(text):
        if person[2].strip() and not person[2].strip().startswith(_OURS):
            yield "author", person.start()
    for found in _AUTHORED.finditer(text):
        yield "author", found.start()
    for found in _HIDDEN.finditer(text):
        yield "hidden", found.start()
    for found in _EXTERNAL.finditer(text):
        yield "address", found.start()


def _pdf_persons(text: str) -> Iterator[tuple[Kind, int]]:
    for person in re.finditer(r"/Author\s*(?:\(([^)]*)\)|<([0-9A-Fa-f]*)>)", text):
        written = person[1] if person[1] is not None else decoded(bytes.fromhex(person[2] or ""))
        if written.strip("\ufeff \xfe\xff") and not written.startswith(_OURS):
            yield "author", person.start()
    yield from _makers(text)


def _makers(text: str) -> Iterator[tuple[Kind, int]]:
    for found in _MAKER.finditer(text):
        if not (found[1] or found[2]).strip().startswith(_OURS):
            yield "author", found.start()


def _notebook_marks(text: str) -> Iterator[tuple[Kind, int]]:
    try:
        document = json.loads(text)
    except ValueError:
        yield "unreadable", 0
        return
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        yield "unreadable", 0
        return
    cells = [cell for cell in document["cells"] if isinstance(cell, dict)]
    for about in (document.get("metadata"), *(cell.get("metadata") for cell in cells)):
        for name in _NOTEBOOK:
            if isinstance(about, dict) and about.get(name):
                yield "notebook", max(text.find(f'"{name}"'), 0)


def _png_makers(text: str) -> Iterator[tuple[Kind, int]]:
    for found in re.finditer(r"^(?:Author|Artist)\b\s*(.+)$", text, re.MULTILINE):
        if not found[1].startswith(_OURS):
            yield "author", found.start()


def _png_texts(content: bytes) -> Iterator[str]:
    """The texts of a PNG: all but its pixels, and what follows its end."""
    place = len(_PNG)
    while place + 12 <= len(content):
        size, kind = struct.unpack(">I4s", content[place : place + 8])
        data = content[place + 8 : place + 8 + size]
        place += 12 + size
        if kind == b"zTXt":
            keyword, _, rest = data.partition(b"\0")
            yield f"{decoded(keyword)} {decoded(zlib.decompress(rest[1:]))}"
        elif kind == b"iTXt":
            keyword, _, rest = data.partition(b"\0")
            packed, rest = rest[:1] == b"\1", rest[2:]
            about, _, rest = rest.partition(b"\0")
            translated, _, body = rest.partition(b"\0")
            words = decoded(zlib.decompress(body) if packed else body)
            yield " ".join((decoded(keyword), decoded(about), decoded(translated), words))
        elif kind == b"IEND":
            yield decoded(content[place:])
            return
        elif kind not in _PIXELS:
            yield decoded(data.replace(b"\0", b" "))
    raise ValueError("a picture that does not end")


def _jpeg_texts(content: bytes) -> Iterator[str]:
    """The texts of a JPEG's segments (EXIF, XMP, IPTC, comments)."""
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        mark, size = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        if mark == 0xFE or 0xE1 <= mark <= 0xEF:
            yield decoded(content[place + 4 : place + 2 + size].replace(b"\0", b""))
        if mark == 0xDA:  # the picture itself
            return
        place += 2 + size
