"""How long care lasts, and how it goes: omplacering, återplacering and sammanbrott.

Three measures of three things: a change of home within ongoing care, a new placement after a return
home, and an end that nobody planned. None of them is an effect of anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from umea_eval.datasets.placement_days.measures.care import (
    GAP_DAYS,
    NOT_HOME,
    care_episodes,
    with_episodes,
)
from umea_eval.datasets.placement_days.overlaps import (
    MISSING,
    Days,
    dates,
    day_numbers,
    overlap_days,
)
from umea_eval.datasets.placement_days.schema import UNPLANNED
from umea_eval.methods.proportions import proportion
from umea_eval.methods.rates import rate
from umea_eval.methods.result import COLUMNS
from umea_eval.methods.survival import cumulative_incidence, in_groups, kaplan_meier

DAYS_PER_MONTH = 365.25 / 12
# Vinnerljung et al. count a new placement within 24 months of the return home; 12 is a variant.
WITHIN_MONTHS = 24
_PLANNED, _UNPLANNED = 1, 2
_BEYOND = ("value_beyond", "lower_beyond", "upper_beyond")


def durations(
    stays: pd.DataFrame,
    *,
    until: date,
    since: date | None = None,
    by: str | None = None,
    at_months: Sequence[float] = (3, 6, 12, 24),
    least: int = 1,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How large a share of placements or episodes still runs after so many months.

    ``stays`` are placements (``join_breaks`` first) or ``care_episodes``. Both the first and the
    last day count. An open stay is censored at ``until``; one that ran already at ``since`` (the
    first day of data) is at risk from then on only (delayed entry), and what ended before is left
    out. The standard error allows for several stays of one child. With ``least`` above 1 the stays
    are put together in groups of at least so many ends, and only ends of groups are times.

    Returns a row per group (``by``) and time: ``numerator`` ended, ``denominator`` stays,
    ``value`` the share that still runs, its limits, ``months``, ``at_risk``; and first, with
    ``months`` missing, ``value`` the median in months, with how many stays lie at it and at its
    limits or beyond (``value_beyond``, ``lower_beyond``, ``upper_beyond``). Times after the last
    follow-up are left out.

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
    >>> measures.durations(placements, until=pd.Timestamp("2023-03-31").date(), at_months=[1])[
    ...     ["months", "numerator", "denominator", "value"]
    ... ].tail(1).round(3).to_dict("records")
    [{'months': 1.0, 'numerator': 2.0, 'denominator': 3.0, 'value': 0.333}]
    """
    time, ended, entry, own = _follow_up(stays, until, since)
    tables = []
    for name, rows in _groups(own, by):
        if not rows.any():
            continue
        asked, times = _reached(time[rows], at_months), time[rows]
        if least > 1:
            times, ends = in_groups(times, ended[rows], least=least, ends=asked)
            asked = ends.tolist()
        found = kaplan_meier(
            times,
            ended[rows].astype(int),
            entry=entry[rows],
            cluster=own.loc[rows, "person"].astype("str").to_numpy(),
            at=asked or None,
            confidence=confidence,
        )
        median = found.medians.assign(time=np.nan)
        both = pd.concat([median, found.table], ignore_index=True) if asked else median
        tables.append(_labelled(both.rename(columns={"time": "months"}), by, name))
    return _table(tables, by, ("months", "at_risk", *_BEYOND))


def moves(
    placements: pd.DataFrame,
    *,
    until: date,
    since: date,
    by: Sequence[str] = (),
    gap_days: int = GAP_DAYS,
    per_days: float = 365,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Omplaceringar: changes of home within ongoing care, per year in care.

    ``placements`` after ``join_breaks``. Counted from ``since`` to ``until``, both included, by the
    day on which the new home begins. Exposed are the days in care, each calendar day once. ``by``
    may name what a person has throughout (``person_sex``).

    Returns ``numerator`` moves, ``denominator`` days, ``value`` moves per ``per_days`` days with
    limits (one child's moves are taken as independent of each other), and ``children`` who moved
    of ``children_in_care``.

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
    >>> moved = measures.moves(
    ...     placements,
    ...     until=pd.Timestamp("2023-03-31").date(),
    ...     since=pd.Timestamp("2023-01-01").date(),
    ... )
    >>> moved[["numerator", "denominator", "children", "children_in_care"]].to_dict("records")
    [{'numerator': 1.0, 'denominator': 89.0, 'children': 1, 'children_in_care': 2}]
    """
    rows = with_episodes(placements, gap_days=gap_days)
    names = [*by]
    low, high = pd.Timestamp(since), pd.Timestamp(until)
    inside = rows["moved"] & (rows["starts"] >= low) & (rows["starts"] <= high)
    cut = rows[~(rows["ends"] < low) & (rows["starts"] <= high)]
    cut = cut.assign(
        starts=cut["starts"].mask(cut["starts"] < low, low),
        ends=cut["ends"].mask(cut["ends"] > high, high),
    )
    tables = []
    for labels, part in cut.groupby(names, observed=True) if names else [((), cut)]:
        own = inside.loc[part.index]
        days = int(overlap_days(part, counting="both", until=until)["distinct_days"].sum())
        tables.append(
            {
                **dict(zip(names, labels, strict=True)),
                "moves": int(own.sum()),
                "days": days,
                "children": int(part.loc[own, "person"].nunique()),
                "children_in_care": int(part["person"].nunique()),
            }
        )
    frame = pd.DataFrame(tables)
    frame = frame[frame["days"] > 0] if len(frame) else frame
    more = ("children", "children_in_care")
    if frame.empty:
        return pd.DataFrame(columns=[*COLUMNS, *names, *more])
    frame = frame.reset_index(drop=True)
    found = rate(frame, "moves", "days", per=per_days, confidence=confidence).table
    return found[list(COLUMNS)].join(frame[[*names, *more]])


def new_and_moved(placements: pd.DataFrame, *, gap_days: int = GAP_DAYS) -> pd.DataFrame:
    """Nyplaceringar and omplaceringar per year and kind of the home that the child came to.

    ``placements`` after ``join_breaks``. Returns ``year``, ``kind``, ``new`` (a new episode of
    care begins there) and ``moved`` (a change of home within ongoing care ends there). A stay that
    only goes on in another row of the same home is neither.

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
    >>> measures.new_and_moved(placements)[["kind", "new", "moved"]]
            kind  new  moved
    0  emergency    1      0
    1     family    0      1
    2        hvb    1      0
    """
    rows = with_episodes(placements, gap_days=gap_days)
    rows = rows.assign(year=rows["starts"].dt.year)
    found = rows.groupby(["year", "kind"], observed=True)[["new", "moved"]].sum()
    return found[found.sum(axis=1) > 0].astype(np.int64).reset_index()


def placed_again(
    placements: pd.DataFrame,
    *,
    until: date,
    since: date | None = None,
    within_months: float = WITHIN_MONTHS,
    not_home: Sequence[str] = NOT_HOME,
    gap_days: int = GAP_DAYS,
    by: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Återplacering: a new placement within ``within_months`` of the return home.

    ``placements`` after ``join_breaks``. Every episode of care that ended between ``since`` and
    ``until`` counts, but those whose reason says that the child did not go home (``not_home``).
    A child who has not been placed again by ``until`` is censored there, so that recent returns
    count for as long as they have been followed.

    Returns a row per group: ``numerator`` placed again within the time, ``denominator`` returns,
    ``value`` the share, its limits (robust to several returns of one child), ``months``. Where
    nobody has been followed for so long the share is missing.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.placement_days.measures
    >>> import pandas as pd
    >>> placements = ue.example("placement_days", n=40)["placements"]
    >>> again = measures.placed_again(
    ...     placements, until=placements["starts"].max().date(), within_months=6
    ... )
    >>> bool((again["numerator"] <= again["denominator"]).all())
    True
    """
    episodes = care_episodes(placements, gap_days=gap_days)
    ends, starts = day_numbers(dates(episodes["ends"])), day_numbers(dates(episodes["starts"]))
    high = _day(until)
    following = np.append(starts[1:], MISSING)
    same = np.append(episodes["person"].to_numpy()[1:] == episodes["person"].to_numpy()[:-1], False)
    again = same[: len(ends)] & (following[: len(ends)] <= high)
    home = (ends != MISSING) & (ends < high)
    if since is not None:
        home &= ends >= _day(since)
    if "end_reason" in episodes:
        home &= ~episodes["end_reason"].isin(not_home).to_numpy()
    stop = np.where(again, following[: len(ends)], high)
    own = episodes[home].reset_index(drop=True)
    time, event = (stop - ends)[home] / DAYS_PER_MONTH, again[home]
    tables = []
    for name, rows in _groups(own, by):
        if not rows.any():
            continue
        followed = bool(_reached(time[rows], [within_months]))
        if followed:
            found = cumulative_incidence(
                time[rows],
                event[rows].astype(int),
                cluster=own.loc[rows, "person"].astype("str").to_numpy(),
                at=[within_months],
                confidence=confidence,
            ).table.rename(columns={"time": "months"})
        else:
            found = pd.DataFrame(
                {
                    "numerator": [int(event[rows].sum())],
                    "denominator": [int(rows.sum())],
                    "confidence": [confidence],
                    "method": ["not followed so long"],
                    "months": [within_months],
                }
            )
        tables.append(_labelled(found.reindex(columns=[*COLUMNS, "months"]), by, name))
    return _table(tables, by, ("months",))


def breakdowns(
    placements: pd.DataFrame,
    *,
    until: date,
    since: date | None = None,
    unplanned: Sequence[str] = UNPLANNED,
    at_months: Sequence[float] = (6, 12, 24),
    by: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Sammanbrott: how large a share of the placements has ended unplanned by so many months.

    ``placements`` after ``join_breaks``. A planned end comes first for the others (a competing
    event); an end without a reason counts as planned, so the share is at least this where reasons
    are missing (``no_reason`` counts them). Open placements are censored, those that ran at
    ``since`` enter late.

    Returns a row per group and time: ``numerator`` unplanned ends, ``denominator`` placements,
    ``value`` and limits, ``months``, ``no_reason``.

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
    >>> measures.breakdowns(placements, until=pd.Timestamp("2023-03-31").date(), at_months=[1])[
    ...     ["numerator", "denominator", "months"]
    ... ].to_dict("records")
    [{'numerator': 1.0, 'denominator': 3.0, 'months': 1.0}]
    """
    time, ended, entry, own = _follow_up(placements, until, since)
    reason = own["end_reason"] if "end_reason" in own else pd.Series(pd.NA, index=own.index)
    broke = reason.isin(unplanned).to_numpy() & ended
    silent = reason.isna().to_numpy() & ended
    event = np.select([broke, ended], [_UNPLANNED, _PLANNED], 0)
    tables = []
    for name, rows in _groups(own, by):
        asked = _reached(time[rows], at_months)
        if not asked:
            continue
        if broke[rows].any():
            table = cumulative_incidence(
                time[rows],
                event[rows],
                entry=entry[rows],
                cluster=own.loc[rows, "person"].astype("str").to_numpy(),
                at=asked,
                confidence=confidence,
            ).table
            table = table[table["cause"] == _UNPLANNED]
        else:
            table = pd.DataFrame({"time": asked}).assign(
                numerator=0, denominator=int(rows.sum()), value=0.0, confidence=confidence
            )
            table["method"] = "no unplanned end"
        table = table.rename(columns={"time": "months"}).assign(no_reason=int(silent[rows].sum()))
        table = table.reindex(columns=[*COLUMNS, "months", "no_reason"])
        tables.append(_labelled(table, by, name))
    return _table(tables, by, ("months", "no_reason"))


def unplanned_ends(
    placements: pd.DataFrame,
    *,
    unplanned: Sequence[str] = UNPLANNED,
    by: Sequence[str] = ("year",),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Of the placements that ended with a reason, the share that ended unplanned.

    ``placements`` after ``join_breaks``; ``year`` is the year of the last day. Rows without a
    reason are left out and counted in ``no_reason``. Moves count: most breakdowns are followed by
    another home.

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
    >>> measures.unplanned_ends(placements)[["year", "numerator", "denominator"]].to_dict("records")
    [{'year': 2023, 'numerator': 1.0, 'denominator': 2.0}]
    """
    ended = placements[placements["ends"].notna()]
    ended = ended.assign(
        year=ended["ends"].dt.year,
        known=ended["end_reason"].notna().astype(int),
        unplanned=ended["end_reason"].isin(unplanned).astype(int),
        no_reason=ended["end_reason"].isna().astype(int),
    )
    counts = ["unplanned", "known", "no_reason"]
    total = ended.groupby(list(by), observed=True)[counts].sum().reset_index()
    total = total[total["known"] > 0].reset_index(drop=True)
    if total.empty:
        return pd.DataFrame(columns=[*COLUMNS, *by, "no_reason"])
    found = proportion(total, "unplanned", "known", confidence=confidence).table
    return found[list(COLUMNS)].join(total[[*by, "no_reason"]])


def _day(day: date) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))


def _follow_up(
    stays: pd.DataFrame, until: date, since: date | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, pd.DataFrame]:
    """Months to the end or to censoring, whether it ended, months at entry, and the stays."""
    first, last = day_numbers(dates(stays["starts"])), day_numbers(dates(stays["ends"]))
    high = _day(until)
    ended = (last != MISSING) & (last <= high)
    stop: Days = np.where(ended, last, high)
    low = _day(since) if since is not None else None
    used = first <= high
    entry = np.zeros(len(first), dtype=np.int64)
    if low is not None:
        used &= stop >= low
        entry = np.maximum(low - first, 0)
    time = (stop - first + 1)[used] / DAYS_PER_MONTH
    own = stays[used].reset_index(drop=True)
    return time, ended[used], entry[used] / DAYS_PER_MONTH, own


def _groups(frame: pd.DataFrame, by: str | None) -> list[tuple[object, np.ndarray]]:
    if by is None:
        return [(None, np.ones(len(frame), dtype=bool))]
    values = frame[by]
    names = sorted(values.dropna().astype("str").unique())
    if isinstance(values.dtype, pd.CategoricalDtype):
        names = [str(name) for name in values.cat.categories if str(name) in set(names)]
    return [(name, (values.astype("str") == name).to_numpy(dtype=bool)) for name in names]


def _reached(time: np.ndarray, at_months: Sequence[float]) -> list[float]:
    """The asked times that somebody has been followed to."""
    longest = float(time.max()) if len(time) else -1.0
    return [float(at) for at in at_months if at <= longest]


def _labelled(table: pd.DataFrame, by: str | None, name: object) -> pd.DataFrame:
    if by is not None:
        table = table.copy()
        table[by] = str(name)
    return table


def _table(tables: Sequence[pd.DataFrame], by: str | None, more: Sequence[str]) -> pd.DataFrame:
    """The rows of all groups, with the columns that every result has."""
    columns = [*COLUMNS, *([by] if by else []), *more]
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True).reindex(columns=columns)
