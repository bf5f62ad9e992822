"""A finished report read back from its folder, and attacked once more as it lies there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from umea_eval.disclosure.editions import is_secret
from umea_eval.disclosure.profiles import find_profile
from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.report.tables import SUPPRESSED
from umea_eval.runs.executed import record, tables
from umea_eval.settings import Settings

if TYPE_CHECKING:
    from umea_eval.disclosure.attack import Exposed
    from umea_eval.disclosure.stored import Published

NOTEBOOK = "notebook.ipynb"


@dataclass(frozen=True)
class Finished:
    """A finished report.

    ``name`` is its folder below the reports' folder; ``shown`` are its tables as the reader sees
    them, and ``files`` the same as CSV. ``published`` is missing where nothing is suppressed.
    """

    name: str
    record: Mapping[str, Any]
    shown: Mapping[str, Mapping[str, Any]]
    files: Mapping[str, Sequence[Sequence[str]]]
    published: Published | None


def read_finished(report: str, settings: Settings, *, language: Language) -> Finished:
    """Read a finished report from its folder, or from a file in it.

    ``report`` is looked for from where the user stands and from the reports' folder. Raises
    UserError for a folder that holds no report, the internal edition (which hides nothing), and a
    report that does not say which of its cells are sums of which.
    """
    from umea_eval.disclosure.stored import from_json  # noqa: PLC0415 - not for --help

    folder = find_folder(report, settings, language)
    try:
        notebook = json.loads((folder / NOTEBOOK).read_text(encoding="utf-8"))
        facts, shown = record(notebook), tables(notebook)
        if is_secret(facts):
            raise UserError("disclosure.errors.attack_intern", language=language)
        published = from_json(facts["released"]) if "released" in facts else None
        suppresses = find_profile(facts["profile"], language).rules is not None
    except (OSError, ValueError, KeyError, TypeError, IndexError, StopIteration):
        raise UserError(
            "disclosure.errors.attack_unreadable", language=language, report=folder.name
        ) from None
    if suppresses and published is None:
        raise UserError("disclosure.errors.attack_old", language=language, report=folder.name)
    files = {name: _csv(folder / f"tables/{name}.csv") for name in shown}
    name = folder.relative_to(settings.reports.resolve()).as_posix()
    return Finished(name, facts, shown, files, published)


def find_folder(report: str, settings: Settings, language: Language) -> Path:
    """The folder of a finished report below the reports' folder. Raises UserError."""
    for folder in folders(report, settings):
        if (folder / NOTEBOOK).is_file():
            return folder
    raise UserError("disclosure.errors.attack_no_report", language=language, report=report)


def folders(report: str, settings: Settings) -> Iterator[Path]:
    """The folders below the reports' folder that ``report`` may mean.

    It is looked for from where the user stands and from the reports' folder, and is a folder or a
    file in one.
    """
    reports = settings.reports.resolve()
    for start in (Path.cwd(), reports):
        try:
            found = (start / report).resolve()
            folder = found.parent if found.is_file() else found
        except (OSError, ValueError):  # a name that nothing can have
            continue
        if reports in folder.parents:
            yield folder


def attack_report(finished: Finished) -> tuple[Exposed, ...]:
    """The suppressed cells that an outsider can compute from the report as it lies in its folder.

    First those that stand there all the same (somebody has edited a file), then those that the
    other numbers open.
    """
    from umea_eval.disclosure.attack import attack_finished  # noqa: PLC0415 - not for --help

    published = finished.published
    rules = find_profile(finished.record["profile"]).rules
    if published is None or rules is None:
        return ()
    return (*_standing(finished, published, rules.width), *attack_finished(published, rules))


def _standing(finished: Finished, published: Published, width: int) -> Iterator[Exposed]:
    from umea_eval.disclosure.attack import Exposed, row_label  # noqa: PLC0415
    from umea_eval.disclosure.linked import Place  # noqa: PLC0415

    for table in published.tables:
        shown = finished.shown.get(table.name)
        if shown is None:
            continue
        places = {column["name"]: place for place, column in enumerate(shown["columns"])}
        lines = finished.files[table.name]
        for column in table.columns:
            at = places.get(column.name)
            for row in table.suppressed.index[table.suppressed[column.name]]:
                if at is None:
                    break  # a column that only sentences and figures use
                on_page = _cell(shown["rows"], row, at)
                in_file = _cell(lines, row + 1, at)
                if on_page is not None or in_file not in (SUPPRESSED, None):
                    place = Place(table.name, int(row), column.name)
                    yield Exposed(place, row_label(table, int(row)), 1, width)


def _cell(rows: Sequence[Sequence[Any]], row: int, column: int) -> Any:
    return rows[row][column] if row < len(rows) and column < len(rows[row]) else None


def _csv(path: Path) -> list[list[str]]:
    """The lines of a table's file; none where it is gone."""
    try:
        written = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return []
    return list(csv.reader(io.StringIO(written, newline=""), delimiter=";"))
