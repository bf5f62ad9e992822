"""Children, and families with children, that have support."""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures.long_term import months_by_year
from umea_eval.datasets.forsorjningsstod.measures.spells import LONG_TERM
from umea_eval.datasets.forsorjningsstod.measures.unit_months import (
    Month,
    first_days,
    month_column,
    required,
)
from umea_eval.datasets.forsorjningsstod.schema import WITH_CHILDREN, WITHOUT_CHILDREN


def family_months(months: pd.DataFrame, households: pd.DataFrame) -> pd.DataFrame:
    """The benefit months of households with their type and their children.

    ``months`` is one row per household and month with support. ``households`` has one row per
    household, person and month; where rows of one household and month differ, the largest number of
    children counts, and a type that differs is missing.

    One row per row of ``months``, by household and time: ``household``, ``month``,
    ``household_type``, ``children`` (missing where the household is not in the table that month or
    the number is not filled in) and ``with_children``: by the number, else by the type of
    household, else missing (type 1 is child households and unknown types, so it tells nothing).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> tables = ue.example("forsorjningsstod", n=60)
    >>> months = measures.benefit_months(tables["payments"])
    >>> families = measures.family_months(months, tables["households"])
    >>> len(families) == len(months)
    True
    """
    own = _keyed(months)
    table = _keyed(households)
    table["children"] = required(households, "children").astype("Int64").to_numpy()
    table["household_type"] = required(households, "household_type").to_numpy(dtype=object)
    grouped = table.groupby(["household", "month"], sort=True)
    kinds = grouped["household_type"]
    facts = pd.DataFrame(
        {
            "household_type": kinds.first().where(kinds.min() == kinds.max()),
            "children": grouped["children"].max().astype("Int64"),
        }
    )
    joined = own.drop_duplicates().merge(
        facts.reset_index(), on=["household", "month"], how="left", validate="one_to_one"
    )
    kind = joined["household_type"]
    by_type = pd.Series(pd.NA, index=joined.index, dtype="boolean")
    by_type = by_type.mask(kind.isin(WITH_CHILDREN), True).mask(kind.isin(WITHOUT_CHILDREN), False)
    joined["children"] = joined["children"].astype("Int64")
    joined["with_children"] = (joined["children"] > 0).astype("boolean").fillna(by_type)
    return joined.sort_values(["household", "month"], ignore_index=True)


def children_by_month(families: pd.DataFrame) -> pd.DataFrame:
    """Families with children and children with support, month by month.

    ``families`` is from ``family_months``. One row per month with support: ``month``,
    ``households``, ``families`` (with children), ``unknown`` (households of which it is not known),
    ``children`` (the sum of the known numbers) and ``children_unknown`` (families with children
    whose number is not known): ``children`` is a lower limit where that is not 0.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> tables = ue.example("forsorjningsstod", n=60)
    >>> months = measures.benefit_months(tables["payments"])
    >>> families = measures.family_months(months, tables["households"])
    >>> monthly = measures.children_by_month(families)
    >>> bool((monthly["families"] <= monthly["households"]).all())
    True
    """
    return _count(families, families["month"], "month")


def children_by_year(
    families: pd.DataFrame,
    *,
    first: Month | None = None,
    last: Month | None = None,
    least: int = LONG_TERM[0],
) -> pd.DataFrame:
    """Families with children and children with support during each calendar year.

    A household counts with the largest number of children that it had in a month with support that
    year, and as a family with children if it had any: the register has the number, not who they
    are, so a child who changes household during the year counts in both. Columns as
    ``children_by_month`` with ``year``, and ``long_term_families`` and ``long_term_children``:
    those with support in ``least`` (10) to 12 months of the year; missing for a year that the data
    (``first`` to ``last``) do not cover.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> tables = ue.example("forsorjningsstod", n=60)
    >>> months = measures.benefit_months(tables["payments"])
    >>> families = measures.family_months(months, tables["households"])
    >>> measures.children_by_year(families)["year"].tolist()
    [2022, 2023]
    """
    year = families["month"].dt.year.astype("int64").rename("year")
    grouped = families.groupby(["household", year], sort=True)
    each = grouped[["children", "with_children"]].max().reset_index()
    counted = _count(each, each["year"], "year")
    reached = months_by_year(families, first=first, last=last, least=least)
    both = each.merge(reached.astype({"household": "object"}), on=["household", "year"])
    long = both[both["with_children"].fillna(False) & both["long_term"].fillna(False)]
    complete = both.groupby("year")["complete"].all().reindex(counted["year"], fill_value=False)
    for name, values in (
        ("long_term_families", long.groupby("year").size()),
        ("long_term_children", long.groupby("year")["children"].sum()),
    ):
        known = values.reindex(counted["year"], fill_value=0).astype("Int64")
        counted[name] = known.where(complete).array
    return counted


def _count(rows: pd.DataFrame, period: pd.Series, name: str) -> pd.DataFrame:
    having = rows["with_children"].fillna(False).to_numpy(dtype=bool)
    number = rows["children"]
    grouped = pd.DataFrame(
        {
            name: period,
            "households": 1,
            "families": having,
            "unknown": rows["with_children"].isna().to_numpy(),
            "children": np.where(having, number.fillna(0).to_numpy(dtype=np.int64), 0),
            "children_unknown": having & number.isna().to_numpy(),
        }
    ).groupby(name, sort=True)
    return grouped.sum().astype("int64").reset_index()


def _keyed(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "household": required(frame, "household").to_numpy(dtype=object),
            "month": first_days(month_column(frame, "month")),
        }
    )
