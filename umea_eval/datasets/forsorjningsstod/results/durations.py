"""How long do spells of support last?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures import (
    begun_before,
    benefit_months,
    break_months,
    spells,
    with_reasons,
)
from umea_eval.datasets.forsorjningsstod.results.register import GAPS, Choices, Register
from umea_eval.methods.survival import KaplanMeier, in_groups, kaplan_meier


def found_spells(
    found: Register, choices: Choices, *, gap: int | None = None, joined: bool = True
) -> pd.DataFrame:
    """The spells of the register under the choices, with the reasons of their exits.

    ``joined``: across a change of record system, as the report counts; False for a bridge.
    """
    width = choices.gap if gap is None else gap
    months = benefit_months(found.payments, support_kind=choices.kinds)
    begun = (
        begun_before(found.decisions, first=found.first, gap=width)
        if found.decisions is not None
        else None
    )
    changes = break_months(months)["month"].tolist() if joined and len(months) else []
    made = spells(
        months, gap=width, first=found.first, last=found.last, breaks=changes, begun=begun
    )
    if found.decisions is None:
        return made
    return with_reasons(made, found.decisions, last=found.last)


def durations(found: Register, choices: Choices) -> pd.DataFrame:
    """How long spells last under every gap rule: one row per gap of 1, 2 and 3 months.

    ``gap``, ``spells``, ``followed``, ``exits``, ``median`` with ``lower`` and ``upper`` (months;
    missing where it is not reached), with how many spells lie at each of them or beyond
    (``median_beyond``, ``lower_beyond``, ``upper_beyond``), and ``chosen``.
    """
    asked = ["value", "lower", "upper"]
    asked += [f"{name}_beyond" for name in asked]
    rows = []
    for gap in GAPS:
        made = found_spells(found, choices, gap=gap)
        followed = made[made["duration"].notna()]
        median = (np.nan,) * 6
        if len(followed):
            curve = curve_of(followed).medians.iloc[0]
            median = tuple(curve[asked])
        exits = int(followed["event"].sum())
        rows.append((gap, len(made), len(followed), exits, *median, gap == choices.gap))
    times = ["median", "lower", "upper"]
    beyond = [f"{name}_beyond" for name in times]
    names = ["gap", "spells", "followed", "exits", *times, *beyond, "chosen"]
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
    curve = curve_of(followed.assign(duration=times)).curves
    curve = curve[curve["time"].isin(ends[ends <= longest])]
    ended = curve["numerator"].diff().fillna(curve["numerator"])
    table = curve.assign(month=curve["time"].astype(int), ended=ended.astype(int))
    return table[names].reset_index(drop=True)


def curve_of(followed: pd.DataFrame) -> KaplanMeier:
    return kaplan_meier(
        followed["duration"].astype("int64"),
        followed["event"],
        entry=followed["entry"].astype("int64"),
        cluster=followed["household"].astype(object),
    )
