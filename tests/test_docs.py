"""The documentation says what is so: its commands, its Python, its links, and how it looks."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import nbformat
import pytest
import yaml
from nbclient import NotebookClient
from playwright.sync_api import Browser, Page

import umea_eval as ue
from tests.acceptance.test_pages import browser, shorten, violations  # noqa: F401
from tests.conftest import Run
from tests.projects import make_product
from umea_eval.cli import build

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"
PAGES = sorted(
    path
    for path in (REPOSITORY / "README.md", *DOCS.rglob("*.md"))
    if path.parent.name != "fel" and path.name != "fel.md"  # written from errors.toml
)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
MENU = re.compile(r"^```\{toctree\}\n((?::[^\n]*\n)*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CITATION = {
    *("abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi"),
    *("identifiers", "keywords", "license", "license-url", "message", "preferred-citation"),
    *("references", "repository", "repository-artifact", "repository-code", "title", "type"),
    *("url", "version"),
}
INLINE = re.compile(r"`(umea-eval [^`]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def blocks(path: Path) -> list[tuple[str, str]]:
    return [(kind, text) for kind, text in BLOCK.findall(path.read_text(encoding="utf-8"))]


def commands(path: Path) -> Iterator[list[str]]:
    """Every command that a page shows, in blocks and in running text."""
    text = path.read_text(encoding="utf-8")
    shown = [*INLINE.findall(text)]
    for kind, block in BLOCK.findall(text):
        if kind in ("", "console"):
            shown += re.findall(r"^(?:\$ )?(umea-eval .*?)(?: {2,}.*)?$", block, re.MULTILINE)
    for words in shown:
        yield shlex.split(words)[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_command_and_option_that_is_shown_exists(page: Path) -> None:
    for words in commands(page):
        command: click.Command = build("sv")
        for word in words:
            if word.startswith("-"):
                known = {name for each in command.params for name in each.opts}
                everywhere = {name for each in build("sv").params for name in each.opts}
                assert word.partition("=")[0] in known | everywhere | {"--help"}, words
            elif isinstance(command, click.Group) and word not in ("sv", "en"):
                if word.isupper():
                    break  # KOMMANDO stands for any
                assert word in command.commands or word == "app", words
                if word == "app":
                    break  # has a guide before it has a room
                command = command.commands[word]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        found = page.parent / target
        assert found.exists() or re.search(r"fel(/E\d+)?\.md$", target), target


def test_every_page_is_in_a_menu_of_the_site() -> None:
    menus = {
        (page.parent / f"{name}.md").resolve()
        for page in PAGES
        for kind, entries in MENU.findall(page.read_text(encoding="utf-8"))
        for name in entries.split()
    }
    assert [page for page in PAGES if page.parent != REPOSITORY and page not in menus] == [
        DOCS / "index.md"
    ]


def test_the_python_of_the_analysts_guide_does_what_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(REPOSITORY)
    names: dict[str, object] = {}
    printed = io.StringIO()
    for kind, code in blocks(DOCS / "guide/analyst.md"):
        if kind == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, "analyst.md", "exec"), names)  # noqa: S102 - our own page
        elif kind == "text":
            assert printed.getvalue() == code
    assert "spells" in names


def test_the_commands_of_the_first_page_do_what_they_say(tmp_path: Path, umea_eval: Run) -> None:
    project = make_product(tmp_path / "project")
    shown = [text for kind, text in blocks(DOCS / "start.md") if kind == "console"]
    assert shown
    for line in "".join(shown).splitlines():
        done = umea_eval(project, *shlex.split(line.removeprefix("$ "))[1:])
        assert done.returncode == 0, done.stderr
    assert (project / "data/processed/example/care_need/account.html").is_file()


def test_the_citation_names_this_version() -> None:
    given = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert given["cff-version"] == "1.2.0"
    # Required and known keys of the schema of the Citation File Format 1.2.0; no one is named.
    assert {"authors", "message", "title"} <= set(given) <= CITATION
    assert [set(author) for author in given["authors"]] == [{"name"}]
    assert given["type"] in ("software", "dataset")
    words = [given[name] for name in ("message", "title", "version", "abstract")]
    assert all(isinstance(each, str) and each for each in (*words, *given["keywords"]))
    assert given["version"] == ue.__version__
    assert given["license"] == project["license"]
    assert ue.__version__ in (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert ue.__version__ in (DOCS / "cite.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    ["new_dataset", "raw_file_to_report"],
)
def test_the_tutorials_run(name: str) -> None:
    path = DOCS / f"tutorials/{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)  # kept without results
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": path.parent}}).execute()
    said = json.dumps([cell.get("outputs") for cell in notebook.cells], ensure_ascii=False)
    assert {"new_dataset": "1 i karantän", "raw_file_to_report": "samma resultat"}[name] in said


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as ``make docs`` builds it; a warning of Sphinx is an error."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", DOCS, folder],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def shown(browser: Browser) -> Iterator[Page]:  # noqa: F811
    """A page on which any request but for files is a failure."""
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.mark.slow
def test_the_site_asks_nothing_of_the_network(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 80
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(
            r"<(?:link|script|img|iframe|source)\b[^>]*?(?:href|src)=\"([^\"]+)", text
        )
        assert [each for each in loaded if re.match(r"(https?:)?//", each)] == [], page
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//|@import", style.read_text(encoding="utf-8"))
    assert (site / "searchindex.js").is_file()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_sites_pages_are_accessible(site: Path, shown: Page, width: int) -> None:
    shown.set_viewport_size({"width": width, "height": 900})
    for name in ("index", "guide/fou", "fel/E106", "reference/proportions", "methods"):
        shown.goto((site / f"{name}.html").as_uri())
        assert shown.locator("html").get_attribute("lang") == (
            "en" if name in ("reference/proportions", "methods") else "sv"
        )
        shorten(shown)
        assert violations(shown) == [], name
        assert shown.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.slow
@pytest.mark.browser
def test_the_search_finds_a_page_without_a_network(site: Path, shown: Page) -> None:
    shown.goto((site / "search.html").as_uri() + "?q=karantän")
    shown.wait_for_selector("#search-results li a", timeout=20_000)
    found = " ".join(shown.locator("#search-results li").all_inner_texts())
    assert "E110" in found
