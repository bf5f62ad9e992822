"""What the profiles suppress: the known leaks, worked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.disclosure.made_tables import (
    SEXES,
    UNITS,
    WORDS,
    count,
    ident,
    published,
    shown,
    table,
)
from umea_eval.disclosure.attack import attack, attack_finished
from umea_eval.disclosure.profiles import PROFILES, Withheld, release
from umea_eval.disclosure.rules import RULES
from umea_eval.disclosure.stored import from_json, to_json
from umea_eval.disclosure.tables import Field, Table
from umea_eval.methods.proportions.single import wilson
from umea_eval.methods.survival import kaplan_meier

# --- shares, rates, limits ----------------------------------------------------------------------


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


# --- amounts ------------------------------------------------------------------------------------


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


# --- profiles -----------------------------------------------------------------------------------


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


# --- fewer than 20 persons ----------------------------------------------------------------------


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


# --- the gate -----------------------------------------------------------------------------------


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


# --- a count that stands among amounts ----------------------------------------------------------


def by_two_rules(ended: Sequence[int], *, declared: bool = True) -> Table:
    """Days with and without the last one of each placement that ended, by home."""
    days, placements = [700.0, 900.0, 800.0], [*ended, sum(ended)]
    frame = pd.DataFrame({"home": ["A", "B", "C", "total"], "days": [*days, sum(days)], "n": 30})
    frame["nights"] = frame["days"] - placements
    amount: dict[str, Any] = {"kind": "amount", "denominator": "n", "largest": ("top",)}
    return Table(
        "homes",
        frame.assign(n=[30, 30, 30, 90], ended=placements, top=50.0),
        (
            *ident("home"),
            count("n", "persons"),
            Field("days", measure="days", **amount),
            Field("nights", measure="nights", **amount),
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
