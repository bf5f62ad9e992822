from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from tests.methods.coverage import poisson_coverage
from tests.methods.reading import plain
from tests.methods.reference import reference_case
from umea_eval.errors import UserError
from umea_eval.methods.rates import byar, garwood, poisson_interval, rate


@reference_case("B01", function="rates.byar")
def test_B01() -> Mapping[str, float]:
    lower, upper = byar(65)
    return {"lo": float(lower), "hi": float(upper)}


@reference_case("B05", function="rates.garwood")
def test_B05() -> Mapping[str, float]:
    lower, upper = garwood(0)
    return {"lo": float(lower), "hi": float(upper)}


@reference_case("B09", function="rates.rate")
def test_B09() -> Mapping[str, float]:
    row = rate(pd.DataFrame({"x": [20], "n": [100]}), "x", "n", per=100).table.iloc[0]
    return {"rate": row["value"], "lo": row["lower"], "hi": row["upper"]}


def test_exact_below_10_and_byar_from_10() -> None:
    data = pd.DataFrame({"x": [0, 9, 10], "days": [930, 930, 930]})
    table = rate(data, "x", "days").table
    assert table["method"].tolist() == ["exact", "exact", "Byar"]
    assert table["upper"].iloc[1] == garwood(9).upper / 930 * 1000
    assert table["lower"].iloc[2] == byar(10).lower / 930 * 1000
    forced = rate(data, "x", "days", method="byar").table
    assert forced["method"].tolist() == ["Byar"] * 3
    assert forced["lower"].iloc[0] == 0.0


def test_garwood_equals_r_poisson_test() -> None:
    # R poisson.test(137)$conf.int, from ?poisson.test (137 events in 24.19893 units).
    lower, upper = garwood(137)
    assert lower / 24.19893 == pytest.approx(4.753125, abs=5e-7)
    assert upper / 24.19893 == pytest.approx(6.692709, abs=5e-7)


def test_coverage_by_enumeration() -> None:
    assert poisson_coverage(50, garwood).minimum >= 0.95
    assert 0.94 <= poisson_coverage(50, poisson_interval).mean <= 0.98


def test_the_unit_of_exposure_does_not_matter() -> None:
    days = pd.DataFrame({"x": [7, 23], "exposure": [930.0, 1800.0]})
    years = days.assign(exposure=days["exposure"] / 365.25)
    per_day = rate(days, "x", "exposure", per=1000).table
    per_year = rate(years, "x", "exposure", per=1000 / 365.25).table
    for name in ("value", "lower", "upper"):
        assert per_day[name].to_numpy() == pytest.approx(per_year[name].to_numpy(), rel=1e-12)


def test_order_of_rows_and_input() -> None:
    rng = np.random.default_rng(3)
    data = pd.DataFrame(
        {
            "home": rng.choice(list("abc"), 50),
            "x": rng.poisson(2, 50),
            "days": rng.uniform(0.1, 9, 50),
        }
    )
    kept = data.copy()
    table = rate(data, "x", "days", by="home").table
    turned = rate(data.sample(frac=1, random_state=1), "x", "days", by="home").table
    pd.testing.assert_frame_equal(table, turned, check_exact=True)
    pd.testing.assert_frame_equal(data, kept)


def test_without_exposure_there_is_no_rate() -> None:
    with pytest.raises(UserError, match="rad 2") as error:
        rate(pd.DataFrame({"x": [1, 0], "days": [10, 0]}), "x", "days")
    assert error.value.key == "methods.inputs.zero_denominator"


def test_text_shows_the_unit() -> None:
    result = rate(pd.DataFrame({"x": [138], "days": [16808]}), "x", "days")
    assert plain(result.text("sv")) == (
        "138 händelser på 16 808, 8,21 per 1 000 (95 % konfidensintervall 6,90 till 9,70)."
    )
    assert result.plot(language="en").get_xlabel() == "Events per 1,000"


def test_rows_of_several_keys_are_named_by_all_of_them() -> None:
    data = pd.DataFrame({"home": ["a", "b"], "year": [2022, 2023], "x": [1, 9], "days": [100, 100]})
    result = rate(data, "x", "days", by=["home", "year"])
    assert "lägst a, 2022 med" in result.text("sv")
    assert [t.get_text() for t in result.plot().get_yticklabels()] == ["a, 2022", "b, 2023"]
