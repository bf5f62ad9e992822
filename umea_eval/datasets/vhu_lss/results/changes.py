"""What changed in those who were followed up?"""

from __future__ import annotations

import pandas as pd

from umea_eval.datasets.vhu_lss.measures import detectable_of, paired_change
from umea_eval.datasets.vhu_lss.results.limits import limits_code
from umea_eval.datasets.vhu_lss.results.register import ALPHA, QUESTIONS, Choices, Register
from umea_eval.methods.claims import shared

# The family of measures that the plan names.
FOLLOWED = ("waist", "weight", "systolic", "cholesterol", "hba1c")
# Of two measurements of one person without any change: a weaker and a stronger one (assumptions).
CORRELATIONS = (0.6, 0.9)


def changes(found: Register, choices: Choices) -> pd.DataFrame:
    """Follow-up minus first examination in the same persons, one row per measure of the family.

    ``pairs``, ``unpaired``, means, ``value`` with limits that hold together for all measures
    (Bonferroni), ``expected`` (what regression to the mean alone would give, with the assumed
    correlation), ``beyond`` and ``detectable``. ``limits`` says why there are none.
    """
    confidence = shared(QUESTIONS * len(FOLLOWED), ALPHA)
    table = paired_change(
        found.examinations,
        found.follow_ups,
        measures=FOLLOWED,
        correlation=choices.correlation,
        confidence=confidence,
    )
    # What is always measured together has the same pairs.
    alike = table.groupby(["denominator", "unpaired"], sort=False)["measure"]
    first = alike.transform("first").astype("str")
    return pd.DataFrame(
        {
            "measure": table["measure"],
            "pairs_of": "pairs of " + first,
            "unpaired_of": "not paired of " + first,
            "pairs": table["denominator"].astype("int64"),
            "unpaired": table["unpaired"].astype("int64"),
            "first_mean": table["first_mean"],
            "second_mean": table["second_mean"],
            **{name: table[name] for name in ("value", "lower", "upper", "confidence")},
            "expected": table["expected"],
            "beyond": table["beyond_expected"],
            "detectable": [
                detectable_of(pairs, spread, alpha=1 - confidence)
                for pairs, spread in zip(table["denominator"], table["sd"], strict=True)
            ],
            "limits": limits_code(table["method"]),
        }
    )


def change_variants(found: Register, choices: Choices) -> pd.DataFrame:
    """The change beyond what is expected, under other assumptions: for a forest plot.

    ``measure``, ``follow_up`` ("last", "first") and ``correlation``, ``pairs`` and
    ``pairs_of``, ``value`` with ``lower`` and ``upper``: per cent of the mean of the first
    examination, so that all measures stand on one axis; the expected change is taken as known.
    ``chosen``. The confidence is that of ``changes``.
    """
    own = (choices.correlation, "last")
    variants = [(each, "last") for each in sorted({*CORRELATIONS, choices.correlation})]
    made = []
    for correlation, which in (*variants, (choices.correlation, "first")):
        table = paired_change(
            found.examinations,
            found.follow_ups,
            measures=FOLLOWED,
            which="first" if which == "first" else "last",
            correlation=correlation,
            confidence=shared(QUESTIONS * len(FOLLOWED), ALPHA),
        )
        per_cent = 100 / table["first_mean"]
        made.append(
            pd.DataFrame(
                {
                    **{"measure": table["measure"], "follow_up": which},
                    "correlation": float(correlation),
                    "pairs": table["denominator"].astype("int64"),
                    **{
                        name: (table[name] - table["expected"]) * per_cent
                        for name in ("value", "lower", "upper")
                    },
                    "chosen": (correlation, which) == own,
                }
            )
        )
    table = pd.concat(made, ignore_index=True)
    # What has the same pairs as in ``changes`` has them under the same name.
    named = changes(found, choices).set_index("measure")
    alike = table["pairs"].to_numpy() == named.loc[table["measure"], "pairs"].to_numpy()
    pairs_of = named.loc[table["measure"], "pairs_of"].reset_index(drop=True)
    table["pairs_of"] = pairs_of.where(alike, pairs_of + ", first follow-up")
    order = {measure: place for place, measure in enumerate(FOLLOWED)}
    table = table.sort_values("measure", key=lambda names: names.map(order), kind="stable")
    return table.reset_index(drop=True)
