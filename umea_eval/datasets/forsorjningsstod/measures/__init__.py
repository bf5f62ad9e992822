"""Measures of ekonomiskt bistånd: frame in, frame out, every definition choice a parameter."""

from umea_eval.datasets.forsorjningsstod.measures.amounts import amounts, amounts_by_kind
from umea_eval.datasets.forsorjningsstod.measures.benefit_months import (
    ECONOMIC_SUPPORT,
    benefit_months,
    month_counts,
    net_months,
    of_age,
)
from umea_eval.datasets.forsorjningsstod.measures.children import (
    children_by_month,
    children_by_year,
    family_months,
)
from umea_eval.datasets.forsorjningsstod.measures.exits import (
    REASONS,
    competing_exits,
    exits_by_reason,
    re_entries,
    re_entry_share,
    with_reasons,
)
from umea_eval.datasets.forsorjningsstod.measures.flows import flows, new_recipients
from umea_eval.datasets.forsorjningsstod.measures.long_term import (
    long_term_by_month,
    long_term_months,
    long_term_share,
    months_by_year,
    very_long_term_months,
)
from umea_eval.datasets.forsorjningsstod.measures.obstacles import (
    obstacle_months,
    obstacle_quality,
    obstacles_by_month,
)
from umea_eval.datasets.forsorjningsstod.measures.recipients import for_each, recipients
from umea_eval.datasets.forsorjningsstod.measures.spells import (
    begun_before,
    break_months,
    spells,
)

__all__ = [
    "ECONOMIC_SUPPORT",
    "REASONS",
    "amounts",
    "amounts_by_kind",
    "begun_before",
    "benefit_months",
    "break_months",
    "children_by_month",
    "children_by_year",
    "competing_exits",
    "exits_by_reason",
    "family_months",
    "flows",
    "for_each",
    "long_term_by_month",
    "long_term_months",
    "long_term_share",
    "month_counts",
    "months_by_year",
    "net_months",
    "new_recipients",
    "obstacle_months",
    "obstacle_quality",
    "obstacles_by_month",
    "of_age",
    "re_entries",
    "re_entry_share",
    "recipients",
    "spells",
    "very_long_term_months",
    "with_reasons",
]
