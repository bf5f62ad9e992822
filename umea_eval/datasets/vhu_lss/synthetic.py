"""Made-up VHU i LSS with a planted truth, in the structure of the published figures.

Nobody in these data exists: identity numbers are Skatteverket's official test numbers, and the
areas but Väst have made-up names. Published are 14 examinations in 2023, an offer to about 50 more
in 2024, and the shares of the offered who accept: 84 per cent in Umeå, 71 in Vännäs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.example import Simulated
from umea_eval.intake.official_numbers import draw_numbers, is_woman

EXTRACTION = dt.date(2026, 2, 1)
# Four municipalities over 2022-2025, at the pace of the published pilot and plan (assumption).
EXAMINATIONS = 108
FIRST_YEAR, LAST_YEAR = 2022, 2025  # the years in which the eligible reach 40, 50 or 60
ROUNDS = (40, 50, 60)
# There are 64 test numbers of persons born 1972-1975, and 105 born 1962-1965.
MOST_OF_ROUND = {50: 60, 60: 100}
PER_HOME = 1.6  # eligible persons of one home; most residents are of other ages (assumption)
FIRST_PERIOD = np.datetime64("2020-01", "M")
PERIODS = 12  # half-years, 2020 to 2025
PERIOD_MONTHS = 6
FOLLOW_UP_DAYS = 365

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Unit:
    """An area (or a municipality without areas): from when VHU is offered, and its weight."""

    municipality: str
    area: str | None
    introduced: dt.date
    weight: float


# The pilot's two, then the others by turns (the order is made up).
UNITS = (
    Unit("2480", "Väst", dt.date(2022, 7, 1), 0.21),
    Unit("2460", None, dt.date(2022, 7, 1), 0.10),
    Unit("2480", "Öst", dt.date(2024, 1, 1), 0.16),
    Unit("2480", "Centrum", dt.date(2024, 1, 1), 0.16),
    Unit("2409", None, dt.date(2024, 7, 1), 0.08),
    Unit("2421", None, dt.date(2024, 7, 1), 0.08),
    Unit("2480", "Norr", dt.date(2025, 1, 1), 0.11),
    Unit("2480", "Söder", dt.date(2025, 1, 1), 0.10),
)


def _accepted() -> dict[str, float]:
    return {"2480": 0.84, "2460": 0.71}  # published; of the offered


def _change() -> dict[str, float]:
    return {"waist": -1.0, "weight": -1.0, "systolic": -4.0, "hba1c": -1.0}


def _effect() -> dict[str, float]:
    return {"examination": 0.25, "diagnosis": 0.05, "drugs": 0.05}


@dataclass(frozen=True)
class Truth:
    """What ``simulate`` plants, where it is a choice (assumptions but ``accepted``).

    Shares: ``accepted`` of the offered by municipality (``accepted_elsewhere`` in the others),
    ``not_invited`` of the eligible, ``not_examined`` of those who accept, ``followed_up`` of the
    examined a year or more ago, ``metabolic_syndrome`` of the examined (were nothing missing),
    ``known_diabetes`` and ``new_diabetes`` (as high values, no diagnosis and no drug) of the
    examined, ``no_blood`` and ``no_waist`` missing. ``correlation`` is
    that between two measurements of a person without any change, and ``change`` the mean change of
    a measure to the follow-up, in its unit. ``effect`` is what the introduction adds to the
    probability of each registered outcome in a half-year, for every eligible person.
    """

    accepted: Mapping[str, float] = field(default_factory=_accepted)
    accepted_elsewhere: float = 0.78
    not_invited: float = 0.07
    not_examined: float = 0.05
    followed_up: float = 0.75
    metabolic_syndrome: float = 0.45
    known_diabetes: float = 0.08
    new_diabetes: float = 0.05
    no_blood: float = 0.12
    no_waist: float = 0.03
    correlation: float = 0.8
    change: Mapping[str, float] = field(default_factory=_change)
    effect: Mapping[str, float] = field(default_factory=_effect)
    protected: float = 0.01
    coordination: float = 0.01


# Mean and standard deviation of one measurement at the middle of the metabolic scale, what one step
# on it adds, and decimals: near those of middle-aged adults, a little above (assumption).
MEASURES: Mapping[str, tuple[float, float, float, int]] = {
    "waist": (97.0, 9.0, 9.0, 0),
    "height": (169.0, 8.0, 0.0, 0),
    "weight": (80.0, 8.0, 11.0, 1),
    "systolic": (127.0, 12.0, 6.0, 0),
    "triglycerides": (1.5, 0.4, 0.35, 1),
    "hdl": (1.3, 0.2, -0.15, 1),
    "cholesterol": (5.2, 0.9, 0.2, 1),
    "glucose": (5.4, 0.4, 0.35, 1),
    "hba1c": (37.0, 3.0, 3.0, 0),
}
HOME = 0.3  # of a measure's spread: what persons of one home share
BLOOD = ("triglycerides", "hdl", "cholesterol", "glucose", "hba1c", "ogtt")
LEAST = {"triglycerides": 0.4, "hdl": 0.5, "cholesterol": 2.0, "glucose": 3.5, "hba1c": 24.0}


def simulate(
    n: int = EXAMINATIONS, seed: int = 0, truth: Truth | None = None, *, numbers: Path
) -> Simulated:
    """Persons, examinations, follow-ups, registered outcomes and introductions.

    ``n`` is the number of examinations (14 works, as in the published year); how many were
    offered, accepted and eligible follows from the planted shares, rounded. ``numbers`` is the
    folder of the official test numbers.

    The truth has the counts ``eligible``, ``invited``, ``accepted``, ``examined`` and
    ``followed_up``, ``invited_by_municipality`` and ``accepted_by_municipality``,
    ``metabolic_syndrome`` (examined who have it were nothing missing, joint interim statement with
    94 / 80), ``known_diabetes`` and ``new_diabetes`` (were nothing missing), ``change`` and
    ``correlation`` (planted), ``effect`` (planted) and ``introductions`` (units).
    Raises UserError for more persons than there are test numbers.
    """
    plan = truth or Truth()
    random = np.random.default_rng(seed)
    persons = _persons(n, random, plan, numbers)
    examined = persons[persons["state"] == "examined"].reset_index(drop=True)
    true, first, second = _measures(examined, random, plan)
    examinations = _visits(examined, examined["examined_on"], first, random, plan)
    due = (examined["examined_on"] <= _day(EXTRACTION) - pd.Timedelta(days=400)).to_numpy()
    back = due & (random.random(len(examined)) < plan.followed_up)
    later = examined["examined_on"] + pd.to_timedelta(
        FOLLOW_UP_DAYS + random.integers(-30, 31, len(examined)), unit="D"
    )
    later = later.astype("datetime64[us]")
    follow_ups = _visits(examined, later, second, random, plan)[back].reset_index(drop=True)
    persons = _reasons(persons, set(examined.loc[due & ~back, "person"]), random)
    registered = _registered(persons, random, plan)
    introductions = pd.DataFrame(
        {
            "municipality": [unit.municipality for unit in UNITS],
            "area": pd.Series([unit.area for unit in UNITS], dtype="str"),
            "introduced_on": pd.to_datetime([unit.introduced for unit in UNITS]).as_unit("us"),
            "basis": "exempel",
        }
    )
    known, new = true.pop("known"), true.pop("new")
    kept = ["person", "municipality", "area", "home", "birth_year", "sex", "round"]
    frames = {
        "persons": persons[[*kept, "invited_on", "answer", "reason", "protected"]],
        "examinations": examinations,
        "follow_ups": follow_ups,
        "registered": registered,
        "introductions": introductions,
    }
    invited = persons[persons["invited_on"].notna()]
    accepted = persons[persons["answer"] == "accepted"]
    return Simulated(
        frames,
        {
            "eligible": len(persons),
            "invited": len(invited),
            "accepted": len(accepted),
            "examined": len(examinations),
            "followed_up": len(follow_ups),
            "invited_by_municipality": _by_municipality(invited),
            "accepted_by_municipality": _by_municipality(accepted),
            "metabolic_syndrome": int(np.count_nonzero(true["syndrome"])),
            "known_diabetes": int(np.count_nonzero(known)),
            "new_diabetes": int(np.count_nonzero(new)),
            "change": dict(plan.change),
            "correlation": plan.correlation,
            "effect": dict(plan.effect),
            "introductions": len(UNITS),
        },
    )


def _day(day: dt.date) -> pd.Timestamp:
    return pd.Timestamp(day)


def _by_municipality(persons: pd.DataFrame) -> dict[str, int]:
    counts = persons["municipality"].value_counts()
    return {str(code): int(counts[code]) for code in sorted(counts.index)}


def _shared(total: int, weights: Floats) -> list[int]:
    """``total`` in whole parts as near the weights as can be (largest remainders)."""
    exact = total * weights / weights.sum()
    parts = np.floor(exact).astype(int)
    rest = np.argsort(-(exact - parts), kind="stable")[: total - int(parts.sum())]
    parts[rest] += 1
    return [int(part) for part in parts]


def _persons(n: int, random: np.random.Generator, plan: Truth, numbers: Path) -> pd.DataFrame:
    """One row per eligible person, with how far they came (``state``) and their dates."""
    weights = np.array([unit.weight for unit in UNITS])
    examined = np.array(_shared(n, weights))
    accepted = examined + np.array(_shared(round(n * plan.not_examined), weights))
    offered = accepted.copy()
    codes = np.array([unit.municipality for unit in UNITS])
    # The shares hold for whole municipalities: the others' places are dealt out over its areas.
    for code in np.unique(codes):
        own = np.flatnonzero(codes == code)
        share = plan.accepted.get(str(code), plan.accepted_elsewhere)
        total = int(accepted[own].sum())
        offered[own] += np.array(_shared(round(total / share) - total, weights[own]))
    part = plan.not_invited / (1 - plan.not_invited)
    eligible = offered + np.array(_shared(round(int(offered.sum()) * part), weights))
    rows = []
    for place, unit in enumerate(UNITS):
        homes = max(1, round(int(eligible[place]) / PER_HOME))
        steps = [examined[place], accepted[place], offered[place], eligible[place]]
        for number in range(int(eligible[place])):
            reached = int(np.searchsorted(steps, number, side="right"))
            state = ("examined", "accepted", "invited", "eligible")[reached]
            home = f"B{place + 1:02}{int(random.integers(homes)) + 1:02}"
            rows.append((place, unit.municipality, unit.area, home, state))
    frame = pd.DataFrame(rows, columns=["unit", "municipality", "area", "home", "state"])
    frame = frame.astype({"unit": "int64", "area": "str", "municipality": "str"})
    frame = frame.iloc[random.permutation(len(frame))].reset_index(drop=True)
    return _dated(_numbered(frame, random, plan, numbers), random)


def _numbered(
    frame: pd.DataFrame, random: np.random.Generator, plan: Truth, numbers: Path
) -> pd.DataFrame:
    """Identity numbers of persons who reach the age of their round in the years of the data."""
    total = len(frame)
    later = {age: min(round(total / 4), most) for age, most in MOST_OF_ROUND.items()}
    sizes = {ROUNDS[0]: total - sum(later.values())} | later
    drawn: list[tuple[int, str]] = []
    for age, size in sizes.items():
        born = (FIRST_YEAR - age, LAST_YEAR - age)
        coordination = plan.coordination if age == ROUNDS[0] else 0.0
        drawn += [
            (age, number)
            for number in draw_numbers(numbers, size, random, born=born, coordination=coordination)
        ]
    mixed = [drawn[place] for place in random.permutation(total)]
    people = [number for _, number in mixed]
    return frame.assign(
        person=pd.Series(people, dtype="str"),
        round=pd.Series([str(age) for age, _ in mixed], dtype="str"),
        birth_year=[int(number[:4]) for number in people],
        sex=pd.Series(["women" if is_woman(number) else "men" for number in people], dtype="str"),
        protected=random.random(total) < plan.protected,
    )


def _dated(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Invited when the age is reached, or some time after a later introduction; then examined."""
    reached = frame["birth_year"] + frame["round"].astype("int64")
    reached = pd.to_datetime(reached.astype("str") + "-01-01")
    begun = pd.to_datetime([UNITS[place].introduced for place in frame["unit"]])
    earliest = np.maximum(reached.to_numpy(), begun.to_numpy()).astype("datetime64[D]")
    last = np.datetime64(f"{LAST_YEAR}-11-30")
    room = np.minimum(300, (last - earliest).astype(np.int64))
    invited = earliest + random.integers(0, room + 1)
    wait = random.integers(7, 61, len(frame))  # before the extraction in any case
    asked = (frame["state"] != "eligible").to_numpy()
    answer = np.where(
        frame["state"].isin(("examined", "accepted")),
        "accepted",
        np.where(random.random(len(frame)) < 0.7, "declined", "no_answer"),
    )
    return frame.assign(
        invited_on=np.where(asked, invited, np.datetime64("NaT")).astype("datetime64[us]"),
        examined_on=(invited + wait).astype("datetime64[us]"),
        answer=pd.Series(answer, dtype="str").where(asked),
    )


def _reasons(persons: pd.DataFrame, lost: set[str], random: np.random.Generator) -> pd.DataFrame:
    """Why each person went no further; a tenth have no reason written down."""
    declined = ("no_wish", "other_care", "fear", "representative")
    choices = {
        "eligible": ("not_introduced", "moved", "staffing"),
        "invited": declined,
        "accepted": ("cancelled", "illness", "moved", "dead"),
        "examined": ("no_wish", "moved", "illness", "staffing", "other"),
    }
    reasons: list[str | None] = []
    for state, person, answer in zip(
        persons["state"], persons["person"], persons["answer"], strict=True
    ):
        chosen = choices[state][int(random.integers(len(choices[state])))]
        known = random.random() < 0.9 and (state != "examined" or person in lost)
        reasons.append(("not_reached" if answer == "no_answer" else chosen) if known else None)
    return persons.assign(reason=pd.Series(reasons, dtype="str", index=persons.index))


@dataclass(frozen=True)
class _Draws:
    """What chance gives the examined; their values then follow from the metabolic scale alone."""

    men: Flags
    known: Flags
    new: Flags
    scale: Floats
    own: Mapping[str, Floats]
    noise: Sequence[Mapping[str, Floats]]
    home: Floats
    pulse: Floats
    drugs: Floats
    plan: Truth

    def values(self, shift: float, time: int) -> dict[str, Any]:
        """The first (0) or second (1) measurement of all, with the scale moved by ``shift``."""
        made: dict[str, Any] = {}
        for name, (mean, spread, step, decimals) in MEASURES.items():
            level = mean + step * (self.scale + shift) + HOME * spread * self.home
            if name in ("waist", "height", "weight"):
                level = level + np.where(self.men, 1, -1) * 0.5 * spread
            elif name == "hdl":
                level = level + np.where(self.men, -0.12, 0.12)
            elif name in ("glucose", "hba1c"):
                level = level + (self.known | self.new) * (2.0 if name == "glucose" else 13.0)
            between, within = self._spreads(name, spread, step)
            value = level + between * self.own[name] + within * self.noise[time][name]
            value = value + time * self.plan.change.get(name, 0.0)
            made[name] = np.round(np.maximum(value, LEAST.get(name, 40.0)), decimals)
        made["diastolic"] = np.round(np.clip(made["systolic"] - self.pulse[time], 40, 120))
        made["ogtt"] = np.round(made["glucose"] * 1.2 + 0.1 * made["hba1c"] - 3.0, 1)
        high = made["systolic"] > 130, made["cholesterol"] > 5.5
        made["drug_blood_pressure"] = self.drugs[0] < np.where(high[0], 0.25, 0.08)
        made["drug_statin"] = self.drugs[1] < np.where(high[1], 0.2, 0.08)
        made["drug_lipids"] = self.drugs[2] < 0.02
        made["drug_glucose"] = self.known
        made["known_diabetes"] = self.known
        return made

    def _spreads(self, name: str, spread: float, step: float) -> tuple[float, float]:
        """Standard deviations of what is a person's own and of what is one measurement's.

        Together with the scale and the home they make two measurements correlate as planned.
        """
        if name == "height":
            return spread, 0.0
        total = spread**2 + step**2
        rest = total * self.plan.correlation - step**2 - (HOME * spread) ** 2
        return float(np.sqrt(max(rest, 0.0))), float(np.sqrt(total * (1 - self.plan.correlation)))


def _measures(
    examined: pd.DataFrame, random: np.random.Generator, plan: Truth
) -> tuple[dict[str, Flags], pd.DataFrame, pd.DataFrame]:
    """Two measurements of each, complete; and who has the syndrome and diabetes at the first."""
    size = len(examined)
    homes, place = np.unique(examined["home"].to_numpy(dtype=object), return_inverse=True)
    mixed = random.permutation(size)
    sick = round(plan.known_diabetes * size)
    known, new = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    known[mixed[:sick]] = True
    new[mixed[sick : sick + round(plan.new_diabetes * size)]] = True
    own_pulse = random.normal(48, 5, size)
    draws = _Draws(
        men=(examined["sex"] == "men").to_numpy(dtype=bool),
        known=known,
        new=new,
        scale=random.standard_normal(size),
        own={name: random.standard_normal(size) for name in MEASURES},
        noise=[{name: random.standard_normal(size) for name in MEASURES} for _ in range(2)],
        home=random.standard_normal(len(homes))[place],
        pulse=own_pulse + random.normal(0, 3, (2, size)),
        drugs=random.random((3, size)),
        plan=plan,
    )
    low, high = -6.0, 6.0
    wanted = round(plan.metabolic_syndrome * size)
    # The more of everything, the more have the syndrome: halve until the planned number has it.
    for _ in range(50):
        middle = (low + high) / 2
        if np.count_nonzero(_syndrome(draws.values(middle, 0), draws.men)) < wanted:
            low = middle
        else:
            high = middle
    first = draws.values(high, 0)
    diabetes = (first["hba1c"] >= 48) | (first["glucose"] >= 7.0) | (first["ogtt"] >= 12.2)
    true = {"syndrome": _syndrome(first, draws.men), "known": known, "new": diabetes & ~known}
    return true, pd.DataFrame(first), pd.DataFrame(draws.values(high, 1))


def _syndrome(values: Mapping[str, Any], men: Flags) -> Flags:
    """The joint interim statement of 2009 on complete values, waist 94 / 80."""
    parts = [
        values["waist"] >= np.where(men, 94, 80),
        (values["triglycerides"] >= 1.7) | values["drug_lipids"],
        (values["hdl"] < np.where(men, 1.0, 1.3)) | values["drug_lipids"],
        (values["systolic"] >= 130) | (values["diastolic"] >= 85) | values["drug_blood_pressure"],
        (values["glucose"] >= 5.6) | values["drug_glucose"],
    ]
    met: Flags = np.sum(parts, axis=0) >= 3
    return met


def _visits(
    examined: pd.DataFrame,
    days: pd.Series,
    values: pd.DataFrame,
    random: np.random.Generator,
    plan: Truth,
) -> pd.DataFrame:
    """One row per visit: what was measured, with what could not be left missing."""
    size = len(examined)
    frame = pd.DataFrame(
        {
            "person": examined["person"],
            "examined_on": days,
            "invited_on": examined["invited_on"],
            "round": examined["round"],
        }
    )
    frame = pd.concat([frame, values], axis=1)
    frame["bmi"] = (frame["weight"] / (frame["height"] / 100) ** 2).round(1)
    blood = random.random(size) < plan.no_blood
    frame.loc[blood, list(BLOOD)] = np.nan
    frame.loc[random.random(size) < 0.4, "ogtt"] = np.nan
    frame.loc[random.random(size) < plan.no_waist, "waist"] = np.nan
    known = frame["known_diabetes"].to_numpy()
    return frame.assign(
        known_hypertension=frame["drug_blood_pressure"] | (random.random(size) < 0.05),
        known_hyperlipidaemia=frame["drug_statin"] | (random.random(size) < 0.05),
        known_diabetes=known,
        fasting=True,
        questionnaire=random.random(size) < 0.9,
        health_talk=random.random(size) < 0.93,
        protected=examined["protected"],
    )


def _registered(persons: pd.DataFrame, random: np.random.Generator, plan: Truth) -> pd.DataFrame:
    """Every eligible person in every half-year, before and after the introduction."""
    size = len(persons)
    periods = FIRST_PERIOD + PERIOD_MONTHS * np.arange(PERIODS)
    begun = np.array([UNITS[place].introduced for place in persons["unit"]], dtype="datetime64[M]")
    after = periods[None, :] >= begun[:, None]
    # What differs between areas without any introduction, and a course that all share.
    of_unit = np.linspace(-0.05, 0.05, len(UNITS))[persons["unit"].to_numpy()]
    course = np.linspace(0.0, 0.06, PERIODS)
    tendency = random.normal(0, 0.04, size)
    base = {"examination": 0.28, "diagnosis": 0.07, "drugs": 0.40}
    made = {}
    for name, level in base.items():
        weight = 0.3 if name == "diagnosis" else 1.0
        usual = level + weight * (of_unit + tendency)[:, None] + course[None, :] * weight
        probability = np.clip(usual, 0.01, 0.70) + plan.effect.get(name, 0.0) * after
        made[name] = (random.random((size, PERIODS)) < probability).ravel()
    return pd.DataFrame(
        {
            "person": np.repeat(persons["person"].to_numpy(), PERIODS),
            "month": np.tile(periods.astype("datetime64[us]"), size),
            **made,
            "protected": np.repeat(persons["protected"].to_numpy(), PERIODS),
        }
    )
