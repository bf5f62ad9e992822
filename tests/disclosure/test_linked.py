"""Which cells are one number, and which are sums of which?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from tests.disclosure.made_tables import (
    SEXES,
    UNITS,
    WORDS,
    count,
    flows,
    ident,
    published,
    shown,
    table,
)
from umea_eval.disclosure.attack import attack
from umea_eval.disclosure.linked import Name, link
from umea_eval.disclosure.profiles import release
from umea_eval.disclosure.rules import RULES
from umea_eval.disclosure.tables import Field, ReleasedTable, Table
from umea_eval.errors import UserError


def test_a_margin_is_recognised_across_tables_whatever_the_columns_are_called() -> None:
    wide = table(
        "wide",
        {"unit": ["A", "B"], "men": [14, 3], "women": [20, 27]},
        *ident("unit"),
        count("men", where={"sex": "men"}),
        count("women", where={"sex": "women"}),
    )
    linked = link([SEXES, UNITS, wide])
    men = linked.names.index(Name("persons", (("sex", "men"), ("unit", "B"))))
    assert [place.table for place in linked.places[men]] == ["sexes", "wide"]
    whole = linked.names.index(Name("persons", (("unit", "B"),)))
    parts = [equation.parts for equation in linked.sums if equation.whole == whole]
    assert len(parts) == 1
    assert sorted(linked.value[list(parts[0])].tolist()) == [3.0, 27.0]


def test_the_known_leak_is_closed() -> None:
    """Men of B = 30 - 27 = 3, though each table by itself looks safe."""
    tables = shown([SEXES, UNITS])
    assert tables["sexes"]["n"] == [14, 20, "..", ".."]
    assert tables["units"]["n"] == [34, 30, 64]
    leak = [published(SEXES, {"n": [2]}), published(UNITS, {})]
    assert [(cell.place.table, cell.place.row, cell.row) for cell in attack(leak, RULES["default"])]
    assert attack(leak, RULES["default"])[0].row == ("B", "men")


def test_a_count_may_be_called_as_its_measure() -> None:
    named = table("t", {"unit": ["A"], "persons": [3]}, *ident("unit"), count("persons"))
    assert link([named]).names == [Name("persons", (("unit", "A"),))]


def test_a_measure_may_be_named_row_by_row() -> None:
    flow = table(
        "flow",
        {"step": ["invited", "examined"], "n": [40, 30]},
        Field("step", WORDS, kind="id"),
        count("n", measure="step"),
    )
    assert link([flow]).names == [Name("examined", ()), Name("invited", ())]


def test_those_whom_no_category_shows_are_a_cell_too() -> None:
    """30 in all, 14 + 15 by sex: one person has no sex recorded."""
    by_sex = table("s", {"sex": ["w", "m", "total"], "n": [14, 15, 30]}, *ident("sex"), count("n"))
    assert Name("persons", (), "rest", "sex") in link([by_sex]).names
    assert ".." in shown([by_sex])["s"]["n"]


def test_two_breakdowns_share_a_margin_that_no_table_shows() -> None:
    """Men and women of B, and young and old of B: 3 + 27 = .. + 20, so the young are known."""
    ages = table(
        "ages",
        {"unit": ["B", "B"], "age": ["old", "young"], "n": [20, 10]},
        *ident("unit", "age"),
        count("n"),
    )
    hidden = shown([SEXES, ages])
    assert hidden["sexes"]["n"][2:] == ["..", ".."] or ".." in hidden["ages"]["n"]
    leak = [published(SEXES, {"n": [2]}), published(ages, {})]
    assert [cell.place.row for cell in attack(leak, RULES["default"])] == [2]


def test_areas_add_up_to_their_municipality() -> None:
    areas = table(
        "areas",
        {"town": ["U", "U", "V"], "area": ["a", "b", "c"], "n": [3, 40, 50]},
        *ident("town", "area"),
        count("n"),
        within={"area": "town"},
    )
    towns = table("towns", {"town": ["U", "V"], "n": [43, 50]}, *ident("town"), count("n"))
    hidden = shown([areas, towns])
    assert hidden["areas"]["n"] == ["..", "..", 50]
    assert hidden["towns"]["n"] == [43, 50]


def test_three_levels_within_each_other_add_up() -> None:
    """a and b lie in U, U and V in the land: 3 of a is hidden by b, and nothing above it."""
    names = {"land": ["S", "S", "S"], "town": ["U", "U", "V"], "area": ["a", "b", "c"]}
    areas = table(
        "areas",
        {**names, "n": [3, 40, 50]},
        *ident("area", "town", "land"),
        count("n"),
        within={"area": "town", "town": "land"},
    )
    land = table("land", {"n": [93], "u": [43]}, count("n"), count("u", where={"town": "U"}))
    hidden = shown([areas, land])
    assert hidden["areas"]["n"] == ["..", "..", 50]
    assert hidden["land"] == {"n": [93], "u": [43]}
    leak = [published(areas, {"n": [0]}), published(land, {})]
    assert [cell.place.row for cell in attack(leak, RULES["default"])] == [0]


def test_months_that_overlap_do_not_add_up() -> None:
    months = table(
        "months",
        {"month": ["1", "2", "total"], "n": [30, 40, 50]},
        *ident("month"),
        count("n"),
        overlapping=("month",),
    )
    assert shown([months])["months"]["n"] == [30, 40, 50]
    with pytest.raises(UserError, match="Delarna är fler"):
        release([Table("m", months.frame, months.columns)], "default", ())


def test_parts_side_by_side_that_add_up_are_known_to() -> None:
    """20 yes + 7 no + 3 do not know = 30, each a measure of its own: 3 = 30 - 27."""
    answers = {"yes": [20], "no": [7], "unknown": [3], "all": [30]}
    made = table(
        "answers",
        answers,
        *(count(name, name, of="all") for name in ("yes", "no", "unknown")),
        count("all", "all"),
    )
    hidden = shown([made])["answers"]
    assert hidden["unknown"] == [".."]
    assert sum(hidden[name] == [".."] for name in answers) >= 2


def test_a_report_without_numbers_passes() -> None:
    assert shown([table("t", {"unit": ["A"]}, *ident("unit"))])["t"]["unit"] == ["A"]
    assert shown([]) == {}


def test_one_cell_with_two_values_is_refused_without_saying_them() -> None:
    other = table("other", {"unit": ["B"], "n": [31]}, *ident("unit"), count("n"))
    with pytest.raises(UserError) as caught:
        release([UNITS, other], "default", ())
    assert caught.value.key == "disclosure.errors.two_values"
    assert "31" not in caught.value.message("sv")


def test_two_columns_of_one_row_are_not_one_cell() -> None:
    """Men and women without ``where``: alike by chance they would pass as one cell."""
    wide = table("wide", {"men": [30], "women": [30]}, count("men"), count("women"))
    with pytest.raises(UserError) as caught:
        release([wide], "default", ())
    assert caught.value.key == "disclosure.errors.same_cell"
    assert "where={...}" in caught.value.message("en")


def test_a_category_is_one_however_it_is_typed() -> None:
    years = [
        pd.Series([2023]),
        pd.Series([2023.0]),
        pd.Series(["2023 "]),
        pd.Series([2023]).astype("int64[pyarrow]"),
    ]
    tables = [
        table(f"t{i}", {"year": year, "n": [30]}, *ident("year"), count("n"))
        for i, year in enumerate(years)
    ]
    days = [pd.to_datetime(pd.Series(["2023-01-31"])), pd.Series(["2023-01-31"])]
    tables += [
        table(f"d{i}", {"year": day, "n": [40]}, *ident("year"), count("n"))
        for i, day in enumerate(days)
    ]
    assert int(link(tables).shown.sum()) == 2


@pytest.mark.parametrize("value", [-1, 2.5])
def test_a_count_is_a_whole_number(value: float) -> None:
    with pytest.raises(UserError, match="helt tal"):
        release([table("t", {"n": [value]}, count("n"))], "default", ())


def test_a_stock_does_not_tell_who_came() -> None:
    """Month 1: 44 in stock before, 37 after, 10 gone: 3 have come."""
    open_book = shown([flows([9, 3, 8], [5, 10, 6], declared=False)])["flows"]
    assert open_book["came"] == [9, "..", 8]
    assert ".." not in [*open_book["stock"], *open_book["went"]]
    closed = shown([flows([9, 3, 8], [5, 10, 6])])["flows"]
    others = [closed["stock"][0], closed["stock"][1], closed["went"][1]]
    assert closed["came"][1] == ".."
    assert ".." in others
    assert closed["before"][1:] == closed["stock"][:2]


def test_a_finished_report_knows_the_sums_too() -> None:
    made = flows([9, 3, 8], [5, 10, 6])
    bare = published(made, {"came": [1]})
    released = ReleasedTable(
        **{name: getattr(bare, name) for name in bare.__dataclass_fields__}
        | {"sums": made.sums, "follows": made.follows}
    )
    assert [cell.place.column for cell in attack([released], RULES["default"])] == ["came"]
    assert attack([bare], RULES["default"]) == ()


def test_sums_that_do_not_hold_are_refused() -> None:
    wrong = replace(flows([9, 3], [4, 10]), follows={"before": "went"})
    with pytest.raises(UserError) as error:
        release([wrong], "default", ())
    assert error.value.key == "disclosure.errors.sums"
    with pytest.raises(KeyError, match="nobody"):
        replace(wrong, follows={"before": "nobody"})


def known_before(*, declared: bool) -> Table:
    """Who has it: found now, or known before. 22 of 60 have it, and 40 were not known before."""
    more: dict[str, Any] = {
        "sums": {"all and found": [("all", "found"), ("has", "new to it", "*neither")]}
    }
    return table(
        "known_before",
        {"all": [60], "has": [22], "new to it": [40], "found": [2]},
        count("all", "all"),
        count("has", "has", of="all"),
        count("new to it", "new to it", of="all"),
        count("found", "found", of="new to it"),
        **(more if declared else {}),
        dimensions=(),
    )


def test_a_part_that_nobody_shows_belongs_to_a_sum() -> None:
    """60 + 2 = 22 + 40 + nobody: who knows the three and that nobody is left knows the 2."""
    open_book = shown([known_before(declared=False)])["known_before"]
    assert open_book["found"] == [".."]
    linked = link([known_before(declared=True)])
    (left,) = (
        name for name in linked.names if name.measure == "known_before" and name.beside[0] == "*"
    )
    assert linked.value[linked.names.index(left)] == 0
    with pytest.raises(UserError, match=r"\S"):
        link([replace(known_before(declared=True), sums={"found": [("new to it", "*left")]})])


def test_persons_can_be_in_several_categories_of_what_adds_up() -> None:
    """Five persons in two kinds of home, four and three: no sum of persons says otherwise."""
    made = table(
        "kinds",
        {"kind": ["a", "b", "total"], "persons": [24, 13, 30]},
        *ident("kind"),
        count("persons", "persons", overlapping=("kind",)),
    )
    linked = link([made])
    assert [name.role for name in linked.names].count("excess") == 1
    with pytest.raises(UserError, match=r"\S"):
        link([replace(made, columns=(*ident("kind"), count("persons", "persons")))])


def test_nobody_of_nobody_is_no_secret() -> None:
    """Fewer than 20 have it and are described: nothing of it is shown. The oldest are none."""
    made = table(
        "ages",
        {
            "age": ["young", "grown", "old", "total"],
            "n": [20, 40, 0, 60],
            "has": [6, 11, 0, 17],
            "still": [5, 9, 0, 14],
        },
        *ident("age"),
        count("n", "households"),
        count("has", "long-term", of="n"),
        count("still", "still there", of="has"),
    )
    book = shown([made])["ages"]  # it is not withheld
    assert book["n"] == [20, 40, 0, 60]
    assert book["has"] == [".."] * 4


@pytest.mark.parametrize("declared", [False, True])
def test_a_part_that_is_named_often_counts_as_often(declared: bool) -> None:
    """6 households with 16 months: who knows that each has one, and the long-term ones ten, finds
    that one of them is. Declared, it is closed."""
    sums = {"months": [("households", *["long"] * 9, "*other months")]} if declared else {}
    ages = table(
        "ages",
        {
            "age": ["young", "middle", "old", "total"],
            "households": [6, 40, 30, 76],
            "months": [16, 250, 200, 466],
            "long": [1, 12, 9, 22],
        },
        *ident("age"),
        count("households", "households"),
        count("months", "months", persons=False),
        count("long", "long", of="households"),
        sums=sums,
    )
    young = release([ages], "default", ())["ages"].set_index("age").loc["young"]
    assert pd.isna(young["long"])
    opened = young[["households", "months"]].notna().all()
    assert bool(opened) is not declared


@pytest.mark.parametrize(("apart", "one"), [(0.01, True), (1.0, False)])
def test_the_same_kronor_may_differ_by_an_ore(apart: float, one: bool) -> None:
    def costs(name: str, cost: float) -> Table:
        return table(
            name,
            {"n": [40], "cost": [cost], "largest": [9_000.0]},
            count("n", "n"),
            Field("cost", kind="amount", measure="cost", denominator="n", largest=("largest",)),
            dimensions=(),
        )

    both = [costs("by kind", 4_725_233.96), costs("by rule", 4_725_233.96 - apart)]
    if one:
        assert len(link(both, "amount")) == 1
    else:
        with pytest.raises(UserError, match=r"\S"):
            link(both, "amount")


@pytest.mark.parametrize(("rest", "hidden"), [("*others", True), ("~others", False)])
def test_a_small_rest_is_a_secret_or_not(rest: str, hidden: bool) -> None:
    """Of 40, 30 go on and 8 end: that two are left is no secret of those who are not followed."""
    step = table(
        "step",
        {"n": [40], "later": [30], "ended": [8]},
        *(count(name, name, persons=False) for name in ("n", "later", "ended")),
        sums={"n": [("later", "ended", rest)]},
        dimensions=(),
    )
    assert (".." in [cells[0] for cells in shown([step])["step"].values()]) is hidden
