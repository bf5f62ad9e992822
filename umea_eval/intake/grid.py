"""The cells of one sheet or text file as they lie there: columns of text, each text kept once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Codes = NDArray[np.int32]
if TYPE_CHECKING:
    TextCategorical = pd.Categorical[str]
else:
    TextCategorical = pd.Categorical
MAX_COLUMNS = 16_384  # Excel's own limit


@dataclass(frozen=True)
class Cells:
    """One column: ``texts`` are distinct, ``codes`` gives each row's text; -1 is no cell at all."""

    codes: Codes
    texts: list[str] = field(repr=False)

    def at(self, row: int) -> str:
        """The text of one row; "" where there is no cell."""
        code = self.codes[row]
        return "" if code < 0 else self.texts[code]

    def where(self, wanted: Iterable[int]) -> NDArray[np.bool_]:
        """Which rows hold one of the texts with these codes."""
        chosen = np.zeros(len(self.texts) + 1, dtype=bool)
        chosen[list(wanted)] = True
        chosen[-1] = False
        mask: NDArray[np.bool_] = chosen[self.codes]
        return mask


@dataclass(frozen=True)
class Grid:
    """A rectangle of text cells. Row i is the row that Excel numbers i + 1.

    ``faults`` names rows that could not be read as the others (reason → row positions).
    ``headings`` is given where the format itself names its columns (JSON).
    """

    columns: list[Cells] = field(repr=False)
    rows: int
    faults: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    headings: tuple[str, ...] | None = None

    def row(self, row: int) -> list[str]:
        """One row's texts."""
        return [column.at(row) for column in self.columns]


def from_rows(rows: Sequence[Sequence[str | None]], width: int) -> list[Cells]:
    """Columns out of rows of at most ``width`` cells; what is beyond is left out."""
    columns = []
    for place in range(width):
        codes = np.full(len(rows), -1, dtype=np.int32)
        known: dict[str, int] = {}
        for number, row in enumerate(rows):
            text = row[place] if place < len(row) else None
            if text is not None:
                codes[number] = known.setdefault(text, len(known))
        columns.append(Cells(codes, list(known)))
    return columns


def merge_texts(codes: Codes, texts: Sequence[str]) -> Cells:
    """The same cells where some of ``texts`` have become equal (after a repair, say)."""
    new_codes, distinct = pd.factorize(np.asarray(texts, dtype=object), use_na_sentinel=False)
    table = np.append(new_codes, -1).astype(np.int32)
    return Cells(table[codes], [str(text) for text in distinct])


def categorical(codes: NDArray[np.signedinteger], texts: Sequence[str]) -> TextCategorical:
    """Text in pandas' form, each distinct text kept once; a negative code is missing."""
    return pd.Categorical.from_codes(codes, pd.Index(list(texts), dtype="str"))
