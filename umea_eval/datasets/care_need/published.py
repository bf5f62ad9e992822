"""What the region's own papers say of the special assignment: figures and decisions."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd

from umea_eval.intake.plain_csv import read_records
from umea_eval.language import Language

DOMAIN = "primarvard_cni"
# The record number of the decisions, and the words that stand in all their titles.
MATTER = ("RS 1869-2021", "tilläggsuppdrag")
# "Protokollsutdrag §8 Uppföljning av …" is known by its first words.
_SHORT = r"^([^:§]*(?:§ ?\d+)?)"
_COLUMNS = ("document", "domain", "indicator", "period", "value", "unit", "source_line")


def published_figures(path: Path) -> pd.DataFrame:
    """The published figures about the assignment, as they were printed, in the file's order.

    ``path`` is a table of published key figures. ``indicator``, ``period``, ``value`` (number),
    ``unit`` and ``source`` (each paper that prints it, with the line). Raises UserError for a file
    that is missing, unreadable or without the columns.
    """
    rows = [
        record
        for _, record in read_records(path, _COLUMNS)
        if record["domain"] == DOMAIN and any(word in record["document"] for word in MATTER)
    ]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS)).astype("str")
    titles = frame["document"].str.extract(_SHORT, expand=False)
    frame = frame.assign(source=titles + ", rad " + frame["source_line"])
    same = ["indicator", "period", "value", "unit"]
    made = frame.groupby(same, sort=False)["source"].agg("; ".join).reset_index()
    return made.assign(value=pd.to_numeric(made["value"]))


def decisions(language: Language) -> pd.DataFrame:
    """The decisions in order of time: ``when``, ``what`` and ``source`` (document)."""
    path = Path(__file__).with_name("decisions.toml")
    given = tomllib.loads(path.read_text(encoding="utf-8"))["decision"]
    return pd.DataFrame(
        [(each["when"], each[language], each["source"]) for each in given],
        columns=["when", "what", "source"],
    )
