"""The row account as a page: what became of every row, in a sentence, a picture and tables."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from umea_eval import style
from umea_eval.datasets import Dataset
from umea_eval.errors import UserError
from umea_eval.intake.cleaning import CleanResult
from umea_eval.intake.ledger import CLASSES, Ledger
from umea_eval.intake.quarantine import reason_text
from umea_eval.intake.store import ACCOUNT, QUARANTINE, read_manifest
from umea_eval.language import Language, has_text, text
from umea_eval.processed.pages import page, table_of
from umea_eval.report.figures import inline_svg
from umea_eval.report.fragments import render

# What the user should know besides the account: keys of the catalogue with their values.
NOTICES = "notices.json"
ROWS = (*CLASSES, "headings_and_totals")


def account_page(
    dataset: Dataset, result: CleanResult, language: Language, *, notices: Sequence[str] = ()
) -> str:
    """The page. It holds counts, places and reasons, never what stood in a row.

    ``notices`` are sentences about the files: hidden sheets, pages that are not there.
    """
    title = text("processed.account.title", language, name=dataset_name(dataset.name, language))
    return page(
        title,
        account_parts(
            dataset,
            result,
            language,
            notices=notices,
            how_to_correct=text("processed.account.how_to_correct", language),
        ),
        language,
        example=bool(result.provenance["example"]),
        kind=text("processed.account.kind", language),
    )


def account_parts(
    dataset: Dataset,
    result: CleanResult,
    language: Language,
    *,
    notices: Sequence[str],
    how_to_correct: str,
) -> list[str]:
    """The account as HTML, part by part. ``how_to_correct`` says how a row is corrected."""
    return list(_parts(dataset, result, language, notices, how_to_correct))


def read_account(folder: Path, language: Language) -> tuple[CleanResult, list[str]]:
    """What is stored of a cleaning besides its tables, and its notices in words.

    Raises UserError where nothing is stored, or not all of it.
    """
    manifest = read_manifest(folder)
    try:
        quarantine, table = (
            pd.read_parquet(folder / f"{name}.parquet") for name in (QUARANTINE, ACCOUNT)
        )
        stored = json.loads((folder / NOTICES).read_bytes())
        notices = [text(each["key"], language, **each["values"]) for each in stored]
    except (OSError, ValueError, KeyError):
        raise UserError("intake.store_incomplete", folder=folder.name) from None
    account = manifest["account"]
    dropped = pd.DataFrame(manifest["dropped"], columns=["file", "sheet", "heading", "filled"])
    result = CleanResult(
        tables={},
        quarantine=quarantine,
        corrections=account["corrections"],
        remarks=manifest["remarks"],
        dropped=dropped,
        ledger=Ledger(table, account["quarantined"]),
        provenance=manifest["provenance"],
    )
    return result, notices


def dataset_name(name: str, language: Language) -> str:
    """The dataset's name in words."""
    return text(f"{name}.dataset", language)


def correction_text(rule: str, language: Language) -> str:
    """A rule of correction in words."""
    key = f"intake.correction.{rule}"
    return text(key, language) if has_text(key) else rule


def findings(result: CleanResult, language: Language) -> list[str]:
    """What a dataset's cleaning has found about its rows beyond faults, a sentence each."""
    return [
        text(each["key"], language, **each["values"])
        for each in result.provenance.get("findings", [])
    ]


def _parts(
    dataset: Dataset,
    result: CleanResult,
    language: Language,
    notices: Sequence[str],
    how_to_correct: str,
) -> Iterator[str]:
    sentence = result.ledger.text(language)
    yield _text([sentence], language)
    yield _figure(result, sentence, language)
    if notices:
        yield _heading("notices", 2, language)
        yield render("items", language, items=notices, lang=None)
    yield _heading("quarantine", 2, language)
    reasons = sorted(result.ledger.reasons.items(), key=lambda item: (-item[1], item[0]))
    yield from _table_or_none(
        "quarantine",
        ("reason", "rows"),
        [(reason_text(reason, language, dataset=dataset.name), n) for reason, n in reasons],
        language,
    )
    if reasons:
        yield _text([how_to_correct], language)
        yield from _table_or_none(
            "columns",
            ("file", "sheet", "column", "reason", "rows"),
            _by_column(dataset, result, language),
            language,
            folded=True,
        )
    yield _heading("changed", 2, language)
    corrections = [(correction_text(rule, language), n) for rule, n in result.corrections.items()]
    yield from _table_or_none("corrections", ("rule", "rows"), corrections, language)
    remarks = [
        (reason_text(reason, language, dataset=dataset.name), n)
        for reason, n in result.remarks.items()
        if n
    ]
    if remarks:
        yield from _table_or_none("remarks", ("remark", "rows"), remarks, language)
    found = findings(result, language)
    if found:
        yield _heading("findings", 2, language)
        yield render("items", language, items=found, lang=None)
    yield _heading("dropped", 2, language)
    rows = result.dropped.astype(object).to_numpy().tolist()
    yield from _table_or_none("dropped", ("file", "sheet", "heading", "filled"), rows, language)
    yield _heading("decisions", 2, language)
    yield from _decisions(result.provenance, language)
    yield _heading("files", 2, language)
    table = result.ledger.table
    rows = [
        [row["file"], row["sheet"], row["table"], *(int(row[name]) for name in ("rows", *ROWS))]
        for row in table.to_dict("records")
    ]
    yield from _table_or_none("files", ("file", "sheet", "table", "rows", *ROWS), rows, language)
    yield _text(
        [
            text(
                "processed.account.extraction",
                language,
                date=result.provenance["extraction_date"],
                key=result.provenance["key"],
            )
        ],
        language,
    )


def _by_column(
    dataset: Dataset, result: CleanResult, language: Language
) -> list[tuple[str | int, ...]]:
    counted = result.quarantine.value_counts(["file", "sheet", "column", "reason"], sort=False)
    return [
        (*place, reason_text(reason, language, dataset=dataset.name), n)
        for (*place, reason), n in zip(counted.index.tolist(), counted.tolist(), strict=True)
    ]


def _decisions(provenance: Mapping[str, Any], language: Language) -> Iterator[str]:
    names = ("date", "by", "kind", "choice", "why", "reference")
    rows = [
        [
            text(f"processed.decision.{each[name]}", language) if name == "kind" else each[name]
            for name in names
        ]
        for each in provenance["decisions"]
    ]
    yield from _table_or_none("decisions", names, rows, language)
    missing = [
        text(f"processed.undocumented.{kind}", language) for kind in provenance["undocumented"]
    ]
    if missing:
        yield render("items", language, items=missing, lang=None)


def _figure(result: CleanResult, sentence: str, language: Language) -> str:
    from matplotlib.figure import Figure  # noqa: PLC0415 - late: drawing is the exception

    with style.look():
        figure = Figure(figsize=(8.0, 3.0))
        result.ledger.plot(figure.subplots(), language)
        picture = io.BytesIO()
        figure.savefig(picture, format="svg", metadata={"Date": None})
    rows = [(text(f"intake.rows.{name}", language), result.ledger.total(name)) for name in ROWS]
    caption = text("processed.account.figure", language)
    return render(
        "figure",
        language,
        id="figure-account",
        svg=inline_svg(picture.getvalue(), name="account", alt=sentence),
        caption=caption,
        table=table_of("account", _headings(("what", "rows"), language), rows, language),
        table_caption=text("processed.account.behind", language),
        notes=[],
    )


def _table_or_none(
    name: str,
    headings: tuple[str, ...],
    rows: list[Any],
    language: Language,
    *,
    folded: bool = False,
) -> Iterator[str]:
    if not rows:
        yield _text([text(f"processed.account.none_{name}", language)], language)
        return
    yield render(
        "table",
        language,
        id=f"table-{name}",
        table=table_of(name, _headings(headings, language), rows, language),
        caption=text(f"processed.account.table_{name}", language),
        notes=[],
        rows=text("processed.account.row_count", language, n=len(rows)) if folded else "",
    )


def _headings(names: tuple[str, ...], language: Language) -> list[str]:
    return [
        text(f"intake.rows.{name}" if name in ROWS else f"processed.column.{name}", language)
        for name in names
    ]


def _heading(name: str, level: int, language: Language) -> str:
    title = text(f"processed.account.heading_{name}", language)
    return render("heading", language, level=level, title=title, id=f"s-{name}")


def _text(paragraphs: list[str], language: Language) -> str:
    return render("text", language, paragraphs=paragraphs, lang=None)
