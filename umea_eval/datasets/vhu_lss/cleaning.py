"""Exports of VHU i LSS to clean tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from umea_eval.datasets.vhu_lss.schema import SCHEMAS, VISIT_COLUMNS, hba1c_from_percent
from umea_eval.intake.cleaning import (
    CleaningSettings,
    CleanResult,
    clean_tables,
    counted_findings,
    join_frames,
)
from umea_eval.intake.tables import RawExport, RawTable
from umea_eval.intake.values import distinct_texts, key

EXAMINED = ("examinations", "follow_ups")
SYSTOLIC, DIASTOLIC = "Systoliskt blodtryck", "Diastoliskt blodtryck"
HBA1C_PERCENT = "HbA1c procent"
_PRESSURE = frozenset(
    ("blodtryck", "bt", "blodtryckmmhg", "blodtrycksysdia", "blodtrycksystdiast", "btmmhg")
)
# 132/84, and 132/84 mm Hg.
_BOTH = re.compile(r"\s*(\d{2,3})\s*/\s*(\d{2,3})\s*(?:mm\s*hg)?\s*", re.IGNORECASE)
_AREA_WORD = re.compile(r"^område\s+", re.IGNORECASE)


def clean(raw: RawExport, settings: CleaningSettings) -> CleanResult:
    """Clean persons, examinations, follow-ups, registered outcomes and introductions.

    Which table is which follows from its headings. A heading ``HbA1c (%)`` is another unit than
    ``HbA1c``, and a column ``Blodtryck`` with 132/84 is two values. A list of persons that holds
    their examinations becomes two tables, whose rows keep their one place in the account.
    Follow-ups in a list of examinations become rows of ``follow_ups``; a percentage or a height in
    metres fills ``hba1c`` or ``height`` where that is missing; spellings of one area take the
    commonest.

    Converted and levelled rows are counted in ``corrections`` (``unit_converted``,
    ``area_spelling``). The provenance has ``converted`` (rows by unit), ``examinations_apart`` and
    ``moved_follow_ups`` (rows), ``across_tables`` (rows that are kept although another table
    contradicts them), and in ``findings`` those of them that change how figures are to be read, for
    the account to say.
    """
    tables = tuple(_named(_parted(table)) for table in raw.tables)
    result = clean_tables(replace(raw, tables=tables), SCHEMAS, settings)
    cleaned, apart = _examinations_apart(dict(result.tables))
    converted: Counter[str] = Counter()
    for name in EXAMINED:
        if name in cleaned:
            cleaned[name], counts = _converted(cleaned[name])
            converted.update(counts)
    cleaned, moved = _follow_ups_apart(cleaned)
    cleaned, levelled = _level_areas(cleaned)
    counted = {"unit_converted": converted.total(), "area_spelling": levelled}
    corrections = {**result.corrections, **{rule: rows for rule, rows in counted.items() if rows}}
    found = across_tables(cleaned)
    told = {**converted, "examinations_apart": apart, "moved_follow_ups": moved, **found}
    return replace(
        result,
        tables=cleaned,
        corrections=dict(sorted(corrections.items())),
        provenance={
            **result.provenance,
            "converted": dict(converted),
            "examinations_apart": apart,
            "moved_follow_ups": moved,
            "across_tables": found,
            "findings": counted_findings("vhu_lss", told),
        },
    )


def across_tables(tables: dict[str, pd.DataFrame]) -> dict[str, int]:
    """Rows that another table contradicts, counted by how; a table that is missing tells nothing.

    ``examined_before_invited``, ``examined_without_acceptance`` (declined, or no answer) and
    ``examined_not_in_persons``: rows of examinations. ``examined_again``: rows of examinations of a
    person who has an earlier one. ``followed_up_without_examination`` and
    ``followed_up_not_after_examination``: rows of follow-ups. ``registered_not_in_persons``: rows.
    ``persons_twice``: rows of persons beyond the first of each.
    """
    empty = pd.DataFrame({"person": pd.Series(dtype="str")})
    persons, examined, followed, registered = (
        tables.get(name, empty) for name in ("persons", "examinations", "follow_ups", "registered")
    )
    found: dict[str, int] = {}
    if "persons" in tables:
        found["persons_twice"] = int(persons["person"].duplicated().sum())
        offered = persons.drop_duplicates("person").set_index("person")
        if "examinations" in tables:
            beside = offered.reindex(examined["person"].astype("str"))
            invited = beside["invited_on"].to_numpy()
            before = examined["examined_on"].to_numpy() < invited
            unasked = beside["answer"].isin(("declined", "no_answer")).to_numpy()
            found["examined_before_invited"] = int(np.count_nonzero(before))
            found["examined_without_acceptance"] = int(np.count_nonzero(unasked))
            found["examined_not_in_persons"] = _unknown(examined, persons)
        if "registered" in tables:
            found["registered_not_in_persons"] = _unknown(registered, persons)
    if "examinations" in tables:
        found["examined_again"] = int(examined["person"].duplicated().sum())
        if "follow_ups" in tables:
            first = examined.groupby(examined["person"].astype("str"))["examined_on"].min()
            days = first.reindex(followed["person"].astype("str")).to_numpy()
            early = followed["examined_on"].to_numpy() <= days
            found["followed_up_without_examination"] = _unknown(followed, examined)
            found["followed_up_not_after_examination"] = int(np.count_nonzero(early))
    return dict(sorted(found.items()))


def _unknown(rows: pd.DataFrame, known: pd.DataFrame) -> int:
    return int((~rows["person"].isin(set(known["person"]))).sum())


def _named(table: RawTable) -> RawTable:
    """HbA1c under a per cent sign gets a name of its own: marks do not tell headings apart."""
    headings = {
        name: (HBA1C_PERCENT,) if _is_percent(texts) else texts
        for name, texts in table.headings.items()
    }
    return replace(table, headings=headings) if headings != table.headings else table


def _is_percent(texts: Iterable[str]) -> bool:
    joined = " ".join(texts).casefold()
    return "hba1c" in joined and "%" in joined


def _parted(table: RawTable) -> RawTable:
    """A blood pressure of two numbers in one cell as two columns; other cells stay as they are."""
    for name, texts in table.headings.items():
        if not any(key(text) in _PRESSURE for text in texts):
            continue
        cells = table.frame[name]
        found = {text: _BOTH.fullmatch(text) for text in distinct_texts(cells)}
        if not any(found.values()):
            continue
        # A cell that is no pair stays in the first, where its fault is found.
        first = {text: pair[1] if pair else text for text, pair in found.items()}
        second = {text: pair[2] for text, pair in found.items() if pair}
        frame = table.frame.drop(columns=name).assign(
            **{
                part: cells.astype("object").map(values, na_action="ignore").astype("category")
                for part, values in ((SYSTOLIC, first), (DIASTOLIC, second))
            }
        )
        headings = {other: each for other, each in table.headings.items() if other != name}
        headings |= {SYSTOLIC: (SYSTOLIC,), DIASTOLIC: (DIASTOLIC,)}
        return replace(table, frame=frame, headings=headings)
    return table


def _converted(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Values in other units brought to the schema's, where that has none; rows by unit."""
    counts: dict[str, int] = {}
    for name, wanted in (("hba1c_percent", "hba1c"), ("height_m", "height")):
        if name not in frame:
            continue
        given = frame[name].to_numpy(dtype=np.float64)
        reckoned = hba1c_from_percent(given) if wanted == "hba1c" else np.round(given * 100, 1)
        own = frame[wanted].to_numpy() if wanted in frame else np.full(len(frame), np.nan)
        filled = np.isnan(own) & ~np.isnan(reckoned)
        frame = frame.assign(**{wanted: np.where(filled, reckoned, own)})
        counts[name] = int(np.count_nonzero(filled))
    return frame, counts


def _examinations_apart(tables: dict[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], int]:
    """Examinations that stand in the list of persons, as rows of their own table."""
    persons = tables.get("persons")
    of_visits = [column.name for column in VISIT_COLUMNS]
    if persons is None or "examined_on" not in persons:
        return tables, 0
    own = [name for name in persons if name in (*of_visits, "examined_on", "person_age")]
    shared = ("person", "person_kind", "person_birth_year", "person_sex", "invited_on", "round")
    kept = [
        name
        for name in persons
        if name in (*own, *shared, "protected") or str(name).startswith("source_")
    ]
    seen = persons["examined_on"].notna().to_numpy()
    visits = persons.loc[seen, kept].reset_index(drop=True)
    parts = [tables["examinations"], visits] if "examinations" in tables else [visits]
    made = {
        **tables,
        "persons": persons.drop(columns=own),
        "examinations": join_frames(parts),
    }
    return _in_order(made), len(visits)


def _in_order(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """In the order of the schemas, whatever came first."""
    return {schema.name: tables[schema.name] for schema in SCHEMAS if schema.name in tables}


def _follow_ups_apart(tables: dict[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], int]:
    examined = tables.get("examinations")
    if examined is None or "visit" not in examined:
        return tables, 0
    later = (examined["visit"] == "follow_up").to_numpy()
    if not later.any():
        return tables, 0
    moved = examined[later].drop(columns="visit").reset_index(drop=True)
    parts = [tables["follow_ups"], moved] if "follow_ups" in tables else [moved]
    made = {
        **tables,
        "examinations": examined[~later].reset_index(drop=True),
        "follow_ups": join_frames(parts),
    }
    return _in_order(made), len(moved)


def _level_areas(tables: dict[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], int]:
    """Each area in its commonest spelling; ``Område Väst`` and ``väst`` are one."""
    having = [name for name in ("persons", "introductions") if "area" in tables.get(name, ())]
    if not having:
        return tables, 0
    counts = pd.concat([tables[name]["area"] for name in having]).dropna().value_counts()
    best: dict[str, tuple[int, str]] = {}
    for spelling, count in counts.items():
        plain = _AREA_WORD.sub("", str(spelling))
        # Of equally common ones the first in the alphabet, capitals first.
        best[key(plain)] = min(best.get(key(plain), (0, plain)), (-int(count), plain))
    chosen: dict[Any, str] = {
        spelling: best[key(_AREA_WORD.sub("", str(spelling)))][1] for spelling in counts.index
    }
    made, levelled = dict(tables), 0
    for name in having:
        area = tables[name]["area"]
        level = area.map(chosen, na_action="ignore").astype(area.dtype)
        levelled += int((area.notna() & (area.astype("object") != level.astype("object"))).sum())
        made[name] = tables[name].assign(area=level)
    return made, levelled
