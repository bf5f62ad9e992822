"""What the peers of ``benchmarks.batch`` run: the same notebook and parameters in their ways.

``python -m benchmarks.batch_job WAY PROJECT OUT [PART/PARTS]``, where WAY is one of:

``papermill``  papermill's API in a loop, a page for each by nbconvert's API
``nbclient``   nbclient in a loop, a page for each by nbconvert's API
``floor``      no kernel and no isolation: imports once, runs the same cells with ``exec``, and
               makes the same page with our template. What any way must at least take.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

NOTEBOOK = "demo"
COUNT = 40


def parameter_sets(count: int = COUNT) -> list[dict[str, Any]]:
    """The parameters of each report: languages by last days, all different."""
    return [
        {"language": ("sv", "en")[number % 2], "until": f"20{number // 2:02d}-12-31"}
        for number in range(count)
    ]


def by_papermill(project: Path, out: Path, sets: Sequence[Mapping[str, Any]]) -> None:
    """Papermill's API, as its documentation shows it."""
    import papermill  # noqa: PLC0415 - each way imports what it needs

    for number, values in enumerate(sets):
        executed = papermill.execute_notebook(
            project / f"notebooks/{NOTEBOOK}.ipynb",
            out / f"{number}.ipynb",
            parameters=dict(values),
            kernel_name="python3",
            cwd=project,
            progress_bar=False,
        )
        _page(executed, out / f"{number}.html")


def by_nbclient(project: Path, out: Path, sets: Sequence[Mapping[str, Any]]) -> None:
    """Nbclient, with a cell for the parameters put in."""
    import nbformat  # noqa: PLC0415
    from nbclient import NotebookClient  # noqa: PLC0415

    for number, values in enumerate(sets):
        notebook = nbformat.read(project / f"notebooks/{NOTEBOOK}.ipynb", as_version=4)
        assigned = "\n".join(f"{name} = {value!r}" for name, value in values.items())
        notebook.cells.insert(2, nbformat.v4.new_code_cell(assigned))
        resources = {"metadata": {"path": str(project)}}
        NotebookClient(notebook, kernel_name="python3", resources=resources).execute()
        nbformat.write(notebook, out / f"{number}.ipynb")
        _page(notebook, out / f"{number}.html")


def _page(notebook: Any, path: Path) -> None:
    from nbconvert import HTMLExporter  # noqa: PLC0415

    path.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")


def floor(project: Path, out: Path, sets: Sequence[Mapping[str, Any]]) -> None:
    """The cells and the page, and nothing else."""
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415
    from traitlets.config import Config  # noqa: PLC0415

    from umea_eval.runs.executed import cleaned  # noqa: PLC0415
    from umea_eval.runs.notebooks import with_parameters  # noqa: PLC0415
    from umea_eval.runs.parameters import bind, read_parameters  # noqa: PLC0415
    from umea_eval.runs.produce import Order, _files  # noqa: PLC0415
    from umea_eval.settings import FORMATS  # noqa: PLC0415

    os.chdir(project)
    config = Config()
    config.HistoryManager.enabled = False
    shell: Any = InteractiveShell.instance(config=config)
    shown: list[dict[str, Any]] = []

    def publish(data: Any, metadata: Any = None, **_: Any) -> None:
        output = {"output_type": "display_data", "data": data, "metadata": metadata or {}}
        shown.append(output)

    shell.display_pub.publish = publish
    path = project / f"notebooks/{NOTEBOOK}.ipynb"
    parameters = read_parameters(path)
    for number, given in enumerate(sets):
        values = bind(parameters, [f"{name}={value}" for name, value in given.items()])
        document = with_parameters(path, values)
        names: dict[str, Any] = {}
        for cell in document["cells"]:
            if cell["cell_type"] == "code":
                exec(cell["source"], names)  # noqa: S102 - our own cells
                cell["outputs"], shown[:] = list(shown), []
        order = Order(path, NOTEBOOK, parameters, values, str(number))
        files, _ = _files(cleaned(document), order, FORMATS, "sv")
        for name, content in files.items():
            place = out / str(number) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)


WAYS: Mapping[str, Callable[[Path, Path, Sequence[Mapping[str, Any]]], None]] = {
    "papermill": by_papermill,
    "nbclient": by_nbclient,
    "floor": floor,
}


def main(way: str, project: str, out: str, part: str = "0/1", count: str = str(COUNT)) -> None:
    """Run one way on every ``parts``-th parameter set."""
    first, parts = (int(number) for number in part.split("/"))
    folder = Path(out) / part.replace("/", "-")
    folder.mkdir(parents=True)
    WAYS[way](Path(project), folder, parameter_sets(int(count))[first::parts])


def batch_file(project: Path, count: int = COUNT) -> Path:
    """The same parameter sets as a batch file of ours."""
    path = project / f"batch-{count}.toml"
    sets = ", ".join(
        f'{{ language = "{values["language"]}", until = {values["until"]} }}'
        for values in parameter_sets(count)
    )
    path.write_text(f'[[report]]\nnotebook = "{NOTEBOOK}"\nsets = [{sets}]\n', encoding="utf-8")
    return path


def shell_loop(project: Path, commands: Path, count: int = COUNT) -> Path:
    """A shell script that calls the plain commands once for each report."""
    lines = ["set -e", f"cd {json.dumps(str(project))}", "rm -rf plain", "mkdir plain"]
    for number, values in enumerate(parameter_sets(count)):
        executed = f"plain/{number}.ipynb"
        given = " ".join(f"-p {name} {value}" for name, value in values.items())
        lines += [
            f"{commands / 'papermill'} notebooks/{NOTEBOOK}.ipynb {executed} {given}"
            " -k python3 --no-progress-bar",
            f"{commands / 'jupyter'} nbconvert --to html {executed}",
        ]
    path = project / "loop.sh"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    main(*sys.argv[1:])
