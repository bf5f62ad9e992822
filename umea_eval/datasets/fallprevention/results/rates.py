"""How often are falls reported per resident-day, and does that change?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import t as student

from umea_eval.datasets.fallprevention.measures import fall_rates, unit_chart
from umea_eval.datasets.fallprevention.measures.selection import (
    FALLS,
    PHASES,
    REPORTS,
    Basis,
    chosen,
    exposure,
)
from umea_eval.datasets.fallprevention.results.register import (
    CLAIMS,
    TOTAL,
    Choices,
    Register,
    as_one,
    counted,
    per_unit,
)
from umea_eval.methods.claims import shared
from umea_eval.methods.clustered import gee
from umea_eval.methods.power import smallest_paired_change
from umea_eval.methods.rates.funnel import FEWEST_UNITS


def rates(found: Register) -> pd.DataFrame:
    """Reports per 1 000 resident-days by year and phase, from the year before the period.

    ``kind`` is "fall", "fall_risk" and "total" (both), and ``counted`` what is counted of it:
    "reports", or "injured" (of the falls). ``events`` of ``whole`` (all reports of the kind),
    ``days``, ``value``, ``lower``, ``upper``, ``unnamed`` (without a known resident), ``left_out``
    (where a home has no resident-days).
    """
    first, last = found.period
    before = str(pd.Period(first, "M") - 12)
    parts: list[pd.DataFrame] = []
    for kind, kinds, injured in (
        ("fall", FALLS, False),
        ("injured", FALLS, True),
        ("fall_risk", REPORTS[1:], False),
        (TOTAL, REPORTS, False),
    ):
        table = fall_rates(
            *(found.deviations, found.days),
            kinds=kinds,
            injured=injured,
            by=("year", "phase"),
            months=(before, last),
        )
        counted = "injured" if injured else "reports"
        table = table.assign(
            kind="fall" if injured else kind,
            counted=counted,
            order=len(parts),
            whole=parts[0]["numerator"] if injured else table["numerator"],
        )
        parts.append(table)
    table = pd.concat(parts, ignore_index=True)
    table["at"] = table["phase"].map({phase: place for place, phase in enumerate(PHASES)})
    table = table.sort_values(["year", "at", "order"], kind="stable", ignore_index=True)
    table = table.rename(columns={"numerator": "events", "denominator": "days"})
    names = ["year", "phase", "kind", "counted", "events", "whole", "days"]
    names += ["value", "lower", "upper"]
    return table[[*names, "unnamed", "left_out"]].astype({"year": "str", "phase": "str"})


def change(found: Register, choices: Choices, *, basis: Basis = "both") -> pd.DataFrame:
    """Falls, and falls with an injury, per resident-day: the year over the year before.

    No row where the two years are not comparable: the change of record system lies in or between
    them, or one of them lacks months. ``kind``, ``events``, ``days``, ``before`` and
    ``before_days``, ``value`` (a ratio), ``lower``, ``upper``, ``confidence``, ``detectable`` (the
    smallest rise that shows with 80 per cent power), ``units``. The homes are the same in both
    years and their falls hang together: each home is compared with itself (estimating equations
    clustered on homes, with bias-reduced errors). No limits with fewer than
    three homes, or where a year has no events. The interval holds together with that of
    ``sex_difference``. ``basis``: of the resident-days, and of the falls in them.
    """
    year, before = str(choices.year), str(choices.year - 1)
    months = (f"{before}-01", f"{year}-12")
    time = exposure(found.days, months=months, basis=basis)
    held = time.groupby("year")["month"].nunique()
    whole = bool((held.reindex([before, year]) == 12).all())
    comparable = whole and len(set(time["phase"])) == 1
    kinds = {}
    events = chosen(found.deviations, kinds=FALLS, months=months)
    for kind in ("fall", "injured") if comparable else ():
        own = events
        if kind == "injured":
            own = events[events["injury"].astype("object").eq(True).to_numpy(dtype=bool)]
        kinds[kind] = per_unit(time, own, "year")
    return change_of(kinds, year=year, before=before)


def change_of(kinds: Mapping[str, pd.DataFrame], *, year: str, before: str) -> pd.DataFrame:
    """``change`` from the ``events`` and ``days`` of each ``unit`` and ``year``, by kind of fall.

    A kind without events in either year has no row.
    """
    names = ["kind", "events", "days", "before", "before_days", "value", "lower", "upper"]
    names += ["confidence", "detectable", "units"]
    rows = []
    for kind, units in kinds.items():
        sums = units.groupby("year")[["events", "days"]].sum()
        if sums["events"].sum() == 0:
            continue
        counts = [sums.loc[at, name] for at in (year, before) for name in ("events", "days")]
        rows.append((kind, *counts, *_ratio(units, year, before), units["unit"].nunique()))
    return pd.DataFrame(rows, columns=names)


def _ratio(units: pd.DataFrame, year: str, before: str) -> tuple[float, ...]:
    """The rate of ``year`` over that of ``before``, limits, confidence, and what could show."""
    confidence, homes = shared(CLAIMS), units["unit"].nunique()
    sums = units.groupby("year")[["events", "days"]].sum()
    rate = sums["events"] / sums["days"]
    value = float(rate[year] / rate[before]) if rate[before] > 0 else np.nan
    if homes <= 2 or not (sums["events"] > 0).all():
        return value, np.nan, np.nan, confidence, np.nan
    row = gee(
        units.assign(later=(units["year"] == year).astype("float64")),
        outcome="events",
        covariates=["later"],
        cluster="unit",
        exposure="days",
        correlation="independence",
    ).table.iloc[0]
    change, error = float(row["coefficient"]), float(row["standard_error"])
    # A few homes have most of the reports, and the error is known no better than from so many homes
    # alike: with as many degrees of freedom as homes the interval is too narrow (docs/claims.md).
    events = units.groupby("unit")["events"].sum().to_numpy(dtype="float64")
    alike = max(float(events.sum() ** 2 / (events**2).sum()), 2.0)
    reach = float(student.ppf((1 + confidence) / 2, alike - 1)) * error
    least = np.nan
    if error > 0:  # as a mean of so many differences
        spread = error * np.sqrt(alike)
        least = float(np.exp(smallest_paired_change(alike, spread, alpha=1 - confidence)))
    return value, float(np.exp(change - reach)), float(np.exp(change + reach)), confidence, least


def enough_units(units: float) -> bool:
    """Whether an interval over homes can be trusted: as many homes as overdispersion needs."""
    return bool(units >= FEWEST_UNITS)


def months(found: Register) -> pd.DataFrame:
    """Falls of all homes together, month by month in the period, with the limits of a chart.

    ``month``, ``year``, ``phase``, ``events``, ``days``, ``value`` (per 1 000), ``centre``,
    ``lower`` and ``upper`` (control limits of the phase; missing where fewer than one fall is
    expected in a month, or where a phase has one month), and ``signal`` ("none" or "signal").
    """
    names = ["month", "year", "phase", "events", "days", "value", "centre", "lower", "upper"]
    deviations, days = counted(found, found.period)
    if days.empty:
        empty = pd.DataFrame(columns=[*names, "signal", "provisional"])
        return empty.astype(dict.fromkeys(names[3:], "float64"))
    deviations, days = as_one(deviations, days, deviations["unit"].notna(), TOTAL)
    time = exposure(days)
    table = per_unit(time, chosen(deviations, kinds=FALLS), "month")
    table = table.merge(time[["month", "year", "phase"]], on="month")
    table["value"] = 1000 * table["events"] / table["days"]
    chart = unit_chart(deviations, days, TOTAL)
    limits = ["centre", "lower", "upper", "signal"]
    if chart.grain == "month" and chart.chart is not None:
        own = chart.chart.table.rename(columns={"time": "month"})
        table = table.merge(own[["month", *limits]], on="month", how="left")
    else:
        table = table.assign(centre=np.nan, lower=np.nan, upper=np.nan, signal="")
    table["signal"] = np.where(table["signal"].fillna("") == "", "none", "signal")
    table["provisional"] = chart.chart is None or chart.chart.provisional
    return table[[*names, "signal", "provisional"]].sort_values("month", ignore_index=True)
