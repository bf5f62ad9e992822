"""What the peers of ``benchmarks.batch`` run: the same notebook and parameters in their ways.

``python -m benchmarks.batch_job WAY PROJECT OUT [PART/PARTS]``, where WAY is one of:

``papermill``  papermill's API in a loop, a page for each by nbconvert's API
``nbclient``   nbclient in a loop, a page for each by nbconvert's API
``ploomber``   ploomber-engine in a loop, a page for each by nbconvert's API
``floor``      no kernel and no isolation: imports once, runs the same cells with ``exec``, and
               makes the same page with our template. What any way must at least take.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEMO = Path(__file__).parent.parent / "tests" / "fixtures" / "demo"
SMALL, ANALYSIS = "demo", "analysis"
COUNT = 40
# About a second of what an analysis does: a regression, a bootstrap, three more figures.
CELL = """\
import numpy as np
import statsmodels.api as sm

random = np.random.default_rng(period)
known = random.normal(size=(20_000, 4))
counts = random.poisson(np.exp(0.2 + known @ [0.1, 0.2, 0.3, 0.4]))
fitted = sm.GLM(counts, sm.add_constant(known), family=sm.families.Poisson()).fit()
means = [random.choice(counts, len(counts)).mean() for _ in range(1000)]


def draw_counts(released, ax):
    ax.hist(counts, bins=range(30))


def draw_means(released, ax):
    ax.hist(means, bins=40)


def draw_effects(released, ax):
    ax.errorbar(fitted.params, range(5), xerr=2 * fitted.bse, fmt="o")


for name, draw in (("counts", draw_counts), ("means", draw_means), ("effects", draw_effects)):
    report.figure(name, draw=draw, table="days", alt={"sv": "En figur.", "en": "A figure."})
"""


@dataclass(frozen=True)
class Sets:
    """The parameters of each report: languages by last days, all different; every ``step``-th."""

    count: int = COUNT
    first: int = 0
    step: int = 1

    def values(self) -> list[dict[str, Any]]:
        """The values of each."""
        return [
            {
                "language": ("sv", "en")[number % 2],
                "until": f"{2000 + number // 24}-{1 + number // 2 % 12:02d}-01",
            }
            for number in range(self.first, self.count, self.step)
        ]


def make_project(folder: Path, notebook: str) -> Path:
    """The demo's project with ``notebook`` alone in it, and only pages, as the peers make."""
    shutil.copytree(DEMO, folder)
    with (folder / "umea_eval.toml").open("a", encoding="utf-8") as settings:
        settings.write('formats = "html"\n')
    if notebook == ANALYSIS:
        demo = folder / f"notebooks/{SMALL}.ipynb"
        document = json.loads(demo.read_text(encoding="utf-8"))
        cell = {"cell_type": "code", "id": "analysis", "metadata": {}, "source": CELL}
        document["cells"].insert(-2, {**cell, "execution_count": None, "outputs": []})
        (folder / f"notebooks/{ANALYSIS}.ipynb").write_text(json.dumps(document), encoding="utf-8")
        demo.unlink()
    return folder


def _notebook(project: Path) -> Path:
    return next((project / "notebooks").glob("*.ipynb"))


def by_papermill(project: Path, out: Path, sets: Sequence[Mapping[str, Any]]) -> None:
    """Papermill's API, as its documentation shows it."""
    import papermill  # noqa: PLC0415 - each way imports what it needs

    for number, values in enumerate(sets):
        executed = papermill.execute_notebook(
            _notebook(project),
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
        notebook = nbformat.read(_notebook(project), as_version=4)
        assigned = "\n".join(f"{name} = {value!r}" for name, value in values.items())
        notebook.cells.insert(2, nbformat.v4.new_code_cell(assigned))
        resources = {"metadata": {"path": str(project)}}
        NotebookClient(notebook, kernel_name="python3", resources=resources).execute()
        nbformat.write(notebook, out / f"{number}.ipynb")
        _page(notebook, out / f"{number}.html")


def by_ploomber(project: Path, out: Path, sets: Sequence[Mapping[str, Any]]) -> None:
    """Ploomber-engine, which runs the cells in its own process."""
    from ploomber_engine import execute_notebook  # noqa: PLC0415

    os.chdir(project)
    for number, values in enumerate(sets):
        executed = execute_notebook(
            _notebook(project), out / f"{number}.ipynb", parameters=dict(values)
        )
        _page(executed, out / f"{number}.html")


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

    os.chdir(project)
    config = Config()
    config.HistoryManager.enabled = False
    shell: Any = InteractiveShell.instance(config=config)
    shown: list[dict[str, Any]] = []

    def publish(data: Any, metadata: Any = None, **_: Any) -> None:
        output = {"output_type": "display_data", "data": data, "metadata": metadata or {}}
        shown.append(output)

    shell.display_pub.publish = publish
    path = _notebook(project)
    parameters = read_parameters(path)
    for number, given in enumerate(sets):
        values = bind(parameters, [f"{name}={value}" for name, value in given.items()])
        document = with_parameters(path, values)
        names: dict[str, Any] = {}
        for cell in document["cells"]:
            if cell["cell_type"] == "code":
                exec(cell["source"], names)  # noqa: S102 - our own cells
                cell["outputs"], shown[:] = list(shown), []
        order = Order(path, path.stem, parameters, values, str(number))
        files, _ = _files(cleaned(document), order, ("html",), "sv")
        for name, content in files.items():
            place = out / str(number) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)


WAYS: Mapping[str, Callable[[Path, Path, Sequence[Mapping[str, Any]]], None]] = {
    "papermill": by_papermill,
    "nbclient": by_nbclient,
    "ploomber": by_ploomber,
    "floor": floor,
}


def main(way: str, project: str, out: str, part: str = "0/1") -> None:
    """Run one way on every ``parts``-th parameter set."""
    first, step = (int(number) for number in part.split("/"))
    folder = Path(out) / part.replace("/", "-")
    folder.mkdir(parents=True)
    WAYS[way](Path(project), folder, Sets(first=first, step=step).values())


_ALL = Sets()


def batch_file(project: Path, sets: Sets = _ALL) -> Path:
    """The same parameter sets as a batch file of ours."""
    path = project / f"batch-{sets.count}.toml"
    listed = ", ".join(
        f'{{ language = "{values["language"]}", until = {values["until"]} }}'
        for values in sets.values()
    )
    report = f'[[report]]\nnotebook = "{_notebook(project).stem}"\nsets = [{listed}]\n'
    path.write_text(report, encoding="utf-8")
    return path


def commands_file(project: Path, commands: Path, sets: Sets) -> Path:
    """A file with a line for each report that calls the plain commands."""
    shutil.rmtree(project / "plain", ignore_errors=True)
    (project / "plain").mkdir()
    lines = []
    for number, values in enumerate(sets.values()):
        source, executed = f"notebooks/{_notebook(project).name}", f"plain/{number}.ipynb"
        given = " ".join(f"-p {name} {value}" for name, value in values.items())
        lines.append(
            f"{commands / 'papermill'} {source} {executed} {given}"
            f" -k python3 --no-progress-bar"
            f" && {commands / 'jupyter'} nbconvert --to html {executed}"
        )
    path = project / "commands.sh"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    main(*sys.argv[1:])
