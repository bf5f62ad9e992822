"""Share of positive answers: with interval, by group, and women beside men."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from umea_eval.datasets.survey.measures.answers import VALID
from umea_eval.datasets.survey.measures.participation import compare
from umea_eval.intake.codes import MEN, WOMEN
from umea_eval.methods.multiplicity import adjusted_p
from umea_eval.methods.proportions import wilson

TOTAL = "total"
THIRD = "third"


def shares(
    answers: pd.DataFrame, *, by: Sequence[str] = (), confidence: float = 0.95
) -> pd.DataFrame:
    """Positive of valid answers, one row per question and group of ``by``.

    ``question``, those of ``by``, ``positive``, ``valid`` (n of the question), ``share`` with
    Wilson's limits; missing where nobody has a valid answer.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> answers = measures.long_answers(tables["responses"], tables["questionnaire"])
    >>> shares = measures.shares(answers)
    >>> bool((shares["positive"] <= shares["valid"]).all())
    True
    """
    groups = ["question", *by]
    valid = answers["state"] == VALID
    counted = answers.assign(
        valid=valid.to_numpy(dtype=np.int64), positive=answers["positive"].to_numpy(dtype=np.int64)
    )
    made = counted.groupby(groups, sort=False)[["positive", "valid"]].sum().reset_index()
    order = {name: place for place, name in enumerate(dict.fromkeys(answers["question"]))}
    made = made.sort_values(
        groups,
        key=lambda column: column.map(order) if column.name == "question" else column.astype("str"),
        kind="stable",
        ignore_index=True,
    )
    return with_share(made, confidence)


def by_sex(answers: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Positive of valid answers for women, men, the third category, and all of them.

    The third category is those who state another sex or none: they are in the total, and in a row
    of their own (``third``), never left out nor dealt out over women and men.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> answers = measures.long_answers(tables["responses"], tables["questionnaire"])
    >>> sexes = measures.by_sex(answers)
    >>> sexes[["question", "sex", "positive", "valid"]].head(4)  # the last row is all
      question    sex  positive  valid
    0       F1  women        27     29
    1       F1    men        21     23
    2       F1  third         4      5
    3       F1  total        52     57
    """
    three = answers["sex"].map({WOMEN: WOMEN, MEN: MEN}).fillna(THIRD)
    own = answers.assign(sex=three.to_numpy())
    every = pd.concat([own, own.assign(sex=TOTAL)])
    made = shares(every, by=["sex"], confidence=confidence)
    whole = pd.MultiIndex.from_product(
        [dict.fromkeys(answers["question"]), (WOMEN, MEN, THIRD, TOTAL)], names=["question", "sex"]
    )
    made = made.set_index(["question", "sex"]).reindex(whole)
    counts = made[["positive", "valid"]].fillna(0).astype("int64")
    return made.assign(**counts).reset_index()


def sex_differences(table: pd.DataFrame, *, alpha: float = 0.05) -> pd.DataFrame:
    """Women minus men in every question of `by_sex`, as one family (Holm).

    ``question``, ``women``, ``women_of``, ``men``, ``men_of``, ``value`` with Newcombe's limits,
    ``p_value``, ``adjusted``, ``differs``. Missing where one of the sexes has no valid answer.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> answers = measures.long_answers(tables["responses"], tables["questionnaire"])
    >>> differences = measures.sex_differences(measures.by_sex(answers))
    >>> bool((differences["adjusted"].dropna() >= differences["p_value"].dropna()).all())
    True
    """
    rows = []
    for question in dict.fromkeys(table["question"]):
        own = table[table["question"] == question].set_index("sex")
        x1, x2 = (int(own.loc[sex, "positive"]) for sex in (WOMEN, MEN))
        n1, n2 = (int(own.loc[sex, "valid"]) for sex in (WOMEN, MEN))
        found = compare(x1, n1, x2, n2) if n1 and n2 else (np.nan,) * 4
        rows.append((question, x1, n1, x2, n2, *found))
    names = ["question", "women", "women_of", "men", "men_of", "value", "lower", "upper"]
    return in_family(pd.DataFrame(rows, columns=[*names, "p_value"]), alpha)


def in_family(table: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """The table with ``adjusted`` p-values (Holm over its rows) and whether each ``differs``."""
    known = table["p_value"].notna()
    adjusted = np.full(len(table), np.nan)
    if known.any():
        adjusted[known.to_numpy()] = adjusted_p(table.loc[known, "p_value"].to_numpy())
    return table.assign(adjusted=adjusted, differs=adjusted <= alpha)


def with_share(table: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """The table with ``share``, ``lower`` and ``upper`` of ``positive`` of ``valid``."""
    made = {name: np.full(len(table), np.nan) for name in ("share", "lower", "upper")}
    good = (table["valid"] > 0).to_numpy()
    if good.any():
        x, n = (table.loc[good, name].to_numpy() for name in ("positive", "valid"))
        limits = wilson(x, n, confidence=confidence)
        made["share"][good] = x / n
        made["lower"][good], made["upper"][good] = limits
    return table.assign(**made)
