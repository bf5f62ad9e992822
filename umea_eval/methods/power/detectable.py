"""The smallest effect that a design detects with the wanted power, by formula."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from umea_eval import style
from umea_eval.errors import UserError
from umea_eval.language import Language, listing, text
from umea_eval.methods.axes import axes, numbered
from umea_eval.methods.estimates import Unit, estimate_table, value_text
from umea_eval.methods.inputs import choice
from umea_eval.methods.power import formulas
from umea_eval.methods.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Scale = Literal["points", "difference", "ratio"]
SeriesScale = Literal["difference", "ratio"]
_UNIT: dict[Scale, Unit] = {"points": "points", "difference": "number", "ratio": "number"}
# Ratios are sought up to a factor of a million, mean differences up to as many standard deviations.
_LARGEST = 1e6
_APART = 16  # steps between the first looks for an effect


@dataclass(frozen=True)
class SmallestEffect(Result):
    """The smallest detectable effect, one row per ``direction`` (or per effect of the design).

    ``value`` is a difference ("points" for shares, else in the outcome's own unit) or a ratio. It
    is missing where no possible effect can be detected. There is no interval.
    """

    scale: Scale
    power: float
    alpha: float

    def text(self, language: Language) -> str:
        """The smallest increase and decrease, or that there is none."""
        parts = []
        for direction, value in zip(self.table["direction"], self.table["value"], strict=True):
            size = value if self.scale == "ratio" else abs(value)
            shown = value_text(size, language, unit=_UNIT[self.scale], beside=(size,))
            key = "impossible" if math.isnan(value) else self.scale
            name = text(f"methods.power.direction.{direction}", language)
            parts.append(text(f"methods.power.{key}", language, direction=name, value=shown))
        return text(
            "methods.power.text",
            language,
            effects=listing(parts, language),
            power=value_text(100 * self.power, language),
            alpha=value_text(100 * self.alpha, language),
        )

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """A bar per direction, from no effect to the smallest detectable one."""
        none = 1.0 if self.scale == "ratio" else 0.0
        factor = 100.0 if self.scale == "points" else 1.0
        with style.look():
            ax = axes(ax)
            names = [
                text(f"methods.power.direction.{d}", language) for d in self.table["direction"]
            ]
            height = (self.table["value"].fillna(none) - none) * factor
            ax.bar(names, height, bottom=none * factor, color=style.BLUE)
            ax.axhline(none * factor, color=style.GREY, linewidth=1)
            ax.set_ylabel(text(f"methods.power.axis.{self.scale}", language))
        return numbered(ax, language)


def detectable_proportions(
    n1: float,
    n2: float,
    baseline: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    inflation: float = 1,
) -> SmallestEffect:
    """The smallest difference from the share ``baseline`` of the second group.

    ``inflation`` is the design effect by which clusters shrink both groups (`design_effect`).
    Equals R ``power.prop.test(n, p2 = baseline, power = power)`` for equal groups.

    >>> import umea_eval as ue
    >>> effect = ue.methods.power.detectable_proportions(100, 100, 0.5)
    >>> effect.table["value"].round(3).tolist()
    [0.193, -0.193]
    """
    up, down = smallest_differences(n1, n2, baseline, power=power, alpha=alpha, inflation=inflation)
    return _both(up, -down, "points", power=power, alpha=alpha, method="two proportions")


def smallest_differences(
    n1: float,
    n2: float,
    baseline: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    inflation: float = 1,
) -> tuple[float, float]:
    """The sizes of ``detectable_proportions``, upwards and downwards; nan where there is none.

    >>> import umea_eval as ue
    >>> up, down = ue.methods.power.smallest_differences(100, 100, 0.5)
    >>> round(up, 3), round(down, 3)
    (0.193, 0.193)
    """
    if not 0 < baseline < 1:
        raise UserError("methods.power.baseline")
    n1, n2 = _effective(n1, inflation), _effective(n2, inflation)

    def found(step: float, room: float, sign: int) -> float:
        return formulas.power_proportions(
            n1, n2, baseline + sign * step * room, baseline, alpha=alpha
        )

    rises = _smallest(lambda d: found(d, 1 - baseline, 1), 1.0, power) * (1 - baseline)
    falls = _smallest(lambda d: found(d, baseline, -1), 1.0, power) * baseline
    return rises, falls


def detectable_paired_proportions(
    n: float, discordant: float, *, power: float = 0.8, alpha: float = 0.05
) -> SmallestEffect:
    """The smallest net change in a share when ``discordant`` of ``n`` people change at all.

    >>> import umea_eval as ue
    >>> effect = ue.methods.power.detectable_paired_proportions(100, 0.3)
    >>> round(float(effect.table["value"].iloc[0]), 3)
    0.152
    """
    if not 0 < discordant <= 1:
        raise UserError("methods.power.baseline")
    n = _effective(n, 1)
    change = _smallest(
        lambda d: formulas.power_paired_proportions(n, discordant, d * discordant, alpha=alpha),
        1.0,
        power,
    )
    effect = change * discordant
    return _both(
        effect, -effect, "points", power=power, alpha=alpha, method="paired proportions, McNemar"
    )


def detectable_means(
    n1: float,
    n2: float,
    sd: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    inflation: float = 1,
) -> SmallestEffect:
    """The smallest difference between two means, in the unit of ``sd``.

    >>> import umea_eval as ue
    >>> effect = ue.methods.power.detectable_means(64, 64, 1.0)
    >>> round(float(effect.table["value"].iloc[0]), 2)  # half a standard deviation
    0.5
    """
    n1, n2 = _effective(n1, inflation), _effective(n2, inflation)
    effect = _smallest(lambda d: formulas.power_means(n1, n2, d, 1.0, alpha=alpha), _LARGEST, power)
    return _both(
        effect * _sd(sd),
        -effect * sd,
        "difference",
        power=power,
        alpha=alpha,
        method="two means, t",
    )


def detectable_paired_means(
    n: float, sd: float, *, power: float = 0.8, alpha: float = 0.05
) -> SmallestEffect:
    """The smallest mean change in the same people; ``sd`` is that of their differences.

    >>> import umea_eval as ue
    >>> effect = ue.methods.power.detectable_paired_means(34, 1.0)
    >>> round(float(effect.table["value"].iloc[0]), 2)
    0.5
    """
    effect = smallest_paired_change(n, sd, power=power, alpha=alpha)
    return _both(effect, -effect, "difference", power=power, alpha=alpha, method="paired t")


def smallest_paired_change(
    n: float, sd: float, *, power: float = 0.8, alpha: float = 0.05
) -> float:
    """The size of ``detectable_paired_means``, alike in both directions.

    >>> import umea_eval as ue
    >>> round(ue.methods.power.smallest_paired_change(34, 1.0), 2)
    0.5
    """
    n = _effective(n, 1)
    effect = _smallest(
        lambda d: formulas.power_paired_means(n, d, 1.0, alpha=alpha), _LARGEST, power
    )
    return effect * _sd(sd)


def detectable_rates(
    exposure1: float,
    exposure2: float,
    rate: float,
    *,
    per: float = 1000,
    dispersion: float = 1,
    power: float = 0.8,
    alpha: float = 0.05,
) -> SmallestEffect:
    """The smallest rate ratio when both groups' rate without an effect is ``rate`` per ``per``.

    >>> import umea_eval as ue
    >>> effect = ue.methods.power.detectable_rates(10000, 10000, 5)
    >>> effect.table["value"].round(2).tolist()
    [1.65, 0.5]
    """
    if not (exposure1 > 0 and exposure2 > 0 and rate > 0 and dispersion > 0):
        raise UserError("methods.power.rate")
    events = exposure1 * rate / per, exposure2 * rate / per

    def found(log_ratio: float) -> float:
        return formulas.power_rates(
            *events, math.exp(log_ratio), dispersion=dispersion, alpha=alpha
        )

    rises = math.exp(_smallest(found, math.log(_LARGEST), power))
    # Fewer and fewer events leave less and less to test with: power need not reach the wanted.
    falls = math.exp(-_smallest(lambda d: found(-d), _best_fall(found), power))
    return _both(
        rises, falls, "ratio", power=power, alpha=alpha, method="rate ratio, Wald on the log scale"
    )


def detectable_hazard_ratio(
    events: float, *, share: float = 0.5, power: float = 0.8, alpha: float = 0.05
) -> SmallestEffect:
    """The smallest hazard ratio with ``events`` in all and ``share`` of the people in one group.

    >>> import umea_eval as ue
    >>> effect = ue.methods.power.detectable_hazard_ratio(88)
    >>> round(float(effect.table["value"].iloc[0]), 2)
    1.82
    """
    if not (events > 0 and 0 < share < 1):
        raise UserError("methods.power.rate")
    effect = _smallest(
        lambda d: formulas.power_hazard_ratio(events, math.exp(d), share=share, alpha=alpha),
        math.log(_LARGEST),
        power,
    )
    return _both(
        math.exp(effect),
        math.exp(-effect),
        "ratio",
        power=power,
        alpha=alpha,
        method="hazard ratio, log-rank",
    )


def detectable_interrupted_series(
    before: int,
    after: int,
    sd: float,
    *,
    autocorrelation: float = 0,
    scale: SeriesScale = "difference",
    power: float = 0.8,
    alpha: float = 0.05,
) -> SmallestEffect:
    """The smallest change in level and in slope (per period) that an interrupted series shows.

    ``sd`` is that of one period around the line, in the outcome's unit; for counts give that of
    the log rate (about the square root of dispersion over the mean count) and ``scale="ratio"``.

    >>> import umea_eval as ue
    >>> effect = ue.methods.power.detectable_interrupted_series(24, 12, 2.0, autocorrelation=0.3)
    >>> effect.table[["direction", "value"]].round(2)
      direction  value
    0     level   4.57
    1     slope   0.62
    """
    choice(scale, SeriesScale, "scale")
    errors = formulas.interrupted_series_errors(before, after, sd, autocorrelation=autocorrelation)
    factor = float(formulas.critical(alpha) + norm.isf(1 - _wanted(power)))
    effects = [factor * errors.level, factor * errors.slope]
    if scale == "ratio":
        effects = [math.exp(effect) for effect in effects]
    return _effects(
        effects,
        ["level", "slope"],
        scale,
        power=power,
        alpha=alpha,
        method="interrupted series, AR(1)",
    )


def detectable_difference_in_differences(
    treated: int, controls: int, sd_change: float, *, power: float = 0.8, alpha: float = 0.05
) -> SmallestEffect:
    """The smallest effect when ``treated`` units are compared with ``controls`` over time.

    ``sd_change`` is the standard deviation between units of their change (mean after minus mean
    before). The units are what is compared, so that t has treated + controls - 2 degrees of
    freedom. Where permutation is used, see also `smallest_attainable_p`.

    >>> import umea_eval as ue
    >>> effect = ue.methods.power.detectable_difference_in_differences(2, 4, 1.5)
    >>> round(float(effect.table["value"].iloc[0]), 2)
    4.89
    """
    effect = smallest_difference_in_differences(
        treated, controls, sd_change, power=power, alpha=alpha
    )
    return _both(
        effect,
        -effect,
        "difference",
        power=power,
        alpha=alpha,
        method="difference in differences, t",
    )


def smallest_difference_in_differences(
    treated: int, controls: int, sd_change: float, *, power: float = 0.8, alpha: float = 0.05
) -> float:
    """The size of ``detectable_difference_in_differences``, alike in both directions.

    >>> import umea_eval as ue
    >>> round(ue.methods.power.smallest_difference_in_differences(2, 4, 1.5), 2)
    4.89
    """
    if treated < 1 or controls < 1:
        raise UserError("methods.power.permutation", units=treated + controls)
    effect = _smallest(
        lambda d: formulas.power_means(treated, controls, d, 1.0, alpha=alpha), _LARGEST, power
    )
    return effect * _sd(sd_change)


def _smallest(found: Callable[[float], float], largest: float, power: float) -> float:
    """The smallest effect in (0, largest] with the wanted power; missing if none has it."""
    wanted = _wanted(power)
    # Powers of two up from where nothing is found: the first crossing is the smallest effect. Power
    # rises, or rises and falls: a crossing between two steps far apart is the first one.
    steps = np.append(largest * 2.0 ** np.arange(-60, 0, 0.25), largest)
    apart = range(0, len(steps), _APART)
    reached = next((at for at in apart if found(float(steps[at])) >= wanted), None)
    begin = 0 if reached is None else max(reached - _APART, 0)
    last = float(steps[begin - 1]) if begin else 0.0
    for step in steps[begin:]:
        if found(float(step)) >= wanted:
            return float(brentq(lambda d: found(d) - wanted, last or step * 1e-9, step, xtol=1e-14))
        last = float(step)
    return math.nan


def _best_fall(found: Callable[[float], float]) -> float:
    """How far down the log ratio can go before power falls again."""
    steps = np.linspace(0.01, math.log(_LARGEST), 2000)
    return float(steps[int(np.argmax([found(-step) for step in steps]))])


def _wanted(power: float) -> float:
    if not 0.05 < power < 1:
        raise UserError("methods.power.power")
    return power


def _effective(n: float, inflation: float) -> float:
    if not (n > 0 and inflation > 0):
        raise UserError("methods.power.n")
    return n / inflation


def _sd(sd: float) -> float:
    if not sd > 0:
        raise UserError("methods.power.sd")
    return sd


def _both(
    up: float, down: float, scale: Scale, *, power: float, alpha: float, method: str
) -> SmallestEffect:
    return _effects(
        [up, down], ["increase", "decrease"], scale, power=power, alpha=alpha, method=method
    )


def _effects(
    values: list[float], names: list[str], scale: Scale, *, power: float, alpha: float, method: str
) -> SmallestEffect:
    table = estimate_table(
        pd.DataFrame({"direction": names}, dtype="str"),
        value=values,
        lower=np.nan,
        upper=np.nan,
        confidence=None,
        method=method,
    )
    return SmallestEffect(table, scale=scale, power=power, alpha=alpha)
