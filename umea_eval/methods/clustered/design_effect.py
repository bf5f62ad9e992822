"""How many independent persons are the persons in shared homes worth?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe
from umea_eval.methods.inputs import Column, labels, level, numbers, same_length
from umea_eval.methods.result import COLUMNS, Result
from umea_eval.methods.sentences import sentence
from umea_eval.style import BLUE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class DesignEffect(Result):
    """``table``: rows "intraclass correlation", "design effect" and "effective sample size" in the
    column ``measure``, with limits; ``denominator`` persons."""

    clusters: int
    mean_size: float

    def text(self, language: Language) -> str:
        """The three measures in one sentence."""
        value = dict(zip(self.table["measure"], self.table["value"], strict=True))
        return sentence(
            "methods.clustered.design_effect",
            language,
            persons=self.table["denominator"].iloc[0],
            clusters=self.clusters,
            icc=value["intraclass correlation"],
            effect=value["design effect"],
            effective=value["effective sample size"],
        )

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the intraclass correlation with its limits."""
        ax = axes(ax)
        row = self.table.iloc[0]
        error = [[row["value"] - row["lower"]], [row["upper"] - row["value"]]]
        ax.errorbar([row["value"]], [0], xerr=error, fmt="o", color=BLUE)
        ax.set_yticks([])
        return describe(ax, language, x="within")


def design_effect(
    values: Column, clusters: Column, *, groups: Column | None = None, confidence: float = 0.95
) -> DesignEffect:
    """Intraclass correlation by analysis of variance, and what it does to the sample size.

    ``values``: one per person, continuous or 0 and 1. ``groups`` takes away what groups of clusters
    differ: the correlation is that within them. A negative estimate is kept (persons of one
    home more unlike than by chance) but no design effect below 1 / (largest cluster) follows.
    The design effect is 1 + (sum of m^2 / sum of m - 1) * correlation for clusters of size m.
    Limits by Searle's F, exact for equal sizes and a normal outcome.
    UserError for fewer than two clusters, no group with two, clusters of one person each or in two
    groups, and no variation.
    Source: Donner & Klar 2000, section 1; Searle 1971; Kish 1965.

    >>> import umea_eval as ue
    >>> effect = ue.methods.clustered.design_effect(
    ...     [1, 2, 5, 6, 9, 10], ["a", "a", "b", "b", "c", "c"]
    ... )
    >>> effect.table[["measure", "value"]].round(3)
                      measure  value
    0  intraclass correlation  0.969
    1           design effect  1.969
    2   effective sample size  3.047
    """
    level(confidence)
    y = numbers(values, "values")
    codes, names = labels(clusters, "clusters")
    same_length(y, codes, ("values", "clusters"))
    group = np.zeros(len(y), dtype=np.int64)
    if groups is not None:
        group, _ = labels(groups, "groups")
        same_length(y, group, ("values", "groups"))
    own = np.zeros(len(names), dtype=np.int64)
    own[codes] = group
    if (own[codes] != group).any():
        raise UserError("methods.clustered.not_nested")
    k, n = len(names), len(y)
    free = k - len(np.unique(group))
    if free < 1:
        raise UserError("methods.clustered.one_cluster")
    if n == k:
        raise UserError("methods.clustered.single_persons")
    size = np.bincount(codes).astype(np.float64)
    mean = np.bincount(codes, weights=y) / size
    persons = np.bincount(group)
    usual = np.bincount(group, weights=y) / np.maximum(persons, 1)
    between = float(size @ (mean - usual[own]) ** 2) / free
    within = float(((y - mean[codes]) ** 2).sum()) / (n - k)
    if within == 0:
        raise UserError("methods.clustered.no_variation")
    average = float(n - (size**2 / persons[own]).sum()) / free
    ratio = between / within
    tail = (1 - confidence) / 2
    ratios = np.array(
        [
            ratio,
            ratio / stats.f.ppf(1 - tail, free, n - k),
            ratio / stats.f.ppf(tail, free, n - k),
        ]
    )
    correlation = (ratios - 1) / (ratios - 1 + average)
    weighted = float((size**2).sum() / n)
    effect = np.maximum(1 + (weighted - 1) * correlation, 1 / float(size.max()))
    effective = (n / effect)[[0, 2, 1]]
    table = pd.DataFrame([correlation, effect, effective], columns=["value", "lower", "upper"])
    table.insert(0, "measure", ["intraclass correlation", "design effect", "effective sample size"])
    table["numerator"] = np.nan
    table["denominator"] = float(n)
    table["confidence"] = confidence
    table["method"] = "analysis of variance"
    return DesignEffect(table[["measure", *COLUMNS]], k, n / k)
