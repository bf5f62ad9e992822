"""Two reports together: what neither reveals alone, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from tests.disclosure.test_stored import W, count, read, sexes
from umea_eval.disclosure.differencing import (
    Beside,
    Revealed,
    compare_reports,
    compare_versions,
    first_clash,
)
from umea_eval.disclosure.rules import RULES
from umea_eval.disclosure.stored import Published
from umea_eval.disclosure.tables import Field, Table

RULE = RULES["default"]


def by_sex(women: int, men: int, *more: tuple[str, str, int]) -> Published:
    return read(
        sexes([("B", "women", women), ("B", "men", men), ("B", "total", women + men), *more])
    )


def beside(name: str, published: Published, period: str, area: str | None = None) -> Beside:
    parameters = {"period": period} | ({} if area is None else {"area": area})
    return Beside(name, published, RULE, "small", parameters)


def told(found: tuple[Revealed, ...]) -> list[tuple[tuple[str, ...], str]]:
    return [(each.cell.row, each.how) for each in found]


def test_one_person_more_is_found_in_the_category() -> None:
    # 57 and then 58 residents, the one more among the women: 25 + 32 = 57, 26 + 32 = 58.
    found = compare_versions(by_sex(26, 32), by_sex(25, 32), RULE)
    assert told(found) == [(("B", "women"), "changed")]


def test_one_who_moves_from_one_category_to_another_is_found_in_both() -> None:
    found = compare_versions(by_sex(26, 31), by_sex(25, 32), RULE)
    assert told(found) == [(("B", "men"), "changed"), (("B", "women"), "changed")]


@pytest.mark.parametrize(("more", "expected"), [(4, True), (5, False), (0, False)])
def test_few_are_as_many_as_the_profile_protects(more: int, expected: bool) -> None:
    assert bool(compare_versions(by_sex(25 + more, 32), by_sex(25, 32), RULE)) == expected


def test_a_total_without_parts_may_change_by_one() -> None:
    one, two = read(sexes([("total", "total", 57)])), read(sexes([("total", "total", 58)]))
    assert compare_versions(two, one, RULE) == ()


def examined(offered: int, came: int) -> Published:
    frame = pd.DataFrame({"examined": [came], "offered": [offered]})
    columns = (count("examined", "examined", of="offered"), count("offered", "offered"))
    return read(Table("examined", frame, columns))


def test_one_more_who_lacks_the_attribute_is_found_though_no_table_shows_them() -> None:
    # 58 - 40 = 18 not examined, 57 - 40 = 17: the person who came is not examined.
    found = compare_versions(examined(58, 40), examined(57, 40), RULE)
    assert [each.cell.place.column for each in found] == ["offered"]
    assert compare_versions(examined(70, 45), examined(57, 40), RULE) == ()


def test_what_was_suppressed_is_not_shown_while_its_group_stays() -> None:
    # 3 of 30 are women and then 5 of 31: the rule says 1-4 before, and 31 - 30 that it was 4 at
    # least if nobody left.
    earlier, later = by_sex(3, 27), by_sex(5, 26)
    assert {how for _, how in told(compare_versions(later, earlier, RULE))} == {"shown"}
    assert {how for _, how in told(compare_versions(earlier, later, RULE))} == {"hidden"}
    # 20 of 60: the group is another one.
    assert compare_versions(by_sex(20, 40), earlier, RULE) == ()


def test_nothing_is_revealed_by_the_same_version_again() -> None:
    for version in (by_sex(3, 27), by_sex(25, 32), examined(57, 40)):
        assert compare_versions(version, version, RULE) == ()


def test_rounded_counts_are_not_taken_for_persons() -> None:
    def rounded(women: int) -> Published:
        rows = [("B", "women", women), ("B", "men", 40), ("B", "total", women + 40)]
        return read(sexes(rows), profile="strict")

    # 27 is shown as 25 and 28 as 30: from 23-27 to 28-32, so 1 to 9 more.
    assert compare_versions(rounded(28), rounded(27), RULES["strict"]) == ()


def named(name: str, column: str, rows: list[tuple[str, int]]) -> Table:
    frame = pd.DataFrame(rows, columns=[column, "n"])
    return Table(name, frame, (Field(column, W, kind="id"), count("n", "residents")))


def test_what_two_reports_show_of_one_quantity_is_put_together() -> None:
    # By sex: 3 women and 57 men hidden, 60 in all. Another report: men by age, 30 + 27.
    first = read(named("sex", "sex", [("women", 3), ("men", 57), ("total", 60)]))
    frame = pd.DataFrame({"sex": ["men"] * 2, "age": ["young", "old"], "n": [30, 27]})
    columns = (Field("sex", W, kind="id"), Field("age", W, kind="id"), count("n", "residents"))
    second = read(Table("ages", frame, columns))
    # 30 + 27 = 57 men, 60 - 57 = 3 women.
    found = compare_reports(second, first, RULE)
    assert (("women",), "together") in told(found)
    assert first_clash([beside("a", first, "2023"), beside("b", second, "2023")]) == {
        "b": ("a", found)
    }
    # In the other order the other one is the later, and it is withheld.
    assert list(first_clash([beside("b", second, "2023"), beside("a", first, "2023")])) == ["a"]


def test_reports_about_other_persons_are_not_put_together() -> None:
    # The same names, but 40 in all and not 30: another area, or another year.
    first = read(named("sex", "sex", [("women", 3), ("men", 27), ("total", 30)]))
    second = read(named("sex", "sex", [("women", 13), ("men", 27), ("total", 40)]))
    assert compare_reports(second, first, RULE) == ()
    assert first_clash([beside("a", first, "2023"), beside("b", second, "2023")]) == {}


@pytest.mark.parametrize(("dimension", "same"), [("month", True), ("age", False)])
def test_of_two_years_the_months_that_both_show_are_put_together(
    dimension: str, same: bool
) -> None:
    # The report on 2023 hides 3 and 27 of 80. That on 2022 shows the 27: of the same month they are
    # the same persons, of the same age they need not be.
    rows = [("a", 3), ("b", 27), ("c", 50)]
    first = read(named("of 2023", dimension, [*rows, ("total", 80)]))
    second = read(named("of 2022", dimension, rows[1:]))
    clashes = first_clash([beside("2023", first, "2023"), beside("2022", second, "2022")])
    assert (list(clashes) == ["2022"]) is same
    assert list(first_clash([beside("a", first, ""), beside("b", second, "")])) == ["b"]


def test_a_report_that_is_withheld_withholds_no_other() -> None:
    first = read(named("sex", "sex", [("women", 3), ("men", 27), ("total", 30)]))
    second = read(named("sex", "sex", [("men", 27)]))
    clashes = first_clash(
        [beside("a", first, "2023"), beside("b", second, "2023"), beside("c", second, "2023")]
    )
    assert {name: clash[0] for name, clash in clashes.items()} == {"b": "a", "c": "a"}


def parts_of_all(profile: str = "default") -> list[Beside]:
    """80 in all, 50 in A and 30 in B, of whom 3 women."""
    sexes_of = {"": (33, 47), "A": (30, 20), "B": (3, 27)}
    return [
        Beside(
            f"of {area}",
            read(
                named("sex", "sex", [("women", women), ("men", men), ("total", women + men)]),
                profile=profile,
            ),
            RULES[profile],
            "small",
            {"period": "2023", "area": area},
        )
        for area, (women, men) in sexes_of.items()
    ]


def test_all_but_the_other_areas_are_those_of_one() -> None:
    # 33 women in all, 30 of them in A: the 3 of B, which its own report hides.
    everyone, a, b = parts_of_all()
    clashes = first_clash([everyone, a, b])
    assert [(name, earlier) for name, (earlier, _) in clashes.items()] == [("of B", "of ")]
    # Of the 30 in B he then knows the men too.
    (found,) = (revealed for _, revealed in clashes.values())
    assert told(found) == [(("women",), "together"), (("men",), "together")]
    # The last of the three is withheld, whichever it is.
    assert list(first_clash([b, a, everyone])) == ["of "]
    assert list(first_clash([b, everyone, a])) == ["of A"]


def test_areas_without_the_whole_open_nothing() -> None:
    everyone, a, b = parts_of_all()
    assert first_clash([a, b]) == {}
    # A third area may be there too: some of the 33 women.
    assert first_clash([everyone, b]) == {}
    # Another definition, or another evaluation, is about something else.
    assert first_clash([replace(everyone, parameters={"period": "2022", "area": ""}), a, b]) == {}
    assert first_clash([replace(everyone, notebook="other"), a, b]) == {}


def test_rounded_areas_leave_enough_values() -> None:
    # 35 less 30 may be 33 to 37 less 28 to 32: 1 to 9.
    assert first_clash(parts_of_all("strict")) == {}


def test_figures_that_do_not_add_up_open_nothing() -> None:
    # 30 and 40 women of 33: some are counted in both, or they are other persons.
    everyone, a, b = parts_of_all()
    rows = [("women", 40), ("men", 10), ("total", 50)]
    assert (
        first_clash(
            [everyone, a, replace(a, name="c", parameters={**a.parameters, "area": "C"}), b]
        )
        == {}
    )
    more = replace(b, published=read(named("sex", "sex", rows)))
    assert first_clash([everyone, a, more]) == {}


def test_another_profile_that_shows_what_is_protected_is_found() -> None:
    # 3 of 40 answers are "no": `default` protects them, `survey` protects only small groups.
    frame = pd.DataFrame({"no": [3], "answers": [40]})
    columns = (count("no", "answers no", of="answers"), count("answers", "answers"))
    table = Table("answers", frame, columns)
    closed, open_ = read(table), read(table, profile="survey")
    assert (closed.hidden(), open_.hidden()) == (1, 0)
    assert [each.how for each in compare_reports(open_, closed, RULE)] == ["shown"]
    assert [each.how for each in compare_reports(closed, open_, RULE)] == ["hidden"]
