"""What somebody does who only knows Excel: from a messy export to a PDF, step by step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import launched, violations
from tests.projects import ROOT
from umea_eval.processed.example import make_example
from umea_eval.settings import read_settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOUSEHOLDS = 150
UNDATED = "utbetalningar juni.xlsx"
SECONDS = 180
# Of the Swedish Tax Agency's published test numbers.
TEST_NUMBER = "19900102-2384"
LOST = "siffror har gått förlorade"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "umea_eval.toml").write_text('formats = "pdf"\n', encoding="utf-8")
    shutil.copytree(ROOT / "data/raw/public", folder / "data/raw/public")
    shutil.copy(ROOT / "notebooks/forsorjningsstod.ipynb", folder / "notebooks")
    shutil.copytree(ROOT / "notebooks/plans", folder / "notebooks/plans")
    return folder


@pytest.fixture
def exports(project: Path, tmp_path: Path) -> list[Path]:
    """What the system gave, in a folder of the user's; one file has no day in its name."""
    settings = replace(read_settings(project), example=tmp_path / "hemma")
    folder, _ = make_example("forsorjningsstod", settings, messy=True, n=HOUSEHOLDS)
    next(folder.glob("payments_*.xlsx")).rename(folder / UNDATED)
    return [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """A page on which any complaint of the browser, and any request elsewhere, is a failure."""
    home = address.partition("/?")[0]
    complaints: list[str] = []
    with launched() as browser:
        opened = browser.new_page(locale="sv-SE")
        opened.set_default_timeout(SECONDS * 1000)
        # A form that is sent back with its faults has a status that the browser mentions.
        opened.on(
            "console",
            lambda message: None if "422" in message.text else complaints.append(message.text),
        )
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((f"{home}/", "data:"))
                else complaints.append(request.url)
            ),
        )
        yield opened
        opened.close()
    assert complaints == []


def look(page: Page, *, contrast: bool = False) -> None:
    """The page is accessible, and fits a narrow screen."""
    page.wait_for_load_state("load")
    assert violations(page, contrast=contrast) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url
    page.set_viewport_size({"width": 1280, "height": 900})


def go(page: Page, target: Locator) -> None:
    """Click on what leads to another page, and wait for it and its style sheet."""
    with page.expect_navigation(wait_until="load"):
        target.click()


def press(page: Page, name: str) -> None:
    go(page, page.get_by_role("button", name=name))


def follow(page: Page, name: str) -> None:
    go(page, page.get_by_role("link", name=name).first)


def quarantined(page: Page) -> int:
    follow(page, "Ekonomiskt bistånd")
    words = page.get_by_role("link", name="Rätta rader i karantän").inner_text()
    return int("".join(filter(str.isdigit, words)))


def test_from_a_messy_export_to_a_pdf(
    page: Page, address: str, exports: list[Path], project: Path, tmp_path: Path
) -> None:
    expect.set_options(timeout=SECONDS * 1000)
    page.goto(address)
    assert "token" not in page.url
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Utvärdera verksamheten, steg för steg"
    )
    look(page, contrast=True)
    add_files(page, exports, project / "data/raw/forsorjningsstod")

    press(page, "Rensa")
    expect(page.get_by_role("status")).to_contain_text("Rensningen är klar")
    expect(page.get_by_role("heading", level=1)).to_have_text("Radredovisning: ekonomiskt bistånd")
    expect(page.locator("figure svg")).to_be_visible()
    look(page)
    before = quarantined(page)
    correct_a_row(page)
    press(page, "Rensa igen")
    expect(page.get_by_role("status")).to_contain_text("Rensningen är klar")
    assert quarantined(page) == before - 1

    write_down_the_decisions(page)
    make_the_report(page)
    look(page)
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="PDF, att läsa").click()
    pdf = tmp_path / "report.pdf"
    downloaded.value.save_as(pdf)
    assert pdf.read_bytes().startswith(b"%PDF")
    follow(page, "Öppna rapporten")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ekonomiskt bistånd")

    page.go_back()
    press(page, "In English")
    follow(page, "Reports")
    look(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Reports")


def add_files(page: Page, exports: list[Path], raw: Path) -> None:
    """One file does not say when it was made: the program asks, and says so if it is not told."""
    follow(page, "Ekonomiskt bistånd")
    look(page)
    page.get_by_label("Lägg in uttag").set_input_files(exports)
    press(page, "Lägg in filerna")
    press(page, "Lägg in filerna")
    expect(page.locator("#faults")).to_be_focused()
    look(page, contrast=True)
    page.get_by_label("Vilken dag gjordes uttaget?").fill("2024-02-01")
    press(page, "Lägg in filerna")
    expect(page.get_by_role("status")).to_contain_text("Filerna är sparade")
    assert (raw / "utbetalningar juni 2024-02-01.xlsx").is_file()
    assert len([path for path in raw.iterdir() if path.is_file()]) == len(exports)


def correct_a_row(page: Page) -> None:
    """A number that Excel has spoiled is written again, and nothing of it is in any address."""
    follow(page, "Rätta rader i karantän")
    look(page)
    row = page.locator("tbody tr", has_text=LOST).first
    place = row.get_by_role("link").inner_text()
    go(page, row.get_by_role("link"))
    look(page, contrast=True)
    wrong = page.locator("input[aria-invalid=true]")
    expect(wrong).to_have_count(1)
    wrong.fill(TEST_NUMBER)
    press(page, "Spara rättningen")
    assert TEST_NUMBER not in page.url
    expect(page.locator("tbody tr", has_text="Rättad, inte rensad")).to_contain_text(place)
    page.get_by_label("Vem").fill("FoU-ledare")
    page.get_by_label("Varför").fill("Kontrollerat i verksamhetssystemet")
    press(page, "Anteckna beslutet")


def write_down_the_decisions(page: Page) -> None:
    """Real data are not used without them."""
    follow(page, "Projektets beslut")
    look(page)
    press(page, "Spara besluten")
    expect(page.locator("#faults")).to_contain_text("Personuppgiftsansvarig")
    for field in page.locator(".field input").all():
        is_date = field.get_attribute("type") == "date"
        field.fill("2030-12-31" if is_date else "Socialnämnden, dnr SN-2024-1")
    press(page, "Spara besluten")
    expect(page.get_by_role("status")).to_contain_text("Projektets beslut är sparade")


def make_the_report(page: Page) -> None:
    """A wrong value is told at its field, in the words of the command line."""
    follow(page, "Utvärderingar")
    look(page)
    follow(page, "Ekonomiskt bistånd: hur länge, hur ofta och för vem")
    page.get_by_label("Året som rapporten gäller").fill("i fjol")
    press(page, "Skapa rapporten")
    expect(page.locator("#faults")).to_contain_text(
        "ett årtal från 1900 till 2100, till exempel 2023"
    )
    look(page, contrast=True)
    page.get_by_label("Året som rapporten gäller").fill("2023")
    press(page, "Skapa rapporten")
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert violations(page, contrast=False) == []
    page.wait_for_selector("progress", state="detached")
    page.wait_for_load_state("load")
    expect(page.get_by_role("main")).to_contain_text("Rapporten är klar", timeout=1000)
