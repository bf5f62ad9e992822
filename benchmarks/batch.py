"""A batch: ``umea-eval batch run`` against the ways there are of running a notebook forty times.

The same analysis notebook (three tables, a regression, a bootstrap, four figures), the same forty
parameter sets, an executed notebook and an HTML page for each, everything in turn. The peers: the
commands ``papermill`` and ``jupyter nbconvert`` in a shell loop, in a lean environment, two at a
time by xargs, and where JupyterLab is installed; papermill's API, nbclient and ploomber-engine in a
loop; and the floor, one process per core that imports once and runs the same cells and template
without any isolation. What starts anew for each report takes as long for each, so that the shell
loops are given every tenth set and the loops that start a kernel for each every fourth, and their
time is multiplied. We do more in that time: a checked batch file, a process of its own for every
report, tables as CSV and in a workbook, the scan before release, manifests, the index.

``batch_small`` has a notebook that does next to nothing, where all that is left is what the batch
itself costs. ``batch_again`` is the second run, in which nothing has changed, against
``umea-eval version``. ``batch_growth`` compares the last hundred of many small reports with the
first, in processor time and in the memory of the batch and its server.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from benchmarks.batch_job import ANALYSIS, SMALL, Sets, batch_file, commands_file, make_project
from benchmarks.measure import Job, Result, compare
from benchmarks.peers import ROOT, peers_environment
from umea_eval.runs.warm.server import MAIN

NAME, LITTLE, AGAIN, GROWTH = "batch", "batch_small", "batch_again", "batch_growth"
RUNS = 3
# Of these many parameter sets the slow ways run one.
COMMANDS, KERNELS = 10, 4
MANY, HUNDRED = 1000, 100
OURS = [sys.executable, "-m", "umea_eval.cli"]
_ENDED = re.compile(r"\[(\d+)/\d+\]")


def run(runs: int = RUNS) -> Result:
    """Measure the making of forty reports."""
    lean, lab = peers_environment(), peers_environment("jupyterlab")
    ploomber = peers_environment("ploomber")
    with tempfile.TemporaryDirectory() as temporary:
        project = make_project(Path(temporary) / "project", ANALYSIS)
        out = Path(temporary) / "out"
        few, some = Sets(step=COMMANDS), Sets(step=KERNELS)
        two = "xargs -P 2 -d '\\n' -I LINE sh -c LINE < {}"
        ways: Mapping[str, tuple[Job, int]] = {
            "papermill + nbconvert in a shell loop": (
                _shell(project, lean, few, "sh {}"),
                COMMANDS,
            ),
            "the same where JupyterLab is installed": (
                _shell(project, lab, few, "sh {}"),
                COMMANDS,
            ),
            "the same by xargs -P 2": (_shell(project, lean, few, two), COMMANDS),
            "papermill API in a loop": (_python(project, out, "papermill", lean, some), KERNELS),
            "nbclient in a loop": (_python(project, out, "nbclient", lean, some), KERNELS),
            "ploomber-engine in a loop": (_python(project, out, "ploomber", ploomber, Sets()), 1),
            "floor: cells and page only": (_floor(project, out), 1),
        }
        jobs = {way: job for way, (job, _) in ways.items()}
        result = compare(NAME, _ours(project), jobs, folder=project, runs=runs, memory=False)
    seconds = {way: took * ways[way][1] for way, took in result.peers.items()}
    return replace(
        result,
        peers={way: round(took, 3) for way, took in seconds.items()},
        ratios={way: round(took / result.ours_s, 2) for way, took in seconds.items()},
    )


def run_small() -> Result:
    """Measure the making of forty reports of a notebook that does next to nothing."""
    with tempfile.TemporaryDirectory() as temporary:
        project = make_project(Path(temporary) / "project", SMALL)
        floor = {"floor: cells and page only": _floor(project, Path(temporary) / "out")}
        return compare(LITTLE, _ours(project), floor, folder=project, runs=RUNS)


def run_again() -> Result:
    """Measure a second run, in which nothing has changed."""
    with tempfile.TemporaryDirectory() as temporary:
        project = make_project(Path(temporary) / "project", SMALL)
        file = batch_file(project)

        def ours() -> Sequence[Sequence[str]]:
            return [[*OURS, "batch", "run", file.name]]

        def version() -> Sequence[Sequence[str]]:
            return [[*OURS, "version"]]

        return compare(AGAIN, ours, {"umea-eval version": version}, folder=project)


def run_growth(count: int = MANY) -> Result:
    """Measure whether the last of many reports cost more than the first."""
    with tempfile.TemporaryDirectory() as temporary:
        project = make_project(Path(temporary) / "project", SMALL)
        file = batch_file(project, Sets(count))
        start = time.perf_counter()
        with subprocess.Popen(  # noqa: S603
            [*OURS, "batch", "run", file.name],
            cwd=project,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            encoding="utf-8",
        ) as process:
            assert process.stderr is not None  # noqa: S101 - a pipe
            seen = _watch(process.pid, process.stderr, count)
        if process.returncode:
            raise RuntimeError(f"the batch ended with {process.returncode}")
    points = sorted(seen)
    # The first ten meet a machine whose caches are cold.
    early, late = points[1], points[-2]
    first = (seen[early][0] - seen[points[0]][0]) / (early - points[0])
    last = (seen[points[-1]][0] - seen[late][0]) / (points[-1] - late)
    whole = time.perf_counter() - start
    sys.stderr.write(
        f"{count} reports in {whole:.0f} s; private memory of a maker and its interpreter: "
        f"{seen[early][2] / 1e6:.0f} MB then, {seen[points[-1]][2] / 1e6:.0f} MB at the end\n"
    )
    return Result(
        name=GROWTH,
        ours_s=round(last, 3),
        peers={"the first hundred": round(first, 3)},
        ratios={"the first hundred": round(first / last, 3)},
        runs=1,
        memory_mb={
            "ours": round(seen[points[-1]][1] / 1e6, 1),
            "the first hundred": round(seen[early][1] / 1e6, 1),
        },
    )


BENCHMARKS = {NAME: run, LITTLE: run_small, AGAIN: run_again, GROWTH: run_growth}


def _watch(pid: int, said: object, count: int) -> dict[int, tuple[float, int, int]]:
    """At some reports: processor seconds so far, memory of batch and server, and of a maker."""
    batch = psutil.Process(pid)
    wanted = {10, 10 + HUNDRED, count - HUNDRED, count - 1}
    seen: dict[int, tuple[float, int, int]] = {}
    maker = 0
    for line in said:  # type: ignore[attr-defined]  # a pipe
        found = _ENDED.match(line)
        if not found:
            continue
        server = next(each for each in batch.children() if each.cmdline()[2:3] == [MAIN])
        maker = max(maker, _private(server))
        if int(found[1]) in wanted:
            times = server.cpu_times()
            cpu = times.user + times.system + times.children_user + times.children_system
            own = batch.memory_full_info().uss + server.memory_full_info().uss
            seen[int(found[1])] = cpu, own, maker
            maker = 0
    return seen


def _private(server: psutil.Process) -> int:
    """What the largest maker with its interpreter has to itself (USS)."""
    most = 0
    for maker in server.children():
        try:
            family = [maker, *maker.children()]
            most = max(most, sum(each.memory_full_info().uss for each in family))
        except psutil.Error:
            continue  # it has just ended
    return most


def _ours(project: Path) -> Job:
    file = batch_file(project)

    def prepare() -> Sequence[Sequence[str]]:
        shutil.rmtree(project / "reports", ignore_errors=True)
        return [[*OURS, "batch", "run", file.name]]

    return prepare


def _shell(project: Path, commands: Path, sets: Sets, way: str) -> Job:
    def prepare() -> Sequence[Sequence[str]]:
        file = commands_file(project, commands, sets)
        return [["sh", "-c", way.format(file.name)]]

    return prepare


def _python(project: Path, out: Path, way: str, commands: Path, sets: Sets) -> Job:
    def prepare() -> Sequence[Sequence[str]]:
        shutil.rmtree(out / way, ignore_errors=True)
        job = [str(commands / "python"), "-m", "benchmarks.batch_job", way, str(project)]
        return [["env", f"PYTHONPATH={ROOT}", *job, str(out / way), f"0/{sets.step}"]]

    return prepare


def _floor(project: Path, out: Path) -> Job:
    cores = os.cpu_count() or 1

    def prepare() -> Sequence[Sequence[str]]:
        shutil.rmtree(out / "floor", ignore_errors=True)
        job = f"{sys.executable} -m benchmarks.batch_job floor {project} {out / 'floor'}"
        parts = " & ".join(f"{job} {part}/{cores}" for part in range(cores))
        one = "OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1"
        return [["sh", "-c", f"export PYTHONPATH={ROOT} {one}; {parts} & wait"]]

    return prepare
