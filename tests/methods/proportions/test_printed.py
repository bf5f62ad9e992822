from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.methods.reading import plain
from umea_eval.errors import UserError
from umea_eval.methods.proportions import possible_counts, possible_groups


def _prints_as(x: int, n: int, decimals: int) -> set[Decimal]:
    exact = Decimal(100 * x) / Decimal(n)
    unit = Decimal(1).scaleb(-decimals)
    return {exact.quantize(unit, rounding=rule) for rule in (ROUND_HALF_UP, ROUND_HALF_EVEN)}


@given(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.integers(0, 2),
)
def test_what_was_printed_is_always_possible(count: tuple[int, int], decimals: int) -> None:
    for printed in _prints_as(*count, decimals):
        assert count[1] in possible_counts(printed, up_to=60).bases


@pytest.mark.parametrize("printed", ["33", "0", "100", "12.5", "7,1 %"])
def test_equals_trying_every_count(printed: str) -> None:
    number = Decimal(printed.rstrip(" %").replace(",", "."))
    half = Decimal("0.5").scaleb(number.as_tuple().exponent)
    tried = [
        (x, n) for n in range(1, 61) for x in range(n + 1) if abs(100 * x - number * n) <= half * n
    ]
    table = possible_counts(printed, up_to=60).table
    assert list(zip(table["numerator"], table["denominator"], strict=True)) == tried


def test_halves_may_have_gone_either_way() -> None:
    # 1/8 is 12.5 percent: printed as 12 by some and as 13 by others.
    assert 8 in possible_counts("12", up_to=8).bases
    assert 8 in possible_counts("13", up_to=8).bases


def test_the_printed_digits_decide() -> None:
    assert 101 in possible_counts("50", up_to=101).bases
    assert 101 not in possible_counts("50.0", up_to=101).bases


def test_several_percentages_of_one_base() -> None:
    # 41 falls of which 20 %, 50 % and 9 %: bases where all three exist.
    bases = possible_counts(["20", "50", "9"], up_to=120).bases
    assert bases == [
        n
        for n in range(1, 121)
        if all(any(abs(100 * x - p * n) * 2 <= n for x in range(n + 1)) for p in (20, 50, 9))
    ]


def test_shares_of_one_whole_add_up() -> None:
    result = possible_counts(["33", "33", "33"], up_to=200, exhaustive=True)
    assert 3 in result.bases
    assert result.smallest["numerator"].sum() == result.smallest["denominator"].iloc[0]
    # 30 % + 30 % cannot be all there is.
    assert possible_counts(["30", "30"], up_to=200, exhaustive=True).table.empty


def test_two_municipalities_and_their_total() -> None:
    # 78 % in all, 84 % and 71 % in the two: the smallest counts are 16/19 + 12/17 = 28/36.
    result = possible_groups(["84", "71"], "78", up_to=100)
    pairs = zip(result.smallest["numerator"], result.smallest["denominator"], strict=True)
    assert list(pairs) == [(16.0, 19.0), (12.0, 17.0), (28.0, 36.0)]
    assert possible_groups(["84", "71"], "78", up_to=35).table.empty
    # Nor are there counts with 14 who took part.
    assert 14.0 not in result.table["numerator"].tolist()


def test_groups_equal_trying_every_count() -> None:
    def fits(x: int, n: int, printed: int) -> bool:
        return abs(100 * x - printed * n) * 2 <= n

    tried = {
        (x1 + x2, n1 + n2)
        for n1, n2 in product(range(1, 24), repeat=2)
        for x1 in range(n1 + 1)
        for x2 in range(n2 + 1)
        if n1 + n2 <= 24 and fits(x1, n1, 60) and fits(x2, n2, 30) and fits(x1 + x2, n1 + n2, 40)
    }
    table = possible_groups(["60", "30"], "40", up_to=24).table
    assert set(zip(table["numerator"], table["denominator"], strict=True)) == tried
    assert tried


def test_text() -> None:
    possible = possible_groups(["84", "71"], "78", up_to=40)
    assert plain(possible.text("sv")) == (
        "2 olika baser på högst 40 kan ge 84 %, 71 % och 78 %. "
        "Den minsta är 16 av 19, 12 av 17 och 28 av 36."
    )
    assert "No counts with a base of at most 35" in possible_groups(
        ["84", "71"], "78", up_to=35
    ).text("en")
    assert possible.plot().get_xlim() == (0, 40)


@pytest.mark.parametrize("printed", ["abc", "-3", "100.5", "NaN"])
def test_what_is_no_percentage_is_an_error(printed: str) -> None:
    with pytest.raises(UserError, match="nummer 2"):
        possible_counts(["50", printed], up_to=10)
