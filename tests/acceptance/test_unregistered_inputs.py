"""A run reads protected files only after the report object has them: whole commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Run
from tests.projects import REPORT, make_project, small_notebook, tree

BARRED = "data/raw/hemlig.csv"
SHOWN = """\
import pandas as pd
report.text({{"sv": "{{v}}", "en": "{{v}}"}}, {{"v": {read}}})"""


def protected_project(folder: Path, *cells: str) -> Path:
    project = make_project(folder, {"small": small_notebook(*cells)})
    (project / "data/processed/clean").mkdir(parents=True)
    for name in (BARRED, "data/processed/clean/a.csv", "data/processed/clean/.quarantine.csv"):
        (project / name).write_text("name,value\nAnna,1\n", encoding="utf-8")
    (project / "link.csv").symlink_to(project / BARRED)
    return project


@pytest.mark.parametrize(
    ("read", "file"),
    [
        (f'pd.read_csv("{BARRED}")["name"][0]', BARRED),
        (f'open("{BARRED}", "r+").read()', BARRED),
        (f'__import__("os").open(b"{BARRED}", 0)', BARRED),
        ('open("data/RAW/../raw/hemlig.csv").read()', BARRED),
        ('open("link.csv").read()', BARRED),
        ('open("data/processed/clean/a.csv").read()', "data/processed/clean/a.csv"),
        (f'__import__("sqlite3").connect("{BARRED}").execute("select 1")', BARRED),
    ],
)
def test_a_file_read_past_the_report_withholds_it(
    tmp_path: Path, umea_eval: Run, read: str, file: str
) -> None:
    project = protected_project(tmp_path / "p", SHOWN.format(read=read))
    if "RAW" in read:
        (project / "data/RAW").mkdir(exist_ok=True)
    done = umea_eval(project, "report", "small")
    assert done.returncode == 3, done.stderr
    assert f"notebooken läser {file}, som inte är registrerad" in done.stderr
    assert not (project / "reports/small").exists()
    everything = b"".join(tree(project / "reports").values()).decode() + done.stderr
    assert "Anna" not in everything


def test_the_message_is_also_in_english(tmp_path: Path, umea_eval: Run) -> None:
    project = protected_project(tmp_path / "p", f'open("{BARRED}")')
    done = umea_eval(project, "--language", "en", "report", "small")
    assert done.returncode == 3
    assert f"the notebook reads {BARRED}, which is not registered" in done.stderr


@pytest.mark.parametrize(
    ("registered", "read", "code"),
    [
        (BARRED, BARRED, 3),  # read and judged: the profile does not allow it
        ("data/processed/clean", "data/processed/clean/a.csv", 3),
        ("data/processed/clean", "data/processed/clean/.quarantine.csv", 3),
        ("data/raw/public/figures.csv", "data/raw/public/figures.csv", 0),
    ],
)
def test_a_registered_file_can_be_read_and_is_judged_by_the_profile(
    tmp_path: Path, umea_eval: Run, registered: str, read: str, code: int
) -> None:
    project = protected_project(tmp_path / "p")
    after = f'report.input("{registered}")\nopen("{read}").read()\nopen("read", "w").close()\n'
    text = small_notebook()
    first = 'path = report.input("data/raw/public/figures.csv")'
    assert first in REPORT
    quoted, inserted = first.replace('"', '\\"'), (after + first).replace('"', '\\"')
    text = text.replace(quoted, inserted.replace("\n", "\\n"))
    (project / "notebooks/small.ipynb").write_text(text, encoding="utf-8")
    done = umea_eval(project, "report", "small")
    assert done.returncode == code, done.stderr
    hidden = ".quarantine" in read
    assert (project / "read").exists() is not hidden
    if code:
        assert ("inte är registrerad" if hidden else "gäller bara publicerade data") in done.stderr


def test_a_run_may_write_clean_tables_and_list_folders(tmp_path: Path, umea_eval: Run) -> None:
    cell = (
        "from pathlib import Path\nimport tempfile\n"
        "assert len(list(Path('data/raw').iterdir())) == 2\n"
        "Path('data/processed/new.csv').write_text('a')\n"
        "tempfile.NamedTemporaryFile(dir='data/processed').close()"
    )
    project = protected_project(tmp_path / "p", cell)
    done = umea_eval(project, "report", "small")
    assert done.returncode == 0, done.stderr


def test_a_file_that_could_not_be_registered_stays_closed(tmp_path: Path, umea_eval: Run) -> None:
    again = (
        "try:\n    ue.Report('b', language='sv', profile='public', title={'sv': 'a'})"
        ".input('data/processed/empty')\nexcept ue.UserError:\n    pass\n"
        "open('data/processed/empty/a.csv')"
    )
    project = protected_project(tmp_path / "p", again)
    (project / "data/processed/empty").mkdir()
    (project / "data/processed/empty/a.csv").write_text("", encoding="utf-8")
    done = umea_eval(project, "report", "small")
    assert done.returncode == 3, done.stderr
    assert "data/processed/empty/a.csv, som inte är registrerad" in done.stderr
