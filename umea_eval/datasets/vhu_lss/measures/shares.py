"""Shares of persons with their interval; nobody in a group is no share, and no error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.errors import UserError
from umea_eval.methods.bounds import Covers, manski_bounds
from umea_eval.methods.clustered import cluster_bootstrap
from umea_eval.methods.proportions import wilson
from umea_eval.methods.result import COLUMNS

Interval = Literal["wilson", "homes"]
By = str | Sequence[str]

HOME = "home"
NOBODY = "none: nobody in the group"
FEW_HOMES = "none: too few homes, or no difference between them"
# Below it the percentiles of a bootstrap are known to be too narrow (assumption).
FEWEST_HOMES = 10


def names_of(by: By) -> list[str]:
    """The grouping columns as a list."""
    return [by] if isinstance(by, str) else list(by)


def check_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise UserError where a column that a measure needs is not in its frame."""
    missing = [name for name in columns if name not in frame]
    if missing:
        raise UserError(
            "vhu_lss.measures.no_column",
            column=", ".join(missing),
            known=", ".join(map(str, frame.columns)),
        )


def grouped(frame: pd.DataFrame, by: By) -> list[tuple[dict[str, object], pd.DataFrame]]:
    """The groups that occur, in order; a missing label is a group of its own, the last.

    Without ``by`` everybody is one group, even where there is nobody.
    """
    names = names_of(by)
    check_columns(frame, names)
    if not names:
        return [({}, frame)]
    if frame.empty:
        return []
    parts = frame.groupby(names, sort=True, observed=True, dropna=False)
    return [(dict(zip(names, key, strict=True)), part) for key, part in parts]


def estimates(rows: Sequence[dict[str, object]], by: By) -> pd.DataFrame:
    """Rows of estimates as a frame: the columns of ``by``, then those of every result table."""
    names = names_of(by)
    if not rows:
        return pd.DataFrame(columns=[*names, *COLUMNS])
    table = pd.DataFrame(list(rows))
    rest = [name for name in table.columns if name not in (*names, *COLUMNS)]
    table = table[[*names, *COLUMNS, *rest]]
    return table.astype(dict.fromkeys(COLUMNS[:-1], "float64"))


def share(
    counted: pd.Series,
    homes: pd.Series | None = None,
    *,
    confidence: float = 0.95,
    interval: Interval = "wilson",
    replicates: int = 2_000,
    seed: int = 1,
) -> dict[str, object]:
    """The share of persons who count (``counted``: a flag per person) with its interval.

    ``interval="homes"`` draws whole homes with replacement, since persons of one home are alike;
    persons without a home are then a home each. It gives no limits below ``FEWEST_HOMES`` homes,
    nor where the share is the same in all.
    """
    x, n = int(counted.sum()), len(counted)
    row: dict[str, object] = {"numerator": x, "denominator": n, "confidence": confidence}
    missing = {"value": np.nan, "lower": np.nan, "upper": np.nan}
    if n == 0:
        return row | missing | {"method": NOBODY}
    if interval == "wilson" or homes is None:
        lower, upper = wilson(x, n, confidence=confidence)
        return row | {"value": x / n, "lower": lower, "upper": upper, "method": "Wilson"}
    cluster = own_homes(homes)
    within = counted.astype("float64").groupby(cluster).mean()
    if len(within) < FEWEST_HOMES or within.max() - within.min() < 1e-9:
        return row | missing | {"value": x / n, "method": FEW_HOMES}
    found = cluster_bootstrap(
        pd.DataFrame({"x": counted.to_numpy(dtype=np.float64), HOME: cluster.to_numpy()}),
        lambda drawn: float(drawn["x"].mean()),
        cluster=HOME,
        replicates=replicates,
        seed=seed,
        confidence=confidence,
    ).table.iloc[0]
    return row | {name: found[name] for name in ("value", "lower", "upper", "method")}


def own_homes(homes: pd.Series) -> pd.Series:
    """Each person's home as text; a person without one has a home of their own."""
    alone = pd.Series([f"alone {place}" for place in range(len(homes))], index=homes.index)
    return homes.astype("object").where(homes.notna(), alone)


def bounded_share(
    yes: int, undetermined: int, everybody: int, *, confidence: float, covers: Covers
) -> dict[str, object]:
    """A share when some are undetermined: bounds, and a value only where there is no such person.

    ``least`` takes none of the undetermined to count, ``most`` all of them; ``lower`` and ``upper``
    hold sampling error as well (Manski; see ``methods.bounds``).
    """
    row: dict[str, object] = {
        "numerator": yes,
        "denominator": everybody,
        "value": np.nan,
        "lower": np.nan,
        "upper": np.nan,
        "confidence": confidence,
        "method": NOBODY,
        "least": np.nan,
        "most": np.nan,
        "undetermined": undetermined,
    }
    if everybody == 0:
        return row
    data = pd.DataFrame({"x": [yes], "n": [everybody], "m": [undetermined]})
    found = manski_bounds(data, "x", "n", "m", covers=covers, confidence=confidence).table.iloc[0]
    row |= {name: found[name] for name in ("lower", "upper", "method", "least", "most")}
    return row if undetermined else row | {"value": yes / everybody}
