"""Statistics as pure functions on frames; they know no dataset and no report.

Each module answers one kind of question and is imported when it is first used::

    import umea_eval as ue

    ue.methods.proportions.wilson(81, 263)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from umea_eval.methods import (
        agreement,
        bounds,
        clustered,
        control_charts,
        decomposition,
        difference_in_differences,
        interrupted_series,
        multiplicity,
        paired,
        power,
        proportions,
        rates,
        series_bridge,
        standardisation,
        survival,
        weighting,
    )

__all__ = [
    "agreement",
    "bounds",
    "clustered",
    "control_charts",
    "decomposition",
    "difference_in_differences",
    "interrupted_series",
    "multiplicity",
    "paired",
    "power",
    "proportions",
    "rates",
    "series_bridge",
    "standardisation",
    "survival",
    "weighting",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted(__all__)
