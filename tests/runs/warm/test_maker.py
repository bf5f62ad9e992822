"""A maker finds everything imported: what a server forgets, each report would pay for again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import make_demo
from umea_eval.runs.warm.server import SERVER_ENVIRONMENT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="fork")

# In a process of its own, as the server is; the report is made in it, not in a fork of it.
LOOK = """\
import json, sys
from pathlib import Path
from umea_eval.runs import maker, run_batch
from umea_eval.runs.batch_file import read_batch
from umea_eval.runs.plan import make_plan
from umea_eval.runs.state import State
from umea_eval.runs.warm import server
from umea_eval.settings import read_settings

settings = read_settings(Path.cwd())
state = State(settings.root, settings.reports, create=True)
plan = make_plan(read_batch(Path("batch.csv")), settings, state, language="sv")
jobs, _ = run_batch._jobs(plan, settings, state, language="sv", force=False,
                          show_error_text=True, seconds=60, memory_bytes=None)
unfit = server._import_all(plan.modules, makers_of=[str(plan.todo[0].order.notebook)])
before, heard = set(sys.modules), []
maker._make(jobs[0].order, heard.append, maker.Warm())
print(json.dumps([unfit, heard[-1]["outcome"], sorted(set(sys.modules) - before)]))
"""


def test_what_makes_a_report_is_imported_before_the_fork(tmp_path: Path) -> None:
    project = make_demo(tmp_path / "p")
    (project / "batch.csv").write_text("notebook\ndemo\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=project,
        env={**os.environ, **SERVER_ENVIRONMENT},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )
    assert json.loads(done.stdout) == ["", "done", []]
