"""The pages in a real browser: accessibility, narrow screens, paper, and the one script."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import launched, violations
from tests.projects import EVALUATIONS

WIDTHS = (1280, 320)
PAGES = ("demo/sv/report.html", "demo/en/report.html", "index.html")
PRODUCT = (
    *(
        f"{name}/{each}/report.html"
        for name in ("key_figures", "official_statistics")
        for each in ("sv", "en")
    ),
    *(
        f"{name}/{each}/report.html"
        for name in EVALUATIONS
        for each in ("exempeldata-sv", "example-data-en")
    ),
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as started:
        yield started


@pytest.fixture
def opened(browser: Browser) -> Iterator[Page]:
    """A page on which any complaint of the browser, and any request but files, is a failure."""
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith("file:") else complaints.append(request.url),
    )
    yield page
    page.close()
    assert complaints == []


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true })")


def shorten(page: Page) -> None:
    """Leave the first rows of tables and blocks of code: the others are alike, and axe is slow."""
    page.evaluate(
        """document.querySelectorAll('tbody').forEach((body) => {
            [...body.rows].slice(6).forEach((row) => row.remove()) })
        ;[...document.querySelectorAll('pre')].slice(2).forEach((code) => code.remove())"""
    )


@pytest.fixture(scope="session")
def everything(demo_reports: Path, example_report: Path, product_reports: Path) -> dict[str, Path]:
    """All kinds of page by name."""
    pages = {name: demo_reports / name for name in PAGES}
    pages |= {name: product_reports / name for name in PRODUCT}
    processed = product_reports.parent / "data/processed/example"
    pages["account"] = processed / "forsorjningsstod/account.html"
    pages["codebook"] = product_reports / "codebooks/forsorjningsstod.html"
    pages["failed"] = example_report / "index.html"
    pages["example"] = example_report / "demo/exempeldata-sv/report.html"
    return pages


# The evaluations are one template with much data: each is seen in Swedish on a narrow screen, and
# one of them in English on a wide one (a page takes many seconds).
ENGLISH = ("key_figures/en", "forsorjningsstod/example-data-en")
SEEN = [
    *((name, width) for name in (*PAGES, "account", "codebook", "failed") for width in WIDTHS),
    ("example", 1280),
    *((name, 320) for name in PRODUCT if "/sv/" in name or "/exempeldata-sv/" in name),
    *((name, 1280) for name in PRODUCT if name.startswith(ENGLISH)),
]


@pytest.mark.parametrize(("name", "width"), SEEN)
def test_axe_finds_nothing(
    opened: Page, everything: dict[str, Path], name: str, width: int
) -> None:
    opened.set_viewport_size({"width": width, "height": 900})
    opened.goto(everything[name].as_uri())
    if name not in PRODUCT:  # what is folded is the same; opened, all of it is looked at
        assert violations(opened) == []
    open_all(opened)
    if name in PRODUCT:
        shorten(opened)
    # Colours are the template's, and looked for behind every word: three pages are enough.
    contrast = name not in PRODUCT or name.startswith(("forsorjningsstod", "key_figures/en"))
    assert violations(opened, contrast=contrast) == []


@pytest.mark.parametrize("name", [*PAGES, *PRODUCT, "account", "codebook", "example", "failed"])
def test_a_narrow_screen_never_scrolls_sideways(
    opened: Page, everything: dict[str, Path], name: str
) -> None:
    opened.set_viewport_size({"width": 320, "height": 800})
    opened.goto(everything[name].as_uri())
    open_all(opened)
    assert opened.evaluate("document.documentElement.scrollWidth") <= 320
    # What is wider than the screen can be scrolled by keyboard within its own region.
    assert opened.evaluate(
        """[...document.querySelectorAll('*')].every((element) =>
            element.scrollWidth <= element.clientWidth + 1
            || getComputedStyle(element).overflowX === 'visible'
            || element.tabIndex === 0 || element.closest('[tabindex="0"]') !== null)"""
    )


@pytest.mark.parametrize("name", PAGES[:2])
def test_a_figure_wider_than_the_screen_says_so(
    opened: Page, everything: dict[str, Path], name: str
) -> None:
    opened.goto(everything[name].as_uri())
    wider = "box => box.scrollWidth > box.clientWidth"
    for width in (320, 390, 640, 700, 1280):
        opened.set_viewport_size({"width": width, "height": 800})
        figure = opened.locator("figure").first
        hidden = figure.locator(".scroll").first.evaluate(wider)
        assert figure.locator(".sideways").is_visible() or not hidden
        assert hidden is (width < 600)
        assert figure.locator(".sideways").is_visible() is (width <= 640)


@pytest.mark.parametrize("name", [*PAGES, *PRODUCT])
def test_headings_languages_and_landmarks(
    opened: Page, everything: dict[str, Path], name: str
) -> None:
    opened.goto(everything[name].as_uri())
    levels = opened.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((h) => Number(h.tagName[1]))"
    )
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(next_ <= level + 1 for level, next_ in pairwise(levels))
    english = "/en/" in name or "-en/" in name
    assert opened.locator("html").get_attribute("lang") == ("en" if english else "sv")
    assert opened.locator("main").count() == 1
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.getAttribute('href')") == "#content"
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.activeElement.id") == "content"


def test_every_link_of_a_report_leads_somewhere(everything: dict[str, Path]) -> None:
    for name in ("demo/sv/report.html", "example"):
        path = everything[name]
        text = path.read_text(encoding="utf-8")
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        for link in re.findall(r'<a [^>]*href="([^"]+)"', text):
            assert link[1:] in ids if link.startswith("#") else (path.parent / link).is_file()
        for label in re.findall(r'aria-labelledby="([^"]+)"', text):
            assert label in ids


def test_a_report_runs_no_script_and_fetches_nothing(everything: dict[str, Path]) -> None:
    text = html.unescape(everything["demo/sv/report.html"].read_text(encoding="utf-8"))
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert not re.search(r"https?://|//[a-z]|@import|src=", text)


def test_the_index_can_be_searched_and_says_how_many_rows_are_left(
    opened: Page, everything: dict[str, Path]
) -> None:
    opened.goto(everything["index.html"].as_uri())
    rows = opened.locator("tbody tr:visible")
    assert rows.count() == 2
    opened.get_by_label("Sök bland rapporterna").fill("engelska participation")
    assert rows.count() == 1
    expect(opened.locator("#found")).to_have_text("1 rader visas")
    opened.get_by_label("Sök bland rapporterna").fill("")
    assert rows.count() == 2


def test_the_index_works_without_its_script(browser: Browser, everything: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(everything["index.html"].as_uri())
    assert page.locator("tbody tr").count() == 2
    assert page.get_by_label("Sök bland rapporterna").is_hidden()
    page.get_by_role("link", name="Placeringar och delaktighet 2023").click()
    assert page.url.endswith("demo/sv/report.html")
    context.close()


def test_a_printed_page_has_the_tables_and_nothing_is_cut(
    opened: Page, everything: dict[str, Path]
) -> None:
    opened.goto(everything["demo/sv/report.html"].as_uri())
    opened.emulate_media(media="print")
    # The width of A4 between our margins, at 96 pixels an inch.
    opened.set_viewport_size({"width": 657, "height": 900})
    assert opened.evaluate("document.documentElement.scrollWidth") <= 657
    assert opened.locator("figure table").first.bounding_box() is not None
    assert not opened.locator("nav").is_visible()
