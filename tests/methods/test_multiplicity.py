from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from tests.methods.reference import reference_case
from umea_eval.errors import UserError
from umea_eval.methods.multiplicity import adjust, adjusted_p

P = [0.01, 0.02, 0.03, 0.04, 0.05, 0.001, 0.2]


@reference_case("C04", function="multiplicity.adjusted_p")
def test_C04() -> Mapping[str, float]:
    holm, bh = adjusted_p(P), adjusted_p(P, method="benjamini_hochberg")
    return {f"holm{i}": v for i, v in enumerate(holm)} | {f"bh{i}": v for i, v in enumerate(bh)}


def _family() -> pd.DataFrame:
    return pd.DataFrame({"outcome": list("abcdefg"), "p": P})


def test_the_family_is_adjusted_as_declared() -> None:
    data = _family()
    result = adjust(data, "p", hypothesis="outcome", family="primary", declared=list("gfedcba"))
    assert result.table["value"].tolist() == adjusted_p(P).tolist()
    assert result.table.loc[result.table["rejected"], "outcome"].tolist() == ["f"]
    assert result.text("sv") == (
        "Av 7 test i familjen ”primary”, angiven i förväg, är 1 högst 0,05 "
        "efter justering (Holm): f."
    )
    turned = adjust(
        data.iloc[::-1], "p", hypothesis="outcome", family="primary", declared=list("abcdefg")
    ).table.sort_index()
    pd.testing.assert_frame_equal(result.table, turned)
    pd.testing.assert_frame_equal(data, _family())


@pytest.mark.parametrize("declared", [list("abcdef"), list("abcdefgh")])
def test_a_family_cannot_change_afterwards(declared: list[str]) -> None:
    with pytest.raises(UserError) as error:
        adjust(_family(), "p", hypothesis="outcome", family="primary", declared=declared)
    assert error.value.key == "methods.multiplicity.family"


@pytest.mark.parametrize("p", [[0.5, 1.2], [-0.1, 0.5], [0.5, None]])
def test_what_is_no_p_value_is_an_error(p: list[float]) -> None:
    with pytest.raises(UserError):
        adjusted_p(pd.Series(p, dtype="float64"))
