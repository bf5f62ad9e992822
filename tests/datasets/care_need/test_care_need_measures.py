from __future__ import annotations

import pandas as pd
import pytest

from tests.methods.reference import reaches
from umea_eval.datasets.care_need.measures import WEIGHTS, care_need_index
from umea_eval.errors import UserError

COUNTS = dict(zip(WEIGHTS, (484, 1391, 981, 167, 385, 632, 595), strict=True))


def test_N01() -> None:
    centre = pd.DataFrame([{"listed": 5912, **COUNTS}])
    found = care_need_index(centre, reference_mean=2.4761).iloc[0]
    reaches(
        "N01",
        {"index": found["weighted_sum"], "cni": found["cni"]},
        function="care_need.care_need_index",
    )


def test_the_reference_is_one_over_all_listed_persons() -> None:
    centres = pd.DataFrame(
        [{"listed": 1000, **dict.fromkeys(WEIGHTS, 10)}, {"listed": 3000, **COUNTS}]
    )
    found = care_need_index(centres)
    assert (found["cni"] * found["listed"]).sum() / found["listed"].sum() == pytest.approx(1)
    assert list(centres.columns) == ["listed", *WEIGHTS]


@pytest.mark.parametrize("fault", [{"listed": 0}, {"unemployed_16_64": -1}, {"moved_in": None}])
def test_what_is_missing_is_said(fault: dict[str, float | None]) -> None:
    with pytest.raises(UserError):
        care_need_index(pd.DataFrame([{"listed": 100, **COUNTS, **fault}]))
