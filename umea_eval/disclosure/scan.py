"""May these files leave? Every file of a report is read before it gets its place.

A hit withholds the report. What is said of it is the file, the place and the kind, never the value.
"""

from __future__ import annotations

import base64
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from umea_eval.disclosure.profiles import Withheld
from umea_eval.disclosure.scanning.documents import readings
from umea_eval.disclosure.scanning.marks import Kind, Known, in_seen_text, in_source
from umea_eval.disclosure.scanning.numbers import identity_numbers, split_numbers, tables_of
from umea_eval.disclosure.scanning.texts import line_of, plain, unmarked
from umea_eval.errors import UserError
from umea_eval.language import Language, text
from umea_eval.settings import NAMES, Settings

_KEY_VARIABLE = "UMEA_EVAL_KEY"
_SHOWN = 5
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Hit:
    """Something that must not leave: where it stands and what it is, never the thing itself.

    ``line`` counts from 1; ``part`` is the place within a document that is no text (an office
    file's member, a PDF's stream), or nothing. ``file`` is shown without what may identify.
    """

    file: str
    line: int
    kind: Kind
    part: str = ""

    def text(self, language: Language) -> str:
        """The hit in words."""
        key = "disclosure.scan.place_part" if self.part else "disclosure.scan.place"
        kind = text(f"disclosure.scan.kind_{self.kind}", language)
        return text(key, language, file=self.file, line=self.line, part=self.part, kind=kind)


def scan(files: Mapping[str, bytes], known: Known) -> list[Hit]:
    """All hits in ``files`` (content by name), in the order of the names.

    Looks for: valid identity numbers in any form, also split by markup, over cells, as entities or
    escapes; pseudonyms (any 32 hexadecimal digits: a report has no checksum of that length); key
    material; the project's names; places on this or another machine; addresses outside; hidden
    sheets, authors and other traces in documents, pictures and notebooks. A file that cannot be
    read is a hit, since nobody can say that it may leave.
    """
    return [hit for name in sorted(files) for hit in _file(name, files[name], known)]


def check_release(
    files: Mapping[str, bytes], settings: Settings, *, language: Language = "sv", folder: str = ""
) -> None:
    """Raise Withheld if something in ``files``, or in the name of their ``folder``, must not leave.

    Called before a report gets its place: what is withheld has never lain in the reports' folder.
    """
    known = known_of(settings)
    hits = scan(files, known)
    if folder and any(True for _ in _marks(folder, known)):
        hits.insert(0, Hit("…", 1, next(_marks(folder, known))[0]))
    if hits:
        # First where the reader can look: on the page rather than in a part of a document.
        hits.sort(key=lambda hit: bool(hit.part))
        raise Withheld("disclosure.errors.scan", language=language, **told(hits, language))


def told(hits: Sequence[Hit], language: Language) -> dict[str, object]:
    """The values of a message about hits: how many, and the first of them in words."""
    distinct = list(dict.fromkeys(hit.text(language) for hit in hits))
    more = text("disclosure.scan.more", language, n=len(distinct) - _SHOWN)
    shown = "; ".join(distinct[:_SHOWN]) + (f" {more}" if len(distinct) > _SHOWN else "")
    return {"n": len(distinct), "hits": shown}


def known_of(settings: Settings) -> Known:
    """What the project knows that must not leave: its names, its key, this machine's folders.

    Raises UserError for a list of names that cannot be read.
    """
    return Known(
        names=read_names(settings.root / NAMES),
        secrets=tuple(_secrets(settings.key)),
        places=tuple(_places(settings.root)),
    )


def read_names(path: Path) -> frozenset[tuple[str, ...]]:
    """The names of a list: one a line, ``#`` begins a remark, a missing file has none."""
    try:
        written = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return frozenset()
    except (OSError, UnicodeDecodeError):
        raise UserError("disclosure.errors.names_unreadable", file=path.name) from None
    # As the texts are read: a list made on a Mac has the ring of an å apart.
    lines = (plain(line.partition("#")[0]) for line in written.splitlines())
    names = (tuple(word.casefold() for word in _WORD.findall(line)) for line in lines)
    return frozenset(name for name in names if name)


def is_clean(value: str, known: Known) -> bool:
    """Whether a short text, such as a parameter or a file's name, may be shown."""
    return next(_marks(value, known), None) is None


def _file(name: str, content: bytes, known: Known) -> Iterator[Hit]:
    marks = list(_marks(name, known))
    shown = f"….{name.rpartition('.')[2]}" if marks else name
    seen: set[Hit] = set()

    def new(hit: Hit) -> bool:
        fresh = hit not in seen
        seen.add(hit)
        return fresh

    for kind, _ in marks:
        if new(hit := Hit(shown, 0, kind)):
            yield hit
    for reading in readings(name, content):
        for kind, line in _text(reading.text, known, comma_parts=reading.comma_parts):
            if new(hit := Hit(shown, line, kind, reading.inside)):
                yield hit
        for kind, at in reading.found:
            if new(hit := Hit(shown, line_of(reading.text, at), kind, reading.inside)):
                yield hit


def _text(given: str, known: Known, *, comma_parts: bool) -> Iterator[tuple[Kind, int]]:
    """The marks of one text with their lines: first as it is written, then as it is read."""
    source = plain(given)
    seen = unmarked(source)
    spared = known.test_numbers
    for kind, at in (*in_source(source, known), *in_seen_text(source, known)):
        yield kind, line_of(source, at)
    for at in identity_numbers(source, comma_parts=comma_parts, spared=spared):
        yield "identity", line_of(source, at)
    if seen is not source:
        for kind, at in in_seen_text(seen, known):
            yield kind, line_of(seen, at, marked=source)
        for at in identity_numbers(seen, comma_parts=comma_parts, spared=spared):
            yield "identity", line_of(seen, at, marked=source)
    for places, rows in tables_of(seen):
        for row in split_numbers(rows, spared):
            marked = source if seen is not source else None
            yield "identity", line_of(seen, places[row], marked=marked)


def _marks(value: str, known: Known) -> Iterator[tuple[Kind, int]]:
    read = plain(value)
    yield from (("identity", at) for at in identity_numbers(read, spared=known.test_numbers))
    yield from in_seen_text(read, known)
    yield from in_source(read, known)


def _secrets(path: Path) -> Iterator[str]:
    """The key as it could be written: hexadecimal as in its file, and base64."""
    given = os.environ.get(_KEY_VARIABLE)
    try:
        written = [path.read_text(encoding="ascii")] if path.is_file() else []
    except (OSError, UnicodeDecodeError):
        written = []  # what uses the key says what is wrong with it
    for each in (*written, *([given] if given else [])):
        bare = each.strip()
        if not bare:
            continue
        yield bare
        try:
            yield base64.b64encode(bytes.fromhex(bare)).decode().rstrip("=")
        except ValueError:
            continue


def _places(root: Path) -> Iterator[str]:
    """This machine's own folders, as a path and as JSON and Python write it on Windows."""
    for folder in (root, Path.home(), Path(tempfile.gettempdir())):
        if len(folder.parts) > 2:  # /data alone is a word like any other
            written = str(folder)
            yield from {written, written.replace("\\", "\\\\"), folder.as_posix()}
