"""Which cells of a report's tables are the same number, and which are sums of which?

A cell is a measure (what is counted) with the categories that it is limited to. Two tables that
show the same measure for the same categories show one cell, and a cell without a category of a
dimension is the sum over that dimension, wherever its parts are shown: a margin is recognised
across tables. What no table shows but an outsider can compute all the same is a cell too:

- a margin that two breakdowns have in common (area by sex, and area by age: the areas);
- the rest, where the categories shown do not add up to the total (nobody asks for the sex unknown,
  but 30 less 29 is one person);
- those without the attribute, where a count is a part of another one (one in seven, six in seven).
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from umea_eval.disclosure.tables import LEFT, OPEN, Field, ReleasedTable, Table
from umea_eval.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Key = tuple[tuple[str, str], ...]
Role = Literal["cell", "margin", "rest", "without", "excess"]
LinkedKind = Literal["count", "amount"]

# Sums of amounts are compared to this part of their size: the exports have öre.
_CLOSE = 1e-9
# Sums of the same kronor, each rounded to whole öre on its own way.
_ORE = 0.02


class Name(NamedTuple):
    """A cell: what is counted, for which categories (sorted by dimension); ``role`` and ``beside``
    tell apart what is not shown (a rest over which dimension, those without which measure)."""

    measure: str
    key: Key
    role: Role = "cell"
    beside: str = ""


class Place(NamedTuple):
    """Where a cell stands: row number from 0 in the table as registered."""

    table: str
    row: int
    column: str


@dataclass(frozen=True)
class Sum:
    """``whole`` is the sum of ``parts``: places in ``LinkedSet.names``."""

    whole: int
    parts: tuple[int, ...]


@dataclass
class LinkedSet:
    """All cells of a report.

    ``value`` is missing where it is not known. ``shown``: the cell stands in a table.
    ``zero``: also a zero of the cell is protected. ``part``: it is a part of a group, not a group
    (a numerator). ``persons``: it counts persons or households. ``groups``: the measures that are a
    part of another one, each with it.
    """

    names: list[Name]
    value: FloatArray
    shown: BoolArray
    zero: BoolArray
    part: BoolArray
    persons: BoolArray
    sums: list[Sum]
    at: dict[Place, int]
    places: dict[int, list[Place]]
    groups: set[tuple[str, str]] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.names)

    def none_in_excess(self) -> BoolArray:
        """How many are in several categories, or beyond what a table says, where nobody is: an
        outsider may guess it."""
        excess = np.array([name.role == "excess" for name in self.names], dtype=np.bool_)
        return np.asarray(excess & (self.value == 0))


def link(
    tables: Sequence[Table | ReleasedTable],
    kind: LinkedKind = "count",
    *,
    language: Any = "sv",
    idle: bool = False,
) -> LinkedSet:
    """The linked set of all declared counts (or amounts) of ``tables``.

    A cell that is missing or withheld by its source is no cell; one that is suppressed in a
    released table is a cell of unknown value. ``idle`` keeps sums whose whole no table shows and
    nothing else uses: they say nothing until another report shows that whole.

    Raises UserError if a cell has two values, if parts are more than their whole, and for a count
    that is negative or not whole.
    """
    return _Linker(tables, kind, language).link(idle=idle)


def of_nobody(linked: LinkedSet, most: FloatArray) -> BoolArray:
    """The cells that are a part, or a part of a part, of one that ``most`` says is 0 at most."""
    mask = np.zeros(len(linked), dtype=np.bool_)
    nobody = most == 0
    while True:
        for each in linked.sums:
            if nobody[each.whole]:
                mask[list(each.parts)] = True
        if not (mask & ~nobody).any():
            return mask
        nobody = nobody | mask


def tied_to(amounts: LinkedSet, counts: LinkedSet) -> BoolArray:
    """The cells of ``amounts`` that are counts too (`Field.in_amounts`)."""
    return _mask(len(amounts), (index for place, index in amounts.at.items() if place in counts.at))


def category(value: object) -> str:
    """A category as it is compared between tables: 2023, 2023.0 and "2023" are one year."""
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    if isinstance(plain, datetime) and plain.time() == time():
        plain = plain.date()
    return unicodedata.normalize("NFC", str(plain)).strip()


def measures_of(column: Field, table: Table | ReleasedTable) -> list[str]:
    """The measure of a column in each row.

    A measure names a column only if that is one of text: a count may well be called as its measure.
    """
    texts = {other.name for other in table.columns if other.kind in ("id", "text")}
    if column.measure in texts:
        return [category(name) for name in table.frame[column.measure]]
    return [column.measure or ""] * len(table.frame)


class _Linker:
    def __init__(
        self, tables: Sequence[Table | ReleasedTable], kind: LinkedKind, language: Any
    ) -> None:
        self.tables = tables
        self.kind = kind
        self.language = language
        self.names: dict[Name, int] = {}
        self.order: list[Name] = []
        self.value: list[float] = []
        self.flags: dict[str, set[int]] = {flag: set() for flag in ("zero", "part", "persons")}
        self.sums: list[Sum] = []
        self.known: set[Sum] = set()
        self.at: dict[Place, int] = {}
        self.places: dict[int, list[Place]] = defaultdict(list)
        self.groups: set[tuple[str, str]] = set()
        self.within: dict[str, str] = {}
        self.parent: dict[tuple[str, str], str] = {}
        self.overlapping: set[tuple[str, str]] = set()

    def link(self, *, idle: bool) -> LinkedSet:
        for table in self.tables:
            self.within |= dict(table.within)
        # Which area lies where is learnt from all tables before any key is formed.
        for table in self.tables:
            self._learn_parents(table)
        for table in self.tables:
            self._read(table)
        self._close()
        for table in self.tables:
            self._read_parts(table)
        if not idle:
            self._drop_idle()
        return self._in_order()

    def _in_order(self) -> LinkedSet:
        """The set with its cells by name: the order of rows and tables decides nothing."""
        used = {index for s in self.sums for index in (s.whole, *s.parts)}
        used |= {index for index, places in self.places.items() if places}
        first = sorted(used, key=self.order.__getitem__)
        size = len(first)
        to = {old: new for new, old in enumerate(first)}
        flags = {
            flag: _mask(size, [to[index] for index in cells & used])
            for flag, cells in self.flags.items()
        }
        places = {to[index]: places for index, places in self.places.items() if places}
        return LinkedSet(
            names=[self.order[index] for index in first],
            value=np.array(self.value, dtype=np.float64)[first],
            shown=_mask(size, places),
            sums=sorted(
                (Sum(to[s.whole], tuple(sorted(to[part] for part in s.parts))) for s in self.sums),
                key=lambda equation: (equation.whole, equation.parts),
            ),
            at={place: to[index] for place, index in self.at.items()},
            places=places,
            groups=self.groups,
            **flags,
        )

    # --- cells that stand in tables --------------------------------------------------------------

    def _learn_parents(self, table: Table | ReleasedTable) -> None:
        for child, parent in table.within.items():
            if child not in table.frame.columns or parent not in table.frame.columns:
                continue
            pairs = table.frame[[child, parent]].drop_duplicates()
            for low, high in zip(pairs[child], pairs[parent], strict=True):
                codes = category(low), category(high)
                if category(table.total) in codes:
                    continue
                known = self.parent.setdefault((child, codes[0]), codes[1])
                if known != codes[1]:
                    raise self._error("within", table=table.name, column=child, above=parent)

    def _read(self, table: Table | ReleasedTable) -> None:
        dimensions = table.broken_down_by()
        codes = {name: [category(code) for code in table.frame[name]] for name in dimensions}
        codes_of = {other.name for other in table.columns if other.kind in ("id", "text")}
        for column in table.columns:
            if self.kind not in column.counted_as() or not column.measure or not column.personal:
                continue
            numbers, hidden = _numbers(table, column)
            measures = measures_of(column, table)
            for row, number in enumerate(numbers):
                if np.isnan(number) and not hidden[row]:
                    continue
                where = {name: codes[name][row] for name in dimensions}
                where |= column.where or {}
                measure = measures[row]
                place = Place(table.name, row, column.name)
                if self.kind == "count" and not np.isnan(number) and (number < 0 or number % 1):
                    raise self._error("count", table=table.name, row=row + 1, column=column.name)
                index = self._cell(
                    Name(measure, self._key(where, category(table.total))), number, place
                )
                # A column that is declared for all of its table stands in every row of it, and a
                # measure that is named row by row may be named twice.
                declared = column.where is not None and set(dimensions) <= set(column.where)
                twice = column.measure in codes_of or declared
                if not twice and any(other[:2] == place[:2] for other in self.places[index]):
                    raise self._error(
                        "same_cell", table=table.name, row=row + 1, column=column.name
                    )
                self.at[place] = index
                self.places[index].append(place)
                if column.sensitive:
                    self.flags["zero"].add(index)
                if column.persons:
                    self.flags["persons"].add(index)
                over = (*table.overlapping, *column.overlapping)
                self.overlapping |= {(measure, dimension) for dimension in over}

    def _key(self, where: Mapping[str, str], total: str) -> Key:
        kept = {dimension: code for dimension, code in where.items() if code != total}
        above = {
            self.within[dimension]
            for dimension, code in kept.items()
            if dimension in self.within and (dimension, code) in self.parent
        }
        return tuple(sorted((name, code) for name, code in kept.items() if name not in above))

    def _cell(self, name: Name, number: float, place: Place | None = None) -> int:
        if name not in self.names:
            self.names[name] = len(self.names)
            self.order.append(name)
            self.value.append(number)
            return self.names[name]
        index = self.names[name]
        known = self.value[index]
        if np.isnan(known):
            self.value[index] = number
        elif place is not None and not np.isnan(number) and not self._close_to(known, number):
            first = self.places[index][0]
            raise self._error(
                "two_values",
                table=place.table,
                row=place.row + 1,
                column=place.column,
                other=first.table,
                other_row=first.row + 1,
                other_column=first.column,
            )
        return index

    # --- sums ------------------------------------------------------------------------------------

    def _above(self, key: Key, dimension: str) -> Key:
        """The key without a category: its place in the dimension above, else no dimension."""
        kept = dict(key)
        code = kept.pop(dimension)
        above = self.within.get(dimension)
        if above is not None and above not in kept and (dimension, code) in self.parent:
            kept[above] = self.parent[dimension, code]
        return tuple(sorted(kept.items()))

    def _depth(self, key: Key) -> int:
        steps = 0
        for dimension, code in key:
            at: tuple[str, str] | None = (dimension, code)
            while at is not None:
                steps += 1
                above = self.within.get(at[0])
                up = self.parent.get(at)
                at = (above, up) if above is not None and up is not None else None
        return steps

    def _close(self) -> None:
        """Add the margins that no table shows, then every sum, the finest first."""
        groups: dict[tuple[str, Key], dict[str, list[Key]]] = defaultdict(lambda: defaultdict(list))
        todo = [(name.measure, name.key) for name in self.names]
        seen = set(todo)
        while todo:
            measure, key = todo.pop()
            for dimension, _ in key:
                above = (measure, self._above(key, dimension))
                groups[above][dimension].append(key)
                if above not in seen:
                    seen.add(above)
                    todo.append(above)
        for measure, key in sorted(groups, key=lambda entry: (-self._depth(entry[1]), entry)):
            self._add_up(measure, key, groups[measure, key])

    def _add_up(self, measure: str, key: Key, breakdowns: Mapping[str, list[Key]]) -> None:
        sums = {}
        for dimension, keys in sorted(breakdowns.items()):
            parts = [
                self.names[Name(measure, part)]
                for part in sorted(keys)
                if Name(measure, part) in self.names
            ]
            if parts:
                sums[dimension] = parts
        whole = self.names.get(Name(measure, key))
        adding = [d for d in sums if (measure, d) not in self.overlapping]
        if whole is None:
            totals = [sum(self.value[part] for part in sums[d]) for d in adding]
            known = [total for total in totals if not np.isnan(total)]
            if not adding:
                return
            whole = self._cell(Name(measure, key), max(known, default=np.nan))
            if any(part in self.flags["persons"] for d in adding for part in sums[d]):
                self.flags["persons"].add(whole)
        for dimension, parts in sums.items():
            if dimension in adding:
                self._sum(whole, parts, Name(measure, key, "rest", dimension))
            elif self.places[whole]:
                self._overlap(whole, parts, dimension)

    def _sum(self, whole: int, parts: Sequence[int], rest: Name) -> None:
        left = self.value[whole] - sum(self.value[part] for part in parts)
        if np.isnan(left) or self._close_to(self.value[whole], self.value[whole] - left):
            self.sums.append(Sum(whole, tuple(parts)))
            return
        if left < 0 and self.kind == "count":
            raise self._more_than(whole, parts)
        self.sums.append(Sum(whole, (*parts, self._cell(rest, left))))

    def _overlap(self, whole: int, parts: Sequence[int], dimension: str) -> None:
        """Everyone is in one of the categories at least, and nobody twice in one."""
        name = self.order[whole]
        for part in parts:
            self._without(part, whole, f"{dimension}={self.order[part].key}")
        over = sum(self.value[part] for part in parts) - self.value[whole]
        if len(parts) > 1 and (np.isnan(over) or over >= 0):
            total = self._cell(Name(name.measure, name.key, "excess", dimension), over)
            several = self._cell(
                Name(name.measure, name.key, "margin", dimension), over + self.value[whole]
            )
            self.sums += [Sum(several, tuple(parts)), Sum(several, (whole, total))]

    def _without(self, part: int, whole: int, beside: str) -> int | None:
        left = self.value[whole] - self.value[part]
        if left < 0:
            return None
        name = self.order[whole]
        rest = self._cell(Name(name.measure, name.key, "without", beside), left)
        equation = Sum(whole, (part, rest))
        if equation not in self.known:
            self.known.add(equation)
            self.sums.append(equation)
        return rest

    def _more_than(self, whole: int, parts: Iterable[int]) -> UserError:
        places = self.places[whole] or [p for part in parts for p in self.places[part]]
        table, row, column = places[0] if places else Place("?", 0, "?")
        return self._error("more_than_whole", table=table, row=row + 1, column=column)

    # --- parts of groups -------------------------------------------------------------------------

    def _read_parts(self, table: Table | ReleasedTable) -> None:
        fields = {column.name: column for column in table.columns}
        side_by_side: dict[tuple[int, int], set[int]] = defaultdict(set)
        for column in table.columns:
            if column.kind == "share" and column.numerator and column.denominator:
                pair = column.numerator, column.denominator
            elif column.kind == self.kind and column.of:
                pair = column.name, column.of
            else:
                continue
            for row in range(len(table.frame)):
                part = self.at.get(Place(table.name, row, pair[0]))
                whole = self.at.get(Place(table.name, row, pair[1]))
                if part is None or whole is None or part == whole:
                    continue
                name = self.order[part]
                self.flags["part"].add(part)
                side_by_side[row, whole].add(part)
                self.groups.add((name.measure, self.order[whole].measure))
                rest = self._without(part, whole, f"{name.measure} {name.key}")
                if rest is None:
                    raise self._more_than(whole, (part,))
                self.flags["part"].add(rest)
                if column.sensitive or fields[pair[0]].sensitive:
                    self.flags["zero"] |= {part, rest}

        self._add_declared(table)
        for (_, whole), parts in side_by_side.items():
            # Yes, no and do not know under three measures: who sees them add up knows that they do.
            equation = Sum(whole, tuple(sorted(parts)))
            together = sum(self.value[part] for part in equation.parts)
            if len(parts) > 1 and together == self.value[whole] and equation not in self.known:
                self.known.add(equation)
                self.sums.append(equation)

    def _add_declared(self, table: Table | ReleasedTable) -> None:
        """The sums that a table itself has between its columns, and from row to row."""
        columns = {column.name for column in table.columns}

        def cells(row: int, names: Iterable[str]) -> list[int] | None:
            asked = [name for name in names if not name.startswith(LEFT)]
            found = [self.at.get(Place(table.name, row, name)) for name in asked]
            known = [cell for cell in found if cell is not None]
            return known if len(known) == len(found) else None

        def unseen(row: int, name: str, value: float) -> int:
            role: Role = "excess" if name.startswith(OPEN) else "margin"
            return self._cell(Name(table.name, (("row", str(row)),), role, name), value)

        for row in range(len(table.frame)):
            for column, breakdowns in table.sums.items():
                for names in breakdowns:
                    parts = cells(row, names)
                    if parts is None:
                        continue
                    if column in columns:
                        whole = cells(row, [column])
                    else:
                        whole = [unseen(row, column, sum(self.value[part] for part in parts))]
                    for name in names:
                        if whole and name.startswith(LEFT):
                            left = self.value[whole[0]] - sum(self.value[part] for part in parts)
                            if left < 0 and self.kind == "count":
                                raise self._more_than(whole[0], parts)
                            parts.append(unseen(row, name, left))
                    self._declare(whole, parts, (table.name, row, column))
            for column, before in table.follows.items():
                self._declare(
                    cells(row, [column]), cells(row - 1, [before]), (table.name, row, column)
                )

    def _declare(
        self, whole: list[int] | None, parts: list[int] | None, at: tuple[str, int, str]
    ) -> None:
        if not whole or not parts or whole[0] in parts:
            return
        equation = Sum(whole[0], tuple(sorted(parts)))
        total = sum(self.value[part] for part in equation.parts)
        known = self.value[equation.whole]
        if not np.isnan(total - known) and not self._close_to(total, known):
            table, row, column = at
            raise self._error("sums", table=table, row=row + 1, column=column)
        if equation not in self.known:
            self.known.add(equation)
            self.sums.append(equation)

    def _drop_idle(self) -> None:
        """Forget sums whose whole no table shows and nothing else uses: they say nothing."""
        while True:
            uses: dict[int, int] = defaultdict(int)
            for equation in self.sums:
                for index in (equation.whole, *equation.parts):
                    uses[index] += 1
            kept = [
                equation
                for equation in self.sums
                if self.places.get(equation.whole)
                or uses[equation.whole] > 1
                or self.order[equation.whole].role != "cell"
            ]
            if len(kept) == len(self.sums):
                return
            self.sums = kept

    # --- help ------------------------------------------------------------------------------------

    def _close_to(self, one: float, other: float) -> bool:
        if self.kind == "count":
            return one == other
        return abs(one - other) <= max(_ORE, _CLOSE * max(abs(one), abs(other)))

    def _error(self, key: str, **values: object) -> UserError:
        return UserError(f"disclosure.errors.{key}", language=self.language, **values)


def _numbers(table: Table | ReleasedTable, column: Field) -> tuple[FloatArray, BoolArray]:
    numbers = floats(table.frame, column.name)
    hidden = np.zeros(len(numbers), dtype=np.bool_)
    if isinstance(table, ReleasedTable):
        hidden = table.suppressed[column.name].to_numpy(dtype=np.bool_)
    elif column.suppressed:
        withheld = table.frame[column.suppressed].fillna(value=False).astype(bool)
        numbers = np.where(withheld.to_numpy(), np.nan, numbers)
    return numbers, hidden


def floats(frame: pd.DataFrame, name: str) -> FloatArray:
    """A column as floats, missing as nan."""
    numbers = frame[name].astype("float64").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(numbers, dtype=np.float64)


def _mask(size: int, places: Iterable[int]) -> BoolArray:
    mask = np.zeros(size, dtype=np.bool_)
    mask[list(places)] = True
    return mask
