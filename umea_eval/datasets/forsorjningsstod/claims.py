"""What the report on ekonomiskt bistånd claims, by rule from its tables.

One claim, the main one of the plan: whether households headed by women and by men differ in the
share with long-term support. Everything else in the report describes.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from umea_eval.datasets.forsorjningsstod.results import (
    Choices,
    by_sex,
    register,
    sex_difference,
)
from umea_eval.methods.claims import Statement, conclude, estimate, known

# Set in the plan before the outcome was read, as a share.
MARGIN = 0.05


def of_data(
    clean: Mapping[str, pd.DataFrame], extraction: pd.Timestamp, choices: Choices
) -> dict[str, Statement]:
    """All claims of the report on these clean tables, by name, were everything released."""
    found = register(clean, extraction)
    return of_tables({"difference": sex_difference(by_sex(found, choices))})


def of_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, Statement]:
    """All claims of the report by name, from its table ``difference`` (`results.sex_difference`).

    A report gives what is released of it; what is missing there is withheld.
    """
    row = tables["difference"].iloc[0].to_dict()
    claim = conclude(
        *estimate(row),
        design="comparison",
        margin=MARGIN,
        detectable=known(row["detectable"]),
        confidence=row["confidence"],
    )
    return {"sex": Statement(claim, "forsorjningsstod.report.sex.subject", unit="points")}
