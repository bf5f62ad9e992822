"""A page for each error code: why the product stops, and how it is mended. A leaf.

Codes lie in ``errors.toml`` beside this module and in the rooms that have words of their own. Each
names the messages that it belongs to, so that every message leads to a page::

    [E103]
    keys = ["intake.password"]  # "methods.inputs." is every message below it
    [E103.sv]
    title = "…"  # what has happened
    why = "…"  # why that stops the product
    mend = ["…", "…"]  # what to do, in order

``umea-eval help E103`` shows a page in the terminal; the documentation shows the same.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from umea_eval.language import LANGUAGES, Language, catalogue, rooms, text

_INSERTED = re.compile(r"\{(\w+)[^{}]*\}")
_CHOICE = re.compile(r"\{\w+:\?([^|{}]*)\|[^{}]*\}")


@dataclass(frozen=True)
class Page:
    """What one code means, in both languages. ``keys`` are those of the messages it belongs to."""

    code: str
    keys: tuple[str, ...]
    title: Mapping[Language, str]
    why: Mapping[Language, str]
    mend: Mapping[Language, tuple[str, ...]]


@cache
def pages() -> Mapping[str, Page]:
    """Every page by its code, in order."""
    home = Path(__file__).parent
    keys: dict[str, list[str]] = {}
    words: dict[str, Mapping[Language, Mapping[str, object]]] = {}
    for file in (
        home / "errors.toml",
        *(path.with_name("errors.toml") for path in rooms().values()),
    ):
        if not file.is_file():
            continue
        for code, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
            keys.setdefault(code, []).extend(entry.pop("keys", []))
            if entry:
                words[code] = entry
    return {code: _page(code, tuple(keys[code]), words[code]) for code in sorted(words)}


def _page(code: str, keys: tuple[str, ...], words: Mapping[Language, Mapping[str, object]]) -> Page:
    def said(name: str) -> Mapping[Language, str]:
        return {language: str(words[language][name]) for language in LANGUAGES}

    steps: dict[Language, tuple[str, ...]] = {}
    for language in LANGUAGES:
        given = words[language]["mend"]
        steps[language] = tuple(given) if isinstance(given, list) else ()
    return Page(code, keys, said("title"), said("why"), steps)


@cache
def code_of(key: str) -> str | None:
    """The code of the message ``key``, None where it has none: the nearest name that is given."""
    best, length = None, 0
    for page in pages().values():
        for given in page.keys:
            fits = key.startswith(given) if given.endswith((".", "_")) else key == given
            if fits and len(given) > length:
                best, length = page.code, len(given)
    return best


def messages(code: str, language: Language) -> list[str]:
    """The messages that lead to a page, with … where a value stands."""
    known = {key: words for room in (None, *rooms()) for key, words in catalogue(room).items()}
    return sorted({_blank(words[language]) for key, words in known.items() if code_of(key) == code})


def _blank(words: str) -> str:
    words = _INSERTED.sub("…", _CHOICE.sub(r"\1", words.replace("{{", "\0").replace("}}", "\1")))
    return words.replace("\0", "{").replace("\1", "}").strip()


def terminal_page(page: Page, language: Language) -> str:
    """A page as plain text."""
    return "\n\n".join(
        [
            f"{page.code}  {page.title[language]}",
            page.why[language],
            text("help.mend", language)
            + "".join(f"\n  {n}. {step}" for n, step in enumerate(page.mend[language], 1)),
            text("help.messages", language)
            + "".join(f"\n  – {line}" for line in messages(page.code, language)),
        ]
    )
