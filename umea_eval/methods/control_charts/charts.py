"""Where are the centre and the limits of each kind of chart?

All limits are three standard deviations from the centre, the deviation estimated from the
baseline: the first ``baseline`` points of each phase (all points by default), frozen from there on.
``breaks`` begin new phases: a change of measurement, never an intervention.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from umea_eval.errors import UserError
from umea_eval.methods.control_charts.chart import (
    ControlChart,
    Improvement,
    Limits,
    Series,
    draw,
    ordered,
)
from umea_eval.methods.inputs import (
    BoolArray,
    Column,
    FloatArray,
    counts,
    denominators,
    numbers,
    same_length,
)

# Constants for moving ranges of two points (Montgomery, Statistical Quality Control, table VI):
# d2 = 1.128, D4 = 3.267; 3 / d2 is rounded to 2.66 in Making Data Count's XmR chart.
D2 = 1.128
D4 = 3.267
XMR_FACTOR = 2.66
# Exponent that makes exponential times between events nearly normal (Nelson 1994).
NELSON = 3.6


def xmr_chart(
    values: Column,
    *,
    times: Column | None = None,
    baseline: int | None = None,
    breaks: Sequence[Any] = (),
    screen: bool = True,
    improvement: Improvement | None = None,
    target: float | None = None,
) -> ControlChart:
    """XmR chart (individual values and moving ranges) with the rules of Making Data Count.

    ``values``: one per period. ``times``: their months, checked for gaps and duplicates; without
    them the rows are in order. ``screen``: leave out moving ranges of 3.267 times their mean or
    more before the limits are set (as NHSRplotthedots does by default).
    Equals R ``NHSRplotthedots::ptd_spc`` (Q01, Q02), except that a falling trend is a signal too.

    >>> import umea_eval as ue
    >>> chart = ue.methods.control_charts.xmr_chart([10, 12, 11, 13, 10, 12])
    >>> chart.table[["lower", "centre", "upper"]].tail(1).round(2).to_dict(
    ...     "records"
    ... )  # 11.33 and 2.66 times 1.8
    [{'lower': 6.01, 'centre': 11.33, 'upper': 16.65}]
    """
    series = ordered(None, None, numbers(values, "values"), times=times, breaks=breaks)

    def limits(inside: BoolArray, base: BoolArray) -> Limits:
        centre = float(series.value[base].mean())
        return _symmetric(
            np.full(inside.sum(), centre), XMR_FACTOR * _mean_range(series.value[base], screen)
        )

    return draw(
        series, limits, kind="XmR", baseline=baseline, improvement=improvement, target=target
    )


def p_chart(
    events: Column,
    n: Column,
    *,
    times: Column | None = None,
    baseline: int | None = None,
    breaks: Sequence[Any] = (),
    prime: bool = False,
    improvement: Improvement | None = None,
    target: float | None = None,
) -> ControlChart:
    """Chart of shares: ``events`` of ``n`` per period. ``prime``: Laney's p′ chart, where the
    spread between periods is part of the limits. Equals R ``qicharts2`` (p, pp). Source: Montgomery
    section 7.2; Laney 2002. UserError where fewer than one event is expected per period.

    >>> import umea_eval as ue
    >>> chart = ue.methods.control_charts.p_chart([8, 11, 9, 10, 30], [50, 50, 50, 50, 50])
    >>> chart.table[["value", "lower", "centre", "upper"]].tail(1).round(3).to_dict("records")
    [{'value': 0.6, 'lower': 0.083, 'centre': 0.272, 'upper': 0.461}]
    """
    number, size = counts(events, "events"), denominators(n, "n")
    same_length(number, size, ("events", "n"))
    if (number > size).any():
        raise UserError(
            "methods.control_charts.more_than_all", first=int((number > size).argmax()) + 1
        )
    series = ordered(number, size, number / size, times=times, breaks=breaks)

    def limits(inside: BoolArray, base: BoolArray) -> Limits:
        centre = _pooled(series, base)
        sigma = np.sqrt(centre * (1 - centre) / series.denominator[inside])
        if prime:
            own = np.sqrt(centre * (1 - centre) / series.denominator[base])
            sigma = sigma * _between((series.value[base] - centre) / own)
        return _clipped(centre, sigma, top=1.0)

    return draw(
        series,
        limits,
        kind="p′" if prime else "p",
        baseline=baseline,
        improvement=improvement,
        target=target,
    )


def u_chart(
    events: Column,
    exposure: Column,
    *,
    per: float = 1000,
    times: Column | None = None,
    baseline: int | None = None,
    breaks: Sequence[Any] = (),
    prime: bool = False,
    improvement: Improvement | None = None,
    target: float | None = None,
) -> ControlChart:
    """Chart of rates: ``events`` over ``exposure`` (resident-days), per ``per`` units of it.

    ``prime``: Laney's u′ chart. Equals R ``qicharts2`` (u, up) (L06). Source: Montgomery section
    7.3; Laney 2002. UserError for zero exposure, and where fewer than one event is expected per
    period: a longer period or a g chart is needed.

    >>> import umea_eval as ue
    >>> chart = ue.methods.control_charts.u_chart([5, 7, 6, 4], [900, 1000, 950, 800])
    >>> chart.table[["value", "centre"]].head(1).round(2).to_dict(
    ...     "records"
    ... )  # 5 / 900 and 22 / 3650, per 1000 days
    [{'value': 5.56, 'centre': 6.03}]
    """
    number, days = counts(events, "events"), denominators(exposure, "exposure")
    same_length(number, days, ("events", "exposure"))
    series = ordered(number, days, number / days, times=times, breaks=breaks)

    def limits(inside: BoolArray, base: BoolArray) -> Limits:
        centre = _pooled(series, base)
        sigma = np.sqrt(centre / series.denominator[inside])
        if prime:
            own = np.sqrt(centre / series.denominator[base])
            sigma = sigma * _between((series.value[base] - centre) / own)
        return _clipped(centre, sigma)

    return draw(
        series,
        limits,
        kind="u′" if prime else "u",
        baseline=baseline,
        improvement=improvement,
        target=target,
        per=per,
    )


def c_chart(
    events: Column,
    *,
    times: Column | None = None,
    baseline: int | None = None,
    breaks: Sequence[Any] = (),
    improvement: Improvement | None = None,
    target: float | None = None,
) -> ControlChart:
    """Chart of counts with the same exposure in every period. Equals R ``qicharts2`` (c).

    UserError where fewer than one event is expected per period.

    >>> import umea_eval as ue
    >>> chart = ue.methods.control_charts.c_chart([4, 6, 5, 3, 7, 5, 5, 4, 6, 15])
    >>> chart.table[["value", "centre", "upper"]].tail(2).round(2)
       value  centre  upper
    8    6.0     6.0  13.35
    9   15.0     6.0  13.35
    """
    number = counts(events, "events")
    series = ordered(number, np.ones(len(number)), number, times=times, breaks=breaks)

    def limits(inside: BoolArray, base: BoolArray) -> Limits:
        centre = _pooled(series, base)
        return _clipped(centre, np.full(inside.sum(), np.sqrt(centre)))

    return draw(series, limits, kind="c", baseline=baseline, improvement=improvement, target=target)


def g_chart(
    gaps: Column,
    *,
    baseline: int | None = None,
    breaks: Sequence[int] = (),
    improvement: Improvement | None = None,
    target: float | None = None,
) -> ControlChart:
    """Chart of whole units (days, opportunities) between rare events, in order of time.

    Limits from the geometric distribution with the mean gap; the centre line is the median.
    Equals R ``qicharts2`` (g) (Q11). Source: Benneyan 2001; Provost & Murray 2011.

    >>> import umea_eval as ue
    >>> chart = ue.methods.control_charts.g_chart([12, 30, 7, 25, 18, 40, 3, 22])
    >>> chart.table[["centre", "upper"]].tail(1).round(2).to_dict("records")
    [{'centre': 20.0, 'upper': 79.98}]
    """
    between = counts(gaps, "gaps")
    series = ordered(None, None, between, times=None, breaks=breaks)

    def limits(inside: BoolArray, base: BoolArray) -> Limits:
        mean = float(series.value[base].mean())
        sigma = np.full(inside.sum(), np.sqrt(mean * (mean + 1)))
        lines = _clipped(mean, sigma)
        centre = np.full(inside.sum(), float(np.median(series.value[base])))
        return Limits(centre, lines.lower, lines.upper, lines.near_lower, lines.near_upper)

    return draw(series, limits, kind="g", baseline=baseline, improvement=improvement, target=target)


def t_chart(
    gaps: Column,
    *,
    baseline: int | None = None,
    breaks: Sequence[int] = (),
    improvement: Improvement | None = None,
    target: float | None = None,
) -> ControlChart:
    """Chart of continuous time between rare events, in order of time; every gap above zero.

    XmR limits of the times raised to 1 / 3.6, raised back. Equals R ``qicharts2`` (t) (Q11).
    Source: Nelson 1994.

    >>> import umea_eval as ue
    >>> chart = ue.methods.control_charts.t_chart([12.5, 30.0, 7.2, 25.1, 18.0, 40.3, 3.9, 22.8])
    >>> chart.table[["centre", "upper"]].tail(1).round(2).to_dict("records")
    [{'centre': 17.21, 'upper': 169.32}]
    """
    series = ordered(None, None, denominators(gaps, "gaps"), times=None, breaks=breaks)

    def limits(inside: BoolArray, base: BoolArray) -> Limits:
        root = series.value[base] ** (1 / NELSON)
        sigma = _mean_range(root, screen=False) / D2
        lines = _clipped(float(root.mean()), np.full(inside.sum(), sigma))
        return Limits(
            lines.centre**NELSON,
            lines.lower**NELSON,
            lines.upper**NELSON,
            lines.near_lower**NELSON,
            lines.near_upper**NELSON,
        )

    return draw(series, limits, kind="t", baseline=baseline, improvement=improvement, target=target)


def _mean_range(values: FloatArray, screen: bool) -> float:
    ranges = np.abs(np.diff(values))
    mean = float(ranges.mean())
    if not screen or mean == 0:
        return mean
    return float(ranges[ranges < D4 * mean].mean())


def _between(standardised: FloatArray) -> float:
    """Laney's sigma: the spread of the standardised points, by their moving ranges."""
    return _mean_range(standardised, screen=False) / D2


def _pooled(series: Series, base: BoolArray) -> float:
    """Events over exposure in the baseline; refused where a period expects fewer than one."""
    centre = float(series.numerator[base].sum() / series.denominator[base].sum())
    expected = centre * float(series.denominator[base].mean())
    if expected < 1:
        raise UserError("methods.control_charts.rare", expected=expected)
    return centre


def _symmetric(centre: FloatArray, reach: float) -> Limits:
    near = 2 * reach / 3
    return Limits(centre, centre - reach, centre + reach, centre - near, centre + near)


def _clipped(centre: float, sigma: FloatArray, top: float = np.inf) -> Limits:
    """Three and two sigma, never below zero nor above ``top``."""
    return Limits(
        np.full(len(sigma), centre),
        np.maximum(centre - 3 * sigma, 0.0),
        np.minimum(centre + 3 * sigma, top),
        np.maximum(centre - 2 * sigma, 0.0),
        np.minimum(centre + 2 * sigma, top),
    )
