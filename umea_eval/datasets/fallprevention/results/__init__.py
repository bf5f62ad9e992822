"""The tables of the evaluation of fallprevention: measures put beside each other for readers.

Each function gives a frame that a report registers as it is. Counts stand beside every share, so
that disclosure control can judge them; ``total`` is the code of all categories together.
"""

from umea_eval.datasets.fallprevention.results.bridges import bridges
from umea_eval.datasets.fallprevention.results.closure import closure, closure_curve
from umea_eval.datasets.fallprevention.results.downton import STATES, assessments_used, downton
from umea_eval.datasets.fallprevention.results.fallers import (
    SEXES,
    fallers,
    reached,
    sex_difference,
)
from umea_eval.datasets.fallprevention.results.homes import homes, unit_charts, units
from umea_eval.datasets.fallprevention.results.rates import (
    change,
    change_of,
    enough_units,
    months,
    rates,
)
from umea_eval.datasets.fallprevention.results.register import (
    STARTS,
    TOTAL,
    Choices,
    Register,
    phases,
    register,
    unit_months,
)
from umea_eval.datasets.fallprevention.results.severity import (
    assessed,
    bounds,
    prevention,
    severity,
)
from umea_eval.datasets.fallprevention.results.variants import (
    change_variants,
    counter_measures,
    rate_variants,
    share_variants,
)

__all__ = [
    "SEXES",
    "STARTS",
    "STATES",
    "TOTAL",
    "Choices",
    "Register",
    "assessed",
    "assessments_used",
    "bounds",
    "bridges",
    "change",
    "change_of",
    "change_variants",
    "closure",
    "closure_curve",
    "counter_measures",
    "downton",
    "enough_units",
    "fallers",
    "homes",
    "months",
    "phases",
    "prevention",
    "rate_variants",
    "rates",
    "reached",
    "register",
    "severity",
    "sex_difference",
    "share_variants",
    "unit_charts",
    "unit_months",
    "units",
]
