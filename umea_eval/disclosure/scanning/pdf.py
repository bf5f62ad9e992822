"""The texts of a PDF, as far as a scan needs them: every stream unpacked, every string joined.

No layout is made. A font's own codes are turned back by the tables that every accessible PDF must
carry (ToUnicode, ISO 32000-1, 9.10.3). Where the file says plainly which page uses which font, as
the PDF files of reports do, each string is read by the table of its own font. Elsewhere it is read
by every table of the file: a number that a wrong table makes up is better than one that is missed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

_STREAM = re.compile(rb"(<<(?:(?!endobj).){0,4000}?>>)\s*stream\r?\n", re.DOTALL)
_CHARACTERS = re.compile(r"beginbfchar(.*?)endbfchar", re.DOTALL)
_RANGES = re.compile(r"beginbfrange(.*?)endbfrange", re.DOTALL)
_PAIR = re.compile(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_RANGE = re.compile(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*(?:<([0-9A-Fa-f]+)>|\[([^\]]*)\])")
_ARRAY = re.compile(r"\[((?:[^\[\]()<>]|\((?:\\.|[^\\()])*\)|<[0-9A-Fa-f\s]*>)*)\]\s*TJ", re.DOTALL)
_STRING = re.compile(r"\(((?:\\.|[^\\()])*)\)|<([0-9A-Fa-f\s]+)>(?!>)", re.DOTALL)
_OBJECT = re.compile(r"(\d+) \d+ obj\b(.*?)\bendobj", re.DOTALL)
# Where each object lies in the file: ten digits a line, and no number of anybody.
_OFFSETS = re.compile(r"^\d{10} \d{5} [nf]\s*$", re.MULTILINE)
_NUMBERED = re.compile(rb"(\d+) \d+ obj\s*$")
_FURTHEST = 40
_PAGE = re.compile(r"/Type\s*/Page\b")
_CONTENT = re.compile(r"/Contents (\d+) 0 R")
_RESOURCES = re.compile(r"/Resources (\d+) 0 R")
_FONTS = re.compile(r"/Font\s*<<([^<>]*)>>")
_NAMED = re.compile(r"/(\S+) (\d+) 0 R")
_CODED_BY = re.compile(r"/ToUnicode (\d+) 0 R")
_DRAWN = re.compile(
    r"/(\S+)\s+[-\d.]+\s+Tf\b|\(((?:\\.|[^\\()])*)\)|<([0-9A-Fa-f\s]+)>(?!>)|\b(BT|Tm|T[dD*])",
    re.DOTALL,
)
_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)
_ESCAPED = re.compile(r"\\([0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "", "f": "", "\n": ""}
# The same as a font's codes, where every byte counts.
_CODES = {**_LETTERS, "b": "\b", "f": "\f"}
_CODED = re.compile("[\x00-\x08\x0b\x0e-\x1f]")
_WIDEST = 65_536
_TWO_BYTES = 4  # hexadecimal digits

Table = Mapping[str, str]


def pdf_texts(content: bytes, largest: int) -> list[str]:
    """The document outside its streams, then each stream's text.

    Raises ValueError for one that is encrypted, or packed in a way that a report's never is.
    """
    if b"/Encrypt" in content:
        raise ValueError("encrypted")
    outside, streams = _parted(content, largest)
    texts = [(number, stream.decode("latin-1")) for number, stream in streams]
    tables = {
        number: table for number, text in texts if "beginbf" in text and (table := _table(text))
    }
    whole = outside.decode("latin-1")
    fonts = _fonts(whole, tables)
    return [
        _strings_joined(_OFFSETS.sub("", whole), []),
        *(
            _as_shown(_flat(text), fonts[number])
            if number in fonts
            else _strings_joined(text, list(tables.values()))
            for number, text in texts
        ),
    ]


def _fonts(whole: str, tables: Mapping[int, Table]) -> dict[int, Mapping[str, Table]]:
    """The tables of each page's fonts by their names there, by the number of its content.

    A page where any of it is not said in the usual way, or a font has no table, is left out.
    """
    objects = {int(found[1]): found[2] for found in _OBJECT.finditer(whole)}
    read: dict[int, Mapping[str, Table]] = {}
    for about in objects.values():
        content, resources = _CONTENT.search(about), _RESOURCES.search(about)
        listed = objects.get(int(resources[1]), "") if resources else ""
        fonts = _FONTS.search(listed)
        if content and _PAGE.search(about) and fonts:
            named = {name: int(number) for name, number in _NAMED.findall(fonts[1])}
            coded = {
                name: int(found[1])
                for name, number in named.items()
                if (found := _CODED_BY.search(objects.get(number, "")))
            }
            if len(coded) == len(named) and all(each in tables for each in coded.values()):
                read[int(content[1])] = {name: tables[each] for name, each in coded.items()}
    return read


def _as_shown(text: str, fonts: Mapping[str, Table]) -> str:
    """A page's drawing without its strings, and the strings as a reader sees them.

    What is drawn in one place is one string; each place begins a line.
    """
    tables = {
        name: _Glyphs({int(code, 16): seen for code, seen in table.items()})
        for name, table in fonts.items()
        if {len(code) for code in table} == {_TWO_BYTES}
    }
    font: _Glyphs | None = None
    shown: list[str] = []
    for found in _DRAWN.finditer(text):
        name, literal, digits, moved = found.groups()
        if name is not None:
            font = tables.get(name)
        elif moved is not None:
            shown.append("\n")
        else:
            codes = (
                _ESCAPED.sub(_code, literal).encode("latin-1", "replace").hex()
                if literal is not None
                else re.sub(r"\s", "", digits)
            )
            if font is None:
                shown.append(_as_text(codes))
            else:
                shown.append(_pairs(codes).translate(font))
    return _STRING.sub("()", text) + "\n" + "".join(shown)


def _parted(content: bytes, largest: int) -> tuple[bytes, list[tuple[int, bytes]]]:
    """The document outside its streams, and each stream with the number of its object."""
    outside: list[bytes] = []
    streams: list[tuple[int, bytes]] = []
    place = size = 0
    for found in _STREAM.finditer(content):
        if found.start() < place:
            continue
        outside.append(content[place : found.end()])
        end = content.find(b"endstream", found.end())
        if end < 0:
            raise ValueError("a stream without an end")
        data, about = content[found.end() : end], found[1]
        place = end
        if re.search(rb"/Subtype\s*/(?:Image|TrueType|Type1C|CIDFontType0C|OpenType)", about):
            continue
        if re.search(rb"/Length1\b", about):  # a font
            continue
        if b"FlateDecode" in about:
            data = zlib.decompressobj().decompress(data, largest)
        elif b"/Filter" in about and b"/DCTDecode" not in about:
            raise ValueError("a stream packed in another way")
        size += len(data)
        if size > largest:
            raise ValueError("too large")
        number = _NUMBERED.search(content, max(found.start() - _FURTHEST, 0), found.start())
        streams.append((int(number[1]) if number else 0, data))
    outside.append(content[place:])
    return b"\n".join(outside), streams


def _table(text: str) -> Table:
    table: dict[str, str] = {}
    for part in _CHARACTERS.findall(text):
        for code, letters in _PAIR.findall(part):
            table[code.lower()] = _letters(letters)
    for part in _RANGES.findall(text):
        for first, last, start, listed in _RANGE.findall(part):
            low, high = int(first, 16), min(int(last, 16), int(first, 16) + _WIDEST)
            given = re.findall(r"<([0-9A-Fa-f]+)>", listed)
            for place, code in enumerate(range(low, high + 1)):
                if start:
                    head, unit = start[:-4], int(start[-4:], 16) + place
                    letters = head + f"{unit:04x}"
                elif place < len(given):
                    letters = given[place]
                else:
                    break
                table[f"{code:0{len(first)}x}"] = _letters(letters)
    return table


def _letters(digits: str) -> str:
    return bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2)).decode("utf-16-be", "replace")


def _strings_joined(text: str, tables: list[Table]) -> str:
    """A stream's own text, and below it its strings as a reader sees them, one after the other."""
    shown: list[str] = []
    hexadecimal: list[str] = []

    def one(found: re.Match[str]) -> str:
        if found[1] is not None:
            codes = _ESCAPED.sub(_code, found[1])
            if tables and _CODED.search(codes):  # no text, but the glyphs of a font
                hexadecimal.append(codes.encode("latin-1", "replace").hex())
            return _ESCAPED.sub(_escaped, found[1])
        digits = re.sub(r"\s", "", found[2]).lower()
        hexadecimal.append(digits)
        raw = bytes.fromhex(digits + "0" * (len(digits) % 2))
        return raw.decode(
            "utf-16" if raw.startswith((b"\xfe\xff", b"\xff\xfe")) else "latin-1", "replace"
        )

    text = _flat(text)
    # Within one array the strings are one word, with the gaps between letters in numbers.
    text = _ARRAY.sub(lambda array: _one_string(array[1]), text)
    shown += [one(found) for found in _STRING.finditer(text)]
    lines = [text, "\n".join(shown)]
    pairs = [_pairs(digits) for digits in hexadecimal] if tables else []
    for table in tables:
        widths = {len(code) for code in table}
        for width in widths:
            if width == _TWO_BYTES:  # as nearly all fonts have it, and much faster
                glyphs = _Glyphs({int(code, 16): seen for code, seen in table.items()})
                read = [each.translate(glyphs) for each in pairs]
            else:
                read = [_by(table, digits, width) for digits in hexadecimal]
            lines += ["\n".join(read), "".join(read)]
    return "\n".join(lines)


def _flat(text: str) -> str:
    """The same with every parenthesis within a string escaped: balanced ones need not be."""
    depth = 0

    def one(found: re.Match[str]) -> str:
        nonlocal depth
        mark = found[0]
        if mark == "(":
            depth += 1
            return mark if depth == 1 else "\\("
        if mark == ")" and depth:
            depth -= 1
            return mark if not depth else "\\)"
        return mark

    made = _PARENTHESIS.sub(one, text)
    return text if depth else made  # not what a document's strings look like


def _one_string(inside: str) -> str:
    parts = [(found[1], found[2]) for found in _STRING.finditer(inside)]
    if all(digits for _, digits in parts) and parts:
        return "<" + "".join(re.sub(r"\s", "", digits) for _, digits in parts) + "> Tj"
    return "(" + "".join(written or _as_text(digits) for written, digits in parts) + ") Tj"


def _as_text(digits: str) -> str:
    bare = re.sub(r"\s", "", digits or "")
    return bytes.fromhex(bare + "0" * (len(bare) % 2)).decode("latin-1")


def _pairs(digits: str) -> str:
    """Every two bytes as one character."""
    whole = digits[: len(digits) // _TWO_BYTES * _TWO_BYTES]
    return bytes.fromhex(whole).decode("utf-16-be", "surrogatepass")


class _Glyphs(dict[int, str]):
    """A table of two-byte codes as `str.translate` takes it: what it does not have is nothing."""

    def __missing__(self, code: int) -> str:
        return ""


def _by(table: Table, digits: str, width: int) -> str:
    codes = (digits[place : place + width] for place in range(0, len(digits), width))
    return "".join(table.get(code, "") for code in codes)


def _escaped(found: re.Match[str]) -> str:
    return _meant(found[1], _LETTERS)


def _code(found: re.Match[str]) -> str:
    return _meant(found[1], _CODES)


def _meant(mark: str, letters: Mapping[str, str]) -> str:
    return chr(int(mark, 8) & 255) if mark[0] in "01234567" else letters.get(mark, mark)
