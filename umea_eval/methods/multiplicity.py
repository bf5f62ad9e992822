"""Many tests at once: p-values adjusted within a family that was named in advance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.multitest import multipletests

from umea_eval.errors import UserError
from umea_eval.language import Language, listing, number, text
from umea_eval.methods.estimates import Estimates, estimate_table
from umea_eval.methods.inputs import (
    FloatArray,
    choice,
    column,
    group_keys,
    no_duplicates,
    numbers,
    refuse,
)

Method = Literal["holm", "benjamini_hochberg"]
_STATSMODELS = {"holm": "holm", "benjamini_hochberg": "fdr_bh"}
_NAMES = {"holm": "Holm", "benjamini_hochberg": "Benjamini-Hochberg"}


@dataclass(frozen=True, kw_only=True)
class Adjusted(Estimates):
    """Adjusted p-values (``value``) beside the given ones (``p_value``), one row per hypothesis.

    ``rejected`` says whether the adjusted value is at most ``alpha``.
    """

    family: str
    alpha: float

    words: ClassVar[str] = "multiplicity.adjusted"

    def text(self, language: Language) -> str:
        """Which of the family's hypotheses stand after adjustment."""
        kept = self.table.loc[self.table["rejected"], self.label[0]]
        return text(
            f"methods.{self.words}.text",
            language,
            family=self.family,
            method=self.table["method"].iloc[0],
            tests=len(self.table),
            kept=len(kept),
            names=f": {listing([str(name) for name in kept], language)}" if len(kept) else "",
            alpha=number(self.alpha, language),
        )


def adjust(
    data: pd.DataFrame,
    p: str,
    *,
    hypothesis: str,
    family: str,
    declared: Sequence[object],
    method: Method = "holm",
    alpha: float = 0.05,
) -> Adjusted:
    """Adjust the p-values of one ``family`` of tests.

    ``declared`` lists the family's hypotheses as they were named before the results were read;
    ``data`` has one row for each, in the column ``hypothesis``, with its p-value in ``p``. Holm
    bounds the chance of any false finding, Benjamini and Hochberg the share of false ones among
    the findings. Raises UserError if a declared test is missing, or one was not declared.
    Equals R ``p.adjust`` with "holm" and "BH" (C04).

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> tests = pd.DataFrame({"question": ["a", "b", "c"], "p": [0.01, 0.04, 0.03]})
    >>> adjusted = ue.methods.multiplicity.adjust(
    ...     tests, "p", hypothesis="question", family="main", declared=["a", "b", "c"]
    ... )
    >>> adjusted.table[["question", "p_value", "value", "rejected"]]
      question  p_value  value  rejected
    0        a     0.01   0.03      True
    1        b     0.04   0.06     False
    2        c     0.03   0.06     False
    """
    choice(method, Method, "method")
    names = group_keys(data, hypothesis)[hypothesis]
    no_duplicates(data, [hypothesis])
    missing = len(set(declared) - set(names))
    undeclared = len(set(names) - set(declared))
    if missing or undeclared:
        raise UserError(
            "methods.multiplicity.family", family=family, missing=missing, undeclared=undeclared
        )
    given = numbers(column(data, p), p)
    value = adjusted_p(given, method=method)
    table = estimate_table(
        data[[hypothesis]],
        value=value,
        lower=np.nan,
        upper=np.nan,
        confidence=None,
        method=_NAMES[method],
        p_value=given,
        rejected=value <= alpha,
    )
    return Adjusted(table, label=(hypothesis,), family=family, alpha=alpha)


def adjusted_p(p: npt.ArrayLike, *, method: Method = "holm") -> FloatArray:
    """Adjusted p-values in the order given. Equals R ``p.adjust`` (C04).

    >>> import umea_eval as ue
    >>> [round(float(p), 2) for p in ue.methods.multiplicity.adjusted_p([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    >>> [
    ...     round(float(p), 2)
    ...     for p in ue.methods.multiplicity.adjusted_p(
    ...         [0.01, 0.04, 0.03], method="benjamini_hochberg"
    ...     )
    ... ]
    [0.03, 0.04, 0.04]
    """
    choice(method, Method, "method")
    given = numbers(p, "p")
    refuse((given < 0) | (given > 1), "methods.multiplicity.not_p", "p")
    return np.asarray(multipletests(given, method=_STATSMODELS[method])[1], dtype=np.float64)
