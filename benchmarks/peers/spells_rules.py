"""What all ways of making spells must do, and how they say how long it took.

From one row per person and month with support (whole number, date), in the order of months, to one
row per spell: person, first and last month, months from first to last, months with support, whether
it is open at the end of data (last month less than two months before it), and whether in any month
of it the person had support in 10 of the latest 12 and in 27 of the latest 36 months. A spell ends
with two or more months without support.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

GAP = 2
FIRST, LAST = "2018-01", "2023-12"
LAST_ORDINAL = 2023 * 12 + 11  # December 2023 as year times 12 and month from 0
LONG_TERM = (10, 12)
VERY_LONG_TERM = (27, 36)
WARM_UP = 1_000
CALLS = 3


def main(
    load: Callable[[np.ndarray, np.ndarray], Any],
    join: Callable[[Any], Any],
    sums: Callable[[Any], list[int]],
) -> None:
    """Load the rows of the command line's folder, join them to spells, print what it took.

    ``sums`` are the spells, their months, their benefit months, and how many are open, long-term
    and very long-term.
    """
    folder = Path(sys.argv[-1])
    few = [np.load(folder / f"{name}.npy", mmap_mode="r")[:WARM_UP] for name in ("person", "month")]
    join(load(np.array(few[0]), np.array(few[1])))
    del few
    before = peak_mb(reset=True)
    rows = load(np.load(folder / "person.npy"), np.load(folder / "month.npy"))
    seconds, found = [], None
    for _ in range(CALLS):
        found = None
        start = time.process_time()
        found = join(rows)
        seconds.append(time.process_time() - start)
    facts = {
        "seconds": min(seconds),
        "memory_mb": peak_mb() - before,
        "sums": sums(found),
    }
    sys.stdout.write(json.dumps(facts) + "\n")


def peak_mb(*, reset: bool = False) -> float:
    """The most memory so far, in megabytes; ``reset`` begins anew (where Linux lets it)."""
    clear = Path("/proc/self/clear_refs")
    if reset and clear.exists():
        clear.write_text("5", encoding="ascii")
    status = Path("/proc/self/status")
    if not status.exists():
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (1e6 if sys.platform == "darwin" else 1e3)
    for line in status.read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("no VmHWM in /proc/self/status")
