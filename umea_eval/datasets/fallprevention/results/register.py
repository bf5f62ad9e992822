"""What does the evaluation look at: which months, which homes, which definitions?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures.closure import TWO_MONTHS
from umea_eval.datasets.fallprevention.measures.downton import HIGH_RISK
from umea_eval.datasets.fallprevention.measures.selection import (
    FEWEST_PLACES,
    PHASES,
    REPORTS,
    Months,
    chosen,
    exposure,
)
from umea_eval.errors import UserError

TOTAL = "total"
# The change of the year and the difference of the sexes: one family, named in the plan.
CLAIMS = 2
Start = Literal["happened_on", "reported_on"]
STARTS: tuple[Start, ...] = ("happened_on", "reported_on")
_DEVIATION_COLUMNS = (
    *("municipality", "unit", "kind", "injury", "severity", "measures_before", "status"),
    *("resident", "resident_sex"),
)
_DATES = ("happened_on", "reported_on", "closed_on")


@dataclass(frozen=True)
class Choices:
    """The definitions that the evaluation has chosen, each a parameter of the notebook.

    The period is ``years`` whole years that end with ``year``. Homes with fewer than
    ``unit_places`` places are not shown by themselves. Raises UserError for a number below what
    there is.
    """

    year: int
    years: int = 1
    municipality: str | None = None
    unit_places: int = FEWEST_PLACES
    start: Start = "happened_on"
    closed_within: int = TWO_MONTHS
    high_risk: int = HIGH_RISK
    at_least: int = 2

    def __post_init__(self) -> None:
        for name, least in (("years", 1), ("unit_places", 0)):
            if getattr(self, name) < least:
                raise UserError("fallprevention.measures.too_few", name=name, least=least)

    @property
    def internal(self) -> bool:
        """Whether homes are shown that belong in the internal edition only."""
        return self.unit_places < FEWEST_PLACES


@dataclass(frozen=True)
class Register:
    """The clean tables and the months that they cover.

    ``period`` is the chosen years as far as they had ended at the extraction, ``until``. ``window``
    is the longest part of it without the change of record system within it: what is counted as one
    number is counted there. Both are first and last month.
    """

    deviations: pd.DataFrame
    days: pd.DataFrame
    assessments: pd.DataFrame
    until: dt.date
    period: tuple[str, str]
    window: tuple[str, str]
    closed_together: tuple[dt.date, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is no report in the period."""
        return chosen(self.deviations, kinds=REPORTS, months=self.period).empty

    @property
    def divided(self) -> bool:
        """Whether the period is longer than the part that is counted as one."""
        return self.window != self.period


def register(
    tables: Mapping[str, pd.DataFrame],
    extraction: dt.date,
    choices: Choices,
    *,
    closed_together: Sequence[str] = (),
) -> Register:
    """The register of a cleaning, for the municipality and the period of ``choices``.

    The month of the extraction is not whole, and left out. ``closed_together`` are the days from
    the provenance of the cleaning on which an office closed its cases at once.
    """
    deviations = with_columns(tables.get("deviations"), _DEVIATION_COLUMNS, _DATES)
    days = with_columns(
        tables.get("resident_days"),
        ("municipality", "unit", "basis"),
        ("month",),
        ("resident_days", "places"),
    )
    assessments = with_columns(
        tables.get("assessments"),
        ("municipality", "unit", "resident"),
        ("assessed_on",),
        ("score",),
    )
    if choices.municipality is not None:
        name = choices.municipality.strip().casefold()
        deviations, days, assessments = (
            frame[frame["municipality"].astype("object").map(_folded) == name].reset_index(
                drop=True
            )
            for frame in (deviations, days, assessments)
        )
    whole = pd.Period(extraction, "M") - 1
    first = pd.Period(f"{choices.year - choices.years + 1}-01", "M")
    last = max(min(pd.Period(f"{choices.year}-12", "M"), whole), first)
    period = (str(first), str(last))
    return Register(
        deviations,
        days,
        assessments,
        extraction,
        period,
        _window(days, deviations, period),
        tuple(dt.date.fromisoformat(day) for day in closed_together),
    )


def unit_months(found: Register) -> dict[str, int]:
    """The unit-months of the period (``months``), and of them those with places times days."""
    own = exposure(found.days, months=found.period)
    return {"places": int((own["basis"] == "places").sum()), "months": len(own)}


def phases(found: Register) -> pd.DataFrame:
    """The parts of the period: ``phase``, ``first`` and ``last`` month, in order of time.

    A part is there if any home has resident-days, or anybody a report, in it.
    """
    months = months_of(found.days, found.deviations, found.period)
    rows = [
        (phase, own["month"].min(), own["month"].max())
        for phase in PHASES
        if len(own := months[months["phase"] == phase])
    ]
    return pd.DataFrame(rows, columns=["phase", "first", "last"]).astype("str")


def with_columns(
    frame: pd.DataFrame | None,
    labels: Sequence[str],
    dates: Sequence[str] = (),
    numbers: Sequence[str] = (),
) -> pd.DataFrame:
    """The table with all columns that the measures ask for; without rows where there is none."""
    made = pd.DataFrame() if frame is None else frame
    for name in (*labels, *dates, *numbers):
        if name not in made:
            empty = pd.Series(np.nan, index=made.index)
            if name in dates:
                made = made.assign(**{name: pd.to_datetime(empty)})
            else:
                made = made.assign(**{name: empty if name in numbers else empty.astype("object")})
    return made


def _folded(name: object) -> str:
    return name.strip().casefold() if isinstance(name, str) else ""


def months_of(days: pd.DataFrame, deviations: pd.DataFrame, period: Months) -> pd.DataFrame:
    """Every month of the period with resident-days or a report, and its phase."""
    found = [exposure(days, months=period), chosen(deviations, kinds=REPORTS, months=period)]
    both = pd.concat([frame[["month", "phase"]].astype("object") for frame in found])
    return both.drop_duplicates("month").sort_values("month", ignore_index=True)


def _window(
    days: pd.DataFrame, deviations: pd.DataFrame, period: tuple[str, str]
) -> tuple[str, str]:
    """The months of the phase that the period has most of; the later of two that are as long."""
    months = months_of(days, deviations, period)
    counts = [int((months["phase"] == phase).sum()) for phase in PHASES]
    if sum(count > 0 for count in counts) < 2:
        return period
    longest = PHASES[max(range(len(PHASES)), key=lambda place: (counts[place], place))]
    own = months[months["phase"] == longest]["month"]
    return str(own.min()), str(own.max())


def counted(found: Register, months: Months) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The reports in unit-months with resident-days, and these days."""
    days = exposure(found.days, months=months)
    events = chosen(found.deviations, kinds=REPORTS, months=months)
    cells = pd.MultiIndex.from_frame(days[["unit", "month"]].astype("object"))
    own = pd.MultiIndex.from_frame(events[["unit", "month"]].astype("object"))
    kept = events[own.isin(cells)].reset_index(drop=True)
    return kept.astype({"unit": "object"}), days.astype({"unit": "object"})


def as_one(
    deviations: pd.DataFrame, days: pd.DataFrame, rows: pd.Series, name: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The homes of ``rows`` of the reports, and all homes of the days, as one home: ``name``."""
    summed = days.groupby("month", sort=True)[["resident_days", "places"]].sum().reset_index()
    summed["month"] = pd.to_datetime(summed["month"] + "-01")
    summed = summed.assign(unit=name, basis="both", municipality=np.nan)
    return deviations.assign(unit=deviations["unit"].mask(rows, name)), summed


def per_unit(time: pd.DataFrame, events: pd.DataFrame, period: str) -> pd.DataFrame:
    """``unit``, ``period``, ``events`` and ``days``: only events in unit-months with days."""
    keys = ["unit", "month"]
    counts = events[keys].astype("object").value_counts().rename("events").reset_index()
    own = time[list(dict.fromkeys([*keys, period]))].astype("object")
    own = own.assign(days=time["resident_days"].to_numpy(dtype="float64"))
    own = own.merge(counts, on=keys, how="left")
    own["events"] = own["events"].astype("float64").fillna(0.0)
    return own.groupby(["unit", period], sort=True)[["events", "days"]].sum().reset_index()
