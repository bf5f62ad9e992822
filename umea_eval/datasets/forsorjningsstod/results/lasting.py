"""Who is new, and whose support has gone on for long, when the latest months are looked at?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures import (
    benefit_months,
    break_months,
    long_term_by_month,
    long_term_months,
    spells,
    very_long_term_months,
)
from umea_eval.datasets.forsorjningsstod.results.households import households_in
from umea_eval.datasets.forsorjningsstod.results.register import Choices, Register
from umea_eval.methods.nested import with_wider
from umea_eval.methods.proportions import with_share

# Months without support before a household is new: the twelve of the definition, and its variants.
LOOK_BACKS = (3, 6, 12)


def new_in_year(found: Register, choices: Choices) -> pd.DataFrame:
    """Households that were new some time in the year, by how long they had been without support.

    ``look_back`` (3, 6, 12 months), ``numerator`` (new), ``denominator`` (all with support in the
    year), ``share`` with limits, and the counts that hold them (`methods.nested`). All but the
    denominator are missing where data do not reach so far back before January.
    """
    months = benefit_months(found.payments, support_kind=choices.kinds)
    everybody = len(households_in(found, choices))
    january = pd.Timestamp(choices.year, 1, 1)
    changes = break_months(months)["month"].tolist() if len(months) else []
    rows = []
    for look_back in LOOK_BACKS:
        made = spells(months, gap=look_back, first=found.first, last=found.last, breaks=changes)
        own = made[(made["start"].astype(object) == "seen") & (made["first"] >= january)]
        own = own[own["first"] < january + pd.DateOffset(years=1)]
        known = found.first + pd.DateOffset(months=look_back) <= january
        rows.append((str(look_back), own["household"].nunique() if known else pd.NA, everybody))
    table = pd.DataFrame(rows, columns=["look_back", "numerator", "denominator"])
    table = table.astype({"numerator": "Int64", "denominator": "Int64"})
    table["numerator_of"] = "households new after " + table["look_back"] + " months"
    table["denominator_of"] = "households"
    table = with_wider(table.assign(measure="new"), ("measure",))
    # The mildest of them lies within all households.
    first = table["numerator_wider"].isna() & table["numerator"].notna()
    table["numerator_wider"] = table["numerator_wider"].mask(first, table["denominator"])
    table["numerator_wider_of"] = table["numerator_wider_of"].mask(first, "households")
    return _with_known_share(table)


def rolling(found: Register, choices: Choices) -> pd.DataFrame:
    """Long-term and very long-term support in the year's last month, over the latest months.

    ``definition`` ("rolling": ``least`` of 12; "very_long": 27 of 36), ``months`` (how many data
    must reach back), ``month`` (text), ``households`` with support that month, ``long_term`` of
    them, ``share`` with limits. ``long_term`` and the share are missing where data do not reach
    back so far. No rows where nobody has support that month, or data have no month of the year:
    the last month of another year is not this year's.
    """
    months = benefit_months(found.payments, support_kind=choices.kinds)
    last = min(pd.Timestamp(choices.year, 12, 1), found.last)
    flagged = {
        ("rolling", 12): long_term_months(
            months, least=choices.least, first=found.first, last=found.last
        ),
        ("very_long", 36): very_long_term_months(months, first=found.first, last=found.last),
    }
    rows = []
    for (definition, reach), frame in flagged.items():
        table = long_term_by_month(frame)
        own_year = last.year == choices.year
        for row in table[(table["month"] == last) & own_year].to_dict("records"):
            counts = (row["denominator"], row["numerator"])
            rows.append((definition, reach, f"{last:%Y-%m}", *counts))
    names = ["definition", "months", "month", "households", "long_term"]
    table = pd.DataFrame(rows, columns=names).astype({"long_term": "Int64", "households": "int64"})
    own = table.rename(columns={"long_term": "numerator", "households": "denominator"})
    shares = _with_known_share(own)
    return table.assign(**{name: shares[name] for name in ("share", "lower", "upper")})


def _with_known_share(table: pd.DataFrame) -> pd.DataFrame:
    """The share of each row whose numerator is known, with Wilson's limits."""
    known = table["numerator"].notna()
    whole = table.assign(numerator=table["numerator"].fillna(0))
    made = with_share(whole, "numerator", "denominator")
    names = ["share", "lower", "upper"]
    made[names] = made[names].where(known, np.nan)
    return made.assign(numerator=table["numerator"])
