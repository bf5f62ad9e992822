"""How uncertain is a statistic when whole clusters come and go together?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe
from umea_eval.methods.estimates import estimate_words
from umea_eval.methods.inputs import (
    FloatArray,
    IntArray,
    at_least,
    choice,
    column,
    denominators,
    labels,
    level,
    numbers,
)
from umea_eval.methods.result import Result
from umea_eval.methods.sentences import sentence
from umea_eval.style import BLUE, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Interval = Literal["studentised", "percentile"]


@dataclass(frozen=True)
class ClusterBootstrap(Result):
    """``table``: one row: the statistic with its bootstrap limits; ``replicates``: its values."""

    replicates: FloatArray
    clusters: int

    def text(self, language: Language) -> str:
        """The statistic with its interval."""
        row = self.table.iloc[0]
        return sentence(
            "methods.clustered.bootstrap",
            language,
            **estimate_words(row, language),
            replicates=len(self.replicates),
            clusters=self.clusters,
        )

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the replicates as a histogram with the statistic and its limits."""
        ax = axes(ax)
        ax.hist(self.replicates, bins=40, color=GREY)
        row = self.table.iloc[0]
        for place, style in ((row["value"], "-"), (row["lower"], "--"), (row["upper"], "--")):
            ax.axvline(place, color=BLUE, linestyle=style)
        return describe(ax, language, x="value", y="replicates")


def cluster_bootstrap(
    data: pd.DataFrame,
    statistic: Callable[[pd.DataFrame], float],
    *,
    cluster: str,
    replicates: int = 2_000,
    seed: int = 1,
    confidence: float = 0.95,
) -> ClusterBootstrap:
    """Bootstrap any statistic of a frame by drawing whole clusters with replacement.

    Percentile limits; a cluster drawn twice appears twice. For shares, rates and their ratios
    :func:`bootstrap_ratio` is faster and keeps its confidence better with few clusters.
    The rows are put in order of cluster first; ``statistic`` must not depend on their order within.
    Source: Davison & Hinkley 1997, section 3.8.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> homes = pd.DataFrame(
    ...     {
    ...         "home": list("aabbccddee"),
    ...         "new": [0, 0, 1, 1, 0, 0, 1, 1, 0, 1],
    ...         "falls": [3, 2, 1, 0, 4, 2, 1, 2, 3, 1],
    ...         "days": [300, 310, 290, 305, 280, 300, 310, 295, 300, 300],
    ...     }
    ... )
    >>> mean = ue.methods.clustered.cluster_bootstrap(
    ...     homes, lambda frame: frame["falls"].mean(), cluster="home", replicates=200
    ... )
    >>> mean.clusters, round(float(mean.table["value"].iloc[0]), 2)
    (5, 1.9)
    """
    level(confidence)
    at_least(replicates, 2, "replicates")
    codes, names = labels(column(data, cluster), cluster)
    _enough(len(names))
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes))
    starts = ends - np.bincount(codes)
    drawn = np.random.default_rng(seed).integers(0, len(names), (replicates, len(names)))
    values = np.empty(replicates)
    for number in range(replicates):
        rows = np.concatenate([order[starts[c] : ends[c]] for c in drawn[number]])
        values[number] = statistic(data.iloc[rows])
    estimate = float(statistic(data.iloc[order]))
    if not np.isfinite(values).all() or not np.isfinite(estimate):
        raise UserError("methods.clustered.undefined", wrong=int((~np.isfinite(values)).sum()))
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(values, [tail, 1 - tail])
    return ClusterBootstrap(
        _row(estimate, float(lower), float(upper), confidence, "cluster bootstrap, percentile"),
        values,
        len(names),
    )


def bootstrap_ratio(
    data: pd.DataFrame,
    *,
    numerator: str,
    denominator: str,
    cluster: str,
    group: str | None = None,
    interval: Interval = "studentised",
    replicates: int = 2_000,
    seed: int = 1,
    confidence: float = 0.95,
) -> ClusterBootstrap:
    """A rate or share (sum over sum), or with ``group`` the ratio of two groups' rates.

    ``group``: 1 or True over 0 or False (or the second label over the first); a cluster may have
    rows in both. All replicates are computed in one pass over cluster totals. ``interval``:
    "studentised" on the logarithmic scale (default) or "percentile".
    UserError where a group has no events in the data (its ratio has no logarithm).
    Source: Davison & Hinkley 1997, sections 2.4 and 5.2.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> homes = pd.DataFrame(
    ...     {
    ...         "home": list("aabbccddee"),
    ...         "new": [0, 0, 1, 1, 0, 0, 1, 1, 0, 1],
    ...         "falls": [3, 2, 1, 0, 4, 2, 1, 2, 3, 1],
    ...         "days": [300, 310, 290, 305, 280, 300, 310, 295, 300, 300],
    ...     }
    ... )
    >>> rate = ue.methods.clustered.bootstrap_ratio(
    ...     homes, numerator="falls", denominator="days", cluster="home", interval="percentile"
    ... )
    >>> round(float(rate.table["value"].iloc[0] * 1000), 2)  # 19 falls in 2990 days
    6.35
    """
    level(confidence)
    choice(interval, Interval, "interval")
    at_least(replicates, 2, "replicates")
    y = numbers(column(data, numerator), numerator)
    x = denominators(column(data, denominator), denominator)
    codes, names = labels(column(data, cluster), cluster)
    _enough(len(names))
    sides: IntArray = np.zeros(len(y), dtype=np.int64)
    if group is not None:
        sides, found = labels(column(data, group), group)
        if len(found) != 2:
            raise UserError("methods.clustered.two_groups", groups=len(found))
    totals = []
    for side in range(int(sides.max()) + 1):
        inside = sides == side
        totals.append(
            (
                _sums(codes[inside], y[inside], len(names)),
                _sums(codes[inside], x[inside], len(names)),
            )
        )
    if any(float(events.sum()) <= 0 for events, _ in totals):
        raise UserError("methods.clustered.no_events")
    times = _times(totals, len(names), replicates, seed)
    estimate, se = _log_ratio(np.ones((1, len(names))), totals)
    logs, errors = _log_ratio(times, totals)
    usable = np.isfinite(logs) & (errors > 0)
    if usable.mean() < 0.99:
        raise UserError("methods.clustered.undefined", wrong=int((~usable).sum()))
    logs, errors = logs[usable], errors[usable]
    tail = (1 - confidence) / 2
    if interval == "percentile":
        limits = np.quantile(logs, [tail, 1 - tail])
    else:
        t = np.quantile((logs - estimate[0]) / errors, [1 - tail, tail])
        limits = estimate[0] - t * se[0]
    lower, upper = np.exp(limits)
    table = _row(
        float(np.exp(estimate[0])),
        float(lower),
        float(upper),
        confidence,
        f"cluster bootstrap, {interval}",
    )
    if group is None:
        table["numerator"], table["denominator"] = float(y.sum()), float(x.sum())
    return ClusterBootstrap(table, np.exp(logs), len(names))


def _sums(codes: IntArray, values: FloatArray, clusters: int) -> FloatArray:
    return np.bincount(codes, values, minlength=clusters).astype(np.float64)


def _times(
    totals: list[tuple[FloatArray, FloatArray]], clusters: int, replicates: int, seed: int
) -> FloatArray:
    """How often each cluster is drawn; within its group where no cluster has rows in both."""
    strata = [np.arange(clusters)]
    if len(totals) == 2:
        present = [exposure > 0 for _, exposure in totals]
        if not (present[0] & present[1]).any():
            strata = [np.flatnonzero(each) for each in present]
    rng = np.random.default_rng(seed)
    times = np.zeros((replicates, clusters))
    for chosen in strata:
        _enough(len(chosen))
        share = np.full(len(chosen), 1 / len(chosen))
        times[:, chosen] = rng.multinomial(len(chosen), share, size=replicates)
    return times


def _log_ratio(
    times: FloatArray, totals: list[tuple[FloatArray, FloatArray]]
) -> tuple[FloatArray, FloatArray]:
    """The logarithm of the rate (ratio) and its linearised error, per row of ``times``.

    ``times`` says how often each cluster is drawn. The error is that of the sum over clusters of
    (y - r x) / Y, where both groups of one cluster are taken together.
    """
    logs = np.zeros(len(times))
    parts = []
    for sign, (y, x) in zip((1.0, -1.0) if len(totals) == 1 else (-1.0, 1.0), totals, strict=False):
        with np.errstate(divide="ignore", invalid="ignore"):
            events, exposure = times @ y, times @ x
            logs = logs + sign * np.log(events / exposure)
        parts.append((sign, y, x, events, exposure))
    # The sum over clusters of (sum over groups of sign * (y / Y - x / X))^2, expanded so that every
    # term is one product of ``times`` with a vector.
    squares = np.zeros(len(times))
    with np.errstate(divide="ignore", invalid="ignore"):
        for sign, y, x, events, exposure in parts:
            for other_sign, other_y, other_x, other_events, other_exposure in parts:
                squares = squares + sign * other_sign * (
                    times @ (y * other_y) / (events * other_events)
                    - times @ (y * other_x) / (events * other_exposure)
                    - times @ (x * other_y) / (exposure * other_events)
                    + times @ (x * other_x) / (exposure * other_exposure)
                )
        error = np.sqrt(np.maximum(squares, 0.0))
    return logs, error


def _enough(clusters: int) -> None:
    if clusters < 2:
        raise UserError("methods.clustered.one_cluster")


def _row(value: float, lower: float, upper: float, confidence: float, method: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "numerator": [np.nan],
            "denominator": [np.nan],
            "value": [value],
            "lower": [lower],
            "upper": [upper],
            "confidence": [confidence],
            "method": [method],
        }
    )
