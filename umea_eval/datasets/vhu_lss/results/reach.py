"""How far did those come whom the offer is for, and who are they?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.measures import flow, losses
from umea_eval.datasets.vhu_lss.measures.people import NOT_DUE
from umea_eval.datasets.vhu_lss.results.register import (
    ALPHA,
    QUESTIONS,
    SEXES,
    TOTAL,
    UNKNOWN,
    Register,
)
from umea_eval.datasets.vhu_lss.schema import CODES
from umea_eval.language import Language, text
from umea_eval.methods.claims import shared
from umea_eval.methods.proportions import with_share
from umea_eval.methods.two_shares import two_shares

ROUNDS = ("40", "50", "60")
STEP_FLAGS = ("invited", "accepted", "examined")
Group = Literal["sex", "round"]
NOT_EXAMINED = "not examined"
# Wide classes of why an eligible person was not examined, in the order of the table.
REASON_GROUPS: Mapping[str, tuple[str, ...]] = {
    "declined": ("no_wish", "other_care", "fear", "representative"),
    "not_reached": ("not_reached", "no_answer", "answer_missing", "pending", "cancelled"),
    "circumstances": ("illness", "moved", "dead"),
    "organisation": ("staffing", "not_introduced"),
    "other": ("other", "not_stated"),
}


def reached(found: Register) -> pd.DataFrame:
    """The short list for few persons: ``examined``, and which third of the invited accepted."""
    counts = {name: int(found.people[name].sum()) for name in STEP_FLAGS}
    part, group = counts["accepted"], counts["invited"]
    third = "low" if 3 * part < group else "high" if 3 * part > 2 * group else "middle"
    frame = pd.DataFrame({name: [count] for name, count in counts.items()})
    return frame.assign(accepting=pd.Series([third if group else None], dtype="str"))


def steps(found: Register) -> pd.DataFrame:
    """The flow, one row per step: who reached it, of whom, and who went no further.

    ``step``, ``before`` (the step before), ``numerator``, ``denominator``, ``value`` with limits,
    ``lost`` and ``lost_at`` (a name for what is lost there). In the row of the examined only:
    ``eligible``, and those of them who were not (``missed``).
    """
    table = flow(found.people)
    before = table["step"].shift().fillna("none").astype("str")
    table = table.assign(before=before, lost_at="lost before " + table["step"])
    table.loc[0, "lost"] = np.nan
    own = table["numerator"].where(table["step"] == "examined")
    whole = table["numerator"].iloc[0]
    table = table.assign(eligible=own.mask(own.notna(), whole), missed=whole - own)
    names = ["step", "before", "numerator", "denominator", "value", "lower", "upper"]
    counts = ("lost", "eligible", "missed")
    return table[[*names, *counts, "lost_at"]].astype(dict.fromkeys(counts, "Int64"))


def reasons(found: Register) -> pd.DataFrame:
    """Why persons went no further: ``step`` (not reached), ``reason``, ``persons``.

    By name within each step: an order by size would tell of numbers that are suppressed.
    """
    table = losses(found.people).rename(columns={"numerator": "persons"})
    place = {step: at for at, step in enumerate(table["step"].drop_duplicates())}
    table = table.assign(_at=table["step"].map(place)).sort_values(["_at", "reason"])
    table = table.reset_index(drop=True)
    table["lost_at"] = "lost before " + table["step"].astype("str")
    return table[["step", "lost_at", "reason", "persons"]].astype({"persons": "int64"})


def reason_groups(found: Register) -> pd.DataFrame:
    """As ``reasons``, in wide classes, all of which have a row: why persons were not examined, and
    why the examined were not followed up (not due yet, or another reason).
    """
    table = losses(found.people)
    later = (table["step"] == "followed_up").to_numpy()
    before = table[~later].set_index("reason")["numerator"].groupby(level=0).sum()
    rows = [
        ("examined", NOT_EXAMINED, group, int(before.reindex(reasons_in, fill_value=0).sum()))
        for group, reasons_in in REASON_GROUPS.items()
    ]
    due = (table["reason"] != NOT_DUE).to_numpy()
    rows += [
        (
            "followed_up",
            "lost before followed_up",
            group,
            int(table["numerator"][later & which].sum()),
        )
        for group, which in ((NOT_DUE, ~due), ("another", due))
    ]
    return pd.DataFrame(rows, columns=["step", "lost_at", "reason", "persons"])


def described(found: Register, by: Group) -> pd.DataFrame:
    """Who was offered and who took part, by sex or by the age of the offer, with all of them last.

    The group, ``eligible``, ``invited``, ``accepted``, ``examined`` and the share of the invited
    who accepted with Wilson's limits.
    """
    known = SEXES if by == "sex" else ROUNDS
    groups = found.people[by].astype("object").where(found.people[by].isin(known), UNKNOWN)
    rows = []
    for group in (*known, UNKNOWN, TOTAL):
        part = found.people if group == TOTAL else found.people[(groups == group).to_numpy()]
        if part.empty and group == UNKNOWN:
            continue
        rows.append((group, len(part), *(int(part[name].sum()) for name in STEP_FLAGS)))
    table = pd.DataFrame(rows, columns=[by, "eligible", *STEP_FLAGS])
    return with_share(table, "accepted", "invited")


def sex_difference(table: pd.DataFrame, found: Register) -> pd.DataFrame:
    """Women minus men in the share of the invited who accept (see `two_shares`): one row.

    ``table`` is ``described`` by sex. The interval holds together with ``place_differences``.
    """
    rows = table.set_index("sex")
    (x1, x2), (n1, n2) = (
        [int(count) for count in rows.loc[list(SEXES), name].tolist()]
        for name in ("accepted", "invited")
    )
    counts = {"women": x1, "women_of": n1, "men": x2, "men_of": n2}
    row = {"comparison": "women_men", **counts, "men_share": x2 / n2 if n1 and n2 else np.nan}
    row |= two_shares(x1, n1, x2, n2, confidence=participation_confidence(found))
    return pd.DataFrame([row])


def participation_confidence(found: Register) -> float:
    """That of each comparison of participation: the places with the reference, and the sexes."""
    return shared(QUESTIONS * (other_places(found) + 1), ALPHA)


def other_places(found: Register) -> int:
    places = int(found.people.loc[found.people["invited"], "municipality"].nunique())
    return max(places - 1, 0)


def reason_label(code: str, language: Language) -> str:
    """The words of a reason: one that somebody wrote down, or one that follows from the tables."""
    for each in CODES["reason"].codes:
        if each.code == code:
            return each.label_sv if language == "sv" else each.label_en
    return text(f"vhu_lss.reason.{code}", language).capitalize()
