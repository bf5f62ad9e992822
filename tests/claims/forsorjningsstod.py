"""Households with ekonomiskt bistånd over two years, where women and men differ or do not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.claims.counting import Case
from umea_eval.datasets.forsorjningsstod import claims
from umea_eval.datasets.forsorjningsstod.results import Choices
from umea_eval.datasets.forsorjningsstod.synthetic import PUBLISHED_CASES

WORLDS = (
    *("season", "trend", "autocorrelation", "reporting", "system", "regression"),
    *("all of them", "difference"),
)
# Umeå, and municipalities around it in proportion to their size.
SIZES = (PUBLISHED_CASES, 240, 110, 60)
EXTRACTION = pd.Timestamp("2024-02-01")
CHOICES = Choices(2023)
LONG = 0.33  # of the households have long-term support
OUTSIDE = 0.06  # a difference just outside the margin of five percentage points


def draw(
    world: str, seed: int, *, difference: float | None = None, size: int | None = None
) -> Case:
    """One report. ``difference``: women minus men, else that of the world."""
    random = np.random.default_rng([1, seed])
    if difference is None:
        difference = random.choice((-OUTSIDE, OUTSIDE)) if world == "difference" else 0.0
    n = SIZES[int(random.integers(len(SIZES)))] if size is None else size
    made = payments(random, n, world, difference)
    return Case(
        world,
        claims.of_data({"payments": made}, EXTRACTION, CHOICES),
        {"sex": difference},
        {},
    )


def payments(random: np.random.Generator, n: int, world: str, difference: float) -> pd.DataFrame:
    """The clean payments of 2022 and 2023."""

    def holds(*names: str) -> bool:
        return world in (*names, "all of them")

    women = random.random(n) < 0.47
    share = LONG + difference * (women - 0.5)
    earlier = random.random(n) < share
    if holds("regression"):  # asked for because the difference was large the year before
        again = random.random(n) < share
        earlier = max((earlier, again), key=lambda one: abs(one[women].mean() - one[~women].mean()))
    stays = random.random(n) < (0.6 if holds("autocorrelation") else 0.35)
    now = np.where(stays & (difference == 0), earlier, random.random(n) < share)
    before = random.random(n) < (0.45 if holds("trend") else 0.6)
    on = np.concatenate(
        [
            _year(random, earlier, holds("season")) & before[:, None],
            _year(random, now, holds("season")),
        ],
        axis=1,
    )
    household, month = np.nonzero(on)
    codes = household.copy()
    if holds("system"):  # some households get a new number in the new record system
        renumbered = random.random(n) < 0.15
        codes = np.where(renumbered[household] & (month >= 21), codes + n, codes)
    amount = np.round(random.normal(9_000, 1_500, len(month)).clip(500))
    rows = pd.DataFrame(
        {
            "household": np.char.add("h", codes.astype(str)),
            "month": (np.datetime64("2022-01") + month).astype("datetime64[us]"),
            "support_kind": "livelihood",
            "amount": amount,
            "person": np.char.add("p", household.astype(str)),
            "person_sex": np.where(women[household], "women", "men"),
        }
    )
    if holds("reporting"):  # a new routine: what is paid twice is now taken back in the books
        back = rows[(month >= 18) & (random.random(len(rows)) < 0.06)]
        rows = pd.concat([rows, back.assign(amount=-back["amount"])], ignore_index=True)
    return rows


def _year(random: np.random.Generator, long: np.ndarray, season: bool) -> np.ndarray:
    """Months of a year with support: one run, of ten months or more or of fewer."""
    n = len(long)
    length = np.where(long, random.integers(10, 13, n), random.integers(1, 10, n))
    weight = np.array([9, 9, 8, 8, 7, 9, 12, 12, 9, 8, 8, 9]) if season else np.ones(12)
    start = random.choice(12, n, p=weight / weight.sum())
    start = np.minimum(start, 12 - length)
    months = np.arange(12)
    return (months >= start[:, None]) & (months < (start + length)[:, None])
