"""What would other definitions have said, and what must not get worse?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from umea_eval.datasets.fallprevention.measures import fall_rates, predictive_values, repeat_fallers
from umea_eval.datasets.fallprevention.measures.selection import PHASES, REPORTS, chosen
from umea_eval.datasets.fallprevention.results.closure import time_in
from umea_eval.datasets.fallprevention.results.downton import STATES, used_assessments
from umea_eval.datasets.fallprevention.results.rates import change
from umea_eval.datasets.fallprevention.results.register import STARTS, Choices, Register
from umea_eval.datasets.fallprevention.results.shares import with_share
from umea_eval.datasets.fallprevention.schema import NOT_ASSESSED
from umea_eval.methods.nested import with_wider

# What the counts of the main tables count: the same counts stand among the variants.
CLOSED, FALLERS, REPEATERS = "closed in time", "fallers", "repeat fallers"
ASSESSED, FELL = STATES["followed"], "assessed residents who fell"
_NUMBERS = ("numerator", "denominator", "value", "lower", "upper")


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
    return with_share(table, "numerator", "denominator")


def share_variants(found: Register, choices: Choices) -> pd.DataFrame:
    """The shares of the report under other definitions: for a forest plot.

    ``measure``, ``definition``, ``setting``, ``numerator``, ``denominator``, ``value``, ``lower``,
    ``upper`` and ``chosen``. A share without a base, or that nobody was followed for, is missing.

    For disclosure control: what the two counts count (``numerator_of``, ``denominator_of``), and
    the counts that hold them (`methods.nested`).
    """
    rows: list[dict[str, Any]] = []

    def add(
        measure: str, definition: str, setting: int, row: pd.Series, of: tuple[str, str]
    ) -> None:
        numbers = {name: row[name] for name in _NUMBERS}
        rows.append(
            {
                **{"measure": measure, "definition": definition, "setting": str(setting)},
                **{**numbers, "numerator_of": of[0], "denominator_of": of[1]},
            }
        )

    def is_chosen(measure: str, definition: str, setting: int) -> bool:
        return (definition, setting) == {
            "closed": (choices.start, choices.closed_within),
            "repeat": ("falls", choices.at_least),
            "fell": ("first", choices.high_risk),
        }[measure]

    for start in STARTS:
        base = "followed" if start == choices.start else f"followed, {start}"
        for limit in sorted({59, 61, 62, choices.closed_within}):
            what = CLOSED if is_chosen("closed", start, limit) else f"closed, {start}, {limit}"
            for _, row in time_in(found, start, limit).iterrows():
                add("closed", start, limit, row, (what, base))
    for at_least in sorted({2, 3, choices.at_least}):
        what = REPEATERS if is_chosen("repeat", "falls", at_least) else f"fell {at_least} times"
        own = repeat_fallers(found.deviations, at_least=at_least, months=found.window)
        for _, row in own.iterrows():
            add("repeat", "falls", at_least, row, (what, FALLERS))
    # Where most are assessed once, the first assessment and the last one give the same counts: then
    # they are the same.
    named: dict[tuple[int, float, float], tuple[str, str]] = {}
    for which in ("first", "last"):
        for threshold in sorted({2, 3, 4, choices.high_risk}):
            own = predictive_values(
                *(used_assessments(found), found.deviations),
                until=found.until,
                threshold=threshold,
                which=which,
            )
            for _, row in own[own["measure"] == "positive_predictive"].iterrows():
                of = (f"fell, {which} score {threshold}", f"{which} score {threshold}")
                if is_chosen("fell", which, threshold):
                    of = (FELL, ASSESSED)
                counts = (threshold, float(row["numerator"]), float(row["denominator"]))
                add("fell", which, threshold, row, named.setdefault(counts, of))
    names = ["measure", "definition", "setting", *_NUMBERS, "numerator_of", "denominator_of"]
    table = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(_NUMBERS, "float64"))
    keys = zip(table["measure"], table["definition"], table["setting"], strict=True)
    table["chosen"] = [is_chosen(str(a), str(b), int(str(c))) for a, b, c in keys]
    return with_wider(table, ("measure", "definition"), table["measure"] == "closed")


def rate_variants(found: Register) -> pd.DataFrame:
    """Falls, and falls with an injury, per 1 000 resident-days under other definitions.

    For a forest plot: ``kind`` ("fall", "injured"), ``basis`` ("both", "presence") and ``repeats``
    ("resident", "independent"); ``events``, ``days``, ``value``, ``lower``, ``upper`` and
    ``chosen``. ``whole``: of what the events are a part (``whole_kind``): those on both bases,
    where these are on one; all falls, where they are on both and with an injury.
    """
    rows = []
    for kind in ("fall", "injured"):
        for basis in ("both", "presence"):
            for repeats in ("resident", "independent"):
                own = fall_rates(
                    *(found.deviations, found.days),
                    injured=kind == "injured",
                    months=found.window,
                    basis=basis,
                    repeats=repeats,
                )
                for _, row in own.iterrows():
                    is_chosen = (basis, repeats) == ("both", "resident")
                    numbers = (row[name] for name in _NUMBERS)
                    rows.append((kind, basis, repeats, *numbers, is_chosen))
    names = ["kind", "basis", "repeats", "events", "days", "value", "lower", "upper", "chosen"]
    table = pd.DataFrame(rows, columns=names)
    table = table.astype({**dict.fromkeys(names[3:8], "float64"), "chosen": "bool"})
    on_both = table[table["basis"] == "both"].groupby("kind")["events"].max()
    all_falls = (table["basis"] == "both") & (table["kind"] == "injured")
    whole_kind = table["kind"].mask(all_falls, "fall")
    whole = whole_kind.map(on_both).astype("float64")
    return table.assign(
        whole_kind=whole_kind, whole=whole.mask((table["basis"] == "both") & ~all_falls)
    )


def change_variants(found: Register, choices: Choices) -> pd.DataFrame:
    """``change`` under other definitions: for a forest plot. No row where it has none.

    The columns of ``change`` and ``basis`` ("both", "presence": the same homes and months in both
    years), ``chosen``, and ``whole`` and ``whole_before``: the counts on both bases, where these
    are on one.
    """
    own = change(found, choices)
    if own.empty:
        return own.assign(basis="", chosen=False, whole=np.nan, whole_before=np.nan)
    alone = change(found, choices, basis="presence")
    table = pd.concat([own.assign(basis="both"), alone.assign(basis="presence")])
    table = table.merge(
        own[["kind", "events", "before"]].rename(
            columns={"events": "whole", "before": "whole_before"}
        ),
        on="kind",
        how="left",
    )
    both = table["basis"] == "both"
    wholes = ["whole", "whole_before"]
    table[wholes] = table[wholes].astype("float64").mask(both, np.nan)
    return table.assign(chosen=both & (table["kind"] == "fall"))
