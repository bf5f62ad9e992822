"""How much depends on the definition?"""

from __future__ import annotations

import pandas as pd

from umea_eval.datasets.vhu_lss.measures import metabolic_syndrome, participation
from umea_eval.datasets.vhu_lss.measures.metabolic_syndrome import Definition, Waist
from umea_eval.datasets.vhu_lss.measures.participation import Taking
from umea_eval.datasets.vhu_lss.measures.three_valued import UNDETERMINED
from umea_eval.datasets.vhu_lss.results.conditions import bounded
from umea_eval.datasets.vhu_lss.results.limits import limits_code
from umea_eval.datasets.vhu_lss.results.places import BASES, STEP_OF
from umea_eval.datasets.vhu_lss.results.register import Choices, Register

DEFINITIONS: tuple[tuple[Definition, Waist], ...] = (
    ("joint", "94/80"),
    ("joint", "102/88"),
    ("idf", "94/80"),
    ("ncep", "102/88"),
)


def definitions(found: Register, choices: Choices) -> pd.DataFrame:
    """The metabolic syndrome under each definition and reading of blank drugs, as above.

    ``condition`` is a code of the definition; ``chosen`` the report's own. ``counted`` and
    ``unsure`` say what is counted: definitions that agree in both counts find the same persons, the
    report's own those of ``found_conditions``.
    """
    rows = []
    own_choice = (choices.definition, choices.waist)
    more = () if own_choice in DEFINITIONS else (own_choice,)
    for definition, waist in (*DEFINITIONS, *more):
        for missing_drug in ("unknown", "none"):
            own = metabolic_syndrome(
                found.visits,
                definition=definition,
                waist=waist,
                missing_drug="none" if missing_drug == "none" else "unknown",
            )
            code = f"{definition}_{waist.replace('/', '_')}_{missing_drug}"
            chosen = (definition, waist) == own_choice
            row = bounded(own, "metabolic_syndrome", code)
            rows.append(row | {"chosen": chosen and missing_drug == "unknown"})
    table = pd.DataFrame(rows)
    table["counted"] = table["condition"].mask(table["chosen"], "metabolic_syndrome")
    order = table.sort_values("chosen", ascending=False, kind="stable")
    alike = order.groupby(["positive", "undetermined"], sort=False)
    table["counted"] = alike["counted"].transform("first")
    return table.assign(unsure=table["counted"] + f" {UNDETERMINED}")


def participation_variants(found: Register, choices: Choices) -> pd.DataFrame:
    """The share who take part, by whom it is of, what counts, and how the interval is made.

    ``definition`` (a code), ``taking`` and ``base_step`` (what is counted, of whom), ``numerator``,
    ``denominator``, ``value`` with limits, ``chosen``, and ``limits``: why there are none.
    """
    rows = []
    taken: tuple[Taking, ...] = ("accepted", "examined")
    for base in BASES:
        for taking in taken:
            for interval in ("wilson", "homes"):
                row = participation(
                    found.people,
                    by=(),
                    base=base,
                    taking_part=taking,
                    interval="homes" if interval == "homes" else "wilson",
                ).iloc[0]
                chosen = (base, taking, interval) == ("offered", choices.taking_part, "wilson")
                rows.append(
                    {
                        "definition": f"{taking}_{base}_{interval}",
                        "taking": taking,
                        "base_step": STEP_OF[base],
                        **{name: row[name] for name in ("numerator", "denominator", "value")},
                        **{name: row[name] for name in ("lower", "upper", "method")},
                        "chosen": chosen,
                    }
                )
    table = pd.DataFrame(rows).astype({"numerator": "int64", "denominator": "int64"})
    return table.assign(limits=limits_code(table["method"])).drop(columns="method")
