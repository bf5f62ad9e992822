"""Choose an evaluation, fill in its form, and have its report made."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from umea_eval.app.form import as_sent, assignments, controls
from umea_eval.app.site import (
    Fields,
    fields_of,
    message_of,
    see,
    settings_of,
    show,
    site_of,
)
from umea_eval.datasets import DATASETS
from umea_eval.errors import UserError
from umea_eval.processed.state import DatasetState, dataset_state
from umea_eval.runs.notebooks import existing_notebooks, find_notebook, notebook_title
from umea_eval.runs.parameters import read_parameters
from umea_eval.runs.produce import order
from umea_eval.settings import Settings


def evaluations(request: Request) -> Response:
    """``GET /evaluations``"""
    settings = settings_of(request)
    listed = []
    for name, path in existing_notebooks(settings, settings.language).items():
        try:
            title, fault = notebook_title(path, settings.language), ""
            read_parameters(path)
        except UserError as error:  # what is wrong with one stands in its place
            title, fault = name, message_of(request, error)
        state = _state(name, settings)
        listed.append({"name": name, "title": title, "fault": fault, "state": state})
    return show(request, "evaluations.html.j2", evaluations=listed)


def evaluation(request: Request) -> Response:
    """``GET /evaluations/{name}``: the form, as it was sent for ``job`` where one is named."""
    settings = settings_of(request)
    path = find_notebook(request.path_params["name"], settings, settings.language)
    job = site_of(request).work.find(request.query_params.get("job", ""))
    if job is None or job.kind != "report" or job.name != path.stem:
        return _form(request, None, {}, "")
    given = [*job.about["assignments"], f"language={job.about['report_language']}"]
    return _form(request, as_sent(read_parameters(path), given, settings), {}, "")


async def run(request: Request) -> Response:
    """``POST /evaluations/{name}``"""
    fields = await fields_of(request)
    return await run_in_threadpool(_run, request, fields)


def _run(request: Request, fields: Fields) -> Response:
    settings = settings_of(request)
    path = find_notebook(request.path_params["name"], settings, settings.language)
    given, faults = assignments(read_parameters(path), fields, settings)
    if faults:
        return _form(request, fields, faults, "")
    try:
        wanted = order(path.stem, given, settings, language=settings.language)
    except UserError as error:
        return _form(request, fields, {}, message_of(request, error))
    about = {
        "title": notebook_title(path, settings.language),
        # The process goes by the settings' language, which the page may not have.
        "assignments": [each for each in given if not each.startswith("language=")],
        "report_language": wanted.language,
    }
    job = site_of(request).work.add("report", wanted.name, settings.language, about)
    return see(f"/jobs/{job.id}")


def _form(request: Request, sent: Fields | None, faults: dict[str, str], fault: str) -> Response:
    settings = settings_of(request)
    path = find_notebook(request.path_params["name"], settings, settings.language)
    fields = controls(read_parameters(path), settings, room=path.stem, sent=sent, faults=faults)
    return show(
        request,
        "evaluation.html.j2",
        status=422 if faults or fault else 200,
        title=notebook_title(path, settings.language),
        name=path.stem,
        own=[each for each in fields if not each.last],
        common=[each for each in fields if each.last],
        told=[("", fault)] if fault else [(f"p-{name}", words) for name, words in faults.items()],
        state=_state(path.stem, settings),
    )


def _state(name: str, settings: Settings) -> DatasetState | None:
    """The state of the dataset that an evaluation of the same name is about."""
    return dataset_state(name, settings) if name in DATASETS else None
