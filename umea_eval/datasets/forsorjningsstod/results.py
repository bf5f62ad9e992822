"""The tables of the evaluation of ekonomiskt bistånd: measures put beside each other for readers.

Each function gives a frame that a report registers as it is. Counts stand beside every share, so
that disclosure control can judge them; ``total`` is the code of all categories together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures import (
    ECONOMIC_SUPPORT,
    REASONS,
    amounts,
    amounts_by_kind,
    begun_before,
    benefit_months,
    break_months,
    competing_exits,
    long_term_share,
    months_by_year,
    of_age,
    re_entries,
    re_entry_share,
    spells,
    with_reasons,
)
from umea_eval.datasets.forsorjningsstod.measures.obstacles import UNRECORDED
from umea_eval.datasets.forsorjningsstod.measures.unit_months import Unit
from umea_eval.intake.codes import MEN, WOMEN
from umea_eval.methods.nested import with_wider
from umea_eval.methods.proportions import with_share
from umea_eval.methods.survival import (
    KaplanMeier,
    cumulative_incidence,
    in_groups,
    kaplan_meier,
)
from umea_eval.methods.two_shares import two_shares

TOTAL = "total"
SEXES = (WOMEN, MEN)
GAPS = (1, 2, 3)
SUPPORT: Mapping[str, tuple[str, ...]] = {
    "ekonomiskt_bistand": ECONOMIC_SUPPORT,
    "forsorjningsstod": ("livelihood",),
}
# Months after the beginning at which a curve is read aloud.
READ_AT = (3, 6, 12)


@dataclass(frozen=True)
class Choices:
    """The definitions that the evaluation has chosen, each a parameter of the notebook."""

    year: int
    gap: int = 2
    support: str = "ekonomiskt_bistand"
    least: int = 10
    within: int = 12

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of support that count."""
        return SUPPORT[self.support]


@dataclass(frozen=True)
class Register:
    """The clean tables and the period that they cover; ``last`` is the last whole month."""

    payments: pd.DataFrame
    households: pd.DataFrame | None
    decisions: pd.DataFrame | None
    first: pd.Timestamp
    last: pd.Timestamp

    @property
    def empty(self) -> bool:
        """Whether there is nothing to evaluate."""
        return self.payments.empty


def register(tables: Mapping[str, pd.DataFrame], extraction: pd.Timestamp) -> Register:
    """The register of a cleaning. A month that the extraction day lies in, or after, is not whole.

    Support is also paid ahead: months after the extraction say nothing of who will have had it.
    """
    payments = tables["payments"]
    before = extraction.to_period("M").start_time
    whole = payments[payments["month"] < before]
    months = whole["month"]
    none = before - pd.DateOffset(months=1)
    return Register(
        whole.reset_index(drop=True),
        tables.get("households"),
        tables.get("decisions"),
        pd.Timestamp(months.min()) if len(whole) else none,
        pd.Timestamp(months.max()) if len(whole) else none,
    )


def household_sex(payments: pd.DataFrame) -> pd.Series:
    """The sex of each household's head (registerledare), by household.

    Without a head, that of the first person by pseudonym; missing where the number does not tell.
    """
    role = payments["role"] if "role" in payments else pd.Series("head", index=payments.index)
    people = pd.DataFrame(
        {
            "household": payments["household"].astype(object),
            "other": (role.astype(object) != "head").to_numpy(),
            "person": payments["person"].astype(object),
            "sex": payments["person_sex"].astype(object),
        }
    ).sort_values(["household", "other", "person"])
    return people.drop_duplicates("household").set_index("household")["sex"]


def by_sex(found: Register, choices: Choices) -> pd.DataFrame:
    """Recipient households of the year by the head's sex, and how many have long-term support.

    Rows women, men, (unknown) and total: ``households``, ``benefit_months``, ``mean_months``,
    ``long_term``, ``share``, ``lower``, ``upper``.
    """
    months = benefit_months(found.payments, support_kind=choices.kinds)
    years = months_by_year(months, least=choices.least, first=found.first, last=found.last)
    own = years[years["year"] == choices.year]
    sex = own["household"].astype(object).map(household_sex(found.payments)).fillna("unknown")
    rows = []
    for group in (*SEXES, "unknown", TOTAL):
        part = own if group == TOTAL else own[(sex == group).to_numpy()]
        if part.empty and group == "unknown":
            continue
        rows.append(
            (
                group,
                len(part),
                int(part["benefit_months"].sum()),
                int(part["long_term"].fillna(False).sum()),
            )
        )
    table = pd.DataFrame(rows, columns=["sex", "households", "benefit_months", "long_term"])
    table["mean_months"] = table["benefit_months"] / table["households"].where(
        table["households"] > 0
    )
    return with_share(table, "long_term", "households")


def sex_difference(table: pd.DataFrame) -> pd.DataFrame:
    """Women minus men in the share with long-term support (see `two_shares`): one row."""
    rows = table.set_index("sex")
    (x1, x2), (n1, n2) = (
        [int(count) for count in rows.loc[list(SEXES), name].tolist()]
        for name in ("long_term", "households")
    )
    counts = {"women": x1, "women_of": n1, "men": x2, "men_of": n2}
    row = {"comparison": "women_men", **counts, "men_share": x2 / n2 if n1 and n2 else np.nan}
    return pd.DataFrame([row | two_shares(x1, n1, x2, n2)])


def found_spells(found: Register, choices: Choices, *, gap: int | None = None) -> pd.DataFrame:
    """The spells of the register under the choices, with the reasons of their exits."""
    width = choices.gap if gap is None else gap
    months = benefit_months(found.payments, support_kind=choices.kinds)
    begun = (
        begun_before(found.decisions, first=found.first, gap=width)
        if found.decisions is not None
        else None
    )
    changes = break_months(months)["month"].tolist() if len(months) else []
    made = spells(
        months, gap=width, first=found.first, last=found.last, breaks=changes, begun=begun
    )
    if found.decisions is None:
        return made
    return with_reasons(made, found.decisions, last=found.last)


def durations(found: Register, choices: Choices) -> pd.DataFrame:
    """How long spells last under every gap rule: one row per gap of 1, 2 and 3 months.

    ``gap``, ``spells``, ``followed``, ``exits``, ``median`` with ``lower`` and ``upper`` (months;
    missing where it is not reached), and ``chosen``.
    """
    rows = []
    for gap in GAPS:
        made = found_spells(found, choices, gap=gap)
        followed = made[made["duration"].notna()]
        median = (np.nan, np.nan, np.nan)
        if len(followed):
            curve = _curve(followed).medians.iloc[0]
            median = (curve["value"], curve["lower"], curve["upper"])
        exits = int(followed["event"].sum())
        rows.append((gap, len(made), len(followed), exits, *median, gap == choices.gap))
    names = ["gap", "spells", "followed", "exits", "median", "lower", "upper", "chosen"]
    return pd.DataFrame(rows, columns=names)


def duration_curve(
    found: Register, choices: Choices, *, longest: int = 24, least: int = 1
) -> pd.DataFrame:
    """The share of spells that still run, month by month to ``longest``: for a figure.

    ``month``, ``at_risk``, ``ended`` (since the row before), ``value``, ``lower``, ``upper``. It
    steps on groups of at least ``least`` exits.
    """
    made = found_spells(found, choices)
    followed = made[made["duration"].notna()]
    names = ["month", "at_risk", "ended", "value", "lower", "upper"]
    if followed.empty:
        return pd.DataFrame(columns=names).astype("float64")
    times, ends = in_groups(followed["duration"], followed["event"], least=least)
    curve = _curve(followed.assign(duration=times)).curves
    curve = curve[curve["time"].isin(ends[ends <= longest])]
    ended = curve["numerator"].diff().fillna(curve["numerator"])
    table = curve.assign(month=curve["time"].astype(int), ended=ended.astype(int))
    return table[names].reset_index(drop=True)


def exit_reasons(found: Register, choices: Choices) -> pd.DataFrame:
    """Exits by reason as cumulative incidence within 12 months of a spell's beginning.

    One row per reason with any exit: ``reason``, ``exits`` (followed in full), ``value`` with
    limits: the share of spells that have ended for that reason within 12 months.
    """
    names = ["reason", "exits", "spells", "value", "lower", "upper"]
    made = found_spells(found, choices)
    if "reason" not in made or made.empty:
        return pd.DataFrame(columns=names)
    rows = competing_exits(made, last=found.last)
    if rows.empty or not (rows["cause"] > 0).any():
        return pd.DataFrame(columns=names)
    latest = int(rows["duration"].max())
    table = cumulative_incidence(
        rows["duration"],
        rows["cause"],
        entry=rows["entry"],
        cluster=rows["household"].astype(object),
        at=[min(12, latest)],
    ).table
    table["reason"] = [REASONS[int(cause) - 1] for cause in table["cause"]]
    table = table[table["numerator"] > 0].rename(columns={"numerator": "exits"})
    table = table.assign(spells=len(rows), exits=table["exits"].astype(int))
    return table.sort_values("value", ascending=False, kind="stable")[names].reset_index(drop=True)


def returns(found: Register, choices: Choices) -> pd.DataFrame:
    """Exits that were followed by new support within ``within`` months, by gap rule.

    One row per gap: ``gap``, ``exits`` (followed for the whole time), ``returned``, ``share`` with
    limits, ``chosen``, ``away`` (not returned), and what the three count (``exits_of``,
    ``returned_of``, ``away_of``): the same counts stand in ``sensitivity``, and disclosure control
    must know that they are the same.
    """
    rows = []
    for gap in GAPS:
        made = found_spells(found, choices, gap=gap)
        own = re_entry_share(re_entries(made, last=found.last, within=choices.within))
        rows.append(
            (gap, int(own["denominator"].sum()), int(own["numerator"].sum()), gap == choices.gap)
        )
    table = pd.DataFrame(rows, columns=["gap", "exits", "returned", "chosen"])
    table["exits_of"] = [_name("exits", gap, choices.within) for gap in GAPS]
    table["returned_of"] = [_name("returns", gap, choices.within) for gap in GAPS]
    away = table["exits"] - table["returned"]
    table = table.assign(away=away, away_of=_away(away, [choices.within] * len(table), GAPS))
    return with_share(table, "returned", "exits")


def sensitivity(found: Register, choices: Choices) -> pd.DataFrame:
    """The main shares under every other definition: for a forest plot.

    ``measure`` (long_term, returned), ``definition`` (a code) and ``setting`` (its value),
    ``numerator``, ``denominator``, ``value`` with limits, ``chosen``, and what the two counts count
    (``numerator_of``, ``denominator_of``), as in ``by_sex`` and ``returns`` where they stand there,
    and the counts that hold them (`methods.nested`); ``away`` and ``away_of`` as in ``returns``.
    """
    rows: list[tuple[str, str, str, int, int, bool, str, str]] = []
    for support in SUPPORT:
        months = benefit_months(found.payments, support_kind=SUPPORT[support])
        for least in sorted({9, 10, 11, choices.least}):
            chosen = support == choices.support and least == choices.least
            counts = _long_term(months, "household", found, year=choices.year, least=least)
            own_base = "households" if support == choices.support else f"households, {support}"
            what = "long-term households" if chosen else f"households with {least}, {support}"
            name = f"household_{support}"
            rows.append(("long_term", name, str(least), *counts, chosen, what, own_base))
    everybody = benefit_months(
        found.payments, unit="person", households=found.households, support_kind=choices.kinds
    )
    if len(everybody) and everybody["birth_year"].notna().all():
        adults, least = of_age(everybody), choices.least
        counts = _long_term(adults, "person", found, year=choices.year, least=least)
        name = f"person_{choices.support}"
        of = ("long-term adults", "adults")
        rows.append(("long_term", name, str(least), *counts, False, *of))
    for gap in GAPS:
        for within in sorted({6, 12, choices.within}):
            made = found_spells(found, choices, gap=gap)
            own = re_entry_share(re_entries(made, last=found.last, within=within))
            rows.append(
                (
                    "returned",
                    f"gap_{gap}",
                    str(within),
                    int(own["numerator"].sum()),
                    int(own["denominator"].sum()),
                    gap == choices.gap and within == choices.within,
                    _name("returns", gap, within),
                    _name("exits", gap, within),
                )
            )
    names = ["measure", "definition", "setting", "numerator", "denominator", "chosen"]
    names += ["numerator_of", "denominator_of"]
    # The milder limit is fewer months of support, and a shorter time to be followed.
    table = with_wider(_named_alike(pd.DataFrame(rows, columns=names)), ("measure", "definition"))
    returned = table["measure"] == "returned"
    away = table["denominator"] - table["numerator"]
    gaps = table["definition"].str.removeprefix("gap_")
    table = table.assign(
        away=away.astype("Int64").where(returned), away_of=_away(away, table["setting"], gaps)
    )
    return with_share(table, "numerator", "denominator", value="value")


def _named_alike(table: pd.DataFrame) -> pd.DataFrame:
    """Long-term shares that agree in both counts are of one group: the same counts.

    Where all support is of one kind, or each household is one person, everybody can see that.
    """
    order = table.sort_values("chosen", ascending=False, kind="stable")
    order = order[order["measure"] == "long_term"]
    made = table.copy()
    for _, rows in order.groupby(["setting", "numerator", "denominator"]):
        for name in ("numerator_of", "denominator_of"):
            made.loc[rows.index, name] = rows[name].iloc[0]
    return made


def _away(away: pd.Series, within: Iterable[object], gaps: Iterable[object]) -> list[str]:
    """What those who have not returned are called: they are the same under every gap rule.

    Not where the time is so short that a spell has not ended by then.
    """
    rows = pd.DataFrame({"away": away.to_numpy(), "within": list(within), "gap": list(gaps)})
    alike = rows.groupby("within")["away"].transform("nunique") == 1
    return [
        f"no return, followed {row['within']} months" + ("" if same else f", gap {row['gap']}")
        for row, same in zip(rows.to_dict("records"), alike, strict=True)
    ]


def _name(what: str, gap: int, within: int) -> str:
    return f"{what}, gap {gap}, followed {within} months"


def _long_term(
    months: pd.DataFrame, unit: Unit, found: Register, *, year: int, least: int
) -> tuple[int, int]:
    years = months_by_year(months, unit=unit, least=least, first=found.first, last=found.last)
    own = long_term_share(years)
    own = own[own["year"] == year]
    return int(own["numerator"].sum()), int(own["denominator"].sum())


def obstacles_in(months: pd.DataFrame, year: int) -> pd.DataFrame:
    """Person-months of a year by group of obstacle, the largest first, with all of them last.

    ``months`` is from ``measures.obstacle_months``. ``group``, ``persons`` (person-months),
    ``of_recorded`` (those with a recorded obstacle; missing for groups that are none) and ``share``
    of them.
    """
    own = months[months["month"].dt.year == year]
    counted = own["group"].astype(object).value_counts(sort=False)
    table = pd.DataFrame({"group": counted.index, "persons": counted.to_numpy(dtype=np.int64)})
    table = table[table["persons"] > 0].sort_values(["persons", "group"], ascending=[False, True])
    outside = table["group"].isin(UNRECORDED)
    recorded = int(table.loc[~outside, "persons"].sum())
    table["of_recorded"] = pd.Series(recorded, table.index, dtype="Int64").mask(outside)
    total = pd.DataFrame({"group": [TOTAL], "persons": [int(table["persons"].sum())]})
    whole = pd.concat([table, total.assign(of_recorded=pd.array([pd.NA], "Int64"))])
    share = whole["persons"].astype(float) / whole["of_recorded"].astype("Float64")
    return whole.assign(share=share).reset_index(drop=True)


def amounts_by_year(net: pd.DataFrame) -> pd.DataFrame:
    """Kronor per year (see ``measures.amounts``) with the households behind each sum.

    Adds ``households`` (with any payment or repayment) and, for ``paid``, ``repaid`` and ``net``,
    the sums of the household with most and of the second: ``paid_1``, ``paid_2`` and so on.
    """
    table = amounts(net, per="year")
    keys = net["month"].dt.year.astype("int64").rename("year")
    return _with_largest(table, net.assign(year=keys), ["year"], ("paid", "repaid", "net"))


def kinds_in(payments: pd.DataFrame, year: int) -> pd.DataFrame:
    """Kronor of each kind of row of a year, with the households behind each sum."""
    table = amounts_by_kind(payments, per="year")
    table = table[(table["year"] == year) & (table["rows"] > 0)].reset_index(drop=True)
    own = payments[payments["month"].dt.year == year]
    amount = own["amount"].astype("float64")
    own = own.assign(paid=amount.clip(lower=0), repaid=(-amount).clip(lower=0), net=amount)
    return _with_largest(table, own, ["support_kind"], ("paid", "repaid", "net"))


def _with_largest(
    table: pd.DataFrame, rows: pd.DataFrame, keys: list[str], names: tuple[str, ...]
) -> pd.DataFrame:
    household = rows["household"].astype(object)
    grouped = rows.assign(household=household).groupby([*keys, "household"], observed=True)
    sums = grouped[list(names)].sum().reset_index()
    found = {"households": sums.groupby(keys, observed=True).size()}
    for name in names:
        size = sums.assign(size=sums[name].abs()).sort_values("size", ascending=False)
        ranks = size.groupby(keys, observed=True)["size"]
        for place in (1, 2):  # a group of one has no second: 0
            own = size[(ranks.cumcount() == place - 1).to_numpy()]
            found[f"{name}_{place}"] = own.set_index(keys)["size"]
    more = pd.DataFrame(found).fillna(0.0).reset_index()
    for key in keys:
        more[key] = more[key].astype(table[key].dtype)  # merged on the same type
    return table.merge(more, on=keys, how="left")


def missing_values(tables: Mapping[str, pd.DataFrame], names: Sequence[str]) -> pd.DataFrame:
    """How many rows lack each of these columns (``payments.obstacle``): ``column``, counts."""
    rows = []
    for name in names:
        home, _, column = name.partition(".")
        if home in tables and column in tables[home]:
            values = tables[home][column]
            rows.append((name, int(values.isna().sum()), len(values)))
    found = pd.DataFrame(rows, columns=["column", "missing", "rows"])
    return found.assign(share=found["missing"] / found["rows"].where(found["rows"] > 0))


def _curve(followed: pd.DataFrame) -> KaplanMeier:
    return kaplan_meier(
        followed["duration"].astype("int64"),
        followed["event"],
        entry=followed["entry"].astype("int64"),
        cluster=followed["household"].astype(object),
    )
