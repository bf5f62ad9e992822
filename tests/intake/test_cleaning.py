"""From export to account on a small schema: matching, faults, repeats, sums and storage."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import time
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from umea_eval.errors import UserError
from umea_eval.intake.cleaning import (
    CleaningSettings,
    CleanResult,
    clean_tables,
    extraction_date,
    join_frames,
)
from umea_eval.intake.conform import Identification
from umea_eval.intake.exports import read_export
from umea_eval.intake.headings import assign, explain, match, read_mapping
from umea_eval.intake.ledger import COLUMNS, Ledger
from umea_eval.intake.pseudonym import Key
from umea_eval.intake.schema import Code, CodeList, Column, Rule, Schema, codebook
from umea_eval.intake.store import changes, load, read_manifest, save

# Official test numbers (Skatteverket): a man, a woman, and a coordination number.
MAN, WOMAN, COORDINATION = "189001029819", "189001019802", "191401682396"
KEY = Key(bytes(range(32)))

STAYS = Schema(
    "stays",
    "Vistelser",
    "Stays",
    columns=(
        Column("person", "identity", "Personnummer", "Identity", personal=True),
        Column("home", "text", "Boende", "Home", headings=("Enhet", "Avdelning")),
        Column(
            "starts",
            "date",
            "Startdatum",
            "Start",
            headings=("Från",),
            range=(dt.date(2000, 1, 1), dt.date(2030, 1, 1)),
        ),
        Column("ends", "date", "Slutdatum", "End", headings=("Till",), filled=False, open_end=True),
        Column("price", "sek", "Dygnspris", "Price", range=(0, 20_000), unit="kr"),
        Column(
            "kind",
            "code",
            "Typ",
            "Kind",
            codes=CodeList(
                (
                    Code("01", "Familjehem", "Foster home", valid_to=dt.date(2023, 12, 31)),
                    Code("02", "Institution", "Institution", spellings=("HVB",)),
                ),
                source="test",
                digits=2,
                valid_at="starts",
            ),
        ),
        Column("sex", "sex", "Kön", "Sex", required=False, filled=False),
        Column("urgent", "flag", "Akut", "Urgent", required=False, filled=False),
        Column("protected", "protected", "Skyddad", "Protected", required=False, filled=False),
        Column("note", "filled", "Anteckning", "Note", required=False, filled=False),
        Column("case", "identifier", "Ärende", "Case", required=False, filled=False),
    ),
    key=("person", "starts"),
    rules=(
        Rule(
            "ends_before_start",
            ("ends", "starts"),
            lambda frame: (frame["ends"] < frame["starts"]).to_numpy(),
        ),
        Rule(
            "sex_contradicts_identity",
            ("sex", "person_sex"),
            lambda frame: (
                (frame["sex"].astype("object") != frame["person_sex"].astype("object")).to_numpy()
                & frame["sex"].notna().to_numpy()
            ),
            remark=True,
        ),
    ),
)
HEADINGS = "Personnummer;Enhet;Startdatum;Slutdatum;Dygnspris;Typ"
SOUND = f"{MAN};Väst;2024-01-01;2024-01-31;1 500,00;02"


def options(**values: object) -> CleaningSettings:
    given = {
        "identification": Identification(KEY, "stays"),
        "extraction_date": dt.date(2024, 5, 1),
        **values,
    }
    return CleaningSettings(**given)  # type: ignore[arg-type]


def clean(folder: Path, *files: str | tuple[str, str], **values: object) -> CleanResult:
    folder = folder / "uttag"
    folder.mkdir(exist_ok=True)
    for number, file in enumerate(files, start=1):
        name, text = file if isinstance(file, tuple) else (f"{number}.csv", file)
        (folder / name).write_text(text, encoding="utf-8")
    return clean_tables(read_export(folder), [STAYS], options(**values))


def rows(*lines: str, headings: str = HEADINGS) -> str:
    return "\n".join((headings, *lines)) + "\n"


def reasons(result: CleanResult) -> list[tuple[int, str, str]]:
    frame = result.quarantine
    return list(zip(frame["row"], frame["column"], frame["reason"], strict=True))


def test_a_sound_row_is_typed(tmp_path: Path) -> None:
    headings = HEADINGS + ";Kön;Akut;Skyddad;Anteckning;Ärende;Namn"
    result = clean(
        tmp_path,
        rows(
            f"{SOUND};M;X;;ringde;a1;Okänd Exempelsson",
            f"{WOMAN};;2024-02-01;9999-12-31;800;HVB;K;;Ja;;;",
            headings=headings,
        ),
    )
    assert result.quarantine["row"].tolist() == [3]  # the home is missing
    result = clean(
        tmp_path,
        rows(
            f"{SOUND};M;X;;ringde;a1;Okänd Exempelsson",
            f"{WOMAN};Väst;2024-02-01;9999-12-31;800;HVB;K;;Ja;;;",
            headings=headings,
        ),
    )
    first, second = (result.clean.iloc[place] for place in (0, 1))
    assert (first["home"], first["price"], first["kind"], first["sex"]) == (
        "Väst",
        1500,
        "02",
        "men",
    )
    assert (first["person_kind"], first["person_birth_year"], first["person_sex"]) == (
        "personnummer",
        1890,
        "men",
    )
    assert first["starts"] == pd.Timestamp("2024-01-01")
    assert pd.isna(second["ends"])
    assert result.clean["urgent"].tolist() == [True, False]
    assert result.clean["protected"].tolist() == [False, True]
    assert result.clean["note"].tolist() == [True, False]
    assert result.clean["source_row"].tolist() == [2, 3]
    assert result.corrections == {"open_end": 1}
    assert result.remarks == {"sex_contradicts_identity": 0}
    # Names are dropped at the door, and counted by heading.
    assert result.dropped.to_dict("records") == [
        {"file": "1.csv", "sheet": "", "heading": "Namn", "filled": 1}
    ]
    everything = result.clean.to_csv() + str(result.provenance) + result.quarantine.to_csv()
    for text in (MAN, WOMAN, MAN[2:], "Exempelsson", "ringde", "a1"):
        assert text not in everything


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (SOUND.replace(MAN, MAN[:-1] + "3"), "person", "check_digit"),
        (SOUND.replace(MAN, ""), "person", "missing_value"),
        (SOUND.replace(MAN, "18900101-XXXX"), "person", "masked"),
        (SOUND.replace("Väst", ""), "home", "missing_value"),
        (SOUND.replace("Väst", "V\ufffdt"), "home", "damaged_text"),
        (SOUND.replace("2024-01-01", "2024-02-30"), "starts", "not_a_date"),
        (SOUND.replace("2024-01-01", "1/2 2024"), "starts", "ambiguous_date"),
        (SOUND.replace("2024-01-01", "1999-01-01"), "starts", "out_of_range"),
        (SOUND.replace("2024-01-31", "2023-12-31"), "ends", "ends_before_start"),
        (SOUND.replace("1 500,00", "gratis"), "price", "not_a_number"),
        (SOUND.replace("1 500,00", "-1"), "price", "out_of_range"),
        (SOUND.replace("1 500,00", "20000,01"), "price", "out_of_range"),
        (SOUND.replace(";02", ";03"), "kind", "unknown_code"),
        (SOUND.replace(";02", ";01"), "kind", "code_not_valid"),
        (SOUND + ";mer", "", "too_many_cells"),
        (SOUND.replace("Väst", '"Väst'), "", "stray_quote"),
    ],
)
def test_a_spoiled_row_is_quarantined_with_its_reason(
    tmp_path: Path, row: str, column: str, reason: str
) -> None:
    other = SOUND.replace(MAN, WOMAN)
    result = clean(tmp_path, rows(other, row, other.replace("Väst", "Öst")))
    assert (3, column, reason) in reasons(result)
    assert result.quarantine["row"].unique().tolist() == [3]
    assert result.ledger.total("quarantined") == 1
    assert result.ledger.total("clean") == 2


def test_a_row_with_several_faults_is_counted_once(tmp_path: Path) -> None:
    result = clean(tmp_path, rows("1234;;2024-13-01;;dyr;99", SOUND))
    assert reasons(result) == [
        (2, "person", "wrong_length"),
        (2, "home", "missing_value"),
        (2, "starts", "not_a_date"),
        (2, "price", "not_a_number"),
        (2, "kind", "unknown_code"),
    ]
    assert result.ledger.reasons == {"wrong_length": 1}


def test_codes_lose_zeros_in_spreadsheets(tmp_path: Path) -> None:
    result = clean(tmp_path, rows(SOUND.replace(";02", ";2")))
    assert result.clean["kind"].tolist() == ["02"]
    assert result.corrections == {"zeros_restored": 1}


def test_exact_duplicates_and_what_only_looks_like_them(tmp_path: Path) -> None:
    headings = HEADINGS + ";Löpnummer"
    result = clean(
        tmp_path,
        rows(
            *(f"{SOUND};1", f"{SOUND};1", f"{SOUND};2"),
            # The same in another spelling.
            f"{MAN[2:8]}+{MAN[8:]};Väst;20240101;31.1.2024;1500;HVB;1",
            headings=headings,
        ),
    )
    assert result.ledger.total("duplicates") == 2
    assert result.clean["source_row"].tolist() == [2, 4]


def test_a_newer_extraction_replaces_rows_by_key(tmp_path: Path) -> None:
    old = (
        "uttag 2024-02-01.csv",
        rows(
            f"{MAN};Väst;2024-01-01;;1500;02",
            f"{WOMAN};Väst;2024-01-01;;1500;02",
            f"{COORDINATION};Väst;2024-01-01;;1500;02",
        ),
    )
    new = (
        "uttag 2024-03-01.csv",
        rows(
            f"{MAN};Väst;2024-01-01;2024-02-15;1500;02",  # ended since
            f"{WOMAN};Väst;2024-01-01;;1500;02",  # unchanged
            f"{WOMAN};Väst;2024-02-20;;1500;02",
        ),
    )
    result = clean(tmp_path, new, old)
    assert result.ledger.total("superseded") == 1
    assert result.ledger.total("duplicates") == 1
    kept = result.clean[["source_file", "source_row"]].astype("object").to_numpy().tolist()
    assert kept == [
        ["uttag 2024-02-01.csv", 4],
        ["uttag 2024-03-01.csv", 2],
        ["uttag 2024-03-01.csv", 3],
        ["uttag 2024-03-01.csv", 4],
    ]


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("uttag 2024-02-01.csv", dt.date(2024, 2, 1)),
        ("mapp/20240201_uttag.xlsx", dt.date(2024, 2, 1)),
        ("2023-01-01--2023-12-31 uttaget 2024-02-01.csv", dt.date(2024, 2, 1)),
        ("uttag 2024-02-30.csv", dt.date(2000, 1, 1)),
        ("uttag 120240201.csv", dt.date(2000, 1, 1)),
        ("uttag.csv", dt.date(2000, 1, 1)),
    ],
)
def test_the_extraction_date_stands_in_the_name(name: str, date: dt.date) -> None:
    assert extraction_date(name, dt.date(2000, 1, 1)) == date


def test_the_century_follows_each_file(tmp_path: Path) -> None:
    born_2020 = next(
        line
        for line in (Path(__file__).parents[2] / "data/raw/public/test_personnummer.csv")
        .read_text()
        .split()
        if line.startswith("202001")
    )
    row = f"{born_2020[2:]};Väst;2024-01-01;;1500;02"
    later = clean(tmp_path, ("2024-02-01.csv", rows(row)))
    assert later.clean["person_birth_year"].tolist() == [2020]
    early = clean(
        tmp_path,
        ("2024-02-01.csv", rows(row.replace("2024", "2019"))),
        extraction_date=dt.date(2019, 12, 31),
    )
    assert early.clean["person_birth_year"].tolist() == [2020]
    (tmp_path / "uttag" / "2024-02-01.csv").unlink()
    early = clean(
        tmp_path,
        ("uttag.csv", rows(row.replace("2024", "2019"))),
        extraction_date=dt.date(2019, 12, 31),
    )
    assert early.clean["person_birth_year"].tolist() == [1920]


def test_linked_numbers_are_one_person(tmp_path: Path) -> None:
    text = rows(f"{COORDINATION};Väst;2024-01-01;;1500;02", f"{WOMAN};Väst;2024-02-01;;1500;02")
    apart = clean(tmp_path, text)
    assert len(set(apart.clean["person"])) == 2
    links = {COORDINATION: WOMAN}
    joined = clean(tmp_path, text, identification=Identification(KEY, "stays", links))
    assert len(set(joined.clean["person"])) == 1
    assert joined.clean["person_birth_year"].tolist() == [1890, 1890]


def test_a_protected_person_is_protected_in_every_row(tmp_path: Path) -> None:
    headings = HEADINGS + ";Skyddad"
    other = SOUND.replace(MAN, WOMAN)
    result = clean(
        tmp_path,
        rows(f"{SOUND};", f"{other};Nej", headings=headings),
        rows(SOUND.replace("2024-01-01", "2024-01-02") + ";Ja", headings=headings),
        rows(SOUND.replace("2024-01-01", "2024-01-03"), other.replace("2024-01-01", "2024-01-03")),
        rows(SOUND.replace("1 500,00", "fel"), headings=HEADINGS),
    )
    shown = result.clean[["source_file", "source_row", "protected"]].astype("object")
    assert shown.to_numpy().tolist() == [
        ["1.csv", 2, True],
        ["1.csv", 3, False],
        ["2.csv", 2, True],
        ["3.csv", 2, True],
        ["3.csv", 3, False],
    ]
    assert result.protected_places == {("4.csv", "", 2)}


def test_headings_totals_and_other_tables_are_in_the_account(tmp_path: Path) -> None:
    result = clean(
        tmp_path,
        f"Vistelser\n\n{rows(SOUND)}Summa;;;;1 500,00;\nKälla: exempel\n",
        "Kod;Namn\n1;ett\n2;två\n",
    )
    table = result.ledger.table
    assert tuple(table.columns) == COLUMNS
    assert table[["rows", "clean", "other_tables", "headings_and_totals"]].to_numpy().tolist() == [
        [6, 1, 0, 5],
        [3, 0, 2, 1],
    ]
    assert result.ledger.as_dict(result.corrections) == {
        "rows_in": 9,
        "clean": 1,
        "quarantined": {},
        "duplicates": 0,
        "superseded": 0,
        "other_tables": 2,
        "headings_and_totals": 6,
        "corrections": {},
    }
    sentence = result.ledger.text("sv")
    assert "9 rader i 2 filer" in sentence
    assert "är 1 ren, 2 i andra tabeller och 6 rubriker" in sentence


def test_the_account_as_a_picture(tmp_path: Path) -> None:
    mpl.use("agg")
    from matplotlib.figure import Figure

    result = clean(tmp_path, rows(SOUND, SOUND, "1;;;;;"))
    axes = result.ledger.plot(Figure().add_subplot(), "sv")
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["Rena", "I karantän", "Exakta dubbletter", "Rubriker, summor, noter, tomma"]
    assert [bar.get_width() for bar in axes.patches] == [1, 1, 1, 1]


def test_an_account_that_does_not_add_up_is_refused() -> None:
    table = pd.DataFrame([["a", "", "t", 3, 1, 0, 0, 0, 0, 1]], columns=list(COLUMNS))
    with pytest.raises(ValueError, match="add up"):
        Ledger(table, {})
    with pytest.raises(ValueError, match="by reason"):
        Ledger(table.assign(quarantined=1), {})


def test_headings_are_matched_by_meaning(tmp_path: Path) -> None:
    headings = "PERSONNUMMER ;avdelning;Start-datum;Sl\ufffdtdatum;Dygns\npris;typ"
    text = rows(SOUND, headings=headings.replace("Dygns\npris", '"Dygns\npris"'))
    result = clean(tmp_path, text)
    assert result.ledger.total("clean") == 1


def test_an_identity_number_in_a_text_column_is_a_fault(tmp_path: Path) -> None:
    shifted = SOUND.replace("Väst", f"hos {WOMAN[2:8]}+{WOMAN[8:]}")
    dated = SOUND.replace("Väst", "Väst 20240131 1201").replace("01-01", "01-02")
    result = clean(tmp_path, rows(shifted, dated))
    assert reasons(result) == [(2, "home", "identity_in_text")]
    assert result.clean["home"].tolist() == ["Väst 20240131 1201"]


def test_nothing_of_a_quarantined_row_stays_behind(tmp_path: Path) -> None:
    # The second row's day does not exist: its text, person and all must not be in the clean table,
    # not even among the categories of a column, which are stored.
    spoiled = f"{WOMAN};Testa Testsson;2024-02-30;2024-03-31;1 500,00;02"
    result = clean(tmp_path, rows(SOUND, spoiled))
    assert result.clean["home"].cat.categories.tolist() == ["Väst"]
    assert len(result.clean["person"].cat.categories) == 1
    save(result, tmp_path / "store")
    assert b"Testsson" not in (tmp_path / "store/stays.parquet").read_bytes()


def test_a_columns_own_heading_goes_before_a_group_heading(tmp_path: Path) -> None:
    # "Enhet" heads a group, and a column of another one.
    text = (
        "Enhet;;Vistelse;;;;\n"
        "Personnummer;Kod;Startdatum;Slutdatum;Dygnspris;Typ;Enhet\n"
        f"{MAN};7;2024-01-01;2024-01-31;1 500,00;02;Väst\n"
    )
    result = clean(tmp_path, text)
    assert result.clean["home"].tolist() == ["Väst"]
    assert result.dropped["heading"].tolist() == ["Kod"]


def test_the_users_mapping_goes_first(tmp_path: Path) -> None:
    text = rows(f"{SOUND};Norr", headings=HEADINGS + ";Grupp")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[x.stays]\n"grupp" = "home"\n', encoding="utf-8")
    result = clean(tmp_path, text, mappings=read_mapping(mapping)["x"])
    assert result.clean["home"].tolist() == ["Norr"]
    assert result.dropped["heading"].tolist() == ["Enhet"]
    with pytest.raises(UserError, match="hem"):
        clean(tmp_path, text, mappings={"stays": {"Grupp": "hem"}})
    mapping.write_text("[x]\nGrupp = 1\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"mapping\.toml"):
        read_mapping(mapping)
    assert read_mapping(tmp_path / "saknas.toml") == {}


def test_a_missing_column_names_the_nearest_heading(tmp_path: Path) -> None:
    path = tmp_path / "uttag.csv"
    path.write_text(rows(SOUND, headings=HEADINGS.replace("Dygnspris", "Dygnspriser")))
    matches, (misfit,) = assign(read_export(path).tables, [STAYS])
    assert not matches
    error = explain(misfit)
    assert error.key == "intake.column_missing_near"
    assert "Dygnspriser" in error.message("sv")
    assert "price" in error.message("en")
    with pytest.raises(UserError, match="Dygnspris"):
        clean_tables(read_export(path), [STAYS], options())
    path.write_text(rows(SOUND, headings=HEADINGS.replace("Dygnspris", "Kolumn fem")))
    with pytest.raises(UserError) as caught:
        clean_tables(read_export(path), [STAYS], options())
    assert caught.value.key == "intake.column_missing"
    assert MAN not in caught.value.message("sv")


def test_a_heading_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "uttag.csv"
    path.write_text(rows(f"{SOUND};Norr", headings=HEADINGS + ";Avdelning"))
    found = match(read_export(path).tables[0], STAYS)
    assert found.columns["home"] == "Enhet"  # the preferred of two known headings
    assert found.dropped == ("Avdelning",)


def test_codebook_has_every_column_and_code() -> None:
    book = codebook([STAYS])
    assert book.loc[book["code"] == "", "column"].tolist() == [
        column.name for column in STAYS.columns
    ]
    codes = book[book["code"] != ""]
    assert codes[["code", "valid"]].to_numpy().tolist() == [["01", "–2023"], ["02", ""]]


def test_declarations_that_contradict_themselves() -> None:
    with pytest.raises(ValueError, match="code column"):
        Column("a", "code", "A", "A")
    with pytest.raises(ValueError, match="named twice"):
        Schema("t", "T", "T", (Column("a", "text", "A", "A"),) * 2)
    with pytest.raises(ValueError, match="no column"):
        Schema("t", "T", "T", (Column("a", "text", "A", "A"),), key=("b",))


def test_frames_below_each_other_keep_their_types() -> None:
    one = pd.DataFrame({"a": pd.Categorical(["x"]), "b": [1.5]})
    two = pd.DataFrame(
        {"a": pd.Categorical(["y", None]), "c": pd.array([True, None], "bool[pyarrow]")}
    )
    both = join_frames([one, two])
    assert both["a"].tolist()[:2] == ["x", "y"]
    assert [str(dtype) for dtype in both.dtypes] == ["category", "float64", "bool[pyarrow]"]
    assert both["b"].isna().tolist() == [False, True, True]


# ---------------------------------------------------------------------------------------- storage


def big(tmp_path: Path) -> CleanResult:
    lines = [f"{MAN};Väst;2024-01-{day:02};;{day};02" for day in range(1, 29)]
    return clean(tmp_path, rows(*lines, "fel;;;;;"))


def test_what_is_stored_comes_back(tmp_path: Path) -> None:
    result = big(tmp_path)
    save(result, tmp_path / "processed")
    stored = load(tmp_path / "processed")
    pd.testing.assert_frame_equal(stored.tables["stays"], result.clean)
    assert stored.manifest["account"]["clean"] == 28
    assert stored.manifest["provenance"]["files"] == dict(result.provenance["files"])
    text = (tmp_path / "processed" / "manifest.json").read_text(encoding="utf-8")
    for secret in (bytes(range(32)).hex(), MAN, str(tmp_path)):
        assert secret not in text


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(big(tmp_path), tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_half_written_store_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "processed"
    with pytest.raises(UserError, match="inga rensade"):
        load(folder)
    save(big(tmp_path), folder)
    (folder / "stays.parquet").write_bytes(b"half")
    with pytest.raises(UserError, match="inte hela"):
        load(folder)
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="inte hela"):
        read_manifest(folder)


def test_what_has_changed_is_told(tmp_path: Path) -> None:
    result = big(tmp_path)
    code = tmp_path / "cleaning.py"
    code.write_text("a = 1\n")
    save(result, tmp_path / "processed", code=[code])
    manifest = read_manifest(tmp_path / "processed")
    hashes = result.provenance["files"]
    assert changes(manifest, hashes=hashes, schemas=[STAYS], code=[code]) == []
    assert changes(manifest, hashes={**hashes, "ny.csv": "x"}, schemas=[STAYS], code=[code]) == [
        "source"
    ]
    newer = Schema("stays", "", "", STAYS.columns, version=2)
    other = tmp_path / "other.py"
    other.write_text("a = 2\n")
    assert changes(manifest, hashes=hashes, schemas=[newer], code=[other]) == ["schema", "code"]


KILLED = """
import sys, datetime as dt
from pathlib import Path
from tests.intake.test_cleaning import big, save
folder = Path(sys.argv[1])
result = big(folder)
print("ready", flush=True)
while True:
    save(result, folder / "processed")
"""


@pytest.mark.slow
def test_kill_9_leaves_no_half_file(tmp_path: Path) -> None:
    expected = tmp_path / "expected"
    result = big(tmp_path)
    save(result, expected)
    for wait in (0.002, 0.005, 0.01, 0.02, 0.05):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(wait)
            process.kill()
        for path in (tmp_path / "processed").iterdir():
            if path.suffix == ".parquet":
                pd.read_parquet(path)
    save(result, tmp_path / "processed")
    for path in expected.iterdir():
        assert path.read_bytes() == (tmp_path / "processed" / path.name).read_bytes()


# ------------------------------------------------------------------------------------- properties

CELL = st.sampled_from(
    [MAN, WOMAN, "x", "", "2024-01-01", "2024-02-30", "1 500", "-5", "02", "2", "99", "Väst", "9e9"]
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lines=st.lists(st.lists(CELL, min_size=6, max_size=7).map(";".join), max_size=12),
    again=st.integers(0, 3),
)
def test_any_rows_add_up(tmp_path: Path, lines: list[str], again: int) -> None:
    text = rows(*lines, *lines[:again])
    try:
        result = clean(tmp_path, text)
    except UserError:
        return
    ledger = result.ledger.table
    assert ledger["rows"].sum() == len(text.splitlines())
    assert ledger["clean"].sum() == len(result.clean)
    assert set(result.quarantine["row"]).isdisjoint(result.clean["source_row"])


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    lines = [f"{MAN if day % 2 else WOMAN};Väst;2024-01-{day:02};;{day};02" for day in range(1, 29)]
    lines += lines[:5]
    columns = ["person", "home", "starts", "price", "kind"]
    results = []
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(lines))
        frame = clean(tmp_path, rows(*(lines[place] for place in order))).clean[columns]
        results.append(frame.astype("object").sort_values(["starts", "price"], ignore_index=True))
    for other in results[1:]:
        pd.testing.assert_frame_equal(results[0], other)


def test_raw_frames_are_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "uttag.csv"
    path.write_text(rows(SOUND, "fel;;;;;", SOUND))
    raw = read_export(path)
    before = raw.tables[0].frame.copy(deep=True)
    clean_tables(raw, [STAYS], options())
    pd.testing.assert_frame_equal(raw.tables[0].frame, before)


def test_the_same_in_every_process(tmp_path: Path) -> None:
    script = (
        "import sys, hashlib; from pathlib import Path\n"
        "from tests.intake.test_cleaning import big, save\n"
        "folder = Path(sys.argv[1]); save(big(folder), folder / 'p')\n"
        "files = sorted((folder / 'p').iterdir())\n"
        "print([hashlib.sha256(path.read_bytes()).hexdigest() for path in files])"
    )
    shown = set()
    for seed, locale, zone in (("0", "C", "UTC"), ("1", "sv_SE.UTF-8", "Europe/Stockholm")):
        shown.add(
            subprocess.run(
                [sys.executable, "-c", script, str(tmp_path)],
                env={"PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone},
                cwd=Path(__file__).parents[2],
                capture_output=True,
                check=True,
                text=True,
            ).stdout
        )
    assert len(shown) == 1


def test_poison_shows_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A number or a name in any column, sound or not, is in no message, listing or file."""
    poison = ["19900101-2385", "Testa Testsson"]
    cells = SOUND.split(";")
    for place in range(len(cells)):
        for text in poison:
            line = ";".join([*cells[:place], text, *cells[place + 1 :]])
            try:
                result = clean(tmp_path, rows(SOUND.replace(MAN, WOMAN), line))
            except UserError as error:
                shown = error.message("sv") + error.message("en")
            else:
                save(result, tmp_path / "processed")
                frames = (result.quarantine, result.dropped, result.ledger.table)
                shown = "".join(frame.to_csv() for frame in frames)
                shown += json.dumps(read_manifest(tmp_path / "processed"))
                shown += result.ledger.text("sv") + repr(result.quarantine)
            assert not any(each in shown for each in (*poison, "199001012385"))
    out = capsys.readouterr()
    assert not out.out
    assert not out.err


def test_numbers_of_the_same_kind_stay_numbers(tmp_path: Path) -> None:
    result = clean(tmp_path, rows(SOUND))
    assert result.clean["price"].dtype == np.float64


def test_age_on_the_day_of_another_column(tmp_path: Path) -> None:
    aged = Schema(
        "stays",
        "Vistelser",
        "Stays",
        columns=(
            Column("person", "identity", "Personnummer", "Number", personal=True, age_at="starts"),
            Column("starts", "date", "Startdatum", "Starts", filled=False),
        ),
    )
    (tmp_path / "a.csv").write_text(
        "Personnummer;Startdatum\n"
        f"{MAN};1908-01-02\n"  # 18 that day
        f"{MAN};1908-01-01\n"
        f"{MAN};\n"
        f"{MAN};1889-12-31\n"  # the day before birth
        "T1234;2020-01-01\n",  # a number of the system's own says nothing
        encoding="utf-8",
    )
    frame = clean_tables(read_export(tmp_path), [aged], options()).clean
    assert frame["person_age"].astype("object").where(
        frame["person_age"].notna(), None
    ).to_list() == [18, 17, None, -1, None]
    assert not any("born" in name or "birth_date" in name for name in frame)


@pytest.mark.parametrize(
    ("above", "heading", "below", "price", "applied"),
    [
        ("", "Dygnspris (tkr)", "", 1500.0, 1),
        ("", "Dygnspris, tkr", "", 1500.0, 1),
        ("", "Dygnspris i tusental kronor", "", 1500.0, 1),
        ("", "Dygnspris (kr)", "", 1.5, 0),
        ("Belopp i tkr;;;;;\r\n", "Dygnspris", "", 1500.0, 1),
        ("Belopp i tkr;;;;;\r\n", "Dygnspris (kr)", "", 1.5, 0),
        ("Belopp över 5 tkr;;;;;\r\n", "Dygnspris", "", 1.5, 0),
        ("", "Dygnspris\r\n;;;;tkr;", "", 1500.0, 1),
        ("", "Dygnspris", "Alla belopp i tkr;;;;;\r\n", 1500.0, 1),
    ],
)
def test_the_unit_of_amounts_is_read_from_heading_and_title(
    tmp_path: Path, above: str, heading: str, below: str, price: float, applied: int
) -> None:
    first, _, second = heading.partition("\r\n")
    headings = HEADINGS.replace("Dygnspris", first) + (f"\r\n{second}" if second else "")
    line = SOUND.replace("1 500,00", "1,5")
    own = SOUND.replace("1 500,00", "2 tkr").replace("2024-01-01", "2024-01-02")
    text = above + rows(line, own, headings=headings) + below
    result = clean(tmp_path, text)
    assert result.clean["price"].tolist() == [price, 2000.0]
    # The cell that says tkr itself is one more.
    assert result.corrections["unit_applied"] == applied + 1


def test_two_units_about_one_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        clean(tmp_path, "Belopp i tkr;;;;;\r\n" + rows(SOUND) + "Belopp i mnkr;;;;;\r\n")
    assert caught.value.key == "intake.units"
