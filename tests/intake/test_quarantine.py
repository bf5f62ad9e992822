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
    assert first["faults"] == "ends: går inte att läsa som datum; price: går inte att läsa som tal"
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


def corrected(folder: Path) -> str:
    raw, result, _ = run(folder)
    (path,) = write_quarantine(raw, result, folder)
    text = path.read_text(encoding="utf-8-sig")
    return text.replace("2024-02-30", "2024-02-28").replace("'-x", "1400").replace(";mer", "")


@pytest.mark.parametrize(
    ("name", "before", "codec"),
    [
        ("x.corrected.csv.csv", "", "utf-8"),
        ("X.CORRECTED.CSV", "", "cp1252"),
        ("x.corrected.csv.txt", "", "utf-8"),
        ("x.corrected.csv", "sep=;\r\n", "cp1252"),
        ("x.corrected.csv", "\t", "utf-16"),
        ("x.corrected.csv", ";;;", "utf-8"),
    ],
)
def test_corrections_as_spreadsheets_save_them(
    folder: Path, name: str, before: str, codec: str
) -> None:
    text = corrected(folder)
    if before == "\t":
        text = text.replace(";", "\t")
    elif before == ";;;":
        text = text.replace("\r\n", "\r\n" + ";" * 10 + "\r\n")
    else:
        text = before + text
    path = folder / FOLDER / name
    path.write_bytes(text.encode(codec))
    raw, result, stale = run(folder)
    assert (stale, raw.remarks, result.ledger.total("clean")) == (0, (), 3)
    assert write_quarantine(raw, result, folder) == []
    assert [each.name for each in (folder / FOLDER).iterdir()] == [name]


def test_work_by_hand_is_never_overwritten(folder: Path) -> None:
    text = corrected(folder)
    (path,) = (folder / FOLDER).glob("*.csv")
    own = folder / FOLDER / "anteckningar.csv"
    own.write_text("mina", encoding="utf-8")
    raw, result, _ = run(folder)  # nothing is changed yet
    write_quarantine(raw, result, folder)
    path.write_text(text, encoding="utf-8-sig")
    for act in (lambda: run(folder), lambda: write_quarantine(raw, result, folder)):
        with pytest.raises(UserError) as caught:
            act()
        assert caught.value.key == "intake.correction_unnamed"
        assert "001_uttag.csv.corrected.csv" in caught.value.message("sv")
    path.rename(path.with_name("001_uttag.csv.corrected.csv"))
    raw, result, _ = run(folder)
    assert result.ledger.total("clean") == 3
    write_quarantine(raw, result, folder)
    assert sorted(each.name for each in (folder / FOLDER).iterdir()) == [
        "001_uttag.csv.corrected.csv",
        "anteckningar.csv",
    ]


def test_corrections_that_would_be_overlooked_are_named(folder: Path) -> None:
    text = corrected(folder)
    path = folder / FOLDER / "x.corrected.csv"
    path.write_text(text.replace("uttag.csv;;4;", "uttag.csv;;99;"), encoding="utf-8")
    raw, _, stale = run(folder)
    (remark,) = raw.remarks
    assert (stale, remark.key) == (0, "intake.remark.correction_nowhere")
    assert remark.shown == {"file": "uttag.csv", "n": 1, "rows": "99"}
    path.write_text("", encoding="utf-8")
    assert [each.key for each in run(folder)[0].remarks] == ["intake.remark.correction_empty"]
    path.write_text(text.replace("Dygnspris", "Pris"), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        run(folder)
    assert caught.value.key == "intake.correction_heading"
    assert "Pris" in caught.value.message("sv")
    path.rename(path.with_name("x.corrected.xlsx"))
    with pytest.raises(UserError) as caught:
        run(folder)
    assert caught.value.key == "intake.correction_format"


def test_a_file_name_is_no_formula(tmp_path: Path) -> None:
    (tmp_path / "=cmd|calc!A0.csv").write_text(rows(SOUND, WRONG), encoding="utf-8")
    raw, result, _ = run(tmp_path)
    (path,) = write_quarantine(raw, result, tmp_path)
    (line,) = table(path)
    assert line["source_file"] == "'=cmd|calc!A0.csv"
    correct(tmp_path, path, Slutdatum="2024-02-28", Dygnspris="1 400,00")
    _, result, stale = run(tmp_path)
    assert (stale, result.ledger.total("clean")) == (0, 2)


def test_faults_name_columns_as_users_know_them(folder: Path) -> None:
    raw, result, _ = run(folder)
    labels = {column.name: column.label_sv for column in STAYS.columns}
    (path,) = write_quarantine(raw, result, folder, labels=labels)
    assert table(path)[0]["faults"] == (
        "Slutdatum: går inte att läsa som datum; Dygnspris: går inte att läsa som tal"
    )
