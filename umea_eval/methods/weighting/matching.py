"""Who, at the time when a person began, had the same history and had not begun?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.axes import axes
from umea_eval.methods.inputs import (
    FloatArray,
    IntArray,
    at_least,
    column,
    labels,
    numbers,
    positive,
)
from umea_eval.methods.months import timeline
from umea_eval.methods.result import COLUMNS, Result
from umea_eval.methods.sentences import sentence
from umea_eval.methods.starts import NEVER, starts
from umea_eval.methods.weighting.balance import Balance, balance_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class RiskSetMatches(Result):
    """``table``: one row: ``numerator`` matched of ``denominator`` who began, ``value`` their
    share. ``pairs``: one row per match: ``set``, ``unit``, ``control``, ``time``, ``distance`` (in
    standard deviations), ``later_start`` (whether the control began later: censor there).
    ``unmatched``: how many who began had no row when they began, and how many no match.
    ``balance``: means of the history before and after matching."""

    pairs: pd.DataFrame
    unmatched: dict[str, int]
    balance: Balance | None

    def text(self, language: Language) -> str:
        """How many were matched, and the balance."""
        row = self.table.iloc[0]
        parts = [
            sentence(
                "methods.weighting.matched",
                language,
                matched=row["numerator"],
                began=row["denominator"],
                no_row=self.unmatched["no_row"],
                no_match=self.unmatched["no_match"],
            )
        ]
        if self.balance is not None:
            parts.append(self.balance.text(language))
        return " ".join(parts)

    def plot(self, ax: Axes | None = None, *, language: Language = "sv") -> Axes:
        """Draw the balance of the history before and after."""
        if self.balance is None:
            return axes(ax)
        return self.balance.plot(ax, language=language)


def risk_set_matching(
    data: pd.DataFrame,
    *,
    unit: str,
    time: str,
    start: str,
    history: Sequence[str],
    exact: Sequence[str] = (),
    ratio: int = 1,
    caliper: float | None = None,
    replacement: bool = False,
) -> RiskSetMatches:
    """Match each who begins with those not begun at that time and most alike in history.

    ``data``: one row per unit and period; ``history``: columns that hold what had happened before
    that period (months with support in the last twelve); ``exact``: columns that must be equal.
    ``start``: the unit's first period under the new state, missing for never. A control may begin
    later. Nearest by the sum of squared differences in standard deviations of the risk sets,
    at most ``caliper`` standard deviations away. Greedy in order of start and unit; ties go to the
    first unit in order, so that the order of rows never matters. Without ``replacement`` a control
    serves once.

    UserError for duplicated unit-periods, missing history, and where nobody begins.
    Source: Li, Propert & Rosenbaum 2001; Lu 2005.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {
    ...         "person": [1, 2, 3],
    ...         "month": [5, 5, 5],
    ...         "start": [5.0, None, None],
    ...         "support": [10, 9, 2],
    ...     }
    ... )
    >>> matches = ue.methods.weighting.risk_set_matching(
    ...     frame, unit="person", time="month", start="start", history=["support"]
    ... )
    >>> len(matches.pairs), matches.unmatched
    (1, {'no_row': 0, 'no_match': 0})
    """
    at_least(ratio, 1, "ratio")
    if caliper is not None:
        positive(caliper, "caliper")
    if not history:
        raise UserError("methods.inputs.none_named", name="history")
    rows = _Rows(data, unit=unit, time=time, start=start, history=history, exact=exact)
    spread = rows.spread()
    free = np.ones(len(rows.names), dtype=np.bool_)
    pairs: list[dict[str, Any]] = []
    sets: list[tuple[int, list[int]]] = []
    no_row = no_match = 0
    began = sorted(np.flatnonzero(rows.start >= 0), key=lambda u: (rows.start[u], u))
    for treated in began:
        own = rows.at(int(rows.start[treated]), int(treated))
        if own is None:
            no_row += 1
            continue
        candidates = rows.not_begun(int(rows.start[treated]), own)
        if not replacement:
            candidates = candidates[free[rows.unit[candidates]]]
        away = np.sqrt((((rows.history[candidates] - rows.history[own]) / spread) ** 2).sum(axis=1))
        if caliper is not None:
            candidates, away = candidates[away <= caliper], away[away <= caliper]
        # Rounded, so that the same history is the same distance on every machine.
        nearest = np.lexsort((rows.unit[candidates], away.round(9)))[:ratio]
        if not len(nearest):
            no_match += 1
            continue
        chosen = [int(candidates[place]) for place in nearest]
        free[rows.unit[chosen]] = False
        sets.append((own, chosen))
        pairs += [
            {
                "set": len(sets),
                "unit": rows.names[treated],
                "control": rows.names[rows.unit[row]],
                "time": rows.periods[rows.start[treated]],
                "distance": float(away[place]),
                "later_start": bool(rows.start[rows.unit[row]] >= 0),
            }
            for place, row in zip(nearest, chosen, strict=True)
        ]
    if not began:
        raise UserError("methods.weighting.nobody_begins")
    table = pd.DataFrame(
        {
            "numerator": [float(len(sets))],
            "denominator": [float(len(began))],
            "value": [len(sets) / len(began)],
            "lower": [np.nan],
            "upper": [np.nan],
            "confidence": [np.nan],
            "method": ["risk-set matching"],
        }
    )[list(COLUMNS)]
    names = ["set", "unit", "control", "time", "distance", "later_start"]
    return RiskSetMatches(
        table,
        pd.DataFrame(pairs, columns=names),
        {"no_row": no_row, "no_match": no_match},
        _balance(rows, sets, history) if sets else None,
    )


class _Rows:
    """The rows of the panel as arrays, sorted by unit and period."""

    def __init__(
        self,
        data: pd.DataFrame,
        *,
        unit: str,
        time: str,
        start: str,
        history: Sequence[str],
        exact: Sequence[str],
    ) -> None:
        units, self.names = labels(column(data, unit), unit)
        times, unique = labels(column(data, time), time)
        line = timeline(unique, time)
        place = np.empty(len(unique), dtype=np.int64)
        place[line.order] = np.arange(len(unique))
        when = place[times]
        cell = units * len(unique) + when
        order = np.argsort(cell, kind="stable")
        if (np.diff(cell[order]) == 0).any():
            raise UserError(
                "methods.difference_in_differences.twice",
                extra=int((np.diff(cell[order]) == 0).sum()),
            )
        self.periods = line.labels
        self.unit: IntArray = units[order]
        self.when: IntArray = when[order]
        self.start = starts(column(data, start), units, line, len(unique))
        self.history: FloatArray = np.column_stack(
            [numbers(column(data, name), name) for name in history]
        )[order]
        cells: IntArray = np.zeros(len(data), dtype=np.int64)
        for name in exact:
            codes, levels = labels(column(data, name), name)
            cells = cells * len(levels) + codes
        self.cell = cells[order]
        self._of_period = [np.flatnonzero(self.when == t) for t in range(len(unique))]

    def at(self, period: int, unit: int) -> int | None:
        """The row of a unit in a period."""
        rows = self._of_period[period]
        found = rows[self.unit[rows] == unit]
        return int(found[0]) if len(found) else None

    def not_begun(self, period: int, own: int) -> IntArray:
        """Rows of the period whose unit begins later or never, in the same exact cell."""
        rows = self._of_period[period]
        begins = self.start[self.unit[rows]]
        waiting = (begins == NEVER) | (begins > period)
        found: IntArray = rows[waiting & (self.cell[rows] == self.cell[own])]
        return found

    def spread(self) -> FloatArray:
        """Standard deviations of the history over the risk sets; 1 where it never varies."""
        begun = np.unique(self.start[self.start >= 0])
        begins = self.start[self.unit]
        inside = np.isin(self.when, begun) & ((begins == NEVER) | (begins >= self.when))
        spread = self.history[inside].std(axis=0) if inside.any() else np.ones(1)
        return np.asarray(np.where(spread > 0, spread, 1.0), dtype=np.float64)


def _balance(rows: _Rows, sets: list[tuple[int, list[int]]], history: Sequence[str]) -> Balance:
    """Before: those who began against everyone in their risk sets; after: against their matches."""
    values, treated, weight = [], [], []
    for own, chosen in sets:
        others = rows.not_begun(int(rows.when[own]), own)
        values += [rows.history[[own]], rows.history[others]]
        treated += [np.ones(1), np.zeros(len(others))]
        weight += [np.ones(1), np.isin(others, chosen) / len(chosen)]
    frame = pd.DataFrame(np.vstack(values), columns=list(history))
    frame["began"] = np.concatenate(treated)
    return balance_table(
        frame, treatment="began", covariates=list(history), weights=np.concatenate(weight)
    )
