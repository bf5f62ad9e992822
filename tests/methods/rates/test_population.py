from __future__ import annotations

import pandas as pd
import pytest

from umea_eval.errors import UserError
from umea_eval.methods.rates import population_rate


def _population() -> pd.DataFrame:
    rows = [(year, age, 100 + age) for year in (2022, 2023, 2024) for age in range(25)]
    return pd.DataFrame(rows, columns=["year", "age", "population"])


def _placements() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person": [1, 1, 2, 3, 4, 1],
            "year": [2022, 2022, 2022, 2022, 2023, 2023],
            "age": [5, 5, 20, 21, 0, 6],
        }
    )


def test_events_per_1000_aged_0_to_20_both_included() -> None:
    table = population_rate(_placements(), _population(), by="year").table
    people = sum(100 + age for age in range(21))
    assert table["year"].tolist() == [2022, 2023, 2024]
    # The person of 21 is too old; the year without events has a rate of 0 and an upper limit.
    assert table["numerator"].tolist() == [3.0, 2.0, 0.0]
    assert table["denominator"].tolist() == [people] * 3
    assert table["value"].iloc[0] == pytest.approx(3 / people * 1000)
    assert table["upper"].iloc[2] > 0


def test_persons_count_once_and_counts_add_up() -> None:
    once = population_rate(_placements(), _population(), by="year", person="person").table
    assert once["numerator"].tolist() == [2.0, 2.0, 0.0]
    summed = _placements().assign(times=2)
    twice = population_rate(summed, _population(), by="year", count="times").table
    assert twice["numerator"].tolist() == [6.0, 4.0, 0.0]


def test_no_events_at_all() -> None:
    table = population_rate(_placements().iloc[:0], _population(), by="year").table
    assert table["numerator"].tolist() == [0.0, 0.0, 0.0]


def test_a_population_with_holes_or_doubles_is_refused() -> None:
    population = _population()
    with pytest.raises(UserError, match="saknar någon av åldrarna 0–20 i 1 grupp"):
        population_rate(_placements(), population.drop(index=3), by="year")
    with pytest.raises(UserError) as error:
        population_rate(_placements(), pd.concat([population, population.iloc[:1]]), by="year")
    assert error.value.key == "methods.inputs.duplicates"
    with pytest.raises(UserError) as error:
        population_rate(_placements(), population[population["year"] != 2023], by="year")
    assert error.value.key == "methods.rates.population.no_group"
