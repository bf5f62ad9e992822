"""What does a report say about its tables before they are released, and what comes out?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Literal

from umea_eval.language import Language, Words

if TYPE_CHECKING:
    import pandas as pd

    from umea_eval.disclosure.linked import LinkedSet

Kind = Literal["count", "share", "rate", "amount", "value", "text", "id"]
NUMBERS: tuple[Kind, ...] = ("count", "share", "rate", "amount", "value")
Statistic = Literal[
    "ratio", "wilson_lower", "wilson_upper", "exact_lower", "exact_upper", "curve", "other"
]
TOTAL = "total"
# So begins the name of a part that nobody shows; the second, where it is no secret how many it is.
LEFT = ("*", "~")
OPEN = LEFT[1]


@dataclass(frozen=True)
class Field:
    """One column of a table: what disclosure control and the reader must know about it.

    ``name``         the frame's column
    ``heading``      what the reader sees: a catalogue key, or the words in each language
    ``kind``         ``count`` (persons, events, days), ``share`` (0 to 1, shown in per cent),
                     ``rate`` (per exposure), ``amount`` (money), ``value`` (any other number),
                     ``text``, ``id`` (what a row is about)
    ``unit``         stands in the heading: a catalogue key, words in each language, or the same
                     text for both; a share's is per cent
    ``decimals``     how many, or the name of a column that says how many for each row. None: none
                     for counts and amounts, one for shares and rates, as many as the number itself
                     has for values
    ``numerator``    the column that a share or rate has as its numerator,
    ``denominator``  and as its denominator: it is hidden when they are
    ``of``           the column whose whole this one is a part of
    ``words``        the codes of the column are entries of the catalogue below this key
    ``lang``         the language of the column's text, where it is not the report's
                     ``source_language`` (nor codes with ``words``)
    ``missing``      what stands where a number is missing, instead of the usual words
    ``suppressed``   the name of a boolean column: true where the source itself withholds the number
    ``show``         False: figures and texts may use the column, the table does not show it

    Only declared columns are released. ``decimals``, ``suppressed``, ``keep`` and ``quantile`` may
    name columns that are not declared.

    What a profile that suppresses must know besides (``public`` asks for nothing of it):

    ``measure``      what a count counts, such as ``persons examined``: cells of one measure with
                     the same categories are one cell in all tables. Also the name of a column of
                     kind ``id`` or ``text`` that says so row by row. An amount that is a sum over
                     persons has one too
    ``where``        the categories that the column itself stands for, by dimension:
                     ``{"sex": "women"}`` for a column of women. Totals by the table's ``total``
    ``overlapping``  dimensions where one of those counted can be in several categories, besides
                     those of the table (where its amounts add up, and its persons do not)
    ``in_amounts``   a count that is a part of an amount too (``sums``): days by two rules differ by
                     the placements that ended. It is one number among counts and among amounts
    ``persons``      False for a count of events or days: small mode looks at persons (households)
    ``sensitive``    a count or share of a sensitive attribute: that none or all of a group have it
                     is protected too
    ``per``          a rate is per so many units of its denominator
    ``statistic``    what a share or rate is of its numerator and denominator, if not their ratio;
                     ``curve``: the share that is left after all rows so far, each of which takes
                     its numerator (events) from its denominator (those at risk)
    ``largest``      of an amount: the columns with the sum of the one, two, ... largest
                     contributions (dominance)
    ``quantile``     of a value: which quantile of persons it is, 0 to 1 (0 and 1: the extremes), or
                     the name of a column with how many persons lie at it or beyond it, on the side
                     with fewer: the limits of a median lie near the extremes
    ``step``         the column with the persons behind each step of a curve, row by row. A value
                     that is hidden hides those after it: they go on from it
    ``personal``     False for a number that no person's data have gone into
    ``keep``         above 0 for the headline of the report (the numbers of its summary), or the
                     name of a column that says so row by row. Cells of a higher rank are suppressed
                     only where those of lower ranks together cannot protect. It must not depend on
                     the numbers
    """

    name: str
    heading: Words = ""
    _: KW_ONLY
    kind: Kind = "text"
    unit: Words | None = None
    decimals: int | str | None = None
    numerator: str | None = None
    denominator: str | None = None
    of: str | None = None
    words: str | None = None
    lang: Language | None = None
    missing: Words | None = None
    suppressed: str | None = None
    show: bool = True
    measure: str | None = None
    where: Mapping[str, str] | None = None
    overlapping: tuple[str, ...] = ()
    in_amounts: bool = False
    persons: bool = True
    sensitive: bool = False
    per: float = 1
    statistic: Statistic = "ratio"
    largest: tuple[str, ...] = ()
    quantile: float | str | None = None
    step: str | None = None
    personal: bool = True
    keep: int | str = 0

    def counted_as(self) -> tuple[Kind, ...]:
        """The linked sets that its cells stand in."""
        return (self.kind, "amount") if self.in_amounts else (self.kind,)

    def uses(self) -> tuple[str, ...]:
        """The columns of the frame that this one needs, itself first."""
        rows = self.decimals if isinstance(self.decimals, str) else None
        ranks = self.keep if isinstance(self.keep, str) else None
        beyond = self.quantile if isinstance(self.quantile, str) else None
        others = (
            self.numerator,
            self.denominator,
            self.of,
            self.suppressed,
            rows,
            self.step,
            ranks,
            beyond,
        )
        return (self.name, *(other for other in others if other), *self.largest)


@dataclass(frozen=True)
class Table:
    """A table that asks to be released.

    ``dimensions``   the columns that its rows are broken down by (None: all of kind ``id`` that do
                     not name a measure)
    ``total``        the code that stands in a dimension for all of its categories together
    ``within``       dimensions that lie within another one: ``{"area": "municipality"}``
    ``overlapping``  dimensions where one person can be in several categories (months of a year):
                     their categories do not add up to the total
    ``sums``         columns that are the sum of others in each row, in one way or several:
                     ``{"stock": [("stayed", "came"), ("left", "stays")]}``; a name that is no
                     column stands for a sum that nobody shows, and a last part whose name begins
                     with ``*`` for what is left of one (``~``: a small rest is no secret, such as
                     those not followed any longer). A row that lacks a column is left out
    ``follows``      columns that are another one in the row before, such as those who are left
                     from last month: ``{"carried": "stock"}``
    ``short``        it belongs to the short list that may be shown of fewer than 20 persons: one
                     row without dimensions, one number reached and at most one share in words,
                     all of the same categories (``where``: the year of the report)

    Raises KeyError for a column that the frame does not have, ValueError for one declared twice
    and for a table that is too long for the short list.
    """

    name: str
    frame: pd.DataFrame
    columns: tuple[Field, ...]
    _: KW_ONLY
    dimensions: tuple[str, ...] | None = None
    total: str = TOTAL
    within: Mapping[str, str] = field(default_factory=dict)
    overlapping: tuple[str, ...] = ()
    sums: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)
    follows: Mapping[str, str] = field(default_factory=dict)
    short: bool = False

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.name}: a column is declared twice")
        for column in self.columns:
            for asked in column.uses():
                if asked not in self.frame.columns:
                    raise KeyError(f"{self.name}: {asked}")
        for dimension in self.dimensions or ():
            if dimension not in self.frame.columns:
                raise KeyError(f"{self.name}: {dimension}")
        declared = {column.name for column in self.columns if column.kind in ("count", "amount")}
        named = {*self.follows, *self.follows.values()}
        named |= {part for each in self.sums.values() for parts in each for part in parts}
        named = {name for name in named if not name.startswith(LEFT)}
        if named - declared:
            raise KeyError(f"{self.name}: {min(named - declared)}")
        if self.short and not self._is_short():
            raise ValueError(f"{self.name}: not a short list")

    def broken_down_by(self) -> tuple[str, ...]:
        """The columns that are the dimensions of its rows."""
        if self.dimensions is not None:
            return self.dimensions
        measures = {column.measure for column in self.columns}
        return tuple(c.name for c in self.columns if c.kind == "id" and c.name not in measures)

    def _is_short(self) -> bool:
        counts = [column for column in self.columns if column.kind == "count" and column.show]
        counted = [column for column in self.columns if column.kind == "count"]
        classes = [column for column in self.columns if column.kind == "text" and column.numerator]
        return (
            len(self.frame) <= 1
            and not self.broken_down_by()
            and len(counts) <= 1
            and len(classes) <= 1
            # What the whole report is about (a year), but no group within it.
            and len({str(dict(column.where or {})) for column in counted}) <= 1
        )


@dataclass(frozen=True)
class ReleasedTable:
    """A table as it may be shown.

    ``frame`` has the declared columns and a fresh index; what disclosure control or the source has
    withheld is missing in it, and true in ``suppressed`` (same shape and columns). ``decimals`` has
    the number of decimals of each row, for the columns that have it.
    """

    name: str
    frame: pd.DataFrame
    suppressed: pd.DataFrame
    decimals: Mapping[str, tuple[int | None, ...]]
    columns: tuple[Field, ...]
    _: KW_ONLY
    dimensions: tuple[str, ...] = ()
    total: str = TOTAL
    within: Mapping[str, str] = field(default_factory=dict)
    overlapping: tuple[str, ...] = ()
    sums: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)
    follows: Mapping[str, str] = field(default_factory=dict)

    def broken_down_by(self) -> tuple[str, ...]:
        """The columns that are the dimensions of its rows."""
        return self.dimensions


class Released(Mapping[str, "pd.DataFrame"]):
    """All released tables of a report by name: all that figures, tables and texts may use.

    Each look gives a copy, so that no drawing can change what another one shows. ``counts`` and
    ``amounts`` say which cells are sums of which, if a profile that suppresses has looked.
    ``left_out`` are the tables of which the reader sees nothing, because the report is about so few
    persons that its short list is all there is.
    """

    def __init__(
        self,
        tables: Mapping[str, ReleasedTable],
        *,
        counts: LinkedSet | None = None,
        amounts: LinkedSet | None = None,
        left_out: frozenset[str] = frozenset(),
    ) -> None:
        self._tables = dict(tables)
        self.counts = counts
        self.amounts = amounts
        self.left_out = left_out

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self._tables[name].frame.copy()

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def suppressed(self, name: str) -> pd.DataFrame:
        """True where a value of the table is withheld (not merely missing)."""
        return self._tables[name].suppressed.copy()

    def table(self, name: str) -> ReleasedTable:
        """The table with all that is known about it."""
        return self._tables[name]
