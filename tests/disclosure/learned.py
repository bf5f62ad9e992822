"""An outsider who knows nothing of what a report declares, and learns it from made-up populations.

Whoever can run the tool can make populations, look at the complete tables and see which numbers are
always equal to others, or to sums and differences of them. What holds in all populations is taken
to hold in the one that a released report is about, and is added to what the report itself declares.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.projects import ROOT
from umea_eval.disclosure.attack import attack, known_values
from umea_eval.disclosure.linked import LinkedKind, LinkedSet, Name, Sum, link
from umea_eval.disclosure.profiles import release
from umea_eval.disclosure.rules import RULES
from umea_eval.disclosure.tables import Released, Table
from umea_eval.processed.clean import clean
from umea_eval.processed.example import make_example
from umea_eval.report.report import Report
from umea_eval.settings import read_settings

Ints = npt.NDArray[np.int64]
# What is learnt is a sum of cells that is always zero, each with its sign (or small number).
Relation = tuple[tuple[Name, int], ...]
PRIME = 2_147_483_647
# A cell that hardly varies fits many sums by chance.
DISTINCT, NONZERO = 4, 4
EXACT = ("count", "amount")


class _Registered(Exception):
    """All tables are registered: no error."""


def registered(name: str, **parameters: object) -> Sequence[Table]:
    """All tables that an evaluation registers about the data of the project that is current."""
    notebook = json.loads((ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}

    def stop(report: Report) -> None:
        names["report"] = report
        raise _Registered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Report, "release", stop)
        try:
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    exec(compile("".join(cell["source"]), name, "exec"), names)  # noqa: S102 - ours
                    if "parameters" in cell["metadata"].get("tags", []):
                        names |= parameters
        except _Registered:
            pass
    return tuple(names["report"]._tables.values())


def population(name: str, seed: int, n: int, **parameters: object) -> Sequence[Table]:
    """The tables about a made-up population, in the current project."""
    make_example(name, read_settings(), messy=False, seed=seed, n=n)
    clean(name)
    return registered(name, **parameters)


@dataclass(frozen=True)
class Cells:
    """The cells of one population with their true values: counts, and amounts in hundredths."""

    linked: Mapping[LinkedKind, LinkedSet]

    @classmethod
    def of(cls, tables: Sequence[Table]) -> Cells:
        return cls({"count": link(tables), "amount": link(tables, "amount")})

    def values(self) -> dict[Name, int]:
        found: dict[Name, int] = {}
        for kind, scale in (("count", 100), ("amount", 100)):
            linked = self.linked[kind]  # type: ignore[index]
            for name, value in zip(linked.names, linked.value, strict=True):
                if not np.isnan(value):
                    found[_of_kind(name, kind)] = round(scale * float(value))
        return found


def _of_kind(name: Name, kind: str) -> Name:
    return name if kind == "count" else name._replace(measure=f"amount: {name.measure}")


def learn(populations: Sequence[Cells], *, four: bool = True) -> list[Relation]:
    """What holds in all populations: equal cells, sums of two, sums over a whole table column, and
    (``four``) two pairs with one sum. Those that a linked set has are among them."""
    each = [cells.values() for cells in populations]
    present = [name for name in each[0] if all(name in values for values in each)]
    more = {name for values in each for name in values} - set(present)
    names = sorted((*present, *more), key=str)
    # A category that nobody is in has no row: none.
    table = np.array([[values.get(name, 0) for values in each] for name in names], dtype=np.int64)
    varied = [
        len(set(row.tolist())) >= DISTINCT and np.count_nonzero(row) >= NONZERO for row in table
    ]
    names = [name for name, keep in zip(names, varied, strict=True) if keep]
    table = table[np.array(varied, dtype=np.bool_)]
    weights = np.random.default_rng(1).integers(-(2**62), 2**62, table.shape[1])
    with np.errstate(over="ignore"):
        hashes = table @ weights
    found: list[Relation] = []
    first: dict[int, int] = {}
    alone = []
    for row, value in enumerate(hashes.tolist()):
        if value in first:
            found.append(((names[first[value]], 1), (names[row], -1)))
        else:
            first[value] = row
            alone.append(row)
    found += _columns(names, hashes, first)
    order = np.argsort(hashes[alone], kind="stable")
    kept, ranked = np.array(alone)[order], hashes[alone][order]
    for at, row in enumerate(alone):
        others = np.array(alone[at:])
        with np.errstate(over="ignore"):
            wanted = hashes[row] + hashes[others]
        places = np.minimum(np.searchsorted(ranked, wanted), len(ranked) - 1)
        for other, place in zip(
            others[ranked[places] == wanted], places[ranked[places] == wanted], strict=True
        ):
            parts = ((names[row], 1), (names[int(other)], 1))
            found.append((*parts, (names[int(kept[place])], -1)))
    if four:
        found += _pairs(names, hashes, alone)
    return [relation for relation in found if _holds(relation, each)]


def _holds(relation: Relation, each: Iterable[Mapping[Name, int]]) -> bool:
    return all(sum(sign * v.get(name, 0) for name, sign in relation) == 0 for v in each)


def _columns(names: Sequence[Name], hashes: Ints, first: Mapping[int, int]) -> Iterator[Relation]:
    """Cells that are the sum of all those of one measure with the same dimensions."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[int]] = defaultdict(list)
    for row, name in enumerate(names):
        dimensions = tuple(dimension for dimension, _ in name.key)
        groups[name.measure, name.role + name.beside, dimensions].append(row)
    for rows in groups.values():
        if len(rows) < 3:
            continue
        with np.errstate(over="ignore"):
            whole = first.get(int(hashes[rows].sum()))
        if whole is not None:
            yield (*((names[row], 1) for row in rows), (names[whole], -1))


def _pairs(names: Sequence[Name], hashes: Ints, alone: Sequence[int]) -> Iterator[Relation]:
    rows = np.array(alone)
    one, other = np.triu_indices(len(rows))
    with np.errstate(over="ignore"):
        sums = hashes[rows[one]] + hashes[rows[other]]
    order = np.argsort(sums, kind="stable")
    same = np.flatnonzero(sums[order[1:]] == sums[order[:-1]])
    for at in same.tolist():
        pairs = [(names[rows[one[order[k]]]], names[rows[other[order[k]]]]) for k in (at, at + 1)]
        signed = [(name, 1) for name in pairs[0]] + [(name, -1) for name in pairs[1]]
        yield tuple(signed)


class Span:
    """What follows from relations that are known: the vectors that fulfil all of them."""

    def __init__(self, size: int) -> None:
        self.free = np.eye(size, dtype=np.int64)
        self.random = np.random.default_rng(2)
        self._mix()

    def _mix(self) -> None:
        weights = self.random.integers(1, PRIME, (2, len(self.free)))
        self.probe = np.zeros((2, self.free.shape[1]), dtype=np.int64)
        for row, vector in enumerate(self.free):
            for k in range(2):
                self.probe[k] = (self.probe[k] + weights[k, row] * vector) % PRIME

    def follows(self, terms: Sequence[tuple[int, int]]) -> bool:
        return not any(
            sum(sign * int(p[index]) for index, sign in terms) % PRIME for p in self.probe
        )

    def add(self, terms: Sequence[tuple[int, int]]) -> None:
        found = np.zeros(len(self.free), dtype=np.int64)
        for index, sign in terms:
            found = (found + sign * self.free[:, index]) % PRIME
        used = np.flatnonzero(found)
        if not len(used):
            return
        first = used[0]
        inverse = pow(int(found[first]), -1, PRIME)
        for row in used[1:]:
            factor = int(found[row]) * inverse % PRIME
            self.free[row] = (self.free[row] - factor * self.free[first]) % PRIME
        self.free = np.delete(self.free, first, axis=0)
        old = self.probe
        for k in range(2):
            value = sum(sign * int(old[k][index]) for index, sign in terms) % PRIME
            self.probe[k] = old[k]
            if value:
                self._mix()
                break


def always_zero(populations: Sequence[Cells]) -> frozenset[Name]:
    """The cells that nobody is in in any population."""
    each = [cells.values() for cells in populations]
    names = {name for values in each for name in values}
    return frozenset(n for n in names if not any(values.get(n, 0) for values in each))


def new_sums(
    linked: LinkedSet, relations: Iterable[Relation], zero: frozenset[Name] = frozenset()
) -> tuple[list[Relation], LinkedSet]:
    """The relations between counts of ``linked`` that do not follow from it, and it with them.

    What says no more than that nobody is in a cell of ``zero`` is left out: it tells of the made-up
    populations (no value is missing in them), not of how the tables hang together.
    """
    place = {name: index for index, name in enumerate(linked.names)}
    span = Span(len(place))
    for equation in linked.sums:
        span.add([(equation.whole, -1), *((part, 1) for part in equation.parts)])
    for name in zero & place.keys():
        span.add([(place[name], 1)])
    names, sums, fresh = list(linked.names), list(linked.sums), []
    margins = 0
    for relation in relations:
        if not all(name in place for name, _ in relation):
            # A cell that this report does not have is zero in it, or nobody knows it.
            continue
        terms = [(place[name], sign) for name, sign in relation]
        if span.follows(terms):
            continue
        span.add(terms)
        fresh.append(relation)
        plus = tuple(index for index, sign in terms if sign > 0)
        minus = tuple(index for index, sign in terms if sign < 0)
        if len(minus) == 1:
            sums.append(Sum(minus[0], plus))
        else:
            names.append(Name(f"learnt {margins}", (), "margin"))
            margins += 1
            sums += [Sum(len(names) - 1, plus), Sum(len(names) - 1, minus)]
    more = len(names) - len(linked.names)
    longer = {
        flag: np.concatenate([getattr(linked, flag), np.zeros(more, dtype=np.bool_)])
        for flag in ("shown", "zero", "part", "persons")
    }
    value = np.concatenate([linked.value, np.full(more, np.nan)])
    made = LinkedSet(
        names=names, value=value, sums=sums, at=linked.at, places=linked.places, **longer
    )
    return fresh, made


def opened(
    tables: Sequence[Table],
    profile: str,
    relations: Sequence[Relation],
    zero: frozenset[Name] = frozenset(),
) -> list[str]:
    """What the outsider finds in the public edition of ``tables``: in words, with the values.

    What he has learnt and does not hold here is left out: of that he would believe what is not so.
    """
    truth = Cells.of(tables).values()
    true = [relation for relation in relations if _holds(relation, [truth])]
    released = release(tables, profile, (), edition="publik")
    return [*_by_sums(released, profile, true, zero), *_by_solving(released, profile, true)]


def _shown(released: Released) -> list[Any]:
    return [released.table(name) for name in released if name not in released.left_out]


def _by_sums(
    released: Released, profile: str, relations: Sequence[Relation], zero: frozenset[Name]
) -> Iterator[str]:
    # The record of the report says which cells are sums of which: rounded ones do not add up.
    assert released.counts is not None
    linked = released.counts
    _, more = new_sums(linked, relations, zero)
    for cell in attack(_shown(released), RULES[profile], linked=more):
        name = linked.names[linked.at[cell.place]] if cell.place in linked.at else "?"
        yield f"{cell.place} {cell.row}: {cell.possible} of {cell.wanted} possible; {name}"


def _by_solving(released: Released, profile: str, relations: Sequence[Relation]) -> Iterator[str]:
    """Suppressed counts and amounts that are alone among released ones in a relation.

    Where counts are rounded only amounts are known so well, and `_by_sums` looks at counts.
    """
    assert released.counts is not None
    assert released.amounts is not None
    shown = _shown(released)
    known: dict[Name, float] = {}
    hidden: dict[Name, str] = {}
    for kind, linked in (("count", released.counts), ("amount", released.amounts)):
        values = known_values(linked, shown)
        rounded = kind == "count" and RULES[profile].rounding is not None
        for index, name in enumerate(linked.names):
            if not np.isnan(values[index]):
                if not rounded:
                    known[_of_kind(name, kind)] = values[index]
            elif linked.places.get(index):
                hidden[_of_kind(name, kind)] = str(linked.places[index][0])
    for relation in relations:
        unknown = [name for name, _ in relation if name in hidden]
        rest = [name for name, _ in relation if name not in hidden]
        if len(unknown) == 1 and all(name in known for name in rest):
            yield f"{hidden[unknown[0]]} = {unknown[0]} from {relation}"
