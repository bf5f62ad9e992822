"""Cost against the budget, and what the coming months may cost."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.errors import UserError
from umea_eval.methods.months import timeline
from umea_eval.methods.proportions import wilson
from umea_eval.methods.result import COLUMNS

Floats = NDArray[np.float64]
WINDOW = 3


def budget_deviation(costs: pd.DataFrame, budget: pd.DataFrame) -> pd.DataFrame:
    """Cost less budget, month by month and since the year began.

    ``costs`` has ``month`` and ``cost`` (kronor; rows of one month are summed), ``budget`` has
    ``month`` and ``budget`` (kronor, one row per month). Months without a budget are left out;
    a budgeted month after the last cost has none yet. Returns ``month``, ``cost``, ``budget``,
    ``deviation`` (cost above budget is positive), ``cumulative`` (of the year's months so far) and
    ``share`` (cumulative deviation over cumulative budget).

    Raises UserError for a month with two budgets.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> import pandas as pd
    >>> costs = pd.DataFrame(
    ...     {
    ...         "month": pd.period_range("2022-01", periods=24, freq="M").to_timestamp(),
    ...         "kind": "hvb",
    ...         "days": 100,
    ...         "priced_days": 100,
    ...         "cost": [100000.0] * 12 + [120000.0] * 12,
    ...     }
    ... )
    >>> budget = pd.DataFrame({"month": costs["month"], "budget": 110000.0})
    >>> measures.budget_deviation(costs, budget)[["deviation", "cumulative"]].iloc[
    ...     [11, 12]
    ... ].to_dict("list")
    {'deviation': [-10000.0, 10000.0], 'cumulative': [-120000.0, 10000.0]}
    """
    planned = budget.assign(month=_first_days(budget["month"]))
    if planned["month"].duplicated().any():
        raise UserError("placement_days.measures.budget_twice")
    spent = costs.assign(month=_first_days(costs["month"])).groupby("month")["cost"].sum()
    table = planned[["month", "budget"]].sort_values("month", ignore_index=True)
    last = spent.index.max() if len(spent) else pd.NaT
    table = table[table["month"] <= last].reset_index(drop=True)
    table["cost"] = table["month"].map(spent).fillna(0.0).astype(np.float64)
    table["deviation"] = table["cost"] - table["budget"]
    year = table["month"].dt.year
    table["cumulative"] = table.groupby(year)["deviation"].cumsum()
    planned_so_far = table.groupby(year)["budget"].cumsum()
    table["share"] = table["cumulative"] / planned_so_far.where(planned_so_far > 0)
    return table[["month", "cost", "budget", "deviation", "cumulative", "share"]]


def forecast(
    costs: pd.DataFrame, *, months: int, window: int = WINDOW, confidence: float = 0.95
) -> pd.DataFrame:
    """The cost of the next ``months`` months, and of all of them together, with intervals.

    ``costs`` has ``month`` and ``cost`` (rows of one month are summed; whole months only, none may
    be missing, and none from before the export's first day, where the days of placements that had
    ended by then are lacking). The forecast is simple: the cost of a day in the last ``window``
    months, times the days of each coming month. It knows of no season, trend or decision taken.

    The interval is made of the forecast's own misses: the same forecast is made from every earlier
    month, and each miss (actual over forecast) is kept; the limits are those that ``confidence`` of
    the misses stay within, the smallest of them set aside for a new one (split conformal, Vovk et
    al. 2005). Misses of neighbouring months hang together, so the stated confidence is
    approximate: see ``back_test``. Where there are too few earlier months the limits are missing.

    Returns ``value``, ``lower``, ``upper`` (kronor), ``denominator`` (misses), ``month``,
    ``horizon`` and ``scope`` (``month``, or ``total`` for the sum of the months up to it).
    Raises UserError for a gap between months, and fewer months than ``window``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> import pandas as pd
    >>> costs = pd.DataFrame(
    ...     {
    ...         "month": pd.period_range("2022-01", periods=24, freq="M").to_timestamp(),
    ...         "kind": "hvb",
    ...         "days": 100,
    ...         "priced_days": 100,
    ...         "cost": [100000.0] * 12 + [120000.0] * 12,
    ...     }
    ... )
    >>> coming = measures.forecast(costs, months=2)
    >>> coming.tail(1)["value"].round(0).tolist()  # 360 000 for 92 days, times 60 days
    [234783.0]
    """
    month, cost = _series(costs)
    if months < 1 or window < 1 or len(cost) < window:
        raise UserError("placement_days.measures.too_few_months", window=window)
    days = month.days_in_month.to_numpy(dtype=np.float64)
    ahead = pd.date_range(month[-1] + pd.offsets.MonthBegin(1), periods=months, freq="MS")
    level = cost[-window:].sum() / days[-window:].sum()
    tables = []
    for scope in ("month", "total"):
        values = level * ahead.days_in_month.to_numpy(dtype=np.float64)
        values = np.cumsum(values) if scope == "total" else values
        for horizon in range(1, months + 1):
            misses = _misses(cost, days, horizon, window, scope)
            low, high = _limits(misses, confidence)
            value = float(values[horizon - 1])
            tables.append(
                {
                    **_row(value, value * low, value * high, confidence),
                    "denominator": float(len(misses)),
                    "method": f"mean cost per day of {window} months, split conformal",
                    "month": ahead[horizon - 1],
                    "horizon": horizon,
                    "scope": scope,
                }
            )
    return pd.DataFrame(tables, columns=[*COLUMNS, "month", "horizon", "scope"])


def back_test(
    costs: pd.DataFrame, *, months: int, window: int = WINDOW, confidence: float = 0.95
) -> pd.DataFrame:
    """How the forecast would have done: made from every earlier month with what was known then.

    Returns, per ``horizon`` (1 to ``months``) and ``scope``: ``numerator`` of ``denominator``
    intervals that held the actual cost, their share with limits (Wilson, as if independent),
    ``origins`` (forecasts), ``bias`` (mean of actual over forecast, less 1) and ``mean_miss`` (mean
    absolute of the same). Intervals are made of the misses known at the time; with too few of them
    there was none, and it does not count.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> import pandas as pd
    >>> costs = pd.DataFrame(
    ...     {
    ...         "month": pd.period_range("2022-01", periods=24, freq="M").to_timestamp(),
    ...         "kind": "hvb",
    ...         "days": 100,
    ...         "priced_days": 100,
    ...         "cost": [100000.0] * 12 + [120000.0] * 12,
    ...     }
    ... )
    >>> tested = measures.back_test(costs, months=1)
    >>> tested["origins"].tolist()
    [21, 21]
    """
    month, cost = _series(costs)
    days = month.days_in_month.to_numpy(dtype=np.float64)
    rows = []
    for scope in ("month", "total"):
        for horizon in range(1, months + 1):
            misses = _misses(cost, days, horizon, window, scope)
            held = []
            for now in range(horizon, len(misses)):
                # Made at this origin, a miss is known only when its month has passed.
                low, high = _limits(misses[: now - horizon + 1], confidence)
                if not math.isnan(low):
                    held.append(low <= misses[now] <= high)
            inside, tried = sum(held), len(held)
            limits = (np.nan, np.nan)
            if tried:
                share = wilson(inside, tried, confidence=confidence)
                limits = (float(share.lower), float(share.upper))
            rows.append(
                {
                    **_row(inside / tried if tried else np.nan, limits[0], limits[1], confidence),
                    "numerator": float(inside),
                    "denominator": float(tried),
                    "method": "Wilson",
                    "horizon": horizon,
                    "scope": scope,
                    "origins": len(misses),
                    "bias": float(np.mean(misses)) - 1 if len(misses) else np.nan,
                    "mean_miss": float(np.mean(np.abs(misses - 1))) if len(misses) else np.nan,
                }
            )
    return pd.DataFrame(
        rows, columns=[*COLUMNS, "horizon", "scope", "origins", "bias", "mean_miss"]
    )


def _row(value: float, lower: float, upper: float, confidence: float) -> dict[str, float]:
    return {
        "numerator": np.nan,
        "value": value,
        "lower": float(lower),
        "upper": float(upper),
        "confidence": confidence,
    }


def _misses(cost: Floats, days: Floats, horizon: int, window: int, scope: str) -> Floats:
    """Actual over forecast, from every origin whose months ahead are all known."""
    spent, length = (np.concatenate([[0.0], np.cumsum(each)]) for each in (cost, days))
    ends = np.arange(window, len(cost) - horizon + 1)  # the origin is the month before
    level = (spent[ends] - spent[ends - window]) / (length[ends] - length[ends - window])
    from_ = ends if scope == "total" else ends + horizon - 1
    actual = spent[ends + horizon] - spent[from_]
    expected = level * (length[ends + horizon] - length[from_])
    known = expected > 0
    misses: Floats = actual[known] / expected[known]
    return misses


def _limits(misses: Floats, confidence: float) -> tuple[float, float]:
    """The factors around a forecast that hold ``confidence`` of new misses, equal on both sides."""
    size = len(misses)
    rank = math.ceil((size + 1) * confidence)
    if size == 0 or rank > size:
        return np.nan, np.nan
    # As a factor either way, so that the lower limit stays above nought.
    reach = np.sort(np.abs(np.log(np.maximum(misses, 1e-12))))[rank - 1]
    return math.exp(-reach), math.exp(reach)


def _series(costs: pd.DataFrame) -> tuple[pd.DatetimeIndex, Floats]:
    total = costs.assign(month=_first_days(costs["month"])).groupby("month")["cost"].sum()
    if len(total):
        timeline(total.index.to_series(), "month")  # refuses gaps
    return pd.DatetimeIndex(total.index), total.to_numpy(dtype=np.float64)


def _first_days(months: pd.Series) -> pd.Series:
    return pd.Series(pd.to_datetime(months).dt.to_period("M").dt.to_timestamp(), months.index)
