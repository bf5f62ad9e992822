"""The released report as a document: what its page shows, in order, for other formats than HTML.

It is read from the parts of the executed notebook, which hold released content only. So no format
can show what disclosure control has removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from umea_eval.language import Language, text
from umea_eval.report.fragments import METADATA, MIME
from umea_eval.report.marking import marking
from umea_eval.report.tables import WrittenTable, counted, read_written


@dataclass(frozen=True)
class Heading:
    """A heading; ``level`` 2 is the highest, below the document's title."""

    level: int
    title: str
    id: str


@dataclass(frozen=True)
class Text:
    """Paragraphs, in ``lang`` where it is not the document's language."""

    paragraphs: tuple[str, ...]
    lang: Language | None


@dataclass(frozen=True)
class Items:
    """A bullet list."""

    items: tuple[str, ...]
    lang: Language | None


@dataclass(frozen=True)
class Notice:
    """Under which rules the report has been released."""

    words: str


@dataclass(frozen=True)
class Table:
    """A table with its caption and notes (those on its marks too).

    ``label`` is what the caption begins with where the table has a number of its own.
    """

    id: str
    caption: str
    written: WrittenTable
    notes: tuple[str, ...]
    label: str = ""


@dataclass(frozen=True)
class Figure:
    """A picture (SVG) with the text that says its finding. ``label``: see ``Table``."""

    id: str
    caption: str
    alt: str
    svg: str
    label: str


@dataclass(frozen=True)
class Reference:
    """Where a table that stands at the end of the document has its place on the page."""

    to: str
    words: str


@dataclass(frozen=True)
class Command:
    """A command, shown as it is typed."""

    words: str


Block = Heading | Text | Items | Notice | Table | Figure | Reference | Command


@dataclass(frozen=True)
class Document:
    """A whole report. ``mark`` must stand on every page; ``appended`` tables stand at the end.

    These are the tables behind figures, and those that are folded on the page.
    """

    language: Language
    title: str
    mark: str
    blocks: tuple[Block, ...]
    appended: tuple[Table, ...]
    version: str

    @property
    def marked_title(self) -> str:
        """The title of the file: it begins with the mark, if there is one."""
        return f"{self.mark} | {self.title}" if self.mark else self.title


def read_document(
    notebook: Mapping[str, Any],
    *,
    record: Mapping[str, Any],
    parameters: Sequence[tuple[str, str, str]],
    command: str,
) -> Document:
    """The document of an executed notebook.

    ``record``, ``parameters`` and ``command`` are as ``page.render_page`` takes them.
    """
    language: Language = record["language"]
    blocks: list[Block] = []
    appended: list[Table] = []
    for part, html in _parts(notebook):
        if part["part"] == "figure":
            blocks.append(_figure(part, html, language))
            behind = _behind(part, language)
            appended.append(behind)
            said = text("report.document.behind", language)
            blocks.append(Reference(behind.id, said))
        elif part["part"] == "table":
            label = text("report.table", language, number=part["number"])
            table = _table(f"table-{part['name']}", part["caption"], part, language, label)
            if part.get("folded"):
                appended.append(table)
                rows = counted(table.written.rows, language)
                said = text("report.document.folded", language, caption=table.caption, rows=rows)
                blocks.append(Reference(table.id, said))
            else:
                blocks.append(table)
        elif part["part"] == "record":
            blocks += _record(record, parameters, command, language)
        else:
            blocks += _plain(part, record, language)
    return Document(
        language=language,
        title=str(record["title"]),
        mark=marking(record),
        blocks=tuple(blocks),
        appended=tuple(appended),
        version=str(record["code"]["version"]),
    )


def _parts(notebook: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if METADATA in output.get("metadata", {}):
                html = output["data"]["text/html"]
                yield output["data"][MIME], html if isinstance(html, str) else "".join(html)


def _plain(part: Mapping[str, Any], record: Mapping[str, Any], language: Language) -> list[Block]:
    kind = part["part"]
    if kind == "heading":
        return [Heading(part["level"], part["title"], part["id"])]
    if kind == "text":
        return [Text(tuple(part["paragraphs"]), part.get("lang"))]
    if kind == "items":
        return [Items(tuple(part["items"]), part.get("lang"))]
    if kind == "notice":
        profile = text("report.record.profile", language, profile=record["profile"])
        return [Notice(f"{part['words']} {profile}")]
    return []  # title and banner: see Document


def _figure(part: Mapping[str, Any], html: str, language: Language) -> Figure:
    label = text("report.figure", language, number=part["number"])
    svg = html[html.index("<svg") : html.rindex("</svg>") + len("</svg>")]
    caption = f"{label} {part['caption']}"
    return Figure(f"figure-{part['name']}", caption, part["alt"], svg, label)


def _behind(part: Mapping[str, Any], language: Language) -> Table:
    label = text("report.behind", language, number=part["number"])
    caption = f"{label} {part['caption']}"
    return _table(f"figure-{part['name']}-data", caption, part["data"], language)


def _table(
    name: str, caption: str, data: Mapping[str, Any], language: Language, label: str = ""
) -> Table:
    written = read_written(data, language)
    marks = [text(f"report.mark.{mark}", language) for mark in written.marks]
    return Table(name, caption, written, (*data["notes"], *marks), label)


def _record(
    record: Mapping[str, Any],
    parameters: Sequence[tuple[str, str, str]],
    command: str,
    language: Language,
) -> Iterator[Block]:
    def said(key: str, **values: object) -> str:
        return text(f"report.record.{key}", language, **values)

    profile = said("profile", profile=record["profile"])
    yield Text((f"{said('intro')} {profile}",), None)
    if "project" in record:
        answers = record["project"].items()
        words = (text(f"disclosure.project.{name}", language) for name, _ in answers)
        yield Items(
            tuple(f"{each}: {answer}" for each, (_, answer) in zip(words, answers, strict=True)),
            None,
        )
    yield _facts(
        "record-inputs",
        said("inputs"),
        {said("file"): "code", said("size"): "count", said("checksum"): "code"},
        [(entry["path"], str(entry["size"]), entry["sha256"]) for entry in record["inputs"]],
        language,
    )
    versions = {
        "umea_eval": record["code"]["version"],
        said("code"): record["code"]["sha256"],
        "Python": record["python"],
        **record["packages"],
    }
    heads = {said("component"): "text", said("version"): "code"}
    yield _facts("record-versions", said("versions"), heads, list(versions.items()), language)
    yield _facts(
        "record-parameters",
        said("parameters"),
        {said("parameter"): "code", said("value"): "text", said("meaning"): "text"},
        [(name, value or said("empty"), meaning) for name, value, meaning in parameters],
        language,
    )
    yield Text((said("again"),), None)
    yield Command(command)


def _facts(
    name: str,
    caption: str,
    heads: Mapping[str, str],
    rows: Sequence[Sequence[str]],
    language: Language,
) -> Table:
    """A table of the record; ``heads`` are its headings, each with its kind."""
    columns = [
        {"name": f"c{place}", "heading": head, "kind": kind}
        for place, (head, kind) in enumerate(heads.items())
    ]
    data = {"name": name, "columns": columns, "rows": rows, "suppressed": []}
    return Table(name, caption, read_written(data, language), ())
