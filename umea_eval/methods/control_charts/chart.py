"""What a control chart holds, says and looks like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from umea_eval import language as words
from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe, named
from umea_eval.methods.control_charts import rules
from umea_eval.methods.estimates import value_text
from umea_eval.methods.inputs import (
    BoolArray,
    Column,
    FloatArray,
    IntArray,
    at_least,
    choice,
    positive,
    same_length,
)
from umea_eval.methods.months import timeline
from umea_eval.methods.result import Result
from umea_eval.methods.sentences import sentence
from umea_eval.style import BLUE, GREY, LIGHT, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Improvement = Literal["increase", "decrease"]

# The first rule that a point breaks names its signal (Making Data Count's order).
PRIORITY = ("outside", "shift", "trend", "two_of_three")
# With fewer points the limits are provisional (NHS England, Making Data Count).
ENOUGH_POINTS = 12


@dataclass(frozen=True)
class Limits:
    """Centre, limits and the lines two thirds of the way to them, one value per point."""

    centre: FloatArray
    lower: FloatArray
    upper: FloatArray
    near_lower: FloatArray
    near_upper: FloatArray


@dataclass(frozen=True)
class ControlChart(Result):
    """A control chart.

    ``table``: one row per point in order of time: ``time``, ``numerator``, ``denominator``,
    ``value``, ``lower`` and ``upper`` (three sigma; ``confidence`` does not apply), ``centre``,
    ``phase`` (1, 2, ... between breaks), ``baseline`` (whether the point made the limits), one
    column per rule, ``signal`` (the first rule in ``PRIORITY`` that the point breaks, or ""), and
    ``variation``: "common", "improvement", "concern", or "special" without a wanted direction.
    ``runs``: Anhoej's runs analysis of the last phase around its median-like centre.
    ``assurance``: whether the last limits lie wholly on the right side of the target
    ("pass"), wholly on the wrong side ("fail") or on both ("inconsistent").
    """

    runs: rules.Runs
    provisional: bool
    target: float | None
    assurance: str | None
    per: float

    def text(self, language: Language) -> str:
        """Centre, limits and signals in words."""
        last = {name: float(self.table[name].iloc[-1]) for name in ("centre", "lower", "upper")}
        lines = {
            name: value_text(value, language, beside=tuple(last.values()))
            for name, value in last.items()
        }
        parts = [
            sentence(
                "methods.control_charts.limits",
                language,
                points=len(self.table),
                **lines,
                per=""
                if self.per == 1
                else words.text(
                    "methods.control_charts.per", language, per=value_text(self.per, language)
                ),
            )
        ]
        signals = self.table[self.table["signal"] != ""]
        if signals.empty and not self.runs.signal:
            parts.append(sentence("methods.control_charts.common", language))
        for name in PRIORITY:
            chosen = signals[signals["signal"] == name]
            if len(chosen):
                parts.append(
                    sentence(
                        f"methods.control_charts.{name}",
                        language,
                        points=len(chosen),
                        first=str(chosen["time"].iloc[0]),
                    )
                )
        if self.runs.signal:
            parts.append(
                sentence(
                    "methods.control_charts.runs",
                    language,
                    longest=self.runs.longest_run,
                    longest_max=self.runs.longest_run_max,
                    crossings=self.runs.crossings,
                    crossings_min=self.runs.crossings_min,
                )
            )
        if self.provisional:
            parts.append(
                sentence("methods.control_charts.provisional", language, enough=ENOUGH_POINTS)
            )
        if self.assurance is not None:
            parts.append(sentence(f"methods.control_charts.{self.assurance}", language))
        return " ".join(parts)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the series with its limits; points with a signal are filled squares."""
        ax = axes(ax)
        place = np.arange(len(self.table))
        for number, phase in self.table.assign(place=place).groupby("phase", sort=True):
            # Only the first phase is named in the legend: "_" keeps a line out of it.
            centre, limits = (
                ("_", "_")
                if number != 1
                else (
                    named("centre", language),
                    named("limits", language),
                )
            )
            ax.plot(phase["place"], phase["centre"], color=GREY, linewidth=1, label=centre)
            style: dict[str, Any] = {"where": "mid", "color": GREY, "linestyle": "--"}
            ax.step(phase["place"], phase["lower"], label="_", **style)
            ax.step(phase["place"], phase["upper"], label=limits, **style)
        ax.plot(place, self.table["value"], color=BLUE, marker="o", markersize=4)
        signal = (self.table["signal"] != "").to_numpy()
        if signal.any():
            ax.plot(
                place[signal],
                self.table["value"][signal],
                "s",
                color=VERMILION,
                label=named("signal", language),
            )
        if self.target is not None:
            ax.axhline(self.target, color=LIGHT, linewidth=2, label=named("target", language))
        step = max(1, len(place) // 12)
        ax.set_xticks(place[::step], list(self.table["time"])[::step], rotation=45, ha="right")
        return describe(ax, language, x="period", y="value", legend=True)


@dataclass(frozen=True)
class Series:
    """A checked series in order of time."""

    time: tuple[str, ...]
    numerator: FloatArray
    denominator: FloatArray
    value: FloatArray
    phase: IntArray

    def baselines(self, baseline: int | None) -> BoolArray:
        """The points that make the limits: the first ``baseline`` of each phase, or all."""
        within = np.concatenate([np.arange(n) for n in np.bincount(self.phase)[1:]])
        if baseline is None:
            return np.ones(len(within), dtype=np.bool_)
        return within < baseline


def ordered(
    numerator: FloatArray | None,
    denominator: FloatArray | None,
    value: FloatArray,
    *,
    times: Column | None,
    breaks: Sequence[Any],
) -> Series:
    """Put a series in order of time and cut it at the breaks.

    Without ``times`` the rows are in order already and are numbered from 1.
    """
    line = timeline(range(1, len(value) + 1) if times is None else times, "times")
    same_length(value, line.order, ("values", "times"))
    phase = np.ones(len(value), dtype=np.int64)
    for mark in breaks:
        place = line.place(mark)
        if not 0 < place < len(value):
            raise UserError("methods.control_charts.break_outside", mark=str(mark))
        phase[place:] += 1
    if np.bincount(phase)[1:].min() < 2:
        raise UserError("methods.control_charts.short_phase")
    missing = np.full(len(value), np.nan)
    return Series(
        line.labels,
        missing if numerator is None else numerator[line.order],
        missing if denominator is None else denominator[line.order],
        value[line.order],
        phase,
    )


def draw(
    series: Series,
    limits: Callable[[BoolArray, BoolArray], Limits],
    *,
    kind: str,
    baseline: int | None,
    improvement: Improvement | None,
    target: float | None,
    per: float = 1.0,
) -> ControlChart:
    """Make the chart: ``limits(phase, base)`` gives the lines of one phase from its base points."""
    if improvement is not None:
        choice(improvement, Improvement, "improvement")
    if baseline is not None:
        at_least(baseline, 2, "baseline")
    positive(per, "per")
    in_base = series.baselines(baseline)
    parts = []
    runs = rules.Runs(0, 0, 0, 0, 0, signal=False)
    for number in range(1, int(series.phase[-1]) + 1):
        inside = series.phase == number
        lines = limits(inside, inside & in_base)
        value = series.value[inside]
        beyond = rules.outside(value, lines.lower, lines.upper)
        close = ~beyond & rules.outside(value, lines.near_lower, lines.near_upper)
        runs = rules.anhoej(value, lines.centre)
        parts.append(
            pd.DataFrame(
                {
                    "time": [t for t, chosen in zip(series.time, inside, strict=True) if chosen],
                    "numerator": series.numerator[inside],
                    "denominator": series.denominator[inside],
                    "value": per * value,
                    "lower": per * lines.lower,
                    "upper": per * lines.upper,
                    "confidence": np.nan,
                    "method": kind,
                    "centre": per * lines.centre,
                    "phase": number,
                    "baseline": in_base[inside],
                    "outside": beyond,
                    "shift": rules.shift(value, lines.centre),
                    "trend": rules.trend(value),
                    "two_of_three": rules.two_of_three(value, lines.centre, close),
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    table["signal"] = _signals(table)
    table["variation"] = _variation(table, improvement)
    base_points = int((in_base & (series.phase == series.phase[-1])).sum())
    return ControlChart(
        table,
        runs,
        provisional=base_points < ENOUGH_POINTS,
        target=target,
        assurance=_assurance(table, improvement, target),
        per=per,
    )


def _signals(table: pd.DataFrame) -> list[str]:
    return [next((name for name in PRIORITY if row[name]), "") for row in table.to_dict("records")]


def _variation(table: pd.DataFrame, improvement: Improvement | None) -> list[str]:
    """A trend points where it goes; every other signal points to the side that it lies on."""
    step = np.sign(np.diff(table["value"].to_numpy()))
    part = table["trend"].to_numpy(dtype=np.bool_)
    onwards = np.append(part[1:], False)
    going = np.where(onwards, np.append(step, 0.0), np.insert(step, 0, 0.0))
    side = np.sign((table["value"] - table["centre"]).to_numpy())
    found = []
    for place, signal in enumerate(table["signal"]):
        if signal == "":
            found.append("common")
        elif improvement is None:
            found.append("special")
        else:
            direction = going[place] if signal == "trend" else side[place]
            wanted = 1 if improvement == "increase" else -1
            found.append("improvement" if direction == wanted else "concern")
    return found


def _assurance(
    table: pd.DataFrame, improvement: Improvement | None, target: float | None
) -> str | None:
    if improvement is None or target is None:
        return None
    last = table.iloc[-1]
    if last["lower"] <= target <= last["upper"]:
        return "inconsistent"
    above = last["lower"] > target
    return "pass" if above == (improvement == "increase") else "fail"
