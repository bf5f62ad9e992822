"""Where a result is drawn when the caller names no place, and what its axes are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from umea_eval.language import Language, text
from umea_eval.style import look

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def axes(ax: Axes | None) -> Axes:
    """``ax``, or the axes of a new figure of pyplot: a notebook shows it without being asked."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt  # noqa: PLC0415 - late, so that --help stays fast

    with look():
        return plt.subplots()[1]


def named(word: str, language: Language) -> str:
    """A word of the axes and legends in the catalogue."""
    return text(f"methods.axes.{word}", language)


def describe(
    ax: Axes, language: Language, *, x: str = "", y: str = "", legend: bool = False
) -> Axes:
    """Name the axes by words of the catalogue, and show what the marks stand for."""
    if x:
        ax.set_xlabel(named(x, language))
    if y:
        ax.set_ylabel(named(y, language))
    if legend:
        ax.legend(frameon=False)
    return ax
