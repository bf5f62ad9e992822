"""How much does each person move a curve? What a robust standard error is made of."""

from __future__ import annotations

import numpy as np

from umea_eval.methods.inputs import FloatArray, IntArray
from umea_eval.methods.survival.at_risk import EventTimes, FollowUp


def robust_errors(
    persons: FollowUp,
    counted: EventTimes,
    incidence: FloatArray,
    kind: int | None,
    clusters: IntArray,
) -> FloatArray:
    """Standard error of the incidence of a kind (None: any) at each event time, by cluster.

    The infinitesimal jackknife, as R's ``survfit(..., cluster = id)``: the derivative of the curve
    by the weight of each row, summed within clusters. Without clusters and without competing
    events it equals Greenwood's formula. ``incidence``: the curve just after each event time.
    """
    n, d = counted.at_risk, counted.any_event
    dk = d if kind is None else counted.events[:, kind - 1]
    after = np.cumprod(1 - d / n)
    before = np.concatenate([[1.0], after[:-1]])
    more = n > d
    # Where all at risk have an event the curve ends: what is multiplied by 1 / (n - d) is zero.
    rest = np.where(more, 1 / np.where(more, n - d, 1.0), 0.0)
    left = np.searchsorted(counted.time, persons.durations, side="right")
    entered = np.zeros(len(persons), dtype=np.int64)
    if persons.entry is not None:
        entered = np.searchsorted(counted.time, persons.entry, side="right")
    happened = persons.codes > 0
    own = np.maximum(left - 1, 0)
    of_kind = happened if kind is None else persons.codes == kind
    first = np.concatenate([[0.0], np.cumsum(d / n * rest)])
    second = np.concatenate([[0.0], np.cumsum(d / n * rest * incidence)])
    third = np.concatenate([[0.0], np.cumsum(before * dk / n**2)])
    errors = np.empty(len(n))
    for place in range(len(n)):
        upto = np.minimum(left, place + 1)
        since = np.minimum(entered, upto)
        moved = incidence[place] * (first[upto] - first[since]) - (second[upto] - second[since])
        moved -= third[upto] - third[since]
        inside = happened & (own <= place)
        at = own[inside]
        moved[inside] -= (incidence[place] - incidence[at]) * rest[at]
        inside = of_kind & (own <= place)
        at = own[inside]
        moved[inside] += before[at] / n[at]
        grouped = np.bincount(clusters, weights=moved)
        errors[place] = np.sqrt(grouped @ grouped)
    return errors
