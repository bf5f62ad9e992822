"""Events per inhabitants of given ages, such as placements per 1 000 aged 0-20."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.language import listing
from umea_eval.methods.inputs import column, counts, group_keys, keys, no_duplicates, numbers
from umea_eval.methods.rates.single import Rates, rate


def population_rate(
    events: pd.DataFrame,
    population: pd.DataFrame,
    *,
    by: str | Sequence[str],
    ages: tuple[int, int] = (0, 20),
    age: str = "age",
    inhabitants: str = "population",
    count: str | None = None,
    person: str | None = None,
    per: float = 1000,
    confidence: float = 0.95,
) -> Rates:
    """Events per ``per`` inhabitants aged ``ages`` (both ends included), within ``by``.

    ``events`` has one row per event with the person's ``age`` in whole years; ``count`` names a
    column of counts if rows stand for several, ``person`` one that identifies people if each is to
    count once (within ``by``). ``population`` has one row per ``by`` and ``age`` with the number of
    ``inhabitants``. Every group of ``population`` gets a row, also those without events.

    Raises UserError if the population lacks an age or has it twice, or lacks a group with events.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> events = pd.DataFrame({"age": [3, 15, 15]})
    >>> people = pd.DataFrame({"sex": ["girls"] * 21, "age": range(21), "population": 100})
    >>> rates = ue.methods.rates.population_rate(events.assign(sex="girls"), people, by="sex")
    >>> rates.table[["numerator", "denominator", "value"]].round(3).to_dict("records")
    [{'numerator': 3.0, 'denominator': 2100.0, 'value': 1.429}]
    """
    strata = keys(by)
    people = _aged(population, age, ages)
    no_duplicates(people, [*strata, age])
    counts(column(people, inhabitants), inhabitants)
    _every_age(people, strata, age, ages)
    total = people.groupby(strata, sort=True, observed=True)[inhabitants].sum().reset_index()

    happened = _aged(events, age, ages)
    group_keys(happened, strata)
    if person is not None:
        column(happened, person)
        happened = happened.drop_duplicates([*strata, person])
    size = counts(column(happened, count), count) if count and len(happened) else 1.0
    happened = happened[strata].assign(_events=size)
    counted = happened.groupby(strata, sort=True, observed=True)["_events"].sum().reset_index()
    try:
        joined = total.merge(counted, on=strata, how="outer", sort=True)
    except ValueError:  # text in one table and numbers in the other are no common groups
        joined = None
    if joined is None or joined[inhabitants].isna().any():
        raise UserError("methods.rates.population.no_group", columns=listing(strata, "sv"))
    joined["_events"] = joined["_events"].fillna(0).astype(np.float64)
    return rate(joined, "_events", inhabitants, by=by, per=per, confidence=confidence)


def _aged(data: pd.DataFrame, age: str, ages: tuple[int, int]) -> pd.DataFrame:
    if data.empty:
        return data
    years = numbers(column(data, age), age)
    return data[(years >= ages[0]) & (years <= ages[1])]


def _every_age(people: pd.DataFrame, strata: list[str], age: str, ages: tuple[int, int]) -> None:
    """A population without one of the ages would make every rate too high."""
    wanted = ages[1] - ages[0] + 1
    found = people.groupby(strata, sort=True, observed=True)[age].nunique()
    if people.empty or (found != wanted).any():
        raise UserError(
            "methods.rates.population.ages_missing",
            first=ages[0],
            last=ages[1],
            groups=int((found != wanted).sum()) if len(found) else 0,
        )
