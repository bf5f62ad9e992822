"""A batch: ``umea-eval batch run`` against the ways there are of running a notebook forty times.

The same notebook, the same forty parameter sets, an executed notebook and an HTML page for each,
everything in turn. The peers: the commands ``papermill`` and ``jupyter nbconvert`` in a shell loop;
papermill's API in a loop; nbclient in a loop; and the floor, one process per core that imports once
and runs the same cells and template without any isolation. We do more in that time: a checked batch
file, a process of its own for every report, tables as CSV, manifests, the index. ``batch_again`` is
the second run, in which nothing has changed, against ``umea-eval version``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.batch_job import batch_file, shell_loop
from benchmarks.measure import Job, Result, compare
from benchmarks.peers import ROOT, peers_environment

NAME, AGAIN = "batch", "batch_again"
DEMO = ROOT / "tests" / "fixtures" / "demo"
RUNS = 3
OURS = [sys.executable, "-m", "umea_eval.cli"]


def run() -> Result:
    """Measure the making of forty reports."""
    peers = peers_environment()
    with tempfile.TemporaryDirectory() as temporary:
        project = _project(Path(temporary))
        file = batch_file(project)
        loop = shell_loop(project, peers)
        cores = os.cpu_count() or 1

        def ours() -> Sequence[Sequence[str]]:
            shutil.rmtree(project / "reports", ignore_errors=True)
            return [[*OURS, "batch", "run", file.name]]

        def plain() -> Sequence[Sequence[str]]:
            return [["sh", str(loop)]]

        def one_after_the_other(way: str) -> Job:
            def prepare() -> Sequence[Sequence[str]]:
                out = _emptied(Path(temporary) / way)
                job = [str(peers / "python"), "-m", "benchmarks.batch_job", way, str(project)]
                return [["env", f"PYTHONPATH={ROOT}", *job, str(out)]]

            return prepare

        def floor() -> Sequence[Sequence[str]]:
            out = _emptied(Path(temporary) / "floor")
            job = f"{sys.executable} -m benchmarks.batch_job floor {project} {out}"
            parts = " & ".join(f"{job} {part}/{cores}" for part in range(cores))
            return [["sh", "-c", f"export PYTHONPATH={ROOT}; {parts} & wait"]]

        others: Mapping[str, Job] = {
            "papermill + nbconvert in a shell loop": plain,
            "papermill API in a loop": one_after_the_other("papermill"),
            "nbclient in a loop": one_after_the_other("nbclient"),
            "floor: cells and page only": floor,
        }
        return compare(NAME, ours, others, folder=project, runs=RUNS)


def run_again() -> Result:
    """Measure a second run, in which nothing has changed."""
    with tempfile.TemporaryDirectory() as temporary:
        project = _project(Path(temporary))
        file = batch_file(project)

        def ours() -> Sequence[Sequence[str]]:
            return [[*OURS, "batch", "run", file.name]]

        def version() -> Sequence[Sequence[str]]:
            return [[*OURS, "version"]]

        return compare(AGAIN, ours, {"umea-eval version": version}, folder=project)


BENCHMARKS = {NAME: run, AGAIN: run_again}


def _project(folder: Path) -> Path:
    project = folder / "project"
    shutil.copytree(DEMO, project)
    return project


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder
