"""The reference cases: expected values and tolerance by case id.

A case becomes a test, named by its id, that computes its values::

    @reference_case("P01", function="proportions.wilson")
    def test_P01() -> Mapping[str, float]:
        lower, upper = wilson(81, 263)
        return {"lo": lower, "hi": upper}

or that calls `reaches` itself. Either way the reached difference is kept, and
`tests.methods.evidence` writes it into ``docs/methods.md``.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent / "reference"

Compute = Callable[[], Mapping[str, float]]


@dataclass(frozen=True)
class Case:
    """One row of ``reference_cases.csv``."""

    case_id: str
    method: str
    inputs: str
    expected: Mapping[str, float]
    relative: bool
    tolerance: float
    source: str

    def difference(self, reached: Mapping[str, float]) -> float:
        """The largest difference from the expected values, in the measure of the tolerance."""
        return max(self._one(value, reached[name]) for name, value in self.expected.items())

    def allowed(self) -> float:
        """The tolerance, but never less than the rounding of the expected values themselves.

        They are printed to ten significant digits, which is coarser than the tolerance of B09 (and
        of no other case but those that count whole numbers).
        """
        half_units = [
            self._one(value, value + 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - 9))
            for value in self.expected.values()
            if value != 0
        ]
        return max([self.tolerance, *half_units])

    def _one(self, expected: float, reached: float) -> float:
        if math.isnan(reached):
            return math.inf
        gap = abs(reached - expected)
        # Beside an expected 0 a relative difference has no meaning.
        return gap / abs(expected) if self.relative and expected != 0 else gap


# What the cases have reached so far in this run: the function (if told) and the difference.
REACHED: dict[str, tuple[str | None, float]] = {}


@cache
def cases() -> Mapping[str, Case]:
    """All reference cases by id."""
    with (FOLDER / "reference_cases.csv").open(encoding="utf-8", newline="") as file:
        return {row["case_id"]: _case(row) for row in csv.DictReader(file)}


def expected(case_id: str) -> Mapping[str, float]:
    """The expected values of a case by name."""
    return cases()[case_id].expected


def tolerance(case_id: str) -> tuple[str, float]:
    """``("abs" or "rel", size)``."""
    case = cases()[case_id]
    return "rel" if case.relative else "abs", case.tolerance


def data(name: str) -> pd.DataFrame:
    """One of the data files beside the cases."""
    return pd.read_csv(FOLDER / "data" / name)


def reaches(case_id: str, reached: Mapping[str, float], *, function: str | None = None) -> None:
    """Every expected value of the case, and no other, is reached within the case's tolerance."""
    case = cases()[case_id]
    assert set(reached) == set(case.expected), set(reached) ^ set(case.expected)
    difference = case.difference(reached)
    REACHED[case_id] = (function, difference)
    assert difference <= case.allowed(), (case, dict(reached))


def reference_case(case_id: str, *, function: str) -> Callable[[Compute], Callable[[], None]]:
    """Turn a computation into the test of one case; ``function`` is named in the evidence."""

    def decorate(compute: Compute) -> Callable[[], None]:
        # Not functools.wraps: pytest would then take the computation for the test.
        def test() -> None:
            reaches(case_id, compute(), function=function)

        test.__name__ = test.__qualname__ = compute.__name__
        test.__module__ = compute.__module__
        return test

    return decorate


def _case(row: Mapping[str, str]) -> Case:
    pairs = (pair.split("=") for pair in row["expected"].split(";"))
    measure, size = row["tolerance"].split()
    return Case(
        case_id=row["case_id"],
        method=row["method"],
        inputs=row["inputs"],
        expected={name.strip(): float(value) for name, value in pairs},
        relative=measure == "rel",
        tolerance=float(size),
        source=row["source"],
    )
