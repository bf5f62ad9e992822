"""What the solver writes past Python goes nowhere."""

from __future__ import annotations

import ctypes
import sys

import numpy as np
import pytest

from umea_eval.disclosure import programme


@pytest.mark.skipif(sys.platform == "win32", reason="another library of C")
def test_a_line_of_the_solver_s_own_is_not_written(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    c = ctypes.CDLL(None)

    def noisy(*given: object, **more: object) -> None:
        c.puts(b"HighsMipSolverData: of the solver")

    monkeypatch.setattr(programme, "milp", noisy)
    programme.solve()
    sys.stdout.write("of the report\n")
    sys.stdout.flush()
    c.puts(b"of others")
    c.fflush(None)
    assert capfd.readouterr().out.split("\n") == ["of the report", "of others", ""]


def test_a_programme_is_solved() -> None:
    found = programme.solve(np.array([1.0]), integrality=np.ones(1), bounds=(2.5, 9.0))
    assert found.x.tolist() == [3]
