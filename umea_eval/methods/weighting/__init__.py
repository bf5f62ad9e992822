"""Making those who took part and those who did not comparable in what was measured."""

from umea_eval.methods.weighting.balance import Balance, balance_table
from umea_eval.methods.weighting.g_formula import g_formula
from umea_eval.methods.weighting.matching import RiskSetMatches, risk_set_matching
from umea_eval.methods.weighting.propensity import (
    PropensityWeights,
    WeightedDifference,
    propensity_weights,
    weighted_difference,
)

__all__ = [
    "Balance",
    "PropensityWeights",
    "RiskSetMatches",
    "WeightedDifference",
    "balance_table",
    "g_formula",
    "propensity_weights",
    "risk_set_matching",
    "weighted_difference",
]
