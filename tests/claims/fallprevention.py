"""Reports of falls over two years in homes whose falls change or do not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from tests.claims.counting import Case
from umea_eval.datasets.fallprevention import claims, results
from umea_eval.datasets.fallprevention.results import Choices
from umea_eval.datasets.fallprevention.synthetic import PLACES, PUBLISHED_FALLS, UNITS, Truth

WORLDS = (
    *("season", "trend", "autocorrelation", "reporting", "system", "regression"),
    *("all of them", "fewer falls, more reports", "other rate", "difference"),
)
# Umeå, twice that, and a smaller municipality.
HOMES = (UNITS, 2 * UNITS, 12)
PLANTED = Truth()
OUTSIDE = 1.4  # a ratio just outside the margin of 1.25
MEN_TO_WOMEN = 2.5  # how much oftener women fall in the world of a difference
MONTHS = 24
# What is reported, and what chance gave all homes at once, is not what the truth is of; nor is a
# year that was chosen because it was high.
UNLIKE = dict.fromkeys(
    ("autocorrelation", "reporting", "regression", "all of them", "fewer falls, more reports"),
    frozenset({"change"}),
)


def draw(
    world: str,
    seed: int,
    *,
    ratio: float | None = None,
    oftener: float | None = None,
    homes: int | None = None,
    scale: float = 1.0,
    whole: bool = False,
) -> Case:
    """One report, ``whole`` from clean tables, else from what they are summed to.

    ``ratio``: of the true falls, the year over the year before; ``oftener``: women's falls over
    men's; ``scale``: of all falls. Without them what the world says.
    """
    random = np.random.default_rng([2, seed])
    trend = float(random.choice((-0.15, 0.15))) if world in ("trend", "all of them") else 0.0
    if ratio is None:
        ratio = float(np.exp(trend))
        if world == "other rate":
            ratio = float(random.choice((OUTSIDE, 1 / OUTSIDE)))
        if world == "fewer falls, more reports":
            ratio = 0.7
    if oftener is None:
        oftener = MEN_TO_WOMEN if world == "difference" else 1.0
    count = HOMES[int(random.integers(len(HOMES)))] if homes is None else homes
    year = 2024 if world == "system" else 2023
    drawn = drawn_falls(random, count, world, ratio=ratio, oftener=oftener, scale=scale)
    if whole or world == "system":
        clean = {
            "deviations": _deviations(random, drawn, year),
            "resident_days": _days(drawn.places, year),
        }
        found = claims.of_data(clean, dt.date(year + 1, 2, 1), Choices(year))
    else:
        kinds = {
            "fall": _per_unit(drawn.hurt + drawn.unhurt, drawn),
            "injured": _per_unit(drawn.hurt, drawn),
        }
        made = {
            "change": results.change_of(kinds, year="2023", before="2022"),
            "difference": results.sex_difference(_fallers(random, drawn, slice(12, 24))),
        }
        found = claims.of_tables(made, Choices(2023))
    truth = {"sex": difference_of_fallers(oftener, scale)}
    if world != "system":  # no claim of a change over a change of the record system
        truth["change"] = ratio
    return Case(world, found, truth, {}, UNLIKE.get(world, frozenset()))


@dataclass(frozen=True)
class Drawn:
    """Homes and residents, and the reported falls of each resident by month (two years)."""

    places: np.ndarray
    home: np.ndarray
    women: np.ndarray
    hurt: np.ndarray
    unhurt: np.ndarray


def drawn_falls(
    random: np.random.Generator,
    homes: int,
    world: str,
    *,
    ratio: float,
    oftener: float,
    scale: float,
) -> Drawn:
    """Residents of the homes and the falls of theirs that are reported."""

    def holds(*names: str) -> bool:
        return world in (*names, "all of them")

    places = random.permutation(np.resize(PLACES, homes))
    home = np.repeat(np.arange(homes), places)
    n = len(home)
    women = random.random(n) < 0.45
    # A tenth of the residents are others in the second year.
    frailty = np.repeat(_frailty(random, n)[:, None], 2, axis=1)
    others = random.random(n) < 0.10
    frailty[others, 1] = _frailty(random, int(others.sum()))
    culture = np.exp(random.normal(0, PLANTED.culture, homes))
    usual = culture[home] * np.where(women, oftener, 1.0)
    # As many falls as published, in expectation, whatever the homes are.
    usual *= scale * PUBLISHED_FALLS * (n / 180) / usual.sum()
    month = np.ones(MONTHS) / 12
    if holds("season"):
        month = month * (1 + 0.25 * np.cos(2 * np.pi * np.arange(MONTHS) / 12))
    course = np.ones((homes, MONTHS))
    if holds("autocorrelation"):
        course = np.exp(_shocks(random, homes, 0.30) + _shocks(random, 1, 0.08))
    rate = usual[:, None] * np.repeat(frailty, 12, axis=1) * month * course[home]
    rate[:, 12:] *= ratio
    falls = random.poisson(rate)
    if holds("regression"):  # evaluated because the year before had many falls
        again = random.poisson(rate[:, :12])
        if again.sum() > falls[:, :12].sum():
            falls[:, :12] = again
    hurt = random.binomial(falls, PLANTED.injured)
    unhurt = falls - hurt
    if holds("reporting", "fewer falls, more reports"):
        # A routine at the turn of the year: unhurt falls are reported oftener, hurt ones hardly.
        unhurt[:, :12] = random.binomial(unhurt[:, :12], 0.65)
        hurt[:, :12] = random.binomial(hurt[:, :12], 0.97)
    if world == "system":  # the new system counts more
        unhurt[:, 21:] += random.binomial(unhurt[:, 21:], 0.4)
    return Drawn(places, home, women, hurt, unhurt)


def _frailty(random: np.random.Generator, n: int) -> np.ndarray:
    return random.gamma(PLANTED.frailty, 1 / PLANTED.frailty, n)


def _shocks(random: np.random.Generator, rows: int, spread: float) -> np.ndarray:
    """Months that hang together (0.6), of mean zero and this standard deviation."""
    made = np.empty((rows, MONTHS))
    made[:, 0] = random.normal(0, spread, rows)
    for at in range(1, MONTHS):
        made[:, at] = 0.6 * made[:, at - 1] + random.normal(0, 0.8 * spread, rows)
    return made - spread**2 / 2


def _deviations(random: np.random.Generator, drawn: Drawn, year: int) -> pd.DataFrame:
    cells = [np.repeat(np.arange(part.size), part.ravel()) for part in (drawn.hurt, drawn.unhurt)]
    cell = np.concatenate(cells)
    resident, month = np.divmod(cell, MONTHS)
    first = np.datetime64(f"{year - 1}-01")
    day = (first + month).astype("datetime64[D]") + random.integers(0, 28, len(cell))
    named = random.random(len(cell)) >= PLANTED.unnamed
    sex = np.where(drawn.women[resident], "women", "men")
    return pd.DataFrame(
        {
            "happened_on": day.astype("datetime64[us]"),
            "municipality": "Umeå",
            "unit": np.char.add("home ", drawn.home[resident].astype(str)),
            "kind": "fall",
            "injury": np.arange(len(cell)) < len(cells[0]),
            "resident": np.where(named, np.char.add("r", resident.astype(str)), None),
            "resident_sex": np.where(named, sex, None),
        }
    )


def _days(places: np.ndarray, year: int) -> pd.DataFrame:
    months = np.datetime64(f"{year - 1}-01") + np.arange(MONTHS)
    length = (months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")
    return pd.DataFrame(
        {
            "municipality": "Umeå",
            "unit": np.repeat(np.char.add("home ", np.arange(len(places)).astype(str)), MONTHS),
            "month": np.tile(months.astype("datetime64[us]"), len(places)),
            "basis": "places",
            "places": np.repeat(places, MONTHS),
            "resident_days": (places[:, None] * length.astype(np.int64)).ravel().astype(float),
        }
    )


def _per_unit(falls: np.ndarray, drawn: Drawn) -> pd.DataFrame:
    """Events and resident-days by home and year: what ``results.change`` sums the tables to."""
    homes = len(drawn.places)
    year = np.stack([falls[:, :12].sum(axis=1), falls[:, 12:].sum(axis=1)])
    events = [np.bincount(drawn.home, part, homes) for part in year]
    return pd.DataFrame(
        {
            "unit": np.tile(np.arange(homes).astype(str), 2),
            "year": np.repeat(["2022", "2023"], homes),
            "events": np.concatenate(events),
            "days": np.tile(drawn.places * 365.0, 2),
        }
    )


def _fallers(random: np.random.Generator, drawn: Drawn, months: slice) -> pd.DataFrame:
    """Who fell in these months and who fell again, by sex: what ``results.fallers`` counts."""
    known = random.binomial((drawn.hurt + drawn.unhurt)[:, months], 1 - PLANTED.unnamed).sum(axis=1)
    rows = [
        (sex, int((known[group] >= 1).sum()), int((known[group] >= 2).sum()))
        for sex, group in (("women", drawn.women), ("men", ~drawn.women))
    ]
    return pd.DataFrame(rows, columns=["sex", "fallers", "repeaters"])


@cache
def difference_of_fallers(oftener: float, scale: float) -> float:
    """Women minus men in the share who fall at least twice of those who fall in a year: by drawing
    very many residents as they are drawn above.
    """
    if oftener == 1:
        return 0.0
    random = np.random.default_rng(7)
    homes, size = 200_000, 8
    culture = np.exp(random.normal(0, PLANTED.culture, homes))
    women = random.random(homes * size) < 0.45
    usual = np.repeat(culture, size) * np.where(women, oftener, 1.0)
    usual *= scale * PUBLISHED_FALLS / 180 / usual.mean()
    known = random.poisson(usual * _frailty(random, len(usual)) * (1 - PLANTED.unnamed))
    shares = [(known[group] >= 2).sum() / (known[group] >= 1).sum() for group in (women, ~women)]
    return float(shares[0] - shares[1])
