"""The table of results as the papers print it, without their errors.

In the papers the columns for women and men sometimes hold how the respondents are distributed, a
target is judged without saying of how many, and a result counts one more answer as positive than
the row beside it. Here every column is a result with its base, and one rule holds for all rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.survey.measures.shares import TOTAL
from umea_eval.intake.codes import MEN, WOMEN

REACHED, NOT_REACHED, IMPROVING, NO_TARGET = "reached", "not_reached", "improving", "no_target"
UNKNOWN, TOO_FEW = "unknown", "too_few"


def results_as_printed(
    sexes: pd.DataFrame,
    questionnaire: pd.DataFrame,
    changed: pd.DataFrame | None = None,
    *,
    fewest: int = 10,
) -> pd.DataFrame:
    """One row per question: result for all, women and men, target, attainment and comment.

    ``sexes`` is what `by_sex` gives, ``changed`` what `changes` gives, if there was a year before.
    ``question``, ``valid``, ``positive`` and ``share`` (all, the third category too), the same for
    ``women_`` and ``men_``, ``target`` (share), ``attainment`` and ``sure``.

    ``attainment``: ``reached`` where the share is at least the target; else ``improving`` where it
    has risen more than chance gives (the papers' "positiv utveckling"), else ``not_reached``;
    ``no_target`` without a target, which cannot be judged, and ``too_few`` below ``fewest`` valid
    answers (the papers' "för få svaranden"). ``sure``: ``yes`` where Wilson's
    interval lies wholly on that side of the target, ``no`` where not, ``unknown`` without.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> answers = measures.long_answers(tables["responses"], tables["questionnaire"])
    >>> printed = measures.results_as_printed(measures.by_sex(answers), tables["questionnaire"])
    >>> len(printed) == answers["question"].nunique()
    True
    """
    target = questionnaire.dropna(subset=["target"]) if "target" in questionnaire else None
    goals = (
        {}
        if target is None
        else target.groupby(target["question"].astype("str"))["target"].first().to_dict()
    )
    rising: set[str] = set()
    if changed is not None:
        rising = set(changed.loc[changed["differs"] & (changed["value"] > 0), "question"])
    rows = []
    for question in dict.fromkeys(sexes["question"]):
        own = sexes[sexes["question"] == question].set_index("sex")
        goal = float(goals.get(question, np.nan)) / 100
        row: dict[str, object] = {"question": question, "target": goal}
        for sex, name in ((TOTAL, ""), (WOMEN, "women_"), (MEN, "men_")):
            row |= {name + key: own.loc[sex, key] for key in ("positive", "valid", "share")}
        row["attainment"], row["sure"] = (
            (TOO_FEW, UNKNOWN)
            if own.loc[TOTAL, "valid"] < max(fewest, 1)
            else _judged(own.loc[TOTAL], goal, question in rising)
        )
        rows.append(row)
    return pd.DataFrame(rows)


def _judged(total: pd.Series, goal: float, rising: bool) -> tuple[str, str]:
    if np.isnan(goal):
        return NO_TARGET, UNKNOWN
    reached = total["share"] >= goal
    within = total["lower"] < goal <= total["upper"]
    name = REACHED if reached else IMPROVING if rising else NOT_REACHED
    return name, "no" if within else "yes"
