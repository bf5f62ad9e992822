"""Which counts of other tables are sums of months of the flow? Disclosure control must know."""

from __future__ import annotations

import pandas as pd


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
