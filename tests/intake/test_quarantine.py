"""Quarantined rows: kept private, corrected, read again, and never counted twice."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from tests.intake.test_cleaning import HEADINGS, MAN, SOUND, STAYS, WOMAN, options, rows
from umea_eval.errors import UserError
from umea_eval.intake.cleaning import CleanResult, clean_tables
from umea_eval.intake.exports import read_export
from umea_eval.intake.quarantine import (
    FOLDER,
    apply_corrections,
    read_corrections,
    reason_text,
    write_quarantine,
)
from umea_eval.intake.tables import RawExport
from umea_eval.intake.values import Fault
from umea_eval.language import has_text

WRONG = SOUND.replace("2024-01-31", "2024-02-30").replace("1 500,00", "-x")
TORN = SOUND.replace(MAN, WOMAN) + ";mer"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "uttag.csv").write_text(rows(SOUND, WRONG, TORN), encoding="utf-8")
    return tmp_path


def run(folder: Path) -> tuple[RawExport, CleanResult, int]:
    raw, stale = apply_corrections(read_export(folder), read_corrections(folder))
    return raw, clean_tables(raw, [STAYS], options()), stale


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def correct(folder: Path, path: Path, **cells: str) -> Path:
    lines = table(path)
    for line in lines:
        line.update(cells)
    target = path.with_name(path.stem + ".corrected.csv")
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(lines)
    return target


def test_quarantined_rows_are_kept_private(folder: Path) -> None:
    raw, result, _ = run(folder)
    (path,) = write_quarantine(raw, result, folder)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    first, second = table(path)
    assert (first["source_file"], first["source_row"]) == ("uttag.csv", "3")
    assert first["faults"] == "ends: inget datum; price: inget tal"
    assert first["Slutdatum"] == "2024-02-30"
    assert first["Dygnspris"] == "'-x"  # a spreadsheet would take it for a formula
    assert second["faults"] == "raden har fler celler än rubriker (ett skiljetecken för mycket?)"
    # The folder is no export.
    assert [each.file for each in read_export(folder).tables] == ["uttag.csv"]


def test_rows_of_protected_persons_are_not_written_out(tmp_path: Path) -> None:
    headings = HEADINGS + ";Skyddad"
    text = rows(f"{WRONG};Ja", WRONG.replace(MAN, WOMAN) + ";", headings=headings)
    (tmp_path / "uttag.csv").write_text(text, encoding="utf-8")
    raw, result, _ = run(tmp_path)
    assert result.ledger.total("quarantined") == 2
    (path,) = write_quarantine(raw, result, tmp_path)
    assert [line["source_row"] for line in table(path)] == ["3"]
    assert MAN not in path.read_text(encoding="utf-8")


def test_a_corrected_row_replaces_its_source_row(folder: Path) -> None:
    raw, result, _ = run(folder)
    assert result.ledger.total("clean") == 1
    (path,) = write_quarantine(raw, result, folder)
    correct(folder, path, Slutdatum="2024-02-28", Dygnspris="1 400,00")
    raw, result, stale = run(folder)
    assert stale == 0
    account = result.ledger.as_dict(result.corrections)
    assert (account["rows_in"], account["clean"], account["quarantined"]) == (4, 3, {})
    assert account["corrections"]["corrected_by_hand"] == 2
    assert result.clean["source_row"].tolist() == [2, 3, 4]
    assert result.clean["price"].tolist() == [1500, 1400, 1400]
    # Nothing is left in quarantine; the corrections stay.
    assert write_quarantine(raw, result, folder) == []
    assert [each.name for each in (folder / FOLDER).iterdir()] == ["001_uttag.csv.corrected.csv"]


def test_a_correction_that_is_still_wrong_stays_in_quarantine(folder: Path) -> None:
    raw, result, _ = run(folder)
    (path,) = write_quarantine(raw, result, folder)
    correct(folder, path, Dygnspris="dyr")
    _, result, _ = run(folder)
    assert result.ledger.total("quarantined") == 2
    assert result.ledger.total("clean") == 1


def test_corrections_of_another_file_are_not_used(folder: Path) -> None:
    raw, result, _ = run(folder)
    (path,) = write_quarantine(raw, result, folder)
    correct(folder, path, Slutdatum="2024-02-28", Dygnspris="1 400,00")
    (folder / "uttag.csv").write_text(rows(WRONG, SOUND), encoding="utf-8")
    _, result, stale = run(folder)
    assert stale == 2
    assert result.ledger.total("quarantined") == 1
    (folder / "uttag.csv").rename(folder / "annat.csv")
    assert run(folder)[2] == 2


def test_a_correction_without_its_place(folder: Path) -> None:
    raw, result, _ = run(folder)
    (path,) = write_quarantine(raw, result, folder)
    correct(folder, path, source_row="")
    with pytest.raises(UserError, match="hör hemma"):
        read_corrections(folder)


def test_a_row_corrected_in_two_ways(folder: Path) -> None:
    raw, result, _ = run(folder)
    (path,) = write_quarantine(raw, result, folder)
    first = correct(folder, path, Slutdatum="2024-02-28")
    first.rename(first.with_name("a.corrected.csv"))
    correct(folder, path, Slutdatum="2024-02-27")
    with pytest.raises(UserError, match="två olika sätt"):
        read_corrections(folder)


def test_corrections_change_no_raw_frame(folder: Path) -> None:
    raw, result, _ = run(folder)
    (path,) = write_quarantine(raw, result, folder)
    correct(folder, path, Dygnspris="1")
    before = read_export(folder)
    kept = replace(before.tables[0], frame=before.tables[0].frame.copy(deep=True))
    apply_corrections(before, read_corrections(folder))
    assert before.tables[0].frame.equals(kept.frame)


def test_every_reason_has_words() -> None:
    for reason in [fault.name.lower() for fault in Fault if fault] + [
        "too_many_cells",
        "stray_quote",
    ]:
        assert has_text(f"intake.fault.{reason}"), reason
    assert reason_text("check_digit", "en") == "the check digit of the identity number is wrong"
    assert (
        reason_text("ends_before_start", "sv", dataset="forsorjningsstod")
        == "slutdatum före startdatum"
    )
    assert reason_text("something_new", "sv", dataset="forsorjningsstod") == "something_new"
