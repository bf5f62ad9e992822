"""The tables of the evaluation of VHU i LSS: measures put beside each other for readers.

Each function gives a frame that a report registers as it is. Counts stand beside every share, so
that disclosure control can judge them; ``total`` is the code of all categories together.
"""

from umea_eval.datasets.vhu_lss.measures.introduction import OUTCOMES
from umea_eval.datasets.vhu_lss.measures.three_valued import UNDETERMINED
from umea_eval.datasets.vhu_lss.results.changes import FOLLOWED, change_variants, changes
from umea_eval.datasets.vhu_lss.results.conditions import (
    CONDITIONS,
    detected,
    found_conditions,
    syndrome_by_sex,
    syndrome_difference,
)
from umea_eval.datasets.vhu_lss.results.introduction import (
    Introduction,
    introduced,
    introduction_variants,
    of_interval,
    of_panel,
)
from umea_eval.datasets.vhu_lss.results.limits import LIMITS, limits_code
from umea_eval.datasets.vhu_lss.results.places import (
    BASES,
    place_differences,
    places,
    reference_place,
    units,
)
from umea_eval.datasets.vhu_lss.results.reach import (
    ROUNDS,
    described,
    participation_confidence,
    reached,
    reason_groups,
    reason_label,
    reasons,
    sex_difference,
    steps,
)
from umea_eval.datasets.vhu_lss.results.register import (
    ALPHA,
    QUESTIONS,
    SEXES,
    TOTAL,
    Choices,
    Register,
    missing_of_persons,
    municipality_code,
    municipality_names,
    offer_year,
    register,
    with_conditions,
)
from umea_eval.datasets.vhu_lss.results.variants import (
    DEFINITIONS,
    definitions,
    participation_variants,
)

__all__ = [
    "ALPHA",
    "BASES",
    "CONDITIONS",
    "DEFINITIONS",
    "FOLLOWED",
    "LIMITS",
    "OUTCOMES",
    "QUESTIONS",
    "ROUNDS",
    "SEXES",
    "TOTAL",
    "UNDETERMINED",
    "Choices",
    "Introduction",
    "Register",
    "change_variants",
    "changes",
    "definitions",
    "described",
    "detected",
    "found_conditions",
    "introduced",
    "introduction_variants",
    "limits_code",
    "missing_of_persons",
    "municipality_code",
    "municipality_names",
    "of_interval",
    "of_panel",
    "offer_year",
    "participation_confidence",
    "participation_variants",
    "place_differences",
    "places",
    "reached",
    "reason_groups",
    "reason_label",
    "reasons",
    "reference_place",
    "register",
    "sex_difference",
    "steps",
    "syndrome_by_sex",
    "syndrome_difference",
    "units",
    "with_conditions",
]
