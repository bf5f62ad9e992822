"""What all pages have in common: the project, the language, the look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from umea_eval.app.work import Work
from umea_eval.error_pages import pages
from umea_eval.errors import UserError
from umea_eval.language import LANGUAGES, Language, has_text, text
from umea_eval.report.fragments import template_environment
from umea_eval.settings import Settings
from umea_eval.terminal import masked

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
LANGUAGE_COOKIE = "umea_eval_language"
MAX_FIELDS = 5000
_SEE_OTHER = 303

Fields = Mapping[str, list[str]]
"""A form as it was sent: every value of every field."""


@dataclass(frozen=True)
class Site:
    """One running app: the project it shows, who may see it, and the work it has in hand.

    ``token`` opens the app as long as it runs; those in ``once`` open it one time each.
    """

    settings: Settings
    port: int
    token: str
    work: Work
    once: set[str] = field(default_factory=set, repr=False)

    @property
    def cookie(self) -> str:
        """The cookie that holds the token. Browsers keep one jar for all ports of a computer."""
        return f"umea_eval_{self.port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which the app may be asked for."""
        return tuple(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost"))

    @property
    def address(self) -> str:
        """The address with the token, to be opened in a browser."""
        return self.address_with(self.token)

    def address_with(self, token: str) -> str:
        """The address with another token."""
        return f"http://127.0.0.1:{self.port}/?token={token}"


def site_of(request: Request) -> Site:
    """The app that was asked."""
    site: Site = request.app.state.site
    return site


def language_of(request: Request) -> Language:
    """The language chosen on the page, else that of the settings."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    usual: Language = site_of(request).settings.language
    return next((each for each in LANGUAGES if each == chosen), usual)


def settings_of(request: Request) -> Settings:
    """The project's settings in the language of the page."""
    return replace(site_of(request).settings, language=language_of(request))


@cache
def environment(language: Language) -> Environment:
    """The templates in one language."""
    return template_environment(language, TEMPLATES)


def show(request: Request, template: str, /, *, status: int = 200, **values: object) -> Response:
    """A page. ``said`` in the address names what was done before it, in words of the catalogue."""
    language = language_of(request)
    said = f"app.said.{request.query_params.get('said', '')}"
    shown = {
        "example": False,
        "menu": True,
        "path": request.url.path,
        "back": _page_of(request),
        "other": next(each for each in LANGUAGES if each != language),
        "said": text(said, language) if has_text(said) else "",
        **values,
    }
    page = environment(language).get_template(template).render(**shown)
    return HTMLResponse(page.strip() + "\n", status_code=status)


def _page_of(request: Request) -> str:
    """The page that the user is on: that of the form, where a form was sent."""
    if request.method in ("GET", "HEAD"):
        return request.url.path
    # The guard has seen that the form is ours; a browser may still not say which page it was on.
    return urlsplit(request.headers.get("referer", "")).path or "/"


def show_error(request: Request, error: UserError, *, status: int = 422) -> Response:
    """A page with the one clear message of ``error``, and how it is mended."""
    language = language_of(request)
    known = pages().get(error.code or "")
    return show(
        request,
        "message.html.j2",
        status=status,
        title=text("app.error.title", language),
        message=message_of(request, error),
        mend=known.mend[language] if known else (),
    )


def show_message(
    request: Request, title: str, message: str, *, status: int, menu: bool = True
) -> Response:
    """A page with a message and the way back; without ``menu`` there is no way."""
    return show(
        request, "message.html.j2", status=status, title=title, message=message, menu=menu, mend=()
    )


def message_of(request: Request, error: UserError) -> str:
    """The message of ``error`` in the language of the page; never an identity number."""
    return masked(error.message(language_of(request)).strip())


def see(address: str, *, said: str = "") -> Response:
    """Go on to a page of ours after something was done."""
    return RedirectResponse(f"{address}?said={said}" if said else address, _SEE_OTHER)


async def fields_of(request: Request) -> Fields:
    """The fields of a form. Raises UserError for one that no page of ours has sent."""
    body = await request.body()
    try:
        return parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise UserError("app.errors.form") from None


def first(fields: Fields, name: str) -> str:
    """The first value of a field, stripped; nothing where it was not sent."""
    return (fields.get(name) or [""])[0].strip()
