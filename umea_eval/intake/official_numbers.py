"""Made-up persons: only Skatteverket's official test numbers, so that nobody in them exists."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from umea_eval.errors import UserError

PERSONNUMMER = "test_personnummer.csv"
SAMORDNINGSNUMMER = "test_samordningsnummer.csv"


def draw_numbers(
    numbers: Path,
    n: int,
    random: np.random.Generator,
    *,
    born: tuple[int, int],
    coordination: float = 0.0,
) -> list[str]:
    """Draw ``n`` different test numbers of twelve digits, of persons born in ``born`` (inclusive).

    ``numbers`` is the folder of the official lists. The first ``coordination`` share of them are
    samordningsnummer (as many as there are), the others personnummer. Raises UserError where the
    lists do not hold so many.
    """
    usual = _official(numbers / PERSONNUMMER, born)
    others = _official(numbers / SAMORDNINGSNUMMER, born) if coordination else []
    foreign = min(round(coordination * n), len(others))
    if n - foreign > len(usual):
        raise UserError("intake.too_few_test_numbers", most=len(usual) + foreign)
    return [
        *random.choice(others, foreign, replace=False).tolist(),
        *random.choice(usual, n - foreign, replace=False).tolist(),
    ]


def is_woman(number: str) -> bool:
    """Whether the tenth of twelve digits is even: a woman's or a girl's."""
    return int(number[10]) % 2 == 0


def _official(path: Path, born: tuple[int, int]) -> list[str]:
    first, last = born
    with path.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return [row[0] for row in rows if first <= int(row[0][:4]) <= last]
