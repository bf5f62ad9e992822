"""What came instead of the days?"""

from __future__ import annotations

import pandas as pd

from umea_eval.datasets.placement_days import measures
from umea_eval.datasets.placement_days.results.register import SHORTER, Register
from umea_eval.datasets.placement_days.schema import UNPLANNED


def by_year(found: Register, table: pd.DataFrame) -> pd.DataFrame:
    """What came instead, year by year: the counter-measures of a goal to have fewer days.

    ``year``, ``children`` (with days), ``new``, ``moved``, ``again`` (new episodes within 12
    months of a return home), ``ended`` (with a reason), ``unplanned`` and ``no_reason``.
    """
    years = list(range(found.first.year, found.last.year + 1)) if len(table) else []
    children = table.groupby("year")["person"].nunique()
    moved = measures.new_and_moved(found.placements).groupby("year")[["new", "moved"]].sum()
    rows = found.placements
    last = found.last + pd.offsets.MonthEnd(0)
    ended = rows[(rows["ends"] >= pd.Timestamp(found.since)) & (rows["ends"] <= last)]
    ends = _with_reasons(ended)
    counted = ends.groupby("year")[["known", "unplanned", "no_reason"]].sum()
    again = _again_by_year(found)
    made = pd.DataFrame({"year": pd.Series(years, dtype="int64")})
    for name, values in {
        "children": children,
        "new": moved["new"],
        "moved": moved["moved"],
        "again": again,
        "ended": counted["known"],
        "unplanned": counted["unplanned"],
        "no_reason": counted["no_reason"],
    }.items():
        made[name] = made["year"].map(values).fillna(0).astype("int64")
    return made


def _again_by_year(found: Register) -> pd.Series:
    """New episodes within twelve months of the child's last one, by the year in which they begin.

    Only of ends that the data hold: in the first year returns before ``since`` are not seen.
    """
    episodes = measures.care_episodes(found.placements)
    before = episodes.groupby(episodes["person"].astype("object"))["ends"].shift()
    starts = episodes["starts"]
    within = starts <= before + pd.DateOffset(months=SHORTER)
    return within.groupby(starts.dt.year).sum()


def _with_reasons(ended: pd.DataFrame) -> pd.DataFrame:
    none = pd.Series(pd.NA, index=ended.index, dtype="object")
    reason = ended["end_reason"].astype("object") if "end_reason" in ended else none
    return pd.DataFrame(
        {
            "year": ended["ends"].dt.year,
            "known": reason.notna().astype(int),
            "unplanned": reason.isin(UNPLANNED).astype(int),
            "no_reason": reason.isna().astype(int),
        }
    )
