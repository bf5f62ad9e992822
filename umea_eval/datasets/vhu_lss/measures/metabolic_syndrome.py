"""Who has the metabolic syndrome, and of whom can it not be told?

Joint interim statement: Alberti et al. 2009, Circulation 120:1640-1645. IDF: Alberti, Zimmet & Shaw
2006, Diabet Med 23:469-480. NCEP ATP III as revised by Grundy et al. 2005, Circulation
112:2735-2752. The limits of the last two are stated from memory (assumption).
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.measures.people import sexes
from umea_eval.datasets.vhu_lss.measures.three_valued import (
    MissingFlag,
    Values,
    as_status,
    at_least,
    below,
    body_mass_index,
    either,
    flags,
    numbers,
)
from umea_eval.datasets.vhu_lss.measures.three_valued import fasting_glucose as fasting_values
from umea_eval.errors import UserError

Definition = Literal["joint", "idf", "ncep"]
Waist = Literal["94/80", "102/88"]

COMPONENTS = ("waist", "triglycerides", "hdl", "blood_pressure", "glucose")
# Of the five; for IDF of the four beside the waist, which it demands.
ENOUGH: dict[Definition, int] = {"joint": 3, "idf": 2, "ncep": 3}
# Limits of men and of women.
WAISTS: dict[Waist, tuple[float, float]] = {"94/80": (94, 80), "102/88": (102, 88)}  # cm
HDL: dict[Definition, tuple[float, float]] = {
    "joint": (1.0, 1.3),
    "idf": (1.03, 1.29),
    "ncep": (1.03, 1.3),
}  # mmol/l
TRIGLYCERIDES = 1.7  # mmol/l
SYSTOLIC, DIASTOLIC = 130.0, 85.0  # mm Hg
OBESE = 30.0  # kg/m²: above it, IDF takes the waist to be large
DRUGS = {
    "triglycerides": "drug_lipids",
    "hdl": "drug_lipids",
    "blood_pressure": "drug_blood_pressure",
    "glucose": "drug_glucose",
}


def metabolic_syndrome(
    visits: pd.DataFrame,
    *,
    definition: Definition = "joint",
    waist: Waist | None = None,
    fasting_glucose: float = 5.6,
    missing_drug: MissingFlag = "unknown",
) -> pd.DataFrame:
    """One row per visit: each component (1, 0 or missing), and ``metabolic_syndrome``.

    ``visits`` is a clean table of examinations or follow-ups, with the sex by the identity number
    or in a column ``sex``; the row's other columns are kept. "joint": at least three of five.
    "idf": a large waist (or a BMI over 30) and at least two of the other four, where diabetes
    diagnosed before counts as the glucose. "ncep": at least three of five, with its own limits of
    HDL. ``waist`` is the limit for men and women in cm, by default 94/80 and for NCEP 102/88;
    values at the limit count, but for HDL. ``fasting_glucose`` in mmol/l. A drug counts as its
    component. With ``missing_drug="unknown"`` a value within the limits beside a drug that nobody
    asked about leaves the component unknown; with "none" such a drug is not taken. Where the sex is
    not known, a value that the limits of both judge alike still counts.

    Yes where enough components are known to be there, no where not even the unknown ones could be
    enough, else undetermined. Raises UserError for an unknown definition or waist.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.vhu_lss.measures
    >>> tables = ue.example("vhu_lss", n=60)
    >>> status = measures.metabolic_syndrome(tables["examinations"])
    >>> sorted(status["metabolic_syndrome"].unique())
    ['no', 'undetermined', 'yes']
    """
    if definition not in get_args(Definition) or waist not in (None, *WAISTS):
        raise UserError(
            "vhu_lss.measures.definition",
            definitions=", ".join(get_args(Definition)),
            waists=", ".join(WAISTS),
        )
    around = WAISTS[waist or ("102/88" if definition == "ncep" else "94/80")]
    sex = sexes(visits)
    cholesterol = numbers(visits, "hdl")
    parts = {
        "waist": _by_sex(sex, *(at_least(numbers(visits, "waist"), limit) for limit in around)),
        "triglycerides": at_least(numbers(visits, "triglycerides"), TRIGLYCERIDES),
        "hdl": _by_sex(sex, *(below(cholesterol, limit) for limit in HDL[definition])),
        "blood_pressure": either(
            at_least(numbers(visits, "systolic"), SYSTOLIC),
            at_least(numbers(visits, "diastolic"), DIASTOLIC),
        ),
        "glucose": at_least(fasting_values(visits), fasting_glucose),
    }
    for name, drug in DRUGS.items():
        parts[name] = either(parts[name], flags(visits, drug, missing_drug))
    if definition == "idf":
        parts["waist"] = np.where(body_mass_index(visits) > OBESE, 1.0, parts["waist"])
        diagnosed = flags(visits, "known_diabetes", "none") == 1
        parts["glucose"] = np.where(diagnosed, 1.0, parts["glucose"])
    counted = [name for name in COMPONENTS if definition != "idf" or name != "waist"]
    there = np.sum([parts[name] == 1 for name in counted], axis=0)
    unknown = np.sum([np.isnan(parts[name]) for name in counted], axis=0)
    yes, no = there >= ENOUGH[definition], there + unknown < ENOUGH[definition]
    if definition == "idf":
        yes, no = yes & (parts["waist"] == 1), no | (parts["waist"] == 0)
    components = {f"component_{name}": values for name, values in parts.items()}
    return visits.assign(**components, metabolic_syndrome=as_status(yes, no, visits.index))


def _by_sex(sex: pd.Series, of_men: Values, of_women: Values) -> Values:
    """Judged by the limit of the sex; without one, what both limits say alike."""
    alike = np.where(of_men == of_women, of_men, np.nan)
    men, women = (sex == "men").to_numpy(dtype=bool), (sex == "women").to_numpy(dtype=bool)
    return np.select([men, women], [of_men, of_women], alike)
