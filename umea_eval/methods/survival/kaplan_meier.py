"""How large a share is still without the event, and when is half of them left?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from umea_eval import language as words
from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe
from umea_eval.methods.estimates import estimate_words, interval_text
from umea_eval.methods.inputs import Column, FloatArray, choice, level, numbers, refuse
from umea_eval.methods.result import Result
from umea_eval.methods.sentences import sentence
from umea_eval.methods.survival.at_risk import (
    EventTimes,
    FollowUp,
    by_group,
    event_times,
    follow_up,
    number_at_risk,
)
from umea_eval.methods.survival.influence import robust_errors
from umea_eval.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Limits = Literal["log-log", "log", "plain"]

# Groups differ by line as well as by colour.
_LINES = ("-", "--", "-.", ":")

# R's survfit treats a curve within this distance of the asked share as being at it.
_TOLERANCE = float(np.sqrt(np.finfo(float).eps))


@dataclass(frozen=True)
class KaplanMeier(Result):
    """Kaplan-Meier curves.

    ``table``: one row per group and time in ``at`` (by default every time with an event):
    ``numerator`` events up to and including the time, ``denominator`` persons followed,
    ``value`` the share without the event just after the time, ``standard_error`` (Greenwood),
    ``at_risk`` just before the time.
    ``medians``: one row per group, the time at which half are left, with its interval, and how many
    persons lie at each of the three times or beyond it, on the side with fewer (``value_beyond``,
    ``lower_beyond``, ``upper_beyond``; missing with the time).
    ``curves``: every time with an event. ``emptied_at``: by group, the time at which delayed entry
    left nobody at risk before the last had entered (the curve is 0 from there on), else None.
    """

    medians: pd.DataFrame
    curves: pd.DataFrame
    emptied_at: dict[Any, float | None]
    last_times: dict[Any, float]
    asked: bool

    def quantile(self, share: float) -> pd.DataFrame:
        """The time by which ``share`` (0 to 1) have had the event, per group, with interval."""
        first = self.medians.iloc[0]
        constants = {name: first[name] for name in ("confidence", "method")}
        followed = dict(zip(self.last_times, self.medians["denominator"], strict=True))
        return _quantiles(self.curves, self.last_times, followed, share, constants)

    def text(self, language: Language) -> str:
        """The median of each group, and the shares at the asked times."""
        sentences = [
            sentence(
                "methods.survival.median" + ("_none" if np.isnan(row["value"]) else ""),
                language,
                group=_prefix(row, language),
                events=row["numerator"],
                persons=row["denominator"],
                median=time_text(row["value"], language),
                interval=_median_interval(row, language),
            )
            for row in self.medians.to_dict("records")
        ]
        if self.asked:
            sentences += [
                sentence(
                    "methods.survival.share",
                    language,
                    group=_prefix(row, language),
                    time=time_text(row["time"], language),
                    **estimate_words(row, language, unit="share"),
                )
                for row in self.table.to_dict("records")
            ]
        for emptied in self.emptied_at.values():
            if emptied is not None:
                sentences.append(
                    sentence(
                        "methods.survival.emptied", language, time=time_text(emptied, language)
                    )
                )
        return " ".join(sentences)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the curves as steps with their limits shaded."""
        ax = plot_steps(self.curves, axes(ax), start=1.0)
        return describe(ax, language, x="time", y="share_without")


def kaplan_meier(
    durations: Column,
    events: Column,
    *,
    entry: Column | None = None,
    groups: Column | None = None,
    cluster: Column | None = None,
    at: Sequence[float] | None = None,
    confidence: float = 0.95,
    method: Limits = "log-log",
) -> KaplanMeier:
    """Kaplan-Meier estimate with Greenwood's standard error.

    ``durations``: time to the event or to censoring, in any unit. ``events``: 1 or True for the
    event, 0 or False for censored. ``entry``: time from which the person was observed (delayed
    entry); at risk when ``entry < t <= duration``. ``cluster``: what rows share (the person of
    several spells, the home); with it the error is robust (infinitesimal jackknife; meant for
    whole months, where the times are few). ``method``: limits on the log-log (default), log (R's
    default) or plain scale; where the curve is 1 or 0 there are no limits (missing).
    The median is the first time at which the curve is at most one half; where it lies at exactly
    one half it is the middle of that stretch, as in R.

    Raises UserError for missing values, times below zero, an entry at or after the end, other
    codes than 0 and 1, and a time in ``at`` after the last follow-up of a group.
    Equals R ``survival::survfit`` (V01, V02, V03, L02).
    Source: Kaplan & Meier 1958; Kalbfleisch & Prentice 2002, section 1.4.

    >>> import umea_eval as ue
    >>> months, left = [1, 2, 2, 3, 4, 5, 6, 6], [1, 1, 0, 1, 0, 1, 0, 0]
    >>> curve = ue.methods.survival.kaplan_meier(months, left, at=[3])
    >>> curve.table[["time", "value"]].round(4).to_dict("records")  # 7/8 x 6/7 x 4/5
    [{'time': 3.0, 'value': 0.6}]
    """
    level(confidence)
    choice(method, Limits, "method")
    persons = follow_up(durations, events, entry=entry, cluster=cluster)
    if persons.kinds > 1:
        raise UserError("methods.survival.competing")
    kind = f"Kaplan-Meier, {method}" + ("" if cluster is None else ", cluster-robust")
    constants = {"confidence": confidence, "method": kind}
    curves, chosen, last_times, followed = [], [], {}, {}
    emptied: dict[Any, float | None] = {}
    for name, members in by_group(persons, groups):
        counted = event_times(members)
        curve = _curve(members, counted, method, constants)
        if name is not None:
            curve.insert(0, "group", name)
        curves.append(curve)
        last_times[name], followed[name] = counted.last_time, counted.persons
        emptied[name] = counted.emptied_at
        if at is not None:
            rows = at_times(curve, at, members, counted, name, start=1.0, constants=constants)
            chosen.append(rows)
    whole = curves[0] if len(curves) == 1 else pd.concat(curves, ignore_index=True)
    table = pd.concat(chosen, ignore_index=True) if chosen else whole.copy()
    medians = _quantiles(whole, last_times, followed, 0.5, constants)
    return KaplanMeier(table, medians, whole, emptied, last_times, asked=at is not None)


def survival_steps(counted: EventTimes) -> tuple[FloatArray, FloatArray]:
    """The curve just after each time, and the cumulative sum of Greenwood's formula."""
    died, at_risk = counted.any_event, counted.at_risk
    with np.errstate(divide="ignore"):
        greenwood = np.cumsum(died / (at_risk * (at_risk - died)))
    share = np.cumprod(1.0 - died / at_risk).astype(np.float64)
    return share, greenwood.astype(np.float64)


def _curve(
    members: FollowUp, counted: EventTimes, method: Limits, constants: dict[str, Any]
) -> pd.DataFrame:
    share, greenwood = survival_steps(counted)
    relative = np.sqrt(greenwood)
    if members.cluster is not None:
        robust = robust_errors(members, counted, 1 - share, None, members.cluster)
        relative = np.where(share > 0, robust / np.where(share > 0, share, 1.0), np.inf)
    lower, upper = _limits(share, relative, constants["confidence"], method)
    inside = np.isfinite(relative)
    return pd.DataFrame(
        {
            "time": counted.time,
            "numerator": np.cumsum(counted.any_event),
            "denominator": np.full(len(share), counted.persons, dtype=np.float64),
            "value": share,
            "lower": lower,
            "upper": upper,
            **constants,
            "standard_error": np.where(inside, share * np.where(inside, relative, 0.0), np.nan),
            "at_risk": counted.at_risk,
        }
    )


def _limits(
    share: FloatArray, relative: FloatArray, confidence: float, method: Limits
) -> tuple[FloatArray, FloatArray]:
    z = float(stats.norm.ppf((1 + confidence) / 2))
    known = (share > 0) & (share < 1)
    p = np.where(known, share, 0.5)
    spread = z * np.where(known, relative, 0.0)
    if method == "log-log":
        steepness = np.exp(spread / -np.log(p))
        lower, upper = p**steepness, p ** (1 / steepness)
    elif method == "log":
        lower, upper = p * np.exp(-spread), np.minimum(p * np.exp(spread), 1.0)
    else:
        lower = np.maximum(p - p * spread, 0.0)
        upper = np.minimum(p + p * spread, 1.0)
    return np.where(known, lower, np.nan), np.where(known, upper, np.nan)


def at_times(
    curve: pd.DataFrame,
    at: Sequence[float],
    members: FollowUp,
    counted: EventTimes,
    name: Any,
    *,
    start: float,
    constants: dict[str, Any],
) -> pd.DataFrame:
    """Read a step curve at the asked times; before the first event it stands at ``start``."""
    asked = np.atleast_1d(numbers(at, "at"))
    refuse(asked < 0, "methods.inputs.negative", "at")
    # A survival curve that has ended at 0 stays there; otherwise nothing is known after the end.
    ended = start == 1.0 and len(curve) > 0 and curve["value"].iloc[-1] == 0
    if not ended and (asked > counted.last_time).any():
        raise UserError(
            "methods.survival.beyond",
            asked=float(asked.max()),
            last=counted.last_time,
            group="" if name is None else f" ({name})",
        )
    place = np.searchsorted(counted.time, asked, side="right") - 1
    before = place < 0
    rows = curve.iloc[np.maximum(place, 0)] if len(curve) else curve.reindex(range(len(asked)))
    rows = rows.reset_index(drop=True)
    rows["time"] = asked
    for constant in ("confidence", "method"):
        rows[constant] = constants[constant]
    rows["denominator"] = float(counted.persons)
    rows["at_risk"] = number_at_risk(members, asked)
    if name is not None:
        rows["group"] = name
    rows.loc[before, ["numerator", "value"]] = (0.0, start)
    rows.loc[before, ["lower", "upper", "standard_error"]] = np.nan
    return rows


def _quantiles(
    curves: pd.DataFrame,
    last_times: Mapping[Any, float],
    followed: Mapping[Any, float],
    share: float,
    constants: dict[str, Any],
) -> pd.DataFrame:
    rows = []
    for name, last in last_times.items():
        curve = curves if name is None else curves[curves["group"] == name]
        time = curve["time"].to_numpy()
        found = {
            column: _reaches(time, curve[column].to_numpy(), 1 - share, last)
            for column in ("value", "lower", "upper")
        }
        row = {
            "numerator": float(curve["numerator"].max()) if len(curve) else 0.0,
            "denominator": float(followed[name]),
            **found,
            **{f"{column}_beyond": _beyond(curve, at) for column, at in found.items()},
            **constants,
        }
        rows.append(row if name is None else {"group": name} | row)
    return pd.DataFrame(rows)


def _reaches(time: FloatArray, curve: FloatArray, level: float, last: float) -> float:
    """When a falling curve is first at or below a level; the middle of a stretch at the level."""
    below = np.flatnonzero(curve <= level + _TOLERANCE)
    if not len(below):
        return float("nan")
    first = below[0]
    if abs(curve[first] - level) > _TOLERANCE:
        return float(time[first])
    lower = np.flatnonzero(curve < level - _TOLERANCE)
    end = time[lower[0]] if len(lower) else max(last, time[first])
    return float((time[first] + end) / 2)


def _beyond(curve: pd.DataFrame, at: float) -> float:
    """Persons whose event came by a time, or those still followed then, whichever are fewer."""
    if np.isnan(at):
        return float("nan")
    time = curve["time"].to_numpy()
    by_then = float(curve["numerator"].to_numpy()[time <= at].max(initial=0.0))
    later = float(curve["at_risk"].to_numpy()[time >= at].max(initial=0.0))
    return min(by_then, later)


def plot_steps(curves: pd.DataFrame, ax: Axes, *, start: float) -> Axes:
    """Draw step curves with shaded limits, one colour per group."""
    names = [None] if "group" not in curves else list(dict.fromkeys(curves["group"]))
    for number, name in enumerate(names):
        curve = curves if name is None else curves[curves["group"] == name]
        colour = PALETTE[number % len(PALETTE)]
        time = np.concatenate([[0.0], curve["time"].to_numpy()])
        drawn = {
            column: np.concatenate([[start], curve[column].to_numpy()])
            for column in ("value", "lower", "upper")
        }
        label = None if name is None else str(name)
        line = _LINES[number % len(_LINES)]
        ax.step(time, drawn["value"], where="post", color=colour, linestyle=line, label=label)
        ax.fill_between(
            time, drawn["lower"], drawn["upper"], step="post", color=colour, alpha=0.2, linewidth=0
        )
    ax.set_ylim(0, 1)
    ax.set_xlim(left=0)
    if names and names != [None]:
        ax.legend(frameon=True, framealpha=0.85, edgecolor="none")
    return ax


def time_text(time: float, language: Language) -> str:
    """A time with no more decimals than it needs (at most two)."""
    value = float(time)
    for decimals in (0, 1):
        if round(value, decimals) == value:
            return words.number(value, language, decimals)
    return words.number(value, language, 2)


def _median_interval(row: dict[Any, Any], language: Language) -> str:
    """Limits of a median; an upper one that the curve never reaches is without bound."""
    lower, upper = float(row["lower"]), float(row["upper"])
    if np.isnan(upper) and not np.isnan(lower):
        upper = np.inf
    return interval_text(
        lower, upper, float(row["confidence"]), language, beside=float(row["value"])
    )


def _prefix(row: dict[Any, Any], language: Language) -> str:
    if "group" not in row:
        return ""
    return words.text("methods.survival.group", language, group=str(row["group"]))
