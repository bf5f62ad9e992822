"""Pictures of a year's key figures, drawn from released frames only."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from umea_eval import style
from umea_eval.datasets.key_figures.measures import STATUSES
from umea_eval.language import Language, number, text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Colour and shape say the same thing: colour alone is never what tells them apart.
_LOOK = {
    "attained": (style.GREEN, "o"),
    "improved": (style.BLUE, "^"),
    "not_attained": (style.VERMILION, "s"),
    "not_judged": (style.GREY, "D"),
}


def attainment(frame: pd.DataFrame, ax: Axes, language: Language) -> None:
    """One row per indicator and one column per status: the columns are read at a glance.

    ``frame`` is ``measures.attainment_overview``. Filled: the printed attainment follows from
    target and result. Hollow: it cannot be checked. Crossed: it does not hold together.
    """
    count = len(frame)
    totals = frame["status"].value_counts()
    for column, status in enumerate(STATUSES):
        ax.axvspan(column - 0.5, column + 0.5, color=style.LIGHT, alpha=0.35 if column % 2 else 0)
        heading = text(f"key_figures.status_short.{status}", language)
        ax.text(
            column,
            -1.75,
            str(int(totals.get(status, 0))),
            ha="center",
            va="center",
            fontsize=20,
            fontweight="bold",
            color=_LOOK[status][0],
        )
        ax.text(column, -0.85, heading, ha="center", va="center", fontsize=10, color=style.INK)
    rows = zip(frame["indicator"], frame["status"], frame["check"], strict=True)
    for row, (_, status, check) in enumerate(rows):
        ax.axhline(row + 0.5, color=style.LIGHT, linewidth=0.6)
        colour, marker = _LOOK[status]
        place = STATUSES.index(status)
        filled = colour if check != "not_checkable" else "white"
        ax.plot(
            place,
            row,
            marker=marker,
            markersize=11,
            color=colour,
            markerfacecolor=filled,
            markeredgewidth=2,
            linestyle="none",
        )
        if check == "disputed":
            ax.plot(
                place,
                row,
                marker="x",
                markersize=15,
                color=style.INK,
                markeredgewidth=2.2,
                linestyle="none",
            )
    ax.set_yticks(range(count), [_wrapped(name) for name in frame["indicator"]], fontsize=9)
    ax.set_xticks([])
    ax.set_xlim(-0.5, len(STATUSES) - 0.5)
    ax.set_ylim(count - 0.5, -2.4)
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def sexes(frame: pd.DataFrame, ax: Axes, language: Language) -> None:
    """Women and men per indicator in per cent, the difference written between them.

    ``frame`` is ``measures.by_sex``, shares only.
    """
    women, men = frame["women"].tolist(), frame["men"].tolist()
    for row, decimals in enumerate(frame["decimals"].tolist()):
        ax.plot([women[row], men[row]], [row, row], color=style.LIGHT, linewidth=4, zorder=1)
        ax.plot(women[row], row, "o", color=style.PURPLE, markersize=9, zorder=2)
        ax.plot(men[row], row, "s", color=style.BLUE, markersize=8, zorder=2)
        points = number(abs(women[row] - men[row]), language, decimals)
        label = text("key_figures.report.points", language, points=points)
        ax.text(max(women[row], men[row]) + 1.8, row, label, va="center", fontsize=9)
    ax.set_yticks(range(len(frame)), [_wrapped(name) for name in frame["indicator"]], fontsize=9)
    ax.set_ylim(len(frame) - 0.5, -1.0)
    ax.set_xlim(0, 118)
    ax.set_xticks(range(0, 101, 20))
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    ax.set_xlabel(text("key_figures.report.per_cent", language))
    # The first row names the two marks: direct labels in place of a legend.
    if women:
        for share, other, colour, key in (
            (women[0], men[0], style.PURPLE, "women"),
            (men[0], women[0], style.BLUE, "men"),
        ):
            ax.text(
                share,
                -0.45,
                text(f"key_figures.sex.{key}", language),
                color=colour,
                ha="left" if share >= other else "right",
                va="bottom",
                fontsize=10,
                fontweight="bold",
            )


def _wrapped(name: str, width: int = 58) -> str:
    """Two lines at most; the table below the picture has the whole name."""
    lines = textwrap.wrap(name, width)
    if len(lines) > 2:
        lines = [lines[0], textwrap.shorten(" ".join(lines[1:]), width, placeholder=" …")]
    return "\n".join(lines)
