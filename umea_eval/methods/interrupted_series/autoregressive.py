"""Regression with first-order autocorrelated errors in a short series.

One estimated autocorrelation, taken as known, gives too short intervals in series of a few years.
Here every value of it is weighed by its restricted likelihood (with a flat prior), so that the
uncertainty about the autocorrelation is part of the interval: the distribution of a coefficient is
the weighted mixture of the t distributions that each autocorrelation gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, stats

from umea_eval.errors import UserError
from umea_eval.methods.inputs import FloatArray

# Autocorrelations that are weighed: the stationary range, in steps far below their uncertainty.
GRID = np.linspace(-0.96, 0.96, 97)
# Residual squares that are no more than the arithmetic's own rounding.
_NO_SPREAD = 1e-20


@dataclass(frozen=True)
class Mixture:
    """Weighted t distributions, one per autocorrelation: location, unscaled spread and weight."""

    beta: FloatArray  # autocorrelations x coefficients
    covariance: FloatArray  # autocorrelations x coefficients x coefficients
    weight: FloatArray
    degrees_of_freedom: int

    @property
    def autocorrelation(self) -> float:
        """Its mean over the weights."""
        return float(self.weight @ GRID)

    @property
    def mean(self) -> FloatArray:
        """The coefficients, averaged over the weights."""
        return np.asarray(self.weight @ self.beta, dtype=np.float64)

    @property
    def variance(self) -> FloatArray:
        """The covariance of the coefficients (squared scales, without the t's own factor)."""
        apart = self.beta - self.mean
        between = np.einsum("r,ri,rj->ij", self.weight, apart, apart)
        return np.asarray(
            np.einsum("r,rij->ij", self.weight, self.covariance) + between, dtype=np.float64
        )

    def limits(
        self, gradient: FloatArray, confidence: float, null: float = 0.0
    ) -> tuple[float, float, float]:
        """Lower and upper limit of a linear combination, and two-sided p against ``null``."""
        centre = self.beta @ gradient
        scale = np.sqrt(np.einsum("i,rij,j->r", gradient, self.covariance, gradient))

        def below(value: float) -> float:
            return float(
                self.weight @ stats.t.cdf((value - centre) / scale, self.degrees_of_freedom)
            )

        tail = (1 - confidence) / 2
        far = stats.t.ppf(tail, self.degrees_of_freedom) * scale
        lowest, highest = float((centre + far).min()), float((centre - far).max())

        def quantile(share: float) -> float:
            if lowest == highest:
                return lowest
            return float(optimize.brentq(lambda x: below(x) - share, lowest - 1e-9, highest + 1e-9))

        above = float(self.weight @ stats.t.sf((null - centre) / scale, self.degrees_of_freedom))
        return quantile(tail), quantile(1 - tail), min(1.0, 2 * min(below(null), above))


def mixture(
    matrix: FloatArray, outcome: FloatArray, rows: np.ndarray[Any, np.dtype[np.int64]]
) -> Mixture:
    """Fit ``outcome = matrix @ beta + e`` for every autocorrelation of ``e`` in the grid.

    ``rows``: the period of each row; between rows k periods apart the correlation is rho ** k.
    """
    step = np.diff(rows)
    power = GRID[:, np.newaxis] ** step[np.newaxis, :]
    spread = 1 - power**2
    both = np.column_stack([matrix, outcome])
    white = np.empty((len(GRID), *both.shape))
    white[:, 0] = both[0]
    white[:, 1:] = (both[1:] - power[:, :, np.newaxis] * both[:-1]) / np.sqrt(spread)[
        :, :, np.newaxis
    ]
    x, y = white[:, :, :-1], white[:, :, -1]
    crossed = np.einsum("rni,rnj->rij", x, x)
    inverse = np.linalg.inv(crossed)
    beta = np.einsum("rij,rnj,rn->ri", inverse, x, y, optimize=True)
    residual = y - np.einsum("rni,ri->rn", x, beta)
    squares = np.einsum("rn,rn->r", residual, residual)
    if (squares <= _NO_SPREAD * max(1.0, float(outcome @ outcome))).any():
        raise UserError("methods.interrupted_series.no_variation")
    df = matrix.shape[0] - matrix.shape[1]
    logarithm = (
        -0.5 * np.log(spread).sum(axis=1)
        - 0.5 * np.linalg.slogdet(crossed)[1]
        - 0.5 * df * np.log(squares)
    )
    weight = np.exp(logarithm - logarithm.max())
    covariance = inverse * (squares / df)[:, np.newaxis, np.newaxis]
    return Mixture(beta, covariance, weight / weight.sum(), df)
