"""The tables of the evaluation of ekonomiskt bistånd: measures put beside each other for readers.

Each function gives a frame that a report registers as it is. Counts stand beside every share, so
that disclosure control can judge them; ``total`` is the code of all categories together.
"""

from umea_eval.datasets.forsorjningsstod.results.amounts import amounts_by_year, kinds_in
from umea_eval.datasets.forsorjningsstod.results.bridges import bridges
from umea_eval.datasets.forsorjningsstod.results.durations import (
    duration_curve,
    durations,
    found_spells,
)
from umea_eval.datasets.forsorjningsstod.results.exits import exit_reasons, returns
from umea_eval.datasets.forsorjningsstod.results.households import (
    by_age,
    by_sex,
    sex_difference,
)
from umea_eval.datasets.forsorjningsstod.results.lasting import new_in_year, rolling
from umea_eval.datasets.forsorjningsstod.results.obstacles import obstacles_in, obstacles_over_time
from umea_eval.datasets.forsorjningsstod.results.register import (
    GAPS,
    SEXES,
    SUPPORT,
    TOTAL,
    Choices,
    Register,
    missing_values,
    register,
)
from umea_eval.datasets.forsorjningsstod.results.variants import sensitivity

__all__ = [
    "GAPS",
    "SEXES",
    "SUPPORT",
    "TOTAL",
    "Choices",
    "Register",
    "amounts_by_year",
    "bridges",
    "by_age",
    "by_sex",
    "duration_curve",
    "durations",
    "exit_reasons",
    "found_spells",
    "kinds_in",
    "missing_values",
    "new_in_year",
    "obstacles_in",
    "obstacles_over_time",
    "register",
    "returns",
    "rolling",
    "sensitivity",
    "sex_difference",
]
