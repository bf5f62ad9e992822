"""The document of the methods is as it would be written now."""

from __future__ import annotations

import subprocess
import sys

from tests.methods.evidence import DOCUMENT
from tests.methods.reference import cases


def test_the_document_is_up_to_date() -> None:
    # In a process of its own: it runs the reference cases as tests.
    done = subprocess.run(
        [sys.executable, "-m", "tests.methods.evidence", "--check"],
        cwd=DOCUMENT.parents[1],
        check=False,
        capture_output=True,
        text=True,
    )
    message = "run: python -m tests.methods.evidence"
    assert done.returncode == 0, message + done.stdout + done.stderr


def test_every_case_is_in_it() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert len(cases()) == 44
    assert all(f"| {case_id} |" in document for case_id in cases())


def test_every_method_is_in_it_with_its_source() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    for function in ("rates.funnel", "bounds.manski_bounds", "weighting.risk_set_matching"):
        (row,) = [line for line in document.splitlines() if line.startswith(f"| `{function}` |")]
        assert not row.endswith("|  |"), "a source stands in the docstring"
