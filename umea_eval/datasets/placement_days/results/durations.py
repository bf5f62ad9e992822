"""How long does care last?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.placement_days import measures
from umea_eval.datasets.placement_days.results.register import SEXES, TOTAL, Register, sex_of


def durations(found: Register) -> pd.DataFrame:
    """How long care lasts: ``sex``, ``episodes``, ``ended``, ``median`` with limits (months).

    ``median_beyond``, ``lower_beyond``, ``upper_beyond``: the episodes at each of them or beyond.
    """
    times = ["median", "lower", "upper"]
    beyond = [f"{name}_beyond" for name in times]
    estimates = ["value", "lower", "upper", "value_beyond", "lower_beyond", "upper_beyond"]
    names = ["sex", "episodes", "ended", *times, *beyond]
    rows = []
    episodes = measures.care_episodes(found.placements)
    episodes = episodes.assign(sex=sex_of(episodes))
    for sex in (*SEXES, TOTAL):
        own = episodes if sex == TOTAL else episodes[episodes["sex"] == sex]
        table = measures.durations(own, until=found.until, since=found.since)
        row = table[table["months"].isna()]
        if row.empty:
            rows.append((sex, 0, 0, *[np.nan] * 6))
            continue
        first = row.iloc[0]
        counts = int(first["denominator"]), int(first["numerator"])
        rows.append((sex, *counts, *(first[name] for name in estimates)))
    return pd.DataFrame(rows, columns=names).astype(dict.fromkeys([*times, *beyond], float))


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
