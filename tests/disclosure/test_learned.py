"""The attacker who learns what a report does not declare: found, it is closed by declaring it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.disclosure.learned import Cells, learn, opened
from tests.disclosure.made_tables import flows
from umea_eval.disclosure.tables import Table


def books(*, declared: bool) -> list[Table]:
    random = np.random.default_rng(5)
    return [
        flows(random.poisson(9, 3).tolist(), random.poisson(9, 3).tolist(), declared=declared)
        for _ in range(30)
    ]


@pytest.mark.parametrize("declared", [False, True])
def test_a_stock_is_learnt_and_opens_only_what_is_not_declared(declared: bool) -> None:
    relations = learn([Cells.of([each]) for each in books(declared=declared)])
    secret = flows([9, 3, 8], [5, 10, 6], declared=declared)
    found = opened([secret], "default", relations)
    assert bool(found) is not declared
