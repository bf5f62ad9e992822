"""Reports that have been made: which there are, what each is, and its files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from umea_eval.app.form import in_words
from umea_eval.app.site import fields_of, first, language_of, see, settings_of, show
from umea_eval.disclosure.editions import INTERN, is_secret
from umea_eval.errors import UserError
from umea_eval.report.page import POLICY
from umea_eval.runs import crate
from umea_eval.runs.manifest import (
    FILE,
    forget_failure,
    read_failures,
    read_manifest,
    read_manifests,
)
from umea_eval.runs.notebooks import find_notebook, list_notebooks
from umea_eval.runs.parameters import read_parameters
from umea_eval.runs.produce import NOTEBOOK, PAGE
from umea_eval.settings import Settings

# What a report's own page may do, in an app that no other page may show.
PAGE_POLICY = f"{POLICY}; frame-ancestors 'none'"
_NUMBER = re.compile(r"\w+ ([0-9]{1,4})\. ")
_FORMATS = ("pdf", "docx", "xlsx")
# Below the folder of reports, an internal one a step further down.
_DEPTHS = (2, 3)


def reports(request: Request) -> Response:
    """``GET /reports``: the latest first, after what failed."""
    settings = settings_of(request)
    done, damaged = [], []
    for home in ("", f"{INTERN}/"):
        for folder, manifest in read_manifests(settings.reports / home):
            if manifest is None:
                damaged.append(f"{home}{folder}")
            else:
                done.append(_about(f"{home}{folder}", manifest, settings))
    done.sort(key=lambda each: str(each["started"]), reverse=True)
    failures = [
        {**vars(each), "parameters": _said(vars(each), settings)}
        for each in read_failures(settings.reports)
    ]
    return show(
        request,
        "reports.html.j2",
        done=done,
        damaged=damaged,
        failures=failures,
        notebooks=set(list_notebooks(settings)),
    )


async def forget(request: Request) -> Response:
    """``POST /reports/forget``: take a failure (``notebook``, ``slug``) off the page."""
    fields = await fields_of(request)
    settings = settings_of(request)
    asked = first(fields, "notebook"), first(fields, "slug")
    # Only what the page shows is forgotten: the fields are no path.
    if asked in {(each.notebook, each.slug) for each in read_failures(settings.reports)}:
        forget_failure(settings.reports, *asked)
    return see("/reports")


def report(request: Request) -> Response:
    """``GET /reports/at/{folder}``: open it, or download it."""
    folder, path, manifest = _found(request, settings_of(request))
    sizes = {name: facts["size"] for name, facts in manifest["files"].items()}
    language = language_of(request)
    captions = {name: str(facts["caption"]) for name, facts in manifest["tables"].items()}
    return show(
        request,
        "finished.html.j2",
        **_about(folder, manifest, settings_of(request)),
        documents=[
            {"format": each, "link": _link(folder, name), "kilobytes": _kilobytes(size)}
            for each in _FORMATS
            for name, size in sizes.items()
            if name.endswith(f".{each}")
        ],
        tables=[
            {"link": _link(folder, name), "caption": _caption(name, captions)}
            for name in sorted(sizes, key=lambda name: _order(_caption(name, captions)))
            if name.startswith("tables/")
        ],
        own_notebook=_link(folder, NOTEBOOK),
        own_manifest=_link(folder, FILE),
        page_language=language,
        exists=(path / PAGE).is_file(),
    )


def file(request: Request) -> Response:
    """``GET /reports/files/{path}``: one file of a report, as it lies in its folder.

    Only files that the report's manifest names; the page is opened, the others are downloaded.
    """
    given = request.path_params["path"]
    settings = settings_of(request)
    # No file has a NUL in its name, and asking the disk for one is a fault of its own.
    parts = given.split("/") if "\0" not in given else []
    for depth in _DEPTHS:
        folder, name = "/".join(parts[:depth]), "/".join(parts[depth:])
        found = _read(folder, settings) if name else None
        if found is None:
            continue
        path, manifest = found
        known = {*manifest["files"], FILE, crate.FILE}
        whole = (path / name).resolve()
        if name in known and whole.is_file() and whole.is_relative_to(path.resolve()):
            if name == PAGE:
                headers = {"Content-Security-Policy": PAGE_POLICY}
                return FileResponse(whole, media_type="text/html", headers=headers)
            return FileResponse(whole, filename=whole.name)
    raise HTTPException(404)


def _found(request: Request, settings: Settings) -> tuple[str, Path, dict[str, Any]]:
    folder = request.path_params["folder"]
    found = _read(folder, settings)
    if found is None:
        raise HTTPException(404)
    return folder, *found


def _read(folder: str, settings: Settings) -> tuple[Path, dict[str, Any]] | None:
    """The report in ``folder`` below the folder of reports, if there is one."""
    parts = folder.split("/")
    inside = all(part and not part.startswith(".") and "\\" not in part for part in parts)
    deep = len(parts) == (_DEPTHS[1] if parts[0] == INTERN else _DEPTHS[0])
    if not inside or not deep or "\0" in folder:
        return None
    reports = settings.reports.resolve()
    path = (reports / folder).resolve()
    manifest = read_manifest(path / FILE) if path.is_relative_to(reports) else None
    if manifest is None or "files" not in manifest or "tables" not in manifest:
        return None
    return path, manifest


def _about(folder: str, manifest: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    return {
        "link": f"/reports/at/{quote(folder)}",
        "page": _link(folder, PAGE),
        "notebook": manifest["notebook"],
        "title": manifest["title"],
        "report_language": manifest["language"],
        "parameters": _said(manifest, settings),
        "started": manifest["started"],
        "seconds": manifest["duration_s"],
        "example": bool(manifest["example"]),
        "secret": is_secret(manifest),
    }


def _said(facts: Mapping[str, Any], settings: Settings) -> list[tuple[str, str]]:
    """What was asked and answered, in the words of the form, if its notebook is still there."""
    name = str(facts["notebook"])
    try:
        parameters = read_parameters(find_notebook(name, settings, settings.language))
    except UserError:
        parameters = ()
    return in_words(parameters, facts["parameters"], settings.language, name)


def _link(folder: str, name: str) -> str:
    return f"/reports/files/{quote(folder)}/{quote(name)}"


def _caption(name: str, captions: Mapping[str, str]) -> str:
    """The caption of a table by its file, whose name may begin with the marking of its edition."""
    stem = Path(name).stem
    return captions.get(stem) or captions.get(stem.partition("-")[2], stem)


def _order(caption: str) -> tuple[bool, int, str]:
    """Numbered tables first, as the report numbers them, then those behind its figures."""
    number = _NUMBER.match(caption)
    return number is None, int(number[1]) if number else 0, caption


def _kilobytes(size: int) -> int:
    return max(1, round(size / 1000))
