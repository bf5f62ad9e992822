"""Which cells must not be known, whatever else is?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from umea_eval.disclosure.linked import BoolArray, FloatArray, LinkedSet, Place, floats
from umea_eval.disclosure.rules import SMALL_MODE_BELOW, Rules
from umea_eval.disclosure.tables import Table


def small_counts(linked: LinkedSet, rules: Rules) -> BoolArray:
    """Counts from 1 to the profile's largest, and zeros where they are protected.

    Cells that no table shows are among them: an outsider can compute them too. Parts of a group
    are not where the profile protects only groups, unless the attribute is sensitive; a zero part
    is that of an identifiable group (0 % or 100 %: group disclosure).
    """
    value = linked.value
    zero = linked.zero | (linked.shown & rules.zero)
    few = (value <= rules.largest) & ((value >= 1) | (zero & (value == 0)))
    if not rules.parts:
        few &= ~linked.part | linked.zero
    excess = np.array([name.role == "excess" for name in linked.names], dtype=np.bool_)
    return np.asarray(few & ~excess)


def least(linked: LinkedSet, rules: Rules) -> FloatArray:
    """The least that a suppressed cell can be, for one who knows the rule."""
    zero = linked.zero | rules.zero
    return np.where(linked.shown & ~zero, 1.0, 0.0)


def small_measures(linked: LinkedSet) -> frozenset[str]:
    """Measures of fewer than 20 persons in all: small mode.

    Not those that are only a part of a larger group (15 who fell, of 400): no result is about them.
    """
    most: dict[str, float] = {}
    persons: set[str] = set()
    for index, name in enumerate(linked.names):
        if linked.shown[index]:
            most[name.measure] = max(most.get(name.measure, 0.0), float(linked.value[index]))
            if linked.persons[index]:
                persons.add(name.measure)
    few = {name for name in persons if most[name] < SMALL_MODE_BELOW}
    described = {whole for part, whole in linked.groups if part != whole}
    larger = {part for part, whole in linked.groups if whole not in few}
    return frozenset(few - (larger - described))


def blocked(linked: LinkedSet, tables: Sequence[Table], small: frozenset[str]) -> BoolArray:
    """Cells of small measures but the numbers reached that stand in the short list."""
    short = {
        (table.name, column.name)
        for table in tables
        for column in table.columns
        if table.short and column.show
    }
    mask = np.array([name.measure in small for name in linked.names], dtype=np.bool_)
    for index in np.flatnonzero(mask):
        if any((place.table, place.column) in short for place in linked.places.get(int(index), [])):
            mask[index] = False
    return mask


def dominated(linked: LinkedSet, tables: Sequence[Table], rules: Rules) -> BoolArray:
    """Amounts of which the n largest contributions are more than the share k."""
    n, share = rules.dominance
    mask = np.zeros(len(linked), dtype=np.bool_)
    for table in tables:
        for column in table.columns:
            if column.kind != "amount" or not column.largest:
                continue
            if len(column.largest) >= n:
                numbers = floats(table.frame, column.largest[n - 1])
            else:  # not told: then it may be so
                numbers = np.full(len(table.frame), np.nan)
            for row, largest in enumerate(numbers):
                index = linked.at.get(Place(table.name, row, column.name))
                if index is not None and not abs(largest) <= share * abs(linked.value[index]):
                    mask[index] = linked.value[index] != 0
    return mask
