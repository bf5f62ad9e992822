"""Batch files: every combination, exclusions, Excel's ways of saving, and faults with their row."""

from __future__ import annotations

from pathlib import Path

import pytest

from umea_eval.errors import UserError
from umea_eval.runs.batch_file import BatchFile, read_batch


def csv(folder: Path, text: str, encoding: str = "utf-8") -> BatchFile:
    path = folder / "batch.csv"
    path.write_bytes(text.encode(encoding))
    return read_batch(path)


def toml(folder: Path, text: str) -> BatchFile:
    path = folder / "batch.toml"
    path.write_text(text, encoding="utf-8")
    return read_batch(path)


def wanted(batch: BatchFile) -> list[tuple[str, tuple[str, ...], int]]:
    return [(entry.notebook, entry.assignments, entry.row) for entry in batch.entries]


ROWS = (
    "notebook;language;area;exclude\r\nmått;sv|en;Åsele | Umeå;\r\n"
    ";;;\r\nmått;en;Umeå;x\r\nm2;;;\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
def test_a_csv_file_from_excel(tmp_path: Path, encoding: str) -> None:
    batch = csv(tmp_path, ROWS, encoding)
    # Two languages times two areas; the third row is empty; the fourth takes away.
    assert wanted(batch) == [
        ("mått", ("language=sv", "area=Åsele"), 2),
        ("mått", ("language=sv", "area=Umeå"), 2),
        ("mått", ("language=en", "area=Åsele"), 2),
        ("mått", ("language=en", "area=Umeå"), 2),
        ("m2", (), 5),
    ]
    assert [(each.assignments, each.row) for each in batch.exclusions] == [
        (("language=en", "area=Umeå"), 4)
    ]
    assert batch.faults == []


def test_swedish_headings_and_short_rows(tmp_path: Path) -> None:
    batch = csv(tmp_path, "Utvärdering;period;Uteslut\na;2022\nb;2023;ja\n")
    assert wanted(batch) == [("a", ("period=2022",), 2)]
    assert [each.notebook for each in batch.exclusions] == ["b"]


def test_a_row_that_is_no_order_is_a_fault_of_its_own(tmp_path: Path) -> None:
    batch = csv(tmp_path, "notebook;period\n;2022\na;2022;stray\nb;2023\n")
    assert wanted(batch) == [("b", ("period=2023",), 4)]
    assert [(fault.row, fault.error.key) for fault in batch.faults] == [
        (2, "runs.batch.errors.no_notebook"),
        (3, "runs.batch.errors.stray_cell"),
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a;b\n1;2\n", "runs.batch.errors.no_notebook_column"),
        ("notebook;period;period\na;1;2\n", "csv.twice"),
        ("", "csv.empty"),
    ],
)
def test_a_csv_file_that_is_none(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(UserError) as caught:
        csv(tmp_path, text)
    assert caught.value.key == key


def test_toml_products_sets_and_exclusions(tmp_path: Path) -> None:
    batch = toml(
        tmp_path,
        """
workers = 3
timeout_minutes = 1.5

[[report]]
notebook = "a"
parameters = { language = ["sv", "en"], share = 0.95, all = true }
sets = [{ until = 2023-01-31 }, { groups = [["girls", "boys"]], all = false }]
exclude = [{ language = ["en", "sv"], all = true }]

[[report]]
notebook = "b"
""",
    )
    common = ("share=0.95",)
    assert wanted(batch) == [
        ("a", ("language=sv", *common, "all=true", "until=2023-01-31"), 5),
        ("a", ("language=en", *common, "all=true", "until=2023-01-31"), 5),
        ("a", ("language=sv", *common, "all=false", "groups=girls,boys"), 5),
        ("a", ("language=en", *common, "all=false", "groups=girls,boys"), 5),
        ("b", (), 11),
    ]
    assert [each.assignments for each in batch.exclusions] == [
        ("language=en", "all=true"),
        ("language=sv", "all=true"),
    ]
    assert (batch.workers, batch.timeout_minutes, batch.memory_mb) == (3, 1.5, None)


def test_a_toml_report_that_is_none_is_a_fault_of_its_own(tmp_path: Path) -> None:
    batch = toml(
        tmp_path,
        "[[report]]\nparameters = {}\n[[report]]\nnotebook = 'a'\nparams = 1\n"
        "[[report]]\nnotebook = 'b'\nparameters = { t = 12:00:00 }\n[[report]]\nnotebook = 'c'\n",
    )
    assert [entry.notebook for entry in batch.entries] == ["c"]
    assert [(fault.row, fault.error.key) for fault in batch.faults] == [
        (1, "runs.batch.errors.no_notebook"),
        (3, "runs.batch.errors.unknown_here"),
        (6, "runs.batch.errors.value"),
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[[report", "runs.batch.errors.toml"),
        ("workers = 1", "runs.batch.errors.no_reports"),
        ("workers = 0", "runs.batch.errors.option"),
        ("workers = 1.5", "runs.batch.errors.option"),
        ("memory_mb = true", "runs.batch.errors.option"),
        ("threads = 1", "runs.batch.errors.unknown"),
    ],
)
def test_a_toml_file_that_is_none(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(UserError) as caught:
        toml(tmp_path, text)
    assert caught.value.key == key
    assert "batch.toml" in caught.value.message("sv")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for name, key in (("a.toml", "runs.batch.errors.no_file"), ("a.csv", "csv.no_file")):
        with pytest.raises(UserError) as caught:
            read_batch(tmp_path / name)
        assert caught.value.key == key
