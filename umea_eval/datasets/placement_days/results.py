"""The tables of the evaluation of placement days: measures put beside each other for readers.

Each function gives a frame that a report registers as it is. Counts stand beside every share, and
the children behind every sum with what the one and the two with most give of it, so that disclosure
control can judge them; ``total`` is the code of all categories together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from umea_eval.datasets.placement_days import measures
from umea_eval.datasets.placement_days.measures import Counting
from umea_eval.datasets.placement_days.measures.budget import WINDOW
from umea_eval.datasets.placement_days.schema import GROUPINGS, KINDS, LEGAL_GROUPS, UNPLANNED
from umea_eval.intake.codes import MEN, WOMEN
from umea_eval.methods.claims import shared
from umea_eval.methods.proportions import with_share
from umea_eval.methods.series_bridge import series_bridge
from umea_eval.methods.two_shares import two_shares

TOTAL = "total"
OTHER = "other"
UNKNOWN = "unknown"
SEXES = (WOMEN, MEN)
COUNTINGS: tuple[Counting, ...] = ("both", "first_only")
AGES: Mapping[str, tuple[str, ...]] = {
    "children_and_young": ("child", "young"),
    "children": ("child",),
    "young": ("young",),
    "adults": ("adult",),
}
RESIDENTIAL = GROUPINGS["papers"]["residential"]
# Twelve months is the variant of placements again (definitions of the field: 24).
SHORTER = 12
# Days between two homes of the same care: the day after, or within a week.
GAPS = (1, 7)
READ_AT = (6, 12, 24)
LEVELS = (("kind",), ("kind", "home"))
# Thirty months hold too few misses for 95 per cent (see ``measures.forecast``).
FORECAST_CONFIDENCE = 0.80
OUTCOMES = ("residential", "moved", "unplanned")


@dataclass(frozen=True)
class Choices:
    """The definitions that the evaluation has chosen, each a parameter of the notebook."""

    year: int
    counting: Counting = "both"
    ages: str = "children_and_young"
    grouping: str = "papers"
    since: date = date(2022, 1, 1)
    within: int = 24

    @property
    def years(self) -> tuple[int, int]:
        """The year before and the year, which the report puts beside each other."""
        return self.year - 1, self.year


@dataclass(frozen=True)
class Register:
    """The placements of one age group and the period that the export can tell of.

    ``placements`` are joined where a change of record system cut them; ``unjoined`` are as they
    stand in the export. ``until`` is the extraction date, ``since`` the first day of the data and
    ``last`` the first day of the last whole month.
    """

    placements: pd.DataFrame
    unjoined: pd.DataFrame
    prices: pd.DataFrame | None
    since: date
    until: date
    last: pd.Timestamp
    rows: int

    @property
    def empty(self) -> bool:
        """Whether there is nothing to evaluate."""
        return self.placements.empty

    @property
    def first(self) -> pd.Timestamp:
        """The first whole month."""
        start = pd.Timestamp(self.since)
        return start if start.day == 1 else start + pd.offsets.MonthBegin(1)


def register(
    tables: Mapping[str, pd.DataFrame], provenance: Mapping[str, object], choices: Choices
) -> Register:
    """The register of a cleaning: one age group, joined across changes of record system."""
    placements = tables["placements"]
    own = measures.select(placements, ages=AGES[choices.ages])
    found = provenance.get("register_breaks") or []
    breaks = [date.fromisoformat(str(each["date"])) for each in found]  # type: ignore[attr-defined]
    until = date.fromisoformat(str(provenance["until"]))
    after = pd.Timestamp(until) + pd.Timedelta(days=1)  # the extraction day itself counts
    return Register(
        placements=measures.join_breaks(own, breaks),
        unjoined=own,
        prices=tables.get("prices"),
        since=choices.since,
        until=until,
        last=after.to_period("M").start_time - pd.DateOffset(months=1),
        rows=len(placements),
    )


def hierarchy(grouping: str) -> Mapping[str, tuple[str, ...]]:
    """The groups of one of ``schema.GROUPINGS`` that have no kind in common, and the others.

    A group within another one (family homes with consultants) is a kind of that one; kinds that
    the grouping leaves out are ``other``, so that all groups add up to all days.
    """
    groups = GROUPINGS[grouping]
    outer = {
        name: kinds
        for name, kinds in groups.items()
        if not any(set(kinds) < set(more) for more in groups.values())
    }
    covered = {kind for kinds in outer.values() for kind in kinds}
    rest = tuple(kind for kind in KINDS if kind not in covered)
    return {**outer, **({OTHER: rest} if rest else {})}


def daily(found: Register, counting: Counting) -> pd.DataFrame:
    """Days and kronor by month, child, kind, home, provider and ground, from ``since`` on.

    ``year``, ``month``, ``person``, ``sex``, ``kind``, ``home``, ``provider``, ``legal_group``,
    ``days``, ``priced_days`` and ``cost``; whole months only. What all tables of days are made of.
    """
    rows = _since(found.placements, found.since)
    by = ["person", "kind"]
    rows = rows.assign(sex=_sex(rows))
    for name in ("sex", "home", "provider", "legal_group"):
        if name not in rows:
            rows[name] = pd.Series(None, index=rows.index, dtype="object")
        by.append(name)
    rows["home"] = rows["home"].astype("object")
    table = measures.costs_per_month(
        rows, found.prices, counting=counting, until=found.until, by=by
    )
    table = table[(table["month"] >= found.first) & (table["month"] <= found.last)]
    table = table.reset_index(drop=True)
    for name in by:
        table[name] = table[name].astype("object")
    return table.assign(year=table["month"].dt.year.astype("int64"))


def population(found: Register, choices: Choices) -> pd.DataFrame:
    """From clean rows to the placements of the year: ``step`` and ``placements``."""
    rows = found.placements
    running = _running(rows, *_days_of(found, choices.year))
    steps = {
        "clean": found.rows,
        "other_ages": found.rows - len(found.unjoined),
        "selected": len(found.unjoined),
        "joined": len(found.unjoined) - len(rows),
        "placements": len(rows),
        "in_year": int(running.sum()),
    }
    return pd.DataFrame({"step": list(steps), "placements": list(steps.values())}).astype(
        {"placements": "int64"}
    )


def days_by_kind(table: pd.DataFrame, other: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Days of the two years by group and kind under both rules of counting.

    ``table`` and ``other`` are ``daily`` under the chosen rule and under the other one. ``year``,
    ``group``, ``kind``, ``children``, ``days``, ``other_days`` and the largest of each.
    """
    keys = ["year", "group", "kind"]
    chosen = summed(_levels(table, choices), keys, ("days",))
    second = summed(_levels(other, choices), keys, ("days",))
    second = second.drop(columns="children").rename(columns=lambda name: _renamed(name, "days"))
    both = chosen.merge(second, on=keys, how="left").fillna({"other_days": 0})
    return _ordered(both.fillna({"other_days_1": 0.0, "other_days_2": 0.0}), choices)


def days_by_sex(table: pd.DataFrame, choices: Choices, column: str = "group") -> pd.DataFrame:
    """Days of the year by ``column`` (``group`` of kinds, or ``legal_group``) and sex.

    ``total`` for all of either. ``year``, ``column``, ``sex``, ``children``, ``days`` and the
    largest.
    """
    own = table[table["year"] == choices.year]
    groups = hierarchy(choices.grouping)
    group_of = {kind: name for name, kinds in groups.items() for kind in kinds}
    own = own.assign(group=own["kind"].map(group_of))
    own = own.assign(**{column: own[column].fillna(UNKNOWN)})
    rows = pd.concat(
        [
            own.assign(**{column: code or own[column], "sex": sex or own["sex"]})
            for code in (None, TOTAL)
            for sex in (None, TOTAL)
        ],
        ignore_index=True,
    )
    made = summed(rows, ["year", column, "sex"], ("days",))
    codes = [*groups, *LEGAL_GROUPS, UNKNOWN, TOTAL]
    made = made.assign(
        _code=made[column].map({code: at for at, code in enumerate(codes)}),
        _sex=made["sex"].map({code: at for at, code in enumerate((*SEXES, UNKNOWN, TOTAL))}),
    )
    return (
        made.sort_values(["_code", "_sex"]).drop(columns=["_code", "_sex"]).reset_index(drop=True)
    )


def days_by_month(table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Days by month and group (the outer groups of the grouping): for the course.

    ``year``, ``month`` (text), ``group``, ``children``, ``days`` and the largest; no row where
    there are none.
    """
    rows = _levels(table, choices)
    rows = rows[(rows["kind"] == TOTAL) & (rows["group"] != TOTAL)]
    made = summed(
        rows.assign(month=rows["month"].dt.strftime("%Y-%m")), ["year", "month", "group"], ("days",)
    )
    order = list(hierarchy(choices.grouping))
    made = made.assign(_at=made["group"].map(order.index)) if len(made) else made.assign(_at=0)
    return made.sort_values(["month", "_at"]).drop(columns="_at").reset_index(drop=True)


def wide_course(released: pd.DataFrame, found: Register) -> pd.DataFrame:
    """The released ``days_by_month`` as one column per group, a row for every month: for a figure.

    A month without days in a group has none (0); what is withheld is missing.
    """
    months = pd.date_range(found.first, found.last, freq="MS").strftime("%Y-%m")
    made = pd.DataFrame({"month": months})
    for group in pd.unique(released["group"].dropna()):
        own = released[released["group"] == group].set_index("month")["days"].astype("Float64")
        known = own.reindex(months)
        known[~known.index.isin(own.index)] = 0
        made[str(group)] = known.to_numpy()
    return made


def counting_rules(found: Register, choices: Choices) -> pd.DataFrame:
    """The year's days under either rule, joined across a change of system or not.

    ``counting``, ``joined`` (yes, no), ``days``, ``distinct_days`` (each child's calendar day
    once), ``overlap_days``, ``children`` and ``overlapping`` (children with such days), with the
    largest. How much hangs on the definition of a day. ``ratio`` with ``lower`` and ``upper``: the
    days over those of the report's own rule, joined (missing in that row itself), for the same
    children: what a series needs to be read across a change of rule or system
    (`methods.series_bridge`). ``own``: the days of that row, with the largest.
    """
    low, high = _days_of(found, choices.year)
    rows: list[dict[str, object]] = []
    by_child: dict[tuple[str, str], pd.Series[int]] = {}
    for counting in COUNTINGS:
        for joined, placements in (("yes", found.placements), ("no", found.unjoined)):
            own = _since(placements[_running(placements, low, high)], low.date())
            days = measures.overlap_days(own, counting=counting, until=high.date())
            row: dict[str, object] = {"counting": counting, "joined": joined}
            for name in ("days", "distinct_days", "overlap_days"):
                largest = days[name].sort_values(ascending=False).tolist()
                row[name] = int(days[name].sum())
                row[f"{name}_1"] = float(sum(largest[:1]))
                row[f"{name}_2"] = float(sum(largest[1:2]))
            row["children"] = len(days)
            row["overlapping"] = int((days["overlap_days"] > 0).sum())
            rows.append(row)
            by_child[counting, joined] = days.set_index("person")["days"]
    own_way = (choices.counting, "yes")
    chosen = next(row for row in rows if (row["counting"], row["joined"]) == own_way)
    own_days = {f"own{end}": chosen[f"days{end}"] for end in ("", "_1", "_2")}
    bridges = [
        _bridge(days, by_child[own_way], known=way != own_way) for way, days in by_child.items()
    ]
    return pd.DataFrame(
        [row | own_days | bridge for row, bridge in zip(rows, bridges, strict=True)]
    )


def _bridge(new: pd.Series[int], old: pd.Series[int], *, known: bool) -> dict[str, float]:
    """The ratio of two ways of counting the same children's days, with limits."""
    row = dict.fromkeys(("ratio", "lower", "upper"), np.nan)
    if not known or old.sum() == 0:
        return row
    both = pd.concat({"new": new, "old": old}, axis=1).fillna(0).rename_axis("child").reset_index()
    found = series_bridge(both, "new", "old", unit="child").table.iloc[0]
    return {"ratio": found["value"], "lower": found["lower"], "upper": found["upper"]}


def flow(found: Register) -> pd.DataFrame:
    """Children who come into care, leave it and are in care, by month (episodes of care).

    ``month`` (text), ``starts``, ``exits``, ``stock`` (when the month ends).
    """
    columns = ["month", "starts", "exits", "stock"]
    end = (found.last + pd.offsets.MonthEnd(0)).date()
    if found.empty or end < found.since:
        return pd.DataFrame(columns=columns).astype(dict.fromkeys(columns[1:], "int64"))
    episodes = measures.care_episodes(found.placements)
    table = measures.flow_per_month(episodes, since=found.since, until=end)
    return table.assign(month=table["month"].dt.strftime("%Y-%m"))[columns]


def new_and_moved(found: Register, choices: Choices) -> pd.DataFrame:
    """Nyplaceringar and omplaceringar of the two years by kind that the child came to, and all.

    A kind without either in both years has no row.
    """
    table = measures.new_and_moved(found.placements)
    table = table[table["year"].isin(choices.years) & (table["year"] >= found.since.year)]
    rows = table.assign(kind=table["kind"].astype("object"))
    total = rows.groupby("year")[["new", "moved"]].sum().reset_index().assign(kind=TOTAL)
    made = pd.concat([rows, total[rows.columns]], ignore_index=True)
    order = {kind: place for place, kind in enumerate((*KINDS, TOTAL))}
    made = made.sort_values(
        ["year", "kind"], key=lambda col: col.map(order) if col.name == "kind" else col
    )
    return made.reset_index(drop=True).astype({"new": "int64", "moved": "int64"})


def by_year(found: Register, table: pd.DataFrame) -> pd.DataFrame:
    """What came instead, year by year: the counter-measures of a goal to have fewer days.

    ``year``, ``children`` (with days), ``new``, ``moved``, ``again`` (new episodes within 12
    months of a return home), ``ended`` (with a reason), ``unplanned`` and ``no_reason``.
    """
    years = list(range(found.first.year, found.last.year + 1)) if len(table) else []
    children = table.groupby("year")["person"].nunique()
    moved = measures.new_and_moved(found.placements).groupby("year")[["new", "moved"]].sum()
    rows = found.placements
    last = found.last + pd.offsets.MonthEnd(0)
    ended = rows[(rows["ends"] >= pd.Timestamp(found.since)) & (rows["ends"] <= last)]
    ends = _with_reasons(ended)
    counted = ends.groupby("year")[["known", "unplanned", "no_reason"]].sum()
    again = _again_by_year(found)
    made = pd.DataFrame({"year": pd.Series(years, dtype="int64")})
    for name, values in {
        "children": children,
        "new": moved["new"],
        "moved": moved["moved"],
        "again": again,
        "ended": counted["known"],
        "unplanned": counted["unplanned"],
        "no_reason": counted["no_reason"],
    }.items():
        made[name] = made["year"].map(values).fillna(0).astype("int64")
    return made


def durations(found: Register) -> pd.DataFrame:
    """How long care lasts: ``sex``, ``episodes``, ``ended``, ``median`` with limits (months)."""
    names = ["sex", "episodes", "ended", "median", "lower", "upper"]
    rows = []
    episodes = measures.care_episodes(found.placements)
    episodes = episodes.assign(sex=_sex(episodes))
    for sex in (*SEXES, TOTAL):
        own = episodes if sex == TOTAL else episodes[episodes["sex"] == sex]
        table = measures.durations(own, until=found.until, since=found.since)
        row = table[table["months"].isna()]
        if row.empty:
            rows.append((sex, 0, 0, np.nan, np.nan, np.nan))
            continue
        first = row.iloc[0]
        counts = int(first["denominator"]), int(first["numerator"])
        rows.append((sex, *counts, first["value"], first["lower"], first["upper"]))
    return pd.DataFrame(rows, columns=names).astype(
        {"median": float, "lower": float, "upper": float}
    )


def duration_curve(found: Register, *, longest: int = 36, least: int = 1) -> pd.DataFrame:
    """The share of episodes of care that still run, month by month: for a figure.

    It steps on groups of at least ``least`` ends; ``ended`` is since the row before.
    """
    names = ["month", "at_risk", "ended", "value", "lower", "upper"]
    episodes = measures.care_episodes(found.placements)
    table = measures.durations(
        episodes,
        until=found.until,
        since=found.since,
        at_months=range(1, longest + 1),
        least=least,
    )
    table = table[table["months"].notna()].reset_index(drop=True)
    if table.empty:
        return pd.DataFrame(columns=names).astype("float64")
    gone = table["numerator"].astype("float64")
    return table.assign(
        month=table["months"].astype(int),
        at_risk=table["at_risk"].astype(int),
        ended=gone.diff().fillna(gone).astype(int),
    )[names].astype({"value": float, "lower": float, "upper": float})


def moves(found: Register, choices: Choices) -> pd.DataFrame:
    """Omplaceringar per year in care, in the year: ``sex``, ``moves``, ``days``, ``rate``, limits.

    And ``children`` who moved of ``children_in_care``.
    """
    low, high = _days_of(found, choices.year)
    rows = found.placements.assign(sex=_sex(found.placements))
    rows = rows if low <= high else rows.head(0)
    tables = []
    for by in (("sex",), ()):
        table = measures.moves(rows, since=low.date(), until=high.date(), by=by)
        tables.append(table if by else table.assign(sex=TOTAL))
    made = pd.concat(tables, ignore_index=True)
    made = _rows_of(made, "sex", (*SEXES, TOTAL))
    made = made.rename(columns={"numerator": "moves", "denominator": "days", "value": "rate"})
    names = ["sex", "moves", "days", "rate", "lower", "upper", "children", "children_in_care"]
    counts = ["moves", "days", "children", "children_in_care"]
    made[counts] = made[counts].fillna(0).astype("int64")
    return made[names].astype({"rate": float, "lower": float, "upper": float})


def placed_again(found: Register, choices: Choices) -> pd.DataFrame:
    """Återplacering within the chosen months and within twelve, by sex.

    ``sex``, ``within``, ``returns`` (home), ``again``, ``value`` with limits, ``chosen``.
    """
    rows = found.placements.assign(sex=_sex(found.placements))
    made = [
        _placed_again(found, rows, within, GAPS[0]).assign(within=within)
        for within in sorted({SHORTER, choices.within})
    ]
    table = pd.concat(made, ignore_index=True)
    return table.assign(chosen=table["within"] == choices.within)[
        ["sex", "within", "returns", "again", "value", "lower", "upper", "chosen"]
    ]


def breakdowns(found: Register) -> pd.DataFrame:
    """Sammanbrott: the share of placements that have ended unplanned, by sex and months.

    ``sex``, ``months``, ``placements``, ``unplanned``, ``value`` with limits, ``no_reason``.
    """
    return _breakdowns(found, UNPLANNED, READ_AT)


def outcomes_by_sex(found: Register, table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Children in care in the year with each outcome, by sex: each child counts once.

    ``outcome`` (``residential``: in HVB or SiS, ``moved``, ``unplanned``: left a home unplanned),
    ``sex``, ``children``, ``having``, ``share`` with limits.
    """
    low, high = _days_of(found, choices.year)
    own = table[table["year"] == choices.year]
    people = own.drop_duplicates("person").set_index("person")["sex"]
    rows = measures.with_episodes(found.placements)
    person = rows["person"].astype("object")
    moved = rows["moved"] & (rows["starts"] >= low) & (rows["starts"] <= high)
    left = (rows["ends"] >= low) & (rows["ends"] <= high)
    if "end_reason" in rows:
        left &= rows["end_reason"].isin(UNPLANNED)
    else:
        left &= False
    having = {
        "residential": set(own.loc[own["kind"].isin(RESIDENTIAL), "person"]),
        "moved": set(person[moved]),
        "unplanned": set(person[left]),
    }
    made = []
    for outcome in OUTCOMES:
        has = people.index.isin(list(having[outcome]))
        for sex in (*SEXES, UNKNOWN, TOTAL):
            part = np.ones(len(people), bool) if sex == TOTAL else (people == sex).to_numpy()
            if sex == UNKNOWN and not part.any():
                continue
            made.append((outcome, sex, int(part.sum()), int((part & has).sum())))
    frame = pd.DataFrame(made, columns=["outcome", "sex", "children", "having"])
    return with_share(frame, "having", "children", value="share")


def sex_differences(table: pd.DataFrame) -> pd.DataFrame:
    """Girls minus boys in each outcome of ``outcomes_by_sex`` (see `two_shares`).

    The intervals hold together for all outcomes.
    """
    confidence = shared(len(OUTCOMES))
    made = []
    for outcome in OUTCOMES:
        rows = table[table["outcome"] == outcome].set_index("sex")
        (x1, x2), (n1, n2) = (
            [int(count) for count in rows.loc[list(SEXES), name].tolist()]
            for name in ("having", "children")
        )
        counts = {"girls": x1, "girls_of": n1, "boys": x2, "boys_of": n2}
        row = two_shares(x1, n1, x2, n2, confidence=confidence)
        made.append({"outcome": outcome, **counts, **row})
    return pd.DataFrame(made)


def siblings(found: Register, choices: Choices) -> pd.DataFrame:
    """Siblings in care on the year's last day in whole months of data: one row.

    Siblings are children with the same dossier (an assumption: some systems have it so).
    ``children``, ``with_sibling`` in care that day, ``together`` with one in the same home, and
    the share of those with limits. No row without dossiers, homes or days of the year.
    """
    names = ["children", "with_sibling", "together", "share", "lower", "upper"]
    rows = found.placements
    if not {"dossier", "home"} <= set(rows.columns):
        return pd.DataFrame(columns=names)
    low, day = _days_of(found, choices.year)
    if found.empty or day < low:
        return pd.DataFrame(columns=names)
    there = rows[_running(rows, day, day)]
    there = there[["person", "dossier", "home"]].astype("object")
    kin = there.dropna(subset=["dossier"]).drop_duplicates(["person", "dossier"])
    related = kin[kin.duplicated("dossier", keep=False)]
    homes = there.dropna().drop_duplicates()
    close = homes[homes.duplicated(["dossier", "home"], keep=False)]
    counts = {
        "children": [there["person"].nunique()],
        "with_sibling": [related["person"].nunique()],
        "together": [close["person"].nunique()],
    }
    return with_share(pd.DataFrame(counts), "together", "with_sibling", value="share")[names]


def providers(table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Purchased against own care: days and kronor of the two years by who provides it.

    ``year``, ``provider`` (``purchased``, ``state``, ``own``, ``unknown``, ``total``),
    ``children``, ``days``, ``known_days`` and ``share`` of those, ``cost``, and the largest. Days
    of a provider that is not told are nobody's: they are in no share.
    """
    own = table[table["year"].isin(choices.years)]
    own = own.assign(provider=own["provider"].fillna(UNKNOWN))
    rows = pd.concat([own, own.assign(provider=TOTAL)], ignore_index=True)
    made = summed(rows, ["year", "provider"], ("days", "cost"))
    known = own[own["provider"] != UNKNOWN].groupby("year")["days"].sum()
    made["known_days"] = made["year"].map(known).astype("float64")
    apart = made["provider"].isin([UNKNOWN, TOTAL])
    base = made["known_days"].where((made["known_days"] > 0) & ~apart)
    made["share"] = made["days"] / base
    order = {code: at for at, code in enumerate(("purchased", "state", "own", UNKNOWN, TOTAL))}
    made["_at"] = made["provider"].map(order)
    return made.sort_values(["year", "_at"]).drop(columns="_at").reset_index(drop=True)


def costs_by_kind(table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Kronor of the two years by group and kind: ``cost``, ``priced_days`` and ``price`` a day."""
    made = summed(_levels(table, choices), ["year", "group", "kind"], ("cost", "priced_days"))
    base = made["priced_days"].where(made["priced_days"] > 0)
    return _ordered(made.assign(price=made["cost"] / base), choices)


def cost_split(table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """The change of the cost from the year before: volume, mix and price at two levels of detail.

    ``level`` (``kind``, ``kind_home``), ``part`` (the three and ``total``), ``value`` (kronor),
    ``relative`` (of the cost of the year before) and ``children`` in care in either year. Empty
    where one of the years has no priced days or its first month is not in the data.
    """
    names = ["level", "part", "value", "relative", "children"]
    before, year = choices.years
    own = table[table["year"].isin(choices.years) & (table["priced_days"] > 0)]
    if not {before, year} <= set(own["year"]):
        return pd.DataFrame(columns=names)
    split = measures.cost_change(own, reference=before, comparison=year, levels=LEVELS)
    children = own["person"].nunique()
    made = []
    for level, part in split.groupby("level", sort=False):
        code = str(level).replace(" × ", "_")
        base = float(part["before"].iloc[0])
        factors = part["factor"].tolist()
        values = [float(value) for value in part["value"]]
        for factor, value in (*zip(factors, values, strict=True), (TOTAL, sum(values))):
            made.append((code, factor, value, value / base if base else np.nan, children))
    return pd.DataFrame(made, columns=names)


def costs_by_month(table: pd.DataFrame) -> pd.DataFrame:
    """Kronor by month with the children behind them.

    ``year``, ``month`` (a date), ``cost``, ``days``, ``priced_days``, ``children``, the largest.
    """
    return summed(table, ["year", "month"], ("cost", "days", "priced_days"))


def budget(table: pd.DataFrame, choices: Choices, amount: float | None) -> pd.DataFrame:
    """The year's cost against a budget spread over the year by the days of its months.

    Empty without a budget or without costs in the year. The columns of
    ``measures.budget_deviation`` with ``month`` as text, ``children`` and the largest.
    """
    costs = costs_by_month(table)
    costs = costs[costs["month"].dt.year == choices.year]
    names = ["month", "cost", "budget", "deviation", "cumulative", "share"]
    more = ["year", "children", "cost_1", "cost_2"]
    if amount is None or costs.empty:
        return pd.DataFrame(columns=[*names, *more])
    months = pd.date_range(f"{choices.year}-01-01", periods=12, freq="MS")
    days = months.days_in_month.to_numpy(dtype="float64")
    plan = pd.DataFrame({"month": months, "budget": amount * days / days.sum()})
    made = measures.budget_deviation(costs[["month", "cost"]], plan)
    made = made.merge(costs[["month", *more]].astype({"month": made["month"].dtype}), how="left")
    made[more] = made[more].fillna(0)
    return made.astype({"children": "int64"}).assign(
        year=choices.year, month=made["month"].dt.strftime("%Y-%m")
    )


def forecast(table: pd.DataFrame, *, months: int = 6) -> pd.DataFrame:
    """The cost of the coming months, each and all together, with an interval of 80 per cent.

    ``scope``, ``horizon``, ``month`` (text), ``value``, ``lower``, ``upper``, ``misses``,
    ``children`` (in the last months, which the forecast rests on). Empty with too few months.
    """
    names = ["scope", "horizon", "month", "value", "lower", "upper", "misses", "children"]
    costs = _whole_series(table)
    if len(costs) < WINDOW:
        return pd.DataFrame(columns=names)
    made = measures.forecast(
        costs[["month", "cost"]], months=months, confidence=FORECAST_CONFIDENCE
    )
    latest = costs["month"].tail(WINDOW)
    children = table[table["month"].isin(latest)]["person"].nunique()
    return made.assign(
        month=made["month"].dt.strftime("%Y-%m"),
        misses=made["denominator"].astype("int64"),
        children=children,
    )[names]


def back_test(table: pd.DataFrame, *, months: int = 6) -> pd.DataFrame:
    """How the forecast would have done before: ``measures.back_test`` with counts as numbers.

    ``scope``, ``horizon``, ``held`` of ``tried`` intervals, their ``share``, ``bias`` and
    ``mean_miss`` (shares of the forecast). Empty with too few months.
    """
    names = ["scope", "horizon", "origins", "held", "tried", "share", "bias", "mean_miss"]
    costs = _whole_series(table)
    if len(costs) < WINDOW:
        return pd.DataFrame(columns=names)
    made = measures.back_test(
        costs[["month", "cost"]], months=months, confidence=FORECAST_CONFIDENCE
    )
    return made.rename(
        columns={"numerator": "held", "denominator": "tried", "value": "share"}
    ).astype({"held": "int64", "tried": "int64"})[names]


def sensitivity(found: Register, choices: Choices) -> pd.DataFrame:
    """Återplacering and sammanbrott under every other definition: for a forest plot.

    ``measure`` (again, breakdown), ``definition`` (a code), ``setting`` (months), ``numerator``,
    ``denominator``, ``value`` with limits, and ``chosen``.
    """
    rows = found.placements.assign(sex=_sex(found.placements))
    made: list[pd.DataFrame] = []
    for gap in GAPS:
        for within in sorted({SHORTER, choices.within}):
            own = _placed_again(found, rows, within, gap)
            made.append(
                own[own["sex"] == TOTAL]
                .rename(columns={"again": "numerator", "returns": "denominator"})
                .assign(
                    measure="again",
                    definition=f"gap_{gap}",
                    setting=str(within),
                    chosen=gap == GAPS[0] and within == choices.within,
                    numerator_of="placed again" if gap == GAPS[0] else f"placed again, gap {gap}",
                    denominator_of="returns home" if gap == GAPS[0] else f"returns, gap {gap}",
                )
            )
    for name, reasons in (("unplanned", UNPLANNED), ("breakdown_only", ("breakdown",))):
        own = _breakdowns(found, reasons, (SHORTER,))
        made.append(
            own[own["sex"] == TOTAL]
            .rename(columns={"unplanned": "numerator", "placements": "denominator"})
            .assign(
                measure="breakdown",
                definition=name,
                setting=str(SHORTER),
                chosen=reasons is UNPLANNED,
                numerator_of="unplanned ends" if reasons is UNPLANNED else "breakdowns",
                denominator_of="placements followed",
            )
        )
    names = ["measure", "definition", "setting", "numerator", "denominator"]
    table = pd.concat(made, ignore_index=True)
    names += ["value", "lower", "upper", "chosen", "numerator_of", "denominator_of"]
    return table[names].astype({"chosen": bool})


def summed(rows: pd.DataFrame, keys: list[str], names: tuple[str, ...]) -> pd.DataFrame:
    """Sums by ``keys`` with the ``children`` behind each, and what the one and the next give.

    ``days``, ``days_1`` (of the child with most) and ``days_2`` (of the second; 0 without one).
    """
    each = rows.groupby([*keys, "person"], observed=True)[list(names)].sum().reset_index()
    grouped = each.groupby(keys, observed=True)
    made = grouped[list(names)].sum()
    made["children"] = grouped.size().astype("int64")
    for name in names:
        size = each.sort_values(name, ascending=False, kind="stable")
        rank = size.groupby(keys, observed=True).cumcount()
        for place in (1, 2):
            own = size[(rank == place - 1).to_numpy()].set_index(keys)[name]
            made[f"{name}_{place}"] = own.reindex(made.index).fillna(0.0).astype("float64")
    return made.reset_index()


def missing_values(placements: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """How many placements lack each of these columns: ``column``, ``missing``, ``rows``, ``share``.

    A column that the export does not have is missing in every row; a reason for the end is asked
    for only where there is an end.
    """
    made = []
    for name in names:
        rows = placements
        if name == "end_reason":
            rows = placements[placements["ends"].notna()]
        absent = int(rows[name].isna().sum()) if name in rows else len(rows)
        made.append((name, absent, len(rows)))
    found = pd.DataFrame(made, columns=["column", "missing", "rows"])
    return found.assign(share=found["missing"] / found["rows"].where(found["rows"] > 0))


def _whole_series(table: pd.DataFrame) -> pd.DataFrame:
    """Costs by month without gaps: a month without any day costs nothing."""
    costs = costs_by_month(table)
    if costs.empty:
        return costs
    months = pd.date_range(costs["month"].min(), costs["month"].max(), freq="MS")
    whole = costs.set_index("month").reindex(months).rename_axis("month").reset_index()
    return whole.fillna({"cost": 0.0})


def _levels(table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Each row as a kind, in its group and in the total; years of the report only for sums."""
    own = table
    groups = hierarchy(choices.grouping)
    group_of = {kind: name for name, kinds in groups.items() for kind in kinds}
    own = own.assign(group=own["kind"].map(group_of))
    several = [name for name, kinds in groups.items() if len(kinds) > 1]
    return pd.concat(
        [
            own[own["group"].isin(several)],
            own.assign(kind=TOTAL),
            own.assign(group=TOTAL, kind=TOTAL),
        ],
        ignore_index=True,
    )


def _ordered(table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """The two years, group by group with its kinds after it, the total last."""
    groups = [*hierarchy(choices.grouping), TOTAL]
    kinds = [TOTAL, *KINDS]
    made = table[table["year"].isin(choices.years)]
    made = made.assign(
        _group=made["group"].map({code: at for at, code in enumerate(groups)}),
        _kind=made["kind"].map({code: at for at, code in enumerate(kinds)}),
    )
    made = made.sort_values(["year", "_group", "_kind"]).drop(columns=["_group", "_kind"])
    return made.reset_index(drop=True)


def _placed_again(found: Register, rows: pd.DataFrame, within: int, gap: int) -> pd.DataFrame:
    tables = []
    for by in ("sex", None):
        table = measures.placed_again(
            rows,
            until=found.until,
            since=found.since,
            within_months=within,
            gap_days=gap,
            by="person_sex" if by and "person_sex" in rows else None,
        )
        if by:
            if "person_sex" not in table:
                continue
            tables.append(table.rename(columns={"person_sex": "sex"}))
        else:
            tables.append(table.assign(sex=TOTAL))
    made = _rows_of(pd.concat(tables, ignore_index=True), "sex", (*SEXES, TOTAL))
    made = made.rename(columns={"numerator": "again", "denominator": "returns"})
    made[["again", "returns"]] = made[["again", "returns"]].fillna(0).astype("int64")
    values = made[["value", "lower", "upper"]].astype("float64")
    return made[["sex", "returns", "again"]].join(values)


def _breakdowns(
    found: Register, reasons: Sequence[str], at_months: Sequence[float]
) -> pd.DataFrame:
    rows = found.placements.assign(sex=_sex(found.placements))
    tables = []
    for sex in (*SEXES, TOTAL):
        own = rows if sex == TOTAL else rows[rows["sex"] == sex]
        table = measures.breakdowns(
            own, until=found.until, since=found.since, unplanned=reasons, at_months=at_months
        )
        tables.append(table.assign(sex=sex))
    made = pd.concat(tables, ignore_index=True)
    made = made.rename(columns={"numerator": "unplanned", "denominator": "placements"})
    names = ["sex", "months", "placements", "unplanned", "value", "lower", "upper", "no_reason"]
    whole = ["months", "placements", "unplanned", "no_reason"]
    made[whole] = made[whole].fillna(0).astype("int64")
    return made[names].astype({"value": float, "lower": float, "upper": float})


def _again_by_year(found: Register) -> pd.Series:
    """New episodes within twelve months of the child's last one, by the year in which they begin.

    Only of ends that the data hold: in the first year returns before ``since`` are not seen.
    """
    episodes = measures.care_episodes(found.placements)
    before = episodes.groupby(episodes["person"].astype("object"))["ends"].shift()
    starts = episodes["starts"]
    within = starts <= before + pd.DateOffset(months=SHORTER)
    return within.groupby(starts.dt.year).sum()


def _with_reasons(ended: pd.DataFrame) -> pd.DataFrame:
    none = pd.Series(pd.NA, index=ended.index, dtype="object")
    reason = ended["end_reason"].astype("object") if "end_reason" in ended else none
    return pd.DataFrame(
        {
            "year": ended["ends"].dt.year,
            "known": reason.notna().astype(int),
            "unplanned": reason.isin(UNPLANNED).astype(int),
            "no_reason": reason.isna().astype(int),
        }
    )


def _sex(rows: pd.DataFrame) -> pd.Series:
    if "person_sex" not in rows:
        return pd.Series(UNKNOWN, index=rows.index, dtype="object")
    return rows["person_sex"].astype("object").fillna(UNKNOWN)


def _since(placements: pd.DataFrame, since: date) -> pd.DataFrame:
    """Placements that ran on ``since`` or later, counted from that day on."""
    low = pd.Timestamp(since)
    rows = placements[~(placements["ends"] < low)]
    return rows.assign(starts=rows["starts"].mask(rows["starts"] < low, low)).reset_index(drop=True)


def _days_of(found: Register, year: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The first and the last day of the year in whole months of data; none: the last is first."""
    low = max(pd.Timestamp(year, 1, 1), found.first)
    return low, min(pd.Timestamp(year, 12, 31), found.last + pd.offsets.MonthEnd(0))


def _running(rows: pd.DataFrame, low: pd.Timestamp, high: pd.Timestamp) -> pd.Series:
    """Which placements ran at some time from ``low`` to ``high``; none if ``high`` is before."""
    return (rows["starts"] <= high) & ~(rows["ends"] < low) & (low <= high)


def _rows_of(table: pd.DataFrame, column: str, codes: Sequence[str]) -> pd.DataFrame:
    """A row for each code, in their order; missing where the table has none."""
    kept = table.assign(**{column: table[column].astype("object")})
    return kept.set_index(column).reindex(list(codes)).reset_index()


def _renamed(name: str, prefix: str) -> str:
    return f"other_{name}" if name.startswith(prefix) else name
