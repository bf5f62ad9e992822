"""LibreOffice opens the Word file and the workbook, and shows what the report shows."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pikepdf
import pytest

from tests.report.test_documents import as_word
from tests.report.test_workbook import RECORD, TABLE
from umea_eval.report.workbook import workbook_bytes

SOFFICE = shutil.which("soffice")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed"),
]


def converted(source: Path, target: str, suffix: str) -> Path:
    """What LibreOffice makes of a file, with a profile of its own: another one may run."""
    assert SOFFICE is not None
    folder = source.parent
    subprocess.run(
        [
            *(SOFFICE, f"-env:UserInstallation=file://{folder}/profile", "--headless"),
            *("--convert-to", target, "--outdir", str(folder), str(source)),
        ],
        check=True,
        capture_output=True,
        timeout=180,
        env={**os.environ, "HOME": str(folder)},
    )
    return source.with_suffix(suffix)


def test_the_word_file(tmp_path: Path) -> None:
    source = tmp_path / "report.docx"
    source.write_bytes(as_word())
    with pikepdf.open(converted(source, "pdf", ".pdf")) as pages:
        assert len(pages.pages) > 1
    text = converted(source, "txt:Text (encoded):UTF8", ".txt").read_text(encoding="utf-8")
    assert "Innehåll" in text
    assert text.count("Tabell 1. ") == 1  # its number, counted by LibreOffice


def test_the_workbook(tmp_path: Path) -> None:
    source = tmp_path / "tables.xlsx"
    source.write_bytes(workbook_bytes(RECORD, [TABLE]))
    with pikepdf.open(converted(source, "pdf", ".pdf")) as pages:
        assert len(pages.pages) == 2  # the cover, and a sheet for the table
    page = converted(source, "html", ".html").read_text(encoding="utf-8")
    for words in ("Liten rapport", "Dygn per månad", "Antal", "=1+1", "1234", "En not."):
        assert words in page or words in page.replace(",", "").replace("&#8239;", "")
    assert "Err:" not in page
    assert "#NAME?" not in page
