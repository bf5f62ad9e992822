"""Who the recipients are, and any measure by group of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures.unit_months import (
    Unit,
    first_days,
    month_column,
    required,
)
from umea_eval.errors import UserError

UNKNOWN = "unknown"


def recipients(payments: pd.DataFrame, *, unit: Unit = "household") -> pd.DataFrame:
    """Sex and year of birth of each person, or of the head (registerledare) of each household.

    ``sex`` is the stated one, else that of the identity number. Of several values that of the
    latest month counts, and if that month has two, it is missing. A household whose rows state no
    head is described by all its persons, so it has a sex only if they have the same.

    One row per unit with a payment of any kind, by unit: ``unit``, ``sex`` and ``birth_year``
    (missing where no row tells).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> tables = ue.example("forsorjningsstod", n=60)
    >>> len(measures.recipients(tables["payments"]))  # as many as there are households
    60
    """
    facts = pd.DataFrame(
        {
            unit: required(payments, unit).astype("object"),
            "month": first_days(month_column(payments, "month")).set_axis(payments.index),
            "sex": _text(payments, "sex").fillna(_text(payments, "person_sex")),
            "birth_year": (
                payments["person_birth_year"].astype("Int64")
                if "person_birth_year" in payments
                else pd.Series(pd.NA, index=payments.index, dtype="Int64")
            ),
        }
    )
    if unit == "household" and "role" in payments:
        head = payments["role"].astype("object") == "head"
        headed = facts["household"].isin(facts.loc[head, "household"])
        facts = facts[head | ~headed]
    units = pd.Index(sorted(facts[unit].unique()), name=unit)
    described = pd.DataFrame(index=units)
    for name in ("sex", "birth_year"):
        known = facts[facts[name].notna()]
        latest = known[known["month"] == known.groupby(unit)["month"].transform("max")]
        values = latest.groupby(unit)[name]
        described[name] = values.first().where(values.min() == values.max()).reindex(units)
    described = described.astype({"sex": "str", "birth_year": "Int64"}).reset_index()
    dtype = payments[unit].dtype
    return described.astype({unit: dtype}) if isinstance(dtype, pd.CategoricalDtype) else described


def for_each(
    measure: Callable[..., pd.DataFrame],
    frame: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    by: str,
    unit: Unit = "household",
    **options: Any,
) -> pd.DataFrame:
    """A measure for each group of units, one below the other, the group in the first column.

    ``frame`` is what ``measure`` takes first (benefit months or spells), ``groups`` has one row per
    ``unit`` with its group in ``by`` (see ``recipients``), and ``options`` go to the measure: give
    it ``first`` and ``last``, as a group may have no row in the first or last month. Units without
    a group are the group "unknown". So the groups add up to everybody. Raises UserError where a
    unit has two rows in ``groups``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> tables = ue.example("forsorjningsstod", n=60)
    >>> months = measures.benefit_months(tables["payments"])
    >>> groups = measures.recipients(tables["payments"])[["household", "sex"]]
    >>> by_sex = measures.for_each(
    ...     measures.months_by_year, months, groups, by="sex", first="2022-01", last="2023-12"
    ... )
    >>> len(by_sex) == len(measures.months_by_year(months))  # the groups add up to everybody
    True
    """
    names = required(groups, unit).astype("object")
    if names.duplicated().any():
        raise UserError("forsorjningsstod.measures.two_groups", column=by)
    group_of = required(groups, by).astype("object").set_axis(names)
    labels = required(frame, unit).astype("object").map(group_of).astype("object").fillna(UNKNOWN)
    parts = []
    for label in sorted(labels.unique()):
        part = measure(frame[(labels == label).to_numpy()], **options)
        part.insert(0, by, pd.Series(label, index=part.index, dtype="str"))
        parts.append(part)
    if not parts:
        none = measure(frame, **options).head(0)
        none.insert(0, by, pd.Series(dtype="str"))
        return none
    return pd.concat(parts, ignore_index=True)


def _text(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    if name in frame:
        return frame[name].astype("object")
    return pd.Series(None, index=frame.index, dtype="object")
