"""How much does the money move if the threshold, the weights or the reference were others?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from umea_eval.datasets.care_need.measures.allocation import over_threshold
from umea_eval.datasets.care_need.measures.index import WEIGHTS, Reference, indexed

THRESHOLDS = (1.05, 1.075, 1.1, 1.125, 1.15)
REFERENCES: tuple[Reference, ...] = ("listed", "centres", "published")


def sensitivity(
    centres: pd.DataFrame,
    budget: int,
    *,
    year: int,
    threshold: float = 1.1,
    reference: Reference = "listed",
    thresholds: Sequence[float] = THRESHOLDS,
) -> pd.DataFrame:
    """The allocation under every other definition, compared with the chosen one.

    ``centres`` is what `indexed` takes. Changed one at a time: the threshold, the reference, and
    the weights (all equal; and each of the seven variables left out). One row per variant:
    ``definition`` (chosen, threshold, reference, weights, without), ``setting`` (its value, as a
    code), ``above`` (centres over the threshold), ``largest`` (kronor to the one with most),
    ``moved`` (kronor that go to other centres than under the chosen definition), ``share`` (of the
    budget). Where no centre is above, or a centre has no counts for other weights, the numbers of
    kronor are missing.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.care_need.measures
    >>> centres = ue.example("care_need", n=6)["centres"]
    >>> variants = measures.sensitivity(centres, 1000000, year=2023, threshold=1.0)
    >>> variants["definition"].unique().tolist()
    ['chosen', 'threshold', 'reference', 'weights', 'without']
    """
    chosen = _allocated(indexed(centres, reference=reference), budget, year, threshold)
    rows = []
    for definition, setting, table, limit in _variants(centres, threshold, reference, thresholds):
        found = _allocated(table, budget, year, limit)
        above = table[(table["year"] == year) & (table["cni"] > limit)]
        row: dict[str, object] = {"definition": definition, "setting": setting}
        row |= {"above": len(above), "largest": np.nan, "moved": np.nan}
        if found is not None:
            row["largest"] = float(found.max())
            if chosen is not None:
                # What some gain the others lose.
                row["moved"] = float((found - chosen).abs().sum() / 2)
        rows.append(row)
    made = pd.DataFrame(rows)
    return made.assign(share=made["moved"] / budget, chosen=made["definition"] == "chosen")


def what_if(
    table: pd.DataFrame, *, budgets: Sequence[int], thresholds: Sequence[float]
) -> pd.DataFrame:
    """What a centre gets, for every threshold and budget: one row each, in the order given.

    ``table`` has one row per centre, as `over_threshold` takes it. ``threshold``, ``budget``,
    ``above``, ``listed`` (persons at the centres above), ``largest`` and ``smallest`` (kronor to a
    centre above), ``per_listed`` (kronor per listed person at them). Missing where none is above.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.care_need.measures
    >>> import pandas as pd
    >>> centres = pd.DataFrame(
    ...     {"centre": ["A", "B", "C"], "listed": [5000, 4000, 6000], "cni": [1.3, 1.1, 1.2]}
    ... )
    >>> measures.what_if(centres, budgets=[1000000], thresholds=[1.1, 1.25])[
    ...     ["threshold", "above", "largest"]
    ... ]
       threshold  above    largest
    0       1.10      2   625000.0
    1       1.25      1  1000000.0
    """
    rows = []
    for threshold in thresholds:
        above = table[table["cni"] > threshold]
        persons = int(above["listed"].sum())
        for budget in budgets:
            row = {"threshold": threshold, "budget": budget, "above": len(above)}
            row |= {"listed": persons, "largest": np.nan, "smallest": np.nan}
            if len(above):
                found = over_threshold(table, budget, threshold=threshold)
                own = found.loc[found["cni"] > threshold, "amount"]
                row |= {"largest": float(own.max()), "smallest": float(own.min())}
            row["per_listed"] = budget / persons if persons else np.nan
            rows.append(row)
    return pd.DataFrame(rows)


def _variants(
    centres: pd.DataFrame,
    threshold: float,
    reference: Reference,
    thresholds: Sequence[float],
) -> Iterator[tuple[str, str, pd.DataFrame, float]]:
    own = indexed(centres, reference=reference)
    yield "chosen", f"{threshold:g}", own, threshold
    for limit in thresholds:
        if limit != threshold:
            yield "threshold", f"{limit:g}", own, limit
    for other in REFERENCES:
        if other != reference:
            yield "reference", other, indexed(centres, reference=other), threshold
    if not set(WEIGHTS) <= set(centres):
        return
    others: dict[tuple[str, str], Mapping[str, float]] = {
        ("weights", "equal"): dict.fromkeys(WEIGHTS, 1.0)
    }
    for name in WEIGHTS:
        others["without", name] = {key: w for key, w in WEIGHTS.items() if key != name}
    for (definition, setting), weights in others.items():
        # SCB's mean is that of its own weights.
        mean: Reference = "listed" if reference == "published" else reference
        yield definition, setting, indexed(centres, reference=mean, weights=weights), threshold


def _allocated(table: pd.DataFrame, budget: int, year: int, threshold: float) -> pd.Series | None:
    """Kronor by centre, or nothing where there is none above or one without an index."""
    own = table[table["year"] == year]
    if own["cni"].isna().any() or not (own["cni"] > threshold).any():
        return None
    found = over_threshold(own, budget, threshold=threshold)
    amounts: pd.Series = found.set_index("centre")["amount"]
    return amounts
