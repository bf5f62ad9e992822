"""How much units report, and what can not be concluded from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures.rates import fall_rates
from umea_eval.datasets.fallprevention.measures.selection import (
    REPORTS,
    Basis,
    Months,
    chosen,
    grouped,
    labelled,
    tidy,
)
from umea_eval.methods.proportions import proportion


def reporting_culture(
    deviations: pd.DataFrame,
    days: pd.DataFrame,
    *,
    by: Sequence[str] = ("unit",),
    months: Months = None,
    basis: Basis = "both",
    per: float = 1000,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Two signs of how units report, in rows of ``measure``: none of them is a result.

    "fall_risk_share": reports of fallrisk of all reports (Wilson); "reports": reports of both kinds
    per ``per`` resident-days (limits as in ``fall_rates``). Units with resident-days and no report
    are among the latter with 0: they are silent, which is not the same as safe. Few reports may
    mean few falls or little reporting, and more reports a better culture; the two cannot be told
    apart in these data (``what_cannot_be_concluded`` in the catalogue).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> tables = ue.example("fallprevention", n=60)
    >>> culture = measures.reporting_culture(tables["deviations"], tables["resident_days"])
    >>> "unit" in culture.columns
    True
    """
    frame = chosen(deviations, kinds=REPORTS, months=months)
    risk = (frame["kind"] == "fall_risk").to_numpy(dtype=bool)
    sums = grouped(frame, by, {"x": risk, "n": np.ones(len(frame))})
    labels = (*by, "measure")
    rates = fall_rates(
        *(deviations, days),
        kinds=REPORTS,
        by=by,
        months=months,
        basis=basis,
        per=per,
        confidence=confidence,
    ).assign(measure="reports")
    if sums.empty:
        return tidy(rates, labels)
    shares = labelled(proportion(sums, "x", "n", confidence=confidence).table, sums, by)
    both = pd.concat([shares.assign(measure="fall_risk_share"), rates], ignore_index=True)
    return tidy(both.sort_values([*by, "measure"], kind="stable"), labels)


def silent_units(
    deviations: pd.DataFrame, days: pd.DataFrame, *, months: Months = None, basis: Basis = "both"
) -> pd.DataFrame:
    """Units with resident-days and no report at all in the months: ``unit``, ``resident_days``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> tables = ue.example("fallprevention", n=60)
    >>> silent = measures.silent_units(tables["deviations"], tables["resident_days"])
    >>> bool((silent["resident_days"] > 0).all())  # days, but not one report
    True
    """
    table = fall_rates(deviations, days, kinds=REPORTS, by=["unit"], months=months, basis=basis)
    silent = table[(table["numerator"] == 0) & (table["denominator"] > 0)]
    found = silent[["unit", "denominator"]].rename(columns={"denominator": "resident_days"})
    return found.reset_index(drop=True)
