"""Are siblings placed together?"""

from __future__ import annotations

import pandas as pd

from umea_eval.datasets.placement_days.results.register import (
    Choices,
    Register,
    days_of,
)
from umea_eval.methods.proportions import with_share


def siblings(found: Register, choices: Choices) -> pd.DataFrame:
    """Siblings in care when the year's last day in whole months of data ends: one row.

    As the stock of ``flow``: whoever leaves on that day is not there any more.
    Siblings are children with the same dossier (an assumption: some systems have it so).
    ``children``, ``with_sibling`` in care that day, ``together`` with one in the same home, and
    the share of those with limits. No row without dossiers, homes or days of the year.
    """
    names = ["children", "with_sibling", "together", "share", "lower", "upper"]
    rows = found.placements
    if not {"dossier", "home"} <= set(rows.columns):
        return pd.DataFrame(columns=names)
    low, day = days_of(found, choices.year)
    if found.empty or day < low:
        return pd.DataFrame(columns=names)
    there = rows[(rows["starts"] <= day) & ~(rows["ends"] <= day)]
    there = there[["person", "dossier", "home"]].astype("object")
    kin = there.dropna(subset=["dossier"]).drop_duplicates(["person", "dossier"])
    related = kin[kin.duplicated("dossier", keep=False)]
    homes = there.dropna().drop_duplicates()
    close = homes[homes.duplicated(["dossier", "home"], keep=False)]
    counts = {
        "children": [there["person"].nunique()],
        "with_sibling": [related["person"].nunique()],
        "together": [close["person"].nunique()],
    }
    return with_share(pd.DataFrame(counts), "together", "with_sibling", value="share")[names]
