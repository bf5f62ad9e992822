"""Methods against their definitions, written out in plain loops and full matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats

from umea_eval.methods.difference_in_differences import staggered_adoption
from umea_eval.methods.interrupted_series import interrupted_series
from umea_eval.methods.interrupted_series.autoregressive import GRID
from umea_eval.methods.proportions import tango
from umea_eval.methods.survival import log_rank, restricted_mean

PERIODS, START = 48, 30
TIME = np.arange(1.0, PERIODS + 1)
LINES = np.column_stack(
    [np.ones(PERIODS), TIME, TIME > START, np.maximum(TIME - START - 1, 0)]
).astype(float)


@pytest.fixture(scope="module")
def followed() -> dict[str, Any]:
    rng = np.random.default_rng(7)
    n = 150
    time = rng.integers(1, 24, n).astype(float)
    entry = np.where(rng.random(n) < 0.5, -1.0, np.floor(time * rng.random(n)))
    return {
        "time": time,
        "event": (rng.random(n) < 0.6).astype(int),
        "entry": np.where(entry == 0, -1.0, entry),
        "group": rng.integers(0, 3, n),
        "stratum": rng.integers(0, 2, n),
    }


def test_stratified_log_rank_with_delayed_entry(followed: dict[str, Any]) -> None:
    # Klein & Moeschberger 2003, sections 4.6 and 7.5.
    time, event, entry, group, stratum = followed.values()
    excess, covariance = np.zeros(3), np.zeros((3, 3))
    for layer in (0, 1):
        for t in np.unique(time[(event == 1) & (stratum == layer)]):
            present = (entry < t) & (time >= t) & (stratum == layer)
            now = (time == t) & (event == 1) & (stratum == layer)
            n, d = present.sum(), now.sum()
            share = np.bincount(group[present], minlength=3) / n
            excess += np.bincount(group[now], minlength=3) - d * share
            if n > 1:
                covariance += d * (n - d) / (n - 1) * (np.diag(share) - np.outer(share, share))
    statistic = excess[:2] @ np.linalg.solve(covariance[:2, :2], excess[:2])
    found = log_rank(time, event, group, entry=np.maximum(entry, 0), strata=stratum)
    assert found.statistic == pytest.approx(statistic, rel=1e-9)
    assert found.p_value == pytest.approx(stats.chi2.sf(statistic, 2), rel=1e-9)


def test_restricted_mean_with_delayed_entry(followed: dict[str, Any]) -> None:
    time, event, entry = (followed[name] for name in ("time", "event", "entry"))
    times = [t for t in np.unique(time[event == 1]) if t < 12]
    left, curve, terms = 1.0, [1.0], []
    for t in times:
        n, d = ((entry < t) & (time >= t)).sum(), ((time == t) & (event == 1)).sum()
        left *= 1 - d / n
        curve.append(left)
        terms.append(d / (n * (n - d)))
    areas = np.diff([0, *times, 12]) * curve
    variance = sum(areas[place + 1 :].sum() ** 2 * term for place, term in enumerate(terms))
    row = restricted_mean(time, event, entry=np.maximum(entry, 0), horizon=12).table.iloc[0]
    assert row["value"] == pytest.approx(areas.sum(), rel=1e-9)
    assert row["standard_error"] == pytest.approx(np.sqrt(variance), rel=1e-9)


def _continuous() -> pd.DataFrame:
    noise = np.random.default_rng(11).normal(size=PERIODS + 20)
    errors = np.convolve(noise, 0.4 ** np.arange(20), "valid")[:PERIODS]
    return pd.DataFrame({"month": range(1, PERIODS + 1), "y": LINES @ [50, 0.2, -3, 0.1] + errors})


def _generalised(y: np.ndarray, rho: float) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Coefficients, (X'V^-1 X)^-1, the residual's quadratic form and log |V| of AR(1) errors."""
    v = rho ** np.abs(np.subtract.outer(TIME, TIME))
    weighed = np.linalg.solve(v, LINES)
    inverse = np.linalg.inv(LINES.T @ weighed)
    beta = inverse @ weighed.T @ y
    residual = y - LINES @ beta
    quadratic = float(residual @ np.linalg.solve(v, residual))
    return beta, inverse, quadratic, float(np.linalg.slogdet(v)[1])


def test_autocorrelations_are_weighed_by_their_restricted_likelihood() -> None:
    frame = _continuous()
    y, df = frame["y"].to_numpy(), PERIODS - 4
    found = interrupted_series(frame, outcome="y", interruption=START + 1, family="gaussian")
    mixture = found.fit.mixture
    assert mixture is not None
    logarithm = []
    for place, rho in enumerate(GRID):
        beta, inverse, quadratic, determinant = _generalised(y, float(rho))
        logarithm.append(
            -0.5 * determinant + 0.5 * np.linalg.slogdet(inverse)[1] - 0.5 * df * np.log(quadratic)
        )
        if place % 16 == 0:
            np.testing.assert_allclose(mixture.beta[place], beta, rtol=1e-8)
            np.testing.assert_allclose(
                mixture.covariance[place], inverse * quadratic / df, rtol=1e-6, atol=1e-9
            )
    weight = np.exp(np.array(logarithm) - max(logarithm))
    np.testing.assert_allclose(mixture.weight, weight / weight.sum(), rtol=1e-6, atol=1e-12)


def test_arima_errors_are_those_of_maximum_likelihood() -> None:
    frame = _continuous()
    y = frame["y"].to_numpy()

    def less_likely(rho: float) -> float:
        _, _, quadratic, determinant = _generalised(y, rho)
        return 0.5 * determinant + 0.5 * PERIODS * np.log(quadratic)

    best = optimize.minimize_scalar(less_likely, bounds=(-0.9, 0.9), method="bounded").x
    beta, inverse, quadratic, _ = _generalised(y, float(best))
    found = interrupted_series(
        frame, outcome="y", interruption=START + 1, family="gaussian", errors="arima"
    ).coefficients
    np.testing.assert_allclose(found["coefficient"], beta, rtol=2e-3)
    # The observed information also holds how far the coefficients depend on the autocorrelation.
    error = np.sqrt(np.diag(inverse) * quadratic / PERIODS)
    np.testing.assert_allclose(found["standard_error"], error, rtol=0.03)


def _counts() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    days = rng.integers(700, 1000, PERIODS)
    mean = days * np.exp(LINES @ [-4, 0.004, -0.3, 0.01]) * rng.gamma(5, 0.2, PERIODS)
    return pd.DataFrame({"month": range(1, PERIODS + 1), "falls": rng.poisson(mean), "days": days})


COUNTED: dict[str, Any] = {"outcome": "falls", "exposure": "days", "interruption": START + 1}


def test_newey_west_with_season_and_the_delta_method_for_averted_events() -> None:
    frame = _counts()
    found = interrupted_series(
        frame, **COUNTED, family="poisson", errors="newey-west", lags=5, harmonics=1
    )
    angle = 2 * np.pi * (TIME - 1) / 12
    x = np.column_stack([LINES, np.sin(angle), np.cos(angle)])
    y, days = frame["falls"].to_numpy(), frame["days"].to_numpy()
    beta = found.coefficients["coefficient"].to_numpy()
    mean = np.exp(x @ beta) * days
    np.testing.assert_allclose(x.T @ (y - mean), 0, atol=1e-4)
    bread = np.linalg.inv(x.T @ (x * mean[:, np.newaxis]))
    score = x * (y - mean)[:, np.newaxis]
    meat = score.T @ score
    for lag in range(1, 6):
        both = score[lag:].T @ score[:-lag]
        meat += (1 - lag / 6) * (both + both.T)
    covariance = bread @ meat @ bread
    np.testing.assert_allclose(
        found.coefficients["standard_error"], np.sqrt(np.diag(covariance)), rtol=1e-6
    )
    after, without = TIME > START, x.copy()
    without[:, 2:4] = 0
    otherwise = np.exp(without @ beta) * days
    gradient = mean[after] @ x[after] - otherwise[after] @ without[after]
    reach = stats.t.ppf(0.975, PERIODS - 6) * np.sqrt(gradient @ covariance @ gradient)
    row = found.row("difference")
    assert row["value"] == pytest.approx((y - otherwise)[after].sum(), rel=1e-6)
    assert row["upper"] - row["value"] == pytest.approx(reach, rel=1e-6)


def test_negative_binomial_series_by_its_joint_likelihood() -> None:
    frame = _counts()
    found = interrupted_series(
        frame, **COUNTED, family="negative binomial", errors="model"
    ).coefficients["coefficient"]
    y, days = frame["falls"].to_numpy(), frame["days"].to_numpy()

    def less_likely(p: np.ndarray) -> float:
        mean, size = np.exp(LINES @ p[:4]) * days, np.exp(-p[4])
        parts = special.gammaln(y + size) - special.gammaln(size)
        parts += size * np.log(size / (size + mean)) + y * np.log(mean / (size + mean))
        return -float(parts.sum())

    start = np.array([np.log(y.sum() / days.sum()), 0, 0, 0, -1.5])
    best = optimize.minimize(less_likely, start, method="BFGS", options={"gtol": 1e-7}).x
    np.testing.assert_allclose(found, best[:4], rtol=1e-3, atol=1e-4)


def test_whole_weights_of_units_are_as_many_units() -> None:
    rng = np.random.default_rng(5)
    starts = [3, 3, 5, 6, None, None, None, None]
    panel = pd.DataFrame(
        [
            (f"{u}", t, s, rng.normal(), u % 3 + 1)
            for u, s in enumerate(starts)
            for t in range(1, 8)
        ],
        columns=["u", "t", "s", "y", "size"],
    )
    repeated = pd.concat(
        [
            panel[panel["size"] > copy].assign(u=lambda f, copy=copy: f["u"] + f"-{copy}")
            for copy in range(3)
        ]
    )
    names = {"outcome": "y", "unit": "u", "time": "t", "start": "s", "inference": "influence"}
    weighted = staggered_adoption(panel, **names, weights="size")  # type: ignore[arg-type]
    copied = staggered_adoption(repeated, **names)  # type: ignore[arg-type]
    for part in ("table", "group_time", "event_study", "groups", "calendar"):
        one, other = getattr(weighted, part)["value"], getattr(copied, part)["value"]
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("b", "c", "n", "confidence"), [(12, 2, 44, 0.95), (7, 0, 30, 0.9), (3, 8, 25, 0.99)]
)
def test_tango_by_the_constrained_likelihood(b: int, c: int, n: int, confidence: float) -> None:
    # At its limits the score statistic is z, with c's share where the likelihood is largest.
    z = stats.norm.isf((1 - confidence) / 2)
    for limit, sign in zip(tango(b, c, n, confidence=confidence), (1, -1), strict=True):
        d = float(limit)

        def less_likely(q: float, d: float = d) -> float:
            cells = np.array([b, c, n - b - c]), np.array([q + d, q, 1 - 2 * q - d])
            return -float(special.xlogy(*cells).sum())

        room = max(0.0, -d) + 1e-12, (1 - d) / 2 - 1e-12
        q = optimize.minimize_scalar(
            less_likely, bounds=room, method="bounded", options={"xatol": 1e-12}
        ).x
        score = (b - c - n * d) / np.sqrt(n * (2 * q + d * (1 - d)))
        assert score == pytest.approx(sign * z, rel=1e-4)
