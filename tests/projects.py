"""Small projects for the tests: a settings file, published data and notebooks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# The notebooks that evaluate datasets; those not here yet are cleaned, but have no report.
EVALUATIONS = (
    "forsorjningsstod",
    "placement_days",
    "fallprevention",
    "vhu_lss",
    "care_need",
    "survey",
    "data_quality",
)
FIXTURES = Path(__file__).parent / "fixtures"

# Hundreds of reports are made by tests that ask nothing of a PDF or a Word file; those that do say
# so, and every format is made, scanned and looked at in ``tests/report/test_documents.py``.
ONE_FORMAT = 'formats = "html"\n'

PARAMETERS = """\
from typing import Literal

language: Literal["sv", "en"] = "sv"  # Rapportens språk | The report's language
profile: str = "public"  # Utlämnandeprofil | Disclosure profile
period: int = 2023  # Året som rapporten gäller | The year that the report covers"""

REPORT = """\
import pandas as pd
import umea_eval as ue

report = ue.Report(
    "small", language=language, profile=profile, title={"sv": "Liten rapport", "en": "Small report"}
)
path = report.input("data/raw/public/figures.csv")
frame = pd.read_csv(path)
report.table(
    "figures",
    frame,
    caption={"sv": "Värden {period}", "en": "Values {period}"},
    values={"period": period},
    columns=[
        ue.Field("name", {"sv": "Namn", "en": "Name"}, kind="id"),
        ue.Field("value", {"sv": "Värde", "en": "Value"}, kind="value", unit="kr"),
    ],
)
report.release()"""

SHOW = """\
report.heading({"sv": "Resultat", "en": "Results"})
report.show("figures")"""

FINISH = "report.finish()"


def cell(source: str, *tags: str, kind: str = "code") -> dict[str, object]:
    """One cell of a notebook."""
    made: dict[str, object] = {
        "cell_type": kind,
        "metadata": {"tags": list(tags)} if tags else {},
        "source": source,
    }
    if kind == "code":
        made |= {"outputs": [], "execution_count": None}
    return made


def notebook(*cells: dict[str, object]) -> str:
    """A notebook file's text. Cells get their ids when it is run."""
    return json.dumps(
        {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 4},
        ensure_ascii=False,
    )


def small_notebook(*between: str, parameters: str = PARAMETERS, finish: str = FINISH) -> str:
    """A whole report with ``between`` as extra cells before the end."""
    return notebook(
        cell("# Liten rapport | Small report", kind="markdown"),
        cell(parameters, "parameters"),
        cell(REPORT),
        cell("## Resultat | Results", kind="markdown"),
        cell(SHOW),
        *(cell(source) for source in between),
        cell(finish),
    )


def make_project(folder: Path, notebooks: dict[str, str], *, settings: str = "") -> Path:
    """A project with one published file and these notebooks."""
    (folder / "notebooks").mkdir(parents=True)
    (folder / "data/raw/public").mkdir(parents=True)
    (folder / "umea_eval.toml").write_text(ONE_FORMAT + settings, encoding="utf-8")
    (folder / "data/raw/public/figures.csv").write_text(
        "name,value\nUmeå,1234567.5\nSkellefteå,\n", encoding="utf-8"
    )
    for name, text in notebooks.items():
        (folder / f"notebooks/{name}.ipynb").write_text(text, encoding="utf-8")
    return folder


def make_product(folder: Path) -> Path:
    """A copy of what a user clones: settings, notebooks and published data."""
    folder.mkdir(parents=True)
    settings = (ROOT / "umea_eval.toml").read_text(encoding="utf-8")
    (folder / "umea_eval.toml").write_text(ONE_FORMAT + settings, encoding="utf-8")
    shutil.copytree(ROOT / "data/raw/public", folder / "data/raw/public")
    shutil.copytree(
        ROOT / "notebooks",
        folder / "notebooks",
        ignore=shutil.ignore_patterns(".ipynb_checkpoints"),
    )
    return folder


def make_demo(folder: Path, *, example: bool = False) -> Path:
    """A project with the notebook that shows every part of a report."""
    shutil.copytree(FIXTURES / "demo", folder)
    settings = folder / "umea_eval.toml"
    settings.write_text(ONE_FORMAT + settings.read_text(encoding="utf-8"), encoding="utf-8")
    if example:
        source = folder / "data/raw/public/demo.csv"
        (folder / "data/example").mkdir(parents=True)
        source.rename(folder / "data/example/demo.csv")
        path = folder / "notebooks/demo.ipynb"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("data/raw/public/demo", "data/example/demo"), encoding="utf-8")
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def cells_of(path: Path) -> Sequence[dict[str, object]]:
    """The cells of a notebook file."""
    cells: Sequence[dict[str, object]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells


def made(project: Path, notebook: str) -> dict[str, Any]:
    """Every file of every report of a notebook, but for when each was made and how long it took."""
    files: dict[str, Any] = tree(project / "reports" / notebook)
    for name in [name for name in files if name.endswith(".json")]:
        content = json.loads(files.pop(name))
        if name.endswith("manifest.json"):
            del content["started"], content["duration_s"]
            files[name] = content
    return files
