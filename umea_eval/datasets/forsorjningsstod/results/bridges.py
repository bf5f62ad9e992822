"""What do two ways of counting give of the same months, to read series across a change?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures import benefit_months
from umea_eval.datasets.forsorjningsstod.results.durations import found_spells
from umea_eval.datasets.forsorjningsstod.results.register import SUPPORT, Choices, Register
from umea_eval.methods.series_bridge import series_bridge


def bridges(found: Register, choices: Choices) -> pd.DataFrame:
    """The same months counted another way, over the report's own way, for the same households.

    ``way``: "paid" (benefit months by the month of payment instead of the month that the support
    concerns, in the months of the year for which data hold the months before and after: payments
    are taken to come at most a month before or after; no row without dates of payment), "support"
    (benefit months of the other choice of support), "unjoined" (exits, with no spell joined across
    a change of record system). ``months`` (text: first and last), ``counted`` (benefit_months,
    exits), ``other`` and ``own``, ``ratio`` with ``lower`` and ``upper``
    (`methods.series_bridge`), ``chosen`` (False: the report's own way is 1). No row where the
    report's own way counts nothing.
    """
    year = _whole(found, choices, margin=0)
    kinds = SUPPORT[next(name for name in SUPPORT if name != choices.support)]
    exits = (_exits_in(found, choices, joined=False), _exits_in(found, choices, joined=True))
    ways = []
    inner = _whole(found, choices, margin=1)
    if "paid_on" in found.payments and len(inner):
        dated = found.payments[found.payments["paid_on"].notna()]
        month = dated["paid_on"].dt.to_period("M").dt.start_time.astype(dated["month"].dtype)
        paid = _months_in(dated.assign(month=month), choices.kinds, inner)
        own = _months_in(dated, choices.kinds, inner)
        ways.append(("paid", "benefit_months", inner, paid, own))
    own = _months_in(found.payments, choices.kinds, year)
    ways.append(("support", "benefit_months", year, _months_in(found.payments, kinds, year), own))
    ways.append(("unjoined", "exits", year, *exits))
    rows = []
    for way, counted, months, new, old in ways:
        if old.sum() == 0:
            continue
        both = pd.concat({"new": new, "old": old}, axis=1).fillna(0).rename_axis("household")
        row = series_bridge(both.reset_index(), "new", "old", unit="household").table.iloc[0]
        limits = (row["value"], row["lower"], row["upper"])
        span = f"{months[0]:%Y-%m}–{months[-1]:%Y-%m}"
        rows.append((way, counted, span, int(new.sum()), int(old.sum()), *limits))
    names = ["way", "counted", "months", "other", "own", "ratio", "lower", "upper"]
    table = pd.DataFrame(rows, columns=names)
    return table.astype(dict.fromkeys(names[5:], np.float64)).assign(chosen=False)


def _whole(found: Register, choices: Choices, *, margin: int) -> pd.DatetimeIndex:
    """The months of the year for which data hold so many months before and after."""
    months = pd.date_range(f"{choices.year}-01-01", periods=12, freq="MS")
    low = found.first + pd.DateOffset(months=margin)
    return months[(months >= low) & (months <= found.last - pd.DateOffset(months=margin))]


def _months_in(
    payments: pd.DataFrame, kinds: tuple[str, ...], months: pd.DatetimeIndex
) -> pd.Series[int]:
    """Benefit months of each household in ``months``."""
    made = benefit_months(payments, support_kind=kinds)
    own = made[made["month"].isin(months)]
    counted: pd.Series[int] = own["household"].astype(object).value_counts(sort=False)
    return counted


def _exits_in(found: Register, choices: Choices, *, joined: bool) -> pd.Series[int]:
    """Exits of each household whose last month is in the year."""
    made = found_spells(found, choices, joined=joined)
    own = made[(made["end"].astype(object) == "exit") & (made["last"].dt.year == choices.year)]
    counted: pd.Series[int] = own["household"].astype(object).value_counts(sort=False)
    return counted
