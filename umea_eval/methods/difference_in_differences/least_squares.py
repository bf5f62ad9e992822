"""How uncertain is a least squares coefficient when rows belong together?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from umea_eval.errors import UserError
from umea_eval.methods.inputs import FloatArray, IntArray, choice

Errors = Literal["cr2", "cluster", "hc1", "model"]

# Singular directions of I - H (every fixed effect makes one) are left out of its square root.
_SINGULAR = 1e-10


@dataclass(frozen=True)
class Coefficient:
    """One coefficient with its standard error and the degrees of freedom of its t distribution."""

    value: float
    se: float
    degrees_of_freedom: float

    def limits(self, confidence: float) -> tuple[float, float]:
        """Lower and upper limit."""
        reach = float(stats.t.ppf((1 + confidence) / 2, self.degrees_of_freedom)) * self.se
        return self.value - reach, self.value + reach

    @property
    def p(self) -> float:
        """Two-sided p against zero."""
        return 2 * float(stats.t.sf(abs(self.value / self.se), self.degrees_of_freedom))


def coefficient(
    x: FloatArray,
    y: FloatArray,
    index: int,
    *,
    errors: Errors,
    clusters: IntArray | None = None,
    absorbed: IntArray | None = None,
) -> Coefficient:
    """The coefficient ``index`` of the regression of y on x.

    ``absorbed``: codes of fixed effects that are taken out by their means; they must be nested in
    the clusters. ``errors``: "model" (equal variances), "hc1", "cluster" (the sandwich times
    G / (G - 1) * (n - 1) / (n - k), fixed effects counted in k; t with G - 1), or "cr2" (Bell &
    McCaffrey, t with Satterthwaite's degrees of freedom).
    Equals R ``sandwich::vcovCL(type = "HC1")`` and ``clubSandwich::vcovCR(type = "CR2")``.
    Source: Cameron & Miller 2015; Bell & McCaffrey 2002; Pustejovsky & Tipton 2018.
    """
    choice(errors, Errors, "errors")
    k = x.shape[1]
    if absorbed is not None:
        x, y = _within(x, absorbed), _within(y[:, np.newaxis], absorbed)[:, 0]
        k += int(absorbed.max()) + 1
    n = len(y)
    scale = np.sqrt((x**2).sum(axis=0))
    if (scale < 1e-12).any() or np.linalg.matrix_rank(x / scale) < x.shape[1]:
        raise UserError("methods.difference_in_differences.collinear")
    inverse = np.linalg.inv((x / scale).T @ (x / scale)) / np.outer(scale, scale)
    beta = inverse @ (x.T @ y)
    residual = y - x @ beta
    # The row of (X'X)^-1 X' that makes this coefficient: its weight on every outcome.
    weight = x @ inverse[:, index]
    value = float(beta[index])
    if n <= k:
        raise UserError("methods.difference_in_differences.too_few_rows", rows=n, terms=k)
    if errors == "model":
        variance = float(residual @ residual / (n - k) * inverse[index, index])
        return Coefficient(value, _root(variance), n - k)
    if errors == "hc1":
        variance = float(((weight * residual) ** 2).sum() * n / (n - k))
        return Coefficient(value, _root(variance), n - k)
    if clusters is None:
        raise UserError("methods.difference_in_differences.no_cluster")
    groups = int(clusters.max()) + 1
    if groups < 2:
        raise UserError("methods.difference_in_differences.one_cluster")
    if errors == "cluster":
        scores = np.bincount(clusters, weights=weight * residual)
        factor = groups / (groups - 1) * (n - 1) / (n - k)
        return Coefficient(value, _root(float(scores @ scores) * factor), groups - 1)
    return _cr2(x, residual, inverse, index, value, clusters=clusters, absorbed=absorbed)


def _cr2(
    x: FloatArray,
    residual: FloatArray,
    inverse: FloatArray,
    index: int,
    value: float,
    *,
    clusters: IntArray,
    absorbed: IntArray | None,
) -> Coefficient:
    groups = int(clusters.max()) + 1
    scores = np.empty(groups)
    own = np.empty(groups)
    crossed = np.empty((x.shape[1], groups))
    for group in range(groups):
        rows = np.flatnonzero(clusters == group)
        part = x[rows]
        kept = np.eye(len(rows))
        if absorbed is not None:
            same = absorbed[rows][:, np.newaxis] == absorbed[rows][np.newaxis, :]
            kept = kept - same / same.sum(axis=1, keepdims=True)
        weight = part @ inverse[:, index]
        root, space = _inverse_root(kept - part @ inverse @ part.T)
        # A cluster that the model fits whatever its outcomes (the only one under the new state)
        # shows nothing of its own chance, and CR2 would leave it out without a word.
        if np.abs(weight - space @ weight).max() > 1e-6 * np.abs(weight).max():
            raise UserError("methods.difference_in_differences.rests_on_one")
        adjusted = root @ weight
        scores[group] = adjusted @ residual[rows]
        own[group] = adjusted @ kept @ adjusted
        crossed[:, group] = part.T @ adjusted
    # Satterthwaite: the covariance of the clusters' scores if all errors were equal and apart.
    spread = np.diag(own) - crossed.T @ inverse @ crossed
    df = float(np.trace(spread) ** 2 / (spread**2).sum())
    return Coefficient(value, _root(float(scores @ scores)), df)


def _inverse_root(symmetric: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The inverse square root on the space where there is one, and the projection on it."""
    values, vectors = np.linalg.eigh((symmetric + symmetric.T) / 2)
    kept = values > _SINGULAR
    root = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1.0)), 0.0)
    return (vectors * root) @ vectors.T, vectors[:, kept] @ vectors[:, kept].T


def _within(columns: FloatArray, codes: IntArray) -> FloatArray:
    """Columns less their mean within each code."""
    size = np.bincount(codes)
    means = np.column_stack(
        [np.bincount(codes, weights=columns[:, j]) / size for j in range(columns.shape[1])]
    )
    return np.asarray(columns - means[codes], dtype=np.float64)


def _root(variance: float) -> float:
    if not variance > 0:
        raise UserError("methods.difference_in_differences.no_variance")
    return float(np.sqrt(variance))
