from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.datasets.key_figures.tables import PUBLISHED, content
from umea_eval.datasets.key_figures.audit import audit
from umea_eval.datasets.key_figures.schema import (
    COLUMNS,
    load_key_figures,
    parse_target,
    read_key_figures,
)
from umea_eval.errors import UserError


@pytest.mark.parametrize(
    ("text", "number", "side", "direction"),
    [
        ("95%", "95", "", ""),
        ("7.7", "7.7", "", ""),
        ("1 100", "1100", "", ""),
        ("Minska", None, "", "decrease"),
        ("Öka", None, "", "increase"),
        ("Nyckeltal", None, "", ""),
        ("inte fler än 30", "30", "at_most", ""),
        ("inom 3 dagar", "3", "at_most", ""),
        ("6 veckor", "6", "", ""),
        ("minst 90 %", "90", "at_least", ""),
        ("2–4 veckor", None, "", ""),
        ("CNI över 1,1", None, "", ""),
        ("", None, "", ""),
    ],
)
def test_a_target_is_a_number_or_a_direction(
    text: str, number: str | None, side: str, direction: str
) -> None:
    target = parse_target(text)
    assert target.number == (None if number is None else Fraction(number))
    assert (target.side, target.direction) == (side, direction)


def test_the_published_file_is_loaded_typed() -> None:
    frame = load_key_figures(PUBLISHED)
    assert len(frame) == 422
    assert frame["value"].notna().all()
    assert set(frame["sex"]) == {"", "total", "women", "men"}
    minska = frame[frame["target"] == "Minska"]
    assert set(minska["target_direction"]) == {"decrease"}
    assert minska["target_number"].isna().all()
    row = frame[frame["figure_id"] == "k0136"].iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (37, 38, 94.7)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encoding_and_separator_come_from_the_content(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(
        content([{"indicator": "Mål å ä ö", "value": "1"}], separator).encode(encoding)
    )
    assert read_key_figures(path)[0].indicator == "Mål å ä ö"


@pytest.mark.parametrize("mark", ["", "-", "..", "X", "för få svaranden", "Nytt 2023"])
def test_a_mark_in_place_of_a_number_is_no_value(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content([{"value": mark}]), encoding="utf-8")
    assert read_key_figures(path)[0].value is None


def test_a_break_is_taken_out_of_the_name_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [{"indicator": "Andel nöjda (Ny mätmetod 2023)", "period": "2023, ny definition"}]
    path.write_text(content([{**row, "value": "1"} for row in rows]), encoding="utf-8")
    figure = read_key_figures(path)[0]
    assert (figure.indicator, figure.period) == ("Andel nöjda", "2023")
    assert figure.break_mark


BAD = {
    "text where a number should be": content([{"value": "ungefär hälften"}]),
    "a share of a person": content([{"value": "1", "numerator": "2.5"}]),
    "no id": content([{"figure_id": "", "value": "1"}]),
    "the same id twice": content([{"figure_id": "x", "value": "1"}] * 2),
    "a column is missing": content([{"value": "1"}]).replace("attainment", "other"),
    "another table": "namn;ort\na;b\n",
    "only a heading": ",".join(COLUMNS) + "\n",
    "a row that is too long": content([{"value": "1"}]).rstrip("\n") + ",1,2\n",
    "a quotation mark that is never closed": content([{"value": "1"}]) + '"a,b\n',
    "one heading twice": content([{"value": "1"}]).replace("target", "value"),
    "a number without end": content([{"value": "9" * 5000}]),
    "empty": "",
    "only spaces": " \n \n",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_a_bad_file_gives_one_message_without_its_content(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as error:
        read_key_figures(path)
    for language in ("sv", "en"):
        message = error.value.message("sv" if language == "sv" else "en")
        assert "bad.csv" in message
        assert "ungefär hälften" not in message


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UserError):
            read_key_figures(path)


def test_the_row_is_the_one_that_excel_shows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content([{"value": "1"}, {"value": "1"}, {"value": "fel"}]), encoding="utf-8")
    with pytest.raises(UserError, match="rad 4, kolumnen value"):
        read_key_figures(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.binary(max_size=400))
def test_any_bytes_give_a_message_or_figures(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    with pytest.raises(UserError):
        read_key_figures(path)


CELL = st.text(max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.lists(st.fixed_dictionaries({c: CELL for c in COLUMNS if c != "figure_id"}), max_size=8))
def test_any_cells_give_a_message_or_an_audit(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    path = tmp_path / "any.csv"
    path.write_text(content(rows), encoding="utf-8", newline="")
    try:
        result = audit(read_key_figures(path))
    except UserError as error:
        assert error.message("sv")
        return
    assert result.controls == result.hold + len(result.findings)


NUMBERS = st.sampled_from(["0", "1", "2", "5", "7", "10", "33,3", "50", "66.7", "100", "-3", ""])
WORDS = st.sampled_from(["", "total", "kvinnor", "män", "Budget", "Utfall", "Budgetavvikelse"])
PLAUSIBLE = st.fixed_dictionaries(
    {
        "value": NUMBERS,
        "numerator": st.sampled_from(["", "0", "1", "3", "7"]),
        "denominator": st.sampled_from(["", "0", "3", "7"]),
        "sex": st.sampled_from(["", "total", "kvinnor", "män", "vill inte uppge"]),
        "breakdown": st.one_of(
            WORDS,
            st.sampled_from(["a: ja", "a: nej", "varav b", "undre gräns", "ackumulerat jan–feb"]),
        ),
        "unit": st.sampled_from(["antal", "procent", "tkr", "mnkr", "månader", "index", "gånger"]),
        "period": st.sampled_from(["2022", "2023", "2023-01", "2023-02", "2023-03", "2023-12", ""]),
        "target": st.sampled_from(["", "0", "100%", "90%", "Minska", "4"]),
        "attainment": st.sampled_from(
            ["", "Uppnått", "Ej uppnått", "Ej uppnått - positiv utveckling", "Välj", "Se kommentar"]
        ),
        "indicator": st.sampled_from(
            [
                "Antal barn",
                "Andel nöjda",
                "Antal barn, förändring jämfört med 2022",
                "Nettokostnad",
                "Intäkter",
                "Kostnader",
                "Budgetavvikelse nämnden",
                "Budgetavvikelse skola",
                "Ackumulerat utfall 2023",
            ]
        ),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.lists(PLAUSIBLE, min_size=1, max_size=14))
def test_any_plausible_table_is_audited_to_the_end(
    tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    path = tmp_path / "any.csv"
    path.write_text(content(rows), encoding="utf-8")
    result = audit(read_key_figures(path))
    assert result.controls == result.hold + len(result.findings)
    for finding in result.findings:
        assert finding.text("sv")
        assert finding.text("en")
