"""What changed in those who were followed up?"""

from __future__ import annotations

import pandas as pd

from umea_eval.datasets.vhu_lss.measures import detectable_of, paired_change
from umea_eval.datasets.vhu_lss.results.limits import limits_code
from umea_eval.datasets.vhu_lss.results.register import ALPHA, QUESTIONS, Choices, Register
from umea_eval.methods.claims import shared

# The family of measures that the plan names.
FOLLOWED = ("waist", "weight", "systolic", "cholesterol", "hba1c")


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
