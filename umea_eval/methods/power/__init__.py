"""The smallest effect that a design can detect: by formula, or by simulating the design."""

from umea_eval.methods.power.detectable import (
    SmallestEffect,
    detectable_difference_in_differences,
    detectable_hazard_ratio,
    detectable_interrupted_series,
    detectable_means,
    detectable_paired_means,
    detectable_paired_proportions,
    detectable_proportions,
    detectable_rates,
    smallest_difference_in_differences,
    smallest_differences,
    smallest_paired_change,
)
from umea_eval.methods.power.formulas import (
    design_effect,
    interrupted_series_errors,
    power_hazard_ratio,
    power_means,
    power_paired_means,
    power_paired_proportions,
    power_proportions,
    power_rates,
    smallest_attainable_p,
)
from umea_eval.methods.power.simulation import SimulatedPower, simulated_power

__all__ = [
    "SimulatedPower",
    "SmallestEffect",
    "design_effect",
    "detectable_difference_in_differences",
    "detectable_hazard_ratio",
    "detectable_interrupted_series",
    "detectable_means",
    "detectable_paired_means",
    "detectable_paired_proportions",
    "detectable_proportions",
    "detectable_rates",
    "interrupted_series_errors",
    "power_hazard_ratio",
    "power_means",
    "power_paired_means",
    "power_paired_proportions",
    "power_proportions",
    "power_rates",
    "simulated_power",
    "smallest_attainable_p",
    "smallest_difference_in_differences",
    "smallest_differences",
    "smallest_paired_change",
]
