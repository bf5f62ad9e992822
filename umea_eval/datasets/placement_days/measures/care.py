"""Whose care, and what hangs together: selection, changes of record system, episodes and moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from umea_eval.datasets.placement_days.overlaps import MISSING, dates, day_numbers
from umea_eval.datasets.placement_days.schema import LEGAL_GROUPS
from umea_eval.errors import UserError

# A next home that begins on the last day or the day after it is ongoing care.
GAP_DAYS = 1
# Ends after which a child has not gone home to be placed again.
NOT_HOME = ("age_18", "custody", "adopted", "own_home", "deceased", "migration")
_OPEN = np.iinfo(np.int32).max


def select(placements: pd.DataFrame, *, ages: Sequence[str] = ("child", "young")) -> pd.DataFrame:
    """Placements of the age groups ``ages``; children and young people (0 to 20) by default.

    Adds ``legal_group`` (``sol``, ``lvu``, ``lss``, ``lvm``; missing where the ground is) when
    there is a ``legal_basis``. Raises UserError for adults together with another group.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> placements = ue.example("placement_days", n=40)["placements"]
    >>> chosen = measures.select(placements)
    >>> sorted(chosen["age_group"].unique())
    ['child']
    """
    if "adult" in ages and len(set(ages)) > 1:
        raise UserError("placement_days.measures.pooled")
    own = placements[placements["age_group"].isin(ages)].reset_index(drop=True)
    if "legal_basis" not in own:
        return own
    group_of = {code: group for group, codes in LEGAL_GROUPS.items() for code in codes}
    group = own["legal_basis"].astype("object").map(group_of)
    return own.assign(legal_group=pd.Categorical(group, categories=list(LEGAL_GROUPS)))


def join_breaks(placements: pd.DataFrame, breaks: Sequence[date]) -> pd.DataFrame:
    """Placements that a change of record system cut in two, joined again.

    ``breaks`` are the days on which the new system begins (``register_breaks`` of the provenance).
    A row that ends that day or the day before is joined with a row of the same child, kind and home
    that begins that day; what the first knew at the start stays, the end is the second's. Such an
    end is no exit and such a start no new placement; under ``first_only`` a night comes back.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> import pandas as pd
    >>> cut = pd.DataFrame(
    ...     {
    ...         "person": "a",
    ...         "home": "h",
    ...         "kind": "family",
    ...         "starts": pd.to_datetime(["2023-01-01", "2024-02-01"]),
    ...         "ends": pd.to_datetime(["2024-01-31", None]),
    ...     }
    ... )
    >>> len(measures.join_breaks(cut, [pd.Timestamp("2024-02-01").date()]))
    1
    """
    joined = placements.reset_index(drop=True)
    keys = [name for name in ("person", "kind", "home") if name in joined]
    for day in sorted(breaks):
        at = pd.Timestamp(day)
        starts, ends = pd.to_datetime(joined["starts"]), pd.to_datetime(joined["ends"])
        over = (starts < at) & ends.isin([at, at - pd.Timedelta(days=1)])
        sides = []
        for name, rows in (("left", over), ("right", starts == at)):
            own = joined.loc[rows, keys].astype("object").fillna("")
            # The first of several goes with the first, and so on.
            own = own.assign(place=own.groupby(keys).cumcount() if len(own) else 0)
            sides.append(own.assign(**{name: own.index}))
        pairs = sides[0].merge(sides[1], on=[*keys, "place"])
        left, right = pairs["left"].to_numpy(dtype=int), pairs["right"].to_numpy(dtype=int)
        for column in ("ends", "end_reason"):
            if column in joined:
                taken = joined[column].array.copy()
                taken[left] = taken[right]
                joined[column] = pd.Series(taken, index=joined.index)
        joined = joined.drop(index=pd.Index(right)).reset_index(drop=True)
    return joined


def with_episodes(placements: pd.DataFrame, *, gap_days: int = GAP_DAYS) -> pd.DataFrame:
    """Placements with what they are in the child's care, in the order of child and time.

    Adds ``episode`` (a number; a new episode of care begins where more than ``gap_days`` days lie
    between the child's last day in any home and the next first day: 1 is the day after),
    ``within`` (the stay lies inside another one, as a short stay elsewhere while the place is kept:
    no home of its own), ``new`` (it begins an episode: nyplacering), ``moved`` (a change of home
    within ongoing care: omplacering) and ``kind_before`` (of the home before a move). Where a home
    is not known, another kind is another home. Of rows that begin on one day the longest is first.
    Raises UserError for a negative gap.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> import pandas as pd
    >>> placements = pd.DataFrame(
    ...     {
    ...         "person": ["a", "a", "b"],
    ...         "home": ["h1", "h2", "h3"],
    ...         "kind": ["emergency", "family", "hvb"],
    ...         "starts": pd.to_datetime(["2023-01-30", "2023-02-10", "2023-02-01"]),
    ...         "ends": pd.to_datetime(["2023-02-10", None, "2023-02-28"]),
    ...         "end_reason": ["planned", None, "absconded"],
    ...     }
    ... )
    >>> measures.with_episodes(placements)[["person", "home", "new", "moved"]]
      person home    new  moved
    0      a   h1   True  False
    1      a   h2  False   True
    2      b   h3   True  False
    """
    if gap_days < 0:
        raise UserError("placement_days.measures.gap_days")
    person = placements["person"].astype("object")
    codes = pd.factorize(person, sort=True)[0].astype(np.int64)
    if len(codes) and codes.min() < 0:
        raise UserError("placement_days.measures.no_person")
    first = day_numbers(dates(placements["starts"]))
    last = day_numbers(dates(placements["ends"]))
    last = np.where(last == MISSING, _OPEN, last)
    order = np.lexsort((-last, first, codes))
    frame = placements.iloc[order].reset_index(drop=True)
    codes, first, last = codes[order], first[order], last[order]
    begins, inside = _episode_starts(codes, first, last, gap_days)
    kept = np.flatnonzero(~inside)
    before = np.full(len(frame), -1)
    before[kept[1:]] = kept[:-1]
    other = _other_home(frame, before)
    kinds = frame["kind"].astype("object").to_numpy()
    moved = ~begins & ~inside & other
    return frame.assign(
        episode=np.cumsum(begins),
        within=inside,
        new=begins,
        moved=moved,
        kind_before=pd.Series(np.where(moved, kinds[before], None), dtype="str"),
    )


def _episode_starts(
    codes: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64], gap_days: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows begin an episode, and which lie within an earlier row of the same child."""
    if not len(codes):
        return np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
    # The child's latest day so far: another child's lies below every day of this one.
    step = np.int64(_OPEN) * 4
    latest = np.maximum.accumulate(codes * step + last)[:-1]
    begins = np.ones(len(codes), dtype=bool)
    begins[1:] = latest + gap_days < codes[1:] * step + first[1:]
    inside = np.zeros(len(codes), dtype=bool)
    inside[1:] = (latest > codes[1:] * step + first[1:]) & (latest >= codes[1:] * step + last[1:])
    return begins, inside


def _other_home(frame: pd.DataFrame, before: NDArray[np.int64]) -> NDArray[np.bool_]:
    kinds = frame["kind"].astype("object").to_numpy()
    other: NDArray[np.bool_] = kinds != kinds[before]
    if "home" in frame:
        homes = frame["home"].astype("object")
        known = homes.notna().to_numpy()
        names = homes.to_numpy()
        both = known & known[before]
        other = np.where(both, names != names[before], other)
    return other


def care_episodes(placements: pd.DataFrame, *, gap_days: int = GAP_DAYS) -> pd.DataFrame:
    """One row per episode of care (``with_episodes``): ongoing care, whatever the homes.

    ``person``, ``starts``, ``ends`` (missing while it is open), ``placements``, ``moves``, ``kind``
    (of the first home), ``last_kind``, ``end_reason`` (of the home that the child left last) and,
    where the placements have them, ``person_sex`` and ``legal_group`` at the start.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> import pandas as pd
    >>> placements = pd.DataFrame(
    ...     {
    ...         "person": ["a", "a", "b"],
    ...         "home": ["h1", "h2", "h3"],
    ...         "kind": ["emergency", "family", "hvb"],
    ...         "starts": pd.to_datetime(["2023-01-30", "2023-02-10", "2023-02-01"]),
    ...         "ends": pd.to_datetime(["2023-02-10", None, "2023-02-28"]),
    ...         "end_reason": ["planned", None, "absconded"],
    ...     }
    ... )
    >>> measures.care_episodes(placements)[["person", "placements", "moves"]]
      person  placements  moves
    0      a           2      1
    1      b           1      0
    """
    rows = with_episodes(placements, gap_days=gap_days)
    # An open home is the last; else the one with the latest day.
    at = rows[["episode", "ends"]].sort_values(["episode", "ends"], kind="stable")
    final = rows.loc[at.groupby("episode").tail(1).index]
    initial = rows[rows["new"]]
    summed = rows.groupby("episode").agg(placements=("moved", "size"), moves=("moved", "sum"))
    carried = [name for name in ("person_sex", "legal_group", "age_group") if name in rows]
    frame = initial[["person", "starts"]].reset_index(drop=True)
    frame["ends"] = final["ends"].to_numpy()
    frame["placements"] = summed["placements"].to_numpy(dtype=np.int64)
    frame["moves"] = summed["moves"].to_numpy(dtype=np.int64)
    frame["kind"] = initial["kind"].reset_index(drop=True)
    frame["last_kind"] = final["kind"].reset_index(drop=True)
    if "end_reason" in rows:
        frame["end_reason"] = final["end_reason"].reset_index(drop=True)
    for name in carried:
        frame[name] = initial[name].reset_index(drop=True)
    return frame
