"""A real browser for the tests of pages, and what axe-core finds in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
RULES = [
    *("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"),
    "best-practice",
]


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium; without it the test is skipped, or fails where it must be there."""
    if not CHROMIUM.exists():
        if os.environ.get("UMEA_EVAL_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{CHROMIUM} is missing, and UMEA_EVAL_REQUIRE_BROWSER=1")
        pytest.skip(f"{CHROMIUM} is missing")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                *("--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update"),
                "--disable-sync",
            ],
        )
        yield started
        started.close()


def violations(page: Page, *, contrast: bool = True) -> list[str]:
    """What axe-core finds wrong in an open page."""
    options = {
        "runOnly": {"type": "tag", "values": RULES},
        "rules": {"color-contrast": {"enabled": contrast}},
    }
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
