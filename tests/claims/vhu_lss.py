"""Eligible persons in eight areas where VHU was introduced by turns, with an effect or without."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import ndtri

from tests.claims.counting import Case
from umea_eval.datasets.vhu_lss import claims, results
from umea_eval.datasets.vhu_lss.results import FOLLOWED, Choices, municipality_names
from umea_eval.datasets.vhu_lss.synthetic import (
    EXTRACTION,
    FIRST_PERIOD,
    FIRST_YEAR,
    LAST_YEAR,
    MEASURES,
    PER_HOME,
    PERIOD_MONTHS,
    PERIODS,
    UNITS,
)
from umea_eval.methods.claims import Level

WORLDS = (
    *("season", "trend", "autocorrelation", "reporting", "system", "regression"),
    *("all of them", "difference"),
)
SIZES = (150, 300, 90)  # eligible: as planned in four municipalities, twice that, and fewer
CHOICES = Choices(FIRST_YEAR, LAST_YEAR)
ACCEPTED = 0.78
OUTSIDE = 0.12  # a difference of participation just outside the margin of ten percentage points
BASE = {"examination": 0.28, "diagnosis": 0.07, "drugs": 0.40}
WEIGHTS = np.array([unit.weight for unit in UNITS])
STARTS = np.array(sorted(np.datetime64(unit.introduced, "M") for unit in UNITS))
CODES = np.array([unit.municipality for unit in UNITS])
# Values fall back by themselves where the high ones are followed up, and areas that begin because
# few were examined come up by themselves.
UNLIKE = dict.fromkeys(("regression", "all of them"), frozenset({"change", "introduction"}))
# What two measurements of a person have in common is not known; the report assumes 0.8.
CORRELATIONS = (0.7, 0.8, 0.9)


def draw(
    world: str,
    seed: int,
    *,
    size: int | None = None,
    sexes: float | None = None,
    place: float | None = None,
    change: Mapping[str, float] | None = None,
    effect: Mapping[str, float] | None = None,
    planned: bool = True,
    whole: bool = False,
) -> Case:
    """One report, ``whole`` from clean tables, else from what they are summed to.

    ``sexes``: women minus men, and ``place``: every other municipality minus Umeå, in accepting;
    ``change`` of measured values, ``effect`` of the introduction on each outcome in a half-year.
    Without them what the world says.
    """
    random = np.random.default_rng([4, seed])
    outside = float(random.choice((-OUTSIDE, OUTSIDE))) if world == "difference" else 0.0
    sexes = outside if sexes is None else sexes
    place = outside if place is None else place
    n = SIZES[int(random.integers(len(SIZES)))] if size is None else size
    persons = _persons(random, n, sexes, place)
    examinations, follow_ups = _visits(random, persons, world, change or {})
    registered, starts = _registered(random, persons, world, effect or {})
    if whole:
        clean = {
            "persons": persons,
            "examinations": examinations,
            "follow_ups": follow_ups,
            "registered": _long(registered, persons),
            "introductions": _introductions(starts),
        }
        found = claims.of_data(clean, EXTRACTION, CHOICES, planned=planned)
    else:
        register = _register(persons, examinations, follow_ups)
        rows = [
            {"outcome": name} | results.of_panel(_panel(flags, persons, starts))
            for name, flags in registered.items()
        ]
        made = {
            "place_differences": results.place_differences(register, CHOICES),
            "sex_difference": results.sex_difference(results.described(register, "sex"), register),
            "changes": results.changes(register, CHOICES),
            "introduction": pd.DataFrame(rows),
        }
        found = claims.of_tables(made, assigned=True, planned=planned)
    names = municipality_names()
    against = next(iter(_reference(found)), names["2480"])
    own = {names["2480"]: 0.0}
    truth = {
        "sex": sexes,
        **{f"change {name}": (change or {}).get(name, 0.0) for name in FOLLOWED},
        **{f"introduction {name}": (effect or {}).get(name, 0.0) for name in BASE},
        **{
            f"place {name}": own.get(name, place) - own.get(against, place)
            for name in names.values()
        },
    }
    ceiling = {f"introduction {name}": Level.EFFECT for name in BASE}
    return Case(world, found, truth, ceiling, UNLIKE.get(world, frozenset()))


def _reference(found: Mapping[str, object]) -> set[str]:
    """The municipality that the others are compared with: the one that has no claim."""
    four = {municipality_names()[code] for code in CODES}
    rest = four - {name.removeprefix("place ") for name in found if name.startswith("place ")}
    return rest if len(rest) == 1 else set()


def _holds(world: str, name: str) -> bool:
    return world in (name, "all of them")


def _persons(random: np.random.Generator, n: int, sexes: float, place: float) -> pd.DataFrame:
    unit = np.sort(random.choice(len(UNITS), n, p=WEIGHTS / WEIGHTS.sum()))
    homes = random.integers(0, np.maximum(1, (n * WEIGHTS / PER_HOME).astype(int))[unit])
    label = unit * 1_000 + homes
    _, home = np.unique(label, return_inverse=True)
    women = random.random(n) < 0.45
    share = ACCEPTED + sexes * (women - 0.5) + place * ((CODES[unit] != "2480") - 0.5)
    # Persons of one home answer alike (about 0.1), with the same share.
    behind = np.sqrt(0.85) * random.standard_normal(n)
    behind += np.sqrt(0.15) * random.standard_normal(n)[home]
    accepted = behind < ndtri(share)
    invited = random.random(n) < 0.93
    begun = np.array([np.datetime64(each.introduced) for each in UNITS])[unit]
    last = np.datetime64(f"{LAST_YEAR}-06-30")
    asked = begun + (random.random(n) * np.minimum(300, (last - begun).astype(int))).astype(int)
    age = random.choice((40, 50, 60), n)
    return pd.DataFrame(
        {
            "person": np.char.add("p", np.arange(n).astype(str)),
            "municipality": CODES[unit],
            "area": pd.Series([UNITS[each].area for each in unit], dtype="str"),
            "home": np.char.add("h", home.astype(str)),
            "sex": np.where(women, "women", "men"),
            "round": age.astype(str),
            "birth_year": asked.astype("datetime64[Y]").astype(int) + 1970 - age,
            "invited_on": np.where(invited, asked, np.datetime64("NaT")).astype("datetime64[us]"),
            "answer": pd.Series(np.where(accepted, "accepted", "declined")).where(invited),
            "_unit": unit,
        }
    )


def _visits(
    random: np.random.Generator, persons: pd.DataFrame, world: str, change: Mapping[str, float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two measurements of those who accepted: of each measure what a person keeps, and the rest."""
    own = persons[(persons["answer"] == "accepted") & (random.random(len(persons)) < 0.95)]
    n = len(own)
    correlation = float(random.choice(CORRELATIONS))
    scale = random.standard_normal(n)
    first, second = {}, {}
    high = np.zeros(n)
    for name in FOLLOWED:
        mean, spread, step, decimals = MEASURES[name]
        total = float(np.hypot(spread, step))
        kept = step * scale + spread * random.standard_normal(n)
        values = []
        for at in range(2):
            noise = total * np.sqrt(1 - correlation) * random.standard_normal(n)
            season = 0.0
            if _holds(world, "season") and name == "systolic":
                season = 2.0 * np.cos(2 * np.pi * own["invited_on"].dt.month.to_numpy() / 12)
            moved = at * change.get(name, 0.0)
            values.append(
                np.round(mean + np.sqrt(correlation) * kept + noise + season + moved, decimals)
            )
        first[name], second[name] = values
        high += (values[0] - mean) / total
    back = 0.75
    if _holds(world, "regression"):  # those with high values are called back first
        back = np.where(high > np.median(high), 0.95, 0.45)
    came = random.random(n) < back
    day = own["invited_on"].to_numpy() + np.timedelta64(20, "D")
    visit = pd.DataFrame({"person": own["person"].to_numpy(), "examined_on": day, **first})
    later = visit.assign(examined_on=day + np.timedelta64(365, "D"), **second)
    due = later["examined_on"] < np.datetime64(EXTRACTION)
    return visit, later[came & due.to_numpy()].reset_index(drop=True)


def _registered(
    random: np.random.Generator, persons: pd.DataFrame, world: str, effect: Mapping[str, float]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Every eligible person in every half-year, and when each area began."""
    unit, n, areas = persons["_unit"].to_numpy(), len(persons), len(UNITS)
    periods = FIRST_PERIOD + PERIOD_MONTHS * np.arange(PERIODS)
    at = np.arange(PERIODS)
    tendency = random.normal(0, 0.05, n)
    usual: dict[str, np.ndarray] = {}
    for name, level in BASE.items():
        part = 0.3 if name == "diagnosis" else 1.0
        course = np.zeros((areas, PERIODS)) + 0.005 * at
        course += random.normal(0, 0.03, areas)[:, None]
        if _holds(world, "season"):
            course += np.where(at % 2, 0.05, -0.05)
        if _holds(world, "trend"):  # areas go different ways, whenever they begin
            course += random.normal(0, 0.006, areas)[:, None] * at
        if _holds(world, "autocorrelation"):
            course += _shocks(random, areas, 0.04)
        if _holds(world, "reporting"):  # from 2023 on more is registered everywhere
            course += 0.08 * (at >= 6)
        if _holds(world, "system"):  # one area changes its record system and registers otherwise
            course[random.integers(areas)] += random.choice((-0.1, 0.1)) * (
                at >= random.integers(3, 10)
            )
        usual[name] = level + part * (course[unit] + tendency[:, None])
    drawn = {name: random.random((n, PERIODS)) for name in BASE}
    starts = STARTS[random.permutation(areas)]
    if _holds(world, "regression"):  # the first are those with the fewest examined the year before
        seen = drawn["examination"][:, 3] < usual["examination"][:, 3]
        share = np.bincount(unit, seen, areas) / np.maximum(np.bincount(unit, minlength=areas), 1)
        starts = np.empty(areas, dtype=STARTS.dtype)
        starts[np.argsort(share + random.normal(0, 1e-6, areas))] = STARTS
    after = periods[None, :] >= starts[unit][:, None]
    made = {
        name: drawn[name] < np.clip(usual[name], 0.01, 0.7) + effect.get(name, 0.0) * after
        for name in BASE
    }
    return made, starts


def _long(registered: Mapping[str, np.ndarray], persons: pd.DataFrame) -> pd.DataFrame:
    """A row per person and half-year, as the register has it."""
    periods = FIRST_PERIOD + PERIOD_MONTHS * np.arange(PERIODS)
    return pd.DataFrame(
        {
            "person": np.repeat(persons["person"].to_numpy(), PERIODS),
            "month": np.tile(periods.astype("datetime64[us]"), len(persons)),
            **{name: flags.ravel() for name, flags in registered.items()},
        }
    )


def _introductions(starts: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "municipality": CODES,
            "area": pd.Series([unit.area for unit in UNITS], dtype="str"),
            "introduced_on": starts.astype("datetime64[us]"),
            "basis": "decision",
        }
    )


def _panel(flags: np.ndarray, persons: pd.DataFrame, starts: np.ndarray) -> pd.DataFrame:
    """Shares by area and half-year: what ``measures.registered_panel`` sums the register to."""
    unit = persons["_unit"].to_numpy()
    present, at = np.unique(unit, return_inverse=True)
    sums = np.zeros((len(present), PERIODS))
    np.add.at(sums, at, flags)
    begun = (starts - FIRST_PERIOD).astype(int)[present] // PERIOD_MONTHS
    return pd.DataFrame(
        {
            "unit": np.repeat(present.astype(str), PERIODS),
            "time": np.tile(np.arange(PERIODS), len(present)),
            "value": (sums / np.bincount(at)[:, None]).ravel(),
            "start": np.repeat(begun.astype(float), PERIODS),
        }
    )


def _register(
    persons: pd.DataFrame, examinations: pd.DataFrame, follow_ups: pd.DataFrame
) -> results.Register:
    """The register of these persons, as far as the claims need it."""
    invited = persons["invited_on"].notna().to_numpy()
    accepted = (persons["answer"] == "accepted").to_numpy()
    examined = persons["person"].isin(examinations["person"]).to_numpy()
    people = persons[["person", "municipality", "home", "sex"]].assign(
        invited=invited, accepted=accepted, examined=examined
    )
    none = examinations.iloc[:0]
    return results.Register(people, people, none, examinations, follow_ups, None, None, 0)


def _shocks(random: np.random.Generator, rows: int, spread: float) -> np.ndarray:
    made = np.empty((rows, PERIODS))
    made[:, 0] = random.normal(0, spread, rows)
    for at in range(1, PERIODS):
        made[:, at] = 0.5 * made[:, at - 1] + random.normal(0, np.sqrt(0.75) * spread, rows)
    return made


def changes_only(seed: int, *, size: int) -> Case:
    """What is claimed of the measured values alone, where none of them changed and only those with
    a high blood pressure are followed up.
    """
    random = np.random.default_rng([5, seed])
    persons = _persons(random, size, 0.0, 0.0)
    first, second = _visits(random, persons, "season", {})
    high = first.loc[first["systolic"] > first["systolic"].median(), "person"]
    register = _register(persons, first, second[second["person"].isin(high)])
    nothing = pd.DataFrame({"base": [], "outcome": []})
    nobody = {
        **dict.fromkeys(("value", "lower", "upper", "detectable"), np.nan),
        "confidence": 0.95,
    }
    tables = {
        "place_differences": nothing,
        "sex_difference": pd.DataFrame([nobody]),
        "changes": results.changes(register, CHOICES),
        "introduction": nothing,
    }
    found = claims.of_tables(tables, assigned=True, planned=True)
    return Case("called back", found, {f"change {name}": 0.0 for name in FOLLOWED}, {})
