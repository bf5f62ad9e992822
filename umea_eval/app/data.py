"""The pages of one dataset: its files, its cleaning, its row account."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from umea_eval.app.guard import DRAWING_POLICY
from umea_eval.app.receiving import (
    MAX_FILE_BYTES,
    MAX_FILES,
    put,
    receive,
    throw_away,
    waiting,
)
from umea_eval.app.removing import key_of
from umea_eval.app.site import (
    Fields,
    fields_of,
    first,
    language_of,
    see,
    settings_of,
    show,
    site_of,
)
from umea_eval.datasets import find_dataset
from umea_eval.errors import UserError
from umea_eval.intake.exports import SUFFIXES, WORKBOOKS
from umea_eval.intake.identity import without_identities
from umea_eval.language import text
from umea_eval.processed.account import account_parts, read_account
from umea_eval.processed.state import dataset_state
from umea_eval.runs.notebooks import list_notebooks


def dataset(request: Request) -> Response:
    """``GET /datasets/{name}``"""
    name = _name(request)
    settings = settings_of(request)
    state = dataset_state(name, settings)
    return show(
        request,
        "dataset.html.j2",
        state=state,
        example=state.example,
        files=[_about(path, state.home) for path in state.files],
        accepted=",".join(sorted(SUFFIXES | WORKBOOKS)),
        most=MAX_FILES,
        megabytes=MAX_FILE_BYTES // 1_000_000,
        evaluation=name in list_notebooks(settings),
    )


async def upload(request: Request) -> Response:
    """``POST /datasets/{name}/files``: exports, asked about where something must be decided."""
    name = _name(request)
    home = settings_of(request).raw / name
    folder = await receive(request, home)
    number = folder.name.rpartition("-")[2]
    if any(each.asks() for each in waiting(home, number)):
        return see(f"/datasets/{name}/incoming/{number}")
    put({each.path: each.target(None) for each in waiting(home, number)})
    throw_away(home, number)
    return see(f"/datasets/{name}", said="uploaded")


def ask(request: Request) -> Response:
    """``GET /datasets/{name}/incoming/{number}``: when was it made, does it replace another?"""
    return _ask(request, {}, {})


async def answer(request: Request) -> Response:
    """``POST /datasets/{name}/incoming/{number}``"""
    fields = await fields_of(request)
    return await run_in_threadpool(_answered, request, fields)


async def clean(request: Request) -> Response:
    """``POST /datasets/{name}/clean``"""
    job = site_of(request).work.add("clean", _name(request), language_of(request))
    return see(f"/jobs/{job.id}")


async def example(request: Request) -> Response:
    """``POST /datasets/{name}/example``: made-up exports, cleaned at once."""
    job = site_of(request).work.add("example", _name(request), language_of(request))
    return see(f"/jobs/{job.id}")


def account(request: Request) -> Response:
    """``GET /datasets/{name}/account``"""
    name, language = _name(request), language_of(request)
    state = dataset_state(name, settings_of(request))
    if state.cleaned is None:
        raise UserError("app.errors.not_cleaned")
    result, notices = read_account(state.folder, language)
    parts = account_parts(
        find_dataset(name),
        result,
        language,
        notices=notices,
        how_to_correct=text("app.account.how_to_correct", language),
    )
    page = show(request, "account.html.j2", state=state, example=state.example, parts=parts)
    page.headers["Content-Security-Policy"] = DRAWING_POLICY
    return page


def _ask(
    request: Request, fields: Fields, faults: dict[int, str], taken: frozenset[int] = frozenset()
) -> Response:
    name = _name(request)
    home = settings_of(request).raw / name
    files = [
        {
            "place": place,
            "name": each.name,
            "dated": each.dated,
            "exists": place in taken or each.target(None).exists(),
            "day": first(fields, f"day-{place}"),
            "fault": faults.get(place, ""),
        }
        for place, each in enumerate(waiting(home, request.path_params["number"]))
    ]
    listed = [(f"day-{place}", words) for place, words in faults.items()]
    return show(
        request,
        "incoming.html.j2",
        status=422 if faults else 200,
        name=name,
        files=files,
        faults_listed=listed,
        today=dt.datetime.now(tz=dt.UTC).astimezone().date().isoformat(),
    )


def _answered(request: Request, fields: Fields) -> Response:
    name, number = _name(request), request.path_params["number"]
    language = language_of(request)
    home = settings_of(request).raw / name
    files = waiting(home, number)
    if "cancel" in fields:
        throw_away(home, number)
        return see(f"/datasets/{name}", said="not_uploaded")
    days = {place: _day(first(fields, f"day-{place}")) for place in range(len(files))}
    faults = {
        place: text("app.errors.day", language, file=each.name)
        for place, each in enumerate(files)
        if not each.dated and days[place] is None
    }
    if faults:
        return _ask(request, fields, faults)
    targets = {place: each.target(days[place]) for place, each in enumerate(files)}
    # With the day in its name a file may meet another that nobody has been asked about.
    unasked = {
        place
        for place, target in targets.items()
        if target.exists() and f"asked-{place}" not in fields
    }
    if unasked:
        return _ask(request, fields, {}, frozenset(unasked))
    wanted = {
        files[place].path: target
        for place, target in targets.items()
        if not target.exists() or f"replace-{place}" in fields
    }
    put(wanted)
    throw_away(home, number)
    return see(f"/datasets/{name}", said="uploaded" if wanted else "not_uploaded")


def _name(request: Request) -> str:
    return find_dataset(request.path_params["name"]).name


def _about(path: Path, home: Path) -> dict[str, object]:
    facts = path.stat()
    changed = dt.datetime.fromtimestamp(facts.st_mtime).astimezone()
    return {
        "name": without_identities(path.relative_to(home).as_posix()),
        "key": key_of(path, home),
        "kilobytes": max(1, round(facts.st_size / 1000)),
        "changed": changed.isoformat(),
    }


def _day(given: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        return None
