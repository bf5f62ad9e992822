"""The pages of the quarantine: its rows, and a form in which one is corrected.

What a row says is shown here alone, to the person at this computer: never in an address, a message
or a log.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from umea_eval.app.site import Fields, fields_of, first, language_of, see, settings_of, show
from umea_eval.datasets import Dataset, find_dataset
from umea_eval.errors import UserError
from umea_eval.intake import decisions
from umea_eval.intake.correcting import QuarantinedRow, quarantined_rows, save_correction
from umea_eval.intake.quarantine import reason_text
from umea_eval.intake.values import key
from umea_eval.language import Language, text
from umea_eval.processed.account import read_account
from umea_eval.processed.file_names import shown_name
from umea_eval.processed.state import DatasetState, dataset_state

PAGE = 100

Faults = Mapping[tuple[str, str, int], list[tuple[str, str]]]
"""By place: the name of each column with a fault ("" for the row), and the fault in words."""


def quarantine(request: Request) -> Response:
    """``GET /datasets/{name}/quarantine``: the rows, a hundred at a time."""
    state = _state(request)
    rows, faults = quarantined_rows(state.home), _faults(state, language_of(request))
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(1, _whole(request.query_params.get("page", "1"))), pages)
    labels = _labels(find_dataset(state.name), language_of(request))
    shown = [
        {
            "key": row.key,
            "file": row.place[0],
            "sheet": row.place[1],
            "row": row.place[2],
            "corrected": row.corrected,
            "faults": [(labels.get(column, ""), words) for column, words in _of(row, faults)]
            or [("", row.faults)],
        }
        for row in rows[(page - 1) * PAGE : page * PAGE]
    ]
    return show(
        request,
        "quarantine.html.j2",
        state=state,
        example=state.example,
        rows=shown,
        total=len(rows),
        corrected=sum(row.corrected for row in rows),
        hidden=max(0, state.quarantined - len(rows)) if state.step == "cleaned" else 0,
        page=page,
        pages=pages,
        undocumented=_undocumented(request, state, rows),
    )


def row(request: Request) -> Response:
    """``GET /datasets/{name}/quarantine/{key}``"""
    state = _state(request)
    found = _find(request, state)
    return _form(request, state, found, found.cells, "")


async def correct(request: Request) -> Response:
    """``POST /datasets/{name}/quarantine/{key}``"""
    fields = await fields_of(request)
    return await run_in_threadpool(_corrected, request, fields)


async def decide(request: Request) -> Response:
    """``POST /datasets/{name}/decision``: who corrected rows by hand, and why."""
    fields = await fields_of(request)
    return await run_in_threadpool(_decided, request, fields)


def _corrected(request: Request, fields: Fields) -> Response:
    state = _state(request)
    found = _find(request, state)
    cells = {
        heading: _as_before((fields.get(f"cell-{place}") or [cell])[0], cell)
        for place, (heading, cell) in enumerate(found.cells.items())
    }
    if cells == dict(found.cells):
        return _form(request, state, found, cells, "app.row.unchanged")
    save_correction(found, cells)
    return see(f"/datasets/{state.name}/quarantine", said="corrected")


def _decided(request: Request, fields: Fields) -> Response:
    state, language = _state(request), language_of(request)
    by, why = first(fields, "by"), first(fields, "why")
    if not by or not why:
        raise UserError("app.errors.decision")
    decision = decisions.Decision(
        date=dt.datetime.now(tz=dt.UTC).astimezone().date(),
        by=by,
        datasets=state.name,
        kind="correction",
        choice=text("app.decision.choice", language),
        why=why,
    )
    decisions.add_decision(settings_of(request).root / decisions.FILE, decision)
    return see(f"/datasets/{state.name}/quarantine", said="decided")


def _form(
    request: Request,
    state: DatasetState,
    found: QuarantinedRow,
    cells: Mapping[str, str],
    fault: str,
) -> Response:
    language = language_of(request)
    dataset = find_dataset(state.name)
    known = _of(found, _faults(state, language))
    labels = _labels(dataset, language)
    names = _columns(dataset)
    told: list[tuple[str, str]] = []
    shown: list[dict[str, Any]] = []
    for place, (heading, cell) in enumerate(cells.items()):
        own = [words for column, words in known if column and key(heading) in names[column]]
        told += [(f"cell-{place}", f"{heading}: {words}") for words in own]
        shown.append({"heading": heading, "cell": cell, "faults": own, "long": "\n" in cell})
    placed = {column for column, _ in known for h in cells if column and key(h) in names[column]}
    rest = [
        ("", f"{labels[column]}: {words}" if column else words)
        for column, words in known
        if column not in placed
    ]
    return show(
        request,
        "row.html.j2",
        status=422 if fault else 200,
        state=state,
        example=state.example,
        key=found.key,
        file=found.place[0],
        sheet=found.place[1],
        row=found.place[2],
        corrected=found.corrected,
        cells=shown,
        told=[*told, *rest] or [("", found.faults)],
        fault=text(fault, language) if fault else "",
    )


def _state(request: Request) -> DatasetState:
    return dataset_state(find_dataset(request.path_params["name"]).name, settings_of(request))


def _find(request: Request, state: DatasetState) -> QuarantinedRow:
    wanted = request.path_params["key"]
    for each in quarantined_rows(state.home):
        if each.key == wanted:
            return each
    raise UserError("app.errors.no_row")


def _faults(state: DatasetState, language: Language) -> Faults:
    """What the latest cleaning found wrong, in the language of the page."""
    if state.cleaned is None:
        return {}
    table = read_account(state.folder, language)[0].quarantine
    found: dict[tuple[str, str, int], list[tuple[str, str]]] = {}
    for file, sheet, number, column, reason in table.astype(object).to_numpy().tolist():
        words = reason_text(reason, language, dataset=state.name)
        found.setdefault((file, sheet, int(number)), []).append((column, words))
    return found


def _of(row: QuarantinedRow, faults: Faults) -> list[tuple[str, str]]:
    """The faults of a row. What is stored has its file by the name that leaves the raw folder."""
    file, sheet, number = row.place
    parts = file.split("/")
    names = [shown_name(file, row.sha256)] + [
        # A file in an archive: the hash is the archive's.
        f"{shown_name('/'.join(parts[:at]), row.sha256)}/{shown_name('/'.join(parts[at:]))}"
        for at in range(1, len(parts))
    ]
    places = ((name, shown_name(sheet) if sheet else sheet, number) for name in names)
    return next((faults[place] for place in places if place in faults), [])


def _labels(dataset: Dataset, language: Language) -> dict[str, str]:
    return {
        column.name: column.label_sv if language == "sv" else column.label_en
        for schema in dataset.schemas
        for column in schema.columns
    }


def _columns(dataset: Dataset) -> dict[str, set[str]]:
    """The headings that a column is known by, in every table that has it."""
    names: dict[str, set[str]] = {}
    for schema in dataset.schemas:
        for column in schema.columns:
            own = names.setdefault(column.name, set())
            own.update(map(key, (*column.headings, column.label_sv, column.name)))
    return names


def _undocumented(request: Request, state: DatasetState, rows: list[QuarantinedRow]) -> bool:
    """Whether rows are corrected by hand and no decision says who did so and why."""
    corrected = any(row.corrected for row in rows) or bool(
        state.account.get("corrections", {}).get("corrected_by_hand")
    )
    log = decisions.read_decisions(settings_of(request).root / decisions.FILE)
    known = decisions.about(log, state.name)
    return corrected and not any(each.kind == "correction" for each in known)


def _as_before(given: str, cell: str) -> str:
    """A browser ends lines with two characters, whatever the cell had."""
    return given if "\r\n" in cell else given.replace("\r\n", "\n")


def _whole(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 1
