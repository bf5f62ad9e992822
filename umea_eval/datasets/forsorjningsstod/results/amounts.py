"""What is paid, and back?"""

from __future__ import annotations

import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures import amounts, amounts_by_kind


def amounts_by_year(net: pd.DataFrame) -> pd.DataFrame:
    """Kronor per year (see ``measures.amounts``) with the households behind each sum.

    Adds ``households`` (with any payment or repayment), ``recipients`` (of them those with a
    benefit month: where all is paid back nobody has had support) and, for ``paid``, ``repaid`` and
    ``net``, the sums of the household with most and of the second: ``paid_1``, ``paid_2``, etc.
    """
    table = amounts(net, per="year")
    keys = net["month"].dt.year.astype("int64").rename("year")
    rows = net.assign(year=keys)
    with_support = rows[rows["benefit_month"].to_numpy(dtype=bool)]
    recipients = with_support.groupby("year")["household"].nunique()
    table["recipients"] = table["year"].map(recipients).fillna(0).astype("int64")
    return _with_largest(table, rows, ["year"], ("paid", "repaid", "net"))


def kinds_in(payments: pd.DataFrame, year: int) -> pd.DataFrame:
    """Kronor of each kind of row of a year, with the households behind each sum."""
    table = amounts_by_kind(payments, per="year")
    table = table[(table["year"] == year) & (table["rows"] > 0)].reset_index(drop=True)
    own = payments[payments["month"].dt.year == year]
    amount = own["amount"].astype("float64")
    own = own.assign(paid=amount.clip(lower=0), repaid=(-amount).clip(lower=0), net=amount)
    return _with_largest(table, own, ["support_kind"], ("paid", "repaid", "net"))


def _with_largest(
    table: pd.DataFrame, rows: pd.DataFrame, keys: list[str], names: tuple[str, ...]
) -> pd.DataFrame:
    household = rows["household"].astype(object)
    grouped = rows.assign(household=household).groupby([*keys, "household"], observed=True)
    sums = grouped[list(names)].sum().reset_index()
    found = {"households": sums.groupby(keys, observed=True).size()}
    # Few may be behind what is paid back, however many there are in all.
    found["repaying"] = sums[sums["repaid"] > 0].groupby(keys, observed=True).size()
    for name in names:
        size = sums.assign(size=sums[name].abs()).sort_values("size", ascending=False)
        ranks = size.groupby(keys, observed=True)["size"]
        for place in (1, 2):  # a group of one has no second: 0
            own = size[(ranks.cumcount() == place - 1).to_numpy()]
            found[f"{name}_{place}"] = own.set_index(keys)["size"]
    more = pd.DataFrame(found).fillna(0.0).reset_index()
    for key in keys:
        more[key] = more[key].astype(table[key].dtype)  # merged on the same type
    more = more.astype({"households": "int64", "repaying": "int64"})
    return table.merge(more, on=keys, how="left")
