"""What the profiles suppress: the known leaks, worked by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from umea_eval.disclosure import complementary
from umea_eval.disclosure.attack import attack, attack_finished
from umea_eval.disclosure.complementary import Target
from umea_eval.disclosure.linked import Name, link
from umea_eval.disclosure.profiles import PROFILES, Withheld, release
from umea_eval.disclosure.rules import RULES
from umea_eval.disclosure.stored import from_json, to_json
from umea_eval.disclosure.tables import Field, ReleasedTable, Table
from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.methods.proportions.single import wilson
from umea_eval.methods.survival import kaplan_meier

WORDS: dict[Language, str] = {"sv": "x", "en": "x"}


def ident(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, WORDS, kind="id") for name in names)


def count(name: str, measure: str = "persons", **more: Any) -> Field:
    return Field(name, WORDS, kind="count", measure=measure, **more)


def table(name: str, data: Mapping[str, Sequence[object]], *columns: Field, **more: Any) -> Table:
    return Table(name, pd.DataFrame(data), columns, **more)


def shown(tables: Sequence[Table], profile: str = "default") -> dict[str, dict[str, list[Any]]]:
    """By table and column: what is shown, ``..`` for what is suppressed."""
    released = release(tables, profile, ())
    return {
        name: {
            column: [
                ".." if hidden else value
                for value, hidden in zip(
                    released[name][column], released.suppressed(name)[column], strict=True
                )
            ]
            for column in released[name]
        }
        for name in released
    }


def published(made: Table, hide: Mapping[str, Sequence[int]]) -> ReleasedTable:
    """A table as somebody else may publish it, with ``hide`` (rows by column) suppressed."""
    mask = pd.DataFrame(False, index=made.frame.index, columns=made.frame.columns)
    for column, rows in hide.items():
        mask.loc[list(rows), column] = True
    return ReleasedTable(
        made.name,
        made.frame.astype(object).mask(mask),
        mask,
        {column.name: (column.decimals,) * len(mask) for column in made.columns},  # type: ignore[misc]
        made.columns,
        dimensions=made.broken_down_by(),
        total=made.total,
    )


SEXES = table(
    "sexes",
    {"unit": ["A", "A", "B", "B"], "sex": ["men", "women"] * 2, "n": [14, 20, 3, 27]},
    *ident("unit", "sex"),
    count("n"),
)
UNITS = table("units", {"unit": ["A", "B", "total"], "n": [34, 30, 64]}, *ident("unit"), count("n"))


# --- the linked set ------------------------------------------------------------------------------


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


# --- shares, rates, limits -----------------------------------------------------------------------


def shares(numbers: Sequence[int], groups: Sequence[int], **more: Any) -> Table:
    x, n = np.array(numbers, dtype=float), np.array(groups, dtype=float)
    low, high = wilson(x, n)
    return table(
        "shares",
        {
            "unit": [f"u{i}" for i in range(len(x))],
            "x": list(numbers),
            "n": list(groups),
            "share": x / n,
            "low": low,
            "high": high,
        },
        *ident("unit"),
        count("x", "with", **more),
        count("n", "all"),
        Field("share", WORDS, kind="share", numerator="x", denominator="n", decimals=2),
        *(
            Field(
                name,
                WORDS,
                kind="share",
                numerator="x",
                denominator="n",
                statistic=statistic,
                decimals=2,
            )
            for name, statistic in (("low", "wilson_lower"), ("high", "wilson_upper"))
        ),
    )


@pytest.mark.parametrize("x", [1, 6])
def test_one_person_in_seven_is_recognised(x: int) -> None:
    """14,29 % is 1 of 7, and 85,71 % is 6 of 7: one person either way."""
    made = shares([x, 20], [7, 40])
    hidden = shown([made])["shares"]
    assert hidden["share"][0] == hidden["low"][0] == hidden["high"][0] == ".."
    assert ".." in (hidden["x"][0], hidden["n"][0])
    assert hidden["share"][1] == 0.5
    # Who hides the number alone is found out, by the share as by either limit.
    for column in ("share", "low", "high"):
        others = {"x": [0]} | {name: [0] for name in ("share", "low", "high") if name != column}
        opened = attack([published(made, others)], RULES["default"], printed=True)
        assert [(cell.place.column, cell.possible) for cell in opened] == [("x", 1)]
    all_hidden = published(made, {name: [0] for name in ("x", "share", "low", "high")})
    assert attack([all_hidden], RULES["default"], printed=True) == ()


def test_a_rate_with_its_exposure_does_not_give_the_count_back() -> None:
    made = table(
        "falls",
        {"unit": ["A", "B"], "falls": [3, 30], "days": [1234.0, 8000.0], "rate": [2.431, 3.75]},
        *ident("unit"),
        count("falls", "falls", persons=False),
        Field("days", WORDS, kind="value", personal=False),
        Field("rate", WORDS, kind="rate", numerator="falls", denominator="days", per=1000),
    )
    hidden = shown([made])["falls"]
    assert hidden["falls"] == ["..", 30]
    assert hidden["rate"] == ["..", 3.75]
    assert hidden["days"] == [1234.0, 8000.0]
    opened = attack([published(made, {"falls": [0]})], RULES["default"], printed=True)
    assert [(cell.place.row, cell.possible) for cell in opened] == [(0, 1)]


def test_none_or_all_of_a_group_on_a_sensitive_attribute_is_protected() -> None:
    """0 of 30 and 30 of 30: everybody in the group is known to be without, or with."""
    plain = shown([shares([0, 30, 15], [30, 30, 30])])["shares"]
    assert plain["x"] == [0, 30, 15]
    hidden = shown([shares([0, 30, 15], [30, 30, 30], sensitive=True)])["shares"]
    assert hidden["x"][0] == ".."
    assert ".." in (hidden["x"][1], hidden["n"][1])
    assert hidden["share"] == ["..", "..", 0.5]


def test_a_number_follows_the_count_behind_it() -> None:
    made = table(
        "means",
        {"unit": ["A", "B"], "n": [4, 40], "mean": [71.5, 66.0], "fixed": [1.0, 2.0]},
        *ident("unit"),
        count("n"),
        Field("mean", WORDS, kind="value", denominator="n"),
        Field("fixed", WORDS, kind="value", personal=False),
    )
    hidden = shown([made])["means"]
    assert hidden["mean"] == ["..", 66.0]
    assert hidden["fixed"] == [1.0, 2.0]


def test_quantiles_have_a_group_on_either_side_and_extremes_never_have() -> None:
    """A tenth of 40 persons are 4, too few; a quarter are 10. Nobody lies beyond the largest."""
    quantiles = {"q0": 0.0, "q10": 0.1, "q25": 0.25, "q100": 1.0}
    made = table(
        "q",
        {"n": [40], **{name: [7.5] for name in quantiles}},
        count("n"),
        *(
            Field(name, WORDS, kind="value", denominator="n", quantile=quantile)
            for name, quantile in quantiles.items()
        ),
    )
    hidden = shown([made])["q"]
    assert [hidden[name][0] for name in quantiles] == ["..", "..", 7.5, ".."]


def test_the_limits_of_a_median_are_no_extremes() -> None:
    """Nine who ended: the lower limit is the shortest time of all, one person's."""
    made = kaplan_meier(range(1, 10), [1] * 9).medians.iloc[0]
    assert made[["lower", "value", "upper"]].tolist() == [1.0, 5.0, 8.0]
    names = ("value", "lower", "upper")
    beyond = [f"{name}_beyond" for name in names]
    assert made[beyond].tolist() == [5.0, 1.0, 2.0]
    frame = pd.DataFrame({"n": [9], **{name: [made[name]] for name in (*names, *beyond)}})
    columns = (
        count("n", persons=False),
        *(
            Field(name, WORDS, kind="value", denominator="n", quantile=f"{name}_beyond")
            for name in names
        ),
    )
    hidden = shown([Table("medians", frame, columns)])["medians"]
    assert [hidden[name][0] for name in names] == [5.0, "..", ".."]


def curve(at_risk: Sequence[int], ended: Sequence[int]) -> Table:
    steps: dict[str, Any] = {"kind": "share", "numerator": "ended", "denominator": "at_risk"}
    left = np.cumprod(1 - np.array(ended) / np.array(at_risk))
    return table(
        "curve",
        {
            "month": [str(month) for month in range(len(ended))],
            "at_risk": list(at_risk),
            "ended": list(ended),
            "left": left,
            "lower": left - 0.1,
        },
        *ident("month"),
        count("at_risk", "at risk", persons=False),
        count("ended", "ended", persons=False, of="at_risk"),
        Field("left", WORDS, statistic="curve", step="ended", **steps),
        Field("lower", WORDS, statistic="other", step="ended", **steps),
    )


def test_a_curve_steps_on_groups_and_stops_where_it_cannot() -> None:
    """The share left after month 2, with those at risk and the 12 who ended in it, would tell that
    (1 - x / 40) is what month 1 left: x = 3."""
    hidden = shown([curve([60, 40, 36, 20], [10, 3, 12, 6])])["curve"]
    assert hidden["ended"] == [10, "..", 12, 6]
    assert hidden["left"][1:] == hidden["lower"][1:] == ["..", "..", ".."]
    assert hidden["left"][0] == pytest.approx(50 / 60)


def test_a_rounded_curve_is_made_from_rounded_counts() -> None:
    """Under rounding to 5 the curve would else give 17 of 53 back."""
    rounded = shown([curve([53, 31], [17, 12])], "strict")["curve"]
    assert rounded["ended"] == [15, 10]
    assert rounded["left"] == [pytest.approx(1 - 15 / 55), pytest.approx((1 - 15 / 55) * 20 / 30)]
    assert rounded["lower"] == ["..", ".."]


# --- sums that a table says it has ----------------------------------------------------------------


def flows(came: Sequence[int], went: Sequence[int], *, declared: bool = True) -> Table:
    """The stock at the end of each month, with those who came and went in it."""
    stock = (40 + np.cumsum(np.array(came) - np.array(went))).tolist()
    more: dict[str, Any] = {
        "sums": {"in the month": [("before", "came"), ("stock", "went")]},
        "follows": {"before": "stock"},
    }
    return table(
        "flows",
        {
            "month": [str(month) for month in range(len(came))],
            "stock": stock,
            "before": [np.nan, *stock[:-1]],
            "came": list(came),
            "went": list(went),
        },
        *ident("month"),
        count("stock", "stock"),
        count("before", "stock before", show=False),
        count("came", "came", persons=False),
        count("went", "went", persons=False),
        **(more if declared else {}),
    )


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


# --- amounts -------------------------------------------------------------------------------------


def amounts(largest: Sequence[float]) -> Table:
    return table(
        "support",
        {
            "unit": ["A", "B", "C", "total"],
            "households": [20, 30, 25, 75],
            "kr": [100.0, 300.0, 250.0, 650.0],
            "top": list(largest),
        },
        *ident("unit"),
        count("households", "households"),
        Field("kr", WORDS, kind="amount", measure="kr", denominator="households", largest=("top",)),
    )


def test_an_amount_that_one_household_dominates_is_suppressed_with_a_complement() -> None:
    """80 of 100 kr is more than 75 %; with the total shown one amount more must go."""
    assert shown([amounts([20, 20, 20, 20])])["support"]["kr"] == [100.0, 300.0, 250.0, 650.0]
    hidden = shown([amounts([80, 20, 20, 80])])["support"]
    assert hidden["kr"] == ["..", 300.0, "..", 650.0]
    assert hidden["households"] == [20, 30, 25, 75]


def test_an_amount_goes_with_the_households_behind_it() -> None:
    made = amounts([20, 20, 20, 20])
    frame = made.frame.assign(households=[3, 30, 42, 75])
    hidden = shown([Table("support", frame, made.columns)])["support"]
    assert hidden["households"][0] == hidden["kr"][0] == ".."
    assert hidden["kr"].count("..") >= 2


# --- profiles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "largest"),
    [("default", 4), ("socialstyrelsen", 4), ("strict", 7), ("survey", 9), ("senior_alert", 5)],
)
def test_each_profile_has_its_threshold(profile: str, largest: int) -> None:
    assert profile in PROFILES
    for number, hidden in ((1, True), (largest, True), (largest + 1, False)):
        made = table("t", {"unit": ["A", "B"], "n": [number, 60]}, *ident("unit"), count("n"))
        assert bool(shown([made], profile)["t"]["n"][0] == "..") is hidden


def test_strict_rounds_what_it_shows_and_makes_shares_of_the_rounded() -> None:
    """23 of 52 becomes 25 of 50; the exact share 44.2 % would give the counts back."""
    hidden = shown([shares([23, 30], [52, 61])], "strict")["shares"]
    assert hidden["x"] == [25, 30]
    assert hidden["n"] == [50, 60]
    assert hidden["share"] == [0.5, 0.5]
    assert hidden["low"] == pytest.approx(list(wilson([25, 30], [50, 60]).lower))


def test_a_small_part_of_a_large_group_is_shown_by_profiles_for_groups_only() -> None:
    made = shares([3, 20], [60, 60])
    assert shown([made])["shares"]["share"][0] == ".."
    assert shown([made], "survey")["shares"]["share"] == [0.05, 20 / 60]


def test_zeros_are_shown_and_never_a_complement() -> None:
    made = table(
        "t",
        {"unit": ["A", "B", "C", "total"], "n": [3, 0, 30, 33]},
        *ident("unit"),
        count("n"),
    )
    assert shown([made])["t"]["n"] == ["..", 0, "..", 33]


# --- fewer than 20 persons -----------------------------------------------------------------------


def small_report(reached: int) -> list[Table]:
    short = table(
        "short",
        {"examined": [reached], "accepted": [reached - 2], "class": ["?"]},
        count("examined", "examined"),
        count("accepted", "accepted", show=False),
        Field(
            "class",
            WORDS,
            numerator="accepted",
            denominator="examined",
            words="disclosure.class",
        ),
        short=True,
    )
    sexes = table(
        "sexes",
        {"home": ["Eken", "Linden"], "sex": ["w", "m"], "n": [reached - 6, 6]},
        *ident("home", "sex"),
        count("n", "examined"),
    )
    return [short, sexes]


def test_fourteen_persons_give_the_short_list_only() -> None:
    """12 of 14 is in the highest third, which 10 to 14 persons give."""
    tables = shown(small_report(14))
    assert tables["short"] == {"examined": [14], "accepted": [".."], "class": ["high"]}
    assert tables["sexes"]["n"] == ["..", ".."]
    # The reader sees nothing of it: its headings are there for the notebook's own code.
    assert release(small_report(14), "default", ()).left_out == {"sexes"}
    large = shown(small_report(40))
    assert large["sexes"]["home"] == ["Eken", "Linden"]
    assert large["sexes"]["n"] == [34, 6]


def test_few_of_a_large_group_are_no_small_report() -> None:
    """15 who fell of 400: the tables are about the 400. 14 examined of 50 are described themselves
    (12 of the 14 were well), so they are few."""
    fell = {"area": ["A", "B", "total"], "fell": [9, 6, 15], "all": [180, 220, 400]}
    made = table(
        "falls", fell, *ident("area"), count("fell", "fell", of="all"), count("all", "all")
    )
    assert shown([made])["falls"]["fell"] == [9, 6, 15]
    well = table(
        "well",
        {"well": [12], "examined": [14], "eligible": [50]},
        count("well", "well", of="examined"),
        count("examined", "examined", of="eligible"),
        count("eligible", "eligible"),
    )
    assert shown([well])["well"] == {"well": [".."], "examined": [".."], "eligible": [50]}


def test_a_class_is_wide_or_not_said() -> None:
    """Of six persons a third are two: each class would leave two or three numbers."""
    assert shown(small_report(6))["short"]["class"] == [".."]


def test_the_short_list_is_short() -> None:
    one = pd.DataFrame({"n": [14], "m": [3], "sex": ["w"]})
    for columns in ((count("n"), count("m")), (count("n"), *ident("sex"))):
        with pytest.raises(ValueError, match="short list"):
            Table("t", one, columns, short=True)


# --- the gate ------------------------------------------------------------------------------------


def test_what_can_be_opened_is_withheld_with_its_place_and_not_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The choice of complements is not trusted: here it chooses none."""

    def none(problem: Any) -> Any:
        from umea_eval.disclosure.complementary import Choice

        return Choice(problem.protected, problem.targets, ())

    monkeypatch.setattr("umea_eval.disclosure.suppression.choose", none)
    with pytest.raises(Withheld) as caught:
        release([SEXES, UNITS], "default", ())
    message = caught.value.message("sv")
    assert caught.value.exit_code == 3
    assert "tabellen sexes, rad 3 (B, men), kolumnen n" in message
    assert "27" not in message


def test_an_earlier_release_can_be_added_to_the_attack() -> None:
    """Together the two years' tables show what neither shows alone."""
    now = published(SEXES, {"n": [2, 3]})
    assert attack([now, published(UNITS, {})], RULES["default"]) == ()
    earlier = Table("sexes", SEXES.frame, SEXES.columns)
    both = attack(
        [now], RULES["default"], also=[published(earlier, {"n": [2]}), published(UNITS, {})]
    )
    assert {cell.place.row for cell in both} == {2}


def test_the_same_whatever_the_order_of_rows_and_tables() -> None:
    backwards = Table("sexes", SEXES.frame[::-1].reset_index(drop=True), SEXES.columns)
    one, other = shown([SEXES, UNITS]), shown([UNITS, backwards])
    assert one["sexes"]["n"] == other["sexes"]["n"][::-1]
    before = SEXES.frame.copy()
    shown([SEXES])
    pd.testing.assert_frame_equal(SEXES.frame, before)


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


# --- a count that stands among amounts ------------------------------------------------------------


def by_two_rules(ended: Sequence[int], *, declared: bool = True) -> Table:
    """Days with and without the last one of each placement that ended, by home."""
    days, placements = [700.0, 900.0, 800.0], [*ended, sum(ended)]
    frame = pd.DataFrame({"home": ["A", "B", "C", "total"], "days": [*days, sum(days)], "n": 30})
    frame["nights"] = frame["days"] - placements
    amount = {"kind": "amount", "denominator": "n", "largest": ("top",)}
    return Table(
        "homes",
        frame.assign(n=[30, 30, 30, 90], ended=placements, top=50.0),
        (
            *ident("home"),
            count("n", "persons"),
            Field("days", measure="days", **amount),  # type: ignore[arg-type]
            Field("nights", measure="nights", **amount),  # type: ignore[arg-type]
            count("ended", "ended", persons=False, in_amounts=declared),
        ),
        sums={"days": [("nights", "ended")]} if declared else {},
    )


def test_days_by_two_rules_do_not_tell_how_many_ended() -> None:
    told = shown([by_two_rules([2, 9, 8], declared=False)])["homes"]
    assert told["ended"][0] == ".."
    assert (told["days"][0], told["nights"][0]) == (700.0, 698.0)  # two ended: undeclared, told
    kept = shown([by_two_rules([2, 9, 8])])["homes"]
    assert kept["ended"].count("..") == 2
    for row in range(4):
        both = ".." not in (kept["days"][row], kept["nights"][row])
        assert both is (kept["ended"][row] != "..")


@pytest.mark.parametrize("ended", [[22, 27, 31], [22, 0, 31]])
def test_rounded_counts_do_not_follow_from_exact_days(ended: list[int]) -> None:
    """27 is shown as 25: 900 days and 873 nights would tell 27. And 0 is protected."""
    kept = shown([by_two_rules(ended)], "strict")["homes"]
    assert all(
        ".." in (days, nights) for days, nights in zip(kept["days"], kept["nights"], strict=True)
    )


def test_a_finished_report_tells_no_count_by_its_amounts() -> None:
    released = release([by_two_rules([2, 9, 8])], "default", ())
    record = to_json(released)
    assert record is not None
    assert attack_finished(from_json(record), RULES["default"]) == ()
    # Somebody writes the suppressed days back into the page.
    for column, value in (("days", 700), ("nights", 698)):
        written = next(c for c in record["tables"][0]["columns"] if c["name"] == column)
        written["values"][0] = value
        written["hidden"] = [row for row in written["hidden"] if row != 0]
    opened = attack_finished(from_json(record), RULES["default"])
    assert ("ended", 0) in {(cell.place.column, cell.place.row) for cell in opened}


@pytest.mark.parametrize(("total", "complements"), [(40, 1), (37, 0)])
def test_where_nobody_is_in_two_categories_an_outsider_may_guess_it(
    total: int, complements: int
) -> None:
    """3 + 20 + 17 = 40 tells the 3 to whom thinks that nobody is in two; of 37 three are."""
    kinds = table(
        "kinds",
        {"kind": ["a", "b", "c", "total"], "n": [3, 20, 17, total]},
        *ident("kind"),
        count("n"),
        overlapping=("kind",),
    )
    hidden = shown([kinds])["kinds"]["n"]
    assert hidden[0] == ".."
    assert hidden.count("..") == 1 + complements


# --- the headline ---------------------------------------------------------------------------------

# 40 - 37 = 3 did not accept: one of the two must go, and with women and men more.
STEPS = {
    "step": ["invited", "accepted", "examined"],
    "n": [40, 37, 30],
    "before": [None, 40, 37],
    "before_step": ["none", "invited", "accepted"],
}


def steps(*rank: int) -> Table:
    return table(
        "steps",
        {**STEPS, "rank": rank},
        Field("step", WORDS, kind="id"),
        Field("before_step", WORDS),
        count("n", "step", keep="rank", of="before"),
        count("before", "before_step", show=False),
        dimensions=(),
    )


@pytest.mark.parametrize(
    ("rank", "hidden"),
    [((2, 1, 2), [1]), ((1, 2, 1), [0]), ((0, 1, 0), [0]), ((0, 0, 0), [1])],
)
def test_a_cell_of_a_higher_rank_is_the_last_to_go(
    rank: tuple[int, ...], hidden: list[int]
) -> None:
    """Without ranks the smaller of the two; the rank is that of a cell in any of its places."""
    seen = shown([steps(*rank)])["steps"]["n"]
    assert [row for row, value in enumerate(seen) if value == ".."] == hidden


def test_the_headline_stays_where_more_cells_of_other_tables_can_protect() -> None:
    """14 + 3 + 20 + 8 = 45: another area rather than the total."""
    areas = {"area": ["A", "B", "C", "D", "total"], "n": [14, 3, 20, 8, 45]}
    again = table("all", {"n": [45]}, count("n", keep=1), dimensions=())
    made = table("areas", areas, *ident("area"), count("n"))
    hidden = shown([made, again])
    assert hidden["all"]["n"] == [45]
    assert hidden["areas"]["n"] == [14, "..", 20, "..", 45]


def test_the_headline_goes_where_nothing_else_can_protect() -> None:
    """3 of 45, with the other 42: two of the three must go, whatever their rank."""
    made = table(
        "parts",
        {"part": [3], "rest": [42], "all": [45]},
        *(count(name, name, of="all", keep=1) for name in ("part", "rest")),
        count("all", "all", keep=2),
    )
    assert shown([made])["parts"] == {"part": [".."], "rest": [".."], "all": [45]}


@pytest.mark.parametrize(
    ("least", "most", "ends"), [(74, 200, (74, 81)), (74, 78, (71, 78)), (74, 81, (74, 81))]
)
def test_a_complement_that_cannot_be_larger_is_widened_downwards(
    least: float, most: float, ends: tuple[float, float]
) -> None:
    """76 of 82, who are shown: 83 is not among its values, but 75 and less may be."""
    assert complementary._wide(0, least, most, 8) == Target(0, *ends, told=False)


def test_a_failed_search_ends_with_all_that_is_needed_of_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing was found: everything is suppressed, and what nobody needs is shown again."""
    monkeypatch.setattr(complementary, "EFFORTS", (complementary.Effort(np.inf, 0, 0, 0.0),))
    monkeypatch.setattr(complementary._Chooser, "_repair", lambda self, hidden, targets: hidden)
    hidden = shown([SEXES, UNITS])  # and attacked
    assert hidden["sexes"]["n"] == ["..", 20, "..", 27]
    assert hidden["units"]["n"] == ["..", "..", 64]


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


# --- declared in a way that would protect nothing ------------------------------------------------


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
