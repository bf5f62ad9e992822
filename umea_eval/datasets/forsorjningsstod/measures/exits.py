"""Exits with their reasons, and who comes back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures.flows import RE_ENTRY_WITHIN
from umea_eval.datasets.forsorjningsstod.measures.unit_months import (
    Month,
    Unit,
    first_days,
    month_column,
    ordinal,
    required,
)
from umea_eval.datasets.forsorjningsstod.schema import CODES
from umea_eval.errors import UserError

REASONS_LATE = 4  # exit reasons arrive up to four months later (definitions, S)
# A change of record system ends decisions, not support.
NO_EXIT = ("migration",)
# Whoever has died or moved away cannot come back here.
CANNOT_RETURN = ("deceased", "moved")
NOT_RECORDED = "not_recorded"
PENDING = "pending"
_CODES = tuple(code.code for code in CODES["exit_reason"].codes)
REASONS = (*(code for code in _CODES if code not in NO_EXIT), NOT_RECORDED)
"""The reasons in the order of their cause codes: the first is 1, censored is 0."""


def with_reasons(
    spells: pd.DataFrame,
    decisions: pd.DataFrame,
    *,
    last: Month,
    late: int = REASONS_LATE,
    unit: Unit = "household",
) -> pd.DataFrame:
    """The spells with the reason of each exit, as the decisions give it.

    The reason of an exit is that of the unit's decision that ends in the last month of the spell or
    up to ``late`` months after it, and before the unit's next spell; the nearest one, then the one
    decided last, then the first in the order of codes. Moves to a new record system are no reasons.

    Adds ``reason``: a code of the list, "not_recorded" where there is none, "pending" where there
    is none yet, as the exit is less than ``late`` months before ``last`` (the last month of data),
    and missing for what is no exit. Order and index of ``spells`` are kept.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> tables = ue.example("forsorjningsstod", n=60)
    >>> months = measures.benefit_months(tables["payments"])
    >>> spells = measures.spells(months, gap=2, first="2022-01", last="2023-12")
    >>> reasons = measures.with_reasons(spells, tables["decisions"], last="2023-12")
    >>> len(reasons) == len(spells), "reason" in reasons
    (True, True)
    """
    end = ordinal(last)
    closed = month_column(spells, "last")
    own = pd.DataFrame(
        {
            "place": np.arange(len(spells)),
            "name": required(spells, unit).to_numpy(dtype=object),
            "closed": closed,
            "opened": month_column(spells, "first"),
            "exit": (spells["end"].astype("object") == "exit").to_numpy(),
        }
    ).sort_values(["name", "opened"], kind="stable")
    own["next"] = own.groupby("name")["opened"].shift(-1, fill_value=np.iinfo(np.int64).max)
    given = decisions[decisions["exit_reason"].isin(REASONS) & decisions["ends"].notna()]
    reasons = pd.DataFrame(
        {
            "name": required(given, unit).to_numpy(dtype=object),
            "ended": month_column(given, "ends"),
            "decided": given["decided_on"].to_numpy(dtype="datetime64[D]").astype(np.int64),
            "reason": given["exit_reason"].to_numpy(dtype=object),
        }
    )
    reasons["rank"] = reasons["reason"].map({code: n for n, code in enumerate(REASONS)})
    pairs = own[own["exit"]].merge(reasons, on="name")
    delay = pairs["ended"] - pairs["closed"]
    pairs = pairs[(delay >= 0) & (delay <= late) & (pairs["ended"] < pairs["next"])]
    nearest = pairs.sort_values(
        ["place", "ended", "decided", "rank"], ascending=[True, True, False, True]
    ).drop_duplicates("place")
    is_exit = (spells["end"].astype("object") == "exit").to_numpy()
    reason = np.full(len(spells), None, dtype=object)
    reason[is_exit] = np.where(closed[is_exit] > end - late, PENDING, NOT_RECORDED)
    reason[nearest["place"].to_numpy()] = nearest["reason"].to_numpy()
    kinds = pd.CategoricalDtype([*REASONS, PENDING])
    return spells.assign(reason=pd.Series(reason, index=spells.index, dtype=kinds))


def competing_exits(spells: pd.DataFrame, *, last: Month, late: int = REASONS_LATE) -> pd.DataFrame:
    """Follow-up until the exit, by reason, ready for ``methods.survival.cumulative_incidence``.

    ``spells`` are from ``with_reasons``. Everybody is followed to ``late`` months before ``last``,
    when all reasons have arrived: to use those that came early, and not those that did not, would
    favour quick reasons. The rows of ``spells`` with follow-up, in their order, with ``entry`` and
    ``duration`` (whole months), and ``cause``: 0 censored, else the place in ``REASONS``, from 1.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> tables = ue.example("forsorjningsstod", n=60)
    >>> months = measures.benefit_months(tables["payments"])
    >>> spells = measures.spells(months, gap=2, first="2022-01", last="2023-12")
    >>> reasons = measures.with_reasons(spells, tables["decisions"], last="2023-12")
    >>> followed = measures.competing_exits(reasons, last="2023-12")
    >>> bool((followed["entry"] < followed["duration"]).all())
    True
    """
    end = ordinal(last) - late
    rows = spells[spells["duration"].notna()]
    duration = rows["duration"].to_numpy(dtype=np.int64)
    entry = rows["entry"].to_numpy(dtype=np.int64)
    beyond = month_column(rows, "last") > end
    # What ends later is followed to that month; an open spell may be censored before it already.
    began = month_column(rows, "began")
    duration = np.where(beyond, np.minimum(duration, end - began + 1), duration)
    is_exit = (rows["event"] == 1).to_numpy() & ~beyond
    reason = rows["reason"].to_numpy(dtype=object)
    if (reason[is_exit] == PENDING).any():
        raise ValueError("the reasons were matched with another last month or a larger late")
    numbers = {code: number for number, code in enumerate(REASONS, start=1)}
    cause = np.array(
        [numbers[each] if exits else 0 for each, exits in zip(reason, is_exit, strict=True)],
        dtype=np.int64,
    )
    followed = duration > entry
    return rows.assign(entry=entry, duration=duration, cause=cause)[followed].drop(columns="event")


def exits_by_reason(spells: pd.DataFrame, *, per: str = "month") -> pd.DataFrame:
    """How many exits there are of each reason. ``per``: "month" (of the last support) or "year".

    One row per period with an exit and reason in the order of the list: the period, ``reason``,
    ``exits`` and ``share`` of the period's exits.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> tables = ue.example("forsorjningsstod", n=60)
    >>> months = measures.benefit_months(tables["payments"])
    >>> spells = measures.spells(months, gap=2, first="2022-01", last="2023-12")
    >>> reasons = measures.with_reasons(spells, tables["decisions"], last="2023-12")
    >>> exits = measures.exits_by_reason(reasons, per="year")
    >>> exits.groupby("year")["share"].sum().round(6).tolist()
    [1.0, 1.0]
    """
    rows = spells[spells["reason"].notna()]
    period = rows["last"] if per == "month" else rows["last"].dt.year.astype("int64")
    kinds = pd.CategoricalDtype([*REASONS, PENDING])
    counted = pd.DataFrame({per: period, "reason": rows["reason"].astype(kinds), "exits": 1})
    exits = counted.groupby([per, "reason"], observed=False)["exits"].sum().reset_index()
    exits["share"] = exits["exits"] / exits.groupby(per)["exits"].transform("sum")
    return exits


def re_entries(
    spells: pd.DataFrame,
    *,
    last: Month,
    within: int = RE_ENTRY_WITHIN,
    unit: Unit = "household",
    cannot_return: Sequence[str] = CANNOT_RETURN,
) -> pd.DataFrame:
    """Every exit, and whether new support followed within ``within`` months (återaktualisering).

    This is the report's own definition: new support, not a new application, so it is not Kolada
    U31462. The month of exit is the last with support; with ``within=12`` support in the twelfth
    month after it still counts. Exits for a reason in ``cannot_return`` are not at risk and left
    out (where ``spells`` has ``reason``; it is from ``with_reasons``). Spells joined across a
    change of record system are no exits, and what begins anew at one is no re-entry: there the
    follow-up ends.

    One row per exit at risk, by unit and time: ``unit``, ``exit`` (month), ``re_entry`` (month of
    the next support, missing if none is seen within ``within``), ``duration`` (months to it or to
    the end of follow-up, at most ``within``) and ``event`` (1, 0) for ``methods.survival``, and
    ``followed``: whether the exit is at least ``within`` months before ``last``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> import pandas as pd
    >>> months = pd.DataFrame(
    ...     {
    ...         "household": ["A"] * 4 + ["B"] * 2,
    ...         "month": pd.to_datetime(
    ...             [
    ...                 "2023-01-01",
    ...                 "2023-02-01",
    ...                 "2023-04-01",
    ...                 "2023-05-01",
    ...                 "2023-03-01",
    ...                 "2023-04-01",
    ...             ]
    ...         ),
    ...     }
    ... )
    >>> spells = measures.spells(months, gap=1, first="2023-01", last="2024-12")
    >>> measures.re_entries(spells, last="2024-12")[["household", "duration", "event"]]
      household  duration  event
    0         A         2      1
    1         A        12      0
    2         B        12      0
    """
    if within < 1:
        raise UserError("forsorjningsstod.measures.look_back")
    end = ordinal(last)
    own = pd.DataFrame(
        {
            "name": required(spells, unit).to_numpy(dtype=object),
            "place": np.arange(len(spells)),
            "opened": month_column(spells, "first"),
            "closed": month_column(spells, "last"),
            "exit": (spells["end"].astype("object") == "exit").to_numpy(),
            "at_break": (spells["start"].astype("object") == "register_break").to_numpy(),
        }
    ).sort_values(["name", "opened"], kind="stable")
    following = own.groupby("name")[["opened", "at_break"]].shift(-1)
    own["next"], own["next_at_break"] = following["opened"], following["at_break"]
    at_risk = own["exit"].to_numpy(dtype=bool, copy=True)
    if "reason" in spells:
        gone = spells["reason"].isin(cannot_return).to_numpy()[own["place"].to_numpy()]
        at_risk &= ~gone
    own = own[at_risk]
    never = end + within + 1
    comes = own["next"].to_numpy(dtype=np.float64, na_value=never).astype(np.int64)
    at_break = (own["next_at_break"] == True).to_numpy()  # noqa: E712 - missing without a next one
    waited = comes - own["closed"].to_numpy()
    event = (waited <= within) & ~at_break
    seen_to = np.where(at_break, comes - 1, end) - own["closed"].to_numpy()
    duration = np.where(event, waited, np.minimum(within, seen_to))
    back = first_days(np.where(event, comes, 0)).where(event)
    names = required(spells, unit).take(own["place"].to_numpy()).reset_index(drop=True)
    return pd.DataFrame(
        {
            unit: names,
            "exit": first_days(own["closed"].to_numpy()),
            "re_entry": back,
            "duration": duration.astype(np.int64),
            "event": event.astype(np.int64),
            "followed": seen_to >= within,
        }
    )


def re_entry_share(found: pd.DataFrame, *, per: str = "year") -> pd.DataFrame:
    """The share that came back, of the exits that are followed for the whole time.

    ``found`` is from ``re_entries``; ``per`` is "year" or "month" of exit. Exits followed for less
    are left out also when they came back: otherwise only those who did would count. One row per
    period with an exit: the period, ``numerator``, ``denominator``, ``value`` (missing where nobody
    is followed) and ``not_followed`` (exits left out).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.forsorjningsstod.measures
    >>> import pandas as pd
    >>> months = pd.DataFrame(
    ...     {
    ...         "household": ["A"] * 4 + ["B"] * 2,
    ...         "month": pd.to_datetime(
    ...             [
    ...                 "2023-01-01",
    ...                 "2023-02-01",
    ...                 "2023-04-01",
    ...                 "2023-05-01",
    ...                 "2023-03-01",
    ...                 "2023-04-01",
    ...             ]
    ...         ),
    ...     }
    ... )
    >>> spells = measures.spells(months, gap=1, first="2023-01", last="2024-12")
    >>> found = measures.re_entries(spells, last="2024-12")
    >>> measures.re_entry_share(found)[["numerator", "denominator"]].to_dict("records")
    [{'numerator': 1, 'denominator': 3}]
    """
    period = found["exit"] if per == "month" else found["exit"].dt.year.astype("int64")
    grouped = pd.DataFrame(
        {
            "period": period,
            "numerator": found["followed"] & (found["event"] == 1),
            "denominator": found["followed"],
            "not_followed": ~found["followed"],
        }
    ).groupby("period", sort=True)
    table = grouped.sum().astype("int64")
    table["value"] = table["numerator"] / table["denominator"].where(table["denominator"] > 0)
    columns = ["numerator", "denominator", "value", "not_followed"]
    return table[columns].reset_index(names=per)
