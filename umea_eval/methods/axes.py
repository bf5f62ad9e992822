"""Where a result is drawn when the caller names no place, and what its axes are called."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from umea_eval.language import Language, number, text
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
        ax.legend(frameon=True, framealpha=0.85, edgecolor="none")
    return numbered(ax, language)


def numbered(ax: Axes, language: Language) -> Axes:
    """Write the numbers of the axes as the language does, and never as powers of ten."""
    from matplotlib.ticker import FuncFormatter, ScalarFormatter  # noqa: PLC0415 - late, as above

    for axis in (ax.xaxis, ax.yaxis):
        if isinstance(axis.get_major_formatter(), ScalarFormatter):
            axis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, language)))
    return ax


def ratios(ax: Axes, language: Language) -> Axes:
    """A logarithmic axis of ratios with plain numbers: half is as far from 1 as double."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: PLC0415

    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, language)))
    return ax


def _tick(value: float, language: Language) -> str:
    return number(Decimal(f"{value:.6g}"), language)
