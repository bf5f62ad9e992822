"""The pictures that evaluations have in common: what is drawn, and what is not."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from umea_eval.report import drawing

mpl.use("agg")


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


def drawn(ax: Axes, marker: str) -> list[list[float]]:
    """The y-values of every line with this marker."""
    return [
        np.asarray(line.get_ydata(), dtype=float).tolist()
        for line in ax.lines
        if line.get_marker() == marker and len(line.get_xdata())  # type: ignore[arg-type]
    ]


def texts(ax: Axes) -> set[str]:
    return {found.get_text() for found in ax.texts}


CHART = pd.DataFrame(
    {
        "month": ["2024-07", "2024-08", "2024-09", "2024-10"],
        "value": [1.0, 2.0, 7.0, None],
        "centre": [1.5, 1.5, 5.0, 5.0],
        "lower": [0.0, 0.0, 1.0, 1.0],
        "upper": [4.0, 4.0, 6.0, 6.0],
        "phase": ["before", "before", "during", "during"],
        "signal": ["none", "none", "signal", "none"],
    }
)


def chart(ax: Axes, frame: pd.DataFrame) -> None:
    drawing.control_chart(
        frame,
        ax,
        "sv",
        time="month",
        ylabel="Fall",
        centre="medel",
        limits="gräns",
        marks={"2024-09": "byte", "2030-01": "senare"},
    )


@pytest.mark.parametrize(
    ("low", "high", "share"), [(0.955, 1.004, False), (0.0, 3.1, False), (0.401, 0.409, True)]
)
def test_no_two_ticks_read_alike(ax: Axes, low: float, high: float, share: bool) -> None:
    frame = pd.DataFrame({"value": [low, high], "lower": low, "upper": high, "chosen": False})
    drawing.forest(frame, ax, "sv", labels=["a", "b"], xlabel="Kvot", share=share)
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    written = [label.get_text() for label in ax.get_xticklabels()]
    assert len(written) > 2
    assert len(set(written)) == len(written)


def test_no_line_crosses_a_change_of_system(ax: Axes) -> None:
    chart(ax, CHART)
    assert drawn(ax, "o")[0] == [1, 2]
    assert drawn(ax, "o")[1][0] == 7
    assert np.isnan(drawn(ax, "o")[1][1])  # withheld: a gap, and no zero
    assert drawn(ax, "s") == [[7]]
    # The mark stands between the last month of the old system and the first of the new.
    assert [line.get_xdata() for line in ax.lines if line.get_linestyle() == ":"] == [[1.5, 1.5]]
    assert texts(ax) == {"medel", "gräns", "byte"}
    assert ax.get_ylim()[0] == 0


def test_a_chart_whose_limits_are_withheld_has_its_points_only(ax: Axes) -> None:
    chart(ax, CHART.assign(centre=np.nan, lower=np.nan, upper=np.nan))
    assert texts(ax) == {"byte"}
    assert drawn(ax, "o")[0] == [1, 2]


UNITS = pd.DataFrame(
    {
        "days": [300.0, 100.0, 200.0],
        "value": [2.0, 9.0, None],
        "centre": [2.5, 2.5, None],
        "lower": [1.0, 0.0, None],
        "upper": [4.0, 7.0, None],
        "lower_inner": [1.5, 0.5, None],
        "upper_inner": [3.5, 5.0, None],
        "outside": ["inside", "high", "low"],
    }
)


def test_a_funnel_names_those_outside_and_joins_the_limits_by_size(ax: Axes) -> None:
    drawing.funnel(
        UNITS,
        ax,
        "en",
        size="days",
        labels=["large", "small", "withheld"],
        xlabel="Days",
        ylabel="Falls",
        inner="95%",
        outer="99.8%",
    )
    # A unit whose number is withheld is neither drawn nor named.
    assert texts(ax) == {"small", "95%", "99.8%"}
    assert drawn(ax, "o") == [[2]]
    assert drawn(ax, "s")[0][0] == 9
    limits = [line for line in ax.lines if line.get_marker() == "None"]
    assert [np.asarray(line.get_xdata()).tolist() for line in limits] == [[100, 300]] * 5
    assert np.asarray(limits[-1].get_ydata()).tolist() == [7, 4]


def test_a_funnel_of_nobody_is_empty(ax: Axes) -> None:
    drawing.funnel(
        UNITS.iloc[:0],
        ax,
        "en",
        size="days",
        labels=[],
        xlabel="Days",
        ylabel="Falls",
        inner="95%",
        outer="99.8%",
    )
    assert texts(ax) == set()


def test_ticks_that_lie_close_are_told_apart(ax: Axes) -> None:
    frame = pd.DataFrame(
        {
            "value": [0.9965, None],
            "lower": [0.9960, None],
            "upper": [0.9970, None],
            "chosen": [True, False],
        }
    )
    drawing.forest(frame, ax, "sv", labels=["en", "annan"], xlabel="Kvot", share=False)
    write = ax.xaxis.get_major_formatter()
    low, high = ax.get_xlim()
    written = [write(place, 0) for place in ax.get_xticks() if low <= place <= high]
    assert len(set(written)) == len(written) > 1
    assert all(text.startswith("0,99") for text in written)
    # A value that is withheld is marked as such, on its own line.
    assert [(found.get_text(), found.get_position()[1]) for found in ax.texts] == [("..", 1)]


def test_shares_of_half_a_per_cent_have_a_decimal(ax: Axes) -> None:
    frame = pd.DataFrame({"value": [0.02], "lower": [0.018], "upper": [0.022], "chosen": [True]})
    drawing.forest(frame, ax, "sv", labels=["en"], xlabel="Andel")
    ax.set_xticks([0.015, 0.02, 0.025])
    write = ax.xaxis.get_major_formatter()
    written = [str(write(place, 0)) for place in ax.get_xticks()]
    assert [each.replace("\xa0", " ") for each in written] == ["1,5 %", "2,0 %", "2,5 %"]
