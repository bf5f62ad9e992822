"""The reference cases: inputs, expected values and tolerance, read by case id.

A case becomes a test by computing its values::

    @reference_case("P01", function="proportions.wilson")
    def test_P01() -> dict[str, float]:
        lower, upper = wilson(81, 263)
        return {"lo": lower, "hi": upper}

The decorator compares every expected value at the case's tolerance. It also keeps the computation,
from which `tests.methods.evidence` writes the reached difference into ``docs/methods.md``.
"""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "reference"
DATA = FOLDER / "data"

Compute = Callable[[], Mapping[str, float]]


@dataclass(frozen=True)
class Case:
    """One row of ``reference_cases.csv``."""

    case_id: str
    method: str
    expected: Mapping[str, float]
    relative: bool
    tolerance: float
    source: str

    def difference(self, computed: Mapping[str, float]) -> float:
        """The largest difference from the expected values, in the case's own measure.

        Infinite if any expected value was not computed.
        """
        return max(
            self._one(expected, computed.get(name, math.nan))
            for name, expected in self.expected.items()
        )

    def allowed(self) -> float:
        """The tolerance, but never less than the rounding of the expected values themselves.

        They are printed to ten significant digits, which is coarser than the tolerance of B09.
        """
        half_units = [
            self._one(value, value + 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - 9))
            for value in self.expected.values()
            if value != 0
        ]
        return max([self.tolerance, *half_units])

    def _one(self, expected: float, computed: float) -> float:
        if math.isnan(computed):
            return math.inf
        gap = abs(computed - expected)
        # Beside an expected 0 a relative difference has no meaning.
        return gap / abs(expected) if self.relative and expected != 0 else gap


@functools.cache
def cases() -> Mapping[str, Case]:
    """All reference cases by id."""
    with (FOLDER / "reference_cases.csv").open(encoding="utf-8", newline="") as file:
        return {row["case_id"]: _case(row) for row in csv.DictReader(file)}


def reference_case(case_id: str, *, function: str) -> Callable[[Compute], Callable[[], None]]:
    """Turn a computation into the test of one case; ``function`` is named in the evidence."""

    def decorate(compute: Compute) -> Callable[[], None]:
        # Not functools.wraps: pytest would then see the wrapped return value's annotation.
        def test() -> None:
            case, computed = cases()[case_id], compute()
            assert case.difference(computed) <= case.allowed(), (case, computed)

        test.__name__ = test.__qualname__ = compute.__name__
        test.__module__ = compute.__module__
        test.__doc__ = compute.__doc__
        test.evidence = (case_id, function, compute)  # type: ignore[attr-defined] # a function's own attribute
        return test

    return decorate


def _case(row: Mapping[str, str]) -> Case:
    pairs = (pair.split("=") for pair in row["expected"].split(";"))
    measure, tolerance = row["tolerance"].split()
    return Case(
        case_id=row["case_id"],
        method=row["method"],
        expected={name.strip(): float(value) for name, value in pairs},
        relative=measure == "rel",
        tolerance=float(tolerance),
        source=row["source"],
    )
