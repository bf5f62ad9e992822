"""Which counts lie within which, where a table shows one share under stricter and milder limits?

Who sees 21 closed within 61 days and 20 within 59 knows that one was closed in between. So each
count is declared to be a part of the one with the next milder limit (a column's ``of``).
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
