"""What is measured of placements: clean frames in, frames out, each choice a named parameter."""

from umea_eval.datasets.placement_days.measures.budget import (
    back_test,
    budget_deviation,
    forecast,
)
from umea_eval.datasets.placement_days.measures.care import (
    care_episodes,
    join_breaks,
    select,
    with_episodes,
)
from umea_eval.datasets.placement_days.measures.costs import (
    PriceParts,
    average_price,
    cost_change,
    costs_per_month,
    price_segments,
    purchased_share,
)
from umea_eval.datasets.placement_days.measures.course import (
    MARKS,
    Mark,
    course,
    explanations,
    marks,
)
from umea_eval.datasets.placement_days.measures.days import days_per_month, grouped
from umea_eval.datasets.placement_days.measures.flow import flow_per_month
from umea_eval.datasets.placement_days.measures.outcomes import (
    breakdowns,
    durations,
    moves,
    new_and_moved,
    placed_again,
    unplanned_ends,
)
from umea_eval.datasets.placement_days.overlaps import Counting, overlap_days

__all__ = [
    "MARKS",
    "Counting",
    "Mark",
    "PriceParts",
    "average_price",
    "back_test",
    "breakdowns",
    "budget_deviation",
    "care_episodes",
    "cost_change",
    "costs_per_month",
    "course",
    "days_per_month",
    "durations",
    "explanations",
    "flow_per_month",
    "forecast",
    "grouped",
    "join_breaks",
    "marks",
    "moves",
    "new_and_moved",
    "overlap_days",
    "placed_again",
    "price_segments",
    "purchased_share",
    "select",
    "unplanned_ends",
    "with_episodes",
]
