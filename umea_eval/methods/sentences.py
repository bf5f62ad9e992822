"""How a method's words become a sentence."""

from __future__ import annotations

from umea_eval.language import Language, text


def sentence(key: str, language: Language, /, **values: object) -> str:
    """The catalogue's entry with a capital first letter."""
    words = text(key, language, **values)
    return words[:1].upper() + words[1:]
