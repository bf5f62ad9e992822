"""What every measure starts from: which reports and days are meant, and how they are grouped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.schema import SYSTEM_CHANGE
from umea_eval.errors import UserError
from umea_eval.methods.result import COLUMNS

Kind = Literal["fall", "fall_risk"]
REPORTS: tuple[Kind, ...] = ("fall", "fall_risk")
FALLS: tuple[Kind, ...] = ("fall",)
# First and last month, both included: ("2023-01", "2023-12").
Months = tuple[str, str] | None
Basis = Literal["both", "presence"]
PERIODS = {"month": "M", "quarter": "Q", "year": "Y"}
# Before, during and since the change of record system: what is counted in one of them is not
# comparable with what is counted in another.
PHASES = ("before", "during", "since")
GROUPS = ("municipality", "unit", *PERIODS, "phase")
# Homes with fewer places are shown in the internal edition only (definitions of fallprevention).
FEWEST_PLACES = 10


def chosen(
    deviations: pd.DataFrame, *, kinds: Sequence[Kind] = REPORTS, months: Months = None
) -> pd.DataFrame:
    """The reports of these kinds and months, with ``month``, ``quarter`` and ``year`` as text.

    ``phase`` says when: "before", "during" or "since" the change of record system.
    Columns of the schema that the export lacks are added, missing.
    """
    rows = deviations[deviations["kind"].isin(kinds)]
    frame = _with_periods(rows, pd.to_datetime(rows["happened_on"]), months)
    optional = ("municipality", "resident", "injury", "severity", "measures_before", "status")
    return _with_missing(frame, (*optional, "reported_on", "closed_on"))


def exposure(days: pd.DataFrame, *, months: Months = None, basis: Basis = "both") -> pd.DataFrame:
    """Unit-months with days above zero: ``resident_days``, ``basis``, ``places``, and the periods.

    With ``basis="presence"`` those that are places times days are left out. Raises UserError where
    a unit-month stands in several rows.
    """
    twice = int(days.duplicated(["unit", "month"]).sum())
    if twice:
        raise UserError("fallprevention.measures.repeated", n=twice)
    rows = days[days["resident_days"].to_numpy(dtype="float64", na_value=np.nan) > 0]
    if basis == "presence":
        rows = rows[rows["basis"] == "presence"]
    frame = _with_periods(rows, pd.to_datetime(rows["month"]), months)
    return _with_missing(frame, ("municipality", "places"))


def grouped(frame: pd.DataFrame, by: Sequence[str], sums: Mapping[str, Any]) -> pd.DataFrame:
    """The sums of ``sums`` (one value per row of ``frame``) within ``by``, in order; 0 rows for 0.

    Without ``by`` one row for everything.
    """
    check_groups(by)
    own = frame[list(by)].astype("object").assign(_all=0)
    own = own.assign(**{name: np.asarray(values, dtype=float) for name, values in sums.items()})
    found = own.groupby(["_all", *by], sort=True, dropna=False)[list(sums)].sum().reset_index()
    # Labels of one type, also where all are missing: frames are joined on them.
    return found.drop(columns="_all").astype(dict.fromkeys(by, "object"))


def check_groups(by: Sequence[str]) -> None:
    """Raise UserError for a grouping that there is not."""
    for name in by:
        if name not in GROUPS:
            raise UserError("fallprevention.measures.group", name=name, known=", ".join(GROUPS))


def labelled(table: pd.DataFrame, frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """A method's table of the rows of ``frame``, with the labels that stand there; in order."""
    return tidy(table.assign(**{name: frame[name] for name in by}), by)


def tidy(table: pd.DataFrame, first: Sequence[str] = ()) -> pd.DataFrame:
    """The labels in front, then the columns of every estimate, then the rest."""
    rest = [name for name in table.columns if name not in (*first, *COLUMNS)]
    return table[[*first, *COLUMNS, *rest]].reset_index(drop=True)


def no_rows(first: Sequence[str] = (), rest: Sequence[str] = ()) -> pd.DataFrame:
    """A table of estimates without any."""
    numeric = [name for name in (*COLUMNS, *rest) if name != "method"]
    frame = pd.DataFrame(columns=[*first, *COLUMNS, *rest])
    return frame.astype({**dict.fromkeys(numeric, "float64"), "method": "str"})


def unit_places(days: pd.DataFrame) -> pd.DataFrame:
    """``unit``, its largest number of ``places``, and ``internal_only``.

    That is so below 10 places, and where the number is not known.
    """
    rows = _with_missing(days, ("places",))
    places = rows["places"].to_numpy(dtype="float64", na_value=np.nan)
    own = pd.DataFrame({"unit": rows["unit"].astype("object"), "places": places})
    found = own.groupby("unit", sort=True)["places"].max().reset_index()
    return found.assign(internal_only=~(found["places"] >= FEWEST_PLACES))


def _with_periods(rows: pd.DataFrame, dates: pd.Series, months: Months) -> pd.DataFrame:
    month = dates.to_numpy(dtype="datetime64[ns]").astype("datetime64[M]")
    if months is not None:
        first, last = (np.datetime64(each, "M") for each in months)
        inside = (month >= first) & (month <= last)
        rows, month = rows[inside], month[inside]
    # Each month is written out once, however many rows lie in it.
    found, at = np.unique(month, return_inverse=True)
    unique = pd.PeriodIndex(found.astype("datetime64[s]"), freq="M")
    labels = {name: unique.asfreq(grain).astype("str") for name, grain in PERIODS.items()}
    first, last = (np.datetime64(day, "M") for day in SYSTEM_CHANGE)
    place = (month >= first).astype(np.int64) + (month > last)
    phase = pd.Series(np.array(PHASES, dtype=object)[place], index=rows.index)
    periods = {name: text.take(at).to_numpy() for name, text in labels.items()}
    made = rows.assign(**periods, phase=phase).astype(dict.fromkeys(periods, "str"))
    return made.reset_index(drop=True)


def _with_missing(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    lacking = [name for name in names if name not in frame]
    return frame.assign(**{name: pd.Series(np.nan, index=frame.index) for name in lacking})
