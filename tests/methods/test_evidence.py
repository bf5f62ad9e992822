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


def test_every_case_of_these_methods_is_in_it() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    # N01 and the X cases belong to the datasets' own measures.
    ours = [case_id for case_id in cases() if case_id[0] not in "NX"]
    assert len(ours) == 40
    assert all(f"| {case_id} |" in document for case_id in ours)
