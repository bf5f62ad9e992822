"""Why do spells end, and who comes back?"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures import (
    REASONS,
    competing_exits,
    re_entries,
    re_entry_share,
)
from umea_eval.datasets.forsorjningsstod.results.durations import found_spells
from umea_eval.datasets.forsorjningsstod.results.register import GAPS, Choices, Register
from umea_eval.methods.proportions import with_share
from umea_eval.methods.survival import cumulative_incidence


def exit_reasons(found: Register, choices: Choices) -> pd.DataFrame:
    """Exits by reason as cumulative incidence within 12 months of a spell's beginning.

    One row per reason with any exit: ``reason``, ``exits`` (followed in full), ``value`` with
    limits: the share of spells that have ended for that reason within ``months``: 12, or where no
    spell is followed so long, the longest time that one is. The reasons stand in a fixed order: one
    by size would tell of numbers that are suppressed.
    """
    names = ["reason", "exits", "spells", "value", "lower", "upper", "months"]
    made = found_spells(found, choices)
    if "reason" not in made or made.empty:
        return pd.DataFrame(columns=names)
    rows = competing_exits(made, last=found.last)
    if rows.empty or not (rows["cause"] > 0).any():
        return pd.DataFrame(columns=names)
    within = min(12, int(rows["duration"].max()))
    table = cumulative_incidence(
        rows["duration"],
        rows["cause"],
        entry=rows["entry"],
        cluster=rows["household"].astype(object),
        at=[within],
    ).table
    table["reason"] = [REASONS[int(cause) - 1] for cause in table["cause"]]
    table = table[table["numerator"] > 0].rename(columns={"numerator": "exits"})
    table = table.assign(spells=len(rows), exits=table["exits"].astype(int), months=within)
    return table.sort_values("cause", kind="stable")[names].reset_index(drop=True)


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
    table["exits_of"] = [followed_name("exits", gap, choices.within) for gap in GAPS]
    table["returned_of"] = [followed_name("returns", gap, choices.within) for gap in GAPS]
    away = table["exits"] - table["returned"]
    table = table.assign(away=away, away_of=away_of(away, [choices.within] * len(table), GAPS))
    return with_share(table, "returned", "exits")


def away_of(away: pd.Series, within: Iterable[object], gaps: Iterable[object]) -> list[str]:
    """What those who have not returned are called: they are the same under every gap rule.

    Not where the time is so short that a spell has not ended by then.
    """
    rows = pd.DataFrame({"away": away.to_numpy(), "within": list(within), "gap": list(gaps)})
    alike = rows.groupby("within")["away"].transform("nunique") == 1
    return [
        f"no return, followed {row['within']} months" + ("" if same else f", gap {row['gap']}")
        for row, same in zip(rows.to_dict("records"), alike, strict=True)
    ]


def followed_name(what: str, gap: int, within: int) -> str:
    return f"{what}, gap {gap}, followed {within} months"
