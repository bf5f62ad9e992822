"""What was registered for all eligible, before and after the introduction, unit by unit?

Participants have no measurement from before the introduction. A staggered start can be analysed
only for what is registered for every eligible person in every period, examined or not: any
examination, a new diagnosis, dispensed drugs. What is found describes how the registered outcomes
changed with the introduction; whether it may be called more is for the plan and the claims to say.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.measures.people import unit_names
from umea_eval.datasets.vhu_lss.measures.shares import check_columns, estimates
from umea_eval.errors import UserError
from umea_eval.methods.difference_in_differences import placebo_permutation, staggered_adoption
from umea_eval.methods.power import smallest_difference_in_differences

Outcome = Literal["examination", "diagnosis", "drugs"]
Started = Literal["same", "next"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)
PANEL = ("unit", "time", "period", "numerator", "denominator", "value", "start")


def registered_panel(
    everybody: pd.DataFrame,
    registered: pd.DataFrame,
    introductions: pd.DataFrame,
    *,
    outcome: Outcome,
    period_months: int = 6,
    started: Started = "same",
) -> pd.DataFrame:
    """One row per unit and period: the share of all eligible with the outcome.

    ``everybody`` is what ``people`` gives; ``registered`` and ``introductions`` are the clean
    tables. A period is ``period_months`` calendar months (dividing 12; 6 are half-years); a person
    has the outcome in it if any of its rows says so. A period at either end of the data of which
    they hold only a part is left out. ``started``: an introduction within a period
    holds from that period ("same") or from the one after it ("next"); on a period's first day it is
    always that one.

    Columns: ``unit``, ``time`` (a whole number), ``period`` (its first month), ``numerator``,
    ``denominator`` (all eligible of the unit), ``value`` and ``start`` (the number of the unit's
    first period with VHU, missing for never). Raises UserError for an outcome that is not
    registered for all, and where a person lacks a month, an outcome is missing, or a unit has no
    row among the introductions or two.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> import datetime as dt
    >>> tables = ue.example("vhu_lss", n=60)
    >>> everybody = measures.people(
    ...     tables["persons"],
    ...     tables["examinations"],
    ...     tables["follow_ups"],
    ...     until=dt.date(2026, 1, 31),
    ... )
    >>> panel = measures.registered_panel(
    ...     everybody, tables["registered"], tables["introductions"], outcome="examination"
    ... )
    >>> bool((panel["numerator"] <= panel["denominator"]).all())
    True
    """
    if outcome not in OUTCOMES:
        raise UserError("vhu_lss.measures.not_registered", known=", ".join(OUTCOMES))
    if period_months < 1 or 12 % period_months:
        raise UserError("vhu_lss.measures.period")
    check_columns(registered, ("person", "month", outcome))
    check_columns(everybody, ("person", "unit"))
    if everybody.empty:
        return pd.DataFrame(columns=list(PANEL))
    units = everybody.drop_duplicates("person").set_index("person")["unit"].astype("str")
    rows = _whole(registered, units, outcome)
    rows = rows.assign(time=_period(rows["month"], period_months))
    rows = rows[rows["time"].isin(_full_periods(rows))]
    with_it = rows.groupby(["person", "time"], as_index=False).agg({"flag": "max"})
    with_it["unit"] = with_it["person"].map(units)
    panel = with_it.groupby(["unit", "time"], as_index=False)["flag"].agg(["sum", "size"])
    start = _starts(introductions, period_months, started)
    unknown = sorted(set(panel["unit"]) - set(start.index))
    if unknown:
        raise UserError("vhu_lss.measures.no_introduction", units=", ".join(unknown))
    month = np.datetime64("1970-01", "M") + panel["time"].to_numpy() * period_months
    return pd.DataFrame(
        {
            "unit": panel["unit"].astype("str"),
            "time": panel["time"],
            "period": month.astype("datetime64[us]"),
            "numerator": panel["sum"].astype("float64"),
            "denominator": panel["size"].astype("float64"),
            "value": panel["sum"] / panel["size"],
            "start": panel["unit"].map(start).astype("float64"),
        },
        columns=list(PANEL),
    )


def _whole(registered: pd.DataFrame, units: pd.Series, outcome: str) -> pd.DataFrame:
    """``person``, ``month`` and ``flag`` of the eligible: one row for each in every month."""
    own = registered[registered["person"].astype("str").isin(units.index)]
    flag = own[outcome].to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(flag).any():
        raise UserError("vhu_lss.measures.outcome_missing", rows=int(np.isnan(flag).sum()))
    rows = pd.DataFrame(
        {"person": own["person"].astype("str"), "month": own["month"], "flag": flag}
    )
    rows = rows.groupby(["person", "month"], as_index=False).agg({"flag": "max"})
    missing = len(units) * rows["month"].nunique() - len(rows)
    if missing or rows.empty:
        raise UserError("vhu_lss.measures.not_all_periods", missing=missing, persons=len(units))
    return rows


def _full_periods(rows: pd.DataFrame) -> pd.Index:
    """The periods, without those at either end that hold fewer months than the fullest."""
    months = rows.groupby("time")["month"].nunique()
    full = np.flatnonzero((months == months.max()).to_numpy())
    kept: pd.Index = months.index[full[0] : full[-1] + 1]
    return kept


def introduction_change(
    panel: pd.DataFrame,
    *,
    control: Literal["not yet", "never"] = "not yet",
    confidence: float = 0.95,
    max_assignments: int = 10_000,
    seed: int = 1,
    parts: bool = True,
) -> pd.DataFrame:
    """How much more the share changed where VHU was introduced than where it was not yet.

    ``panel`` is what ``registered_panel`` gives. Rows: Callaway and Sant'Anna's averages
    (``simple`` over all units and periods, ``dynamic``, ``group``, ``calendar``) and the two-way
    estimate (without ``parts`` the first row only), all as differences of
    shares with ``p_value`` by dealing out the starts again (few units: no other error can be
    trusted). ``smallest_p`` is the least that the design can give, ``pre_trend_p`` tests the
    periods before (passing proves nothing), ``denominator`` counts units.
    Every unit weighs alike, whatever its size. Limits are missing where there are too few deals
    for the confidence. Raises UserError as
    ``staggered_adoption``: without a period before the first start, or with nothing to compare
    with.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> import datetime as dt
    >>> tables = ue.example("vhu_lss", n=60)
    >>> everybody = measures.people(
    ...     tables["persons"],
    ...     tables["examinations"],
    ...     tables["follow_ups"],
    ...     until=dt.date(2026, 1, 31),
    ... )
    >>> panel = measures.registered_panel(
    ...     everybody, tables["registered"], tables["introductions"], outcome="examination"
    ... )
    >>> change = measures.introduction_change(panel)
    >>> bool((change["lower"] <= change["upper"]).all())
    True
    """
    check_columns(panel, ("unit", "time", "value", "start"))
    found = staggered_adoption(
        panel,
        outcome="value",
        unit="unit",
        time="time",
        start="start",
        control=control,
        inference="permutation",
        confidence=confidence,
        max_assignments=max_assignments,
        seed=seed,
        parts=parts,
    )
    rows = [
        {str(name): value for name, value in row.items() if name != "standard_error"}
        | {"smallest_p": found.smallest_p, "pre_trend_p": found.pre_trend_p}
        for row in found.table.to_dict("records")
    ]
    if not parts:
        return estimates(rows, "aggregation")
    other = placebo_permutation(
        panel,
        outcome="value",
        unit="unit",
        time="time",
        start="start",
        confidence=confidence,
        max_assignments=max_assignments,
        seed=seed,
    )
    two_way = {str(name): value for name, value in other.table.iloc[0].to_dict().items()}
    rows.append(
        {"aggregation": "two-way"}
        | two_way
        | {"smallest_p": other.smallest_p, "pre_trend_p": np.nan}
    )
    return estimates(rows, "aggregation")


def event_course(
    panel: pd.DataFrame,
    *,
    control: Literal["not yet", "never"] = "not yet",
    confidence: float = 0.95,
    max_assignments: int = 10_000,
    seed: int = 1,
) -> pd.DataFrame:
    """The differences by period before (negative) and after each unit's start: ``event_time``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> import datetime as dt
    >>> tables = ue.example("vhu_lss", n=60)
    >>> everybody = measures.people(
    ...     tables["persons"],
    ...     tables["examinations"],
    ...     tables["follow_ups"],
    ...     until=dt.date(2026, 1, 31),
    ... )
    >>> panel = measures.registered_panel(
    ...     everybody, tables["registered"], tables["introductions"], outcome="examination"
    ... )
    >>> course = measures.event_course(panel)
    >>> bool(course["event_time"].is_monotonic_increasing)
    True
    """
    check_columns(panel, ("unit", "time", "value", "start"))
    study = staggered_adoption(
        panel,
        outcome="value",
        unit="unit",
        time="time",
        start="start",
        control=control,
        inference="permutation",
        confidence=confidence,
        max_assignments=max_assignments,
        seed=seed,
    ).event_study
    rows = [
        {str(name): value for name, value in row.items() if name != "standard_error"}
        for row in study.to_dict("records")
    ]
    return estimates(rows, "event_time")


def detectable_introduction(
    panel: pd.DataFrame, *, power: float = 0.8, alpha: float = 0.05
) -> pd.DataFrame:
    """The smallest difference of shares that so few units can show, at the first start.

    The units of the first start are compared with those that had not begun by the next one (or
    never did), over the periods up to that next start. ``sd`` is the standard deviation between
    the latter of their change (mean after minus mean before). Missing for fewer than three of them
    or no spread. One row; ``denominator`` counts the units compared.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> import datetime as dt
    >>> tables = ue.example("vhu_lss", n=60)
    >>> everybody = measures.people(
    ...     tables["persons"],
    ...     tables["examinations"],
    ...     tables["follow_ups"],
    ...     until=dt.date(2026, 1, 31),
    ... )
    >>> panel = measures.registered_panel(
    ...     everybody, tables["registered"], tables["introductions"], outcome="examination"
    ... )
    >>> smallest = measures.detectable_introduction(panel)
    >>> smallest[["treated", "controls"]].to_dict("records")
    [{'treated': 2, 'controls': 6}]
    """
    check_columns(panel, ("unit", "time", "value", "start"))
    begun = panel.drop_duplicates("unit").set_index("unit")["start"].astype("float64")
    row: dict[str, object] = {
        **{"numerator": np.nan, "denominator": 0, "value": np.nan, "lower": np.nan},
        **{"upper": np.nan, "confidence": np.nan, "method": "none: too few units"},
        **{"treated": 0, "controls": 0, "sd": np.nan, "power": power, "alpha": alpha},
    }
    dates = sorted(begun.dropna().unique())
    if not dates:
        return estimates([row], ())
    until = dates[1] if len(dates) > 1 else np.inf
    treated = int((begun == dates[0]).sum())
    others = begun.index[~(begun < until)]
    window = panel[panel["unit"].isin(others) & (panel["time"] < until)]
    before, after = (
        part.groupby("unit")["value"].mean()
        for part in (window[window["time"] < dates[0]], window[window["time"] >= dates[0]])
    )
    moved = (after - before).dropna()
    spread = float(moved.std()) if len(moved) > 2 else np.nan
    row |= {"denominator": treated + len(others), "treated": treated, "controls": len(others)}
    if not spread > 0:
        return estimates([row | {"sd": spread}], ())
    least = smallest_difference_in_differences(
        treated, len(others), spread, power=power, alpha=alpha
    )
    method = "difference in differences, t"
    return estimates([row | {"value": least, "method": method, "sd": spread}], ())


def _period(days: pd.Series, months: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    month = days.to_numpy(dtype="datetime64[us]").astype("datetime64[M]").astype(np.int64)
    whole: np.ndarray[tuple[int], np.dtype[np.int64]] = month // months
    return whole


def _starts(introductions: pd.DataFrame, months: int, started: Started) -> pd.Series:
    """The number of each unit's first period with VHU; missing for never."""
    check_columns(introductions, ("municipality", "introduced_on"))
    nothing = pd.Series(pd.NA, index=introductions.index, dtype="str")
    units = unit_names(introductions["municipality"], introductions.get("area", nothing))
    if units.duplicated().any():
        twice = ", ".join(sorted(units[units.duplicated()].unique()))
        raise UserError("vhu_lss.measures.introduced_twice", units=twice)
    days = introductions["introduced_on"]
    known = days.notna().to_numpy()
    number = np.full(len(days), np.nan)
    place = _period(days[known], months)
    if started == "next":
        first = (np.datetime64("1970-01", "M") + place * months).astype("datetime64[D]")
        place = place + (days[known].to_numpy(dtype="datetime64[D]") > first)
    number[known] = place
    return pd.Series(number, index=units)
