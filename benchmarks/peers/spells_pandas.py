"""The rules of ``spells_rules`` in vectorised pandas: sort, shift by person, group by spell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.peers.spells_rules import GAP, LAST_ORDINAL, LONG_TERM, VERY_LONG_TERM, main


def load(person: np.ndarray, month: np.ndarray) -> pd.DataFrame:
    """The rows as a pandas frame."""
    return pd.DataFrame({"person": person, "month": month}, copy=False)


def join(rows: pd.DataFrame) -> pd.DataFrame:
    """Shifts within each person, then one group per spell."""
    at = rows["month"].dt.year * 12 + rows["month"].dt.month - 1
    frame = pd.DataFrame({"person": rows["person"], "at": at}).sort_values(["person", "at"])
    by_person = frame.groupby("person", sort=False)["at"]
    begins = ~(frame["at"] - by_person.shift(1) <= GAP)
    frame["long"] = frame["at"] - by_person.shift(LONG_TERM[0] - 1) < LONG_TERM[1]
    frame["very"] = frame["at"] - by_person.shift(VERY_LONG_TERM[0] - 1) < VERY_LONG_TERM[1]
    found = frame.groupby(begins.cumsum(), sort=False).agg(
        person=("person", "first"),
        first=("at", "first"),
        last=("at", "last"),
        benefit_months=("at", "size"),
        long_term=("long", "any"),
        very_long_term=("very", "any"),
    )
    found["months"] = found["last"] - found["first"] + 1
    found["open"] = LAST_ORDINAL - found["last"] < GAP
    return found


def sums(found: pd.DataFrame) -> list[int]:
    """What all must agree on."""
    columns = ("months", "benefit_months", "open", "long_term", "very_long_term")
    return [len(found), *(int(found[name].sum()) for name in columns)]


if __name__ == "__main__":
    main(load, join, sums)
