"""Marks of a course: labels of events close to each other stand on lines of their own."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from umea_eval.report import drawing

MONTHS = pd.date_range("2022-01-01", periods=24, freq="MS").strftime("%Y-%m")
FRAME = pd.DataFrame({"month": MONTHS, "days": range(24)})


def heights(marks: dict[str, str]) -> dict[str, float]:
    ax = Figure().add_subplot()
    drawing.course(FRAME, ax, "sv", series={"days": "Dygn"}, marks=marks)
    return {text.get_text(): text.xyann[1] for text in ax.texts if text.get_text() != "Dygn"}


def test_labels_of_close_marks_do_not_lie_on_each_other() -> None:
    # Three months apart: each on a line below the one before; a year later the first line is free.
    found = heights({"2022-05": "b", "2022-02": "a", "2022-08": "c", "2023-08": "d"})
    assert found["a"] > found["b"] > found["c"]
    assert found["d"] == found["a"]


def test_a_mark_outside_the_months_is_left_out() -> None:
    assert heights({"2021-12": "before", "2022-03": "inside"}).keys() == {"inside"}
