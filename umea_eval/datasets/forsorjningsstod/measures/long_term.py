"""Long-term support (långvarigt bistånd): by calendar year, and over the latest months."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures.spells import (
    LONG_TERM,
    VERY_LONG_TERM,
    check_window,
)
from umea_eval.datasets.forsorjningsstod.measures.unit_months import (
    Bools,
    Month,
    Unit,
    UnitMonths,
    first_days,
    read_unit_months,
)
from umea_eval.errors import UserError

LONGEST_BREAK = (
    2  # months in a row without support that very long-term support may have: assumption
)
Denominator = Literal["recipients", "population"]


def months_by_year(
    months: pd.DataFrame,
    *,
    unit: Unit = "household",
    least: int = LONG_TERM[0],
    first: Month | None = None,
    last: Month | None = None,
) -> pd.DataFrame:
    """Months with support of each unit and calendar year, and whether they are long-term.

    Long-term (långvarigt) is ``least`` (10) to 12 months of the calendar year, in any order. One
    row per unit and year with support: ``unit``, ``year``, ``benefit_months``, ``long_term`` and
    ``complete`` (data cover all twelve months; without that ``long_term`` is missing unless it is
    already reached). One municipality's data do not show months in another, so this does not
    reproduce Kolada N31814, which since 2021 adds them up.

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
    >>> measures.months_by_year(months, first="2023-01", last="2023-12")[
    ...     ["household", "benefit_months", "long_term"]
    ... ]
      household  benefit_months  long_term
    0         A               4      False
    1         B               2      False
    """
    check_window(least, 12)
    found = read_unit_months(months, unit, first=first, last=last, margin=12)
    units, years = found.units(found.keys), found.months(found.keys) // 12 + 1970
    new = np.ones(len(found), dtype=bool)
    new[1:] = (units[1:] != units[:-1]) | (years[1:] != years[:-1])
    places = np.flatnonzero(new)
    counts = np.diff(np.append(places, len(found)))
    own = years[places]
    complete = _complete_years(found)
    covered = np.isin(own, complete)
    reached = counts >= least
    return pd.DataFrame(
        {
            unit: found.named(units[places]),
            "year": own,
            "benefit_months": counts,
            "long_term": _known(reached, covered | reached),
            "complete": covered,
        }
    )


def long_term_share(
    by_year: pd.DataFrame,
    *,
    denominator: Denominator = "recipients",
    population: Mapping[int, int] | None = None,
) -> pd.DataFrame:
    """How large a share has long-term support, per calendar year.

    ``by_year`` is from ``months_by_year``. ``denominator``: "recipients" (units with support in the
    year; give the person-months of those of age to have recipients 18 or over) or "population",
    the number of inhabitants by year in ``population``. One row per complete year: ``year``,
    ``numerator``, ``denominator``, ``value`` (missing where the denominator is 0) and
    ``denominator_name``. Raises UserError where the population of a year is not given.

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
    >>> by_year = measures.months_by_year(months, least=4, first="2023-01", last="2023-12")
    >>> measures.long_term_share(by_year)[["numerator", "denominator", "value"]].to_dict("records")
    [{'numerator': 1, 'denominator': 2, 'value': 0.5}]
    """
    rows = by_year[by_year["complete"]]
    grouped = rows.groupby("year", sort=True)
    numerator = grouped["long_term"].sum().astype("int64")
    if denominator == "recipients":
        base = grouped.size().astype("int64")
    else:
        known = population or {}
        absent = [str(year) for year in numerator.index if year not in known]
        if absent:
            raise UserError("forsorjningsstod.measures.population", years=", ".join(absent))
        base = pd.Series({year: known[year] for year in numerator.index}, dtype="int64")
    table = pd.DataFrame({"numerator": numerator, "denominator": base})
    table["value"] = table["numerator"] / table["denominator"].where(table["denominator"] > 0)
    table["denominator_name"] = pd.Series(denominator, index=table.index, dtype="str")
    return table.reset_index(names="year")


def long_term_months(
    months: pd.DataFrame,
    *,
    unit: Unit = "household",
    least: int = LONG_TERM[0],
    window: int = LONG_TERM[1],
    longest_break: int | None = None,
    first: Month | None = None,
    last: Month | None = None,
) -> pd.DataFrame:
    """Every benefit month, and whether the unit had long-term support in it (rolling).

    Long-term is support in ``least`` or more of the latest ``window`` months, this one included; 10
    of 12 without more. ``longest_break``: no more months in a row without support than this among
    the latest ``least`` benefit months. One row per unit and month with support: ``unit``,
    ``month``, ``long_term`` and ``complete``: whether data reach back over the whole window.
    ``long_term`` is missing where they do not and it is not yet reached.

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
    >>> flagged = measures.long_term_months(
    ...     months, least=3, window=4, first="2023-01", last="2023-12"
    ... )
    >>> flagged.loc[flagged["household"] == "A", "long_term"].tolist()
    [<NA>, <NA>, True, True]
    """
    check_window(least, window)
    margin = max(window, 0 if longest_break is None else longest_break + 1)
    found = read_unit_months(months, unit, first=first, last=last, margin=margin)
    reached = found.reached(least, window)
    if longest_break is not None:
        reached &= _unbroken(found, least, longest_break)
    ordinals = found.months(found.keys)
    complete = ordinals - found.first >= window - 1
    return pd.DataFrame(
        {
            unit: found.named(found.units(found.keys)),
            "month": first_days(ordinals),
            "long_term": _known(reached, complete | reached),
            "complete": complete,
        }
    )


def very_long_term_months(
    months: pd.DataFrame,
    *,
    unit: Unit = "household",
    least: int = VERY_LONG_TERM[0],
    window: int = VERY_LONG_TERM[1],
    longest_break: int = LONGEST_BREAK,
    first: Month | None = None,
    last: Month | None = None,
) -> pd.DataFrame:
    """Every benefit month, and whether the unit had very long-term support in it.

    At least 27 of the latest 36 months, with at most 2 months' break in a row (the break is an
    assumption). Columns as ``long_term_months``.

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
    >>> flagged = measures.very_long_term_months(months, first="2020-01", last="2023-12")
    >>> int(flagged["long_term"].sum())  # nobody has 27 of 36 months
    0
    """
    return long_term_months(
        months,
        unit=unit,
        least=least,
        window=window,
        longest_break=longest_break,
        first=first,
        last=last,
    )


def long_term_by_month(flagged: pd.DataFrame) -> pd.DataFrame:
    """Units with support and, of them, with long-term support, month by month.

    ``flagged`` is from ``long_term_months`` or ``very_long_term_months``. One row per month with
    support: ``month``, ``numerator`` (long-term), ``denominator`` (all with support that month) and
    ``value``; ``numerator`` and ``value`` are missing where data do not reach back far enough.

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
    >>> flagged = measures.long_term_months(
    ...     months, least=3, window=4, first="2022-10", last="2023-12"
    ... )
    >>> measures.long_term_by_month(flagged)[["numerator", "denominator"]].astype(int).to_dict(
    ...     "list"
    ... )
    {'numerator': [0, 0, 0, 1, 1], 'denominator': [1, 1, 1, 2, 1]}
    """
    grouped = flagged.groupby("month", sort=True)
    known = grouped["complete"].all()
    table = pd.DataFrame(
        {
            "numerator": grouped["long_term"].sum().astype("Int64").where(known),
            "denominator": grouped.size().astype("int64"),
        }
    )
    table["value"] = (table["numerator"] / table["denominator"]).astype("Float64")
    return table.reset_index()


def _unbroken(found: UnitMonths, least: int, longest_break: int) -> Bools:
    """Where the latest ``least`` benefit months lie in one run without a longer break."""
    run = np.cumsum(found.begins(longest_break + 1))
    unbroken = np.zeros(len(run), dtype=bool)
    if least <= len(run):
        unbroken[least - 1 :] = run[least - 1 :] == run[: len(run) - least + 1]
    return unbroken


def _complete_years(found: UnitMonths) -> list[int]:
    begin, end = -(-found.first // 12), (found.last + 1) // 12
    return [year + 1970 for year in range(begin, end)]


def _known(values: Bools, known: Bools) -> pd.Series[bool]:
    return pd.Series(pd.arrays.BooleanArray(values, ~known))
