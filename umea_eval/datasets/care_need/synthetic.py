"""Made-up health centres named A, B, C …, with a planted truth.

No centre in these data exists, and no number is that of a real one: neither the listed persons, nor
the index, nor what the special assignment paid.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.datasets.care_need.measures.index import WEIGHTS
from umea_eval.intake.example import Simulated

EXTRACTION = dt.date(2024, 2, 1)
CENTRES = 38  # as many as the region had (published for 2022)
YEARS = (2019, 2020, 2021, 2022, 2023)
PAID_IN = (2021, 2022)  # the years of the special assignment
PAYMENT = 1_500_000.0  # kronor a centre and year (made up)
SMALLEST, TYPICAL = 1_500, 6_500  # listed persons (assumption)

# Shares of the listed at a usual centre, near those behind SCB's published mean (assumption), and
# how strongly each follows the circumstances of the area.
SHARES: Mapping[str, tuple[float, float]] = {
    "living_alone_65": (0.085, 0.1),
    "born_in_listed_regions": (0.095, 1.6),
    "unemployed_16_64": (0.058, 1.2),
    "single_parent": (0.020, 0.9),
    "moved_in": (0.105, 0.4),
    "low_education_25_64": (0.072, 0.9),
    "under_five": (0.055, 0.3),
}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """What ``simulate`` plants (assumptions).

    ``spread`` is that of the areas' circumstances (on the log scale) between centres. ``rising``:
    so much a year the circumstances of one centre worsen. ``special``: how many centres had the
    assignment; the last of them is the one nearest below the threshold, if there is any.
    """

    spread: float = 0.28
    rising: float = 0.08
    special: int = 3
    threshold: float = 1.1


def simulate(
    n: int = CENTRES, seed: int = 0, truth: Truth | None = None, *, numbers: Path
) -> Simulated:
    """Health centres of five years, and payments of two.

    ``n`` is the number of centres. ``numbers`` is not used: nobody is identified. The counts are
    drawn around the planted shares, so that an index computed from them differs from the true one
    by chance alone.

    The truth has ``cni`` (by year and centre, with the planted shares), ``above`` (centres over the
    threshold by year), ``rising`` (the centre that rises), ``special`` (those that were paid) and
    ``paid`` (kronor a year).
    """
    plan = truth or Truth()
    random = np.random.default_rng(seed)
    names = names_of(n)
    level = random.normal(0.0, plan.spread, n)
    first = np.maximum(SMALLEST, np.round(TYPICAL * np.exp(random.normal(0.0, 0.45, n))))
    growth = random.normal(0.006, 0.008, n)
    rising = int(random.integers(n))
    cni: dict[int, dict[str, float]] = {}
    parts = []
    for step, year in enumerate(YEARS):
        listed = np.round(first * (1 + growth) ** step)
        now = level + step * plan.rising * (np.arange(n) == rising)
        shares = {
            name: np.minimum(0.9, usual * np.exp(force * now))
            for name, (usual, force) in SHARES.items()
        }
        raw = sum((WEIGHTS[name] * share for name, share in shares.items()), np.zeros(n))
        index = raw / np.average(raw, weights=listed)
        cni[year] = {name: float(value) for name, value in zip(names, index, strict=True)}
        parts.append(_counts(names, year, listed, shares, random))
    special = _special(cni[PAID_IN[0]], plan)
    payments = pd.DataFrame(
        [(name, year, PAYMENT) for year in PAID_IN for name in sorted(special)],
        columns=["centre", "year", "amount"],
    )
    return Simulated(
        {
            "centres": pd.concat(parts, ignore_index=True),
            "payments": payments.astype({"centre": "str"}),
        },
        {
            "cni": cni,
            "above": {
                year: sorted(name for name, index in own.items() if index > plan.threshold)
                for year, own in cni.items()
            },
            "rising": names[rising],
            "special": sorted(special),
            "paid": PAYMENT * len(special),
        },
    )


def names_of(n: int) -> list[str]:
    """A, B, … Z, AA, AB, …: ``n`` names that no health centre has."""
    made = []
    for number in range(n):
        name, left = "", number + 1
        while left:
            left, digit = divmod(left - 1, 26)
            name = chr(ord("A") + digit) + name
        made.append(name)
    return made


def _counts(
    names: list[str],
    year: int,
    listed: Floats,
    shares: Mapping[str, Floats],
    random: np.random.Generator,
) -> pd.DataFrame:
    persons = listed.astype(np.int64)
    counts = {name: random.binomial(persons, share) for name, share in shares.items()}
    return pd.DataFrame({"centre": names, "year": year, "listed": persons, **counts}).astype(
        {"centre": "str"}
    )


def _special(index: Mapping[str, float], plan: Truth) -> list[str]:
    """The centres in most need but one, and the one nearest below the threshold."""
    ranked = sorted(index, key=lambda name: (-index[name], name))
    below = [name for name in ranked if index[name] <= plan.threshold]
    chosen = ranked[: plan.special]
    if below and below[0] not in chosen and plan.special > 1:
        chosen[-1] = below[0]
    return chosen
