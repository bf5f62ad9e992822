"""JupyterLab's first page: it runs, its kernel is offered, and results do not reach a commit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

from tests.projects import make_product
from umea_eval.lab.start import PAGE
from umea_eval.runs.warm.kernel_spec import NAME, install

REPOSITORY = Path(__file__).parents[2]
START = REPOSITORY / "docs/lab/START.ipynb"


def test_the_warm_kernel_is_offered_where_it_was_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install(tmp_path)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share/jupyter"))
    found = KernelSpecManager().get_kernel_spec(NAME)
    assert Path(found.resource_dir) == folder
    assert found.metadata["kernel_provisioner"]["provisioner_name"] == "umea-eval-warm"
    assert found.argv[0] == sys.executable
    assert nbformat.read(START, as_version=4).metadata["kernelspec"]["name"] == NAME


def test_the_page_is_where_it_is_opened_and_no_evaluation() -> None:
    assert REPOSITORY / PAGE == START
    assert not list((REPOSITORY / "notebooks").glob("START*"))


def test_the_hook_takes_results_out_of_a_notebook(tmp_path: Path) -> None:
    config = (REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    hook = config.split("nbstripout\n", 1)[1].split("- repo:")[0]
    assert "- id: nbstripout" in hook
    assert "exclude" not in hook
    assert f"rev: {version('nbstripout')}" in hook
    notebook = nbformat.v4.new_notebook()
    output = nbformat.v4.new_output("stream", name="stdout", text="hemligt")
    notebook.cells = [nbformat.v4.new_code_cell("x", outputs=[output], execution_count=7)]
    path = tmp_path / "secret.ipynb"
    nbformat.write(notebook, path)
    subprocess.run([sys.executable, "-m", "nbstripout", path], check=True)
    cell = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
    assert (cell["outputs"], cell["execution_count"]) == ([], None)
    assert "hemligt" not in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_makes_a_report(tmp_path: Path) -> None:
    project = make_product(tmp_path / "project")
    (project / "docs/lab").mkdir(parents=True)
    shutil.copy(START, project / "docs/lab")
    notebook = nbformat.read(START, as_version=4)
    folder = {"metadata": {"path": project / "docs/lab"}}
    NotebookClient(notebook, kernel_name="python3", timeout=300, resources=folder).execute()
    assert "Traceback" not in json.dumps([cell.get("outputs") for cell in notebook.cells])
    assert (project / "reports/key_figures/sv/report.html").is_file()
