"""How is a sum of money shared between health centres, and who gains and loses?"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

import numpy as np
import pandas as pd

from umea_eval.errors import UserError


def over_threshold(centres: pd.DataFrame, budget: int, *, threshold: float = 1.1) -> pd.DataFrame:
    """The budget shared over a threshold: amount_j = budget * N_j * max(CNI_j - t, 0) / sum.

    ``centres`` has one row per centre: ``centre`` (code), ``listed`` (persons) and ``cni``
    (normalised). Returns the rows, in the order given, with ``excess`` (CNI above the threshold,
    0 at or below it), ``exact`` (kronor, continuous in every CNI, also at the threshold) and
    ``amount`` (whole kronor). The amounts add up to ``budget`` exactly: the kronor that rounding
    down leaves go to the largest remainders, those of equal remainders by centre code.

    Raises UserError for a budget that is not above 0, a missing index or number of listed persons,
    a centre that comes twice, and where no centre is above the threshold.
    Source: Region Västerbotten, RS 1869-2021 (the threshold); the formula is the project's.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.care_need.measures
    >>> import pandas as pd
    >>> centres = pd.DataFrame(
    ...     {"centre": ["A", "B", "C"], "listed": [5000, 4000, 6000], "cni": [1.3, 1.1, 1.2]}
    ... )
    >>> shared = measures.over_threshold(centres, 1000000)
    >>> shared[["centre", "excess", "amount"]].round(2)  # 5000 x 0.2 against 6000 x 0.1
      centre  excess  amount
    0      A     0.2  625000
    1      B     0.0       0
    2      C     0.1  375000
    """
    _check(centres, budget)
    limit = Fraction(threshold)
    needs = [
        Fraction(int(listed)) * max(Fraction(float(index)) - limit, Fraction(0))
        for listed, index in zip(centres["listed"], centres["cni"], strict=True)
    ]
    if not any(needs):
        highest = float(centres["cni"].max()) if len(centres) else float("nan")
        raise UserError("care_need.errors.none_above", threshold=threshold, highest=highest)
    excess = np.maximum(centres["cni"].to_numpy(dtype=np.float64) - threshold, 0.0)
    return _shared(centres.assign(excess=excess), needs, budget)


def by_need(centres: pd.DataFrame, budget: int) -> pd.DataFrame:
    """The budget shared by N * CNI, without a threshold: every centre has its part.

    Columns, order, rounding and errors as in `over_threshold` (there is no ``excess``).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.care_need.measures
    >>> import pandas as pd
    >>> centres = pd.DataFrame(
    ...     {"centre": ["A", "B", "C"], "listed": [5000, 4000, 6000], "cni": [1.3, 1.1, 1.2]}
    ... )
    >>> measures.by_need(centres, 1000000)[["centre", "amount"]]
      centre  amount
    0      A  359116
    1      B  243094
    2      C  397790
    """
    _check(centres, budget)
    needs = [
        Fraction(int(listed)) * Fraction(float(index))
        for listed, index in zip(centres["listed"], centres["cni"], strict=True)
    ]
    if not any(needs):
        raise UserError("care_need.errors.no_need")
    return _shared(centres, needs, budget)


def largest_remainder(exact: Sequence[Fraction], total: int, order: Sequence[str]) -> list[int]:
    """Whole parts of ``total`` as near ``exact`` (which adds up to it) as can be.

    Each is rounded down, and what is left goes one by one to the largest remainders; of equal
    remainders to the first in ``order``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.care_need.measures
    >>> from fractions import Fraction
    >>> measures.largest_remainder([Fraction(10, 3)] * 3, 10, ["A", "B", "C"])
    [4, 3, 3]
    """
    parts = [floor(each) for each in exact]
    left = total - sum(parts)
    ranked = sorted(range(len(exact)), key=lambda i: (parts[i] - exact[i], order[i]))
    for place in ranked[:left]:
        parts[place] += 1
    return parts


def compared(
    centres: pd.DataFrame,
    budget: int,
    *,
    threshold: float = 1.1,
    special: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The three ways to share the money, beside each other, one row per centre by code.

    ``special`` has ``centre`` and ``amount`` (kronor): what the special assignment paid; centres
    that are not in it had nothing. Returns ``centre``, ``listed``, ``cni``, ``amount`` (over the
    threshold), ``by_need`` (N * CNI), ``special`` (as paid), ``against_special`` and
    ``against_need`` (kronor gained, negative for what is lost).
    Raises UserError as `over_threshold`, and for a payment to a centre that has no row.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.care_need.measures
    >>> import pandas as pd
    >>> centres = pd.DataFrame(
    ...     {"centre": ["A", "B", "C"], "listed": [5000, 4000, 6000], "cni": [1.3, 1.1, 1.2]}
    ... )
    >>> special = pd.DataFrame({"centre": ["A"], "amount": [1000000]})
    >>> measures.compared(centres, 1000000, special=special)[
    ...     ["centre", "amount", "special", "against_special"]
    ... ]
      centre  amount    special  against_special
    0      A  625000  1000000.0        -375000.0
    1      B       0        0.0              0.0
    2      C  375000        0.0         375000.0
    """
    paid = pd.Series(0.0, index=centres["centre"].astype("str"))
    if special is not None and len(special):
        own = special.groupby(special["centre"].astype("str"))["amount"].sum()
        unknown = sorted(set(own.index) - set(paid.index))
        if unknown:
            raise UserError("care_need.errors.paid_unknown", centre=unknown[0])
        paid = paid.add(own, fill_value=0.0)
    over = over_threshold(centres, budget, threshold=threshold)
    need = by_need(centres, budget)
    made = over[["centre", "listed", "cni", "excess", "amount"]].assign(
        by_need=need["amount"],
        special=paid.reindex(over["centre"].astype("str")).to_numpy(),
    )
    made = made.assign(
        against_special=made["amount"] - made["special"],
        against_need=made["amount"] - made["by_need"],
    )
    return made.sort_values("centre", kind="stable", ignore_index=True)


def _shared(centres: pd.DataFrame, needs: Sequence[Fraction], budget: int) -> pd.DataFrame:
    total = sum(needs)
    exact = [budget * need / total for need in needs]
    codes = centres["centre"].astype("str").tolist()
    return centres.assign(
        exact=[float(each) for each in exact],
        amount=np.array(largest_remainder(exact, budget, codes), dtype=np.int64),
    )


def _check(centres: pd.DataFrame, budget: int) -> None:
    if budget <= 0 or budget != int(budget):
        raise UserError("care_need.errors.budget")
    listed = centres["listed"].to_numpy(dtype=np.float64, na_value=np.nan)
    if bool(np.isnan(listed).any()) or bool((listed <= 0).any()):
        raise UserError("care_need.errors.listed")
    if bool(centres["cni"].isna().any()):
        raise UserError("care_need.errors.no_index")
    twice = centres.loc[centres["centre"].duplicated(), "centre"]
    if len(twice):
        raise UserError("care_need.errors.centre_twice", centre=twice.iloc[0])
