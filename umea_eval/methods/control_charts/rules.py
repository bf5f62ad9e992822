"""Which points and runs are more than chance would give?

Each rule is a function of plain arrays; a chart applies them within a phase (between breaks).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from scipy import stats

from umea_eval.methods.inputs import BoolArray, FloatArray

# NHS England, Making Data Count: seven points make a shift or a trend; the outer third of the
# distance to a limit is "close to the limit".
SHIFT_LENGTH = 7
TREND_LENGTH = 7


@dataclass(frozen=True)
class Runs:
    """Anhoej's runs analysis of one series around its centre.

    ``useful`` points (not on the centre), ``longest_run`` and the longest that chance would give,
    ``crossings`` of the centre and the fewest that chance would give. ``signal`` where the run is
    longer or the crossings are fewer.
    """

    useful: int
    longest_run: int
    longest_run_max: int
    crossings: int
    crossings_min: int
    signal: bool


def outside(value: FloatArray, lower: FloatArray, upper: FloatArray) -> BoolArray:
    """Points beyond a limit (a point on the limit is inside)."""
    return (value > upper) | (value < lower)


def shift(value: FloatArray, centre: FloatArray) -> BoolArray:
    """Points in a run of seven or more on one side of the centre; one on it ends the run."""
    return _long_runs(np.sign(value - centre), SHIFT_LENGTH, 0)


def trend(value: FloatArray) -> BoolArray:
    """Points in a stretch of seven or more, each above the one before (or each below)."""
    step = np.sign(np.diff(value))
    steps = _long_runs(step, TREND_LENGTH - 1, 0)
    part = np.zeros(len(value), dtype=np.bool_)
    part[:-1] |= steps
    part[1:] |= steps
    return part


def two_of_three(value: FloatArray, centre: FloatArray, close: BoolArray) -> BoolArray:
    """Close points of which there are two among three in a row, all three on the same side."""
    side = np.sign(value - centre)
    part = np.zeros(len(value), dtype=np.bool_)
    for start in range(len(value) - 2):
        window = slice(start, start + 3)
        if abs(side[window].sum()) == 3 and close[window].sum() >= 2:
            part[window] |= close[window]
    return part


def anhoej(value: FloatArray, centre: FloatArray) -> Runs:
    """Unusually long runs or unusually few crossings.

    The longest run is judged against round(log2(n)) + 3 (Schilling 2012), the crossings against
    the 5th percentile of Binomial(n - 1, 1/2) (Chen 2010); n counts points off the centre.
    Equals R ``qicharts2``. Source: Anhoej & Olesen 2014.

    >>> import umea_eval as ue
    >>> import numpy as np
    >>> runs = ue.methods.control_charts.anhoej(np.array([1.0] * 10 + [3.0] * 10), np.full(20, 2.0))
    >>> runs.longest_run, runs.longest_run_max, runs.crossings, runs.crossings_min, runs.signal
    (10, 7, 1, 6, True)
    """
    side = np.sign(value - centre)
    side = side[side != 0]
    n = len(side)
    if n == 0:
        return Runs(0, 0, 0, 0, 0, signal=False)
    lengths = [len(list(run)) for _, run in groupby(side)]
    longest, crossings = max(lengths), len(lengths) - 1
    longest_max = int(np.round(np.log2(n))) + 3
    crossings_min = int(stats.binom.ppf(0.05, n - 1, 0.5)) if n > 1 else 0
    unusual = longest > longest_max or crossings < crossings_min
    return Runs(n, longest, longest_max, crossings, crossings_min, signal=unusual)


def _long_runs(marks: FloatArray, length: int, neutral: int) -> BoolArray:
    part = np.zeros(len(marks), dtype=np.bool_)
    start = 0
    for mark, run in groupby(marks):
        end = start + len(list(run))
        part[start:end] = mark != neutral and end - start >= length
        start = end
    return part
