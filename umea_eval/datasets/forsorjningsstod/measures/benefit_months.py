"""Benefit months (bidragsmånader): the months for which a household or person had support."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures.unit_months import (
    Ints,
    Month,
    Unit,
    first_days,
    month_column,
    ordinal,
    required,
    unit_codes,
)
from umea_eval.datasets.forsorjningsstod.schema import CODES
from umea_eval.errors import UserError

# Ekonomiskt bistånd = försörjningsstöd + livsföring i övrigt. Förmedlingsmedel are the client's own
# money; återkrav and förskott på förmån are shown apart (HSLF-FS 2015:30).
ECONOMIC_SUPPORT = ("livelihood", "other_living")
KINDS = tuple(code.code for code in CODES["support_kind"].codes)


def net_months(
    payments: pd.DataFrame,
    *,
    support_kind: Sequence[str] = ECONOMIC_SUPPORT,
    first: Month | None = None,
    last: Month | None = None,
) -> pd.DataFrame:
    """The net of each household and month that the support concerns (not when it was paid).

    ``support_kind``: which kinds of support count; the default is ekonomiskt bistånd, and
    ``("livelihood",)`` is försörjningsstöd alone. ``first`` and ``last``: only these months and
    those between.

    One row per household and month with a payment or repayment of those kinds, by household and
    time: ``household``, ``month`` (first day), ``paid`` (sum of positive rows), ``repaid`` (sum of
    negative rows, as a positive number) and ``net`` (their difference), all in kronor and exact to
    the öre whatever the order of rows; ``rows``; and ``benefit_month``, whether net > 0. Months
    whose net is 0 or less stay in the table, so that they can be reported apart. Raises UserError
    for an unknown kind and for a missing household, month or amount.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> import pandas as pd
    >>> payments = pd.DataFrame(
    ...     {
    ...         "household": ["A", "A", "A", "B"],
    ...         "month": pd.to_datetime(["2023-01-01", "2023-02-01", "2023-02-01", "2023-01-01"]),
    ...         "amount": [9000.0, 8000.0, -8000.0, 5000.0],
    ...         "support_kind": "livelihood",
    ...     }
    ... )
    >>> measures.net_months(payments)[["household", "month", "net", "benefit_month"]]
      household      month     net  benefit_month
    0         A 2023-01-01  9000.0           True
    1         A 2023-02-01     0.0          False
    2         B 2023-01-01  5000.0           True
    """
    unknown = sorted(set(support_kind) - set(KINDS))
    if unknown:
        raise UserError(
            "forsorjningsstod.measures.kind", kind=", ".join(unknown), known=", ".join(KINDS)
        )
    rows = _between(payments[payments["support_kind"].isin(support_kind)], first, last)
    codes, names = unit_codes(rows, "household")
    months = month_column(rows, "month")
    ore = to_ore(rows["amount"])
    low = int(months.min()) if len(months) else 0
    width = int(months.max()) - low + 1 if len(months) else 1
    keys, row = np.unique(codes * np.int64(width) + (months - low), return_inverse=True)
    # Whole öre below 2**53: float sums are exact, in any order.
    paid = np.bincount(row, np.maximum(ore, 0), minlength=len(keys))
    repaid = np.bincount(row, np.maximum(-ore, 0), minlength=len(keys))
    return pd.DataFrame(
        {
            "household": pd.Series(names.take(keys // width)),
            "month": first_days(keys % width + low),
            "paid": paid / 100,
            "repaid": repaid / 100,
            "net": (paid - repaid) / 100,
            "rows": np.bincount(row, minlength=len(keys)),
            "benefit_month": paid > repaid,
        }
    )


def benefit_months(
    payments: pd.DataFrame,
    *,
    unit: Unit = "household",
    households: pd.DataFrame | None = None,
    support_kind: Sequence[str] = ECONOMIC_SUPPORT,
    first: Month | None = None,
    last: Month | None = None,
) -> pd.DataFrame:
    """Calendar months with support > 0, per household (biståndshushåll) or person (mottagare).

    Household: ``household``, ``month`` and the columns of ``net_months``, only months with net > 0.

    Person: everybody who, in a month with net > 0 for the household, stands on one of its payment
    rows or, with the table ``households``, is listed in it. Amounts belong to households and are
    not divided. One row per ``person`` and ``month`` with ``households`` (how many the person
    belonged to that month; a person in two counts once) and ``birth_year`` where the tables have
    it (missing where they do not or contradict each other).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> import pandas as pd
    >>> payments = pd.DataFrame(
    ...     {
    ...         "household": ["A", "A", "A", "B"],
    ...         "month": pd.to_datetime(["2023-01-01", "2023-02-01", "2023-02-01", "2023-01-01"]),
    ...         "amount": [9000.0, 8000.0, -8000.0, 5000.0],
    ...         "support_kind": "livelihood",
    ...     }
    ... )
    >>> measures.benefit_months(payments)[["household", "month", "net"]]  # February was repaid
      household      month     net
    0         A 2023-01-01  9000.0
    1         B 2023-01-01  5000.0
    """
    net = net_months(payments, support_kind=support_kind, first=first, last=last)
    own = net[net["benefit_month"]].drop(columns="benefit_month").reset_index(drop=True)
    if unit == "household":
        return own
    rows = payments[payments["support_kind"].isin(support_kind)]
    tables = [rows] if households is None else [rows, households]
    members = pd.concat([_members(table) for table in tables], ignore_index=True)
    keyed = own[["household", "month"]].assign(household=own["household"].astype("object"))
    together = members.merge(keyed, on=["household", "month"]).drop_duplicates()
    grouped = together.groupby(["person", "month"], sort=True, observed=True)
    years = grouped["birth_year"]
    same = years.min().where(years.min() == years.max())
    counted = pd.DataFrame({"households": grouped["household"].nunique(), "birth_year": same})
    return counted.reset_index().astype({"birth_year": "Int64"})


def _members(table: pd.DataFrame) -> pd.DataFrame:
    year = (
        table["person_birth_year"].astype("Int64")
        if "person_birth_year" in table
        else pd.Series(pd.NA, index=table.index, dtype="Int64")
    )
    return pd.DataFrame(
        {
            "person": required(table, "person").astype("object"),
            "household": required(table, "household").astype("object"),
            "month": first_days(month_column(table, "month")).set_axis(table.index),
            "birth_year": year,
        }
    ).drop_duplicates()


def of_age(person_months: pd.DataFrame, *, least_age: int = 18) -> pd.DataFrame:
    """The person-months of those who turn ``least_age`` in the year of the month, or are older.

    The register has the year of birth, not the day, so age is that at the end of the year. Months
    of persons whose year of birth is not known are left out: count them apart.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> import pandas as pd
    >>> people = pd.DataFrame(
    ...     {
    ...         "person": ["a", "b"],
    ...         "month": pd.to_datetime(["2023-03-01"] * 2),
    ...         "birth_year": [2005, 2006],
    ...     }
    ... )
    >>> measures.of_age(people)["person"].tolist()  # turns 18 in 2023
    ['a']
    """
    years = pd.Series(month_column(person_months, "month") // 12 + 1970, index=person_months.index)
    old_enough = (years - required(person_months, "birth_year").astype("Int64")) >= least_age
    return person_months[old_enough.fillna(False).to_numpy(dtype=bool)].reset_index(drop=True)


def month_counts(net: pd.DataFrame, *, per: str = "month") -> pd.DataFrame:
    """How many benefit months and how many months whose net is 0 or less.

    ``net`` is from ``net_months``. ``per``: "month" or "year". One row per period that occurs:
    the period, ``households`` (with any benefit month), ``benefit_months``, ``months_without_net``
    and, per recipient household, ``mean_months`` (missing without recipients).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> import pandas as pd
    >>> payments = pd.DataFrame(
    ...     {
    ...         "household": ["A", "A", "A", "B"],
    ...         "month": pd.to_datetime(["2023-01-01", "2023-02-01", "2023-02-01", "2023-01-01"]),
    ...         "amount": [9000.0, 8000.0, -8000.0, 5000.0],
    ...         "support_kind": "livelihood",
    ...     }
    ... )
    >>> counts = measures.month_counts(measures.net_months(payments), per="year")
    >>> counts[["households", "benefit_months", "months_without_net"]].to_dict("records")
    [{'households': 2, 'benefit_months': 2, 'months_without_net': 1}]
    """
    table = pd.DataFrame(
        {
            "period": net["month"] if per == "month" else net["month"].dt.year.astype("int64"),
            "household": net["household"].where(net["benefit_month"]),
            "benefit_month": net["benefit_month"],
            "without": ~net["benefit_month"],
        }
    )
    grouped = table.groupby("period", sort=True)
    counts = pd.DataFrame(
        {
            "households": grouped["household"].nunique(),
            "benefit_months": grouped["benefit_month"].sum(),
            "months_without_net": grouped["without"].sum(),
        }
    ).astype("int64")
    recipients = counts["households"].where(counts["households"] > 0)
    counts["mean_months"] = counts["benefit_months"] / recipients
    return counts.reset_index(names=per)


def to_ore(amounts: pd.Series) -> Ints:
    """Kronor as whole öre; UserError where an amount is missing."""
    kronor = amounts.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(kronor).any():
        raise UserError("forsorjningsstod.measures.amount")
    ore: Ints = np.rint(kronor * 100).astype(np.int64)
    return ore


def _between(frame: pd.DataFrame, first: Month | None, last: Month | None) -> pd.DataFrame:
    if first is None and last is None:
        return frame
    months = month_column(frame, "month")
    inside = np.ones(len(frame), dtype=bool)
    if first is not None:
        inside &= months >= ordinal(first)
    if last is not None:
        inside &= months <= ordinal(last)
    return frame[inside]
