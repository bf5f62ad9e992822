"""The documentation site: ``make docs`` writes it to ``build/docs``. It is read without network.

Pages in Swedish, the reference in English from docstrings. The pages of error codes are written
here from the product's own texts, so that they never differ from ``umea-eval help CODE``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from umea_eval import __version__
from umea_eval.error_pages import messages, pages

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
ENGLISH = (
    "reference/",
    "architecture",
    "benchmarks",
    "changelog",
    "claims",
    "coverage",
    "disclosure",
    "methods",
)

_SIDEBARS = ("Meny", "Sidans innehåll")
_ALIAS = re.compile(r"TypeAliasForwardRef\('(\w+)'\)")

project = "umea_eval"
author = "the umea_eval contributors"
version = release = __version__
language = "sv"
locale_dirs = ["locale"]  # the theme's own words, which it has in English only
smartquotes = False  # what stands in quotation marks is often to be typed
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = "umea_eval"
html_static_path = ["_static"]
html_css_files = ["own.css"]
html_copy_source = False
html_show_search_summary = False  # a page read from a file may not fetch other pages
html_show_sourcelink = False
html_show_copyright = False
html_last_updated_fmt = None
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {"npt.ArrayLike": "ArrayLike", "npt.NDArray": "NDArray"}
python_display_short_literal_types = True
autodoc_default_options = {"members": True, "undoc-members": False}
# Where the docstrings speak of other libraries, nothing is looked up.
nitpicky = False


def write_error_pages(app: Sphinx) -> None:
    """One page for each code, and a list of them; only what has changed is written."""
    folder = Path(app.srcdir) / "fel"
    folder.mkdir(exist_ok=True)
    wanted = {f"{code}.md": _error_page(code) for code in pages()}
    lines = "\n".join(f"- [{code}](fel/{code}.md) {p.title['sv']}" for code, p in pages().items())
    codes = "\n".join(f"fel/{code}" for code in pages())
    wanted["../fel.md"] = (
        "# Felkoder\n\nEtt felmeddelande slutar med en kod. `umea-eval help KOD` visar samma sida "
        f"i terminalen.\n\n{lines}\n\n```{{toctree}}\n:hidden:\n\n{codes}\n```\n"
    )
    for name, text in wanted.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()


def _error_page(code: str) -> str:
    page = pages()[code]
    swedish = [f"# {code}: {page.title['sv']}", page.why["sv"], "## Gör så här"]
    swedish.append("\n".join(f"{n}. {_plain(step)}" for n, step in enumerate(page.mend["sv"], 1)))
    said = "\n".join(f"- {_plain(line)}" for line in messages(code, "sv"))
    english = [
        '```{raw} html\n<div lang="en">\n```',
        f"**{page.title['en']}.** {_plain(page.why['en'])}",
    ]
    english.append("\n".join(f"{n}. {_plain(step)}" for n, step in enumerate(page.mend["en"], 1)))
    return "\n\n".join(
        [
            *swedish,
            "## Meddelanden som hör hit",
            said,
            "## In English",
            *english,
            "```{raw} html\n</div>\n```",
            "",
        ]
    )


def _plain(words: str) -> str:
    """Text that Markdown must not read as markup."""
    return "".join(f"\\{letter}" if letter in "*_[]<>`$|#{}\\" else letter for letter in words)


def speak(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """A page in English says so, for screen readers."""
    del app, templatename, doctree
    if pagename.startswith(ENGLISH):
        context["language"] = "en"


def finish(app: Sphinx, exception: Exception | None) -> None:
    """What the theme leaves out for those who use a keyboard or a screen reader (axe-core).

    What scrolls sideways can be reached by keyboard, the two sidebars have different names, and the
    menu's headings a level.
    """
    if exception is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        menu, page = ("Menu", "Contents") if '<html lang="en"' in text[:300] else _SIDEBARS
        for old, new in (
            ("<pre>", '<pre tabindex="0">'),
            ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
            ('<aside class="sidebar-drawer"', f'<aside aria-label="{menu}" class="sidebar-drawer"'),
            ('<aside class="toc-drawer', f'<aside aria-label="{page}" class="toc-drawer'),
            ('class="caption" role="heading">', 'class="caption" role="heading" aria-level="2">'),
        ):
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")


def plain_signature(app: Sphinx, *told: Any) -> tuple[str, str] | None:
    """A signature with the names of type aliases as they are written in the code."""
    del app
    signature, returned = told[-2:]
    if "TypeAliasForwardRef" not in f"{signature}{returned}":
        return None
    return _ALIAS.sub(r"\1", signature or ""), _ALIAS.sub(r"\1", returned or "")


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("builder-inited", write_error_pages)
    app.connect("html-page-context", speak)
    app.connect("build-finished", finish)
    app.connect("autodoc-process-signature", plain_signature)
