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
from umea_eval.datasets.placement_days.schema import UNPLANNED


def sensitivity(found: Register, choices: Choices) -> pd.DataFrame:
    """Återplacering and sammanbrott under every other definition: for a forest plot.

    ``measure`` (again, breakdown), ``definition`` (a code), ``setting`` (months), ``numerator``,
    ``denominator``, ``value`` with limits, and ``chosen``.
    """
    rows = found.placements.assign(sex=sex_of(found.placements))
    made: list[pd.DataFrame] = []
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
    table = pd.concat(made, ignore_index=True)
    names += ["value", "lower", "upper", "chosen", "numerator_of", "denominator_of"]
    return table[names].astype({"chosen": bool})
