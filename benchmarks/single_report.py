"""One report: ``umea-eval report`` against ``papermill`` and then ``jupyter nbconvert``.

The same small notebook with one table and one figure, the same versions of all libraries. We do
more in that time: checked parameters, an accessible page in our own template, tables as CSV, a
manifest with checksums, the index.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Result, compare
from benchmarks.peers import ROOT, peers_environment

NAME = "single_report"
DEMO = ROOT / "tests" / "fixtures" / "demo"


def run() -> Result:
    """Measure."""
    peers = peers_environment()
    with tempfile.TemporaryDirectory() as temporary:
        project = Path(temporary) / "project"
        shutil.copytree(DEMO, project)

        def ours() -> Sequence[Sequence[str]]:
            shutil.rmtree(project / "reports", ignore_errors=True)
            return [[sys.executable, "-m", "umea_eval.cli", "report", "demo"]]

        def plain() -> Sequence[Sequence[str]]:
            shutil.rmtree(project / "plain", ignore_errors=True)
            (project / "plain").mkdir()
            executed = "plain/demo.ipynb"
            return [
                [
                    *(str(peers / "papermill"), "notebooks/demo.ipynb", executed),
                    *("-p", "language", "sv", "-p", "period", "2023", "-k", "python3"),
                    *("--cwd", str(project), "--no-progress-bar"),
                ],
                [str(peers / "jupyter"), "nbconvert", "--to", "html", executed],
            ]

        return compare(NAME, ours, {"papermill + nbconvert": plain}, folder=project)
