"""Units over time and beside each other: control charts and a funnel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.datasets.fallprevention.measures.selection import (
    FALLS,
    Basis,
    Kind,
    Months,
    chosen,
    exposure,
    grouped,
    no_rows,
    tidy,
    unit_places,
)
from umea_eval.datasets.fallprevention.schema import SYSTEM_CHANGE
from umea_eval.methods.control_charts import ControlChart, g_chart, u_chart
from umea_eval.methods.rates import funnel
from umea_eval.methods.rates.funnel import FEWEST_UNITS, Funnel, Overdispersion

Grain = Literal["month", "quarter", "gaps", "none"]
# The first month of, and after, the change of record system: a series starts anew at each.
BREAKS = (
    f"{SYSTEM_CHANGE[0]:%Y-%m}",
    str(pd.Period(SYSTEM_CHANGE[1], "M") + 1),
)
FEWEST_POINTS = 8  # assumption: with fewer quarters a chart shows nothing that days between do not
NO_EVENTS = "not computed: no events in any unit"


@dataclass(frozen=True)
class UnitChart:
    """One unit's chart, and in what grain.

    ``chart`` is missing ("none") with too few events for any. ``left_out`` counts periods without
    resident-days or across a break, and points alone between two breaks: these are compared with
    nothing.
    """

    unit: str
    grain: Grain
    chart: ControlChart | None
    left_out: int


def unit_chart(
    deviations: pd.DataFrame,
    days: pd.DataFrame,
    unit: str,
    *,
    kinds: Sequence[Kind] = FALLS,
    months: Months = None,
    basis: Basis = "both",
    breaks: Sequence[str] = BREAKS,
    fewest_points: int = FEWEST_POINTS,
    per: float = 1000,
) -> UnitChart:
    """Control chart of one unit: by month where at least one event is expected in each, by quarter
    where that is so and there are ``fewest_points`` quarters, else of the days between events.

    ``breaks`` are months at which a new phase starts (a change of measurement, never a measure
    taken); those outside the data are of no concern. Rates are per ``per`` resident-days. A chart
    says whether reporting is steady; it says nothing about why it is not.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> tables = ue.example("fallprevention", n=60)
    >>> unit = tables["resident_days"]["unit"].iloc[0]
    >>> chart = measures.unit_chart(tables["deviations"], tables["resident_days"], unit)
    >>> type(chart).__name__
    'UnitChart'
    """
    time = exposure(days[days["unit"] == unit], months=months, basis=basis)
    events = chosen(deviations[deviations["unit"] == unit], kinds=kinds, months=months)
    if len(time):
        inside = events["month"].isin(time["month"])
        span = pd.period_range(time["month"].min(), time["month"].max(), freq="M")
        gone = len(span) - len(time)
        for grain, fewest in (("month", 2), ("quarter", fewest_points)):
            found = _rates(time, events[inside], grain, breaks)
            points = found[found["kept"]]
            enough = len(points) >= fewest and bool(
                (points.groupby("phase")["events"].mean() >= 1).all()
            )
            if enough:
                chart = u_chart(
                    points["events"].to_numpy(),
                    points["days"].to_numpy(),
                    per=per,
                    breaks=_marks(points["phase"].to_numpy()),
                )
                named = chart.table.assign(time=points["period"].to_numpy())
                lost = int((~found["kept"]).sum()) + (gone if grain == "month" else 0)
                return UnitChart(
                    unit, "month" if grain == "month" else "quarter", _renamed(chart, named), lost
                )
    return _between(unit, events, breaks)


def unit_charts(
    deviations: pd.DataFrame,
    days: pd.DataFrame,
    *,
    kinds: Sequence[Kind] = FALLS,
    months: Months = None,
    basis: Basis = "both",
    breaks: Sequence[str] = BREAKS,
    fewest_points: int = FEWEST_POINTS,
    per: float = 1000,
) -> pd.DataFrame:
    """The points of all units' charts (see ``unit_chart``), by unit and time.

    ``unit``, ``grain`` ("month", "quarter": rates; "gaps": days between events), ``internal_only``
    (fewer than 10 places, or not known), ``left_out``, ``provisional`` (too few points for limits
    that last), and the columns of a chart. A unit without one has one row with the grain "none".

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> tables = ue.example("fallprevention", n=60)
    >>> charts = measures.unit_charts(tables["deviations"], tables["resident_days"])
    >>> charts["unit"].nunique() == tables["resident_days"]["unit"].nunique()
    True
    """
    sizes = unit_places(days).set_index("unit")["internal_only"]
    named = {str(unit) for unit in chosen(deviations, kinds=kinds, months=months)["unit"]}
    parts = []
    for unit in sorted({*sizes.index, *named}):
        own = unit_chart(
            *(deviations, days, unit),
            kinds=kinds,
            months=months,
            basis=basis,
            breaks=breaks,
            fewest_points=fewest_points,
            per=per,
        )
        points = pd.DataFrame({"time": [""]}) if own.chart is None else own.chart.table
        parts.append(
            points.assign(
                unit=unit,
                grain=own.grain,
                internal_only=bool(sizes.get(unit, True)),
                left_out=own.left_out,
                provisional=own.chart is None or own.chart.provisional,
            )
        )
    labels = ("unit", "grain", "time")
    if not parts:
        return no_rows(labels, ("internal_only", "left_out", "provisional"))
    table = pd.concat(parts, ignore_index=True)
    columns = [*labels, *no_rows().columns]
    return tidy(table.reindex(columns=[*columns, *table.columns.difference(columns)]), labels)


def unit_funnel(
    deviations: pd.DataFrame,
    days: pd.DataFrame,
    *,
    kinds: Sequence[Kind] = FALLS,
    months: Months = None,
    basis: Basis = "both",
    overdispersion: Overdispersion | Literal["auto"] = "auto",
    target: float | None = None,
    per: float = 1000,
) -> tuple[pd.DataFrame, Funnel | None]:
    """Units against funnel limits around their common rate, or around ``target``.

    ``overdispersion="auto"`` widens the limits by how much more than chance the units vary
    (multiplicative) from 10 units; with fewer they say too little of it, and the limits are exact.
    The frame has one row per unit with resident-days, with ``places``, ``internal_only`` (fewer
    than 10 places, or not known) and ``outside`` ("high", "low", ""); the funnel is for drawing
    (None without events, or with one unit). Reports vary between units with the inclination to
    report: a unit outside is not shown to be worse, nor one inside to be as good.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> tables = ue.example("fallprevention", n=60)
    >>> table, funnel = measures.unit_funnel(tables["deviations"], tables["resident_days"])
    >>> len(table) == tables["resident_days"]["unit"].nunique()
    True
    """
    time = exposure(days, months=months, basis=basis)
    events = chosen(deviations, kinds=kinds, months=months)
    cells = time[["unit", "month"]].astype("object")
    events = events[["unit", "month"]].astype("object").merge(cells)
    sums = grouped(time, ["unit"], {"days": time["resident_days"]}).merge(
        grouped(events, ["unit"], {"events": np.ones(len(events))}), on="unit", how="left"
    )
    sums["events"] = sums["events"].fillna(0.0)
    more = ("z", "outside", "places", "internal_only")
    if sums.empty:
        return no_rows(("unit",), more), None
    places = unit_places(days)
    if sums["events"].sum() == 0 or len(sums) < 2:
        table = sums[["unit"]].assign(
            numerator=sums["events"],
            denominator=sums["days"],
            value=sums["events"] / sums["days"] * per,
            lower=np.nan,
            upper=np.nan,
            confidence=np.nan,
            method=NO_EVENTS if sums["events"].sum() == 0 else "not computed: one unit",
            z=np.nan,
            outside="",
        )
        return tidy(table.merge(places, on="unit", how="left"), ("unit",)), None
    if overdispersion == "auto":
        overdispersion = "multiplicative" if len(sums) >= FEWEST_UNITS else "none"
    found = funnel(
        *(sums, "events", "days"),
        unit="unit",
        per=per,
        target=target,
        overdispersion=overdispersion,
    )
    table = found.table.merge(places, on="unit", how="left")
    return tidy(table, ("unit",)), found


def _rates(
    time: pd.DataFrame, events: pd.DataFrame, grain: str, breaks: Sequence[str]
) -> pd.DataFrame:
    """Events and days per period, its phase, and whether the phase has two points to compare."""
    counts = events.groupby("month").size()
    own = time.assign(events=time["month"].map(counts).fillna(0.0))
    found = own.groupby(grain)[["resident_days", "events"]].sum().reset_index()
    ends = own.groupby(grain)["month"].agg(["min", "max"]).to_numpy(dtype=object)
    marks = np.array(list(breaks), dtype=object)
    phase, at_end = (
        (ends[:, side, None] >= marks[None, :]).sum(axis=1).astype(np.int64) for side in (0, 1)
    )
    # A quarter across a break is of neither phase.
    whole = phase == at_end
    size = np.bincount(phase[whole], minlength=len(marks) + 1)
    return pd.DataFrame(
        {
            "period": found[grain].to_numpy(),
            "days": found["resident_days"].to_numpy(dtype=np.float64),
            "events": found["events"].to_numpy(dtype=np.float64),
            "phase": phase,
            "kept": whole & (size[phase] >= 2),
        }
    )


def _between(unit: str, events: pd.DataFrame, breaks: Sequence[str]) -> UnitChart:
    """The chart of days between events; the time across a break is no such time."""
    on = np.sort(pd.to_datetime(events["happened_on"]).to_numpy(dtype="datetime64[D]"))
    marks = np.array([f"{mark}-01" for mark in breaks], dtype="datetime64[D]")
    phase = (on[:, None] >= marks[None, :]).sum(axis=1)
    gaps, within = np.diff(on).astype(np.int64), phase[1:]
    kept = phase[1:] == phase[:-1]
    counts = np.bincount(within[kept], minlength=len(marks) + 1)
    kept &= counts[within] >= 2
    left_out = int((~kept).sum())
    if np.count_nonzero(kept) < 2:
        return UnitChart(unit, "none", None, left_out)
    chart = g_chart(gaps[kept], breaks=_marks(within[kept]))
    table = chart.table.assign(time=np.datetime_as_string(on[1:][kept], unit="D"))
    return UnitChart(unit, "gaps", _renamed(chart, table), left_out)


def _marks(phase: NDArray[np.int64]) -> list[int]:
    """The places, counted from 1, at which a new phase starts."""
    return [int(place) + 2 for place in np.flatnonzero(np.diff(phase))]


def _renamed(chart: ControlChart, table: pd.DataFrame) -> ControlChart:
    return ControlChart(
        table.assign(time=table["time"].astype(str)),
        chart.runs,
        provisional=chart.provisional,
        target=chart.target,
        assurance=chart.assurance,
        per=chart.per,
    )
