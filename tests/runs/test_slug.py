"""Folder names: readable, safe, bounded, unambiguous."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umea_eval.runs.parameters import Parameter, Value
from umea_eval.runs.slug import LENGTH, slug

PARAMETERS = (
    Parameter("language", "str", "sv", choices=("sv", "en")),
    Parameter("period", "int", 2023),
    Parameter("area", "str", "all"),
    Parameter("years", "int", [2021], many=True),
    Parameter("code", "str", None, optional=True),
)
USUAL: dict[str, Value] = {
    "language": "sv",
    "period": 2023,
    "area": "all",
    "years": [2021],
    "code": None,
}
# Names that Windows keeps for devices, and what a path may not hold.
FORBIDDEN = re.compile(r'(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|[<>:"/\\|?*\x00-\x1f]|[. ]$|^\.')


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "sv"),
        ({"language": "en", "period": 2022}, "en-period-2022"),
        ({"area": "umea"}, "sv-area-umea"),
        ({"years": [2021, 2022]}, "sv-years-2021+2022"),
        ({"area": "Umeå"}, r"sv-area-umea-[0-9a-f]{8}"),
        ({"area": "../../etc"}, r"sv-area-etc-[0-9a-f]{8}"),
        ({"area": ""}, r"sv-area-[0-9a-f]{8}"),
        ({"area": "..."}, r"sv-area-[0-9a-f]{8}"),
    ],
)
def test_readable(changes: dict[str, Value], expected: str) -> None:
    assert re.fullmatch(expected.replace("+", r"\+"), slug(PARAMETERS, USUAL | changes))


TEXT = st.text(st.characters(max_codepoint=0x17F), max_size=80)
VALUES = st.fixed_dictionaries(
    {
        "language": st.sampled_from(["sv", "en"]),
        "period": st.integers(-10, 3000),
        "area": st.one_of(TEXT, st.sampled_from(["a", "A", "å", "a-b", "a b", "CON", "a.", "1+2"])),
        "years": st.lists(st.integers(0, 3000), max_size=30),
        "code": st.one_of(st.none(), TEXT),
    }
)


@given(VALUES)
def test_safe_on_every_system_and_bounded(values: dict[str, Value]) -> None:
    name = slug(PARAMETERS, values)
    assert len(name) <= LENGTH
    assert not FORBIDDEN.search(name)
    assert name == name.lower()


@given(VALUES, VALUES)
def test_different_values_never_share_a_folder(
    first: dict[str, Value], second: dict[str, Value]
) -> None:
    assert (slug(PARAMETERS, first) == slug(PARAMETERS, second)) == (first == second)
