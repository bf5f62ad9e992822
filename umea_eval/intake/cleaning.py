"""From raw tables to clean ones with their account: what every dataset's cleaning is made of."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from umea_eval.errors import UserError
from umea_eval.intake.conform import Conformed, Identification, conform
from umea_eval.intake.headings import Match, assign, explain
from umea_eval.intake.ledger import Fate, Ledger, account
from umea_eval.intake.own_words import Words, check_words
from umea_eval.intake.repeats import exact_duplicates, same_key, superseded
from umea_eval.intake.schema import Schema
from umea_eval.intake.tables import SOURCE_COLUMNS, Each, RawExport

# 2024-02-01 or 20240201 in a file's name: the day of the extraction.
DATE_IN_NAME = re.compile(r"(?<!\d)(20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")
QUARANTINE_COLUMNS = ("file", "sheet", "row", "column", "reason")


@dataclass(frozen=True)
class CleaningSettings:
    """What a cleaning needs to know besides the files.

    ``extraction_date`` holds for files whose name has no date of its own. ``mappings`` gives, per
    table, the user's own headings, and ``words``, per table and column, the user's own words for
    codes. ``example`` marks generated data. ``each`` parses the tables, in this process or others.
    """

    identification: Identification
    extraction_date: dt.date
    mappings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Words]] = field(default_factory=dict)
    example: bool = False
    each: Each = field(default=map, repr=False, compare=False)


@dataclass(frozen=True)
class CleanResult:
    """What a cleaning gives.

    ``tables`` has a typed frame per schema, ``clean`` the first of them. ``quarantine`` has a row
    per fault (``QUARANTINE_COLUMNS``): where, and the reason code, never the text.
    ``corrections`` counts rows by rule, ``remarks`` rows that are kept but odd, and ``dropped``
    filled cells by file, sheet and heading of unknown columns.

    A person whose data are marked as protected in any row of any table is so in all: ``protected``
    is true in every row of theirs, for reports to count them in totals only. ``protected_places``
    are their quarantined rows (file, sheet, row), which are written out nowhere.
    """

    tables: Mapping[str, pd.DataFrame]
    quarantine: pd.DataFrame
    corrections: Mapping[str, int]
    remarks: Mapping[str, int]
    dropped: pd.DataFrame
    ledger: Ledger
    provenance: Mapping[str, Any]
    protected_places: frozenset[tuple[str, str, int]] = field(default=frozenset(), repr=False)

    @property
    def clean(self) -> pd.DataFrame:
        """The dataset's main table."""
        return next(iter(self.tables.values()))


@dataclass(frozen=True)
class _Joined:
    """All tables of one schema below each other; ``place`` is each row's table in the export."""

    frame: pd.DataFrame
    faults: pd.DataFrame
    rest: NDArray[np.uint64]
    place: NDArray[np.int64]
    extracted: NDArray[np.datetime64]


def extraction_date(file: str, default: dt.date) -> dt.date:
    """The last date in a file's name, or ``default``."""
    found = DATE_IN_NAME.findall(PurePosixPath(file).name)
    try:
        return dt.date(*map(int, found[-1])) if found else default
    except ValueError:
        return default


def clean_tables(
    raw: RawExport, schemas: Sequence[Schema], settings: CleaningSettings
) -> CleanResult:
    """Clean every table of an export that fits one of ``schemas``, and account for every row.

    A row with a fault is quarantined; an exact duplicate and a row that a newer extraction has
    replaced are left out and counted. Raises UserError where no table fits, with the first missing
    column and the headings that are most like it.
    """
    for schema in schemas:
        check_words(schema, settings.words.get(schema.name, {}))
    matches, misfits = assign(raw.tables, schemas, settings.mappings)
    if not matches:
        if misfits:
            raise explain(max(misfits, key=lambda each: len(each.columns)))
        raise UserError("intake.no_table")
    place_of = {id(table): place for place, table in enumerate(raw.tables)}
    joined_of: dict[str, _Joined] = {}
    fates_of: dict[str, NDArray[np.int8]] = {}
    fates: dict[int, NDArray[np.int8]] = {}
    names: dict[int, str] = {}
    corrections: Counter[str] = Counter()
    remarks: Counter[str] = Counter()
    keyless: dict[str, int] = {}
    reasons: Counter[str] = Counter()
    quarantine, dropped = [], []
    for schema in schemas:
        own = [each for each in matches if each.schema is schema]
        if not own:
            continue
        places = [place_of[id(each.table)] for each in own]
        dates = [extraction_date(each.table.file, settings.extraction_date) for each in own]
        words = settings.words.get(schema.name)
        work = partial(_conformed, settings.identification, words)
        conformed = list(settings.each(work, zip(own, dates, strict=True)))
        joined = _join(conformed, places, dates)
        fate = _fates(joined, schema)
        joined_of[schema.name], fates_of[schema.name] = joined, fate
        for place in places:
            fates[place] = fate[joined.place == place]
            names[place] = schema.name
        twice = same_key(joined.frame, schema.key, fate == Fate.CLEAN)
        remarks.update({"same_key_twice": int(np.count_nonzero(twice))} if twice.any() else {})
        if rows := _never_replaced(joined, schema, fate):
            keyless[schema.name] = rows
        first = joined.faults.drop_duplicates("position")
        reasons.update(first["reason"])
        quarantine.append(_where(joined.frame, joined.faults))
        for each, match, place in zip(conformed, own, places, strict=True):
            corrections.update(each.corrections)
            kept = fates[place] == Fate.CLEAN
            # A remark is about a row that is kept; what is in quarantine has its reason there.
            remarks.update(
                {why: int(np.count_nonzero(odd & kept)) for why, odd in each.remarks.items()}
            )
            dropped.append(_dropped(each, match))
    protected = _protected_rows(joined_of, schemas)
    tables = {
        schema.name: _clean_rows(
            _marked(joined_of[schema.name].frame, protected[schema.name]),
            fates_of[schema.name] == Fate.CLEAN,
            schema,
        )
        for schema in schemas
        if schema.name in joined_of
    }
    return CleanResult(
        tables=tables,
        quarantine=pd.concat(quarantine, ignore_index=True),
        corrections=dict(sorted(corrections.items())),
        remarks=dict(sorted(remarks.items())),
        dropped=pd.concat(dropped, ignore_index=True),
        ledger=account(raw.tables, names, fates, reasons),
        provenance={**_provenance(raw, schemas, settings), "keyless": keyless},
        protected_places=frozenset(
            place
            for name, joined in joined_of.items()
            for place in _places(joined, protected[name] & (fates_of[name] == Fate.QUARANTINED))
        ),
    )


def counted_findings(dataset: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """What a dataset's own cleaning has counted, as ``findings`` of the provenance; none of 0.

    Each is told by the dataset's own words, ``<dataset>.finding.<name>``, which hold ``{n}``.
    """
    return [
        {"key": f"{dataset}.finding.{name}", "values": {"n": n}} for name, n in counts.items() if n
    ]


def join_frames(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames below each other; categories stay categories, columns that one lacks are missing."""
    if len(frames) == 1:
        return frames[0]
    columns = dict.fromkeys(str(name) for frame in frames for name in frame)
    made: dict[str, pd.Series] = {}
    for name in columns:
        some = next(frame[name] for frame in frames if name in frame)
        parts = [
            # Reindexing nothing gives missing values of any type.
            frame[name] if name in frame else some.iloc[:0].reindex(range(len(frame)))
            for frame in frames
        ]
        if isinstance(some.dtype, pd.CategoricalDtype):
            union = union_categoricals([part.array for part in parts], ignore_order=True)
            made[name] = pd.Series(union)
        else:
            made[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(made)


def _conformed(
    identification: Identification,
    words: Mapping[str, Words] | None,
    own: tuple[Match, dt.date],
) -> Conformed:
    """One table, with its file's extraction date."""
    found, date = own
    return conform(found, identification, reference=date, words=words)


def _join(
    conformed: Sequence[Conformed], places: Sequence[int], dates: Sequence[dt.date]
) -> _Joined:
    sizes = [len(each.frame) for each in conformed]
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1].tolist()
    faults = [
        each.faults.assign(position=each.faults["position"] + start)
        for each, start in zip(conformed, starts, strict=True)
    ]
    return _Joined(
        join_frames([each.frame for each in conformed]),
        pd.concat(faults, ignore_index=True),
        np.concatenate([each.rest for each in conformed]),
        np.repeat(np.array(places, dtype=np.int64), sizes),
        np.repeat(np.array(dates, dtype="datetime64[D]"), sizes),
    )


def _fates(joined: _Joined, schema: Schema) -> NDArray[np.int8]:
    fate = np.zeros(len(joined.frame), dtype=np.int8)
    fate[joined.faults["position"].to_numpy()] = Fate.QUARANTINED
    # Unknown columns count too: payments that differ in their number only are two payments.
    columns = [column.name for column in schema.columns if column.name in joined.frame]
    values = joined.frame[columns].assign(rest=joined.rest)
    fate[exact_duplicates(values, joined.extracted, fate == Fate.CLEAN)] = Fate.DUPLICATE
    replaced = superseded(values, schema.key, joined.extracted, fate == Fate.CLEAN)
    fate[replaced] = Fate.SUPERSEDED
    return fate


def _never_replaced(joined: _Joined, schema: Schema, fate: NDArray[np.int8]) -> int:
    """How many clean rows no newer extraction can replace, where there are several extractions.

    They lack a part of the key: changed since, such a row counts twice and nobody sees it.
    """
    if not schema.key or not len(joined.frame) or joined.extracted.min() == joined.extracted.max():
        return 0
    clean = fate == Fate.CLEAN
    if not all(name in joined.frame for name in schema.key):
        return int(np.count_nonzero(clean))
    whole = joined.frame[list(schema.key)].notna().all(axis=1).to_numpy(dtype=bool)
    return int(np.count_nonzero(clean & ~whole))


def _protected_rows(
    joined: Mapping[str, _Joined], schemas: Sequence[Schema]
) -> dict[str, NDArray[np.bool_]]:
    """Which rows of each table are about a person who is marked as protected in any table."""
    marks = {name: np.zeros(len(each.frame), dtype=bool) for name, each in joined.items()}
    people: set[str] = set()
    persons: list[tuple[str, str]] = []
    for schema in schemas:
        if schema.name not in joined:
            continue
        frame = joined[schema.name].frame
        for column in schema.columns:
            if column.name in frame and column.dtype == "protected":
                marks[schema.name] |= frame[column.name].to_numpy(dtype=bool, na_value=False)
            elif column.name in frame and column.dtype == "identity":
                persons.append((schema.name, column.name))
    for name, person in persons:
        people |= set(joined[name].frame.loc[marks[name], person].dropna())
    for name, person in persons if people else ():
        marks[name] |= joined[name].frame[person].isin(people).to_numpy()
    return marks


def _marked(frame: pd.DataFrame, protected: NDArray[np.bool_]) -> pd.DataFrame:
    if not protected.any() and "protected" not in frame:
        return frame
    return frame.assign(protected=pd.Series(protected, index=frame.index).astype("bool[pyarrow]"))


def _clean_rows(frame: pd.DataFrame, clean: NDArray[np.bool_], schema: Schema) -> pd.DataFrame:
    """The clean rows, whose categories hold nothing of what only other rows said.

    A column of categories keeps every text it has ever had, in Parquet too.
    """
    rows = frame[clean].reset_index(drop=True)
    own = [
        column.name
        for column in schema.columns
        # Pseudonyms of case numbers say nothing by themselves, and are too many to go through.
        if column.name in rows and column.dtype in ("text", "identity")
    ]
    return rows.assign(**{name: _only_used(rows[name]) for name in own})


def _only_used(column: pd.Series) -> pd.Series:
    """The column without the categories that no row has (much faster than pandas' own)."""
    codes = column.cat.codes.to_numpy()
    used = np.zeros(len(column.cat.categories) + 1, dtype=bool)  # the last place is the missing
    used[codes] = True
    used = used[:-1]
    if used.all():
        return column
    place = np.append(np.cumsum(used, dtype=np.int32) - 1, np.int32(-1))
    kept = pd.CategoricalDtype(column.cat.categories[used])
    made = pd.Categorical.from_codes(place[codes], dtype=kept, validate=False)
    return pd.Series(made, index=column.index)


def _places(joined: _Joined, rows: NDArray[np.bool_]) -> list[tuple[str, str, int]]:
    frame = joined.frame.loc[rows, list(SOURCE_COLUMNS[:3])].astype("object")
    return [(str(file), str(sheet), int(row)) for file, sheet, row in frame.to_numpy().tolist()]


def _where(frame: pd.DataFrame, faults: pd.DataFrame) -> pd.DataFrame:
    rows = frame.iloc[faults["position"]]
    return pd.DataFrame(
        {
            "file": rows["source_file"].astype("str").to_numpy(),
            "sheet": rows["source_sheet"].astype("str").to_numpy(),
            "row": rows["source_row"].to_numpy(),
            "column": faults["column"].to_numpy(),
            "reason": faults["reason"].to_numpy(),
        },
        columns=list(QUARANTINE_COLUMNS),
    )


def _dropped(conformed: Conformed, match: Match) -> pd.DataFrame:
    return pd.DataFrame(
        [
            [match.table.file, match.table.sheet, heading, filled]
            for heading, filled in conformed.dropped.items()
        ],
        columns=["file", "sheet", "heading", "filled"],
    )


def _provenance(
    raw: RawExport, schemas: Sequence[Schema], settings: CleaningSettings
) -> dict[str, Any]:
    return {
        "files": dict(raw.hashes),
        "skipped": list(raw.skipped),
        "extraction_date": settings.extraction_date.isoformat(),
        "schemas": {schema.name: schema.version for schema in schemas},
        "dataset": settings.identification.dataset,
        "key": settings.identification.key.fingerprint,
        "mappings": {name: dict(each) for name, each in settings.mappings.items()},
        "words": {
            table: {
                column: {whose: dict(each) for whose, each in own.items()}
                for column, own in columns.items()
            }
            for table, columns in settings.words.items()
        },
        "example": settings.example,
    }
