"""Estimates with intervals: the table, the sentence and the picture that most methods share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd

from umea_eval import style
from umea_eval.errors import UserError
from umea_eval.language import Language, number, percent, text
from umea_eval.methods.axes import axes, numbered
from umea_eval.methods.result import COLUMNS, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# "points": a difference between shares, shown in percentage points.
Unit = Literal["share", "points", "number"]

_NUMBERS = tuple(name for name in COLUMNS if name != "method")


def estimate_table(
    frame: pd.DataFrame,
    *,
    value: Any,
    lower: Any,
    upper: Any,
    confidence: float | None,
    method: Any,
    numerator: Any = np.nan,
    denominator: Any = np.nan,
    **more: Any,
) -> pd.DataFrame:
    """A result table: the columns of `COLUMNS`, then those of ``frame`` (labels), then ``more``."""
    given = {
        "numerator": numerator,
        "denominator": denominator,
        "value": value,
        "lower": lower,
        "upper": upper,
        "confidence": np.nan if confidence is None else confidence,
        "method": method,
    }
    table = pd.DataFrame(given, index=frame.index, columns=list(COLUMNS))
    table = table.astype(dict.fromkeys(_NUMBERS, np.float64) | {"method": "str"})
    for name in frame.columns:
        if name in given or name in more:
            raise UserError("methods.inputs.reserved", column=str(name))
    return pd.concat([table, frame, pd.DataFrame(more, index=frame.index)], axis=1)


@dataclass(frozen=True)
class Estimates(Result):
    """Estimates, one per row of ``table``.

    ``label`` has the columns that name the rows (their index if there are none).
    """

    label: tuple[str, ...] = ()
    per: float = 1

    # The method's table in the catalogue, below "methods"; the unit of a value; and the value
    # that means no difference.
    words: ClassVar[str]
    unit: ClassVar[Unit] = "number"
    null: ClassVar[float | None] = None

    def text(self, language: Language) -> str:
        """The estimate with its interval; of several rows the lowest and the highest."""
        if len(self.table) == 1:
            return text(
                f"methods.{self.words}.one", language, **self._shown(self.table.iloc[0], language)
            )
        known = self.table[self.table["value"].notna()]
        low = known.iloc[int(np.argmin(known["value"].to_numpy()))]
        high = known.iloc[int(np.argmax(known["value"].to_numpy()))]
        values: dict[str, object] = {"rows": len(self.table), "per": self._per(language)}
        for prefix, row in (("low", low), ("high", high)):
            values |= {f"{prefix}_{k}": v for k, v in self._shown(row, language).items()}
        return text(f"methods.{self.words}.many", language, **values)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Points with intervals, one row each from the top; a line at "no difference"."""
        with style.look():
            ax = axes(ax)
            factor = 1.0 if self.unit == "number" else 100.0
            place = np.arange(len(self.table), 0, -1)
            value = self.table["value"].to_numpy() * factor
            # Limits without bound are drawn to the edge of what is finite.
            limits = self.table[["lower", "upper"]].to_numpy() * factor
            finite = limits[np.isfinite(limits)]
            edge = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
            drawn = np.clip(limits, *edge)
            ax.hlines(place, drawn[:, 0], drawn[:, 1], color=style.BLUE, linewidth=2)
            ax.plot(value, place, "o", color=style.BLUE)
            if self.null is not None:
                ax.axvline(self.null * factor, color=style.GREY, linewidth=1, linestyle="--")
            labels = [self._label(self.table.iloc[i]) for i in range(len(self.table))]
            ax.set_yticks(place, labels if len(labels) > 1 else [""])
            ax.set_ylim(0.5, len(self.table) + 0.5)
            ax.set_xlabel(text(f"methods.{self.words}.axis", language, per=self._per(language)))
        return numbered(ax, language)

    def _label(self, row: pd.Series) -> str:
        return ", ".join(str(row[name]) for name in self.label) or str(row.name)

    def _per(self, language: Language) -> str:
        return number(Decimal(f"{self.per:g}"), language)

    def _shown(self, row: pd.Series, language: Language) -> dict[str, object]:
        """A row's values as they are printed."""
        return estimate_words(row, language, unit=self.unit) | {
            "label": self._label(row),
            "numerator": value_text(float(row["numerator"]), language),
            "denominator": value_text(float(row["denominator"]), language),
            "per": self._per(language),
        }


def value_text(
    value: float, language: Language, *, unit: Unit = "number", beside: tuple[float, ...] = ()
) -> str:
    """A value with as many decimals as the largest of ``value`` and ``beside`` needs.

    Whole numbers stay whole. Otherwise three significant digits, at most three decimals; shares
    are percentages with one decimal.
    """
    if math.isnan(value):
        return number(Decimal("NaN"), language)
    if math.isinf(value):
        return text("methods.estimates.infinite", language)
    if unit == "share":
        return percent(value * 100, language, 1)
    if unit == "points":
        return number(value * 100, language, 1)
    finite = [v for v in (value, *beside) if math.isfinite(v)]
    if all(v == round(v) for v in finite):
        return number(value, language, 0)
    largest = max(abs(v) for v in finite)
    digits = math.floor(math.log10(largest)) if largest > 0 else 0
    return number(value, language, min(max(2 - digits, 0), 3))


def interval_text(
    lower: float,
    upper: float,
    confidence: float,
    language: Language,
    *,
    unit: Unit = "number",
    beside: float = math.nan,
) -> str:
    """``95 % konfidensintervall 1,2 till 3,4``; a limit without bound is left out."""
    if math.isnan(lower) or math.isnan(upper):
        return text("methods.estimates.no_interval", language)
    finite = [math.isfinite(lower), math.isfinite(upper)]
    kind = {(True, True): "", (True, False): "_from", (False, True): "_to", (False, False): "_all"}
    with_value = tuple(v for v in (lower, upper, beside) if math.isfinite(v))
    return text(
        f"methods.estimates.interval{kind[finite[0], finite[1]]}",
        language,
        confidence=level_text(confidence, language),
        lower=value_text(lower, language, unit=unit, beside=with_value),
        upper=value_text(upper, language, unit=unit, beside=with_value),
    )


def level_text(confidence: float, language: Language) -> str:
    """A level of confidence with the digits that it has: ``95 %``, ``99,8 %``."""
    return percent(Decimal(f"{confidence * 100:.6g}"), language)


def estimate_words(
    row: Mapping[Any, Any] | pd.Series[Any], language: Language, *, unit: Unit = "number"
) -> dict[str, object]:
    """``value`` and ``interval`` of a row as they are printed, and its ``p`` where it has one."""
    value, lower, upper = (float(row[name]) for name in ("value", "lower", "upper"))
    confidence = float(row["confidence"])
    words: dict[str, object] = {
        "value": value_text(value, language, unit=unit, beside=(lower, upper)),
        "interval": interval_text(lower, upper, confidence, language, unit=unit, beside=value),
    }
    for name in ("p", "p_value"):
        if name in row:
            words["p"] = p_text(float(row[name]), language)
    return words


def p_text(p: float, language: Language) -> str:
    """``p = 0,012``, or ``p < 0,001``."""
    if math.isnan(p):
        return text("methods.estimates.no_p", language)
    key = "p_small" if p < 0.001 else "p"
    return text(f"methods.estimates.{key}", language, p=p, limit=0.001)
