from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.methods import reference
from umea_eval.errors import UserError
from umea_eval.methods.weighting import (
    balance_table,
    g_formula,
    propensity_weights,
    risk_set_matching,
    weighted_difference,
)

TERMS = (
    "sex + race + age + I(age**2) + C(education) + smokeintensity + I(smokeintensity**2)"
    " + smokeyrs + I(smokeyrs**2) + C(exercise) + C(active) + wt71 + I(wt71**2)"
)


@pytest.fixture(scope="module")
def nhefs() -> pd.DataFrame:
    return reference.data("nhefs_complete.csv")


@pytest.fixture(scope="module")
def confounded() -> pd.DataFrame:
    """The old and the ill take part more often and fare worse: the crude sign is wrong."""
    rng = np.random.default_rng(4)
    n = 4_000
    age = rng.normal(60, 10, n)
    ill = rng.random(n) < 0.3
    share = 1 / (1 + np.exp(-(-0.5 + 0.06 * (age - 60) + 0.9 * ill)))
    took_part = (rng.random(n) < share).astype(np.int64)
    outcome = 10 - 0.15 * (age - 60) - 2.0 * ill + 0.7 * took_part + rng.normal(0, 1, n)
    return pd.DataFrame(
        {"age": age, "ill": ill, "took_part": took_part, "y": outcome}
        | {"home": rng.integers(0, 80, n), "area": rng.choice(["norr", "söder", "väst"], n)}
    )


def test_W01(nhefs: pd.DataFrame) -> None:
    weights = propensity_weights(nhefs, f"qsmk ~ {TERMS}")
    row = weighted_difference(
        nhefs, outcome="wt82_71", treatment="qsmk", weights=weights.weights
    ).table.iloc[-1]
    reference.reaches(
        "W01",
        {"ate": row["value"], "se": row["standard_error"], "mean_w": float(weights.weights.mean())},
        function="weighting.weighted_difference",
    )


def test_W02(nhefs: pd.DataFrame) -> None:
    result = g_formula(nhefs, f"wt82_71 ~ qsmk + qsmk:smokeintensity + {TERMS}", treatment="qsmk")
    value = dict(zip(result.table["term"], result.table["value"], strict=True))
    reference.reaches(
        "W02",
        {"y1": value["treated"], "y0": value["control"], "ate": value["difference"]},
        function="weighting.g_formula",
    )


def test_both_remove_confounding_that_turns_the_sign(confounded: pd.DataFrame) -> None:
    crude = confounded.groupby("took_part")["y"].mean()
    assert crude[1] - crude[0] < 0
    weights = propensity_weights(confounded, "took_part ~ age + ill").weights
    weighted = weighted_difference(
        confounded, outcome="y", treatment="took_part", weights=weights
    ).table.iloc[-1]
    standard = g_formula(confounded, "y ~ took_part + age + ill", treatment="took_part").table.iloc[
        -1
    ]
    for row in (weighted, standard):
        assert row["lower"] <= 0.7 <= row["upper"]
        assert row["lower"] > 0


@pytest.mark.parametrize("estimand", ["ate", "att", "overlap"])
def test_weights_make_the_groups_alike(estimand: str, confounded: pd.DataFrame) -> None:
    weights = propensity_weights(
        confounded,
        "took_part ~ age + ill",
        estimand=estimand,  # type: ignore[arg-type]
    )
    table = balance_table(
        confounded, treatment="took_part", covariates=["age", "ill"], weights=weights.weights
    ).table
    assert (table["before"].abs() > 0.3).all()
    assert (table["value"].abs() < 0.05).all()
    if estimand == "overlap":
        # Li, Morgan & Zaslavsky 2018, theorem 3: exact balance of the model's own terms.
        assert (table["value"].abs() < 1e-6).all()


def test_stabilised_and_truncated_weights(confounded: pd.DataFrame) -> None:
    formula = "took_part ~ age + ill"
    plain = propensity_weights(confounded, formula).weights
    stabilised = propensity_weights(confounded, formula, stabilised=True).weights
    cut = propensity_weights(confounded, formula, truncate=0.95).weights
    assert stabilised.mean() == pytest.approx(1, abs=0.05)
    estimates = [
        weighted_difference(confounded, outcome="y", treatment="took_part", weights=w).table[
            "value"
        ][2]
        for w in (plain, stabilised)
    ]
    assert estimates[0] == pytest.approx(estimates[1], rel=1e-10)
    assert cut.max() == pytest.approx(np.quantile(plain, 0.95))
    assert cut.min() == pytest.approx(np.quantile(plain, 0.05))


def test_error_of_the_g_formula_equals_the_bootstrap(confounded: pd.DataFrame) -> None:
    small = confounded.iloc[:600].reset_index(drop=True)
    small = small.assign(good=(small["y"] > 9).astype(int))
    formula = "good ~ took_part * age + ill"
    ours = g_formula(small, formula, treatment="took_part", family="binomial").table.iloc[-1]
    rng = np.random.default_rng(1)
    drawn = [
        g_formula(
            small.iloc[rng.integers(0, 600, 600)],
            formula,
            treatment="took_part",
            family="binomial",
        )
        .table["value"]
        .iloc[-1]
        for _ in range(120)
    ]
    # 120 replicates: the bootstrap's own error is 6.5 %.
    assert ours["standard_error"] == pytest.approx(np.std(drawn), rel=0.2)


def test_collapsible_links_agree_when_the_model_is_saturated(confounded: pd.DataFrame) -> None:
    """With one binary covariate and all interactions every family gives the cell means."""
    data = confounded.assign(good=(confounded["y"] > 9).astype(int))
    tables = [
        g_formula(data, "good ~ took_part * ill", treatment="took_part", family=family).table  # type: ignore[arg-type]
        for family in ("gaussian", "binomial", "poisson")
    ]
    for table in tables[1:]:
        np.testing.assert_allclose(table["value"], tables[0]["value"], rtol=1e-7)
        np.testing.assert_allclose(table["standard_error"], tables[0]["standard_error"], rtol=1e-6)
    means = data.groupby(["ill", "took_part"])["good"].mean()
    by_hand = sum((means[i, 1] - means[i, 0]) * (data["ill"] == i).mean() for i in (False, True))
    assert tables[0]["value"].iloc[-1] == pytest.approx(by_hand, rel=1e-10)
    treated = data[data["took_part"] == 1]
    att = sum((means[i, 1] - means[i, 0]) * (treated["ill"] == i).mean() for i in (False, True))
    ours = g_formula(data, "good ~ took_part * ill", treatment="took_part", target="treated")
    assert ours.table["value"].iloc[-1] == pytest.approx(att, rel=1e-10)


def test_clusters_widen_the_interval() -> None:
    rng = np.random.default_rng(2)
    home = np.repeat(np.arange(40), 10)
    part = (home % 2).astype(int)
    y = rng.normal(0, 1, 40)[home] + rng.normal(0, 1, 400)
    data = pd.DataFrame({"y": y, "a": part, "home": home, "x": rng.normal(size=400)})
    alone = weighted_difference(data, outcome="y", treatment="a", weights=np.ones(400))
    shared = weighted_difference(
        data, outcome="y", treatment="a", weights=np.ones(400), cluster="home"
    )
    assert shared.table["standard_error"].iloc[-1] > 1.8 * alone.table["standard_error"].iloc[-1]
    model = g_formula(data, "y ~ a + x", treatment="a", cluster="home")
    assert model.table["standard_error"].iloc[-1] == pytest.approx(
        shared.table["standard_error"].iloc[-1], rel=0.1
    )


def test_balance_by_hand_and_by_level() -> None:
    data = pd.DataFrame(
        {"a": [1, 1, 0, 0], "x": [1.0, 3.0, 0.0, 2.0], "area": ["norr", "söder", "norr", "norr"]}
    )
    table = balance_table(data, treatment="a", covariates=["x", "area"]).table
    row = table.iloc[0]
    assert row["before"] == pytest.approx(1 / np.sqrt(2))
    assert row["value"] == row["before"]
    assert list(table["covariate"]) == ["x", "area: norr", "area: söder"]
    weighted = balance_table(
        data, treatment="a", covariates=["x"], weights=[1.0, 0.0, 1.0, 1.0]
    ).table
    assert weighted["value"][0] == 0.0


def _panel() -> pd.DataFrame:
    """Six persons over four months; ``months`` is the benefit history before each."""
    rows = []
    history = {"a": 5, "b": 5, "c": 2, "d": 9, "e": 5, "f": 8}
    begin = {"a": "2023-03", "d": "2023-03", "e": "2023-04", "f": "2022-06"}
    for person, base in history.items():
        for number, month in enumerate(["2023-01", "2023-02", "2023-03", "2023-04"]):
            rows.append(
                {
                    "person": person,
                    "month": month,
                    "months": base + number,
                    "sex": "k" if person in "abe" else "m",
                    "start": begin.get(person),
                }
            )
    return pd.DataFrame(rows)


KEYS = {"unit": "person", "time": "month", "start": "start", "history": ["months"]}


def test_risk_set_matching_by_hand() -> None:
    result = risk_set_matching(_panel(), **KEYS)
    pairs = result.pairs
    # a and d begin in March: b and e have a's history, b comes first; d takes the nearest left.
    assert list(zip(pairs["unit"], pairs["control"], strict=True)) == [
        ("a", "b"),
        ("d", "e"),
        ("e", "c"),
    ]
    assert list(pairs["later_start"]) == [False, True, False]
    assert pairs["distance"][0] == 0.0
    # f began before the data: neither matched nor a control.
    assert "f" not in set(pairs["unit"]) | set(pairs["control"])
    assert result.table["value"][0] == 1.0


def test_exact_caliper_ratio_and_replacement() -> None:
    exact = risk_set_matching(_panel(), **KEYS, exact=["sex"])
    assert set(exact.pairs.loc[exact.pairs["unit"] == "d", "control"]) == {"c"}
    assert exact.unmatched == {"no_row": 0, "no_match": 1}
    near = risk_set_matching(_panel(), **KEYS, caliper=0.1)
    assert list(near.pairs["unit"]) == ["a"]
    two = risk_set_matching(_panel(), **KEYS, ratio=2, replacement=True)
    assert list(two.pairs.loc[two.pairs["unit"] == "a", "control"]) == ["b", "e"]
    assert two.table["numerator"][0] == 3.0


def test_matching_balances_history_and_recovers_no_effect() -> None:
    """Support is more likely after long histories, which also predict the outcome."""
    rng = np.random.default_rng(5)
    rows = []
    for person in range(400):
        level = rng.normal()
        begun: int | None = None
        for month in range(1, 13):
            past = level + rng.normal(0, 0.3)
            if begun is None and month > 2 and rng.random() < 0.02 * np.exp(0.8 * past):
                begun = month
            rows.append({"person": person, "month": month, "past": past, "level": level})
        for row in rows[-12:]:
            row["start"] = np.nan if begun is None else float(begun)
    data = pd.DataFrame(rows)
    result = risk_set_matching(data, unit="person", time="month", start="start", history=["past"])
    assert result.balance is not None
    assert result.balance.table["before"][0] > 0.3
    assert abs(result.balance.table["value"][0]) < 0.15
    level = data.groupby("person")["level"].first()
    pairs = result.pairs
    gap = level[pairs["unit"]].to_numpy() - level[pairs["control"]].to_numpy()
    crude = level[pairs["unit"]].mean() - level.mean()
    assert abs(gap.mean()) < 0.4 * crude


def test_order_of_rows_changes_nothing(confounded: pd.DataFrame) -> None:
    panel = _panel()
    mixed = panel.sample(frac=1, random_state=3)
    before = mixed.copy(deep=True)
    one, other = risk_set_matching(panel, **KEYS), risk_set_matching(mixed, **KEYS)
    pd.testing.assert_frame_equal(one.pairs, other.pairs)
    pd.testing.assert_frame_equal(mixed, before)
    shuffled = confounded.sample(frac=1, random_state=3)
    first = propensity_weights(confounded, "took_part ~ age + C(area)").weights
    second = propensity_weights(shuffled, "took_part ~ age + C(area)").weights
    np.testing.assert_allclose(first, second.sort_index(), rtol=1e-9)


def test_refusals(confounded: pd.DataFrame) -> None:
    with pytest.raises(UserError, match="avgör helt vem"):
        propensity_weights(confounded, "took_part ~ I(took_part * 2.0)")
    with pytest.raises(UserError, match="Värden saknas"):
        broken = confounded.assign(age=confounded["age"].where(confounded.index != 7))
        propensity_weights(broken, "took_part ~ age")
    with pytest.raises(UserError, match="Menade du ”age”"):
        propensity_weights(confounded, "took_part ~ agge")
    with pytest.raises(UserError, match="går inte att läsa"):
        propensity_weights(confounded, "took_part ~ age +")
    with pytest.raises(UserError, match="bestäms av de andra"):
        propensity_weights(confounded.assign(same=1), "took_part ~ age + same")
    with pytest.raises(UserError, match="finns inte i formeln"):
        g_formula(confounded, "y ~ age", treatment="took_part")
    with pytest.raises(UserError, match="Alla eller ingen"):
        g_formula(confounded.assign(took_part=1), "y ~ took_part", treatment="took_part")
    with pytest.raises(UserError, match="Ingen börjar"):
        risk_set_matching(_panel().assign(start=None), **KEYS)
    with pytest.raises(UserError, match="upprepar"):
        risk_set_matching(pd.concat([_panel(), _panel().iloc[[3]]]), **KEYS)


def test_words_and_pictures(confounded: pd.DataFrame) -> None:
    weights = propensity_weights(confounded, "took_part ~ age + ill")
    difference = weighted_difference(
        confounded, outcome="y", treatment="took_part", weights=weights.weights
    )
    matched = risk_set_matching(_panel(), **KEYS)
    assert "oberoende personer" in weights.text("sv")
    assert "är mätt och finns med i modellen" in difference.text("sv")
    assert "3 of 3" in matched.text("en")
    for result in (weights, difference, matched):
        axes = result.plot()
        assert axes.lines or axes.patches
