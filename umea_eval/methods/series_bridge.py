"""How do two ways of counting the same period compare, so that series can be read across a change?

Where a definition, a rule of counting or a record system changed, a line across the change would
show the change and not what happened. What can be said is what the old and the new way give of the
same period and the same persons: their ratio. It says nothing of other periods than those in which
the persons and their records are alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.stats import t as t_distribution

from umea_eval.errors import UserError
from umea_eval.methods.estimates import Estimates, estimate_table
from umea_eval.methods.inputs import By, FloatArray, column, counts, keys, level, sums

FEWEST_UNITS = 2
_NEW, _OLD = "counted the new way", "counted the old way"


@dataclass(frozen=True)
class SeriesBridge(Estimates):
    """Totals under the new way over totals under the old one, of the same period."""

    words: ClassVar[str] = "bridge"
    null: ClassVar[float | None] = 1.0


def series_bridge(
    data: pd.DataFrame,
    new: str,
    old: str,
    *,
    unit: str,
    by: By = None,
    confidence: float = 0.95,
) -> SeriesBridge:
    """The total of ``new`` over that of ``old`` on the same period, with an interval over units.

    One or more rows per ``unit`` (a child, a household, a home: what is independent), with what is
    counted of it the new and the old way (days, events, 0 or 1; none below zero). ``numerator`` and
    ``denominator`` are the totals, ``units`` those with anything counted either way. The limits are
    those of a ratio estimator on the logarithmic scale with t and ``units`` - 1 degrees of freedom:
    since both ways count the same units, only units that they count unalike widen them. Without
    such a unit the ratio is the same in every sample, and so are its limits. ``by``: one row for
    each group.

    Raises UserError where nothing is counted the old way, and for columns that are not counts.
    With fewer than two units, or nothing counted the new way, the limits are missing.
    Source: Cochran 1977, Sampling techniques, 6.4 (variance of a ratio of totals).

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> days = pd.DataFrame({"child": [1, 2, 3], "both": [31, 11, 20], "nights": [31, 10, 19]})
    >>> bridge = ue.methods.series_bridge.series_bridge(days, "nights", "both", unit="child")
    >>> bridge.table[["numerator", "denominator", "value", "lower", "upper"]].round(3).to_dict(
    ...     "records"
    ... )
    [{'numerator': 60.0, 'denominator': 62.0, 'value': 0.968, 'lower': 0.868, 'upper': 1.079}]
    """
    level(confidence)
    ways = {_NEW: counts(column(data, new), new), _OLD: counts(column(data, old), old)}
    totals = sums(data, ways, [*keys(by), unit])
    groups = totals.groupby(keys(by), sort=True, observed=True) if keys(by) else [((), totals)]
    rows = []
    for name, part in groups:
        value, lower, upper, error, size = _ratio(
            part[_NEW].to_numpy(), part[_OLD].to_numpy(), confidence, old
        )
        rows.append(
            {
                **dict(zip(keys(by), name, strict=True)),
                **{"numerator": part[_NEW].sum(), "denominator": part[_OLD].sum()},
                **{"value": value, "lower": lower, "upper": upper},
                **{"standard_error": error, "units": size},
            }
        )
    made = pd.DataFrame(rows)
    table = estimate_table(
        made[keys(by)],
        **{name: made[name] for name in ("numerator", "denominator", "value", "lower", "upper")},
        confidence=confidence,
        method="ratio of totals, linearised, log, t",
        standard_error=made["standard_error"],
        units=made["units"],
    )
    return SeriesBridge(table, label=tuple(keys(by)))


def _ratio(
    new: FloatArray, old: FloatArray, confidence: float, name: str
) -> tuple[float, float, float, float, int]:
    """The ratio, its limits, the standard error of its logarithm, and the units that count."""
    counted = (new > 0) | (old > 0)
    new, old = new[counted], old[counted]
    if not old.sum() > 0:
        raise UserError("methods.bridge.none", column=name)
    size = len(old)
    value = float(new.sum() / old.sum())
    if size < FEWEST_UNITS or value == 0:
        return value, np.nan, np.nan, np.nan, size
    spread = ((new - value * old) ** 2).sum() * size / (size - 1)
    error = float(np.sqrt(spread) / new.sum())
    reach = float(t_distribution.ppf((1 + confidence) / 2, size - 1)) * error
    return value, value * np.exp(-reach), value * np.exp(reach), error, size
