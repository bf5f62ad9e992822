"""How much of a centre's index, and of its change from year to year, may be chance?

The listed population is counted in full, so this is no sampling error. It is the spread that the
index would have if the same circumstances could be lived over again: who happened to move in, to
lose work or to have a child. A small centre's index moves for that reason alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import norm

from umea_eval.datasets.care_need.measures.index import WEIGHTS

METHOD = "normal, independent traits"
NO_COUNTS = "none: the index alone"


def with_limits(
    table: pd.DataFrame,
    *,
    weights: Mapping[str, float] = WEIGHTS,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The rows of `indexed` with ``spread``, ``lower`` and ``upper`` of ``cni``, and ``method``.

    Each listed person has each of the seven traits or not: a count varies as a binomial one, and
    the seven are taken as independent (assumption; persons who are both unemployed and single
    parents make the spread a little larger). The reference mean counts as known. Rows without
    counts have no limits.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.care_need.measures
    >>> centres = ue.example("care_need", n=6)["centres"]
    >>> table = measures.with_limits(measures.indexed(centres))
    >>> bool((table["lower"] < table["cni"]).all())
    True
    """
    half = norm.isf((1 - confidence) / 2)
    if not set(weights) <= set(table):
        none = table.assign(spread=np.nan, lower=np.nan, upper=np.nan)
        return none.assign(method=NO_COUNTS)
    listed = table["listed"].to_numpy(dtype=np.float64)
    variance = np.zeros(len(table))
    for name, weight in weights.items():
        share = table[name].to_numpy(dtype=np.float64) / listed
        variance += weight**2 * share * (1 - share) / listed
    counted = (table["basis"] == "counts").to_numpy()
    spread = np.where(counted, np.sqrt(variance) / table["reference_mean"].to_numpy(), np.nan)
    index = table["cni"].to_numpy(dtype=np.float64)
    return table.assign(
        spread=spread,
        lower=np.maximum(index - half * spread, 0.0),
        upper=index + half * spread,
        method=np.where(counted, METHOD, NO_COUNTS),
    )


def year_to_year(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Each centre's change of ``cni`` since the year before, and whether chance gives as much.

    ``table`` is what `with_limits` gives. One row per centre and year that has the year before:
    ``centre``, ``year``, ``listed``, ``before``, ``cni``, ``value`` (the change), ``chance`` (its
    standard deviation if nothing but chance had changed), ``lower`` and ``upper`` of the change,
    ``beyond_chance`` (missing without counts). Most listed persons are the same in both years,
    which makes the true spread smaller than this one: what is beyond chance here is so with margin.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.care_need.measures
    >>> centres = ue.example("care_need", n=6)["centres"]
    >>> changes = measures.year_to_year(measures.with_limits(measures.indexed(centres)))
    >>> len(changes) == len(centres) - centres["centre"].nunique()  # the first year has none before
    True
    """
    names = ["centre", "year", "listed", "cni", "spread"]
    now = table[names]
    before = table[["centre", "year", "cni", "spread"]].assign(year=table["year"] + 1)
    both = now.merge(before, on=["centre", "year"], suffixes=("", "_before"))
    half = norm.isf((1 - confidence) / 2)
    value = both["cni"] - both["cni_before"]
    chance = (both["spread"] ** 2 + both["spread_before"] ** 2) ** 0.5
    beyond = (value.abs() > half * chance).astype("boolean").mask(chance.isna())
    made = both[["centre", "year", "listed"]].assign(
        before=both["cni_before"],
        cni=both["cni"],
        value=value,
        chance=chance,
        lower=value - half * chance,
        upper=value + half * chance,
        beyond_chance=beyond,
    )
    return made.sort_values(["centre", "year"], kind="stable", ignore_index=True)


def by_size(changes: pd.DataFrame, *, groups: int = 3) -> pd.DataFrame:
    """How much the index moves from year to year in small and large centres.

    ``changes`` is what `year_to_year` gives. Centres in ``groups`` of about equal number, by their
    mean of listed persons: ``group`` (1 is the smallest), ``centres``, ``changes`` (number),
    ``smallest`` and ``largest`` (mean listed), ``moved`` (root mean square of the changes) and
    ``chance`` (that of their chance).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.care_need.measures
    >>> centres = ue.example("care_need", n=6)["centres"]
    >>> changes = measures.year_to_year(measures.with_limits(measures.indexed(centres)))
    >>> measures.by_size(changes, groups=2)[["group", "centres"]]
       group  centres
    0      1        3
    1      2        3
    """
    size = changes.groupby("centre")["listed"].mean()
    order = size.to_frame().assign(code=size.index).sort_values(["listed", "code"]).index
    parts = np.array_split(np.array(order, dtype=object), min(groups, max(len(order), 1)))
    rows = []
    for number, part in enumerate(parts, start=1):
        own = changes[changes["centre"].isin(list(part))]
        if own.empty:
            continue
        listed = size[list(part)]
        rows.append(
            {
                "group": number,
                "centres": len(part),
                "changes": len(own),
                "listed": int(own["listed"].sum()),
                "smallest": float(listed.min()),
                "largest": float(listed.max()),
                "moved": float(np.sqrt((own["value"] ** 2).mean())),
                "chance": float(np.sqrt((own["chance"] ** 2).mean())),
            }
        )
    names = ["group", "centres", "changes", "listed", "smallest", "largest", "moved", "chance"]
    return pd.DataFrame(rows, columns=names)
