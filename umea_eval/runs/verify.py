"""Is a report what its manifest says, and does running it again give the same?"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from umea_eval.errors import UserError
from umea_eval.language import Language, text
from umea_eval.report.provenance import file_sha256
from umea_eval.runs.ahead import ahead
from umea_eval.runs.cache import DATA, PARTS
from umea_eval.runs.manifest import FILE, read_manifest
from umea_eval.runs.notebooks import find_notebook
from umea_eval.runs.parameters import as_text, read_parameters
from umea_eval.runs.produce import NOTEBOOK, Order, formats_of, order, produce
from umea_eval.settings import Settings

if TYPE_CHECKING:
    from umea_eval.runs.compare import Difference

_FIRST = 5
_ALWAYS = ("language", "profile")


@dataclass
class Verdict:
    """What came of running a report again.

    ``damaged`` are files that are not what the manifest says; ``differences`` what a reader would
    see; ``bytes_only`` files that say the same in other bytes; ``changed`` what the report was made
    from that is another now, in words.
    """

    report: str
    damaged: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    bytes_only: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether the report is whole and running it again says the same."""
        return not self.damaged and not self.differences


def verify(
    report: Path,
    settings: Settings,
    *,
    language: Language,
    progress: Callable[[int, int, str], None] | None = None,
) -> Verdict:
    """Run a report again from its manifest and compare; the report itself is not touched.

    ``report`` is its folder or a file in it, also relative to the reports' folder. Raises UserError
    if there is no report, and whatever the run raises.
    """
    folder = _folder_of(report, settings, language)
    before = read_manifest(folder / FILE)
    if before is None or "files" not in before:
        raise UserError("runs.verify.errors.no_manifest", language=language, report=folder.name)
    verdict = Verdict(_shown(folder, settings), damaged=_damaged(folder, before["files"]))
    wanted = _order(before, settings, language)
    with tempfile.TemporaryDirectory(prefix="umea-eval-") as temporary:
        elsewhere = replace(
            settings,
            reports=Path(temporary).resolve() / "reports",
            formats=formats_of(before["files"]),
        )
        with ahead(settings) as way:
            again = produce(wanted, elsewhere, language=language, progress=progress, way=way)
        now = read_manifest(again / FILE) or {}
        verdict.changed = list(_changed(before, now, language))
        _compare(folder, again, before, now, verdict)
    return verdict


def _folder_of(report: Path, settings: Settings, language: Language) -> Path:
    for candidate in (report, settings.reports / report):
        folder = candidate if candidate.is_dir() else candidate.parent
        if (folder / FILE).is_file():
            return folder.resolve()
    raise UserError("runs.verify.errors.no_report", language=language, report=report.name)


def _shown(folder: Path, settings: Settings) -> str:
    inside = folder.is_relative_to(settings.reports)
    return folder.relative_to(settings.reports).as_posix() if inside else folder.name


def _damaged(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> list[str]:
    damaged = []
    for name, facts in files.items():
        path = folder / name
        if not path.is_file() or file_sha256(path) != facts["sha256"]:
            damaged.append(name)
    return damaged


def _order(manifest: Mapping[str, Any], settings: Settings, language: Language) -> Order:
    """The order that the manifest records. A parameter at its default is left to the notebook."""
    path = find_notebook(manifest["notebook"], settings, language)
    defaults = {each.name: as_text(each.default) for each in read_parameters(path)}
    assignments = [
        f"{name}={value}"
        for name, value in manifest["parameters"].items()
        if name in _ALWAYS or value != defaults.get(name)
    ]
    return order(manifest["notebook"], assignments, settings, language=language)


def _compare(
    folder: Path,
    again: Path,
    before: Mapping[str, Any],
    now: Mapping[str, Any],
    verdict: Verdict,
) -> None:
    from umea_eval.runs.compare import Difference, differences  # noqa: PLC0415 - not for --help

    files = before["files"].keys() | now["files"].keys()
    other = [
        name
        for name in sorted(files)
        if before["files"].get(name, {}).get("sha256") != now["files"].get(name, {}).get("sha256")
    ]
    if not other:
        return
    try:
        kept = json.loads((folder / NOTEBOOK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # it is among the damaged
    fresh = json.loads((again / NOTEBOOK).read_text(encoding="utf-8"))
    verdict.differences = differences(kept, fresh)
    missing = before["files"].keys() - now["files"].keys()
    verdict.differences += [Difference("missing", "file", name) for name in sorted(missing)]
    if not verdict.differences:
        verdict.bytes_only = other


def _changed(before: Mapping[str, Any], now: Mapping[str, Any], language: Language) -> list[str]:
    """What the report was made from that is another now, in words."""
    found = []
    caches = [each.get("cache", {}) for each in (before, now)]
    hashes = [
        {entry["path"]: entry["sha256"] for entry in each["inputs"]} for each in (before, now)
    ]
    data = {
        name
        for name in hashes[0].keys() | hashes[1].keys()
        if hashes[0].get(name) != hashes[1].get(name)
    }
    # What was read past the report object is not known of every run.
    reads = [each.get(DATA, {}) for each in caches]
    data |= {name for name in reads[0].keys() & reads[1] if reads[0][name] != reads[1][name]}
    found += [text("runs.verify.changed_data", language, file=name) for name in sorted(data)]
    for part in PARTS:
        if part == "environment":
            continue  # told below, by name
        if caches[0].get(part) != caches[1].get(part):
            found.append(text(f"runs.batch.part_{part}", language))
    if before["code"]["sha256"] != now["code"]["sha256"] and "code" not in _differing(*caches):
        found.append(text("runs.verify.changed_other_code", language))
    if before["python"] != now["python"]:
        found.append(
            text(
                "runs.verify.changed", language, name="Python", a=before["python"], b=now["python"]
            )
        )
    packages = before["packages"], now["packages"]
    differing = _differing(*packages)
    for name in differing[:_FIRST]:
        versions = [each.get(name, "–") for each in packages]
        found.append(text("runs.verify.changed", language, name=name, a=versions[0], b=versions[1]))
    if len(differing) > _FIRST:
        found.append(text("runs.verify.changed_more", language, n=len(differing) - _FIRST))
    return found


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
