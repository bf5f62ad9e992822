"""Reproducible evaluation of social services and municipal health care.

The public API. A name is imported when it is first used, so that ``import umea_eval`` and the
command line's help stay light::

    import umea_eval as ue

    ue.clean("forsorjningsstod")  # exports to clean tables
    payments = ue.load("forsorjningsstod")["payments"]  # a clean table
    months = ue.datasets.forsorjningsstod.measures.benefit_months(payments)
    ue.methods.proportions.wilson(81, 263)  # statistics on numbers or frames
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from umea_eval import datasets, methods
    from umea_eval.disclosure.tables import Field, Released
    from umea_eval.errors import UserError
    from umea_eval.intake.store import Stored
    from umea_eval.processed.clean import Cleaned, clean
    from umea_eval.processed.example import example
    from umea_eval.processed.load import load
    from umea_eval.report.report import Report
    from umea_eval.settings import Settings, read_settings

_ROOMS = ("datasets", "methods")
_HOME = {
    "clean": "umea_eval.processed.clean",
    "Cleaned": "umea_eval.processed.clean",
    "example": "umea_eval.processed.example",
    "load": "umea_eval.processed.load",
    "Stored": "umea_eval.intake.store",
    "Report": "umea_eval.report.report",
    "Field": "umea_eval.disclosure.tables",
    "Released": "umea_eval.disclosure.tables",
    "UserError": "umea_eval.errors",
    "Settings": "umea_eval.settings",
    "read_settings": "umea_eval.settings",
}

__all__ = [
    "Cleaned",
    "Field",
    "Released",
    "Report",
    "Settings",
    "Stored",
    "UserError",
    "__version__",
    "clean",
    "datasets",
    "example",
    "load",
    "methods",
    "read_settings",
]


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return import_module(f"umea_eval.{name}")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
