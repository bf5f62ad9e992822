"""Printed text as it is read: without the marks that only keep a line together."""

from __future__ import annotations

from umea_eval.language import MINUS, NO_BREAK_SPACE, THIN_SPACE


def plain(text: str) -> str:
    return text.replace(NO_BREAK_SPACE, " ").replace(THIN_SPACE, " ").replace(MINUS, "-")
