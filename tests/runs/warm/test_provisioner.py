"""The kernel provisioner: a whole kernel, forked, on private sockets."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from umea_eval.runs.warm import server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="fork")

LOOK = """\
import os, sys, json
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
print(json.dumps([os.getppid(), app.transport, app.ip, os.getcwd(), "pandas" in sys.modules,
                  os.environ.get("OWN")]))"""


@pytest.fixture(autouse=True)
def _spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, launcher in (("warm", "ipykernel_launcher"), ("other", "ipykernel")):
        folder = tmp_path / "jupyter/kernels" / name
        folder.mkdir(parents=True)
        spec = {
            "argv": [sys.executable, "-m", launcher, "-f", "{connection_file}"],
            "display_name": name,
            "language": "python",
            "env": {"OWN": "of the spec"},
            "metadata": {"kernel_provisioner": {"provisioner_name": "umea-eval-warm"}},
        }
        (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    yield
    while server._shared:
        server._shared.pop().close()


def look(folder: Path, kernel: str) -> tuple[list[Any], Path | None]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LOOK)])
    client = NotebookClient(
        notebook, kernel_name=kernel, resources={"metadata": {"path": str(folder)}}
    )
    with client.setup_kernel(cwd=str(folder)):
        private = client.km.provisioner.private  # type: ignore[union-attr]
        assert private is not None
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        client.execute_cell(notebook.cells[0], 0)
    return json.loads(notebook.cells[0].outputs[0]["text"]), private


def test_a_kernel_is_forked_and_speaks_on_private_sockets(tmp_path: Path) -> None:
    seen, private = look(tmp_path, "warm")
    assert private is not None
    assert seen == [
        *(server._shared[0].pid, "ipc", str(private / "kernel")),
        *(str(tmp_path), True, "of the spec"),
    ]
    assert not private.exists()
    again, other = look(tmp_path, "warm")
    assert again[0] == seen[0]
    assert other != private


def test_what_is_not_pythons_own_launcher_is_started_as_usual(tmp_path: Path) -> None:
    seen, _ = look(tmp_path, "other")
    assert seen[0] == os.getpid()
    assert not server._shared
