"""Benefit spells: which months of support hang together."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.errors import UserError


def spells(months: pd.DataFrame, *, gap: int) -> pd.DataFrame:
    """Join benefit months to spells (biståndsperioder).

    ``months`` has one row per ``household`` and ``month`` (dates; the day is ignored) with support;
    rows that repeat a month count once. A spell ends when ``gap`` or more months pass without
    support, so with ``gap=1`` it is a run of consecutive months. The choice decides the result
    (Bergmark & Bäckman 2008): report 1, 2 and 3.

    Returns one row per spell, by household and time: ``household``, ``first`` and ``last`` (first
    days of months, both with support) and ``benefit_months`` (months with support in between).
    Delayed entry and censoring are for the caller to mark: they follow from where data begin and
    end. Raises UserError for ``gap`` below 1 and for a missing household or month. Case X01.
    """
    if gap < 1:
        raise UserError("forsorjningsstod.measures.gap")
    if bool(months[["household", "month"]].isna().any(axis=None)):
        raise UserError("forsorjningsstod.measures.missing")
    names, codes = np.unique(months["household"].to_numpy(dtype=object), return_inverse=True)
    dates = pd.to_datetime(months["month"]).to_numpy(dtype="datetime64[M]")
    ordinals = dates.astype(np.int64)
    # Sorted once; then every row is compared with its neighbour.
    order = np.lexsort((ordinals, codes))
    codes, ordinals = codes[order], ordinals[order]
    if not len(codes):
        return pd.DataFrame(
            {
                "household": months["household"].head(0),
                "first": pd.Series(dtype="datetime64[s]"),
                "last": pd.Series(dtype="datetime64[s]"),
                "benefit_months": pd.Series(dtype="int64"),
            }
        )
    new_month = np.ones(len(codes), dtype=bool)
    new_month[1:] = (codes[1:] != codes[:-1]) | (ordinals[1:] != ordinals[:-1])
    codes, ordinals = codes[new_month], ordinals[new_month]
    begins = np.ones(len(codes), dtype=bool)
    begins[1:] = (codes[1:] != codes[:-1]) | (ordinals[1:] - ordinals[:-1] > gap)
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(codes)) - 1

    def first_days(places: NDArray[np.int64]) -> pd.Series[pd.Timestamp]:
        dates = ordinals[places].astype("datetime64[M]").astype("datetime64[s]")
        return pd.Series(dates)

    return pd.DataFrame(
        {
            "household": pd.Series(names[codes[starts]], dtype=months["household"].dtype),
            "first": first_days(starts),
            "last": first_days(ends),
            "benefit_months": ends - starts + 1,
        }
    )
