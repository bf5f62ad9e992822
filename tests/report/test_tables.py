"""How released tables are written, on a page and as CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from umea_eval.disclosure.profiles import Input, release
from umea_eval.disclosure.tables import Field, Kind
from umea_eval.disclosure.tables import Table as Registered
from umea_eval.language import Language
from umea_eval.report.tables import FORMULA, csv_bytes, exact_number, write_table

INPUT = Input("data/raw/public/a.csv", "0" * 64, 1, published=True)
NAME = {"sv": "Namn", "en": "Name"}


def written(frame: pd.DataFrame, *columns: Field, language: Language = "sv"):  # type: ignore[no-untyped-def]
    released = release([Registered("t", frame, columns)], "public", (INPUT,))
    return write_table(released.table("t"), language)


@pytest.mark.parametrize(
    ("kind", "value", "decimals", "swedish", "english", "plain"),
    [
        ("count", 16808, None, "16\u202f808", "16,808", "16808"),
        ("count", -3, None, "\u22123", "\u22123", "-3"),
        ("share", 0.973684, None, "97,4", "97.4", "97.4"),
        ("share", 1.0, 0, "100", "100", "100"),
        ("share", 0.285, 0, "29", "29", "29"),  # 28,5 exactly: halves go up
        ("rate", 12.34, None, "12,3", "12.3", "12.3"),
        ("amount", 28941250.5, None, "28\u202f941\u202f251", "28,941,251", "28941251"),
        ("value", 0.1, None, "0,1", "0.1", "0.1"),
        ("value", 5.0, None, "5", "5", "5"),
        ("value", Decimal("5.10"), None, "5,10", "5.10", "5.10"),
        ("value", 1234567.891, 2, "1\u202f234\u202f567,89", "1,234,567.89", "1234567.89"),
        ("value", -0.04, 1, "0,0", "0.0", "0.0"),
    ],
)
def test_numbers(
    kind: Kind, value: object, decimals: int | None, swedish: str, english: str, plain: str
) -> None:
    frame = pd.DataFrame({"x": pd.Series([value], dtype=object)})
    column = Field("x", NAME, kind=kind, decimals=decimals)
    cell = written(frame, column).rows[0][0]
    assert (cell.shown, cell.value) == (swedish, plain)
    assert written(frame, column, language="en").rows[0][0].shown == english


@pytest.mark.parametrize("dtype", ["int64", "int64[pyarrow]", "Int64", "float32", "float64"])
def test_numbers_of_any_type(dtype: str) -> None:
    frame = pd.DataFrame({"x": pd.Series([12], dtype=dtype)})
    assert written(frame, Field("x", NAME, kind="value")).rows[0][0].shown == "12"


def test_exact_number_keeps_a_decimal() -> None:
    assert exact_number(Decimal("1.50")) == Decimal("1.50")
    assert str(exact_number(2.0)) == "2"


def test_decimals_may_differ_by_row_and_marks_differ_by_cause() -> None:
    frame = pd.DataFrame({"x": [1.5, 2.25, None, 4.0], "d": [0, 2, 1, 1], "s": [0, 0, 0, 1]})
    column = Field("x", NAME, kind="value", decimals="d", suppressed="s")
    table = written(frame, column)
    assert [row[0].shown for row in table.rows] == ["2", "2,25", "saknas", ".."]
    assert table.marks == ("suppressed", "missing")
    own = Field("x", NAME, kind="value", decimals="d", missing={"sv": "inget mål", "en": "none"})
    assert written(frame, own).rows[2][0].shown == "inget mål"
    assert written(frame, own).marks == ()


def test_text_codes_dates_and_hidden_columns() -> None:
    frame = pd.DataFrame(
        {
            "day": [dt.date(2023, 1, 31)],
            "time": pd.to_datetime(["2023-01-31"]),
            "flag": [True],
            "code": ["true"],
            "hidden": ["x"],
        }
    )
    table = written(
        frame,
        Field("day", NAME),
        Field("time", NAME),
        Field("flag", NAME),
        Field("code", NAME, words="report"),
        Field("hidden", show=False),
        language="en",
    )
    assert [cell.shown for cell in table.rows[0]] == ["2023-01-31", "2023-01-31", "yes", "yes"]


def test_headings_hold_the_unit() -> None:
    frame = pd.DataFrame({"a": [1], "b": [1], "c": [1]})
    table = written(
        frame,
        Field("a", NAME, kind="amount", unit="kr"),
        Field("b", NAME, kind="share"),
        Field("c", NAME, unit={"sv": "dygn", "en": "days"}),
    )
    assert [column.heading for column in table.columns] == ["Namn (kr)", "Namn (%)", "Namn (dygn)"]
    assert [column.numeric for column in table.columns] == [True, True, False]


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_csv_is_what_swedish_excel_and_pandas_read() -> None:
    frame = pd.DataFrame({"n": ["Umeå", "Sorsele"], "x": [1234.5, 2.0], "s": [False, True]})
    table = written(
        frame, Field("n", NAME), Field("x", NAME, kind="value", decimals=1, suppressed="s")
    )
    content = csv_bytes(table.data())
    assert content == '\ufeff"Namn";"Namn"\r\n"Umeå";1234,5\r\n"Sorsele";..\r\n'.encode()
    frame = pd.read_csv(io.BytesIO(content), sep=";", decimal=",", na_values="..")
    assert frame.iloc[0].tolist() == ["Umeå", 1234.5]


@given(st.lists(st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF)), min_size=1))
def test_no_text_is_a_formula_in_any_spreadsheet(texts: list[str]) -> None:
    data = {
        "columns": [{"heading": "=cmd|' /C calc'!A0", "kind": "text"}],
        "rows": [[text] for text in texts],
        "suppressed": [],
    }
    content = csv_bytes(data)
    for row, text in zip(read_csv(content), ["=cmd|' /C calc'!A0", *texts], strict=True):
        assert row in ([text], ["'" + text])
        assert not row[0].lstrip(" \u00a0").startswith(FORMULA)
    # With another separator each text is still one quoted cell.
    for line in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        assert len(line) == 1
