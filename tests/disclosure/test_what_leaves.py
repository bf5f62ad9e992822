"""All that leaves is made of released values: the same whatever the data behind them are.

A notebook sees its data, and what it shows should be made of what has been released. So it is run
twice: on one population, and on another one with what was released of the first. Where a sentence,
alternative text, axis, path of a picture, caption or order differs, it came past the release.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook, SheetVisibleEnum

from tests.disclosure.conftest import Population
from tests.test_few_persons import run_cells
from umea_eval.report import report as report_module
from umea_eval.report.report import Report

EVALUATIONS = ("fallprevention", "forsorjningsstod", "placement_days", "vhu_lss")
PERSONS, MORE = 60, 85
WORD_PARTS = ("word/document.xml", "docProps/core.xml", "docProps/app.xml")
NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def again(name: str, first: Report, **parameters: str) -> Report:
    """The report on the data that are there now, with what was released of ``first``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report_module, "release", lambda *_, **__: first._released)
        return run_cells(name, **parameters)


def shown(report: Report) -> list[tuple[str, str, str]]:
    """All that a reader sees: not the record, which has the hashes of the inputs."""
    return [
        (part.part, part.html, json.dumps(part.data, sort_keys=True))
        for part in report.fragments
        if part.part != "record"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["default", "strict"])
@pytest.mark.parametrize("name", EVALUATIONS)
def test_what_is_shown_depends_on_the_data_through_the_release_only(
    name: str, profile: str, population: Population
) -> None:
    population(name, 3, PERSONS)
    first = run_cells(name, profile=profile)
    population(name, 4, MORE)
    second = again(name, first, profile=profile)
    assert len(first.fragments) > 40
    differing = [pair for pair in zip(shown(first), shown(second), strict=True) if len({*pair}) > 1]
    assert differing == []


@pytest.mark.slow
def test_what_is_shown_inside_may_come_past_the_release(population: Population) -> None:
    """The change of system has its counts in the complete report: a comparison that finds no
    difference there would find none anywhere."""
    name = "forsorjningsstod"
    population(name, 3, PERSONS)
    first = run_cells(name, edition="intern")
    population(name, 4, MORE)
    second = again(name, first, edition="intern")
    assert shown(first) != shown(second)


# --- the files ----------------------------------------------------------------------------------


def words_of(content: bytes) -> str:
    """What a reader sees and hears of a Word file, with its metadata."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [name for name in archive.namelist() if name in WORD_PARTS]
        texts = [archive.read(part).decode("utf-8") for part in parts]
    runs = [run for text in texts for run in re.findall(r">([^<]+)<|descr=\"([^\"]*)\"", text)]
    return " ".join("".join(run) for run in runs)


def cells_of(content: bytes) -> str:
    """All cells of a workbook, which has no sheet that is hidden."""
    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        assert all(sheet.visible == SheetVisibleEnum.Visible for sheet in book.sheets_metadata)
        sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    return " ".join(str(cell) for sheet in sheets for row in sheet for cell in row)


def numbers(text: str) -> set[float]:
    """The numbers of a text, however it writes thousands and decimals."""
    plain = re.sub(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3})", "", text)
    return {round(float(each.replace(",", ".")), 6) for each in NUMBER.findall(plain)}


@pytest.mark.slow
@pytest.mark.parametrize("name", EVALUATIONS)
def test_no_file_that_leaves_has_a_suppressed_number(
    name: str, population: Population, umea_eval: Any
) -> None:
    """In the table files a suppressed cell is ``..``, and the numbers of the Word file and of the
    workbook are among those of a report that knows the released values only, with its digits."""
    population(name, 3, PERSONS)
    project = Path.cwd()
    done = umea_eval(project, "report", name, "--formats", "html,docx,xlsx")
    assert done.returncode == 0, done.stderr
    (manifest,) = (project / "reports" / name).rglob("manifest.json")
    files = {path.name: path.read_bytes() for path in manifest.parent.rglob("*") if path.is_file()}
    first = run_cells(name)
    population(name, 4, MORE)
    second = again(name, first)
    sources = [cell["source"] for cell in json.loads(files["notebook.ipynb"])["cells"]]
    allowed = numbers(json.dumps([part.data for part in second.fragments if part.part != "record"]))
    allowed |= numbers(" ".join(part.html for part in second.fragments if part.part != "record"))
    allowed |= numbers("".join("".join(source) for source in sources))
    record = json.loads(manifest.read_text(encoding="utf-8"))
    allowed |= numbers(json.dumps({**record, "files": None}))
    allowed.add(1980.0)  # the year of a Word file, so that its bytes are the same every time
    pages = {float(number) for number in range(1, 60)}
    for file, content in files.items():
        if file.endswith(".docx"):  # the PDF is made of the same blocks
            assert numbers(words_of(content)) - allowed - pages == set(), file
        if file.endswith(".xlsx"):
            assert numbers(cells_of(content)) - allowed == set(), file
    hidden = 0
    for file, content in files.items():
        table = file.removesuffix(".csv").removeprefix("exempeldata-")
        if not file.endswith(".csv") or table not in first._released:
            continue
        released = first._released.table(table)
        visible = [column.name for column in released.columns if column.show]
        lines = list(csv.reader(content.decode("utf-8-sig").splitlines(), delimiter=";"))[1:]
        mask = released.suppressed[visible].to_numpy()
        for cells, suppressed in zip(lines, mask, strict=True):
            assert {cell for cell, gone in zip(cells, suppressed, strict=True) if gone} <= {".."}
            hidden += int(suppressed.sum())
    assert hidden > 0
