"""Has a share changed between two years, and can it be told from chance?"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from umea_eval.datasets.survey.measures.participation import compare
from umea_eval.datasets.survey.measures.shares import in_family
from umea_eval.errors import UserError
from umea_eval.methods.power import detectable_proportions
from umea_eval.methods.proportions.printed import Printed, possible_counts


def changes(before: pd.DataFrame, after: pd.DataFrame, *, alpha: float = 0.05) -> pd.DataFrame:
    """The later share minus the earlier one in every question that both years have.

    ``before`` and ``after`` are what `shares` gives, one row per question. The questions are one
    family (Holm). ``question``, ``before``, ``before_of``, ``after``, ``after_of`` (counts),
    ``value`` with Newcombe's limits, ``p_value``, ``adjusted``, ``differs`` (whether chance alone
    would seldom give as much) and ``detectable``, the smallest change downwards (else upwards) that
    the numbers of answers could have shown with a power of 80 per cent.

    The respondents of the years are taken as different persons. If many answered both years, and
    alike, the interval is somewhat too wide.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> answers = measures.long_answers(tables["responses"], tables["questionnaire"])
    >>> earlier, later = (
    ...     measures.shares(answers[answers["year"] == year]) for year in (2022, 2023)
    ... )
    >>> changed = measures.changes(earlier, later)
    >>> changed["question"].tolist()
    ['F1', 'F2', 'F3', 'F4', 'F5', 'F6']
    """
    names = ["question", "positive", "valid"]
    both = before[names].merge(after[names], on="question", suffixes=("_before", "_after"))
    rows = []
    for row in both.to_dict("records"):
        x1, n1 = int(row["positive_after"]), int(row["valid_after"])
        x2, n2 = int(row["positive_before"]), int(row["valid_before"])
        found = compare(x1, n1, x2, n2) if n1 and n2 else (np.nan,) * 4
        least = _detectable(x2, n2, n1) if n1 and n2 else np.nan
        rows.append((row["question"], x2, n2, x1, n1, *found, least))
    columns = ["question", "before", "before_of", "after", "after_of", "value", "lower", "upper"]
    return in_family(pd.DataFrame(rows, columns=[*columns, "p_value", "detectable"]), alpha)


def printed_change(
    before: Printed, after: Printed, *, answers: int, within: int = 3, alpha: float = 0.05
) -> pd.DataFrame:
    """Can the change between two printed percentages be told from chance at about so many answers?

    For reports that print shares and not counts. Every pair of counts that prints as the two
    percentages, with ``answers`` give or take ``within`` in each year, is tried: one row per pair,
    columns as in `changes` (each pair is a possibility, not a test: nothing is adjusted), and
    ``differs``. Raises UserError where no counts print as the percentages.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> pairs = measures.printed_change("78", "88", answers=50, within=1)
    >>> pairs["differs"].unique().tolist()  # 10 points of 50 answers are within chance
    [False]
    """
    low, high = max(answers - within, 1), answers + within
    tried = []
    for printed in (before, after):
        table = possible_counts(printed, up_to=high, at_least=low).table
        if table.empty:
            raise UserError("survey.errors.not_printed", share=str(printed), low=low, high=high)
        tried.append(table[["numerator", "denominator"]].astype("int64").to_numpy().tolist())
    rows = [(x1, n1, x2, n2, *compare(x2, n2, x1, n1)) for (x1, n1), (x2, n2) in product(*tried)]
    names = ["before", "before_of", "after", "after_of", "value", "lower", "upper", "p_value"]
    made = pd.DataFrame(rows, columns=names)
    return made.assign(differs=made["p_value"] <= alpha)


def _detectable(x: int, n: int, later: int) -> float:
    """The smallest fall, else rise, from x of n that ``later`` answers could have shown."""
    if not 0 < x < n:
        return np.nan
    found = detectable_proportions(later, n, x / n).table.set_index("direction")["value"].abs()
    ways = [float(found[way]) for way in ("decrease", "increase") if not np.isnan(found[way])]
    return ways[0] if ways else np.nan
