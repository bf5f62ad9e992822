"""The codebook of a dataset, from its schemas: as a page and as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from umea_eval.datasets import Dataset, find_dataset
from umea_eval.errors import UserError
from umea_eval.files import write_whole
from umea_eval.intake.schema import Column, Schema, codebook
from umea_eval.language import Language, number, text
from umea_eval.processed.account import dataset_name
from umea_eval.processed.pages import page, table_of
from umea_eval.report.fragments import render
from umea_eval.settings import Settings

FOLDER = "codebooks"
_COLUMNS = ("name", "label", "type", "unit", "range", "presence", "headings", "source")


def write_codebook(name: str, settings: Settings, language: Language) -> list[Path]:
    """Write the codebook of dataset ``name`` as HTML and CSV to ``reports/codebooks``.

    Returns the two paths. Raises UserError for an unknown dataset or a folder that cannot be
    written to.
    """
    dataset = find_dataset(name)
    folder = settings.reports / FOLDER
    files = {
        folder / f"{name}.html": codebook_page(dataset, language),
        folder / f"{name}.csv": codebook_csv(dataset),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            # With a byte order mark a spreadsheet takes the CSV for what it is.
            mark = "\ufeff" if path.suffix == ".csv" else ""
            write_whole(path, (mark + content).encode("utf-8"))
    except OSError:
        raise UserError("intake.store_not_written", folder=folder.name) from None
    return list(files)


def codebook_csv(dataset: Dataset) -> str:
    """One row per column and per code (see ``intake.schema.codebook``), semicolons between."""
    frame = codebook(dataset.schemas)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(frame.columns)
    writer.writerows(frame.astype(object).to_numpy().tolist())
    return buffer.getvalue()


def codebook_page(dataset: Dataset, language: Language) -> str:
    """A heading and a table per table of the dataset, and a table per code list."""
    name = dataset_name(dataset.name, language)
    return page(
        text("processed.codebook.title", language, name=name),
        list(_parts(dataset, language)),
        language,
        example=False,
        kind=text("processed.codebook.kind", language),
    )


def _parts(dataset: Dataset, language: Language) -> Iterator[str]:
    yield _text("processed.codebook.intro", language)
    for schema in dataset.schemas:
        label = _label(schema, language)
        yield render("heading", language, level=2, title=label, id=f"t-{schema.name}")
        yield _key(schema, language)
        yield render(
            "table",
            language,
            id=f"columns-{schema.name}",
            table=table_of(
                schema.name,
                [text(f"processed.codebook.column_{each}", language) for each in _COLUMNS],
                [_row(column, language) for column in schema.columns],
                language,
            ),
            caption=text("processed.codebook.columns", language, table=label),
            notes=[],
            rows="",
        )
        for column in schema.columns:
            if column.codes:
                yield _codes(schema, column, language)


def _codes(schema: Schema, column: Column, language: Language) -> str:
    rows = [
        (
            code.code,
            code.label_sv if language == "sv" else code.label_en,
            code.validity,
            "; ".join(code.spellings),
        )
        for code in (column.codes.codes if column.codes else ())
    ]
    headings = ("code", "meaning", "valid", "spellings")
    label = column.label_sv if language == "sv" else column.label_en
    return render(
        "table",
        language,
        id=f"codes-{schema.name}-{column.name}",
        table=table_of(
            column.name,
            [text(f"processed.codebook.column_{each}", language) for each in headings],
            rows,
            language,
        ),
        caption=text("processed.codebook.codes", language, column=label, name=column.name),
        notes=[column.codes.source] if column.codes else [],
        rows=text("processed.account.row_count", language, n=len(rows)),
    )


def _row(column: Column, language: Language) -> tuple[str, ...]:
    presence = "filled" if column.filled else ("required" if column.required else "optional")
    shown = text(f"processed.codebook.{presence}", language)
    if column.personal:
        shown += f"; {text('processed.codebook.personal', language)}"
    return (
        column.name,
        column.label_sv if language == "sv" else column.label_en,
        text(f"processed.dtype.{column.dtype}", language),
        column.unit,
        _range(column, language),
        shown,
        "; ".join(dict.fromkeys((column.label_sv, *column.headings))),
        column.source or (column.codes.source if column.codes else ""),
    )


def _range(column: Column, language: Language) -> str:
    if column.range is None:
        return ""
    low, high = (
        number(Decimal(f"{end:g}"), language) if isinstance(end, int | float) else str(end)
        for end in column.range
    )
    return text("processed.codebook.between", language, low=low, high=high)


def _key(schema: Schema, language: Language) -> str:
    if not schema.key:
        return _text("processed.codebook.no_key", language)
    return _text("processed.codebook.key", language, columns=", ".join(schema.key))


def _label(schema: Schema, language: Language) -> str:
    own = schema.label_sv if language == "sv" else schema.label_en
    return f"{own} ({schema.name})"


def _text(key: str, language: Language, **values: object) -> str:
    paragraph = text(key, language, **values)
    return render("text", language, paragraphs=[paragraph], lang=None)
