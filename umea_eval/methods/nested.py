"""Which counts lie within which, where a table shows one share under stricter and milder limits?

Who sees 21 closed within 61 days and 20 within 59 knows that one was closed in between. So each
count is declared to be a part of the one with the next milder limit (a column's ``of``). And who
sees the count of a year and of all its months but one knows that one.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

COUNTS = ("numerator", "denominator")


def with_wider(
    table: pd.DataFrame, by: Sequence[str], mildest_last: pd.Series | None = None
) -> pd.DataFrame:
    """The table with the counts that hold each row's ``numerator`` and ``denominator``.

    ``table`` says what they count in ``numerator_of`` and ``denominator_of``. Rows that are equal
    in ``by`` are one definition, ordered by its limit: the mildest first, or last where
    ``mildest_last`` is true. New columns: ``numerator_wider`` and ``denominator_wider``, missing
    where there is none or where the row's count is not within it, and ``numerator_wider_of`` and
    ``denominator_wider_of``, what those count.
    """
    groups = table.groupby(list(by), sort=False)
    last = pd.Series(data=False, index=table.index) if mildest_last is None else mildest_last
    made = {}
    for count in COUNTS:
        names = [count, f"{count}_of"]
        milder = groups[names].shift(-1).where(last, groups[names].shift(1))
        within = (milder[count] >= table[count]) & (milder[names[1]] != table[names[1]])
        made[f"{count}_wider"] = milder[count].astype("float64").where(within)
        made[f"{count}_wider_of"] = milder[names[1]].fillna("").astype("object")
    return table.assign(**made)


def with_later(curve: pd.DataFrame, ended: str = "ended") -> pd.DataFrame:
    """The curve with those at risk in the row after (``later``), who are among those of the row.

    ``curve`` has ``at_risk`` and, in ``ended``, those who ended, in order of time. Those who ended
    and those at risk later are parts of those at risk; the rest were not followed any longer.
    ``later`` is missing in the last row, and where others have come under observation since, so
    that they are no part.
    """
    later = curve["at_risk"].shift(-1)
    within = later + curve[ended] <= curve["at_risk"]
    return curve.assign(later=later.where(within).astype("Int64"))


def with_months(
    rows: pd.DataFrame,
    chosen: pd.Series,
    whole: str,
    flows: pd.DataFrame,
    name: str,
    *,
    prefix: str,
    first: str = "",
    last: str = "9999",
    before: str | None = None,
) -> pd.DataFrame:
    """``rows`` with the months of the flow that the count ``whole`` of the ``chosen`` row adds up.

    ``flows`` has ``month`` (YYYY-MM, in order), the column ``name`` and, if given, ``before``, of
    which the first month belongs to the sum. Adds a column for every month from ``first`` to
    ``last``, ``prefix`` and the month (and ``prefix`` and "before"), missing in other rows. Without
    a chosen row, or where the months are not the sum, nothing is added: it then tells nothing.
    """
    own = flows[flows["month"].between(first, last)]
    parts = {f"{prefix} {month}": int(n) for month, n in zip(own["month"], own[name], strict=True)}
    if before is not None and len(flows):
        parts[f"{prefix} before"] = int(flows[before].iloc[0])
    if not parts or chosen.sum() != 1 or rows.loc[chosen, whole].iloc[0] != sum(parts.values()):
        return rows
    return rows.assign(
        **{
            part: pd.Series(count, index=rows.index, dtype="Int64").where(chosen)
            for part, count in parts.items()
        }
    )
