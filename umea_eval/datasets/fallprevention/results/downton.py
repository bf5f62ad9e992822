"""What did an assessed risk say of the falls that came?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures import downton_outcomes
from umea_eval.datasets.fallprevention.results.register import TOTAL, Choices, Register
from umea_eval.datasets.fallprevention.results.shares import with_share

# Days before the period in which an assessment still is of the period's beginning.
LEAD = 31  # assumption
# What is known of an assessed resident, and what is then counted.
STATES = {
    "followed": "assessed residents who are followed",
    "not_followed": "assessed residents who are not followed",
    "without_score": "assessed residents without a score",
}


def assessments_used(found: Register, choices: Choices) -> pd.DataFrame:
    """The residents with an assessment by what is known of them: ``state`` and ``residents``.

    "followed" for the whole horizon with a score, "not_followed", "without_score" and "total".
    ``counted``: a name for what is counted (`STATES`). The row of the total has its parts beside
    it, each in a column of its own. No rows where nobody is assessed.
    """
    people = people_of(found, choices)
    scored, followed = people["score"].notna(), people["followed"]
    counts = {
        "followed": int((scored & followed).sum()),
        "not_followed": int((scored & ~followed).sum()),
        "without_score": int((~scored).sum()),
    }
    table = pd.DataFrame(
        {
            "state": [*counts, TOTAL],
            "counted": [*STATES.values(), "assessed residents"],
            "residents": [*counts.values(), len(people)],
        }
    )
    for state, residents in counts.items():
        table[state] = pd.array([pd.NA] * len(counts) + [residents], dtype="Int64")
    return table if len(people) else table.iloc[:0]


def downton(found: Register, choices: Choices) -> pd.DataFrame:
    """How many fell of those with a high Downton score and of the others, under given prevention.

    ``risk`` ("high", "low", "total"), ``residents`` followed for the whole horizon, ``fell``,
    ``share``, ``lower``, ``upper``. The share of the high is the positive predictive value, and
    what is left of the share of the low to one the negative. No rows where nobody is followed.
    """
    people = people_of(found, choices)
    used = people[(people["score"].notna() & people["followed"]).to_numpy(dtype=bool)]
    high, fell = used["high"].to_numpy(dtype=bool), used["fell"].to_numpy(dtype=bool)
    groups = {"high": high, "low": ~high, TOTAL: np.ones(len(used), dtype=bool)}
    rows = [(name, int(own.sum()), int((own & fell).sum())) for name, own in groups.items()]
    table = with_share(pd.DataFrame(rows, columns=["risk", "residents", "fell"]))
    return table if len(used) else table.iloc[:0]


def used_assessments(found: Register) -> pd.DataFrame:
    """The assessments of the period, and of the days just before it."""
    first = pd.Period(found.period[0], "M").start_time - pd.Timedelta(days=LEAD)
    last = pd.Period(found.period[1], "M").end_time
    on = pd.to_datetime(found.assessments["assessed_on"])
    return found.assessments[((on >= first) & (on <= last)).to_numpy(dtype=bool)]


def people_of(found: Register, choices: Choices) -> pd.DataFrame:
    return downton_outcomes(
        *(used_assessments(found), found.deviations), until=found.until, threshold=choices.high_risk
    )
