"""What can an outsider compute of the suppressed cells, from all that is published?

The outsider knows every number that is shown, which cells are sums of which, that counts are whole
and not negative, the rule of the profile, and how the shown numbers were rounded. A share or rate
that is shown is turned back into the counts that give it, and so are Wilson's and the exact limits.
For a release he is moreover told which of the suppressed cells are protected ones.

A cell is opened if fewer than the profile's width of values are left. Only worlds that have been
found and checked count as possible, so an attack that fails to find one errs on the safe side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from umea_eval.disclosure.complementary import Target
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
from umea_eval.disclosure.primary import least
from umea_eval.disclosure.rounding import rounded_from
from umea_eval.disclosure.rules import SMALL_MODE_BELOW, Rules
from umea_eval.disclosure.stored import Published
from umea_eval.disclosure.tables import Field, ReleasedTable, Statistic
from umea_eval.disclosure.worlds import Worlds, matrix
from umea_eval.methods.proportions.single import clopper_pearson, wilson

# A suppressed count is taken to be at most so much above the largest one shown.
BEYOND = 1000.0
# Limits are turned back by trying all pairs of counts up to this size.
PAIRS_UP_TO = 300
# Released frames hold more digits than the page (figures are drawn from them): shares are taken
# as exact unless the attack is on the printed page.
_EXACT = 1e-9
_TRIES = 3
# Amounts that are counts are found within so much of a whole number.
_WHOLE = 1e-6
# No table of a report can have such a name.
SECOND = " *"

More = tuple[sparse.csr_array, FloatArray, FloatArray]


@dataclass(frozen=True)
class Exposed:
    """A cell that the published numbers open, at one of its places. Never its value.

    ``possible`` is how many values were found for it (at least), ``wanted`` how many there should
    be. ``row`` is what its row is about.
    """

    place: Place
    row: tuple[str, ...]
    possible: int
    wanted: int


@dataclass(frozen=True)
class Told:
    """What a release lets the attack know beyond the published tables, to be on the safe side.

    ``linked`` has the sums as they are, ``limits`` what a suppressed cell can be for one who is
    told whether it is protected, ``targets`` what must stay possible; ``worlds`` are tried first
    (each is checked).
    """

    linked: LinkedSet
    limits: tuple[FloatArray, FloatArray]
    targets: tuple[Target, ...]
    worlds: tuple[FloatArray, ...] = ()


def attack(
    published: Sequence[ReleasedTable],
    rules: Rules,
    *,
    also: Sequence[ReleasedTable] = (),
    told: Told | None = None,
    linked: LinkedSet | None = None,
    amounts: LinkedSet | None = None,
    printed: bool = False,
) -> tuple[Exposed, ...]:
    """The suppressed counts of ``published`` that an outsider can compute.

    ``also`` are further published tables (an earlier release) whose cells are the same cells where
    measure and categories are the same; raises UserError if one shows another value. ``told`` is
    what a release knows of itself (not together with ``also``); ``linked`` which cells are sums of
    which, where that is known (`stored`): of all tables, a second release's with `SECOND` after
    their names. Without either the categories that are shown are taken to be all there are.
    ``amounts``: which amounts are sums of which, where some of them are counts too.
    ``printed``: shares and rates are known with the decimals
    of the page only.
    """
    if told is not None and also:
        raise ValueError("told is about one release")
    # Another release has tables of the same names.
    tables = [*published, *(replace(table, name=table.name + SECOND) for table in also)]
    if linked is None:
        linked = told.linked if told else link(tables)
    if not len(linked):
        return ()
    known = known_values(linked, tables)
    lower, upper = rule_limits(linked, tables, known, rules)
    if told is not None:
        upper = np.where(told.linked.none_in_excess(), 0.0, upper)
    if amounts is not None:
        lower, upper = _told_by_amounts(linked, amounts, published, (lower, upper))
    more = _derived(linked, tables, known, (lower, upper), printed=printed)
    sums = matrix(linked.sums, len(linked))
    own = {table.name for table in published}
    # Nobody of nobody tells nothing.
    asked = linked.shown & np.isnan(known) & ~of_nobody(linked, upper)
    suppressed = [
        cell
        for cell in np.flatnonzero(asked).tolist()
        if any(place.table in own for place in linked.places[cell])
    ]
    opened: dict[int, tuple[int, int]] = {}
    if told is not None:
        tight = np.where(np.isnan(known) & linked.shown, told.limits[0], lower)
        high = np.where(np.isnan(known) & linked.shown, told.limits[1], upper)
        worlds = Worlds(sums, np.maximum(lower, tight), np.minimum(upper, high), more=more)
        opened |= _short_of_told(worlds, told, lower)
    worlds = Worlds(sums, lower, upper, more=more)
    proofs = told.worlds if told else ()
    wanted = [target for target in told.targets if not target.told] if told else []
    opened |= _short_of_rule(worlds, suppressed, rules.width, proofs, wanted)
    return tuple(_exposed(linked, tables, cell, *counts) for cell, counts in sorted(opened.items()))


def _short_of_told(worlds: Worlds, told: Told, lower: FloatArray) -> dict[int, tuple[int, int]]:
    """Protected cells that lack one of their values for one who is told what is protected."""
    wanted = {
        target.cell: [float(v) for v in range(int(target.low), int(target.high) + 1)]
        for target in told.targets
        if target.told
    }
    seen = worlds.explore(wanted, told.worlds)
    return {
        cell: (len(seen[cell]), len(values))
        for cell, values in wanted.items()
        if len(seen[cell]) < len(values)
    }


def _short_of_rule(
    worlds: Worlds,
    suppressed: Sequence[int],
    width: int,
    proofs: Sequence[FloatArray],
    targets: Sequence[Target],
) -> dict[int, tuple[int, int]]:
    """Suppressed cells with fewer than ``width`` values for one who knows the rule."""
    cells = sorted({*suppressed, *(target.cell for target in targets)})
    found: dict[int, set[float]] = {cell: set() for cell in cells}
    for proof in worlds.holding(proofs):
        for cell in cells:
            found[cell].add(float(proof[cell]))
    left = [cell for cell in cells if len(found[cell]) < width]
    ends = {cell: (worlds.extreme(cell, -1), worlds.extreme(cell, 1)) for cell in left}
    for attempt in range(_TRIES):
        wanted = {}
        for cell in left:
            low, high = ends[cell]
            if low is None or high is None:
                continue
            start = low + attempt * width
            wanted[cell] = [float(v) for v in np.arange(start, min(start + width, high + 1))]
        for cell, values in worlds.explore(wanted).items():
            found[cell] |= values
        left = [cell for cell in left if len(found[cell]) < width]
    return {cell: (len(found[cell]), width) for cell in left}


def attack_finished(published: Published, rules: Rules) -> tuple[Exposed, ...]:
    """The suppressed cells that the printed tables of a finished report open, amounts too.

    Of an amount the truth is not known here: it is opened if no value is left that could be as much
    smaller and larger as the profile asks for. Where it differs from another one by a suppressed
    count it may have been suppressed for that: then as many values must be left as of a count.
    """
    counts, linked = published.counts, published.amounts
    opened = attack(published.tables, rules, linked=counts, amounts=linked, printed=True)
    worlds = _worlds_of_amounts(linked, published.tables)
    # Of those that are counts too, the attack on counts has looked.
    asked = worlds.open & linked.shown & ~tied_to(linked, counts)
    beside = _beside(linked, worlds.open & tied_to(linked, counts))
    for cell in np.flatnonzero(asked).tolist():
        low, high = worlds.extreme(cell, -1), worlds.extreme(cell, 1)
        wide = low is not None and high is not None and _room(low, high, rules.amount)
        if beside[cell] and low is not None and high is not None:
            wide |= high - low + 1 + _WHOLE >= rules.width
        if not wide:
            opened += (_exposed(linked, published.tables, cell, 1, 2),)
    return opened


def _worlds_of_amounts(linked: LinkedSet, tables: Sequence[ReleasedTable]) -> Worlds:
    known = known_values(linked, tables)
    most = 10 * (float(np.nanmax(np.abs(known), initial=0.0)) + BEYOND)
    hidden = np.isnan(known)
    lowest = -most if bool((known < 0).any()) else 0.0
    return Worlds(
        matrix(linked.sums, len(linked)),
        np.where(hidden, lowest, known),
        np.where(hidden, most, known),
        whole=False,
    )


def _told_by_amounts(
    counts: LinkedSet,
    amounts: LinkedSet,
    tables: Sequence[ReleasedTable],
    limits: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """The limits of the counts, narrowed by what the amounts say of those that stand among them."""
    lower, upper = limits[0].copy(), limits[1].copy()
    worlds = _worlds_of_amounts(amounts, tables)
    for cell in np.flatnonzero(worlds.open & tied_to(amounts, counts)).tolist():
        count = counts.at[amounts.places[cell][0]]
        low, high = worlds.extreme(cell, -1), worlds.extreme(cell, 1)
        if low is not None and high is not None:
            lower[count] = max(lower[count], np.ceil(low - _WHOLE))
            upper[count] = min(upper[count], np.floor(high + _WHOLE))
    return lower, upper


def _beside(linked: LinkedSet, cells: BoolArray) -> BoolArray:
    """The cells that stand in a sum with one of ``cells``."""
    mask = np.zeros(len(linked), dtype=np.bool_)
    for equation in linked.sums:
        members = [equation.whole, *equation.parts]
        mask[members] |= bool(cells[members].any())
    return mask


def _room(low: float, high: float, reach: float) -> bool:
    """Whether some value between the limits can be smaller and larger by its ``reach``."""
    if low < 0 < high:
        return True
    near, far = sorted((abs(low), abs(high)))
    return far > 0 and near / (1 - reach) <= far / (1 + reach)


def attack_amounts(
    published: Sequence[ReleasedTable], rules: Rules, told: Told
) -> tuple[Exposed, ...]:
    """The suppressed amounts that an outsider can compute too closely."""
    linked = told.linked
    known = known_values(linked, published)
    hidden = np.isnan(known)
    lower = np.where(hidden, told.limits[0], known)
    upper = np.where(hidden, told.limits[1], known)
    worlds = Worlds(matrix(linked.sums, len(linked)), lower, upper, whole=False)
    opened = []
    for target in told.targets:
        lowest, highest = worlds.extreme(target.cell, -1), worlds.extreme(target.cell, 1)
        slack = 1e-6 * (1 + abs(target.high))
        if (
            lowest is None
            or highest is None
            or lowest > target.low + slack
            or highest < target.high - slack
        ):
            opened.append(target.cell)
    return tuple(_exposed(linked, published, cell, 1, 2) for cell in opened)


# --- what is known -------------------------------------------------------------------------------


def known_values(linked: LinkedSet, tables: Sequence[ReleasedTable]) -> FloatArray:
    """The value of every cell that some table shows."""
    known = np.full(len(linked), np.nan)
    for table in tables:
        for column in table.columns:
            if column.kind not in ("count", "amount") or column.measure is None:
                continue
            numbers = floats(table.frame, column.name)
            for row in range(len(numbers)):
                index = linked.at.get(Place(table.name, row, column.name))
                if index is not None and not np.isnan(numbers[row]):
                    known[index] = numbers[row]
    return known


def rule_limits(
    linked: LinkedSet, tables: Sequence[ReleasedTable], known: FloatArray, rules: Rules
) -> tuple[FloatArray, FloatArray]:
    low, high = rounded_from(known, rules.rounding)
    most = float(np.nanmax(known, initial=0.0)) + BEYOND
    # A cell that no table shows may be anything; a suppressed one is not zero, unless zeros are
    # protected. In small mode whole measures are hidden, zeros too.
    blocked = _all_hidden(linked, known) | _in_hidden_tables(linked, tables)
    floor = np.where(blocked, 0.0, least(linked, rules))
    unknown = np.isnan(known)
    # What no table shows is as large as its parts together: the stock of many months, say.
    suppressed = unknown & linked.shown
    everything = float(np.nansum(known)) + most * (1 + int(suppressed.sum()))
    top = np.where(suppressed, most, everything)
    return np.where(unknown, floor, low), np.where(unknown, top, high)


def _in_hidden_tables(linked: LinkedSet, tables: Sequence[ReleasedTable]) -> BoolArray:
    """Cells that stand only in tables of which nothing is shown: they may be zero."""
    nothing = {table.name for table in tables if table.suppressed.to_numpy(dtype=np.bool_).all()}
    places = (linked.places.get(index, []) for index in range(len(linked)))
    return np.array(
        [bool(own) and all(place.table in nothing for place in own) for own in places],
        dtype=np.bool_,
    )


def _all_hidden(linked: LinkedSet, known: FloatArray) -> BoolArray:
    """Cells of measures of which no table shows more than the number in all, if that is small."""
    seen = {
        name.measure
        for index, name in enumerate(linked.names)
        if (name.key and not np.isnan(known[index])) or known[index] >= SMALL_MODE_BELOW
    }
    return np.array([name.measure not in seen for name in linked.names], dtype=np.bool_)


# --- shares, rates and limits turned back into counts --------------------------------------------


def _derived(
    linked: LinkedSet,
    tables: Sequence[ReleasedTable],
    known: FloatArray,
    limits: tuple[FloatArray, FloatArray],
    *,
    printed: bool,
) -> More | None:
    """Rows with limits for every shown share or rate of a suppressed count; limits are narrowed."""
    rows: list[tuple[dict[int, float], float, float]] = []
    for table in tables:
        fields = {column.name: column for column in table.columns}
        for column in table.columns:
            # A curve is shown as long as all counts of its rows are: then it tells nothing more.
            if column.kind not in ("share", "rate") or column.statistic in ("curve", "other"):
                continue
            if column.numerator not in fields or column.denominator not in fields:
                continue
            bases = _printed(table, fields[column.denominator], printed=printed)
            for row, (value, reach) in enumerate(_printed(table, column, printed=printed)):
                pair = [
                    linked.at.get(Place(table.name, row, str(name)))
                    for name in (column.numerator, column.denominator)
                ]
                if np.isnan(value) or pair[0] is None:
                    continue
                group = pair[1]
                if not np.isnan(known[pair[0]]) and (group is None or not np.isnan(known[group])):
                    continue
                rows += _rows(column, (value, reach), (pair[0], group), bases[row], limits)
    if not rows:
        return None
    made = sparse.lil_array((len(rows), len(linked)))
    for place, (weights, _, _) in enumerate(rows):
        for index, weight in weights.items():
            made[place, index] += weight
    lowest, highest = (np.array([row[side] for row in rows]) for side in (1, 2))
    return made.tocsr(), lowest, highest


def _printed(table: ReleasedTable, column: Field, *, printed: bool) -> list[tuple[float, float]]:
    """Each row's value, and how far the true one may be from it."""
    values = floats(table.frame, column.name)
    places = table.decimals.get(column.name, (None,) * len(values))
    usual = 1 if column.kind in ("share", "rate") else None  # other numbers have all of theirs
    found = []
    for value, decimals in zip(values, places, strict=True):
        reach = _EXACT * max(1.0, abs(value))
        shown = usual if decimals is None else decimals
        if printed and shown is not None:
            reach += 0.5 * 10.0 ** -(shown + (2 if column.kind == "share" else 0))
        found.append((float(value), reach))
    return found


def _rows(
    column: Field,
    printed: tuple[float, float],
    cells: tuple[int, int | None],
    base: tuple[float, float],
    limits: tuple[FloatArray, FloatArray],
) -> list[tuple[dict[int, float], float, float]]:
    (value, reach), (part, group) = printed, cells
    if column.statistic == "ratio":
        low, high = (value - reach) / column.per, (value + reach) / column.per
        if group is None:
            given, around = base
            if np.isnan(given):
                return []
            return [({part: 1.0}, low * max(given - around, 0.0), high * (given + around))]
        return [
            ({part: 1.0, group: -low}, 0.0, np.inf),
            ({part: 1.0, group: -high}, -np.inf, 0.0),
        ]
    if group is None:
        return []
    lower, upper = limits
    pairs = possible_counts(
        value,
        reach,
        column.statistic,
        (lower[part], upper[part]),
        (lower[group], upper[group]),
    )
    if pairs is None:
        return []
    return [
        ({cell: 1.0}, float(side.min(initial=np.inf)), float(side.max(initial=-np.inf)))
        for cell, side in zip((part, group), pairs, strict=True)
    ]


def possible_counts(
    value: float,
    reach: float,
    statistic: Statistic,
    part: tuple[float, float],
    group: tuple[float, float],
) -> tuple[FloatArray, FloatArray] | None:
    """The pairs of counts whose ``statistic`` is within ``reach`` of ``value``.

    ``part`` and ``group`` are the lowest and highest count to try (inclusive); a group that is not
    known is tried up to `PAIRS_UP_TO`. None if there is nothing to try.
    """
    if group[1] > PAIRS_UP_TO and group[0] < group[1]:
        group = group[0], max(group[0], PAIRS_UP_TO)
    bases = np.arange(max(group[0], 1), group[1] + 1)
    parts = np.arange(part[0], min(part[1], group[1]) + 1)
    x, n = (grid.ravel() for grid in np.meshgrid(parts, bases, indexing="ij"))
    x, n = x[x <= n], n[x <= n]
    if not len(x):
        return None
    if statistic == "ratio":
        found = x / n
    else:
        limits = (wilson if statistic.startswith("wilson") else clopper_pearson)(x, n)
        found = limits.lower if statistic.endswith("lower") else limits.upper
    hits = np.abs(found - value) <= reach
    return x[hits], n[hits]


# --- report --------------------------------------------------------------------------------------


def _exposed(
    linked: LinkedSet, tables: Sequence[ReleasedTable], cell: int, possible: int, wanted: int
) -> Exposed:
    by_name = {table.name: table for table in tables}
    places = linked.places.get(cell) or _nearest(linked, cell)
    place = places[0]
    return Exposed(place, row_label(by_name[place.table], place.row), possible, wanted)


def row_label(table: ReleasedTable, row: int) -> tuple[str, ...]:
    """What a row is about, as far as the table shows it."""
    named = (name for name in table.broken_down_by() if name in table.frame.columns)
    return tuple(
        "–" if table.suppressed[name].iloc[row] else str(table.frame[name].iloc[row])
        for name in named
    )


def _nearest(linked: LinkedSet, cell: int) -> list[Place]:
    """A cell that no table shows is named by the first cell that stands in a sum with it."""
    seen, todo = {cell}, [cell]
    while todo:
        at = todo.pop(0)
        if linked.places.get(at):
            return linked.places[at]
        for equation in linked.sums:
            members = (equation.whole, *equation.parts)
            if at in members:
                new = [member for member in members if member not in seen]
                seen.update(new)
                todo += new
    raise LookupError(linked.names[cell])
