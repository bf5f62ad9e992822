"""What was run, from what, with what: the file beside every report, and the memory of failures."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from umea_eval.disclosure.editions import INTERN, edition_of
from umea_eval.files import write_whole
from umea_eval.report.provenance import all_packages, code_sha256, code_version, python_version

FILE = "manifest.json"
_INDEXED = ("title", "notebook", "language", "parameters", "started", "duration_s", "example")
FORMAT = 1


@dataclass(frozen=True)
class Failure:
    """A run that failed, as the index shows it until the same report succeeds."""

    title: str
    notebook: str
    slug: str
    language: str
    parameters: dict[str, str]
    message: str
    time: str
    duration_s: float


def manifest(
    *,
    notebook: str,
    notebook_sha256: str,
    slug: str,
    parameters: Mapping[str, str],
    record: Mapping[str, Any],
    tables: Sequence[Mapping[str, Any]],
    files: Mapping[str, bytes],
    started: datetime,
    duration_s: float,
    git: Mapping[str, Any] | None,
    cache: Mapping[str, Any],
) -> dict[str, Any]:
    """The manifest of a report. Only here, and in the index, do date and duration stand.

    ``git`` is the state of the project's repository, ``cache`` what the report depends on.
    """
    return {
        "format": FORMAT,
        "title": record["title"],
        "notebook": notebook,
        "slug": slug,
        "language": record["language"],
        "parameters": dict(parameters),
        "profile": record["profile"],
        "edition": edition_of(record),
        "example": record["example"],
        "inputs": record["inputs"],
        "notebook_sha256": notebook_sha256,
        "code": {"version": code_version(), "sha256": code_sha256(), "git": git},
        "python": python_version(),
        "packages": all_packages(),
        "cache": cache,
        "started": started.isoformat(timespec="seconds"),
        "duration_s": round(duration_s, 2),
        "tables": {
            table["name"]: {"caption": table["caption"], "columns": table["columns"]}
            for table in tables
        },
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            for name, content in sorted(files.items())
        },
    }


def git_state(root: Path) -> dict[str, Any] | None:
    """The commit that the project stands at and whether files differ from it, if it has one."""
    git = shutil.which("git")
    if git is None:
        return None
    commit = _git(git, root, "rev-parse", "HEAD")
    status = _git(git, root, "status", "--porcelain", "--untracked-files=no")
    if commit is None or status is None:
        return None
    return {"commit": commit, "changed": bool(status)}


def _git(git: str, root: Path, *arguments: str) -> str | None:
    try:
        # Without its optional locks git leaves the repository alone, also when the disk is full.
        done = subprocess.run(  # noqa: S603 - a fixed command
            [git, "--no-optional-locks", "-C", str(root), *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def read_manifests(
    reports: Path, *, internal: bool = False
) -> list[tuple[str, dict[str, Any] | None]]:
    """Every report's folder (relative, with slashes) and manifest; None if it cannot be read.

    ``internal``: those of the internal edition too, which stand in no list for readers.
    """
    found = []
    homes = ("*/*", f"{INTERN}/*/*") if internal else ("*/*",)
    for path in sorted(path for home in homes for path in reports.glob(f"{home}/{FILE}")):
        folder = path.parent.relative_to(reports).as_posix()
        if not folder.startswith("."):
            found.append((folder, _read(path, _INDEXED)))
    return found


def read_manifest(path: Path) -> dict[str, Any] | None:
    """One report's manifest; None if there is none or it cannot be read."""
    return _read(path, _INDEXED)


FAILED = ".failed"


def remember_failure(reports: Path, failure: Failure) -> None:
    """Keep a failure for the index, if the disk lets us: the failure itself matters more."""
    text = json.dumps(asdict(failure), ensure_ascii=False, indent=1) + "\n"
    with suppress(OSError):
        (reports / FAILED).mkdir(parents=True, exist_ok=True)
        write_whole(_failure_file(reports, failure.notebook, failure.slug), text.encode("utf-8"))


def forget_failure(reports: Path, notebook: str, slug: str) -> None:
    """The report has succeeded or its notebook is gone: its earlier failure is history."""
    _failure_file(reports, notebook, slug).unlink(missing_ok=True)


def read_failures(reports: Path) -> list[Failure]:
    """All remembered failures, the latest first."""
    found = []
    for path in sorted((reports / FAILED).glob("*.json")):
        facts = _read(path, tuple(Failure.__dataclass_fields__))
        if facts is not None:
            found.append(Failure(**{name: facts[name] for name in Failure.__dataclass_fields__}))
    return sorted(found, key=lambda failure: failure.time, reverse=True)


def _failure_file(reports: Path, notebook: str, slug: str) -> Path:
    return reports / FAILED / f"{notebook}--{slug}.json"


def _read(path: Path, needed: Sequence[str]) -> dict[str, Any] | None:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    complete = isinstance(facts, dict) and all(name in facts for name in needed)
    return facts if complete else None
