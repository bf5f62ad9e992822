"""By what name an export is known outside the raw folder."""

from __future__ import annotations

import pytest

from umea_eval.processed.file_names import shown_files, shown_name

SHA = "3f2a9c" + "0" * 58


@pytest.mark.parametrize(
    "name",
    [
        "forsorjningsstod 2024-02-01.csv",
        "payments_20240201.xlsx",
        "Placeringar 2023, kopia (2).xlsx",
        "uttag Umeå 2024/rättad lista.csv",
        "Blad1",
        "export.zip/persons 2025-01-31.csv",
    ],
)
def test_usual_names_leave_as_they_are(name: str) -> None:
    assert shown_name(name, SHA) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("utbetalningar Test Testsson 20240201.csv", "utbetalningar … 20240201 (3f2a9c).csv"),
        ("Testsson, T. ärende 482193.xlsx", "… (3f2a9c).xlsx"),
        ("uttag Testsson.zip/lista.csv", "uttag ….zip/lista (3f2a9c).csv"),
        ("Testssons export 2023.skv", "… export 2023 (3f2a9c).skv"),
        ("export.testsson", "export.… (3f2a9c)"),
        ("Dorotea.csv", "… (3f2a9c).csv"),
    ],
)
def test_what_the_project_has_no_word_for_stays(name: str, shown: str) -> None:
    assert shown_name(name, SHA) == shown


def test_two_files_never_share_a_name() -> None:
    given = {"Test.csv": SHA, "Testsson.csv": SHA, "Tess.csv": "a" * 64}
    assert list(shown_files(given).values()) == [
        "… (3f2a9c).csv",
        "… (3f2a9c).csv (2)",
        "… (aaaaaa).csv",
    ]
