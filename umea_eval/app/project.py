"""The project's decisions on personal data, as a form: without them no report on real data."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from umea_eval.app.site import Fields, fields_of, first, message_of, see, settings_of, show
from umea_eval.disclosure.project import (
    DATE,
    FIELDS,
    FILE,
    complete,
    read_answers,
    write_project,
)
from umea_eval.errors import UserError


def project(request: Request) -> Response:
    """``GET /project``: the decisions, or the form in which they are written down."""
    settings = settings_of(request)
    path = settings.root / FILE
    if not path.exists():
        return _form(request, {}, "")
    answers = read_answers(path, language=settings.language)
    try:
        complete(answers, language=settings.language)
        fault = ""
    except UserError as error:
        fault = message_of(request, error)
    return show(request, "decisions.html.j2", answers=answers, fault=fault)


async def save(request: Request) -> Response:
    """``POST /project``"""
    fields = await fields_of(request)
    return await run_in_threadpool(_save, request, fields)


def _save(request: Request, fields: Fields) -> Response:
    settings = settings_of(request)
    answers = {name: first(fields, name) for name in FIELDS}
    try:
        whole = complete(answers, language=settings.language)
    except UserError as error:
        return _form(request, answers, message_of(request, error))
    write_project(settings.root / FILE, whole, language=settings.language)
    return see("/project", said="project")


def _form(request: Request, answers: dict[str, str], fault: str) -> Response:
    missing = {name for name in FIELDS if fault and not answers.get(name)}
    return show(
        request,
        "project.html.j2",
        status=422 if fault else 200,
        fields=[
            {"name": name, "value": answers.get(name, ""), "missing": name in missing}
            for name in FIELDS
        ],
        date=DATE,
        told=[(next(iter(n for n in FIELDS if n in missing), ""), fault)] if fault else [],
    )
