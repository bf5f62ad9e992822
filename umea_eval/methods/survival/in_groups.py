"""How is a curve made to step on groups, so that no step shows one person?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def in_groups(
    times: npt.ArrayLike,
    events: npt.ArrayLike,
    *,
    least: int,
    ends: Sequence[float] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Follow-up times put together in groups with at least ``least`` events each (a life table).

    ``times`` to the event or to censoring, ``events`` 1 or 0. Without ``ends`` a group goes from
    its first to its last time with an event, both included; with ``ends``, the only times at which
    one may end, it goes from the end of the one before. Everybody in a group gets the time of its
    end: who is censored within it counts as at risk until then. The last group takes what is left.

    Returns the times, in their order, and the ends of the groups. A curve of those times is a
    function of the events and those at risk of each group alone. With ``least`` of at most 1 all is
    as it was, with a group for each end at or after the first event. Events after the last of
    ``ends`` are in no group.

    >>> import umea_eval as ue
    >>> times, ends = ue.methods.survival.in_groups([1, 2, 3, 5, 8], [1, 1, 0, 1, 1], least=2)
    >>> times.tolist(), ends.tolist()
    ([2.0, 2.0, 3.0, 8.0, 8.0], [2.0, 8.0])
    """
    given = np.asarray(times, dtype=np.float64)
    happened = np.asarray(events).astype(bool)
    grid = np.unique(given[happened]) if ends is None else np.unique(np.asarray(ends, np.float64))
    place = np.searchsorted(grid, given, side="left")
    within = place < len(grid)
    counts = np.bincount(place[happened & within], minlength=len(grid))
    if least <= 1 or not len(grid):
        return given, grid[np.cumsum(counts) > 0] if len(grid) else grid
    first, last = _groups(counts, least)
    starts = grid[first] if ends is None else np.append(-np.inf, grid[last][:-1])
    stops = grid[last]
    group = np.searchsorted(stops, given, side="left")
    inside = group < len(stops)
    own = group[inside]
    inside[inside] = given[inside] >= starts[own] if ends is None else given[inside] > starts[own]
    moved = given.copy()
    moved[inside] = stops[group[inside]]
    return moved, stops


def _groups(counts: npt.NDArray[np.int64], least: int) -> tuple[list[int], list[int]]:
    """The first and the last place of each group of ``counts``; places of 0 after it are in none.

    One group of all, where all are fewer than ``least``.
    """
    first, last = [], []
    begun, since = None, 0
    for place, count in enumerate(counts.tolist()):
        if count and begun is None:
            begun = place
        since += count
        if begun is not None and since >= least:
            first.append(begun)
            last.append(place)
            begun, since = None, 0
    if begun is not None:
        final = int(np.flatnonzero(counts)[-1])
        if first:
            last[-1] = final
        else:
            first, last = [begun], [final]
    return first, last
