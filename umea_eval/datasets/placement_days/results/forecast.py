"""Does the budget hold, and what will the coming months cost?"""

from __future__ import annotations

import pandas as pd

from umea_eval.datasets.placement_days import measures
from umea_eval.datasets.placement_days.measures.budget import WINDOW
from umea_eval.datasets.placement_days.results.costs import costs_by_month
from umea_eval.datasets.placement_days.results.register import Choices

# Thirty months hold too few misses for 95 per cent (see ``measures.forecast``).
FORECAST_CONFIDENCE = 0.80


def budget(table: pd.DataFrame, choices: Choices, amount: float | None) -> pd.DataFrame:
    """The year's cost against a budget spread over the year by the days of its months.

    Empty without a budget or without costs in the year. The columns of
    ``measures.budget_deviation`` with ``month`` as text, ``children`` and the largest.
    """
    costs = costs_by_month(table)
    costs = costs[costs["month"].dt.year == choices.year]
    names = ["month", "cost", "budget", "deviation", "cumulative", "share"]
    more = ["year", "children", "cost_1", "cost_2"]
    if amount is None or costs.empty:
        return pd.DataFrame(columns=[*names, *more])
    months = pd.date_range(f"{choices.year}-01-01", periods=12, freq="MS")
    days = months.days_in_month.to_numpy(dtype="float64")
    plan = pd.DataFrame({"month": months, "budget": amount * days / days.sum()})
    made = measures.budget_deviation(costs[["month", "cost"]], plan)
    made = made.merge(costs[["month", *more]].astype({"month": made["month"].dtype}), how="left")
    made[more] = made[more].fillna(0)
    return made.astype({"children": "int64"}).assign(
        year=choices.year, month=made["month"].dt.strftime("%Y-%m")
    )


def forecast(table: pd.DataFrame, *, months: int = 6) -> pd.DataFrame:
    """The cost of the coming months, each and all together, with an interval of 80 per cent.

    ``scope``, ``horizon``, ``month`` (text), ``value``, ``lower``, ``upper``, ``misses``,
    ``children`` (in the last months, which the forecast rests on). Empty with too few months.
    """
    names = ["scope", "horizon", "month", "value", "lower", "upper", "misses", "children"]
    costs = _whole_series(table)
    if len(costs) < WINDOW:
        return pd.DataFrame(columns=names)
    made = measures.forecast(
        costs[["month", "cost"]], months=months, confidence=FORECAST_CONFIDENCE
    )
    latest = costs["month"].tail(WINDOW)
    children = table[table["month"].isin(latest)]["person"].nunique()
    return made.assign(
        month=made["month"].dt.strftime("%Y-%m"),
        misses=made["denominator"].astype("int64"),
        children=children,
    )[names]


def back_test(table: pd.DataFrame, *, months: int = 6) -> pd.DataFrame:
    """How the forecast would have done before: ``measures.back_test`` with counts as numbers.

    ``scope``, ``horizon``, ``held`` of ``tried`` intervals, their ``share``, ``bias`` and
    ``mean_miss`` (shares of the forecast). Empty with too few months.
    """
    names = ["scope", "horizon", "origins", "held", "tried", "share", "bias", "mean_miss"]
    costs = _whole_series(table)
    if len(costs) < WINDOW:
        return pd.DataFrame(columns=names)
    made = measures.back_test(
        costs[["month", "cost"]], months=months, confidence=FORECAST_CONFIDENCE
    )
    return made.rename(
        columns={"numerator": "held", "denominator": "tried", "value": "share"}
    ).astype({"held": "int64", "tried": "int64"})[names]


def _whole_series(table: pd.DataFrame) -> pd.DataFrame:
    """Costs by month without gaps: a month without any day costs nothing."""
    costs = costs_by_month(table)
    if costs.empty:
        return costs
    months = pd.date_range(costs["month"].min(), costs["month"].max(), freq="MS")
    whole = costs.set_index("month").reindex(months).rename_axis("month").reset_index()
    return whole.fillna({"cost": 0.0})
