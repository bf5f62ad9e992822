"""The tables of the evaluation of VHU i LSS: measures put beside each other for readers.

Each function gives a frame that a report registers as it is. Counts stand beside every share, so
that disclosure control can judge them; ``total`` is the code of all categories together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.measures import (
    bmi_classes,
    detectable_introduction,
    detectable_of,
    detectable_participation,
    detection,
    event_course,
    first_visits,
    flow,
    high_blood_pressure,
    hyperlipidaemia,
    introduction_change,
    losses,
    metabolic_syndrome,
    paired_change,
    participation,
    participation_difference,
    people,
    prevalence,
    registered_panel,
    type_2_diabetes,
    with_persons,
)
from umea_eval.datasets.vhu_lss.measures.change import TOO_FEW
from umea_eval.datasets.vhu_lss.measures.introduction import OUTCOMES, Outcome
from umea_eval.datasets.vhu_lss.measures.metabolic_syndrome import Definition, Waist
from umea_eval.datasets.vhu_lss.measures.participation import Base, Taking
from umea_eval.datasets.vhu_lss.measures.people import unit_names
from umea_eval.datasets.vhu_lss.measures.prevalence import CANNOT
from umea_eval.datasets.vhu_lss.measures.shares import FEW_HOMES, NOBODY
from umea_eval.datasets.vhu_lss.measures.three_valued import UNDETERMINED, YES
from umea_eval.datasets.vhu_lss.schema import CODES, EXAMINATIONS, FOLLOW_UPS, PERSONS
from umea_eval.errors import UserError
from umea_eval.intake.codes import MEN, WOMEN
from umea_eval.language import Language, text
from umea_eval.methods.bounds import manski_difference
from umea_eval.methods.claims import shared
from umea_eval.methods.proportions import with_share
from umea_eval.methods.rates import funnel
from umea_eval.methods.two_shares import two_shares

TOTAL, UNKNOWN = "total", "unknown"
SEXES = (WOMEN, MEN)
ROUNDS = ("40", "50", "60")
STEP_FLAGS = ("invited", "accepted", "examined")
BASES: tuple[Base, ...] = ("offered", "eligible")
# Whom the offered and the eligible are, as a step of the flow.
STEP_OF: Mapping[Base, str] = {"offered": "invited", "eligible": "eligible"}
ALPHA = 0.05
# The plan's questions with claims: participation, change and introduction. Each has its part of
# ``ALPHA``, and deals it out over its own comparisons (Bonferroni), so that all intervals of the
# report that carry a claim hold together.
QUESTIONS = 3
_OF_VISITS = (EXAMINATIONS, FOLLOW_UPS)

CONDITIONS = (
    *("metabolic_syndrome", "type_2_diabetes", "high_blood_pressure"),
    *("hyperlipidaemia", "obesity"),
)
# Condition, the flag of an earlier diagnosis, and the drug that counts as one.
DETECTED: Mapping[str, tuple[str, str]] = {
    "type_2_diabetes": ("known_diabetes", "drug_glucose"),
    "high_blood_pressure": ("known_hypertension", "drug_blood_pressure"),
    "hyperlipidaemia": ("known_hyperlipidaemia", "drug_statin"),
}
# The family of measures that the plan names.
FOLLOWED = ("waist", "weight", "systolic", "cholesterol", "hba1c")
DEFINITIONS: tuple[tuple[Definition, Waist], ...] = (
    ("joint", "94/80"),
    ("joint", "102/88"),
    ("idf", "94/80"),
    ("ncep", "102/88"),
)
# What the measures say instead of an interval, as codes of the catalogue.
LIMITS: Mapping[str, str] = {
    NOBODY: "nobody",
    FEW_HOMES: "few_homes",
    TOO_FEW: "few_pairs",
    CANNOT: "no_history",
    "none: too few units": "few_units",
}
_PERSONS: Mapping[str, str] = {
    "person": "str",
    "municipality": "str",
    "invited_on": "datetime64[us]",
    "answer": "str",
}
_VISITS: Mapping[str, str] = {"person": "str", "examined_on": "datetime64[us]"}

Group = Literal["sex", "round"]


@dataclass(frozen=True)
class Choices:
    """The definitions and the selection of the evaluation, each a parameter of the notebook.

    ``municipality`` is a code or a name and ``area`` a name; empty is all. Years are those of the
    offer (see ``offer_year``), both included.
    """

    first_year: int
    last_year: int
    municipality: str = ""
    area: str = ""
    definition: Definition = "joint"
    waist: Waist = "94/80"
    taking_part: Taking = "accepted"
    correlation: float = 0.8


@dataclass(frozen=True)
class Register:
    """The selected persons and their visits.

    ``people`` is what ``measures.people`` gives for the years, ``everybody`` the same for all
    years; ``visits`` are first examinations with a column per condition, ``examinations`` and
    ``follow_ups`` all visits. ``registered`` and ``introductions`` are missing where the data have
    no such table. ``undated``: selected persons of whom no year of the offer is known, who are in
    ``everybody`` only.
    """

    people: pd.DataFrame
    everybody: pd.DataFrame
    visits: pd.DataFrame
    examinations: pd.DataFrame
    follow_ups: pd.DataFrame
    registered: pd.DataFrame | None
    introductions: pd.DataFrame | None
    undated: int

    @property
    def empty(self) -> bool:
        """Whether there is nobody to evaluate."""
        return self.people.empty


def municipality_code(name: str) -> str:
    """The code of a municipality given by code or name; a text that is neither is its own code."""
    known = {text.casefold(): code for text, code in CODES["municipality"].spellings.items()}
    return known.get(name.strip().casefold(), name.strip())


def municipality_names() -> dict[str, str]:
    """The municipalities' names by code (the same in both languages)."""
    return {each.code: each.label_sv for each in CODES["municipality"].codes}


def offer_year(persons: pd.DataFrame, examinations: pd.DataFrame) -> pd.Series:
    """The year of each row's offer, missing where nothing tells.

    The year of the invitation; without a date that of the first examination; for those who were
    not invited, the year in which they reach the age of the offer.
    """
    year: pd.Series = persons["invited_on"].dt.year.astype("float64")
    first = examinations.groupby(examinations["person"].astype("str"))["examined_on"].min()
    examined = persons["person"].astype("str").map(first.dt.year.astype("float64"))
    year = year.where(year.notna(), examined)
    born = next((name for name in ("person_birth_year", "birth_year") if name in persons), None)
    if born is None or "round" not in persons:
        return year
    age = persons["round"].astype("object").astype("float64")
    filled: pd.Series = year.where(year.notna(), persons[born].astype("float64") + age)
    return filled


def register(tables: Mapping[str, pd.DataFrame], extraction: dt.date, choices: Choices) -> Register:
    """The register of a cleaning, limited to the choices' places and years."""
    persons = tables.get("persons", _nothing(_PERSONS))
    examinations = tables.get("examinations", _nothing(_VISITS))
    follow_ups = tables.get("follow_ups", _nothing(_VISITS))
    own = persons.drop_duplicates("person")
    if choices.municipality:
        code = municipality_code(choices.municipality)
        own = own[(own["municipality"].astype("object") == code).to_numpy()]
    if choices.area:
        area = own["area"] if "area" in own else pd.Series(pd.NA, own.index, dtype="str")
        alike = area.astype("str").str.casefold() == choices.area.strip().casefold()
        own = own[alike.fillna(value=False).to_numpy(dtype=bool)]
    year = offer_year(own, examinations)
    dated = own[year.between(choices.first_year, choices.last_year).to_numpy()]
    chosen = set(dated["person"].astype("str"))

    def of_chosen(visits: pd.DataFrame) -> pd.DataFrame:
        return visits[visits["person"].astype("str").isin(chosen)].reset_index(drop=True)

    examined = of_chosen(examinations)
    return Register(
        people=people(dated, examinations, follow_ups, until=extraction),
        everybody=people(own, examinations, follow_ups, until=extraction),
        visits=with_conditions(with_persons(first_visits(examined), dated), choices),
        examinations=examined,
        follow_ups=of_chosen(follow_ups),
        registered=tables.get("registered"),
        introductions=tables.get("introductions"),
        undated=int(year.isna().sum()),
    )


def _nothing(columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})


def with_conditions(visits: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """The visits with ``yes``, ``no`` or ``undetermined`` for every condition."""
    made = metabolic_syndrome(visits, definition=choices.definition, waist=choices.waist)
    made = hyperlipidaemia(high_blood_pressure(type_2_diabetes(made)))
    return made.assign(obesity=_obesity(made))


def _obesity(visits: pd.DataFrame) -> pd.Series:
    found = bmi_classes(visits)["bmi_class"]
    return found.replace({"obesity": YES, "overweight": "no", "below": "no"})


# --- how many take part ------------------------------------------------------------------------


def reached(found: Register) -> pd.DataFrame:
    """The short list for few persons: ``examined``, and which third of the invited accepted."""
    counts = {name: int(found.people[name].sum()) for name in STEP_FLAGS}
    part, group = counts["accepted"], counts["invited"]
    third = "low" if 3 * part < group else "high" if 3 * part > 2 * group else "middle"
    frame = pd.DataFrame({name: [count] for name, count in counts.items()})
    return frame.assign(accepting=pd.Series([third if group else None], dtype="str"))


def steps(found: Register) -> pd.DataFrame:
    """The flow, one row per step: who reached it, of whom, and who went no further.

    ``step``, ``before`` (the step before), ``numerator``, ``denominator``, ``value`` with limits,
    ``lost`` and ``lost_at`` (a name for what is lost there).
    """
    table = flow(found.people)
    before = table["step"].shift().fillna("none").astype("str")
    table = table.assign(before=before, lost_at="lost before " + table["step"])
    table.loc[0, "lost"] = np.nan
    names = ["step", "before", "numerator", "denominator", "value", "lower", "upper"]
    return table[[*names, "lost", "lost_at"]].astype({"lost": "Int64"})


def reasons(found: Register) -> pd.DataFrame:
    """Why persons went no further: ``step`` (not reached), ``reason``, ``persons``."""
    table = losses(found.people).rename(columns={"numerator": "persons"})
    table["lost_at"] = "lost before " + table["step"].astype("str")
    return table[["step", "lost_at", "reason", "persons"]].astype({"persons": "int64"})


def described(found: Register, by: Group) -> pd.DataFrame:
    """Who was offered and who took part, by sex or by the age of the offer, with all of them last.

    The group, ``eligible``, ``invited``, ``accepted``, ``examined`` and the share of the invited
    who accepted with Wilson's limits.
    """
    known = SEXES if by == "sex" else ROUNDS
    groups = found.people[by].astype("object").where(found.people[by].isin(known), UNKNOWN)
    rows = []
    for group in (*known, UNKNOWN, TOTAL):
        part = found.people if group == TOTAL else found.people[(groups == group).to_numpy()]
        if part.empty and group == UNKNOWN:
            continue
        rows.append((group, len(part), *(int(part[name].sum()) for name in STEP_FLAGS)))
    table = pd.DataFrame(rows, columns=[by, "eligible", *STEP_FLAGS])
    return with_share(table, "accepted", "invited")


def sex_difference(table: pd.DataFrame, found: Register) -> pd.DataFrame:
    """Women minus men in the share of the invited who accept (see `two_shares`): one row.

    ``table`` is ``described`` by sex. The interval holds together with ``place_differences``.
    """
    rows = table.set_index("sex")
    (x1, x2), (n1, n2) = (
        [int(count) for count in rows.loc[list(SEXES), name].tolist()]
        for name in ("accepted", "invited")
    )
    counts = {"women": x1, "women_of": n1, "men": x2, "men_of": n2}
    row = {"comparison": "women_men", **counts, "men_share": x2 / n2 if n1 and n2 else np.nan}
    row |= two_shares(x1, n1, x2, n2, confidence=participation_confidence(found))
    return pd.DataFrame([row])


def participation_confidence(found: Register) -> float:
    """That of each comparison of participation: the places with the reference, and the sexes."""
    return shared(QUESTIONS * (_others(found) + 1), ALPHA)


def _others(found: Register) -> int:
    places = int(found.people.loc[found.people["invited"], "municipality"].nunique())
    return max(places - 1, 0)


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
    Newcombe's limits, and ``detectable``, the smallest difference downwards (else upwards) that
    their sizes could have shown. The intervals of one base hold together, and with that of
    ``sex_difference`` (Bonferroni).
    """
    names = ["municipality", "base", "base_step", "reference", "numerator", "denominator"]
    names += ["reference_numerator", "reference_denominator", "value", "lower", "upper"]
    names += ["confidence", "detectable", "reference_share"]
    reference = reference_place(found)
    parts = []
    confidence = participation_confidence(found)
    for base in BASES:
        if reference is None or not _others(found):
            break
        # A municipality without an offer has no share of the offered, and is left out of both.
        offering = found.people.loc[found.people["invited"], "municipality"].unique()
        own = found.people[found.people["municipality"].isin(offering)]
        taking = choices.taking_part
        table = participation_difference(
            own, reference=reference, base=base, taking_part=taking, confidence=confidence
        )
        least = detectable_participation(
            own, reference=reference, base=base, taking_part=taking, alpha=1 - confidence
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
    return made.sort_values(["invited", "unit"], kind="stable")[names].reset_index(drop=True)


# --- what was found ----------------------------------------------------------------------------


def found_conditions(found: Register) -> pd.DataFrame:
    """Each condition among the examined: one row each, with bounds.

    ``condition``, ``positive``, ``undetermined``, ``examined``, ``least`` and ``most`` (none and
    all of the undetermined have it) and limits around both; ``unsure`` names the undetermined.
    """
    return pd.DataFrame(_conditions(found))


def _conditions(found: Register) -> list[dict[str, object]]:
    return [_bounded(found.visits, name, name) for name in CONDITIONS]


def definitions(found: Register, choices: Choices) -> pd.DataFrame:
    """The metabolic syndrome under each definition and reading of blank drugs, as above.

    ``condition`` is a code of the definition; ``chosen`` the report's own. ``counted`` and
    ``unsure`` say what is counted: definitions that agree in both counts find the same persons, the
    report's own those of ``found_conditions``.
    """
    rows = []
    own_choice = (choices.definition, choices.waist)
    more = () if own_choice in DEFINITIONS else (own_choice,)
    for definition, waist in (*DEFINITIONS, *more):
        for missing_drug in ("unknown", "none"):
            own = metabolic_syndrome(
                found.visits,
                definition=definition,
                waist=waist,
                missing_drug="none" if missing_drug == "none" else "unknown",
            )
            code = f"{definition}_{waist.replace('/', '_')}_{missing_drug}"
            chosen = (definition, waist) == own_choice
            row = _bounded(own, "metabolic_syndrome", code)
            rows.append(row | {"chosen": chosen and missing_drug == "unknown"})
    table = pd.DataFrame(rows)
    table["counted"] = table["condition"].mask(table["chosen"], "metabolic_syndrome")
    order = table.sort_values("chosen", ascending=False, kind="stable")
    alike = order.groupby(["positive", "undetermined"], sort=False)
    table["counted"] = alike["counted"].transform("first")
    return table.assign(unsure=table["counted"] + f" {UNDETERMINED}")


def syndrome_by_sex(found: Register) -> pd.DataFrame:
    """The metabolic syndrome by sex, with all of them last, as ``found_conditions``."""
    rows = []
    for sex in (*SEXES, TOTAL):
        own = found.visits if sex == TOTAL else found.visits[found.visits["sex"] == sex]
        rows.append({"sex": sex} | _bounded(own, "metabolic_syndrome", "metabolic_syndrome"))
    return pd.DataFrame(rows)


def syndrome_difference(table: pd.DataFrame) -> pd.DataFrame:
    """Women minus men: the least and the largest difference, and limits around both; one row."""
    rows = table[table["sex"].isin(SEXES)]
    counts = {
        f"{sex}{suffix}": [int(rows.loc[rows["sex"] == sex, name].iloc[0])]
        for sex in SEXES
        for name, suffix in (("positive", ""), ("undetermined", "_unsure"), ("examined", "_of"))
    }
    made = pd.DataFrame({"comparison": ["women_men"], **counts})
    names = ["least", "most", "lower", "upper"]
    for name in (*(f"{sex}_unsure" for sex in SEXES), MEN):
        group = f"{name.removesuffix('_unsure')}_of"
        made[f"{name}_share"] = made[name] / made[group].where(made[group] > 0)
    if not (made["women_of"].iloc[0] and made["men_of"].iloc[0]):
        return made.assign(**dict.fromkeys(names, np.nan))
    found = manski_difference(
        rows, "positive", "examined", "undetermined", group="sex", reference=MEN
    ).table
    return made.assign(**{name: found[name].to_numpy() for name in names})


def _bounded(visits: pd.DataFrame, column: str, code: str) -> dict[str, object]:
    row = prevalence(visits, column).iloc[0]
    return {
        "condition": code,
        "unsure": f"{code} {UNDETERMINED}",
        "positive": int(row["numerator"]),
        "undetermined": int(row["undetermined"]),
        "examined": int(row["denominator"]),
        **{name: float(row[name]) for name in ("least", "most", "lower", "upper")},
    }


def detected(found: Register) -> pd.DataFrame:
    """The share in whom the examination found what nobody had diagnosed: one row per condition.

    From the values alone, of the examined without an earlier diagnosis or drug. ``cannot``: no
    earlier diagnoses are in the data; ``history_unknown`` persons are left out. ``all_positive``
    and ``all_undetermined`` are those of ``found_conditions``, missing where they do not hold
    those found (another drug counts as the disorder than as its diagnosis).
    """
    conditions = {str(row["condition"]): row for row in _conditions(found)}
    alone = found.visits
    alone = type_2_diabetes(alone, count_known=False)
    alone = high_blood_pressure(alone, count_known=False)
    alone = hyperlipidaemia(alone, count_known=False)
    rows = []
    for condition, (known, drug) in DETECTED.items():
        row = detection(alone, condition, known=known, drug=drug).iloc[0]
        rows.append(
            {
                "condition": condition,
                **{"found": f"{condition} found", "unsure": f"{condition} not known if found"},
                **{"base": f"{condition} undiagnosed", "blank": f"{condition} history unknown"},
                "positive": row["numerator"],
                "undetermined": np.nan if row["cannot"] else row["undetermined"],
                "undiagnosed": row["denominator"],
                "history_unknown": int(row["history_unknown"]),
                "examined": len(alone),
                "all_positive": conditions[condition]["positive"],
                "all_undetermined": conditions[condition]["undetermined"],
                **{name: float(row[name]) for name in ("least", "most", "lower", "upper")},
                "cannot": bool(row["cannot"]),
            }
        )
    whole = ("positive", "undetermined", "undiagnosed", "all_positive", "all_undetermined")
    table = pd.DataFrame(rows).astype(dict.fromkeys(whole, "Int64"))
    before = table["examined"] + table["positive"] - table["undiagnosed"]
    return table.assign(
        all_positive=table["all_positive"].where(table["all_positive"] <= before),
        all_undetermined=table["all_undetermined"].where(
            table["all_undetermined"] >= table["undetermined"]
        ),
    )


# --- what changed ------------------------------------------------------------------------------


def changes(found: Register, choices: Choices) -> pd.DataFrame:
    """Follow-up minus first examination in the same persons, one row per measure of the family.

    ``pairs``, ``unpaired``, means, ``value`` with limits that hold together for all measures
    (Bonferroni), ``expected`` (what regression to the mean alone would give, with the assumed
    correlation), ``beyond`` and ``detectable``. ``limits`` says why there are none.
    """
    confidence = shared(QUESTIONS * len(FOLLOWED), ALPHA)
    table = paired_change(
        found.examinations,
        found.follow_ups,
        measures=FOLLOWED,
        correlation=choices.correlation,
        confidence=confidence,
    )
    # What is always measured together has the same pairs.
    alike = table.groupby(["denominator", "unpaired"], sort=False)["measure"]
    first = alike.transform("first").astype("str")
    return pd.DataFrame(
        {
            "measure": table["measure"],
            "pairs_of": "pairs of " + first,
            "unpaired_of": "not paired of " + first,
            "pairs": table["denominator"].astype("int64"),
            "unpaired": table["unpaired"].astype("int64"),
            "first_mean": table["first_mean"],
            "second_mean": table["second_mean"],
            **{name: table[name] for name in ("value", "lower", "upper", "confidence")},
            "expected": table["expected"],
            "beyond": table["beyond_expected"],
            "detectable": [
                detectable_of(pairs, spread, alpha=1 - confidence)
                for pairs, spread in zip(table["denominator"], table["sd"], strict=True)
            ],
            "limits": limits_code(table["method"]),
        }
    )


def limits_code(methods: pd.Series) -> pd.Series:
    """Why an interval is missing, as a code of the catalogue; ``there`` where it is not."""
    return methods.map(LIMITS).fillna("there").astype("str")


# --- what came with the introduction -----------------------------------------------------------


@dataclass(frozen=True)
class Introduction:
    """``table``: one row per registered outcome; ``course``: by period around the start.

    ``problems``: why an outcome has no row. ``dates`` counts the dates of introduction and
    ``decided`` says that each has its decision or source.
    """

    table: pd.DataFrame
    course: pd.DataFrame
    problems: tuple[UserError, ...]
    dates: int
    decided: bool

    @property
    def assigned(self) -> bool:
        """Whether others decided on several dates: the design that an effect can be claimed of."""
        return self.dates > 1 and self.decided


def introduced(found: Register, *, course_of: Outcome | None = "examination") -> Introduction:
    """What changed with the staggered introduction, in outcomes registered for all eligible.

    All years of the register, whatever the years of the offer. ``table``: ``outcome``, ``units``,
    ``persons``, ``value`` (Callaway and Sant'Anna's overall mean, a difference of shares) with
    permutation limits that hold together for all outcomes, ``p_value``, ``smallest_p`` (the least
    that the design can give), ``pre_trend_p``, ``detectable``. ``course``: ``event_time`` (periods
    since the start, negative before) with ``value`` and limits, and ``persons``; no rows for no
    ``course_of``.
    """
    names = ["outcome", "units", "persons", "value", "lower", "upper", "confidence", "p_value"]
    names += ["smallest_p", "pre_trend_p", "detectable"]
    rows: list[dict[str, object]] = []
    problems: dict[str, UserError] = {}
    around = pd.DataFrame(columns=["event_time", "value", "lower", "upper", "persons"])
    registered, introductions = found.registered, found.introductions
    if registered is None or introductions is None:
        missing = UserError("vhu_lss.report.introduction.no_tables")
        return Introduction(pd.DataFrame(columns=names), around, (missing,), 0, decided=False)
    for outcome in OUTCOMES:
        named: Outcome = outcome  # type: ignore[assignment]
        try:
            panel = registered_panel(found.everybody, registered, introductions, outcome=named)
            if panel.empty:
                raise UserError("vhu_lss.report.introduction.nobody")
            row = of_panel(panel)
            if outcome == course_of:
                around = _around(panel, len(found.everybody))
        except UserError as error:
            problems.setdefault(error.message(), error)
            continue
        units = {"units": panel["unit"].nunique(), "persons": len(found.everybody)}
        rows.append({"outcome": outcome, **units, **row})
    days, decided = _decisions(found, introductions)
    table = pd.DataFrame(rows, columns=names)
    return Introduction(table, around, tuple(problems.values()), days, decided)


def of_panel(panel: pd.DataFrame) -> dict[str, float]:
    """The figures of one outcome of ``introduced`` from its panel (`measures.registered_panel`)."""
    confidence = shared(QUESTIONS * len(OUTCOMES), ALPHA)
    own = introduction_change(panel, confidence=confidence, parts=False).iloc[0]
    least = detectable_introduction(panel, alpha=1 - confidence)["value"].iloc[0]
    names = ("value", "lower", "upper", "confidence", "p_value", "smallest_p", "pre_trend_p")
    return {name: float(own[name]) for name in names} | {"detectable": float(least)}


def _around(panel: pd.DataFrame, persons: int) -> pd.DataFrame:
    table = event_course(panel)
    return table[["event_time", "value", "lower", "upper"]].assign(persons=persons)


def _decisions(found: Register, introductions: pd.DataFrame) -> tuple[int, bool]:
    """How many dates the selected units' introductions have, and whether each has its basis."""
    nothing = pd.Series(pd.NA, index=introductions.index, dtype="str")
    names = unit_names(introductions["municipality"], introductions.get("area", nothing))
    own = introductions[names.isin(set(found.everybody["unit"])).to_numpy()]
    own = own[own["introduced_on"].notna()]
    basis = own["basis"] if "basis" in own else nothing.reindex(own.index)
    stated = basis.astype("str").str.strip().fillna("") != ""
    return int(own["introduced_on"].nunique()), bool(stated.all() and len(own))


# --- how much depends on the definition --------------------------------------------------------


def participation_variants(found: Register, choices: Choices) -> pd.DataFrame:
    """The share who take part, by whom it is of, what counts, and how the interval is made.

    ``definition`` (a code), ``taking`` and ``base_step`` (what is counted, of whom), ``numerator``,
    ``denominator``, ``value`` with limits, ``chosen``, and ``limits``: why there are none.
    """
    rows = []
    taken: tuple[Taking, ...] = ("accepted", "examined")
    for base in BASES:
        for taking in taken:
            for interval in ("wilson", "homes"):
                row = participation(
                    found.people,
                    by=(),
                    base=base,
                    taking_part=taking,
                    interval="homes" if interval == "homes" else "wilson",
                ).iloc[0]
                chosen = (base, taking, interval) == ("offered", choices.taking_part, "wilson")
                rows.append(
                    {
                        "definition": f"{taking}_{base}_{interval}",
                        "taking": taking,
                        "base_step": STEP_OF[base],
                        **{name: row[name] for name in ("numerator", "denominator", "value")},
                        **{name: row[name] for name in ("lower", "upper", "method")},
                        "chosen": chosen,
                    }
                )
    table = pd.DataFrame(rows).astype({"numerator": "int64", "denominator": "int64"})
    return table.assign(limits=limits_code(table["method"])).drop(columns="method")


def missing_of_persons(table: pd.DataFrame, language: Language) -> pd.DataFrame:
    """The missing values of the tables with a row per person or visit.

    ``table`` has a column ``table`` of labels in ``language``. The register of outcomes has a row
    per person and period: its counts would say nothing of how many persons are concerned.
    """
    labels = [
        each.label_sv if language == "sv" else each.label_en for each in (PERSONS, *_OF_VISITS)
    ]
    return table[table["table"].isin(labels)].reset_index(drop=True)


def reason_label(code: str, language: Language) -> str:
    """The words of a reason: one that somebody wrote down, or one that follows from the tables."""
    for each in CODES["reason"].codes:
        if each.code == code:
            return each.label_sv if language == "sv" else each.label_en
    return text(f"vhu_lss.reason.{code}", language).capitalize()
