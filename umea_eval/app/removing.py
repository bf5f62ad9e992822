"""Take an export out of a dataset: asked about first, written in the decision log, then gone."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from contextlib import suppress
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from umea_eval.app.site import Fields, fields_of, first, language_of, see, settings_of, show
from umea_eval.datasets import find_dataset
from umea_eval.errors import UserError
from umea_eval.intake import decisions
from umea_eval.intake.identity import without_identities
from umea_eval.language import text
from umea_eval.processed.file_names import shown_name
from umea_eval.processed.state import DatasetState, dataset_state

# The fields that must be filled in: who, and why.
FIELDS = ("by", "why")


def ask(request: Request) -> Response:
    """``GET /datasets/{name}/files/{key}``: is it to go, who says so, and why?"""
    return _form(request, *_find(request), {}, ())


async def remove(request: Request) -> Response:
    """``POST /datasets/{name}/files/{key}``"""
    fields = await fields_of(request)
    return await run_in_threadpool(_removed, request, fields)


def key_of(path: Path, home: Path) -> str:
    """What stands for a file in an address: its name may say whom it is about."""
    return hashlib.sha256(path.relative_to(home).as_posix().encode()).hexdigest()[:16]


def _removed(request: Request, fields: Fields) -> Response:
    state, path = _find(request)
    given = {name: first(fields, name) for name in FIELDS}
    missing = tuple(name for name in FIELDS if not given[name])
    if missing:
        return _form(request, state, path, given, missing)
    language = language_of(request)
    # Hidden, no cleaning reads it; it is gone when the decision is written, or else comes back.
    hidden = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with path.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
        path.rename(hidden)
    except OSError:
        raise UserError("app.errors.not_removed") from None
    try:
        name = shown_name(path.relative_to(state.home).as_posix(), sha256)
        decision = decisions.Decision(
            date=dt.datetime.now(tz=dt.UTC).astimezone().date(),
            datasets=state.name,
            # Not the kind that lets all personal data of a dataset go when their time is out.
            kind="cleaning",
            choice=text("app.remove.choice", language, file=name),
            **given,
        )
        decisions.add_decision(settings_of(request).root / decisions.FILE, decision)
        hidden.unlink()
    except BaseException:
        with suppress(OSError):
            hidden.rename(path)
        raise
    return see(f"/datasets/{state.name}", said="removed")


def _find(request: Request) -> tuple[DatasetState, Path]:
    """The file that is asked about: an export of the user's own, in the folder of the exports."""
    settings = settings_of(request)
    state = dataset_state(find_dataset(request.path_params["name"]).name, settings)
    wanted, raw = request.path_params["key"], settings.raw.resolve()
    for path in state.files if not state.example else ():
        if key_of(path, state.home) == wanted and path.parent.resolve().is_relative_to(raw):
            return state, path
    raise UserError("app.errors.removed")


def _form(
    request: Request,
    state: DatasetState,
    path: Path,
    given: dict[str, str],
    missing: tuple[str, ...],
) -> Response:
    language = language_of(request)
    return show(
        request,
        "remove.html.j2",
        status=422 if missing else 200,
        state=state,
        file=without_identities(path.relative_to(state.home).as_posix()),
        fields=[(name, given.get(name, ""), name in missing) for name in FIELDS],
        told=[(name, text(f"app.remove.missing_{name}", language)) for name in missing],
    )
