"""How much was paid: economic support per month, and each kind of row apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures.benefit_months import KINDS, to_ore
from umea_eval.datasets.forsorjningsstod.measures.unit_months import first_days, month_column


def amounts(net: pd.DataFrame, *, per: str = "month") -> pd.DataFrame:
    """Kronor of economic support, current prices, net of repayments.

    ``net`` is from ``net_months``. ``per``: "month" (that the support concerns) or "year". One row
    per period: the period, ``net`` (all months, also those whose net is 0 or less), ``paid`` and
    ``repaid`` (``net = paid - repaid``), ``benefit_months``, ``net_of_benefit_months``, and of
    benefit months ``mean`` and ``median`` net per household and month (missing where there is
    none).

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
    >>> measures.amounts(measures.net_months(payments), per="year")[
    ...     ["year", "paid", "repaid", "net"]
    ... ]
       year     paid  repaid      net
    0  2023  22000.0  8000.0  14000.0
    """
    period = _period(net, per)
    own = pd.DataFrame(
        {
            per: period,
            "paid": to_ore(net["paid"]),
            "repaid": to_ore(net["repaid"]),
            "benefit_months": net["benefit_month"].to_numpy(dtype=np.int64),
        }
    )
    own["net"] = own["paid"] - own["repaid"]
    own["net_of_benefit_months"] = own["net"].where(own["benefit_months"] == 1, 0)
    grouped = own.groupby(per, sort=True)
    table = grouped.sum().astype("int64")
    columns = ["net", "paid", "repaid", "net_of_benefit_months"]
    table[columns] = table[columns] / 100
    table["mean"] = table["net_of_benefit_months"] / table["benefit_months"].where(
        table["benefit_months"] > 0
    )
    with_support = own[own["benefit_months"] == 1]
    table["median"] = with_support.groupby(per)["net"].median() / 100
    order = [*columns[:3], "benefit_months", "net_of_benefit_months", "mean", "median"]
    return table[order].reset_index()


def amounts_by_kind(payments: pd.DataFrame, *, per: str = "month") -> pd.DataFrame:
    """Kronor of every kind of row, apart: also förmedlingsmedel, återkrav and förskott på förmån.

    One row per period that occurs and kind, in the order of the code list: the period,
    ``support_kind``, ``rows``, ``paid`` (positive rows), ``repaid`` (negative rows, as a positive
    number) and ``net``. The kinds are not to be added up: mediated funds are the client's own
    money, and a recovery takes back what another kind paid.

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
    >>> kinds = measures.amounts_by_kind(payments, per="year")
    >>> kinds.query("rows > 0")[["support_kind", "rows", "net"]]
      support_kind  rows      net
    0   livelihood     4  14000.0
    """
    ore = to_ore(payments["amount"])
    own = pd.DataFrame(
        {
            per: _period(payments, per),
            "support_kind": pd.Categorical(payments["support_kind"], categories=list(KINDS)),
            "rows": 1,
            "paid": np.maximum(ore, 0),
            "repaid": np.maximum(-ore, 0),
            "net": ore,
        }
    )
    table = own.groupby([per, "support_kind"], sort=True, observed=False).sum().astype("int64")
    columns = ["paid", "repaid", "net"]
    table[columns] = table[columns] / 100
    return table.reset_index()


def _period(frame: pd.DataFrame, per: str) -> pd.Series:
    months = month_column(frame, "month")
    if per == "year":
        return pd.Series(months // 12 + 1970)
    return first_days(months)
