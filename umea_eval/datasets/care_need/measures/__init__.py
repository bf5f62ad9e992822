"""Measures of the Care Need Index: the index, its uncertainty, and money shared by it."""

from umea_eval.datasets.care_need.measures.allocation import (
    by_need,
    compared,
    largest_remainder,
    over_threshold,
)
from umea_eval.datasets.care_need.measures.index import (
    PUBLISHED_MEAN,
    WEIGHTS,
    Reference,
    care_need_index,
    components,
    indexed,
)
from umea_eval.datasets.care_need.measures.sensitivity import sensitivity, what_if
from umea_eval.datasets.care_need.measures.uncertainty import by_size, with_limits, year_to_year

__all__ = [
    "PUBLISHED_MEAN",
    "WEIGHTS",
    "Reference",
    "by_need",
    "by_size",
    "care_need_index",
    "compared",
    "components",
    "indexed",
    "largest_remainder",
    "over_threshold",
    "sensitivity",
    "what_if",
    "with_limits",
    "year_to_year",
]
