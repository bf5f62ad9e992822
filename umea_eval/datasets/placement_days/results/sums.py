"""What do the rows of a table add up to, and how much of it is one child?"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from umea_eval.datasets.placement_days.results.register import OTHER, TOTAL, Choices
from umea_eval.datasets.placement_days.schema import GROUPINGS, KINDS


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


def levels(table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
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


def ordered(table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
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
