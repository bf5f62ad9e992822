"""What must stand on every page of a report: that it is secret, or that its data are examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from umea_eval.disclosure.editions import is_secret
from umea_eval.language import text


def marking(record: Mapping[str, Any]) -> str:
    """The words on every page, in the report's language; nothing where there is nothing to mark.

    ``record`` is that of ``Report.finish``.
    """
    keys = {"report.secret": is_secret(record), "report.banner": bool(record["example"])}
    return " · ".join(text(key, record["language"]) for key, applies in keys.items() if applies)
