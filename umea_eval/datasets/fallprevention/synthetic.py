"""Made-up falls with a planted truth, in the size of the published figures.

Nobody in these data exists: identity numbers are Skatteverket's official test numbers.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.datasets.fallprevention.schema import ITEMS, NOT_ASSESSED
from umea_eval.intake.example import Simulated
from umea_eval.intake.official_numbers import draw_numbers

# Funktionshinderomsorgen in Umeå 2023 (published_key_figures.csv, k0393 to k0399): 138 falls and 41
# reports of fallrisk, 83 without severity, none high. "20 % in spite of prevention" fits 28 of the
# falls, "50 % not assessed" and "9 % not carried out" 90 and 16 of all the reports.
PUBLISHED_FALLS, PUBLISHED_REPORTS = 138, 179
PUBLISHED_NOT_ASSESSED = 83
PREVENTED, PREVENTION_NOT_ASSESSED, NOT_CARRIED_OUT = 28, 90, 16
UNITS = 24  # for the published number of reports; how many homes there were is not published
PLACES = (5, 6, 6, 6, 8, 10, 12)  # homes under LSS are small
YEAR = 2023
FIRST_DAY = np.datetime64(f"{YEAR}-01-01", "D")
DAYS = 365
EXTRACTION = dt.date(YEAR + 1, 2, 1)
HORIZON = 365  # days after an assessment within which a fall counts
HIGH_RISK = 3  # points and more

Floats = NDArray[np.float64]
Days = NDArray[np.int64]


@dataclass(frozen=True)
class Truth:
    """What ``simulate`` plants, where it is a choice.

    ``culture`` is the standard deviation of the log of a unit's inclination to report (1.2 gives a
    hundredfold between the extremes of some thirty units); ``frailty`` the shape of the gamma
    distribution of residents' own rates (lower: more repeat fallers). Shares: ``injured`` of falls,
    ``moderate`` of the assessed reports, ``unnamed`` of reports without a resident, ``presence`` of
    units that count presence (the others have places only), ``moved`` of residents who come or
    leave within the year, ``assessed`` of residents with a Downton assessment. ``sensitivity`` and
    ``specificity`` are those of 3 points and more for a reported fall. Closure takes ``median``
    days (log-normal with ``spread``), and ``never`` comes for a share.
    """

    culture: float = 1.2
    frailty: float = 0.8
    injured: float = 0.35
    moderate: float = 0.2
    unnamed: float = 0.06
    presence: float = 0.6
    moved: float = 0.08
    assessed: float = 0.9
    sensitivity: float = 0.75
    specificity: float = 0.6
    median: float = 35.0
    spread: float = 0.7
    never: float = 0.05
    protected: float = 0.005


def simulate(
    n: int = PUBLISHED_REPORTS, seed: int = 0, truth: Truth | None = None, *, numbers: Path
) -> Simulated:
    """``n`` reports of 2023 with the residents, assessments and resident-days of their units.

    Falls and fallrisk, reports without severity (written out in half of them, blank in the others)
    and the answers on prevention have the published counts when ``n`` is 179, and the published
    shares otherwise. ``numbers`` is the folder of the official test numbers.

    The truth has counts of reports (``falls``, ``fall_risk``, ``not_assessed``, ``injurious``,
    ``prevented``, ``not_carried_out``, ``prevention_not_assessed``, ``open``), of residents known
    by their reports (``fallers``, ``repeat_fallers``), of Downton against falls within 365 days of
    the assessment, where these are over at the extraction (``true_positive``, ``false_positive``,
    ``false_negative``, ``true_negative``);
    ``resident_days`` (presence, else places × days) and ``presence_days``; ``within_61_days``, the
    share that is closed within 61 days of the report if one waits long enough; and ``culture``,
    each unit's inclination to report. Raises UserError for more residents than test numbers.
    """
    plan = truth or Truth()
    random = np.random.default_rng(seed)
    units = _units(max(2, round(UNITS * n / PUBLISHED_REPORTS)), random, plan)
    residents = _residents(units, random, plan, numbers)
    reports, closing = _reports(n, residents, random, plan)
    assessments = _assessments(residents, reports, random, plan)
    days = _resident_days(units, residents)
    falls = reports["kind"] == "fall"
    by_resident = reports[falls].groupby("resident").size()
    exposure = days["presence_days"].fillna(days["places"] * days["month"].dt.days_in_month)
    return Simulated(
        {
            "deviations": reports,
            "assessments": assessments.drop(columns="fell"),
            "resident_days": days,
        },
        {
            "falls": int(falls.sum()),
            "fall_risk": int((~falls).sum()),
            "not_assessed": int(reports["severity"].fillna(NOT_ASSESSED).eq(NOT_ASSESSED).sum()),
            "injurious": int(reports["injury"].sum()),
            "prevented": int((reports["measures_before"] == "yes").sum()),
            "not_carried_out": int((reports["measures_before"] == "no").sum()),
            "prevention_not_assessed": int((reports["measures_before"] == NOT_ASSESSED).sum()),
            "open": int(reports["closed_on"].isna().sum()),
            "fallers": len(by_resident),
            "repeat_fallers": int((by_resident >= 2).sum()),
            **_two_by_two(assessments),
            "resident_days": float(exposure.sum()),
            "presence_days": float(days["presence_days"].sum()),
            "within_61_days": float((closing <= 61).mean()),
            "culture": dict(zip(units["unit"], units["culture"].round(4), strict=True)),
        },
    )


def _units(count: int, random: np.random.Generator, plan: Truth) -> pd.DataFrame:
    culture = np.exp(random.normal(0, plan.culture, count))
    return pd.DataFrame(
        {
            "unit": [f"Exempelboendet {number:02}" for number in range(1, count + 1)],
            "places": random.permutation(np.resize(PLACES, count)),
            "counts_presence": random.permutation(count) < round(plan.presence * count),
            "culture": culture / culture.max(),
        }
    )


def _residents(
    units: pd.DataFrame, random: np.random.Generator, plan: Truth, numbers: Path
) -> pd.DataFrame:
    """One row per resident: one to a place, some of whom come or leave within the year."""
    own = units.loc[units.index.repeat(units["places"])].reset_index(drop=True)
    n = len(own)
    moves = random.random(n)
    arrives = np.where(moves < plan.moved / 2, random.integers(30, 180, n), 0)
    late = moves > 1 - plan.moved / 2
    leaves = np.where(late, random.integers(180, 330, n), DAYS - 1)
    return own.assign(
        resident=draw_numbers(numbers, n, random, born=(1940, 2004)),
        arrives=arrives,
        leaves=leaves,
        frailty=random.gamma(plan.frailty, 1 / plan.frailty, n),
        protected=random.random(n) < plan.protected,
    )


def _reports(
    n: int, residents: pd.DataFrame, random: np.random.Generator, plan: Truth
) -> tuple[pd.DataFrame, Floats]:
    """The reports in order of time, and the days that each takes or would take to be closed."""
    falls = round(PUBLISHED_FALLS * n / PUBLISHED_REPORTS)
    time_there = (residents["leaves"] - residents["arrives"] + 1).to_numpy()
    often = residents["frailty"].to_numpy() * time_there
    culture = residents["culture"].to_numpy()
    chosen = [
        np.repeat(np.arange(len(residents)), random.multinomial(count, weight / weight.sum()))
        # Where much is reported, risks are too.
        for count, weight in ((falls, often * culture), (n - falls, often * culture**1.5))
    ]
    own = residents.iloc[np.concatenate(chosen)].reset_index(drop=True)
    first, last = own["arrives"].to_numpy(), own["leaves"].to_numpy()
    happened = FIRST_DAY + random.integers(first, last, endpoint=True)
    reported = happened + np.minimum(random.geometric(0.5, n) - 1, 14)
    closing = np.exp(random.normal(np.log(plan.median), plan.spread, n)).round()
    closing[random.random(n) < plan.never] = np.inf
    closed = np.full(n, np.datetime64("NaT"), dtype="datetime64[D]")
    ends = np.isfinite(closing)
    closed[ends] = reported[ends] + closing[ends].astype(np.int64)
    closed[closed >= np.datetime64(EXTRACTION)] = np.datetime64("NaT")
    is_fall = np.arange(n) < falls
    hurt = random.permutation(falls) < round(plan.injured * falls)
    frame = pd.DataFrame(
        {
            "happened_on": happened.astype("datetime64[us]"),
            "time": random.integers(0, 24 * 12, n) * 5,
            "reported_on": reported.astype("datetime64[us]"),
            "municipality": "Umeå",
            "unit": own["unit"],
            "kind": np.where(is_fall, "fall", "fall_risk"),
            "place": random.choice(["own_room", "bathroom", "common", "outdoors"], n),
            "injury": np.append(hurt, np.zeros(n - falls, dtype=bool)),
            "severity": _severity(n, random, plan),
            "cause": random.choice(["slip", "transfer", "balance", "seizure", "unknown"], n),
            "measures_before": _prevention(n, falls, random),
            "described": True,
            "followed_up": random.random(n) < 0.6,
            "status": np.where(
                np.isnat(closed), random.choice(["open", "investigating"], n), "closed"
            ),
            "closed_on": closed.astype("datetime64[us]"),
            "resident": own["resident"].mask(random.random(n) < plan.unnamed),
            "protected": own["protected"],
        }
    )
    order = np.lexsort((frame["unit"], frame["time"], frame["happened_on"]))
    frame = frame.iloc[order].reset_index(drop=True)
    frame.insert(0, "deviation", [f"A{YEAR}-{number:05}" for number in range(1, n + 1)])
    return frame, closing[order]


def _severity(n: int, random: np.random.Generator, plan: Truth) -> list[str | None]:
    """Not assessed in the published share, written or blank; the others low, none high."""
    missing = round(PUBLISHED_NOT_ASSESSED * n / PUBLISHED_REPORTS)
    moderate = round(plan.moderate * (n - missing))
    words: list[str | None] = [
        *[NOT_ASSESSED] * (missing - missing // 2),
        *[None] * (missing // 2),
        *["moderate"] * moderate,
        *["none_minor"] * (n - missing - moderate),
    ]
    return [words[place] for place in random.permutation(n).tolist()]


def _prevention(n: int, falls: int, random: np.random.Generator) -> list[str | None]:
    """The answers for the falls, which come first; a report of fallrisk has none."""
    yes = round(PREVENTED * falls / PUBLISHED_FALLS)
    unknown = min(round(PREVENTION_NOT_ASSESSED * n / PUBLISHED_REPORTS), falls - yes)
    no = min(round(NOT_CARRIED_OUT * n / PUBLISHED_REPORTS), falls - yes - unknown)
    words: list[str | None] = [
        *["yes"] * yes,
        *[NOT_ASSESSED] * unknown,
        *["no"] * no,
        *[None] * (falls - yes - unknown - no),
    ]
    return [words[place] for place in random.permutation(falls).tolist()] + [None] * (n - falls)


def _assessments(
    residents: pd.DataFrame, reports: pd.DataFrame, random: np.random.Generator, plan: Truth
) -> pd.DataFrame:
    """One assessment per assessed resident, shortly before the year or upon arrival."""
    own = residents[random.random(len(residents)) < plan.assessed].reset_index(drop=True)
    n = len(own)
    at = np.where(own["arrives"] > 0, own["arrives"], -1 - random.integers(0, 14, n))
    assessed = FIRST_DAY + at
    falls = reports[(reports["kind"] == "fall") & reports["resident"].notna()]
    place = pd.Series(np.arange(n), index=own["resident"]).reindex(falls["resident"])
    linked = place.notna().to_numpy()
    whose = place[linked].astype("int64").to_numpy()
    after = falls["happened_on"].to_numpy(dtype="datetime64[D]")[linked] - assessed[whose]
    counts = (after > np.timedelta64(0, "D")) & (after <= np.timedelta64(HORIZON, "D"))
    fell = np.zeros(n, dtype=bool)
    fell[whose[counts]] = True
    high = np.zeros(n, dtype=bool)
    for rows, share in ((fell, plan.sensitivity), (~fell, 1 - plan.specificity)):
        places = random.permutation(np.flatnonzero(rows))
        high[places[: round(share * len(places))]] = True
    score = np.where(
        high, random.integers(HIGH_RISK, len(ITEMS) - 2, n), random.integers(0, HIGH_RISK, n)
    )
    ticked = random.random((n, len(ITEMS))).argsort(axis=1).argsort(axis=1) < score[:, None]
    frame: dict[str, Any] = {
        "resident": own["resident"],
        "assessed_on": assessed.astype("datetime64[us]"),
        "municipality": "Umeå",
        "unit": own["unit"],
        **{item: ticked[:, number] for number, item in enumerate(ITEMS)},
        "score": score,
        "protected": own["protected"],
        "fell": fell,
    }
    return pd.DataFrame(frame)


def _two_by_two(assessments: pd.DataFrame) -> dict[str, int]:
    # Those whose whole horizon lies before the extraction.
    last = pd.Timestamp(EXTRACTION) - pd.Timedelta(days=HORIZON)
    followed = assessments[assessments["assessed_on"] <= last]
    high, fell = followed["score"] >= HIGH_RISK, followed["fell"]
    return {
        "true_positive": int((high & fell).sum()),
        "false_positive": int((high & ~fell).sum()),
        "false_negative": int((~high & fell).sum()),
        "true_negative": int((~high & ~fell).sum()),
    }


def _resident_days(units: pd.DataFrame, residents: pd.DataFrame) -> pd.DataFrame:
    """One row per unit and month: presence where the unit counts it, and its places."""
    months = np.arange(f"{YEAR}-01", f"{YEAR + 1}-02", dtype="datetime64[M]")
    bounds = (months.astype("datetime64[D]") - FIRST_DAY).astype(np.int64)
    first = residents["arrives"].to_numpy()[:, None]
    stop = residents["leaves"].to_numpy()[:, None] + 1
    there = np.clip(np.minimum(stop, bounds[1:]) - np.maximum(first, bounds[:-1]), 0, None)
    present = pd.DataFrame(there).groupby(residents["unit"].to_numpy()).sum().loc[units["unit"]]
    own = units.loc[units.index.repeat(12)].reset_index(drop=True)
    days = pd.Series(present.to_numpy().ravel().astype(np.float64))
    return pd.DataFrame(
        {
            "municipality": "Umeå",
            "unit": own["unit"],
            "month": np.tile(months[:-1], len(units)).astype("datetime64[us]"),
            "presence_days": days.where(own["counts_presence"]),
            "places": own["places"],
        }
    )
