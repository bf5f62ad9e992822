"""Who was asked, who answered, with whose help, and who is missing?"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.intake.codes import MEN, WOMEN
from umea_eval.methods.multiplicity import adjusted_p
from umea_eval.methods.proportions import cochran_armitage, newcombe, wilson

By = Literal["unit", "sex", "age_group"]
TOTAL = "total"
HELP = ("self", "helped", "proxy", "unknown")


def response_rates(
    frame: pd.DataFrame, responses: pd.DataFrame, *, by: By, confidence: float = 0.95
) -> pd.DataFrame:
    """Frame, sent and answered, one row per group of ``by`` and then all of them (``total``).

    ``frame`` has one row per person, or one per group with their number in ``persons``, and
    ``sent``; ``responses`` one per respondent. Where frame and responses have the same running
    numbers, a response counts in the group that the frame says, and only if it was sent
    (``unknown``: responses that were not). Otherwise it counts in the group that it says itself,
    and a group with more answers than questionnaires has no rate (an anonymous survey where groups
    are stated otherwise than in the frame).

    Those who state another sex or none are one group (``third``).

    ``in_frame``, ``sent``, ``answered``, ``share`` (of the sent) with Wilson's limits, ``unknown``
    (in the row of the total).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> rates = measures.response_rates(tables["frame"], tables["responses"], by="sex")
    >>> rates[["sent", "answered"]].iloc[-1].tolist()
    [112, 63]
    """
    sizes = _sizes(frame)
    linked = _linked(frame, responses)
    group = _group(frame, by)
    was_sent = frame["sent"].astype("boolean").fillna(False).to_numpy(dtype=bool)
    if linked:
        ids = set(responses["respondent"].astype("str"))
        here = frame["respondent"].astype("str").isin(ids).to_numpy(dtype=bool) & was_sent
        answered = group[here].value_counts()
        unknown = len(responses) - int(here.sum())
    else:
        answered = _group(responses, by).value_counts()
        unknown = 0
    table = pd.DataFrame(
        {
            "in_frame": sizes.groupby(group.to_numpy()).sum(),
            "sent": sizes.where(was_sent, 0).groupby(group.to_numpy()).sum(),
        }
    )
    named = {str(name) for name in (*table.index, *answered.index)}
    first = [name for name in (WOMEN, MEN) if by == "sex" and name in named]
    table = table.reindex([*first, *sorted(named - set(first))]).fillna(0)
    table["answered"] = answered.reindex(table.index).fillna(0)
    table.loc[TOTAL] = table.sum()
    table = table.astype("int64").rename_axis(by).reset_index()
    table["unknown"] = np.where(table[by] == TOTAL, unknown, 0)
    return _with_rate(table, confidence)


def dropouts(rates: pd.DataFrame, *, by: By, alpha: float = 0.05) -> pd.DataFrame:
    """Does a group answer less often than the others? One row per group of `response_rates`.

    ``share_sent`` and ``share_answered`` (the group's part of those asked and of those who
    answered), ``value`` (its response rate less that of all others) with Newcombe's limits,
    ``p_value``, ``adjusted`` (Holm, over the groups) and ``differs``. Missing where a rate is.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> rates = measures.response_rates(tables["frame"], tables["responses"], by="sex")
    >>> groups = measures.dropouts(rates, by="sex")
    >>> round(float(groups["share_sent"].sum()), 6)
    1.0
    """
    every = rates[rates[by] == TOTAL].iloc[0]
    own = rates[rates[by] != TOTAL].reset_index(drop=True)
    made = own[[by, "sent", "answered"]].assign(
        share_sent=own["sent"] / max(every["sent"], 1),
        share_answered=own["answered"] / max(every["answered"], 1),
    )
    others = (every["answered"] - own["answered"], every["sent"] - own["sent"])
    usable = (own["answered"] <= own["sent"]) & (own["sent"] > 0)
    usable &= (others[0] <= others[1]) & (others[1] > 0)
    columns: dict[str, list[float]] = {"value": [], "lower": [], "upper": [], "p_value": []}
    for place, good in enumerate(usable):
        counts = (own["answered"][place], own["sent"][place], others[0][place], others[1][place])
        found = compare(*(int(count) for count in counts)) if good else (np.nan,) * 4
        for name, value in zip(columns, found, strict=True):
            columns[name].append(value)
    made = made.assign(**columns)
    known = made["p_value"].notna()
    made["adjusted"] = np.nan
    if known.any():
        made.loc[known, "adjusted"] = adjusted_p(made.loc[known, "p_value"].to_numpy())
    return made.assign(differs=made["adjusted"] <= alpha)


def helped(responses: pd.DataFrame) -> pd.DataFrame:
    """How many answered alone, with help, or by proxy: ``help`` and ``answered``.

    The last row is all (``total``); who is not told of is ``unknown``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.survey.measures
    >>> tables = ue.example("survey", n=60)
    >>> helped = measures.helped(tables["responses"])
    >>> helped["help"].tolist()
    ['self', 'helped', 'proxy', 'total']
    """
    said = (
        responses["help"].astype("object")
        if "help" in responses
        else pd.Series(None, index=responses.index, dtype="object")
    )
    counts = said.where(said.notna(), "unknown").value_counts()
    rows = [(name, int(counts.get(name, 0))) for name in HELP]
    rows = [row for row in rows if row[1] or row[0] != "unknown"]
    return pd.DataFrame([*rows, (TOTAL, len(responses))], columns=["help", "answered"])


def compare(x1: int, n1: int, x2: int, n2: int) -> tuple[float, float, float, float]:
    """Difference of two shares with Newcombe's limits, and the p-value of no difference.

    The test is Pearson's chi-square without correction (that of a trend over two groups); where
    nobody or everybody in both is counted, nothing differs and the p-value is 1.
    """
    lower, upper = newcombe(x1, n1, x2, n2)
    if x1 + x2 in (0, n1 + n2):
        p_value = 1.0
    else:
        p_value = cochran_armitage([x1, x2], [n1, n2], [0, 1]).p_value
    return x1 / n1 - x2 / n2, float(lower), float(upper), p_value


def _with_rate(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    good = ((table["sent"] > 0) & (table["answered"] <= table["sent"])).to_numpy()
    made = {name: np.full(len(table), np.nan) for name in ("share", "lower", "upper")}
    if good.any():
        x, n = (table.loc[good, name].to_numpy() for name in ("answered", "sent"))
        limits = wilson(x, n, confidence=confidence)
        made["share"][good] = x / n
        made["lower"][good], made["upper"][good] = limits
    return table.assign(**made)


def _sizes(frame: pd.DataFrame) -> pd.Series:
    if "persons" not in frame:
        return pd.Series(1, index=range(len(frame)))
    return frame["persons"].astype("Int64").fillna(1).astype("int64").reset_index(drop=True)


def _linked(frame: pd.DataFrame, responses: pd.DataFrame) -> bool:
    """Whether every person of the frame has a running number, and some response has one of them."""
    if "respondent" not in frame or frame["respondent"].isna().any():
        return False
    return bool(frame["respondent"].astype("str").isin(set(responses["respondent"])).any())


def _group(rows: pd.DataFrame, by: By) -> pd.Series:
    """The group of each row; another sex or none is ``third``, a group not told ``unknown``."""
    if by not in rows:
        return pd.Series("third" if by == "sex" else "unknown", index=range(len(rows)))
    own = rows[by].astype("object").reset_index(drop=True)
    if by == "sex":
        return own.where(own.isin((WOMEN, MEN)), "third")
    return own.where(own.notna(), "unknown")
