"""What else must not leave: pseudonyms, keys, names, places on a machine, addresses outside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from umea_eval.disclosure.scanning.texts import classes

Kind = Literal[
    "identity",
    "pseudonym",
    "key",
    "name",
    "path",
    "address",
    "hidden",
    "author",
    "notebook",
    "unreadable",
    "private",
]

# What looks like an address and is none: the name of a vocabulary, which no reader ever fetches.
NAMESPACES: Mapping[str, str] = {
    "http://www.w3.org/1999/": "SVG's xlink, XHTML and RDF",
    "http://www.w3.org/2000/": "SVG, XML Schema's data types and XML names",
    "http://www.w3.org/2001/": "XML Schema, in the parts of office files",
    "http://www.w3.org/1998/Math/": "MathML",
    "http://www.w3.org/XML/": "xml:lang",
    "http://www.w3.org/ns/": "PROV and CSVW, in RO-Crate",
    "http://purl.org/dc/": "Dublin Core, in the metadata of pictures and office files",
    "http://purl.org/dc/terms/": "Dublin Core terms",
    "http://creativecommons.org/ns#": "the licence element in the metadata of SVG",
    "http://schemas.openxmlformats.org/": "Word and Excel files (ECMA-376)",
    "http://purl.oclc.org/ooxml/": "Word and Excel files, strict (ISO/IEC 29500)",
    "http://schemas.microsoft.com/office/": "Microsoft's additions to Word and Excel files",
    "http://ns.adobe.com/": "XMP metadata",
    "http://www.aiim.org/pdfa/ns/": "the mark of PDF/A",
    "http://www.aiim.org/pdfua/ns/": "the mark of PDF/UA",
    "https://w3id.org/ro/": "RO-Crate's context and profile",
    "https://schema.org/": "the vocabulary of RO-Crate",
    "http://schema.org/": "the vocabulary of RO-Crate",
    "https://matplotlib.org/": "what matplotlib says of itself in every picture it writes",
}

_MARK = re.compile(r"//|mailto:", re.IGNORECASE)
_SCHEME = re.compile(r"\b(?:https?|ftps?|sftp|wss?|smb|file):$", re.IGNORECASE)
_HOST = re.compile(r"//[^\s\"'<>()\\]+")
# Without its scheme an address is one only where something is fetched or linked to.
_FETCHED = re.compile(
    r"(?:(?:src|href|action|data|poster|srcset)\s*=\s*\\?[\"']?"
    r"|url\(\s*\\?[\"']?|@import\s+\\?[\"'])\s*$",
    re.IGNORECASE,
)
_LONGEST_BEFORE = 24
_PLACE = re.compile(r"/(?:home|Users|root|tmp|private|mnt|srv|opt|Volumes|var)/[\w.-]")
# A letter of a drive and a folder; one backslash may also begin an escape (:\n). A server of the
# house is \\server\share, or as JSON has it.
_DRIVE = re.compile(
    r":(?:[\\/]{1,2}(?:Users|Documents|Windows|Temp|Program)\b"
    r"|(?:/|\\{2}|\\(?![nrtbfuvx0-9]))\w[\w .()-]*[\\/])"
)
_SERVER = re.compile(r"(?<!\\)(\\{2}|\\{4})[A-Za-z][\w.-]+\\{1,2}[\w.$-]{2,}")
_HEXADECIMAL = bytes(
    ord("h") if chr(byte) in "0123456789abcdefABCDEF" else 0 for byte in range(256)
)
_PSEUDONYM = 32
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|UMEA_EVAL_KEY\W{1,4}[0-9a-fA-F]{16}")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Known:
    """What one project must not let out, besides what looks the same everywhere.

    ``names`` are the words of each name, casefolded. ``secrets`` are the ways in which its key may
    be written, and ``places`` the folders of this machine; neither is ever shown. ``test_numbers``
    (ten digits each) are official ones that belong to nobody: source code may hold them.
    """

    names: frozenset[tuple[str, ...]] = frozenset()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    places: tuple[str, ...] = field(default=(), repr=False)
    test_numbers: frozenset[str] = field(default=frozenset(), repr=False)


def in_seen_text(text: str, known: Known) -> Iterator[tuple[Kind, int]]:
    """Pseudonyms, keys and names in text without markup, with their positions."""
    for at in _of_length(classes(text, _HEXADECIMAL), _PSEUDONYM):
        if not text[at - 1 : at].isalnum() and not text[at + _PSEUDONYM :][:1].isalnum():
            yield "pseudonym", at
    for found in _PRIVATE_KEY.finditer(text):
        yield "key", found.start()
    folded = text.casefold() if known.secrets else ""
    for secret in known.secrets:
        place = folded.find(secret.casefold())
        if place >= 0:
            yield "key", place
    yield from _names(text, known)


def in_source(text: str, known: Known) -> Iterator[tuple[Kind, int]]:
    """Places on a machine and addresses in text with its markup."""
    for found in _PLACE.finditer(text):
        before = text[found.start() - 1 : found.start()]
        if not (before.isalnum() or before in ("_", ".", "~")) or not before:
            yield "path", found.start()
    for found in _DRIVE.finditer(text):
        drive = text[max(found.start() - 2, 0) : found.start()]
        if drive[-1:].isalpha() and not drive[:-1].isalpha():
            yield "path", found.start()
    for found in _SERVER.finditer(text):
        yield "path", found.start()
    for place in known.places:
        at = text.find(place)
        if at >= 0:
            yield "path", at
    for found in _MARK.finditer(text):
        if _is_address(text, found):
            yield "address", found.start()


def _is_address(text: str, mark: re.Match[str]) -> bool:
    at = mark.start()
    if mark[0] != "//":
        return True
    scheme = _SCHEME.search(text, max(at - 8, 0), at)
    begins = scheme.start() if scheme else at
    fetched = _FETCHED.search(text, max(begins - _LONGEST_BEFORE, 0), begins)
    host = _HOST.match(text, at)
    if not scheme or not host:
        return bool(fetched and host)
    # A namespace that is linked to or fetched is an address like any other.
    whole = scheme[0].lower() + host[0]
    return bool(fetched) or not any(whole.startswith(name) for name in NAMESPACES)


def _of_length(marks: bytes, size: int) -> Iterator[int]:
    """Where exactly ``size`` marks stand in a row."""
    at = marks.find(b"h" * size)
    while at >= 0:
        end = at + size
        while marks[end : end + 1] == b"h":
            end += 1
        if end - at == size:
            yield at
        at = marks.find(b"h" * size, end)


def without_names(text: str, names: Iterable[tuple[str, ...]]) -> str:
    """The text with every name in it replaced by an ellipsis."""
    spans = list(_spans(text, names))
    for start, end in reversed(spans):
        text = text[:start] + "…" + text[end:]
    return text


def _names(text: str, known: Known) -> Iterator[tuple[Kind, int]]:
    for start, _ in _spans(text, known.names):
        yield "name", start


def _spans(text: str, names: Iterable[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    """Where names stand: as whole words, also in the genitive.

    A name of several words also with the last one first, and as an address or a log-in writes it.
    """
    starts: dict[str, list[tuple[str, ...]]] = {}
    # The longest first: a name and surname are one name.
    forms = {form for name in names for form in _forms(name)}
    for name in sorted(forms, key=lambda words: (-len(words), words)):
        starts.setdefault(name[0], []).append(name)
    if not starts:
        return
    found = [(word[0].casefold(), word.start(), word.end()) for word in _WORD.finditer(text)]
    words = [word for word, _, _ in found]
    after = 0
    for place, (word, start, _) in enumerate(found):
        if place < after:
            continue
        for first in dict.fromkeys((word, word.removesuffix("s"))):
            size = next((len(n) for n in starts.get(first, ()) if _is(words[place:], n)), 0)
            if size:
                after = place + size
                yield start, found[after - 1][2]
                break


def _forms(name: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The ways in which a name is written. One word alone is only itself: Pär is no par."""
    yield name
    if len(name) > 1:
        for form in (name, (name[-1], *name[:-1])):
            yield form
            yield tuple(_bare(word) for word in form)


def _bare(word: str) -> str:
    """A word without the marks of its letters: åsa is asa."""
    return "".join(each for each in unicodedata.normalize("NFD", word) if each.isalnum())


def _is(words: Sequence[str], name: tuple[str, ...]) -> bool:
    rest = words[: len(name)]
    if len(rest) < len(name):
        return False
    last = rest[-1].removesuffix("s")
    return [*rest[:-1], last] in (list(name), [*name[:-1], name[-1].removesuffix("s")])
