"""A report without a mouse and without a script: every step by Tab, letters and Enter."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import launched

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST = 40


def walk(page: Page, name: str) -> None:
    """Tab to what has that name, which a screen reader says, and see that it shows its focus."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        reached = page.locator(":focus")
        if not reached.count():
            continue  # the browser's own buttons, between the page's last and its first
        said = reached.get_attribute("aria-label") or reached.inner_text()
        if said.strip() == name:
            outline = reached.evaluate("e => getComputedStyle(e).outlineStyle")
            assert outline != "none", name
            return
    pytest.fail(f"{name} is not reached by Tab")


def enter(page: Page, name: str) -> None:
    walk(page, name)
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")


def test_a_report_by_keyboard_alone(address: str) -> None:
    with launched() as browser:
        page = browser.new_context(java_script_enabled=False, locale="sv-SE").new_page()
        page.set_default_timeout(20_000)
        page.goto(address)
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Hoppa till innehållet")
        enter(page, "Utvärderingar")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # past the menu
        enter(page, "Liten rapport")
        for _ in range(MOST):
            page.keyboard.press("Tab")
            if page.locator(":focus[name=year]").count():
                break
        page.keyboard.press("Control+a")
        page.keyboard.type("i fjol")
        with page.expect_navigation(wait_until="load"):
            page.keyboard.press("Enter")
        expect(page.locator("#faults")).to_contain_text(
            "ett årtal från 1900 till 2100, till exempel 2023"
        )
        page.goto(page.url.replace("/form", "/small"))
        enter(page, "Skapa rapporten")
        # The page asks again by itself.
        expect(page.get_by_role("status")).to_contain_text("Rapporten är klar", timeout=60_000)
        walk(page, "Öppna rapporten")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Liten rapport")


def test_a_page_whose_app_has_ended_says_so(address: str) -> None:
    with launched() as browser:
        page = browser.new_page(locale="sv-SE")
        page.set_default_timeout(20_000)
        page.route("**/state", lambda route: route.abort())
        page.goto(address)
        page.goto(page.url.rstrip("/") + "/evaluations/small")
        page.get_by_role("button", name="Skapa rapporten").click()
        expect(page.locator("#now")).to_contain_text("Programmet svarar inte längre")
        expect(page.locator("progress")).to_be_hidden()
