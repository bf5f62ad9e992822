"""Falls, injurious falls and reports of fallrisk per 1 000 resident-days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

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
)
from umea_eval.methods.rates import rate
from umea_eval.methods.standardisation import direct_rate
from umea_eval.methods.standardisation.direct import FEWEST_EVENTS

Repeats = Literal["resident", "independent"]
NO_DAYS = "not computed: no resident-days"
FEW_REPEATED = f"no limits: fewer than {FEWEST_EVENTS} residents, some with several events"
UNKNOWN = "not computed: injury unknown for all"
_MORE = ("residents", "unnamed", "left_out", "unknown", "places_share")


def fall_rates(
    deviations: pd.DataFrame,
    days: pd.DataFrame,
    *,
    kinds: Sequence[Kind] = FALLS,
    injured: bool = False,
    by: Sequence[str] = (),
    months: Months = None,
    basis: Basis = "both",
    repeats: Repeats = "resident",
    per: float = 1000,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Events per ``per`` resident-days, in all or within ``by``.

    ``by``, here and in the other measures: "municipality", "unit", "month", "quarter", "year" and
    "phase" (before, during, since the change of record system), one or several.

    Counted are reports of ``kinds`` (with ``injured`` only those with an injury) in unit-months
    with resident-days above zero; ``basis="presence"`` leaves out days that are places times days.
    ``left_out`` are events in other unit-months, ``unknown`` counted reports of which it is not
    known whether anybody was hurt (with ``injured``). Where there are no resident-days the value
    is missing, never zero.

    ``repeats="resident"`` (default) takes the falls of one resident to belong together: Dobson's
    limits with the number of residents by number of falls. They are not to be used below 10
    events, which here is 10 residents: with fewer there are limits only if nobody comes back. They
    take the number of residents as random, and are somewhat too wide where most of them fall.
    Reports without a resident (``unnamed``) are taken to be of different ones, so that limits are
    too narrow where there are many.
    ``"independent"`` takes every fall by itself.

    One row per group with ``numerator``, ``denominator`` (resident-days), ``value``, ``lower``,
    ``upper``, ``confidence``, ``method``; ``residents`` with an event, ``places_share`` of the
    days. Reports describe falls and the inclination to report them; see ``reporting_culture``.
    Source: as ``direct_rate`` with event frequencies, and ``rate``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> tables = ue.example("fallprevention", n=60)
    >>> rates = measures.fall_rates(tables["deviations"], tables["resident_days"])
    >>> rate = rates.iloc[0]
    >>> bool(rate["lower"] < rate["value"] < rate["upper"])
    True
    """
    time = exposure(days, months=months, basis=basis)
    events = chosen(deviations, kinds=kinds, months=months)
    events = events.assign(hurt=events["injury"].astype("object"))
    cells = time[["unit", "month"]].astype("object").assign(place=np.arange(len(time)))
    at = events[["unit", "month"]].astype("object").merge(cells, how="left")["place"].to_numpy()
    counted = ~np.isnan(at.astype("float64"))
    inside = events[counted].reset_index(drop=True)
    # Who answers for the group: the municipality of the resident-days where there are any.
    place = at[counted].astype("int64")
    inside = inside.assign(municipality=time["municipality"].to_numpy(dtype=object)[place])
    hurt = inside["hurt"].eq(True).to_numpy(dtype=bool)
    unknown = inside["hurt"].isna().to_numpy(dtype=bool) & injured
    event = hurt if injured else np.ones(len(inside), dtype=bool)
    groups = grouped(
        time,
        by,
        {
            "days": time["resident_days"],
            "from_places": time["resident_days"].where(time["basis"] == "places", 0.0),
        },
    )
    sums = grouped(
        inside,
        by,
        {
            "reports": np.ones(len(inside)),
            "events": event,
            "unknown": unknown,
            "unnamed": event & inside["resident"].isna().to_numpy(),
        },
    )
    outside = events[~counted]
    if injured:
        outside = outside[outside["hurt"].eq(True)]
    lost = grouped(outside, by, {"left_out": np.ones(len(outside))})
    table = _together(groups, [sums, lost], by)
    if table.empty:
        return no_rows(by, _MORE)
    people = _by_frequency(inside[event], by)
    found = _estimates(table, people, by, repeats=repeats, per=per, confidence=confidence)
    return tidy(found, by)


def _together(
    groups: pd.DataFrame, others: Sequence[pd.DataFrame], by: Sequence[str]
) -> pd.DataFrame:
    """One row per group of any of the frames; what one lacks there is 0."""
    table = groups.assign(_all=0)
    for other in others:
        table = table.merge(other.assign(_all=0), on=["_all", *by], how="outer", sort=True)
    names = ["days", "from_places", "reports", "events", "unknown", "unnamed", "left_out"]
    table[names] = table[names].fillna(0.0)
    return table.drop(columns="_all").assign(group=np.arange(len(table)))


def _by_frequency(events: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """How many residents have 1, 2, ... events in each group: ``frequency`` and ``residents``."""
    named = events["resident"].notna().to_numpy()
    who = events["resident"].astype("object").to_numpy(copy=True)
    # A report without a resident is one of a resident of its own.
    who[~named] = [f"unnamed {number}" for number in range(np.count_nonzero(~named))]
    own = events[list(by)].astype("object").assign(_all=0, who=who, named=named)
    each = own.groupby(["_all", *by, "who"], dropna=False)["named"].agg(["size", "max"])
    each = each.reset_index().rename(columns={"size": "frequency", "max": "named"})
    found = each.groupby(["_all", *by, "frequency"], dropna=False)["named"].agg(["size", "sum"])
    found = found.reset_index().rename(columns={"size": "residents", "sum": "known"})
    return found.drop(columns="_all").astype(dict.fromkeys(by, "object"))


def _estimates(
    table: pd.DataFrame,
    people: pd.DataFrame,
    by: Sequence[str],
    *,
    repeats: Repeats,
    per: float,
    confidence: float,
) -> pd.DataFrame:
    """Values and limits of every group, by the method that its numbers allow."""
    people = people.assign(_all=0).merge(table[[*by, "group"]].assign(_all=0), on=["_all", *by])
    events, days = table["events"].to_numpy(), table["days"].to_numpy()
    several = people.loc[people["frequency"] > 1, "group"]
    repeated = table["group"].isin(several).to_numpy() & (repeats == "resident")
    blind = (table["unknown"] == table["reports"]).to_numpy() & (table["reports"] > 0).to_numpy()
    defined = (days > 0) & ~blind
    who = people.groupby("group")["residents"].sum().reindex(table["group"], fill_value=0)
    enough = defined & repeated & (who.to_numpy() >= FEWEST_EVENTS)
    plain = defined & ~repeated
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(defined, events / days * per, np.nan)
    lower, upper = np.full(len(table), np.nan), np.full(len(table), np.nan)
    method = np.where(blind, UNKNOWN, np.where(days > 0, FEW_REPEATED, NO_DAYS)).astype(object)
    if plain.any():
        found = rate(table[plain], "events", "days", per=per, confidence=confidence).table
        lower[plain], upper[plain], method[plain] = (
            found[name].to_numpy() for name in ("lower", "upper", "method")
        )
    if enough.any():
        rows = people[people["group"].isin(table.loc[enough, "group"])]
        rows = rows.merge(table[["group", "days"]], on="group").assign(stratum=0, weight=1.0)
        found = direct_rate(
            *(rows, "residents", "days", "weight"),
            stratum="stratum",
            by="group",
            event_frequency="frequency",
            per=per,
            confidence=confidence,
        ).table
        # One resident with very many falls would give a limit below zero.
        lower[enough], upper[enough] = found["lower"].clip(lower=0), found["upper"]
        method[enough] = "Dobson, residents by number of events"
    known = people.groupby("group")["known"].sum().reindex(table["group"], fill_value=0)
    with np.errstate(invalid="ignore"):
        share = table["from_places"].to_numpy() / days
    return table[list(by)].assign(
        numerator=events,
        denominator=days,
        value=value,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method=pd.Series(method, index=table.index, dtype="str"),
        residents=known.to_numpy(dtype="float64"),
        unnamed=table["unnamed"],
        left_out=table["left_out"],
        unknown=table["unknown"],
        places_share=share,
    )
