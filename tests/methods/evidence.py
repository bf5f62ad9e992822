"""Writes ``docs/methods.md``: what every method was checked against, and how well it did.

Run ``python -m tests.methods.evidence`` after a change, or with ``--check`` to see whether the file
is up to date. The reference cases are run as tests and tell what they reached; coverage is
enumerated, not simulated.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import math
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.methods import reference
from tests.methods.coverage import (
    Coverage,
    binomial_coverage,
    paired_coverage,
    poisson_coverage,
    two_binomial_coverage,
)
from umea_eval import methods
from umea_eval.methods.proportions import clopper_pearson, koopman, newcombe, tango, wilson
from umea_eval.methods.rates import byar, garwood, poisson_interval

TESTS = Path(__file__).parents[1]
DOCUMENT = TESTS.parent / "docs" / "methods.md"

# What the methods are made of, not methods.
_INNER = ("axes", "design", "estimates", "groups", "inputs", "months", "result", "roots")
_INNER += ("sentences", "starts")

# Differences below this are the rounding of the machine's own arithmetic, and vary with it.
_ARITHMETIC = 1e-12


class _Where:
    """Remembers in which test file each reference case was run."""

    def __init__(self) -> None:
        self.file: dict[str, str] = {}

    def pytest_runtest_call(self, item: pytest.Item) -> None:
        self.file[item.name.removeprefix("test_")] = item.path.relative_to(TESTS).as_posix()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [i for i in items if i.name.removeprefix("test_") in reference.cases()]


def document() -> str:
    """The whole document; AssertionError if a case does not reach its tolerance."""
    return "\n".join([*_introduction(), *_cases(), "", *_functions(), "", *_coverage(), ""])


def _introduction() -> Iterator[str]:
    yield "# Methods and their evidence"
    yield ""
    yield "Written by `python -m tests.methods.evidence`; a test keeps it up to date."


def _cases() -> Iterator[str]:
    where = _Where()
    # The measures of the datasets and the rounding of small numbers have cases too.
    named = re.compile(rf"def test_({'|'.join(reference.cases())})\(")
    files = [str(f) for f in sorted(TESTS.rglob("test_*.py")) if named.search(f.read_text("utf-8"))]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = pytest.main(["-q", "-p", "no:cacheprovider", "-m", "", *files], plugins=[where])
    if code != pytest.ExitCode.OK:
        raise AssertionError(said.getvalue())
    yield ""
    yield "## Reference cases"
    yield ""
    yield (
        "Each is a test named by its case id. The difference is the largest of the case's values,"
        " in the measure of its tolerance, rounded up to a power of ten; expected values are"
        " printed to ten significant digits."
    )
    yield ""
    yield "| method | function | source | case | tolerance | reached difference |"
    yield "|---|---|---|---|---|---|"
    for case_id, case in reference.cases().items():
        function, difference = reference.REACHED[case_id]
        module = where.file[case_id].split("/")[-1].removeprefix("test_").removesuffix(".py")
        measure = "rel" if case.relative else "abs"
        cells = (
            case.method,
            f"`{function or module}`",
            case.source,
            case_id,
            f"{measure} {case.tolerance:g}",
            _power_of_ten(difference),
        )
        yield "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _functions() -> Iterator[str]:
    yield "## All functions"
    yield ""
    yield "What `from umea_eval.methods import …` offers; each docstring tells columns and errors."
    yield ""
    yield "| function | what it answers | source, peer |"
    yield "|---|---|---|"
    for module in sorted(pkgutil.iter_modules(methods.__path__), key=lambda found: found.name):
        room = importlib.import_module(f"umea_eval.methods.{module.name}")
        for name, function in sorted(vars(room).items()):
            if not _is_a_method(room, name, function):
                continue
            words = inspect.getdoc(function) or ""
            sentence = words.split("\n\n")[0].split(". ")[0].rstrip(".")
            found = re.findall(r"(?:Source|Equals|Sources)\b.*?(?=\n\n|\Z)", words, re.DOTALL)
            cells = (f"`{module.name}.{name}`", sentence, " ".join(found))
            yield "| " + " | ".join(" ".join(c.split()).replace("|", "/") for c in cells) + " |"


def _is_a_method(room: ModuleType, name: str, function: object) -> bool:
    """A public function whose result or numbers a user asks for, not what checks its input."""
    if not inspect.isfunction(function) or name.startswith("_"):
        return False
    if hasattr(room, "__path__"):
        return True
    return function.__module__ == room.__name__ and room.__name__.split(".")[-1] not in _INNER


def _coverage() -> Iterator[str]:
    yield "## Coverage of 95 % intervals, by enumeration"
    yield ""
    yield (
        "Smallest and mean coverage over all true shares p between 0 and 1. The smallest is the"
        " infimum (found beside the limits, where coverage jumps), the mean an exact integral."
    )
    yield ""
    yield "| n | Clopper-Pearson min | mean | Wilson min | mean |"
    yield "|---|---|---|---|---|"
    for n in range(5, 51):
        yield _row(n, binomial_coverage(n, clopper_pearson), binomial_coverage(n, wilson))
    yield ""
    yield (
        "Two groups: over both shares in 0.01, 0.02 ... 0.99. Paired: over the shares that change"
        " either way in steps of 0.02."
    )
    yield ""
    yield "| groups | Newcombe (difference) min | mean | Koopman (ratio) min | mean |"
    yield "|---|---|---|---|---|"
    for n1, n2 in ((10, 10), (10, 30), (20, 20), (40, 40)):
        yield _row(
            f"{n1}, {n2}",
            two_binomial_coverage(n1, n2, newcombe, np.subtract),
            two_binomial_coverage(n1, n2, koopman, np.divide),
        )
    yield ""
    yield "| pairs | Tango (paired difference) min | mean |"
    yield "|---|---|---|"
    for n in (10, 20, 40):
        yield _row(n, paired_coverage(n, tango))
    yield ""
    yield "Poisson counts: over all expected counts between 0 and 50."
    yield ""
    yield "| limits | min | mean |"
    yield "|---|---|---|"
    for name, interval in (
        ("exact (Garwood)", garwood),
        ("Byar", byar),
        ("exact below 10, Byar from 10 (default)", poisson_interval),
    ):
        yield _row(name, poisson_coverage(50, interval))


def _row(name: object, *coverages: Coverage) -> str:
    # Rounded down: a minimum is never shown as better than it is.
    shown = [f"{math.floor(value * 1e4 + 1e-6) / 1e4:.4f}" for pair in coverages for value in pair]
    return f"| {name} | " + " | ".join(shown) + " |"


def _power_of_ten(difference: float) -> str:
    if difference <= _ARITHMETIC:
        return f"≤ {_ARITHMETIC:.0e}"
    return f"≤ 1e{math.ceil(math.log10(difference)):+03d}"


def main(arguments: list[str]) -> int:
    """Write the document, or with ``--check`` say whether it is as it would be written."""
    if "--check" not in arguments:
        DOCUMENT.parent.mkdir(exist_ok=True)
        DOCUMENT.write_text(document(), encoding="utf-8")
        return 0
    return 0 if DOCUMENT.read_text(encoding="utf-8") == document() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
