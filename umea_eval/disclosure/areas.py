"""A part and the whole: what do reports on single municipalities open beside the report on all?

Two such reports are about different persons, so none of their figures need agree, and yet all women
less those of every other municipality are the women of one. A parameter that is empty in one report
and names a category in another says so: each figure of the restricted report is then a figure of
that category, and figures of the wide one are the sums over all categories.

The outsider here goes from sum to sum and narrows what each cell can be. What he finds is so; that
he finds nothing proves less than `attack` does, which would be too slow for a dozen reports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from umea_eval.disclosure.attack import known_values, rule_limits
from umea_eval.disclosure.linked import Name, Place, category
from umea_eval.disclosure.rules import Rules
from umea_eval.disclosure.stored import Published

# Parameters that are empty take everything in.
EVERYTHING = ("", "None")
# So many figures that are not zero must agree before two reports' homes are taken to be the same.
_ALIKE = 2
_ROUNDS = 50
_OTHERS = "?"
# A cell: of which category (None: of all), and which one there.
Cell = tuple[str | None, Name]
Equation = tuple[Cell, tuple[Cell, ...]]


@dataclass(frozen=True)
class Shown:
    """A report: its name, what it shows, and by which rules it hides."""

    name: str
    published: Published
    rules: Rules


class Opened(NamedTuple):
    """A cell with too few values: the report that hides it, a place where it stands there, and the
    lowest and highest value that are left."""

    report: str
    place: Place
    low: float
    high: float


@dataclass
class _World:
    """What an outsider knows: the limits of each cell, and which cells are sums of which."""

    low: dict[Cell, float] = field(default_factory=dict)
    high: dict[Cell, float] = field(default_factory=dict)
    sums: dict[Equation, None] = field(default_factory=dict)  # in order: the same on every run

    def know(self, cell: Cell, low: float, high: float) -> None:
        self.low[cell] = max(low, self.low.get(cell, 0.0))
        self.high[cell] = min(high, self.high.get(cell, np.inf))

    def narrow(self) -> bool:
        """Go from sum to sum until nothing changes; False if the figures contradict each other."""
        for cell in (each for whole, parts in self.sums for each in (whole, *parts)):
            self.know(cell, 0.0, np.inf)
        for _ in range(_ROUNDS):
            before = dict(self.low), dict(self.high)
            for whole, parts in self.sums:
                low, high = (sum(side[part] for part in parts) for side in (self.low, self.high))
                self.know(whole, low, high)
                for part in parts:
                    others = sum(self.low[each] for each in parts if each != part)
                    most = sum(self.high[each] for each in parts if each != part)
                    self.know(part, self.low[whole] - most, self.high[whole] - others)
            if any(self.low[cell] > self.high[cell] for cell in self.low):
                return False
            if before == (self.low, self.high):
                break
        return True


def opened_by_parts(
    whole: Sequence[Shown], parts: Mapping[str, Sequence[Shown]], dimension: str
) -> tuple[Opened, ...]:
    """Suppressed counts that reports on single categories and on all of them open together.

    ``whole`` are reports on all (in each language, say), ``parts`` those on single categories of
    ``dimension``. Measures whose figures contradict that they add up (one person can be in two
    municipalities) are left out.
    """
    if not whole or not parts:
        return ()
    apart: set[str] = set()
    while True:
        world, hidden = _together(whole, parts, dimension, apart)
        if world.narrow():
            break
        wrong = _contradicted(world) - apart
        if not wrong:
            return ()
        apart |= wrong
    alone: dict[str, _World] = {}
    for _, shown in _reports(whole, parts):
        own, _ = _together([shown], {}, dimension, set())
        own.narrow()
        alone[shown.name] = own
    found = []
    for shown, cell, place, own_cell in hidden:
        left = world.high[cell] - world.low[cell] + 1
        before = alone[shown.name]
        if left < shown.rules.width and left < before.high[own_cell] - before.low[own_cell] + 1:
            found.append(Opened(shown.name, place, world.low[cell], world.high[cell]))
    return tuple(found)


def _reports(
    whole: Sequence[Shown], parts: Mapping[str, Sequence[Shown]]
) -> Iterator[tuple[str | None, Shown]]:
    yield from ((None, shown) for shown in whole)
    yield from ((code, shown) for code in sorted(parts) for shown in parts[code])


def _together(
    whole: Sequence[Shown], parts: Mapping[str, Sequence[Shown]], dimension: str, apart: set[str]
) -> tuple[_World, list[tuple[Shown, Cell, Place, Cell]]]:
    """All that the reports tell, and the cells that all of them hide: the report, the cell, a place
    where it stands, and the cell of the report by itself. Protected numbers that only some hide
    are among them."""
    labels = {code: _label(shown, dimension, code) for code, shown in parts.items()}
    inside = _nested(whole, {labels[code]: shown for code, shown in parts.items()}, dimension)
    world = _World()
    hidden: list[tuple[Shown, Cell, Place, Cell]] = []
    told: set[Cell] = set()
    for code, shown in _reports(whole, parts):
        linked = shown.published.counts
        own = None if code is None else labels[code]
        cells = [_cell(name, own, dimension, inside, shown.name) for name in linked.names]
        known = known_values(linked, shown.published.tables)
        low, high = rule_limits(linked, shown.published.tables, known, shown.rules)
        for index, cell in enumerate(cells):
            world.know(cell, float(low[index]), float(high[index]))
            if not np.isnan(known[index]):
                told.add(cell)
            elif linked.shown[index]:
                alone = _cell(linked.names[index], None, dimension, {}, shown.name)
                hidden.append((shown, cell, linked.places[index][0], alone))
        for each in linked.sums:
            world.sums[cells[each.whole], tuple(cells[part] for part in each.parts)] = None
    if parts:
        world.sums |= dict.fromkeys(_across(whole, labels.values(), dimension, apart, world))
    return world, [each for each in hidden if each[1] not in told or _protected(each, world)]


def _protected(hidden: tuple[Shown, Cell, Place, Cell], world: _World) -> bool:
    """Whether another report shows, under another profile, what this one protects."""
    shown, cell, *_ = hidden
    return world.low[cell] >= 1 and world.high[cell] <= shown.rules.largest


def _label(shown: Sequence[Shown], dimension: str, code: str) -> str:
    """The category as the reports themselves call it: a parameter may be a code of it."""
    seen = {
        each
        for report in shown
        for name in report.published.counts.names
        for key, each in name.key
        if key == dimension
    }
    return next(iter(seen)) if len(seen) == 1 else category(code)


def _cell(
    name: Name,
    own: str | None,
    dimension: str,
    inside: Mapping[tuple[str, str], str],
    report: str,
) -> Cell:
    """Which cell of which category this is. What only one report has is its own."""
    if name.role not in ("cell", "rest") or _numbered(name):
        return own, name._replace(beside=f"{report}: {name.beside}")
    kept = tuple((key, code) for key, code in name.key if key != dimension)
    place = dict(name.key).get(dimension)
    if place is None and own is None:
        place = next((inside[item] for item in name.key if item in inside), None)
    return place if own is None else own, name._replace(key=kept)


def _numbered(name: Name) -> bool:
    return any(code.startswith("?") for code in (name.measure, *(code for _, code in name.key)))


def _nested(
    whole: Sequence[Shown], parts: Mapping[str, Sequence[Shown]], dimension: str
) -> dict[tuple[str, str], str]:
    """The categories that lie within one of ``parts``, such as its homes: all that both reports
    show of that dimension agree."""
    found: dict[tuple[str, str], str] = {}
    wide = _figures(whole)
    for place, shown in parts.items():
        narrow = _figures(shown)
        agreeing: dict[str, set[tuple[Name, float]]] = defaultdict(set)
        differing: set[str] = set()
        for name, value in narrow.items():
            other = wide.get(name)
            if other is None or not name.key:
                continue
            for key, _ in name.key:
                if other != value:
                    differing.add(key)
                elif value:
                    agreeing[key].add((name, value))
        for name in narrow:
            for key, code in name.key:
                if key not in differing and len(agreeing[key]) >= _ALIKE and key != dimension:
                    found[key, code] = place
    return found


def _figures(reports: Sequence[Shown]) -> dict[Name, float]:
    found: dict[Name, float] = {}
    for shown in reports:
        linked = shown.published.counts
        known = known_values(linked, shown.published.tables)
        found |= {
            name: value
            for name, value in zip(linked.names, known.tolist(), strict=True)
            if not np.isnan(value) and name.role == "cell" and not _numbered(name)
        }
    return found


def _across(
    whole: Sequence[Shown],
    labels: Collection[str],
    dimension: str,
    apart: set[str],
    world: _World,
) -> Iterator[Equation]:
    """Each figure of all is the sum over the categories; and what adds up, does so in each."""
    linked_sets = [shown.published.counts for shown in whole]
    names = [name for linked in linked_sets for name in linked.names]
    listed = {code for name in names for key, code in name.key if key == dimension}
    others = not listed or any(name.role == "rest" and name.beside == dimension for name in names)
    codes = [*sorted({*listed, *labels}), *([_OTHERS] if others else [])]
    reached = {
        name
        for place, name in world.low
        if place is None
        and name.role == "cell"
        and name.measure not in apart
        and any((code, name) in world.low for code in labels)
    }
    for name in sorted(reached):
        yield (None, name), tuple((code, name) for code in codes)
    for linked in linked_sets:
        for each in linked.sums:
            whole_of, *parts = (linked.names[index] for index in (each.whole, *each.parts))
            if reached.issuperset((whole_of, *parts)):
                for code in codes:
                    yield (code, whole_of), tuple((code, part) for part in parts)


def _contradicted(world: _World) -> set[str]:
    """The measures of the cells that cannot be anything."""
    return {cell[1].measure for cell in world.low if world.low[cell] > world.high[cell]}
