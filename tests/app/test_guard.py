"""Who may ask the app: the token, the host, the page that a form comes from, the sizes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.app.conftest import HOME, TOKEN
from umea_eval.app import guard, server
from umea_eval.app.site import Site
from umea_eval.cli import run


def test_the_token_opens_the_app_once_it_is_in_the_cookie(stranger: TestClient) -> None:
    assert stranger.get("/").status_code == 403
    entered = stranger.get(f"/?token={TOKEN}")
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize("token", ["", "wrong", "t0ken-of-the-tesT", "å"])
def test_a_wrong_token_gets_a_kind_page_and_no_cookie(stranger: TestClient, token: str) -> None:
    refused = stranger.get("/", params={"token": token})
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers
    assert "Öppna adressen som umea-eval app skrev" in refused.text
    assert "<nav" not in refused.text


def test_a_token_for_once_opens_once(stranger: TestClient, site: Site) -> None:
    assert stranger.get("/?token=once").status_code == 303
    other = TestClient(server.create_app(site), base_url=HOME, follow_redirects=False)
    assert other.get("/?token=once").status_code == 403


@pytest.mark.parametrize("host", ["evil.example:8765", "127.0.0.1:9999", "127.0.0.1", ""])
def test_another_name_for_the_computer_is_refused(user: TestClient, host: str) -> None:
    refused = user.get("/", headers={"host": host})
    assert refused.status_code == 403
    assert "bara att nå från den egna datorn" in refused.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": HOME, "sec-fetch-site": "cross-site"},
        {"origin": "", "referer": f"{HOME}.evil.example/"},
    ],
)
def test_a_form_of_another_page_changes_nothing(
    user: TestClient, site: Site, headers: dict[str, str]
) -> None:
    refused = user.post("/datasets/survey/example", headers=headers)
    assert refused.status_code == 403
    assert "inget har ändrats" in refused.text
    assert site.work.in_hand() == []


def test_without_an_origin_the_referring_page_counts(user: TestClient) -> None:
    del user.headers["origin"]
    fields = {"language": "en", "back": "/reports"}
    assert user.post("/language", data=fields).status_code == 403
    assert user.post("/language", data=fields, headers={"referer": f"{HOME}/"}).status_code == 303


def test_other_methods_are_refused(user: TestClient) -> None:
    assert user.delete("/").status_code == 403
    assert user.post("/").status_code == 405


def test_every_answer_is_kept_nowhere_and_allows_nothing_from_elsewhere(user: TestClient) -> None:
    for path in ("/", "/style.css", "/script.js", "/nothing"):
        headers = user.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"


def test_a_form_that_is_too_large_is_not_read(
    user: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MAX_FORM_BYTES", 100)
    refused = user.post("/language", data={"language": "en", "back": "/" + "a" * 200})
    assert refused.status_code == 413
    assert "för stort" in refused.text


def test_a_bug_tells_place_and_kind_but_never_its_own_text(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(request: object) -> None:
        raise ZeroDivisionError("19900101-2384")

    monkeypatch.setattr(server, "ROUTES", (Route("/broken", broken),))
    client = TestClient(server.create_app(site), base_url=HOME)
    client.cookies.set(site.cookie, TOKEN)
    page = client.get("/broken")
    said = capsys.readouterr()
    assert page.status_code == 500
    for text in (page.text, said.err):
        assert "ZeroDivisionError" in text
        assert "2384" not in text
    assert said.out == ""


def test_the_language_is_chosen_and_the_way_back_is_ours(user: TestClient) -> None:
    changed = user.post("/language", data={"language": "en", "back": "/reports"})
    assert changed.headers["location"] == "/reports"
    assert '<html lang="en">' in user.get("/").text
    for back in ("//evil.example", "/\\evil.example", "https://evil.example"):
        away = user.post("/language", data={"language": "sv", "back": back})
        assert away.headers["location"] == "/"
    assert '<html lang="sv">' in user.get("/").text


def test_a_port_that_is_taken_is_told(
    small_project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(small_project)
    listening = server._listen(0)
    try:
        port = str(listening.getsockname()[1])
        code = run(["app", "--no-browser", "--port", port])
    finally:
        listening.close()
    assert code == 2
    assert f"Port {port} är upptagen" in capsys.readouterr().err


def test_nothing_heavy_is_imported_before_the_command_is_used() -> None:
    code = (
        "import sys, umea_eval.cli as c; c.build('sv'); "
        "sys.exit(bool({'uvicorn', 'starlette', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
