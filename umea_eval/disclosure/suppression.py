"""What is suppressed of a report's tables, and what can be shown instead?

First what must not be known, then what must go with it over all linked tables, then all that
follows; counts before amounts, because an amount goes with the count of those behind it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from umea_eval.disclosure.attack import Told
from umea_eval.disclosure.complementary import IntArray, Problem, Target, choose
from umea_eval.disclosure.declared import check_declared
from umea_eval.disclosure.following import follow
from umea_eval.disclosure.linked import (
    BoolArray,
    FloatArray,
    LinkedSet,
    Place,
    floats,
    link,
    of_nobody,
    tied_to,
)
from umea_eval.disclosure.primary import blocked, dominated, least, small_counts, small_measures
from umea_eval.disclosure.rounding import rounded, rounded_from
from umea_eval.disclosure.rules import Rules
from umea_eval.disclosure.tables import NUMBERS, Field, Table
from umea_eval.disclosure.worlds import matrix
from umea_eval.language import Language
from umea_eval.methods.proportions.single import clopper_pearson, wilson

Masks = dict[str, pd.DataFrame]
# A suppressed cell is taken to be at most so much above the largest one shown: an outsider knows
# more or less how large things are, and a programme needs a limit.
_BEYOND = 1000.0


@dataclass(frozen=True)
class Suppressed:
    """``masks``: what must not be shown. ``frames``: the tables as they may be shown otherwise
    (rounded, shares in words). ``told`` and ``told_amounts`` are for the attack."""

    masks: Masks
    frames: Mapping[str, pd.DataFrame]
    told: Told
    told_amounts: Told


def suppress(tables: Sequence[Table], rules: Rules, *, language: Language = "sv") -> Suppressed:
    """Decide what may be shown of ``tables`` under ``rules``.

    Nothing here is a promise: the attack tries what comes out. Raises UserError for a number of
    which too little is declared, and where the tables contradict each other.
    """
    check_declared(tables, language=language)
    counts = link(tables, "count", language=language)
    small = small_measures(counts)
    block = blocked(counts, tables, small)
    problem = count_problem(counts, rules, block, ranks(counts, tables))
    choice = choose(problem)
    hidden = choice.hidden | block
    masks = {table.name: _by_column(table, counts, hidden, rules) for table in tables}
    amounts = link(tables, "amount", language=language)
    with_counts = np.zeros(len(amounts), dtype=np.bool_)
    for place, index in amounts.at.items():
        with_counts[index] |= masks[place.table][place.column][place.row]
    must = with_counts | dominated(amounts, tables, rules)
    if rules.rounding is not None:
        must |= tied_to(amounts, counts)  # amounts are exact: of two of them follows the count
    both = _ranges(amounts, counts, problem, hidden, rules)
    of_amounts = amount_problem(amounts, rules, must & amounts.shown, ranks(amounts, tables), both)
    amount_choice = choose(of_amounts)
    for table in tables:
        masks[table.name] = _by_column(
            table, counts, hidden, rules, (amounts, amount_choice.hidden)
        )
    whole = {table.name for table in tables if _only_small(table, counts, small)}
    for name in whole:
        masks[name] = {column: np.ones_like(mask) for column, mask in masks[name].items()}
    for table in tables:
        if table.short and small:
            _keep_short(table, masks[table.name], small, counts)
    frames = {table.name: _shown_instead(table, rules) for table in tables}
    for table in tables:
        before = table.frame.reset_index(drop=True)
        for name, mask in masks[table.name].items():
            # What cannot be said in another way is suppressed, not missing.
            lost = frames[table.name][name].isna() & before[name].notna()
            masks[table.name][name] = mask | lost.to_numpy(dtype=np.bool_)
    return Suppressed(
        masks={
            table.name: pd.DataFrame(masks[table.name], index=range(len(table.frame)))
            for table in tables
        },
        frames=frames,
        told=Told(counts, problem.told, choice.targets, choice.worlds),
        told_amounts=Told(amounts, of_amounts.told, amount_choice.targets),
    )


def about_few(tables: Sequence[Table], *, language: Language = "sv") -> bool:
    """Whether the number reached that a short list shows is below 20: then it is all there is."""
    counts = link(tables, "count", language=language)
    small = small_measures(counts)
    return any(
        counts.names[index].measure in small
        for table in tables
        for column in table.columns
        if table.short and column.kind == "count" and column.show
        for row in range(len(table.frame))
        if (index := counts.at.get(Place(table.name, row, column.name))) is not None
    )


def ranks(linked: LinkedSet, tables: Sequence[Table]) -> IntArray:
    """The rank of each cell: the highest that any column it stands in has (``Field.keep``)."""
    found = np.zeros(len(linked), dtype=np.int64)
    for table in tables:
        for column in table.columns:
            if not column.keep:
                continue
            by_row = isinstance(column.keep, str)
            own = table.frame[column.keep] if by_row else [column.keep] * len(table.frame)
            for row, rank in enumerate(own):
                index = linked.at.get(Place(table.name, row, column.name))
                if index is not None:
                    found[index] = max(int(found[index]), int(rank))
    return found


def count_problem(linked: LinkedSet, rules: Rules, block: BoolArray, rank: IntArray) -> Problem:
    """The counts of a linked set as `choose` sees them; ``block`` is suppressed in any case."""
    value = linked.value
    small = small_counts(linked, rules)
    open_ = ~linked.shown | block
    most = np.where(linked.none_in_excess(), 0.0, _most(value))
    low, high = rounded_from(rounded(value, rules.rounding), rules.rounding)
    by_rule = np.where(open_, 0.0, least(linked, rules))
    zero = linked.zero | (linked.shown & rules.zero)
    # Who is told that a cell is protected knows its limits; if not, that it is larger. Small parts
    # that are not protected themselves may be any number.
    protected = small & ~open_
    lowest = np.where(zero, 0.0, 1.0)
    free = linked.part & (not rules.parts)
    told_low = np.where(protected, lowest, np.where(free, by_rule, rules.largest + 1.0))
    told_high = np.where(protected, float(rules.largest), most)
    return Problem(
        sums=matrix(linked.sums, len(linked)),
        truth=value,
        protected=protected,
        candidates=linked.shown & ~block & ~protected & (value > 0),
        rank=rank,
        shown=(
            np.where(open_, 0.0, np.maximum(low, np.where(value > 0, by_rule, 0.0))),
            np.where(open_, most, high),
        ),
        told=(np.where(open_, 0.0, told_low), np.where(open_, most, told_high)),
        rule=(by_rule, most),
        targets=(
            *(
                Target(int(cell), float(lowest[cell]), float(rules.largest))
                for cell in np.flatnonzero(small)
            ),
            # What is suppressed in any case must not follow from what other measures show.
            *(
                Target(
                    int(cell), float(value[cell]), float(value[cell]) + rules.width - 1, told=False
                )
                for cell in np.flatnonzero(
                    block & linked.shown & ~small & ~of_nobody(linked, value)
                )
            ),
        ),
        width=rules.width,
    )


def _ranges(
    amounts: LinkedSet, counts: LinkedSet, problem: Problem, hidden: BoolArray, rules: Rules
) -> dict[int, tuple[float, float]]:
    """The amounts that are counts too, with the lowest and highest that they must be able to be.

    That is what the counts leave, within the profile's width of the truth: amounts must not tell
    more of a count than other counts do.
    """
    worlds = problem.worlds(hidden, told=False)
    place_of, count_at = amounts.places, counts.at
    found = {}
    for cell in np.flatnonzero(tied_to(amounts, counts)).tolist():
        count = count_at[place_of[cell][0]]
        value = float(counts.value[count])
        ends = worlds.extreme(count, -1), worlds.extreme(count, 1)
        low, high = (value if end is None else end for end in ends)
        found[cell] = max(low, value - rules.width), min(high, value + rules.width)
    return found


def amount_problem(
    linked: LinkedSet,
    rules: Rules,
    must: BoolArray,
    rank: IntArray,
    both: Mapping[int, tuple[float, float]],
) -> Problem:
    """The amounts as `choose` sees them: each protected one can be so much lower and higher.

    ``both`` are counts too, with what they must be able to be: whether they are suppressed is
    decided among the counts.
    """
    value = linked.value
    size = len(linked)
    most = np.full(size, 10 * _most(np.abs(value)))
    signed = bool((value < 0).any())
    lower = -most if signed else np.zeros(size)
    open_ = ~linked.shown
    shown = np.where(open_, lower, value), np.where(open_, most, value)
    reach = rules.amount * np.abs(value)
    ends = value - reach, value + reach
    tied = np.zeros(size, dtype=np.bool_)
    for cell, (low, high) in both.items():
        tied[cell], ends[0][cell], ends[1][cell] = True, low, high
    least = np.where(tied, 0.0, lower)  # a count is not negative
    return Problem(
        sums=matrix(linked.sums, size),
        truth=value,
        protected=must,
        candidates=linked.shown & ~must & ~tied & (value != 0),
        rank=rank,
        shown=shown,
        told=(least, most),
        rule=(least, most),
        targets=tuple(
            Target(int(cell), float(ends[0][cell]), float(ends[1][cell]))
            # A zero is no secret, unless it is a count that is.
            for cell in np.flatnonzero(must & ((value != 0) | tied))
        ),
        width=1,
        whole=False,
    )


def _most(value: FloatArray) -> float:
    return float(np.nanmax(value, initial=0.0)) + _BEYOND


def _by_column(
    table: Table,
    counts: LinkedSet,
    hidden: BoolArray,
    rules: Rules,
    *more: tuple[LinkedSet, BoolArray],
) -> dict[str, BoolArray]:
    own = {}
    for column in table.columns:
        mask = np.zeros(len(table.frame), dtype=np.bool_)
        for linked, cells in ((counts, hidden), *more):
            for row in range(len(mask)):
                index = linked.at.get(Place(table.name, row, column.name))
                if index is not None:
                    mask[row] |= cells[index]
        own[column.name] = mask
    return follow(table, own, rules)


# --- fewer than 20 persons -----------------------------------------------------------------------


def _measures(table: Table, counts: LinkedSet, columns: Container[str]) -> set[str]:
    """What is counted of persons in some of the table's columns."""
    return {
        counts.names[index].measure
        for place, index in counts.at.items()
        if place.table == table.name and place.column in columns and counts.persons[index]
    }


def _only_small(table: Table, counts: LinkedSet, small: frozenset[str]) -> bool:
    """A table about few persons only: not even its row headings (homes) are shown."""
    measures = _measures(table, counts, {column.name for column in table.columns if column.show})
    return bool(measures) and measures <= small and not table.short


def _keep_short(
    table: Table, masks: dict[str, BoolArray], small: frozenset[str], counts: LinkedSet
) -> None:
    """Of numbers about few persons the short list shows the number reached alone."""
    if not _measures(table, counts, {column.name for column in table.columns}) & small:
        return
    for column in table.columns:
        reached = column.kind == "count" and column.show
        if column.kind in NUMBERS and column.personal and not reached:
            masks[column.name] = np.ones_like(masks[column.name])
        if column.kind == "text" and column.numerator and column.denominator:
            masks[column.name] = np.zeros_like(masks[column.name])


# --- what is shown instead -----------------------------------------------------------------------


def _shown_instead(table: Table, rules: Rules) -> pd.DataFrame:
    frame = in_words(table, width=rules.width)
    if rules.rounding is not None:
        frame = _round(table, frame, rules.rounding)
    return frame


def in_words(table: Table, *, width: int = 1) -> pd.DataFrame:
    """The frame of a table of the short list with its share in words; others as they are."""
    frame = table.frame.reset_index(drop=True)
    for column in table.columns if table.short else ():
        if column.kind == "text" and column.numerator and column.denominator:
            part, group = floats(frame, column.numerator), floats(frame, column.denominator)
            classes = [share_class(x, n, width) for x, n in zip(part, group, strict=True)]
            frame = frame.assign(**{column.name: pd.Series(classes, dtype="str")})
    return frame


def share_class(part: float, group: float, width: int) -> str | None:
    """The third that a share lies in: ``low``, ``middle`` or ``high``.

    Missing if the class leaves fewer than ``width`` possible numbers of persons (so in groups of
    up to about three times ``width``), or nothing is known. Own choice: thirds.
    """
    if np.isnan(part) or np.isnan(group) or group <= 0:
        return None

    def third(x: float) -> str:
        return "low" if 3 * x < group else "high" if 3 * x > 2 * group else "middle"

    alike = sum(third(x) == third(part) for x in range(int(group) + 1))
    return third(part) if alike >= width else None


def _round(table: Table, frame: pd.DataFrame, base: int) -> pd.DataFrame:
    """Round all counts, and make what is computed from them from the rounded ones."""
    fields = {column.name: column for column in table.columns}
    counts = {
        column.name: rounded(floats(frame, column.name), base)
        for column in table.columns
        if column.kind == "count" and column.personal
    }
    changed: dict[str, Any] = {}
    for column in table.columns:
        if column.name in counts:
            changed[column.name] = pd.array(counts[column.name], dtype="Float64")
        elif column.kind in ("share", "rate") and column.personal and column.numerator in counts:
            part = counts[column.numerator]
            group = counts.get(str(column.denominator))
            if group is None:
                group = floats(frame, str(column.denominator))
            changed[column.name] = statistic(column, part, group)
        elif column.kind in NUMBERS and _from_counts(column, fields) and column.personal:
            changed[column.name] = np.full(len(frame), np.nan)
    return frame.assign(**changed)


def _from_counts(column: Field, fields: Mapping[str, Field]) -> bool:
    """A number made from a numerator, which would give the exact count back."""
    numerator = fields.get(str(column.numerator))
    return numerator is not None and numerator.kind == "count"


def statistic(column: Field, part: FloatArray, group: FloatArray) -> FloatArray:
    """The column's statistic of counts; missing where there is no group or no formula."""
    known = (group > 0) & ~np.isnan(part)
    result = np.full(len(part), np.nan)
    if column.statistic == "ratio":
        result[known] = part[known] / group[known] * column.per
    elif column.statistic == "curve":
        left = np.where(known & (part <= group), 1 - part / np.where(group > 0, group, 1), np.nan)
        return np.asarray(np.cumprod(left), dtype=np.float64)
    elif column.statistic != "other":
        method = wilson if column.statistic.startswith("wilson") else clopper_pearson
        known &= (part >= 0) & (part <= group)
        if known.any():
            limits = method(part[known], group[known])
            result[known] = limits.lower if column.statistic.endswith("lower") else limits.upper
    return result
