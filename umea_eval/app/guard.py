"""Who may ask the app, and what every answer says to the browser.

Any page in the same browser can send requests to the loopback address, and any name can be made to
point there. So a request must name a host that is ours, carry the token in a cookie that other
sites' requests do not bring, and, where it changes something, come from a page of ours.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umea_eval.app.site import Site, show_message
from umea_eval.errors import UserError
from umea_eval.language import Language, text
from umea_eval.runs.failures import message
from umea_eval.terminal import tell

# Nothing from anywhere else; no script and no style in the page itself.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# A drawing of the row account has its styles in itself; no script there either.
DRAWING_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    # What the pages show is about persons: it stays in no cache.
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # With no-referrer a browser would not say which page a form came from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
MAX_FORM_BYTES = 2_000_000
# What is read and thrown away after a limit: a browser shows no answer while it is still sending.
MAX_DRAINED_BYTES = 8_000_000_000
UPLOAD = "/files"
# The page that refuses needs its look too.
OPEN = ("/style.css",)
_SEE_OTHER = 303


class TooLarge(UserError):
    """A request that is larger than it may be."""


class Guard:
    """Stands before the app; ``app`` is its Starlette application."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})
            return
        scope["app"] = self._app
        request = Request(scope)
        state = _Answer(send)
        body = _Body(receive, request)
        try:
            answer = self._refusal(request)
            if answer is None:
                await self._app(scope, body.receive, state.send)
            else:
                await body.drain()
                await answer(scope, receive, state.send)
        except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a page
            await self._fail(request, error, state, receive)

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that may not go on to the app."""
        given = request.query_params.get("token")
        why = self._fault(request)
        if given is not None and request.method == "GET" and why in (None, "token"):
            return self._entered(request, given)
        return None if why is None else self._refused(request, why)

    def _fault(self, request: Request) -> str | None:
        """What is wrong with a request, by its key in the catalogue."""
        site, method = self._site, request.method
        host = request.headers.get("host", "")
        if host not in site.hosts:
            return "host"
        if method not in ("GET", "HEAD", "POST"):
            return "method"
        if request.url.path in OPEN and method == "GET":
            return None
        if not _same(request.cookies.get(site.cookie, ""), site.token):
            return "token"
        if method == "POST" and not _from_us(request, f"http://{host}"):
            return "origin"
        return None

    def _entered(self, request: Request, given: str) -> Response:
        """The first visit: the token moves from the address into a cookie."""
        site = self._site
        known = next((each for each in site.once if _same(given, each)), None)
        if known is None and not _same(given, site.token):
            return self._refused(request, "token")
        site.once.discard(known or "")
        answer = RedirectResponse(request.url.path, _SEE_OTHER)
        answer.set_cookie(site.cookie, site.token, httponly=True, samesite="strict", path="/")
        return answer

    def _refused(self, request: Request, why: str) -> Response:
        language: Language = self._site.settings.language
        title = text("app.refused.title", language)
        words = text(f"app.refused.{why}", language)
        return show_message(request, title, words, status=403, menu=False)

    async def _fail(
        self, request: Request, error: Exception, state: _Answer, receive: Receive
    ) -> None:
        language: Language = self._site.settings.language
        words = message(error, language).strip()
        tell(words)
        if not state.started:
            title = text("app.error.title", language)
            answer = show_message(request, title, words, status=500)
            await answer(request.scope, receive, state.send)


class _Answer:
    """The answer on its way out, with our headers."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(raw=message["headers"])
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            message = {**message, "headers": headers.raw}
        await self._send(message)


class _Body:
    """The body on its way in, no longer than it may be."""

    def __init__(self, receive: Receive, request: Request) -> None:
        self._receive = receive
        # What comes with files is counted where the files are written.
        self._limited = not request.url.path.endswith(UPLOAD)
        self._size = 0
        self._more = request.method == "POST"

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._more = bool(message.get("more_body", False))
            self._size += len(message.get("body", b""))
            if self._limited and self._size > MAX_FORM_BYTES:
                await self.drain()
                raise TooLarge("app.errors.form")
        return message

    async def drain(self) -> None:
        """Read the rest and throw it away, so that the browser listens to the answer."""
        while self._more and self._size < MAX_DRAINED_BYTES:
            message = await self._receive()
            if message["type"] != "http.request":
                return
            self._more = bool(message.get("more_body", False))
            self._size += len(message.get("body", b""))


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())


def _from_us(request: Request, own: str) -> bool:
    """Whether a page of ours has sent the form."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = request.headers.get("origin")
    if origin is not None:
        return origin == own
    return request.headers.get("referer", "").startswith(f"{own}/")
