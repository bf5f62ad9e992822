"""What the report on VHU i LSS claims, by rule from its tables.

Three questions of the plan make claims: participation (places, women and men), change in those
followed up, and what came with the introduction. Each has a third of the error that the report may
make, dealt out over its own comparisons (`results.QUESTIONS`). Everything else describes.

Who has a high value once has often a lower one the next time, though nothing has happened, and more
so where those with high values are followed up. So a change is claimed only where it is also beyond
the regression to the mean that is expected.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from umea_eval.datasets.vhu_lss.results import (
    ALPHA,
    Choices,
    changes,
    described,
    introduced,
    place_differences,
    register,
    sex_difference,
)
from umea_eval.language import Words
from umea_eval.methods.claims import (
    Claim,
    Design,
    Diagnostic,
    Level,
    Statement,
    conclude,
    estimate,
    known,
)

# Of a difference in participation, set in the plan before the outcome was read.
MARGIN = 0.10
NAME = "vhu_lss"
WORDS = f"{NAME}.report"


def of_data(
    clean: Mapping[str, pd.DataFrame], extraction: dt.date, choices: Choices, *, planned: bool
) -> dict[str, Statement]:
    """All claims of the report on these clean tables, by name, were everything released.

    ``planned``: the analysis plan is dated before the outcome was read.
    """
    found = register(clean, extraction, choices)
    start = introduced(found, course_of=None)
    tables = {
        "place_differences": place_differences(found, choices),
        "sex_difference": sex_difference(described(found, "sex"), found),
        "changes": changes(found, choices),
        "introduction": start.table,
    }
    return of_tables(tables, assigned=start.assigned, planned=planned)


def of_tables(
    tables: Mapping[str, pd.DataFrame], *, assigned: bool, planned: bool
) -> dict[str, Statement]:
    """All claims of the report by name, from its tables of the same names as the functions give.

    ``place NAME``, ``sex``, ``change MEASURE``, ``introduction OUTCOME``. ``assigned``: others
    decided on several dates of introduction, each with its decision. A report gives what is
    released of the tables; what is missing there is withheld. An outcome of the introduction
    without limits has no claim.
    """
    made = {}
    places = tables["place_differences"]
    for row in places[places["base"] == "offered"].to_dict("records"):
        names = {"place": row["municipality"], "reference": row["reference"]}
        inserted: dict[str, Words] = {
            name: {"sv": place, "en": place} for name, place in names.items()
        }
        made[f"place {row['municipality']}"] = Statement(
            _claim(row, margin=MARGIN), f"{WORDS}.places.subject", inserted, unit="points"
        )
    sexes = tables["sex_difference"].iloc[0].to_dict()
    made["sex"] = Statement(_claim(sexes, margin=MARGIN), f"{WORDS}.groups.subject", unit="points")
    for row in tables["changes"].to_dict("records"):
        if row["limits"] == "there":
            measure: dict[str, Words] = {"measure": f"vhu_lss.measure.{row['measure']}"}
            made[f"change {row['measure']}"] = Statement(
                _change(row), f"{WORDS}.changes.subject", measure
            )
    for row in tables["introduction"].to_dict("records"):
        if known(row["lower"]) is not None and known(row["upper"]) is not None:
            made[f"introduction {row['outcome']}"] = Statement(
                _introduction(row, assigned=assigned, planned=planned),
                f"{WORDS}.introduction.share_{row['outcome']}",
                event=f"{WORDS}.introduction.event",
                unit="points",
            )
    return made


def _claim(
    row: Mapping[Any, Any],
    *,
    design: Design = "comparison",
    planned: bool = False,
    margin: float | None = None,
    diagnostics: tuple[Diagnostic, ...] = (),
) -> Claim:
    return conclude(
        *estimate(row),
        design=design,
        planned=planned,
        margin=margin,
        detectable=known(row["detectable"]),
        diagnostics=diagnostics,
        confidence=row["confidence"],
    )


def _change(row: Mapping[Any, Any]) -> Claim:
    alone, expected = _claim(row), known(row["expected"])
    said = alone.outcome in ("higher", "lower")
    further = expected is not None and (
        alone.lower > expected if alone.outcome == "higher" else alone.upper < expected
    )
    regression = Diagnostic(further or not said, f"{WORDS}.changes.regression", Level.LEVEL)
    return _claim(row, diagnostics=(regression,))


def _introduction(row: Mapping[Any, Any], *, assigned: bool, planned: bool) -> Claim:
    apart = known(row["pre_trend_p"])
    pre_trend = Diagnostic(
        apart is None or not apart < ALPHA, f"{WORDS}.introduction.pre_trend", Level.CHANGE
    )
    return _claim(
        row,
        design="assigned" if assigned else "comparison",
        planned=planned,
        diagnostics=(pre_trend,),
    )
