"""What a confidence may be."""

from __future__ import annotations

from umea_eval.errors import UserError


def check_confidence(confidence: float) -> None:
    """A UserError unless the confidence lies between 0 and 1."""
    if not 0 < confidence < 1:
        raise UserError("methods.confidence", confidence=str(confidence))
