"""Directly standardised rates: the rate a standard population would have had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.methods.estimates import Estimates, estimate_table
from umea_eval.methods.inputs import (
    By,
    FloatArray,
    column,
    counts,
    group_keys,
    keys,
    level,
    no_duplicates,
    numbers,
    positive,
    refuse,
    sums,
)
from umea_eval.methods.rates.single import byar, read_rate

# Dobson's limits are not to be used below this number of events (PHEindicatormethods).
FEWEST_EVENTS = 10


@dataclass(frozen=True)
class DirectRates(Estimates):
    """Directly standardised rates per ``per``, one per group."""

    words: ClassVar[str] = "standardisation.direct"


def direct_rate(
    data: pd.DataFrame,
    x: str,
    n: str,
    weight: str,
    *,
    stratum: str,
    by: By = None,
    event_frequency: str | None = None,
    per: float = 1000,
    confidence: float = 0.95,
) -> DirectRates:
    """Rates per ``per`` in a standard population, with Dobson's limits around Byar's.

    One row of ``data`` per group (``by``) and ``stratum`` (an age band): events ``x``, population
    or time ``n``, and the stratum's ``weight`` in the standard population, the same in all groups.
    If people have repeat events, give one row per group, stratum and ``event_frequency``: ``x`` is
    then the number of people with that many events, ``n`` is repeated, and the limits are wider.

    In the table ``numerator`` is the events and ``denominator`` the sum of ``n``. With fewer than
    10 events a group has neither value nor limits, and ``method`` says so.

    Raises UserError for a stratum that occurs twice or lacks in a group, weights that differ
    between groups, n = 0, or too few events in every group.
    Source: Dobson et al. 1991, Stat Med 10:457-462. Equals R
    ``PHEindicatormethods::calculate_dsr``, with ``event_frequency`` its
    ``independent_events = FALSE``.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {
    ...         "age": ["0-64", "65+"],
    ...         "events": [20, 40],
    ...         "people": [10000, 4000],
    ...         "standard": [80, 20],
    ...     }
    ... )
    >>> rates = ue.methods.standardisation.direct_rate(
    ...     frame, "events", "people", "standard", stratum="age"
    ... )
    >>> round(float(rates.table["value"].iloc[0]), 2)  # 0.8 x 2 + 0.2 x 10, per 1000
    3.6
    """
    level(confidence)
    positive(per, "per")
    groups = keys(by) or ["_all"]
    repeat = [] if event_frequency is None else [event_frequency]
    times = counts(column(data, event_frequency), event_frequency) if event_frequency else 1.0
    cases, size = read_rate(column(data, x), column(data, n), (x, n))
    labelled = data.assign(_all=0)
    rows = group_keys(labelled, [*groups, stratum, *repeat]).assign(
        _x=cases * times,
        _x2=cases * times**2,
        _n=size,
        _weight=_weights(column(data, weight), weight),
    )
    no_duplicates(rows, [*groups, stratum, *repeat])
    strata = _strata(rows, groups, stratum)
    events, people = strata["_x"].to_numpy(), strata["_n"].to_numpy()
    share = strata["_weight"].to_numpy() / people
    parts = {
        "weighted": share * events,
        "variance": share**2 * strata["_x2"].to_numpy(),
        "weight": strata["_weight"].to_numpy(),
        "x": events,
        "n": people,
    }
    total = sums(strata, parts, by if by is not None else "_all")
    lower_x, upper_x = byar(total["x"], confidence=confidence)
    value = total["weighted"] / total["weight"]
    scale = np.sqrt(total["variance"] / total["x"].clip(lower=1)) / total["weight"]
    enough = total["x"] >= FEWEST_EVENTS
    if not enough.any():
        raise UserError("methods.standardisation.direct.few_events", fewest=FEWEST_EVENTS)
    table = estimate_table(
        total.drop(columns=["_all", *parts], errors="ignore"),
        numerator=total["x"],
        denominator=total["n"],
        value=(value * per).where(enough),
        lower=((value + scale * (lower_x - total["x"])) * per).where(enough),
        upper=((value + scale * (upper_x - total["x"])) * per).where(enough),
        confidence=confidence,
        method=np.where(enough, "Dobson", f"not computed: fewer than {FEWEST_EVENTS} events"),
    )
    return DirectRates(table, label=tuple(keys(by)), per=per)


def _weights(values: pd.Series, name: str) -> FloatArray:
    """Weights of a standard population: a stratum may weigh nothing, but not all of them."""
    weights = numbers(values, name)
    refuse(weights < 0, "methods.inputs.negative", name)
    if not weights.any():
        refuse(weights == 0, "methods.inputs.zero_denominator", name)
    return weights


def _strata(rows: pd.DataFrame, groups: list[str], stratum: str) -> pd.DataFrame:
    """One row per group and stratum, all strata in every group, with the same weights."""
    cells = rows.groupby([*groups, stratum], sort=True, observed=True)
    if (cells[["_n", "_weight"]].agg(np.ptp) > 0).any(axis=None):
        raise UserError("methods.standardisation.direct.n_differs", stratum=stratum)
    totals = {"_x": "sum", "_x2": "sum", "_n": "first", "_weight": "first"}
    found = cells.agg(totals).reset_index()
    if (found.groupby(stratum, observed=True)["_weight"].agg(np.ptp) > 0).any():
        raise UserError("methods.standardisation.direct.weight_differs", stratum=stratum)
    every = found[stratum].drop_duplicates()
    if (found.groupby(groups, observed=True)[stratum].count() != len(every)).any():
        raise UserError("methods.standardisation.direct.stratum_missing", stratum=stratum)
    return found
