"""Which units differ more than chance allows? Funnel limits around a common target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.stats import binom, norm, poisson

from umea_eval import style
from umea_eval.errors import UserError
from umea_eval.language import Language, listing, text
from umea_eval.methods.axes import axes, numbered
from umea_eval.methods.estimates import estimate_table, value_text
from umea_eval.methods.inputs import (
    FloatArray,
    binomial,
    choice,
    column,
    group_keys,
    level,
    no_duplicates,
    positive,
)
from umea_eval.methods.rates.single import read_rate
from umea_eval.methods.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["rate", "share"]
Overdispersion = Literal["none", "multiplicative", "additive"]

# Spiegelhalter 2005, Stat Med 24:1185-1202: about two and three standard errors.
LEVELS = (0.95, 0.998)
# Fewer units say too little of how much more than chance they vary.
FEWEST_UNITS = 10
# Extreme units are drawn in before the spread of all is judged (Spiegelhalter 2005, 3.3).
WINSORISED = 0.1
_CURVE_POINTS = 200


@dataclass(frozen=True)
class Funnel(Result):
    """Units against funnel limits at their own size.

    In ``table`` ``lower`` and ``upper`` are the outer limits and ``confidence`` their level, and
    ``lower_inner`` and ``upper_inner`` the inner ones; ``z`` is the standard score and ``outside``
    "low", "high" or "" by the outer limits. ``curve`` has the limits over sizes, for drawing;
    ``phi`` and ``tau2`` the overdispersion (missing below 10 units).
    """

    unit: str
    kind: Kind
    target: float
    per: float
    overdispersion: Overdispersion
    phi: float
    tau2: float
    curve: pd.DataFrame

    def text(self, language: Language) -> str:
        """How many units lie outside, and which."""
        values: dict[str, object] = {
            "units": len(self.table),
            "target": value_text(self.target, language, unit=_unit(self.kind)),
            "per": value_text(self.per, language),
        }
        for side in ("low", "high"):
            names = [str(n) for n in self.table.loc[self.table["outside"] == side, self.unit]]
            values[side] = len(names)
            values[f"{side}_names"] = f" ({listing(names, language)})" if names else ""
        key = f"methods.rates.funnel.{self.kind}"
        return text(key, language, **values)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Values over size with the target and both pairs of limits."""
        factor = 100.0 if self.kind == "share" else 1.0
        with style.look():
            ax = axes(ax)
            size = self.curve["denominator"]
            for name, line in (("inner", "--"), ("outer", "-")):
                for side in ("lower", "upper"):
                    limit = self.curve[f"{side}_{name}"] * factor
                    ax.plot(size, limit, line, color=style.GREY, linewidth=1)
            ax.axhline(self.target * factor, color=style.INK, linewidth=1)
            far = self.table["outside"] != ""
            for rows, colour in ((~far, style.BLUE), (far, style.VERMILION)):
                part = self.table[rows]
                ax.plot(part["denominator"], part["value"] * factor, "o", color=colour)
            for _, row in self.table[far].iterrows():
                ax.annotate(
                    str(row[self.unit]),
                    (row["denominator"], row["value"] * factor),
                    textcoords="offset points",
                    xytext=(6, 4),
                )
            ax.set_xlabel(text("methods.rates.funnel.size", language))
            words = "rates.rate" if self.kind == "rate" else "proportions.share"
            ax.set_ylabel(
                text(f"methods.{words}.axis", language, per=value_text(self.per, language))
            )
        return numbered(ax, language)


def funnel(
    data: pd.DataFrame,
    x: str,
    n: str,
    *,
    unit: str,
    kind: Kind = "rate",
    target: float | None = None,
    per: float = 1000,
    levels: tuple[float, float] = LEVELS,
    overdispersion: Overdispersion = "none",
) -> Funnel:
    """Funnel limits for the units of ``data``, one row each: ``x`` events in ``n``.

    ``kind`` "rate" takes ``n`` as exposure (for a ratio of observed to expected: the expected
    count, with ``per=1`` and ``target=1``), "share" as the number of people. ``target`` is in the
    unit of the values (per ``per``, or a share); by default all units together. Limits are exact
    and interpolated between counts. With ``overdispersion`` they are normal and wider:
    "multiplicative" by the square root of phi, "additive" by a variance between units (tau2).
    Both are judged from standard scores winsorised at 10 percent, and from 10 units only.

    Raises UserError for a unit that occurs twice, and for overdispersion with fewer than 10 units.
    Source: Spiegelhalter 2005, Stat Med 24:1185-1202.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> homes = pd.DataFrame(
    ...     {"home": list("ABCD"), "falls": [10, 12, 30, 8], "days": [2000, 2500, 2400, 1900]}
    ... )
    >>> funnel = ue.methods.rates.funnel(homes, "falls", "days", unit="home")
    >>> funnel.table[["home", "value", "lower", "upper", "outside"]].round(2)
      home  value  lower  upper outside
    0    A   5.00   1.61  12.95
    1    B   4.80   2.10  12.28
    2    C  12.50   2.05  12.40    high
    3    D   4.21   1.52  13.12
    """
    choice(kind, Kind, "kind")
    choice(overdispersion, Overdispersion, "overdispersion")
    positive(per, "per")
    for one in levels:
        level(one)
    group_keys(data, unit)
    no_duplicates(data, [unit])
    ordered = data.sort_values(unit).reset_index(drop=True)
    if kind == "share":
        per = 1
        events, size = binomial(column(ordered, x), column(ordered, n), (x, n))
    else:
        events, size = read_rate(column(ordered, x), column(ordered, n), (x, n))
    centre = events.sum() / size.sum() if target is None else target / per
    if not centre > 0 or (kind == "share" and centre >= 1):
        raise UserError("methods.rates.funnel.target")
    if overdispersion != "none" and len(events) < FEWEST_UNITS:
        raise UserError("methods.rates.funnel.few_units", fewest=FEWEST_UNITS, units=len(events))

    error = np.sqrt(_variance(centre, size, kind))
    phi, tau2 = _spread((events / size - centre) / error, error)
    spread = {"none": (1.0, 0.0), "multiplicative": (phi, 0.0), "additive": (1.0, tau2)}
    exact = overdispersion == "none"
    z_error = np.sqrt(error**2 * spread[overdispersion][0] + spread[overdispersion][1])

    def limits(sizes: FloatArray) -> dict[str, FloatArray]:
        found: dict[str, FloatArray] = {}
        for name, one in zip(("inner", "outer"), sorted(levels), strict=True):
            if exact:
                low, high = _exact_limits(centre, sizes, one, kind)
            else:
                variance = _variance(centre, sizes, kind) * spread[overdispersion][0]
                half = norm.isf((1 - one) / 2) * np.sqrt(variance + spread[overdispersion][1])
                low, high = np.maximum(centre - half, 0.0), centre + half
                high = np.minimum(high, 1.0) if kind == "share" else high
            found |= {f"lower_{name}": low * per, f"upper_{name}": high * per}
        return found

    at = limits(size)
    value = events / size * per
    outside = np.where(
        value > at["upper_outer"], "high", np.where(value < at["lower_outer"], "low", "")
    )
    table = estimate_table(
        ordered[[unit]],
        numerator=events,
        denominator=size,
        value=value,
        lower=at["lower_outer"],
        upper=at["upper_outer"],
        confidence=max(levels),
        method="exact limits" if exact else f"normal limits, {overdispersion} overdispersion",
        lower_inner=at["lower_inner"],
        upper_inner=at["upper_inner"],
        z=(events / size - centre) / z_error,
        outside=outside,
    )
    sizes = np.linspace(size.min(), size.max(), _CURVE_POINTS)
    if kind == "share":
        sizes = np.unique(np.round(sizes))
    curve = pd.DataFrame({"denominator": sizes} | limits(sizes))
    return Funnel(
        table,
        unit=unit,
        kind=kind,
        target=centre * per,
        per=per,
        overdispersion=overdispersion,
        phi=phi,
        tau2=tau2,
        curve=curve,
    )


def _variance(centre: float, size: FloatArray, kind: Kind) -> FloatArray:
    return centre * (1 - centre) / size if kind == "share" else centre / size


def _spread(z: FloatArray, error: FloatArray) -> tuple[float, float]:
    """Overdispersion phi (at least 1) and the variance between units tau2 (at least 0)."""
    units = len(z)
    if units < FEWEST_UNITS:
        return np.nan, np.nan
    drawn_in = np.clip(z, *np.quantile(z, [WINSORISED, 1 - WINSORISED]))
    phi = float((drawn_in**2).mean())
    weight = error**-2
    # DerSimonian and Laird's moment estimate, from the winsorised scores (Spiegelhalter 2005, A.2).
    between = (units * phi - (units - 1)) / (weight.sum() - (weight**2).sum() / weight.sum())
    return max(phi, 1.0), max(float(between), 0.0)


def _exact_limits(
    centre: float, size: FloatArray, confidence: float, kind: Kind
) -> tuple[FloatArray, FloatArray]:
    """The counts at which the tail probabilities are reached, interpolated (Spiegelhalter, A.1)."""
    found = []
    for probability in ((1 - confidence) / 2, (1 + confidence) / 2):
        law = binom(size, centre) if kind == "share" else poisson(size * centre)
        count = law.ppf(probability)
        above, below = law.cdf(count), law.cdf(count - 1)
        part = (above - probability) / (above - below)
        limit = np.maximum(count - part, 0.0) / size
        found.append(np.minimum(limit, 1.0) if kind == "share" else limit)
    return found[0], found[1]


def _unit(kind: Kind) -> Literal["share", "number"]:
    return "share" if kind == "share" else "number"
