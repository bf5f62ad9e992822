"""How severe were the falls, how many were assessed, and had measures been taken?"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures import (
    assessed_share,
    prevention_before,
    prevention_bounds,
    severity_bounds,
    severity_counts,
)
from umea_eval.datasets.fallprevention.measures.selection import FALLS
from umea_eval.datasets.fallprevention.results.register import Register, months_of
from umea_eval.datasets.fallprevention.results.shares import categories
from umea_eval.datasets.fallprevention.schema import HIGH_SEVERITY, NOT_ASSESSED

AT_LEAST_MODERATE = ("moderate", *HIGH_SEVERITY)


def assessed(found: Register) -> pd.DataFrame:
    """How many falls have had their severity assessed, month by month in the period.

    ``month``, ``year``, ``phase``, ``assessed``, ``falls``, ``share``, ``lower``, ``upper``. A
    month without falls has no share.
    """
    by = ("month", "year", "phase")
    table = assessed_share(found.deviations, kinds=FALLS, by=by, months=found.period)
    table = table.rename(
        columns={"numerator": "assessed", "denominator": "falls", "value": "share"}
    )
    names = ["assessed", "falls", "share", "lower", "upper"]
    everything = months_of(found.days, found.deviations, found.period)
    everything = everything.assign(year=everything["month"].str[:4])
    table = everything.merge(table[["month", *names]], on="month", how="left")
    table[["assessed", "falls"]] = table[["assessed", "falls"]].fillna(0.0)
    return table[[*by, *names]].astype({**dict.fromkeys(by, "str"), **dict.fromkeys(names, float)})


def severity(found: Register) -> pd.DataFrame:
    """Reports of the window by severity, the unassessed among them: shares of all reports.

    ``severity``, its ``severity_group`` ("severe", "not_severe", "not_assessed") and
    ``severity_known`` ("assessed", "not_assessed"), ``reports``, ``base`` (all reports), ``share``,
    ``lower``, ``upper``.
    """
    table = severity_counts(found.deviations, months=found.window)
    table = categories(table, "severity", "reports")
    unknown = table["severity"] == NOT_ASSESSED
    severe = np.where(table["severity"].isin(HIGH_SEVERITY), "severe", "not_severe")
    return table.assign(
        severity_group=np.where(unknown, NOT_ASSESSED, severe),
        severity_known=np.where(unknown, NOT_ASSESSED, "assessed"),
    )


def prevention(found: Register) -> pd.DataFrame:
    """Falls of the window by whether measures had been taken before: shares of all falls.

    ``answer`` and its ``answer_group`` ("yes", "no", "unknown"), ``falls``, ``base`` (all falls),
    ``share``, ``lower``, ``upper``.
    """
    table = prevention_before(found.deviations, months=found.window).drop(columns="base")
    table = categories(table, "answer", "falls")
    stated = table["answer"].isin(["yes", "no"])
    return table.assign(answer_group=table["answer"].where(stated, "unknown"))


def bounds(found: Register, what: Literal["severity", "wider", "prevention"]) -> pd.DataFrame:
    """Within what lies the share of severe reports, or of falls in spite of measures: one row.

    "wider" counts as severe what is of moderate severity too: another definition of the first.
    ``known`` (severe, or with measures), ``unknown`` (not assessed, or not stated), ``base``,
    ``rest`` (neither), ``least`` and ``most`` (none, or all, of the unknown); ``lower`` and
    ``upper`` hold sampling error too.
    """
    if what == "prevention":
        table = prevention_bounds(found.deviations, months=found.window)
    else:
        severe = HIGH_SEVERITY if what == "severity" else AT_LEAST_MODERATE
        table = severity_bounds(found.deviations, severe=severe, months=found.window)
    table = table.drop(columns="base", errors="ignore")
    table = table.rename(
        columns={"numerator": "known", "unassessed": "unknown", "denominator": "base"}
    )
    table = table.assign(rest=table["base"] - table["known"] - table["unknown"])
    return table[["known", "unknown", "rest", "base", "least", "most", "lower", "upper"]]
