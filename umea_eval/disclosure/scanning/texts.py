"""Text as a reader would see it, whatever it is dressed in: escapes, entities, markup, digits."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache
from urllib.parse import unquote

# What stands where a table, a row, and a cell (or a paragraph) begins or ends.
TABLE, ROW, CELL = "\x1d", "\x1e", "\x1f"

# Tags that part what stands before them from what stands after, by local name: HTML, then Word,
# Excel, PowerPoint and OpenDocument. Every other tag (b, span, w:r, w:t) is inside a word for all
# that a reader can see.
_PARTS = {
    **dict.fromkeys(("td", "th", "caption", "p", "div", "li", "ul", "ol", "dl", "dt", "dd"), "C"),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6", "br", "hr", "section", "article"), "C"),
    **dict.fromkeys(("aside", "header", "footer", "nav", "main", "pre", "blockquote"), "C"),
    **dict.fromkeys(("figure", "figcaption", "option", "select", "button", "details"), "C"),
    **dict.fromkeys(("summary", "title", "text", "body", "html", "head", "meta", "link"), "C"),
    **dict.fromkeys(("script", "style", "svg", "img"), "C"),
    **dict.fromkeys(("tc", "tab", "c", "v", "si", "is", "sheet", "table-cell", "list-item"), "C"),
    **dict.fromkeys(("tr", "row", "table-row"), "R"),
    **dict.fromkeys(("table", "tbl", "thead", "tbody", "sheetdata"), "T"),
}
_SIGNS = {"C": CELL, "R": ROW, "T": TABLE, "": ""}
_TAG = re.compile(r"<(?:!--.*?-->|/?([A-Za-z][\w.:-]*)[^<>]*>)", re.DOTALL)
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
# A drawn line: numbers and letters of commands that nobody reads as text.
_PATHS = tuple(
    re.compile(rf""" {name}=\\?["'][MmZzLlHhVvCcSsQqTtAa0-9eE., \\n+-]*["'\\]""")
    for name in ("d", "points")
)
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"


def decoded(content: bytes) -> str:
    """Bytes as text: with a byte order mark what it says, else UTF-8, UTF-16 or Latin-1.

    No file is refused for its encoding: a number in one that is no text must still be found.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\0" in text:
        # Where each letter takes two bytes, what is left without the empty ones is the text.
        text = text.replace("\0", "")
    return text


def plain(text: str) -> str:
    """Text with escapes and entities undone, digits, hyphens and spaces as ASCII has them.

    Characters that are not seen (zero-width, soft hyphen) are left out; lines stay lines.
    """
    if "\\u" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    if "\\/" in text:
        text = text.replace("\\/", "/")
    if "&" in text:
        text = html.unescape(text)
    if "%" in text:
        text = _PERCENT.sub(lambda found: unquote(found[0], errors="replace"), text)
    if not text.isascii():
        changed = {letter: seen for letter in set(text) if (seen := _ascii(letter)) is not None}
        if changed:
            # A few letters of many: a search for them is quicker than a table for all.
            letters = re.compile(f"[{re.escape(''.join(changed))}]")
            text = letters.sub(lambda found: changed[found[0]], text)
        if not unicodedata.is_normalized("NFC", text):
            text = unicodedata.normalize("NFC", text)  # an a with its ring apart
    for path in _PATHS:
        text = path.sub("", text)
    return text


def classes(text: str, table: bytes) -> bytes:
    """One byte per letter, by ``table`` (256 bytes): what a search at the speed of memory needs."""
    return text.encode("latin-1", "replace").translate(table)


def unmarked(text: str) -> str:
    """Plain text without its markup: what stood on both sides of a tag within a word is joined."""
    return _TAG.sub(_seen, text) if "<" in text else text


def line_of(text: str, position: int, *, marked: str | None = None) -> int:
    """The line of a position (from 1); of ``unmarked(marked)`` the line in ``marked``."""
    if marked is None:
        return text.count("\n", 0, position) + 1
    gone = 0
    for found in _TAG.finditer(marked):
        if found.start() - gone > position:
            break
        gone += len(found[0]) - len(_seen(found))
    return marked.count("\n", 0, position + gone) + 1


def _seen(tag: re.Match[str]) -> str:
    return _parting(tag[1] or "")


@cache
def _parting(name: str) -> str:
    return _SIGNS[_PARTS.get(name.rpartition(":")[2].lower(), "")]


@cache
def _ascii(letter: str) -> str | None:
    """What a letter looks like; None where it is itself."""
    if letter < "\x80":
        return None
    category = unicodedata.category(letter)
    if category == "Nd":
        return str(unicodedata.digit(letter))
    if category == "Cf":
        return ""
    if category == "Zs":
        return " "
    if letter in _HYPHENS:
        return "-"
    folded = unicodedata.normalize("NFKC", letter)
    return folded if folded.isascii() and folded.isalnum() else None
