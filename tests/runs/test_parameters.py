"""Parameters: what a notebook declares, and what a user may write."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.projects import PARAMETERS, cell, notebook
from umea_eval.errors import UserError
from umea_eval.runs.parameters import (
    Parameter,
    Value,
    as_code,
    as_text,
    bind,
    read_parameters,
)

DECLARED = (
    PARAMETERS
    + """
share: float = 1  # Andel | Share
code: str = "0180"  # Kommunkod
whole: bool = False
until: date | None = None  # Sista dag | Last day
since: date = date(2020, 2, 29)
level: Literal[1, 2, 3] = 2  # Nivå | Level
sexes: list[Literal["women", "men"]] = [
    "women",
    "men",
]  # Kön | Sexes
years: list[int] = []
days: list[date] = [date(2021, 1, 1)]
"""
)


def write(folder: Path, source: str, *tags: str) -> Path:
    path = folder / "n.ipynb"
    path.write_text(notebook(cell(source, *(tags or ("parameters",)))), encoding="utf-8")
    return path


@pytest.fixture
def declared(tmp_path: Path) -> tuple[Parameter, ...]:
    return read_parameters(write(tmp_path, DECLARED))


def test_declaration_is_read_without_being_run(declared: tuple[Parameter, ...]) -> None:
    by_name = {parameter.name: parameter for parameter in declared}
    assert list(by_name) == [
        *("language", "profile", "period", "share", "code", "whole", "until", "since"),
        *("level", "sexes", "years", "days"),
    ]
    assert by_name["language"].choices == ("sv", "en")
    assert by_name["period"] == Parameter(
        "period",
        "int",
        2023,
        help_sv="Året som rapporten gäller",
        help_en="The year that the report covers",
    )
    assert by_name["share"].default == 1.0
    assert type(by_name["share"].default) is float
    assert by_name["code"].help("en") == "Kommunkod"
    assert by_name["whole"].help("sv") == ""
    assert by_name["until"].optional
    assert by_name["since"].default == date(2020, 2, 29)
    assert by_name["level"].choices == (1, 2, 3)
    assert by_name["sexes"].many
    assert by_name["sexes"].default == ["women", "men"]
    assert by_name["sexes"].help("en") == "Sexes"
    assert by_name["days"].default == [date(2021, 1, 1)]


COMMON = 'language: Literal["sv", "en"] = "sv"\nprofile: str = "public"\n'


@pytest.mark.parametrize(
    ("source", "key", "line"),
    [
        ("period = 2023", "cell_statement", 1),
        ("print('hello')", "cell_statement", 1),
        ("import os\nfor x in (): pass", "cell_statement", 2),
        ("period: int = 'a'", "cell_default", 1),
        ("period: int = True", "cell_default", 1),
        ("flag: bool = 1", "cell_default", 1),
        ("period: int", "cell_default", 1),
        ("period: int = 1 + 1", "cell_default", 1),
        ("period: int = None", "cell_default", 1),
        ("x: float = 1e999", "cell_default", 1),
        ("day: date = date(2023, 2, 30)", "cell_default", 1),
        ("level: Literal[1, 2] = 3", "cell_default", 1),
        ("names: list[str] = 'abc'", "cell_default", 1),
        ("names: list[str] = [1]", "cell_default", 1),
        ("x: dict[str, int] = {}", "cell_type", 1),
        ("x: list[list[int]] = []", "cell_type", 1),
        ("x: int | str = 1", "cell_type", 1),
        ("x: Literal[1, 'a'] = 1", "cell_type", 1),
        ("x: Literal[True] = True", "cell_type", 1),
        ("x: Literal[y] = 1", "cell_type", 1),
        ("a: int = 1\na: int = 2", "cell_twice", 2),
        ("a: int = (", "cell_syntax", 1),
        ("%matplotlib inline", "cell_syntax", 1),
    ],
)
def test_malformed_declaration_names_notebook_and_line(
    tmp_path: Path, source: str, key: str, line: int
) -> None:
    with pytest.raises(UserError) as caught:
        read_parameters(write(tmp_path, source))
    assert caught.value.key == f"runs.errors.{key}"
    assert caught.value.values["notebook"] == "n.ipynb"
    assert caught.value.values["line"] == line
    assert "{" not in caught.value.message("en")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "notebook_unreadable"),
        ("no json", "notebook_unreadable"),
        ("[]", "notebook_unreadable"),
        ('{"cells": 1, "nbformat": 4}', "notebook_unreadable"),
        ('{"cells": [1], "nbformat": 4}', "notebook_unreadable"),
        ('{"worksheets": [], "nbformat": 3}', "notebook_unreadable"),
        (notebook(cell("x: int = 1")), "cell_missing"),
        (notebook(cell(COMMON, "parameters"), cell(COMMON, "parameters")), "cell_many"),
        (notebook(cell("profile: str = 'public'", "parameters")), "cell_common"),
    ],
)
def test_file_that_is_no_notebook_of_ours(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_parameters(path)
    assert caught.value.key == f"runs.errors.{key}"


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="notebook"):
        read_parameters(path)


@pytest.mark.parametrize(
    ("assignment", "name", "value"),
    [
        ("period=1999", "period", 1999),
        ("years=-5", "years", [-5]),
        ("years=\u22125", "years", [-5]),
        (" period = 2100 ", "period", 2100),
        ("share=0,95", "share", 0.95),
        ("share=1e-3", "share", 0.001),
        ("code=0180", "code", "0180"),
        ("code=a=b", "code", "a=b"),
        ("code=", "code", ""),
        ("whole=ja", "whole", True),
        ("whole=JA", "whole", True),
        ("whole=0", "whole", False),
        ("until=2023-12-31", "until", date(2023, 12, 31)),
        ("until=", "until", None),
        ("level=3", "level", 3),
        ("sexes=men", "sexes", ["men"]),
        ("sexes=men, women", "sexes", ["men", "women"]),
        ("years=", "years", []),
        ("years=2021,2022", "years", [2021, 2022]),
        ("days=2021-01-01,2022-01-01", "days", [date(2021, 1, 1), date(2022, 1, 1)]),
    ],
)
def test_values_get_their_type(
    declared: tuple[Parameter, ...], assignment: str, name: str, value: Value
) -> None:
    bound = bind(declared, [assignment])
    assert bound[name] == value
    assert type(bound[name]) is type(value)
    assert list(bound) == [parameter.name for parameter in declared]


@pytest.mark.parametrize(
    ("assignment", "key"),
    [
        ("period", "assignment"),
        ("perod=2023", "unknown"),
        ("=2023", "unknown"),
        ("period=2023,5", "value"),
        ("period=tjugo", "value"),
        ("period=1_000", "value"),
        ("period=２０２３", "value"),
        ("period=" + "9" * 5000, "value"),
        ("period=1899", "value"),
        ("period=99999", "value"),
        ("period=-2023", "value"),
        ("share=nan", "value"),
        ("share=inf", "value"),
        ("share=1e999", "value"),
        ("whole=kanske", "value"),
        ("since=", "value"),
        ("since=2023-02-30", "value"),
        ("since=20230101", "value"),
        ("since=2023-W01-1", "value"),
        ("level=4", "value"),
        ("sexes=", "sexes"),
        ("sexes=men,,women", "value"),
        ("sexes=girls", "value"),
    ],
)
def test_wrong_values_are_refused_without_being_repeated(
    declared: tuple[Parameter, ...], assignment: str, key: str
) -> None:
    if key == "sexes":  # an empty list is a list
        assert bind(declared, [assignment])["sexes"] == []
        return
    with pytest.raises(UserError) as caught:
        bind(declared, [assignment])
    message = caught.value.message("sv")
    value = assignment.partition("=")[2]
    if key == "value":
        assert "Väntade" in message
        assert len(value) < 2 or value not in message


def test_several_faults_are_told_together_in_either_language(
    declared: tuple[Parameter, ...],
) -> None:
    wrong = ["perod=1", "whole=hej", "code=1", "code=2", "level=9", "level=1"]
    with pytest.raises(UserError) as caught:
        bind(declared, wrong, language="en")
    lines = caught.value.message().splitlines()
    assert lines[1:] == [
        '- There is no parameter "perod". Did you mean "period"? Possible parameters: language, '
        "profile, period, share, code, whole, until, since, level, sexes, years and days.",
        '- The parameter "whole" has a wrong value. Expected: yes or no.',
        '- The parameter "code" is given twice. Keep one.',
        '- The parameter "level" has a wrong value. Expected: one of: 1, 2, 3.',
        '- The parameter "level" is given twice. Keep one.',
    ]


def test_what_the_settings_say_stands_until_the_user_says_otherwise(
    declared: tuple[Parameter, ...],
) -> None:
    standing: dict[str, Value] = {"language": "en", "other": 1}
    assert bind(declared, [], standing=standing)["language"] == "en"
    assert bind(declared, ["language=sv"], standing=standing)["language"] == "sv"
    assert "other" not in bind(declared, [], standing=standing)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(max_codepoint=0x2FF), max_size=20),
    st.dates(),
)


@given(
    st.dictionaries(
        st.sampled_from("abcde"), st.one_of(VALUES, st.lists(VALUES, max_size=4)), max_size=5
    )
)
def test_injected_code_gives_back_the_very_values(values: dict[str, Value]) -> None:
    scope: dict[str, object] = {}
    exec(as_code(values), scope)  # noqa: S102 - that it is only literals is what is tested
    assert {name: scope[name] for name in values} == values


@given(st.sampled_from(["int", "float", "str", "bool", "date"]), st.data())
def test_what_is_shown_can_be_written_back(kind: str, data: st.DataObject) -> None:
    strategy = {
        "int": st.integers(-(10**17), 10**17),
        "float": st.floats(-1e15, 1e15, allow_nan=False),
        "str": st.text(st.characters(categories=("L", "N"), max_codepoint=0x17F)),
        "bool": st.booleans(),
        "date": st.dates(),
    }[kind]
    value = data.draw(strategy)
    parameter = Parameter("x", kind, None)  # type: ignore[arg-type]
    again = bind([parameter], [f"x={as_text(value)}"])["x"]
    assert again == value
