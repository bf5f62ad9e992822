"""How often those whom Downton points out fall: predictive values under the prevention given."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.datasets.fallprevention.measures.selection import FALLS, chosen, no_rows, tidy
from umea_eval.errors import UserError
from umea_eval.methods.proportions import proportion
from umea_eval.methods.proportions.single import Method

# Rosendahl et al. 2003, in older people in residential care: nothing is known of LSS homes.
HIGH_RISK = 3
HORIZON = 365  # assumption: assessments are renewed at least yearly
MEASURES = {
    "positive_predictive": ("true_positive", "false_positive"),
    "negative_predictive": ("true_negative", "false_negative"),
    "sensitivity": ("true_positive", "false_negative"),
    "specificity": ("true_negative", "false_positive"),
}
_MORE = ("not_followed", "without_score")


def downton_outcomes(
    assessments: pd.DataFrame,
    deviations: pd.DataFrame,
    *,
    until: dt.date,
    threshold: int = HIGH_RISK,
    horizon: int = HORIZON,
    which: Literal["first", "last"] = "first",
) -> pd.DataFrame:
    """One row per resident: ``score``, ``high`` (``threshold`` and more), ``fell``, ``followed``.

    Counted are reported falls from the day after the assessment to the ``horizon``-th day, both
    included. ``followed`` says that the whole of it lies within the data (to ``until``, included):
    only such residents have an outcome, fallen or not, so that those who fell early are not
    over-represented. Of several assessments the ``first`` with a whole follow-up counts (or the
    ``last`` such); where none has one, the first (or last) of all. A resident is followed also
    after moving within the data; one who moves away or dies is not known to.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> import datetime as dt
    >>> tables = ue.example("fallprevention", n=60)
    >>> people = measures.downton_outcomes(
    ...     tables["assessments"], tables["deviations"], until=dt.date(2024, 1, 31)
    ... )
    >>> people["resident"].is_unique
    True
    """
    if horizon < 1:
        raise UserError("fallprevention.measures.horizon")
    own = assessments[["resident", "assessed_on", "score"]].dropna(subset=["resident"])
    day = pd.to_datetime(own["assessed_on"]).to_numpy(dtype="datetime64[D]")
    ends = day + np.timedelta64(horizon, "D")
    frame = pd.DataFrame(
        {
            "resident": own["resident"].astype("object").to_numpy(),
            "assessed_on": day.astype("datetime64[us]"),
            "score": own["score"].to_numpy(dtype="float64", na_value=np.nan),
            "followed": ends <= np.datetime64(until, "D"),
        }
    )
    frame = frame.sort_values(["resident", "assessed_on"], kind="stable")
    frame["_rank"] = ~frame["followed"]
    if which == "last":
        frame = frame.iloc[::-1]
    frame = frame.sort_values(["resident", "_rank"], kind="stable").drop_duplicates("resident")
    frame = frame.drop(columns="_rank").reset_index(drop=True)
    return frame.assign(
        high=frame["score"] >= threshold,
        fell=_fell(frame, chosen(deviations, kinds=FALLS), horizon),
    )


def predictive_values(
    assessments: pd.DataFrame,
    deviations: pd.DataFrame,
    *,
    until: dt.date,
    threshold: int = HIGH_RISK,
    horizon: int = HORIZON,
    which: Literal["first", "last"] = "first",
    confidence: float = 0.95,
    method: Method = "wilson",
) -> pd.DataFrame:
    """Predictive values of Downton among residents who were followed for the whole ``horizon``.

    One row per ``measure``: "positive_predictive" (fell, of the high), "negative_predictive" (did
    not, of the others), "sensitivity" (high, of those who fell) and "specificity"; a share without
    a base has no value. ``not_followed`` and ``without_score`` are residents left out. All hold
    **under the prevention that was given**: a high score leads to measures, which make it look
    worse, and only reported falls are counted. They do not measure the instrument.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.fallprevention.measures
    >>> import datetime as dt
    >>> tables = ue.example("fallprevention", n=60)
    >>> values = measures.predictive_values(
    ...     tables["assessments"], tables["deviations"], until=dt.date(2024, 1, 31)
    ... )
    >>> values["measure"].tolist()
    ['positive_predictive', 'negative_predictive', 'sensitivity', 'specificity']
    """
    people = downton_outcomes(
        assessments, deviations, until=until, threshold=threshold, horizon=horizon, which=which
    )
    if people.empty:
        return no_rows(("measure",), _MORE)
    scored = people["score"].notna()
    used = people[scored & people["followed"]]
    high, fell = used["high"].to_numpy(dtype=bool), used["fell"].to_numpy(dtype=bool)
    cells = {
        "true_positive": high & fell,
        "false_positive": high & ~fell,
        "false_negative": ~high & fell,
        "true_negative": ~high & ~fell,
    }
    counts = {name: int(rows.sum()) for name, rows in cells.items()}
    rows = pd.DataFrame(
        [
            [name, counts[right], counts[right] + counts[wrong]]
            for name, (right, wrong) in MEASURES.items()
        ],
        columns=["measure", "x", "n"],
    )
    known = rows["n"] > 0
    table = rows[["measure"]].assign(
        numerator=rows["x"].astype("float64"),
        denominator=rows["n"].astype("float64"),
        value=np.nan,
        lower=np.nan,
        upper=np.nan,
        confidence=confidence,
        method="not computed: nobody in the base",
    )
    if known.any():
        found = proportion(rows[known], "x", "n", confidence=confidence, method=method).table
        for name in ("value", "lower", "upper", "method"):
            table.loc[known, name] = found[name].to_numpy()
    table["not_followed"] = float((scored & ~people["followed"]).sum())
    table["without_score"] = float((~scored).sum())
    return tidy(table, ("measure",))


def _fell(people: pd.DataFrame, falls: pd.DataFrame, horizon: int) -> NDArray[np.bool_]:
    """Who has a report of a fall within ``horizon`` days after the assessment."""
    named = falls[falls["resident"].notna()]
    place = pd.Series(np.arange(len(people)), index=people["resident"])
    at = place.reindex(named["resident"].astype("object")).to_numpy(dtype="float64")
    linked = ~np.isnan(at)
    whose = at[linked].astype(np.int64)
    assessed = people["assessed_on"].to_numpy(dtype="datetime64[D]")[whose]
    on = pd.to_datetime(named["happened_on"]).to_numpy(dtype="datetime64[D]")[linked]
    days = (on - assessed).astype(np.int64)
    fell = np.zeros(len(people), dtype=bool)
    fell[whose[(days >= 1) & (days <= horizon)]] = True
    return fell
