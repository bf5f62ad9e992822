"""What cannot be meant is refused with one message: a misspelt option, an odd unit, text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.methods.series import falls
from umea_eval.errors import UserError
from umea_eval.language import LANGUAGES
from umea_eval.methods import (
    agreement,
    bounds,
    clustered,
    control_charts,
    decomposition,
    interrupted_series,
    multiplicity,
    paired,
    power,
    proportions,
    rates,
    standardisation,
    survival,
    weighting,
)
from umea_eval.methods import difference_in_differences as did

GROUPS = pd.DataFrame({"g": ["a", "b", "c"], "x": [1, 2, 3], "n": [10, 20, 30]})
PAIRS = pd.DataFrame({"a": [1.0, 2, 3, 5, 6, 7], "b": [2.0, 1, 3, 4, 9, 1]})
HOMES = pd.DataFrame(
    {"h": [1, 1, 2, 2, 3, 3, 4, 4], "y": [1, 0, 2, 1, 0, 1, 3, 1], "d": 10, "z": [0, 1] * 4}
)
PEOPLE = pd.DataFrame(
    {"a": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 3], "y": [1.0, 3, 2, 5, 2, 4]}
)
PANEL = pd.DataFrame(
    [(u, m, float((u * 7 + m * m) % 5), {1: 3, 2: 3}.get(u)) for u in range(6) for m in range(6)],
    columns=["u", "m", "y", "s"],
).assign(h=1.0)
ADOPTION: dict[str, Any] = {"outcome": "y", "unit": "u", "time": "m", "start": "s"}
MATCHING: dict[str, Any] = {"unit": "u", "time": "m", "start": "s"}
SERIES = falls()
FALLS: dict[str, Any] = {"outcome": "falls", "interruption": "2023-01"}
RATE: dict[str, Any] = {"numerator": "y", "denominator": "d", "cluster": "h"}

MISSPELT: dict[str, Callable[[], object]] = {
    "share": lambda: proportions.proportion(GROUPS, "x", "n", method="Wilson"),  # type: ignore[arg-type]
    "ratio": lambda: proportions.ratio(
        GROUPS,
        "x",
        "n",
        group="g",
        reference="a",
        method="Koopman",  # type: ignore[arg-type]
    ),
    "rate": lambda: rates.rate(GROUPS, "x", "n", method="Byar"),  # type: ignore[arg-type]
    "count": lambda: rates.poisson_interval(3, method="Garwood"),  # type: ignore[arg-type]
    "smr": lambda: standardisation.smr(GROUPS, "x", "n", method="Byar"),  # type: ignore[arg-type]
    "indirect": lambda: standardisation.indirect(
        GROUPS,
        "x",
        "n",
        GROUPS,
        stratum="g",
        reference_kind="survey",  # type: ignore[arg-type]
    ),
    "regression": lambda: rates.rate_regression(
        GROUPS,
        "x",
        "n",
        ["g"],
        family="nb",  # type: ignore[arg-type]
    ),
    "funnel": lambda: rates.funnel(GROUPS, "x", "n", unit="g", kind="Share"),  # type: ignore[arg-type]
    "spread": lambda: rates.funnel(
        GROUPS,
        "x",
        "n",
        unit="g",
        overdispersion="both",  # type: ignore[arg-type]
    ),
    "kappa": lambda: agreement.kappa(PAIRS, "a", "b", weights="square"),  # type: ignore[arg-type]
    "adjust": lambda: multiplicity.adjusted_p([0.1], method="BH"),  # type: ignore[arg-type]
    "bounds": lambda: bounds.manski_bounds(
        GROUPS.assign(u=1),
        "x",
        "n",
        "u",
        covers="both",  # type: ignore[arg-type]
    ),
    "sign flip": lambda: paired.sign_flip(PAIRS, "a", "b", alternative="twosided"),  # type: ignore[arg-type]
    "signed rank": lambda: paired.wilcoxon_signed_rank(
        PAIRS,
        "a",
        "b",
        alternative="twosided",  # type: ignore[arg-type]
    ),
    "regression to the mean": lambda: paired.regression_to_the_mean(
        mean=0,
        sd=1,
        correlation=0.5,
        cutoff=1,
        direction="over",  # type: ignore[arg-type]
    ),
    "bootstrap": lambda: clustered.bootstrap_ratio(HOMES, **RATE, interval="bca"),  # type: ignore[arg-type]
    "gee": lambda: clustered.gee(
        HOMES,
        outcome="y",
        covariates=["z"],
        cluster="h",
        errors="hc1",  # type: ignore[arg-type]
    ),
    "control": lambda: did.staggered_adoption(PANEL, **ADOPTION, control="notyet"),  # type: ignore[arg-type]
    "base": lambda: did.staggered_adoption(PANEL, **ADOPTION, base="last"),  # type: ignore[arg-type]
    "inference": lambda: did.staggered_adoption(PANEL, **ADOPTION, inference="boot"),  # type: ignore[arg-type]
    "estimator": lambda: did.placebo_permutation(PANEL, **ADOPTION, estimator="twfe"),  # type: ignore[arg-type]
    "mark": lambda: interrupted_series.Mark("2023-01", kind="Break"),  # type: ignore[arg-type]
    "survival": lambda: survival.kaplan_meier([1, 2], [1, 0], method="arcsine"),  # type: ignore[arg-type]
    "chart": lambda: control_charts.c_chart([9, 9], improvement="up"),  # type: ignore[arg-type]
    "weights": lambda: weighting.propensity_weights(PEOPLE, "a ~ x", estimand="atc"),  # type: ignore[arg-type]
    "power": lambda: power.detectable_interrupted_series(24, 12, 1, scale="rr"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", MISSPELT)
def test_a_misspelt_option_is_refused_and_the_choices_are_told(name: str) -> None:
    # Without this, "Wilson" for "wilson" would silently give another interval.
    with pytest.raises(UserError) as error:
        MISSPELT[name]()
    assert error.value.key == "methods.inputs.choice"
    assert "Möjliga val: " in error.value.message("sv")


ODD: dict[str, tuple[str, Callable[[], object]]] = {
    "no unit": ("not_positive", lambda: rates.rate(GROUPS, "x", "n", per=0)),
    "negative unit": ("not_positive", lambda: rates.funnel(GROUPS, "x", "n", unit="g", per=-1)),
    "chart unit": ("not_positive", lambda: control_charts.u_chart([9, 9], [9, 9], per=0)),
    "levels in percent": (
        "confidence",
        lambda: rates.funnel(GROUPS, "x", "n", unit="g", levels=(95, 99.8)),
    ),
    "no replicates": (
        "not_enough",
        lambda: rates.bootstrap_rate_ratio(
            GROUPS, "x", "n", group="g", reference="a", seed=1, replicates=0
        ),
    ),
    "no draws": ("not_enough", lambda: clustered.bootstrap_ratio(HOMES, **RATE, replicates=0)),
    "half a control": (
        "not_enough",
        lambda: weighting.risk_set_matching(PANEL, **MATCHING, history=["h"], ratio=1.5),  # type: ignore[arg-type]
    ),
    "negative caliper": (
        "not_positive",
        lambda: weighting.risk_set_matching(PANEL, **MATCHING, history=["h"], caliper=-1),
    ),
    "no history": (
        "none_named",
        lambda: weighting.risk_set_matching(PANEL, **MATCHING, history=[]),
    ),
    "negative season": (
        "not_enough",
        lambda: interrupted_series.interrupted_series(SERIES, **FALLS, harmonics=-1),
    ),
    "negative lags": (
        "not_enough",
        lambda: interrupted_series.interrupted_series(
            SERIES, **FALLS, errors="newey-west", lags=-2
        ),
    ),
    "text in a list": ("not_number", lambda: survival.kaplan_meier(["a", "b"], [1, 0])),
    "digits as text": ("not_number", lambda: proportions.wilson(["1"], [3])),
    "text among numbers": ("not_number", lambda: proportions.wilson(["1", None], [3, 3])),
    "dates as durations": (
        "not_number",
        lambda: survival.kaplan_meier(pd.to_datetime(["2020-01-01", "2021-01-01"]), [1, 0]),
    ),
    "missing time": ("all_missing", lambda: survival.kaplan_meier([1, 2], [1, 0], at=[np.nan])),
    "negative time": ("negative", lambda: survival.kaplan_meier([1, 2], [1, 0], at=[-1])),
    "negative weights": (
        "negative",
        lambda: weighting.balance_table(PEOPLE, treatment="a", covariates=["x"], weights=[-1] * 6),
    ),
    "a list for a frame": ("no_frame", lambda: proportions.proportion([1], "x", "n")),  # type: ignore[arg-type]
    "covariates as lists": ("no_frame", lambda: survival.cox([1, 2], [1, 1], [[1], [2]])),  # type: ignore[arg-type]
    "no covariates": (
        "none_named",
        lambda: survival.cox([1, 2], [1, 1], pd.DataFrame(index=range(2))),
    ),
    "a group named as a result": (
        "reserved",
        lambda: proportions.proportion(
            GROUPS.rename(columns={"g": "method"}), "x", "n", by="method"
        ),
    ),
    "the same two periods": (
        "one_group",
        lambda: decomposition.das_gupta(
            GROUPS, ["x"], population="g", reference="a", comparison="a"
        ),
    ),
    "no sample": ("not_positive", lambda: power.power_proportions(0, 10, 0.5, 0.2)),
    "no spread": ("not_positive", lambda: power.power_means(10, 10, 1, 0)),
    "no events": ("not_positive", lambda: power.power_rates(0, 10, 2)),
}


@pytest.mark.parametrize("name", ODD)
def test_what_cannot_be_meant_is_refused(name: str) -> None:
    key, call = ODD[name]
    with pytest.raises(UserError) as error:
        call()
    assert error.value.key == f"methods.inputs.{key}"
    assert all(error.value.message(language) for language in LANGUAGES)


OTHER: dict[str, tuple[str, Callable[[], object]]] = {
    "a share above 1": ("power.baseline", lambda: power.power_proportions(9, 9, 1.5, 0.2)),
    "a level above 1": (
        "power.alpha",
        lambda: power.detectable_interrupted_series(24, 12, 1, alpha=2),
    ),
    "exposure of a mean": (
        "interrupted_series.exposure_of_mean",
        lambda: interrupted_series.interrupted_series(
            SERIES, **FALLS, exposure="days", family="gaussian"
        ),
    ),
    "a constant mean": (
        "interrupted_series.no_variation",
        lambda: interrupted_series.interrupted_series(
            SERIES.assign(falls=5), **FALLS, family="gaussian"
        ),
    ),
    "a constant count": (
        "interrupted_series.no_variation",
        lambda: interrupted_series.interrupted_series(SERIES.assign(falls=5), **FALLS),
    ),
    "more lags than periods": (
        "interrupted_series.lags",
        lambda: interrupted_series.interrupted_series(
            SERIES, **FALLS, errors="newey-west", lags=100
        ),
    ),
    "other invented dates": (
        "interrupted_series.placebo_differs",
        lambda: interrupted_series.placebo_dates(
            SERIES,
            interrupted_series.interrupted_series(SERIES, **FALLS, harmonics=1),
            outcome="falls",
        ),
    ),
    "two marks of one name": (
        "interrupted_series.same_name",
        lambda: interrupted_series.interrupted_series(
            SERIES,
            **FALLS,
            marks=[
                interrupted_series.Mark(month, "intervention", label="system", slope=False)
                for month in ("2021-07", "2022-01")
            ],
        ),
    ),
    "a covariate named as a term": (
        "inputs.reserved",
        lambda: interrupted_series.interrupted_series(
            SERIES.assign(level=range(36)), **FALLS, covariates=["level"]
        ),
    ),
    "a number for a month": (
        "months.unreadable",
        lambda: interrupted_series.interrupted_series(SERIES, outcome="falls", interruption=25),
    ),
    "no month": (
        "months.unreadable",
        lambda: interrupted_series.interrupted_series(SERIES, outcome="falls", interruption=None),
    ),
    "text for a start": (
        "months.unreadable",
        lambda: did.staggered_adoption(PANEL.assign(s="x"), **ADOPTION),
    ),
    "weights of nothing": (
        "weighting.one_group",
        lambda: weighting.balance_table(PEOPLE, treatment="a", covariates=["x"], weights=[0] * 6),
    ),
    "a formula that is none": (
        "weighting.formula",
        lambda: weighting.propensity_weights(PEOPLE, "a ~ I('x')('y'"),
    ),
    "numbers against text": (
        "standardisation.indirect.stratum_missing",
        lambda: standardisation.indirect(GROUPS, "x", "n", GROUPS.assign(g=[1, 2, 3]), stratum="g"),
    ),
    "areas as text and numbers": (
        "rates.population.no_group",
        lambda: rates.population_rate(
            pd.DataFrame({"area": [1], "age": [5]}),
            pd.DataFrame({"area": ["1"] * 21, "age": range(21), "population": 10}),
            by="area",
        ),
    ),
    "a float that has lost its digits": (
        "proportions.printed.unreadable",
        lambda: proportions.possible_counts(78.0, up_to=20),  # type: ignore[arg-type]
    ),
}


@pytest.mark.parametrize("name", OTHER)
def test_what_a_method_cannot_do_is_told_in_its_own_words(name: str) -> None:
    key, call = OTHER[name]
    with pytest.raises(UserError) as error:
        call()
    assert error.value.key == f"methods.{key}"
    assert all(error.value.message(language) for language in LANGUAGES)


def test_labels_of_two_types_have_an_order_too() -> None:
    mixed = pd.DataFrame({"a": [1, "x", 1, "x"], "b": [1, "x", "x", "x"]}, dtype=object)
    same = pd.DataFrame({"a": ["1", "x", "1", "x"], "b": ["1", "x", "x", "x"]})
    assert (
        agreement.kappa(mixed, "a", "b").table["value"][0]
        == agreement.kappa(same, "a", "b").table["value"][0]
    )


def test_a_level_of_99_8_percent_is_not_rounded_to_100() -> None:
    said = survival.kaplan_meier([1, 2, 3, 4], [1, 1, 0, 1], at=[2], confidence=0.998).text("sv")
    assert "99,8\N{NO-BREAK SPACE}% konfidensintervall" in said
    assert "100" not in said


def test_a_median_whose_upper_limit_is_never_reached_has_no_upper_limit() -> None:
    said = survival.kaplan_meier([6, 7, 10, 22, 23], [1, 1, 0, 1, 0]).text("sv")
    assert "konfidensintervall från 6 och uppåt" in said
    assert "saknas" not in said
