"""Does it go differently for girls and boys?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from umea_eval.datasets.placement_days import measures
from umea_eval.datasets.placement_days.results.outcomes import GAPS
from umea_eval.datasets.placement_days.results.register import (
    SEXES,
    TOTAL,
    UNKNOWN,
    Choices,
    Register,
    days_of,
)
from umea_eval.datasets.placement_days.schema import GROUPINGS, UNPLANNED
from umea_eval.methods.claims import shared
from umea_eval.methods.proportions import with_share
from umea_eval.methods.two_shares import two_shares

RESIDENTIAL = GROUPINGS["papers"]["residential"]
OUTCOMES = ("residential", "moved", "unplanned")


def outcomes_by_sex(found: Register, table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Children in care in the year with each outcome, by sex: each child counts once.

    ``outcome`` (``residential``: in HVB or SiS, ``moved``, ``unplanned``: left a home unplanned),
    ``sex``, ``children``, ``having``, ``share`` with limits.
    """
    own = table[table["year"] == choices.year]
    people = own.drop_duplicates("person").set_index("person")["sex"]
    having = {
        "residential": set(own.loc[own["kind"].isin(RESIDENTIAL), "person"]),
        "moved": moved_in(found, choices),
        "unplanned": left_in(found, choices),
    }
    made = []
    for outcome in OUTCOMES:
        has = people.index.isin(list(having[outcome]))
        for sex in (*SEXES, UNKNOWN, TOTAL):
            part = np.ones(len(people), bool) if sex == TOTAL else (people == sex).to_numpy()
            if sex == UNKNOWN and not part.any():
                continue
            made.append((outcome, sex, int(part.sum()), int((part & has).sum())))
    frame = pd.DataFrame(made, columns=["outcome", "sex", "children", "having"])
    return with_share(frame, "having", "children", value="share")


def moved_in(found: Register, choices: Choices, *, gap_days: int = GAPS[0]) -> set[object]:
    """Who moved to another home in the year, within care that goes on after ``gap_days``."""
    low, high = days_of(found, choices.year)
    rows = measures.with_episodes(found.placements, gap_days=gap_days)
    own = rows["moved"] & (rows["starts"] >= low) & (rows["starts"] <= high)
    return set(rows.loc[own, "person"].astype("object"))


def left_in(
    found: Register, choices: Choices, *, reasons: Sequence[str] = UNPLANNED
) -> set[object]:
    """Who left a home in the year for one of ``reasons``."""
    low, high = days_of(found, choices.year)
    rows = found.placements
    if "end_reason" not in rows:
        return set()
    own = (rows["ends"] >= low) & (rows["ends"] <= high) & rows["end_reason"].isin(reasons)
    return set(rows.loc[own, "person"].astype("object"))


def sex_differences(table: pd.DataFrame) -> pd.DataFrame:
    """Girls minus boys in each outcome of ``outcomes_by_sex`` (see `two_shares`).

    The intervals hold together for all outcomes.
    """
    confidence = shared(len(OUTCOMES))
    made = []
    for outcome in OUTCOMES:
        rows = table[table["outcome"] == outcome].set_index("sex")
        (x1, x2), (n1, n2) = (
            [int(count) for count in rows.loc[list(SEXES), name].tolist()]
            for name in ("having", "children")
        )
        counts = {"girls": x1, "girls_of": n1, "boys": x2, "boys_of": n2}
        row = two_shares(x1, n1, x2, n2, confidence=confidence)
        made.append({"outcome": outcome, **counts, **row})
    return pd.DataFrame(made)
