"""Whole batches: planned, made, made again only where something has changed, killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.conftest import Run, command
from tests.projects import made, make_project, small_notebook, tree
from umea_eval.runs.warm.server import MAIN

linux = pytest.mark.skipif(sys.platform != "linux", reason="fork")

KILLS = 50
# One notebook, five fates: which one is decided by the parameter.
FATES = """\
import os, signal, time
if period == 2001:
    raise ValueError("a person lives here")
if period == 2002:
    os.kill(os.getpid(), signal.SIGSEGV)
if period == 2003:
    bytes(10**12)
if period == 2004:
    time.sleep(60)
if period == 2005:
    os.kill(os.getpid(), signal.SIGKILL)"""

BATCH = """\
timeout_minutes = 0.1
memory_mb = 2000
[[report]]
notebook = "small"
parameters = { period = [2000, 2001, 2002, 2003, 2004, 2005, 2006] }
[[report]]
notebook = "small"
parameters = { perod = 1 }
[[report]]
notebook = "smal"
"""


def batch_of(project: Path, *periods: int) -> str:
    rows = "".join(f"small;{period}\n" for period in periods)
    (project / "batch.csv").write_text("notebook;period\n" + rows, encoding="utf-8")
    return "batch.csv"


def slugs(project: Path) -> list[str]:
    return sorted(path.parent.name for path in project.glob("reports/*/*/manifest.json"))


def started(project: Path) -> dict[str, str]:
    return {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))["started"]
        for path in project.glob("reports/*/*/manifest.json")
    }


def left_behind(project: Path) -> list[str]:
    return [name for name in tree(project / "reports") if name.startswith(".building")]


@linux
def test_one_report_never_touches_another(tmp_path: Path, umea_eval: Run) -> None:
    project = make_project(tmp_path / "p", {"small": small_notebook(FATES)})
    (project / "batch.toml").write_text(BATCH, encoding="utf-8")
    planned = umea_eval(project, "batch", "plan", "batch.toml")
    assert planned.returncode == 4
    assert "7 rapporter ska skapas, 0 är aktuella, 2 rader går inte att använda" in planned.stdout
    assert "batch.toml, rad 6: " in planned.stdout
    assert "Menade du ”period”?" in planned.stdout
    assert "batch.toml, rad 9: " in planned.stdout
    assert not (project / "reports").exists()

    done = umea_eval(project, "batch", "run", "batch.toml")
    assert (done.returncode, done.stdout) == (4, "reports/index.html\n"), done.stderr
    assert slugs(project) == ["sv-period-2000", "sv-period-2006"]
    assert "2 klara, 5 misslyckades, 0 var redan aktuella, 2 rader" in done.stderr
    causes = {
        path.stem.rpartition("-")[2]: json.loads(path.read_text(encoding="utf-8"))["message"]
        for path in (project / "reports/.failed").iterdir()
    }
    assert "ValueError" in causes["2001"]
    assert "exit status -11" in causes["2002"]
    assert "2\u202f000 MB" in causes["2003"]
    assert "0,1 minuter" in causes["2004"]
    assert "minne" in causes["2005"]
    index = (project / "reports/index.html").read_text(encoding="utf-8")
    assert index.index("batch.toml, rad 6") < index.index("Misslyckades") < index.index("Klar<")
    assert "a person lives here" not in index + done.stderr
    assert left_behind(project) == []


LIMITED = """\
memory_mb = 1000
[[report]]
notebook = "small"
parameters = { period = [2022, 2023, 2024] }
"""


@linux
def test_warm_and_stock_give_the_same_bytes(tmp_path: Path, umea_eval: Run) -> None:
    """Also at the keyboard, and what is said of one that needs more memory than it may have."""
    draw = (
        "import numpy as np, random\n"
        "if period == 2024:\n"
        "    kept = [np.ones(10**7) for _ in range(10**4)]\n"
        'report.text({"sv": "{a:d6} {b:d6}", "en": "{a:d6} {b:d6}"},\n'
        '            {"a": np.random.rand(), "b": random.random()})'
    )
    project = make_project(tmp_path / "p", {"small": small_notebook(draw)})
    (project / "batch.toml").write_text(LIMITED, encoding="utf-8")
    trees, causes = [], []
    for options in ((), ("--force", "--stock")):
        done = umea_eval(project, "batch", "run", "batch.toml", *options)
        assert done.returncode == 4, done.stderr
        trees.append(made(project, "small"))
        (failed,) = (project / "reports/.failed").iterdir()
        causes.append(json.loads(failed.read_text(encoding="utf-8"))["message"])
    assert trees[0] == trees[1]
    assert umea_eval(project, "report", "small", "-p", "period=2022").returncode == 0
    assert made(project, "small") == trees[0]
    assert causes[0] == causes[1]
    assert "1\u202f000 MB" in causes[0]
    # A report's random numbers are its own.
    pages = [trees[0][f"{name}/report.html"] for name in ("sv", "sv-period-2022")]
    drawn = [page.split(b"<p>0,")[1][:6] for page in pages]
    assert drawn[0] != drawn[1]


def test_only_what_has_changed_is_made_again_and_the_plan_says_what(
    tmp_path: Path, umea_eval: Run
) -> None:
    project = make_project(tmp_path / "p", {"small": small_notebook()})
    file = batch_of(project, 2022, 2023)
    assert umea_eval(project, "report", "small").returncode == 0  # known to the batch at once
    first = umea_eval(project, "batch", "run", file)
    assert "1 klara, 0 misslyckades, 1 var redan aktuell" in first.stderr
    index = project / "reports/index.html"
    before = started(project), index.stat().st_mtime_ns
    again = umea_eval(project, "batch", "run", file)
    assert (again.returncode, again.stdout) == (0, "reports/index.html\n")
    assert "0 klara, 0 misslyckades, 2 var redan aktuella" in again.stderr
    assert (started(project), index.stat().st_mtime_ns) == before
    assert "Inget att göra." in umea_eval(project, "batch", "plan", file).stdout

    # Without the database the manifests themselves are asked.
    (project / "reports/.batch/state.sqlite3").write_bytes(b"no database at all" * 100)
    assert "Inget att göra." in umea_eval(project, "batch", "plan", file).stdout

    (project / "reports/small/sv/tables/figures.csv").unlink()
    source = project / "data/raw/public/figures.csv"
    planned = umea_eval(project, "batch", "plan", file).stdout
    assert "small/sv  finns inte än" in planned
    assert "Väntad tid: ungefär" in planned
    source.write_text(source.read_text(encoding="utf-8") + "Vindeln,3\n", encoding="utf-8")
    planned = umea_eval(project, "batch", "plan", file).stdout
    assert "small/sv-period-2022  ändrat: data (data/raw/public/figures.csv)" in planned
    planned = umea_eval(project, "--language", "en", "batch", "plan", file).stdout
    assert "small/en-period-2022  does not exist yet" in planned


@linux
def test_ctrl_c_stops_cleanly_and_the_next_run_goes_on(tmp_path: Path, umea_eval: Run) -> None:
    slow = "import time\nif period > 2001:\n    time.sleep(60)"
    project = make_project(tmp_path / "p", {"small": small_notebook(slow)})
    file = batch_of(project, 2000, 2001, 2002, 2003)
    with subprocess.Popen(
        command("batch", "run", file), cwd=project, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        end = time.monotonic() + 90
        family: list[psutil.Process] = []
        # The server and the two slow reports: a worker may be forked late on a busy machine.
        while (len(slugs(project)) < 2 or len(family) < 3) and time.monotonic() < end:
            time.sleep(0.05)
            family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "Avbrutet" in said
    assert "Traceback" not in said
    assert len(family) >= 3
    _, alive = psutil.wait_procs(family, timeout=15)
    assert not alive
    assert left_behind(project) == []
    assert slugs(project) == ["sv-period-2000", "sv-period-2001"]
    assert tree(project / "reports/.failed") == {}
    assert "Avbruten" in (project / "reports/index.html").read_text(encoding="utf-8")
    planned = umea_eval(project, "batch", "plan", file).stdout
    assert "2 rapporter ska skapas, 2 är aktuella" in planned


@linux
def test_two_batches_at_once_make_each_report_once(tmp_path: Path) -> None:
    # Relative to the project: a path of this machine would be withheld.
    log = tmp_path / "p/log"
    count = "with open('log', 'a') as file:\n    file.write(f'{period}\\n')"
    project = make_project(tmp_path / "p", {"small": small_notebook(count)})
    periods = range(2000, 2008)
    file = batch_of(project, *periods)
    runs = [
        subprocess.Popen(
            command("batch", "run", file), cwd=project, stderr=subprocess.PIPE, encoding="utf-8"
        )
        for _ in range(2)
    ]
    said = [run.communicate(timeout=150)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert sorted(log.read_text().split()) == [str(period) for period in periods]
    assert len(slugs(project)) == len(periods)
    assert left_behind(project) == []


@linux
@pytest.mark.slow  # the chaos test does the same, and worse
def test_a_server_that_is_killed_costs_nothing_but_time(tmp_path: Path) -> None:
    slow = "import time; time.sleep(2)"
    project = make_project(tmp_path / "p", {"small": small_notebook(slow)})
    file = batch_of(project, 2000, 2001, 2002)
    with subprocess.Popen(
        command("batch", "run", file), cwd=project, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        root, end = psutil.Process(process.pid), time.monotonic() + 90
        servers: list[psutil.Process] = []
        while time.monotonic() < end:
            with suppress(psutil.NoSuchProcess):  # git comes and goes
                servers = [each for each in root.children() if each.cmdline()[2:3] == [MAIN]]
                if servers and servers[0].children():
                    break
            time.sleep(0.02)
        os.kill(servers[0].pid, signal.SIGKILL)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert "3 klara, 0 misslyckades" in said
    assert left_behind(project) == []


def to_the_end(project: Path, file: str) -> subprocess.CompletedProcess[str]:
    """A large batch that nobody disturbs."""
    return subprocess.run(
        command("batch", "run", file),
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=1800,
    )


@linux
@pytest.mark.slow
def test_chaos(tmp_path: Path) -> None:
    """Batch, server, makers and interpreters killed at random: every report is there, once."""
    chance = random.Random(7)  # noqa: S311 - the same choices every time
    notebook = {"small": small_notebook("import time; time.sleep(.1)")}
    project = make_project(tmp_path / "p", notebook)
    periods = range(1800, 2000)
    file = batch_of(project, *periods)
    kills, end = 0, time.monotonic() + 3000
    before: dict[str, str] = {}
    while kills < KILLS and time.monotonic() < end:
        with subprocess.Popen(
            command("batch", "run", file), cwd=project, stderr=subprocess.DEVNULL
        ) as process:
            root = psutil.Process(process.pid)
            while process.poll() is None and kills < KILLS:
                time.sleep(chance.uniform(0.2, 3))
                with suppress(psutil.NoSuchProcess):
                    family = [root, *root.children(recursive=True)]
                    chance.choice(family).kill()
                    kills += 1
        # What was whole before is the same report still: nothing is made twice.
        now = started(project)
        assert {name: now.get(name) for name in before} == before
        before = now
    assert kills == KILLS
    for _ in range(3):  # a maker that was killed may have been told as a failure
        last = to_the_end(project, file)
        if last.returncode == 0:
            break
    assert last.returncode == 0, last.stderr
    assert len(slugs(project)) == len(periods)
    assert left_behind(project) == []
    assert tree(project / "reports/.failed") == {}
    now = started(project)
    assert {name: now.get(name) for name in before} == before
    # Each is what an undisturbed run gives, to the byte.
    calm = make_project(tmp_path / "calm", notebook)
    done = to_the_end(calm, batch_of(calm, *periods))
    assert done.returncode == 0, done.stderr
    assert made(project, "small") == made(calm, "small")


def test_progress_is_written_before_anything_heavy_is_imported(
    tmp_path: Path, umea_eval: Run
) -> None:
    """The line "Startar" comes before pandas and papermill: ``-X importtime`` tells the order."""
    project = make_project(tmp_path / "p", {"small": small_notebook()})
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "umea_eval.cli", "report", "small"],
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=180,
    )
    lines = done.stderr.splitlines()
    begun = next(number for number, line in enumerate(lines) if line.startswith("Startar"))
    heavy = [
        number
        for number, line in enumerate(lines)
        if line.rpartition("|")[2].strip().split(".")[0] in ("numpy", "pandas", "papermill")
    ]
    assert heavy
    assert begun < min(heavy)
