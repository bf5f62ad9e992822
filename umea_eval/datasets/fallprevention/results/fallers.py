"""How many residents fall, and how many again, women and men?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures.selection import FALLS, REPORTS, chosen
from umea_eval.datasets.fallprevention.results.register import CLAIMS, TOTAL, Choices, Register
from umea_eval.datasets.fallprevention.results.shares import with_share
from umea_eval.intake.codes import MEN, WOMEN
from umea_eval.methods.claims import shared
from umea_eval.methods.two_shares import two_shares

SEXES = (WOMEN, MEN)


def fallers(found: Register, choices: Choices) -> pd.DataFrame:
    """Residents with a fall in the window, and how many of them fell ``at_least`` times, by sex.

    Rows women, men, (unknown) and total: ``fallers``, ``repeaters``, ``share``, ``lower``,
    ``upper``, ``falls`` and ``falls_of_repeaters``. Falls without a known resident are not here,
    and there are no rows without any other.
    """
    frame = chosen(found.deviations, kinds=FALLS, months=found.window)
    named = frame.loc[frame["resident"].notna(), ["resident", "resident_sex"]].astype("object")
    sex = named["resident_sex"].where(named["resident_sex"].notna(), "unknown")
    rows = []
    for group in (*SEXES, "unknown", TOTAL):
        own = named if group == TOTAL else named[(sex == group).to_numpy(dtype=bool)]
        falls = own["resident"].value_counts(sort=False)
        often = falls[falls >= choices.at_least]
        if group == "unknown" and falls.empty:
            continue
        rows.append((group, len(falls), len(often), int(falls.sum()), int(often.sum())))
    names = ["sex", "fallers", "repeaters", "falls", "falls_of_repeaters"]
    table = with_share(pd.DataFrame(rows, columns=names), "repeaters", "fallers")
    return table if table["fallers"].any() else table.iloc[:0]


def reached(found: Register, table: pd.DataFrame) -> pd.DataFrame:
    """The short list for few persons: ``residents`` with a report in the window, and how many of
    them fell (``fallers``; of ``fallers()``, ``table``): one row.

    Both are missing where no report tells whom it is about: how many persons they are about is not
    known then.
    """
    own = chosen(found.deviations, kinds=REPORTS, months=found.window)
    residents = own["resident"].dropna().nunique()
    fell = table.loc[table["sex"] == TOTAL, "fallers"].sum()
    known = residents > 0
    counts = (float(residents), float(fell)) if known else (np.nan, np.nan)
    return pd.DataFrame([counts], columns=["residents", "fallers"]).assign(third="")


def sex_difference(table: pd.DataFrame) -> pd.DataFrame:
    """Women minus men in the share of repeat fallers of ``fallers`` (see `two_shares`): one row.

    No row without fallers. The interval holds together with that of ``change``.
    """
    rows = table.set_index("sex").reindex(list(SEXES), fill_value=0)
    (x1, x2), (n1, n2) = (
        [int(count) for count in rows.loc[list(SEXES), name].tolist()]
        for name in ("repeaters", "fallers")
    )
    counts = {"women": x1, "women_of": n1, "men": x2, "men_of": n2}
    row = two_shares(x1, n1, x2, n2, confidence=shared(CLAIMS))
    made = pd.DataFrame([{"comparison": "women_men", **counts, **row}])
    return made if len(table) else made.iloc[:0]
