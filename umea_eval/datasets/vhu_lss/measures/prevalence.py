"""How common is a condition among the examined, and what share was found by the examination?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.measures.people import sexes, unit_names
from umea_eval.datasets.vhu_lss.measures.shares import (
    By,
    bounded_share,
    check_columns,
    estimates,
    grouped,
    names_of,
)
from umea_eval.datasets.vhu_lss.measures.three_valued import UNDETERMINED, YES, numbers
from umea_eval.methods.bounds import Covers

Of = Literal["undiagnosed", "examined"]
CANNOT = "none: no earlier diagnoses in the data"


def with_persons(visits: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Visits with their person's ``municipality``, ``area``, ``unit``, ``home`` and ``sex``.

    Columns that the visits have of their own are kept but for ``sex``: by the identity number, else
    as stated in ``persons``. A visit whose person is not among them has these missing.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> visits = measures.with_persons(tables["examinations"], tables["persons"])
    >>> len(visits) == len(tables["examinations"]), "home" in visits
    (True, True)
    """
    columns = [name for name in ("municipality", "area", "home", "sex") if name in persons]
    own = persons.drop_duplicates("person").set_index(
        persons["person"].drop_duplicates().astype("str")
    )
    beside = own[columns].astype("str").reindex(visits["person"].astype("str"))
    made = visits.assign(
        **{name: beside[name].array for name in columns if name not in visits or name == "sex"}
    )
    nothing = pd.Series(pd.NA, index=made.index, dtype="str")
    unit = unit_names(made.get("municipality", nothing), made.get("area", nothing))
    return made.assign(unit=unit, sex=sexes(made))


def first_visits(visits: pd.DataFrame) -> pd.DataFrame:
    """Each person's first visit (the first row of that day).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> first = measures.first_visits(tables["examinations"])
    >>> first["person"].is_unique
    True
    """
    ordered = visits.sort_values("examined_on", kind="stable")
    return ordered.drop_duplicates("person").sort_index().reset_index(drop=True)


def prevalence(
    statuses: pd.DataFrame,
    column: str,
    *,
    by: By = (),
    value: str = YES,
    covers: Covers = "set",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The share of ``statuses`` (one row per person) whose ``column`` is ``value``, with bounds.

    ``column`` is one that this dataset's measures add, with ``undetermined`` for those of whom it
    cannot be told: they are in the denominator, and ``least`` and ``most`` take none and all of
    them to have it. ``value`` exists only where nobody is undetermined: never a share of the
    determined alone. ``covers``: limits that hold the whole set of possible shares, or the one true
    share wherever it lies in it.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> status = measures.metabolic_syndrome(tables["examinations"])
    >>> share = measures.prevalence(status, "metabolic_syndrome")
    >>> bool((share["least"] <= share["most"]).all())
    True
    """
    check_columns(statuses, (column,))
    rows = []
    for labels, part in grouped(statuses, by):
        row = bounded_share(
            int((part[column] == value).sum()),
            int((part[column] == UNDETERMINED).sum()),
            len(part),
            confidence=confidence,
            covers=covers,
        )
        rows.append(labels | {"condition": column, "class": value} | row)
    return estimates(rows, [*names_of(by), "condition", "class"])


def distribution(
    statuses: pd.DataFrame,
    column: str,
    classes: tuple[str, ...],
    *,
    by: By = (),
    covers: Covers = "set",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """``prevalence`` of every class of ``column`` (``bmi_class``), one below the other.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> classes = measures.bmi_classes(tables["examinations"])
    >>> spread = measures.distribution(classes, "bmi_class", measures.BMI_CLASSES)
    >>> len(spread)
    3
    """
    parts = [
        prevalence(statuses, column, by=by, value=each, covers=covers, confidence=confidence)
        for each in classes
    ]
    return pd.concat(parts, ignore_index=True)


def detection(
    statuses: pd.DataFrame,
    column: str,
    *,
    known: str,
    drug: str | Sequence[str] = (),
    of: Of = "undiagnosed",
    by: By = (),
    covers: Covers = "set",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The share in whom the examination found what no one had diagnosed: a detection share.

    ``column`` is to be reckoned from the values alone (``count_known=False``); ``known`` is the
    flag of an earlier diagnosis, from the region, and a ``drug`` (a flag, or any of several) counts
    as one.
    ``of="undiagnosed"``: of the examined without an earlier diagnosis; ``"examined"``: of all
    examined whose earlier diagnoses are known. Persons whose earlier diagnoses are not known are
    left out and counted in ``history_unknown``. Where nobody's are known, the share cannot be
    given: ``value`` and bounds are missing, ``cannot`` is true and ``method`` says why.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> status = measures.type_2_diabetes(tables["examinations"])
    >>> found = measures.detection(
    ...     status, "type_2_diabetes", known="known_diabetes", drug="drug_glucose"
    ... )
    >>> bool((found["least"] <= found["most"]).all())
    True
    """
    check_columns(statuses, (column,))
    history = numbers(statuses, known)
    for taken in (drug,) if isinstance(drug, str) else drug:
        history = np.where(numbers(statuses, taken) == 1, 1.0, history)
    frame = statuses.assign(_history=history)
    rows = []
    for labels, part in grouped(frame, by):
        told = part[part["_history"].notna()]
        base = told if of == "examined" else told[told["_history"] == 0]
        new = base["_history"] == 0
        row = bounded_share(
            int((new & (base[column] == YES)).sum()),
            int((new & (base[column] == UNDETERMINED)).sum()),
            len(base),
            confidence=confidence,
            covers=covers,
        )
        cannot = told.empty
        row |= {"history_unknown": len(part) - len(told), "cannot": cannot, "of": of}
        if cannot:
            row |= {"method": CANNOT, "numerator": np.nan, "denominator": np.nan}
        rows.append(labels | {"condition": column} | row)
    return estimates(rows, [*names_of(by), "condition"])
