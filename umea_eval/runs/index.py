"""The page that lists all reports: failed ones first, with their message."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from umea_eval.files import write_whole
from umea_eval.language import Language
from umea_eval.report.fragments import template_environment
from umea_eval.runs.folders import writing
from umea_eval.runs.latest import read_latest
from umea_eval.runs.manifest import forget_failure, read_failures, read_manifests
from umea_eval.runs.notebooks import list_notebooks
from umea_eval.settings import Settings

FILE = "index.html"
TEMPLATES = Path(__file__).parent / "templates"


def write_index(settings: Settings) -> Path:
    """Write the index of all reports in the settings' language, and return its path.

    Raises UserError if the reports' folder cannot be written to.
    """
    notebooks = list_notebooks(settings)
    with writing(settings.reports):
        settings.reports.mkdir(parents=True, exist_ok=True)
        for failure in read_failures(settings.reports):
            if failure.notebook not in notebooks:  # it can never succeed
                forget_failure(settings.reports, failure.notebook, failure.slug)
        path = settings.reports / FILE
        write_whole(path, render_index(settings.reports, settings.language).encode("utf-8"))
    return path


def render_index(reports: Path, language: Language) -> str:
    """The index of what lies in ``reports``."""
    failures = [vars(failure) for failure in read_failures(reports)]
    done, damaged = [], []
    for folder, manifest in read_manifests(reports):
        if manifest is None:
            damaged.append(folder)
        else:
            done.append({"link": quote(f"{folder}/report.html"), **_row(manifest)})
    done.sort(key=lambda row: (row["notebook"], row["parameters"], row["language"] != language))
    script = (TEMPLATES / "search.js").read_text(encoding="utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = template_environment(language, TEMPLATES).get_template("index.html.j2")
    html: str = page.render(
        failures=[{**failure, "parameters": _shown(failure)} for failure in failures],
        damaged=damaged,
        done=done,
        latest=read_latest(reports),
        script=script,
        digest=digest,
    )
    return html.strip() + "\n"


def _row(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "notebook": manifest["notebook"],
        "title": manifest["title"],
        "language": manifest["language"],
        "parameters": _shown(manifest),
        "time": manifest["started"],
        "duration_s": manifest["duration_s"],
        "example": manifest["example"],
    }


def _shown(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The parameters that tell reports apart; the language stands with the title."""
    return [
        (name, value) for name, value in facts["parameters"].items() if name != "language" and value
    ]
