"""The numbers of the summary are the last to go, and a search that fails is no end."""

from __future__ import annotations

import numpy as np
import pytest

from tests.disclosure.made_tables import (
    SEXES,
    UNITS,
    WORDS,
    count,
    ident,
    shown,
    table,
)
from umea_eval.disclosure import complementary
from umea_eval.disclosure.complementary import Target
from umea_eval.disclosure.tables import Field, Table

# 40 - 37 = 3 did not accept: one of the two must go, and with women and men more.
STEPS = {
    "step": ["invited", "accepted", "examined"],
    "n": [40, 37, 30],
    "before": [None, 40, 37],
    "before_step": ["none", "invited", "accepted"],
}


def steps(*rank: int) -> Table:
    return table(
        "steps",
        {**STEPS, "rank": rank},
        Field("step", WORDS, kind="id"),
        Field("before_step", WORDS),
        count("n", "step", keep="rank", of="before"),
        count("before", "before_step", show=False),
        dimensions=(),
    )


@pytest.mark.parametrize(
    ("rank", "hidden"),
    [((2, 1, 2), [1]), ((1, 2, 1), [0]), ((0, 1, 0), [0]), ((0, 0, 0), [1])],
)
def test_a_cell_of_a_higher_rank_is_the_last_to_go(
    rank: tuple[int, ...], hidden: list[int]
) -> None:
    """Without ranks the smaller of the two; the rank is that of a cell in any of its places."""
    seen = shown([steps(*rank)])["steps"]["n"]
    assert [row for row, value in enumerate(seen) if value == ".."] == hidden


def test_the_headline_stays_where_more_cells_of_other_tables_can_protect() -> None:
    """14 + 3 + 20 + 8 = 45: another area rather than the total."""
    areas = {"area": ["A", "B", "C", "D", "total"], "n": [14, 3, 20, 8, 45]}
    again = table("all", {"n": [45]}, count("n", keep=1), dimensions=())
    made = table("areas", areas, *ident("area"), count("n"))
    hidden = shown([made, again])
    assert hidden["all"]["n"] == [45]
    assert hidden["areas"]["n"] == [14, "..", 20, "..", 45]


def test_the_headline_goes_where_nothing_else_can_protect() -> None:
    """3 of 45, with the other 42: two of the three must go, whatever their rank."""
    made = table(
        "parts",
        {"part": [3], "rest": [42], "all": [45]},
        *(count(name, name, of="all", keep=1) for name in ("part", "rest")),
        count("all", "all", keep=2),
    )
    assert shown([made])["parts"] == {"part": [".."], "rest": [".."], "all": [45]}


@pytest.mark.parametrize(
    ("least", "most", "ends"), [(74, 200, (74, 81)), (74, 78, (71, 78)), (74, 81, (74, 81))]
)
def test_a_complement_that_cannot_be_larger_is_widened_downwards(
    least: float, most: float, ends: tuple[float, float]
) -> None:
    """76 of 82, who are shown: 83 is not among its values, but 75 and less may be."""
    assert complementary._wide(0, least, most, 8) == Target(0, *ends, told=False)


def test_a_failed_search_ends_with_all_that_is_needed_of_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing was found: everything is suppressed, and what nobody needs is shown again."""
    monkeypatch.setattr(complementary, "EFFORTS", (complementary.Effort(np.inf, 0, 0, 0.0),))
    monkeypatch.setattr(complementary._Chooser, "_repair", lambda self, hidden, targets: hidden)
    hidden = shown([SEXES, UNITS])  # and attacked
    assert hidden["sexes"]["n"] == ["..", 20, "..", 27]
    assert hidden["units"]["n"] == ["..", "..", 64]
