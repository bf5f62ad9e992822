"""What would other definitions have said?"""

from __future__ import annotations

import pandas as pd

from umea_eval.datasets.placement_days.results.outcomes import GAPS, again_within, breakdowns_at
from umea_eval.datasets.placement_days.results.register import (
    SHORTER,
    TOTAL,
    Choices,
    Register,
    sex_of,
)
from umea_eval.datasets.placement_days.results.sexes import left_in, moved_in
from umea_eval.datasets.placement_days.schema import UNPLANNED
from umea_eval.methods.proportions import with_share


def sensitivity(found: Register, table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """The shares of the report under every other definition: for a forest plot.

    ``measure`` (moved and left: children of the year, as `outcomes_by_sex`; again and breakdown, as
    `placed_again` and `breakdowns`), ``definition`` (a code), ``setting`` (months, none for
    children of the year), ``numerator``, ``denominator``, ``value`` with limits, and ``chosen``.
    For disclosure control: what the two count (``numerator_of``, ``denominator_of``) and the count
    that the numerator is a part of (``numerator_wider``, ``numerator_wider_of``). ``table`` is
    ``daily``.
    """
    rows = found.placements.assign(sex=sex_of(found.placements))
    made: list[pd.DataFrame] = [_of_children(found, table, choices)]
    for gap in GAPS:
        for within in sorted({SHORTER, choices.within}):
            own = again_within(found, rows, within, gap)
            made.append(
                own[own["sex"] == TOTAL]
                .rename(columns={"again": "numerator", "returns": "denominator"})
                .assign(
                    measure="again",
                    definition=f"gap_{gap}",
                    setting=str(within),
                    chosen=gap == GAPS[0] and within == choices.within,
                    numerator_of="placed again" if gap == GAPS[0] else f"placed again, gap {gap}",
                    denominator_of="returns home" if gap == GAPS[0] else f"returns, gap {gap}",
                )
            )
    for name, reasons in (("unplanned", UNPLANNED), ("breakdown_only", ("breakdown",))):
        own = breakdowns_at(found, reasons, (SHORTER,))
        made.append(
            own[own["sex"] == TOTAL]
            .rename(columns={"unplanned": "numerator", "placements": "denominator"})
            .assign(
                measure="breakdown",
                definition=name,
                setting=str(SHORTER),
                chosen=reasons is UNPLANNED,
                numerator_of="unplanned ends" if reasons is UNPLANNED else "breakdowns",
                denominator_of="placements followed",
            )
        )
    names = ["measure", "definition", "setting", "numerator", "denominator"]
    found_all = pd.concat(made, ignore_index=True)
    # What no milder definition holds is a part of its own whole.
    for name in ("numerator_wider", "numerator_wider_of"):
        whole = found_all[name.replace("numerator_wider", "denominator")]
        found_all[name] = found_all[name].where(found_all[name].notna(), whole)
    names += ["value", "lower", "upper", "chosen", "numerator_of", "denominator_of"]
    names += ["numerator_wider", "numerator_wider_of"]
    return found_all[names].astype({"chosen": bool, "numerator_wider": "Int64"})


def _of_children(found: Register, table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Children placed in the year who moved, and who left a home unplanned, the milder first."""
    people = set(table.loc[table["year"] == choices.year, "person"])
    rows: list[dict[str, object]] = []

    def add(measure: str, definition: str, having: set[object], *, chosen: bool) -> None:
        milder = rows[-1] if rows and rows[-1]["measure"] == measure else {}
        rows.append(
            {
                **{"measure": measure, "definition": definition, "setting": ""},
                **{"numerator": len(people & having), "denominator": len(people)},
                **{"chosen": chosen, "denominator_of": "persons placed"},
                "numerator_of": "outcome" if chosen else f"children, {definition}",
                "numerator_wider": milder.get("numerator"),
                "numerator_wider_of": milder.get("numerator_of"),
            }
        )

    for gap in sorted(GAPS, reverse=True):
        own = moved_in(found, choices, gap_days=gap)
        add("moved", f"moved_gap_{gap}", own, chosen=gap == GAPS[0])
    for name, reasons in (("left_unplanned", UNPLANNED), ("left_breakdown", ("breakdown",))):
        own = left_in(found, choices, reasons=reasons)
        add("left", name, own, chosen=reasons is UNPLANNED)
    return with_share(pd.DataFrame(rows), "numerator", "denominator", value="value")
