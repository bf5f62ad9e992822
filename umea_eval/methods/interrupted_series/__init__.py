"""One series, something that happened, and whether its course changed then."""

from umea_eval.methods.interrupted_series.design import Mark
from umea_eval.methods.interrupted_series.model import InterruptedSeries, interrupted_series
from umea_eval.methods.interrupted_series.placebo import PlaceboDates, placebo_dates

__all__ = [
    "InterruptedSeries",
    "Mark",
    "PlaceboDates",
    "interrupted_series",
    "placebo_dates",
]
