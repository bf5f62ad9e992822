"""The tables of the follow-up of the special assignment: measures put beside each other.

Each function gives a frame that a report registers as it is; ``total`` is the code of all centres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from umea_eval.datasets.care_need.measures import (
    WEIGHTS,
    Reference,
    by_need,
    by_size,
    compared,
    components,
    indexed,
    sensitivity,
    what_if,
    with_limits,
    year_to_year,
)

TOTAL = "total"
ABOVE, BELOW = "above", "below"
# What-if budgets when none are asked for: parts of the budget itself.
BUDGET_STEPS = (0.5, 1.0, 1.5)


@dataclass(frozen=True)
class Choices:
    """The definitions of the evaluation, each a parameter of the notebook.

    ``year``: whose index shares the money. ``budget``: kronor, or none for what the assignment paid
    in its last year. ``budgets``: of the what-if table; empty for half, once and one and a half.
    ``thresholds``: of the same table; empty for ``threshold`` alone.
    """

    year: int
    threshold: float = 1.1
    budget: int | None = None
    reference: Reference = "listed"
    thresholds: tuple[float, ...] = (1.05, 1.1, 1.15)
    budgets: tuple[int, ...] = ()


@dataclass(frozen=True)
class Found:
    """What the evaluation rests on.

    ``centres`` is the clean table, ``table`` what `with_limits` gives for all years, ``year`` its
    rows of the chosen year that have an index. ``payments`` are of all years, ``paid`` of the last.
    ``budget`` is in kronor; 0 where neither a parameter nor a payment tells it.
    """

    centres: pd.DataFrame
    table: pd.DataFrame
    year: pd.DataFrame
    payments: pd.DataFrame
    paid: pd.DataFrame
    budget: int

    @property
    def empty(self) -> bool:
        """Whether there is no centre with an index in the year."""
        return self.year.empty


def found(tables: Mapping[str, pd.DataFrame], choices: Choices) -> Found:
    """The clean tables with the index of every centre and year."""
    nothing = pd.DataFrame({"centre": [], "year": [], "amount": []}).astype({"year": "int64"})
    centres = tables["centres"]
    table = with_limits(indexed(centres, reference=choices.reference))
    own = table[(table["year"] == choices.year) & table["cni"].notna()].reset_index(drop=True)
    payments = tables.get("payments", nothing)
    last = payments[payments["year"] == payments["year"].max()] if len(payments) else payments
    budget = choices.budget
    if budget is None:
        budget = round(float(last["amount"].sum())) if len(last) else 0
    return Found(centres, table, own, payments, last, budget)


def special_centres(data: Found) -> list[str]:
    """The centres that were paid, by code."""
    return sorted(set(data.payments["centre"].astype("str")))


def index_rows(data: Found, choices: Choices) -> pd.DataFrame:
    """The index of the year on both scales, the highest first.

    ``centre``, ``listed``, ``raw``, ``cni``, ``lower``, ``upper``, ``side`` (above or below the
    threshold), ``sure`` (``yes`` where the whole interval lies on that side, ``no``, ``unknown``),
    ``most`` (the variable that adds most to the index, compared with all listed), ``chosen`` (above
    the threshold).
    """
    own = data.year
    above = own["cni"] > choices.threshold
    within = (own["lower"] <= choices.threshold) & (own["upper"] > choices.threshold)
    sure = np.where(own["spread"].isna(), "unknown", np.where(within, "no", "yes"))
    parts = components(own)
    top = (
        parts.sort_values("above", kind="stable").drop_duplicates("centre", keep="last")
        if len(parts)
        else parts
    )
    made = own[["centre", "listed", "raw", "cni", "lower", "upper"]].assign(
        side=np.where(above, ABOVE, BELOW),
        sure=sure,
        most=own["centre"].map(dict(zip(top["centre"], top["variable"], strict=True))),
        chosen=above,
    )
    made = made.assign(most=made["most"].astype("str").where(made["most"].notna(), "unknown"))
    return made.sort_values(["cni", "centre"], ascending=[False, True], ignore_index=True)


def groups(data: Found, choices: Choices) -> pd.DataFrame:
    """The seven variables at centres above and below the threshold, and at all of them.

    One row per ``variable`` and ``group`` (above, below, total): ``count``, ``listed``, ``share``,
    ``contribution`` (weight times share, on the raw scale), ``counted`` (what the count counts).
    Empty without counts.
    """
    parts = components(data.year)
    names = ["variable", "group", "count", "listed", "share", "contribution", "counted"]
    if parts.empty:
        return pd.DataFrame(columns=names)
    high = set(data.year.loc[data.year["cni"] > choices.threshold, "centre"])
    side = parts["centre"].isin(high).map({True: ABOVE, False: BELOW})
    rows = []
    for variable, weight in WEIGHTS.items():
        for group in (ABOVE, BELOW, TOTAL):
            own = parts[(parts["variable"] == variable) & ((side == group) | (group == TOTAL))]
            count, listed = int(own["count"].sum()), int(own["listed"].sum())
            share = count / listed if listed else np.nan
            rows.append(
                (variable, group, count, listed, share, weight * share, f"listed: {variable}")
            )
    return pd.DataFrame(rows, columns=names)


def course(data: Found, choices: Choices) -> pd.DataFrame:
    """The index year by year of the centres with the assignment or above the threshold.

    One row per centre and year: ``centre``, ``year``, ``listed``, ``cni``, ``lower``, ``upper``,
    ``special`` (had the assignment).
    """
    own = data.table
    high = set(data.year.loc[data.year["cni"] > choices.threshold, "centre"])
    special = set(special_centres(data))
    rows = own[own["centre"].isin(high | special)]
    rows = rows.assign(special=rows["centre"].isin(special).map({True: "yes", False: "no"}))
    names = ["centre", "year", "listed", "cni", "lower", "upper", "special"]
    return rows[names].reset_index(drop=True)


def lines(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `course` that had the assignment, for a picture: one row per year.

    ``month`` (the year as text), and the index of each centre under its own name.
    """
    own = rows[rows["special"] == "yes"].assign(cni=rows["cni"].astype("float64"))
    wide = own.pivot_table(index="year", columns="centre", values="cni", observed=True)
    made = wide.reset_index().assign(month=wide.index.astype("str").to_numpy())
    made.columns.name = None
    return made.drop(columns="year")


def changes(data: Found) -> pd.DataFrame:
    """The last change of the centres that moved more than chance, and how many years they did so.

    One row per centre with any change beyond chance: ``centre``, ``first_year``, ``first``,
    ``last_year``, ``last``, ``value`` (last less first), ``beyond`` (years with a change beyond
    chance) and ``years`` (changes that can be told).
    """
    moved = year_to_year(data.table)
    known = moved[moved["beyond_chance"].notna()]
    often = known.groupby("centre")["beyond_chance"].agg(["sum", "size"])
    rows = []
    for centre in often.index[(often["sum"] > 0).to_numpy()]:
        own = data.table[(data.table["centre"] == centre) & data.table["cni"].notna()]
        first, last = own.iloc[0], own.iloc[-1]
        rows.append(
            {
                "centre": centre,
                "listed": int(last["listed"]),
                "first_year": int(first["year"]),
                "first": first["cni"],
                "last_year": int(last["year"]),
                "last": last["cni"],
                "value": last["cni"] - first["cni"],
                "beyond": int(often.loc[centre, "sum"]),
                "years": int(often.loc[centre, "size"]),
            }
        )
    names = ["centre", "listed", "first_year", "first", "last_year", "last", "value"]
    return pd.DataFrame(rows, columns=[*names, "beyond", "years"])


def sizes(data: Found) -> pd.DataFrame:
    """How much the index moves from year to year in small, middling and large centres."""
    return by_size(year_to_year(data.table))


def crossings(data: Found, choices: Choices) -> dict[str, int]:
    """How many centres have been on both sides of the threshold, of those seen in several years."""
    own = data.table[data.table["cni"].notna()]
    side = (own["cni"] > choices.threshold).groupby(own["centre"]).agg(["min", "max", "size"])
    several = side[side["size"] > 1]
    return {"crossed": int((several["min"] != several["max"]).sum()), "followed": len(several)}


def allocation(data: Found, choices: Choices) -> pd.DataFrame:
    """Who gains and loses: the centres that get or had money, and then all others and all.

    ``receiver`` (centre, ``others``, total), ``listed``, ``cni``, ``amount`` (over the threshold),
    ``by_need`` (N * CNI), ``special`` (as paid in the last year), ``against_special``,
    ``against_need`` (kronor).
    """
    table = compared(
        data.year[["centre", "listed", "cni"]],
        data.budget,
        threshold=choices.threshold,
        special=data.paid,
    )
    money = ["amount", "by_need", "special", "against_special", "against_need"]
    named = (table["amount"] > 0) | (table["special"] > 0)
    rows = [table[named].sort_values(["cni", "centre"], ascending=[False, True])]
    for code, part in (("others", table[~named]), (TOTAL, table)):
        if len(part):
            sums: dict[str, object] = {"centre": code, "listed": int(part["listed"].sum())}
            sums |= {"cni": np.average(part["cni"], weights=part["listed"])}
            rows.append(pd.DataFrame([sums | {name: part[name].sum() for name in money}]))
    made = pd.concat([part[["centre", "listed", "cni", *money]] for part in rows])
    made = made.rename(columns={"centre": "receiver"})
    return made.astype(dict.fromkeys(money, "float64")).reset_index(drop=True)


def every_part(data: Found) -> pd.DataFrame:
    """Every centre's part by N * CNI, as `by_need` gives it, with ``per_listed`` (kronor)."""
    made = by_need(data.year[["centre", "listed", "cni"]], data.budget)
    return made.assign(per_listed=made["amount"] / made["listed"])


def variants(data: Found, choices: Choices) -> pd.DataFrame:
    """The sensitivity of the allocation, for a table and a picture."""
    return sensitivity(
        data.centres,
        data.budget,
        year=choices.year,
        threshold=choices.threshold,
        reference=choices.reference,
    )


def what_if_rows(data: Found, choices: Choices) -> pd.DataFrame:
    """The what-if table of the chosen thresholds and budgets."""
    steps: Sequence[int] = choices.budgets or tuple(
        round(step * data.budget) for step in BUDGET_STEPS
    )
    return what_if(
        data.year[["centre", "listed", "cni"]],
        budgets=steps,
        thresholds=choices.thresholds or (choices.threshold,),
    )
