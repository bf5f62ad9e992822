"""Pictures of VHU i LSS, drawn from released frames only: a withheld value is a gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from umea_eval import style
from umea_eval.language import Language, number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def ranges(
    frame: pd.DataFrame,
    ax: Axes,
    language: Language,
    *,
    labels: Sequence[str],
    xlabel: str,
    key: tuple[str, str],
    chosen: str | None = None,
) -> None:
    """One row per condition: a bar from the least to the largest share, and a line for chance.

    ``frame`` has ``least``, ``most``, ``lower``, ``upper`` (shares); where nobody is undetermined
    the bar is a point. ``key`` names the bar and the line. ``chosen``: a boolean column, whose rows
    are bold and filled.
    """
    places = np.arange(len(frame))
    marked = (
        frame[chosen].fillna(value=False).to_numpy(dtype=bool)
        if chosen
        else np.ones(len(frame), dtype=bool)
    )
    for place, row in zip(places, frame.to_dict("records"), strict=True):
        if pd.isna(row["least"]) or pd.isna(row["most"]):
            ax.annotate("..", (0, place), xytext=(5, 0), textcoords="offset points", va="center")
            continue
        colour = style.BLUE if marked[place] else style.GREY
        if pd.notna(row["lower"]) and pd.notna(row["upper"]):
            ax.hlines(place, row["lower"], row["upper"], color=style.INK, linewidth=1.5)
        if row["most"] > row["least"]:
            ax.hlines(place, row["least"], row["most"], color=colour, linewidth=10, alpha=0.8)
        else:
            ax.plot(row["least"], place, marker="o", markersize=9, color=colour)
    ax.hlines([], 0, 0, color=style.BLUE, linewidth=10, alpha=0.8, label=key[0])
    ax.hlines([], 0, 0, color=style.INK, linewidth=1.5, label=key[1])
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=9)
    ax.set_yticks(places, labels)
    if chosen:
        for label, own in zip(ax.get_yticklabels(), marked, strict=True):
            label.set_fontweight("bold" if own else "normal")
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(0, 1)
    ax.grid(axis="x")
    ax.set_xlabel(xlabel)
    _per_cent(ax, language, "x")


def share_funnel(
    frame: pd.DataFrame,
    ax: Axes,
    language: Language,
    *,
    target: float,
    xlabel: str,
    ylabel: str,
    chance: str,
) -> None:
    """Units by their size, around the share of all, with the limits that chance alone gives.

    ``frame`` has ``unit``, ``invited``, ``value``, ``lower`` and ``upper`` at each unit's own size.
    Only units outside the limits are named: a funnel is no list of best and worst.
    """
    known = frame[frame["invited"].notna() & frame["lower"].notna()].sort_values("invited")
    ax.fill_between(
        known["invited"].astype(float),
        known["lower"].astype(float),
        known["upper"].astype(float),
        color=style.LIGHT,
        alpha=0.6,
        linewidth=0,
    )
    if len(known):
        last = known.iloc[-1]
        ax.annotate(
            chance,
            (float(known["invited"].iloc[0]), float(known["lower"].iloc[0])),
            xytext=(4, -12),
            textcoords="offset points",
            fontsize=9,
            color=style.GREY,
        )
        ax.set_xlim(0, float(last["invited"]) * 1.15)
    if not np.isnan(target):
        ax.axhline(target, color=style.INK, linewidth=1)
    for row in frame.to_dict("records"):
        if pd.isna(row["value"]) or pd.isna(row["invited"]):
            continue
        inside = pd.isna(row["lower"]) or row["lower"] <= row["value"] <= row["upper"]
        colour = style.BLUE if inside else style.VERMILION
        ax.plot(row["invited"], row["value"], "o" if inside else "s", color=colour, markersize=8)
        if not inside:
            ax.annotate(
                str(row["unit"]),
                (row["invited"], row["value"]),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
            )
    ax.set_ylim(0, 1.02)
    ax.grid(axis="y")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    _per_cent(ax, language, "y")


def around_start(
    frame: pd.DataFrame,
    ax: Axes,
    language: Language,
    *,
    xlabel: str,
    ylabel: str,
    start: str,
) -> None:
    """Differences by period before and after the introduction, with their intervals.

    ``frame`` has ``event_time`` (0 is the first period with the introduction), ``value``, ``lower``
    and ``upper`` (shares). Periods before are hollow; without an interval there is only the point.
    """
    own = frame[frame["value"].notna()]
    for row in own.to_dict("records"):
        before = row["event_time"] < 0
        colour = style.GREY if before else style.BLUE
        if pd.notna(row["lower"]) and pd.notna(row["upper"]):
            ax.vlines(row["event_time"], row["lower"], row["upper"], color=colour, linewidth=2)
        ax.plot(
            row["event_time"],
            row["value"],
            marker="o",
            markersize=8,
            color=colour,
            markerfacecolor="white" if before else colour,
        )
    ax.axhline(0, color=style.INK, linewidth=1)
    ax.axvline(-0.5, color=style.INK, linewidth=1, linestyle=":")
    ax.annotate(
        start,
        (-0.5, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(4, -4),
        textcoords="offset points",
        va="top",
        fontsize=9,
    )
    times = [int(each) for each in own["event_time"]]
    ax.set_xticks(times, [number(each, language, 0) for each in times])
    ax.grid(axis="y")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    # Percentage points, as the axis says: no per cent sign.
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415 - late: drawing is the exception

    ax.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: number(round(100 * value, 6), language, 0))
    )


def _per_cent(ax: Axes, language: Language, axis: str) -> None:
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415 - late: drawing is the exception

    chosen = ax.xaxis if axis == "x" else ax.yaxis
    chosen.set_major_formatter(
        FuncFormatter(lambda value, _: percent(round(100 * value, 6), language, 0))
    )
