"""Which households have support, and how many for long?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.forsorjningsstod.measures import benefit_months, months_by_year
from umea_eval.datasets.forsorjningsstod.results.register import SEXES, TOTAL, Choices, Register
from umea_eval.methods.proportions import with_share
from umea_eval.methods.two_shares import two_shares


def household_sex(payments: pd.DataFrame) -> pd.Series:
    """The sex of each household's head (registerledare), by household.

    Without a head, that of the first person by pseudonym; missing where the number does not tell.
    """
    role = payments["role"] if "role" in payments else pd.Series("head", index=payments.index)
    people = pd.DataFrame(
        {
            "household": payments["household"].astype(object),
            "other": (role.astype(object) != "head").to_numpy(),
            "person": payments["person"].astype(object),
            "sex": payments["person_sex"].astype(object),
        }
    ).sort_values(["household", "other", "person"])
    return people.drop_duplicates("household").set_index("household")["sex"]


def by_sex(found: Register, choices: Choices) -> pd.DataFrame:
    """Recipient households of the year by the head's sex, and how many have long-term support.

    Rows women, men, (unknown) and total: ``households``, ``benefit_months``, ``mean_months``,
    ``long_term``, ``share``, ``lower``, ``upper``.
    """
    months = benefit_months(found.payments, support_kind=choices.kinds)
    years = months_by_year(months, least=choices.least, first=found.first, last=found.last)
    own = years[years["year"] == choices.year]
    sex = own["household"].astype(object).map(household_sex(found.payments)).fillna("unknown")
    rows = []
    for group in (*SEXES, "unknown", TOTAL):
        part = own if group == TOTAL else own[(sex == group).to_numpy()]
        if part.empty and group == "unknown":
            continue
        rows.append(
            (
                group,
                len(part),
                int(part["benefit_months"].sum()),
                int(part["long_term"].fillna(False).sum()),
            )
        )
    table = pd.DataFrame(rows, columns=["sex", "households", "benefit_months", "long_term"])
    table["mean_months"] = table["benefit_months"] / table["households"].where(
        table["households"] > 0
    )
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
