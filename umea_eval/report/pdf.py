"""The released report as a PDF that a screen reader can read: tagged, PDF/UA-1 (ISO 14289-1)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from umea_eval.language import Language, text
from umea_eval.report.document import Block, Document, Notice, Reference, Table
from umea_eval.report.fragments import TEMPLATES
from umea_eval.report.typesetting import alone, fonts, letters

TEMPLATE = TEMPLATES / "report.typ"
STANDARD: Literal["ua-1"] = "ua-1"
REGIONS: Mapping[Language, str] = {"sv": "SE", "en": "GB"}
# So many of a column's longest words and cells are measured to make it wide enough.
_MEASURED = 4
_HERE = "\0"


def pdf_bytes(document: Document) -> bytes:
    """The PDF of a document; the same document gives the same bytes on every machine.

    Only fonts that come with our packages are used, and no date is written. Raises ValueError for
    what PDF/UA-1 does not allow, such as a figure without a text alternative.
    """
    import typst  # noqa: PLC0415 - only where a PDF is made

    for block in document.blocks:
        if getattr(block, "alt", "a picture").strip() == "":
            raise ValueError("a figure without a text alternative")
    data = _data(document)
    try:
        return _compiled(data)
    except typst.TypstError:
        # Letters that no font of ours has cannot be shown; that they are there can.
        data = _displayable(data)
    try:
        return _compiled(data)
    except typst.TypstError as error:
        # Its own message can hold words of the report.
        raise ValueError(f"no {STANDARD} document: {type(error).__name__}") from error


def _compiled(data: Mapping[str, Any]) -> bytes:
    import typst  # noqa: PLC0415

    compiler = typst.Compiler(
        TEMPLATE.read_bytes(),
        font_paths=fonts(),
        sys_inputs={"report": json.dumps(data, ensure_ascii=False)},
    )
    made = compiler.compile(format="pdf", pdf_standards=[STANDARD])
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def _displayable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _displayable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_displayable(each) for each in value]
    if isinstance(value, str):
        known = letters()
        return "".join(each if ord(each) in known else "\ufffd" for each in value)
    return value


def _data(document: Document) -> dict[str, Any]:
    """The document as the template reads it."""
    language = document.language

    def said(key: str, **values: object) -> str:
        return text(f"report.{key}", language, **values)

    page = said("document.page", page=_HERE, pages=_HERE).split(_HERE)
    notices = [block for block in document.blocks if isinstance(block, Notice)]
    return {
        "language": language,
        "region": REGIONS[language],
        "title": document.marked_title,
        "heading": document.title,
        "mark": document.mark,
        "keywords": [document.mark] if document.mark else [],
        "words": {
            "kind": said("page.kind"),
            "contents": said("page.contents"),
            "appendix": said("document.appendix"),
            "appendix-intro": said("document.appendix_intro"),
            "page": page,
            "made-by": said("page.made_by", version=document.version),
        },
        "notices": [_block(block, language) for block in notices],
        "blocks": [
            _block(block, language) for block in document.blocks if not isinstance(block, Notice)
        ],
        "appended": [_table(table) for table in document.appended],
    }


def _block(block: Block, language: Language) -> dict[str, Any]:
    kind = type(block).__name__.lower()
    if isinstance(block, Table):
        return {"kind": kind, **_table(block)}
    made = {"kind": kind, **asdict(block)}
    if isinstance(block, Reference):
        whole = text("report.document.reference", language, words=_HERE, page=_HERE)
        before, between, after = whole.split(_HERE)
        made["words"] = [before + block.words, between, after]
    elif kind == "figure":
        made["svg"] = alone(made["svg"])
    return made


def _table(table: Table) -> dict[str, Any]:
    written = table.written
    return {
        "id": table.id,
        "caption": table.caption,
        "notes": table.notes,
        "columns": [
            {
                "heading": column.heading,
                "kind": column.kind,
                "numeric": column.numeric,
                "head-words": _longest(column.heading.split()),
                "words": _longest(
                    word
                    for row in written.rows
                    for word in _unbroken(row[place].shown, column.numeric)
                ),
                "longest": _longest(row[place].shown for row in written.rows),
            }
            for place, column in enumerate(written.columns)
        ],
        "rows": [
            [{"shown": cell.shown, "mark": cell.mark, "lang": cell.lang} for cell in row]
            for row in written.rows
        ],
    }


def _unbroken(shown: str, numeric: bool) -> Sequence[str]:
    return [shown] if numeric else shown.split()


def _longest(words: Any) -> list[str]:
    return sorted(dict.fromkeys(words), key=lambda word: (-len(word), word))[:_MEASURED]
