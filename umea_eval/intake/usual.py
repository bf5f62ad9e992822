"""Columns and rules that the registers of several datasets share."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.intake.schema import Column, Rule

SEX = Column("sex", "sex", "Kön", "Sex", headings=("Kon", "Gender"), required=False, filled=False)
PROTECTED = Column(
    "protected",
    "protected",
    "Skyddade personuppgifter",
    "Protected personal data",
    headings=("Skyddad identitet", "Sekretessmarkering", "Skyddad", "Sekretess"),
    required=False,
    filled=False,
)


def _sexes_differ(frame: pd.DataFrame) -> NDArray[np.bool_]:
    stated, number = frame["sex"], frame["person_sex"]
    both = (stated.notna() & number.notna()).to_numpy()
    broken: NDArray[np.bool_] = both & (stated.cat.codes.to_numpy() != number.cat.codes.to_numpy())
    return broken


# A remark: which of the two is wrong nobody can see, and a legal sex may have changed.
SEXES_DIFFER = Rule("sex_contradicts_identity", ("sex", "person_sex"), _sexes_differ, remark=True)
