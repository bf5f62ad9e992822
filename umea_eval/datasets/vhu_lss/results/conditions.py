"""How common is what the examination looks for, and what was not known before?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.measures import (
    detection,
    high_blood_pressure,
    hyperlipidaemia,
    prevalence,
    type_2_diabetes,
)
from umea_eval.datasets.vhu_lss.measures.three_valued import UNDETERMINED
from umea_eval.datasets.vhu_lss.results.register import SEXES, TOTAL, Register
from umea_eval.intake.codes import MEN
from umea_eval.methods.bounds import manski_difference

CONDITIONS = (
    *("metabolic_syndrome", "type_2_diabetes", "high_blood_pressure"),
    *("hyperlipidaemia", "obesity"),
)
# Condition, the flag of an earlier diagnosis, and the drugs that count as one: the same that make
# the condition (`measures.conditions`), so that nobody who is treated for it is newly found.
DETECTED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "type_2_diabetes": ("known_diabetes", ("drug_glucose",)),
    "high_blood_pressure": ("known_hypertension", ("drug_blood_pressure",)),
    "hyperlipidaemia": ("known_hyperlipidaemia", ("drug_statin", "drug_lipids")),
}


def found_conditions(found: Register) -> pd.DataFrame:
    """Each condition among the examined: one row each, with bounds.

    ``condition``, ``positive``, ``undetermined``, ``examined``, ``least`` and ``most`` (none and
    all of the undetermined have it) and limits around both; ``unsure`` names the undetermined.
    """
    rows = [bounded(found.visits, name, name) for name in CONDITIONS]
    return pd.DataFrame(rows)


def syndrome_by_sex(found: Register) -> pd.DataFrame:
    """The metabolic syndrome by sex, with all of them last, as ``found_conditions``."""
    rows = []
    for sex in (*SEXES, TOTAL):
        own = found.visits if sex == TOTAL else found.visits[found.visits["sex"] == sex]
        rows.append({"sex": sex} | bounded(own, "metabolic_syndrome", "metabolic_syndrome"))
    return pd.DataFrame(rows)


def syndrome_difference(table: pd.DataFrame) -> pd.DataFrame:
    """Women minus men: the least and the largest difference, and limits around both; one row."""
    rows = table[table["sex"].isin(SEXES)]
    counts = {
        f"{sex}{suffix}": [int(rows.loc[rows["sex"] == sex, name].iloc[0])]
        for sex in SEXES
        for name, suffix in (("positive", ""), ("undetermined", "_unsure"), ("examined", "_of"))
    }
    made = pd.DataFrame({"comparison": ["women_men"], **counts})
    names = ["least", "most", "lower", "upper"]
    for name in (*(f"{sex}_unsure" for sex in SEXES), MEN):
        group = f"{name.removesuffix('_unsure')}_of"
        made[f"{name}_share"] = made[name] / made[group].where(made[group] > 0)
    if not (made["women_of"].iloc[0] and made["men_of"].iloc[0]):
        return made.assign(**dict.fromkeys(names, np.nan))
    found = manski_difference(
        rows, "positive", "examined", "undetermined", group="sex", reference=MEN
    ).table
    return made.assign(**{name: found[name].to_numpy() for name in names})


def bounded(visits: pd.DataFrame, column: str, code: str) -> dict[str, object]:
    row = prevalence(visits, column).iloc[0]
    return {
        "condition": code,
        "unsure": f"{code} {UNDETERMINED}",
        "positive": int(row["numerator"]),
        "undetermined": int(row["undetermined"]),
        "examined": int(row["denominator"]),
        **{name: float(row[name]) for name in ("least", "most", "lower", "upper")},
    }


def detected(found: Register) -> pd.DataFrame:
    """The share in whom the examination found what nobody had diagnosed: one row per condition.

    From the values alone, of the examined without an earlier diagnosis or drug. ``cannot``: no
    earlier diagnoses are in the data; ``history_unknown`` persons are left out.
    """
    alone = found.visits
    alone = type_2_diabetes(alone, count_known=False)
    alone = high_blood_pressure(alone, count_known=False)
    alone = hyperlipidaemia(alone, count_known=False)
    rows = []
    for condition, (known, drugs) in DETECTED.items():
        row = detection(alone, condition, known=known, drug=drugs).iloc[0]
        rows.append(
            {
                "condition": condition,
                **{"found": f"{condition} found", "unsure": f"{condition} not known if found"},
                **{"base": f"{condition} undiagnosed", "blank": f"{condition} history unknown"},
                "positive": row["numerator"],
                "undetermined": np.nan if row["cannot"] else row["undetermined"],
                "undiagnosed": row["denominator"],
                "history_unknown": int(row["history_unknown"]),
                "examined": len(alone),
                **{name: float(row[name]) for name in ("least", "most", "lower", "upper")},
                "cannot": bool(row["cannot"]),
            }
        )
    whole = {"positive": "Int64", "undetermined": "Int64", "undiagnosed": "Int64"}
    return pd.DataFrame(rows).astype(whole)
