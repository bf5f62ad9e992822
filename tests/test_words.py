"""The catalogue: every entry in both languages with the same values, every key there."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import umea_eval
from umea_eval.language import LANGUAGES, catalogue, has_text, rooms

PACKAGE = Path(umea_eval.__file__).parent
ENTRIES = {key: entry for room in (None, *rooms()) for key, entry in catalogue(room).items()}
ROOTS = {key.split(".")[0] for key in ENTRIES}
LITERAL = re.compile(r"""(?<![\w.\-/f])["']([a-z_]+(?:\.[a-z_0-9]+)+)["']""")


def inserted(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("key", ENTRIES)
def test_both_languages_say_the_same_values(key: str) -> None:
    entry = ENTRIES[key]
    assert set(entry) == set(LANGUAGES)
    assert all(words.strip() for words in entry.values())
    assert inserted(entry["sv"]) == inserted(entry["en"])


def test_every_key_in_the_code_is_in_the_catalogue() -> None:
    seen = set()
    for path in (*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.j2")):
        for key in LITERAL.findall(path.read_text(encoding="utf-8")):
            if key.split(".")[0] in ROOTS and not key.endswith(
                (".csv", ".json", ".toml", ".html", ".pdf", ".docx", ".typ", "_")
            ):
                seen.add(key)
    # Names of our own modules look like keys too.
    keys = {key for key in seen if not (PACKAGE / key.replace(".", "/")).exists()}
    assert len(keys) > 50
    assert [key for key in sorted(keys) if not has_text(key)] == []
