"""What would other definitions have said?"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from umea_eval.datasets.placement_days.results.outcomes import (
    GAPS,
    again_within,
    breakdowns,
    breakdowns_at,
    placed_again,
)
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

# What `outcomes_by_sex` calls those of a measure, and the counts of `placed_again`.
OF_CHILDREN = {"moved": "moved", "left": "unplanned"}
_SAME = (("again", "numerator"), ("returns", "denominator"))


def sensitivity(found: Register, table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """The shares of the report under every other definition: for a forest plot.

    ``measure`` (moved and left: children of the year, as `outcomes_by_sex`; again and breakdown, as
    `placed_again` and `breakdowns`), ``definition`` (a code), ``setting`` (months, none for
    children of the year), ``numerator``, ``denominator``, ``value`` with limits, and ``chosen``.
    For disclosure control: what the two count (``numerator_of``, ``denominator_of``), the counts
    that they are parts of (``numerator_wider``, ``numerator_wider_of``, and of the denominator),
    and how many less a longer gap has in both (``back``). ``table`` is ``daily``.
    """
    made = [_of_children(found, table, choices), *_again(found, choices), *_broken(found)]
    names = ["measure", "definition", "setting", "numerator", "denominator"]
    found_all = pd.concat(made, ignore_index=True)
    # What no milder definition holds is a part of its own whole.
    for name in ("numerator_wider", "numerator_wider_of"):
        whole = found_all[name.replace("numerator_wider", "denominator")]
        found_all[name] = found_all[name].where(found_all[name].notna(), whole)
    found_all = found_all.fillna({"denominator_wider_of": ""})
    names += ["value", "lower", "upper", "chosen", "numerator_of", "denominator_of"]
    counts = ["numerator_wider", "denominator_wider", "back"]
    names += [*counts, "numerator_wider_of", "denominator_wider_of"]
    found_all = found_all.reindex(columns=names)
    return found_all.astype({"chosen": bool, **dict.fromkeys(counts, "Int64")})


def _again(found: Register, choices: Choices) -> Iterator[pd.DataFrame]:
    """Placed again after either gap, within either time."""
    rows = found.placements.assign(sex=sex_of(found.placements))
    usual = placed_again(found, choices)
    usual = usual[usual["sex"] == TOTAL].set_index("within")
    for gap in GAPS:
        for within in sorted({SHORTER, choices.within}):
            own = again_within(found, rows, within, gap)
            own = own[own["sex"] == TOTAL]
            own = own.rename(columns={"again": "numerator", "returns": "denominator"}).assign(
                measure="again",
                definition=f"gap_{gap}",
                setting=str(within),
                chosen=gap == GAPS[0] and within == choices.within,
                numerator_of="placed again" if gap == GAPS[0] else f"placed again, gap {gap}",
                denominator_of=f"returns, gap {gap}, {within}",
            )
            shorter = usual.loc[[within]].set_axis(own.index)
            if gap == GAPS[0]:
                yield own.assign(denominator_of=shorter["returns_of"])
            else:
                yield _within_shorter(own, shorter)


def _within_shorter(row: pd.DataFrame, shorter: pd.DataFrame) -> pd.DataFrame:
    """With the counts of the shorter gap, where they hold those of the row, and how many more."""
    again = shorter["again"] - row["numerator"]
    returns = shorter["returns"] - row["denominator"]
    if again.lt(0).any() or returns.lt(0).any():
        return row
    return row.assign(
        numerator_wider=shorter["again"],
        numerator_wider_of="placed again",
        denominator_wider=shorter["returns"],
        denominator_wider_of=shorter["returns_of"],
        back=again.astype("Int64").where(again == returns),
    )


def _broken(found: Register) -> Iterator[pd.DataFrame]:
    """Ended unplanned, and ended as a breakdown, within a year."""
    usual = breakdowns(found)
    usual = usual[(usual["sex"] == TOTAL) & (usual["months"] == SHORTER)]
    for name, reasons in (("unplanned", UNPLANNED), ("breakdown_only", ("breakdown",))):
        own = breakdowns_at(found, reasons, (SHORTER,))
        own = own[own["sex"] == TOTAL]
        own = own.rename(columns={"unplanned": "numerator", "placements": "denominator"}).assign(
            measure="breakdown",
            definition=name,
            setting=str(SHORTER),
            chosen=reasons is UNPLANNED,
            numerator_of="unplanned ends" if reasons is UNPLANNED else "breakdowns",
            denominator_of="placements followed",
        )
        if len(usual):
            unplanned, followed = usual[["unplanned", "placements_of"]].iloc[0].tolist()
            own = own.assign(denominator_of=followed)
            if reasons is not UNPLANNED:
                own = own.assign(numerator_wider=unplanned, numerator_wider_of="unplanned ends")
        yield own


def _of_children(found: Register, table: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Children placed in the year who moved, and who left a home unplanned, the milder first."""
    people = set(table.loc[table["year"] == choices.year, "person"])
    moved = {
        f"moved_gap_{gap}": moved_in(found, choices, gap_days=gap)
        for gap in sorted(GAPS, reverse=True)
    }
    left = {
        "left_unplanned": left_in(found, choices, reasons=UNPLANNED),
        "left_breakdown": left_in(found, choices, reasons=("breakdown",)),
    }
    rows: list[dict[str, object]] = []
    for measure, chosen, variants in (
        ("moved", f"moved_gap_{GAPS[0]}", moved),
        ("left", "left_unplanned", left),
    ):
        milder: dict[str, object] = {}
        for definition, having in variants.items():
            # Two definitions that find the same persons give one number.
            one = people & having == people & variants[chosen]
            row: dict[str, object] = {
                **{"measure": measure, "definition": definition, "setting": ""},
                **{"numerator": len(people & having), "denominator": len(people)},
                **{"chosen": definition == chosen, "denominator_of": "persons placed"},
                "numerator_of": OF_CHILDREN[measure] if one else f"children, {definition}",
                "numerator_wider": milder.get("numerator"),
                "numerator_wider_of": milder.get("numerator_of"),
            }
            rows.append(row)
            milder = row
    return with_share(pd.DataFrame(rows), "numerator", "denominator", value="value")
