"""The app: its pages by address, and the server that answers on this computer alone."""

from __future__ import annotations

import logging
import secrets
import socket
import sys
import threading
import webbrowser
from functools import cache
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from umea_eval.app import (
    data,
    evaluations,
    progress,
    project,
    quarantine,
    removing,
    reports,
    start,
)
from umea_eval.app.guard import Guard, TooLarge
from umea_eval.app.receiving import remove_leftovers
from umea_eval.app.site import STATIC, Site, language_of, show_error, show_message
from umea_eval.app.work import Work
from umea_eval.errors import UserError
from umea_eval.language import text
from umea_eval.report.fragments import TEMPLATES as REPORT_TEMPLATES
from umea_eval.settings import Settings
from umea_eval.terminal import say, tell

HOST = "127.0.0.1"
BACKLOG = 100

ROUTES = (
    Route("/", start.start),
    Route("/language", start.choose_language, methods=["POST"]),
    Route("/datasets/{name}", data.dataset),
    Route("/datasets/{name}/files", data.upload, methods=["POST"]),
    Route("/datasets/{name}/files/{key}", removing.ask),
    Route("/datasets/{name}/files/{key}", removing.remove, methods=["POST"]),
    Route("/datasets/{name}/incoming/{number}", data.ask),
    Route("/datasets/{name}/incoming/{number}", data.answer, methods=["POST"]),
    Route("/datasets/{name}/clean", data.clean, methods=["POST"]),
    Route("/datasets/{name}/example", data.example, methods=["POST"]),
    Route("/datasets/{name}/account", data.account),
    Route("/datasets/{name}/quarantine", quarantine.quarantine),
    Route("/datasets/{name}/quarantine/{key}", quarantine.row),
    Route("/datasets/{name}/quarantine/{key}", quarantine.correct, methods=["POST"]),
    Route("/datasets/{name}/decision", quarantine.decide, methods=["POST"]),
    Route("/evaluations", evaluations.evaluations),
    Route("/evaluations/{name}", evaluations.evaluation),
    Route("/evaluations/{name}", evaluations.run, methods=["POST"]),
    Route("/reports", reports.reports),
    Route("/reports/forget", reports.forget, methods=["POST"]),
    Route("/reports/at/{folder:path}", reports.report),
    Route("/reports/files/{path:path}", reports.file),
    Route("/project", project.project),
    Route("/project", project.save, methods=["POST"]),
    Route("/jobs/{id}", progress.progress),
    Route("/jobs/{id}/state", progress.state),
    Route("/jobs/{id}/cancel", progress.cancel, methods=["POST"]),
)


def create_app(site: Site) -> ASGIApp:
    """The app of ``site``, behind its guard."""
    app = Starlette(
        routes=[*ROUTES, Route("/style.css", _style), Route("/script.js", _script)],
        exception_handlers={
            UserError: _user_error,
            404: _not_found,
            405: _not_found,
            Exception: _bug,
        },
    )
    app.state.site = site
    return Guard(app, site)


def serve(settings: Settings, *, port: int, browser: bool) -> None:
    """Answer until Ctrl-C, which comes out as KeyboardInterrupt.

    ``port`` 0 is any free one. The address is written to the terminal, and opened unless
    ``browser`` is false. Raises UserError where the port is taken.
    """
    listening = _listen(port)
    site = Site(
        settings, listening.getsockname()[1], secrets.token_urlsafe(24), Work(settings.root)
    )
    remove_leftovers(settings.raw)
    try:
        tell(text("app.started", settings.language))
        say(site.address)
        if browser:
            # Other users of the computer can see what a program is started with: a token for once.
            once = secrets.token_urlsafe(24)
            site.once.add(once)
            opened = threading.Thread(
                target=webbrowser.open, args=[site.address_with(once)], daemon=True
            )
            opened.start()
        uvicorn.Server(_config(create_app(site))).run(sockets=[listening])
    finally:
        site.work.close()
        listening.close()


def _config(app: ASGIApp) -> uvicorn.Config:
    # What it says of a form that is none would stand in the terminal.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
    return uvicorn.Config(
        app,
        # Addresses and errors are nobody's to keep: no log but what we say ourselves.
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        http="h11",
        loop="asyncio",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two programs share a port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(BACKLOG)
    except (OSError, OverflowError):
        listening.close()
        raise UserError("app.errors.port", port=port) from None
    return listening


def _style(request: Request) -> Response:
    del request
    return Response(style(), media_type="text/css")


def _script(request: Request) -> Response:
    del request
    return Response((STATIC / "script.js").read_bytes(), media_type="text/javascript")


@cache
def style() -> str:
    """The look of the reports, and what only the app has."""
    sheets: list[Path] = [REPORT_TEMPLATES / "page/page.css", STATIC / "style.css"]
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)


async def _user_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)  # noqa: S101 - what it is registered for
    status = 413 if isinstance(error, TooLarge) else 422
    return show_error(request, error, status=status)


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    language = language_of(request)
    title, words = text("app.not_found.title", language), text("app.not_found.text", language)
    return show_message(request, title, words, status=error.status_code)


async def _bug(request: Request, error: Exception) -> Response:
    """Never asked for an answer: the guard catches what comes out of here, and says it."""
    raise error
