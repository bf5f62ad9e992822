"""How many residents fall, and how many again, women and men?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures import repeat_fallers
from umea_eval.datasets.fallprevention.measures.selection import REPORTS, chosen
from umea_eval.datasets.fallprevention.results.register import TOTAL, Choices, Register
from umea_eval.datasets.fallprevention.results.shares import with_share
from umea_eval.intake.codes import MEN, WOMEN
from umea_eval.methods.proportions import newcombe

SEXES = (WOMEN, MEN)


def fallers(found: Register, choices: Choices) -> pd.DataFrame:
    """Residents with a fall in the window, and how many of them fell ``at_least`` times, by sex.

    Rows women, men, (unknown) and total: ``fallers``, ``repeaters``, ``share``, ``lower``,
    ``upper``, ``falls`` and ``falls_of_repeaters``. Falls without a known resident are not here,
    and there are no rows without any other.
    """
    frame = found.deviations
    sex = frame["resident_sex"].astype("object").where(frame["resident_sex"].notna(), "unknown")
    rows = []
    for group in (*SEXES, "unknown", TOTAL):
        own = frame if group == TOTAL else frame[(sex == group).to_numpy(dtype=bool)]
        table = repeat_fallers(own, at_least=choices.at_least, months=found.window)
        counts = [0, 0, 0, 0]
        if len(table):
            names = ["denominator", "numerator", "falls", "falls_of_repeaters"]
            counts = [int(table[name].iloc[0]) for name in names]
        if group == "unknown" and counts[0] == 0:
            continue
        rows.append((group, *counts))
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
    """Women minus men in the share of repeat fallers (see ``fallers``), Newcombe: one row.

    No row without fallers.
    """
    rows = table.set_index("sex").reindex(list(SEXES), fill_value=0)
    (x1, x2), (n1, n2) = (
        [int(count) for count in rows.loc[list(SEXES), name].tolist()]
        for name in ("repeaters", "fallers")
    )
    known = bool(n1 and n2)
    limits = newcombe(x1, n1, x2, n2) if known else (np.nan, np.nan)
    made = pd.DataFrame(
        {
            "comparison": ["women_men"],
            "women": [x1],
            "women_of": [n1],
            "men": [x2],
            "men_of": [n2],
            "value": [x1 / n1 - x2 / n2 if known else np.nan],
            "lower": [float(limits[0])],
            "upper": [float(limits[1])],
        }
    )
    return made if len(table) else made.iloc[:0]
