"""One report from start to end: parameters, notebook, page, folder."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from umea_eval.disclosure.editions import EDITIONS, is_secret
from umea_eval.disclosure.profiles import find_profile
from umea_eval.disclosure.scan import check_release, is_clean, known_of
from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.runs import crate
from umea_eval.runs.cache import Key, Sources, kept_of, key_of
from umea_eval.runs.cells import cell_source, is_injected, numbers
from umea_eval.runs.editions import document_file, folder_of, table_file
from umea_eval.runs.failures import message
from umea_eval.runs.folders import building
from umea_eval.runs.manifest import (
    FILE,
    Failure,
    forget_failure,
    git_state,
    manifest,
    remember_failure,
)
from umea_eval.runs.notebooks import find_notebook, notebook_title, with_parameters
from umea_eval.runs.parameters import (
    Parameter,
    Value,
    as_text,
    bind,
    read_parameters,
)
from umea_eval.runs.slug import slug
from umea_eval.runs.versions import check_versions
from umea_eval.settings import FORMATS, Settings

if TYPE_CHECKING:
    from umea_eval.report.document import Document

PAGE, NOTEBOOK = "report.html", "notebook.ipynb"
# The documents beside the page, each by its format.
DOCUMENTS: Mapping[str, str] = {"pdf": "report.pdf", "docx": "report.docx", "xlsx": "tables.xlsx"}

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Order:
    """A report that can be made: the notebook exists and every value is right.

    ``tried``: somebody has given values for this once, so that its failing on them is no news.
    """

    notebook: Path
    name: str
    parameters: tuple[Parameter, ...]
    values: dict[str, Value]
    slug: str
    tried: bool = False

    @property
    def language(self) -> Language:
        """The language of the report."""
        return "en" if self.values["language"] == "en" else "sv"

    def shown(self) -> dict[str, str]:
        """All values as text."""
        return {name: as_text(value) for name, value in self.values.items()}


def order(
    name: str,
    assignments: Sequence[str],
    settings: Settings,
    *,
    language: Language,
    report_language: Language | None = None,
) -> Order:
    """Check everything that can be checked before anything starts.

    ``assignments`` are ``name=value``; ``report_language`` and the settings' profile serve where
    they say nothing. ``language`` is the messages'. Raises UserError.
    """
    notebook = find_notebook(name, settings, language)
    return order_of(
        notebook,
        read_parameters(notebook),
        assignments,
        settings,
        language=language,
        report_language=report_language,
    )


def order_of(
    notebook: Path,
    parameters: tuple[Parameter, ...],
    assignments: Sequence[str],
    settings: Settings,
    *,
    language: Language,
    report_language: Language | None = None,
) -> Order:
    """The same for a notebook that has been found and read. Raises UserError."""
    standing: dict[str, Value] = {"language": report_language or settings.language}
    if settings.profile is not None:  # otherwise each notebook's own
        standing["profile"] = settings.profile
    values = bind(parameters, assignments, standing=standing, language=language)
    find_profile(str(values["profile"]), language)
    own = slug(parameters, values)
    return Order(notebook, notebook.stem, parameters, values, own, tried=bool(assignments))


@dataclass
class Stock:
    """How the cells of a report are run: in a stock kernel, within ``limits`` if there are any.

    ``reads`` are the files that they have read, as far as it is known (absolute paths).
    """

    seconds: float | None = None
    memory_bytes: int | None = None
    reads: Sequence[str] = ()

    def run(self, document: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Run the cells, as ``run_notebook`` does."""
        # Late: papermill takes longer to import than the whole command line.
        from umea_eval.runs.engine import Limits, run_notebook  # noqa: PLC0415

        limits = Limits(self.seconds, self.memory_bytes)
        return run_notebook(document, limits=limits, **kwargs)


def produce(
    wanted: Order,
    settings: Settings,
    *,
    language: Language,
    progress: Progress | None = None,
    way: Stock | None = None,
    key: Key | None = None,
    git: Callable[[Path], dict[str, Any] | None] = git_state,
) -> Path:
    """Make the report and return its folder.

    ``way`` runs the cells; ``key`` is what the report depends on, if the caller knows it already.

    The folder is whole or absent, and an earlier version is replaced only by a finished one. A
    failure is remembered for the index; an interruption is not, nor that values given for this once
    cannot be used, unless they have made a report before. Raises UserError, Withheld or
    NotebookBug.
    """
    started, clock, way = datetime.now().astimezone(), time.monotonic(), way or Stock()
    try:
        with building(settings.reports) as site:
            document = with_parameters(wanted.notebook, wanted.values)
            sources = Sources(settings.root)
            key = key or key_of(wanted.notebook, wanted.values, settings, sources)
            executed = _run(document, wanted, settings, way, language=language, progress=progress)
            files, facts = _files(executed, wanted, settings.formats, language)
            facts |= {
                "notebook_sha256": _sha256(wanted.notebook.read_bytes()),
                "started": started,
                "duration_s": time.monotonic() - clock,
            }
            written = manifest(
                notebook=wanted.name,
                slug=wanted.slug,
                parameters=wanted.shown(),
                files=files,
                git=git(settings.root),
                cache=kept_of(key, facts["record"]["inputs"], way.reads, sources),
                **facts,
            )
            files[FILE] = (json.dumps(written, ensure_ascii=False, indent=1) + "\n").encode()
            files[crate.FILE] = crate.crate(written, wanted.language)
            target = folder_of(wanted.name, wanted.slug, facts["record"])
            check_release(files, settings, language=language, folder=target)
            check_versions(
                facts["record"], wanted.shown(), settings, report=target, language=language
            )
            site.write(files)
            folder = site.move_to(target, private=is_secret(facts["record"]))
    except Exception as error:
        failure = failure_of(
            wanted,
            message(error, language),
            language,
            time=started,
            seconds=time.monotonic() - clock,
        )
        if _is_news(error, wanted, settings):
            remember_failure(settings.reports, failure)
        raise
    forget_failure(settings.reports, wanted.name, wanted.slug)
    return folder


def places(wanted: Order, settings: Settings) -> tuple[Path, ...]:
    """Where the report lies, if it exists: on real or example data, in either edition."""
    records = (
        {"language": wanted.language, "example": example, "edition": edition}
        for edition in EDITIONS
        for example in (False, True)
    )
    return tuple(
        settings.reports / folder_of(wanted.name, wanted.slug, record) for record in records
    )


def _is_news(error: Exception, wanted: Order, settings: Settings) -> bool:
    known = known_of(settings)
    if not all(is_clean(value, known) for value in (wanted.slug, *wanted.shown().values())):
        return False  # what is remembered is shown in the index
    if not wanted.tried or not isinstance(error, UserError):
        return True
    return any(place.is_dir() for place in places(wanted, settings))


def _run(
    document: Mapping[str, Any],
    wanted: Order,
    settings: Settings,
    way: Stock,
    *,
    language: Language,
    progress: Progress | None,
) -> dict[str, Any]:
    from umea_eval.runs.executed import check_outputs, cleaned  # noqa: PLC0415

    executed = cleaned(
        way.run(
            document,
            name=wanted.name,
            folder=settings.root,
            language=language,
            progress=progress,
        )
    )
    check_outputs(executed, name=wanted.name, language=language)
    return executed


def failure_of(
    wanted: Order, said: str, language: Language, *, time: datetime, seconds: float = 0.0
) -> Failure:
    """The failure of an order, as the index tells of it."""
    return Failure(
        title=notebook_title(wanted.notebook, language),
        notebook=wanted.name,
        slug=wanted.slug,
        language=wanted.language,
        parameters=wanted.shown(),
        message=said,
        time=time.isoformat(timespec="seconds"),
        duration_s=round(seconds, 2),
    )


def _files(
    executed: Mapping[str, Any], wanted: Order, formats: Sequence[str], language: Language
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The report's files, and what the manifest says of them."""
    from umea_eval.report.document import read_document  # noqa: PLC0415
    from umea_eval.report.page import render_page  # noqa: PLC0415
    from umea_eval.report.tables import csv_bytes  # noqa: PLC0415
    from umea_eval.runs.executed import record, tables  # noqa: PLC0415

    facts, shown = record(executed), tables(executed)
    if facts["language"] != wanted.language:
        raise UserError("runs.errors.other_language", language=language, notebook=wanted.name)
    cells = executed["cells"]
    table_files = {table_file(name, facts): table for name, table in shown.items()}
    parameters = [
        (parameter.name, wanted.shown()[parameter.name], parameter.help(wanted.language))
        for parameter in wanted.parameters
    ]
    documents = {
        each: document_file(name, facts)
        for each, name in DOCUMENTS.items()
        if each in formats and (shown or each != "xlsx")
    }
    page = render_page(
        executed,
        record=facts,
        parameters=parameters,
        command=command(wanted),
        code=[
            (number, is_injected(cell), cell_source(cell))
            for cell, number in zip(cells, numbers(cells), strict=True)
            if cell["cell_type"] == "code"
        ],
        tables={file: table["caption"] for file, table in table_files.items()},
        documents=documents,
    )
    notebook = json.dumps(executed, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    files = {PAGE: page.encode(), NOTEBOOK: notebook.encode()}
    files |= {file: csv_bytes(table) for file, table in table_files.items()}
    document = read_document(executed, record=facts, parameters=parameters, command=command(wanted))
    files |= _documents(document, facts, list(shown.values()), documents)
    return files, {"record": facts, "tables": list(shown.values())}


def _documents(
    document: Document,
    facts: Mapping[str, Any],
    tables: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
) -> dict[str, bytes]:
    """The report in its other formats; ``names`` are the wanted ones, with their files."""
    # Late, each by itself: what is not wanted is not imported.
    made: dict[str, bytes] = {}
    if "xlsx" in names:
        from umea_eval.report.workbook import workbook_bytes  # noqa: PLC0415

        made[names["xlsx"]] = workbook_bytes(facts, tables)
    if "pdf" in names:
        from umea_eval.report.pdf import pdf_bytes  # noqa: PLC0415

        made[names["pdf"]] = pdf_bytes(document)
    if "docx" in names:
        from umea_eval.report.word import word_bytes  # noqa: PLC0415

        made[names["docx"]] = word_bytes(document)
    return made


def formats_of(files: Iterable[str]) -> tuple[str, ...]:
    """The formats that a report was written as, by its files."""
    ends = {name.rpartition(".")[2] for name in files}
    return tuple(each for each in FORMATS if each in ends)


def command(wanted: Order) -> str:
    """The command that makes the report again."""
    words = ["umea-eval", "report", _quoted(wanted.name)]
    for parameter in wanted.parameters:
        value = wanted.values[parameter.name]
        if value != parameter.default or parameter.name in ("language", "profile"):
            words += ["-p", _quoted(f"{parameter.name}={as_text(value)}")]
    return " ".join(words)


def _quoted(word: str) -> str:
    """Double quotes serve both Windows and Unix shells."""
    plain = all(letter.isalnum() or letter in "=_-.,+:/" for letter in word)
    return word if plain else '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
