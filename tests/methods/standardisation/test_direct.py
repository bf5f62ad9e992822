from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.methods.reading import plain
from umea_eval.errors import UserError
from umea_eval.methods.rates import byar
from umea_eval.methods.standardisation import direct_rate


def _ages() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area": ["a"] * 3 + ["b"] * 3,
            "age": ["0-19", "20-64", "65-"] * 2,
            "x": [5, 20, 30, 8, 10, 3],
            "n": [1000, 2000, 500, 800, 1500, 900],
            "standard": [20000, 60000, 20000] * 2,
        }
    )


def _direct(data: pd.DataFrame, **options: str) -> pd.DataFrame:
    settings = {"stratum": "age", "by": "area", **options}
    return direct_rate(data, "x", "n", "standard", **settings).table


def test_equals_dobson_by_hand() -> None:
    table = _direct(_ages())
    w, x, n = np.array([0.2, 0.6, 0.2]), np.array([5, 20, 30]), np.array([1000, 2000, 500])
    value = (w * x / n).sum()
    factor = np.sqrt((w**2 * x / n**2).sum() / 55)
    lower, upper = byar(55)
    row = table.iloc[0]
    assert row["value"] == pytest.approx(1000 * value, rel=1e-12)
    assert row["lower"] == pytest.approx(1000 * (value + factor * (lower - 55)), rel=1e-12)
    assert row["upper"] == pytest.approx(1000 * (value + factor * (upper - 55)), rel=1e-12)
    assert (row["numerator"], row["denominator"], row["method"]) == (55.0, 3500.0, "Dobson")


def test_the_population_as_its_own_standard_gives_the_crude_rate() -> None:
    one = _ages().iloc[:3].assign(standard=lambda d: d["n"])
    row = direct_rate(one, "x", "n", "standard", stratum="age").table.iloc[0]
    lower, upper = byar(55)
    assert row["value"] == pytest.approx(55 / 3500 * 1000)
    assert row["lower"] == pytest.approx(lower / 3500 * 1000)
    assert row["upper"] == pytest.approx(upper / 3500 * 1000)


def test_repeat_events_per_person_widen_the_limits() -> None:
    # The same events, but in area a from people with 1 and 5 events.
    data = _ages()[lambda d: d["area"] == "a"]
    people = pd.concat([data.assign(times=1, x=[5, 10, 10]), data.assign(times=5, x=[0, 2, 4])])
    once = direct_rate(data, "x", "n", "standard", stratum="age").table.iloc[0]
    repeated = direct_rate(
        people, "x", "n", "standard", stratum="age", event_frequency="times"
    ).table.iloc[0]
    assert repeated["value"] == pytest.approx(once["value"])
    assert (repeated["numerator"], repeated["denominator"]) == (55.0, 3500.0)
    w, n = np.array([0.2, 0.6, 0.2]), np.array([1000, 2000, 500])
    squares = np.array([5, 10 + 25 * 2, 10 + 25 * 4])
    plain_squares = np.array([5, 20, 30])
    wider = np.sqrt((w**2 * squares / n**2).sum() / (w**2 * plain_squares / n**2).sum())
    assert repeated["upper"] - repeated["value"] == pytest.approx(
        wider * (once["upper"] - once["value"]), rel=1e-9
    )


def test_fewer_than_10_events_give_no_value() -> None:
    data = _ages()
    data.loc[data["area"] == "b", "x"] = [4, 4, 1]
    row = _direct(data).iloc[1]
    assert np.isnan(row["value"])
    assert row["method"] == "not computed: fewer than 10 events"
    assert row["numerator"] == 9.0
    with pytest.raises(UserError, match="minst 10 händelser"):
        _direct(data[data["area"] == "b"])


def test_order_unit_and_input() -> None:
    data = _ages().assign(n=lambda d: d["n"] / 3.7)
    kept = data.copy()
    pd.testing.assert_frame_equal(_direct(data), _direct(data.iloc[::-1]), check_exact=True)
    pd.testing.assert_frame_equal(data, kept)
    years = direct_rate(
        data.assign(n=data["n"] / 12), "x", "n", "standard", stratum="age", by="area", per=1000 / 12
    ).table
    assert years["upper"].to_numpy() == pytest.approx(_direct(data)["upper"].to_numpy(), rel=1e-12)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (_ages().iloc[:5], "standardisation.direct.stratum_missing"),
        (_ages().assign(standard=[1, 2, 3, 1, 2, 4]), "standardisation.direct.weight_differs"),
        (pd.concat([_ages(), _ages().iloc[:1]]), "inputs.duplicates"),
        (_ages().assign(n=[0, 1, 1, 1, 1, 1]), "inputs.zero_denominator"),
    ],
)
def test_unlike_groups_are_refused(data: pd.DataFrame, key: str) -> None:
    with pytest.raises(UserError) as error:
        _direct(data)
    assert error.value.key == f"methods.{key}"
    assert all(error.value.message(language) for language in ("sv", "en"))


def test_text() -> None:
    result = direct_rate(_ages(), "x", "n", "standard", stratum="age", by="area")
    assert plain(result.text("sv")).startswith("2 grupper: lägst b med ")
    assert "per 1 000" in plain(result.text("sv"))


def test_a_stratum_of_the_standard_may_weigh_nothing_but_not_all() -> None:
    data = pd.DataFrame({"age": [1, 2, 3], "x": [5, 9, 4], "n": [100, 200, 50], "w": [2, 3, 0]})
    row = direct_rate(data, "x", "n", "w", stratum="age", per=1000).table.iloc[0]
    assert row["value"] == pytest.approx((2 * 50 + 3 * 45) / 5, rel=1e-12)
    with pytest.raises(UserError) as error:
        direct_rate(data.assign(w=0), "x", "n", "w", stratum="age")
    assert error.value.key == "methods.inputs.zero_denominator"
    with pytest.raises(UserError) as error:
        direct_rate(data.assign(w=[1, 2, -1]), "x", "n", "w", stratum="age")
    assert error.value.key == "methods.inputs.negative"
