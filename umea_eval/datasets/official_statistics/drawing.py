"""Pictures of Socialstyrelsen's monthly table, drawn from released frames only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from umea_eval import style
from umea_eval.datasets.official_statistics.measures import BIRTHS
from umea_eval.language import Language, text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_LINES = {"native": (style.BLUE, "o", "-"), "one_foreign": (style.VERMILION, "s", "-")}
_MARKS = {"published": "", "suppressed": "X", "missing": "–"}
_FILL = {"published": "#CFE3F1", "suppressed": "#F3D9C8", "missing": "#EFEFEF"}


def course(frame: pd.DataFrame, ax: Axes, language: Language) -> None:
    """One line per birth country; no line across the break, and none over a withheld month.

    ``frame`` is ``measures.course``.
    """
    months = sorted(frame["month"].unique())
    for birth in BIRTHS:
        colour, marker, line = _LINES[birth]
        rows = frame[frame["birth"] == birth].set_index("month").reindex(months)
        values = rows["households"].astype(float).tolist()
        before = rows["before_break"].fillna(value=False).tolist()
        for part in (True, False):
            # A missing month is NaN: the line has a gap there.
            side = [x for x, first in enumerate(before) if bool(first) == part]
            ax.plot(
                side,
                [values[x] for x in side],
                color=colour,
                marker=marker,
                linestyle=line,
                linewidth=2,
                markersize=6,
            )
        known = [(x, y) for x, y in enumerate(values) if not math.isnan(y)]
        if known:
            ax.annotate(
                text(f"official_statistics.birth.{birth}", language),
                known[-1],
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                color=colour,
                fontweight="bold",
                annotation_clip=False,
            )
    breaks = [
        x
        for x, month in enumerate(months)
        if bool(frame.loc[frame["month"] == month, "before_break"].any())
    ]
    if breaks and len(breaks) < len(months):
        place = breaks[-1] + 0.5
        ax.axvline(place, color=style.INK, linestyle=":", linewidth=1.4)
        ax.annotate(
            text("official_statistics.report.break_label", language),
            (place, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(5, -4),
            textcoords="offset points",
            va="top",
            fontsize=9,
        )
    ax.set_xticks(range(len(months)), [_month(month, language) for month in months])
    ax.set_ylim(bottom=0)
    ax.set_xlim(-0.4, len(months) + 1.6)
    ax.grid(axis="y")
    ax.set_ylabel(text("official_statistics.column.households", language))


def availability(frame: pd.DataFrame, ax: Axes, birth: str, language: Language) -> None:
    """A square per municipality and month: published, withheld (X) or not delivered (–).

    ``frame`` is ``measures.availability``; the marks say the same as the colours.
    """
    rows = frame[frame["birth"] == birth]
    places = list(dict.fromkeys(rows["municipality"]))
    months = sorted(frame["month"].unique())
    for name, month, status in zip(
        rows["municipality"], rows["month"], rows["status"], strict=True
    ):
        x, y = months.index(month), places.index(name)
        ax.fill_between([x - 0.46, x + 0.46], y - 0.44, y + 0.44, color=_FILL[status], linewidth=0)
        ax.text(x, y, _MARKS[status], ha="center", va="center", fontsize=10, fontweight="bold")
    ax.set_xticks(range(len(months)), [_month(month, language) for month in months])
    ax.set_yticks(range(len(places)), places)
    ax.set_ylim(len(places) - 0.5, -0.5)
    ax.set_xlim(-0.5, len(months) - 0.5)
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.set_title(text(f"official_statistics.birth.{birth}", language))


def _month(month: str, language: Language) -> str:
    return text(f"official_statistics.month.m{month[5:]}", language)
