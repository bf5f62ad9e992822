"""For whom is a report? ``publik`` may leave; ``intern`` is working material under secrecy.

The internal edition shows everything that the public one suppresses. It is marked on every page,
lies in a folder of its own that only its owner can open, and is never released. Without it people
would go round the tool.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from umea_eval.errors import UserError
from umea_eval.language import Language

Edition = Literal["publik", "intern"]
PUBLIK, INTERN = "publik", "intern"
EDITIONS: tuple[Edition, ...] = ("publik", "intern")
# Before the name of each file that can be passed on by itself.
SECRET: Mapping[Language, str] = {"sv": "sekretess", "en": "secret"}


def find_edition(name: str, language: Language = "sv") -> Edition:
    """The edition of that name. An unknown name is refused: it never means an open report."""
    for edition in EDITIONS:
        if edition == name:
            return edition
    known = ", ".join(EDITIONS)
    raise UserError("disclosure.errors.edition", language=language, name=name, known=known)


def edition_of(record: Mapping[str, Any]) -> str:
    """The edition of a report's record or manifest; one that says nothing is the public one."""
    return str(record.get("edition", PUBLIK))


def is_secret(record: Mapping[str, Any]) -> bool:
    """Whether a report must not be handed out: every edition but the public one."""
    return edition_of(record) != PUBLIK
