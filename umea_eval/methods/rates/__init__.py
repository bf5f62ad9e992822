"""Rates: with interval, compared, modelled, per inhabitant, and against funnel limits."""

from umea_eval.methods.rates.funnel import funnel
from umea_eval.methods.rates.population import population_rate
from umea_eval.methods.rates.ratio import bootstrap_rate_ratio, exact_rate_ratio, rate_ratio
from umea_eval.methods.rates.regression import rate_regression
from umea_eval.methods.rates.single import byar, garwood, poisson_interval, rate

__all__ = [
    "bootstrap_rate_ratio",
    "byar",
    "exact_rate_ratio",
    "funnel",
    "garwood",
    "poisson_interval",
    "population_rate",
    "rate",
    "rate_ratio",
    "rate_regression",
]
