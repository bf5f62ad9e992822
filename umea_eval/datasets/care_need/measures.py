"""Care Need Index on its two scales."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from umea_eval.errors import UserError

# Sundquist et al. 2003; they reproduce SCB's published example (case N01). All are counts per
# listed population: shares with other denominators (of ages 16-64) are not these.
WEIGHTS: Mapping[str, float] = {
    "living_alone_65": 6.15,
    "born_in_listed_regions": 5.72,
    "unemployed_16_64": 5.13,
    "single_parent": 4.19,
    "moved_in": 4.19,
    "low_education_25_64": 3.97,
    "under_five": 3.23,
}


def care_need_index(
    centres: pd.DataFrame,
    *,
    reference_mean: float | None = None,
    weights: Mapping[str, float] = WEIGHTS,
) -> pd.DataFrame:
    """The index of each health centre from its seven counts.

    ``centres`` has one row per centre (and year): ``listed`` (persons) and one column of counts per
    weight. Returns the same rows with ``weighted_sum``, ``raw`` (weighted sum per listed person,
    about 2.5) and ``cni`` (raw over ``reference_mean``: 1 is the reference; "over 1.1" means this
    scale). Without ``reference_mean`` it is the mean over all listed persons in ``centres``.

    Raises UserError for a missing or negative count, and for a centre without listed persons.
    Source: Sundquist et al. 2003; equals SCB's example, case N01.
    """
    counts = centres[list(weights)].astype("float64")
    listed = centres["listed"].astype("float64")
    if bool(counts.isna().any(axis=None)) or bool((counts < 0).any(axis=None)):
        raise UserError("care_need.errors.count", columns=", ".join(weights))
    if bool(listed.isna().any()) or bool((listed <= 0).any()):
        raise UserError("care_need.errors.listed")
    weighted = (counts * pd.Series(dict(weights))).sum(axis=1)
    mean = reference_mean or float(weighted.sum() / listed.sum())
    return centres.assign(
        weighted_sum=weighted, raw=weighted / listed, cni=weighted / listed / mean
    )
