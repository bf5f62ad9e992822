"""Do two assessors agree, beyond chance? Cohen's kappa and Gwet's AC1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from umea_eval.errors import UserError
from umea_eval.methods.estimates import Estimates, estimate_table
from umea_eval.methods.inputs import FloatArray, choice, column, counts, group_keys, in_order, level

Weights = Literal["unweighted", "linear", "quadratic"]


@dataclass(frozen=True, kw_only=True)
class Agreement(Estimates):
    """A coefficient of agreement (1 is full agreement, 0 what chance gives).

    ``numerator`` is the pairs of equal assessments among ``denominator``; ``crosstab`` has the
    first assessor's categories as rows and the second's as columns.
    """

    crosstab: pd.DataFrame

    words: ClassVar[str] = "agreement.coefficient"
    null: ClassVar[float | None] = 0.0


def kappa(
    data: pd.DataFrame,
    first: str,
    second: str,
    *,
    categories: Sequence[Any] | None = None,
    weights: Weights = "unweighted",
    confidence: float = 0.95,
) -> Agreement:
    """Cohen's kappa of two assessments, one row of ``data`` per assessed person or event.

    ``categories`` gives their order, which "linear" and "quadratic" ``weights`` need (by default
    that of an ordered categorical, else sorted). The interval is normal, cut at -1 and 1; when all
    pairs agree the formula has no spread, and the interval is missing. Raises UserError for
    missing assessments, and when all fall in one category, where kappa does not exist.
    Source: Fleiss, Cohen & Everitt 1969, Psychol Bull 72:323-327 (standard error). Equals R
    ``vcd::Kappa`` and ``irrCAC::kappa2.table`` (which takes t for the normal distribution).

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {
    ...         "first": ["mild"] * 22 + ["severe"] * 8,
    ...         "second": ["mild"] * 20 + ["severe"] * 2 + ["mild"] * 3 + ["severe"] * 5,
    ...     }
    ... )
    >>> agreement = ue.methods.agreement.kappa(frame, "first", "second")
    >>> agreement.table[["value", "lower", "upper"]].round(3).to_dict("records")
    [{'value': 0.556, 'lower': 0.213, 'upper': 0.9}]
    """
    choice(weights, Weights, "weights")
    order = _declared_order(data, first, second) if categories is None else categories
    table = _crosstab(data, first, second, order)
    share, closeness = _shares(table), _closeness(len(table), weights)
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    observed, chance = (closeness * share).sum(), float(rows @ closeness @ columns)
    value = _beyond_chance(observed, chance)
    # How close each cell is, less what its row and column make likely.
    pull = (closeness @ columns)[:, None] + (rows @ closeness)[None, :]
    spread = (share * (closeness - (1 - value) * pull) ** 2).sum()
    variance = spread - (observed - 2 * (1 - value) * chance) ** 2
    z = float(norm.isf((1 - level(confidence)) / 2))
    name = "Cohen's kappa" + ("" if weights == "unweighted" else f", {weights} weights")
    error = _error(variance, chance, table)
    return _agreement(table, value, error, factor=z, confidence=confidence, name=name)


def gwet_ac1(
    data: pd.DataFrame,
    first: str,
    second: str,
    *,
    categories: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Agreement:
    """Gwet's AC1, which does not collapse when nearly all fall in one category, as kappa does.

    ``categories`` lists also those that neither assessor used: they count in what chance gives.
    The interval takes t on pairs - 1 degrees of freedom, cut at -1 and 1, and is missing when all
    pairs agree. Raises UserError for missing assessments or a single category.
    Source: Gwet 2008, Br J Math Stat Psychol 61:29-48. Equals R ``irrCAC::gwet.ac1.table``.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {
    ...         "first": ["mild"] * 22 + ["severe"] * 8,
    ...         "second": ["mild"] * 20 + ["severe"] * 2 + ["mild"] * 3 + ["severe"] * 5,
    ...     }
    ... )
    >>> agreement = ue.methods.agreement.gwet_ac1(frame, "first", "second")
    >>> agreement.table[["value", "lower", "upper"]].round(3).to_dict("records")
    [{'value': 0.733, 'lower': 0.486, 'upper': 0.981}]
    """
    table = _crosstab(data, first, second, categories)
    share, size = _shares(table), len(table)
    if size < 2:
        raise UserError("methods.agreement.one_category")
    use = (share.sum(axis=1) + share.sum(axis=0)) / 2
    observed, chance = float(np.trace(share)), float((use * (1 - use)).sum() / (size - 1))
    value = _beyond_chance(observed, chance)
    pull = 2 * (1 - (use[:, None] + use[None, :]) / 2) / (size - 1)
    spread = (share * (np.eye(size) - (1 - value) * pull) ** 2).sum()
    variance = spread - (observed - 2 * (1 - value) * chance) ** 2
    pairs = float(table.to_numpy().sum())
    t = float(student.isf((1 - level(confidence)) / 2, max(pairs - 1, 1)))
    error = _error(variance, chance, table)
    return _agreement(table, value, error, factor=t, confidence=confidence, name="Gwet's AC1")


def from_crosstab(table: pd.DataFrame | npt.ArrayLike) -> pd.DataFrame:
    """One row per pair, with columns ``first`` and ``second``, from a square table of counts.

    >>> import umea_eval as ue
    >>> pairs = ue.methods.agreement.from_crosstab([[20, 2], [3, 5]])
    >>> pairs.value_counts(sort=False).tolist()
    [20, 2, 3, 5]
    """
    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(np.asarray(table))
    cells = counts(frame.to_numpy(), "table")
    if cells.shape[0] != cells.shape[1]:
        raise UserError("methods.agreement.not_square", rows=cells.shape[0], columns=cells.shape[1])
    row, place = np.indices(cells.shape)
    times = cells.astype(np.int64).ravel()
    names = frame.columns.to_numpy()
    return pd.DataFrame(
        {
            "first": names[np.repeat(row.ravel(), times)],
            "second": names[np.repeat(place.ravel(), times)],
        }
    )


def _declared_order(data: pd.DataFrame, first: str, second: str) -> list[Any] | None:
    """The order of the categories, where both columns are the same ordered categorical."""
    one, other = column(data, first).dtype, column(data, second).dtype
    if not (isinstance(one, pd.CategoricalDtype) and one.ordered and one == other):
        return None
    return list(one.categories)


def _crosstab(
    data: pd.DataFrame, first: str, second: str, categories: Sequence[Any] | None
) -> pd.DataFrame:
    pairs = group_keys(data, [first, second])
    if pairs.empty:
        raise UserError("methods.inputs.empty", column=first)
    found = set(pairs[first]) | set(pairs[second])
    names = in_order(found) if categories is None else list(dict.fromkeys(categories))
    if found - set(names):
        known = ", ".join(str(name) for name in names)
        raise UserError(
            "methods.agreement.unknown_category", first=first, second=second, known=known
        )
    table = pd.crosstab(pairs[first].astype(object), pairs[second].astype(object))
    return table.reindex(index=names, columns=names, fill_value=0)


def _shares(table: pd.DataFrame) -> FloatArray:
    cells = table.to_numpy(dtype=np.float64)
    return np.asarray(cells / cells.sum(), dtype=np.float64)


def _closeness(size: int, weights: Weights) -> FloatArray:
    """1 for equal categories, less the further apart they are."""
    if weights == "unweighted" or size < 2:
        return np.eye(size)
    steps = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) / (size - 1)
    return np.asarray(1 - steps ** (1 if weights == "linear" else 2), dtype=np.float64)


def _beyond_chance(observed: float, chance: float) -> float:
    if not chance < 1 - 1e-12:
        raise UserError("methods.agreement.one_category")
    return (observed - chance) / (1 - chance)


def _error(variance: float, chance: float, table: pd.DataFrame) -> float:
    pairs = float(table.to_numpy().sum())
    return float(np.sqrt(max(variance, 0.0) / pairs) / (1 - chance))


def _agreement(
    crosstab: pd.DataFrame,
    value: float,
    error: float,
    *,
    factor: float,
    confidence: float,
    name: str,
) -> Agreement:
    cells = crosstab.to_numpy(dtype=np.float64)
    # Full agreement has no spread to estimate: an interval without width would claim too much.
    known = error > 1e-12
    table = estimate_table(
        pd.DataFrame(index=range(1)),
        numerator=np.trace(cells),
        denominator=cells.sum(),
        value=value,
        lower=max(value - factor * error, -1.0) if known else np.nan,
        upper=min(value + factor * error, 1.0) if known else np.nan,
        confidence=confidence,
        method=name,
        standard_error=error if known else np.nan,
        observed_agreement=np.trace(cells) / cells.sum(),
    )
    return Agreement(table, crosstab=crosstab)
