"""Own result beside other municipalities': their unweighted mean, and named as such."""

from __future__ import annotations

import pandas as pd


def against_cities(own: pd.DataFrame, comparison: pd.DataFrame) -> pd.DataFrame:
    """Own share beside the unweighted mean over municipalities, one row per question both have.

    ``own`` is what `shares` gives, ``comparison`` the rows of one year: ``question``,
    ``municipality`` and ``share`` (per cent). Every municipality weighs the same, however many
    answered there. ``question``, ``positive``, ``valid``, ``share``, ``lower``, ``upper`` (own),
    ``mean``, ``lowest``, ``highest`` (shares 0 to 1), ``municipalities``, ``value`` (own less the
    mean) and ``outside`` (the mean lies outside the own interval). How certain the others' results
    are nobody has told, so the comparison is with their mean as it stands.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> answers = measures.long_answers(tables["responses"], tables["questionnaire"])
    >>> own = measures.shares(answers[answers["year"] == 2023])
    >>> comparison = tables["comparison"].query("year == 2023")
    >>> beside = measures.against_cities(own, comparison)
    >>> bool((beside["lowest"] <= beside["mean"]).all())
    True
    """
    given = comparison.assign(
        question=comparison["question"].astype("str"),
        other=comparison["share"].astype("float64") / 100,
    )
    mean = given.groupby("question")["other"].agg(["mean", "min", "max", "size"]).reset_index()
    mean = mean.rename(columns={"min": "lowest", "max": "highest", "size": "municipalities"})
    names = ["question", "positive", "valid", "share", "lower", "upper"]
    both = own[names].merge(mean, on="question")
    outside = (both["mean"] < both["lower"]) | (both["mean"] > both["upper"])
    return both.assign(value=both["share"] - both["mean"], outside=outside)
