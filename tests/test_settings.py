"""The settings file: what is accepted, and one clear message for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from umea_eval.errors import UserError
from umea_eval.settings import FILE, FORMATS, read_settings, with_formats


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


@pytest.mark.parametrize("name", ["reports", "raw", "processed", "notebooks", "example"])
@pytest.mark.parametrize("folder", ["", " ", ".", "..", "/", "reports/..", "a\\u0000b"])
def test_a_folder_must_be_one_of_its_own(tmp_path: Path, name: str, folder: str) -> None:
    with pytest.raises(UserError, match=f"”{name}” i umea_eval.toml ska vara en egen mapp"):
        read(tmp_path, f'{name} = "{folder}"'.encode())


def test_a_folder_may_lie_outside_the_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / FILE).write_text('reports = "../out"', encoding="utf-8")
    assert read_settings(project).reports == tmp_path / "out"


def test_the_root_of_the_disk_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_file", lambda _: False)
    top = Path(Path.cwd().anchor)
    with pytest.raises(UserError) as caught:
        read_settings(top)
    assert f"saknas i {top} och" in caught.value.message("sv")


def test_the_formats_of_reports(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"")
    assert read_settings(tmp_path).formats == FORMATS
    (tmp_path / FILE).write_bytes(b'formats = " XLSX, pdf"')
    settings = read_settings(tmp_path)
    assert settings.formats == ("html", "pdf", "xlsx")
    assert with_formats(settings, None) == settings
    assert with_formats(settings, "html").formats == ("html",)
    with pytest.raises(UserError) as caught:
        with_formats(settings, "pdf,odt")
    assert "odt" in caught.value.message("sv")
