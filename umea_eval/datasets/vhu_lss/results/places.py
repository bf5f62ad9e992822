"""Do municipalities and areas differ in how many take part?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.measures import (
    correlation_in_homes,
    detectable_participation,
    participation_difference,
)
from umea_eval.datasets.vhu_lss.measures.participation import Base
from umea_eval.datasets.vhu_lss.results.reach import other_places, participation_confidence
from umea_eval.datasets.vhu_lss.results.register import TOTAL, Choices, Register, municipality_names
from umea_eval.methods.proportions import with_share
from umea_eval.methods.rates import funnel

BASES: tuple[Base, ...] = ("offered", "eligible")
# Whom the offered and the eligible are, as a step of the flow.
STEP_OF: Mapping[Base, str] = {"offered": "invited", "eligible": "eligible"}


def places(found: Register, choices: Choices) -> pd.DataFrame:
    """Participation per municipality, of the offered and of the eligible, with all of them last.

    ``municipality`` (name), ``taking_part``, ``invited`` with ``share`` and limits, ``eligible``
    with ``share_eligible`` and limits.
    """
    names = found.people["municipality"].map(municipality_names())
    rows = []
    for group in (*sorted(names.dropna().unique()), TOTAL):
        part = found.people if group == TOTAL else found.people[(names == group).to_numpy()]
        counts = (int(part["invited"].sum()), len(part))
        rows.append((group, int(part[choices.taking_part].sum()), *counts))
    table = pd.DataFrame(rows, columns=["municipality", "taking_part", "invited", "eligible"])
    table = with_share(table, "taking_part", "invited")
    own = with_share(table[["taking_part", "eligible"]], "taking_part", "eligible")
    more = {f"{name}_eligible": own[name] for name in ("share", "lower", "upper")}
    return table.assign(**more)


def reference_place(found: Register) -> str | None:
    """The municipality that others are compared with: the one with most invited."""
    invited = found.people.loc[found.people["invited"], "municipality"]
    counts = invited.value_counts()
    return min(counts.index, key=lambda code: (-int(counts[code]), str(code)), default=None)


def place_differences(found: Register, choices: Choices) -> pd.DataFrame:
    """Each municipality's participation minus that of the one with most invited.

    One row per municipality and ``base`` (offered, eligible): the four counts, ``value`` with
    Newcombe's limits for persons who share homes, and ``detectable``, the smallest difference
    downwards (else upwards) that their sizes could have shown. The intervals of one base hold
    together, and with that of ``sex_difference`` (Bonferroni).
    """
    names = ["municipality", "base", "base_step", "reference", "numerator", "denominator"]
    names += ["reference_numerator", "reference_denominator", "value", "lower", "upper"]
    names += ["confidence", "detectable", "reference_share"]
    reference = reference_place(found)
    parts = []
    confidence = participation_confidence(found)
    for base in BASES:
        if reference is None or not other_places(found):
            break
        # A municipality without an offer has no share of the offered, and is left out of both.
        offering = found.people.loc[found.people["invited"], "municipality"].unique()
        own = found.people[found.people["municipality"].isin(offering)]
        taking = choices.taking_part
        table = participation_difference(
            own,
            reference=reference,
            base=base,
            taking_part=taking,
            interval="newcombe_homes",
            confidence=confidence,
        )
        persons = own[own["invited"]] if base == "offered" else own
        least = detectable_participation(
            own,
            reference=reference,
            base=base,
            taking_part=taking,
            alpha=1 - confidence,
            correlation_in_homes=correlation_in_homes(persons, taking, by="municipality"),
        ).set_index("municipality")
        down, up = (
            least.loc[least["direction"] == way, "value"].abs() for way in ("decrease", "increase")
        )
        shown = table["municipality"].map(down.fillna(up))
        against = table["reference_numerator"] / table["reference_denominator"]
        parts.append(
            table.assign(base_step=STEP_OF[base], detectable=shown, reference_share=against)
        )
    if not parts:
        return pd.DataFrame(columns=names)
    table = pd.concat(parts, ignore_index=True)
    named = municipality_names()
    table["municipality"] = table["municipality"].map(named)
    table["reference"] = table["reference"].map(named)
    return table.sort_values(["municipality", "base"], ascending=[True, False])[names].reset_index(
        drop=True
    )


def units(found: Register, choices: Choices) -> pd.DataFrame:
    """Participation of the offered per area (or municipality without areas) for a funnel.

    ``municipality``, ``unit``, ``taking_part``, ``invited``, ``value``, the same of all together in
    every row (``all_taking_part``, ``all_invited``, ``all_share``), and the limits that chance
    alone gives at that size around the share of all (``lower``, ``upper``: 99.8 per cent).
    """
    names = ["municipality", "unit", "taking_part", "invited", "all_taking_part", "all_invited"]
    names += ["all_share", "value", "lower", "upper"]
    own = found.people[found.people["invited"]]
    counts = own.groupby(["municipality", "unit"], as_index=False)[choices.taking_part].agg(
        ["sum", "size"]
    )
    if counts.empty:
        return pd.DataFrame(columns=names)
    counts = counts.rename(columns={"sum": "taking_part", "size": "invited"})
    taking, everyone = int(counts["taking_part"].sum()), int(counts["invited"].sum())
    counts = counts.assign(value=counts["taking_part"] / counts["invited"])
    if len(counts) > 1 and 0 < taking < everyone:
        limits = funnel(counts, "taking_part", "invited", unit="unit", kind="share").table
        counts = counts.merge(limits[["unit", "lower", "upper"]], on="unit", validate="1:1")
    else:
        counts = counts.assign(lower=np.nan, upper=np.nan)
    named = counts["municipality"].map(municipality_names())
    code = counts["municipality"].astype("str")
    rest = [unit[len(place) :].strip() for unit, place in zip(counts["unit"], code, strict=True)]
    shown = [f"{name}, {area}" if area else name for name, area in zip(named, rest, strict=True)]
    everybody = {"all_taking_part": taking, "all_invited": everyone, "all_share": taking / everyone}
    made = counts.assign(municipality=named, unit=pd.Series(shown, dtype="str"), **everybody)
    return made.sort_values(["municipality", "unit"], kind="stable")[names].reset_index(drop=True)
