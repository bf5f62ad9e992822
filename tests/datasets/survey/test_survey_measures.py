"""Response rates, shares, changes and comparisons of a dozen respondents, worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from umea_eval.datasets.survey.measures import (
    against_cities,
    by_sex,
    changes,
    coder_agreement,
    dropouts,
    helped,
    long_answers,
    positive_answers,
    printed_change,
    response_rates,
    results_as_printed,
    sex_differences,
    shares,
    states,
)
from umea_eval.datasets.survey.measures.participation import compare
from umea_eval.errors import UserError
from umea_eval.methods.claims import conclude
from umea_eval.methods.proportions import newcombe, wilson

QUESTIONNAIRE = pd.DataFrame(
    [
        ("A", "Får du bestämma?", "1", "Helt", 1, True, True, 80.0),
        ("A", "Får du bestämma?", "2", "Till stor del", 2, True, True, 80.0),
        ("A", "Får du bestämma?", "3", "Till mindre del", 3, False, True, 80.0),
        ("A", "Får du bestämma?", "9", "Vet inte", 4, False, False, 80.0),
        ("B", "Är du trygg?", "1", "Nej", 2, False, True, None),
        ("B", "Är du trygg?", "2", "Ja", 1, True, True, None),
        ("C", "Något mer?", None, None, None, None, None, None),
    ],
    columns=["question", "wording", "answer", "label", "step", "positive", "counted", "target"],
)
# Twelve in the frame, eleven were sent to, eight answered. r8 is not in the frame.
FRAME = pd.DataFrame(
    {
        "respondent": [f"r{number}" for number in range(12)],
        "unit": ["X"] * 6 + ["Y"] * 6,
        "sex": [*("women",) * 5, *("men",) * 5, "not_stated", None],
        "sent": [True] * 11 + [False],
    }
)
RESPONSES = pd.DataFrame(
    [
        ("r0", 2023, "women", "self", "1", "2"),
        ("r1", 2023, "women", "self", "2", "2"),
        ("r2", 2023, "women", "helped", "3", "1"),
        ("r5", 2023, "men", "proxy", "1", "double"),
        ("r6", 2023, "men", "self", "9", "2"),
        ("r7", 2023, "men", None, "3", None),
        ("r10", 2023, "not_stated", "self", "1", "2"),
        ("x9", 2023, None, "self", "invalid", "1"),
    ],
    columns=["respondent", "year", "sex", "help", "answer_a", "answer_b"],
)
ANSWERS = long_answers(RESPONSES, QUESTIONNAIRE)


def test_which_answers_are_positive() -> None:
    assert positive_answers(QUESTIONNAIRE) == {"A": {"1", "2"}, "B": {"2"}}
    # The first step is the most positive: "Ja", though its code is 2.
    assert positive_answers(QUESTIONNAIRE, "top") == {"A": {"1"}, "B": {"2"}}
    # Of two answers one is positive at most.
    assert positive_answers(QUESTIONNAIRE, "top_two") == {"A": {"1", "2"}, "B": {"2"}}
    # As the papers once did: "till mindre del" counts too. B follows the questionnaire.
    own = positive_answers(QUESTIONNAIRE, {"A": ["1", "2", "3"]})
    assert own == {"A": {"1", "2", "3"}, "B": {"2"}}


@pytest.mark.parametrize(
    ("chosen", "said"),
    [({"A": ["8"]}, "8"), ({"Z": ["1"]}, "Z"), ({"A": ["9"]}, "A"), ({"A": []}, "A")],
)
def test_what_cannot_be_positive_is_said(chosen: dict[str, list[str]], said: str) -> None:
    with pytest.raises(UserError, match=said):
        positive_answers(QUESTIONNAIRE, chosen)


def test_item_nonresponse_by_hand() -> None:
    found = states(ANSWERS).set_index("question")
    columns = ["asked", "valid", "not_counted", "blank", "double", "invalid", "missing"]
    assert found.loc["A", columns].tolist() == [8, 6, 1, 0, 0, 1, 1]
    assert found.loc["B", columns].tolist() == [8, 6, 0, 1, 1, 0, 2]
    assert found["share"].tolist() == [1 / 8, 2 / 8]


def test_shares_by_hand() -> None:
    found = shares(ANSWERS).set_index("question")
    # A: 1, 2, 3, 1, 3, 1 are valid, four of them positive; B: 2, 2, 1, 2, 2, 1.
    assert found[["positive", "valid"]].to_numpy().tolist() == [[4, 6], [4, 6]]
    assert (found.loc["A", "lower"], found.loc["A", "upper"]) == pytest.approx(wilson(4, 6))
    top = shares(long_answers(RESPONSES, QUESTIONNAIRE, positive="top"))
    assert top["positive"].tolist() == [3, 4]


def test_the_third_category_is_kept() -> None:
    found = by_sex(ANSWERS).set_index(["question", "sex"])
    assert found.loc["A", "valid"].to_dict() == {"women": 3, "men": 2, "third": 1, "total": 6}
    # x9 has stated no sex: with r10 in B.
    assert found.loc["B", "valid"].to_dict() == {"women": 3, "men": 1, "third": 2, "total": 6}
    assert found.loc[("B", "third"), "positive"] == 1
    # Women 2 of 3, men 1 of 2; the third category's 1 of 1 lifts the total above both.
    assert found.loc["A", "share"].tolist() == pytest.approx([2 / 3, 1 / 2, 1, 4 / 6])
    row = sex_differences(by_sex(ANSWERS)).iloc[0]
    assert row["value"] == pytest.approx(2 / 3 - 1 / 2)
    assert (row["lower"], row["upper"]) == pytest.approx(newcombe(2, 3, 1, 2))
    assert not row["differs"]


def test_response_rates_by_the_frame() -> None:
    found = response_rates(FRAME, RESPONSES, by="sex").set_index("sex")
    columns = ["in_frame", "sent", "answered"]
    assert found.loc["women", columns].tolist() == [5, 5, 3]
    # r5 to r7, whatever sex they state; the last of the frame was sent nothing.
    assert found.loc["men", columns].tolist() == [5, 5, 3]
    assert found.loc["third", columns].tolist() == [2, 1, 1]
    assert found.loc["total", [*columns, "unknown"]].tolist() == [12, 11, 7, 1]
    assert found.loc["total", "share"] == 7 / 11
    units = response_rates(FRAME, RESPONSES, by="unit").set_index("unit")
    assert units["answered"].to_dict() == {"X": 4, "Y": 3, "total": 7}


def test_an_anonymous_survey_has_groups_only() -> None:
    frame = pd.DataFrame(
        {
            "unit": ["X", "X", "Y"],
            "sent": [True, False, True],
            "persons": [20, 5, 4],
        }
    )
    answers = pd.DataFrame({"respondent": list("abcdefgh"), "unit": ["X"] * 3 + ["Y"] * 5})
    found = response_rates(frame, answers, by="unit").set_index("unit")
    assert found.loc["X", ["in_frame", "sent", "answered"]].tolist() == [25, 20, 3]
    assert found.loc["X", "share"] == 3 / 20
    # More answers than questionnaires: no rate, and no comparison that rests on one.
    assert np.isnan(found.loc["Y", "share"])
    assert found.loc["total", "share"] == 8 / 24
    assert dropouts(found.reset_index(), by="unit")["value"].isna().tolist() == [True, True]


def test_who_is_missing_against_the_frame() -> None:
    rates = pd.DataFrame(
        {"sex": ["women", "men", "total"], "sent": [100, 100, 200], "answered": [70, 40, 110]}
    )
    found = dropouts(rates, by="sex").set_index("sex")
    assert found.loc["women", ["share_sent", "share_answered"]].tolist() == [0.5, 70 / 110]
    assert found["value"].tolist() == pytest.approx([0.3, -0.3])
    # Two groups are each other's rest: one p-value, doubled by Holm.
    assert found["adjusted"].tolist() == pytest.approx([2 * found["p_value"].iloc[0]] * 2)
    assert found["differs"].all()


def test_help_and_proxy() -> None:
    found = helped(RESPONSES).set_index("help")["answered"]
    assert found.to_dict() == {"self": 5, "helped": 1, "proxy": 1, "unknown": 1, "total": 8}
    assert helped(RESPONSES.drop(columns="help"))["help"].tolist()[-2:] == ["unknown", "total"]


def test_two_shares_and_their_test() -> None:
    value, lower, upper, p_value = compare(15, 30, 24, 30)
    assert value == pytest.approx(-0.3)
    assert (lower, upper) == pytest.approx(newcombe(15, 30, 24, 30))
    # Pearson: 60 * (15 * 6 - 15 * 24)^2 / (30 * 30 * 39 * 21) = 5.934; p = 0.01485.
    assert p_value == pytest.approx(0.01485, abs=5e-6)
    assert compare(30, 30, 20, 20)[3] == 1.0


def of(positive: int, valid: int, question: str = "A") -> pd.DataFrame:
    return pd.DataFrame({"question": [question], "positive": [positive], "valid": [valid]})


def test_79_to_59_at_about_27_answers_is_not_told_from_chance() -> None:
    # 22 of 28 is 79 per cent and 16 of 27 is 59.
    row = changes(of(22, 28), of(16, 27)).iloc[0]
    assert row["value"] == pytest.approx(16 / 27 - 22 / 28)
    assert not row["differs"]
    assert row["detectable"] > 0.3  # so few answers show nothing less
    claim = conclude(row["value"], row["lower"], row["upper"], design="comparison")
    assert claim.outcome == "undetermined"
    said = claim.text("sv", subject={"sv": "Andelen", "en": "The share"}, unit="points")
    assert "det går inte att säga om det finns en skillnad" in said
    # Whatever counts lie behind the printed shares.
    tried = printed_change("79", "59", answers=27)
    assert len(tried) == 6
    assert not tried["differs"].any()
    assert (tried["upper"] > 0).all()
    # With ten times as many answers it can.
    assert changes(of(220, 280), of(160, 270)).iloc[0]["differs"]
    with pytest.raises(UserError, match="79"):
        printed_change("79", "59", answers=5, within=0)


def test_questions_are_a_family() -> None:
    # Alone the change has p = 0.01485; among four questions 4 * 0.01485 = 0.0594.
    names = ["A", "B", "C", "D"]
    before = pd.concat([of(24, 30, name) for name in names])
    after = pd.concat([of(15, 30, "A"), *(of(24, 30, name) for name in names[1:])])
    found = changes(before, after).set_index("question")
    assert found.loc["A", "adjusted"] == pytest.approx(4 * 0.01485, abs=5e-5)
    assert not found["differs"].any()
    assert changes(of(24, 30), of(15, 30)).iloc[0]["differs"]


def test_cities_are_an_unweighted_mean() -> None:
    others = pd.DataFrame(
        {"question": "A", "municipality": ["P", "Q", "R"], "share": [60.0, 70.0, 95.0]}
    )
    row = against_cities(shares(ANSWERS), others).iloc[0]
    assert row[["mean", "lowest", "highest"]].tolist() == pytest.approx([0.75, 0.6, 0.95])
    assert row["municipalities"] == 3
    assert row["value"] == pytest.approx(4 / 6 - 0.75)
    assert not row["outside"]
    assert against_cities(shares(ANSWERS), others.assign(share=5.0)).iloc[0]["outside"]


def test_coders_by_hand() -> None:
    pairs = [("t", "t")] * 4 + [("t", "b")] + [("b", "b")] * 5
    codings = pd.DataFrame(pairs, columns=["first", "second"]).assign(question="C")
    found = coder_agreement(codings).set_index("measure")
    # Observed 0.9; by chance 0.5 * 0.4 + 0.5 * 0.6 = 0.5: kappa 0.8. AC1: use 0.45, 0.55, chance
    # 2 * 0.45 * 0.55 = 0.495: (0.9 - 0.495) / 0.505.
    assert found.loc["kappa", ["agreed", "comments", "share"]].tolist() == [9, 10, 0.9]
    assert found["value"].tolist() == pytest.approx([0.8, 0.405 / 0.505])
    same = coder_agreement(codings.assign(first="t", second="t"))
    assert same["value"].isna().all()
    assert same["share"].tolist() == [1.0, 1.0]


def many(positive: dict[str, tuple[int, int]]) -> pd.DataFrame:
    rows = [
        ("A", sex, x, n, x / n if n else np.nan, *(wilson(x, n) if n else (np.nan, np.nan)))
        for sex, (x, n) in positive.items()
    ]
    names = ["question", "sex", "positive", "valid", "share", "lower", "upper"]
    return pd.DataFrame(rows, columns=names)


@pytest.mark.parametrize(
    ("total", "rising", "attainment", "sure"),
    [
        ((90, 100), False, "reached", "yes"),
        ((82, 100), False, "reached", "no"),
        ((60, 100), False, "not_reached", "yes"),
        ((60, 100), True, "improving", "yes"),
        ((78, 100), False, "not_reached", "no"),
        ((9, 9), False, "too_few", "unknown"),
    ],
)
def test_the_table_of_the_papers_without_their_errors(
    total: tuple[int, int], rising: bool, attainment: str, sure: str
) -> None:
    sexes = many({"women": (4, 6), "men": (3, 5), "third": (0, 0), "total": total})
    changed = pd.DataFrame({"question": ["A"], "value": [0.2], "differs": [rising]})
    row = results_as_printed(sexes, QUESTIONNAIRE, changed).iloc[0]
    assert (row["attainment"], row["sure"]) == (attainment, sure)
    assert row["target"] == 0.8
    # Results of women and men, not how the respondents are distributed: they add to no hundred.
    assert row[["women_share", "men_share"]].tolist() == [4 / 6, 3 / 5]
    assert row[["women_valid", "men_valid"]].tolist() == [6, 5]


def test_without_a_target_nothing_is_judged() -> None:
    sexes = many({"women": (4, 6), "men": (3, 5), "third": (0, 0), "total": (7, 11)})
    row = results_as_printed(sexes, QUESTIONNAIRE.drop(columns="target")).iloc[0]
    assert (row["attainment"], row["sure"]) == ("no_target", "unknown")


def test_order_of_rows_and_the_given_frames_do_not_matter() -> None:
    before = RESPONSES.copy()
    mixed = shares(long_answers(RESPONSES.iloc[::-1], QUESTIONNAIRE.iloc[::-1]))
    pd.testing.assert_frame_equal(mixed, shares(ANSWERS))
    pd.testing.assert_frame_equal(RESPONSES, before)
