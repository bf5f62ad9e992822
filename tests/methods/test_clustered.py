from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from umea_eval.errors import UserError
from umea_eval.methods.clustered import bootstrap_ratio, cluster_bootstrap, design_effect, gee

FALLS = {"outcome": "falls", "covariates": ["arm"], "exposure": "days"}
RATE = {"numerator": "falls", "denominator": "days"}
TRUE_RATIO = 0.7


def residents(
    homes: int, *, seed: int, per: int = 8, home_spread: float = 0.3, repeats: float = 0.6
) -> pd.DataFrame:
    """Falls in homes: persons fall repeatedly (gamma frailty) and homes differ (lognormal)."""
    rng = np.random.default_rng(seed)
    n = homes * per
    home = np.repeat(np.arange(homes), per)
    arm = (home < homes // 2).astype(np.int64)
    days = rng.integers(60, 366, n)
    person = rng.gamma(repeats, 1 / repeats, n)
    of_home = np.exp(rng.normal(-(home_spread**2) / 2, home_spread, homes))[home]
    rate = 4 / 1000 * person * of_home * np.where(arm == 1, TRUE_RATIO, 1.0)
    return pd.DataFrame(
        {"home": home, "person": np.arange(n), "arm": arm, "days": days}
        | {"falls": rng.poisson(rate * days)}
    )


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return residents(24, seed=11)


def _sandwich(frame: pd.DataFrame, *, reduced: bool) -> np.ndarray:
    """The cluster sandwich of a Poisson regression by its definition (reduced: Mancl & DeRouen)."""
    x = np.column_stack([np.ones(len(frame)), frame["arm"]])
    fit = sm.GLM(frame["falls"], x, family=sm.families.Poisson(), exposure=frame["days"]).fit(
        tol=1e-12
    )
    mu = np.asarray(fit.fittedvalues)
    residual = frame["falls"].to_numpy() - mu
    bread = np.linalg.inv((x * mu[:, None]).T @ x)
    meat = np.zeros((2, 2))
    for home in frame["home"].unique():
        rows = (frame["home"] == home).to_numpy()
        left = residual[rows]
        if reduced:
            hat = (x[rows] * mu[rows, None]) @ bread @ x[rows].T
            left = np.linalg.solve(np.eye(rows.sum()) - hat, left)
        score = x[rows].T @ left
        meat += np.outer(score, score)
    return np.sqrt(np.diag(bread @ meat @ bread))


@pytest.mark.parametrize("errors", ["robust", "bias-reduced"])
def test_gee_errors_by_their_definition(errors: str, frame: pd.DataFrame) -> None:
    result = gee(frame, **FALLS, cluster="home", correlation="independence", errors=errors)  # type: ignore[arg-type]
    wanted = _sandwich(frame, reduced=errors == "bias-reduced")[1]
    assert result.table["standard_error"][0] == pytest.approx(wanted, rel=1e-6)


def test_gee_independence_equals_the_crude_rate_ratio(frame: pd.DataFrame) -> None:
    totals = frame.groupby("arm")[["falls", "days"]].sum()
    rates = totals["falls"] / totals["days"]
    result = gee(frame, **FALLS, cluster="home", correlation="independence")
    assert result.table["value"][0] == pytest.approx(rates[1] / rates[0], rel=1e-8)


@pytest.mark.parametrize("family", ["poisson", "binomial", "gaussian"])
def test_gee_recovers_a_planted_effect(family: str) -> None:
    rng = np.random.default_rng(2)
    homes, per = 300, 8
    home = np.repeat(np.arange(homes), per)
    x = rng.integers(0, 2, homes * per)
    shared = rng.normal(0, 0.5, homes)[home]
    if family == "gaussian":
        y, truth = 1 + 0.5 * x + shared + rng.normal(size=len(x)), 0.5
    elif family == "poisson":
        y, truth = rng.poisson(np.exp(0.2 + 0.4 * x + shared)), np.exp(0.4)
    else:
        # A covariate without effect: its odds ratio is 1 on every scale.
        y, truth = (rng.random(len(x)) < 1 / (1 + np.exp(-shared))).astype(int), 1.0
    data = pd.DataFrame({"y": y, "x": x, "home": home})
    result = gee(data, outcome="y", covariates=["x"], cluster="home", family=family)  # type: ignore[arg-type]
    row = result.table.iloc[0]
    assert row["lower"] <= truth <= row["upper"]
    assert result.within > 0
    assert result.clusters == homes


def test_ignoring_clusters_is_too_sure(frame: pd.DataFrame) -> None:
    crowded = residents(20, seed=5, per=20, home_spread=0.8)
    naive = gee(crowded, **FALLS, cluster="home", correlation="independence", errors="naive")
    honest = gee(crowded, **FALLS, cluster="home")
    assert honest.table["standard_error"][0] > 1.5 * naive.table["standard_error"][0]


def test_studentised_and_generic_bootstrap_agree_with_gee(frame: pd.DataFrame) -> None:
    fast = bootstrap_ratio(frame, **RATE, cluster="person", group="arm", interval="percentile")

    def ratio(rows: pd.DataFrame) -> float:
        totals = rows.groupby("arm")[["falls", "days"]].sum()
        rate = totals["falls"] / totals["days"]
        return float(rate[1] / rate[0])

    slow = cluster_bootstrap(frame, ratio, cluster="person", replicates=1_000)
    assert fast.table["value"][0] == pytest.approx(slow.table["value"][0], rel=1e-12)
    for limit in ("lower", "upper"):
        assert fast.table[limit][0] == pytest.approx(slow.table[limit][0], rel=0.12)
    student = bootstrap_ratio(frame, **RATE, cluster="person", group="arm")
    model = gee(frame, **FALLS, cluster="person", correlation="independence")
    for limit in ("lower", "upper"):
        assert student.table[limit][0] == pytest.approx(model.table[limit][0], rel=0.06)


def test_clusters_with_both_groups_are_drawn_together() -> None:
    """A ratio before and after in the same homes: what the homes share must cancel."""
    rng = np.random.default_rng(9)
    level = rng.gamma(2.0, 50.0, 30)
    before, after = rng.poisson(level), rng.poisson(0.8 * level)
    data = pd.DataFrame(
        {
            "home": np.tile(np.arange(30), 2),
            "falls": np.concatenate([before, after]),
            "days": 1000.0,
            "after": np.repeat([0, 1], 30),
        }
    )
    paired = bootstrap_ratio(data, **RATE, cluster="home", group="after").table.iloc[0]
    apart = bootstrap_ratio(
        data.assign(home=range(60)), **RATE, cluster="home", group="after"
    ).table.iloc[0]
    assert paired["upper"] - paired["lower"] < 0.5 * (apart["upper"] - apart["lower"])
    assert paired["lower"] < 0.8 < paired["upper"]


def test_bootstrap_of_a_single_rate_and_its_linearised_error(frame: pd.DataFrame) -> None:
    result = bootstrap_ratio(frame, **RATE, cluster="home")
    crude = frame["falls"].sum() / frame["days"].sum()
    assert result.table["value"][0] == pytest.approx(crude, rel=1e-12)
    totals = frame.groupby("home")[["falls", "days"]].sum()
    rate = totals["falls"].sum() / totals["days"].sum()
    linear = np.sqrt(
        (((totals["falls"] - rate * totals["days"]) / totals["falls"].sum()) ** 2).sum()
    )
    assert np.std(np.log(result.replicates)) == pytest.approx(linear, rel=0.1)


def test_design_effect_of_clones_and_of_independent_persons() -> None:
    rng = np.random.default_rng(6)
    value = rng.normal(size=200)
    homes = np.repeat(np.arange(200), 5)
    nearly_clones = np.repeat(value, 5) + rng.normal(0, 0.01, 1000)
    table = design_effect(nearly_clones, homes).table.set_index("measure")["value"]
    assert table["design effect"] == pytest.approx(5, abs=0.01)
    assert table["effective sample size"] == pytest.approx(200, abs=1)
    apart = design_effect(rng.normal(size=1000), homes).table.set_index("measure")
    row = apart.loc["intraclass correlation"]
    assert row["lower"] < 0 < row["upper"]


def test_the_correlation_within_clusters_apart_from_that_groups_differ() -> None:
    # By hand: two groups of ten pairs; 4 agree on 1, 4 on 0, 2 differ, and one group is 10 higher.
    # Between clusters 4 + 4 on 18, within 1 + 1 on 20: (0.4444 - 0.1) / (0.4444 + 0.1) = 0.6327.
    answers = [1, 1] * 4 + [0, 0] * 4 + [1, 0] * 2
    values = answers + [10 + each for each in answers]
    homes, groups = np.repeat(np.arange(20), 2), np.repeat(["a", "b"], 20)
    found = design_effect(values, homes, groups=groups).table["value"]
    assert found.tolist() == pytest.approx([0.6327, 1.6327, 40 / 1.6327], abs=1e-3)
    assert design_effect(values, homes).table["value"].iloc[0] > 0.99
    with pytest.raises(UserError, match="mer än en grupp"):
        design_effect(values, homes, groups=np.tile(["a", "b"], 20))


def test_design_effect_by_hand() -> None:
    # Two homes of two: MSB = 16, MSW = 0.5, n0 = 2: (16 - 0.5) / (16 + 0.5).
    table = design_effect([1.0, 2.0, 5.0, 6.0], [1, 1, 2, 2]).table.set_index("measure")["value"]
    assert table["intraclass correlation"] == pytest.approx(15.5 / 16.5)
    assert table["design effect"] == pytest.approx(1 + 15.5 / 16.5)


def test_searles_interval_keeps_its_confidence() -> None:
    rng = np.random.default_rng(7)
    hits = 0
    for _ in range(1_000):
        y = rng.normal(0, np.sqrt(0.2), 20)[np.repeat(np.arange(20), 6)] + rng.normal(
            0, np.sqrt(0.8), 120
        )
        row = design_effect(y, np.repeat(np.arange(20), 6)).table.iloc[0]
        hits += row["lower"] <= 0.2 <= row["upper"]
    assert 0.93 <= hits / 1_000 <= 0.97


def test_order_of_rows_unit_of_exposure_and_seed(frame: pd.DataFrame) -> None:
    mixed = frame.sample(frac=1, random_state=8)
    before = mixed.copy(deep=True)
    calls = [
        lambda f: gee(f, **FALLS, cluster="home").table,
        lambda f: bootstrap_ratio(f, **RATE, cluster="home", group="arm").table,
    ]
    for call in calls:
        pd.testing.assert_frame_equal(call(frame), call(mixed), check_exact=True)
        years = call(frame.assign(days=frame["days"] / 365.25))
        columns = ["value", "lower", "upper"]
        np.testing.assert_allclose(call(frame)[columns], years[columns], rtol=1e-6)
    pd.testing.assert_frame_equal(mixed, before)
    one, other = (
        bootstrap_ratio(frame, **RATE, cluster="home", seed=seed).table["lower"][0]
        for seed in (1, 2)
    )
    assert one != other


def test_refusals(frame: pd.DataFrame) -> None:
    with pytest.raises(UserError, match="är noll"):
        gee(frame.assign(days=0), **FALLS, cluster="home")
    with pytest.raises(UserError, match="bestäms av de andra"):
        gee(frame.assign(arm=1), **FALLS, cluster="home")
    with pytest.raises(UserError, match="fler kluster än termer"):
        gee(frame, **FALLS, cluster="arm")
    with pytest.raises(UserError, match="inga händelser"):
        bootstrap_ratio(frame.assign(falls=0), **RATE, cluster="home")
    with pytest.raises(UserError, match="jämför två grupper"):
        bootstrap_ratio(frame, **RATE, cluster="home", group="days")
    with pytest.raises(UserError, match="en person"):
        design_effect([1, 2, 3], [1, 2, 3])
    with pytest.raises(UserError, match="varierar inte inom"):
        design_effect([1, 1, 2, 2], [1, 1, 2, 2])


def test_words_and_pictures(frame: pd.DataFrame) -> None:
    results = [
        gee(frame, **FALLS, cluster="home"),
        bootstrap_ratio(frame, **RATE, cluster="home", group="arm"),
        design_effect(frame["falls"], frame["home"]),
    ]
    assert "frekvenskvot" in results[0].text("sv")
    assert "24 clusters" in results[0].text("en")
    assert "2\u202f000 dragningar" in results[1].text("sv")
    assert "oberoende personer" in results[2].text("sv")
    for result in results:
        axes = result.plot()
        assert axes.lines or axes.patches


def _covered(homes: int, cluster: str, method: str, seed: int) -> bool:
    spread = 0.3 if cluster == "home" else 0.0
    frame = residents(homes, seed=seed, home_spread=spread)
    if method == "bootstrap":
        row = bootstrap_ratio(frame, **RATE, cluster=cluster, group="arm").table.iloc[0]
    else:
        row = gee(frame, **FALLS, cluster=cluster, errors=method).table.iloc[0]  # type: ignore[arg-type]
    return bool(row["lower"] <= TRUE_RATIO <= row["upper"])


def test_gee_keeps_its_confidence_with_repeat_fallers_in_twenty_homes() -> None:
    """A quick version: with 300 runs the Monte Carlo error is 1.3 percentage points."""
    hits = sum(_covered(20, "home", "bias-reduced", 30_000 + run) for run in range(300))
    assert 0.91 <= hits / 300 <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize(
    ("homes", "cluster", "method"),
    [
        (20, "home", "bias-reduced"),
        (20, "person", "bias-reduced"),
        (20, "home", "bootstrap"),
    ],
)
def test_coverage_of_falls_in_5000_runs(homes: int, cluster: str, method: str) -> None:
    hits = sum(_covered(homes, cluster, method, 40_000 + run) for run in range(5_000))
    print("falls", homes, cluster, method, hits / 5_000)  # noqa: T201 - for docs/coverage.md
    assert 0.93 <= hits / 5_000 <= 0.97
