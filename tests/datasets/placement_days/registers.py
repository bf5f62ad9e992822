"""Placements of a few children, made by hand, that several tests work out."""

from __future__ import annotations

from datetime import date

import pandas as pd

UNTIL = date(2024, 6, 30)
BREAK = date(2024, 2, 1)
KINDS = (
    *("family_home", "consultant_family_home", "network_home", "emergency_home"),
    *("hvb", "sis", "supported_housing", "protected_housing"),
)
# Anna runs away from an HVB, moves the same day, goes home, and is placed again after 199 days.
# Bo lives in one family home throughout, but for a week elsewhere while his place is kept; the
# change of record system cuts his placement in two. Cim moves the day after, the home breaks down,
# and five days later an HVB begins. Dan is grown up.
ROWS = (
    ("a", "women", "child", "hvb", "h1", "lvu_3", "2023-01-10", "2023-02-10", "absconded"),
    (
        *("a", "women", "child", "consultant_family_home", "h2", "lvu_3"),
        *("2023-02-10", "2023-06-30", "returned_home"),
    ),
    ("a", "women", "child", "hvb", "h1", "sol", "2024-01-15", None, None),
    ("b", "men", "child", "family_home", "h3", "lvu_2", "2022-12-01", "2024-01-31", "migration"),
    ("b", "men", "child", "family_home", "h3", "lvu_2", "2024-02-01", None, None),
    ("b", "men", "child", "emergency_home", "h4", "lvu_2", "2023-07-01", "2023-07-08", "planned"),
    ("c", "women", "young", "emergency_home", "h4", "sol", "2023-03-01", "2023-03-15", "moved"),
    ("c", "women", "young", "family_home", "h5", "sol", "2023-03-16", "2023-12-31", "breakdown"),
    ("c", "women", "young", "hvb", "h1", None, "2024-01-05", "2024-03-01", "planned"),
    ("d", "men", "adult", "sis", "h6", "lvm", "2023-05-01", "2023-08-31", "closed"),
)
COLUMNS = (
    *("person", "person_sex", "age_group", "kind", "home", "legal_basis", "starts", "ends"),
    "end_reason",
)


def register() -> pd.DataFrame:
    """The placements as cleaning leaves them."""
    frame = pd.DataFrame(list(ROWS), columns=list(COLUMNS))
    return frame.assign(
        starts=pd.to_datetime(frame["starts"]).astype("datetime64[us]"),
        ends=pd.to_datetime(frame["ends"]).astype("datetime64[us]"),
        kind=pd.Categorical(frame["kind"], categories=list(KINDS)),
    )
