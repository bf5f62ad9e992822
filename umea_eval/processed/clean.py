"""Clean a dataset of the project: exports in; clean tables, account and quarantine out."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from umea_eval.datasets import DATASETS, Dataset
from umea_eval.intake import decisions
from umea_eval.intake.cleaning import CleaningSettings, CleanResult
from umea_eval.intake.conform import Identification
from umea_eval.intake.exports import read_exports
from umea_eval.intake.headings import read_mapping
from umea_eval.intake.own_words import read_words
from umea_eval.intake.quarantine import (
    apply_corrections,
    correction_files,
    read_corrections,
    write_quarantine,
)
from umea_eval.intake.store import save
from umea_eval.intake.tables import Each
from umea_eval.language import Language, text
from umea_eval.processed.account import NOTICES, account_page
from umea_eval.processed.file_names import Names, shown_name
from umea_eval.processed.sources import (
    MAPPING,
    Sources,
    changed_numbers,
    default_extraction,
    find_sources,
    links_file,
    project_key,
)
from umea_eval.runs.folders import building
from umea_eval.settings import Settings, read_settings

ACCOUNT_PAGE = "account.html"


@dataclass(frozen=True)
class Notice:
    """Something the user should know: a key of the catalogue and its values."""

    key: str
    values: Mapping[str, object]

    def text(self, language: Language) -> str:
        """The notice in words."""
        return text(self.key, language, **self.values)


@dataclass(frozen=True)
class Cleaned:
    """A cleaned dataset: the result, where it is stored, its quarantine files, and notices."""

    dataset: str
    result: CleanResult
    folder: Path
    quarantine: tuple[Path, ...]
    notices: tuple[Notice, ...]

    @property
    def account(self) -> dict[str, Any]:
        """The row account as one object (see ``Ledger.as_dict``)."""
        return self.result.ledger.as_dict(self.result.corrections)

    @property
    def page(self) -> Path:
        """The account as a page: table, picture and sentence."""
        return self.folder / ACCOUNT_PAGE


def clean(
    name: str,
    paths: Sequence[Path | str] = (),
    *,
    settings: Settings | None = None,
    extracted: dt.date | None = None,
    each: Each = map,
) -> Cleaned:
    """Clean dataset ``name`` and store it in the project's folder of processed data.

    ``paths`` are exports (files or folders); without them, all in ``data/raw/<name>``, else the
    example data. ``extracted`` is the extraction date of files that have none in their name
    (default: the day they were last changed; a notice says so). Corrections in the quarantine are
    read again, ``mapping.toml`` gives the user's headings and words for codes, ``changed_numbers``
    joins persons whose number was changed, and ``decisions.csv`` says who decided what. ``each``
    reads and parses the files, in this process (``map``) or others (``Cluster.map``): what is
    stored is the same.

    What was stored before is replaced whole, or not at all. Raises UserError for exports that
    cannot be read or matched, a key that is missing or lost, and folders that cannot be written.

    In a project with example exports of 30 persons (``umea-eval example survey``):

    >>> import umea_eval as ue
    >>> account = ue.clean("survey").account
    >>> account["rows_in"], account["clean"], account["headings_and_totals"]
    (155, 150, 5)
    """
    settings = settings or read_settings()
    sources = find_sources(name, settings, [Path(path) for path in paths])
    notices: list[Notice] = []
    key, made = project_key(settings, example=sources.example)
    if made:
        notices.append(Notice("processed.notice.key_made", {"file": settings.key.name}))
    usual, undated = default_extraction(sources)
    date = extracted or usual
    if undated and not extracted:
        shown = {"files": ", ".join(undated[:3]), "n": len(undated), "date": date.isoformat()}
        notices.append(Notice("processed.notice.undated", shown))
    tree = read_mapping(settings.root / MAPPING)
    notices += [
        Notice("processed.notice.mapping_dataset", {"name": other, "known": ", ".join(DATASETS)})
        for other in tree
        if other not in DATASETS
    ]
    mappings = tree.get(name, {})
    words = read_words(settings.root / MAPPING).get(name, {})
    links = {} if sources.example else changed_numbers(settings, reference=date)
    raw = read_exports(sources.paths, each=each)
    raw, stale = apply_corrections(raw, read_corrections(sources.home))
    if stale:
        notices.append(Notice("processed.notice.stale", {"n": stale}))
    notices += [Notice(each.key, each.shown) for each in raw.remarks]
    if raw.skipped:
        shown = {"files": ", ".join(raw.skipped[:5]), "n": len(raw.skipped)}
        notices.append(Notice("processed.notice.skipped", shown))
    result = sources.dataset.clean(
        raw,
        CleaningSettings(
            Identification(key, name, links),
            date,
            mappings=mappings,
            words=words,
            example=sources.example,
            each=each,
        ),
    )
    notices += _misfits(result)
    notices += _keyless(sources.dataset, result, settings.language)
    result, undocumented = _with_decisions(result, sources, settings, links=links)
    notices += [Notice(f"processed.undocumented.{kind}", {}) for kind in undocumented]
    quarantine = write_quarantine(
        raw,
        result,
        sources.home,
        language=settings.language,
        labels=_labels(sources.dataset, settings.language),
    )
    folder = _store(sources, result, settings, notices)
    return Cleaned(name, result, folder, tuple(quarantine), tuple(notices))


def choices_sha256(sources: Sources, settings: Settings) -> str:
    """A hash of what people have chosen that changes the clean tables: mappings and corrections."""
    own = [
        read(settings.root / MAPPING).get(sources.dataset.name, {})
        for read in (read_mapping, read_words)
    ]
    digest = hashlib.sha256(json.dumps(own, sort_keys=True).encode())
    links = None if sources.example else links_file(settings)
    for path in [*correction_files(sources.home), *([links] if links else [])]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _with_decisions(
    result: CleanResult, sources: Sources, settings: Settings, *, links: Mapping[str, str]
) -> tuple[CleanResult, list[str]]:
    """The result with what people have decided about it; and kinds of choices without a word."""
    name = sources.dataset.name
    log = decisions.about(decisions.read_decisions(settings.root / decisions.FILE), name)
    made = {
        "mapping": bool(result.provenance["mappings"] or result.provenance["words"]),
        "correction": bool(result.corrections.get("corrected_by_hand")),
        "changed_numbers": bool(links),
    }
    kinds = {"changed_numbers": "cleaning"}
    undocumented = [
        kind
        for kind, used in made.items()
        if used and not any(each.kind == kinds.get(kind, kind) for each in log)
    ]
    root = settings.root
    inside = all(path.resolve().is_relative_to(root) for path in sources.paths)
    places = [
        path.resolve().relative_to(root).as_posix() for path in (sources.paths if inside else ())
    ]
    provenance = {
        **result.provenance,
        "decisions": [{**asdict(each), "date": each.date.isoformat()} for each in log],
        "undocumented": undocumented,
        # Only within the project: nobody else has this machine's folders. Nor names of persons.
        "from": places if all(shown_name(place) == place for place in places) else [],
        "choices": choices_sha256(sources, settings),
    }
    return replace(result, provenance=provenance), undocumented


def _labels(dataset: Dataset, language: Language) -> dict[str, str]:
    """The names of the columns as users know them."""
    return {
        column.name: column.label_sv if language == "sv" else column.label_en
        for schema in dataset.schemas
        for column in schema.columns
    }


def _misfits(result: CleanResult) -> list[Notice]:
    table = result.ledger.table
    others = table[table["other_tables"] > 0]
    if others.empty:
        return []
    places = [f"{row['file']} {row['sheet']}".strip() for row in others.to_dict("records")]
    shown = {
        "n": len(places),
        "places": ", ".join(places[:5]),
        "rows": int(others["other_tables"].sum()),
    }
    return [Notice("processed.notice.misfits", shown)]


def _keyless(dataset: Dataset, result: CleanResult, language: Language) -> list[Notice]:
    """Tables from several extractions with rows that no newer extraction can replace."""
    notices = []
    for schema in dataset.schemas:
        rows = result.provenance["keyless"].get(schema.name, 0)
        if rows:
            labels = _labels(dataset, language)
            shown = {
                "table": schema.label_sv if language == "sv" else schema.label_en,
                "rows": rows,
                "columns": ", ".join(labels[name] for name in schema.key),
            }
            notices.append(Notice("processed.notice.keyless", shown))
    return notices


def _store(
    sources: Sources, result: CleanResult, settings: Settings, notices: Sequence[Notice]
) -> Path:
    names = Names(result)
    result = names.result(result)
    known = [replace(each, values=names.told(each.values)) for each in notices]
    known_texts = [each.text(settings.language) for each in known]
    page = account_page(sources.dataset, result, settings.language, notices=known_texts)
    with building(settings.processed) as new:
        save(result, new.new, code=sources.dataset.code)
        new.write({ACCOUNT_PAGE: page.encode("utf-8"), NOTICES: _as_json(known)})
        target = sources.target(settings).relative_to(settings.processed)
        # Rows of persons, though without their numbers: for the owner only.
        return new.move_to(target.as_posix(), private=not sources.example)


def _as_json(notices: Sequence[Notice]) -> bytes:
    kept = [{"key": each.key, "values": dict(each.values)} for each in notices]
    return (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
