"""How much of the falling is that of a few residents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures.selection import (
    FALLS,
    Months,
    chosen,
    grouped,
    no_rows,
    tidy,
)
from umea_eval.errors import UserError
from umea_eval.methods.proportions import proportion

_MORE = ("falls", "falls_of_repeaters", "unnamed")


def repeat_fallers(
    deviations: pd.DataFrame,
    *,
    at_least: int = 2,
    by: Sequence[str] = (),
    months: Months = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Residents with ``at_least`` falls among the residents with any, in the chosen months.

    Residents are known from reports that name one; a resident with falls in two groups of ``by`` is
    one in each. ``falls`` are the falls of known residents, ``falls_of_repeaters`` those of
    residents with ``at_least`` (falls of one resident hang together, so their share has no
    interval), ``unnamed`` falls without a resident. Wilson limits. Where nobody is known the share
    has no value.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> deviations = ue.example("fallprevention", n=60)["deviations"]
    >>> found = measures.repeat_fallers(deviations)
    >>> bool((found["numerator"] <= found["denominator"]).all())
    True
    """
    if at_least < 2:
        raise UserError("fallprevention.measures.at_least")
    frame = chosen(deviations, kinds=FALLS, months=months)
    named = frame["resident"].notna().to_numpy()
    labels = [*by, "resident"]
    known = frame[named][labels].astype("object").assign(_all=0)
    each = known.groupby(["_all", *labels], dropna=False).size().rename("n").reset_index()
    often = (each["n"] >= at_least).to_numpy()
    people = grouped(
        each,
        by,
        {"x": often, "n": np.ones(len(each)), "falls": each["n"], "of": each["n"].where(often, 0)},
    )
    everything = grouped(frame, by, {"unnamed": ~named})
    if everything.empty:
        return no_rows(by, _MORE)
    table = everything.assign(_all=0).merge(people.assign(_all=0), on=["_all", *by], how="left")
    counted = ["x", "n", "falls", "of"]
    table[counted] = table[counted].fillna(0.0)
    some = (table["n"] > 0).to_numpy()
    result = table[list(by)].assign(
        numerator=table["x"],
        denominator=table["n"],
        value=np.nan,
        lower=np.nan,
        upper=np.nan,
        confidence=confidence,
        method="not computed: no known resident",
        falls=table["falls"],
        falls_of_repeaters=table["of"],
        unnamed=table["unnamed"],
    )
    if some.any():
        found = proportion(table[some], "x", "n", confidence=confidence).table
        for name in ("value", "lower", "upper", "method"):
            result.loc[some, name] = found[name].to_numpy()
    return tidy(result, by)
