"""Diabetes, body mass, blood pressure and blood lipids: who is above which limit?

The limits are the usual ones and stand as parameters, since they are choices (assumption). Each
function keeps the visit's columns and adds one with ``yes``, ``no`` or ``undetermined``.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.datasets.vhu_lss.measures.three_valued import (
    UNDETERMINED,
    Values,
    as_status,
    at_least,
    body_mass_index,
    flags,
    numbers,
)
from umea_eval.datasets.vhu_lss.measures.three_valued import fasting_glucose as fasting_values
from umea_eval.errors import UserError

Needed = Literal["any", "all"]
BMI_CLASSES = ("below", "overweight", "obesity")


def type_2_diabetes(
    visits: pd.DataFrame,
    *,
    hba1c: float = 48.0,
    fasting_glucose: float = 7.0,
    ogtt: float = 12.2,
    count_known: bool = True,
    needed: Needed = "any",
) -> pd.DataFrame:
    """Adds ``type_2_diabetes``: any of HbA1c (mmol/mol), fasting glucose or 2-h OGTT (mmol/l) high.

    Values at the limit count. ``count_known``: an earlier diagnosis or a drug counts as well. It is
    no where every value there is lies below, and with ``needed="all"`` only where all three are
    there. The data do not tell type 2 from other types.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> status = measures.type_2_diabetes(tables["examinations"])
    >>> sorted(status["type_2_diabetes"].unique())
    ['no', 'undetermined', 'yes']
    """
    tests = [
        at_least(numbers(visits, "hba1c"), hba1c),
        at_least(fasting_values(visits), fasting_glucose),
        at_least(numbers(visits, "ogtt"), ogtt),
    ]
    known = ("known_diabetes", "drug_glucose") if count_known else ()
    return visits.assign(type_2_diabetes=_any(visits, tests, known, needed))


def high_blood_pressure(
    visits: pd.DataFrame,
    *,
    systolic: float = 140.0,
    diastolic: float = 90.0,
    count_known: bool = True,
    needed: Needed = "all",
) -> pd.DataFrame:
    """Adds ``high_blood_pressure``: systolic or diastolic (mm Hg) at or above its limit.

    ``count_known``: an earlier diagnosis or a drug counts as well.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> status = measures.high_blood_pressure(tables["examinations"])
    >>> sorted(status["high_blood_pressure"].unique())
    ['no', 'yes']
    """
    tests = [
        at_least(numbers(visits, "systolic"), systolic),
        at_least(numbers(visits, "diastolic"), diastolic),
    ]
    known = ("known_hypertension", "drug_blood_pressure") if count_known else ()
    return visits.assign(high_blood_pressure=_any(visits, tests, known, needed))


def hyperlipidaemia(
    visits: pd.DataFrame,
    *,
    cholesterol: float | None = 6.2,
    ldl: float | None = 4.1,
    triglycerides: float | None = 2.3,
    count_known: bool = True,
    needed: Needed = "any",
) -> pd.DataFrame:
    """Adds ``hyperlipidaemia``: any of the values (mmol/l) at or above its limit; None leaves one.

    The defaults are near "high" in NCEP ATP III (240, 160 and 200 mg/dl; assumption).
    ``count_known``: an earlier diagnosis, a statin or another drug for lipids counts as well.
    Raises UserError where every limit is None.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> status = measures.hyperlipidaemia(tables["examinations"])
    >>> sorted(status["hyperlipidaemia"].unique())
    ['no', 'undetermined', 'yes']
    """
    limits = {"cholesterol": cholesterol, "ldl": ldl, "triglycerides": triglycerides}
    tests = [
        at_least(numbers(visits, name), limit)
        for name, limit in limits.items()
        if limit is not None
    ]
    if not tests:
        raise UserError("vhu_lss.measures.no_limit")
    known = ("known_hyperlipidaemia", "drug_statin", "drug_lipids") if count_known else ()
    return visits.assign(hyperlipidaemia=_any(visits, tests, known, needed))


def bmi_classes(
    visits: pd.DataFrame, *, overweight: float = 25.0, obesity: float = 30.0
) -> pd.DataFrame:
    """Adds ``bmi_class``: below, overweight, obesity or undetermined; limits belong to the higher.

    BMI is weight over height squared (kg/m²), else the stated one.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> import pandas as pd
    >>> visits = pd.DataFrame({"person": ["a", "b", "c"], "bmi": [22.0, 25.0, None]})
    >>> measures.bmi_classes(visits)["bmi_class"].tolist()
    ['below', 'overweight', 'undetermined']
    """
    if not overweight < obesity:
        raise UserError("vhu_lss.measures.bmi_limits")
    bmi = body_mass_index(visits)
    place = (bmi >= overweight).astype(np.int64) + (bmi >= obesity)
    names = np.where(np.isnan(bmi), UNDETERMINED, np.array(BMI_CLASSES, dtype=object)[place])
    return visits.assign(bmi_class=pd.Series(names, index=visits.index, dtype="str"))


def _any(
    visits: pd.DataFrame, tests: list[Values], known: tuple[str, ...], needed: Needed
) -> pd.Series:
    yes = np.zeros(len(visits), dtype=bool)
    for name in known:
        yes |= flags(visits, name, "none") == 1
    absent = np.zeros(len(visits), dtype=np.int64)
    for test in tests:
        yes |= test == 1
        absent += np.isnan(test)
    enough: NDArray[np.bool_] = absent < len(tests) if needed == "any" else absent == 0
    return as_status(yes, ~yes & enough, visits.index)
