"""How does one piece of a report (a heading, a table, a figure) leave the notebook?

A fragment is a cell output in three forms: HTML for readers, plain text, and JSON from which the
runner takes tables and the record. The notebook itself writes no files, and so works equally in
JupyterLab.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from umea_eval.language import Language, text

TEMPLATES = Path(__file__).parent / "templates"
MIME = "application/vnd.umea-eval+json"
METADATA = "umea_eval"
# A fragment has these forms and no others.
FORMS = ("text/html", "text/plain", MIME)
# The form of the JSON: a reader of an older notebook can tell what it has before it.
FORMAT = 1

Part = Literal["title", "banner", "notice", "heading", "text", "items", "table", "figure", "record"]


@dataclass(frozen=True)
class Fragment:
    """One piece of a report. ``data`` holds only what may be shown."""

    part: Part
    html: str
    plain: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def bundle(self) -> dict[str, Any]:
        """The display data of a cell output."""
        own = {"format": FORMAT, "part": self.part, **self.data}
        return dict(zip(FORMS, (self.html, self.plain, own), strict=True))

    def metadata(self) -> dict[str, Any]:
        """What marks a cell output as ours."""
        return {METADATA: {"part": self.part}}


def publish(fragment: Fragment) -> None:
    """Show a fragment as the output of the running cell; outside a notebook nothing is shown."""
    if "IPython" not in sys.modules:
        return
    from IPython.core.interactiveshell import (  # noqa: PLC0415 - only in a notebook
        InteractiveShell,
    )

    if InteractiveShell.initialized():
        shell = InteractiveShell.instance()
        shell.display_pub.publish(data=fragment.bundle(), metadata=fragment.metadata())


def render(part: str, language: Language, /, **values: object) -> str:
    """The HTML of a fragment, by its macro in ``fragments.html.j2``. All values are escaped."""
    return str(getattr(macros(language), part)(**values)).strip()


def template_environment(language: Language, *folders: Path) -> Environment:
    """Templates (of ``folders`` too) that escape every value and refuse a name not given."""
    environment = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    prepare(environment, language)
    return environment


def prepare(environment: Environment, language: Language) -> None:
    """Give templates the catalogue: ``word("report.table", number=1)``, and the language."""
    environment.globals["word"] = lambda key, **values: text(key, language, **values)
    environment.globals["language"] = language


@cache
def macros(language: Language) -> Any:
    """The macros of ``fragments.html.j2``, compiled once."""
    return template_environment(language).get_template("fragments.html.j2").module
