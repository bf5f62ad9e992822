"""Ekonomiskt bistånd by month in Socialstyrelsen's table: what is published, and what is not.

The table has two of three categories of birth country. Nothing here adds them up: their sum is not
all households, and neither is the sum of municipalities, since a household may be counted in two.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from umea_eval.datasets.official_statistics.schema import MISSING, PUBLISHED, SUPPRESSED
from umea_eval.language import Language, text

BIRTHS = ("native", "one_foreign")
# The last month before a known break in the series, by municipality. Umeå's rise from January to
# February 2017 is a reporting artefact, not a change in the number of households.
BREAK_AFTER = {"2480": "2017-01"}


def month_name(month: str, language: Language) -> str:
    """Write 2017-08 as "augusti 2017".

    >>> import umea_eval as ue
    >>> measures = ue.datasets.official_statistics.measures
    >>> measures.month_name("2017-08", "en")
    'August 2017'
    """
    key = f"official_statistics.month_long.m{month[5:]}"
    return text(key, language, year=month[:4])


def monthly_table(households: pd.DataFrame, municipalities: Sequence[str]) -> pd.DataFrame:
    """One row per municipality and birth country, one pair of columns per month.

    ``2017-01`` … hold the households (missing when not published), ``2017-01 suppressed`` … are
    true where Socialstyrelsen withholds the number. Municipalities in the order of their codes,
    no totals.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.official_statistics.measures
    >>> import pandas as pd
    >>> households = pd.DataFrame(
    ...     {
    ...         "municipality_code": "2480",
    ...         "municipality": "Umeå",
    ...         "birth": ["native", "native"],
    ...         "month": ["2017-01", "2017-02"],
    ...         "households": [500, None],
    ...         "status": ["published", "suppressed"],
    ...     }
    ... )
    >>> measures.monthly_table(households, ["2480"])[["2017-01", "2017-02 suppressed"]]
       2017-01  2017-02 suppressed
    0    500.0                True
    """
    chosen = households[households["municipality_code"].isin(list(municipalities))]
    keys = ["municipality_code", "municipality", "birth"]
    wide = chosen.pivot_table(
        index=keys,
        columns="month",
        values="households",
        aggfunc="first",
        dropna=False,
        observed=True,
    )
    withheld = (
        chosen.assign(withheld=chosen["status"] == SUPPRESSED)
        .pivot_table(index=keys, columns="month", values="withheld", aggfunc="first", observed=True)
        .astype(bool)
    )
    withheld.columns = [f"{month} suppressed" for month in withheld.columns]
    table = wide.join(withheld, how="right").reset_index()
    order = {birth: place for place, birth in enumerate(BIRTHS)}
    return table.sort_values(
        ["municipality_code", "birth"],
        key=lambda column: column.map(order) if column.name == "birth" else column,
        ignore_index=True,
    )


def course(households: pd.DataFrame, municipality: str) -> pd.DataFrame:
    """One municipality month by month: ``month``, ``birth``, ``households``, ``suppressed``.

    ``before_break`` is true up to the last month before a known break in the series.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.official_statistics.measures
    >>> import pandas as pd
    >>> households = pd.DataFrame(
    ...     {
    ...         "municipality_code": "2480",
    ...         "municipality": "Umeå",
    ...         "birth": ["native", "native"],
    ...         "month": ["2017-01", "2017-02"],
    ...         "households": [500, None],
    ...         "status": ["published", "suppressed"],
    ...     }
    ... )
    >>> measures.course(households, "2480")[["month", "households", "suppressed"]]
         month  households  suppressed
    0  2017-01       500.0       False
    1  2017-02         NaN        True
    """
    chosen = households[households["municipality_code"] == municipality]
    chosen = chosen.sort_values(["birth", "month"], ascending=[False, True], ignore_index=True)
    last = BREAK_AFTER.get(municipality, "")
    return pd.DataFrame(
        {
            "month": chosen["month"],
            "birth": chosen["birth"],
            "households": chosen["households"],
            "suppressed": chosen["status"] == SUPPRESSED,
            "before_break": chosen["month"] <= last,
        }
    )


def availability(households: pd.DataFrame, municipalities: Sequence[str]) -> pd.DataFrame:
    """What each cell is: ``municipality_code``, its name, ``birth``, ``month`` and ``status``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.official_statistics.measures
    >>> import pandas as pd
    >>> households = pd.DataFrame(
    ...     {
    ...         "municipality_code": "2480",
    ...         "municipality": "Umeå",
    ...         "birth": ["native", "native"],
    ...         "month": ["2017-01", "2017-02"],
    ...         "households": [500, None],
    ...         "status": ["published", "suppressed"],
    ...     }
    ... )
    >>> measures.availability(households, ["2480"])["status"].tolist()
    ['published', 'suppressed']
    """
    chosen = households[households["municipality_code"].isin(list(municipalities))]
    columns = ["municipality_code", "municipality", "birth", "month", "status"]
    return chosen.sort_values(["municipality_code", "birth", "month"], ignore_index=True)[columns]


def cell_counts(availability: pd.DataFrame) -> dict[str, int]:
    """How many cells are published, suppressed and missing.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.official_statistics.measures
    >>> import pandas as pd
    >>> households = pd.DataFrame(
    ...     {
    ...         "municipality_code": "2480",
    ...         "municipality": "Umeå",
    ...         "birth": ["native", "native"],
    ...         "month": ["2017-01", "2017-02"],
    ...         "households": [500, None],
    ...         "status": ["published", "suppressed"],
    ...     }
    ... )
    >>> measures.cell_counts(measures.availability(households, ["2480"]))
    {'cells': 2, 'published': 1, 'suppressed': 1, 'missing': 0}
    """
    counts = availability["status"].value_counts()
    found = {status: int(counts.get(status, 0)) for status in (PUBLISHED, SUPPRESSED, MISSING)}
    return {"cells": len(availability), **found}


def cells_by_status(availability: pd.DataFrame) -> pd.DataFrame:
    """The account of the cells by birth country: published, suppressed, missing, and all.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.official_statistics.measures
    >>> import pandas as pd
    >>> households = pd.DataFrame(
    ...     {
    ...         "municipality_code": "2480",
    ...         "municipality": "Umeå",
    ...         "birth": ["native", "native"],
    ...         "month": ["2017-01", "2017-02"],
    ...         "households": [500, None],
    ...         "status": ["published", "suppressed"],
    ...     }
    ... )
    >>> measures.cells_by_status(measures.availability(households, ["2480"]))
             birth  published  suppressed  missing  cells
    0       native          1           1        0      2
    1  one_foreign          0           0        0      0
    """
    counts = pd.crosstab(availability["birth"], availability["status"]).reindex(
        index=list(BIRTHS), columns=[PUBLISHED, SUPPRESSED, MISSING], fill_value=0
    )
    table = counts.assign(cells=counts.sum(axis=1)).reset_index()
    table.columns.name = None
    return table.astype({name: "int64[pyarrow]" for name in table.columns if name != "birth"})


def latest(course: pd.DataFrame, language: Language) -> dict[str, object]:
    """The last month of ``course``: its number for each category, missing when not published.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.official_statistics.measures
    >>> import pandas as pd
    >>> households = pd.DataFrame(
    ...     {
    ...         "municipality_code": "2480",
    ...         "municipality": "Umeå",
    ...         "birth": ["native", "native"],
    ...         "month": ["2017-01", "2017-02"],
    ...         "households": [500, None],
    ...         "status": ["published", "suppressed"],
    ...     }
    ... )
    >>> measures.latest(measures.course(households, "2480"), "en")
    {'month': 'February 2017', 'native': None, 'one_foreign': None}
    """
    month = course["month"].max()
    last = course[course["month"] == month].set_index("birth")["households"]
    return {
        "month": month_name(str(month), language),
        **{birth: None if pd.isna(last.get(birth)) else int(last[birth]) for birth in BIRTHS},
    }


def across_break(course: pd.DataFrame, language: Language) -> dict[str, object]:
    """The two months on either side of the break, or nothing when there is none.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.official_statistics.measures
    >>> import pandas as pd
    >>> households = pd.DataFrame(
    ...     {
    ...         "municipality_code": "2480",
    ...         "municipality": "Umeå",
    ...         "birth": ["native", "native"],
    ...         "month": ["2017-01", "2017-02"],
    ...         "households": [500, None],
    ...         "status": ["published", "suppressed"],
    ...     }
    ... )
    >>> sides = measures.across_break(measures.course(households, "2480"), "en")
    >>> sides["before"], sides["after"]
    ('January 2017', 'February 2017')
    """
    before = course[course["before_break"]]
    if before.empty or bool(course["before_break"].all()):
        return {}
    after = course[~course["before_break"]]
    sides = {"before": before["month"].max(), "after": after["month"].min()}
    values: dict[str, object] = {side: month_name(month, language) for side, month in sides.items()}
    for side, month in sides.items():
        row = course[course["month"] == month].set_index("birth")["households"]
        for birth in BIRTHS:
            values[f"{birth}_{side}"] = None if pd.isna(row.get(birth)) else int(row[birth])
    return values
