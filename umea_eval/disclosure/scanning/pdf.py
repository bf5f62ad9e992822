"""The texts of a PDF, as far as a scan needs them: every stream unpacked, every string joined.

No layout is made. A font's own codes are turned back by the tables that every accessible PDF must
carry (ToUnicode, ISO 32000-1, 9.10.3); each string is read by every such table of the file, since
a number that a wrong table makes up is rarer than one that the right table would have missed.
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
    texts = [stream.decode("latin-1") for stream in streams]
    tables = [table for text in texts if "beginbf" in text and (table := _table(text))]
    whole = outside.decode("latin-1")
    return [_strings_joined(whole, []), *(_strings_joined(text, tables) for text in texts)]


def _parted(content: bytes, largest: int) -> tuple[bytes, list[bytes]]:
    outside, streams, place, size = [], [], 0, 0
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
        streams.append(data)
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
