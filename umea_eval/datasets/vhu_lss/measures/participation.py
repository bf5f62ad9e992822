"""How many take part, of the offered and of the eligible, and how do places differ?"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.measures.homes import correlation_in_homes
from umea_eval.datasets.vhu_lss.measures.shares import (
    FEW_HOMES,
    By,
    Interval,
    check_columns,
    estimates,
    grouped,
    own_homes,
    share,
)
from umea_eval.errors import UserError
from umea_eval.methods.clustered import gee
from umea_eval.methods.proportions import difference, newcombe

Base = Literal["offered", "eligible"]
Taking = Literal["accepted", "examined"]
HOMES_ALIKE = "Newcombe, homes alike"
_COUNTS = ("numerator", "denominator", "reference_numerator", "reference_denominator")
Comparison = Literal["newcombe", "newcombe_homes", "homes"]


def participation(
    everybody: pd.DataFrame,
    *,
    by: By = "municipality",
    base: Base = "offered",
    taking_part: Taking = "accepted",
    interval: Interval = "wilson",
    confidence: float = 0.95,
    replicates: int = 2_000,
    seed: int = 1,
) -> pd.DataFrame:
    """The share who take part, one row per group of ``by`` (``()`` for all together).

    ``everybody`` is what ``people`` gives. ``base`` says of whom: those invited, or all eligible.
    ``taking_part``: those who said yes (as the published 84 and 71 per cent are understood), or
    those who were examined. ``interval="homes"`` takes into account that persons share homes, by
    drawing whole homes ``replicates`` times.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> import datetime as dt
    >>> tables = ue.example("vhu_lss", n=60)
    >>> everybody = measures.people(
    ...     tables["persons"],
    ...     tables["examinations"],
    ...     tables["follow_ups"],
    ...     until=dt.date(2026, 1, 31),
    ... )
    >>> share = measures.participation(everybody, by=())
    >>> bool(share["numerator"].iloc[0] <= share["denominator"].iloc[0])
    True
    """
    chosen = _base(everybody, base, taking_part)
    rows = []
    for labels, part in grouped(chosen, by):
        row = share(
            part[taking_part],
            part.get("home"),
            confidence=confidence,
            interval=interval,
            replicates=replicates,
            seed=seed,
        )
        rows.append(labels | row | {"base": base, "taking_part": taking_part})
    return estimates(rows, by)


def participation_difference(
    everybody: pd.DataFrame,
    *,
    by: str = "municipality",
    reference: str,
    base: Base = "offered",
    taking_part: Taking = "accepted",
    interval: Comparison = "newcombe",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Each group's share minus that of ``reference``, with Newcombe's interval.

    ``interval="newcombe_homes"`` counts persons as so many fewer as they answer like those they
    share homes with (design effect; the correlation within homes is that of all groups together,
    at least 0), and needs no number of homes. ``interval="homes"`` gives limits by estimating
    equations with bias-reduced errors, clustered on homes, for one group and the reference at a
    time: none where they have too few homes, or where all homes of a group are alike. Raises
    UserError for a reference that has no one of the base.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> import datetime as dt
    >>> tables = ue.example("vhu_lss", n=60)
    >>> everybody = measures.people(
    ...     tables["persons"],
    ...     tables["examinations"],
    ...     tables["follow_ups"],
    ...     until=dt.date(2026, 1, 31),
    ... )
    >>> difference = measures.participation_difference(everybody, reference="2480")
    >>> difference["municipality"].tolist()
    ['2409', '2421', '2460']
    """
    chosen = _base(everybody, base, taking_part).dropna(subset=[by])
    if chosen.empty:
        return estimates([], by)
    if not (chosen[by] == reference).any():
        known = ", ".join(sorted(chosen[by].astype("str").unique()))
        raise UserError("vhu_lss.measures.no_reference", column=by, known=known)
    if chosen[by].nunique() < 2:
        return estimates([], by)
    counts = pd.DataFrame({by: chosen[by], "x": chosen[taking_part].astype("int64"), "n": 1})
    table = difference(
        counts, "x", "n", group=by, reference=reference, confidence=confidence
    ).table.assign(base=base, taking_part=taking_part, reference=reference)
    if interval == "newcombe_homes":
        effects = _effects(chosen, by, correlation_in_homes(chosen, taking_part, by=by))
        lower, upper = newcombe(
            *(table[name] for name in _COUNTS),
            inflation=(table[by].map(effects), effects[reference]),
            confidence=confidence,
        )
        table = table.assign(lower=lower, upper=upper, method=HOMES_ALIKE)
    rows: list[dict[str, object]] = [
        {str(name): value for name, value in row.items()} for row in table.to_dict("records")
    ]
    if interval == "homes":
        data = pd.DataFrame(
            {
                "outcome": chosen[taking_part].astype("float64"),
                "label": chosen[by],
                "home": own_homes(chosen["home"]),
            }
        )
        rows = [row | _by_homes(data, row[by], reference, confidence) for row in rows]
    return estimates(rows, by)


def _effects(chosen: pd.DataFrame, by: str, correlation: float) -> dict[object, float]:
    """The design effect of each group, from how many of its persons share a home."""
    homes = own_homes(chosen["home"])
    sizes = chosen.groupby([chosen[by], homes.to_numpy()]).size().astype("float64")
    weighted = (sizes**2).groupby(level=0).sum() / sizes.groupby(level=0).sum()
    return {label: 1 + (size - 1) * correlation for label, size in weighted.items()}


def _by_homes(
    data: pd.DataFrame, label: object, reference: str, confidence: float
) -> dict[str, object]:
    pair = data[data["label"].isin((label, reference))]
    rest = pair["outcome"] - pair.groupby("label")["outcome"].transform("mean")
    # Two terms: the errors need a home or two beyond them, and homes that differ from their group.
    if len(set(pair["home"])) <= 3 or rest.groupby(pair["home"]).sum().abs().max() < 1e-9:
        return {"lower": np.nan, "upper": np.nan, "method": FEW_HOMES}
    found = gee(
        pair.assign(group=(pair["label"] == label).astype("float64")),
        outcome="outcome",
        covariates=["group"],
        cluster="home",
        family="gaussian",
        correlation="independence",
        confidence=confidence,
    ).table.iloc[0]
    return {name: found[name] for name in ("lower", "upper", "method")}


def _base(everybody: pd.DataFrame, base: Base, taking_part: Taking) -> pd.DataFrame:
    check_columns(everybody, ("invited", taking_part))
    return everybody[everybody["invited"]] if base == "offered" else everybody
