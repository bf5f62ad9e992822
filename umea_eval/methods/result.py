"""What every method returns: a frozen result with a table, a sentence and a picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from umea_eval.language import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Every result table has at least these columns, in this order; a method adds its own after them.
COLUMNS = ("numerator", "denominator", "value", "lower", "upper", "confidence", "method")


@dataclass(frozen=True)
class Result(ABC):
    """A method's result.

    ``table`` has one row per estimate and at least the columns in ``COLUMNS``; what does not
    apply to a method (the numerator of a regression coefficient) is missing, never zero. Shares
    are between 0 and 1; rates are per ``per`` units of exposure.
    """

    table: pd.DataFrame

    @abstractmethod
    def text(self, language: Language) -> str:
        """The result as one or two plain sentences, every number from ``table``."""

    @abstractmethod
    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the result on ``ax`` (a new one by default) and return it."""
