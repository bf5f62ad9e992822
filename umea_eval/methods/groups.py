"""Every group beside the group that it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.methods.inputs import By, FloatArray, column, group_keys, in_order, keys, sums

Read = Callable[
    [npt.ArrayLike | pd.Series, npt.ArrayLike | pd.Series, tuple[str, str]],
    tuple[FloatArray, FloatArray],
]


@dataclass(frozen=True)
class Pairs:
    """Groups and their reference, row by row: ``x`` of ``n`` against ``reference_x`` of its n."""

    labels: pd.DataFrame
    x: FloatArray
    n: FloatArray
    reference_x: FloatArray
    reference_n: FloatArray

    @property
    def counts(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """The group's x and n, then the reference's."""
        return self.x, self.n, self.reference_x, self.reference_n

    @property
    def reference_columns(self) -> dict[str, FloatArray]:
        """What a table says of the reference."""
        return {
            "reference_numerator": self.reference_x,
            "reference_denominator": self.reference_n,
        }


def against(
    data: pd.DataFrame, x: str, n: str, *, group: str, reference: Any, by: By, read: Read
) -> Pairs:
    """Sum ``x`` and ``n`` within ``by`` and ``group``; pair each group with ``reference``."""
    counted, base = read(column(data, x), column(data, n), (x, n))
    strata = keys(by)
    total = sums(data, {"_x": counted, "_n": base}, [*strata, group])
    is_reference = total[group] == reference
    known = ", ".join(str(name) for name in in_order(group_keys(data, group)[group].unique()))
    if len(total[group].unique()) < 2:
        raise UserError("methods.inputs.one_group", column=group)
    wanted = total[strata].drop_duplicates()
    base_rows = total.loc[is_reference, [*strata, "_x", "_n"]]
    if len(base_rows) != len(wanted) and not (not strata and len(base_rows) == 1):
        raise UserError("methods.inputs.no_group", column=group, known=known)
    others = total[~is_reference]
    how: Any = {"on": strata} if strata else {"how": "cross"}
    paired = others.merge(base_rows, suffixes=("", "_reference"), **how)
    return Pairs(
        labels=paired[[*strata, group]],
        x=paired["_x"].to_numpy(),
        n=paired["_n"].to_numpy(),
        reference_x=paired["_x_reference"].to_numpy(),
        reference_n=paired["_n_reference"].to_numpy(),
    )
