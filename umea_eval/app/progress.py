"""The pages of work in hand: how far it has come, how it ended."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from umea_eval.app.site import language_of, see, show, site_of
from umea_eval.app.work import Job
from umea_eval.datasets import DATASETS
from umea_eval.error_pages import code_of, pages
from umea_eval.errors import UserError
from umea_eval.language import Language, text

# What a report on real data lacks, and a page of ours asks for.
NO_DECISIONS = "disclosure.errors.no_project_file"
# What is mended on the page of the dataset, where the message names commands.
NOT_CLEANED = "processed.errors.not_cleaned"


def progress(request: Request) -> Response:
    """``GET /jobs/{id}``: what is being done, or what came of it."""
    job = _job(request)
    if job.state == "done":
        if job.kind == "report":
            return see(f"/reports/at/{job.result['folder']}", said="made")
        return see(f"/datasets/{job.name}/account", said="cleaned")
    known = pages().get(job.code)
    lacks_data = job.kind == "report" and job.code == code_of(NOT_CLEANED)
    return show(
        request,
        "work.html.j2",
        job=job,
        mend=known.mend[language_of(request)] if known else (),
        decisions=job.code == code_of(NO_DECISIONS),
        dataset=job.name if job.name in DATASETS and lacks_data else "",
        heading=_title(job, language_of(request)),
        now=_sentence(job, language_of(request)),
        # What was filled in stays with the work: an address holds none of it.
        return_to=f"/evaluations/{job.name}?job={job.id}"
        if job.kind == "report"
        else f"/datasets/{job.name}",
    )


def state(request: Request) -> Response:
    """``GET /jobs/{id}/state``: the same for the script."""
    job = _job(request)
    facts: dict[str, Any] = {
        "ended": job.ended,
        "number": job.number,
        "total": job.total,
        "now": _sentence(job, language_of(request)),
    }
    return JSONResponse(facts)


def cancel(request: Request) -> Response:
    """``POST /jobs/{id}/cancel``"""
    job = _job(request)
    site_of(request).work.cancel(job)
    return see(f"/jobs/{job.id}")


def _job(request: Request) -> Job:
    job = site_of(request).work.find(request.path_params["id"])
    if job is None:
        raise UserError("app.errors.no_job")
    return job


def _title(job: Job, language: Language) -> str:
    if job.state in ("failed", "withheld", "cancelled"):
        return text(f"app.work.{job.state}", language)
    return what(job, language)


def what(job: Job, language: Language) -> str:
    """What a job does, in words."""
    name = job.name if job.kind == "report" else text(f"{job.name}.dataset", language)
    return text(f"app.work.{job.kind}", language, name=job.about.get("title", name))


def _sentence(job: Job, language: Language) -> str:
    if job.state == "waiting":
        return text("app.work.waiting", language)
    if job.total:
        shown = {"number": job.number, "total": job.total, "section": job.section}
        return text("app.work.step" if job.section else "app.work.step_plain", language, **shown)
    return job.section or text("app.work.starting", language)
