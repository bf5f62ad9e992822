"""What can be said when some outcomes were not assessed: bounds, and the point that tips a result.

Nothing is assumed about those who were not assessed: none of them may have the outcome, or all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from umea_eval import style
from umea_eval.errors import UserError
from umea_eval.language import Language, text
from umea_eval.methods.estimates import Estimates, Unit, estimate_table, value_text
from umea_eval.methods.inputs import (
    By,
    FloatArray,
    binomial,
    choice,
    column,
    counts,
    keys,
    level,
    refuse,
    sums,
)
from umea_eval.methods.proportions.comparison import newcombe
from umea_eval.methods.proportions.single import wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Covers = Literal["set", "share"]


@dataclass(frozen=True)
class Bounds(Estimates):
    """Bounds of a share or a difference, one row per group.

    ``least`` and ``most`` are the bounds themselves, ``lower`` and ``upper`` hold sampling error
    as well. ``value`` is missing: the data do not give one.
    """

    words: ClassVar[str] = "bounds.share"
    unit: ClassVar[Unit] = "share"

    def text(self, language: Language) -> str:
        """The bounds of each group, at most five, and how many were not assessed."""
        rows = [self._row(self.table.iloc[i], language) for i in range(min(len(self.table), 5))]
        return " ".join(rows)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """A thick bar from ``least`` to ``most``, a thin line with sampling error."""
        ax = super().plot(ax, language=language)
        place = np.arange(len(self.table), 0, -1)
        bounds = self.table[["least", "most"]].to_numpy() * 100
        ax.hlines(place, bounds[:, 0], bounds[:, 1], color=style.BLUE, linewidth=7)
        return ax

    def _row(self, row: pd.Series, language: Language) -> str:
        name = f"{self._label(row)}: " if len(self.table) > 1 or self.label else ""
        shown = {
            key: value_text(float(row[key]), language, unit=self.unit) for key in ("least", "most")
        }
        values = self._shown(row, language) | shown
        return text(
            f"methods.{self.words}.row", language, name=name, unassessed=row["unassessed"], **values
        )


@dataclass(frozen=True)
class DifferenceBounds(Bounds):
    """Bounds of the difference between each group's share and the reference's."""

    words: ClassVar[str] = "bounds.difference"
    unit: ClassVar[Unit] = "points"
    null: ClassVar[float | None] = 0.0


@dataclass(frozen=True, kw_only=True)
class TippingPoint(Estimates):
    """How the unassessed would have to differ for a comparison to come out another way.

    ``value``, ``lower`` and ``upper`` take the unassessed to be as the assessed of their group;
    ``conclusion`` is "higher", "lower" or "unclear" by that interval. ``tips`` says whether any
    outcome of the unassessed changes it; ``tip_positive`` and ``tip_reference_positive`` are then
    the numbers with the outcome among the unassessed of the group and of the reference in the case
    nearest to that assumption. ``grid`` has every case.
    """

    grid: pd.DataFrame

    words: ClassVar[str] = "bounds.tipping"
    unit: ClassVar[Unit] = "points"
    null: ClassVar[float | None] = 0.0

    def text(self, language: Language) -> str:
        """For each group, whether and where the conclusion tips."""
        sentences = []
        for i in range(len(self.table)):
            row = self.table.iloc[i]
            values = self._shown(row, language) | {
                "conclusion": text(f"methods.{self.words}.{row['conclusion']}", language)
            }
            for name in (
                "unassessed",
                "reference_unassessed",
                "tip_positive",
                "tip_reference_positive",
            ):
                values[name] = value_text(float(row[name]), language)
            key = "tips" if row["tips"] else "stands"
            sentences.append(text(f"methods.{self.words}.{key}", language, **values))
        return " ".join(sentences)


def manski_bounds(
    data: pd.DataFrame,
    x: str,
    n: str,
    unassessed: str,
    *,
    by: By = None,
    covers: Covers = "set",
    confidence: float = 0.95,
) -> Bounds:
    """Bounds of a share when some of ``n`` were not assessed, for every row or within ``by``.

    ``x`` counts those with the outcome, ``n`` everyone and ``unassessed`` those without an
    assessment: x + unassessed <= n. The bounds are x / n and (x + unassessed) / n. ``lower`` and
    ``upper`` are Wilson limits that hold the whole set of possible shares ("set"), or the one true
    share wherever it lies in it ("share": Imbens and Manski, narrower when many are unassessed).
    Source: Manski 1989, J Hum Resour 24:343-360; Imbens & Manski 2004, Econometrica 72:1845-1857.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> falls = pd.DataFrame(
    ...     {"home": ["A", "B"], "severe": [12, 6], "falls": [60, 55], "unassessed": [20, 5]}
    ... )
    >>> bounds = ue.methods.bounds.manski_bounds(falls, "severe", "falls", "unassessed", by="home")
    >>> bounds.table[["home", "least", "most", "lower", "upper"]].round(3)
      home  least   most  lower  upper
    0    A  0.200  0.533  0.118  0.654
    1    B  0.109  0.200  0.051  0.324
    """
    choice(covers, Covers, "covers")
    parts = _read(data, x, n, unassessed)
    total = sums(data, parts, by)
    counted, everyone, missing = (total[name].to_numpy() for name in ("x", "n", "m"))
    most = counted + missing
    if covers == "set":
        lower = wilson(counted, everyone, confidence=confidence).lower
        upper = wilson(most, everyone, confidence=confidence).upper
    else:
        rows = list(zip(counted, most, everyone, strict=True))
        levels = [_imbens_manski(*row, level(confidence)) for row in rows]
        both = list(zip(rows, levels, strict=True))
        lower = np.array([wilson(a, n, confidence=k).lower for (a, _, n), k in both])
        upper = np.array([wilson(b, n, confidence=k).upper for (_, b, n), k in both])
    table = estimate_table(
        total.drop(columns=list(parts)),
        numerator=counted,
        denominator=everyone,
        value=np.nan,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method="Manski bounds, Wilson" + ("" if covers == "set" else ", Imbens-Manski"),
        least=counted / everyone,
        most=most / everyone,
        unassessed=missing,
    )
    return Bounds(table, label=tuple(keys(by)))


def manski_difference(
    data: pd.DataFrame,
    x: str,
    n: str,
    unassessed: str,
    *,
    group: str,
    reference: Any,
    confidence: float = 0.95,
) -> DifferenceBounds:
    """Bounds of each group's share minus the reference's, whatever the unassessed had.

    Columns as in `manski_bounds`. The least difference takes none of the group's unassessed and
    all of the reference's to have the outcome, the largest the other way round; ``lower`` and
    ``upper`` are Newcombe's limits at those two.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> falls = pd.DataFrame(
    ...     {"home": ["A", "B"], "severe": [12, 6], "falls": [60, 55], "unassessed": [20, 5]}
    ... )
    >>> bounds = ue.methods.bounds.manski_difference(
    ...     falls, "severe", "falls", "unassessed", group="home", reference="B"
    ... )
    >>> bounds.table[["least", "most", "lower", "upper"]].round(3).to_dict("records")
    [{'least': 0.0, 'most': 0.424, 'lower': -0.148, 'upper': 0.558}]
    """
    total = sums(data, _read(data, x, n, unassessed), keys(group))
    one, other = _two(total, group, reference)
    low = newcombe(one["x"], one["n"], other["x"] + other["m"], other["n"], confidence=confidence)
    high = newcombe(one["x"] + one["m"], one["n"], other["x"], other["n"], confidence=confidence)
    table = estimate_table(
        one[[group]],
        numerator=one["x"],
        denominator=one["n"],
        value=np.nan,
        lower=low.lower,
        upper=high.upper,
        confidence=confidence,
        method="Manski bounds, Newcombe",
        least=one["x"] / one["n"] - (other["x"] + other["m"]) / other["n"],
        most=(one["x"] + one["m"]) / one["n"] - other["x"] / other["n"],
        unassessed=one["m"],
        reference_unassessed=other["m"],
    )
    return DifferenceBounds(table, label=(group,))


def tipping_point(
    data: pd.DataFrame,
    x: str,
    n: str,
    unassessed: str,
    *,
    group: str,
    reference: Any,
    confidence: float = 0.95,
) -> TippingPoint:
    """Which outcomes among the unassessed would change what is concluded of a difference?

    Every number with the outcome among the unassessed of the group (0 to all) is tried against
    every number in the reference; each case has its difference and Newcombe's interval. Columns
    as in `manski_bounds`. Source: Yan, Lee & Li 2009, J Biopharm Stat 19:1085-1098.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> falls = pd.DataFrame(
    ...     {"home": ["A", "B"], "severe": [12, 6], "falls": [60, 55], "unassessed": [20, 5]}
    ... )
    >>> tipping = ue.methods.bounds.tipping_point(
    ...     falls, "severe", "falls", "unassessed", group="home", reference="B"
    ... )
    >>> len(tipping.grid)  # 0 to 20 of home A by 0 to 5 of home B
    126
    """
    total = sums(data, _read(data, x, n, unassessed), keys(group))
    one, other = _two(total, group, reference)
    rows, grids = [], []
    for (_, a), (_, b) in zip(one.iterrows(), other.iterrows(), strict=True):
        grid, start = _cases(a, b, confidence), (_as_assessed(a), _as_assessed(b))
        distance = (grid["positive"] - start[0]).abs() + (
            grid["reference_positive"] - start[1]
        ).abs()
        base = grid.iloc[int(distance.argmin())]
        changed = grid["conclusion"] != base["conclusion"]
        # The nearest case; among equally near ones the first in order of the counts.
        nearest = grid[changed].iloc[int(distance[changed].argmin())] if changed.any() else None
        rows.append((base, nearest))
        grids.append(grid.assign(**{group: a[group]}))
    table = estimate_table(
        one[[group]],
        numerator=one["x"],
        denominator=one["n"],
        value=[float(base["difference"]) for base, _ in rows],
        lower=[float(base["lower"]) for base, _ in rows],
        upper=[float(base["upper"]) for base, _ in rows],
        confidence=confidence,
        method="tipping point, Newcombe",
        conclusion=[str(base["conclusion"]) for base, _ in rows],
        tips=[nearest is not None for _, nearest in rows],
        tip_positive=[np.nan if near is None else float(near["positive"]) for _, near in rows],
        tip_reference_positive=[
            np.nan if near is None else float(near["reference_positive"]) for _, near in rows
        ],
        unassessed=one["m"],
        reference_unassessed=other["m"],
    )
    return TippingPoint(table, label=(group,), grid=pd.concat(grids, ignore_index=True))


def _read(data: pd.DataFrame, x: str, n: str, unassessed: str) -> dict[str, FloatArray]:
    counted, everyone = binomial(column(data, x), column(data, n), (x, n))
    missing = counts(column(data, unassessed), unassessed)
    refuse(
        counted + missing > everyone, "methods.inputs.above_denominator", f"{x} + {unassessed}", n
    )
    return {"x": counted, "n": everyone, "m": missing}


def _two(total: pd.DataFrame, group: str, reference: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The groups, and the reference repeated beside each of them."""
    is_reference = total[group] == reference
    if not is_reference.any():
        known = ", ".join(str(name) for name in total[group])
        raise UserError("methods.inputs.no_group", column=group, known=known)
    if len(total) < 2:
        raise UserError("methods.inputs.one_group", column=group)
    others = total[~is_reference].reset_index(drop=True)
    beside = pd.concat([total[is_reference]] * len(others), ignore_index=True)
    return others, beside


def _cases(a: pd.Series, b: pd.Series, confidence: float) -> pd.DataFrame:
    positive, other = np.meshgrid(
        np.arange(float(a["m"]) + 1), np.arange(float(b["m"]) + 1), indexing="ij"
    )
    positive, other = positive.ravel(), other.ravel()
    x1, x2, n1, n2 = a["x"] + positive, b["x"] + other, float(a["n"]), float(b["n"])
    lower, upper = newcombe(x1, n1, x2, n2, confidence=confidence)
    return pd.DataFrame(
        {
            "positive": positive,
            "reference_positive": other,
            "difference": x1 / n1 - x2 / n2,
            "lower": lower,
            "upper": upper,
            "conclusion": np.where(lower > 0, "higher", np.where(upper < 0, "lower", "unclear")),
        }
    )


def _as_assessed(row: pd.Series) -> float:
    """The unassessed with the outcome if they are as the assessed; half if nobody was assessed."""
    assessed = float(row["n"] - row["m"])
    share = float(row["x"]) / assessed if assessed > 0 else 0.5
    return float(row["m"]) * share


def _imbens_manski(x: float, most: float, n: float, confidence: float) -> float:
    """The two-sided level at which each limit may stand alone, given how wide the bounds are."""
    low, high = x / n, most / n
    error = np.sqrt(max(low * (1 - low), high * (1 - high)) / n)
    if low == high or error == 0:
        return confidence

    def excess(z: float) -> float:
        return float(norm.cdf(z + (high - low) / error) - norm.cdf(-z) - confidence)

    z = float(brentq(excess, 0.0, norm.isf((1 - confidence) / 2) + 1e-9))
    return float(2 * norm.cdf(z) - 1)
