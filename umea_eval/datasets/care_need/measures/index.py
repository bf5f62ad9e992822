"""Care Need Index on its two scales, from seven counts or as it was delivered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
# The mean behind SCB's published example (case N01), for whoever has no region to compare with.
PUBLISHED_MEAN = 2.4761

Floats = NDArray[np.float64]
Reference = Literal["listed", "centres", "published"]
"""What 1 is: the mean over all listed persons, the mean over centres, or SCB's published mean."""
Basis = Literal["counts", "weighted_sum", "raw", "index"]


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

    >>> import umea_eval as ue
    >>> measures = ue.datasets.care_need.measures
    >>> import pandas as pd
    >>> counts = {name: [100] for name in measures.WEIGHTS}
    >>> centres = pd.DataFrame({"centre": ["A"], "listed": [1000], **counts})
    >>> round(
    ...     float(measures.care_need_index(centres)["raw"].iloc[0]), 3
    ... )  # the weights add up to 32.58
    3.258
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


def weighted_sum(centres: pd.DataFrame, weights: Mapping[str, float] = WEIGHTS) -> Floats:
    """The weighted sum of each row's counts; missing where one of them is."""
    total = np.zeros(len(centres))
    for name, weight in weights.items():
        total += weight * _floats(centres, name)
    return total


def indexed(
    centres: pd.DataFrame,
    *,
    reference: Reference | float = "listed",
    weights: Mapping[str, float] = WEIGHTS,
) -> pd.DataFrame:
    """Every centre and year with its index on both scales, from whatever was delivered.

    ``centres`` has ``centre``, ``year``, ``listed`` and, each where it exists, the seven counts,
    ``weighted_sum``, ``raw`` and ``cni``. The first of these that a row has decides (``basis``):
    counts, weighted sum, raw index, normalised index. ``reference`` is the raw mean that 1 stands
    for, a number or how it is found in each year's rows (`Reference`); rows with a normalised index
    alone keep it, since nobody can know its reference, and have no ``raw``.

    Returns one row per centre and year, in that order: ``centre``, ``year``, ``listed``, the counts
    that exist, ``weighted_sum``, ``raw``, ``reference_mean``, ``cni``, ``basis``. Other ``weights``
    can be applied to counts only; the other rows then have no index.
    Raises UserError for a centre without listed persons, one that comes twice in a year, and a
    reference that is not above 0.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.care_need.measures
    >>> centres = ue.example("care_need", n=6)["centres"]
    >>> table = measures.indexed(centres)
    >>> len(table) == len(centres), table["basis"].unique().tolist()
    (True, ['counts'])
    """
    check_once(centres)
    listed = _floats(centres, "listed")
    if bool(np.isnan(listed).any()) or bool((listed <= 0).any()):
        raise UserError("care_need.errors.listed")
    own = weighted_sum(centres, weights) if set(weights) <= set(centres) else _nothing(centres)
    same = dict(weights) == dict(WEIGHTS)
    given = _floats(centres, "weighted_sum") if same else _nothing(centres)
    per_listed = _floats(centres, "raw") if same else _nothing(centres)
    index = _floats(centres, "cni") if same else _nothing(centres)
    raw = _first(own / listed, given / listed, per_listed)
    means = _means(centres["year"].to_numpy(dtype=np.float64), listed, raw, reference)
    cni = _first(raw / means, index)
    known = (("counts", own), ("weighted_sum", given), ("raw", per_listed), ("index", index))
    basis = np.full(len(centres), "none", dtype=object)
    for name, values in reversed(known):
        basis[~np.isnan(values)] = name
    counts = [name for name in WEIGHTS if name in centres]
    made = pd.DataFrame(
        {
            "centre": centres["centre"].astype("str").to_numpy(dtype=object),
            "year": centres["year"].to_numpy(dtype=np.int64),
            "listed": listed,
            **{name: _floats(centres, name) for name in counts},
            "weighted_sum": raw * listed,
            "raw": raw,
            "reference_mean": means,
            "cni": cni,
            "basis": basis,
        }
    ).astype({"centre": "str", "basis": "str", "listed": "int64"})
    return made.sort_values(["centre", "year"], kind="stable", ignore_index=True)


def components(table: pd.DataFrame, weights: Mapping[str, float] = WEIGHTS) -> pd.DataFrame:
    """What each variable gives to the index, one row per centre, year and variable.

    ``table`` is what `indexed` gives. ``variable``, ``count``, ``share`` (of the listed),
    ``contribution`` (weight times share, on the raw scale) and ``above`` (contribution less that of
    all listed persons of the year, over the reference mean: what it adds to the normalised index).
    The contributions of a centre add up to ``raw``, and ``above`` to ``cni`` less that of all.
    Rows without counts are left out.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.care_need.measures
    >>> centres = ue.example("care_need", n=6)["centres"]
    >>> table = measures.indexed(centres)
    >>> parts = measures.components(table)
    >>> bool(
    ...     abs(parts["contribution"].sum() - table["raw"].sum()) < 1e-9
    ... )  # they add up to the index
    True
    """
    own = table[table["basis"] == "counts"]
    every = own.groupby("year")[["listed", *(name for name in weights if name in own)]].sum()
    parts = []
    for name, weight in weights.items() if len(own) else ():
        share = own[name] / own["listed"]
        usual = (own["year"].map(every[name]) / own["year"].map(every["listed"])).to_numpy()
        part = own[["centre", "year", "listed"]].assign(
            variable=name,
            count=own[name].astype("int64"),
            share=share,
            contribution=weight * share,
            above=weight * (share - usual) / own["reference_mean"],
        )
        parts.append(part)
    names = ["centre", "year", "listed", "variable", "count", "share", "contribution", "above"]
    if not parts:
        return pd.DataFrame(columns=names)
    order = {name: place for place, name in enumerate(weights)}
    return pd.concat(parts).sort_values(
        ["centre", "year", "variable"],
        key=lambda column: column.map(order) if column.name == "variable" else column,
        kind="stable",
        ignore_index=True,
    )[names]


def check_once(centres: pd.DataFrame) -> None:
    """Raise UserError where a centre comes twice in one year."""
    twice = centres[centres.duplicated(["centre", "year"])]
    if len(twice):
        first = twice.iloc[0]
        raise UserError("care_need.errors.twice", centre=first["centre"], year=int(first["year"]))


def _means(years: Floats, listed: Floats, raw: Floats, reference: Reference | float) -> Floats:
    """The raw mean that 1 stands for, by row; missing in a year in which no row has a raw index."""
    if reference == "published":
        return np.full(len(years), PUBLISHED_MEAN)
    if not isinstance(reference, str):
        if not reference > 0:
            raise UserError("care_need.errors.reference")
        return np.full(len(years), float(reference))
    means = np.full(len(years), np.nan)
    for year in np.unique(years):
        own = (years == year) & ~np.isnan(raw)
        if own.any():
            weights = listed[own] if reference == "listed" else np.ones(int(own.sum()))
            means[years == year] = np.average(raw[own], weights=weights)
    return means


def _floats(frame: pd.DataFrame, name: str) -> Floats:
    if name not in frame:
        return _nothing(frame)
    values: Floats = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def _nothing(frame: pd.DataFrame) -> Floats:
    return np.full(len(frame), np.nan)


def _first(*columns: Floats) -> Floats:
    """The first value of each row that is there."""
    made = columns[-1].copy()
    for column in reversed(columns[:-1]):
        made = np.where(np.isnan(column), made, column)
    return made
