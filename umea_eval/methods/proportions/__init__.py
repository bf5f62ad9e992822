"""Shares: with interval, compared, in the same people twice, over time, and as printed."""

from umea_eval.methods.proportions.comparison import difference, katz, koopman, newcombe, ratio
from umea_eval.methods.proportions.paired import mcnemar, paired_difference, tango
from umea_eval.methods.proportions.printed import possible_counts, possible_groups
from umea_eval.methods.proportions.single import clopper_pearson, proportion, wilson, with_share
from umea_eval.methods.proportions.trend import cochran_armitage, proportion_trend

__all__ = [
    "clopper_pearson",
    "cochran_armitage",
    "difference",
    "katz",
    "koopman",
    "mcnemar",
    "newcombe",
    "paired_difference",
    "possible_counts",
    "possible_groups",
    "proportion",
    "proportion_trend",
    "ratio",
    "tango",
    "wilson",
    "with_share",
]
