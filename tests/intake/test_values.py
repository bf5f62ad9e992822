"""Every form that numbers, dates, months, times, flags, sex and codes have in exports."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from umea_eval.intake.codes import (
    is_crosses,
    nearest,
    parse_codes,
    parse_flags,
    parse_sex,
)
from umea_eval.intake.dates import parse_dates, parse_months, parse_times
from umea_eval.intake.numbers import parse_amounts, parse_numbers, parse_whole
from umea_eval.intake.values import (
    Correction,
    Fault,
    Parsed,
    fitting_spellings,
    parse_text,
    read_values,
)

REFERENCE = dt.date(2024, 5, 1)
Row = tuple[str, object, Fault, Correction]


def rows(parsed: Parsed) -> list[tuple[object, Fault, Correction]]:
    values = pd.Series(parsed.distinct).astype("object")
    return [
        (None if pd.isna(value) else value, Fault(fault), Correction(correction))
        for value, fault, correction in zip(values, parsed.faults, parsed.corrections, strict=True)
    ]


OK, NONE = Fault.NONE, Correction.NONE


@pytest.mark.parametrize(
    ("text", "value", "fault", "correction"),
    [
        ("1 234,50", 1234.5, OK, NONE),
        ("1234.50", 1234.5, OK, NONE),
        ("1.234,50", 1234.5, OK, NONE),
        ("1,234,567.89", 1234567.89, OK, NONE),
        ("1\u202f234\u00a0567", 1234567, OK, NONE),
        ("1'234", 1234, OK, NONE),
        ("0123", 123, OK, NONE),
        ("-250", -250, OK, NONE),
        ("\u2212250", -250, OK, NONE),
        ("- 250", -250, OK, NONE),
        ("+250", 250, OK, NONE),
        ("250-", -250, OK, Correction.TRAILING_MINUS),
        ("(250)", -250, OK, Correction.TRAILING_MINUS),
        ("1 234 kr", 1234, OK, NONE),
        ("kr 250", 250, OK, NONE),
        ("250:-", 250, OK, NONE),
        ("12,5 tkr", 12_500, OK, Correction.UNIT_APPLIED),
        ("1,2 mnkr", 1_200_000, OK, Correction.UNIT_APPLIED),
        ("-1,2 MKR", -1_200_000, OK, Correction.UNIT_APPLIED),
        ("30000.000000000004", 30000, OK, NONE),
        ("", None, OK, NONE),
        ("-", None, OK, NONE),
        ("uppgift saknas", None, OK, NONE),
        ("X", None, Fault.SUPPRESSED, NONE),
        ("1,5E+05", None, Fault.DIGITS_LOST, NONE),
        ("12 34", None, Fault.NOT_A_NUMBER, NONE),
        ("--250", None, Fault.NOT_A_NUMBER, NONE),
        ("(250", None, Fault.NOT_A_NUMBER, NONE),
        ("(-250)", None, Fault.NOT_A_NUMBER, NONE),
        ("12 kg", None, Fault.NOT_A_NUMBER, NONE),
        ("1.2.3", None, Fault.NOT_A_NUMBER, NONE),
        ("\u0663", None, Fault.NOT_A_NUMBER, NONE),
        ("12\ufffd5", None, Fault.DAMAGED_TEXT, NONE),
        ("2024-01-01", None, Fault.NOT_A_NUMBER, NONE),
    ],
)
def test_amounts(text: str, value: object, fault: Fault, correction: Correction) -> None:
    assert rows(parse_amounts([text])) == [(value, fault, correction)]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1.234"], [None]),
        (["1,234"], [None]),
        (["1.234", "12"], [None, 12]),
        # Another text of the column decides ...
        (["1.234", "1.234,50"], [1234, 1234.5]),
        (["1.234", "12,5"], [1234, 12.5]),
        (["1,234", "12.50"], [1234, 12.5]),
        # ... or several say the same, and none has four digits without a mark ...
        (["1.500", "2.300", "4.100", "750"], [1500, 2300, 4100, 750]),
        (["1.500", "2.300", "4.100", "1234"], [None, None, None, 1234]),
        # ... or two contradict each other.
        (["1.234", "12,5", "12.5"], [None, 12.5, 12.5]),
    ],
)
def test_a_lone_mark_is_settled_by_its_column(texts: list[str], values: list[object]) -> None:
    found = rows(parse_amounts(texts))
    assert [value for value, _, _ in found] == values
    assert all((value is None) == (fault == Fault.AMBIGUOUS_NUMBER) for value, fault, _ in found)


def test_numbers_have_the_decimal_comma_unless_told() -> None:
    assert rows(parse_numbers(["1,234", "1.234", "12 %", "0,123"])) == [
        (1.234, OK, NONE),
        (1234, OK, NONE),
        (12, OK, NONE),
        (0.123, OK, NONE),
    ]
    assert rows(parse_numbers(["1,234"], decimal="."))[0][0] == 1234
    assert rows(parse_numbers(["1,234"], decimal=None))[0][1] == Fault.AMBIGUOUS_NUMBER


def test_whole_numbers() -> None:
    assert rows(parse_whole(["3", "3,0", "1 234", "3,5", "-", "tre"])) == [
        (3, OK, NONE),
        (3, OK, NONE),
        (1234, OK, NONE),
        (None, Fault.NOT_A_NUMBER, NONE),
        (None, OK, NONE),
        (None, Fault.NOT_A_NUMBER, NONE),
    ]


JANUARY = dt.datetime(2024, 1, 31)  # noqa: DTZ001 - dates have no zone


@pytest.mark.parametrize(
    "text",
    [
        *("2024-01-31", "20240131", "31/1 2024", "31.1.2024", "31/1-24", "31-01-2024"),
        *("2024/01/31", "2024-1-31", "31 januari 2024", "den 31 jan 2024", "31 Jan. 24"),
        *("2024-01-31T00:00:00Z", "2024-01-30T23:00:00Z", "2024-01-31T12:00:00.000+01:00"),
        *("2024-01-31 14:30", "2024-01-31 14:30:59", "31.1.2024 12.30", "2024-01-31 kl 9.05"),
        *("\u00a02024-01-31 ", "2024\u201301\u201331"),
    ],
)
def test_dates(text: str) -> None:
    assert rows(parse_dates([text], reference=REFERENCE)) == [(JANUARY, OK, NONE)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("3/4 2024", Fault.AMBIGUOUS_DATE),
        ("24-01-31", Fault.AMBIGUOUS_DATE),
        ("2024-01", Fault.NO_DAY),
        ("jan-24", Fault.NO_DAY),
        ("2023-02-29", Fault.NOT_A_DATE),
        ("2024-13-01", Fault.NOT_A_DATE),
        ("2024-00-10", Fault.NOT_A_DATE),
        ("0000-01-01", Fault.NOT_A_DATE),
        ("31/11 2024", Fault.NOT_A_DATE),
        ("12345", Fault.NOT_A_DATE),
        ("2024-01-31T25:00:00Z", Fault.NOT_A_DATE),
        ("2024-01-31T12:00:00+99:00", Fault.NOT_A_DATE),
        ("i fjol", Fault.NOT_A_DATE),
        ("", OK),
    ],
)
def test_no_dates(text: str, fault: Fault) -> None:
    assert rows(parse_dates([text], reference=REFERENCE)) == [(None, fault, NONE)]


def test_day_and_month_are_settled_by_their_column() -> None:
    def months(*texts: str) -> list[object]:
        return [
            value.month if isinstance(value, dt.datetime) else value
            for value, _, _ in rows(parse_dates(texts, reference=REFERENCE))
        ]

    assert months("3/4 2024", "31/1 2024") == [4, 1]
    assert months("3/4 2024", "1/31 2024") == [3, 1]
    assert months("3/4 2024", "31/1 2024", "1/31 2024") == [None, 1, 1]
    assert months("4/4 2024") == [4]
    (found,) = rows(parse_dates(["3/4 2024"], reference=REFERENCE, order="dmy"))
    assert found[0] == dt.datetime(2024, 4, 3)  # noqa: DTZ001


def test_serial_dates_and_open_ends_are_counted() -> None:
    texts = ["45322", "45322.5", "9999-12-31"]
    assert rows(parse_dates(texts, reference=REFERENCE, open_end=True)) == [
        (JANUARY, OK, Correction.SERIAL_DATE),
        (JANUARY, OK, Correction.SERIAL_DATE),
        (None, OK, Correction.OPEN_END),
    ]
    assert rows(parse_dates(texts, reference=REFERENCE))[2][0] is not None


@pytest.mark.parametrize(
    ("text", "reference", "year"),
    [
        ("31/1 24", dt.date(2024, 5, 1), 2024),
        ("31/1 34", dt.date(2024, 5, 1), 2034),
        ("31/1 35", dt.date(2024, 5, 1), 1935),
        ("31/1 24", dt.date(2010, 5, 1), 1924),
    ],
)
def test_years_of_two_digits_follow_the_extraction_date(
    text: str, reference: dt.date, year: int
) -> None:
    (found,) = rows(parse_dates([text], reference=reference))
    assert isinstance(found[0], dt.datetime)
    assert found[0].year == year


@pytest.mark.parametrize(
    ("text", "correction"),
    [
        *((text, NONE) for text in ("2024-01", "202401", "jan-24", "januari 2024", "01/2024")),
        *((text, NONE) for text in ("Jan 2024", "jan. 24", "2024 januari", "2024/01")),
        *((text, Correction.DATE_TO_MONTH) for text in ("2024-01-31", "20240115", "31/1 2024")),
    ],
)
def test_months(text: str, correction: Correction) -> None:
    assert rows(parse_months([text], reference=REFERENCE)) == [
        (JANUARY.replace(day=1), OK, correction)
    ]


@pytest.mark.parametrize("text", ["2024-13", "202400", "mån-24", "1", "vår 2024"])
def test_no_months(text: str) -> None:
    assert rows(parse_months([text], reference=REFERENCE)) == [(None, Fault.NOT_A_MONTH, NONE)]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        *(("14:30", 870), ("14.30", 870), ("1430", 870), ("kl 14:30", 870), ("0:05", 5)),
        *(("2024-01-31 14:30", 870), ("2024-01-31T14:30:00", 870), ("23:59:59", 1439)),
        *(("24:00", None), ("12:60", None), ("halv tre", None)),
    ],
)
def test_times(text: str, minutes: int | None) -> None:
    fault = OK if minutes is not None else Fault.NOT_A_TIME
    assert rows(parse_times([text])) == [(minutes, fault, NONE)]


def test_flags() -> None:
    texts = ["J", "n", "Ja", "NEJ ", "1", "0", "X", "true", "falskt", "", "kanske"]
    values = [True, False, True, False, True, False, True, True, False, None, None]
    found = rows(parse_flags(texts))
    assert [value for value, _, _ in found] == values
    assert [fault for _, fault, _ in found] == [*[OK] * 10, Fault.NOT_YES_OR_NO]


def test_crosses() -> None:
    assert is_crosses(["X", "x ", "-"])
    assert is_crosses(["X", "kanske"])  # a stray word is the fault of its own row
    assert not is_crosses(["X", "J"])
    assert not is_crosses(["kanske"])
    assert not is_crosses(["", "-"])
    assert is_crosses(["X", "kanske"])  # a slip of the pen makes no other column of it


def test_sex() -> None:
    texts = ["K", "kvinna", "Kv", "F", "flicka", "2", "M", "Man", "P", "pojke", "1", "", "annat"]
    assert [value for value, _, _ in rows(parse_sex(texts))] == [
        *(["women"] * 6),
        *(["men"] * 5),
        *(None, None),
    ]
    assert rows(parse_sex(["annat"]))[0][1] == Fault.UNKNOWN_CODE


CODES = {"011": "011", "Arbetslös, otillräcklig ersättning": "011", "090": "090", "999": "999"}


@pytest.mark.parametrize(
    ("text", "code", "fault", "correction"),
    [
        ("011", "011", OK, NONE),
        ("11", "011", OK, Correction.ZEROS_RESTORED),
        ("011 Arbetslös, otillräcklig ersättning (-2016)", "011", OK, NONE),
        ("011 - Arbetslös", "011", OK, NONE),
        ("ARBETSLÖS  otillräcklig ersättning", "011", OK, NONE),
        (
            "Arbetsl\ufffds, otillr\ufffdcklig ers\ufffdttning",
            "011",
            OK,
            Correction.LETTERS_RESTORED,
        ),
        ("90", "090", OK, Correction.ZEROS_RESTORED),
        ("900", None, Fault.UNKNOWN_CODE, NONE),
        ("A\ufffdb", None, Fault.DAMAGED_TEXT, NONE),
        ("", None, OK, NONE),
    ],
)
def test_codes(text: str, code: str | None, fault: Fault, correction: Correction) -> None:
    assert rows(parse_codes([text], CODES, zeros=3)) == [(code, fault, correction)]


def test_lost_letters_are_guessed_only_when_one_spelling_fits() -> None:
    assert fitting_spellings("h\ufffdm", ["hem", "ham"]) == []
    assert fitting_spellings("bost\ufffdd", ["bostad", "bostod"]) == ["bostad", "bostod"]
    assert rows(parse_codes(["bost\ufffdd"], {"bostad": "a", "bostod": "b"}))[0][0] is None
    assert nearest("Personnumer", ["Personnummer", "Belopp"]) == ["Personnummer"]


def test_where_words_are_codes_the_whole_text_must_be_known() -> None:
    codes = {"LVU": "unstated", "3 § LVU": "section_3"}
    texts = ["LVU", "LVU 11 §"]
    assert [each[0] for each in rows(parse_codes(texts, codes))] == ["unstated", "unstated"]
    whole = rows(parse_codes(texts, codes, leading=False))
    assert whole[0][0] == "unstated"
    assert whole[1][0] is None
    assert whole[1][1] == Fault.UNKNOWN_CODE


def test_values_go_back_to_their_rows() -> None:
    column = pd.Series(["b", "a", None, "b", "x"], dtype="category", index=[9, 8, 7, 6, 5])
    before = column.copy()
    found = read_values(column, lambda texts: parse_codes(texts, {"a": "1", "b": "01"}))
    assert found.series.astype("object").where(found.series.notna(), None).to_dict() == {
        9: "01",
        8: "1",
        7: None,
        6: "01",
        5: None,
    }
    assert found.faults.tolist() == [0, 0, 0, 0, Fault.UNKNOWN_CODE]
    pd.testing.assert_series_equal(column, before)


def test_corrections_are_counted_by_row() -> None:
    column = pd.Series(["250-", "250-", "3 tkr", "1"], dtype="category")
    found = read_values(column, parse_amounts)
    assert found.corrections == {"trailing_minus": 2, "unit_applied": 1}
    assert found.series.tolist() == [-250, -250, 3000, 1]


@pytest.mark.parametrize(
    ("parser", "dtype"),
    [
        (parse_amounts, "float64"),
        (parse_whole, "int64[pyarrow]"),
        (lambda texts: parse_dates(texts, reference=REFERENCE), "datetime64[us]"),
        (lambda texts: parse_months(texts, reference=REFERENCE), "datetime64[us]"),
        (parse_times, "int64[pyarrow]"),
        (parse_flags, "bool[pyarrow]"),
        (parse_sex, "category"),
        (parse_text, "category"),
    ],
)
def test_types_hold_also_without_rows(
    parser: Callable[[Sequence[str]], Parsed], dtype: str
) -> None:
    for column in ([], [None], ["?"], ["vad"]):
        found = read_values(pd.Series(column, dtype="object").astype("category"), parser)
        assert str(found.series.dtype) == dtype
        assert found.series.isna().all() or parser is parse_text


PARSERS: list[Callable[[Sequence[str]], Parsed]] = [
    parse_amounts,
    parse_numbers,
    parse_whole,
    lambda texts: parse_dates(texts, reference=REFERENCE, open_end=True),
    lambda texts: parse_months(texts, reference=REFERENCE),
    parse_times,
    parse_flags,
    parse_sex,
    parse_text,
    lambda texts: parse_codes(texts, CODES, zeros=3),
]


@pytest.mark.parametrize("parser", PARSERS)
@given(texts=st.lists(st.text(max_size=20) | st.text("0123456789 .,/-+:TZjanfebkr()", max_size=14)))
def test_any_text_has_a_value_or_a_fault_or_is_missing(
    parser: Callable[[Sequence[str]], Parsed], texts: list[str]
) -> None:
    parsed = parser(texts)
    assert len(parsed.distinct) == len(parsed.faults) == len(parsed.corrections) == len(texts)
    for value, fault, _ in rows(parsed):
        assert value is None or fault == OK


@given(number=st.integers(-(10**9), 10**9), spaces=st.sampled_from([" ", "\u00a0", "\u202f", ""]))
def test_swedish_amounts_come_back(number: int, spaces: str) -> None:
    whole, ore = divmod(abs(number), 100)
    text = f"{'-' if number < 0 else ''}{whole:,}".replace(",", spaces) + f",{ore:02}"
    (found,) = rows(parse_amounts([text]))
    assert isinstance(found[0], float)
    assert math.isclose(found[0] * 100, number, abs_tol=1e-6)


@given(day=st.dates(dt.date(1950, 1, 1), dt.date(2099, 12, 30)))
def test_dates_come_back_from_every_form(day: dt.date) -> None:
    serial = (day - dt.date(1899, 12, 30)).days
    forms = [day.isoformat(), f"{day:%Y%m%d}", f"{day:%Y-%m-%d}T12:00:00", str(serial)]
    expected = np.full(4, np.datetime64(day, "us"))
    assert (parse_dates(forms, reference=REFERENCE).distinct == expected).all()


def test_damaged_text_is_a_fault_and_not_a_value() -> None:
    assert rows(parse_text([" Skåne ", "Sk\ufffdne", "Ume\ufffd", "saknas"])) == [
        ("Skåne", OK, NONE),
        ("Skåne", OK, Correction.LETTERS_RESTORED),
        (None, Fault.DAMAGED_TEXT, NONE),
        (None, OK, NONE),
    ]
