"""The settings file: what is accepted, and one clear message for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from umea_eval.errors import UserError
from umea_eval.settings import FILE, read_settings


def read(folder: Path, content: bytes) -> object:
    (folder / FILE).write_bytes(content)
    return read_settings(folder)


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes('language = "en"\r\nreports = "å"\r\n'.encode("utf-8-sig"))
    settings = read_settings(tmp_path)
    assert settings.language == "en"
    assert settings.reports == tmp_path / "å"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_another_encoding_is_named_as_what_is_wrong(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, 'reports = "utvärdering"'.encode(encoding))
    assert "UTF-8" in caught.value.message("sv")
    assert "UTF-8" in caught.value.message("en")
