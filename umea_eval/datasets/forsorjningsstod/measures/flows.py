"""Inflow, outflow and stock of spells, and new recipients, month by month."""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures.spells import check_gap
from umea_eval.datasets.forsorjningsstod.measures.unit_months import (
    Bools,
    Ints,
    Month,
    Unit,
    first_days,
    month_column,
    ordinal,
    read_unit_months,
)
from umea_eval.errors import UserError

RE_ENTRY_WITHIN = 12  # months, definitions of ekonomiskt bistånd
LOOK_BACK = 12  # months: 3 and 6 are the variants (assumption)


def flows(
    spells: pd.DataFrame,
    *,
    first: Month,
    last: Month,
    gap: int,
    within: int = RE_ENTRY_WITHIN,
    unit: Unit = "household",
) -> pd.DataFrame:
    """How many spells begin, run and end each month; the account adds up in every row.

    ``spells`` is from ``spells`` with the same ``first``, ``last`` and ``gap``. A spell runs from
    its first to its last month, both included, also in the shorter gaps between them; one that is
    open at the end of data runs on. Its exit counts in its last month of support.

    One row per month from ``first`` to ``last``: ``month``; ``stock_start`` (running since an
    earlier month), ``inflow`` (spells that begin), ``running`` (``stock_start + inflow``),
    ``outflow`` (exits) and ``stock_end``, with

        stock_end = stock_start + inflow - outflow - break_out + break_in

    where ``break_out`` and ``break_in`` are spells cut off and taken up by a change of record
    system (counted in the month before it, neither entries nor exits). ``re_entries`` are the
    inflow of units that had left at most ``within`` months before, ``others`` the rest of it:
    missing while data do not reach back ``within`` months. ``settled`` is false in the first
    ``gap`` months, when no beginning can be seen, and the last ``gap``, when no exit can.

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
    >>> spells = measures.spells(months, gap=1, first="2023-01", last="2023-06")
    >>> measures.flows(spells, first="2023-01", last="2023-06", gap=1)[
    ...     ["inflow", "running", "outflow"]
    ... ].to_dict("list")
    {'inflow': [0, 0, 1, 1, 0, 0], 'running': [1, 1, 1, 2, 1, 0], 'outflow': [0, 1, 0, 1, 1, 0]}
    """
    check_gap(gap)
    begin, end = ordinal(first), ordinal(last)
    if end < begin:
        raise UserError("forsorjningsstod.measures.period")
    opened, closed = month_column(spells, "first"), month_column(spells, "last")
    if len(spells) and (opened.min() < begin or closed.max() > end):
        raise UserError("forsorjningsstod.measures.outside")
    start, stop = spells["start"].astype("object"), spells["end"].astype("object")
    begins, ends = (start == "seen").to_numpy(), (stop == "exit").to_numpy()
    taken_up = (start == "register_break").to_numpy()
    cut_off = (stop == "register_break").to_numpy()
    length = end - begin + 1

    def per_month(months: Ints, chosen: Bools) -> Ints:
        return np.bincount(months[chosen] - begin, minlength=length).astype(np.int64)

    inflow, outflow = per_month(opened, begins), per_month(closed, ends)
    break_in, break_out = per_month(opened - 1, taken_up), per_month(closed, cut_off)
    carried = np.count_nonzero(~begins & ~taken_up)
    stock_end = carried + np.cumsum(inflow - outflow + break_in - break_out)
    stock_start = np.append(carried, stock_end[:-1])
    returned = per_month(opened, begins & _soon_after_exit(spells, opened, closed, unit, within))
    months = np.arange(begin, end + 1)
    known = months - begin >= within
    settled = (months - begin >= gap) & (end - months >= gap)
    return pd.DataFrame(
        {
            "month": first_days(months),
            "stock_start": stock_start,
            "inflow": inflow,
            "running": stock_start + inflow,
            "outflow": outflow,
            "break_out": break_out,
            "break_in": break_in,
            "stock_end": stock_end,
            "re_entries": _where_known(returned, known),
            "others": _where_known(inflow - returned, known),
            "settled": settled,
        }
    )


def _soon_after_exit(
    spells: pd.DataFrame, opened: Ints, closed: Ints, unit: Unit, within: int
) -> Bools:
    """Whether a spell begins at most ``within`` months after an exit of the same unit."""
    rows = spells[[unit, "first"]].reset_index(drop=True).astype({unit: "object"})
    place = rows.sort_values([unit, "first"], kind="stable").index.to_numpy()
    names = spells[unit].to_numpy(dtype=object)[place]
    exit_before = (spells["end"].astype("object") == "exit").to_numpy()[place]
    soon = np.zeros(len(spells), dtype=bool)
    soon[place[1:]] = (
        (names[1:] == names[:-1])
        & exit_before[:-1]
        & (opened[place][1:] - closed[place][:-1] <= within)
    )
    return soon


def new_recipients(
    months: pd.DataFrame,
    *,
    look_back: int = LOOK_BACK,
    unit: Unit = "household",
    first: Month | None = None,
    last: Month | None = None,
) -> pd.DataFrame:
    """Recipients without support in the preceding ``look_back`` months (12; variants 3 and 6).

    The length is an assumption. One row per month of data: ``month``, ``denominator`` (units with
    support that month), ``numerator`` (new) and ``value``; ``numerator`` and ``value`` are missing
    in the first ``look_back`` months, where nobody can be known to be new. Raises UserError for
    ``look_back`` below 1.

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
    >>> measures.new_recipients(months, look_back=2, first="2023-01", last="2023-05")[
    ...     ["numerator", "denominator"]
    ... ].tail(3).astype(int).to_dict("list")
    {'numerator': [1, 0, 0], 'denominator': [1, 2, 1]}
    """
    if look_back < 1:
        raise UserError("forsorjningsstod.measures.look_back")
    found = read_unit_months(months, unit, first=first, last=last, margin=look_back + 1)
    ordinals = found.months(found.keys)
    length = found.last - found.first + 1
    recipients = np.bincount(ordinals - found.first, minlength=length)
    # Preceding months without support: that is how a spell with this gap begins.
    begins = found.begins(look_back)
    new = np.bincount(ordinals[begins] - found.first, minlength=length)
    known = np.arange(length) >= look_back
    numerator = _where_known(new, known)
    denominator = pd.Series(recipients, dtype="int64")
    return pd.DataFrame(
        {
            "month": first_days(np.arange(found.first, found.last + 1)),
            "numerator": numerator,
            "denominator": denominator,
            "value": (numerator / denominator.where(denominator > 0)).astype("Float64"),
        }
    )


def _where_known(counts: Ints, known: Bools) -> pd.Series[int]:
    return pd.Series(pd.arrays.IntegerArray(counts.astype(np.int64), ~known))
