"""What is a report's folder called? Readable, safe on Windows, never too long, never ambiguous."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date

from umea_eval.runs.parameters import Parameter, Value, as_text

LENGTH = 60
_EXACT = re.compile(r"[a-z0-9]+([.][a-z0-9]+)*")


def slug(parameters: Sequence[Parameter], values: Mapping[str, Value]) -> str:
    """The language, then each parameter that differs from its default: ``sv-period-2022``.

    Two different sets of values never share a name: where a value cannot be written exactly (case,
    spaces, other letters, length), a short hash of all values is added.
    """
    words, exact = [str(values["language"])], True
    for parameter in parameters:
        value = values[parameter.name]
        if parameter.name == "language" or value == parameter.default:
            continue
        written, same = _written(value)
        name = re.sub(r"[^a-z0-9_]", "", parameter.name.lower())
        exact &= same and name == parameter.name
        words += [name, written] if written else [name]
    full = "-".join(words)
    if exact and len(full) <= LENGTH:
        return full
    digest = hashlib.sha256(
        json.dumps(
            {name: [as_text(value), value is None] for name, value in values.items()},
            sort_keys=True,
        ).encode()
    ).hexdigest()[:8]
    return f"{full[: LENGTH - 9].rstrip('-._')}-{digest}"


def _written(value: Value) -> tuple[str, bool]:
    """A value as part of a file name, and whether it could be written exactly."""
    if isinstance(value, list):
        pairs = [_written(element) for element in value]
        return "+".join(written for written, _ in pairs), bool(pairs) and all(
            same for _, same in pairs
        )
    if value is None:
        return "", False
    plain = as_text(value)
    if isinstance(value, date) or _EXACT.fullmatch(plain):
        return plain, True
    folded = unicodedata.normalize("NFKD", plain.lower()).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", folded)), False
