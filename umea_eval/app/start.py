"""The first page: what is here, and what to do next."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from umea_eval.app.progress import what
from umea_eval.app.site import (
    LANGUAGE_COOKIE,
    fields_of,
    first,
    see,
    settings_of,
    show,
    site_of,
)
from umea_eval.datasets import DATASETS
from umea_eval.disclosure.editions import INTERN
from umea_eval.language import LANGUAGES
from umea_eval.processed.state import dataset_state
from umea_eval.runs.manifest import read_failures, read_manifests

_YEAR_SECONDS = 365 * 24 * 3600


def start(request: Request) -> Response:
    """``GET /``"""
    settings = settings_of(request)
    reports = settings.reports
    made = [
        manifest
        for folder in (reports, reports / INTERN)
        for _, manifest in read_manifests(folder)
        if manifest is not None
    ]
    latest = max(made, key=lambda manifest: str(manifest["started"]), default=None)
    jobs = site_of(request).work.in_hand()
    return show(
        request,
        "start.html.j2",
        states=[dataset_state(name, settings) for name in DATASETS],
        made=len(made),
        failed=len(read_failures(reports)),
        latest=latest,
        jobs=jobs,
        titles={job.id: what(job, settings.language) for job in jobs},
    )


async def choose_language(request: Request) -> Response:
    """``POST /language``: the language of the pages, kept in a cookie."""
    fields = await fields_of(request)
    chosen = first(fields, "language")
    back = first(fields, "back")
    # Only to a page of ours: two slashes would begin another host.
    answer = see(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")
    if chosen in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE, chosen, max_age=_YEAR_SECONDS, httponly=True, samesite="strict"
        )
    return answer
