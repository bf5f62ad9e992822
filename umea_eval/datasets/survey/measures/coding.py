"""Do two coders put the same comments in the same categories?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.methods.agreement import gwet_ac1, kappa


def coder_agreement(codings: pd.DataFrame) -> pd.DataFrame:
    """Cohen's kappa and Gwet's AC1, one row per question and measure.

    ``codings`` has ``question`` and the categories that the ``first`` and ``second`` coder chose.
    ``question``, ``measure`` (kappa, ac1), ``agreed`` of ``comments``, ``share``, ``value`` with
    limits. Missing where all comments fall in one category: chance alone would agree.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> agreement = measures.coder_agreement(tables["codings"])
    >>> agreement["measure"].tolist()
    ['kappa', 'ac1']
    """
    rows = []
    for question, own in codings.groupby(codings["question"].astype("str"), sort=True):
        pairs = own[["first", "second"]].astype("str")
        agreed = int((pairs["first"] == pairs["second"]).sum())
        several = len(set(pairs["first"]) | set(pairs["second"])) > 1
        for name, method in (("kappa", kappa), ("ac1", gwet_ac1)):
            found = (np.nan, np.nan, np.nan)
            if several:
                row = method(pairs, "first", "second").table.iloc[0]
                found = (row["value"], row["lower"], row["upper"])
            rows.append((question, name, agreed, len(own), agreed / len(own), *found))
    names = ["question", "measure", "agreed", "comments", "share", "value", "lower", "upper"]
    return pd.DataFrame(rows, columns=names)
