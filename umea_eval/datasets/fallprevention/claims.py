"""What the report on fallprevention claims, by rule from its tables.

One family of two claims, named in the plan: whether falls per resident-day changed from the year
before, and whether women and men who have fallen differ in how many fall again. Everything else in
the report describes.

Reports are counted, and reports can change when falls do not: a new routine, or a better habit of
reporting, gives more of them. Falls with an injury are reported with and without it. So a change of
all falls is claimed only where falls with an injury, judged alone, changed the same way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from umea_eval.datasets.fallprevention.results import (
    Choices,
    change,
    enough_units,
    fallers,
    register,
    sex_difference,
)
from umea_eval.language import Words
from umea_eval.methods.claims import Claim, Diagnostic, Level, Statement, conclude, estimate, known

# Set in the plan before the outcome was read: a ratio, and a difference of shares.
MARGIN_RATIO, MARGIN_SHARE = 1.25, 0.10
NAME = "fallprevention"
WORDS = f"{NAME}.report"


def of_data(
    clean: Mapping[str, pd.DataFrame], extraction: dt.date, choices: Choices
) -> dict[str, Statement]:
    """All claims of the report on these clean tables, by name, were everything released."""
    found = register(clean, extraction, choices)
    tables = {
        "change": change(found, choices),
        "difference": sex_difference(fallers(found, choices)),
    }
    return of_tables(tables, choices)


def of_tables(tables: Mapping[str, pd.DataFrame], choices: Choices) -> dict[str, Statement]:
    """All claims of the report by name, from its tables ``change`` and ``difference``.

    That is what `results.change` and `results.sex_difference` give; a table without rows gives no
    claim. A report gives what is released of them; what is missing there is withheld.
    """
    made = {}
    change_rows, differences = tables["change"], tables["difference"]
    if "fall" in change_rows["kind"].tolist():
        years = {"year": str(choices.year), "before": str(choices.year - 1)}
        inserted: dict[str, Words] = {
            name: {"sv": year, "en": year} for name, year in years.items()
        }
        subject = f"{WORDS}.rates.subject"
        made["change"] = Statement(_change(change_rows), subject, inserted, decimals=2)
    if len(differences):
        row = differences.iloc[0].to_dict()
        claim = conclude(
            *estimate(row),
            design="comparison",
            margin=MARGIN_SHARE,
            detectable=known(row["detectable"]),
            confidence=row["confidence"],
        )
        made["sex"] = Statement(claim, f"{WORDS}.repeat.subject", unit="points")
    return made


def _change(rows: pd.DataFrame) -> Claim:
    by_kind = {str(row["kind"]): row for row in rows.to_dict("records")}
    fall, injured = by_kind["fall"], by_kind.get("injured")
    few = Diagnostic(enough_units(fall["units"]), f"{WORDS}.rates.few_homes", Level.LEVEL)
    alone = _ratio(fall, [few])
    with_injury = None if injured is None else _ratio(injured, [])
    said = alone.outcome in ("higher", "lower", "unchanged")
    alike = Diagnostic(
        not said or (with_injury is not None and with_injury.outcome == alone.outcome),
        f"{WORDS}.rates.injuries_differ",
        Level.LEVEL,
    )
    least = (known(fall["detectable"]), known(injured["detectable"]) if injured else None)
    both = None if least[0] is None or least[1] is None else max(least[0], least[1])
    return _ratio(fall, [few, alike], both)


def _ratio(
    row: Mapping[Any, Any], diagnostics: Sequence[Diagnostic], detectable: float | None = None
) -> Claim:
    return conclude(
        *estimate(row),
        design="comparison",
        scale="ratio",
        margin=MARGIN_RATIO,
        detectable=detectable,
        diagnostics=diagnostics,
        confidence=row["confidence"],
    )
