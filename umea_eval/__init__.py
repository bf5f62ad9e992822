"""Reproducible evaluation of social services and municipal health care."""

__version__ = "0.1.0"
