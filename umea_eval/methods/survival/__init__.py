"""Time to an event: curves, tests and regression, with censoring and delayed entry."""

from umea_eval.methods.survival.at_risk import at_risk_table
from umea_eval.methods.survival.cox import Cox, cox
from umea_eval.methods.survival.cumulative_incidence import (
    CumulativeIncidence,
    cumulative_incidence,
)
from umea_eval.methods.survival.in_groups import in_groups
from umea_eval.methods.survival.kaplan_meier import KaplanMeier, kaplan_meier
from umea_eval.methods.survival.log_rank import LogRank, log_rank
from umea_eval.methods.survival.restricted_mean import RestrictedMean, restricted_mean

__all__ = [
    "Cox",
    "CumulativeIncidence",
    "KaplanMeier",
    "LogRank",
    "RestrictedMean",
    "at_risk_table",
    "cox",
    "cumulative_incidence",
    "in_groups",
    "kaplan_meier",
    "log_rank",
    "restricted_mean",
]
