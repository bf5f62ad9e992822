"""The page that readers get: our own nbconvert template, self-contained and without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, StrictUndefined
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat import NotebookNode, from_dict
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from umea_eval.language import Language
from umea_eval.report.fragments import METADATA, MIME, TEMPLATES, prepare
from umea_eval.report.marking import marking

# Nothing may be fetched and nothing may run; the styles and pictures stand in the page itself.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
)


@cache
def page_exporter(language: Language) -> TemplateExporter:
    """Nbconvert's exporter with our template.

    Only our own folder is searched, so that no template elsewhere on the machine can take its
    place, and every value is escaped.
    """
    exporter = TemplateExporter(
        template_paths=[str(TEMPLATES)],
        template_file="page/index.html.j2",
        template_extension=".html.j2",
        file_extension=".html",
        # None of nbconvert's changes to notebooks: each would validate the whole notebook again.
        default_preprocessors=[],
    )
    environment: Environment = exporter.environment
    environment.autoescape = True
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    prepare(environment, language)
    return exporter


def render_page(
    notebook: Mapping[str, Any],
    *,
    record: Mapping[str, Any],
    parameters: Sequence[tuple[str, str, str]],
    command: str,
    code: Sequence[tuple[int, bool, str]],
    tables: Mapping[str, str],
    documents: Mapping[str, str],
) -> str:
    """The report's page.

    ``parameters`` are (name, value, help), ``command`` makes the report again, ``code`` is (cell
    number, whether it holds the run's parameters, source), ``tables`` maps each CSV file to its
    caption, ``documents`` each other format of the report to its file.
    """
    outputs = [
        output
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if METADATA in output.get("metadata", {})
    ]
    page, _ = page_exporter(record["language"]).from_notebook_node(
        NotebookNode(from_dict(dict(notebook))),
        resources={
            "report": {
                "policy": POLICY,
                "record": record,
                "marking": marking(record),
                "parts": [(output["data"][MIME]["part"], _html(output)) for output in outputs],
                "contents": [
                    output["data"][MIME]
                    for output in outputs
                    if output["data"][MIME]["part"] == "heading"
                    and output["data"][MIME]["level"] <= 3
                ],
                "parameters": parameters,
                "command": command,
                "code": [(number, own, highlighted(source)) for number, own, source in code],
                "tables": tables,
                "documents": documents,
            }
        },
    )
    return str(page).rstrip() + "\n"


@cache
def highlighted(source: str) -> str:
    """Python code as HTML with a class for each kind of word."""
    return str(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)))


def _html(output: Mapping[str, Any]) -> str:
    html = output["data"]["text/html"]
    return html if isinstance(html, str) else "".join(html)
