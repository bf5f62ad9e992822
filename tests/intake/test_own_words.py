"""The user's own words for codes, of all files or of one municipality, and empty cells."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from umea_eval.errors import UserError
from umea_eval.intake.cleaning import CleaningSettings, CleanResult, clean_tables
from umea_eval.intake.conform import Identification
from umea_eval.intake.exports import read_export
from umea_eval.intake.headings import read_mapping
from umea_eval.intake.own_words import read_words
from umea_eval.intake.pseudonym import Key
from umea_eval.intake.schema import Code, CodeList, Column, Schema

CODES = CodeList(
    (Code("low", "Låg", "Low"), Code("high", "Hög", "High"), Code("none", "Ej bedömd", "None")),
    "test",
    words_of="area",
    blank="none",
)
REPORTS = Schema(
    "reports",
    "Rapporter",
    "Reports",
    columns=(
        Column("on", "date", "Datum", "Date"),
        Column("level", "code", "Grad", "Level", filled=False, codes=CODES),
        Column("area", "text", "Kommun", "Area", required=False, filled=False),
        Column("hurt", "flag", "Skada", "Hurt", required=False, filled=False),
        Column("told", "flag", "Meddelad", "Told", required=False, filled=False),
    ),
)
MAPPING = """\
[x.reports]
"Nivå" = "level"
[x.reports.words.level]
"Gul" = "low"
[x.reports.words.level."Upplands Väsby"]
"3" = "high"
[x.reports.words.level."Väsby"]
"3" = "low"
"""


def clean(
    folder: Path, text: str, mapping: str = "", name: str = "a.csv"
) -> tuple[CleanResult, list[str | None]]:
    (folder / "uttag").mkdir(exist_ok=True)
    (folder / "uttag" / name).write_text(text, encoding="utf-8")
    path = folder / "mapping.toml"
    path.write_text(mapping, encoding="utf-8")
    settings = CleaningSettings(
        Identification(Key(bytes(range(32))), "x"),
        dt.date(2024, 5, 1),
        mappings=read_mapping(path).get("x", {}),
        words=read_words(path).get("x", {}),
    )
    result = clean_tables(read_export(folder / "uttag" / name), [REPORTS], settings)
    levels = result.clean["level"].astype("object")
    return result, levels.where(levels.notna(), None).tolist()


def test_words_of_all_and_of_one(tmp_path: Path) -> None:
    text = """\
Datum;Nivå;Kommun
2024-01-01;gul;Umeå
2024-01-02;3;Upplands-Väsby kommun
2024-01-03;3;Väsby
2024-01-04;3;Umeå
2024-01-05;3;
2024-01-06;Hög;Väsby
2024-01-07;;Väsby
2024-01-08;-;Umeå
"""
    result, levels = clean(tmp_path, text, MAPPING)
    # The longest name wins in Upplands Väsby; 3 means nothing in Umeå, nor where nobody is named.
    assert levels == ["low", "high", "low", "high", "none", "none"]
    assert result.quarantine["row"].tolist() == [5, 6]
    assert set(result.quarantine["reason"]) == {"unknown_code"}
    assert result.corrections == {"blank_is_code": 2}
    assert result.provenance["words"] == {
        "reports": read_words(tmp_path / "mapping.toml")["x"]["reports"]
    }


def test_a_file_without_the_column_is_owned_by_its_name(tmp_path: Path) -> None:
    text = "Datum;Nivå\n2024-01-01;3\n"
    assert clean(tmp_path, text, MAPPING, "rapport_Väsby_2024-02-01.csv")[1] == ["low"]
    assert clean(tmp_path, text, MAPPING, "rapport_Väsbylund.csv")[1] == []


def test_without_words_the_list_is_as_it_was(tmp_path: Path) -> None:
    assert clean(tmp_path, "Datum;Grad\n2024-01-01;Låg\n2024-01-02;Ej bedömd\n")[1] == [
        "low",
        "none",
    ]


@pytest.mark.parametrize(
    ("mapping", "match"),
    [
        ('[x.reports.words.area]\n"a" = "low"\n', "area.*level"),
        ('[x.reports.words.level]\n"a" = "lagom"\n', "lagom.*low, high, none"),
        ('[x.reports.words.level.Umeå]\n"a" = 3\n', r"mapping\.toml"),
        ('[x.reports.words]\nlevel = "low"\n', r"mapping\.toml"),
    ],
)
def test_words_that_fit_nothing_are_refused(tmp_path: Path, mapping: str, match: str) -> None:
    with pytest.raises(UserError, match=match):
        clean(tmp_path, "Datum;Grad\n2024-01-01;Låg\n", mapping)


def test_no_mapping_file_has_no_words(tmp_path: Path) -> None:
    assert read_words(tmp_path / "mapping.toml") == {}


def test_a_column_without_a_cross_is_all_no_where_the_file_has_crosses(tmp_path: Path) -> None:
    crosses = "Datum;Grad;Skada;Meddelad\n2024-01-01;Låg;X;\n2024-01-02;Låg;;\n"
    frame = clean(tmp_path, crosses)[0].clean
    assert frame[["hurt", "told"]].to_numpy().tolist() == [[True, False], [False, False]]
    words = crosses.replace("X", "Ja")
    assert clean(tmp_path, words)[0].clean["told"].isna().all()


@pytest.mark.parametrize("codec", ["utf-8-sig", "cp1252", "utf-16"])
def test_a_mapping_is_read_as_a_text_editor_saves_it(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_bytes(MAPPING.replace("\n", "\r\n").encode(codec))
    assert read_mapping(path) == {"x": {"reports": {"Nivå": "level"}}}
    assert read_words(path)["x"]["reports"]["level"]["Upplands Väsby"] == {"3": "high"}


def test_a_mapping_of_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        clean(tmp_path, "Datum;Grad\n2024-01-01;Låg\n", '[x.report]\n"Nivå" = "level"\n')
    assert caught.value.key == "intake.mapping_table"
    assert "reports" in caught.value.message("sv")
