"""The tables of the evaluation of fallprevention: measures put beside each other for readers.

Each function gives a frame that a report registers as it is. Counts stand beside every share, so
that disclosure control can judge them; ``total`` is the code of all categories together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures import (
    assessed_share,
    downton_outcomes,
    fall_rates,
    predictive_values,
    prevention_before,
    prevention_bounds,
    repeat_fallers,
    severity_bounds,
    severity_counts,
    silent_units,
    time_to_closure,
    unit_chart,
    unit_funnel,
)
from umea_eval.datasets.fallprevention.measures.closure import TWO_MONTHS
from umea_eval.datasets.fallprevention.measures.downton import HIGH_RISK
from umea_eval.datasets.fallprevention.measures.selection import (
    FALLS,
    FEWEST_PLACES,
    PHASES,
    REPORTS,
    Months,
    chosen,
    exposure,
    unit_places,
)
from umea_eval.datasets.fallprevention.schema import HIGH_SEVERITY, NOT_ASSESSED
from umea_eval.errors import UserError
from umea_eval.intake.codes import MEN, WOMEN
from umea_eval.methods.proportions import newcombe, wilson
from umea_eval.methods.rates import bootstrap_rate_ratio
from umea_eval.methods.rates.funnel import FEWEST_UNITS
from umea_eval.methods.survival import kaplan_meier

TOTAL = "total"
SEXES = (WOMEN, MEN)
Start = Literal["happened_on", "reported_on"]
STARTS: tuple[Start, ...] = ("happened_on", "reported_on")
SEED = 2023  # of the resampled interval of a change; any number does, as long as it is the same
# Days before the period in which an assessment still is of the period's beginning.
LEAD = 31  # assumption
WEEK = 7
CURVE_DAYS = 182  # a curve of closure is drawn for half a year

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
    deviations = _with(tables.get("deviations"), _DEVIATION_COLUMNS, _DATES)
    days = _with(
        tables.get("resident_days"),
        ("municipality", "unit", "basis"),
        ("month",),
        ("resident_days", "places"),
    )
    assessments = _with(
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


def phases(found: Register) -> pd.DataFrame:
    """The parts of the period: ``phase``, ``first`` and ``last`` month, in order of time.

    A part is there if any home has resident-days, or anybody a report, in it.
    """
    months = _months(found.days, found.deviations, found.period)
    rows = [
        (phase, own["month"].min(), own["month"].max())
        for phase in PHASES
        if len(own := months[months["phase"] == phase])
    ]
    return pd.DataFrame(rows, columns=["phase", "first", "last"]).astype("str")


def rates(found: Register) -> pd.DataFrame:
    """Reports per 1 000 resident-days by year and phase, from the year before the period.

    ``kind`` is "fall", "fall_risk" and "total" (both), and ``counted`` what is counted of it:
    "reports", or "injured" (of the falls). ``events`` of ``whole`` (all reports of the kind),
    ``days``, ``value``, ``lower``, ``upper``, ``unnamed`` (without a known resident), ``left_out``
    (where a home has no resident-days).
    """
    first, last = found.period
    before = str(pd.Period(first, "M") - 12)
    parts: list[pd.DataFrame] = []
    for kind, kinds, injured in (
        ("fall", FALLS, False),
        ("injured", FALLS, True),
        ("fall_risk", REPORTS[1:], False),
        (TOTAL, REPORTS, False),
    ):
        table = fall_rates(
            *(found.deviations, found.days),
            kinds=kinds,
            injured=injured,
            by=("year", "phase"),
            months=(before, last),
        )
        counted = "injured" if injured else "reports"
        table = table.assign(
            kind="fall" if injured else kind,
            counted=counted,
            order=len(parts),
            whole=parts[0]["numerator"] if injured else table["numerator"],
        )
        parts.append(table)
    table = pd.concat(parts, ignore_index=True)
    table["at"] = table["phase"].map({phase: place for place, phase in enumerate(PHASES)})
    table = table.sort_values(["year", "at", "order"], kind="stable", ignore_index=True)
    table = table.rename(columns={"numerator": "events", "denominator": "days"})
    names = ["year", "phase", "kind", "counted", "events", "whole", "days"]
    names += ["value", "lower", "upper"]
    return table[[*names, "unnamed", "left_out"]].astype({"year": "str", "phase": "str"})


def change(found: Register, choices: Choices) -> pd.DataFrame:
    """Falls, and falls with an injury, per resident-day: the year over the year before.

    No row where the two years are not comparable: the change of record system lies in or between
    them, or one of them lacks months. ``kind``, ``events``, ``days``, ``before`` and
    ``before_days``, ``value`` (a ratio), ``lower``, ``upper``, ``units``. Homes are resampled
    whole, so that falls in one home hang together.
    """
    names = ["kind", "events", "days", "before", "before_days", "value", "lower", "upper", "units"]
    year, before = str(choices.year), str(choices.year - 1)
    months = (f"{before}-01", f"{year}-12")
    time = exposure(found.days, months=months)
    held = time.groupby("year")["month"].nunique()
    whole = bool((held.reindex([before, year]) == 12).all())
    comparable = whole and len(set(time["phase"])) == 1
    rows = []
    events = chosen(found.deviations, kinds=FALLS, months=months)
    for kind in ("fall", "injured") if comparable else ():
        own = events
        if kind == "injured":
            own = events[events["injury"].astype("object").eq(True).to_numpy(dtype=bool)]
        units = _per_unit(time, own, "year")
        sums = units.groupby("year")[["events", "days"]].sum()
        if sums["events"].sum() == 0:
            continue
        ratio = bootstrap_rate_ratio(
            units, "events", "days", group="year", reference=before, seed=SEED
        ).table.iloc[0]
        limits = [ratio[name] if np.isfinite(ratio[name]) else np.nan for name in names[5:8]]
        counts = [sums.loc[at, name] for at in (year, before) for name in ("events", "days")]
        rows.append((kind, *counts, *limits, units["unit"].nunique()))
    return pd.DataFrame(rows, columns=names)


def enough_units(units: float) -> bool:
    """Whether a resampled interval can be trusted: as many homes as overdispersion needs."""
    return bool(units >= FEWEST_UNITS)


def months(found: Register) -> pd.DataFrame:
    """Falls of all homes together, month by month in the period, with the limits of a chart.

    ``month``, ``year``, ``phase``, ``events``, ``days``, ``value`` (per 1 000), ``centre``,
    ``lower`` and ``upper`` (control limits of the phase; missing where fewer than one fall is
    expected in a month, or where a phase has one month), and ``signal`` ("none" or "signal").
    """
    names = ["month", "year", "phase", "events", "days", "value", "centre", "lower", "upper"]
    deviations, days = _counted(found, found.period)
    if days.empty:
        empty = pd.DataFrame(columns=[*names, "signal", "provisional"])
        return empty.astype(dict.fromkeys(names[3:], "float64"))
    deviations, days = _as_one(deviations, days, deviations["unit"].notna(), TOTAL)
    time = exposure(days)
    table = _per_unit(time, chosen(deviations, kinds=FALLS), "month")
    table = table.merge(time[["month", "year", "phase"]], on="month")
    table["value"] = 1000 * table["events"] / table["days"]
    chart = unit_chart(deviations, days, TOTAL)
    limits = ["centre", "lower", "upper", "signal"]
    if chart.grain == "month" and chart.chart is not None:
        own = chart.chart.table.rename(columns={"time": "month"})
        table = table.merge(own[["month", *limits]], on="month", how="left")
    else:
        table = table.assign(centre=np.nan, lower=np.nan, upper=np.nan, signal="")
    table["signal"] = np.where(table["signal"].fillna("") == "", "none", "signal")
    table["provisional"] = chart.chart is None or chart.chart.provisional
    return table[[*names, "signal", "provisional"]].sort_values("month", ignore_index=True)


def assessed(found: Register) -> pd.DataFrame:
    """How many falls have had their severity assessed, month by month in the period.

    ``month``, ``year``, ``phase``, ``assessed``, ``falls``, ``share``, ``lower``, ``upper``. A
    month without falls has no share.
    """
    by = ("month", "year", "phase")
    table = assessed_share(found.deviations, kinds=FALLS, by=by, months=found.period)
    table = table.rename(
        columns={"numerator": "assessed", "denominator": "falls", "value": "share"}
    )
    names = ["assessed", "falls", "share", "lower", "upper"]
    everything = _months(found.days, found.deviations, found.period)
    everything = everything.assign(year=everything["month"].str[:4])
    table = everything.merge(table[["month", *names]], on="month", how="left")
    table[["assessed", "falls"]] = table[["assessed", "falls"]].fillna(0.0)
    return table[[*by, *names]].astype({**dict.fromkeys(by, "str"), **dict.fromkeys(names, float)})


def severity(found: Register) -> pd.DataFrame:
    """Reports of the window by severity, the unassessed among them: shares of all reports.

    ``severity``, its ``severity_group`` ("severe", "not_severe", "not_assessed") and
    ``severity_known`` ("assessed", "not_assessed"), ``reports``, ``base`` (all reports), ``share``,
    ``lower``, ``upper``.
    """
    table = severity_counts(found.deviations, months=found.window)
    table = _categories(table, "severity", "reports")
    unknown = table["severity"] == NOT_ASSESSED
    severe = np.where(table["severity"].isin(HIGH_SEVERITY), "severe", "not_severe")
    return table.assign(
        severity_group=np.where(unknown, NOT_ASSESSED, severe),
        severity_known=np.where(unknown, NOT_ASSESSED, "assessed"),
    )


def prevention(found: Register) -> pd.DataFrame:
    """Falls of the window by whether measures had been taken before: shares of all falls.

    ``answer`` and its ``answer_group`` ("yes", "no", "unknown"), ``falls``, ``base`` (all falls),
    ``share``, ``lower``, ``upper``.
    """
    table = prevention_before(found.deviations, months=found.window).drop(columns="base")
    table = _categories(table, "answer", "falls")
    stated = table["answer"].isin(["yes", "no"])
    return table.assign(answer_group=table["answer"].where(stated, "unknown"))


def bounds(found: Register, what: Literal["severity", "prevention"]) -> pd.DataFrame:
    """Within what lies the share of severe reports, or of falls in spite of measures: one row.

    ``known`` (severe, or with measures), ``unknown`` (not assessed, or not stated), ``base``,
    ``rest`` (neither), ``least`` and ``most`` (none, or all, of the unknown); ``lower`` and
    ``upper`` hold sampling error too.
    """
    measure = severity_bounds if what == "severity" else prevention_bounds
    table = measure(found.deviations, months=found.window).drop(columns="base", errors="ignore")
    table = table.rename(
        columns={"numerator": "known", "unassessed": "unknown", "denominator": "base"}
    )
    table = table.assign(rest=table["base"] - table["known"] - table["unknown"])
    return table[["known", "unknown", "rest", "base", "least", "most", "lower", "upper"]]


def assessments_used(found: Register, choices: Choices) -> pd.DataFrame:
    """The residents with an assessment by what is known of them: ``state`` and ``residents``.

    "followed" for the whole horizon with a score, "not_followed", "without_score" and "total".
    No rows where nobody is assessed.
    """
    people = _people(found, choices)
    scored, followed = people["score"].notna(), people["followed"]
    counts = {
        "followed": int((scored & followed).sum()),
        "not_followed": int((scored & ~followed).sum()),
        "without_score": int((~scored).sum()),
        TOTAL: len(people),
    }
    table = pd.DataFrame({"state": list(counts), "residents": list(counts.values())})
    return table if len(people) else table.iloc[:0]


def downton(found: Register, choices: Choices) -> pd.DataFrame:
    """How many fell of those with a high Downton score and of the others, under given prevention.

    ``risk`` ("high", "low", "total"), ``residents`` followed for the whole horizon, ``fell``,
    ``share``, ``lower``, ``upper``. The share of the high is the positive predictive value, and
    what is left of the share of the low to one the negative. No rows where nobody is followed.
    """
    people = _people(found, choices)
    used = people[(people["score"].notna() & people["followed"]).to_numpy(dtype=bool)]
    high, fell = used["high"].to_numpy(dtype=bool), used["fell"].to_numpy(dtype=bool)
    groups = {"high": high, "low": ~high, TOTAL: np.ones(len(used), dtype=bool)}
    rows = [(name, int(own.sum()), int((own & fell).sum())) for name, own in groups.items()]
    table = _with_share(pd.DataFrame(rows, columns=["risk", "residents", "fell"]))
    return table if len(used) else table.iloc[:0]


def closure(found: Register, choices: Choices) -> pd.DataFrame:
    """The share of the window's reports that are closed in time, and how many are open.

    ``closed`` (in time), ``followed``, ``value``, ``lower``, ``upper`` (Kaplan-Meier), ``open``,
    ``overdue`` (open for longer), ``undated``, ``median`` days: one row, or none without reports.
    """
    table = _closure(found, choices.start, choices.closed_within)
    table = table.rename(columns={"numerator": "closed", "denominator": "followed"})
    names = ["closed", "followed", "value", "lower", "upper", "open", "overdue", "undated"]
    return table[[*names, "median"]]


def closure_curve(found: Register, choices: Choices) -> pd.DataFrame:
    """The share of the window's reports that are still open, week by week: for a figure.

    ``week`` since ``choices.start``, ``closed`` (in that week), ``value``, ``lower``, ``upper`` at
    its end.
    """
    names = ["week", "closed", "value", "lower", "upper"]
    frame = chosen(found.deviations, kinds=REPORTS, months=found.window)
    end = np.datetime64(found.until, "D")
    begun = pd.to_datetime(frame[choices.start]).to_numpy(dtype="datetime64[D]")
    closed = pd.to_datetime(frame["closed_on"]).to_numpy(dtype="datetime64[D]")
    closed = np.where(closed > end, np.datetime64("NaT"), closed)
    said = (frame["status"].astype("object") == "closed").to_numpy(dtype=bool)
    used = ~((said & np.isnat(closed)) | np.isnat(begun) | (begun > end))
    if not used.any():
        return pd.DataFrame(columns=names).astype("float64")
    at_once = np.isin(closed, np.array(found.closed_together, dtype="datetime64[D]"))
    stop = np.where(np.isnat(closed), end, closed)
    lasted = np.maximum((stop - begun).astype(np.float64), 0.0)[used]
    event = (~np.isnat(closed) & ~at_once)[used]
    longest = int(min(lasted.max(), CURVE_DAYS))
    at = list(range(WEEK, longest + 1, WEEK))
    if not at:
        return pd.DataFrame(columns=names).astype("float64")
    table = kaplan_meier(pd.Series(lasted), pd.Series(event), at=[float(day) for day in at]).table
    within = [int((event & (lasted <= day)).sum()) for day in at]
    return pd.DataFrame(
        {
            "week": [day // WEEK for day in at],
            "closed": np.diff(within, prepend=0),
            **{name: table[name].to_numpy() for name in ("value", "lower", "upper")},
        }
    )


def fallers(found: Register, choices: Choices) -> pd.DataFrame:
    """Residents with a fall in the window, and how many of them fell ``at_least`` times, by sex.

    Rows women, men, (unknown) and total: ``fallers``, ``repeaters``, ``share``, ``lower``,
    ``upper``, ``falls`` and ``falls_of_repeaters``. Falls without a known resident are not here,
    and there are no rows without any other.
    """
    frame = found.deviations
    sex = frame["resident_sex"].astype("object").where(frame["resident_sex"].notna(), "unknown")
    rows = []
    for group in (*SEXES, "unknown", TOTAL):
        own = frame if group == TOTAL else frame[(sex == group).to_numpy(dtype=bool)]
        table = repeat_fallers(own, at_least=choices.at_least, months=found.window)
        counts = [0, 0, 0, 0]
        if len(table):
            names = ["denominator", "numerator", "falls", "falls_of_repeaters"]
            counts = [int(table[name].iloc[0]) for name in names]
        if group == "unknown" and counts[0] == 0:
            continue
        rows.append((group, *counts))
    names = ["sex", "fallers", "repeaters", "falls", "falls_of_repeaters"]
    table = _with_share(pd.DataFrame(rows, columns=names), "repeaters", "fallers")
    return table if table["fallers"].any() else table.iloc[:0]


def sex_difference(table: pd.DataFrame) -> pd.DataFrame:
    """Women minus men in the share of repeat fallers (see ``fallers``), Newcombe: one row.

    No row without fallers.
    """
    rows = table.set_index("sex").reindex(list(SEXES), fill_value=0)
    (x1, x2), (n1, n2) = (
        [int(count) for count in rows.loc[list(SEXES), name].tolist()]
        for name in ("repeaters", "fallers")
    )
    known = bool(n1 and n2)
    limits = newcombe(x1, n1, x2, n2) if known else (np.nan, np.nan)
    made = pd.DataFrame(
        {
            "comparison": ["women_men"],
            "women": [x1],
            "women_of": [n1],
            "men": [x2],
            "men_of": [n2],
            "value": [x1 / n1 - x2 / n2 if known else np.nan],
            "lower": [float(limits[0])],
            "upper": [float(limits[1])],
        }
    )
    return made if len(table) else made.iloc[:0]


def homes(found: Register, choices: Choices) -> pd.DataFrame:
    """How many homes there are in the window: one row.

    ``units``, ``small`` (below ``unit_places``, or of unknown size) and ``silent`` (no report).
    """
    time = exposure(found.days, months=found.window)
    silent = silent_units(found.deviations, found.days, months=found.window)
    small = _small_units(found, choices)
    units = set(time["unit"].astype("object"))
    counts = (len(units), len(units & small), len(silent))
    return pd.DataFrame([counts], columns=["units", "small", "silent"])


def units(found: Register, choices: Choices, *, small: str) -> pd.DataFrame:
    """The window's falls of each home against funnel limits around the rate of all.

    Homes below ``choices.unit_places`` are one row that is called ``small``. They are left out
    where that row would be of one home only, or of fewer places than that by itself.
    ``unit``, ``events``, ``days``, ``value`` (per 1 000), ``centre``, ``lower`` and ``upper`` (99.8
    per cent), ``lower_inner`` and ``upper_inner`` (95 per cent), ``outside`` ("high", "low",
    "inside"). Without limits where there are no falls, or one row only.
    """
    names = ["unit", "events", "days", "value", "centre", "lower", "upper"]
    deviations, days = _pooled(found, choices, small)
    table, funnel = unit_funnel(deviations, days)
    table = table.rename(columns={"numerator": "events", "denominator": "days"})
    table = table.assign(centre=np.nan if funnel is None else funnel.target)
    for name in ("lower_inner", "upper_inner"):
        if name not in table:
            table[name] = np.nan
    table["outside"] = table["outside"].astype("object").replace("", "inside")
    return table[[*names, "lower_inner", "upper_inner", "outside"]]


def unit_charts(found: Register, choices: Choices, *, small: str) -> pd.DataFrame:
    """What a chart of each home can say: ``unit``, ``grain`` and ``reading``.

    ``grain``: "month" or "quarter" where enough falls are expected in each, else "too_few".
    ``reading``: "steady", "signal", or "too_short" for limits that last.
    """
    deviations, days = _pooled(found, choices, small)
    rows = []
    for unit in sorted(set(exposure(days)["unit"].astype("object"))):
        own = unit_chart(deviations, days, unit)
        if own.chart is None or own.grain not in ("month", "quarter"):
            rows.append((unit, "too_few", "too_short"))
            continue
        moved = bool((own.chart.table["signal"] != "").any()) or own.chart.runs.signal
        reading = "signal" if moved else "steady"
        rows.append((unit, own.grain, "too_short" if own.chart.provisional else reading))
    return pd.DataFrame(rows, columns=["unit", "grain", "reading"]).astype("str")


def counter_measures(found: Register) -> pd.DataFrame:
    """What must not get worse when falls are to be fewer: shares by year and phase of the period.

    ``measure`` "fall_risk" (reports of fallrisk of all reports), "assessed" (severity assessed, of
    all reports) and "injured" (falls with an injury, of the falls of which that is known);
    ``numerator``, ``denominator``, ``share``, ``lower``, ``upper``.
    """
    frame = chosen(found.deviations, kinds=REPORTS, months=found.period)
    severity = frame["severity"].astype("object")
    fall = (frame["kind"] == "fall").to_numpy(dtype=bool)
    hurt = frame["injury"].astype("object")
    everything = np.ones(len(frame), dtype=bool)
    shares = {
        "fall_risk": (~fall, everything),
        "assessed": ((severity.notna() & (severity != NOT_ASSESSED)).to_numpy(bool), everything),
        "injured": (hurt.eq(True).to_numpy(dtype=bool) & fall, fall & hurt.notna().to_numpy()),
    }
    rows = []
    years, parts = (frame[name].to_numpy(dtype=object) for name in ("year", "phase"))
    for year in sorted(set(years)):
        for phase in PHASES:
            at = (years == year) & (parts == phase)
            if not at.any():
                continue
            for measure, (part, whole) in shares.items():
                rows.append((year, phase, measure, int(part[at].sum()), int(whole[at].sum())))
    names = ["year", "phase", "measure", "numerator", "denominator"]
    table = pd.DataFrame(rows, columns=names)
    return _with_share(table, "numerator", "denominator")


def share_variants(found: Register, choices: Choices) -> pd.DataFrame:
    """The shares of the report under other definitions: for a forest plot.

    ``measure``, ``definition``, ``setting``, ``numerator``, ``denominator``, ``value``, ``lower``,
    ``upper`` and ``chosen``. A share without a base, or that nobody was followed for, is missing.
    """
    rows = []

    def add(measure: str, definition: str, setting: int, row: pd.Series, *, chosen: bool) -> None:
        numbers = [row[name] for name in ("numerator", "denominator", "value", "lower", "upper")]
        rows.append((measure, definition, str(setting), *numbers, chosen))

    for start in STARTS:
        for limit in sorted({59, 61, 62, choices.closed_within}):
            is_chosen = start == choices.start and limit == choices.closed_within
            for _, row in _closure(found, start, limit).iterrows():
                add("closed", start, limit, row, chosen=is_chosen)
    for at_least in sorted({2, 3, choices.at_least}):
        own = repeat_fallers(found.deviations, at_least=at_least, months=found.window)
        for _, row in own.iterrows():
            add("repeat", "falls", at_least, row, chosen=at_least == choices.at_least)
    for which in ("first", "last"):
        for threshold in sorted({2, 3, 4, choices.high_risk}):
            is_chosen = which == "first" and threshold == choices.high_risk
            own = predictive_values(
                *(_assessments(found), found.deviations),
                until=found.until,
                threshold=threshold,
                which=which,
            )
            for _, row in own[own["measure"] == "positive_predictive"].iterrows():
                add("fell", which, threshold, row, chosen=is_chosen)
    names = ["measure", "definition", "setting", "numerator", "denominator"]
    table = pd.DataFrame(rows, columns=[*names, "value", "lower", "upper", "chosen"])
    return table.astype({**dict.fromkeys(names[3:], "float64"), "chosen": "bool"})


def rate_variants(found: Register) -> pd.DataFrame:
    """Falls per 1 000 resident-days of the window under other definitions: for a forest plot.

    ``basis`` ("both", "presence") and ``repeats`` ("resident", "independent"); ``events``,
    ``days``, ``value``, ``lower``, ``upper`` and ``chosen``.
    """
    rows = []
    for basis in ("both", "presence"):
        for repeats in ("resident", "independent"):
            own = fall_rates(
                *(found.deviations, found.days),
                months=found.window,
                basis=basis,
                repeats=repeats,
            )
            for _, row in own.iterrows():
                names = ["numerator", "denominator", "value", "lower", "upper"]
                is_chosen = (basis, repeats) == ("both", "resident")
                rows.append((basis, repeats, *(row[name] for name in names), is_chosen))
    names = ["basis", "repeats", "events", "days", "value", "lower", "upper", "chosen"]
    table = pd.DataFrame(rows, columns=names)
    return table.astype({**dict.fromkeys(names[2:7], "float64"), "chosen": "bool"})


# --- what the tables are made of ---------------------------------------------------------------


def _with(
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


def _months(days: pd.DataFrame, deviations: pd.DataFrame, period: Months) -> pd.DataFrame:
    """Every month of the period with resident-days or a report, and its phase."""
    found = [exposure(days, months=period), chosen(deviations, kinds=REPORTS, months=period)]
    both = pd.concat([frame[["month", "phase"]].astype("object") for frame in found])
    return both.drop_duplicates("month").sort_values("month", ignore_index=True)


def _window(
    days: pd.DataFrame, deviations: pd.DataFrame, period: tuple[str, str]
) -> tuple[str, str]:
    """The months of the phase that the period has most of; the later of two that are as long."""
    months = _months(days, deviations, period)
    counts = [int((months["phase"] == phase).sum()) for phase in PHASES]
    if sum(count > 0 for count in counts) < 2:
        return period
    longest = PHASES[max(range(len(PHASES)), key=lambda place: (counts[place], place))]
    own = months[months["phase"] == longest]["month"]
    return str(own.min()), str(own.max())


def _counted(found: Register, months: Months) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The reports in unit-months with resident-days, and these days."""
    days = exposure(found.days, months=months)
    events = chosen(found.deviations, kinds=REPORTS, months=months)
    cells = pd.MultiIndex.from_frame(days[["unit", "month"]].astype("object"))
    own = pd.MultiIndex.from_frame(events[["unit", "month"]].astype("object"))
    kept = events[own.isin(cells)].reset_index(drop=True)
    return kept.astype({"unit": "object"}), days.astype({"unit": "object"})


def _as_one(
    deviations: pd.DataFrame, days: pd.DataFrame, rows: pd.Series, name: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The homes of ``rows`` of the reports, and all homes of the days, as one home: ``name``."""
    summed = days.groupby("month", sort=True)[["resident_days", "places"]].sum().reset_index()
    summed["month"] = pd.to_datetime(summed["month"] + "-01")
    summed = summed.assign(unit=name, basis="both", municipality=np.nan)
    return deviations.assign(unit=deviations["unit"].mask(rows, name)), summed


def _small_units(found: Register, choices: Choices) -> set[object]:
    places = unit_places(found.days)
    small = ~(places["places"] >= choices.unit_places) & (choices.unit_places > 0)
    return set(places.loc[small, "unit"])


def _pooled(found: Register, choices: Choices, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The reports and days of the window, with the homes that are too small as one."""
    deviations, days = _counted(found, found.window)
    small = _small_units(found, choices)
    few, inside = days["unit"].isin(small), deviations["unit"].isin(small)
    rest = days[~few].assign(month=pd.to_datetime(days.loc[~few, "month"] + "-01"))
    sizes = days[few].groupby("unit")["places"].max()
    if len(sizes) < 2 or not sizes.sum() >= choices.unit_places:
        return deviations[~inside], rest
    together, pooled = _as_one(deviations, days[few], inside, name)
    return together, pd.concat([rest, pooled], ignore_index=True)


def _per_unit(time: pd.DataFrame, events: pd.DataFrame, period: str) -> pd.DataFrame:
    """``unit``, ``period``, ``events`` and ``days``: only events in unit-months with days."""
    keys = ["unit", "month"]
    counts = events[keys].astype("object").value_counts().rename("events").reset_index()
    own = time[list(dict.fromkeys([*keys, period]))].astype("object")
    own = own.assign(days=time["resident_days"].to_numpy(dtype="float64"))
    own = own.merge(counts, on=keys, how="left")
    own["events"] = own["events"].astype("float64").fillna(0.0)
    return own.groupby(["unit", period], sort=True)[["events", "days"]].sum().reset_index()


def _assessments(found: Register) -> pd.DataFrame:
    """The assessments of the period, and of the days just before it."""
    first = pd.Period(found.period[0], "M").start_time - pd.Timedelta(days=LEAD)
    last = pd.Period(found.period[1], "M").end_time
    on = pd.to_datetime(found.assessments["assessed_on"])
    return found.assessments[((on >= first) & (on <= last)).to_numpy(dtype=bool)]


def _people(found: Register, choices: Choices) -> pd.DataFrame:
    return downton_outcomes(
        *(_assessments(found), found.deviations), until=found.until, threshold=choices.high_risk
    )


def _closure(found: Register, start: Start, limit: int) -> pd.DataFrame:
    return time_to_closure(
        found.deviations,
        until=found.until,
        start=start,
        limit=limit,
        closed_together=found.closed_together,
        months=found.window,
    )


def _categories(table: pd.DataFrame, name: str, counted: str) -> pd.DataFrame:
    table = table.rename(columns={"numerator": counted, "denominator": "base", "value": "share"})
    return table[[name, counted, "base", "share", "lower", "upper"]].astype({name: "str"})


def _with_share(
    table: pd.DataFrame, numerator: str = "fell", denominator: str = "residents"
) -> pd.DataFrame:
    """The table with a share and Wilson's interval; missing where nobody is counted."""
    known = (table[denominator] > 0).to_numpy(dtype=bool)
    lower, upper = np.full(len(table), np.nan), np.full(len(table), np.nan)
    if known.any():
        own = table[known]
        lower[known], upper[known] = wilson(
            own[numerator].astype("int64"), own[denominator].astype("int64")
        )
    share = table[numerator] / table[denominator].where(table[denominator] > 0)
    return table.assign(share=share.astype("float64"), lower=lower, upper=upper)
