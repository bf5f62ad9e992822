from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.methods import reference
from tests.methods.series import falls
from umea_eval.errors import UserError
from umea_eval.methods.interrupted_series import (
    InterruptedSeries,
    Mark,
    interrupted_series,
    placebo_dates,
)

SERIES = {"outcome": "falls", "exposure": "days", "interruption": "2023-01"}


def _terms(result: InterruptedSeries) -> pd.DataFrame:
    return result.coefficients.set_index("term")


def simulated(
    n: int, start: int, rho: float, seed: int, family: str = "gaussian"
) -> tuple[pd.DataFrame, dict[str, float]]:
    """A series of n periods with a change at ``start`` (counted from 0) and its true measures."""
    rng = np.random.default_rng(seed)
    t = np.arange(1, n + 1)
    post, since = t > start, np.maximum(t - start - 1, 0)
    noise = np.empty(n)
    noise[0] = rng.normal()
    for i in range(1, n):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * rng.normal()
    if family == "gaussian":
        y = 10 + 0.05 * t - 1.5 * post - 0.1 * since + noise
        without = 10 + 0.05 * t
        truth = {"level": -1.5, "slope": -0.1, "counterfactual": without[post].mean()}
        truth["difference"] = float((-1.5 - 0.1 * since)[post].mean())
    else:
        without = 15 * np.exp(0.005 * t)
        mean = without * np.exp(-0.4 * post - 0.01 * since)
        y = rng.poisson(mean * np.exp(0.2 * noise - 0.02))
        truth = {
            "level": np.exp(-0.4),
            "slope": np.exp(-0.01),
            "counterfactual": without[post].sum(),
            "difference": mean[post].sum() - without[post].sum(),
        }
    return pd.DataFrame({"month": t, "y": y, "days": 900.0}), truth


def test_L04() -> None:
    result = interrupted_series(falls(), **SERIES, errors="model")
    table = _terms(result)
    reference.reaches(
        "L04",
        {
            "b0": table.loc["intercept", "coefficient"],
            "t": table.loc["trend", "coefficient"],
            "level": table.loc["level", "coefficient"],
            "slope": table.loc["slope", "coefficient"],
            "se0": table.loc["intercept", "standard_error"],
            "se_t": table.loc["trend", "standard_error"],
            "se_level": table.loc["level", "standard_error"],
            "se_slope": table.loc["slope", "standard_error"],
            "phi": result.fit.dispersion,
        },
        function="interrupted_series.interrupted_series",
    )


def test_L05() -> None:
    result = interrupted_series(falls(), **SERIES, family="poisson", errors="newey-west", lags=3)
    se = _terms(result)["standard_error"]
    reference.reaches(
        "L05",
        {
            "se0": se["intercept"],
            "se_t": se["trend"],
            "se_level": se["level"],
            "se_slope": se["slope"],
        },
        function="interrupted_series.interrupted_series",
    )


def test_L06() -> None:
    from umea_eval.methods.control_charts import u_chart

    result = interrupted_series(falls(), **SERIES, errors="model")
    chart = u_chart(falls()["falls"], falls()["days"], baseline=24).table
    reference.reaches(
        "L06",
        {
            "cf": result.row("counterfactual")["value"],
            "obs": result.row("after")["numerator"],
            "averted": result.row("difference")["value"],
            "rate_pre": result.row("before")["value"],
            "rate_post": result.row("after")["value"],
            "lcl": chart["lower"][0],
            "ucl": chart["upper"][0],
        },
        function="interrupted_series.interrupted_series",
    )


def test_I09() -> None:
    traffic = reference.data("traffic2.csv")
    months = ["feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    def fit(errors: str) -> pd.DataFrame:
        result = interrupted_series(
            traffic,
            outcome="prcfat",
            time="t",
            interruption=int(traffic.loc[traffic["spdlaw"] == 1, "t"].iloc[0]),
            slope=False,
            marks=[
                Mark(
                    int(traffic.loc[traffic["beltlaw"] == 1, "t"].iloc[0]),
                    slope=False,
                    label="belt",
                )
            ],
            family="gaussian",
            covariates=[*months, "wkends", "unem"],
            errors=errors,  # type: ignore[arg-type]
            lags=4,
        )
        return _terms(result)

    plain, robust = fit("model"), fit("newey-west")
    reference.reaches(
        "I09",
        {
            "spdlaw": plain.loc["level", "coefficient"],
            "se": plain.loc["level", "standard_error"],
            "beltlaw": plain.loc["level belt", "coefficient"],
            "se_b": plain.loc["level belt", "standard_error"],
            "nw4_s": robust.loc["level", "standard_error"],
            "nw4_b": robust.loc["level belt", "standard_error"],
        },
        function="interrupted_series.interrupted_series",
    )


@pytest.mark.parametrize("family", ["gaussian", "quasi-poisson", "negative binomial"])
def test_recovers_a_planted_change_in_a_long_series(family: str) -> None:
    kind = "gaussian" if family == "gaussian" else "count"
    frame, truth = simulated(600, 300, 0.3, seed=5, family=kind)
    result = interrupted_series(
        frame,
        outcome="y",
        exposure=None if family == "gaussian" else "days",
        interruption=301,
        family=family,  # type: ignore[arg-type]
    )
    for measure, value in truth.items():
        row = result.row(measure)
        assert row["lower"] <= value <= row["upper"], measure
    if family == "quasi-poisson":
        # The autocorrelation of counts is weaker than that of the rate behind them.
        assert 0 < result.fit.mixture.autocorrelation < 0.3  # type: ignore[union-attr]
    if family == "gaussian":
        assert result.fit.mixture.autocorrelation == pytest.approx(0.3, abs=0.08)  # type: ignore[union-attr]


def test_difference_is_fitted_less_counterfactual_and_its_limits_move_with_it() -> None:
    result = interrupted_series(falls(), **SERIES, errors="model")
    row, course = result.row("difference"), result.course
    after = result.design.after
    scaled = (course["fitted"] - course["counterfactual"])[after] * falls()["days"][after] / 1000
    assert row["value"] == pytest.approx(scaled.sum(), rel=1e-9)
    assert (row["lower"] + row["upper"]) / 2 == pytest.approx(row["value"], rel=1e-9)


def test_phase_in_leaves_periods_out_and_moves_the_level() -> None:
    frame = falls()
    frame.loc[24:26, "falls"] = 999
    result = interrupted_series(
        pd.concat([frame, frame.iloc[-3:].assign(month=["2024-01", "2024-02", "2024-03"])]),
        **SERIES,
        phase_in=3,
        errors="model",
    )
    assert "2023-02" not in set(result.course["time"])
    assert len(result.course) == 36
    assert result.row("level")["value"] < 1


def test_a_break_is_modelled_and_never_called_the_change() -> None:
    frame, _ = simulated(72, 40, 0.0, seed=3)
    frame.loc[20:, "y"] += 8.0
    with_break = interrupted_series(
        frame,
        outcome="y",
        interruption=41,
        family="gaussian",
        marks=[Mark(21, kind="break", label="system")],
    )
    assert _terms(with_break).loc["level system", "coefficient"] == pytest.approx(8, abs=1.5)
    assert with_break.row("level")["value"] == pytest.approx(-1.5, abs=1.5)
    assert "slope system" not in _terms(with_break).index
    assert with_break.text("sv").startswith("Vid 41 ändrades")
    assert "system" not in with_break.text("sv")


def test_season_is_not_taken_for_a_change() -> None:
    t = np.arange(1, 61)
    y = 10 + 3 * np.sin(2 * np.pi * t / 12) + np.random.default_rng(1).normal(0, 0.3, 60)
    frame = pd.DataFrame({"month": t, "y": y})
    result = interrupted_series(frame, outcome="y", interruption=32, family="gaussian", harmonics=1)
    assert abs(result.row("level")["value"]) < 0.6
    assert np.hypot(*_terms(result).loc[["sin 1", "cos 1"], "coefficient"]) == pytest.approx(
        3, abs=0.3
    )


@pytest.mark.parametrize(
    ("start", "n", "refused"),
    [(12, 24, False), (11, 24, True), (12, 23, True), (13, 25, False)],
)
def test_twelve_points_on_each_side(start: int, n: int, *, refused: bool) -> None:
    frame, _ = simulated(n, start, 0.0, seed=1)
    arguments = {"outcome": "y", "interruption": start + 1, "family": "gaussian"}
    if not refused:
        assert len(interrupted_series(frame, **arguments).course) == n  # type: ignore[arg-type]
        return
    with pytest.raises(UserError, match="för kort") as caught:
        interrupted_series(frame, **arguments)  # type: ignore[arg-type]
    assert "too short" in caught.value.message("en")


@pytest.mark.parametrize(
    ("place", "key"),
    [(36, "break_near"), (31, "break_near"), (43, "break_near"), (29, "too_short"), (24, None)],
)
def test_breaks_near_the_interruption(place: int, key: str | None) -> None:
    frame, _ = simulated(72, 36, 0.0, seed=1)
    marks = [Mark(place, kind="break", label="system")]
    arguments = {"outcome": "y", "interruption": 37, "family": "gaussian", "marks": marks}
    if key is None:
        interrupted_series(frame, **arguments)  # type: ignore[arg-type]
        return
    with pytest.raises(UserError) as caught:
        interrupted_series(frame, **arguments)  # type: ignore[arg-type]
    assert caught.value.key == f"methods.interrupted_series.{key}"


def test_gaps_duplicates_zero_exposure_and_no_events_are_errors() -> None:
    frame = falls()
    with pytest.raises(UserError, match="lucka: 1 period saknas, den första efter 2021-04"):
        interrupted_series(frame.drop(index=4), **SERIES)
    with pytest.raises(UserError, match="mer än en rad"):
        interrupted_series(pd.concat([frame, frame.iloc[[7]]]), **SERIES)
    with pytest.raises(UserError, match="noll eller mindre för perioden 2021-03"):
        interrupted_series(frame.assign(days=frame["days"].where(frame.index != 2, 0)), **SERIES)
    with pytest.raises(UserError, match="inga händelser"):
        interrupted_series(frame.assign(falls=frame["falls"].where(frame.index < 24, 0)), **SERIES)
    with pytest.raises(UserError, match="Alla värden"):
        interrupted_series(frame.assign(falls=np.nan), **SERIES)
    with pytest.raises(UserError, match="hela tal"):
        interrupted_series(frame.assign(falls=frame["falls"] + 0.5), **SERIES)
    with pytest.raises(UserError, match="Menade du ”falls”"):
        interrupted_series(frame, outcome="fall", interruption="2023-01")
    with pytest.raises(UserError, match="fler än serien kan bära"):
        interrupted_series(frame, **SERIES, harmonics=20)


def test_order_of_rows_and_unit_of_exposure_change_nothing() -> None:
    frame = falls()
    mixed = frame.sample(frac=1, random_state=2)
    before = mixed.copy(deep=True)
    one, other = interrupted_series(frame, **SERIES), interrupted_series(mixed, **SERIES)
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    pd.testing.assert_frame_equal(mixed, before)
    years = interrupted_series(
        frame.assign(days=frame["days"] / 365.25), **SERIES, per=1000 / 365.25
    )
    columns = ["value", "lower", "upper", "p_value"]
    np.testing.assert_allclose(one.table[columns], years.table[columns], rtol=1e-6)


def test_dates_and_periods_are_the_same_months() -> None:
    frame = falls()
    dated = frame.assign(month=pd.to_datetime(frame["month"] + "-15"))
    named = frame.assign(month=pd.PeriodIndex(frame["month"], freq="M"))
    tables = [interrupted_series(f, **SERIES).table for f in (frame, dated, named)]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    pd.testing.assert_frame_equal(tables[0], tables[2])


def test_arima_errors_agree_with_the_default_in_a_long_series() -> None:
    frame, _ = simulated(400, 200, 0.5, seed=4)
    arguments = {"outcome": "y", "interruption": 201, "family": "gaussian"}
    default = interrupted_series(frame, **arguments)  # type: ignore[arg-type]
    arima = interrupted_series(frame, **arguments, errors="arima")  # type: ignore[arg-type]
    columns = ["coefficient", "standard_error"]
    np.testing.assert_allclose(
        arima.coefficients[columns], default.coefficients[columns], rtol=0.05
    )
    left_out = interrupted_series(frame, **arguments, errors="arima", phase_in=3)  # type: ignore[arg-type]
    assert len(left_out.course) == 397
    assert left_out.row("level")["value"] == pytest.approx(arima.row("level")["value"], abs=0.5)
    with pytest.raises(UserError, match="kontinuerliga"):
        interrupted_series(falls(), **SERIES, errors="arima")


def test_placebo_dates_use_nothing_of_the_real_change() -> None:
    frame = falls()
    changed = frame.assign(falls=frame["falls"].where(frame.index < 24, 1))
    arguments = {"outcome": "falls", "exposure": "days"}
    one = placebo_dates(frame, interrupted_series(frame, **SERIES), **arguments)
    other = placebo_dates(changed, interrupted_series(changed, **SERIES), **arguments)
    placebo = ~one.table["real"]
    assert list(one.table.loc[placebo, "time"]) == ["2022-01"]
    pd.testing.assert_frame_equal(one.table[placebo], other.table[placebo])
    assert one.share == 0.5
    long, _ = simulated(60, 40, 0.0, seed=9)
    result = interrupted_series(long, outcome="y", interruption=41, family="gaussian")
    dates = placebo_dates(long, result, outcome="y")
    assert len(dates.table) == 18
    assert "påhittade datum" in dates.text("sv")
    assert dates.plot().lines


def test_words_name_the_change_but_never_an_effect() -> None:
    result = interrupted_series(falls(), **SERIES)
    assert "visar inte en effekt" in result.text("sv")
    assert "does not show an effect" in result.text("en")
    assert f"{result.row('level')['value']:.2f}".replace(".", ",") in result.text("sv")
    assert len(result.plot().lines) >= 5


def _coverage(runs: int, family: str, errors: str, seed: int) -> dict[str, float]:
    hits = dict.fromkeys(("level", "slope", "counterfactual", "difference"), 0)
    for run in range(runs):
        frame, truth = simulated(36, 24, 0.3, seed=seed + run, family=family)
        table = interrupted_series(
            frame,
            outcome="y",
            exposure=None if family == "gaussian" else "days",
            interruption=25,
            family="gaussian" if family == "gaussian" else "quasi-poisson",
            errors=errors,  # type: ignore[arg-type]
        ).table.set_index("measure")
        for measure, value in truth.items():
            hits[measure] += table.loc[measure, "lower"] <= value <= table.loc[measure, "upper"]
    return {measure: hit / runs for measure, hit in hits.items()}


def test_coverage_with_autocorrelation_in_36_months() -> None:
    """A quick version: with 100 runs the Monte Carlo error is 2.2 percentage points."""
    reached = _coverage(100, "count", "autoregressive", seed=10_000)
    for measure, share in reached.items():
        assert share >= 0.88, (measure, share)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["gaussian", "count"])
def test_coverage_of_the_default_in_5000_runs(family: str) -> None:
    reached = _coverage(5_000, family, "autoregressive", seed=20_000)
    print(family, "autoregressive", reached)  # noqa: T201 - the figures for docs/coverage.md
    for measure, share in reached.items():
        assert 0.93 <= share <= 0.97, (measure, share)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["gaussian", "count"])
@pytest.mark.parametrize("errors", ["newey-west", "model"])
def test_the_other_errors_do_not_keep_their_confidence(family: str, errors: str) -> None:
    """Why they are not the default; the figures stand in docs/coverage.md."""
    reached = _coverage(5_000, family, errors, seed=20_000)
    print(family, errors, reached)  # noqa: T201 - the figures for docs/coverage.md
    assert min(reached.values()) < 0.93
