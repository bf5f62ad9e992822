"""Made-up placements with a planted truth, in the size of the published figures.

Nobody in these data exists: identity numbers are Skatteverket's official test numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.example import Simulated
from umea_eval.intake.official_numbers import draw_numbers, is_woman

# Days of 2023 in Umeå (published_key_figures.csv, k0118, k0119, k0121, k0122, k0124, k0125), girls
# and boys; "family" are the family homes without consultants. The papers do not say how a day was
# counted: with the first and the last day here, as a municipal system does.
PUBLISHED: Mapping[str, tuple[int, int]] = {
    "residential": (10_187, 6_621),
    "consultant": (16_717, 13_546),
    "family": (35_787 - 16_717, 25_489 - 13_546),
}
COUNTING = "both"
# The papers do not say how many children this is (assumption).
PUBLISHED_CHILDREN = 500
# How the children are spread over the kinds where they mostly live, girls and boys, per thousand.
SHARES: Mapping[str, tuple[int, int]] = {
    "residential": (185, 118),
    "consultant": (185, 149),
    "family": (180, 105),
    "other": (42, 36),
}
# The export has every placement that ran on this day or later: many began long before.
SINCE = dt.date(2022, 1, 1)
EXTRACTION = dt.date(2024, 7, 1)
YEAR = (dt.date(2023, 1, 1), dt.date(2023, 12, 31))
# Years in which the children's first placements start, in parts; 0 is before SINCE. As many come
# as go, but that starts in HVB tripled in 2023 (k0028).
STARTS: Mapping[str, Mapping[int, int]] = {
    "residential": {0: 10, 2022: 14, 2023: 58, 2024: 18},
    "consultant": {0: 45, 2022: 22, 2023: 22, 2024: 11},
    "family": {0: 54, 2022: 18, 2023: 18, 2024: 9},
    "other": {0: 20, 2022: 32, 2023: 32, 2024: 16},
}
# Few start in July, most after the schools have begun; in the autumn of 2023 fewer in HVB.
SEASON = np.array([8, 8, 9, 8, 9, 7, 4, 8, 12, 11, 9, 7], dtype=np.float64)
AUTUMN_2023 = np.array([10, 10, 12, 11, 12, 10, 6, 11, 6, 5, 4, 3], dtype=np.float64)
MEAN_DAYS = {"residential": 260, "consultant": 750, "family": 1_050, "other": 200}
KINDS_OF = {
    "residential": ("hvb", "sis"),
    "consultant": ("consultant_family_home",),
    "family": ("family_home",),
    "other": ("network_home", "supported_housing", "protected_housing"),
}
HOMES = {  # per kind: how many, the lowest and the highest price of a day in 2022, kr (assumption)
    "hvb": (14, 4_200, 8_200),
    "sis": (4, 8_800, 10_400),
    "consultant_family_home": (60, 1_700, 2_500),
    "family_home": (90, 0, 0),
    "network_home": (25, 0, 0),
    "emergency_home": (12, 0, 0),
    "supported_housing": (5, 1_500, 1_900),
    "protected_housing": (3, 2_400, 3_100),
}
NEW_AGREEMENTS = dt.date(2023, 10, 1)  # assumption: the papers give no day

FAR = 10**6  # a day that never comes
Days = NDArray[np.int64]


def _ordinal(day: dt.date) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))


@dataclass(frozen=True)
class Truth:
    """What ``simulate`` plants, where it is a choice.

    Probabilities: ``emergency`` that care begins in an emergency home, ``moved`` that a child
    changes home within the kind, ``same_day`` that a move takes place on one day (else the next
    home begins the day after), ``unplanned`` that a home is left unplanned, ``again`` that a child
    who has gone home is placed again, ``overlap`` of a short stay elsewhere while the place in the
    family home is kept, ``sibling`` that a child shares dossier, home and first day with the one
    before. ``adults`` is their number beside the children, in parts of the children.
    ``agreement_rise`` is the rise of day prices with the new agreements (published: 20 to 25 %).
    ``migration`` is the day on which every running placement ends and starts again in a new record
    system.
    """

    emergency: float = 0.25
    moved: float = 0.30
    same_day: float = 0.6
    unplanned: float = 0.3
    again: float = 0.25
    overlap: float = 0.1
    sibling: float = 0.2
    adults: float = 0.05
    protected: float = 0.01
    agreement_rise: tuple[float, float] = (0.20, 0.25)
    migration: dt.date | None = dt.date(2024, 2, 1)


@dataclass
class _Stays:
    """Placements while they are made: one entry per placement, in parallel lists."""

    child: list[int] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    home: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)
    # The last of an episode may be lengthened up to ``bound``; the others lead on to the next home.
    final: list[bool] = field(default_factory=list)
    bound: list[int] = field(default_factory=list)

    def add(
        self, child: int, where: tuple[str, int], when: tuple[int, int], reason: str = "planned"
    ) -> None:
        """One more placement (kind and home, first and last day), the last of its episode."""
        for name, value in (
            *(("child", child), ("kind", where[0]), ("home", where[1]), ("first", when[0])),
            *(("last", when[1]), ("reason", reason), ("final", True), ("bound", FAR)),
        ):
            getattr(self, name).append(value)


def simulate(
    n: int = PUBLISHED_CHILDREN, seed: int = 0, truth: Truth | None = None, *, numbers: Path
) -> Simulated:
    """Placements of ``n`` children that ran on SINCE or later, adults beside them, and prices.

    The children's days of 2023 by kind and sex are exactly the published ones (``PUBLISHED``) when
    ``n`` is ``PUBLISHED_CHILDREN``, and otherwise in proportion as far as the children's years go,
    counted by the rule that the truth names. ``numbers`` is the folder of the official numbers.

    The truth has ``counting``; of 2023, by that rule, ``days`` (``residential``, ``consultant``,
    ``family`` and each of them by sex: ``residential_girls``) and the same under ``first_only`` as
    ``nights``; of all years ``children``, ``adults``, ``placements`` and ``prices`` (rows),
    ``same_day_moves``, ``overlaps`` (placements), ``overlap_nights``, ``siblings`` (children who
    share a dossier) and ``hvb_starts`` by year (placements); and ``since`` and ``migration``.
    Raises UserError for more children than there are test numbers.
    """
    plan = truth or Truth()
    random = np.random.default_rng(seed)
    people = _people(n, random, plan, numbers)
    stays = _episodes(people, random, plan)
    frame = pd.DataFrame(vars(stays))
    frame = frame[frame["last"] >= _ordinal(SINCE)].reset_index(drop=True)
    frame["girl"] = people["girl"].to_numpy()[frame["child"]]
    _reach(frame, n, random)
    frame = pd.concat([frame, _kept_places(frame, random, plan)], ignore_index=True)
    told: dict[str, Any] = _truth(frame, people)
    frame = pd.concat([frame, _adults(people, random)], ignore_index=True)
    frame = _migrated(frame, plan)
    prices = _prices(random, plan)
    placements = _placements(frame, people, prices, random)
    told |= {
        "children": n,
        "adults": int(people["adult"].sum()),
        "placements": len(placements),
        "prices": len(prices),
        "since": SINCE.isoformat(),
        "migration": plan.migration.isoformat() if plan.migration else None,
    }
    return Simulated({"placements": placements, "prices": prices}, told)


def _people(n: int, random: np.random.Generator, plan: Truth, numbers: Path) -> pd.DataFrame:
    """One row per person: children by the kind where they mostly live, then the adults."""
    parts = np.array([SHARES[group][sex] for group in SHARES for sex in (0, 1)], dtype=np.float64)
    # Largest remainders, so that every kind has its share of any number.
    exact = parts / parts.sum() * n
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: n - counts.sum()]] += 1
    groups = np.repeat([group for group in SHARES for _ in (0, 1)], counts)
    girls = np.repeat([True, False] * len(SHARES), counts)
    # Young enough that nobody is 18 when the first placements start, old enough to be born.
    pool = draw_numbers(numbers, 3 * n + 20, random, born=(2006, 2019))
    teens = [number for number in pool if number < "2011"]
    free = {True: [x for x in pool if is_woman(x)], False: [x for x in pool if not is_woman(x)]}
    old = {True: [x for x in teens if is_woman(x)], False: [x for x in teens if not is_woman(x)]}
    taken: set[str] = set()
    chosen = []
    for group, girl in zip(groups.tolist(), girls.tolist(), strict=True):
        candidates = old[girl] if group in ("residential", "other") else free[girl]
        number = next((x for x in candidates if x not in taken), None)
        number = number or next(x for x in free[girl] if x not in taken)
        taken.add(number)
        chosen.append(number)
    grown = draw_numbers(numbers, round(plan.adults * n), random, born=(1970, 1995))
    dossiers = random.permutation(n + len(grown)) + 1_000
    sibling = np.zeros(n + len(grown), dtype=bool)
    sibling[1:n] = (random.random(n - 1) < plan.sibling) & (groups[1:] == groups[:-1])
    sibling[:n] &= np.isin(groups, ("family", "consultant"))
    for child in np.flatnonzero(sibling).tolist():
        dossiers[child] = dossiers[child - 1]
    return pd.DataFrame(
        {
            "person": [*chosen, *grown],
            "girl": [*girls.tolist(), *(is_woman(number) for number in grown)],
            "group": [*groups.tolist(), *["adult"] * len(grown)],
            "dossier": [f"D{number}" for number in dossiers],
            "sibling": sibling,
            "adult": [*[False] * n, *[True] * len(grown)],
            "protected": random.random(n + len(grown)) < plan.protected,
        }
    )


def _first_day(group: str, random: np.random.Generator) -> int:
    years = STARTS[group]
    weights = np.array(list(years.values()), dtype=np.float64)
    year = int(random.choice(list(years), p=weights / weights.sum()))
    if year == 0:
        return _ordinal(SINCE) - 1 - int(random.exponential(MEAN_DAYS[group]))
    season = AUTUMN_2023 if group == "residential" and year == 2023 else SEASON
    months = season[:6] if year == EXTRACTION.year else season
    month = int(random.choice(len(months), p=months / months.sum()))
    return _ordinal(dt.date(year, month + 1, int(random.integers(1, 29))))


def _home(kind: str, random: np.random.Generator) -> int:
    return int(random.integers(HOMES[kind][0]))


def _kind(group: str, random: np.random.Generator) -> str:
    if group == "residential":
        return "sis" if random.random() < 0.2 else "hvb"
    return str(random.choice(KINDS_OF[group]))


def _episodes(people: pd.DataFrame, random: np.random.Generator, plan: Truth) -> _Stays:
    """Every child's placements, one after the other."""
    stays = _Stays()
    end_of_data = _ordinal(EXTRACTION)
    before: tuple[int, str, int] = (0, "", 0)
    births = [_ordinal(dt.date.fromisoformat(number[:8])) for number in people["person"].tolist()]
    for child, (group, sibling, born) in enumerate(
        zip(people["group"].tolist(), people["sibling"].tolist(), births, strict=True)
    ):
        if group == "adult":
            continue
        first, kind = _first_day(group, random), _kind(group, random)
        home = _home(kind, random)
        if sibling:
            first, kind, home = before
        first = max(first, born + 30)
        before = (first, kind, home)
        while first < end_of_data:
            first = _episode(stays, (child, group), (first, kind, home), random, plan)
            kind = _kind(group, random)
            home = _home(kind, random)
    return stays


def _episode(
    stays: _Stays,
    who: tuple[int, str],
    begins: tuple[int, str, int],
    random: np.random.Generator,
    plan: Truth,
) -> int:
    """One episode of care; the first day of the child's next one (FAR where there is none)."""
    child, group = who
    first, kind, home = begins
    end_of_data = _ordinal(EXTRACTION)

    def move(last: int, reason: str) -> int:
        stays.reason[-1], stays.final[-1] = reason, False
        return last if random.random() < plan.same_day else last + 1

    if random.random() < plan.emergency:
        last = first + int(random.integers(10, 120))
        stays.add(child, ("emergency_home", _home("emergency_home", random)), (first, last))
        if last >= end_of_data:
            return end_of_data
        first = move(last, "moved")
    # What began before the data still ran when they begin.
    total = max(_ordinal(SINCE) - first, 0) + max(8, int(random.exponential(MEAN_DAYS[group])))
    if total > 40 and random.random() < plan.moved:
        last = first + int(total * random.uniform(0.2, 0.8))
        stays.add(child, (kind, home), (first, last))
        if last >= end_of_data:
            return end_of_data
        left = random.random() < plan.unplanned
        reasons = ("absconded", "turned_away", "breakdown")
        first = move(last, str(random.choice(reasons)) if left else "moved")
        total -= last - stays.first[-1]
        kind = _kind(group, random)
        home = (home + 1) % HOMES[kind][0]
    last = first + max(8, total)
    usual = ("returned_home", "returned_home", "planned", "closed", "own_home")
    stays.add(child, (kind, home), (first, last), str(random.choice(usual)))
    if last >= end_of_data or random.random() >= plan.again:
        return FAR
    again = last + int(random.integers(40, 700))
    if again < end_of_data:
        stays.bound[-1] = again - 32
    return again


def _in_2023(first: Days, last: Days, *, both: bool = True) -> Days:
    """Days of 2023, the last day included or not."""
    low, high = _ordinal(YEAR[0]), _ordinal(YEAR[1])
    days: Days = np.minimum(last + int(both), high + 1) - np.maximum(first, low)
    return np.maximum(days, 0)


def _reach(frame: pd.DataFrame, n: int, random: np.random.Generator) -> None:
    """Move the ends of last placements until the days of 2023 are the published ones."""
    low, high = _ordinal(YEAR[0]), _ordinal(YEAR[1])
    for group, published in PUBLISHED.items():
        for girl, days in zip((True, False), published, strict=True):
            own = frame["kind"].isin(KINDS_OF[group]) & (frame["girl"] == girl)
            target = round(days * n / PUBLISHED_CHILDREN)
            rows = np.flatnonzero(own)
            last_rows = np.flatnonzero(own & frame["final"] & (frame["first"] <= high))
            first, last = frame["first"].to_numpy(), frame["last"].to_numpy().copy()
            bound = frame["bound"].to_numpy()
            for row in random.permutation(last_rows).tolist():
                short = target - int(_in_2023(first[rows], last[rows]).sum())
                if short == 0:
                    break
                begins = max(int(first[row]), low)
                if short > 0:
                    room = min(int(bound[row]), high) - max(int(last[row]), begins - 1)
                    if room > 0 and room <= short:  # the whole rest of the year, and some more
                        last[row] = min(int(bound[row]), high + int(random.integers(0, 400)))
                    elif room > 0:
                        last[row] = max(int(last[row]), begins - 1) + short
                else:
                    stop = min(int(last[row]), high)
                    room = stop - max(int(first[row]) + 5, low)
                    if room > 0:
                        last[row] = stop - min(room, -short)
            frame["last"] = last


def _kept_places(frame: pd.DataFrame, random: np.random.Generator, plan: Truth) -> pd.DataFrame:
    """Short stays in an emergency home while the place in the family home is kept: overlaps."""
    change = _ordinal(plan.migration or EXTRACTION)
    long = frame["kind"].isin(("family_home", "consultant_family_home"))
    long &= frame["last"] - frame["first"] > 60
    long &= (frame["first"] > _ordinal(SINCE)) & (frame["first"] < change - 120)
    # One for each child, so that no two of them meet.
    hosts = frame[long & (random.random(len(frame)) < plan.overlap)].drop_duplicates("child")
    first = hosts["first"].to_numpy() + random.integers(10, 30, len(hosts))
    return hosts.assign(
        kind="emergency_home",
        home=random.integers(HOMES["emergency_home"][0], size=len(hosts)),
        first=first,
        last=first + random.integers(3, 15, len(hosts)),
        reason="planned",
        final=False,
        overlap=True,
    )


def _truth(frame: pd.DataFrame, people: pd.DataFrame) -> dict[str, Any]:
    first, last = frame["first"].to_numpy(), frame["last"].to_numpy()
    girl = frame["girl"].to_numpy(dtype=bool)
    days: dict[str, int] = {}
    nights: dict[str, int] = {}
    for group in PUBLISHED:
        own = frame["kind"].isin(KINDS_OF[group]).to_numpy()
        for name, rows in (("", own), ("_girls", own & girl), ("_boys", own & ~girl)):
            days[group + name] = int(_in_2023(first[rows], last[rows]).sum())
            nights[group + name] = int(_in_2023(first[rows], last[rows], both=False).sum())
    stays = frame["overlap"].eq(True).to_numpy() if "overlap" in frame else np.zeros(len(frame))
    usual = frame[stays == 0].sort_values(["child", "first"], kind="stable")
    next_first = usual.groupby("child")["first"].shift(-1)
    hvb = frame["kind"].eq("hvb") & (stays == 0)
    years = frame.loc[hvb & (frame["first"] < _ordinal(EXTRACTION)), "first"]
    by_year = years.to_numpy().astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    shared = people.loc[~people["adult"], "dossier"].duplicated(keep=False)
    return {
        "counting": COUNTING,
        "days": days,
        "nights": nights,
        "same_day_moves": int((next_first == usual["last"]).sum()),
        "overlaps": int(np.count_nonzero(stays)),
        "overlap_nights": int((last - first)[stays > 0].sum()),
        "siblings": int(shared.sum()),
        "hvb_starts": {
            str(year): int(count)
            for year, count in zip(*np.unique(by_year, return_counts=True), strict=True)
        },
    }


def _adults(people: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """One placement per adult, LVM (in SiS) for a third of them."""
    adults = np.flatnonzero(people["adult"])
    lvm = random.random(len(adults)) < 1 / 3
    kind = np.where(lvm, "sis", np.where(random.random(len(adults)) < 0.5, "hvb", "supported"))
    kind = np.where(kind == "supported", "supported_housing", kind)
    low, high = _ordinal(SINCE), _ordinal(EXTRACTION)
    first = random.integers(low, high - 10, len(adults))
    return pd.DataFrame(
        {
            "child": adults,
            "kind": kind,
            "home": [_home(str(each), random) for each in kind],
            "first": first,
            "last": first + random.integers(20, 400, len(adults)),
            "reason": "planned",
            "girl": people["girl"].to_numpy()[adults],
        }
    )


def _migrated(frame: pd.DataFrame, plan: Truth) -> pd.DataFrame:
    """A change of record system ends and starts every running placement."""
    frame = frame[frame["first"] < _ordinal(EXTRACTION)]
    if plan.migration is None:
        return frame
    day = _ordinal(plan.migration)
    over = (frame["first"] < day) & (frame["last"] >= day)
    moved = frame[over].assign(first=day)
    kept = frame.assign(
        last=frame["last"].mask(over, day - 1), reason=frame["reason"].mask(over, "migration")
    )
    return pd.concat([kept, moved])


def _prices(random: np.random.Generator, plan: Truth) -> pd.DataFrame:
    """A price list: every purchased home's day price before and after the new agreements."""
    rows: list[tuple[str, str, dt.date, dt.date | None, float]] = []
    for kind, (count, lowest, highest) in HOMES.items():
        if not highest:
            continue
        for home in range(count):
            price = float(random.integers(lowest // 10, highest // 10)) * 10
            rise = 0.05 if kind == "sis" else float(random.uniform(*plan.agreement_rise))
            change = dt.date(2023, 1, 1) if kind == "sis" else NEW_AGREEMENTS
            name = _home_name(kind, home)
            rows.append((kind, name, dt.date(2010, 1, 1), change - dt.timedelta(days=1), price))
            rows.append((kind, name, change, None, round(price * (1 + rise))))
    frame = pd.DataFrame(rows, columns=["kind", "home", "valid_from", "valid_to", "day_price"])
    for column in ("valid_from", "valid_to"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    return frame.astype({"day_price": "float64"})


def _home_name(kind: str, home: int) -> str:
    return f"{kind.upper().replace('_', ' ')} {home + 1}"


def _placements(
    frame: pd.DataFrame, people: pd.DataFrame, prices: pd.DataFrame, random: np.random.Generator
) -> pd.DataFrame:
    """The frame in the form of the schema, in the order of first days."""
    frame = frame.sort_values(["first", "child"], kind="stable", ignore_index=True)
    own = people.iloc[frame["child"]].reset_index(drop=True)
    ended = (frame["last"] < _ordinal(EXTRACTION)).to_numpy()
    starts = frame["first"].to_numpy().astype("datetime64[D]").astype("datetime64[us]")
    last = np.where(ended, frame["last"], 0).astype("datetime64[D]").astype("datetime64[us]")
    ends = pd.Series(last).where(ended)
    kind = frame["kind"].to_numpy().astype(str)
    home = [_home_name(k, int(h)) for k, h in zip(kind.tolist(), frame["home"], strict=True)]
    purchased = np.isin(kind, ("consultant_family_home", "supported_housing", "protected_housing"))
    # The first HVB of the list is the municipality's own.
    purchased |= (kind == "hvb") & (frame["home"] > 0).to_numpy()
    family = np.isin(kind, ("family_home", "network_home", "emergency_home"))
    # One and the same for a home, whoever lives there.
    level = frame["home"].to_numpy(dtype=np.float64) % 7
    stated = (frame["last"] - frame["first"] + 1).astype("Int64")
    return pd.DataFrame(
        {
            "person": own["person"],
            "dossier": own["dossier"],
            "home": home,
            "kind": kind,
            "legal_basis": _grounds(kind, own, random),
            "starts": starts,
            "ends": ends,
            "end_reason": frame["reason"].where(ended),
            "provider": np.select([kind == "sis", purchased], ["state", "purchased"], "own"),
            "day_price": _price_on(frame["first"].to_numpy(), home, prices),
            "fee": pd.Series(10_000 + 750 * level).where(family),
            "expenses": pd.Series(5_000 + 350 * level).where(family),
            "stated_days": stated.where(ended),
            "sex": np.where(own["girl"], "women", "men"),
            "protected": own["protected"],
        }
    )


def _grounds(
    kind: NDArray[np.str_], own: pd.DataFrame, random: np.random.Generator
) -> NDArray[np.object_]:
    """One ground per person, as a rule; LVM for the adults in SiS."""
    draw = dict(zip(own["person"].unique(), random.random(own["person"].nunique()), strict=True))
    share = own["person"].map(draw).to_numpy(dtype=np.float64)
    teen = np.isin(kind, ("hvb", "sis"))
    adult = own["adult"].to_numpy(dtype=bool)
    grounds = np.select(
        [adult & (kind == "sis"), adult, share < 0.5, share < 0.55, share < 0.6, teen],
        ["lvm", "sol_2001", "sol_2001", "lvu_6", "lss", "lvu_3"],
        "lvu_2",
    )
    result: NDArray[np.object_] = grounds.astype(object)
    return result


def _price_on(first: Days, home: list[str], prices: pd.DataFrame) -> pd.Series:
    """The home's price on the first day; missing for homes that are not in the list."""
    days = first.astype("datetime64[D]").astype("datetime64[us]")
    wanted = pd.DataFrame({"home": home, "day": days, "place": np.arange(len(home))})
    both = wanted.merge(prices, on="home", how="left")
    held = (both["valid_from"] <= both["day"]) & ~(both["valid_to"] < both["day"])
    found = both[held].set_index("place")["day_price"]
    return found.reindex(range(len(home))).reset_index(drop=True)
