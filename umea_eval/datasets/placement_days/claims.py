"""What the report on placement days claims, by rule from its tables.

One family of claims, named in the plan: whether girls and boys differ in residential care, in moves
and in unplanned ends. Everything else in the report describes.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from umea_eval.datasets.placement_days.results import (
    OUTCOMES,
    Choices,
    daily,
    outcomes_by_sex,
    register,
    sex_differences,
)
from umea_eval.methods.claims import Statement, conclude, estimate, known

# Set in the plan before the outcome was read, as a share.
MARGIN = 0.05


def of_data(
    clean: Mapping[str, pd.DataFrame], provenance: Mapping[str, object], choices: Choices
) -> dict[str, Statement]:
    """All claims of the report on these clean tables, by name, were everything released."""
    found = register(clean, provenance, choices)
    outcomes = outcomes_by_sex(found, daily(found, choices.counting), choices)
    return of_tables({"differences": sex_differences(outcomes)})


def of_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, Statement]:
    """All claims of the report by outcome, from its table ``differences``.

    That is what `results.sex_differences` gives. A report gives what is released of it; what is
    missing there is withheld.
    """
    rows = tables["differences"].set_index("outcome")
    made = {}
    for outcome in OUTCOMES:
        row = rows.loc[outcome].to_dict()
        claim = conclude(
            *estimate(row),
            design="comparison",
            margin=MARGIN,
            detectable=known(row["detectable"]),
            confidence=row["confidence"],
        )
        made[outcome] = Statement(claim, f"placement_days.report.sex.{outcome}", unit="points")
    return made
