"""The pictures that evaluations have in common, drawn from released frames only.

A withheld or missing value is a gap, never a zero and never bridged by a line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from umea_eval import style
from umea_eval.language import Language, number, percent

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes

    FloatArray = npt.NDArray[np.float64]

_LINES = ("-", "--", "-.", ":")
_MARKERS = ("o", "s", "^", "D")


def course(
    frame: pd.DataFrame,
    ax: Axes,
    language: Language,
    *,
    series: Mapping[str, str],
    marks: Mapping[str, str] | None = None,
    share: bool = False,
    unsettled: str | None = None,
) -> None:
    """Monthly lines with a label at the end of each; ``marks`` are labelled vertical lines.

    ``frame`` has ``month`` (text YYYY-MM) and a column per key of ``series`` (its label is the
    value). ``share``: values from 0 to 1. ``unsettled``: a boolean column; its months are shaded.
    """
    months = frame["month"].astype(str).tolist()
    places = np.arange(len(months))
    ends: list[tuple[float, str, str]] = []
    for order, (column, label) in enumerate(series.items()):
        values = frame[column].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        colour = style.PALETTE[order % len(style.PALETTE)]
        ax.plot(
            places,
            values,
            color=colour,
            linestyle=_LINES[order % len(_LINES)],
            marker=_MARKERS[order % len(_MARKERS)],
            markersize=4,
            linewidth=2,
        )
        known = np.flatnonzero(~np.isnan(values))
        if len(known):
            ends.append((float(values[known[-1]]), label, colour))
    _end_labels(ax, len(months) - 1, ends)
    if unsettled is not None:
        for place in np.flatnonzero(frame[unsettled].fillna(value=False).to_numpy(dtype=bool)):
            ax.axvspan(
                place - 0.5, place + 0.5, color=style.LIGHT, alpha=0.5, linewidth=0, zorder=0
            )
    inside = sorted((month, label) for month, label in (marks or {}).items() if month in months)
    for month, label, line in _in_lines(inside, months):
        _mark(ax, months.index(month), label, line)
    step = max(1, len(months) // 12)
    ax.set_xticks(
        places[::step], [months[place] for place in places[::step]], rotation=45, ha="right"
    )
    # From zero, no point on the upper edge, and room for the labels of marks.
    ax.set_ylim(0, max(ax.get_ylim()[1], 1.06 * ax.dataLim.y1) * (1.12 if inside else 1))
    ax.grid(axis="y")
    _numbers(ax, language, share=share, axis="y")


def steps(
    frame: pd.DataFrame, ax: Axes, language: Language, *, x: str, xlabel: str, ylabel: str
) -> None:
    """A curve of shares that falls in steps, with its interval shaded; it begins at 1.

    ``frame`` has ``x`` and ``value``, ``lower`` and ``upper`` (shares).
    """
    known = frame[frame["value"].notna()]
    places = np.concatenate([[0.0], known[x].to_numpy(dtype=float)])
    values = np.concatenate([[1.0], known["value"].to_numpy(dtype=float)])
    low = np.concatenate([[1.0], known["lower"].astype(float).fillna(known["value"].astype(float))])
    high = np.concatenate(
        [[1.0], known["upper"].astype(float).fillna(known["value"].astype(float))]
    )
    ax.fill_between(places, low, high, step="post", color=style.BLUE, alpha=0.2, linewidth=0)
    ax.step(places, values, where="post", color=style.BLUE, linewidth=2)
    ax.set_ylim(0, 1.02)
    last = int(places[-1])
    ax.set_xlim(0, last + 0.5)
    # Whole months, few enough to be read.
    ax.set_xticks(range(0, last + 1, max(1, round(last / 8))))
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.grid(axis="y")
    _numbers(ax, language, share=True, axis="y")


def forest(
    frame: pd.DataFrame,
    ax: Axes,
    language: Language,
    *,
    labels: Sequence[str],
    xlabel: str,
    share: bool = True,
    null: float | None = None,
) -> None:
    """One row per definition: point and interval; the chosen ones are filled and bold.

    A value that is withheld or missing is two dots.

    ``frame`` has ``value``, ``lower``, ``upper`` and ``chosen``; rows come from the top.
    """
    places = np.arange(len(frame))
    for place, row in zip(places, frame.to_dict("records"), strict=True):
        chosen = bool(row["chosen"])
        colour = style.BLUE if chosen else style.GREY
        if pd.notna(row["value"]):
            ax.hlines(place, row["lower"], row["upper"], color=colour, linewidth=2)
            ax.plot(
                row["value"],
                place,
                marker="o",
                markersize=8,
                color=colour,
                markerfacecolor=colour if chosen else "white",
            )
        else:
            beside = ax.get_yaxis_transform()
            ax.text(0.01, float(place), "..", color=style.INK, va="center", transform=beside)
    ax.set_yticks(places, labels)
    for label, chosen in zip(ax.get_yticklabels(), frame["chosen"], strict=True):
        label.set_fontweight("bold" if chosen else "normal")
    ax.set_ylim(len(frame) - 0.4, -0.6)  # from the top, none on the edge
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    ax.set_xlabel(xlabel)
    if null is not None:
        ax.axvline(null, color=style.INK, linewidth=1)
    _numbers(ax, language, share=share, axis="x")


def bars(
    frame: pd.DataFrame,
    ax: Axes,
    language: Language,
    *,
    label: Sequence[str],
    value: str = "value",
    xlabel: str,
    share: bool = True,
) -> None:
    """Horizontal bars with their numbers, and their intervals where the frame has limits."""
    places = np.arange(len(frame))
    values = frame[value].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    ax.barh(places, np.nan_to_num(values), color=style.BLUE)
    if {"lower", "upper"} <= set(frame.columns):
        for place, (low, high) in enumerate(zip(frame["lower"], frame["upper"], strict=True)):
            if pd.notna(low) and pd.notna(high):
                ax.hlines(place, low, high, color=style.INK, linewidth=1.5)
    for place, shown in enumerate(values.tolist()):
        written = ".." if math.isnan(shown) else _written(shown, language, share=share)
        reach = frame["upper"].iloc[place] if "upper" in frame else shown
        end = np.nanmax([0.0, shown, float(reach) if pd.notna(reach) else 0.0])
        ax.annotate(written, (end, place), xytext=(5, 0), textcoords="offset points", va="center")
    ax.set_yticks(places, label)
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.15)
    ax.set_xlim(left=0)
    ax.set_xlabel(xlabel)
    _numbers(ax, language, share=share, axis="x")


def control_chart(
    frame: pd.DataFrame,
    ax: Axes,
    language: Language,
    *,
    time: str,
    ylabel: str,
    centre: str,
    limits: str,
    marks: Mapping[str, str] | None = None,
) -> None:
    """Points in order of time with their centre and control limits, drawn phase by phase.

    ``frame`` has ``time`` (text), ``value``, ``centre``, ``lower``, ``upper``, ``phase`` (points of
    different phases are not joined) and ``signal`` ("none" for a point without). ``centre`` and
    ``limits`` are the labels of the lines; ``marks`` are labelled vertical lines, by the text of
    ``time`` before which they stand.
    """
    times = frame[time].astype(str).tolist()
    numbers = {
        name: frame[name].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        for name in ("value", "centre", "lower", "upper")
    }
    places, phase = np.arange(len(frame)), frame["phase"].astype(str).to_numpy(dtype=object)
    for each in dict.fromkeys(phase.tolist()):
        at = np.flatnonzero(phase == each)
        own = {name: values[at] for name, values in numbers.items()}
        # Limits reach half a period to either side, so that one of a single point can be seen.
        edges = np.append(places[at] - 0.5, places[at][-1] + 0.5)
        for name, line in (("centre", "-"), ("lower", "--"), ("upper", "--")):
            ax.step(
                edges,
                np.append(own[name], own[name][-1]),
                where="post",
                color=style.GREY,
                linestyle=line,
                linewidth=1.2,
            )
        ax.plot(places[at], own["value"], color=style.BLUE, marker="o", markersize=5, linewidth=2)
    far = (frame["signal"] != "none").to_numpy(dtype=bool)
    ax.plot(
        places[far],
        numbers["value"][far],
        linestyle="",
        marker="s",
        markersize=9,
        color=style.VERMILION,
    )
    for name, label in (("centre", centre), ("upper", limits)):
        known = np.flatnonzero(~np.isnan(numbers[name]))
        if len(known):
            _beside(ax, len(frame) - 0.5, float(numbers[name][known[-1]]), label)
    for at_time, label in (marks or {}).items():
        if at_time in times:
            _mark(ax, times.index(at_time) - 0.5, label)
    step = max(1, len(times) // 12)
    ax.set_xticks(places[::step], times[::step], rotation=45, ha="right")
    ax.set_xlim(-0.5, len(frame) - 0.5)
    ax.set_ylim(bottom=0)
    ax.set_ylabel(ylabel)
    ax.grid(axis="y")
    _numbers(ax, language, share=False, axis="y")


def funnel(
    frame: pd.DataFrame,
    ax: Axes,
    language: Language,
    *,
    size: str,
    labels: Sequence[str],
    xlabel: str,
    ylabel: str,
    inner: str,
    outer: str,
    share: bool = False,
) -> None:
    """Units over their size with limits around a common centre; those outside are named.

    ``frame`` has ``size``, ``value``, ``centre``, ``lower`` and ``upper`` (the outer limits at the
    unit's size), ``lower_inner`` and ``upper_inner``, and ``outside`` ("inside" for a unit within).
    The lines join the limits of the units. ``inner`` and ``outer`` are the labels of the lines.
    """
    own = frame.assign(label=list(labels)).sort_values(size, kind="stable")
    known = own[own["centre"].notna() & own[size].notna()]
    sizes = known[size].to_numpy(dtype=float)
    lines = (
        ("centre", "-", style.INK, ""),
        *(("lower_inner", "--", style.GREY, ""), ("upper_inner", "--", style.GREY, inner)),
        *(("lower", "-", style.GREY, ""), ("upper", "-", style.GREY, outer)),
    )
    for name, line, colour, label in lines:
        values = known[name].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        ax.plot(sizes, values, linestyle=line, color=colour, linewidth=1.2)
        if label and len(values) and not np.isnan(values[-1]):
            _beside(ax, float(sizes[-1]), float(values[-1]), label)
    far = own["outside"].isin(["high", "low"]).to_numpy(dtype=bool)
    for rows, marker, colour in ((~far, "o", style.BLUE), (far, "s", style.VERMILION)):
        part = own[rows]
        values = part["value"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        ax.plot(
            *(part[size].to_numpy(dtype=float), values),
            linestyle="",
            marker=marker,
            markersize=8,
            color=colour,
        )
    named = own[far & own["value"].notna().to_numpy(dtype=bool)]
    for row in named.to_dict("records"):
        ax.annotate(
            str(row["label"]),
            (row[size], row["value"]),
            xytext=(8, 4),
            textcoords="offset points",
            fontsize=9,
        )
    ax.set_ylim(bottom=0)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.grid(axis="y")
    _numbers(ax, language, share=share, axis="y")
    _numbers(ax, language, share=False, axis="x")


def _beside(ax: Axes, place: float, value: float, label: str) -> None:
    """A label to the right of a line's end."""
    ax.annotate(
        label,
        (place, value),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
        annotation_clip=False,
    )


def _in_lines(
    marks: Sequence[tuple[str, str]], months: Sequence[str]
) -> list[tuple[str, str, int]]:
    """Each mark with the line its label stands on: a line below that of a mark close before it."""
    placed: list[tuple[str, str, int]] = []
    for month, label in marks:
        near = bool(placed) and months.index(month) - months.index(placed[-1][0]) < len(months) / 4
        placed.append((month, label, placed[-1][2] + 1 if near else 0))
    return placed


def _mark(ax: Axes, place: float, label: str, line: int = 0) -> None:
    ax.axvline(place, color=style.INK, linewidth=1, linestyle=":")
    ax.annotate(
        label,
        (place, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(4, -4 - 13 * line),
        textcoords="offset points",
        va="top",
        fontsize=9,
    )


def _end_labels(ax: Axes, last: int, ends: Sequence[tuple[float, str, str]]) -> None:
    """Labels beside the ends of the lines, moved apart where they would lie on each other."""
    if not ends:
        return
    low, high = ax.get_ylim()
    room = 0.06 * (high - min(low, 0.0)) or 1.0
    placed = -np.inf
    for value, label, colour in sorted(ends):
        placed = max(value, placed + room)
        ax.annotate(
            label,
            (last, placed),
            xytext=(10, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontweight="bold",
            annotation_clip=False,
        )


def _numbers(ax: Axes, language: Language, *, share: bool, axis: str) -> None:
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415 - late: drawing is the exception

    chosen = ax.yaxis if axis == "y" else ax.xaxis
    scale = 100 if share else 1

    def write(value: float, _: object) -> str:
        decimals = _decimals(scale * np.asarray(chosen.get_majorticklocs(), dtype=float))
        shown = round(scale * value, decimals) + 0.0  # no minus before a zero
        return percent(shown, language, decimals) if share else number(shown, language, decimals)

    chosen.set_major_formatter(FuncFormatter(write))


def _decimals(ticks: FloatArray) -> int:
    """How many decimals tell the ticks apart: the same for all of them, four at most."""
    for decimals in range(4):
        if np.allclose(ticks, np.round(ticks, decimals), rtol=0, atol=1e-6):
            return decimals
    return 4


def _written(value: float, language: Language, *, share: bool) -> str:
    if share:
        return percent(100 * value, language, 1)
    return number(round(value, 6), language, 0 if float(value).is_integer() else 1)
