"""Mark a finished report as released: what left, when, and who let it out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from umea_eval.disclosure import release_log
from umea_eval.disclosure.editions import INTERN, edition_of, is_secret
from umea_eval.disclosure.scan import check_release, is_clean, known_of
from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.runs import crate
from umea_eval.runs.executed import record
from umea_eval.runs.finished import NOTEBOOK, folders
from umea_eval.runs.manifest import FILE, read_manifests
from umea_eval.runs.versions import check_released, check_versions, remembered
from umea_eval.settings import Settings

# What a manifest repeats of the record in the report's notebook.
_SAME_IN_BOTH = ("title", "language", "profile", "example", "inputs")


def release_report(
    report: str, settings: Settings, *, by: str, language: Language
) -> release_log.Entry:
    """Write the release of a finished report to the log, and return its line.

    ``report`` is its folder, from where the user stands or from the reports' folder. The files must
    be those of its manifest, byte for byte and none besides, and they are scanned once more. Raises
    UserError for a folder that is no report, an edition that must not leave, files that have been
    changed, and a ``by`` that is no role; Withheld for a hit of the scan, and for
    what it reveals beside the version that was released before, or beside another released report.
    """
    role = any(map(str.isalpha, by)) and by.strip().isprintable()  # one line of the log
    if not role or not is_clean(by, known_of(settings)):
        raise UserError("disclosure.errors.release_by", language=language)
    folder = _folder(report, settings, language)
    shown = folder.relative_to(settings.reports.resolve()).as_posix()
    manifest = dict(read_manifests(settings.reports)).get(shown)
    # An internal report stands in no list, so what is said of it comes first.
    if INTERN in Path(shown).parts or is_secret(manifest or {}):
        raise UserError("disclosure.errors.release_intern", language=language, report=shown)
    if manifest is None:
        raise UserError("disclosure.errors.release_no_report", language=language, folder=shown)
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    promised = {name: about["sha256"] for name, about in manifest.get("files", {}).items()}
    changed = sorted(
        name
        for name in {*hashes, *promised} - {FILE, crate.FILE}
        if hashes.get(name) != promised.get(name)
    )
    facts, parameters = _record(files.get(NOTEBOOK, b"")), manifest["parameters"]
    # The manifest is not among its own checksums: what it says of the report must be what the
    # report itself says, or one changed word would let an internal edition out.
    if is_secret(facts):
        raise UserError("disclosure.errors.release_intern", language=language, report=shown)
    if any(manifest.get(name) != facts.get(name) for name in _SAME_IN_BOTH):
        changed.append(FILE)
    if changed:
        raise UserError(
            "disclosure.errors.release_changed", language=language, n=len(changed), report=shown
        )
    check_release(files, settings, language=language, folder=shown)
    log = settings.root / release_log.FILE
    time = datetime.now().astimezone().isoformat(timespec="seconds")
    # Two releases at the same time would not be compared with each other.
    with release_log.alone(log, language=language):
        check_versions(facts, parameters, settings, report=shown, language=language)
        check_released(facts, parameters, settings, report=shown, language=language)
        with remembered(facts, parameters, settings, report=shown, time=time):
            return release_log.append(
                log,
                time=time,
                by=by.strip(),
                report=shown,
                edition=edition_of(manifest),
                profile=str(manifest.get("profile", "")),
                example=bool(manifest["example"]),
                files=hashes,
                language=language,
            )


def _folder(report: str, settings: Settings, language: Language) -> Path:
    found = next((each for each in folders(report, settings) if each.is_dir()), None)
    if found is not None:
        return found
    raise UserError(
        "disclosure.errors.release_no_report", language=language, folder=Path(report).name or report
    )


def _record(notebook: bytes) -> Mapping[str, Any]:
    """What the report says of itself; nothing where its notebook is gone or cannot be read."""
    try:
        return record(json.loads(notebook))
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError):
        return {}
