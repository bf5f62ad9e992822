from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.discrete.discrete_model import NegativeBinomial

from tests.methods.reading import plain
from tests.methods.reference import cases
from umea_eval.errors import UserError
from umea_eval.methods.rates import rate_ratio, rate_regression


def _months() -> pd.DataFrame:
    """The series of case L04, from the case itself."""
    text = cases()["L04"].inputs
    n, days = (
        [int(v) for v in part.split(";")[0].replace("|", ",").split(",")]
        for part in (text.split("n=")[1], text.split("resident-days=")[1])
    )
    month = np.arange(1, 37)
    post = (month >= 25).astype(int)
    return pd.DataFrame({"n": n, "days": days, "t": month, "post": post, "tp": post * (month - 25)})


def test_equals_r_quasipoisson_with_offset() -> None:
    case = cases()["L04"]
    fit = rate_regression(_months(), "n", "days", ["t", "post", "tp"], family="quasi_poisson")
    names = {
        "constant": ("b0", "se0"),
        "t": ("t", "se_t"),
        "post": ("level", "se_level"),
        "tp": ("slope", "se_slope"),
    }
    computed = {"phi": fit.dispersion}
    for _, row in fit.coefficients.iterrows():
        value, error = names[row["term"]]
        computed |= {value: row["coefficient"], error: row["standard_error"]}
    assert case.difference(computed) <= case.tolerance


def _people(seed: int = 5, people: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    risk = np.repeat(rng.gamma(2.0, 0.5, people), 3)
    days = rng.integers(50, 365, 3 * people)
    area = rng.choice(["b", "a", "c"], 3 * people)
    expected = risk * days / 100 * np.where(area == "b", 2.0, 1.0)
    return pd.DataFrame(
        {
            "person": np.repeat(np.arange(people), 3),
            "area": area,
            "night": rng.random(3 * people) < 0.4,
            "days": days,
            "falls": rng.poisson(expected),
        }
    )


def test_one_indicator_equals_the_crude_ratio() -> None:
    data = _people()
    data = data[data["area"] != "c"]
    fit = rate_regression(data, "falls", "days", ["area"]).table
    crude = rate_ratio(data, "falls", "days", group="area", reference="a").table
    assert fit["label"].tolist() == ["area: b"]
    assert fit["value"].iloc[0] == pytest.approx(crude["value"].iloc[0], rel=1e-9)


def test_cluster_robust_errors_equal_the_sandwich_by_hand() -> None:
    data = _people()
    fit = rate_regression(data, "falls", "days", ["area", "night"], cluster="person")
    x = np.column_stack(
        [np.ones(len(data)), data["area"] == "b", data["area"] == "c", data["night"]]
    ).astype(float)
    mean = np.exp(x @ fit.coefficients["coefficient"].to_numpy()) * data["days"].to_numpy()
    bread = np.linalg.inv(x.T @ (x * mean[:, None]))
    scores = x * (data["falls"].to_numpy() - mean)[:, None]
    sums = pd.DataFrame(scores).groupby(data["person"].to_numpy()).sum().to_numpy()
    g = len(sums)
    expected = np.sqrt(np.diag(bread @ (sums.T @ sums) @ bread) * g / (g - 1))
    assert fit.coefficients["standard_error"].to_numpy() == pytest.approx(expected, rel=1e-9)
    assert fit.clusters == g == 120


def test_negative_binomial_equals_the_joint_likelihood() -> None:
    data = _people()
    fit = rate_regression(data, "falls", "days", ["area", "night"], family="negative_binomial")
    x = np.column_stack(
        [np.ones(len(data)), data["area"] == "b", data["area"] == "c", data["night"]]
    ).astype(float)
    model = NegativeBinomial(data["falls"], x, exposure=data["days"])
    joint = model.fit(
        disp=0,
        method="newton",
        maxiter=200,
        start_params=[*fit.coefficients["coefficient"], fit.alpha],
    )
    assert fit.alpha == pytest.approx(joint.params.iloc[-1], rel=1e-6)
    assert fit.coefficients["coefficient"].to_numpy() == pytest.approx(
        joint.params.iloc[:-1].to_numpy(), rel=1e-6, abs=1e-8
    )
    # R MASS::glm.nb takes the expected information at the estimated theta.
    plain_error = rate_regression(data, "falls", "days", ["area", "night"]).coefficients[
        "standard_error"
    ]
    assert (fit.coefficients["standard_error"] > plain_error).all()


def test_unit_of_exposure_order_of_rows_and_input() -> None:
    data = _people()
    kept = data.copy()
    for options in ({}, {"cluster": "person"}, {"family": "negative_binomial"}):
        fit = rate_regression(data, "falls", "days", ["area"], **options)
        turned = rate_regression(
            data.sample(frac=1, random_state=4), "falls", "days", ["area"], **options
        )
        pd.testing.assert_frame_equal(fit.table, turned.table, check_exact=True)
        years = rate_regression(
            data.assign(days=data["days"] / 365.25), "falls", "days", ["area"], **options
        )
        assert fit.table["upper"].to_numpy() == pytest.approx(
            years.table["upper"].to_numpy(), rel=1e-7
        )
    pd.testing.assert_frame_equal(data, kept)


@pytest.mark.parametrize(
    ("change", "options", "key"),
    [
        ({"falls": 0}, {}, "rates.regression.no_events"),
        ({"person": 1}, {"cluster": "person"}, "rates.regression.one_cluster"),
        ({"area": "a"}, {}, "inputs.one_group"),
        ({"days": 0}, {}, "inputs.zero_denominator"),
        ({"night": True}, {"terms": ["area", "night"]}, "design.collinear"),
    ],
)
def test_what_cannot_be_fitted_is_an_error(
    change: dict[str, object], options: dict[str, object], key: str
) -> None:
    settings = {"terms": ["area"], **options}
    with pytest.raises(UserError) as error:
        rate_regression(_people().assign(**change), "falls", "days", **settings)
    assert error.value.key == f"methods.{key}"


def test_a_level_without_events_is_an_error() -> None:
    data = _people()
    data.loc[data["area"] == "c", "falls"] = 0
    with pytest.raises(UserError) as error:
        rate_regression(data, "falls", "days", ["area"])
    assert error.value.key == "methods.rates.regression.level_without_events"


@pytest.mark.parametrize("cluster", [None, "person"])
@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_a_coefficient_that_runs_away_is_an_error(family: str, cluster: str | None) -> None:
    # No events at all below 3 of a measured value: its slope has no end.
    data = _people().assign(value=lambda d: np.where(d["falls"] > 0, 3.0, 1.0 + d["night"]))
    with pytest.raises(UserError) as error:
        rate_regression(data, "falls", "days", ["value"], family=family, cluster=cluster)
    assert error.value.key == "methods.rates.regression.not_converged"


def test_counts_without_extra_variance_are_not_negative_binomial() -> None:
    even = pd.DataFrame({"x": [4, 5, 6, 5] * 10, "days": 100, "g": ["a", "b"] * 20})
    with pytest.raises(UserError) as error:
        rate_regression(even, "x", "days", ["g"], family="negative_binomial")
    assert error.value.key == "methods.rates.regression.no_extra_variance"


def test_text() -> None:
    fit = rate_regression(_people(), "falls", "days", ["night"], cluster="person")
    assert "från 120 enheter" in plain(fit.text("sv"))
    assert plain(fit.text("en")).startswith("night: the rate ratio is ")


def test_a_chosen_reference() -> None:
    data = _people()
    fit = rate_regression(data, "falls", "days", ["area"], references={"area": "b"})
    assert fit.table["label"].tolist() == ["area: a", "area: c"]
    assert (fit.table["value"] < 1).all()


def test_the_first_category_is_the_reference() -> None:
    ages = pd.CategoricalDtype(["young", "old", "nobody"])
    data = pd.DataFrame({"x": [5, 9, 12, 4], "n": 100, "age": ["old", "young", "old", "young"]})
    found = rate_regression(data.astype({"age": ages}), "x", "n", ["age"]).table
    assert found["level"].tolist() == ["old"]
    assert found["value"][0] == pytest.approx(17 / 13, rel=1e-9)
