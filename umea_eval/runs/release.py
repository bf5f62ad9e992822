"""Mark a finished report as released: what left, when, and who let it out."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path

from umea_eval.disclosure import release_log
from umea_eval.disclosure.editions import INTERN, edition_of, is_secret
from umea_eval.disclosure.scan import check_release, is_clean, known_of
from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.runs import crate
from umea_eval.runs.executed import record
from umea_eval.runs.finished import NOTEBOOK
from umea_eval.runs.manifest import FILE, read_manifests
from umea_eval.runs.versions import check_released, check_versions, remember_version
from umea_eval.settings import Settings


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
    if not any(map(str.isalpha, by)) or not is_clean(by, known_of(settings)):
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
    if changed:
        raise UserError(
            "disclosure.errors.release_changed", language=language, n=len(changed), report=shown
        )
    check_release(files, settings, language=language, folder=shown)
    facts, parameters = record(json.loads(files[NOTEBOOK])), manifest["parameters"]
    check_versions(facts, parameters, settings, report=shown, language=language)
    check_released(facts, parameters, settings, report=shown, language=language)
    entry = release_log.append(
        settings.root / release_log.FILE,
        time=datetime.now().astimezone().isoformat(timespec="seconds"),
        by=by.strip(),
        report=shown,
        edition=edition_of(manifest),
        profile=str(manifest.get("profile", "")),
        example=bool(manifest["example"]),
        files=hashes,
        language=language,
    )
    remember_version(facts, parameters, settings, report=shown, time=entry.time)
    return entry


def _folder(report: str, settings: Settings, language: Language) -> Path:
    reports = settings.reports.resolve()
    for start in (Path.cwd(), reports):
        found = (start / report).resolve()
        if found.is_file():
            found = found.parent
        if found.is_dir() and found.is_relative_to(reports) and found != reports:
            return found
    raise UserError(
        "disclosure.errors.release_no_report", language=language, folder=Path(report).name
    )
