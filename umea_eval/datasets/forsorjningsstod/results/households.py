"""Which households have support, and how many for long?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures import benefit_months, months_by_year
from umea_eval.datasets.forsorjningsstod.results.register import SEXES, TOTAL, Choices, Register
from umea_eval.methods.proportions import with_share
from umea_eval.methods.two_shares import two_shares

UNKNOWN = "unknown"
# The youngest age of each group, as Socialstyrelsen divides adults: 18 to 24, 25 to 44 and so on.
AGES = {"under_25": 0, "25_44": 25, "45_64": 45, "65_over": 65}


def heads(payments: pd.DataFrame) -> pd.DataFrame:
    """``sex`` and ``birth_year`` of each household's head (registerledare), by household.

    Without a head, those of the first person by pseudonym; missing where the number does not tell.
    """
    role = payments["role"] if "role" in payments else pd.Series("head", index=payments.index)
    born = (
        payments["person_birth_year"].astype("Float64")
        if "person_birth_year" in payments
        else pd.Series(pd.NA, index=payments.index, dtype="Float64")
    )
    people = pd.DataFrame(
        {
            "household": payments["household"].astype(object),
            "other": (role.astype(object) != "head").to_numpy(),
            "person": payments["person"].astype(object),
            "sex": payments["person_sex"].astype(object),
            "birth_year": born,
        }
    ).sort_values(["household", "other", "person"])
    return people.drop_duplicates("household").set_index("household")[["sex", "birth_year"]]


def by_sex(found: Register, choices: Choices) -> pd.DataFrame:
    """Recipient households of the year by the head's sex, and how many have long-term support.

    Rows women, men, (unknown) and total: ``households``, ``benefit_months``, ``mean_months``,
    ``long_term``, ``share``, ``lower``, ``upper``.
    """
    own = households_in(found, choices)
    sex = own["household"].astype(object).map(heads(found.payments)["sex"]).fillna(UNKNOWN)
    return _by_group(own, "sex", sex, SEXES)


def by_age(found: Register, choices: Choices) -> pd.DataFrame:
    """Recipient households of the year by the age that the head reaches in it, as ``by_sex``.

    ``age``: a code of ``AGES``, "unknown" and total.
    """
    own = households_in(found, choices)
    born = own["household"].astype(object).map(heads(found.payments)["birth_year"])
    years = choices.year - born.astype("float64")
    age = pd.Series(UNKNOWN, index=own.index, dtype="object")
    for code, least in AGES.items():
        age = age.mask(years >= least, code)
    return _by_group(own, "age", age, tuple(AGES))


def households_in(found: Register, choices: Choices) -> pd.DataFrame:
    """The year's households with support, as ``measures.months_by_year``."""
    months = benefit_months(found.payments, support_kind=choices.kinds)
    years = months_by_year(months, least=choices.least, first=found.first, last=found.last)
    return years[years["year"] == choices.year]


def _by_group(
    own: pd.DataFrame, name: str, group_of: pd.Series, codes: Sequence[str]
) -> pd.DataFrame:
    rows = []
    for group in (*codes, UNKNOWN, TOTAL):
        part = own if group == TOTAL else own[(group_of == group).to_numpy()]
        if part.empty and group == UNKNOWN:
            continue
        counts = (len(part), part["benefit_months"].sum(), part["long_term"].fillna(False).sum())
        rows.append((group, *(int(count) for count in counts)))
    table = pd.DataFrame(rows, columns=[name, "households", "benefit_months", "long_term"])
    base = table["households"].where(table["households"] > 0)
    table["mean_months"] = table["benefit_months"] / base
    return with_share(table, "long_term", "households")


def sex_difference(table: pd.DataFrame) -> pd.DataFrame:
    """Women minus men in the share with long-term support (see `two_shares`): one row."""
    rows = table.set_index("sex")
    (x1, x2), (n1, n2) = (
        [int(count) for count in rows.loc[list(SEXES), name].tolist()]
        for name in ("long_term", "households")
    )
    counts = {"women": x1, "women_of": n1, "men": x2, "men_of": n2}
    row = {"comparison": "women_men", **counts, "men_share": x2 / n2 if n1 and n2 else np.nan}
    return pd.DataFrame([row | two_shares(x1, n1, x2, n2)])
