"""Where a result is drawn when the caller names no place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def axes(ax: Axes | None) -> Axes:
    """``ax``, or the axes of a new figure that no global state holds on to."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure  # noqa: PLC0415 - late, so that --help stays fast

    return Figure().add_subplot()
