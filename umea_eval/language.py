"""The Swedish and English catalogue, and every number's format. A leaf: all may import it.

Words lie in ``words.toml`` files: the product's own beside this module, and one in any room that
has words of its own (a dataset's folder, ``methods``). A key's first part chooses the file:
``key_figures.audit.sum`` is read from ``datasets/key_figures/words.toml``, and a key whose first
part is no such room from the product's own file.
Every entry has both languages::

    [errors.no_file]
    sv = "Filen {file} finns inte."
    en = "The file {file} does not exist."

Values are inserted by ``str.format``; a number takes one of these formats:

=============  ==========================================  ==================  ==============
format         meaning                                     sv                  en
=============  ==========================================  ==================  ==============
``{n:n}``      whole number, thousands apart               ``16 808``          ``16,808``
``{x:d1}``     one decimal (d0 to d9)                      ``12,3``            ``12.3``
``{x:p1}``     a percentage (already times 100)            ``12,3 %``          ``12.3%``
``{n:?a|b}``   a if n is 1, else b                         ``rad``, ``rader``  ``row``, ``rows``
=============  ==========================================  ==================  ==============
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

Language = Literal["sv", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Words = str | Mapping[Language, str]
"""A key of the catalogue, or the words themselves in each language."""

# Narrow no-break space: a thousands separator that never breaks the line (Svenska skrivregler).
THIN_SPACE = "\u202f"
NO_BREAK_SPACE = "\u00a0"
MINUS = "\u2212"
MISSING = {"sv": "uppgift saknas", "en": "not available"}

_PACKAGE = Path(__file__).parent


def number(value: float | Decimal, language: Language, decimals: int | None = None) -> str:
    """Write a number as the language does.

    ``decimals=None`` keeps the digits that the value has (a Decimal keeps its trailing zeros).
    Halves are rounded away from zero, as Swedish readers expect of a printed figure.
    """
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if exact.is_nan():
        return MISSING[language]
    if decimals is not None:
        exact = exact.quantize(Decimal(1).scaleb(-decimals), rounding="ROUND_HALF_UP")
    grouped = f"{abs(exact):,f}"
    if language == "sv":
        grouped = grouped.replace(",", THIN_SPACE).replace(".", ",")
    # A value that rounds to zero has no sign.
    return MINUS + grouped if exact < 0 else grouped


def percent(value: float | Decimal, language: Language, decimals: int | None = None) -> str:
    """Write a percentage (12.3 is 12,3 %)."""
    return number(value, language, decimals) + (NO_BREAK_SPACE + "%" if language == "sv" else "%")


class _Formatter(string.Formatter):
    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec.startswith("?"):
            one, many = format_spec[1:].split("|")
            return one if value == 1 else many
        if format_spec == "n":
            return number(value, self.language, 0)
        if format_spec[:1] in ("d", "p") and format_spec[1:].isdigit():
            write = percent if format_spec[0] == "p" else number
            return write(value, self.language, int(format_spec[1:]))
        if not format_spec and isinstance(value, Decimal):
            return number(value, self.language)
        return str(super().format_field(value, format_spec))


@cache
def rooms() -> Mapping[str, Path]:
    """The rooms that have words of their own, each with its file."""
    return {path.parent.name: path for path in sorted(_PACKAGE.glob("*/**/words.toml"))}


@cache
def catalogue(room: str | None = None) -> Mapping[str, Mapping[str, str]]:
    """All entries of one words file, by full key: a room's, or the product's own."""
    path = rooms()[room] if room else _PACKAGE / "words.toml"
    with path.open("rb") as file:
        tree = tomllib.load(file)
    entries: dict[str, Mapping[str, str]] = {}

    def walk(node: Mapping[str, Any], prefix: str) -> None:
        for name, child in node.items():
            key = f"{prefix}.{name}" if prefix else name
            if set(child) == set(LANGUAGES):
                entries[key] = child
            else:
                walk(child, key)

    walk(tree, room or "")
    return entries


def has_text(key: str) -> bool:
    """Whether the catalogue has this key."""
    return key in _file_of(key)


def text(key: str, language: Language, /, **values: object) -> str:
    """The entry ``key`` in ``language`` with its values filled in.

    A missing key is a bug and raises KeyError.
    """
    return _Formatter(language).format(_file_of(key)[key][language], **values)


def fill(words: Words, language: Language, /, **values: object) -> str:
    """Words of the catalogue or words given on the spot, in ``language``, with values filled in.

    Raises KeyError for a key that the catalogue does not have or a language that is not given.
    """
    if isinstance(words, str):
        return text(words, language, **values)
    return _Formatter(language).format(words[language], **values)


def listing(words: Sequence[str], language: Language, *, last: Literal["and", "or"] = "and") -> str:
    """``a, b och c``, or with ``last="or"`` ``a, b eller c``."""
    if len(words) < 2:
        return "".join(words)
    swedish = {"and": "och", "or": "eller"}[last]
    return f"{', '.join(words[:-1])} {swedish if language == 'sv' else last} {words[-1]}"


def _file_of(key: str) -> Mapping[str, Mapping[str, str]]:
    room = key.split(".", 1)[0]
    return catalogue(room if room in rooms() else None)
