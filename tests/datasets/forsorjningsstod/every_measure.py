"""Every measure of the register by hand, printed: ``python -m ... [types]``."""

from __future__ import annotations

import sys

import pandas as pd

from tests.datasets.forsorjningsstod import register
from umea_eval.datasets.forsorjningsstod import measures as m

PERIOD = {"first": register.FIRST, "last": register.LAST}
TYPES = ("cleaned", "text", "arrow")


def retyped(frame: pd.DataFrame, types: str) -> pd.DataFrame:
    """As cleaning gives it, with plain text for codes, or with Arrow types throughout."""
    if types == "cleaned":
        return frame
    codes = frame.select_dtypes("category").columns
    plain = frame.astype(dict.fromkeys(codes, "str"))
    return plain.convert_dtypes(dtype_backend="pyarrow") if types == "arrow" else plain


def tables(types: str = "cleaned") -> dict[str, pd.DataFrame]:
    """All measures."""
    payments = retyped(register.payments(), types)
    households = retyped(register.households(), types)
    decisions = retyped(register.decisions(), types)
    net = m.net_months(payments)
    months = m.benefit_months(payments)
    persons = m.benefit_months(payments, unit="person", households=households)
    begun = m.begun_before(decisions, first=register.FIRST, gap=2)
    spells = m.spells(months, gap=2, begun=begun, breaks=["2022-08"], **PERIOD)
    marked = m.with_reasons(spells, decisions, last=register.LAST)
    returned = m.re_entries(marked, last=register.LAST)
    by_year = m.months_by_year(months, **PERIOD)
    flagged = m.long_term_months(months, **PERIOD)
    families = m.family_months(months, households)
    obstacles = m.obstacle_months(payments, persons)
    people = m.recipients(payments)
    return {
        "net": net,
        "months": months,
        "persons": persons,
        "adults": m.of_age(persons),
        "counts": m.month_counts(net),
        "amounts": m.amounts(net),
        "kinds": m.amounts_by_kind(payments),
        "begun": begun,
        "breaks": m.break_months(months, least=1),
        "spells": spells,
        "person_spells": m.spells(persons, gap=1, unit="person", **PERIOD),
        "reasons": marked,
        "competing": m.competing_exits(marked, last=register.LAST),
        "exits": m.exits_by_reason(marked),
        "re_entries": returned,
        "re_entry_share": m.re_entry_share(returned),
        "flows": m.flows(spells, gap=2, **PERIOD),
        "new": m.new_recipients(months, look_back=6, **PERIOD),
        "by_year": by_year,
        "share": m.long_term_share(by_year),
        "long_term": flagged,
        "very_long_term": m.very_long_term_months(months, **PERIOD),
        "long_term_by_month": m.long_term_by_month(flagged),
        "families": families,
        "children": m.children_by_month(families),
        "children_by_year": m.children_by_year(families, **PERIOD),
        "obstacles": obstacles,
        "obstacles_by_month": m.obstacles_by_month(obstacles),
        "quality": m.obstacle_quality(obstacles),
        "recipients": people,
        "by_group": m.for_each(m.flows, spells, people, by="sex", gap=2, **PERIOD),
    }


def printed(types: str = "cleaned") -> str:
    """All values of all tables as text."""
    parts = [
        f"{name}\n" + table.to_csv(index=False, lineterminator="\n")
        for name, table in tables(types).items()
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(printed())
