"""The reader of the reference cases can fail: a comparison that cannot is worth nothing."""

from __future__ import annotations

import math

import pytest

from tests.methods import reference


def test_all_44_cases_are_read() -> None:
    assert len(reference.cases()) == 44
    assert all(case.tolerance >= 0 and case.expected for case in reference.cases().values())


def test_a_value_outside_the_tolerance_fails() -> None:
    right = dict(reference.expected("P01"))
    kept = dict(reference.REACHED)
    try:
        reference.reaches("P01", right)
        with pytest.raises(AssertionError):
            reference.reaches("P01", right | {"lo": right["lo"] + 2e-9})
        with pytest.raises(AssertionError):
            reference.reaches("P01", right | {"lo": math.nan})
        with pytest.raises(AssertionError):
            reference.reaches("P01", {"lo": right["lo"]})
    finally:
        reference.REACHED.clear()
        reference.REACHED.update(kept)


def test_the_rounding_of_the_expected_values_matters_for_one_case_only() -> None:
    coarser = [
        case_id
        for case_id, case in reference.cases().items()
        if case.allowed() > case.tolerance > 0
    ]
    assert coarser == ["B09"]
    assert reference.cases()["B09"].allowed() < 5e-10
