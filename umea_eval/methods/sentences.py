"""How a method's words become a sentence."""

from __future__ import annotations

from umea_eval.language import Language, number, text


def sentence(key: str, language: Language, /, **values: object) -> str:
    """The catalogue's entry with a capital first letter."""
    words = text(key, language, **values)
    return words[:1].upper() + words[1:]


def p_value(p: float, language: Language) -> str:
    """``= 0,012`` or ``< 0,001``: a p-value is never printed as zero."""
    if p < 0.001:
        return "< " + number(0.001, language, 3)
    return "= " + number(p, language, 3)
