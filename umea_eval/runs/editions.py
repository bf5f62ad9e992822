"""Where does a report lie, and what are its tables called, according to its edition?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from umea_eval.disclosure.editions import INTERN, SECRET, is_secret
from umea_eval.language import Language

# Before the slug of a report on example data: no one mistakes the folder for real figures.
EXAMPLE: Mapping[Language, str] = {"sv": "exempeldata", "en": "example-data"}


def folder_of(name: str, slug: str, record: Mapping[str, Any]) -> str:
    """The folder of a report below the reports' folder; an internal one lies apart from the rest.

    ``record`` is that of ``Report.finish``, or the report's manifest.
    """
    example = f"{EXAMPLE[record['language']]}-" if record["example"] else ""
    apart = f"{INTERN}/" if is_secret(record) else ""
    return f"{apart}{name}/{example}{slug}"


def document_file(name: str, record: Mapping[str, Any]) -> str:
    """A report's document that can be passed on by itself: its name says what its pages say."""
    secret = f"{SECRET[record['language']]}-" if is_secret(record) else ""
    example = f"{EXAMPLE[record['language']]}-" if record["example"] else ""
    return f"{secret}{example}{name}"


def table_file(name: str, record: Mapping[str, Any]) -> str:
    """The file of a table: its name says so if it is secret, for it can be passed on by itself."""
    secret = f"{SECRET[record['language']]}-" if is_secret(record) else ""
    return f"tables/{secret}{name}.csv"
