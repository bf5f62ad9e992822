"""The tables of the evaluation of placement days: measures put beside each other for readers.

Each function gives a frame that a report registers as it is. Counts stand beside every share, and
the children behind every sum with what the one and the two with most give of it, so that disclosure
control can judge them; ``total`` is the code of all categories together.
"""

from umea_eval.datasets.placement_days.results.costs import (
    cost_split,
    costs_by_kind,
    costs_by_month,
    providers,
)
from umea_eval.datasets.placement_days.results.counting import counting_rules
from umea_eval.datasets.placement_days.results.days import (
    days_by_age,
    days_by_kind,
    days_by_month,
    days_by_sex,
    wide_course,
)
from umea_eval.datasets.placement_days.results.durations import duration_curve, durations
from umea_eval.datasets.placement_days.results.flow import flow, new_and_moved
from umea_eval.datasets.placement_days.results.forecast import back_test, budget, forecast
from umea_eval.datasets.placement_days.results.instead import by_year
from umea_eval.datasets.placement_days.results.outcomes import breakdowns, moves, placed_again
from umea_eval.datasets.placement_days.results.register import (
    AGES,
    COUNTINGS,
    OTHER,
    SEXES,
    TOTAL,
    UNKNOWN,
    Choices,
    Register,
    daily,
    missing_values,
    population,
    register,
)
from umea_eval.datasets.placement_days.results.sexes import (
    OUTCOMES,
    outcomes_by_sex,
    sex_differences,
)
from umea_eval.datasets.placement_days.results.siblings import siblings
from umea_eval.datasets.placement_days.results.sums import hierarchy, summed
from umea_eval.datasets.placement_days.results.variants import sensitivity

__all__ = [
    "AGES",
    "COUNTINGS",
    "OTHER",
    "OUTCOMES",
    "SEXES",
    "TOTAL",
    "UNKNOWN",
    "Choices",
    "Register",
    "back_test",
    "breakdowns",
    "budget",
    "by_year",
    "cost_split",
    "costs_by_kind",
    "costs_by_month",
    "counting_rules",
    "daily",
    "days_by_age",
    "days_by_kind",
    "days_by_month",
    "days_by_sex",
    "duration_curve",
    "durations",
    "flow",
    "forecast",
    "hierarchy",
    "missing_values",
    "moves",
    "new_and_moved",
    "outcomes_by_sex",
    "placed_again",
    "population",
    "providers",
    "register",
    "sensitivity",
    "sex_differences",
    "siblings",
    "summed",
    "wide_course",
]
