"""How far did each eligible person come, and why no further?"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.measures.shares import (
    By,
    check_columns,
    estimates,
    grouped,
    names_of,
    share,
)

STEPS = ("eligible", "invited", "accepted", "examined", "followed_up")
# Reasons that follow from the tables where nobody wrote one down.
NOT_STATED, NO_ANSWER, NO_RECORD, NOT_DUE = "not_stated", "no_answer", "answer_missing", "not_due"
PENDING = "pending"


def people(
    persons: pd.DataFrame,
    examinations: pd.DataFrame,
    follow_ups: pd.DataFrame,
    *,
    until: dt.date,
    follow_up_days: int = 365,
    pending_days: int = 90,
) -> pd.DataFrame:
    """One row per eligible person (a row of ``persons``), with how far they came.

    The frames are the clean tables. A person with several rows counts once, by the first. Whoever
    answered was invited, even without a date, and whoever was examined had accepted. A follow-up
    counts if it is later than the person's first examination. It is due ``follow_up_days`` after
    that; not yet followed up and due after ``until`` (the extraction date) is the reason
    ``not_due``. Invited less than ``pending_days`` before ``until`` and neither declined nor
    examined is ``pending`` (assumption: three months for an answer and a visit).

    Columns: ``person``, ``municipality``, ``area``, ``unit`` (municipality and area), ``home``,
    ``round``, ``sex`` (by the identity number, else as stated), ``step`` (the last one reached, of
    ``STEPS``), a flag per step, and ``reason``: why the person went no further (a code of the
    dataset, or ``pending``, ``no_answer``, ``answer_missing``, ``not_due``, ``not_stated``; missing
    for those who were followed up).

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
    >>> everybody["person"].is_unique
    True
    """
    check_columns(persons, ("person", "municipality", "invited_on", "answer"))
    own = persons.drop_duplicates("person").reset_index(drop=True)
    key = own["person"].astype("str")
    first = _by_person(examinations, "min").reindex(key).to_numpy()
    last = _by_person(follow_ups, "max").reindex(key).to_numpy()
    answer = own["answer"].astype("object")
    examined = ~np.isnat(first)
    followed = examined & (last > first)
    accepted = examined | (answer == "accepted").to_numpy()
    invited = accepted | (own["invited_on"].notna() | answer.notna()).to_numpy(dtype=bool)
    reached = 0 + invited + accepted + examined + followed
    due = first + np.timedelta64(follow_up_days, "D") <= np.datetime64(until)
    reason = own["reason"].astype("object") if "reason" in own else pd.Series(pd.NA, own.index)
    asked = own["invited_on"].to_numpy(dtype="datetime64[D]")
    recent = np.datetime64(until) - asked < np.timedelta64(pending_days, "D")
    pending = recent & invited & ~examined & (answer != "declined").to_numpy()
    rest = np.select(
        [
            pending,
            (reached == 1) & (answer == "no_answer").to_numpy(),
            (reached == 1) & answer.isna().to_numpy(),
            (reached == 3) & ~due,
        ],
        [PENDING, NO_ANSWER, NO_RECORD, NOT_DUE],
        NOT_STATED,
    )
    why = reason.where(reason.notna(), pd.Series(rest, index=own.index, dtype="object"))
    nothing = pd.Series(pd.NA, index=own.index, dtype="str")
    area = own["area"].astype("str") if "area" in own else nothing
    municipality = own["municipality"].astype("str")
    return pd.DataFrame(
        {
            "person": key,
            "municipality": municipality,
            "area": area,
            "unit": unit_names(municipality, area),
            "home": own["home"].astype("str") if "home" in own else nothing,
            "round": own["round"].astype("str") if "round" in own else nothing,
            "sex": sexes(own),
            "step": pd.Series(np.array(STEPS, dtype=object)[reached], dtype="str"),
            "invited": invited,
            "accepted": accepted,
            "examined": examined,
            "followed_up": followed,
            "reason": why.where(reached < len(STEPS) - 1).astype("str"),
        }
    )


def unit_names(municipality: pd.Series, area: pd.Series) -> pd.Series:
    """The unit of an introduction: the municipality, and its area where it has areas."""
    code, name = municipality.astype("str"), area.astype("str")
    return code.where(name.isna(), code + " " + name.fillna("")).astype("str")


def sexes(frame: pd.DataFrame) -> pd.Series:
    """Each row's sex: by the identity number, else as stated; missing where neither says."""
    nothing = pd.Series(pd.NA, index=frame.index, dtype="str")
    number = frame["person_sex"].astype("str") if "person_sex" in frame else nothing
    stated = frame["sex"].astype("str") if "sex" in frame else nothing
    return number.where(number.notna(), stated)


def flow(everybody: pd.DataFrame, *, by: By = (), confidence: float = 0.95) -> pd.DataFrame:
    """Eligible, invited, accepted, examined, followed up: one row per step (and group of ``by``).

    ``everybody`` is what ``people`` gives. ``numerator`` reached the step, ``denominator`` the step
    before (missing for the first); ``value`` is their share with Wilson's limits; ``lost`` are
    those who came no further than the step before. The examined whose follow-up is not due yet
    count as lost there: their reason says so.

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
    >>> measures.flow(everybody)["numerator"].is_monotonic_decreasing
    True
    """
    check_columns(everybody, ("step",))
    rows = []
    for labels, part in grouped(everybody, by):
        steps = part["step"].map({step: number for number, step in enumerate(STEPS)})
        place = steps.to_numpy(dtype=np.int64)
        rows.append(
            labels
            | {"step": STEPS[0], "numerator": len(part), "denominator": np.nan, "value": np.nan}
            | {"lower": np.nan, "upper": np.nan, "confidence": np.nan, "method": "count", "lost": 0}
        )
        for number in range(1, len(STEPS)):
            before = place[place >= number - 1]
            row = share(pd.Series(before >= number), confidence=confidence)
            lost = int(np.count_nonzero(before == number - 1))
            rows.append(labels | {"step": STEPS[number]} | row | {"lost": lost})
    return estimates(rows, [*names_of(by), "step"])


def losses(everybody: pd.DataFrame, *, by: By = ()) -> pd.DataFrame:
    """Why persons went no further: one row per step that they did not reach, and reason.

    Columns: those of ``by``, ``step`` (the one not reached), ``reason``, ``numerator`` (persons),
    ``denominator`` (all lost there); the reasons of a step add up to ``lost`` of ``flow``. The
    commonest reason first, then by name.

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
    >>> losses = measures.losses(everybody)
    >>> losses["step"].unique().tolist()
    ['invited', 'accepted', 'examined', 'followed_up']
    """
    columns = [*names_of(by), "step", "reason", "numerator", "denominator"]
    rows = []
    for labels, part in grouped(everybody, by):
        for number in range(1, len(STEPS)):
            lost = part.loc[part["step"] == STEPS[number - 1], "reason"]
            counts = lost.value_counts()
            for reason in sorted(counts.index, key=lambda name: (-int(counts[name]), str(name))):
                named = {"step": STEPS[number], "reason": str(reason)}
                sizes = {"numerator": int(counts[reason]), "denominator": len(lost)}
                rows.append(labels | named | sizes)
    return pd.DataFrame(rows, columns=columns)


def _by_person(visits: pd.DataFrame, which: str) -> pd.Series:
    days = visits["examined_on"].astype("datetime64[us]")
    found: pd.Series = days.groupby(visits["person"].astype("str")).agg(which)
    return found
