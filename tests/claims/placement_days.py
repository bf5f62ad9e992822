"""Children in care in whom girls and boys differ, or do not, in what happens to them in a year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import ndtri

from tests.claims.counting import Case
from umea_eval.datasets.placement_days import claims
from umea_eval.datasets.placement_days.results import OUTCOMES, Choices
from umea_eval.datasets.placement_days.synthetic import PUBLISHED_CHILDREN, SEASON

WORLDS = (
    *("season", "trend", "autocorrelation", "reporting", "system", "regression"),
    *("all of them", "difference"),
)
# Umeå, and municipalities around it in proportion to their size.
SIZES = (PUBLISHED_CHILDREN, 110, 45, 25)
CHOICES = Choices(2023, since=dt.date(2022, 1, 1))
SHARES = {"residential": 0.17, "moved": 0.20, "unplanned": 0.12}
OUTSIDE = 0.06  # a difference just outside the margin of five percentage points
TOGETHER = 0.3  # correlation, in siblings and from year to year, of what lies behind an outcome
BREAK = dt.date(2023, 10, 1)
START, YEAR_START, YEAR_END = (
    np.datetime64(day) for day in ("2021-06-01", "2023-01-01", "2023-12-31")
)
HOMES = {"family_home": 90, "hvb": 14}


def draw(
    world: str, seed: int, *, difference: float | None = None, size: int | None = None
) -> Case:
    """One report. ``difference``: girls minus boys in every outcome, else that of the world."""
    random = np.random.default_rng([3, seed])
    if difference is None:
        difference = random.choice((-OUTSIDE, OUTSIDE)) if world == "difference" else 0.0
    n = SIZES[int(random.integers(len(SIZES)))] if size is None else size
    made = placements(random, n, world, difference)
    provenance: Mapping[str, object] = {
        "until": "2024-06-30",
        "register_breaks": [{"date": BREAK.isoformat()}] if _holds(world, "system") else [],
    }
    found = claims.of_data({"placements": made}, provenance, CHOICES)
    return Case(world, found, dict.fromkeys(OUTCOMES, difference), {})


def _holds(world: str, name: str) -> bool:
    return world in (name, "all of them")


def placements(random: np.random.Generator, n: int, world: str, difference: float) -> pd.DataFrame:
    """The clean placements of ``n`` children in care in 2023."""
    girls = random.random(n) < 0.5
    family = np.sort(random.integers(0, max(1, int(0.7 * n)), n))  # siblings have one dossier
    has = {
        name: _has(random, share + difference * (girls - 0.5), family, girls, world)
        for name, share in SHARES.items()
    }
    # In care from some day before or in the year to some day in or after it.
    weight = SEASON if _holds(world, "season") else np.ones(12)
    month = random.choice(12, n, p=weight / weight.sum())
    day = YEAR_START + (month * 30.4).astype(np.int64) + random.integers(0, 28, n)
    newcomer = random.random(n) < (0.5 if _holds(world, "trend") else 0.3)
    begins = np.where(newcomer, day, START + random.integers(0, 500, n))
    room = np.maximum((YEAR_END - begins).astype(np.int64) - 30, 10)
    lasts = random.random(n) < 0.6
    last = begins + np.where(lasts, 10_000, np.maximum(room, 20))
    # The move and the unplanned end lie in the year, between the first and the last day.
    low = np.maximum(begins, YEAR_START)
    high = np.minimum(last, YEAR_END)
    span = (high - low).astype(np.int64)
    moves = low + 1 + (span - 2) * random.integers(30, 70, n) // 100
    homes = {kind: random.integers(0, count, (2, n)) for kind, count in HOMES.items()}
    kind = np.where(has["residential"], "hvb", "family_home")
    first_home = np.where(has["residential"], homes["hvb"][0], homes["family_home"][0])
    second_home = (first_home + 1 + random.integers(0, 10, n)) % np.where(
        has["residential"], HOMES["hvb"], HOMES["family_home"]
    )
    ended = np.where(has["unplanned"], high, last)
    open_ = ~has["unplanned"] & lasts
    first_end = np.where(has["moved"], moves, ended)
    reason = np.where(has["unplanned"], "breakdown", np.where(open_, None, "planned"))
    columns = {"starts": begins, "ends": first_end, "home": first_home}
    one = pd.DataFrame({"child": np.arange(n), **columns})
    one["end_reason"] = np.where(has["moved"], "planned", reason)
    one["open"] = open_ & ~has["moved"]
    two = pd.DataFrame({"child": np.arange(n), "starts": moves, "ends": ended, "home": second_home})
    two = two.assign(end_reason=reason, open=open_)[has["moved"]]
    rows = pd.concat([one, two], ignore_index=True)
    if _holds(world, "system"):
        rows = _cut(rows)
    if _holds(world, "reporting"):  # from the summer on, more ends have no reason
        lost = (rows["ends"] >= np.datetime64("2023-07-01")) & (random.random(len(rows)) < 0.4)
        rows["end_reason"] = rows["end_reason"].mask(lost & (difference == 0))
    child = rows["child"].to_numpy()
    kinds = kind[child]
    return pd.DataFrame(
        {
            "person": np.char.add("c", child.astype(str)),
            "person_sex": np.where(girls[child], "women", "men"),
            "age_group": "child",
            "dossier": np.char.add("d", family[child].astype(str)),
            "kind": kinds,
            "home": np.char.add(np.char.add(kinds, " "), rows["home"].astype(str).to_numpy(str)),
            "starts": rows["starts"].astype("datetime64[us]"),
            "ends": rows["ends"].astype("datetime64[us]").mask(rows["open"]),
            "end_reason": rows["end_reason"],
        }
    )


def _has(
    random: np.random.Generator,
    share: np.ndarray,
    family: np.ndarray,
    girls: np.ndarray,
    world: str,
) -> np.ndarray:
    """Who has an outcome in the year: siblings are alike, and so are years."""
    n = len(share)
    shared = TOGETHER if _holds(world, "autocorrelation") else TOGETHER / 2

    def year() -> np.ndarray:
        own, kin = random.standard_normal(n), random.standard_normal(n)[family]
        return np.sqrt(1 - shared) * own + np.sqrt(shared) * kin

    before = year()
    if _holds(world, "regression"):  # asked for because the sexes differed the year before
        again = year()
        limit = ndtri(share)
        before = max(
            (before, again),
            key=lambda one: abs((one < limit)[girls].mean() - (one < limit)[~girls].mean()),
        )
    behind = np.sqrt(1 - TOGETHER**2) * year() + TOGETHER * before
    return behind < ndtri(share)


def _cut(rows: pd.DataFrame) -> pd.DataFrame:
    """A new record system ends every running placement and starts it again the same day."""
    at = np.datetime64(BREAK)
    running = (rows["starts"] < at) & (rows["ends"] > at)
    first = rows.assign(
        ends=rows["ends"].mask(running, at),
        end_reason=rows["end_reason"].mask(running, "other"),
        open=rows["open"] & ~running,
    )
    return pd.concat([first, rows[running].assign(starts=at)], ignore_index=True)
