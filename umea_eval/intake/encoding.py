"""Which encoding is this text in? Decided by its bytes, never by a locale or a file's name."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

# Swedish letters (å ä ö Å Ä Ö é) in the one-byte encodings that Swedish systems have written.
# Earlier wins when counts are equal.
SWEDISH_BYTES = {
    "windows-1252": b"\xe5\xe4\xf6\xc5\xc4\xd6\xe9",
    "cp850": b"\x86\x84\x94\x8f\x8e\x99\x82",
    "mac-roman": b"\x8c\x8a\x9a\x81\x80\x85\x8e",
}
DOCUMENTS = (b"%PDF-", b"{\\rtf")
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # UTF-32's mark begins with UTF-16's, so it is looked for first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")
HIGH = re.compile(rb"[\x80-\xff]")
UPPER_CONTROL = re.compile(rb"[\x80-\x9f]")  # where Windows-1252 differs from Latin-1
MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
ASCII = bytes(range(0x80))
CONTINUATION = bytes(range(0x80, 0xC0))
SAMPLE = 65_536
PIECE = 1 << 20
# More control characters than this share of the sample: no text file.
CONTROL_SHARE = 0.01
STRAY_CONTROLS = 8  # so many do not make a short text binary

# What a certain repair may bring out; anything else means that the guess was wrong.
REPAIRED_LETTERS = frozenset("åäöÅÄÖéÉèÈêëüÜáàâíóôúçñøØæÆß§°½²³µ´·–—‘’“”•…€\u00a0")
# Code page 850 read as Windows-1252: Ume† for Umeå.
CP850_AS_1252 = str.maketrans("†„”\u008fŽ™‚", "åäöÅÄÖé")
# None of these stands inside a Swedish word otherwise.
CP850_INSIDE_WORD = re.compile(r"(?<=[A-Za-zåäö])[†„”‚](?=[a-zåäö†„”])")
CP850_IN_WORD = re.compile(r"(?<=[A-Za-zåäö])[†„](?![^\W\d_])|[\u008f\u017d\u2122](?=[a-zåäö†„”])")
SUSPECT = re.compile(r"[ÃÂâ†„”‚\u008f\u017d\u2122]")


@dataclass(frozen=True)
class Decoded:
    """A text file's content as UTF-8, which encoding it had, and how many bytes needed repair.

    ``repaired`` counts single bytes of Windows-1252 found in a file that otherwise is UTF-8.
    """

    utf8: bytes
    encoding: str
    repaired: int = 0


def is_binary(data: bytes) -> bool:
    """Whether the bytes are no text in any encoding that exports come in.

    Nor are documents that are written in letters: PDF and RTF.
    """
    if data.startswith(DOCUMENTS):
        return True
    sample = data[:SAMPLE]
    if _wide_encoding(sample):
        return False
    return len(CONTROL.findall(sample)) > max(CONTROL_SHARE * len(sample), STRAY_CONTROLS)


def decode(data: bytes) -> Decoded:
    """Turn a text file's bytes into UTF-8 without a byte order mark.

    In order: byte order mark, UTF-16 without mark, valid UTF-8, UTF-8 with some bytes of
    Windows-1252, and else the one-byte encoding that gives most Swedish letters. Bytes that fit no
    character become U+FFFD; nothing raises.
    """
    for mark, name in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            if name == "utf-8-sig":
                return _decode_utf8(data[len(mark) :], name)
            return Decoded(_to_utf8(data.decode(name, errors="replace")), name)
    wide = _wide_encoding(data[:SAMPLE])
    if wide:
        return Decoded(_to_utf8(data.decode(wide, errors="replace")), wide)
    return _decode_utf8(data, "utf-8")


def repair(texts: Sequence[str]) -> dict[int, str]:
    """Mend doubly encoded texts (``Ã¥`` for ``å``) where the repair is certain.

    Returns position → mended text. Certain means that the whole text turns back into valid UTF-8
    with nothing but letters and marks of Swedish text in it; for code page 850 read as
    Windows-1252, that the odd mark stands inside a word. At a word's end (``Ume†``) it is mended
    only when another text of the same table has one inside a word.
    """
    mended: dict[int, str] = {}
    suspects = [(place, text) for place, text in enumerate(texts) if SUSPECT.search(text)]
    cp850 = any(CP850_INSIDE_WORD.search(text) for _, text in suspects)
    for place, text in suspects:
        better = _undo_double_utf8(text)
        if better is None and cp850:
            better = _undo_cp850(text)
        if better is not None:
            mended[place] = better
    return mended


def _wide_encoding(sample: bytes) -> str | None:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        return "utf-16"
    pairs = len(sample) // 2
    if pairs < 4:
        return None
    # Swedish text in UTF-16 has a zero in every second byte, and none in the others.
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.5 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    if even > 0.5 * pairs and odd < 0.05 * pairs:
        return "utf-16-be"
    return None


def _decode_utf8(data: bytes, name: str) -> Decoded:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return Decoded(data, name)
    high = data.translate(None, ASCII)
    # In UTF-8 at least every second high byte continues a character; in one-byte text few could.
    # Counting them spares most one-byte files the slow look.
    continuing = len(high) - len(high.translate(None, CONTINUATION))
    if name == "utf-8-sig" or 3 * continuing >= len(high):
        stray = len(HIGH.findall(MULTIBYTE.sub(b"", data)))
        if name == "utf-8-sig" or len(MULTIBYTE.findall(data)) > stray:
            text = data.decode("utf-8", errors="umea_eval_windows_1252")
            return Decoded(_to_utf8(text), name, repaired=stray)
    return _decode_one_byte(data, high)


def _decode_one_byte(data: bytes, high: bytes) -> Decoded:
    name = max(
        SWEDISH_BYTES, key=lambda each: sum(high.count(byte) for byte in SWEDISH_BYTES[each])
    )
    # Where nothing tells them apart, Latin-1 is the same and much quicker.
    same = name == "windows-1252" and not UPPER_CONTROL.search(high)
    codec, errors = ("latin-1", "strict") if same else (name, "umea_eval_latin_1")
    # In pieces: one byte is one character, and the memory of a piece is used again for the next.
    utf8 = io.BytesIO()
    for start in range(0, len(data), PIECE):
        utf8.write(data[start : start + PIECE].decode(codec, errors=errors).encode("utf-8"))
    return Decoded(utf8.getvalue(), name)


def _to_utf8(text: str) -> bytes:
    # A lone surrogate can come out of damaged UTF-16.
    return text.encode("utf-8", errors="replace")


def _undo_double_utf8(text: str) -> str | None:
    better = text
    for _ in range(2):  # exports have been seen encoded twice and three times
        try:
            better = better.encode("windows-1252", errors="umea_eval_latin_1").decode("utf-8")
        except UnicodeError:
            break
    certain = better != text and all(
        letter.isascii() or letter in REPAIRED_LETTERS for letter in better
    )
    return better if certain else None


def _undo_cp850(text: str) -> str | None:
    better = CP850_INSIDE_WORD.sub(lambda found: found[0].translate(CP850_AS_1252), text)
    better = CP850_IN_WORD.sub(lambda found: found[0].translate(CP850_AS_1252), better)
    return better if better != text else None


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("windows-1252", errors="umea_eval_latin_1"), error.end


def _as_latin_1(error: UnicodeError) -> tuple[str | bytes, int]:
    """Five bytes have no meaning in Windows-1252: they keep their number, so nothing is lost."""
    if isinstance(error, UnicodeDecodeError):
        return error.object[error.start : error.end].decode("latin-1"), error.end
    if isinstance(error, UnicodeEncodeError):
        return error.object[error.start : error.end].encode("latin-1"), error.end
    raise error


codecs.register_error("umea_eval_windows_1252", _as_windows_1252)
codecs.register_error("umea_eval_latin_1", _as_latin_1)
