"""How large a share has had the event by a time, when another event can come first?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from umea_eval import language as words
from umea_eval.language import Language
from umea_eval.methods.axes import axes, describe
from umea_eval.methods.estimates import estimate_words
from umea_eval.methods.inputs import Column, FloatArray, choice, level
from umea_eval.methods.result import Result
from umea_eval.methods.sentences import sentence
from umea_eval.methods.survival.at_risk import (
    EventTimes,
    FollowUp,
    by_group,
    event_times,
    follow_up,
)
from umea_eval.methods.survival.influence import robust_errors
from umea_eval.methods.survival.kaplan_meier import (
    at_times,
    plot_steps,
    survival_steps,
    time_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Limits = Literal["log-log", "plain"]


@dataclass(frozen=True)
class CumulativeIncidence(Result):
    """Cumulative incidence, one curve per cause and group.

    ``table``: one row per group, cause and time: ``numerator`` events of the cause up to and
    including the time, ``denominator`` persons followed, ``value`` the share that has had it,
    ``standard_error``, ``at_risk``. ``curves``: the same at every time with an event of any cause.
    ``followed``: persons, by group (under None without groups).
    """

    curves: pd.DataFrame
    causes: Mapping[int, str]
    followed: dict[Any, int]
    asked: bool

    def text(self, language: Language) -> str:
        """The share with each cause at the last time of the table, per group."""
        keys = [name for name in ("group", "cause") if name in self.table]
        rows = self.table if self.asked else self.table.groupby(keys, sort=False).tail(1)
        # A curve without events has no rows; it is not to be passed over in silence.
        curved = set(rows["group"]) if "group" in rows else {None} if len(rows) else set()
        sentences = [
            sentence(
                "methods.survival.incidence_none",
                language,
                group=_prefix(name, language),
                persons=persons,
            )
            for name, persons in self.followed.items()
            if name not in curved
        ]
        sentences += [
            sentence(
                "methods.survival.incidence",
                language,
                group=_prefix(row.get("group"), language),
                cause=self.causes.get(int(row["cause"]), str(row["cause"])),
                time=time_text(row["time"], language),
                **estimate_words(row, language, unit="share"),
                events=row["numerator"],
                persons=row["denominator"],
            )
            for row in rows.to_dict("records")
        ]
        return " ".join(sentences)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw one step curve per group and cause with its limits shaded."""
        drawn = self.curves.copy()
        label = drawn["cause"].map(lambda code: self.causes.get(int(code), str(code)))
        drawn["group"] = (
            label if "group" not in drawn else drawn["group"].astype(str) + ", " + label
        )
        ax = plot_steps(drawn, axes(ax), start=0.0)
        return describe(ax, language, x="time", y="share_with")


def cumulative_incidence(
    durations: Column,
    events: Column,
    *,
    entry: Column | None = None,
    groups: Column | None = None,
    cluster: Column | None = None,
    at: Sequence[float] | None = None,
    causes: Mapping[int, str] | None = None,
    confidence: float = 0.95,
    method: Limits = "log-log",
) -> CumulativeIncidence:
    """Aalen-Johansen estimate of the cumulative incidence of each cause.

    ``events``: 0 for censored, 1, 2, ... for the cause that came first; ``causes`` names them for
    text and figure. Ties of causes at one time (whole months) are taken together, nothing is
    jittered. ``entry``: delayed entry, at risk when ``entry < t <= duration``. ``cluster``: what
    rows share (the person of several spells); with it the error is robust, as in
    :func:`kaplan_meier`. ``method``: limits
    on the log(-log) scale of the incidence (default) or plain; before the first event of the cause
    there are no limits (missing).

    Raises UserError as :func:`kaplan_meier` does.
    Equals R ``survival::survfit(Surv(time, factor(event)))`` (L01).
    Source: Aalen & Johansen 1978; variance of Marubini & Valsecchi 1995, section 10.3.

    >>> import umea_eval as ue
    >>> months, why = [1, 2, 2, 3, 4, 5], [1, 2, 0, 1, 2, 0]
    >>> curves = ue.methods.survival.cumulative_incidence(
    ...     months, why, at=[4], causes={1: "work", 2: "other"}
    ... )
    >>> curves.table[["cause", "value"]].round(4)
       cause   value
    0      1  0.3889
    1      2  0.3889
    """
    level(confidence)
    choice(method, Limits, "method")
    persons = follow_up(durations, events, entry=entry, cluster=cluster)
    kinds = max(persons.kinds, 1)
    named = {code: str(code) for code in range(1, kinds + 1)} | dict(causes or {})
    name_of = f"Aalen-Johansen, {method}" + ("" if cluster is None else ", cluster-robust")
    constants = {"confidence": confidence, "method": name_of}
    curves, chosen, followed = [], [], {}
    for name, members in by_group(persons, groups):
        counted = event_times(members, kinds)
        followed[name] = counted.persons
        for cause in range(1, kinds + 1):
            curve = _curve(members, counted, cause, method, constants)
            if name is not None:
                curve.insert(0, "group", name)
            curves.append(curve)
            if at is not None:
                rows = at_times(curve, at, members, counted, name, start=0.0, constants=constants)
                chosen.append(rows.assign(cause=cause))
    whole = curves[0] if len(curves) == 1 else pd.concat(curves, ignore_index=True)
    table = pd.concat(chosen, ignore_index=True) if chosen else whole.copy()
    return CumulativeIncidence(table, whole, named, followed, asked=at is not None)


def _curve(
    members: FollowUp,
    counted: EventTimes,
    cause: int,
    method: Limits,
    constants: dict[str, Any],
) -> pd.DataFrame:
    incidence, se = _incidence(counted, cause)
    if members.cluster is not None:
        se = robust_errors(members, counted, incidence, cause, members.cluster)
    z = float(stats.norm.ppf((1 + constants["confidence"]) / 2))
    known = (incidence > 0) & (incidence < 1)
    p = np.where(known, incidence, 0.5)
    if method == "log-log":
        power = np.exp(z * se / (p * -np.log(p)))
        lower, upper = p**power, p ** (1 / power)
    else:
        lower, upper = np.maximum(p - z * se, 0.0), np.minimum(p + z * se, 1.0)
    rows = len(incidence)
    return pd.DataFrame(
        {
            "cause": np.full(rows, cause, dtype=np.int64),
            "time": counted.time,
            "numerator": np.cumsum(counted.events[:, cause - 1]),
            "denominator": np.full(rows, counted.persons, dtype=np.float64),
            "value": incidence,
            "lower": np.where(known, lower, np.nan),
            "upper": np.where(known, upper, np.nan),
            **constants,
            "standard_error": se,
            "at_risk": counted.at_risk,
        }
    )


def _prefix(group: Any, language: Language) -> str:
    if group is None:
        return ""
    return words.text("methods.survival.group", language, group=str(group))


def _incidence(counted: EventTimes, cause: int) -> tuple[FloatArray, FloatArray]:
    """The incidence just after each time and its standard error, by cumulative sums."""
    n, d, dk = counted.at_risk, counted.any_event, counted.events[:, cause - 1]
    after, _ = survival_steps(counted)
    before = np.concatenate([[1.0], after[:-1]])
    f = np.cumsum(before * dk / n)
    # Where everyone at risk has an event the last term of Greenwood's sum is multiplied by
    # F(t) - F(t) = 0, so leaving it out changes nothing.
    more = n > d
    g = np.where(more, d / (n * np.where(more, n - d, 1.0)), 0.0)
    own = np.cumsum(before**2 * dk * (n - dk) / n**3)
    h = before * dk / n**2
    variance = (
        f**2 * np.cumsum(g)
        - 2 * f * np.cumsum(f * g)
        + np.cumsum(f**2 * g)
        + own
        - 2 * (f * np.cumsum(h) - np.cumsum(f * h))
    )
    return f, np.sqrt(np.maximum(variance, 0.0))
