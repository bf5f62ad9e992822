"""What placements cost: days times the price of each day, and why the cost has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.datasets.placement_days.measures.days import (
    group_codes,
    month_starts,
    weighted_per_month,
)
from umea_eval.datasets.placement_days.overlaps import (
    MISSING,
    Counting,
    counted_days,
    dates,
    day_numbers,
)
from umea_eval.methods.bounds import manski_bounds
from umea_eval.methods.decomposition import volume_mix_price
from umea_eval.methods.result import COLUMNS

# Fees to family homes are per month; a month is a twelfth of 365 days (assumption).
DAYS_PER_MONTH = 365 / 12
# Employer's contributions on fees: the ordinary rate of 2009 to 2026 (from memory: assumption).
EMPLOYER_RATE = 0.3142
PURCHASED = ("purchased", "state")
_EVER = np.iinfo(np.int32).max


@dataclass(frozen=True)
class PriceParts:
    """What a day's cost is made of, beside the price per day. Each is a choice or an assumption.

    ``prices`` says which price goes first where both are known: the price list's on that day, or
    the placement's own. ``employer_rate`` is added to fees. ``moms`` is the share that is added to
    prices of purchased care, ``sis_subsidy`` what the state pays of a day in SiS, in kronor.
    """

    prices: Literal["list", "row"] = "list"
    employer_rate: float = EMPLOYER_RATE
    moms: float = 0.0
    sis_subsidy: float = 0.0
    days_per_month: float = DAYS_PER_MONTH


def price_segments(
    placements: pd.DataFrame,
    prices: pd.DataFrame | None,
    *,
    counting: Counting,
    until: date,
    parts: PriceParts = PriceParts(),
) -> pd.DataFrame:
    """Placements cut where their price changes: one row per stretch with one price a day.

    A placement takes the price list's price of its home, else of its contractor, else of its kind
    (a row of the list without a home); where the list has none that day, its own. To it come the
    consultants' fee and, per day, the family home's fee with employer's contributions and expenses.

    Returns the placements' columns with ``first`` and ``stop`` (days since 1970, ``stop`` not
    included), ``price`` (kronor a day, missing where nothing is known) and ``from_list``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> tables = ue.example("placement_days", n=40)
    >>> until = tables["placements"]["starts"].max().date()
    >>> segments = measures.price_segments(
    ...     tables["placements"], tables["prices"], counting="both", until=until
    ... )
    >>> bool((segments["first"] < segments["stop"]).all())
    True
    """
    first, stop = counted_days(placements, counting=counting, until=until)
    rows = placements.assign(first=first, stop=stop).reset_index(drop=True)
    rows = rows[rows["stop"] > rows["first"]].reset_index(drop=True)
    listed = _listed(rows, prices)
    own = _amounts(rows, "day_price")
    list_price = listed["list_price"].to_numpy(dtype=np.float64)
    cut = rows.iloc[listed["row"]].reset_index(drop=True)
    own = own[listed["row"].to_numpy()]
    goes_first, other = (list_price, own) if parts.prices == "list" else (own, list_price)
    price = np.where(np.isnan(goes_first), other, goes_first)
    if "provider" in cut:
        price = price * np.where(cut["provider"].isin(PURCHASED), 1 + parts.moms, 1.0)
    price = price - np.where(cut["kind"] == "sis", parts.sis_subsidy, 0.0)
    monthly = _amounts(cut, "fee") * (1 + parts.employer_rate)
    monthly = np.nansum([monthly, _amounts(cut, "expenses")], axis=0)
    beside = monthly / parts.days_per_month + np.nan_to_num(_amounts(cut, "consultant_fee"))
    # Nothing known is missing, never nought kronor.
    price = np.where(np.isnan(price) & (beside > 0), 0.0, price) + beside
    return cut.assign(
        first=listed["first"].to_numpy(),
        stop=listed["stop"].to_numpy(),
        price=price,
        from_list=~np.isnan(list_price) & (parts.prices == "list"),
    )


def _amounts(rows: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in rows:
        return np.full(len(rows), np.nan)
    return rows[name].to_numpy(dtype="float64", na_value=np.nan)


def _listed(rows: pd.DataFrame, prices: pd.DataFrame | None) -> pd.DataFrame:
    """Stretches of each row with the list's price, missing where the list has none."""
    whole = pd.DataFrame(
        {"row": np.arange(len(rows)), "first": rows["first"], "stop": rows["stop"]}
    ).assign(list_price=np.nan)
    if prices is None or prices.empty or rows.empty:
        return whole
    line = _price_lines(prices)
    known = set(line["key"])
    kind = rows["kind"].astype("str")
    key = pd.Series("", index=rows.index)
    for name in ("home", "contractor", None):
        if name is not None and name not in rows:
            continue
        tried = kind + "|" + (rows[name].astype("object").fillna("") if name else "")
        key = key.where(key != "", tried.where(tried.isin(known), ""))
    both = whole.drop(columns="list_price").assign(key=key).merge(line, on="key", how="left")
    both["first"] = np.maximum(both["first"], both["from"].fillna(-_EVER)).astype(np.int64)
    both["stop"] = np.minimum(both["stop"], both["to"].fillna(_EVER)).astype(np.int64)
    cut = both[both["stop"] > both["first"]].sort_values(["row", "first"], kind="stable")
    return cut[["row", "first", "stop", "list_price"]].reset_index(drop=True)


def _price_lines(prices: pd.DataFrame) -> pd.DataFrame:
    """Every key's time from beginning to end, with a missing price where the list has none.

    A price holds to its last day, and no longer than to the next price of the same home.
    """
    home = prices["home"].astype("object").fillna("") if "home" in prices else ""
    begins = day_numbers(dates(prices["valid_from"]))
    last = (
        day_numbers(dates(prices["valid_to"]))
        if "valid_to" in prices
        else np.full(len(prices), MISSING)
    )
    line = pd.DataFrame(
        {
            "key": prices["kind"].astype("str") + "|" + home,
            "from": begins,
            "to": np.where(last == MISSING, _EVER, last + 1),
            "list_price": prices["day_price"].to_numpy(dtype=np.float64),
        }
    )
    # Of two prices from the same day the later row holds.
    line = line.drop_duplicates(["key", "from"], keep="last").sort_values(["key", "from"])
    following = line.groupby("key")["from"].shift(-1)
    line["to"] = np.minimum(line["to"], following.fillna(_EVER)).astype(np.int64)
    key, first = line["key"], line.drop_duplicates("key")
    gaps = _without_price(key, line["to"], following.fillna(_EVER).astype(np.int64))
    before = _without_price(first["key"], -_EVER, first["from"])
    whole = pd.concat([before, line, gaps], ignore_index=True)
    return whole[whole["to"] > whole["from"]].sort_values(["key", "from"], ignore_index=True)


def _without_price(key: pd.Series, begins: pd.Series | int, stops: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"key": key, "from": begins, "to": stops, "list_price": np.nan})


def costs_per_month(
    placements: pd.DataFrame,
    prices: pd.DataFrame | None = None,
    *,
    counting: Counting,
    until: date,
    by: Sequence[str] = ("kind",),
    parts: PriceParts = PriceParts(),
) -> pd.DataFrame:
    """Cost per month and group: every day times its price.

    Returns the columns in ``by``, ``month``, ``days`` (as in ``days_per_month``), ``priced_days``
    (of them with a known price) and ``cost`` (kronor, of the priced days only: where they are fewer
    the cost is incomplete). Months before the export's first day lack the placements that had ended
    by then, so leave them out.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> tables = ue.example("placement_days", n=40)
    >>> until = tables["placements"]["starts"].max().date()
    >>> costs = measures.costs_per_month(
    ...     tables["placements"], tables["prices"], counting="both", until=until
    ... )
    >>> bool((costs["priced_days"] <= costs["days"]).all())
    True
    """
    cut = price_segments(placements, prices, counting=counting, until=until, parts=parts)
    columns = [*by, "month", "days", "priced_days", "cost"]
    if cut.empty:
        none = placements.head(0).assign(month=pd.to_datetime(placements["starts"].head(0)))
        return none.assign(days=0, priced_days=0, cost=0.0)[columns]
    codes, keys = group_codes(cut, by)
    first, stop = cut["first"].to_numpy(), cut["stop"].to_numpy()
    months = month_starts(int(first.min()), int(stop.max()))
    price = cut["price"].to_numpy(dtype=np.float64)
    known = ~np.isnan(price)

    def added(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return weighted_per_month((first, stop), codes, len(keys), months, weights)

    days = added(np.ones(len(cut))).round().astype(np.int64)
    priced = added(known.astype(np.float64)).round().astype(np.int64)
    cost = added(np.where(known, price, 0.0))
    group, month = np.nonzero(days)
    table = keys.iloc[group].reset_index(drop=True)
    return table.assign(
        month=months[month].astype("datetime64[s]"),
        days=days[group, month],
        priced_days=priced[group, month],
        # To the öre: sums of prices in kronor leave rounding errors far below.
        cost=cost[group, month].round(2),
    )[columns]


def cost_change(
    costs: pd.DataFrame,
    *,
    reference: int,
    comparison: int,
    levels: Sequence[Sequence[str]] = (("kind",), ("kind", "home")),
) -> pd.DataFrame:
    """The change of the year's cost split into volume, mix and price, at two levels of detail.

    ``costs`` are ``costs_per_month`` by every column that ``levels`` name. The split is exact: at
    each level the three add up to the whole change. It depends on how fine the categories are, so
    what is a change of price between kinds may be a change of mix between homes: both are shown.
    Only priced days count. Das Gupta's method (``methods.decomposition``).

    Returns, per level and factor (``volume``, ``mix``, ``price``), ``value`` (kronor), ``share``
    of the change, ``level``, ``before`` and ``after`` (kronor). No interval: it is arithmetic.
    Raises UserError where one of the years has no priced days.

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
    >>> parts = measures.cost_change(costs, reference=2022, comparison=2023, levels=[["kind"]])
    >>> parts[["factor", "value"]].round(2)  # only the price has changed
       factor     value
    0  volume       0.0
    1     mix       0.0
    2   price  240000.0
    """
    year = costs["month"].dt.year
    tables = []
    for level in levels:
        rows = costs[year.isin([reference, comparison])].assign(year=year)
        for name in level:
            rows[name] = rows[name].astype("object").fillna("unknown").astype("str")
        found = volume_mix_price(
            rows,
            "priced_days",
            "cost",
            category=list(level),
            period="year",
            reference=reference,
            comparison=comparison,
        )
        tables.append(
            found.table.assign(level=" × ".join(level), before=found.before, after=found.after)
        )
    return pd.concat(tables, ignore_index=True)


def average_price(costs: pd.DataFrame, *, by: Sequence[str] = ("year",)) -> pd.DataFrame:
    """Cost per priced day. Over several kinds it holds their mix: no price on its own.

    ``numerator`` kronor, ``denominator`` priced days, ``value`` kronor a day, the columns in ``by``
    (``year`` is made from ``month``), ``days`` and ``priced_days``.

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
    >>> measures.average_price(costs)[["year", "value"]]
       year   value
    0  2022  1000.0
    1  2023  1200.0
    """
    rows = costs.assign(year=costs["month"].dt.year)
    total = rows.groupby(list(by), observed=True)[["cost", "days", "priced_days"]].sum()
    total = total[total["priced_days"] > 0].reset_index()
    table = total.assign(
        numerator=total["cost"],
        denominator=total["priced_days"].astype(np.float64),
        value=total["cost"] / total["priced_days"],
        lower=np.nan,
        upper=np.nan,
        confidence=np.nan,
        method="cost / priced days",
    )
    return table[[*COLUMNS, *by, "days", "priced_days"]]


def purchased_share(
    days: pd.DataFrame,
    *,
    purchased: Sequence[str] = PURCHASED,
    by: Sequence[str] = ("year",),
) -> pd.DataFrame:
    """Of all days, the share in purchased care (state care included by default).

    ``days`` are ``days_per_month`` by ``provider`` and the columns in ``by``. Days of placements
    that do not say are nobody's: ``least`` and ``most`` are the share without and with all of them,
    ``value`` the share of the days that are known. Every day is counted, so there is no interval.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> import pandas as pd
    >>> days = pd.DataFrame(
    ...     {
    ...         "month": pd.to_datetime(["2023-01-01"] * 3),
    ...         "provider": ["own", "purchased", None],
    ...         "days": [60, 30, 10],
    ...     }
    ... )
    >>> measures.purchased_share(days)[["least", "most", "value"]].round(3).to_dict("records")
    [{'least': 0.3, 'most': 0.4, 'value': 0.333}]
    """
    rows = days.assign(year=days["month"].dt.year)
    known = rows["provider"].notna()
    rows = rows.assign(
        bought=rows["days"].where(rows["provider"].isin(purchased), 0),
        silent=rows["days"].where(~known, 0),
    )
    total = rows.groupby(list(by), observed=True)[["days", "bought", "silent"]].sum().reset_index()
    if total.empty:
        return pd.DataFrame(columns=[*COLUMNS, *by, "least", "most", "unknown_days"])
    bounds = manski_bounds(total, "bought", "days", "silent").table
    base = (total["days"] - total["silent"]).astype(np.float64)
    table = total.assign(
        numerator=total["bought"].astype(np.float64),
        denominator=base,
        value=total["bought"] / base.where(base > 0),
        lower=np.nan,
        upper=np.nan,
        confidence=np.nan,
        method="share of known days",
        least=bounds["least"],
        most=bounds["most"],
        unknown_days=total["silent"],
    )
    return table[[*COLUMNS, *by, "least", "most", "unknown_days"]]
