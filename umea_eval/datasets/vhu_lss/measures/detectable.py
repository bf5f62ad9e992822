"""Which differences in participation could the achieved numbers show at all?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.measures.participation import Base, Taking, participation
from umea_eval.datasets.vhu_lss.measures.shares import estimates
from umea_eval.errors import UserError
from umea_eval.methods.power import design_effect, smallest_differences

NOT_POSSIBLE = "none: no group of that size, or nobody or everybody takes part"


def detectable_participation(
    everybody: pd.DataFrame,
    *,
    by: str = "municipality",
    reference: str,
    base: Base = "offered",
    taking_part: Taking = "accepted",
    correlation_in_homes: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """The smallest difference from the share of ``reference`` that each group's size can show.

    ``everybody`` is what ``people`` gives. Two rows per other group, ``direction`` increase and
    decrease; ``value`` in shares (0.3 is thirty percentage points), missing where no difference
    that is possible can be detected. ``denominator`` and ``reference_denominator`` are the sizes.
    ``correlation_in_homes`` is that between persons of one home: it makes fewer of them, by the
    mean number of persons of a home. Raises UserError for a reference that has nobody.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> import datetime as dt
    >>> tables = ue.example("vhu_lss", n=60)
    >>> everybody = measures.people(
    ...     tables["persons"],
    ...     tables["examinations"],
    ...     tables["follow_ups"],
    ...     until=dt.date(2026, 1, 31),
    ... )
    >>> smallest = measures.detectable_participation(everybody, reference="2480")
    >>> smallest["direction"].unique().tolist()
    ['increase', 'decrease']
    """
    table = participation(everybody, by=by, base=base, taking_part=taking_part)
    if table.empty:
        return estimates([], [by, "direction"])
    own = table[table[by] == reference]
    if own.empty:
        known = ", ".join(sorted(table[by].dropna().astype("str")))
        raise UserError("vhu_lss.measures.no_reference", column=by, known=known)
    size, share = float(own["denominator"].iloc[0]), float(own["value"].iloc[0])
    inflation = 1.0
    if correlation_in_homes:
        per_home = everybody.groupby("home")["person"].size().mean()
        inflation = design_effect(float(per_home), correlation_in_homes)
    rows: list[dict[str, object]] = []
    for each in table[(table[by] != reference) & table[by].notna()].to_dict("records"):
        found = {"increase": np.nan, "decrease": np.nan}
        method = NOT_POSSIBLE
        if 0 < share < 1:
            up, down = smallest_differences(
                each["denominator"], size, share, power=power, alpha=alpha, inflation=inflation
            )
            found, method = {"increase": up, "decrease": -down}, "two proportions"
        rows += [
            {by: each[by], "direction": direction, "numerator": np.nan, "value": value}
            | {"denominator": each["denominator"], "lower": np.nan, "upper": np.nan}
            | {"confidence": np.nan, "method": method, "reference_denominator": size}
            | {"baseline": share, "inflation": inflation, "power": power, "alpha": alpha}
            for direction, value in found.items()
        ]
    return estimates(rows, [by, "direction"])
