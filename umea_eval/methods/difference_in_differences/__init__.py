"""How much more an outcome changed where something was introduced than where it was not."""

from umea_eval.methods.difference_in_differences.regression import (
    DifferenceInDifferences,
    two_by_two,
    two_way_fixed_effects,
)
from umea_eval.methods.difference_in_differences.staggered import (
    PlaceboPermutation,
    StaggeredAdoption,
    placebo_permutation,
    staggered_adoption,
)

__all__ = [
    "DifferenceInDifferences",
    "PlaceboPermutation",
    "StaggeredAdoption",
    "placebo_permutation",
    "staggered_adoption",
    "two_by_two",
    "two_way_fixed_effects",
]
