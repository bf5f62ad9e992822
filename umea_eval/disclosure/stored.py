"""What must stand beside a finished report for it to be attacked again?

The released tables as far as counts and amounts go, which of their cells are the same number, and
which are sums of which: what the attack before the release was told, without any value that the
report withholds and without any category that it does not show. Plain JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from umea_eval.disclosure.linked import (
    BoolArray,
    LinkedSet,
    Name,
    Place,
    Sum,
    category,
    floats,
    tied_to,
)
from umea_eval.disclosure.tables import NUMBERS, Field, Released, ReleasedTable

FORMAT = 1
_FLAGS = ("shown", "zero", "part", "persons")
_ROUNDED = ("share", "rate", "value")
_SAID = ("kind", "measure", "numerator", "denominator", "of", "statistic", "per")


@dataclass(frozen=True)
class Published:
    """The tables of a finished report, and their linked sets without values."""

    tables: tuple[ReleasedTable, ...]
    counts: LinkedSet
    amounts: LinkedSet

    def hidden(self) -> int:
        """How many cells are suppressed: one that several tables show counts once."""
        counts, amounts = (
            _hidden_cells(linked, self.tables) for linked in (self.counts, self.amounts)
        )
        both = tied_to(self.amounts, self.counts)
        return int(np.count_nonzero(counts)) + int(np.count_nonzero(amounts & ~both))


def to_json(released: Released) -> dict[str, Any] | None:
    """A release as JSON; None where the profile suppresses nothing, so that nothing is hidden."""
    if released.counts is None or released.amounts is None:
        return None
    tables = [released.table(name) for name in released if name not in released.left_out]
    hide = _Codes(tables)
    return {
        "format": FORMAT,
        "tables": [
            _table_json(table, {"count": released.counts, "amount": released.amounts})
            for table in tables
        ],
        "counts": _linked_json(released.counts, hide),
        "amounts": _linked_json(released.amounts, hide),
    }


def from_json(stored: Mapping[str, Any]) -> Published:
    """What `to_json` wrote. Raises KeyError, TypeError, IndexError or ValueError for other JSON."""
    if stored["format"] != FORMAT:
        raise ValueError("another format")
    tables = tuple(_table(each) for each in stored["tables"])
    return Published(
        tables=tables,
        counts=_linked(stored["counts"], _places(stored["tables"], "count")),
        amounts=_linked(stored["amounts"], _places(stored["tables"], "amount")),
    )


# --- tables --------------------------------------------------------------------------------------


def _needed(table: ReleasedTable) -> list[Field]:
    """The columns that the attack looks at, and what a row is about."""
    counted = [c for c in table.columns if c.kind in ("count", "amount", "share", "rate")]
    used = {name for column in counted for name in (column.numerator, column.denominator)}
    about = table.broken_down_by()
    return [c for c in table.columns if c in counted or c.name in used or c.name in about]


def _table_json(table: ReleasedTable, linked: Mapping[str, LinkedSet]) -> dict[str, Any]:
    columns = []
    for column in _needed(table):
        hidden = table.suppressed[column.name].to_numpy(dtype=np.bool_)
        written: dict[str, Any] = {"name": column.name}
        written |= {name: getattr(column, name) for name in _SAID if getattr(column, name)}
        written["values"] = _values(table, column)
        written["hidden"] = np.flatnonzero(hidden).tolist()
        if column.kind in _ROUNDED:
            written["decimals"] = list(_decimals(table, column))
        places = [Place(table.name, row, column.name) for row in range(len(hidden))]
        for kind in column.counted_as():
            at = [linked[kind].at.get(place) for place in places] if kind in linked else []
            if any(index is not None for index in at):
                written["cells" if kind == column.kind else "in_amounts"] = at
        columns.append(written)
    dimensions = [name for name in table.broken_down_by() if name in table.frame.columns]
    return {"name": table.name, "dimensions": dimensions, "columns": columns}


def _decimals(table: ReleasedTable, column: Field) -> tuple[int | None, ...]:
    """The decimals of the page. Where the column does not say: one, of a value all it has."""
    places = table.decimals.get(column.name, (None,) * len(table.frame))
    usual = None if column.kind == "value" else 1
    return tuple(usual if given is None else given for given in places)


def _values(table: ReleasedTable, column: Field) -> list[Any]:
    if column.kind not in NUMBERS:
        texts, hidden = table.frame[column.name], table.suppressed[column.name]
        absent = texts.isna() | hidden
        return [None if no else category(v) for v, no in zip(texts, absent, strict=True)]
    numbers = floats(table.frame, column.name)
    if column.kind in _ROUNDED:  # with the digits of the page; a share is in per cent
        percent = 2 if column.kind == "share" else 0
        pairs = zip(numbers, _decimals(table, column), strict=True)
        numbers = np.array([v if of is None else np.round(v, of + percent) for v, of in pairs])
    return [None if np.isnan(v) else int(v) if float(v).is_integer() else float(v) for v in numbers]


def _table(stored: Mapping[str, Any]) -> ReleasedTable:
    columns: list[Field] = []
    frame: dict[str, Any] = {}
    hidden: dict[str, Any] = {}
    decimals: dict[str, tuple[int | None, ...]] = {}
    for each in stored["columns"]:
        name, kind = each["name"], each["kind"]
        said = {key: each[key] for key in _SAID if key in each}
        said["in_amounts"] = "in_amounts" in each
        columns.append(Field(name, **said))
        values = each["values"]
        frame[name] = pd.Series(values, dtype="Float64" if kind in NUMBERS else "str")
        hidden[name] = np.isin(np.arange(len(values)), each["hidden"])
        decimals[name] = tuple(each.get("decimals", (None,) * len(values)))
    return ReleasedTable(
        name=stored["name"],
        frame=pd.DataFrame(frame),
        suppressed=pd.DataFrame(hidden),
        decimals=decimals,
        columns=tuple(columns),
        dimensions=tuple(stored["dimensions"]),
    )


# --- linked sets ---------------------------------------------------------------------------------


class _Codes:
    """Categories and measures that no table shows get a number instead of their name."""

    def __init__(self, tables: Sequence[ReleasedTable]) -> None:
        self.shown: set[str] = set()
        self.numbers: dict[str, str] = {}
        for table in tables:
            for column in table.columns:
                self.shown |= {column.name, column.measure or "", *(column.where or {}).values()}
                if column.kind not in NUMBERS:
                    seen = table.frame[column.name][~table.suppressed[column.name]].dropna()
                    self.shown |= {category(value) for value in seen}

    def __call__(self, code: str) -> str:
        if code in self.shown:
            return code
        return self.numbers.setdefault(code, f"?{len(self.numbers) + 1}")


def _linked_json(linked: LinkedSet, hide: Callable[[str], str]) -> dict[str, Any]:
    names = []
    for index, name in enumerate(linked.names):
        # "without" and "margin" say beside what; that text can hold categories.
        beside = name.beside if name.role in ("cell", "rest", "excess") else f"#{index}"
        key = [[dimension, hide(code)] for dimension, code in name.key]
        names.append([hide(name.measure), key, name.role, beside])
    return {
        "names": names,
        "sums": [[equation.whole, *equation.parts] for equation in linked.sums],
        **{flag: np.flatnonzero(getattr(linked, flag)).tolist() for flag in _FLAGS},
    }


def _linked(stored: Mapping[str, Any], at: Mapping[Place, int]) -> LinkedSet:
    names = [
        Name(measure, tuple((dimension, code) for dimension, code in key), role, beside)
        for measure, key, role, beside in stored["names"]
    ]
    size = len(names)
    sums = [Sum(whole, tuple(parts)) for whole, *parts in stored["sums"]]
    members = {index for s in sums for index in (s.whole, *s.parts)} | set(at.values())
    if not all(0 <= index < size for index in members):
        raise ValueError("a cell that does not exist")
    places: dict[int, list[Place]] = {}
    for place, index in at.items():
        places.setdefault(index, []).append(place)
    flags: dict[str, Any] = {flag: _mask(size, stored[flag]) for flag in _FLAGS}
    return LinkedSet(
        names=names,
        value=np.full(size, np.nan),
        sums=sums,
        at=dict(at),
        places=places,
        **flags,
    )


def _places(tables: Iterable[Mapping[str, Any]], kind: str) -> dict[Place, int]:
    return {
        Place(table["name"], row, column["name"]): index
        for table in tables
        for column in table["columns"]
        for row, index in enumerate(_cells(column, kind))
        if index is not None
    }


def _cells(column: Mapping[str, Any], kind: str) -> Sequence[int | None]:
    found: Sequence[int | None] = column.get("cells", ()) if column["kind"] == kind else ()
    return column.get("in_amounts", ()) if kind == "amount" and not found else found


def _mask(size: int, cells: Sequence[int]) -> BoolArray:
    mask = np.zeros(size, dtype=np.bool_)
    mask[np.array(cells, dtype=np.int64)] = True
    return mask


def _hidden_cells(linked: LinkedSet, tables: Sequence[ReleasedTable]) -> BoolArray:
    """Cells that stand in tables, in none of them with a value."""
    hidden = linked.shown.copy()
    by_name = {table.name: table for table in tables}
    for place, index in linked.at.items():
        value = floats(by_name[place.table].frame, place.column)[place.row]
        hidden[index] &= bool(np.isnan(value))
    return hidden
