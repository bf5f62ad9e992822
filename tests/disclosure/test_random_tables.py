"""Random linked tables: an attack that is not the product's opens no suppressed cell."""

from __future__ import annotations

import numpy as np
import pytest

from tests.disclosure.independent import Cube, cube, fewest, opened, random_cube
from umea_eval.disclosure.profiles import release

SHAPES = ((3, 3), (2, 2, 2), (3, 2), (2, 4), (2, 2, 2))
SMALL = ((2, 2), (2, 3), (3, 2))


def suppressed(made: Cube, *, apart: bool = False) -> np.ndarray:
    tables = made.tables(apart=apart)
    released = release([table for table, _ in tables.values()], "default", ())
    mask = np.zeros(len(made.counts), dtype=np.bool_)
    for name, (_, rows) in tables.items():
        hidden = released.suppressed(name)["n"].to_numpy(dtype=np.bool_)
        mask[rows] = hidden
        shown = released[name]["n"]
        assert shown[hidden].isna().all()
        assert (shown[~hidden].to_numpy(dtype=np.int64) == made.counts[rows][~hidden]).all()
    return mask


@pytest.mark.parametrize("seed", range(100))
def test_no_suppressed_cell_is_opened(seed: int) -> None:
    made = random_cube(seed, SHAPES[seed % len(SHAPES)])
    assert opened(made, suppressed(made, apart=seed % 2 == 1)) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 2000))
def test_no_suppressed_cell_is_opened_in_a_thousand(seed: int) -> None:
    shape = ((3, 4), (2, 3, 3), (5, 3), (2, 2, 4), (6, 2))[seed % 5]
    made = random_cube(seed, shape)
    assert opened(made, suppressed(made, apart=seed % 2 == 1)) == []


def test_no_more_is_suppressed_than_must_be() -> None:
    ours, best = 0, 0
    for seed in range(9):
        made = random_cube(seed, SMALL[seed % len(SMALL)])
        mask, least = suppressed(made), fewest(made)
        assert mask.sum() <= max(1.15 * least, least)
        ours, best = ours + int(mask.sum()), best + least
    assert best > 20
    assert ours <= 1.15 * best


def test_the_independent_attack_opens_what_is_open() -> None:
    """3 + 27 = 30, only the 3 suppressed: an attack that finds nothing would prove nothing."""
    made = cube(np.array([[3, 27], [14, 20]]))
    hidden = made.counts == 3
    assert opened(made, hidden)
    assert not opened(made, suppressed(made))
    assert fewest(made) == suppressed(made).sum() == 4
