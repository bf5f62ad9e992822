"""What is declared too little, or in a way that would protect nothing, is refused or made safe."""

from __future__ import annotations

from typing import Any

import pytest

from tests.disclosure.made_tables import (
    WORDS,
    count,
    ident,
    shown,
    table,
)
from umea_eval.disclosure.profiles import release
from umea_eval.disclosure.tables import Field
from umea_eval.errors import UserError


@pytest.mark.parametrize(
    ("column", "missing"),
    [
        (Field("n", WORDS, kind="count"), "measure"),
        (Field("n", WORDS, kind="share"), "numerator, denominator"),
        (Field("n", WORDS, kind="rate", numerator="n"), "denominator"),
        (Field("n", WORDS, kind="amount", measure="kr"), "denominator, largest"),
        (Field("n", WORDS, kind="value"), "denominator"),
    ],
)
def test_what_is_not_declared_is_refused(column: Field, missing: str) -> None:
    with pytest.raises(UserError) as caught:
        release([table("t", {"n": [1]}, column)], "default", ())
    assert caught.value.key == "disclosure.errors.undeclared"
    assert f"saknar {missing}." in caught.value.message("sv")
    free = Field("n", WORDS, kind=column.kind, personal=False)
    assert shown([table("t", {"n": [1]}, free)])["t"]["n"] == [1]


@pytest.mark.parametrize("total", ["total ", "Samtliga pa\u030a listan", 0])
def test_a_total_is_known_however_it_is_written(total: Any) -> None:
    """Categories are compared without spaces and in one form of Unicode; so is that of all."""
    made = table(
        "t",
        {"area": ["A", "B", total], "n": [3, 27, 30]},
        *ident("area"),
        count("n", persons=False),
        total=total,
    )
    assert shown([made])["t"]["n"] == ["..", "..", 30]


def test_numbers_are_no_text() -> None:
    """A column without a kind is text, and text is not protected."""
    data = {"area": ["A", "B"], "n": [3, 27], "known": [True, False]}
    forgotten = table("t", data, *ident("area"), Field("n", WORDS), Field("known", WORDS))
    with pytest.raises(UserError, match="kind"):
        release([forgotten], "default", ())
    said = table("t", data, *ident("area"), Field("n", WORDS, personal=False))
    assert shown([said])["t"]["n"] == [3, 27]


@pytest.mark.parametrize("follows", ["area", "homes"])
def test_a_mean_follows_persons(follows: str) -> None:
    """What follows a name, or a number without persons, is never hidden."""
    data = {"area": ["A", "B"], "n": [3, 27], "homes": [1, 1], "mean": [10.0, 12.0], "sum": 1.0}
    columns = (
        *ident("area"),
        count("n", persons=False),
        Field("homes", WORDS, kind="count", personal=False),
    )
    mean = Field("mean", WORDS, kind="value", denominator=follows)
    amount = Field("sum", WORDS, kind="amount", measure="kr", denominator=follows, largest=("sum",))
    for column in (mean, amount):
        with pytest.raises(UserError, match="denominator"):
            release([table("t", data, *columns, column)], "default", ())


def test_one_household_can_dominate_what_is_paid_back() -> None:
    """Of 900 kronor paid back one household paid 800: a contribution below zero is large too."""
    made = table(
        "t",
        {
            "area": ["A", "B", "total"],
            "n": [10, 20, 30],
            "net": [-900.0, -9000.0, -9900.0],
            "one": [-800.0, -800.0, -800.0],
        },
        *ident("area"),
        count("n", persons=False),
        Field("net", WORDS, kind="amount", measure="net", denominator="n", largest=("one",)),
    )
    assert shown([made])["t"]["net"] == ["..", "..", -9900.0]


@pytest.mark.parametrize("called", ["Total", "alla", "All"])
def test_a_total_by_another_name_is_refused_unless_it_is_said_to_be_one(called: str) -> None:
    """27 women of 30 tell 3 men to whom sees that the last row is the sum."""
    rows = {"sex": ["men", "women", called], "n": [3, 27, 30]}
    with pytest.raises(UserError, match=called):
        release([table("sexes", rows, *ident("sex"), count("n"))], "default", ())
    said = shown([table("sexes", rows, *ident("sex"), count("n"), total=called)])
    assert said["sexes"]["n"].count("..") == 2
