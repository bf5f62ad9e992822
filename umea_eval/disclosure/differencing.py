"""Does a report, beside one that has already left, reveal what neither reveals alone?

Two questions. Of a new version of the same report: has a figure that both show changed by so few
that the change is about a person, and has a suppressed figure been shown, or a shown one
suppressed, while hardly anything has changed around it? Of any two reports: where they show the
same quantity (the measures whose every common figure agrees), what can be computed from both
together? Suppression itself never looks at another report: that would make a report depend on the
order in which reports were made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from umea_eval.disclosure.areas import EVERYTHING, Opened, Shown, opened_by_parts
from umea_eval.disclosure.attack import SECOND, Exposed, attack, known_values, row_label
from umea_eval.disclosure.linked import FloatArray, LinkedSet, Name, Place, Sum
from umea_eval.disclosure.rules import Rules
from umea_eval.disclosure.stored import Published

How = Literal["changed", "shown", "hidden", "together"]
# Roles of cells that two reports name alike; the others are numbered in each (`stored`).
_ALIKE = ("cell", "rest")
_NUMBERED = "?"
# Parameters that say which time a report is about: another time is another quantity.
PERIOD = (
    *("period", "year", "years", "month", "quarter", "season", "first", "last", "start", "end"),
    *("from_date", "to_date", "until", "day", "extraction"),
)
# Dimensions that say which time a figure is of, whatever period its report is about.
TIMES = ("year", "half_year", "quarter", "month", "period")


@dataclass(frozen=True)
class Revealed:
    """A cell that two reports reveal together, where the later shows or suppresses it. Never its
    value.

    ``changed``: both show it, and it differs by few. ``shown``, ``hidden``: the later report shows
    what the earlier suppressed, or the reverse, and its whole differs by few. ``together``: all
    that both show leaves too few values for it.
    """

    cell: Exposed
    how: How


def compare_versions(later: Published, earlier: Published, rules: Rules) -> tuple[Revealed, ...]:
    """What a new version of a report reveals beside the version that has left.

    Differences are counts of persons too, so the profile's rule is theirs: 1 to its largest
    protected count are few. A cell without a larger one around it (the total of all) may change by
    few as long as no part of it is shown to change. Where counts are rounded a difference has as
    many possible values as the profile asks for, so ``changed`` is not looked for.
    """
    found: dict[Place, Revealed] = {}
    for revealed in _Versions(later, earlier, rules).revealed():
        found.setdefault(revealed.cell.place, revealed)
    for revealed in compare_reports(later, earlier, rules):
        found.setdefault(revealed.cell.place, revealed)
    return tuple(found.values())


def compare_reports(later: Published, earlier: Published, rules: Rules) -> tuple[Revealed, ...]:
    """What two reports on the same period open of what either suppresses, by what both show.

    A measure is the same quantity in both unless they show one of its figures differently. Cells
    that one of the two opens by itself are found here too.
    """
    measures = _agreeing(_Figures.of(later), _Figures.of(earlier))
    return _opened(later, earlier, rules, measures) if measures else ()


def _opened(
    later: Published, earlier: Published, rules: Rules, measures: frozenset[str]
) -> tuple[Revealed, ...]:
    linked = _together(later, earlier, measures)
    opened: dict[int, Exposed] = {}
    for first, second, order in ((later, earlier, linked), (earlier, later, _swapped(linked))):
        for cell in attack(first.tables, rules, also=second.tables, linked=order, printed=True):
            table = cell.place.table.removesuffix(SECOND)
            named = replace(cell, place=cell.place._replace(table=table))
            opened.setdefault(order.at[cell.place], named)
    shown = [
        revealed
        for revealed in _Versions(later, earlier, rules).shown_few()
        if later.counts.names[later.counts.at[revealed.cell.place]].measure in measures
    ]
    return (*(Revealed(cell, "together") for _, cell in sorted(opened.items())), *shown)


@dataclass(frozen=True)
class Beside(Shown):
    """A report beside others: also its notebook, and its parameters but for language, profile and
    edition."""

    notebook: str
    parameters: Mapping[str, str]

    @cached_property
    def figures(self) -> _Figures:
        """Its figures by name."""
        return _Figures.of(self.published)

    @cached_property
    def period(self) -> tuple[tuple[str, str], ...]:
        """Which time it is about, as its parameters say."""
        return tuple((name, self.parameters[name]) for name in PERIOD if name in self.parameters)

    @cached_property
    def but(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Its parameters without each one that is not a time."""
        listed = sorted(self.parameters.items())
        return {
            one: tuple((name, value) for name, value in listed if name != one)
            for one in self.parameters
            if one not in PERIOD
        }

    def is_part_of(self, other: Beside) -> bool:
        """Whether it is about one category of what the other is about in all."""
        return self.notebook == other.notebook and any(
            self.parameters[name] not in EVERYTHING
            and other.parameters.get(name) in EVERYTHING
            and rest == other.but.get(name)
            for name, rest in self.but.items()
        )


def clash(later: Beside, earlier: Sequence[Beside]) -> tuple[str, tuple[Revealed, ...]] | None:
    """The first of the earlier reports that a report would open, or be opened by: name and how.

    On different periods a measure is the same quantity only if both show a figure of it for the
    same time, and that is the same: the months that two years' reports go through. A report on one
    category and one on all (`areas`) are compared together with those on the other categories.
    """
    for other in earlier:
        if later.is_part_of(other) or other.is_part_of(later):
            continue  # figures that happen to agree are those of different persons
        measures = _agreeing(later.figures, other.figures, apart=True)
        if later.period != other.period:
            measures &= _of_one_time(later.figures, other.figures)
        revealed = (
            _opened(later.published, other.published, later.rules, measures) if measures else ()
        )
        if revealed:
            return other.name, revealed
    for dimension in later.but:
        found = _clash_of_parts(later, earlier, dimension)
        if found is not None:
            return found
    return None


def _clash_of_parts(
    later: Beside, earlier: Sequence[Beside], dimension: str
) -> tuple[str, tuple[Revealed, ...]] | None:
    def opened(reports: Sequence[Beside]) -> set[Opened]:
        return set(opened_by_parts(*_whole_and_parts(reports, dimension), dimension))

    same = [
        other
        for other in earlier
        if other.notebook == later.notebook and other.but.get(dimension) == later.but[dimension]
    ]
    # What was open before this report came is not its doing.
    found = opened([*same, later])
    found = found - opened(same) if found else found
    if not found:
        return None
    ofall = later.parameters[dimension] in EVERYTHING
    named = [other for other in same if other.name in {cell.report for cell in found}]
    named += [other for other in same if (other.parameters[dimension] in EVERYTHING) != ofall]
    reports = {report.name: report for report in (*same, later)}
    return named[0].name, tuple(
        Revealed(_exposed(reports[cell.report], cell), "together") for cell in sorted(found)
    )


def _whole_and_parts(
    reports: Sequence[Beside], dimension: str
) -> tuple[list[Beside], dict[str, list[Beside]]]:
    parts: dict[str, list[Beside]] = defaultdict(list)
    for report in reports:
        parts[report.parameters[dimension]].append(report)
    whole = [report for value in EVERYTHING for report in parts.pop(value, [])]
    return whole, parts


def _exposed(report: Beside, cell: Opened) -> Exposed:
    table = next(each for each in report.published.tables if each.name == cell.place.table)
    label = row_label(table, cell.place.row)
    return Exposed(cell.place, label, int(cell.high - cell.low) + 1, report.rules.width)


def first_clash(reports: Sequence[Beside]) -> Mapping[str, tuple[str, tuple[Revealed, ...]]]:
    """In plan order: the reports that would open an earlier one, each with that one's name and how.

    A report that is withheld is not compared with those after it, since nobody gets it.
    """
    clashes: dict[str, tuple[str, tuple[Revealed, ...]]] = {}
    kept: list[Beside] = []
    for report in reports:
        found = clash(report, kept)
        if found is None:
            kept.append(report)
        else:
            clashes[report.name] = found
    return clashes


# --- versions ------------------------------------------------------------------------------------


class _Versions:
    """Two versions of one report, cell by cell of the later one."""

    def __init__(self, later: Published, earlier: Published, rules: Rules) -> None:
        self.linked = later.counts
        self.rules = rules
        self.tables = {table.name: table for table in later.tables}
        size = len(self.linked)
        old = known_values(earlier.counts, earlier.tables)
        self.new = known_values(self.linked, later.tables)
        self.old = np.full(size, np.nan)
        self.twin = _twins(self.linked, earlier.counts)
        for cell, other in self.twin.items():
            self.old[cell] = old[other]
        self.change = self.new - self.old
        self.wholes: dict[int, list[int]] = defaultdict(list)
        for equation in self.linked.sums:
            for part in equation.parts if len(equation.parts) > 1 else ():
                self.wholes[part].append(equation.whole)

    def revealed(self) -> Iterator[Revealed]:
        for cell in sorted(self.twin):
            how = self._how(cell) if self.wholes[cell] else None
            if how is not None:
                yield self._at(cell, how)
        for equation in self.linked.sums:
            # Those whom no table shows, such as those without the attribute: one more in the group
            # and as many as before with the attribute is one person more without it.
            unseen = [part for part in equation.parts if not self.linked.shown[part]]
            if len(unseen) == 1 and equation.whole in self.twin:
                rest = sum(self.change[part] for part in equation.parts if part != unseen[0])
                if self._few(unseen[0], self.change[equation.whole] - rest):
                    yield self._at(equation.whole, "changed")

    def shown_few(self) -> Iterator[Revealed]:
        """Protected numbers that one report shows and the other suppresses (another profile)."""
        for cell in sorted(self.twin):
            value = np.fmax(self.new[cell], self.old[cell])
            if np.isnan(self.change[cell]) and self._few(cell, value):
                yield self._at(cell, "hidden" if np.isnan(self.new[cell]) else "shown")

    def _how(self, cell: int) -> How | None:
        hidden, was_hidden = np.isnan(self.new[cell]), np.isnan(self.old[cell])
        if hidden == was_hidden:
            return "changed" if self._few(cell, float(self.change[cell])) else None
        # What the outsider can compare the group with has hardly changed.
        near = any(abs(self.change[whole]) <= self.rules.largest for whole in self.wholes[cell])
        return None if not near else "hidden" if hidden else "shown"

    def _few(self, cell: int, change: float) -> bool:
        protected = self.rules.parts or not self.linked.part[cell] or self.linked.zero[cell]
        few = 1 <= abs(change) <= self.rules.largest
        return bool(few and protected and self.rules.rounding is None)

    def _at(self, cell: int, how: How) -> Revealed:
        place = self.linked.places[cell][0]
        label = row_label(self.tables[place.table], place.row)
        return Revealed(Exposed(place, label, 1, self.rules.width), how)


def _twins(linked: LinkedSet, other: LinkedSet) -> dict[int, int]:
    """The cells of two sets that have one name, and stand in a table of both."""
    there = {name: cell for cell, name in enumerate(other.names) if _is_alike(name)}
    return {
        cell: there[name]
        for cell, name in enumerate(linked.names)
        if name in there and linked.shown[cell] and other.shown[there[name]]
    }


def _is_alike(name: Name) -> bool:
    codes = (name.measure, *(code for _, code in name.key))
    return name.role in _ALIKE and not any(code.startswith(_NUMBERED) for code in codes)


# --- two reports on one quantity -----------------------------------------------------------------


@dataclass(frozen=True)
class _Figures:
    """What a report shows of each measure: its cells by name, a suppressed one as nan."""

    measures: frozenset[str]
    shown: Mapping[Name, float]
    nonzero: frozenset[tuple[Name, float]]

    def known(self) -> set[Name]:
        """The cells that are not suppressed."""
        return {name for name, value in self.shown.items() if not np.isnan(value)}

    @classmethod
    def of(cls, published: Published) -> _Figures:
        linked = published.counts
        known = known_values(linked, published.tables).tolist()
        figures = {
            name: value
            for name, value, shown in zip(linked.names, known, linked.shown, strict=True)
            if shown and _is_alike(name)
        }
        return cls(
            frozenset(name.measure for name in linked.names),
            figures,
            frozenset((name, value) for name, value in figures.items() if abs(value) > 0),
        )

    def are_of_others(self, earlier: _Figures) -> bool:
        """Whether figures differ, and none but zeros is the same. Quick, for hundreds of pairs."""
        if not self.nonzero.isdisjoint(earlier.nonzero):
            return False
        return any(
            abs(value - earlier.shown[name]) > 0
            for name, value in self.shown.items()
            if name in earlier.shown
        )


def _agreeing(later: _Figures, earlier: _Figures, *, apart: bool = False) -> frozenset[str]:
    """The measures of which no figure differs.

    ``apart``: the reports may well be about other persons (a batch has one for each area), so that
    hundreds can be compared. Then, if figures differ and none but zeros is the same, measures
    without a common figure are no evidence that they are not; and where both show and suppress the
    same cells of a measure, neither adds to it.
    """
    if apart and later.are_of_others(earlier):
        return frozenset()
    both = later.measures & earlier.measures
    common = [name for name in later.shown if name in earlier.shown]
    pairs = [(name.measure, later.shown[name], earlier.shown[name]) for name in common]
    other = {measure for measure, new, old in pairs if abs(new - old) > 0}  # not where one is nan
    agreeing = both - other
    if not apart or not agreeing:
        return agreeing
    if other and not any(new == old != 0 for measure, new, old in pairs if measure in agreeing):
        return frozenset()
    adding = {name.measure for name in later.known() ^ earlier.known()}
    return agreeing if agreeing & adding else frozenset()


def _of_one_time(later: _Figures, earlier: _Figures) -> frozenset[str]:
    """The measures of which both show the same figure, not zero, of the same time."""
    return frozenset(
        name.measure
        for name, value in later.shown.items()
        if value != 0
        and value == earlier.shown.get(name)
        and any(dimension in TIMES for dimension, _ in name.key)
    )


def _least(published: Published) -> tuple[FloatArray, FloatArray]:
    """What each cell is at least, and what it is where its shown parts are all known."""
    linked = published.counts
    known = known_values(linked, published.tables)
    low = np.nan_to_num(known)
    # Sums are in order of their wholes, not of depth: a margin of margins takes several rounds.
    for _ in range(len(linked)):
        before = low.copy(), known.copy()
        for equation in linked.sums:
            parts = list(equation.parts)
            low[equation.whole] = max(low[equation.whole], low[parts].sum())
            if np.isnan(known[equation.whole]):
                known[equation.whole] = known[parts].sum()
        if np.array_equal(low, before[0]) and np.array_equal(known, before[1], equal_nan=True):
            break
    return low, known


def _together(published: Published, other: Published, measures: frozenset[str]) -> LinkedSet:
    """One set of both: cells of ``measures`` with one name are one, all others stay two.

    A margin that a report does not show is taken to be the sum of the categories that it does
    show, unless the other report says that there are more.
    """
    later, earlier = published.counts, other.counts
    names = list(later.names)
    at = {name: cell for cell, name in enumerate(names) if _is_alike(name)}
    low, known = _least(published)
    other_low, other_known = _least(other)
    to = []
    for number, name in enumerate(earlier.names):
        cell = at.get(name) if name.measure in measures and _is_alike(name) else None
        if cell is not None:
            one, two = known[cell], other_known[number]
            if abs(one - two) > 0 or low[cell] > two or other_low[number] > one:
                cell = None
        if cell is None:
            cell = len(names)
            names.append(name._replace(measure=name.measure + SECOND))
        to.append(cell)
    size = len(names)
    flags = {}
    for flag in ("shown", "zero", "part", "persons"):
        mask = np.zeros(size, dtype=np.bool_)
        mask[: len(later)] = getattr(later, flag)
        mask[np.array(to, dtype=np.int64)] |= getattr(earlier, flag)
        flags[flag] = mask
    sums = {(s.whole, s.parts) for s in later.sums}
    sums |= {(to[s.whole], tuple(sorted(to[part] for part in s.parts))) for s in earlier.sums}
    places = dict(later.at)
    places |= {
        place._replace(table=place.table + SECOND): to[cell] for place, cell in earlier.at.items()
    }
    return LinkedSet(
        names=names,
        value=np.full(size, np.nan),
        shown=flags["shown"],
        zero=flags["zero"],
        part=flags["part"],
        persons=flags["persons"],
        sums=[Sum(whole, parts) for whole, parts in sorted(sums)],
        at=places,
        places=_standing(places),
    )


def _swapped(linked: LinkedSet) -> LinkedSet:
    """The same with the other report as the first."""
    at = {
        place._replace(
            table=place.table.removesuffix(SECOND)
            if place.table.endswith(SECOND)
            else place.table + SECOND
        ): cell
        for place, cell in linked.at.items()
    }
    return replace(linked, at=at, places=_standing(at))


def _standing(at: Mapping[Place, int]) -> dict[int, list[Place]]:
    places: dict[int, list[Place]] = {}
    for place, cell in at.items():
        places.setdefault(cell, []).append(place)
    return places
