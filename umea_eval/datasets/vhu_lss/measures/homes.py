"""How alike are persons who share a home, and how many independent persons are they worth?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.measures.shares import check_columns, estimates, own_homes
from umea_eval.methods.clustered import design_effect

NOT_POSSIBLE = "none: too few shared homes, or no variation"
ROWS = ("intraclass correlation", "design effect", "effective sample size")


def alike_in_homes(frame: pd.DataFrame, column: str, *, confidence: float = 0.95) -> pd.DataFrame:
    """Three rows, by ``measure``: the correlation within homes, the design effect, and the size.

    ``frame`` has a row per person with ``home`` and a number or flag in ``column``; persons without
    either are left out (``left_out``). Missing where no two share a home, where there are fewer
    than two homes, and where nobody differs. The correlation is what ``detectable_participation``
    takes as ``correlation_in_homes``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> visits = measures.with_persons(tables["examinations"], tables["persons"])
    >>> status = measures.bmi_classes(visits)
    >>> alike = measures.alike_in_homes(
    ...     visits.assign(heavy=visits["bmi"] >= 30).dropna(subset=["bmi", "home"]), "heavy"
    ... )
    >>> alike["measure"].tolist()
    ['intraclass correlation', 'design effect', 'effective sample size']
    """
    check_columns(frame, ("home", column))
    values = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(values) & frame["home"].notna().to_numpy()
    homes, values = frame.loc[known, "home"].astype("str"), values[known]
    left_out = int(np.count_nonzero(~known))
    within = pd.Series(values).groupby(homes.to_numpy()).nunique()
    if len(within) < 2 or len(within) == len(values) or within.max() < 2:
        empty = {"value": np.nan, "lower": np.nan, "upper": np.nan, "numerator": np.nan}
        rows: list[dict[str, object]] = [
            {"measure": name, **empty, "denominator": len(values), "confidence": confidence}
            | {"method": NOT_POSSIBLE, "homes": len(within), "left_out": left_out}
            for name in ROWS
        ]
        return estimates(rows, "measure")
    found = design_effect(values, homes, confidence=confidence)
    table = found.table.assign(homes=found.clusters, left_out=left_out)
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    return estimates(rows, "measure")


def correlation_in_homes(chosen: pd.DataFrame, column: str, *, by: str) -> float:
    """How alike persons of one home are in a flag, apart from what groups differ: 0 to 1.

    1 where homes differ but nobody within one. 0 also where it cannot be known: no two of the
    persons share a home, each group has one home, or all are alike. A missing group is left out.

    >>> import umea_eval as ue
    >>> import pandas as pd
    >>> persons = pd.DataFrame(
    ...     {"place": "A", "home": ["h1", "h1", "h2", "h2"], "yes": [True, True, False, True]}
    ... )
    >>> ue.datasets.vhu_lss.measures.correlation_in_homes(persons, "yes", by="place")
    0.0
    """
    chosen = chosen.dropna(subset=[by])
    # A home is another home in another group.
    places = chosen[by].astype("str") + " " + own_homes(chosen["home"]).astype("str")
    within = chosen.groupby(places)[column]
    shared, several = within.ngroups < len(chosen), within.ngroups > chosen[by].nunique()
    if not (shared and several) or chosen[column].nunique() < 2:
        return 0.0
    if within.nunique().max() < 2:
        return 1.0
    found = design_effect(chosen[column].astype("float64"), places, groups=chosen[by])
    return max(float(found.table["value"].iloc[0]), 0.0)
