"""What stands beside a finished report is enough to attack it, and tells nothing that is hidden."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.disclosure.independent import random_cube
from umea_eval.disclosure.attack import attack_finished
from umea_eval.disclosure.profiles import release
from umea_eval.disclosure.rules import RULES
from umea_eval.disclosure.stored import Published, from_json, to_json
from umea_eval.disclosure.tables import Field, Released, Table

W = {"sv": "x", "en": "x"}
RULE = RULES["default"]


def count(name: str, measure: str, **more: Any) -> Field:
    return Field(name, W, kind="count", measure=measure, **more)


def sexes(rows: list[tuple[str, str, int]], **more: Any) -> Table:
    frame = pd.DataFrame(rows, columns=["unit", "sex", "n"])
    columns = (
        Field("unit", W, kind="id"),
        Field("sex", W, kind="id"),
        count("n", "residents"),
    )
    return Table("sexes", frame, columns, **more)


def units(women: int) -> list[tuple[str, str, int]]:
    """B has 30 residents of whom few are women; A is large."""
    a = [("A", "women", 18), ("A", "men", 22), ("A", "total", 40)]
    return [*a, ("B", "women", women), ("B", "men", 30 - women), ("B", "total", 30)]


def stored(*tables: Table, profile: str = "default") -> dict[str, Any]:
    written = to_json(release(tables, profile, ()))
    assert written is not None
    plain: dict[str, Any] = json.loads(json.dumps(written, allow_nan=False))
    return plain


def read(*tables: Table, profile: str = "default") -> Published:
    return from_json(stored(*tables, profile=profile))


def shown(written: dict[str, Any], row: int, value: float) -> dict[str, Any]:
    """The same with one more number of the first count."""
    column = next(each for each in written["tables"][0]["columns"] if each["kind"] == "count")
    column["values"][row] = value
    column["hidden"].remove(row)
    return written


def test_a_finished_report_holds_until_a_complement_is_shown() -> None:
    written = stored(sexes(units(3)))
    published = from_json(written)
    # B's women (3) and, since B's total is shown, B's men.
    assert published.hidden() == 2
    assert attack_finished(published, RULE) == ()
    # 30 - 27 leaves one value for the women of B, and the profile asks for four.
    opened = attack_finished(from_json(shown(written, 4, 27)), RULE)
    assert [(each.place, each.row, each.possible, each.wanted) for each in opened] == [
        (("sexes", 3, "n"), ("B", "women"), 1, 4)
    ]


def test_what_is_hidden_is_not_told() -> None:
    # Two registers that look alike when released: 3 + 27 and 2 + 28 are both hidden.
    assert stored(sexes(units(3))) == stored(sexes(units(2)))


def test_homes_of_a_small_table_are_not_named() -> None:
    homes = pd.DataFrame({"home": ["Alen", "Björken", "total"], "n": [6, 8, 14]})
    columns = (Field("home", W, kind="id"), count("n", "residents"))
    written = json.dumps(stored(Table("homes", homes, columns)))
    assert "Alen" not in written
    assert "14" not in written.replace('"format"', "")


def test_a_rest_that_is_not_shown_is_known_to_the_finished_attack() -> None:
    # 30 residents, 3 women, 20 men and 7 of whom the sex is unknown: without the seven, which no
    # table shows, women and men would have to be 30 together.
    rows = [("B", "women", 3), ("B", "men", 20), ("B", "total", 30)]
    published = read(sexes(rows))
    assert any(name.role == "rest" for name in published.counts.names)
    assert attack_finished(published, RULE) == ()


def test_rates_are_known_with_the_digits_of_the_page() -> None:
    frame = pd.DataFrame({"unit": ["A", "B"], "n": [10, 3], "of": [30, 70]})
    frame["share"] = frame["n"] / frame["of"]
    columns = (
        Field("unit", W, kind="id"),
        count("n", "examined", of="of"),
        count("of", "offered"),
        Field("share", W, kind="share", numerator="n", denominator="of"),
    )
    table = Table("units", frame, columns)
    column = stored(table)["tables"][0]["columns"][3]
    assert column["values"] == [0.333, None]
    assert attack_finished(read(table), RULE) == ()


def test_a_value_behind_a_rate_is_known_with_the_digits_of_the_page() -> None:
    # To the day the years would tell what other tables hide of days.
    frame = pd.DataFrame({"sex": ["women", "men", "total"], "moves": [9, 3, 12], "n": [28, 19, 47]})
    frame["years"] = [5935 / 365, 4167 / 365, 10102 / 365]
    frame["rate"] = frame["moves"] / frame["years"]
    columns = (
        Field("sex", W, kind="id"),
        count("moves", "moves", persons=False),
        count("n", "residents"),
        Field("years", W, kind="value", decimals=0, denominator="n"),
        Field("rate", W, kind="rate", decimals=2, numerator="moves", denominator="years"),
    )
    table = Table("moves", frame, columns)
    written = stored(table)
    columns_of = {each["name"]: each["values"] for each in written["tables"][0]["columns"]}
    assert columns_of["years"] == [16, 11, 28]
    assert columns_of["rate"] == [None, None, 0.43]
    assert attack_finished(read(table), RULE) == ()
    # 0.26 moves a year in 11 years, give or take half a year: no other number than three.
    column = next(each for each in written["tables"][0]["columns"] if each["name"] == "rate")
    column["values"][1] = 0.26
    column["hidden"].remove(1)
    opened = attack_finished(from_json(written), RULE)
    assert ("men",) in [each.row for each in opened]


def test_the_sum_of_a_stock_over_months_is_no_secret_that_opens_another() -> None:
    # 24 months of some 700 are far more in all than any number shown, and no table shows that sum.
    came, went = [40] * 24, [*[40] * 5, 3, *[40] * 18]
    stock = (700 + np.cumsum([0, *came[1:]]) - np.cumsum([0, *went[:-1]])).tolist()
    frame = pd.DataFrame({"month": [f"m{n:02}" for n in range(24)], "stock": stock})
    frame = frame.assign(came=came, went=went)
    frame = frame.assign(before=frame["stock"] - frame["came"], left=frame["stock"] - went)
    columns = (
        Field("month", W, kind="id"),
        *(count(name, name, persons=False) for name in ("stock", "came", "went")),
        *(count(name, name, persons=False, show=False) for name in ("before", "left")),
    )
    sums = {"stock": (("before", "came"), ("left", "went"))}
    made = read(Table("flows", frame, columns, sums=sums, follows={"before": "left"}))
    assert made.tables[0].suppressed["stock"].sum() == 1
    assert attack_finished(made, RULE) == ()


@pytest.mark.parametrize("profile", ["default", "strict"])
@pytest.mark.parametrize("seed", range(10))
def test_a_report_that_was_released_holds_as_it_lies(seed: int, profile: str) -> None:
    made = random_cube(seed + 300, ((3, 3), (2, 2, 2))[seed % 2])
    tables = [table for table, _ in made.tables(apart=seed % 2 == 1).values()]
    assert attack_finished(read(*tables, profile=profile), RULES[profile]) == ()


def test_an_amount_is_opened_when_its_parts_are_shown() -> None:
    # B's only household is hidden, and A with it: 900 in all would give B's 400.
    frame = pd.DataFrame({"unit": ["A", "B", "C", "total"], "n": [20, 1, 30, 51]})
    frame["paid"] = [5000.0, 400.0, 7000.0, 12400.0]
    frame["largest"] = [900.0, 400.0, 800.0, 900.0]
    columns = (
        Field("unit", W, kind="id"),
        count("n", "households"),
        Field(*("paid", W), kind="amount", measure="kronor", denominator="n", largest=("largest",)),
    )
    written = stored(Table("paid", frame, columns))
    assert attack_finished(from_json(written), RULE) == ()
    column = written["tables"][0]["columns"][2]
    hidden = [row for row in column["hidden"] if row != 1]
    assert hidden  # a complement
    column["hidden"] = [1]
    for row in hidden:
        column["values"][row] = frame["paid"][row]
    places = [each.place for each in attack_finished(from_json(written), RULE)]
    assert places == [("paid", 1, "paid")]


def test_nothing_is_stored_where_nothing_is_suppressed() -> None:
    assert to_json(release([sexes(units(3))], "default", (), edition="intern")) is None
    assert to_json(Released({})) is None


@pytest.mark.parametrize(
    "spoilt", [{"format": 2}, {"format": 1}, {"format": 1, "tables": [{}], "counts": {}}]
)
def test_other_json_is_refused(spoilt: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_json(spoilt)


def test_a_cell_that_does_not_exist_is_refused() -> None:
    written = stored(sexes(units(3)))
    written["counts"]["sums"][0] = [0, 99]
    with pytest.raises(ValueError, match="does not exist"):
        from_json(written)
