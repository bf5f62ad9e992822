"""How did measured values change in those followed up, and how much of that was to be expected?

Nobody has a measurement from before the introduction, and nobody unexamined has one at all: a
change here describes those who came back, and is no effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.measures.prevalence import first_visits
from umea_eval.datasets.vhu_lss.measures.shares import (
    FEW_HOMES,
    FEWEST_HOMES,
    check_columns,
    estimates,
    own_homes,
)
from umea_eval.errors import UserError
from umea_eval.methods.clustered import cluster_bootstrap
from umea_eval.methods.paired import expected_change, paired_t, sign_flip, wilcoxon_signed_rank
from umea_eval.methods.power import smallest_paired_change

Test = Literal["t", "wilcoxon", "sign_flip", "homes"]
Which = Literal["first", "last"]

MEASURED = (
    *("waist", "weight", "systolic", "diastolic", "triglycerides", "hdl", "cholesterol", "ldl"),
    *("glucose", "hba1c"),
)
TOO_FEW = "none: too few pairs, or no spread"
# Two pairs leave one degree of freedom. Student's t then has no mean: the limits say nothing, and
# with the mean they give both persons' changes away.
FEWEST_PAIRS = 3


def pairs(
    examinations: pd.DataFrame,
    follow_ups: pd.DataFrame,
    measure: str,
    *,
    which: Which = "last",
) -> pd.DataFrame:
    """``person``, ``first``, ``second`` (and ``home``) of those with both values of ``measure``.

    First is the value of the person's first examination, second that of the ``which`` follow-up
    after it that has the value.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> pairs = measures.pairs(tables["examinations"], tables["follow_ups"], "weight")
    >>> pairs["person"].is_unique, len(pairs) <= len(tables["follow_ups"])
    (True, True)
    """
    check_columns(examinations, ("person", "examined_on"))
    check_columns(follow_ups, ("person", "examined_on"))
    columns = ["person", "first", "second", "home"]
    if measure not in examinations or measure not in follow_ups:
        return pd.DataFrame(columns=columns).astype({"first": "float64", "second": "float64"})
    begin = first_visits(examinations)
    first = pd.DataFrame(
        {
            "person": begin["person"].astype("str"),
            "began": begin["examined_on"],
            "first": begin[measure].astype("float64"),
            "home": begin["home"].astype("str") if "home" in begin else pd.NA,
        }
    )
    later = pd.DataFrame(
        {
            "person": follow_ups["person"].astype("str"),
            "came": follow_ups["examined_on"],
            "second": follow_ups[measure].astype("float64"),
        }
    )
    both = first.merge(later, on="person").dropna(subset=["first", "second"])
    both = both[both["came"] > both["began"]].sort_values(["person", "came"], kind="stable")
    chosen = both.drop_duplicates("person", keep=which)
    return chosen[columns].reset_index(drop=True)


def paired_change(
    examinations: pd.DataFrame,
    follow_ups: pd.DataFrame,
    *,
    measures: Sequence[str] = MEASURED,
    which: Which = "last",
    test: Test = "t",
    at_least: Mapping[str, float] | None = None,
    correlation: float | Mapping[str, float] | None = None,
    population_mean: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    replicates: int = 2_000,
    seed: int = 1,
) -> pd.DataFrame:
    """Follow-up minus examination in the same persons, one row per measure, in its own unit.

    ``at_least`` restricts a measure to those whose first value was so high: the more they were
    chosen for a high value, the more falls back by itself. ``expected`` is that fall, given the
    ``correlation`` of two measurements without any intervention (one for all, or by measure; from
    the literature: these data cannot tell it) and the mean of the population that they come from
    (``population_mean``; by default that of all first examinations, whatever ``at_least`` says).
    ``beyond_expected`` is the change minus that. Both are missing without a correlation.

    ``sd`` is the standard deviation of the differences (missing below ``FEWEST_PAIRS``).
    ``denominator`` counts pairs, ``unpaired`` the persons with a first value (high enough) and no
    later one. ``test``: "t", "wilcoxon" (Hodges-Lehmann), "sign_flip" (exact for few pairs), or
    "homes", a bootstrap of whole homes (``replicates``). Fewer pairs than ``FEWEST_PAIRS``, or no
    spread, give a value without limits, and no pairs give none. Follow-up is not at random: those
    who came back may differ from the others.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> change = measures.paired_change(
    ...     tables["examinations"], tables["follow_ups"], measures=["weight"]
    ... )
    >>> pairs = measures.pairs(tables["examinations"], tables["follow_ups"], "weight")
    >>> round(float(change["value"].iloc[0] - (pairs["second"] - pairs["first"]).mean()), 6)
    0.0
    """
    begin = first_visits(examinations)
    rows = []
    for measure in measures:
        both = pairs(examinations, follow_ups, measure, which=which)
        own = _values(begin, measure)
        low = (at_least or {}).get(measure, -np.inf)
        chosen = both[both["first"] >= low]
        mean = (population_mean or {}).get(measure, own.mean() if len(own) else np.nan)
        row = _change(chosen, test, confidence=confidence, replicates=replicates, seed=seed)
        expected = _expected(chosen, mean, _of(correlation, measure))
        row |= {
            "sd": _spread(chosen),
            "unpaired": int((own >= low).sum()) - len(chosen),
            "first_mean": chosen["first"].mean() if len(chosen) else np.nan,
            "second_mean": chosen["second"].mean() if len(chosen) else np.nan,
            "population_mean": mean,
            "correlation": _of(correlation, measure),
            "expected": expected,
            "beyond_expected": _mean_change(chosen) - expected,
        }
        rows.append({"measure": measure} | row)
    return estimates(rows, "measure")


def detectable_change(
    examinations: pd.DataFrame,
    follow_ups: pd.DataFrame,
    *,
    measures: Sequence[str] = MEASURED,
    which: Which = "last",
    power: float = 0.8,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """The smallest mean change that the pairs at hand can show, one row per measure.

    ``value`` is in the measure's unit, up or down; ``denominator`` the pairs and ``sd`` the
    standard deviation of their differences. Missing below ``FEWEST_PAIRS`` and without spread.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> smallest = measures.detectable_change(
    ...     tables["examinations"], tables["follow_ups"], measures=["weight"]
    ... )
    >>> bool(smallest["value"].iloc[0] > 0)
    True
    """
    rows = []
    for measure in measures:
        both = pairs(examinations, follow_ups, measure, which=which)
        spread = _spread(both)
        value = detectable_of(len(both), spread, power=power, alpha=alpha)
        method = TOO_FEW if np.isnan(value) else "paired t"
        rows.append(
            {"measure": measure, "numerator": np.nan, "denominator": len(both), "value": value}
            | {"lower": np.nan, "upper": np.nan, "confidence": np.nan, "method": method}
            | {"sd": spread, "power": power, "alpha": alpha}
        )
    return estimates(rows, "measure")


def detectable_of(pairs: float, sd: float, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """``value`` of ``detectable_change`` for so many pairs whose differences spread so much.

    >>> import umea_eval as ue
    >>> round(ue.datasets.vhu_lss.measures.detectable_of(34, 10), 1)
    5.0
    """
    if not sd > 0:
        return np.nan
    return smallest_paired_change(pairs, sd, power=power, alpha=alpha)


def _spread(both: pd.DataFrame) -> float:
    """The standard deviation of the differences; missing for too few pairs."""
    return float((both["second"] - both["first"]).std()) if len(both) >= FEWEST_PAIRS else np.nan


def _change(
    both: pd.DataFrame, test: Test, *, confidence: float, replicates: int, seed: int
) -> dict[str, object]:
    row: dict[str, object] = {
        "numerator": np.nan,
        "denominator": len(both),
        "value": _mean_change(both),
        "lower": np.nan,
        "upper": np.nan,
        "confidence": confidence,
        "method": TOO_FEW,
    }
    moved = both["second"] - both["first"]
    # By the last printed digit: 0.3 - 0.1 and 0.2 are no spread.
    if len(both) < FEWEST_PAIRS or moved.round(9).nunique() < 2:
        return row
    if test == "homes":
        homes = own_homes(both["home"])
        if homes.nunique() < FEWEST_HOMES:
            return row | {"method": FEW_HOMES}
        found = cluster_bootstrap(
            pd.DataFrame({"moved": moved, "home": homes}),
            lambda drawn: float(drawn["moved"].mean()),
            cluster="home",
            replicates=replicates,
            seed=seed,
            confidence=confidence,
        ).table.iloc[0]
    elif test == "sign_flip":
        found = sign_flip(both, "second", "first", confidence=confidence, seed=seed).table.iloc[0]
    elif test in ("t", "wilcoxon"):
        method = paired_t if test == "t" else wilcoxon_signed_rank
        found = method(both, "second", "first", confidence=confidence).table.iloc[0]
    else:
        raise UserError("vhu_lss.measures.test", known="t, wilcoxon, sign_flip, homes")
    return row | {name: found[name] for name in ("value", "lower", "upper", "method")}


def _mean_change(both: pd.DataFrame) -> float:
    return float((both["second"] - both["first"]).mean()) if len(both) else np.nan


def _expected(both: pd.DataFrame, mean: float, correlation: float) -> float:
    if not len(both) or np.isnan(correlation) or np.isnan(mean):
        return np.nan
    found = expected_change(both, "first", mean=mean, correlation=correlation)
    return found.expected_change


def _of(correlation: float | Mapping[str, float] | None, measure: str) -> float:
    if correlation is None:
        return np.nan
    if isinstance(correlation, Mapping):
        return correlation.get(measure, np.nan)
    return correlation


def _values(visits: pd.DataFrame, measure: str) -> pd.Series:
    if measure not in visits:
        return pd.Series(dtype="float64")
    return visits[measure].astype("float64").dropna()
