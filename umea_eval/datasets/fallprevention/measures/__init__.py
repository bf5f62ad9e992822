"""Measures of fallprevention: frame in, frame out. They describe reports, and no effect."""

from umea_eval.datasets.fallprevention.measures.closure import time_to_closure
from umea_eval.datasets.fallprevention.measures.culture import reporting_culture, silent_units
from umea_eval.datasets.fallprevention.measures.downton import downton_outcomes, predictive_values
from umea_eval.datasets.fallprevention.measures.prevention import (
    prevention_before,
    prevention_bounds,
)
from umea_eval.datasets.fallprevention.measures.rates import fall_rates
from umea_eval.datasets.fallprevention.measures.repeat import repeat_fallers
from umea_eval.datasets.fallprevention.measures.severity import (
    assessed_share,
    severity_bounds,
    severity_counts,
)
from umea_eval.datasets.fallprevention.measures.units import (
    UnitChart,
    unit_chart,
    unit_charts,
    unit_funnel,
)

__all__ = [
    "UnitChart",
    "assessed_share",
    "downton_outcomes",
    "fall_rates",
    "predictive_values",
    "prevention_before",
    "prevention_bounds",
    "repeat_fallers",
    "reporting_culture",
    "severity_bounds",
    "severity_counts",
    "silent_units",
    "time_to_closure",
    "unit_chart",
    "unit_charts",
    "unit_funnel",
]
