"""Which numbers follow others into hiding, and which are hidden for what they are themselves?

A share, rate, mean or limit is hidden with its numerator, its denominator and the column it is
``of``. A quantile is a value of persons unless enough of them lie on either side, and a curve may
step only on groups that are large enough; after a step that is hidden it is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from umea_eval.disclosure.linked import BoolArray, FloatArray, floats
from umea_eval.disclosure.rules import Rules
from umea_eval.disclosure.tables import NUMBERS, Field, Table


def follow(table: Table, hidden: Mapping[str, BoolArray], rules: Rules) -> dict[str, BoolArray]:
    """By column: the rows that are hidden, given those of the linked columns (``hidden``)."""
    fields = {column.name: column for column in table.columns}
    done: dict[str, BoolArray] = {}

    def of(name: str) -> BoolArray:
        if name not in done:
            column = fields[name]
            done[name] = np.zeros(len(table.frame), dtype=np.bool_)  # a circle ends here
            own = hidden.get(name, done[name]) | _by_itself(table, column, rules)
            for other in _leaders(column):
                if other in fields and other != name:
                    own = own | of(other)
            if column.step is not None and column.kind in NUMBERS and column.personal:
                # What comes after a hidden value of a curve goes on from it: the next one shown
                # would tell the steps between, one of which is small.
                own = np.logical_or.accumulate(own)
            done[name] = own
        return done[name]

    return {name: of(name) for name in fields}


def _leaders(column: Field) -> tuple[str, ...]:
    if column.kind == "count":
        return ()  # a count has cells of its own in the linked set
    leaders = (column.numerator, column.denominator, column.of)
    return tuple(leader for leader in leaders if leader)


def _by_itself(table: Table, column: Field, rules: Rules) -> BoolArray:
    hidden = np.zeros(len(table.frame), dtype=np.bool_)
    if column.kind not in NUMBERS or not column.personal:
        return hidden
    if column.quantile is not None:
        hidden |= _few_beyond(table, column, rules)
    if column.step is not None:
        hidden |= _small_steps(floats(table.frame, column.step), rules)
    return hidden


def _few_beyond(table: Table, column: Field, rules: Rules) -> BoolArray:
    """Fewer persons above or below than the smallest group; the extremes have none."""
    quantile = column.quantile or 0.0
    if isinstance(quantile, str):
        return ~(floats(table.frame, quantile) > rules.largest)
    if column.denominator is None:
        return np.ones(len(table.frame), dtype=np.bool_)
    persons = floats(table.frame, column.denominator)
    return ~(persons * min(quantile, 1 - quantile) > rules.largest)


def _small_steps(persons: FloatArray, rules: Rules) -> BoolArray:
    """Rows reached by a step of few persons, but some."""
    return np.asarray((persons > 0) & (persons <= rules.largest))
